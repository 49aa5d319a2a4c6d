//! Where the name is not `__Host-`, Domain and Path may vary per exchange: also a constant name.
use hardtack::{Cookie, SetCookie, testing};

const NAME: &str = "__Secure-session";

#[derive(Cookie)]
#[cookie(name = NAME)]
struct Session(String);

#[derive(Cookie)]
#[cookie(path = "/app")]
struct App(String);

pub(crate) fn main() {
    let line = SetCookie::new(Session("a".to_owned())).domain("example.com").header_value(&testing::https());
    assert_eq!(line.unwrap(), "__Secure-session=a; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax");
    let line = SetCookie::new(App("a".to_owned())).path("/app/b").header_value(&testing::https());
    assert_eq!(line.unwrap(), "__Secure-app=a; Path=/app/b; Secure; HttpOnly; SameSite=Lax");
}
