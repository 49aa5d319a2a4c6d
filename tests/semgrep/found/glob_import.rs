//! The type is imported with `*`.

use rocket::http::*;

pub fn session(cookies: &CookieJar<'_>, id: String) {
    let cookie = Cookie::build(("session", id)).secure(true); // FOUND hardtack-cookie-crate
    cookies.add_private(cookie); // FOUND hardtack-rocket
}
