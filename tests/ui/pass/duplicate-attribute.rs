//! A declaration may have several `#[cookie(…)]` attributes with different keys. The declarations of two fields may
//! contain the same key.
use hardtack::{Cookie, SetCookie, cookies, testing};

#[derive(Cookie)]
#[cookie(max_age = "8h")]
#[cookie(path = "/app", same_site = Strict)]
struct Session(String);

#[cookies]
struct Shop {
    #[cookie(max_age = "8h")]
    cart: u32,
    #[cookie(max_age = "8h")]
    basket: u32,
}

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        header(Session("a".to_owned())),
        "__Secure-session=a; Path=/app; Max-Age=28800; Secure; HttpOnly; SameSite=Strict",
    );
    assert_eq!(Shop::SPECS.len(), 2);
}
