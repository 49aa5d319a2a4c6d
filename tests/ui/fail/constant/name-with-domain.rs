//@ errors: 2
use hardtack::Cookie;

const NAME: &str = "__Host-session";
const DOMAIN: &str = "example.com";

#[derive(Cookie)]
#[cookie(name = NAME, domain = "example.com")]
struct Literal(String);

#[derive(Cookie)]
#[cookie(name = NAME, domain = DOMAIN)]
struct Constant(String);

fn main() {}
