//! The exact prefix, then any letter case; a foreign name may be in any case throughout.
use hardtack::{Cookie, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Host-HTTPSession")]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "__host-session", read_only)]
struct Foreign(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert!(line(Session("a".to_owned())).starts_with("__Host-HTTPSession=a; "));
    assert_eq!(Foreign::DECLARATION.name, "__host-session");
    let _ = Foreign("a".to_owned()).0;
}
