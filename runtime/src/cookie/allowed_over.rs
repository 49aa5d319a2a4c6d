//! Defines the trait `AllowedOver`, so that the compiler rejects code that uses a Secure cookie without proof of HTTPS.

use super::declaration::{Cookie, DeclaredCookie, Plain};
use super::set_cookie::SetCookie;
use crate::request::scheme::{AnyScheme, Https, PlainHttp, Scheme};

/// Marks a cookie type that a handler may read, set and remove if the request's scheme is `S`.
///
/// - Over [`Https`], every cookie is allowed.
/// - Over [`AnyScheme`], the compiler allows every cookie. hardtack checks the scheme of the request at run time.
/// - Over [`PlainHttp`], a cookie is allowed only if the cookie is declared `secure = false` with a `reason`.
///
/// You cannot implement `AllowedOver` by hand.
///
/// ```
/// use hardtack::{AllowedOver, Cookie, Cookies, ReadCookie, Scheme, testing};
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// fn is_present<T: ReadCookie + AllowedOver<S>, S: Scheme>(cookies: &Cookies<S>) -> bool {
///     cookies.get_all::<T>().next().is_some()
/// }
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "__Host-Http-cart=7".parse().unwrap());
/// assert!(is_present::<Cart, _>(&Cookies::from_headers(&request, testing::https())));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a Secure cookie: it cannot be set, read or removed where the scheme is `{S}`",
    label = "needs proof of HTTPS",
    note = "take `Cookies` (that is, `Cookies<Https>`) in the handler, or `Cookies<AnyScheme>` and handle `SetError::NotHttps`",
    note = "a cookie that plain HTTP may carry is declared with `secure = false` and a `reason`"
)]
pub trait AllowedOver<S: Scheme>: sealed::AllowedOver<S> {}

impl<T: Declared> AllowedOver<Https> for T {}
impl<T: Declared> AllowedOver<AnyScheme> for T {}
impl<T: DeclaredForPlainHttp> AllowedOver<PlainHttp> for T {}
impl<T: Cookie + AllowedOver<S>, S: Scheme> AllowedOver<S> for SetCookie<T> {}

/// An intermediate trait that every declared cookie implements. Without this trait, rustc would report a type without a
/// declaration as a Secure cookie.
#[doc(hidden)]
pub trait Declared {}
impl<T: DeclaredCookie> Declared for T {}

/// An intermediate trait that every declared cookie without Secure implements. Like [`Declared`], this trait improves
/// the error message.
#[doc(hidden)]
pub trait DeclaredForPlainHttp {}
impl<T: DeclaredCookie> DeclaredForPlainHttp for T where T::Carrier: Plain<T> {}

/// The supertrait of `AllowedOver`. The module is private, so a program cannot name the supertrait.
mod sealed {
    use super::{AnyScheme, Cookie, Declared, DeclaredForPlainHttp, Https, PlainHttp, Scheme, SetCookie};

    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a cookie",
        label = "this type has no cookie declaration",
        note = "declare it with `#[derive(Cookie)]` from `hardtack`"
    )]
    pub trait AllowedOver<S> {}
    impl<T: Declared> AllowedOver<Https> for T {}
    impl<T: Declared> AllowedOver<AnyScheme> for T {}
    impl<T: DeclaredForPlainHttp> AllowedOver<PlainHttp> for T {}
    impl<T: Cookie + super::AllowedOver<S>, S: Scheme> AllowedOver<S> for SetCookie<T> {}
}
