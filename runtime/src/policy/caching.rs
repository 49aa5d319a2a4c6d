//! The setting for the caching of responses with cookies. The module `middleware::caching` changes the `Cache-Control`
//! header according to this setting.

/// The caches that may store a response with a `Set-Cookie` header (RFC 9111 7.3).
///
/// With each of the two settings, the middleware also does the following:
///
/// - The middleware removes the directives `public` and `s-maxage`, even if the header also contains `private`,
///   `no-store` or `must-understand`.
/// - If the header contains `no-store` and `must-understand`, the middleware treats `no-store` as missing, because some
///   caches then ignore `no-store` (RFC 9111 5.2.2.3).
/// - The middleware removes headers that some shared caches use instead of `Cache-Control`: `CDN-Cache-Control` (RFC
///   9213), vendor-specific forms such as `Cloudflare-CDN-Cache-Control`, `Surrogate-Control`, `Edge-Control` and
///   `X-Accel-Expires`.
///
/// If the application allowed shared caches to store the response, the middleware emits an event.
///
/// ```
/// use hardtack::policy::Caching;
///
/// assert_eq!(Caching::default(), Caching::Private);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Caching {
    /// Only the browser's cache may store the response. The middleware adds `private` to `Cache-Control`, unless
    /// `Cache-Control` already contains `private` or `no-store`.
    #[default]
    Private,
    /// No cache may store the response. The middleware sets `Cache-Control` to `no-store`.
    NoStore,
}
