//@ errors: 3
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(name = "__Secure-session", secure = false, reason = "the old proxy")]
struct WithReason(String);

#[derive(Cookie)]
#[cookie(name = "__Secure-session", secure = false)]
struct WithoutReason(String);

#[cookies]
struct Shop {
    #[cookie(name = "__Secure-cart", secure = false)]
    cart: u32,
}

fn main() {}
