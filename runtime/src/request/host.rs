//! Parses the host of a request. The input is the request's URI and headers. The output is a valid host name or IP
//! address, or the reason why the host is invalid. hardtack does not resolve host names.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// A valid host without a port. A host is one of the following:
///
/// - A name that contains only letters, digits, hyphens, underscores and dots
/// - An IPv4 address
/// - An IPv6 address in brackets
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host<'a>(&'a str);

/// The reason why a request has no valid host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostFault {
    Missing,
    Doubled,
    Malformed,
}

/// The host of a request, not validated yet. The value is a copy, because hardtack also uses the host after the request
/// is dropped.
#[derive(Debug, Clone)]
pub(crate) enum RequestHost {
    Uri(Authority),
    Header(HeaderValue),
}

impl RequestHost {
    /// Copies the authority of the URI, or the `Host` header if the URI has no authority (RFC 9112 3.2 and 3.2.2). A
    /// URI has an authority in HTTP/2, and in the absolute form of HTTP/1.1. Returns an error if the request has
    /// several `Host` headers.
    pub(crate) fn from_request(uri: &Uri, headers: &HeaderMap) -> Result<Self, HostFault> {
        let mut host_headers = headers.get_all(HOST).iter();
        let host_header = host_headers.next();
        if host_headers.next().is_some() {
            return Err(HostFault::Doubled);
        }
        match (uri.authority(), host_header) {
            (Some(authority), _) => Ok(RequestHost::Uri(authority.clone())),
            (None, Some(value)) => Ok(RequestHost::Header(value.clone())),
            (None, None) => Err(HostFault::Missing),
        }
    }

    /// Validates the host.
    pub(crate) fn host(&self) -> Result<Host<'_>, HostFault> {
        let authority = match self {
            RequestHost::Uri(authority) => Some(authority.as_str()),
            RequestHost::Header(value) => value.to_str().ok(),
        };
        authority.and_then(Host::parse).ok_or(HostFault::Malformed)
    }
}

/// Returns true if the host is an IP address, with or without brackets.
pub(crate) fn is_address(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse::<std::net::IpAddr>().is_ok()
}

/// Returns the host without its port. Does not validate the host.
#[cfg(any(feature = "audit", feature = "_layer", feature = "testing"))]
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // If an IPv6 address has no brackets, the last colon is a part of the address, and not the start of a port.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

impl<'a> Host<'a> {
    /// Parses `host [ ":" port ]`. User information (`user@`) is not allowed.
    pub(crate) fn parse(authority: &'a str) -> Option<Self> {
        let length = match authority.strip_prefix('[') {
            Some(rest) => rest.bytes().position(|byte| byte == b']')?.saturating_add(2),
            None => parse_name_length(authority)?,
        };
        let (host, port) = authority.split_at_checked(length)?;
        let is_host = !host.starts_with('[') || parse_bracketed_ipv6(host).is_some();
        (is_host && is_port(port)).then_some(Host(host))
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// Returns true if browsers store HSTS for the host. Browsers store no HSTS for a loopback name or an IP address
    /// (RFC 6797 8.1.1).
    #[cfg(feature = "_layer")]
    pub(crate) fn is_public_name(self) -> bool {
        !self.is_loopback() && parse_bracketed_ipv6(self.0).is_none() && self.ipv4().is_none()
    }

    /// Returns true if Chromium and Firefox treat the host as the local machine without resolving the name (Secure
    /// Contexts 3.1).
    pub(crate) fn is_loopback(self) -> bool {
        if let Some(address) = parse_bracketed_ipv6(self.0) {
            return address == Ipv6Addr::LOCALHOST;
        }
        if let Some(address) = self.ipv4() {
            return address.is_loopback();
        }
        let name = self.0.strip_suffix('.').unwrap_or(self.0);
        labels(name).next_back().is_some_and(|label| label.eq_ignore_ascii_case(b"localhost"))
    }

    fn ipv4(self) -> Option<Ipv4Addr> {
        // The check of the last byte saves time. Most host names end with a letter, and the IPv4 parser is slower than
        // this check.
        if self.0.as_bytes().last().is_some_and(u8::is_ascii_digit) { self.0.parse().ok() } else { None }
    }
}

/// Returns the length of the name or IPv4 address at the start of an authority (`host:port`). Returns `None` if the
/// name or address is invalid.
fn parse_name_length(authority: &str) -> Option<usize> {
    let mut label_length = 0;
    let mut end = authority.len();
    for (at, byte) in authority.bytes().enumerate() {
        match byte {
            // RFC 1123 does not allow an underscore in a host name, but the host names of many containers contain an
            // underscore.
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' => label_length += 1,
            b'.' if label_length > 0 => label_length = 0,
            b':' => {
                end = at;
                break;
            }
            _ => return None,
        }
    }
    let name = authority.get(..end)?;
    // One dot after the last label of a host name is allowed.
    let ends_in_number = labels(name.strip_suffix('.').unwrap_or(name)).next_back().is_some_and(is_number);
    // A host whose last label is a number must be an IPv4 address (WHATWG URL 3.5).
    let is_valid = end > 0 && (!ends_in_number || name.parse::<Ipv4Addr>().is_ok());
    is_valid.then_some(end)
}

/// Returns true if browsers parse a label of a host name as a number. For example, browsers parse `0x7f` as 127, and
/// `0x` as zero.
fn is_number(label: &[u8]) -> bool {
    match label {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

/// Splits a name at its dots. Splits the bytes instead of the `str`, because `str::split` is slower for short names.
fn labels(name: &str) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.as_bytes().split(|byte| *byte == b'.')
}

fn parse_bracketed_ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Returns true if the text after the host is empty, or consists of `:` and a port number. After the `:`, the port
/// number can be missing (RFC 3986 3.2.3).
fn is_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            digits.is_empty() || (digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok())
        })
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn host_name_may_have_an_underscore() {
        assert_eq!(Host::parse("my_app:8080").map(Host::as_str), Some("my_app"));
        assert!(Host::parse("my app").is_none());
    }

    #[test]
    fn valid_hosts_parse_and_invalid_hosts_do_not() {
        fn host(authority: &str) -> Option<&str> {
            Host::parse(authority).map(Host::as_str)
        }
        for valid in
            ["a", "a.b.", "127.0.0.1", "1.a", "a.1b", "0x7g", "0x7f.a", "a.x7f", "[::1]", "xn--bcher-kva.example"]
        {
            assert_eq!(host(valid), Some(valid));
            assert_eq!(host(&format!("{valid}:443")), Some(valid));
            assert_eq!(host(&format!("{valid}:")), Some(valid));
        }
        for invalid in
            ["", ".", "a..b", ".a", "a.1", "1", "1.", "127.0.0.1.", "1.2.3", "256.1.1.1", "[", "[::1", "[a]", "a@b"]
        {
            assert_eq!(host(invalid), None, "{invalid}");
            assert_eq!(host(&format!("{invalid}:443")), None, "{invalid}:443");
        }
        // For the URL `https://0x7f.1/`, browsers connect to 127.0.0.1.
        for number in ["0x7f000001", "0x7f.1", "127.0.0.0x1", "a.0X7F", "a.0x", "0x", "a.0x1."] {
            assert_eq!(host(number), None, "{number}");
        }
        for port in ["a:65536", "a:-1", "a:+1", "a:1:1", "[::1]1"] {
            assert_eq!(host(port), None, "{port}");
        }
    }
}
