//! The setting for `Set-Cookie` headers from code that does not use hardtack: session libraries, legacy code, proxies.

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
    /// The header is sent unchanged, and an event reports each broken rule. Over plain HTTP a header with `Secure` is
    /// dropped.
    Observe,
    /// The header gets `Secure`. If the name looks like a session's, the header also gets `HttpOnly` and `SameSite=Lax`
    /// where these are absent. No other byte is changed. Over plain HTTP the header is dropped.
    #[default]
    Harden,
    /// The header is dropped, and an event reports it.
    Refuse,
}
