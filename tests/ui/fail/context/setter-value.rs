//@ errors: 3
use hardtack::{CookieValue, cookies};

#[derive(CookieValue)]
struct Id(String);

#[cookies]
struct Shop {
    id: Id,
    cart: u32,
}

fn handler(shop: &Shop) {
    let _ = shop.set_id("a");
    let _ = shop.set_cart("3");
    let _ = shop.set_id_with(Id("a".to_owned()), |id| id.domain("example.com"));
}

fn main() {
    let _ = handler;
}
