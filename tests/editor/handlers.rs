//! What the editor has open beside it: code that uses the declarations from another file.

use hardtack::{SetCookie, SetError};

use crate::cookies::{Desk, LIFE, Lang, ShopCookies, Theme};

pub fn sign_in(cookies: &ShopCookies) -> Result<(), SetError> {
    let _ = (cookies.session(), cookies.legacy());
    cookies.set_session("s3cr3t")?;
    cookies.set_cart_with(3, |set_cookie| set_cookie.max_age(LIFE))?;
    cookies.set_lang_with(Lang::En, |lang| lang)?;
    cookies.remove_cart()?;
    cookies.set_theme(Theme::Dark)
}

pub fn desk(desk: Desk) -> SetCookie<Desk> {
    SetCookie::new(desk).session()
}
