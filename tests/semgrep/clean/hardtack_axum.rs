//! Declared cookies in axum.

use hardtack::{Cookie, Cookies, SetCookie, SetError};

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
pub struct Session(String);

pub async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("id".into()))?;
    cookies.set(SetCookie::new(Session("id".into())).without_max_age())?;
    Ok("signed in")
}

pub async fn sign_out(cookies: Cookies) -> Result<(), SetError> {
    cookies.remove::<Session>()
}
