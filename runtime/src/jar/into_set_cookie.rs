//! The trait [`IntoSetCookie`]. [`Cookies::set`](crate::Cookies::set) accepts every value whose type implements the
//! trait: a cookie, or a [`SetCookie`] that contains a cookie and settings for its header.

use super::state::JarState;
use crate::cookie::declaration::{Cookie, Declaration};
use crate::cookie::error::SetError;
use crate::cookie::overrides::Overrides;
use crate::cookie::set_cookie::SetCookie;

/// A value that [`Cookies::set`](crate::Cookies::set) accepts: a [`Cookie`], or a [`SetCookie`] that contains a cookie.
///
/// ```
/// use hardtack::{Cookie, IntoSetCookie, testing};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let header = Session("a".into()).into_set_cookie().header_value(&testing::https()).unwrap();
/// assert_eq!(header, "__Host-Http-session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be set as a cookie",
    label = "expected a type with `#[derive(Cookie)]`, or a `SetCookie` of one",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`; one that is `read_only` can only be read"
)]
pub trait IntoSetCookie {
    /// The type of the cookie.
    type Cookie: Cookie;

    /// Returns the cookie as a [`SetCookie`].
    fn into_set_cookie(self) -> SetCookie<Self::Cookie>;

    /// Sets the cookie in the jar.
    #[doc(hidden)]
    fn set_in(self, jar: &JarState) -> Result<(), SetError>
    where
        Self: Sized,
    {
        let cookie = self.into_set_cookie();
        jar.add(Declaration::new::<Self::Cookie>(), cookie.value(), cookie.overrides())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Cookie> IntoSetCookie for T {
    type Cookie = T;

    fn into_set_cookie(self) -> SetCookie<T> {
        SetCookie::new(self)
    }

    // A cookie without a `SetCookie` has no settings. This impl adds the cookie to the jar directly and does not make a
    // `SetCookie` first, so that the compiler generates less code for each cookie type.
    fn set_in(self, jar: &JarState) -> Result<(), SetError> {
        jar.add(Declaration::new::<T>(), Some(&self), &Overrides::NONE)
    }
}

impl<T: Cookie> IntoSetCookie for SetCookie<T> {
    type Cookie = T;

    fn into_set_cookie(self) -> SetCookie<T> {
        self
    }
}
