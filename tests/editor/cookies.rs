//! A file that the editor opens. The file contains each kind of declaration, and a function that uses the declarations.

use core::time::Duration;

use hardtack::{Cookie, CookieValue, SetError};

/// The lifetime of a session.
pub const LIFETIME: Duration = Duration::from_secs(8 * 3600);
/// The name of the cart's cookie.
pub const NAME: &str = "__Host-Http-basket";
/// The path of the old shop.
pub const OLD: &str = "/old";

/// The name of the user who may open the admin pages.
#[derive(Cookie, Debug)]
#[cookie(max_age = LIFETIME)]
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
    /// The session of the signed-in user.
    #[cookie(max_age = "8h", same_site = Strict)]
    pub session: String,
    /// The number of things in the cart.
    #[cookie(name = NAME, max_age = LIFETIME, path = "/")]
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

/// Signs the user out.
pub fn sign_out(cookies: &ShopCookies) -> Result<(), SetError> {
    cookies.remove_theme()?;
    cookies.remove_session()
}
