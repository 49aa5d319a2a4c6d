//! The setting for caches that could store responses with cookies. The module `middleware::caching` changes the
//! `Cache-Control` header accordingly.

/// The caches that may store a response with a `Set-Cookie` header (RFC 9111 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Caching {
    /// Only the browser's cache may store the response. The policy adds `private` to `Cache-Control`, and removes
    /// `public` and `s-maxage`.
    #[default]
    Private,
    /// No cache may store the response. The policy sets `Cache-Control` to `no-store`.
    NoStore,
}
