//! A cookie that scripts can read needs a `reason`. A page can write such a cookie.
use hardtack::{Cookie, SetCookie, document_cookie, testing};

#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js applies it before first paint")]
struct Theme(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    let theme = || Theme("dark".to_owned());
    assert_eq!(header(theme()), "__Host-theme=dark; Path=/; Secure; SameSite=Lax");
    assert_eq!(document_cookie(&theme()).unwrap().to_string(), header(theme()));
}
