//@ errors: 7
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(name = "__Host-session", secure = false)]
struct NotSecure(String);

#[derive(Cookie)]
#[cookie(name = "__Host-session", domain = "example.com")]
struct WithDomain(String);

#[derive(Cookie)]
#[cookie(name = "__Host-session", domain = policy)]
struct WithPolicyDomain(String);

#[derive(Cookie)]
#[cookie(name = "__Host-session", path = "/app")]
struct WithPath(String);

#[derive(Cookie)]
#[cookie(domain = "example.com", path = "/app", name = "__Host-session")]
struct WithBoth(String);

#[cookies]
struct Shop {
    #[cookie(name = "__Host-cart", domain = "example.com")]
    cart: u32,
}

fn main() {}
