//! The same rules through constants: a default name takes the prefix that the constants allow.
use std::time::Duration;

use hardtack::{Cookie, ReadCookie, SetCookie, cookies, testing};

const NAME: &str = "__Host-session";
const BEGINS_WITH_IT: &str = "__Host-session_hint";
const UNPREFIXED: &str = "sid";
const ROOT: &str = "/";
const APP: &str = "/app";
const DOMAIN: &str = "example.com";
const LIFE: Duration = Duration::from_secs(60 * 60);

#[derive(Cookie)]
#[cookie(name = NAME, path = ROOT, max_age = LIFE)]
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
#[cookie(name = UNPREFIXED, reason = "the old clients know it by this name")]
struct Explained(String);

#[derive(Cookie)]
#[cookie(name = UNPREFIXED, read_only)]
struct Foreign(String);

#[derive(Cookie)]
#[cookie(name = concat!("__Host-", "joined"))]
struct Joined(String);

#[cookies]
struct Shop {
    #[cookie(name = NAME)]
    session: String,
    #[cookie(existing)]
    derived: Derived,
    #[cookie(name = BEGINS_WITH_IT)]
    hint: String,
}

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    let a = || "a".to_owned();
    assert_eq!(line(Host(a())), "__Host-session=a; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(line(Derived(a())), "__Host-Http-derived=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(line(DerivedUnderApp(a())), "__Secure-derived_under_app=a; Path=/app; Secure; HttpOnly; SameSite=Lax",);
    assert_eq!(
        line(Shared(a())),
        "__Secure-shared=a; Path=/; Domain=example.com; Max-Age=90; Secure; HttpOnly; SameSite=Lax",
    );
    assert!(line(Explained(a())).starts_with("sid=a; "));
    assert!(line(Joined(a())).starts_with("__Host-joined=a; "));
    assert_eq!(Foreign::DECLARATION.name, "sid");
    let names: Vec<_> = Shop::SPECS.iter().map(|spec| spec.name).collect();
    assert_eq!(names, [NAME, "__Host-Http-derived", BEGINS_WITH_IT]);
    let _ = Foreign(a()).0;
}
