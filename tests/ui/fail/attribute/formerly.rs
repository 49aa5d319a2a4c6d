//@ errors: 33
use hardtack::{Cookie, CookieValue, cookies};

#[derive(Cookie)]
#[cookie(formerly)]
struct Bare(String);

#[derive(Cookie)]
#[cookie(formerly())]
struct Empty(String);

#[derive(Cookie)]
#[cookie(formerly = "sid")]
struct WithEquals(String);

#[derive(Cookie)]
#[cookie(formerly["sid"], max_age = "8h")]
struct Brackets(String);

#[derive(Cookie)]
#[cookie(formerly "sid", max_age = "8h")]
struct NoParentheses(String);

#[derive(Cookie)]
#[cookie(previously(name = "__Host-sid", until = "2027-03-01"))]
struct UnknownKey(String);

#[derive(Cookie)]
#[cookie(old_name = "__Host-sid")]
struct OldName(String);

#[derive(Cookie)]
#[cookie(formerly("sid"))]
struct OnlyText(String);

#[derive(Cookie)]
#[cookie(formerly(nam = "__Host-sid", until = "2027-03-01"))]
struct Misspelled(String);

#[derive(Cookie)]
#[cookie(formerly(banana = "__Host-sid"))]
struct Unknown(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", expires = "2027-03-01"))]
struct Expires(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", max_age = "8h", until = "2027-03-01"))]
struct OtherKey(String);

#[derive(Cookie)]
#[cookie(formerly(formerly(path = "/app")))]
struct Nested(String);

#[derive(Cookie)]
#[cookie(formerly(name, until = "2027-03-01"))]
struct NoName(String);

#[derive(Cookie)]
#[cookie(formerly(name = , until = "2027-03-01"))]
struct NoValue(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", name = "__Host-id", until = "2027-03-01"))]
struct Twice(String);

#[derive(Cookie)]
#[cookie(formerly(name("__Host-sid"), until = "2027-03-01"))]
struct Call(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid" until = "2027-03-01"))]
struct NoComma(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until = "2027-02-29"))]
struct NoSuchDay(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until = "1.3.2027"))]
struct OtherForm(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until = DAY))]
struct Constant(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until))]
struct NoDay(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", raw = true, until = "2027-03-01"))]
struct RawWithValue(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(partitioned = yes))]
struct Partitioned(String);

#[derive(Cookie)]
#[cookie(domain = policy, formerly(domain = None))]
struct CapitalNone(String);

#[derive(Cookie)]
#[cookie(domain = policy, formerly(domain = nonne))]
struct MisspelledNone(String);

#[derive(Cookie)]
#[cookie(domain = policy, formerly(domain = environment))]
struct Environment(String);

#[derive(Cookie)]
#[cookie(domain = none)]
struct PresentNone(String);

#[derive(Cookie)]
#[cookie(raw)]
struct Raw(String);

#[derive(Cookie)]
#[cookie(max_age = "8h", until = "2027-03-01")]
struct Until(String);

#[derive(CookieValue)]
#[cookie(formerly(name = "__Host-sid", until = "2027-03-01"))]
struct Value(String);

#[derive(Cookie)]
struct Lang(String);

#[cookies]
struct Shop {
    #[cookie(existing, formerly(path = "/app"), formerly(path = "/shop"))]
    lang: Lang,
    #[cookie(formerly(), path = "/app")]
    cart: u32,
}

fn main() {}
