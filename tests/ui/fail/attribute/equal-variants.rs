//@ errors: 3
use hardtack::{Cookie, CookieValue};

#[derive(Cookie)]
enum Lang {
    En,
    #[cookie(rename = "en")]
    De,
}

#[derive(Cookie)]
enum Reverse {
    #[cookie(rename = "de")]
    En,
    De,
}

#[derive(CookieValue)]
#[cookie(rename_all = "lowercase")]
#[allow(non_camel_case_types)]
enum Theme {
    DarkBlue,
    Darkblue,
}

fn main() {}
