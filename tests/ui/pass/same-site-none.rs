//! With a reason it goes to other sites; `Strict` and `Lax` need none.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(same_site = None, reason = "a widget on other sites")]
struct Widget(String);

#[derive(Cookie)]
#[cookie(same_site = Strict)]
struct Strict(String);

#[derive(Cookie)]
#[cookie(same_site = Lax)]
struct Lax(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert!(line(Widget("a".to_owned())).ends_with("; SameSite=None"));
    assert!(line(Strict("a".to_owned())).ends_with("; SameSite=Strict"));
    assert!(line(Lax("a".to_owned())).ends_with("; SameSite=Lax"));
}
