use axum::Extension;
use axum_test::TestServer;
use hardtack::tls::Transport;

#[tokio::test]
async fn a_user_signs_in_over_a_socket() {
    let app = app().layer(Extension(Transport::Tls)); // every request counts as HTTPS
    let browser = TestServer::builder().save_cookies().http_transport().build(app);
    browser.post("/sign-in").await.assert_status_ok();
    browser.get("/me").await.assert_text("Ada");
}
