//! The settings of a `SetCookie` that differ from the cookie's declaration. The settings can change the cookie's
//! lifetime, Path, Domain or keyring, or make the cookie's `SameSite` stricter.

use core::time::Duration;

use hardtack_rules::SameSite;

use super::declaration::Spec;
use super::error::SetError;

/// The settings of a [`SetCookie`](crate::SetCookie) that differ from the cookie's declaration.
pub(crate) struct Overrides {
    pub(crate) expiry: ExpiryOverride,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) path: Option<String>,
    pub(crate) domain: Option<String>,
    /// The keyring that replaces the jar's keyring for one cookie.
    #[cfg(feature = "seal")]
    pub(crate) keyring: Option<crate::seal::Keyring>,
    /// The error of the first invalid setting.
    pub(crate) error: Option<SetError>,
}

/// The lifetime that a `SetCookie` gives to a cookie.
#[derive(Clone, Copy)]
pub(crate) enum ExpiryOverride {
    Declared,
    MaxAge(Duration),
    /// An `Expires` date as an IMF-fixdate.
    Expires([u8; 29]),
    /// The header has neither `Max-Age` nor `Expires`.
    WithoutMaxAge,
}

impl Overrides {
    pub(crate) const NONE: Overrides = Overrides {
        expiry: ExpiryOverride::Declared,
        same_site: None,
        path: None,
        domain: None,
        #[cfg(feature = "seal")]
        keyring: None,
        error: None,
    };

    /// Returns true if no setting changes a declared attribute.
    pub(super) fn keep_attributes(&self) -> bool {
        matches!(self.expiry, ExpiryOverride::Declared)
            && self.same_site.is_none()
            && self.path.is_none()
            && self.domain.is_none()
    }

    /// Returns a copy of the cookie's declaration, changed by the settings of the `SetCookie`.
    pub(crate) fn apply_to<'a>(
        &'a self,
        spec: &Spec,
        is_removal: bool,
        cookie_domain: Option<&'a str>,
    ) -> hardtack_rules::Spec<'a> {
        let mut applied: hardtack_rules::Spec<'a> = *spec;
        if let Some(path) = &self.path {
            applied.path = path;
        }
        match (&self.domain, cookie_domain) {
            (Some(domain), _) => applied.domain = Some(domain),
            (None, Some(domain)) if applied.policy_domain => applied.domain = Some(domain),
            (None, _) => {}
        }
        if let Some(same_site) = self.same_site {
            applied.same_site = same_site;
        }
        applied.max_age = match (is_removal, self.expiry) {
            (true, _) => Some(Duration::ZERO),
            (false, ExpiryOverride::Declared) => applied.max_age,
            (false, ExpiryOverride::MaxAge(max_age)) => Some(max_age),
            (false, ExpiryOverride::Expires(_) | ExpiryOverride::WithoutMaxAge) => None,
        };
        applied
    }

    /// Returns the date for the `Expires` of the header. Returns `None` if the header has no `Expires`.
    pub(crate) fn expires(&self, is_removal: bool) -> Option<[u8; 29]> {
        match (is_removal, self.expiry) {
            (true, _) => Some(*PAST),
            (false, ExpiryOverride::Expires(date)) => Some(date),
            (false, ExpiryOverride::Declared | ExpiryOverride::MaxAge(_) | ExpiryOverride::WithoutMaxAge) => None,
        }
    }
}

/// The `Expires` of a header that removes a cookie. The date is in the past on every clock. For browsers, `Max-Age=0`
/// would be enough to remove a cookie, but security scanners only look at `Expires`.
const PAST: &[u8; 29] = b"Thu, 01 Jan 1970 00:00:00 GMT";
