//! The settings of a `SetCookie` that differ from the cookie's declaration. The settings can change the cookie's
//! lifetime or keyring, or make the cookie's `SameSite` stricter. No setting changes the cookie's scope.

use core::time::Duration;

use hardtack_rules::SameSite;

use super::declaration::Spec;
use super::error::SetError;
use super::scope::Scope;

/// The settings of a [`SetCookie`](crate::SetCookie) that differ from the cookie's declaration.
#[derive(Clone)]
pub(crate) struct Overrides {
    pub(crate) expiry: ExpiryOverride,
    /// True if the application set a longer lifetime than the declared `max_age`.
    pub(crate) is_shortened: bool,
    pub(crate) same_site: Option<SameSite>,
    /// The keyring that replaces the jar's keyring for this cookie.
    #[cfg(feature = "seal")]
    pub(crate) keyring: Option<crate::seal::Keyring>,
    /// The terms of the seal, if the response re-issues a cookie from the request. The terms are the same as in the
    /// request's seal, except for a later idle expiry.
    #[cfg(feature = "seal")]
    pub(crate) reissued: Option<crate::seal::Terms>,
    /// The extension of the seal of a cookie that is bound to a device.
    #[cfg(feature = "device-bound")]
    pub(crate) extension: Vec<u8>,
    /// The error of the first invalid setting.
    pub(crate) error: Option<SetError>,
}

/// The lifetime that a `SetCookie` gives to a cookie.
#[derive(Clone, Copy)]
pub(crate) enum ExpiryOverride {
    Declared,
    MaxAge(Duration),
    /// An `Expires` date as an IMF-fixdate, and the same time in Unix seconds.
    Expires([u8; 29], i64),
    /// The end of the lifetime in Unix seconds, for a cookie whose idle time ends earlier. The `Max-Age` of the header
    /// is the idle time. The seal contains the end of the idle time and the end of the lifetime.
    ExpiresAfterIdle(i64),
    /// The header has neither `Max-Age` nor `Expires`.
    WithoutMaxAge,
}

impl Overrides {
    pub(crate) const NONE: Overrides = Overrides {
        expiry: ExpiryOverride::Declared,
        is_shortened: false,
        same_site: None,
        #[cfg(feature = "seal")]
        keyring: None,
        #[cfg(feature = "seal")]
        reissued: None,
        #[cfg(feature = "device-bound")]
        extension: Vec::new(),
        error: None,
    };

    /// Returns true if no setting changes a declared attribute.
    pub(super) fn keep_attributes(&self) -> bool {
        matches!(self.expiry, ExpiryOverride::Declared) && self.same_site.is_none()
    }

    /// Returns a copy of the cookie's declaration, with the settings of the `SetCookie` and with the scope in `scope`.
    pub(crate) fn apply_to<'a>(&self, spec: &Spec, is_removal: bool, scope: &'a Scope) -> hardtack_rules::Spec<'a> {
        let mut applied: hardtack_rules::Spec<'a> = *spec;
        applied.path = &scope.path;
        applied.domain = scope.domain.as_deref();
        applied.partitioned = scope.partitioned;
        if let Some(same_site) = self.same_site {
            applied.same_site = same_site;
        }
        applied.idle = None;
        applied.max_age = match (is_removal, self.expiry) {
            (true, _) => Some(Duration::ZERO),
            (false, ExpiryOverride::Declared) => spec.first_lifetime(),
            (false, ExpiryOverride::MaxAge(max_age)) => Some(spec.idle.map_or(max_age, |idle| idle.min(max_age))),
            (false, ExpiryOverride::ExpiresAfterIdle(_)) => spec.idle,
            (false, ExpiryOverride::Expires(..) | ExpiryOverride::WithoutMaxAge) => None,
        };
        applied
    }

    /// Returns the date for the header's `Expires` attribute. Returns `None` if the header has no `Expires` attribute.
    pub(crate) fn expires(&self, is_removal: bool) -> Option<[u8; 29]> {
        match (is_removal, self.expiry) {
            (true, _) => Some(*PAST),
            (false, ExpiryOverride::Expires(date, _)) => Some(date),
            (
                false,
                ExpiryOverride::Declared
                | ExpiryOverride::MaxAge(_)
                | ExpiryOverride::ExpiresAfterIdle(_)
                | ExpiryOverride::WithoutMaxAge,
            ) => None,
        }
    }
}

/// The `Expires` of a header that removes a cookie. The date is in the past even for a client whose clock is wrong.
/// Browsers would also remove a cookie that has only `Max-Age=0`, but security scanners read only `Expires`.
pub(crate) const PAST: &[u8; 29] = b"Thu, 01 Jan 1970 00:00:00 GMT";
