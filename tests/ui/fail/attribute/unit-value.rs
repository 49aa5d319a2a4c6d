//@ errors: 1
use hardtack::CookieValue;

#[derive(CookieValue)]
struct Visited;

fn main() {}
