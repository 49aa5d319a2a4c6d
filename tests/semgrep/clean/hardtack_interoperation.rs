//! Declared cookies in the jars of other libraries.

use axum_extra::extract::CookieJar;
use hardtack::{Cookie, Https, SetCookie, SetError};

#[derive(Cookie)]
pub struct Session(String);

pub async fn sign_in(https: Https, jar: CookieJar) -> Result<CookieJar, SetError> {
    Ok(jar.add(SetCookie::new(Session("id".into())).to_decoded_cookie(&https)?))
}

pub async fn renew(https: Https, jar: CookieJar) -> Result<CookieJar, SetError> {
    let cookie = SetCookie::new(Session("id".into())).to_decoded_cookie(&https)?;
    Ok(jar.add(cookie))
}
