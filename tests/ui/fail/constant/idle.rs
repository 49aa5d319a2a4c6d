//@ errors: 4
use std::time::Duration;

use hardtack::{Cookie, cookies};

const ZERO: Duration = Duration::ZERO;
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = ZERO)]
struct Zero(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = HOUR, idle = "2h")]
struct Longer(String);

#[derive(Cookie)]
#[cookie(idle = HOUR, max_age = "8h")]
struct Plain(String);

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = HOUR, idle = HOUR)]
    session: String,
}

fn main() {}
