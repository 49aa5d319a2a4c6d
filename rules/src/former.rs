//! [`Former`] is one entry of the key `formerly`: an earlier name or scope of a cookie. Some browsers still hold the
//! cookie under the earlier name or in the earlier scope.

use crate::date::Day;
use crate::spec::{Prefix, Spec};

/// One entry of the key `formerly`: an earlier name or scope of the cookie.
///
/// If an entry leaves out a part, the part has the same value as in the cookie's present declaration.
///
/// ```
/// use hardtack_rules::date::Day;
/// use hardtack_rules::{Former, Spec};
///
/// const OLD: Former<'static> = Former::new().name("sid").until(Day::parse("2027-03-01").unwrap());
/// const SPEC: Spec<'static> = Spec::new("__Host-Http-session").formerly(&[OLD]);
/// assert_eq!(SPEC.former[0].name_in(&SPEC), "sid");
/// assert_eq!(SPEC.former[0].path_in(&SPEC), "/");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Former<'a> {
    /// The earlier name, including the earlier prefix.
    pub name: Option<&'a str>,
    /// The earlier `Domain`.
    pub domain: FormerDomain<'a>,
    /// The earlier `Path`.
    pub path: Option<&'a str>,
    /// True if the earlier cookie was partitioned. False if the earlier cookie was not partitioned.
    pub partitioned: Option<bool>,
    /// True if the earlier value was written without percent-encoding.
    pub raw: bool,
    /// True if the earlier value of a `signed` or `sealed` cookie was neither signed nor encrypted.
    pub unsigned: bool,
    /// The first day on which the earlier value is no longer accepted.
    pub until: Option<Day>,
}

/// The `Domain` of an earlier scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormerDomain<'a> {
    /// The earlier `Domain` was the same as in the present declaration.
    Declared,
    /// The earlier cookie was host-only: `domain = none`.
    HostOnly,
    /// The earlier `Domain` was the policy's `cookie_domain`: `domain = policy`.
    Policy,
    /// The earlier `Domain`.
    Domain(&'a str),
}

impl<'a> Former<'a> {
    /// Returns an entry without any part. Every part then has the same value as in the present declaration.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "an entry without any part is an error in a declaration")]
    pub const fn new() -> Self {
        Former {
            name: None,
            domain: FormerDomain::Declared,
            path: None,
            partitioned: None,
            raw: false,
            unsigned: false,
            until: None,
        }
    }

    /// Sets the earlier name.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the earlier `Domain`.
    #[must_use]
    pub const fn domain(mut self, domain: FormerDomain<'a>) -> Self {
        self.domain = domain;
        self
    }

    /// Sets the earlier `Path`.
    #[must_use]
    pub const fn path(mut self, path: &'a str) -> Self {
        self.path = Some(path);
        self
    }

