//@ errors: 3
use hardtack::{Cookie, SetCookie};

#[derive(Cookie)]
struct Session(String);

fn main() {
    let _ = SetCookie::new(Session("a".to_owned())).secure(false);
    let _ = SetCookie::new(Session("a".to_owned())).http_only(false);
    let _ = SetCookie::new(Session("a".to_owned())).name("session");
}
