//! The setting for caches that could store responses with cookies. The module `middleware::caching` changes the
//! `Cache-Control` header accordingly.

/// The caches that may store a response with a `Set-Cookie` header (RFC 9111 7.3).
///
/// With each setting, the policy also does the following:
///
/// - It removes the directives `public` and `s-maxage`, also beside `private`, `no-store` and `must-understand`.
/// - It counts `no-store` beside `must-understand` as missing, because some caches then ignore `no-store` (RFC 9111
///   5.2.2.3).
/// - It removes headers that some shared caches read in place of `Cache-Control`: `CDN-Cache-Control` (RFC 9213), its
///   vendor forms such as `Cloudflare-CDN-Cache-Control`, `Surrogate-Control`, `Edge-Control` and `X-Accel-Expires`.
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
    /// Only the browser's cache may store the response. The policy adds `private` to `Cache-Control`, unless
    /// `Cache-Control` already has `private` or `no-store`.
    #[default]
    Private,
    /// No cache may store the response. The policy sets `Cache-Control` to `no-store`.
    NoStore,
}
