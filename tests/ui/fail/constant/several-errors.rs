//@ errors: 3
use std::time::Duration;

use hardtack::Cookie;

const NAME: &str = "my session";
const PATH: &str = "app";
const MAX_AGE: Duration = Duration::from_millis(1500);

#[derive(Cookie)]
#[cookie(name = NAME, path = PATH, max_age = MAX_AGE)]
struct Session(String);

fn main() {}
