//! The host that a request names. In: its URI and fields; out: a checked name or address, or why there is none. Resolves
//! nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

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

/// What a request says of its host, unchecked; it outlives the request.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    Uri(Authority),
    Field(HeaderValue),
}

impl Named {
    /// The authority of the URI (HTTP/2, absolute form), else the one `Host` field (RFC 9112 3.2 and 3.2.2).
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, HostFault> {
        let mut fields = headers.get_all(HOST).iter();
        let field = fields.next();
        if fields.next().is_some() {
            return Err(HostFault::Doubled);
        }
        match (uri.authority(), field) {
            (Some(authority), _) => Ok(Named::Uri(authority.clone())),
            (None, Some(field)) => Ok(Named::Field(field.clone())),
            (None, None) => Err(HostFault::Missing),
        }
    }

    pub(crate) fn host(&self) -> Result<Host<'_>, HostFault> {
        let authority = match self {
            Named::Uri(authority) => Some(authority.as_str()),
            Named::Field(field) => field.to_str().ok(),
        };
        authority.and_then(Host::parse).ok_or(HostFault::Malformed)
    }
}

/// Whether a host, with or without brackets, is an IP address and no name.
pub(crate) fn is_address(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok()
}

impl<'a> Host<'a> {
    /// `host [ ":" port ]`, without user information.
    pub(crate) fn parse(authority: &'a str) -> Option<Self> {
        let length = match authority.strip_prefix('[') {
            Some(rest) => position(rest, b']')?.saturating_add(2),
            None => name_length(authority)?,
        };
        let (host, port) = authority.split_at_checked(length)?;
        let is_host = !host.starts_with('[') || bracketed(host).is_some();
        (is_host && is_port(port)).then_some(Host(host))
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

/// How long the name or the IPv4 address is that the authority begins with.
fn name_length(authority: &str) -> Option<usize> {
    // Of the label that is being read.
    let mut length = 0;
    let mut end = authority.len();
    for (at, octet) in authority.bytes().enumerate() {
        match octet {
            // An underscore stands in no host name of RFC 1123, and in many a container's.
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' => length += 1,
            b'.' if length > 0 => length = 0,
            b':' => {
                end = at;
                break;
            }
            _ => return None,
        }
    }
    let name = authority.get(..end)?;
    // The last label may be followed by one dot.
    let ends_in_number = labels(name.strip_suffix('.').unwrap_or(name)).next_back().is_some_and(is_number);
    // What ends in a number is an IPv4 address or nothing (WHATWG URL 3.5).
    let is_whole = end > 0 && (!ends_in_number || name.parse::<Ipv4Addr>().is_ok());
    is_whole.then_some(end)
}

/// A number to a browser: `0x7f` is one, and `0x` is zero.
fn is_number(label: &[u8]) -> bool {
    match label {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
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

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn a_container_may_have_an_underscore_in_its_name() {
        assert_eq!(Host::parse("my_app:8080").map(Host::as_str), Some("my_app"));
        assert!(Host::parse("my app").is_none());
    }

    #[test]
    fn what_ends_in_a_number_is_an_address_and_no_label_is_empty() {
        fn host(authority: &str) -> Option<&str> {
            Host::parse(authority).map(Host::as_str)
        }
        for same in
            ["a", "a.b.", "127.0.0.1", "1.a", "a.1b", "0x7g", "0x7f.a", "a.x7f", "[::1]", "xn--bcher-kva.example"]
        {
            assert_eq!(host(same), Some(same));
            assert_eq!(host(&format!("{same}:443")), Some(same));
            assert_eq!(host(&format!("{same}:")), Some(same));
        }
        for none in
            ["", ".", "a..b", ".a", "a.1", "1", "1.", "127.0.0.1.", "1.2.3", "256.1.1.1", "[", "[::1", "[a]", "a@b"]
        {
            assert_eq!(host(none), None, "{none}");
            assert_eq!(host(&format!("{none}:443")), None, "{none}:443");
        }
        // `https://0x7f.1/` leads to 127.0.0.1.
        for none in ["0x7f000001", "0x7f.1", "127.0.0.0x1", "a.0X7F", "a.0x", "0x", "a.0x1."] {
            assert_eq!(host(none), None, "{none}");
        }
        for port in ["a:65536", "a:-1", "a:+1", "a:1:1", "[::1]1"] {
            assert_eq!(host(port), None, "{port}");
        }
    }
}
