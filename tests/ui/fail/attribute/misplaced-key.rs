//@ errors: 14
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
struct OnAField(#[cookie(max_age = "8h")] String);

#[derive(Cookie)]
struct OnANamedField {
    #[cookie(rename = "id")]
    id: String,
}

#[derive(Cookie)]
enum OnAVariant {
    #[cookie(max_age = "8h")]
    En,
    #[cookie(rename_all = "lowercase")]
    De,
}

#[derive(Cookie)]
#[cookie(rename = "session")]
struct RenameOnAType(String);

#[derive(Cookie)]
#[cookie(existing)]
struct ExistingOnAType(String);

#[derive(CookieValue)]
#[cookie(max_age = "8h")]
struct OnAValue(String);

#[derive(CookieValue)]
enum Theme {
    #[cookie(crate = hardtack)]
    Light,
    Dark,
}

#[cookies]
#[cookie(max_age = "8h")]
struct OnASet {
    cart: u32,
}

#[cookies(max_age = "8h")]
struct InASet {
    cart: u32,
}

#[cookies]
struct Fields {
    #[cookie(crate = hardtack)]
    cart: u32,
    #[cookie(rename_all = "lowercase")]
    theme: Theme,
    #[cookie(rename = "basket")]
    basket: u32,
    #[serde(default)]
    trolley: u32,
}

fn main() {}
