//@ errors: 6
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
struct Cart {
    items: u8 = 1,
}

#[derive(CookieValue)]
struct Items {
    items: u8 = 1,
}

#[cookies]
struct Shop {
    cart: u32 = 1,
}

fn main() {}
