//! Checks of a `Domain` that is given at run time: the syntax and, with the feature, the public suffix list.

use hardtack_rules::syntax::{self, Fault};

/// Checks that browsers accept the domain as a `Domain` attribute.
///
/// # Errors
///
/// Returns the first broken rule.
pub(crate) fn check(domain: &str) -> Result<(), Fault> {
    syntax::check_domain(domain)?;
    #[cfg(feature = "public-suffix")]
    if is_public_suffix(&domain.to_ascii_lowercase()) {
        return Err(syntax::PUBLIC_SUFFIX);
    }
    Ok(())
}

/// Returns true if the domain, in lower case, is a public suffix such as `com` or `co.uk`.
#[cfg(feature = "public-suffix")]
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain)
}

/// Returns true if the domain has one label only. The full list needs the feature `public-suffix`.
#[cfg(all(not(feature = "public-suffix"), any(feature = "audit", feature = "_layer")))]
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    !domain.strip_suffix('.').unwrap_or(domain).contains('.')
}
