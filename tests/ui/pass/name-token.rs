//! A name may contain every `token` character. The name of a `read_only` cookie may contain other characters too.
use hardtack::{Cookie, Cookies, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Host-!#$%&'*+-.^_`|~aZ09")]
struct EveryKind(String);

#[derive(Cookie)]
#[cookie(name = "größe", read_only)]
struct Legacy(String);

#[derive(Cookie)]
#[cookie(name = "__Host-size")]
struct Größe(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(EveryKind("a".to_owned())), "__Host-!#$%&'*+-.^_`|~aZ09=a; Path=/; Secure; HttpOnly; SameSite=Lax",);
    assert!(header(Größe("a".to_owned())).starts_with("__Host-size=a; "));
    let mut request = http::HeaderMap::new();
    request.insert("cookie", http::HeaderValue::from_bytes("größe=12".as_bytes()).unwrap());
    let legacy: Option<Legacy> = Cookies::from_headers(&request, testing::https()).try_get().unwrap();
    assert_eq!(legacy.map(|legacy| legacy.0), Some("12".to_owned()));
    assert_eq!(Legacy::SPEC.name, "größe");
}
