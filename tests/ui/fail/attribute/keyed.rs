//@ errors: 9
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
#[cookie(keyed = true, max_age = "10m")]
struct WithValue(String);

#[derive(Cookie)]
#[cookie(keyed("flow"), max_age = "10m")]
struct WithParentheses(String);

#[derive(Cookie)]
#[cookie(keyed, keyed, max_age = "10m")]
struct Twice(String);

#[derive(Cookie)]
#[cookie(family, max_age = "10m")]
struct Family(String);

#[derive(Cookie)]
#[cookie(dynamic = true, max_age = "10m")]
struct Dynamic(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only, keyed, max_age = "10m")]
struct ReadOnly(String);

#[derive(CookieValue)]
#[cookie(keyed)]
struct Value(String);

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Step(String);

#[cookies]
struct Shop {
    #[cookie(existing, read_only, keyed)]
    flow: Flow,
    #[cookie(existing, keyed, max_age = "10m")]
    step: Step,
}

fn main() {}
