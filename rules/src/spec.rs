//! [`Spec`] is the declaration of one cookie as data. The other types in this module are the values of attributes.
//! [`Spec::new`] returns the strict default. Each builder method of [`Spec`] changes one part of the declaration.

use core::fmt;
use core::time::Duration;

use crate::device::DeviceBinding;
use crate::former::Former;

/// The `SameSite` attribute (6265bis 4.1.2.7).
///
/// ```
/// use hardtack_rules::SameSite;
///
/// assert!(SameSite::Strict.is_at_least(SameSite::Lax));
/// assert!(!SameSite::None.is_at_least(SameSite::Lax));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Browsers send the cookie with same-site requests only.
    Strict,
    /// Browsers send the cookie with same-site requests, and with cross-site top-level navigations that use a safe
    /// method such as `GET`.
    Lax,
    /// Browsers send the cookie with every request.
    None,
}

impl SameSite {
    /// Returns the attribute's value in a `Set-Cookie` header: `Strict`, `Lax` or `None`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }

    /// Returns true if `self` is equal to `other` or stricter than `other`.
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

/// A prefix of a cookie's name, such as `__Host-`. Each prefix has requirements. Browsers reject a cookie that does not
/// meet the requirements of its prefix (6265bis 4.1.3 and layered-cookies).
///
/// ```
/// use hardtack_rules::Prefix;
///
/// assert_eq!(Prefix::from_name("__Host-Http-session"), Some(Prefix::HostHttp));
/// assert_eq!(Prefix::from_name("__host-session"), None);
/// assert_eq!(Prefix::from_name_any_case(b"__host-session"), Some(Prefix::Host));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `__Host-Http-`: requires Secure, HttpOnly and `Path=/`, and forbids Domain.
    HostHttp,
    /// `__Host-`: requires Secure and `Path=/`, and forbids Domain.
    Host,
    /// `__Http-`: requires Secure and HttpOnly.
    Http,
    /// `__Secure-`: requires Secure.
    Secure,
}

impl Prefix {
    /// Every prefix. `__Host-Http-` comes before `__Host-`, because the search for a prefix returns the first match.
    pub const ALL: &'static [Prefix] = &[Prefix::HostHttp, Prefix::Host, Prefix::Http, Prefix::Secure];

    /// Returns the text of the prefix, such as `__Host-`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Prefix::HostHttp => "__Host-Http-",
            Prefix::Host => "__Host-",
            Prefix::Http => "__Http-",
            Prefix::Secure => "__Secure-",
        }
    }

    /// Returns the prefix of `name`. The letter case must match, because servers compare names byte for byte.
    #[must_use]
    pub const fn from_name(name: &str) -> Option<Prefix> {
        Self::find(name.as_bytes(), false)
    }

    /// Returns the prefix of `name`. Like browsers (6265bis 5.4), the function ignores the letter case of the prefix.
    #[must_use]
    pub const fn from_name_any_case(name: &[u8]) -> Option<Prefix> {
        Self::find(name, true)
    }

    const fn find(name: &[u8], any_case: bool) -> Option<Prefix> {
        let mut rest = Self::ALL;
        while let [prefix, tail @ ..] = rest {
            if starts_with(name, prefix.as_str().as_bytes(), any_case) {
                return Some(*prefix);
            }
            rest = tail;
        }
        None
    }

    /// Returns true for `__Host-` and `__Host-Http-`. The two prefixes limit the cookie to one host, because the
    /// prefixes require `Path=/` and forbid Domain.
    #[must_use]
    pub const fn is_host_only(self) -> bool {
        matches!(self, Prefix::HostHttp | Prefix::Host)
    }

    /// Returns true if the prefix requires HttpOnly.
    #[must_use]
    pub const fn needs_http_only(self) -> bool {
        matches!(self, Prefix::HostHttp | Prefix::Http)
    }

    /// Returns true if the attributes in the arguments meet the requirements of the prefix. Browsers then store the
    /// cookie.
    ///
    /// `root_path_and_no_domain` is true if the header contains `Path=/` and no Domain.
    ///
    /// ```
    /// use hardtack_rules::Prefix;
    ///
    /// assert!(Prefix::Host.allows(true, false, true));
    /// assert!(!Prefix::Host.allows(true, false, false));
    /// assert!(!Prefix::HostHttp.allows(true, false, true));
    /// ```
    #[must_use]
    pub const fn allows(self, secure: bool, http_only: bool, root_path_and_no_domain: bool) -> bool {
        secure && (http_only || !self.needs_http_only()) && (root_path_and_no_domain || !self.is_host_only())
    }

    /// Returns the strongest prefix whose requirements the arguments meet. Returns `None` if the cookie is not Secure.
    ///
    /// ```
    /// use hardtack_rules::Prefix;
    ///
    /// assert_eq!(Prefix::strongest(true, true, "/", false), Some(Prefix::HostHttp));
    /// assert_eq!(Prefix::strongest(true, true, "/app", false), Some(Prefix::Secure));
    /// ```
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

