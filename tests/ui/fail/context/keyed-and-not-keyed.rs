//@ errors: 7
use hardtack::{Cookie, Cookies, ReadCookie, SetCookie};

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

fn handler(cookies: &Cookies) {
    let _ = cookies.get::<Flow>();
    let _ = cookies.set(Flow("a".to_owned()));
    let _ = cookies.remove::<Flow>();
    let _ = SetCookie::new(Flow("a".to_owned()));
    let _ = <Flow as ReadCookie>::SPEC;
    let _ = cookies.family::<Session>();
    let _ = cookies.family::<Legacy>();
}

fn main() {
    let _ = handler;
}
