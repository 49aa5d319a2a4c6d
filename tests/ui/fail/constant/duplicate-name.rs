//@ errors: 3
use hardtack::{Cookie, cookies};

const CART: &str = "__Host-Http-cart";

#[derive(Cookie)]
struct Cart(u32);

#[cookies]
struct Existing {
    cart: u32,
    #[cookie(existing)]
    basket: Cart,
}

#[cookies]
struct Constant {
    cart: u32,
    #[cookie(name = CART)]
    basket: u32,
}

#[cookies]
struct ConstantFirst {
    #[cookie(name = CART)]
    basket: u32,
    cart: u32,
}

fn main() {}
