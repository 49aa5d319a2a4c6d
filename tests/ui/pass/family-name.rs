//! A name that only begins like the name of a family does not belong to the family.
use hardtack::cookies;

#[cookies]
struct Shop {
    #[cookie(name = "__Host-flow", keyed, max_age = "10m")]
    flow: String,
    #[cookie(name = "__Host-flow-start")]
    start: String,
    #[cookie(name = "__Host-flow.a.b")]
    two_dots: String,
    #[cookie(name = "__Host-cart")]
    cart: u32,
    #[cookie(name = "__Host-cart.total")]
    total: u32,
}

pub(crate) fn main() {
    assert_eq!(Shop::SPECS.len(), 5);
}
