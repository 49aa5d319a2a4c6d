//@ errors: 5
use hardtack::{Cookie, Cookies, SetCookie, cookies};

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

#[cookies]
struct Shop {
    #[cookie(existing, read_only)]
    legacy: Legacy,
    #[cookie(name = "JSESSIONID", read_only)]
    java: String,
}

fn handler(cookies: &Cookies, shop: &Shop) {
    let _ = cookies.set(Legacy("a".to_owned()));
    let _ = cookies.remove::<Legacy>();
    let _ = SetCookie::new(Legacy("a".to_owned()));
    let _ = shop.set_legacy(Legacy("a".to_owned()));
    let _ = shop.set_java("a");
}

fn main() {
    let _ = handler;
}
