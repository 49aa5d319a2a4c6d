//@ errors: 2
use std::time::Duration;

use hardtack::Cookie;

const NAME: &str = "__Host-session";
const MAX_AGE: Duration = Duration::from_secs(60);

#[derive(Cookie)]
#[cookie(name = NAME, reason = "it is important")]
struct Named(String);

#[derive(Cookie)]
#[cookie(max_age = MAX_AGE, reason = "it is important")]
struct WithMaxAge(String);

fn main() {}
