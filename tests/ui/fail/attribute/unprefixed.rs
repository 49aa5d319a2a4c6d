//@ errors: 3
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(name = "session")]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "Host-session")]
struct NearlyPrefixed(String);

#[cookies]
struct Shop {
    #[cookie(name = "cart")]
    cart: u32,
}

fn main() {}
