//! What the routes of the scenarios do, alike in each framework: a handler is its extractor, which the first argument
//! names, and one call. The table in [`super::scenarios`] has those that a framework does by its own means.

use std::time::Duration;

use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SameSite, SetError};

use super::{Banner, Cart, Note, Session, SiteCookies, Theme};

/// `/set`.
pub(crate) fn set(cookies: &Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "set")
}

/// `/get`; the error of reading is the response.
pub(crate) fn get(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.get::<Session>()?))
}

/// `/cart`.
pub(crate) fn cart(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.get::<Cart>()?))
}

/// `/seal`.
pub(crate) fn seal(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Note(7))
}

/// `/unseal`.
pub(crate) fn unseal(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.get::<Note>()?))
}

/// `/remove`.
pub(crate) fn remove(cookies: &Cookies) -> Result<(), SetError> {
    cookies.remove::<Session>()
}

/// `/last`: of two values, the second leaves.
pub(crate) fn last(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Session("first".to_owned()))?;
    cookies.set(Session::new())
}

/// `/many`.
pub(crate) fn many(site: &SiteCookies) -> Result<(), SetError> {
    site.set_session(Session::new())?;
    site.set_theme(Theme::Dark)?;
    site.set_basket(7)?;
    site.set_sso("ada")?;
    site.set_map(true)
}

/// `/vary`.
pub(crate) fn vary(site: &SiteCookies) -> Result<(), SetError> {
    site.set_session_with(Session::new(), |session| session.session().same_site(SameSite::Strict))?;
    site.set_theme_with(Theme::Light, |theme| theme.max_age(Duration::from_secs(60)))?;
    site.remove_basket_with(|basket| basket.path("/shop/7"))
}

/// `/site`.
pub(crate) fn site(site: &SiteCookies) -> Result<String, ReadError> {
    Ok(format!("{:?} {:?}", site.theme()?, site.basket()?))
}

/// `/either`: answers the error of the first, or `set`.
pub(crate) fn either(cookies: &Cookies<AnyScheme>) -> Result<String, SetError> {
    let session = cookies.set(Session::new());
    cookies.set(Banner(true))?;
    Ok(session.map_or_else(|error| error.to_string(), |()| "set".to_owned()))
}

/// `/banner`.
pub(crate) fn banner(cookies: &Cookies<PlainHttp>) -> Result<(), SetError> {
    cookies.set(Banner(true))
}

/// `/proof`, of an `Option<Https>` or what the framework has in its place.
pub(crate) fn proof(https: Option<Https>) -> &'static str {
    if https.is_some() { "https" } else { "plain" }
}

/// `/too-large`, whose error is the response.
pub(crate) fn too_large(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Cart(1))?;
    cookies.set(Session::too_large())
}

/// `/late`: what a streaming body says, when it is polled.
pub(crate) fn late(cookies: &Cookies) -> String {
    cookies.set(Session::new()).map_or_else(|error| error.to_string(), |()| "set".to_owned())
}

/// `/api/me`, in a nested router or scope `/api`.
pub(crate) fn me(cookies: &Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "me")
}
