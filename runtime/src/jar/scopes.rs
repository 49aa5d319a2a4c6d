//! Finds the scopes of a cookie: the scope in which the jar sets the cookie, and the scopes in which the browser may
//! still hold an older cookie with the same name or an earlier name.
//!
//! A request does not show the scope of a cookie. So when the jar sets or removes a cookie, the jar can also remove the
//! cookie from other scopes. Each such removal is called a repair.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use hardtack_rules::{Former, FormerDomain, Prefix};

use crate::browser::request_match::domain_matches;
use crate::cookie::declaration::{CookieName, Spec};
use crate::cookie::scope::{Identity, Scope};
use crate::policy::Policy;
use crate::policy::cookie_scope::{DomainForHost, join_base_path};
use crate::wire::domain;

/// The maximum number of `Set-Cookie` headers that a jar sends for one cookie, including the repairs.
const MAX_HEADERS: usize = 8;

/// The policy and the host of one request.
#[derive(Clone, Copy)]
pub(crate) struct ScopeContext<'a> {
    pub(crate) policy: Option<&'a Policy>,
    /// The request's host in lower case, without a port. `host` is `None` if the request has no valid host.
    pub(crate) host: Option<&'a str>,
}

/// The problem with the `Domain` of a cookie. The jar emits an event for the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DomainProblem {
    /// The policy's function returned a domain that does not cover the host. The jar makes the cookie host-only.
    Refused,
    /// Browsers reject the cookie, because the `Domain` does not cover the host.
    Mismatch,
}

/// The result of a search for one cookie name in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// The request carried no cookie with the name.
    Nothing,
    /// The request carried one cookie with the name, and the cookie's value can be read.
    OneReadable,
    /// The request carried several cookies with the name, or one cookie whose value cannot be read.
    Suspect,
}

/// The reason why a jar removes a cookie from other scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RepairReason {
    /// The jar sets the cookie.
    Set,
    /// The jar removes the cookie.
    Removal,
}

impl<'a> ScopeContext<'a> {
    /// Returns the scope in which the jar sets and removes the cookie. Also returns the problem with the scope's
    /// `Domain`, if there is a problem.
    pub(crate) fn scope(self, spec: &Spec) -> (Scope, Option<DomainProblem>) {
        let (domain, problem) = match (spec.policy_domain, self.policy) {
            (false, _) => (spec.domain.map(Cow::Borrowed), None),
            (true, None) => (None, None),
            (true, Some(policy)) => match policy.domain_for_host(self.host) {
                DomainForHost::HostOnly => (None, None),
                DomainForHost::Domain(domain) => (Some(Cow::Owned(domain.into_owned())), None),
                DomainForHost::Refused => (None, Some(DomainProblem::Refused)),
            },
        };
        let is_mismatch = domain
            .as_ref()
            .zip(self.host)
            .is_some_and(|(domain, host)| !domain_matches(host, &domain.to_ascii_lowercase()));
        let scope = Scope { domain, path: self.path(spec.path), partitioned: spec.partitioned };
        (scope, problem.or(is_mismatch.then_some(DomainProblem::Mismatch)))
    }

