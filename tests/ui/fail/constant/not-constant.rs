//@ errors: 2
use hardtack::Cookie;

fn name() -> &'static str {
    "__Host-session"
}

fn path() -> &'static str {
    "/app"
}

#[derive(Cookie)]
#[cookie(name = name())]
struct Name(String);

#[derive(Cookie)]
#[cookie(path = path())]
struct Path(String);

fn main() {}
