//! `__Host-Http-` with everything it needs written out; without HttpOnly the neighbour is `__Host-`.
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

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(line(Session("a".to_owned())), "__Host-Http-session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(line(Theme("dark".to_owned())).starts_with("__Host-theme="));
    assert!(line(App("a".to_owned())).starts_with("__Secure-app="));
}
