//@ errors: 4
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = "0s")]
struct Zero(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = 1800)]
struct Number(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = "half an hour")]
struct Words(String);

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = "8h", idle = "0m")]
    session: String,
}

fn main() {}
