//@ errors: 3
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(max_age = "30d", device_bound)]
struct Plain(String);

#[derive(Cookie)]
#[cookie(signed, max_age = "30d", device_bound(every = "5m"))]
struct Signed(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "30d", device_bound)]
    session: String,
}

fn main() {}
