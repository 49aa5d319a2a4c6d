//@ errors: 2
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(sealed, device_bound)]
struct Session(String);

#[cookies]
struct Shop {
    #[cookie(sealed, device_bound(optional))]
    session: String,
}

fn main() {}
