//! The setting for undeclared cookies: cookies that a session library, legacy code or a proxy sets without hardtack.

/// The setting for `Set-Cookie` headers of cookies that are not declared with hardtack.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::policy::{Exception, UndeclaredCookies};
///
/// let legacy = Exception::for_cookie("legacy_basket").everything();
/// let policy = Policy::builder()
///     .undeclared_cookies(UndeclaredCookies::Refuse)
///     .exception(legacy.because("the old shop reads it over plain HTTP until March"))
///     .build()?;
/// assert_eq!(policy.undeclared_cookies(), UndeclaredCookies::Refuse);
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UndeclaredCookies {
    /// The middleware sends the `Set-Cookie` header unchanged. An event reports each rule that the header breaks. Over
    /// plain HTTP, the middleware drops a `Set-Cookie` header with `Secure`.
    Observe,
    /// The middleware adds `Secure` to the `Set-Cookie` header. If the cookie's name looks like the name of a session
    /// cookie, the middleware also adds `HttpOnly` and `SameSite=Lax`. The middleware only adds missing attributes, and
    /// does not change the existing bytes of the header. Over plain HTTP, the middleware drops the `Set-Cookie` header.
    #[default]
    Harden,
    /// The middleware drops the `Set-Cookie` header. An event reports the dropped header.
    Refuse,
}
