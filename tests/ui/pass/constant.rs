//! The value of a key in a declaration may be a constant. If the macro derives the cookie's name, the name gets the
//! strongest prefix that the constants allow.
use std::time::Duration;

use hardtack::{Cookie, ReadCookie, SetCookie, cookies, testing};

const NAME: &str = "__Host-session";
const LONGER_NAME: &str = "__Host-session_hint";
const UNPREFIXED: &str = "sid";
const ROOT: &str = "/";
const APP: &str = "/app";
const DOMAIN: &str = "example.com";
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

#[derive(Cookie)]
#[cookie(name = NAME, path = ROOT, max_age = MAX_AGE)]
struct Host(String);

#[derive(Cookie)]
#[cookie(path = ROOT)]
struct Derived(String);

#[derive(Cookie)]
#[cookie(path = APP)]
struct DerivedUnderApp(String);

#[derive(Cookie)]
#[cookie(domain = DOMAIN, max_age = Duration::from_secs(90))]
struct Shared(String);

#[derive(Cookie)]
#[cookie(name = UNPREFIXED, reason = "the old clients read this name")]
struct Explained(String);

#[derive(Cookie)]
#[cookie(name = UNPREFIXED, read_only)]
struct Legacy(String);

#[derive(Cookie)]
#[cookie(name = concat!("__Host-", "joined"))]
struct Joined(String);

#[cookies]
struct Shop {
    #[cookie(name = NAME)]
    session: String,
    #[cookie(existing)]
    derived: Derived,
    #[cookie(name = LONGER_NAME)]
    hint: String,
}

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    let a = || "a".to_owned();
    assert_eq!(header(Host(a())), "__Host-session=a; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(header(Derived(a())), "__Host-Http-derived=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(header(DerivedUnderApp(a())), "__Secure-derived_under_app=a; Path=/app; Secure; HttpOnly; SameSite=Lax",);
    assert_eq!(
        header(Shared(a())),
        "__Secure-shared=a; Path=/; Domain=example.com; Max-Age=90; Secure; HttpOnly; SameSite=Lax",
    );
    assert!(header(Explained(a())).starts_with("sid=a; "));
    assert!(header(Joined(a())).starts_with("__Host-joined=a; "));
    assert_eq!(Legacy::SPEC.name, "sid");
    let names: Vec<_> = Shop::SPECS.iter().map(|spec| spec.name).collect();
    assert_eq!(names, [NAME, "__Host-Http-derived", LONGER_NAME]);
    let _ = Legacy(a()).0;
}
