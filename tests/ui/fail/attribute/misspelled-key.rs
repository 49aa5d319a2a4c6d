//@ errors: 14
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
#[cookie(samesite = Strict)]
struct NoUnderscore(String);

#[derive(Cookie)]
#[cookie(HttpOnly)]
struct AsOnTheWire(String);

#[derive(Cookie)]
#[cookie(Secure)]
struct Capital(String);

#[derive(Cookie)]
#[cookie(Max-Age = 3600)]
struct Hyphen(String);

#[derive(Cookie)]
#[cookie(maxAge = "8h")]
struct Camel(String);

#[derive(Cookie)]
#[cookie(expires = "8h")]
struct Expires(String);

#[derive(Cookie)]
#[cookie(paht = "/app")]
struct Swapped(String);

#[derive(Cookie)]
#[cookie(colour = "red")]
struct Unknown(String);

#[derive(Cookie)]
#[cookie(ssl)]
struct UnknownFlag(String);

#[derive(CookieValue)]
#[cookie(renameAll = "lowercase")]
enum Theme {
    #[cookie(name = "l")]
    Light,
    #[cookie(renam = "d")]
    Dark,
}

#[cookies(krate = hardtack)]
struct Shop {
    #[cookie(exists)]
    cart: u32,
}

fn main() {}
