//@ errors: 5
use hardtack::{Cookie, cookies};

const DOT: &str = ".example.com";
const LABEL: &str = "localhost";
const GOOD: &str = "example.com";
const ADDRESS: &str = "192.0.2.7";

#[derive(Cookie)]
#[cookie(domain = DOT)]
struct LeadingDot(String);

#[derive(Cookie)]
#[cookie(domain = LABEL)]
struct SingleLabel(String);

#[derive(Cookie)]
#[cookie(domain = ADDRESS)]
struct Address(String);

#[derive(Cookie)]
#[cookie(name = "__Host-session", domain = GOOD)]
struct WithPrefix(String);

#[cookies]
struct Shop {
    #[cookie(domain = DOT)]
    cart: u32,
}

fn main() {}
