//@ errors: 10
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(max_age = "-1s")]
struct Negative(String);

#[derive(Cookie)]
#[cookie(max_age = "0s")]
struct Zero(String);

#[derive(Cookie)]
#[cookie(max_age = "1.5h")]
struct Fraction(String);

#[derive(Cookie)]
#[cookie(max_age = "500ms")]
struct Milliseconds(String);

#[derive(Cookie)]
#[cookie(max_age = "3600")]
struct NoUnit(String);

#[derive(Cookie)]
#[cookie(max_age = "8 h")]
struct Space(String);

#[derive(Cookie)]
#[cookie(max_age = "2w")]
struct Weeks(String);

#[derive(Cookie)]
#[cookie(max_age = "")]
struct Empty(String);

#[derive(Cookie)]
#[cookie(max_age = "99999999999999999999d")]
struct Huge(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "one day")]
    cart: u32,
}

fn main() {}
