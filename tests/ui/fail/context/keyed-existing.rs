//@ errors: 4
use hardtack::{Cookie, Cookies, cookies};

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[derive(Cookie)]
struct Session(String);

#[cookies]
struct NotKeyed {
    #[cookie(existing)]
    flow: Flow,
}

#[cookies]
struct ReadOnly {
    #[cookie(existing, read_only)]
    flow: Flow,
}

#[cookies]
struct Keyed {
    #[cookie(existing, keyed)]
    session: Session,
}

fn handler(cookies: Cookies) -> Option<Flow> {
    cookies.get()
}

fn main() {}
