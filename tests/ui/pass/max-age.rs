//! A `max_age` is a number and a unit. A `max_age` over 400 days causes a notice and not an error.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(max_age = "1s")]
struct Second(String);

#[derive(Cookie)]
#[cookie(max_age = "15m")]
struct Minutes(String);

#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Hours(String);

#[derive(Cookie)]
#[cookie(max_age = "401d")]
struct Days(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(Second("a".to_owned())), "__Host-Http-second=a; Path=/; Max-Age=1; Secure; HttpOnly; SameSite=Lax",);
    assert!(header(Minutes("a".to_owned())).contains("; Max-Age=900; "));
    assert!(header(Hours("a".to_owned())).contains("; Max-Age=28800; "));
    assert!(header(Days("a".to_owned())).contains("; Max-Age=34646400; "));
}
