//! The declared cookies of the benches `router` and `frameworks`. Each bench compiles this file itself, so that the
//! compiler optimises the cookies as in an application.

use hardtack::Cookie;

/// The session of a signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
pub(crate) struct Session(pub(crate) String);

/// The number of the cart.
#[derive(Cookie)]
pub(crate) struct Cart(pub(crate) u64);

/// The colours of the page.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "a script reads the theme")]
pub(crate) struct Theme(pub(crate) String);

/// The value of the new session.
pub(crate) const NEW: &str = "oTq8WnRz3-Kd7_LhUe5bYxPc2VjGa6Mf";
