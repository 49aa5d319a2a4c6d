//@ errors: 2
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(secure = false)]
struct Session(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "8h", secure = false)]
    cart: u32,
}

fn main() {}
