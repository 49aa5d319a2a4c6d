//! If a declaration causes only a notice and no error, it needs no `reason`. If a declaration has a `reason`, the
//! cookie's `SPEC` contains the `reason`.
use hardtack::{Cookie, ReadCookie};

#[derive(Cookie)]
#[cookie(domain = "example.com", reason = "one sign-in for all our hosts")]
struct Session(String);

#[derive(Cookie)]
#[cookie(max_age = "500d", reason = "the browser shortens it")]
struct Visited(String);

/// The name has a prefix in some builds only.
const NAME: &str = if cfg!(any()) { "session" } else { "__Host-session" };

#[derive(Cookie)]
#[cookie(name = NAME, reason = "development has no HTTPS")]
struct Named(String);

#[derive(Cookie)]
#[cookie(partitioned, reason = "until the frame is cross-site")]
struct Widget(String);

pub(crate) fn main() {
    assert_eq!(Session::SPEC.reason, Some("one sign-in for all our hosts"));
    assert_eq!(Visited::SPEC.reason, Some("the browser shortens it"));
    assert_eq!(Named::SPEC.reason, Some("development has no HTTPS"));
    assert_eq!(Widget::SPEC.reason, Some("until the frame is cross-site"));
    let _ = (Named(String::new()).0, Session(String::new()).0, Visited(String::new()).0, Widget(String::new()).0);
}
