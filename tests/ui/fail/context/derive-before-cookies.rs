//@ errors: 2
//! rustc runs a derive above `#[cookies]` on the struct as it is written; below, our own sentence refuses it.
use hardtack::cookies;

#[derive(Debug)]
#[cookies]
struct Shop {
    cart: u32,
}

fn main() {}
