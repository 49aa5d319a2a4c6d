//@ errors: 13
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid"))]
struct NoDay(String);

#[derive(Cookie)]
#[cookie(formerly(path = "/"))]
struct Present(String);

#[derive(Cookie)]
#[cookie(name = "__Secure-sid", path = "/app", formerly(name = "__Secure-sid"))]
struct PresentName(String);

#[derive(Cookie)]
#[cookie(
    path = "/app",
    formerly(path = "/"),
    formerly(path = "/shop"),
    formerly(path = "/", partitioned = false)
)]
struct Same(String);

#[derive(Cookie)]
#[cookie(
    path = "/app",
    formerly(path = "/1"),
    formerly(path = "/2"),
    formerly(path = "/3"),
    formerly(path = "/4"),
    formerly(path = "/5")
)]
struct Five(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only, formerly(name = "sid", until = "2027-03-01"))]
struct ReadOnly(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", unsigned, until = "2027-03-01"), reason = "the old value was plain")]
struct NotSigned(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(path = "/", raw))]
struct Raw(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(path = "app"))]
struct Path(String);

#[derive(Cookie)]
#[cookie(domain = policy, formerly(domain = "localhost"))]
struct Domain(String);

#[derive(Cookie)]
#[cookie(formerly(name = "s;id", until = "2027-03-01"))]
struct Name(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", path = "/app", until = "2027-03-01"))]
struct Prefix(String);

#[cookies]
struct Shop {
    #[cookie(formerly(domain = "example.com"))]
    cart: u32,
}

fn main() {}
