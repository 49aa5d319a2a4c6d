//! The setting for undeclared cookies. The `Set-Cookie` headers of these cookies come from code that does not use
//! hardtack, such as session libraries, legacy code and proxies.

/// The treatment of a `Set-Cookie` header whose cookie is not declared with hardtack.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::policy::UndeclaredCookies;
///
/// let policy = Policy::builder()
///     .undeclared_cookies(UndeclaredCookies::Refuse)
///     .exception("legacy_basket", "the old shop reads it over plain HTTP until March")
///     .build()?;
/// assert_eq!(policy.undeclared_cookies(), UndeclaredCookies::Refuse);
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UndeclaredCookies {
    /// The header is sent unchanged. An event reports each rule that the header breaks. Over plain HTTP, a header with
    /// `Secure` is dropped.
    Observe,
    /// The header gets `Secure`. If the cookie's name looks like the name of a session, the header also gets `HttpOnly`
    /// and `SameSite=Lax`. Only missing attributes are added. All other bytes are unchanged. Over plain HTTP, the
    /// header is dropped.
    #[default]
    Harden,
    /// The header is dropped, and an event reports this.
    Refuse,
}
