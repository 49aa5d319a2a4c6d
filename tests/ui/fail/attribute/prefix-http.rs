//@ errors: 2
use hardtack::Cookie;

#[derive(Cookie)]
#[cookie(name = "__Http-session", secure = false)]
struct NotSecure(String);

#[derive(Cookie)]
#[cookie(name = "__Http-session", http_only = false, reason = "app.js reads it")]
struct NotHttpOnly(String);

fn main() {}
