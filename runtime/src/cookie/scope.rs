//! The scope and the identity of a cookie. A browser keeps two cookies apart if their identities differ (6265bis 5.7
//! step 23, and CHIPS for `partitioned`).

use std::borrow::Cow;

use super::declaration::{CookieName, Spec};

/// The domain, path and partition of a cookie.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The `Domain`. `domain` is `None` if the cookie is host-only.
    pub(crate) domain: Option<Cow<'static, str>>,
    pub(crate) path: Cow<'static, str>,
    pub(crate) partitioned: bool,
}

impl Scope {
    /// Returns the scope of a declaration. A policy can change the scope. See `jar::scopes`.
    pub(crate) fn declared(spec: &Spec) -> Self {
        Scope { domain: spec.domain.map(Cow::Borrowed), path: Cow::Borrowed(spec.path), partitioned: spec.partitioned }
    }

    /// Returns true if the attributes of the declaration's template fit the scope. Then the header needs no new text.
    #[inline]
    pub(crate) fn is_declared(&self, spec: &Spec) -> bool {
        matches!((&self.path, &self.domain), (Cow::Borrowed(_), None | Some(Cow::Borrowed(_)))) && !spec.policy_domain
    }
}

/// Two scopes are equal if browsers treat them as equal. The letter case of the domain does not matter.
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

/// The name and the scope of a cookie.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: CookieName,
    pub(crate) scope: Scope,
}

impl PartialEq for Identity {
    #[inline]
    fn eq(&self, other: &Identity) -> bool {
        let (name, other_name) = (self.name.as_str().as_bytes(), other.name.as_str().as_bytes());
        name.last() == other_name.last() && name == other_name && self.scope == other.scope
    }
}
