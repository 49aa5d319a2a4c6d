//@ errors: 3
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(domain = "co.uk")]
struct Country(String);

#[derive(Cookie)]
#[cookie(domain = "github.io")]
struct Pages(String);

#[cookies]
struct Shop {
    #[cookie(domain = "com.au")]
    cart: u32,
}

fn main() {}
