//! The jars of axum-extra that encrypt or sign, with whole paths.

use axum_extra::extract::{PrivateCookieJar, cookie};

pub async fn sign_in(jar: PrivateCookieJar) -> PrivateCookieJar {
    jar.add(cookie::Cookie::new("session", "id")) // FOUND hardtack-axum-extra
}

pub async fn sign_out(jar: axum_extra::extract::SignedCookieJar) -> axum_extra::extract::SignedCookieJar {
    jar.remove("session") // FOUND hardtack-axum-extra
}
