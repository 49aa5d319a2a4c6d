//@ errors: 6
use hardtack::{Cookie, CookieValue};

#[derive(Cookie)]
enum Tuple {
    Guest,
    Member(String),
}

#[derive(Cookie)]
enum Named {
    Guest,
    Member { id: String },
}

#[derive(Cookie)]
enum Empty {}

#[derive(CookieValue)]
enum Value {
    Guest,
    Member(String),
    Admin(String),
}

#[derive(CookieValue)]
enum EmptyValue {}

fn main() {}
