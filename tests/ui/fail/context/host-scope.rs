//@ errors: 6
use hardtack::{Cookie, SetCookie};

const NAME: &str = "__Host-theme";

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "__Host-lang")]
struct Lang(String);

#[derive(Cookie)]
#[cookie(name = NAME)]
struct Theme(String);

fn main() {
    let _ = SetCookie::new(Session("a".to_owned())).domain("example.com");
    let _ = SetCookie::new(Session("a".to_owned())).path("/app");
    let _ = SetCookie::new(Lang("en".to_owned())).domain("example.com");
    let _ = SetCookie::new(Theme("dark".to_owned())).domain("example.com");
    let _ = SetCookie::new(Theme("dark".to_owned())).path("/app");
    let _ = SetCookie::<Session>::removal().path("/app");
}
