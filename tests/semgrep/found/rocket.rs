//! Rocket.

use rocket::http::{Cookie, CookieJar, SameSite};

#[rocket::post("/login")]
pub fn sign_in(jar: &CookieJar<'_>) -> &'static str {
    jar.add(("theme", "dark")); // FOUND hardtack-rocket
    jar.add_private(Cookie::build(("session", "id")).same_site(SameSite::Lax)); // FOUND hardtack-rocket
    "signed in"
}

#[rocket::post("/logout")]
pub fn sign_out(jar: &CookieJar<'_>) {
    jar.remove("theme"); // FOUND hardtack-rocket
    jar.remove_private("session"); // FOUND hardtack-rocket
}
