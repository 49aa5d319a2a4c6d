//! `__Secure-` needs Secure and nothing else.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Secure-theme", path = "/app", domain = "example.com", http_only = false, reason = "theme.js")]
struct Theme(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        line(Theme("dark".to_owned())),
        "__Secure-theme=dark; Path=/app; Domain=example.com; Secure; SameSite=Lax",
    );
}
