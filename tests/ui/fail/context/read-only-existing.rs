//@ errors: 1
//! The type is declared `read_only`. So the field must be `read_only` too.
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

#[cookies]
struct Shop {
    #[cookie(existing)]
    legacy: Legacy,
}

fn main() {}
