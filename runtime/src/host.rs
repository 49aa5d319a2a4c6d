//! The host that a request names. In: its URI and fields; out: a checked name or address, or why there is none. Resolves
//! nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::{HeaderMap, Uri};

/// The host that a request names, checked, without its port: a name of letters, digits, hyphens and dots, an IPv4
/// address, or an IPv6 address in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host<'a>(&'a str);

/// Why a request names no host that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostFault {
    Missing,
    Doubled,
    Malformed,
}

impl<'a> Host<'a> {
    /// The authority of the URI (HTTP/2, absolute form), else the one `Host` field (RFC 9112 3.2 and 3.2.2).
    pub(crate) fn of(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Self, HostFault> {
        let mut fields = headers.get_all(HOST).iter();
        let field = fields.next();
        if fields.next().is_some() {
            return Err(HostFault::Doubled);
        }
        let authority = match (uri.authority(), field) {
            (Some(authority), _) => Some(authority.as_str()),
            (None, Some(field)) => field.to_str().ok(),
            (None, None) => return Err(HostFault::Missing),
        };
        authority.and_then(Host::parse).ok_or(HostFault::Malformed)
    }

    /// `host [ ":" port ]`, without user information.
    pub(crate) fn parse(authority: &'a str) -> Option<Self> {
        let length = match authority.strip_prefix('[') {
            Some(rest) => position(rest, b']')?.saturating_add(2),
            None => position(authority, b':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at_checked(length)?;
        (is_host(host) && is_port(port)).then_some(Host(host))
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether it is a name that a browser keeps HSTS for (RFC 6797 8.1.1): no address, not loopback.
    pub(crate) fn is_public_name(self) -> bool {
        !self.is_loopback() && bracketed(self.0).is_none() && self.ipv4().is_none()
    }

    /// Whether Chromium and Firefox take the host for this machine without resolving it (Secure Contexts 3.1).
    pub(crate) fn is_loopback(self) -> bool {
        if let Some(address) = bracketed(self.0) {
            return address == Ipv6Addr::LOCALHOST;
        }
        if let Some(address) = self.ipv4() {
            return address.is_loopback();
        }
        let name = self.0.strip_suffix('.').unwrap_or(self.0);
        labels(name).next_back().is_some_and(|label| label.eq_ignore_ascii_case(b"localhost"))
    }

    fn ipv4(self) -> Option<Ipv4Addr> {
        // Most names end in a letter, and the parser is the dearer question.
        if self.0.as_bytes().last().is_some_and(u8::is_ascii_digit) { self.0.parse().ok() } else { None }
    }
}

fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        return bracketed(host).is_some();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &[u8]| !label.is_empty() && label.iter().copied().all(is_label_octet);
    let is_number = |label: &[u8]| label.iter().all(u8::is_ascii_digit);
    // What ends in a number is an IPv4 address or nothing (WHATWG URL 3.5).
    labels(name).all(is_label) && (!labels(name).next_back().is_some_and(is_number) || host.parse::<Ipv4Addr>().is_ok())
}

/// By octet: of a host's few, a search for a `char` costs more than all the rest.
fn labels(name: &str) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.as_bytes().split(|octet| *octet == b'.')
}

fn position(text: &str, sought: u8) -> Option<usize> {
    text.bytes().position(|octet| octet == sought)
}

fn bracketed(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Nothing, or `:` and a port, which may be empty (RFC 3986 3.2.3).
fn is_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            digits.is_empty() || (digits.bytes().all(|octet| octet.is_ascii_digit()) && digits.parse::<u16>().is_ok())
        })
}

/// An underscore stands in no host name of RFC 1123, and in many a container's.
fn is_label_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn a_container_may_have_an_underscore_in_its_name() {
        assert_eq!(Host::parse("my_app:8080").map(Host::as_str), Some("my_app"));
        assert!(Host::parse("my app").is_none());
    }
}
