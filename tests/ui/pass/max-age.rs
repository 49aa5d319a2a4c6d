//! One number and one unit; over 400 days is worth knowing, and no error.
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

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(line(Second("a".to_owned())), "__Host-Http-second=a; Path=/; Max-Age=1; Secure; HttpOnly; SameSite=Lax",);
    assert!(line(Minutes("a".to_owned())).contains("; Max-Age=900; "));
    assert!(line(Hours("a".to_owned())).contains("; Max-Age=28800; "));
    assert!(line(Days("a".to_owned())).contains("; Max-Age=34646400; "));
}
