//@ errors: 4
use std::time::Duration;

use hardtack::{Cookie, cookies};

const TWO_MINUTES: Duration = Duration::from_secs(120);
const MONTH: Duration = Duration::from_secs(30 * 86_400);
const NAME: &str = "__Secure-session";

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = TWO_MINUTES))]
struct Short(String);

#[derive(Cookie)]
#[cookie(name = NAME, sealed, max_age = MONTH, device_bound)]
struct OtherPrefix(String);

#[derive(Cookie)]
#[cookie(max_age = MONTH, device_bound)]
struct Plain(String);

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = MONTH, device_bound(every = TWO_MINUTES, optional))]
    session: String,
}

fn main() {}
