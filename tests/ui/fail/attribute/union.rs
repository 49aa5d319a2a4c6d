//@ errors: 2
use hardtack::{Cookie, CookieValue};

#[derive(Cookie)]
union Number {
    a: u32,
    b: f32,
}

#[derive(CookieValue)]
union Value {
    a: u32,
    b: f32,
}

fn main() {}
