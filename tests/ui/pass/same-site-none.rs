//! `SameSite=None` needs a `reason`. `Strict` and `Lax` need no `reason`.
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

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert!(header(Widget("a".to_owned())).ends_with("; SameSite=None"));
    assert!(header(Strict("a".to_owned())).ends_with("; SameSite=Strict"));
    assert!(header(Lax("a".to_owned())).ends_with("; SameSite=Lax"));
}
