//@ errors: 7
use hardtack::{CookieValue, Cookies, ReadCookie, SetCookie};

#[derive(CookieValue)]
struct Id(String);

struct NotACookie;

fn handler(cookies: &Cookies) {
    let _ = cookies.set(NotACookie);
    let _ = cookies.set(Id("a".to_owned()));
    let _ = cookies.set("__Host-session=a");
    let _ = cookies.try_get::<NotACookie>();
    let _ = cookies.remove::<NotACookie>();
    let _ = SetCookie::new(NotACookie);
    let _ = NotACookie::SPEC;
}

fn main() {
    let _ = handler;
}
