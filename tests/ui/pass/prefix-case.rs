//! A declaration must write a name prefix in the exact letter case. The name of a `read_only` cookie may have any
//! letter case.
use hardtack::{Cookie, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Host-HTTPSession")]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "__host-session", read_only)]
struct Legacy(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert!(header(Session("a".to_owned())).starts_with("__Host-HTTPSession=a; "));
    assert_eq!(Legacy::SPEC.name, "__host-session");
    let _ = Legacy("a".to_owned()).0;
}
