//@ errors: 3
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
struct Lang(String);

#[derive(Cookie)]
struct Wrapped(Lang);

#[derive(CookieValue)]
struct Value(Lang);

#[cookies]
struct Shop {
    lang: Lang,
}

fn main() {}
