//@ errors: 3
use hardtack::cookies;

#[cookies]
struct Written {
    #[cookie(name = "__Host-cart")]
    cart: u32,
    #[cookie(name = "__Host-cart")]
    basket: u32,
}

#[cookies]
struct Derived {
    #[cookie(name = "__Host-Http-basket")]
    cart: u32,
    basket: u32,
}

#[cookies]
struct Third {
    cart: u32,
    basket: u32,
    #[cookie(name = "__Host-Http-cart")]
    trolley: u32,
}

fn main() {}
