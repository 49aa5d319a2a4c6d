//@ errors: 2
use hardtack::Cookie;

struct Item(u32);

#[derive(Cookie)]
#[cookie(json)]
struct Basket {
    items: Vec<u8>,
}

#[hardtack::cookies]
struct Shop {
    #[cookie(json)]
    item: Item,
}

fn main() {}
