//! The scope and the identity of a cookie. Browsers store two cookies separately if their identities differ (6265bis
//! 5.7 step 23, and CHIPS for `partitioned`).

use core::hash::{Hash, Hasher};
use std::borrow::Cow;

use super::declaration::{CookieName, Spec};
#[cfg(feature = "_layer")]
use crate::wire::set_cookie::ParsedSetCookie;

/// The domain, path and partition of a cookie.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The `Domain`. `domain` is `None` if the cookie is host-only.
    pub(crate) domain: Option<Cow<'static, str>>,
    pub(crate) path: Cow<'static, str>,
    pub(crate) partitioned: bool,
}

impl Scope {
    /// Returns the scope in a declaration. A policy can change this scope: see `jar::scopes`.
    pub(crate) fn declared(spec: &Spec) -> Self {
        Scope { domain: spec.domain.map(Cow::Borrowed), path: Cow::Borrowed(spec.path), partitioned: spec.partitioned }
    }

    /// Returns true if the scope is the declared scope. In this case, the header can contain the attributes of the
    /// declaration's template without changes.
    #[inline]
    pub(crate) fn is_declared(&self, spec: &Spec) -> bool {
        matches!((&self.path, &self.domain), (Cow::Borrowed(_), None | Some(Cow::Borrowed(_)))) && !spec.policy_domain
    }
}

/// Two scopes are equal if browsers treat the scopes as equal. The comparison ignores the letter case of the domain.
impl PartialEq for Scope {
    #[inline]
    fn eq(&self, other: &Scope) -> bool {
        // For speed, first compares the last bytes. Most different paths differ in the last byte, and comparing one
        // byte is faster than a call to `memcmp`.
        let (path, other_path) = (self.path.as_bytes(), other.path.as_bytes());
        path.last() == other_path.last()
            && path == other_path
            && self.partitioned == other.partitioned
            && match (&self.domain, &other.domain) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
    }
}

impl Eq for Scope {}

/// The hash ignores the letter case of the domain, so that equal scopes have equal hashes.
impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.hash(state);
        self.partitioned.hash(state);
        self.domain.as_deref().map(str::to_ascii_lowercase).hash(state);
    }
}

/// The name and the scope of a cookie.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: CookieName,
    pub(crate) scope: Scope,
}

#[cfg(feature = "_layer")]
impl Identity {
    /// Returns the identity of the cookie in a header that a jar wrote. Returns `None` if the header has no `Path`, or
    /// contains a byte that is not UTF-8.
    pub(crate) fn from_header(parsed: &ParsedSetCookie<'_>) -> Option<Self> {
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let domain = match parsed.shared_domain() {
            Some(domain) => Some(Cow::Owned(text(domain)?.to_owned())),
            None => None,
        };
        let path = Cow::Owned(text(parsed.path?)?.to_owned());
        let scope = Scope { domain, path, partitioned: parsed.partitioned };
        Some(Identity { name: CookieName::from_text(text(parsed.name)?), scope })
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.scope.hash(state);
    }
}

impl PartialEq for Identity {
    #[inline]
    fn eq(&self, other: &Identity) -> bool {
        let (name, other_name) = (self.name.as_str().as_bytes(), other.name.as_str().as_bytes());
        name.last() == other_name.last() && name == other_name && self.scope == other.scope
    }
}
