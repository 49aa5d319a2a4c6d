//@ errors: 4
//! A setter can shorten a lifetime only if the declaration has a `max_age`.
use std::time::{Duration, SystemTime};

use hardtack::{Cookie, HasMaxAge, SetCookie, cookies};

#[derive(Cookie)]
struct Session(String);

#[cookies]
struct Shop {
    cart: u32,
}

fn for_a_minute<T: HasMaxAge>(cookie: T) -> SetCookie<T> {
    SetCookie::new(cookie).max_age(Duration::from_secs(60))
}

fn handler(shop: &Shop) {
    let _ = SetCookie::new(Session("a".to_owned())).max_age(Duration::from_secs(60));
    let _ = SetCookie::new(Session("a".to_owned())).expires(SystemTime::now());
    let _ = shop.set_cart_with(3, |cart| cart.max_age(Duration::from_secs(60)));
    let _ = for_a_minute(Session("a".to_owned()));
}

fn main() {
    let _ = handler;
}
