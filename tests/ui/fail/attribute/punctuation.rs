//@ errors: 13
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(max_age "8h")]
struct NoEquals(String);

#[derive(Cookie)]
#[cookie(max_age: "8h")]
struct Colon(String);

#[derive(Cookie)]
#[cookie(max_age("8h"))]
struct Parentheses(String);

#[derive(Cookie)]
#[cookie(max_age = )]
struct NoValue(String);

#[derive(Cookie)]
#[cookie(max_age = , path = "/app")]
struct NoValueBeforeComma(String);

#[derive(Cookie)]
#[cookie(max_age == "8h")]
struct TwoEquals(String);

#[derive(Cookie)]
#[cookie(max_age = "8h" path = "/app")]
struct NoComma(String);

#[derive(Cookie)]
#[cookie(partitioned same_site = None, reason = "a widget on other sites")]
struct NoCommaAfterFlag(String);

#[derive(Cookie)]
#[cookie(max_age = "8h"; path = "/app")]
struct Semicolon(String);

#[derive(Cookie)]
#[cookie(, max_age = "8h")]
struct LeadingComma(String);

#[derive(Cookie)]
#[cookie(max_age = "8h",, path = "/app")]
struct TwoCommas(String);

#[derive(Cookie)]
#[cookie("__Host-session")]
struct NameAlone(String);

#[cookies(session)]
struct Shop {
    cart: u32,
}

fn main() {}