    /// Puts the policy's `base_path` before a declared path. The declared path `/` stays unchanged.
    fn path(self, declared: &'static str) -> Cow<'static, str> {
        match self.policy {
            Some(policy) => policy.with_base_path(declared),
            None => Cow::Borrowed(declared),
        }
    }

    /// Returns the older cookies that the jar removes when the jar sets or removes the cookie `present`. Scopes from
    /// the declaration or the policy come first. The result contains a parent domain of the host only if the
    /// declaration or the policy contains this parent domain. Cookies of all other parent domains can belong to a
    /// different application.
    ///
    /// The closure `carried_former` takes an earlier name, and returns true if the request carried a cookie with this
    /// name.
    pub(crate) fn repairs(
        self,
        spec: &Spec,
        present: &Identity,
        reason: RepairReason,
        carried: Carried,
        carried_former: impl Fn(&CookieName) -> bool,
    ) -> Vec<Identity> {
        let mut repairs = Repairs { present, found: Vec::new() };
        if carried != Carried::Nothing {
            self.add_named(spec, &Former::new(), &present.name, &mut repairs);
        }
        for former in spec.former {
            if former.name_in(spec) == spec.name {
                if carried != Carried::Nothing {
                    self.add_named(spec, former, &present.name, &mut repairs);
                }
                continue;
            }
            let name = present.name.former(spec, former);
            if reason == RepairReason::Removal || carried_former(&name) {
                self.add_named(spec, former, &name, &mut repairs);
            }
        }
        let guesses = match reason {
            RepairReason::Set => carried == Carried::Suspect,
            RepairReason::Removal => carried != Carried::Nothing,
        };
        if guesses {
            self.add_guessed(spec, &present.name, &mut repairs);
        }
        repairs.found
    }

    /// Adds the scopes of one `formerly` entry. Combines the entry with the policy's earlier domains and base paths.
    /// `Former::new()` stands for the present name and scope.
    fn add_named(self, spec: &Spec, former: &Former<'static>, name: &CookieName, repairs: &mut Repairs<'_>) {
        let mut domains: Vec<Option<Cow<'static, str>>> = Vec::new();
        match former.domain_in(spec) {
            FormerDomain::Domain(domain) => domains.push(Some(Cow::Borrowed(domain))),
            FormerDomain::HostOnly | FormerDomain::Declared => domains.push(None),
            FormerDomain::Policy => {
                domains.push(match self.policy.map(|policy| policy.domain_for_host(self.host)) {
                    Some(DomainForHost::Domain(domain)) => Some(Cow::Owned(domain.into_owned())),
                    Some(DomainForHost::HostOnly | DomainForHost::Refused) | None => None,
                });
                let earlier = self.policy.into_iter().flat_map(Policy::former_cookie_domain_list);
                domains.extend(earlier.map(|domain| domain.map(|domain| Cow::Owned(domain.to_owned()))));
            }
        }
        let declared_path = former.path_in(spec);
        let mut paths = vec![self.path(declared_path)];
        if declared_path != "/" {
            let earlier = self.policy.into_iter().flat_map(Policy::former_base_path_list);
            paths.extend(earlier.map(|base| join_base_path(base, declared_path)));
        }
        for domain in &domains {
            for path in &paths {
                let scope =
                    Scope { domain: domain.clone(), path: path.clone(), partitioned: former.partitioned_in(spec) };
                repairs.add(name, scope);
            }
        }
    }

    /// Adds four scopes that an earlier release or another program may have used: host-only and `Domain=<this host>`,
    /// each with the declared path and with `/`.
    fn add_guessed(self, spec: &Spec, name: &CookieName, repairs: &mut Repairs<'_>) {
        // Browsers also store a cookie whose `Domain` is the host's IPv4 address.
        let domain = self.host.filter(|host| domain::check(host).is_ok() || host.parse::<Ipv4Addr>().is_ok());
        let path = self.path(spec.path);
        for domain in [None, domain] {
            for path in [path.clone(), Cow::Borrowed("/")] {
                let scope = Scope {
                    domain: domain.map(|domain| Cow::Owned(domain.to_owned())),
                    path,
                    partitioned: spec.partitioned,
                };
                repairs.add(name, scope);
            }
        }
    }
}

/// The repairs for one cookie.
struct Repairs<'a> {
    present: &'a Identity,
    found: Vec<Identity>,
}

impl Repairs<'_> {
    fn add(&mut self, name: &CookieName, scope: Scope) {
        // A cookie with a `__Host-` name is always host-only and has the path `/`.
        let is_host_only = Prefix::from_name(name.as_str()).is_some_and(Prefix::is_host_only);
        if is_host_only && (scope.domain.is_some() || scope.path != "/") {
            return;
        }
        let identity = Identity { name: name.clone(), scope };
        if identity != *self.present && !self.found.contains(&identity) && self.found.len() < MAX_HEADERS - 1 {
            self.found.push(identity);
        }
    }
}
