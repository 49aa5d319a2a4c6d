//@ errors: 2
use hardtack::{CookieValue, cookies};

#[derive(CookieValue)]
struct Id(String);

#[cookies]
struct Shop {
    #[cookie(existing)]
    id: Id,
    #[cookie(existing)]
    name: String,
}

fn main() {}
