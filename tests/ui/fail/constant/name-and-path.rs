//@ errors: 1
use hardtack::Cookie;

const NAME: &str = "__Host-session";
const PATH: &str = "/app";

#[derive(Cookie)]
#[cookie(name = NAME, path = PATH)]
struct Session(String);

fn main() {}
