//! A model of the cookie store of a browser. The model contains the rules about several cookies (6265bis 5.7 and
//! 5.8.3). A new cookie replaces a stored cookie with the same identity. A response over plain HTTP cannot hide a
//! stored Secure cookie. Browsers send cookies in a fixed order. `store.rs` contains the rules about one cookie. The
//! model has no limit for the number of cookies.

use std::cmp::Reverse;
use std::fmt;
use std::time::SystemTime;

use super::rejection::Rejection;
use super::request_match::{domain_matches, path_matches};
use super::store::{Stored, store};
use crate::request::host::is_address;
use crate::wire::domain::is_public_suffix;

/// The URL of a request, with the parts that the rules for cookies use.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// True for HTTPS, and for plain HTTP to a loopback host. Chromium and Firefox treat both as secure.
    pub(crate) secure: bool,
    /// The host in lower case, without the port. A browser has one cookie store for all ports of a host.
    pub(crate) host: &'a str,
    /// The path without the query.
    pub(crate) path: &'a str,
}

/// The reason why the store did not change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Browsers always reject the header, even if the store is empty.
    Rejected(Rejection),
    /// The header came over plain HTTP and would hide a stored Secure cookie (6265bis 5.7 step 16).
    SecureCookieExists,
}

impl Refusal {
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Refusal::Rejected(rejection) => rejection.id(),
            Refusal::SecureCookieExists => "secure-cookie-exists",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Rejected(rejection) => rejection.fmt(f),
            Refusal::SecureCookieExists => f.write_str(
                "the response came over plain HTTP, and the browser has a Secure cookie of this name; serve the page \
                 over HTTPS",
            ),
        }
    }
}

/// The cookies that a browser has stored, in the order of their creation.
#[derive(Clone, Default)]
pub(crate) struct CookieStore {
    cookies: Vec<Stored>,
}

impl CookieStore {
    pub(crate) fn cookies(&self) -> &[Stored] {
        &self.cookies
    }

    /// Stores or removes the cookie of a `Set-Cookie` header in a response from `from`.
    pub(crate) fn receive(&mut self, header: &[u8], from: Target<'_>, now: SystemTime) -> Result<(), Refusal> {
        let new = store(header, from.secure, from.host, from.path, now).map_err(Refusal::Rejected)?;
        if !new.secure && !from.secure && self.cookies.iter().any(|cookie| protects(cookie, &new)) {
            return Err(Refusal::SecureCookieExists);
        }
        let at = self.cookies.iter().position(|cookie| has_same_identity(cookie, &new));
        match (at.and_then(|at| self.cookies.get_mut(at)), new.is_removal()) {
            // A cookie that is set again keeps its creation time, and therefore its position.
            (Some(cookie), false) => *cookie = new,
            (Some(_), true) => self.cookies.retain(|cookie| !has_same_identity(cookie, &new)),
            (None, false) => self.cookies.push(new),
            (None, true) => {}
        }
        Ok(())
    }

    /// Removes the cookies that have expired.
    pub(crate) fn remove_expired(&mut self, now: SystemTime) {
        self.cookies.retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
    }

    /// Removes the cookies that expire when the browser closes.
    pub(crate) fn remove_session_cookies(&mut self) {
        self.cookies.retain(|cookie| cookie.expires.is_some());
    }

    /// Removes the cookies of all hosts that belong to the same site as `host`.
    pub(crate) fn clear_site(&mut self, host: &str) {
        let site = registrable_domain(host);
        self.cookies.retain(|cookie| match site {
            Some(site) => !domain_matches(&cookie.domain, site),
            None => cookie.domain != host,
        });
    }

    /// Returns the cookies that the browser sends in a same-site request to `to`, in the order of the `Cookie` header:
    /// cookies with a longer path first, then older cookies first.
    fn cookies_for(&self, to: Target<'_>) -> Vec<&Stored> {
        let matches = |cookie: &&Stored| {
            let host_matches =
                if cookie.host_only { to.host == cookie.domain } else { domain_matches(to.host, &cookie.domain) };
            host_matches && path_matches(to.path.as_bytes(), cookie.path.as_bytes()) && (!cookie.secure || to.secure)
        };
        let mut cookies: Vec<&Stored> = self.cookies.iter().filter(matches).collect();
        // The sort is stable, so cookies with paths of equal length stay in the order of their creation.
        cookies.sort_by_key(|cookie| Reverse(cookie.path.len()));
        cookies
    }

    /// Returns the value of the `Cookie` header in a same-site request to `to`. Returns `None` if the browser sends no
    /// cookie.
    pub(crate) fn cookie_header(&self, to: Target<'_>) -> Option<Vec<u8>> {
        let pairs: Vec<Vec<u8>> = self
            .cookies_for(to)
            .into_iter()
            .map(|cookie| match cookie.name_bytes() {
                [] => cookie.value_bytes().to_vec(),
                name => [name, b"=", cookie.value_bytes()].concat(),
            })
            .collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }
}

/// Returns true if the two cookies have the same identity. In a browser, the later cookie then replaces the earlier
/// cookie.
fn has_same_identity(a: &Stored, b: &Stored) -> bool {
    a.name_bytes() == b.name_bytes()
        && a.domain == b.domain
        && a.host_only == b.host_only
        && a.path == b.path
        && a.partitioned == b.partitioned
}

/// Returns true if `cookie` is a stored Secure cookie that prevents a response over plain HTTP from setting `other`
/// (6265bis 5.7 step 16).
fn protects(cookie: &Stored, other: &Stored) -> bool {
    cookie.secure
        && cookie.name_bytes() == other.name_bytes()
        && (domain_matches(&cookie.domain, &other.domain) || domain_matches(&other.domain, &cookie.domain))
        && path_matches(other.path.as_bytes(), cookie.path.as_bytes())
}

/// Returns the registrable domain of a host: the public suffix and one more label. All hosts of a site have the same
/// registrable domain. An IP address and a public suffix have no registrable domain. `host` must be in lower case.
fn registrable_domain(host: &str) -> Option<&str> {
    if is_address(host) {
        return None;
    }
    let (mut site, mut parent) = (None, Some(host));
    while let Some(domain) = parent.filter(|domain| !is_public_suffix(domain)) {
        (site, parent) = (Some(domain), domain.split_once('.').map(|(_, parent)| parent));
    }
    site
}

#[cfg(test)]
mod tests {
    use super::registrable_domain;

    #[test]
    fn registrable_domain_has_one_label_more() {
        for (host, site) in [
            ("www.shop.example", Some("shop.example")),
            ("shop.example", Some("shop.example")),
            ("example", None),
            ("a.b.localhost", Some("b.localhost")),
            ("127.0.0.1", None),
            ("[::1]", None),
        ] {
            assert_eq!(registrable_domain(host), site, "{host}");
        }
    }
}
