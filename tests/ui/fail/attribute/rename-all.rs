//@ errors: 6
use hardtack::{Cookie, CookieValue};

#[derive(Cookie)]
#[cookie(rename_all = "camelcase")]
enum Misspelt {
    En,
}

#[derive(Cookie)]
#[cookie(rename_all = "Train-Case")]
enum Unknown {
    En,
}

#[derive(Cookie)]
#[cookie(rename_all = lowercase)]
enum Word {
    En,
}

#[derive(Cookie)]
#[cookie(rename_all = "snake_case")]
struct OnAStruct(String);

#[derive(CookieValue)]
#[cookie(rename_all = "snake_case")]
struct OnAValue(String);

#[derive(CookieValue)]
enum Variant {
    #[cookie(rename = 5)]
    En,
}

fn main() {}
