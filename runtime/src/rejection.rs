//! Why a browser keeps nothing of a Set-Cookie line: the answer that `store` gives, its id and its sentence. Decides
//! nothing.

use std::fmt;

use crate::written::until_fold;

/// Why a browser keeps nothing of a Set-Cookie line: the first of these that holds.
///
/// ```
/// use hardtack::audit::{Rejection, Seen, set_cookie};
///
/// let rejected = set_cookie(b"__Host-id=1; Secure", &Seen::https("example.com")).stored.unwrap_err();
/// assert_eq!((&rejected, rejected.id()), (&Rejection::PrefixHost, "prefix-host"));
/// assert_eq!(
///     rejected.to_string(),
///     "a `__Host-` name needs Secure, `Path=/` and no Domain; write `Secure; Path=/` and no `Domain`",
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// A control octet other than HTAB stands in the line (RFC 6265bis 5.6 step 1).
    ControlOctet,
    /// The line has neither a name nor a value (RFC 6265bis 5.7 step 2).
    Empty,
    /// Name and value are over 4096 octets together (RFC 6265bis 5.7 step 4).
    Size,
    /// The `Domain` has an octet outside ASCII (RFC 6265bis 5.7 step 8).
    DomainNotAscii,
    /// The `Domain` is a public suffix and not the host itself (RFC 6265bis 5.7 step 9).
    ///
    /// Without the feature `public-suffix`, only a single label such as `com` counts as one.
    #[non_exhaustive]
    PublicSuffix {
        /// The `Domain`, in lower case and without its leading dot.
        domain: String,
    },
    /// The host is neither the `Domain` nor a subdomain of it (RFC 6265bis 5.7 step 10).
    #[non_exhaustive]
    DomainMismatch {
        /// The `Domain`, in lower case and without its leading dot.
        domain: String,
        /// The host that sent the line.
        host: String,
    },
    /// A Secure cookie came over plain HTTP (RFC 6265bis 5.7 step 13).
    SecureOverPlainHttp,
    /// `SameSite=None` without `Secure` (RFC 6265bis 5.7 step 19).
    SameSiteNoneWithoutSecure,
    /// A `__Secure-` name, in any letter case, without `Secure` (RFC 6265bis 5.7 step 20).
    PrefixSecure,
    /// A `__Host-` name, in any letter case, without `Secure`, without an explicit `Path=/`, or with a `Domain` (RFC
    /// 6265bis 5.7 step 21).
    PrefixHost,
    /// A `__Http-` name, in any letter case, without `Secure` and `HttpOnly` (layered-cookies).
    PrefixHttp,
    /// A `__Host-Http-` name, in any letter case, without what `__Host-` and `__Http-` need (layered-cookies).
    PrefixHostHttp,
    /// A value begins with a prefix and has no name, so that a server would read it as one (RFC 6265bis 5.7 step 22).
    NamelessPrefix,
    /// `Partitioned` without `Secure` (CHIPS).
    PartitionedWithoutSecure,
}

impl Rejection {
    /// Returns the rule's id, as reports and tests know it; equal to that of the book's rule where there is one.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Rejection::ControlOctet => "control-octet",
            Rejection::Empty => "empty",
            Rejection::Size => "size",
            Rejection::DomainNotAscii => "domain-not-ascii",
            Rejection::PublicSuffix { .. } => "public-suffix",
            Rejection::DomainMismatch { .. } => "domain-mismatch",
            Rejection::SecureOverPlainHttp => "secure-over-plain-http",
            Rejection::SameSiteNoneWithoutSecure => "same-site-none-secure",
            Rejection::PrefixSecure => "prefix-secure",
            Rejection::PrefixHost => "prefix-host",
            Rejection::PrefixHttp => "prefix-http",
            Rejection::PrefixHostHttp => "prefix-host-http",
            Rejection::NamelessPrefix => "nameless-prefix",
            Rejection::PartitionedWithoutSecure => "partitioned-secure",
        }
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rejection({}: {self})", self.id())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rejection::ControlOctet => "the line has a control octet, and browsers drop all of it; percent-encode it",
            Rejection::Empty => "the line has neither a name nor a value; write `name=value`",
            Rejection::Size => {
                "the name and the value are over 4096 octets together; keep the data on the server and its key in the \
                 cookie"
            }
            Rejection::DomainNotAscii => "the `Domain` is not ASCII; write its A-label, as in `xn--bcher-kva.example`",
            Rejection::PublicSuffix { domain } => {
                let domain = until_fold(domain);
                return write!(
                    f,
                    "`Domain={domain}` is a public suffix, which strangers share; use a domain that is registered \
                     under it, or leave `Domain` out"
                );
            }
            Rejection::DomainMismatch { domain, host } => {
                let domain = until_fold(domain);
                return write!(
                    f,
                    "`Domain={domain}` is neither the host `{host}` nor a parent of it; write one of these, or leave \
                     `Domain` out"
                );
            }
            Rejection::SecureOverPlainHttp => "a Secure cookie came over plain HTTP; serve the page over HTTPS",
            Rejection::SameSiteNoneWithoutSecure => "`SameSite=None` needs Secure; write `Secure`, or `SameSite=Lax`",
            Rejection::PrefixSecure => "a `__Secure-` name needs Secure; write `Secure`",
            Rejection::PrefixHost => {
                "a `__Host-` name needs Secure, `Path=/` and no Domain; write `Secure; Path=/` and no `Domain`"
            }
            Rejection::PrefixHttp => "a `__Http-` name needs Secure and HttpOnly; write `Secure; HttpOnly`",
            Rejection::PrefixHostHttp => {
                "a `__Host-Http-` name needs Secure, HttpOnly, `Path=/` and no Domain; write `Secure; HttpOnly; \
                 Path=/` and no `Domain`"
            }
            Rejection::NamelessPrefix => {
                "a value that begins with a prefix has no name, and servers would take it for one; write `name=value`"
            }
            Rejection::PartitionedWithoutSecure => "`Partitioned` needs Secure; write `Secure` or no `Partitioned`",
        })
    }
}

impl std::error::Error for Rejection {}
