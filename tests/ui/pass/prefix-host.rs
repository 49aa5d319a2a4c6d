//! The prefix `__Host-` needs Secure and `Path=/`. The prefix `__Host-` does not allow a Domain. The prefix `__Host-`
//! does not need HttpOnly.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Host-theme", path = "/", http_only = false, reason = "theme.js")]
struct Theme(String);

#[derive(Cookie)]
#[cookie(name = "__Secure-session", domain = "example.com")]
struct Shared(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(Theme("dark".to_owned())), "__Host-theme=dark; Path=/; Secure; SameSite=Lax");
    assert_eq!(
        header(Shared("a".to_owned())),
        "__Secure-session=a; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
    );
}
