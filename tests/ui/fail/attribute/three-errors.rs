//@ errors: 3
use hardtack::Cookie;

#[derive(Cookie)]
#[cookie(samesite = Strict, max_age = 3600, path = "app")]
struct Session(String);

fn main() {}
