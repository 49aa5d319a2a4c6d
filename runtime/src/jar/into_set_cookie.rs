//! The trait [`IntoSetCookie`]. [`Cookies::set`](crate::Cookies::set) accepts every value whose type implements the
//! trait: a cookie, or a [`SetCookie`] that contains a cookie and settings for its header.

use super::state::JarState;
use crate::cookie::declaration::{Cookie, CookieName, Declaration};
use crate::cookie::error::SetError;
use crate::cookie::overrides::Overrides;
use crate::cookie::set_cookie::SetCookie;

/// A value that [`Cookies::set`](crate::Cookies::set) accepts: a [`Cookie`], or a [`SetCookie`] that contains a cookie.
/// You cannot implement `IntoSetCookie` for your own types.
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
    note = "declare it with `#[derive(Cookie)]` from `hardtack`"
)]
pub trait IntoSetCookie: sealed::IntoSetCookie {
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
        let declaration = Declaration::new::<Self::Cookie>();
        jar.add(declaration, CookieName::declared(declaration), cookie.value(), cookie.overrides())
    }
}

impl<T: Cookie> IntoSetCookie for T {
    type Cookie = T;

    fn into_set_cookie(self) -> SetCookie<T> {
        SetCookie::new(self)
    }

    // A cookie without a `SetCookie` has no settings. This impl adds the cookie to the jar directly and does not make a
    // `SetCookie` first, so that the compiler generates less code for each cookie type.
    #[doc(hidden)]
    fn set_in(self, jar: &JarState) -> Result<(), SetError> {
        let declaration = Declaration::new::<T>();
        jar.add(declaration, CookieName::declared(declaration), Some(&self), &Overrides::NONE)
    }
}

impl<T: Cookie> IntoSetCookie for SetCookie<T> {
    type Cookie = T;

    fn into_set_cookie(self) -> SetCookie<T> {
        self
    }
}

/// The supertrait that programs cannot name and therefore cannot implement.
mod sealed {
    use super::{Cookie, SetCookie};

    pub trait IntoSetCookie {}
    impl<T: Cookie> IntoSetCookie for T {}
    impl<T: Cookie> IntoSetCookie for SetCookie<T> {}
}
