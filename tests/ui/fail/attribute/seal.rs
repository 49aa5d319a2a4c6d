//@ errors: 10
use hardtack::Cookie;
use serde::{Deserialize, Serialize};

#[derive(Cookie)]
#[cookie(signed, sealed)]
struct Both(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", signed)]
struct BothReversed(String);

#[derive(Cookie)]
#[cookie(sealed = true)]
struct WithValue(String);

#[derive(Cookie)]
#[cookie(sealed, sealed)]
struct Twice(String);

#[derive(Cookie)]
#[cookie(http_only = false, sealed, reason = "the page reads it")]
struct Unreadable(String);

#[derive(Cookie)]
#[cookie(sealed, http_only = false, reason = "the page reads it")]
struct UnreadableReversed(String);

#[derive(Cookie, Serialize, Deserialize)]
#[cookie(json, rename_all = "snake_case")]
enum RenamedAll {
    OneTwo,
}

#[derive(Cookie, Serialize, Deserialize)]
#[cookie(json)]
enum RenamedVariant {
    #[cookie(rename = "1")]
    One,
}

#[derive(hardtack::CookieValue)]
#[cookie(sealed)]
struct Value(String);

#[derive(Cookie)]
struct Existing(String);

#[hardtack::cookies]
struct Shop {
    #[cookie(existing, signed)]
    existing: Existing,
}

fn main() {}
