//! The prefix `__Secure-` needs only Secure.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Secure-theme", path = "/app", domain = "example.com", http_only = false, reason = "theme.js")]
struct Theme(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        header(Theme("dark".to_owned())),
        "__Secure-theme=dark; Path=/app; Domain=example.com; Secure; SameSite=Lax",
    );
}
