//! The crate tower-cookies.

use axum::Extension;
use tower_cookies::{Cookie, Cookies, Key};

pub async fn sign_in(cookies: Cookies) -> &'static str {
    let mut cookie = Cookie::new("session", "id"); // FOUND hardtack-tower-cookies
    cookie.set_http_only(true);
    cookies.add(cookie); // FOUND hardtack-tower-cookies
    "signed in"
}

pub fn remember(cookies: &Cookies, key: &Key) {
    cookies.private(key).add(("vault", "v").into()); // FOUND hardtack-tower-cookies
    cookies.signed(key).remove("seen".into()); // FOUND hardtack-tower-cookies
}

pub async fn sign_out(Extension(_): Extension<u8>, cookies: Cookies) {
    cookies.remove(Cookie::from("session")); // FOUND hardtack-tower-cookies
}
