//! A second file that the editor opens. The file uses the declarations of `cookies.rs`.

use hardtack::{SetCookie, SetError};

use crate::cookies::{Desk, LIFETIME, Lang, ShopCookies, Theme};

pub fn sign_in(cookies: &ShopCookies) -> Result<(), SetError> {
    let _ = (cookies.try_session(), cookies.try_legacy(), cookies.legacy());
    cookies.set_session("s3cr3t")?;
    cookies.set_cart_with(3, |set_cookie| set_cookie.max_age(LIFETIME))?;
    cookies.set_lang_with(Lang::En, |lang| lang)?;
    cookies.remove_cart()?;
    cookies.set_theme(Theme::Dark)
}

pub fn desk(desk: Desk) -> SetCookie<Desk> {
    SetCookie::new(desk).without_max_age()
}
