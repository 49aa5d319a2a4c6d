//@ errors: 4
use hardtack::Cookie;

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", secure = false)]
struct NotSecure(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", http_only = false)]
struct NotHttpOnly(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", domain = "example.com")]
struct WithDomain(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", path = "/app")]
struct WithPath(String);

fn main() {}
