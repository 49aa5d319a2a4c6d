//! A declaration with the prefix `__Host-Http-` may also write all attributes that the prefix requires. If a cookie is
//! not HttpOnly, the derived prefix is `__Host-`.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", secure = true, http_only = true, path = "/")]
struct Session(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js")]
struct Theme(String);

#[derive(Cookie)]
#[cookie(path = "/app")]
struct App(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(Session("a".to_owned())), "__Host-Http-session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(header(Theme("dark".to_owned())).starts_with("__Host-theme="));
    assert!(header(App("a".to_owned())).starts_with("__Secure-app="));
}
