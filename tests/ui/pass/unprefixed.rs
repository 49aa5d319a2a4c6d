//! A cookie name without one of the four prefixes needs a `reason`. The name of a `read_only` cookie needs no prefix
//! and no `reason`.
use hardtack::{Cookie, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "session", reason = "the old clients read this name")]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "__Secure-session")]
struct Prefixed(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(Session("a".to_owned())), "session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(header(Prefixed("a".to_owned())).starts_with("__Secure-session=a; "));
    assert_eq!(Legacy::SPEC.name, "PHPSESSID");
    let _ = Legacy(String::new()).0;
}
