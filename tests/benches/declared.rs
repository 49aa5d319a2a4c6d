//! The declared cookies of the benches `router` and `frameworks`. Each bench compiles this file itself, so that the
//! compiler optimises the cookies as in an application.

use std::hint::black_box;

use hardtack::{Cookie, Cookies};
use hardtack_benches::requests::{CART_NUMBER, SESSION, THEME};

/// The session of a signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
pub(crate) struct Session(String);

/// The number of the cart.
#[derive(Cookie)]
pub(crate) struct Cart(u64);

/// The colours of the page.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "a script reads the theme")]
pub(crate) struct Theme(String);

/// The value of the new session.
pub(crate) const NEW: &str = "oTq8WnRz3-Kd7_LhUe5bYxPc2VjGa6Mf";

/// Checks the values that a handler read.
pub(crate) fn check(session: &str, cart: u64, theme: &str) {
    assert!(session == SESSION.1 && cart == CART_NUMBER && theme == THEME.1);
}

/// Reads the three cookies.
pub(crate) fn read(cookies: &Cookies) {
    let session: Session = cookies.get().unwrap();
    let cart: Cart = cookies.get().unwrap();
    let theme: Theme = cookies.get().unwrap();
    check(&session.0, cart.0, &theme.0);
}

/// Sets a new session.
pub(crate) fn set(cookies: &Cookies) {
    cookies.set(Session(black_box(NEW).to_owned())).unwrap();
}
