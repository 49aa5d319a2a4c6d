//@ errors: 9
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, partitioned)]
struct Partitioned(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, domain = "example.com")]
struct Wide(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, domain = policy)]
struct Policy(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, path = "/app")]
struct Path(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, http_only = false, reason = "a script reads it")]
struct Readable(String);

#[derive(Cookie)]
#[cookie(name = "__Secure-session", sealed, max_age = "30d", device_bound)]
struct OtherPrefix(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, keyed)]
struct Keyed(String);

#[derive(Cookie)]
#[cookie(name = "sid", sealed, max_age = "30d", device_bound, read_only)]
struct ReadOnly(String);

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = "30d", device_bound, path = "/shop")]
    session: String,
}

fn main() {}
