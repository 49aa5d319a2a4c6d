//@ errors: 14
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound = "10m")]
struct WithValue(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound["10m"])]
struct WithBrackets(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound())]
struct Empty(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound("10m"))]
struct OnlyValue(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = 600))]
struct Number(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(optional = true))]
struct FlagWithValue(String);

#[derive(Cookie)]
#[cookie(sealed, device_bound(max_age = "30d"))]
struct LifetimeOfTheCookie(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(same_site = Strict))]
struct KeyOfTheCookie(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(evry = "10m"))]
struct Misspelled(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, every = "10m")]
struct Outside(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, device_bound(optional))]
struct Twice(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", dbsc)]
struct OtherName(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", formerly(name = "sid", device_bound, until = "2027-03-01"), reason = "the old name")]
struct Former(String);

#[cookies(device_bound)]
struct Shop {
    cart: u32,
}

fn main() {}
