//! The data of the key `device_bound`. A device-bound cookie has a companion: a short-lived cookie that the browser
//! refreshes with a key that never leaves the device.

use core::time::Duration;

use crate::spec::{Prefix, Spec, is_equal};

/// Browsers refresh a companion that expires in less than two minutes in parallel with each request. So the lifetime of
/// a companion must be longer.
pub const SHORTEST_COMPANION: Duration = Duration::from_secs(120);

/// The key `device_bound` of a declaration.
///
/// ```
/// use core::time::Duration;
/// use hardtack_rules::{DeviceBinding, Spec};
///
/// let binding = DeviceBinding::new(Duration::from_secs(300)).optional();
/// let spec = Spec::new("__Host-Http-session").device_bound(binding);
/// assert_eq!(spec.device_bound.map(|binding| (binding.every.as_secs(), binding.optional)), Some((300, true)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceBinding {
    /// The lifetime of the companion, in whole seconds.
    pub every: Duration,
    /// True if the cookie is also read without its companion.
    pub optional: bool,
}

impl DeviceBinding {
    /// The lifetime of the companion if the declaration does not contain `every`: ten minutes.
    pub const DEFAULT_EVERY: Duration = Duration::from_secs(600);

    /// Returns a binding whose companion has the lifetime `every`.
    #[must_use]
    pub const fn new(every: Duration) -> Self {
        DeviceBinding { every, optional: false }
    }

    /// Allows a read of the cookie without its companion.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// Returns true if `name` is the name of the companion of the cookie.
///
/// ```
/// use core::time::Duration;
/// use hardtack_rules::device::is_companion;
/// use hardtack_rules::{DeviceBinding, Spec};
///
/// let spec = Spec::new("__Host-Http-session");
/// assert!(!is_companion(&spec, "__Host-session-key"));
/// let spec = spec.device_bound(DeviceBinding::new(Duration::from_secs(600)));
/// assert!(is_companion(&spec, "__Host-session-key"));
/// assert!(!is_companion(&spec, "__Host-Http-session-key"));
/// ```
#[must_use]
pub const fn is_companion(spec: &Spec<'_>, name: &str) -> bool {
    let (prefix, ending) = (Prefix::Host.as_str().as_bytes(), b"-key");
    let (Some(_), Some(own)) = (spec.device_bound, Prefix::from_name(spec.name)) else { return false };
    let Some((_, base)) = spec.name.as_bytes().split_at_checked(own.as_str().len()) else { return false };
    let Some((start, rest)) = name.as_bytes().split_at_checked(prefix.len()) else { return false };
    let Some((middle, end)) = rest.split_at_checked(base.len()) else { return false };
    own.is_host_only()
        && is_equal(start, prefix, false)
        && is_equal(middle, base, false)
        && is_equal(end, ending, false)
}

/// Returns true if two device-bound cookies have the same companion, such as `__Host-a` and `__Host-Http-a`.
///
/// ```
/// use core::time::Duration;
/// use hardtack_rules::device::share_companion;
/// use hardtack_rules::{DeviceBinding, Spec};
///
/// let bound = |name| Spec::new(name).device_bound(DeviceBinding::new(Duration::from_secs(600)));
/// assert!(share_companion(&bound("__Host-a"), &bound("__Host-Http-a")));
/// assert!(!share_companion(&bound("__Host-a"), &bound("__Host-b")));
/// ```
#[must_use]
pub const fn share_companion(a: &Spec<'_>, b: &Spec<'_>) -> bool {
    let (Some(_), Some(_)) = (a.device_bound, b.device_bound) else { return false };
    let (Some(a_prefix), Some(b_prefix)) = (Prefix::from_name(a.name), Prefix::from_name(b.name)) else { return false };
    let Some((_, a_base)) = a.name.as_bytes().split_at_checked(a_prefix.as_str().len()) else { return false };
    let Some((_, b_base)) = b.name.as_bytes().split_at_checked(b_prefix.as_str().len()) else { return false };
    a_prefix.is_host_only() && b_prefix.is_host_only() && is_equal(a_base, b_base, false)
}

/// Returns the part of the companion's name between the prefix `__Host-` and the ending `-key`: the cookie's name
/// without its prefix. Returns `None` if the name begins with neither `__Host-` nor `__Host-Http-`.
///
/// ```
/// use hardtack_rules::device::companion_base;
///
/// assert_eq!(companion_base("__Host-Http-session"), Some("session"));
/// assert_eq!(companion_base("__Host-session"), Some("session"));
/// assert_eq!(companion_base("__Secure-session"), None);
/// ```
#[must_use]
pub fn companion_base(name: &str) -> Option<&str> {
    let prefix = Prefix::from_name(name).filter(|prefix| prefix.is_host_only())?;
    name.get(prefix.as_str().len()..)
}
