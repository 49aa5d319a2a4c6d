use axum::Extension;
use axum::body::Body;
use axum::http::Request;
use hardtack::testing::Browser;
use hardtack::tls::Transport;
use tower::ServiceExt as _;

#[tokio::test]
async fn a_user_signs_in() -> Result<(), Box<dyn std::error::Error>> {
    let app = app().layer(Extension(Transport::Tls)); // every request counts as HTTPS
    let mut browser = Browser::new("https://shop.example");
    let response = app.clone().oneshot(Request::post("/sign-in").body(Body::empty())?).await?;
    browser.store(response.headers());

    let mut request = Request::get("/me").body(Body::empty())?;
    request.headers_mut().extend(browser.visit("/me"));
    let response = app.oneshot(request).await?;
    assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "Ada");
    Ok(())
}
