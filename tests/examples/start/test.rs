use axum::{Extension, body::Body, http::Request};
use hardtack::{testing::Browser, tls::Transport};
use tower::ServiceExt as _;

#[tokio::test]
async fn a_user_signs_in() -> Result<(), Box<dyn std::error::Error>> {
    let app = app().layer(Extension(Transport::Tls)); // every request of the test counts as HTTPS
    let mut browser = Browser::new("https://shop.example");

    let response = app.clone().oneshot(Request::post("/sign-in").body(Body::empty())?).await?;
    assert_eq!(response.status(), 303);
    browser.store(response.headers());
    assert_eq!(browser.names(), ["__Host-Http-session"]);

    let mut request = Request::get("/").body(Body::empty())?;
    request.headers_mut().extend(browser.visit("/"));
    let page = axum::body::to_bytes(app.oneshot(request).await?.into_body(), 1000).await?;
    assert!(page.starts_with(b"Signed in."));
    Ok(())
}
