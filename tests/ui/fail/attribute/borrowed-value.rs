//@ errors: 4
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
struct Session<'a>(&'a str);

#[derive(Cookie)]
struct Static(&'static str);

#[derive(CookieValue)]
struct Id<'a> {
    id: &'a str,
}

#[cookies]
struct Shop {
    cart: &'static str,
}

fn main() {}
