//! `Partitioned` needs Secure. With `SameSite=Lax`, `Partitioned` is allowed, but has no effect.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(partitioned, same_site = None, reason = "a widget on other sites")]
struct Widget(String);

#[derive(Cookie)]
#[cookie(partitioned)]
struct Alone(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        header(Widget("a".to_owned())),
        "__Host-Http-widget=a; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    );
    assert!(header(Alone("a".to_owned())).ends_with("; SameSite=Lax; Partitioned"));
}
