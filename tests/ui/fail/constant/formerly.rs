//@ errors: 8
use hardtack::{Cookie, cookies};

const PREFIXED: &str = "__Host-sid";
const UNPREFIXED: &str = "sid";
const INVALID: &str = "s;id";
const PATH: &str = "/app";
const RELATIVE: &str = "app";
const DOMAIN: &str = "example.com";

#[derive(Cookie)]
#[cookie(formerly(name = UNPREFIXED, until = "2027-03-01"))]
struct Weak(String);

#[derive(Cookie)]
#[cookie(formerly(name = INVALID, until = "2027-03-01"))]
struct Name(String);

#[derive(Cookie)]
#[cookie(path = "/shop", formerly(path = RELATIVE))]
struct Path(String);

#[derive(Cookie)]
#[cookie(formerly(name = PREFIXED, domain = DOMAIN, until = "2027-03-01"))]
struct Prefix(String);

#[derive(Cookie)]
#[cookie(path = PATH, formerly(path = "/app"))]
struct Present(String);

#[derive(Cookie)]
#[cookie(formerly(name = PREFIXED))]
struct NoDay(String);

#[derive(Cookie)]
#[cookie(formerly(name = PREFIXED, until = "2027-03-01"), reason = "no weakening")]
struct Idle(String);

#[cookies]
struct Shop {
    #[cookie(path = PATH, formerly(path = "/"), formerly(name = UNPREFIXED, path = "/", until = "2027-03-01"))]
    cart: u32,
}

fn main() {}
