//! poem.

use poem::handler;
use poem::web::cookie::{Cookie, CookieJar};

#[handler]
pub fn sign_in(jar: &CookieJar) -> &'static str {
    let mut cookie = Cookie::new_with_str("session", "id"); // FOUND hardtack-poem
    cookie.set_http_only(true);
    jar.add(cookie); // FOUND hardtack-poem
    "signed in"
}

#[handler]
pub fn sign_out(jar: &CookieJar) {
    jar.private().remove("vault"); // FOUND hardtack-poem
    jar.remove("session"); // FOUND hardtack-poem
}
