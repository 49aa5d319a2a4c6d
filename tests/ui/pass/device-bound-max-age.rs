//! A `device_bound` cookie has a `max_age`. A `sealed` cookie without `device_bound` needs none.
use hardtack::{Cookie, ReadCookie};

#[derive(Cookie)]
#[cookie(sealed, max_age = "1m", device_bound)]
struct Session(String);

#[derive(Cookie)]
#[cookie(sealed)]
struct Unbound(String);

pub(crate) fn main() {
    assert_eq!((Session::SPEC.max_age.map(|time| time.as_secs()), Unbound::SPEC.max_age), (Some(60), None));
    let _ = (Session(String::new()).0, Unbound(String::new()).0);
}