/// Returns true if `text` starts with `prefix`. If `any_case` is true, the comparison ignores letter case.
pub(crate) const fn starts_with(text: &[u8], prefix: &[u8], any_case: bool) -> bool {
    let (mut text, mut prefix) = (text, prefix);
    while let ([a, text_rest @ ..], [b, prefix_rest @ ..]) = (text, prefix) {
        if !(*a == *b || any_case && a.eq_ignore_ascii_case(b)) {
            return false;
        }
        (text, prefix) = (text_rest, prefix_rest);
    }
    prefix.is_empty()
}

/// Returns true if the texts are equal. If `any_case` is true, the comparison ignores letter case. A `const fn` cannot
/// use `==` for slices.
pub(crate) const fn is_equal(a: &[u8], b: &[u8], any_case: bool) -> bool {
    a.len() == b.len() && starts_with(a, b, any_case)
}

/// The cryptographic protection of a cookie's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seal {
    /// The value is authenticated. Clients can read the value, but only the server can change the value.
    Signed,
    /// The value is encrypted and authenticated. Only the server can read or change the value.
    Sealed,
}

impl Seal {
    /// Returns the key of `#[cookie(…)]` that declares the protection: `signed` or `sealed`.
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

/// The declaration of one cookie. A declaration contains the cookie's name, attributes and protection, but not the
/// cookie's value.
///
/// [`Spec::new`] returns the strict default: a host-only session cookie with `Secure`, `HttpOnly`, `SameSite=Lax` and
/// `Path=/`.
///
/// ```
/// use hardtack_rules::{SameSite, Spec};
///
/// const SPEC: Spec<'static> = Spec::new("__Host-Http-session").same_site(SameSite::Strict);
/// assert!(SPEC.secure && SPEC.http_only && SPEC.domain.is_none());
/// assert_eq!(SPEC.same_site, SameSite::Strict);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec<'a> {
    /// The cookie's full name, including its prefix.
    pub name: &'a str,
    /// True if the declaration contains the key `name`. False if the cookie's name comes from the name of the type or
    /// field.
    pub explicit_name: bool,
    /// The `Path` attribute.
    pub path: &'a str,
    /// The `Domain` attribute. `domain` is `None` if the cookie is host-only, or if `policy_domain` is true.
    pub domain: Option<&'a str>,
    /// True if the `Domain` attribute is the policy's `cookie_domain`.
    pub policy_domain: bool,
    /// The `Max-Age` attribute, in whole seconds. A session cookie has no `Max-Age`, so `max_age` is `None`.
    pub max_age: Option<Duration>,
    /// The idle time, in whole seconds. The cookie expires if no request uses the cookie for this time. `idle` is
    /// `None` if the cookie has no idle time.
    pub idle: Option<Duration>,
    /// The `SameSite` attribute.
    pub same_site: SameSite,
    /// The `Secure` attribute.
    pub secure: bool,
    /// The `HttpOnly` attribute.
    pub http_only: bool,
    /// The `Partitioned` attribute.
    pub partitioned: bool,
    /// True if the declaration describes a family of cookies. The name of a cookie in the family is the declared name,
    /// then `.`, then a key that the program chooses at run time.
    pub keyed: bool,
    /// The earlier names and scopes of the cookie.
    pub former: &'a [Former<'a>],
    /// True if another program owns the cookie. The program with this declaration only reads the cookie.
    pub read_only: bool,
    /// The cryptographic protection of the cookie's value. `seal` is `None` if the value has no cryptographic
    /// protection.
    pub seal: Option<Seal>,
    /// The setting of the key `device_bound`. `device_bound` is `None` if the cookie is not bound to a device.
    pub device_bound: Option<DeviceBinding>,
    /// The reason why the cookie is weaker than the default.
    pub reason: Option<&'a str>,
}

