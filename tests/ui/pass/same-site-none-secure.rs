//! `SameSite=None` needs Secure. `SameSite=Lax` does not need Secure.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(same_site = None, reason = "a widget on other sites")]
struct Widget(String);

#[derive(Cookie)]
#[cookie(same_site = Lax, secure = false, reason = "the old proxy")]
struct Old(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(Widget("a".to_owned())), "__Host-Http-widget=a; Path=/; Secure; HttpOnly; SameSite=None",);
    assert_eq!(header(Old("a".to_owned())), "old=a; Path=/; HttpOnly; SameSite=Lax");
}
