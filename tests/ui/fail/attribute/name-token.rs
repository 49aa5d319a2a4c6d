//@ errors: 9
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(name = "")]
struct Empty(String);

#[derive(Cookie)]
#[cookie(name = "__Host-my session")]
struct Space(String);

#[derive(Cookie)]
#[cookie(name = "__Host-sid;")]
struct Semicolon(String);

#[derive(Cookie)]
#[cookie(name = "__Host-sid\r\nSet-Cookie: a")]
struct Injected(String);

#[derive(Cookie)]
#[cookie(name = "__Host-größe")]
struct NotAscii(String);

#[derive(Cookie)]
#[cookie(name = "__Host-")]
struct PrefixAlone(String);

#[derive(Cookie)]
#[cookie(name = "a=b", read_only)]
struct Legacy(String);

#[derive(Cookie)]
struct Größe(String);

#[cookies]
struct Shop {
    #[cookie(name = "__Host-my cart")]
    cart: u32,
}

fn main() {}
