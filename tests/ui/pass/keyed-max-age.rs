//! A `keyed` cookie has a `max_age`, which may be a constant.
use std::time::Duration;

use hardtack::{Cookie, CookieFamily};

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[derive(Cookie)]
#[cookie(keyed, max_age = TEN_MINUTES)]
struct Flow(String);

pub(crate) fn main() {
    assert_eq!(Flow::SPEC.max_age, Some(TEN_MINUTES));
    let _ = Flow(String::new()).0;
}
