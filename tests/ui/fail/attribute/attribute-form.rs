//@ errors: 4
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie]
struct Alone(String);

#[derive(Cookie)]
#[cookie = "__Host-session"]
struct Equals(String);

#[cookies]
struct Shop {
    #[cookie]
    cart: u32,
    #[cookie = "__Host-basket"]
    basket: u32,
}

fn main() {}
