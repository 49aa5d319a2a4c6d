//@ errors: 2
//! A derive above `#[cookies]` sees the unchanged struct. Our macro rejects a derive below `#[cookies]`.
use hardtack::cookies;

#[derive(Debug)]
#[cookies]
struct Shop {
    cart: u32,
}

fn main() {}
