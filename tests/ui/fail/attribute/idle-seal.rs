//@ errors: 4
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(max_age = "8h", idle = "30m")]
struct Plain(String);

#[derive(Cookie)]
#[cookie(idle = "30m")]
struct NothingElse(String);

#[derive(Cookie)]
#[cookie(name = "sid", sealed, idle = "30m", read_only)]
struct ReadOnly(String);

#[cookies]
struct Shop {
    #[cookie(idle = "30m", max_age = "8h")]
    session: String,
}

fn main() {}
