//! Reads cookies with tower-cookies, and registers its layer.

use axum::Router;
use tower_cookies::{CookieManagerLayer, Cookies};

pub fn app() -> Router {
    Router::new().route("/", axum::routing::get(read)).layer(CookieManagerLayer::new())
}

async fn read(cookies: Cookies) -> String {
    let session = cookies.get("session").map(|cookie| cookie.value().to_owned());
    session.unwrap_or_default()
}
