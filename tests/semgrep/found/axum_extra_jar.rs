//! The jar of axum-extra, in handlers.

use axum::response::Redirect;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

pub async fn sign_in(jar: CookieJar) -> (CookieJar, Redirect) {
    let cookie = Cookie::build(("session", "id")) // FOUND hardtack-axum-extra
        .path("/")
        .same_site(SameSite::Lax)
        .build();
    (jar.add(cookie), Redirect::to("/")) // FOUND hardtack-axum-extra
}

pub async fn sign_out(mut jar: CookieJar) -> CookieJar {
    if jar.get("session").is_some() {
        jar = jar.remove(Cookie::from("session")); // FOUND hardtack-axum-extra
    }
    jar
}

pub async fn theme(jar: CookieJar) -> impl axum::response::IntoResponse {
    jar.add(("theme", "dark")) // FOUND hardtack-axum-extra
}

/// The variable has the name of the parameter.
pub async fn two(cookies: CookieJar, theme: Option<Cookie<'static>>) -> CookieJar {
    let cookies = cookies.add(("a", "1")).add(("b", "2")); // FOUND hardtack-axum-extra
    let with_theme = theme.map(|theme| cookies.clone().add(theme)); // FOUND hardtack-axum-extra
    with_theme.unwrap_or(cookies)
}
