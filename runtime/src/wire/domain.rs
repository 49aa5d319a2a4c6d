//! Checks a `Domain` at run time. The check tests the syntax of the domain. With the feature `public-suffix`, the check
//! also searches the public suffix list.

use hardtack_rules::syntax::{self, Fault};

/// Checks that browsers accept the domain as a `Domain` attribute.
///
/// # Errors
///
/// Returns an error for the first rule that the domain breaks.
pub(crate) fn check(domain: &str) -> Result<(), Fault> {
    syntax::check_domain(domain)?;
    #[cfg(feature = "public-suffix")]
    if is_public_suffix(&domain.to_ascii_lowercase()) {
        return Err(syntax::PUBLIC_SUFFIX);
    }
    Ok(())
}

/// Returns true if the domain is a public suffix such as `com` or `co.uk`. `domain` must be in lower case.
#[cfg(feature = "public-suffix")]
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain)
}

/// Returns true if the domain has only one label, such as `com`. Without the feature `public-suffix`, this crate has no
/// public suffix list.
#[cfg(all(not(feature = "public-suffix"), any(feature = "audit", feature = "_layer", feature = "testing")))]
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    !domain.strip_suffix('.').unwrap_or(domain).contains('.')
}
