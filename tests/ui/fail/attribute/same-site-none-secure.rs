//@ errors: 1
use hardtack::Cookie;

#[derive(Cookie)]
#[cookie(same_site = None, secure = false, reason = "a widget on other sites")]
struct Widget(String);

fn main() {}
