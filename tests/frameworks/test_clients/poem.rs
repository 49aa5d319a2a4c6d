use hardtack::testing::Browser;
use hardtack::tls::Transport;
use poem::EndpointExt as _;
use poem::test::TestClient;

#[tokio::test]
async fn a_user_signs_in() {
    let client = TestClient::new(app().data(Transport::Tls)); // every request counts as HTTPS
    let mut browser = Browser::new("https://shop.example");
    let response = client.post("/sign-in").send().await;
    response.assert_status_is_ok();
    browser.store(response.0.headers());

    let cookies = browser.visit("/me").remove("cookie").unwrap();
    client.get("/me").header("cookie", cookies).send().await.assert_text("Ada").await;
}
