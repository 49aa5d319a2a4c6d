//@ errors: 1
//! If the type of a cookie is declared `read_only`, the field must be `read_only` too.
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
