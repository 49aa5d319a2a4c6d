//! The reasons why browsers reject a `Set-Cookie` header. Each reason has an id and a message. `browser::check` returns
//! the reason why browsers reject one header.

use std::fmt;

use crate::event::Code;
use crate::request::host::without_port;
use crate::wire::shown::Shown;

/// The reason why a browser rejects a `Set-Cookie` header. If a header breaks several rules, the `Rejection` is the
/// first broken rule.
///
/// ```
/// use hardtack::audit::{Context, Rejection, set_cookie};
///
/// let rejection = set_cookie(b"__Host-id=1; Secure", &Context::https("example.com")).stored.unwrap_err();
/// assert_eq!((&rejection, rejection.id()), (&Rejection::PrefixHost, "prefix-host"));
/// assert_eq!(
///     rejection.to_string(),
///     "a `__Host-` name needs Secure, `Path=/` and no Domain; write `Secure; Path=/` and no `Domain`",
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The header contains a control character other than HTAB (6265bis 5.6 step 1).
    ControlOctet,
    /// The header has neither a name nor a value (6265bis 5.7 step 2).
    Empty,
    /// The name and the value together are longer than 4096 bytes (6265bis 5.7 step 4).
    Size,
    /// The `Domain` contains a byte that is not ASCII (6265bis 5.7 step 8).
    DomainNotAscii,
    /// The `Domain` is a public suffix and not the host itself (6265bis 5.7 step 9).
    ///
    /// Without the feature `public-suffix`, only a single label such as `com` counts as a public suffix.
    #[non_exhaustive]
    PublicSuffix {
        /// The `Domain`, in lower case and without its leading dot.
        domain: String,
    },
    /// The host is neither the `Domain` nor a subdomain of the `Domain` (6265bis 5.7 step 10). A `Domain` with a port
    /// is never the host.
    #[non_exhaustive]
    DomainMismatch {
        /// The `Domain`, in lower case and without its leading dot.
        domain: String,
        /// The host that sent the `Set-Cookie` header.
        host: String,
    },
    /// A response over plain HTTP set a Secure cookie (6265bis 5.7 step 13).
    SecureOverPlainHttp,
    /// The header has `SameSite=None` and no `Secure` (6265bis 5.7 step 19).
    SameSiteNoneWithoutSecure,
    /// The name begins with `__Secure-` in any letter case, and the header has no `Secure` (6265bis 5.7 step 20).
    PrefixSecure,
    /// The name begins with `__Host-` in any letter case, but the header has no `Secure`, has no `Path=/` or has a
    /// `Domain` (6265bis 5.7 step 21).
    PrefixHost,
    /// The name begins with `__Http-` in any letter case, and `Secure` or `HttpOnly` is missing (layered-cookies).
    PrefixHttp,
    /// The name begins with `__Host-Http-` in any letter case, but the header breaks the rule of the prefix `__Host-`
    /// or of the prefix `__Http-` (layered-cookies).
    PrefixHostHttp,
    /// The header has no cookie name, and the cookie's value begins with a name prefix such as `__Host-`. A server
    /// could read the start of the value as the name of a cookie (6265bis 5.7 step 22).
    NamelessPrefix,
    /// The header has `Partitioned` and no `Secure` (CHIPS).
    PartitionedWithoutSecure,
}

impl Rejection {
    /// Returns the id of the rule that the header breaks. Audit reports and events contain this id. If a [rule for
    /// declarations](crate::spec::Rule) rejects the same mistake, that rule has the same id.
    ///
    /// ```
    /// use hardtack::audit::Rejection;
    /// use hardtack::spec::Rule;
    ///
    /// assert_eq!(Rejection::SecureOverPlainHttp.id(), "secure-over-plain-http");
    /// assert_eq!(Rejection::Size.id(), Rule::Size.id());
    /// ```
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.code().as_str()
    }

    /// Returns the event code that corresponds to the rejection.
    pub(crate) fn code(&self) -> Code {
        match self {
            Rejection::ControlOctet => Code::ControlOctet,
            Rejection::Empty => Code::Empty,
            Rejection::Size => Code::Size,
            Rejection::DomainNotAscii => Code::DomainNotAscii,
            Rejection::PublicSuffix { .. } => Code::PublicSuffix,
            Rejection::DomainMismatch { .. } => Code::DomainMismatch,
            Rejection::SecureOverPlainHttp => Code::SecureOverPlainHttp,
            Rejection::SameSiteNoneWithoutSecure => Code::SameSiteNoneSecure,
            Rejection::PrefixSecure => Code::PrefixSecure,
            Rejection::PrefixHost => Code::PrefixHost,
            Rejection::PrefixHttp => Code::PrefixHttp,
            Rejection::PrefixHostHttp => Code::PrefixHostHttp,
            Rejection::NamelessPrefix => Code::NamelessPrefix,
            Rejection::PartitionedWithoutSecure => Code::PartitionedSecure,
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
            Rejection::ControlOctet => {
                "the header contains a control character, and browsers reject such a header; percent-encode the \
                 character"
            }
            Rejection::Empty => "the header has neither a name nor a value; write `name=value`",
            Rejection::Size => {
                "the name and the value are over 4096 bytes together; keep the data on the server and its key in the \
                 cookie"
            }
            Rejection::DomainNotAscii => "the `Domain` is not ASCII; write its A-label, as in `xn--bcher-kva.example`",
            Rejection::PublicSuffix { domain } => {
                let domain = Shown::domain(domain);
                return write!(
                    f,
                    "`Domain={domain}` is a public suffix, which unrelated sites share; use a domain that is \
                     registered under it, or leave `Domain` out"
                );
            }
            Rejection::DomainMismatch { domain, host } => {
                let domain = Shown::domain(domain);
                if without_port(domain.start()) != domain.start() {
                    return write!(
                        f,
                        "`Domain={domain}` has a port, and the cookies of a host are the same for all ports; remove the \
                         port, or leave `Domain` out"
                    );
                }
                return write!(
                    f,
                    "`Domain={domain}` is neither the host `{host}` nor a parent of it; write the host or a parent of \
                     it, or leave `Domain` out"
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
                "the value begins with a prefix and has no name, so servers could read it as a name; write `name=value`"
            }
            Rejection::PartitionedWithoutSecure => "`Partitioned` needs Secure; write `Secure` or no `Partitioned`",
        })
    }
}

impl std::error::Error for Rejection {}
