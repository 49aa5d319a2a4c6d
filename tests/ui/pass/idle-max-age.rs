//! The `max_age` of a cookie must be longer than its `idle`. Both `idle` and `max_age` may be constants.
use std::time::Duration;

use hardtack::{Cookie, ReadCookie, cookies};

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Cookie)]
#[cookie(sealed, idle = HOUR, max_age = "3601s")]
struct ConstantIdle(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = HOUR, idle = "59m")]
struct ConstantMaxAge(String);

#[cookies]
struct Shop {
    #[cookie(signed, max_age = "1h", idle = "3599s")]
    session: String,
}

pub(crate) fn main() {
    assert_eq!((ConstantIdle::SPEC.idle, ConstantMaxAge::SPEC.max_age), (Some(HOUR), Some(HOUR)));
    assert_eq!(Shop::SPECS[0].first_lifetime(), Some(Duration::from_secs(3599)));
    let _ = (ConstantIdle(String::new()).0, ConstantMaxAge(String::new()).0);
}
