//! The prefix `__Http-` needs Secure and HttpOnly. The prefix `__Http-` allows any Domain and any Path.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Http-session", domain = "example.com", path = "/app")]
struct Session(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        header(Session("a".to_owned())),
        "__Http-session=a; Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
    );
}
