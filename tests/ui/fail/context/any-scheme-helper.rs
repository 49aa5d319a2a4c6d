//@ errors: 1
//! A helper that is generic over the scheme must say which cookies it sets.
use hardtack::{Cookie, Cookies, Scheme, SetError};

#[derive(Cookie)]
struct Session(String);

fn sign_in<S: Scheme>(cookies: &Cookies<S>) -> Result<(), SetError> {
    cookies.set(Session("a".to_owned()))
}

fn main() {
    let _ = sign_in::<hardtack::Https>;
}