    /// Sets whether the earlier cookie was partitioned.
    #[must_use]
    pub const fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = Some(partitioned);
        self
    }

    /// Marks the earlier value as written without percent-encoding.
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Marks the earlier value as neither signed nor encrypted.
    #[must_use]
    pub const fn unsigned(mut self) -> Self {
        self.unsigned = true;
        self
    }

    /// Sets the first day on which the earlier value is no longer accepted.
    #[must_use]
    pub const fn until(mut self, until: Day) -> Self {
        self.until = Some(until);
        self
    }

    /// Returns the earlier name. `spec` is the present declaration.
    #[must_use]
    pub const fn name_in(&self, spec: &Spec<'a>) -> &'a str {
        match self.name {
            Some(name) => name,
            None => spec.name,
        }
    }

    /// Returns the earlier `Path`. `spec` is the present declaration.
    #[must_use]
    pub const fn path_in(&self, spec: &Spec<'a>) -> &'a str {
        match self.path {
            Some(path) => path,
            None => spec.path,
        }
    }

    /// Returns the earlier `Domain`. Never returns [`FormerDomain::Declared`]. `spec` is the present declaration.
    #[must_use]
    pub const fn domain_in(&self, spec: &Spec<'a>) -> FormerDomain<'a> {
        match (self.domain, spec.domain) {
            (FormerDomain::Declared, Some(domain)) => FormerDomain::Domain(domain),
            (FormerDomain::Declared, None) if spec.policy_domain => FormerDomain::Policy,
            (FormerDomain::Declared, None) => FormerDomain::HostOnly,
            (domain, _) => domain,
        }
    }

    /// Returns true if the earlier cookie was partitioned. `spec` is the present declaration.
    #[must_use]
    pub const fn partitioned_in(&self, spec: &Spec<'a>) -> bool {
        match self.partitioned {
            Some(partitioned) => partitioned,
            None => spec.partitioned,
        }
    }

    /// Returns true if the earlier cookie was `Secure`. `spec` is the present declaration.
    ///
    /// A partitioned cookie is always `Secure`, and a cookie with a name prefix is always `Secure`. For all other
    /// earlier cookies, the function assumes the same `Secure` attribute as in the present declaration.
    ///
    /// ```
    /// use hardtack_rules::{Former, Spec};
    ///
    /// let spec = Spec::new("lang").secure(false);
    /// assert!(Former::new().name("__Secure-lang").secure_in(&spec));
    /// assert!(!Former::new().name("language").secure_in(&spec));
    /// ```
    #[must_use]
    pub const fn secure_in(&self, spec: &Spec<'a>) -> bool {
        spec.secure || self.partitioned_in(spec) || Prefix::from_name(self.name_in(spec)).is_some()
    }

    /// Returns true if the earlier cookie was `HttpOnly`. `spec` is the present declaration.
    ///
    /// A cookie whose name begins with `__Http-` or `__Host-Http-` is always `HttpOnly`. For other earlier cookies, the
    /// function assumes the same `HttpOnly` attribute as in the present declaration.
    #[must_use]
    pub const fn http_only_in(&self, spec: &Spec<'a>) -> bool {
        let is_needed = matches!(Prefix::from_name(self.name_in(spec)), Some(prefix) if prefix.needs_http_only());
        spec.http_only || is_needed
    }
}

#[cfg(test)]
mod tests {
    use super::{Former, FormerDomain};
    use crate::spec::Spec;

    #[test]
    fn a_missing_part_comes_from_the_declaration() {
        let spec = Spec::new("__Secure-id").path("/app").domain("example.com").partitioned();
        let entry = Former::new();
        assert_eq!((entry.name_in(&spec), entry.path_in(&spec)), ("__Secure-id", "/app"));
        assert_eq!(entry.domain_in(&spec), FormerDomain::Domain("example.com"));
        assert!(entry.partitioned_in(&spec));
        assert_eq!(entry.domain_in(&Spec::new("id").policy_domain()), FormerDomain::Policy);
        assert_eq!(entry.domain_in(&Spec::new("id")), FormerDomain::HostOnly);

        let entry = entry.name("id").path("/").domain(FormerDomain::HostOnly).partitioned(false);
        assert_eq!((entry.name_in(&spec), entry.path_in(&spec)), ("id", "/"));
        assert_eq!(entry.domain_in(&spec), FormerDomain::HostOnly);
        assert!(!entry.partitioned_in(&spec));
    }

    #[test]
    fn prefixes_and_partitions_imply_their_flags() {
        let weak = Spec::new("id").secure(false).http_only(false);
        for (entry, secure, http_only) in [
            (Former::new().name("sid"), false, false),
            (Former::new().name("sid").partitioned(true), true, false),
            (Former::new().name("__Secure-sid"), true, false),
            (Former::new().name("__Host-sid"), true, false),
            (Former::new().name("__Http-sid"), true, true),
            (Former::new().name("__Host-Http-sid"), true, true),
        ] {
            assert_eq!((entry.secure_in(&weak), entry.http_only_in(&weak)), (secure, http_only), "{entry:?}");
            assert!(entry.secure_in(&Spec::new("id")) && entry.http_only_in(&Spec::new("id")));
        }
    }
}
