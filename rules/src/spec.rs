//! One cookie's declaration as data. Built in one place: [`Spec::new`] is the strict default, each method one key.

use core::fmt;
use core::time::Duration;

/// The `SameSite` attribute (6265bis 4.1.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Sent with same-site requests only.
    Strict,
    /// Sent with same-site requests and with cross-site top-level navigations by a safe method.
    Lax,
    /// Sent with every request.
    None,
}

impl SameSite {
    /// The attribute's value on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }

    /// Whether every request that `self` allows is also allowed by `other`.
    #[must_use]
    pub const fn is_at_least(self, other: SameSite) -> bool {
        matches!(
            (self, other),
            (SameSite::Strict, _) | (SameSite::Lax, SameSite::Lax | SameSite::None) | (SameSite::None, SameSite::None)
        )
    }
}

impl fmt::Display for SameSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name prefix that browsers enforce (6265bis 4.1.3 and layered-cookies).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `__Host-Http-`: Secure, HttpOnly, `Path=/`, no Domain.
    HostHttp,
    /// `__Host-`: Secure, `Path=/`, no Domain.
    Host,
    /// `__Http-`: Secure, HttpOnly.
    Http,
    /// `__Secure-`: Secure.
    Secure,
}

impl Prefix {
    /// All four, a longer one before the one that it begins with.
    pub const ALL: [Prefix; 4] = [Prefix::HostHttp, Prefix::Host, Prefix::Http, Prefix::Secure];

    /// The prefix as it stands before a name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Prefix::HostHttp => "__Host-Http-",
            Prefix::Host => "__Host-",
            Prefix::Http => "__Http-",
            Prefix::Secure => "__Secure-",
        }
    }

    /// The prefix of `name`, by exact octets as a server reads them.
    #[must_use]
    pub const fn of(name: &str) -> Option<Prefix> {
        Self::find(name.as_bytes(), false)
    }

    /// The prefix of `name` in any letter case, as a browser matches it (6265bis 5.4).
    #[must_use]
    pub const fn of_any_case(name: &[u8]) -> Option<Prefix> {
        Self::find(name, true)
    }

    const fn find(name: &[u8], any_case: bool) -> Option<Prefix> {
        let mut rest: &[Prefix] = &Self::ALL;
        while let [prefix, tail @ ..] = rest {
            if begins(name, prefix.as_str().as_bytes(), any_case) {
                return Some(*prefix);
            }
            rest = tail;
        }
        None
    }

    /// Whether the prefix ties the cookie to one host: `Path=/` and no Domain.
    #[must_use]
    pub const fn is_host_only(self) -> bool {
        matches!(self, Prefix::HostHttp | Prefix::Host)
    }

    /// Whether the prefix needs HttpOnly.
    #[must_use]
    pub const fn needs_http_only(self) -> bool {
        matches!(self, Prefix::HostHttp | Prefix::Http)
    }

    /// Whether a browser stores a cookie of this prefix with these attributes; `to_one_host` is `Path=/`, written, and
    /// no Domain.
    #[must_use]
    pub const fn admits(self, secure: bool, http_only: bool, to_one_host: bool) -> bool {
        secure && (http_only || !self.needs_http_only()) && (to_one_host || !self.is_host_only())
    }

    /// The strongest prefix that these attributes allow; `None` where the cookie is not Secure.
    #[must_use]
    pub const fn strongest(secure: bool, http_only: bool, path: &str, has_domain: bool) -> Option<Prefix> {
        let host_only = !has_domain && matches!(path.as_bytes(), b"/");
        match (secure, http_only, host_only) {
            (false, _, _) => None,
            (true, true, true) => Some(Prefix::HostHttp),
            (true, false, true) => Some(Prefix::Host),
            (true, _, false) => Some(Prefix::Secure),
        }
    }
}

/// Whether `text` begins with `prefix`.
pub(crate) const fn begins(text: &[u8], prefix: &[u8], any_case: bool) -> bool {
    let (mut text, mut prefix) = (text, prefix);
    while let ([a, text_rest @ ..], [b, prefix_rest @ ..]) = (text, prefix) {
        if !(*a == *b || any_case && a.eq_ignore_ascii_case(b)) {
            return false;
        }
        (text, prefix) = (text_rest, prefix_rest);
    }
    prefix.is_empty()
}

/// What protects a value from whoever holds the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seal {
    /// Readable, and nobody without the key can change it.
    Signed,
    /// Encrypted too.
    Sealed,
}

