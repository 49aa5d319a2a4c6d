//@ errors: 1
use hardtack::CookieValue;

#[derive(CookieValue)]
struct Seen;

fn main() {}