impl<'a> Spec<'a> {
    /// Returns the strict default for a cookie with the name `name`.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Spec {
            name,
            explicit_name: false,
            path: "/",
            domain: None,
            policy_domain: false,
            max_age: None,
            idle: None,
            same_site: SameSite::Lax,
            secure: true,
            http_only: true,
            partitioned: false,
            keyed: false,
            former: &[],
            read_only: false,
            seal: None,
            device_bound: None,
            reason: None,
        }
    }

    /// Sets the field `explicit_name` to true. Call this method if the declaration contains the key `name`.
    #[must_use]
    pub const fn explicit_name(mut self) -> Self {
        self.explicit_name = true;
        self
    }

    /// Sets the `Path` attribute.
    #[must_use]
    pub const fn path(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    /// Sets the `Domain` attribute.
    #[must_use]
    pub const fn domain(mut self, domain: &'a str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// Uses the policy's `cookie_domain` as the `Domain` attribute.
    #[must_use]
    pub const fn policy_domain(mut self) -> Self {
        self.policy_domain = true;
        self
    }

    /// Sets the `Max-Age` attribute. The lifetime must be a positive number of whole seconds. This method does not
    /// check the number, but the module [`check`](crate::check) does.
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets the idle time. The `Max-Age` attribute is then the idle time. The idle time must be a positive number of
    /// whole seconds, and shorter than `max_age`. This method does not check the number, but the module
    /// [`check`](crate::check) does.
    #[must_use]
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Sets the `SameSite` attribute.
    #[must_use]
    pub const fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Adds or removes the `Secure` attribute.
    #[must_use]
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Adds or removes the `HttpOnly` attribute.
    #[must_use]
    pub const fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Adds the `Partitioned` attribute.
    #[must_use]
    pub const fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Marks the declaration as a family of cookies.
    #[must_use]
    pub const fn keyed(mut self) -> Self {
        self.keyed = true;
        self
    }

    /// Sets the earlier names and scopes of the cookie.
    #[must_use]
    pub const fn formerly(mut self, former: &'a [Former<'a>]) -> Self {
        self.former = former;
        self
    }

    /// Marks the cookie as owned by another program.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets the cryptographic protection of the cookie's value.
    #[must_use]
    pub const fn seal(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// Binds the cookie to a device. The module [`check`](crate::check) checks the lifetime of the companion.
    #[must_use]
    pub const fn device_bound(mut self, binding: DeviceBinding) -> Self {
        self.device_bound = Some(binding);
        self
    }

    /// Sets the reason why the cookie is weaker than the default.
    #[must_use]
    pub const fn reason(mut self, reason: &'a str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Returns the lifetime for the `Max-Age` attribute: the idle time or `max_age`, whichever is shorter. Returns
    /// `None` for a session cookie.
    ///
    /// ```
    /// use core::time::Duration;
    /// use hardtack_rules::{Seal, Spec};
    ///
    /// let spec = Spec::new("__Host-Http-id").seal(Seal::Sealed).max_age(Duration::from_secs(86_400));
    /// assert_eq!(spec.first_lifetime(), Some(Duration::from_secs(86_400)));
    /// assert_eq!(spec.idle(Duration::from_secs(60)).first_lifetime(), Some(Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub const fn first_lifetime(&self) -> Option<Duration> {
        match (self.max_age, self.idle) {
            (Some(max_age), Some(idle)) if idle.as_secs() < max_age.as_secs() => Some(idle),
            (max_age, _) => max_age,
        }
    }

    /// Returns true if the cookie has a `Domain` attribute. The `Domain` comes from the declaration or from the policy.
    /// Browsers also send a cookie with a `Domain` to subdomains.
    #[must_use]
    pub const fn has_domain(&self) -> bool {
        self.domain.is_some() || self.policy_domain
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Prefix, SameSite, Seal};

    #[test]
    fn servers_match_prefixes_exactly_browsers_in_any_case() {
        assert_eq!(Prefix::from_name("__Host-Http-a"), Some(Prefix::HostHttp));
        assert_eq!(Prefix::from_name("__Host-a"), Some(Prefix::Host));
        assert_eq!(Prefix::from_name("__host-a"), None);
        assert_eq!(Prefix::from_name_any_case(b"__hOST-a"), Some(Prefix::Host));
        assert_eq!(Prefix::from_name("__Host"), None);
    }

    #[test]
    fn a_name_may_be_only_a_prefix() {
        for prefix in Prefix::ALL {
            assert_eq!(Prefix::from_name(prefix.as_str()), Some(*prefix));
            assert_eq!(Prefix::from_name_any_case(prefix.as_str().to_ascii_uppercase().as_bytes()), Some(*prefix));
        }
        assert_eq!(Prefix::from_name_any_case(b"session"), None);
    }

    #[test]
    fn each_prefix_requires_its_attributes() {
        for (prefix, http_only, host_only) in [
            (Prefix::HostHttp, true, true),
            (Prefix::Host, false, true),
            (Prefix::Http, true, false),
            (Prefix::Secure, false, false),
        ] {
            assert_eq!((prefix.needs_http_only(), prefix.is_host_only()), (http_only, host_only));
            for bits in 0..8_u8 {
                let (secure, has_http_only, root_path_and_no_domain) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
                let is_missing = !secure || http_only && !has_http_only || host_only && !root_path_and_no_domain;
                assert_eq!(
                    prefix.allows(secure, has_http_only, root_path_and_no_domain),
                    !is_missing,
                    "{prefix:?} {bits}"
                );
            }
        }
    }

    #[test]
    fn same_site_and_seal_display_their_keywords() {
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
    fn same_site_is_ordered_strict_lax_none() {
        let order = [SameSite::None, SameSite::Lax, SameSite::Strict];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(a.is_at_least(*b), i >= j, "{a} {b}");
            }
        }
    }
}
