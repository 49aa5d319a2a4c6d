//@ errors: 5
//! No setter weakens a cookie or changes its scope. The scope comes from the declaration and the policy.
use hardtack::{Cookie, SetCookie};

#[derive(Cookie)]
struct Session(String);

fn main() {
    let _ = SetCookie::new(Session("a".to_owned())).secure(false);
    let _ = SetCookie::new(Session("a".to_owned())).http_only(false);
    let _ = SetCookie::new(Session("a".to_owned())).name("session");
    let _ = SetCookie::new(Session("a".to_owned())).domain("example.com");
    let _ = SetCookie::new(Session("a".to_owned())).path("/app");
}
