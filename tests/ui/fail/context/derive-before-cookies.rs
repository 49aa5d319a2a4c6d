//@ errors: 2
//! A derive above `#[cookies]` receives the struct as it is written. A derive below `#[cookies]` is an error of ours.
use hardtack::cookies;

#[derive(Debug)]
#[cookies]
struct Shop {
    cart: u32,
}

fn main() {}
