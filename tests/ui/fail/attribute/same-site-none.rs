//@ errors: 2
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(same_site = None)]
struct Widget(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "8h", same_site = None)]
    cart: u32,
}

fn main() {}
