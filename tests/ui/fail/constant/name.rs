//@ errors: 10
use hardtack::{Cookie, cookies};

const EMPTY: &str = "";
const SPACE: &str = "__Host-my session";
const CASE: &str = "__host-session";
const UNPREFIXED: &str = "session";
const SECURE: &str = "__Secure-session";
const HOST: &str = "__Host-session";
const HTTP: &str = "__Http-session";

#[derive(Cookie)]
#[cookie(name = EMPTY)]
struct Empty(String);

#[derive(Cookie)]
#[cookie(name = SPACE)]
struct Space(String);

#[derive(Cookie)]
#[cookie(name = CASE)]
struct Case(String);

#[derive(Cookie)]
#[cookie(name = UNPREFIXED)]
struct Unprefixed(String);

#[derive(Cookie)]
#[cookie(name = SECURE, secure = false, reason = "the old proxy")]
struct NotSecure(String);

#[derive(Cookie)]
#[cookie(name = HTTP, http_only = false, reason = "app.js reads it")]
struct NotHttpOnly(String);

#[derive(Cookie)]
#[cookie(name = HOST, domain = "example.com")]
struct WithDomain(String);

#[derive(Cookie)]
#[cookie(name = HOST, domain = policy)]
struct WithPolicyDomain(String);

#[derive(Cookie)]
#[cookie(name = HOST, path = "/app")]
struct WithPath(String);

#[cookies]
struct Shop {
    #[cookie(name = SPACE)]
    cart: u32,
}

fn main() {}
