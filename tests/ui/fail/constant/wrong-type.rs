//@ errors: 6
use hardtack::Cookie;

const FIVE: u32 = 5;

#[derive(Cookie)]
#[cookie(name = FIVE)]
struct Name(String);

#[derive(Cookie)]
#[cookie(path = FIVE)]
struct Path(String);

#[derive(Cookie)]
#[cookie(domain = FIVE)]
struct Domain(String);

#[derive(Cookie)]
#[cookie(max_age = FIVE)]
struct MaxAge(String);

#[derive(Cookie)]
#[cookie(max_age = -5)]
struct Negative(String);

#[derive(Cookie)]
#[cookie(path = MISSING)]
struct Missing(String);

fn main() {}
