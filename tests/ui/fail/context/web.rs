//@ errors: 10
use hardtack::{Cookie, SetCookie, web};

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "lang", http_only = false, read_only)]
struct Lang(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

struct NotACookie;

fn main() {
    let _ = web::get::<Session>();
    let _ = web::set(Session("a".to_owned()));
    let _ = web::set(SetCookie::new(Session("a".to_owned())));
    let _ = web::remove::<Session>();
    let _ = web::get::<Legacy>();
    let _ = web::set(Lang("en".to_owned()));
    let _ = web::remove::<Lang>();
    let _ = web::get::<NotACookie>();
    let _ = web::set(NotACookie);
    let _ = web::remove::<NotACookie>();
}
