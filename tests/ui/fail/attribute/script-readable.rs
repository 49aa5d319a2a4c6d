//@ errors: 2
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(http_only = false)]
struct Theme(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "8h", http_only = false)]
    cart: u32,
}

fn main() {}
