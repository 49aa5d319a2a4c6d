//@ errors: 4
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(sealed, idle = "30m")]
struct Missing(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30m", idle = "30m")]
struct Equal(String);

#[derive(Cookie)]
#[cookie(signed, idle = "8h", max_age = "30m")]
struct Longer(String);

#[cookies]
struct Shop {
    #[cookie(signed, idle = "30m")]
    session: String,
}

fn main() {}
