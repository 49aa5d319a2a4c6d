//@ errors: 2
//! A derive on an unsupported kind of type causes an error. Code that uses the type causes no further error.
use hardtack::{Cookie, CookieValue, Cookies, cookies};

#[derive(Cookie)]
struct Session(String, u32);

#[derive(CookieValue)]
enum Theme {
    Light,
    Custom(String),
}

#[cookies]
struct Shop {
    #[cookie(existing)]
    session: Session,
    theme: Theme,
}

fn handler(cookies: &Cookies, shop: &Shop) -> Result<(), Box<dyn std::error::Error>> {
    cookies.set(Session("a".to_owned(), 1))?;
    shop.set_theme(Theme::Custom("blue".to_owned()))?;
    if let (Some(Session(id, visits)), Some(Theme::Light)) = (cookies.try_get()?, shop.try_theme()?) {
        println!("{id} {visits}");
    }
    Ok(())
}

fn main() {
    let _ = handler;
}
