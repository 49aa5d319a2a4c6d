//! A `Domain` that is given while the server runs: the book's word on it and, with the feature, the public suffix list's.

use hardtack_rules::syntax::{self, Fault};

/// Refuses what no browser would take for a shared domain.
pub(crate) fn check(domain: &str) -> Result<(), Fault> {
    syntax::domain(domain)?;
    #[cfg(feature = "public-suffix")]
    if is_public_suffix(&domain.to_ascii_lowercase()) {
        return Err(syntax::PUBLIC_SUFFIX);
    }
    Ok(())
}

#[cfg(feature = "public-suffix")]
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain)
}

#[cfg(not(feature = "public-suffix"))]
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    !domain.strip_suffix('.').unwrap_or(domain).contains('.')
}
