//@ errors: 1
//! A function that is generic over the scheme needs an `AllowedOver` bound for each cookie that it sets.
use hardtack::{Cookie, Cookies, Scheme, SetError};

#[derive(Cookie)]
struct Session(String);

fn sign_in<S: Scheme>(cookies: &Cookies<S>) -> Result<(), SetError> {
    cookies.set(Session("a".to_owned()))
}

fn main() {
    let _ = sign_in::<hardtack::Https>;
}
