//@ errors: 6
use hardtack::{Cookie, CookieValue, cookies};

struct Basket {
    items: Vec<u32>,
}

#[derive(Cookie)]
struct Tuple(Basket);

#[derive(Cookie)]
struct Named {
    basket: Basket,
}

#[derive(CookieValue)]
struct Value(Basket);

#[derive(Cookie)]
struct Numbers(Vec<u8>);

#[derive(Cookie)]
struct Maybe(Option<String>);

#[cookies]
struct Shop {
    basket: Basket,
}

fn main() {}
