//! The handlers that every framework shares. Each framework has a route for each handler. The route extracts the
//! handler's first argument and calls the handler. Each framework also implements routes that do not call a handler of
//! this file. The table in [`super::scenarios`] lists those routes.

use std::time::Duration;

use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SameSite, SetError};

use super::{Banner, Cart, Note, Session, SiteCookies, Theme};

/// Handles `/set`.
pub(crate) fn set(cookies: &Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "set")
}

/// Handles `/get`. If the cookie cannot be read, the [`ReadError`] becomes the response.
pub(crate) fn get(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.try_get::<Session>()?))
}

/// Handles `/cart`.
pub(crate) fn cart(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.try_get::<Cart>()?))
}

/// Handles `/seal`.
pub(crate) fn seal(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Note(7))
}

/// Handles `/unseal`.
pub(crate) fn unseal(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.try_get::<Note>()?))
}

/// Handles `/remove`.
pub(crate) fn remove(cookies: &Cookies) -> Result<(), SetError> {
    cookies.remove::<Session>()
}

/// Handles `/last`. Sets one cookie twice.
pub(crate) fn last(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Session("first".to_owned()))?;
    cookies.set(Session::new())
}

/// Handles `/many`.
pub(crate) fn many(site: &SiteCookies) -> Result<(), SetError> {
    site.set_session(Session::new())?;
    site.set_theme(Theme::Dark)?;
    site.set_basket(7)?;
    site.set_sso("ada")?;
    site.set_map(true)
}

/// Handles `/vary`.
pub(crate) fn vary(site: &SiteCookies) -> Result<(), SetError> {
    site.set_session_with(Session::new(), |session| session.without_max_age().same_site(SameSite::Strict))?;
    site.set_theme_with(Theme::Light, |theme| theme.max_age(Duration::from_secs(60)))?;
    site.remove_basket_with(|basket| basket.path("/shop/7"))
}

/// Handles `/site`.
pub(crate) fn site(site: &SiteCookies) -> Result<String, ReadError> {
    Ok(format!("{:?} {:?}", site.try_theme()?, site.try_basket()?))
}

/// Handles `/either`. If the Secure cookie cannot be set, returns the text of the error. Otherwise returns `set`.
pub(crate) fn either(cookies: &Cookies<AnyScheme>) -> Result<String, SetError> {
    let session = cookies.set(Session::new());
    cookies.set(Banner(true))?;
    Ok(session.map_or_else(|error| error.to_string(), |()| "set".to_owned()))
}

/// Handles `/banner`.
pub(crate) fn banner(cookies: &Cookies<PlainHttp>) -> Result<(), SetError> {
    cookies.set(Banner(true))
}

/// Handles `/proof`. The route extracts `Option<Https>`, or the framework's own form of an optional extractor.
pub(crate) fn proof(https: Option<Https>) -> &'static str {
    if https.is_some() { "https" } else { "plain" }
}

/// Handles `/too-large`. The [`SetError`] of the second cookie becomes the response.
pub(crate) fn too_large(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Cart(1))?;
    cookies.set(Session::too_large())
}

/// Handles `/late`. The route calls `late` in a streaming body, after the head of the response is sent. Returns the
/// text that becomes the response body.
pub(crate) fn late(cookies: &Cookies) -> String {
    cookies.set(Session::new()).map_or_else(|error| error.to_string(), |()| "set".to_owned())
}

/// Handles `/api/me`, in a nested router or scope at `/api`.
pub(crate) fn me(cookies: &Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "me")
}
