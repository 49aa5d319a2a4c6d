//! What scripts see, a page reads; what they may write, it writes; and outside a browser there is no page.
use hardtack::{Cookie, SetCookie, web};

#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js applies it before first paint")]
struct Theme(String);

#[derive(Cookie)]
#[cookie(name = "lang", http_only = false, read_only)]
struct Lang(String);

pub(crate) fn main() {
    let nowhere = [
        web::get::<Theme>().map(|theme| drop(theme.map(|theme| theme.0))),
        web::get::<Lang>().map(|lang| drop(lang.map(|lang| lang.0))),
        web::set(Theme("dark".to_owned())),
        web::set(SetCookie::new(Theme("dark".to_owned())).session()),
        web::set(SetCookie::<Theme>::removal()),
        web::remove::<Theme>(),
    ];
    for error in nowhere {
        assert!(matches!(error, Err(web::Error::NoDocument)));
    }
}
