//! What the editor has open: each kind of declaration, and code below them that uses them.

use core::time::Duration;

use hardtack::{Cookie, CookieValue, SetError};

/// How long somebody stays signed in.
pub const LIFE: Duration = Duration::from_secs(8 * 3600);
/// What the cart's cookie is called.
pub const NAME: &str = "__Host-Http-basket";
/// Where the old shop is.
pub const OLD: &str = "/old";

/// Who may see the desk.
#[derive(Cookie, Debug)]
#[cookie(max_age = LIFE)]
pub struct Desk(String);

/// Interface language.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
pub enum Lang {
    En,
    PtBr,
}

/// Colours.
#[derive(CookieValue)]
pub enum Theme {
    Light,
    #[cookie(rename = "night")]
    Dark,
}

#[hardtack::cookies]
pub struct ShopCookies {
    /// Who is signed in.
    #[cookie(max_age = "8h", same_site = Strict)]
    pub session: String,
    /// What somebody is about to buy.
    #[cookie(name = NAME, max_age = LIFE, path = "/")]
    pub cart: u32,
    /// Colour scheme.
    #[cookie(http_only = false, path = OLD, reason = "theme.js applies it before first paint")]
    pub theme: Theme,
    /// A cookie of another program.
    #[cookie(name = "PHPSESSID", read_only)]
    pub legacy: String,
    #[cookie(existing)]
    pub lang: Lang,
}

/// Makes somebody anonymous.
pub fn sign_out(cookies: &ShopCookies) -> Result<(), SetError> {
    cookies.remove_theme()?;
    cookies.remove_session_with(|session| session)
}
