//! If a cookie's name does not begin with `__Host-`, code may change the cookie's Domain and Path at run time. The name
//! of the cookie may be a constant.
use hardtack::{Cookie, SetCookie, testing};

const NAME: &str = "__Secure-session";

#[derive(Cookie)]
#[cookie(name = NAME)]
struct Session(String);

#[derive(Cookie)]
#[cookie(path = "/app")]
struct App(String);

pub(crate) fn main() {
    let header = SetCookie::new(Session("a".to_owned())).domain("example.com").header_value(&testing::https());
    assert_eq!(header.unwrap(), "__Secure-session=a; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax");
    let header = SetCookie::new(App("a".to_owned())).path("/app/b").header_value(&testing::https());
    assert_eq!(header.unwrap(), "__Secure-app=a; Path=/app/b; Secure; HttpOnly; SameSite=Lax");
}
