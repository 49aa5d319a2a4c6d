//@ errors: 2
//! An error in a declaration causes no errors elsewhere. Code that sets or reads the cookie still compiles.
use std::time::{Duration, SystemTime};

use hardtack::{Cookie, Cookies, PlainHttp, ReadCookie, SetCookie, cookies, document_cookie};

#[derive(Cookie)]
#[cookie(name = "__Host-session", domain = "example.com")]
struct Session(String);

#[derive(Cookie)]
#[cookie(keyed, max_age = "10 minutes")]
struct Flow(String);

#[cookies]
struct Shop {
    #[cookie(existing)]
    session: Session,
    #[cookie(existing, keyed)]
    flow: Flow,
    cart: u32,
}

fn handler(cookies: &Cookies, plain: &Cookies<PlainHttp>, shop: &Shop) -> Result<(), Box<dyn std::error::Error>> {
    cookies.set(Session("a".to_owned()))?;
    cookies.set(SetCookie::new(Session("a".to_owned())).max_age(Duration::from_secs(60)))?;
    cookies.set(SetCookie::new(Session("a".to_owned())).expires(SystemTime::now()))?;
    plain.family::<Flow>().set("tab1", Flow("a".to_owned()))?;
    shop.flow().remove("tab1")?;
    shop.remove_all()?;
    cookies.remove::<Session>()?;
    plain.set(Session("a".to_owned()))?;
    shop.set_session(Session("a".to_owned()))?;
    shop.set_cart(3)?;
    if let Some(Session(text)) = cookies.try_get()? {
        println!("{text} {}", Session::SPEC.name);
    }
    println!("{:?} {:?}", document_cookie(&Session("a".to_owned()))?, Shop::SPECS);
    Ok(())
}

fn main() {
    let _ = handler;
}
