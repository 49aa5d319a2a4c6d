//@ errors: 1
use std::time::Duration;

use hardtack::Cookie;

const MAX_AGE: Duration = Duration::from_secs(60);

#[derive(Cookie)]
#[cookie(max_age = MAX_AGE, reason = "it is important")]
struct WithMaxAge(String);

fn main() {}
