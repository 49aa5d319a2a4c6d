use axum::Extension;
use axum_test::TestServer;
use hardtack::tls::Transport;

#[tokio::test]
async fn a_user_signs_in() {
    let app = app().layer(Extension(Transport::Tls)); // every request counts as HTTPS
    let browser = TestServer::builder().save_cookies().build(app);
    browser.post("/sign-in").await.assert_status_ok();
    browser.get("/me").await.assert_text("Ada");
}
