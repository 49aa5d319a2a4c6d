//! A domain below a public suffix needs no `reason`. A domain that is a public suffix needs a `reason`.
use hardtack::{Cookie, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(domain = "example.co.uk")]
struct Registered(String);

#[derive(Cookie)]
#[cookie(domain = "hardtack.github.io")]
struct Pages(String);

#[derive(Cookie)]
#[cookie(domain = "dyn.example", reason = "not on the list yet")]
struct Shared(String);

#[derive(Cookie)]
#[cookie(domain = "co.uk", reason = "a test of what browsers do")]
struct Suffix(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert!(header(Registered("a".to_owned())).contains("; Domain=example.co.uk; "));
    assert!(header(Pages("a".to_owned())).contains("; Domain=hardtack.github.io; "));
    assert!(header(Shared("a".to_owned())).contains("; Domain=dyn.example; "));
    assert_eq!(Suffix::SPEC.reason, Some("a test of what browsers do"));
    let _ = Suffix(String::new()).0;
}
