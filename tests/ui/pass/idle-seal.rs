//! A cookie with `idle` is `signed` or `sealed`.
use std::time::Duration;

use hardtack::{Cookie, ReadCookie};

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = "30m")]
struct Sealed(String);

#[derive(Cookie)]
#[cookie(idle = "30m", max_age = "8h", signed)]
struct Signed(String);

#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Plain(String);

pub(crate) fn main() {
    let half_an_hour = Some(Duration::from_secs(1800));
    assert_eq!((Sealed::SPEC.idle, Signed::SPEC.idle, Plain::SPEC.idle), (half_an_hour, half_an_hour, None));
    let _ = (Sealed(String::new()).0, Signed(String::new()).0, Plain(String::new()).0);
}
