//! The setting for caches of responses with cookies. `middleware::caching` applies it.

/// The caches that may store a response with a `Set-Cookie` header (RFC 9111 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Caching {
    /// Only the browser: `Cache-Control` gets `private` and loses `public` and `s-maxage`.
    #[default]
    Private,
    /// None: `Cache-Control` becomes `no-store`.
    NoStore,
}
