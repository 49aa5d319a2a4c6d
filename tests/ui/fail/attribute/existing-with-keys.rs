//@ errors: 3
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
struct Lang(String);

#[derive(Cookie)]
struct Theme(String);

#[cookies]
struct Shop {
    #[cookie(existing, max_age = "8h")]
    lang: Lang,
    #[cookie(name = "__Host-theme", existing, path = "/")]
    theme: Theme,
}

fn main() {}
