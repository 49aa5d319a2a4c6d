//@ errors: 5
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(reason = "it is important")]
struct Strict(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "")]
struct Empty(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "  ")]
struct Blank(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only, reason = "PHP sets it")]
struct Legacy(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "8h", reason = "a working day")]
    cart: u32,
}

fn main() {}
