//@ errors: 5
use hardtack::{Cookie, CookieValue};

#[derive(Cookie)]
struct Tuple(String, u32);

#[derive(Cookie)]
struct Named {
    id: String,
    visits: u32,
}

#[derive(Cookie)]
struct Three(String, u32, u32);

#[derive(CookieValue)]
struct Value(String, u32);

#[derive(CookieValue)]
struct NamedValue {
    id: String,
    visits: u32,
}

fn main() {}
