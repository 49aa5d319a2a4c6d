//! [`Former`] is one entry of the key `formerly`: an earlier name or scope of a cookie. Browsers may still hold the cookie
//! under the earlier name or in the earlier scope.

use crate::date::Day;
use crate::spec::Spec;

/// An earlier name or scope of a cookie, declared with the key `formerly`.
///
/// If a part is not given, the cookie's present declaration has the value of the part.
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
    /// The first day on which the earlier value is not accepted any more.
    pub until: Option<Day>,
}

/// The `Domain` of an earlier scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormerDomain<'a> {
    /// The same as in the present declaration.
    Declared,
    /// The earlier cookie was host-only: `domain = none`.
    HostOnly,
    /// The earlier `Domain` was the policy's `cookie_domain`: `domain = policy`.
    Policy,
    /// The earlier `Domain`.
    Domain(&'a str),
}

impl<'a> Former<'a> {
    /// Returns an entry in which every part has the value of the present declaration.
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

    /// Sets the first day on which the earlier value is not accepted any more.
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
}
