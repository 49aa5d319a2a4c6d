//! Any of the four prefixes, or a reason; what somebody else sets needs neither.
use hardtack::{Cookie, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "session", reason = "the old clients know it by this name")]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "__Secure-session")]
struct Prefixed(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Foreign(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(line(Session("a".to_owned())), "session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(line(Prefixed("a".to_owned())).starts_with("__Secure-session=a; "));
    assert_eq!(Foreign::DECLARATION.name, "PHPSESSID");
    let _ = Foreign(String::new()).0;
}
