//@ errors: 5
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(formerly(name = "sid", until = "2027-03-01"))]
struct Unprefixed(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until = "2027-03-01"), formerly(name = "__Secure-sid", until = "2027-03-01"))]
struct Second(String);

#[derive(Cookie)]
#[cookie(signed, formerly(name = "__Host-sid", unsigned, until = "2027-03-01"))]
struct Unsigned(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(path = "/"), reason = "no weakening")]
struct Idle(String);

#[cookies]
struct Shop {
    #[cookie(path = "/shop", formerly(name = "cart", until = "2027-03-01"))]
    cart: u32,
}

fn main() {}