impl Seal {
    /// The declaration's key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Seal::Signed => "signed",
            Seal::Sealed => "sealed",
        }
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One cookie's declaration: what is the same for every value of it.
///
/// [`Spec::new`] is the default: Secure, HttpOnly, `SameSite=Lax`, `Path=/`, host-only, until the browser closes.
///
/// ```
/// use hardtack_rules::{SameSite, Spec};
///
/// const SPEC: Spec<'static> = Spec::new("__Host-Http-session").same_site(SameSite::Strict);
/// assert!(SPEC.secure && SPEC.http_only && SPEC.domain.is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec<'a> {
    /// The cookie's whole name, prefix and all.
    pub name: &'a str,
    /// Whether the name was written; else it is derived from the type's or the field's.
    pub explicit_name: bool,
    /// The `Path` attribute.
    pub path: &'a str,
    /// The `Domain` attribute; `None` is host-only, or see `environment_domain`.
    pub domain: Option<&'a str>,
    /// Whether the `Domain` is the policy's `cookie_domain`.
    pub environment_domain: bool,
    /// The `Max-Age` attribute, in whole seconds; `None` is a session cookie.
    pub max_age: Option<Duration>,
    /// The `SameSite` attribute.
    pub same_site: SameSite,
    /// The `Secure` attribute.
    pub secure: bool,
    /// The `HttpOnly` attribute.
    pub http_only: bool,
    /// The `Partitioned` attribute.
    pub partitioned: bool,
    /// Whether somebody else sets the cookie and it is only read here.
    pub read_only: bool,
    /// Whether the value is signed or sealed.
    pub seal: Option<Seal>,
    /// Why the cookie is weaker than the default.
    pub reason: Option<&'a str>,
}

impl<'a> Spec<'a> {
    /// The strict default under this name.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Spec {
            name,
            explicit_name: false,
            path: "/",
            domain: None,
            environment_domain: false,
            max_age: None,
            same_site: SameSite::Lax,
            secure: true,
            http_only: true,
            partitioned: false,
            read_only: false,
            seal: None,
            reason: None,
        }
    }

    /// With a name that was written, not derived.
    #[must_use]
    pub const fn explicit_name(mut self) -> Self {
        self.explicit_name = true;
        self
    }

    /// With this `Path`.
    #[must_use]
    pub const fn path(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    /// With this `Domain`.
    #[must_use]
    pub const fn domain(mut self, domain: &'a str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// With the policy's `cookie_domain`.
    #[must_use]
    pub const fn environment_domain(mut self) -> Self {
        self.environment_domain = true;
        self
    }

    /// With this `Max-Age`.
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// With this `SameSite`.
    #[must_use]
    pub const fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// With or without `Secure`.
    #[must_use]
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// With or without `HttpOnly`.
    #[must_use]
    pub const fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// With `Partitioned`.
    #[must_use]
    pub const fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// As a cookie that somebody else sets.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// With a value that is signed or sealed.
    #[must_use]
    pub const fn seal(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// With the reason for what is weaker than the default.
    #[must_use]
    pub const fn reason(mut self, reason: &'a str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Whether the cookie is shared with subdomains.
    #[must_use]
    pub const fn has_domain(&self) -> bool {
        self.domain.is_some() || self.environment_domain
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Prefix, SameSite, Seal};

    #[test]
    fn prefixes_are_exact_for_servers_and_caseless_for_browsers() {
        assert_eq!(Prefix::of("__Host-Http-a"), Some(Prefix::HostHttp));
        assert_eq!(Prefix::of("__Host-a"), Some(Prefix::Host));
        assert_eq!(Prefix::of("__host-a"), None);
        assert_eq!(Prefix::of_any_case(b"__hOST-a"), Some(Prefix::Host));
        assert_eq!(Prefix::of("__Host"), None);
    }

    #[test]
    fn a_prefix_alone_is_a_prefix() {
        for prefix in Prefix::ALL {
            assert_eq!(Prefix::of(prefix.as_str()), Some(prefix));
            assert_eq!(Prefix::of_any_case(prefix.as_str().to_ascii_uppercase().as_bytes()), Some(prefix));
        }
        assert_eq!(Prefix::of_any_case(b"session"), None);
    }

    #[test]
    fn each_prefix_asks_for_what_it_promises() {
        for (prefix, http_only, one_host) in [
            (Prefix::HostHttp, true, true),
            (Prefix::Host, false, true),
            (Prefix::Http, true, false),
            (Prefix::Secure, false, false),
        ] {
            assert_eq!((prefix.needs_http_only(), prefix.is_host_only()), (http_only, one_host));
            for number in 0..8_u8 {
                let (secure, is_http_only, to_one_host) = (number & 1 != 0, number & 2 != 0, number & 4 != 0);
                let lacks = !secure || http_only && !is_http_only || one_host && !to_one_host;
                assert_eq!(prefix.admits(secure, is_http_only, to_one_host), !lacks, "{prefix:?} {number}");
            }
        }
    }

    #[test]
    fn what_is_shown_is_what_a_declaration_says() {
        assert_eq!(std::format!("{} {} {}", SameSite::Strict, SameSite::Lax, SameSite::None), "Strict Lax None");
        assert_eq!(std::format!("{} {}", Seal::Signed, Seal::Sealed), "signed sealed");
    }

    #[test]
    fn the_strongest_prefix_follows_the_attributes() {
        let strongest = |secure, http_only, path, domain| Prefix::strongest(secure, http_only, path, domain);
        assert_eq!(strongest(true, true, "/", false), Some(Prefix::HostHttp));
        assert_eq!(strongest(true, false, "/", false), Some(Prefix::Host));
        assert_eq!(strongest(true, true, "/app", false), Some(Prefix::Secure));
        assert_eq!(strongest(true, true, "/", true), Some(Prefix::Secure));
        assert_eq!(strongest(false, true, "/", false), None);
    }

    #[test]
    fn strict_is_at_least_lax_is_at_least_none() {
        let order = [SameSite::None, SameSite::Lax, SameSite::Strict];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(a.is_at_least(*b), i >= j, "{a} {b}");
            }
        }
    }
}
