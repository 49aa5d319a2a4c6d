//! Parses the host of a request. The input is the request's URI and headers. The output is a valid host name or IP
//! address, or the reason why the host is invalid. hardtack does not resolve host names.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

use super::head::{Repeated, only_header};

/// A valid host without a port. A host is one of the following:
///
/// - A name that contains only letters, digits, hyphens, underscores and dots
/// - An IPv4 address
/// - An IPv6 address in brackets
///
/// All bytes are ASCII. The type contains bytes instead of a `str`, because the check of a `str` costs as much as the
/// parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host<'a>(&'a [u8]);

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
        let host_header = host_header(headers).map_err(|Repeated| HostFault::Doubled)?;
        match (uri.authority(), host_header) {
            (Some(authority), _) => Ok(RequestHost::Uri(authority.clone())),
            (None, Some(value)) => Ok(RequestHost::Header(value.clone())),
            (None, None) => Err(HostFault::Missing),
        }
    }

    /// Validates the host.
    pub(crate) fn host(&self) -> Result<Host<'_>, HostFault> {
        let authority = match self {
            RequestHost::Uri(authority) => authority.as_str().as_bytes(),
            RequestHost::Header(value) => value.as_bytes(),
        };
        Host::parse_bytes(authority).ok_or(HostFault::Malformed)
    }

    /// Returns true if browsers store HSTS for the host. Browsers store no HSTS for a loopback name or an IP address
    /// (RFC 6797 8.1.1).
    ///
    /// Every response over HTTPS needs this answer. So the method only reads the end of the host, and does not validate
    /// the rest. A browser ignores the HSTS header of a host that it cannot parse.
    #[cfg(feature = "_layer")]
    pub(crate) fn is_public_name(&self) -> bool {
        let authority = match self {
            RequestHost::Uri(authority) => authority.as_str().as_bytes(),
            RequestHost::Header(value) => value.as_bytes(),
        };
        let name = match authority.iter().rposition(|byte| !byte.is_ascii_digit()) {
            Some(colon) if authority.get(colon) == Some(&b':') => authority.get(..colon).unwrap_or_default(),
            Some(_) | None => authority,
        };
        // Most names end with a letter with which no address and no `localhost` ends, such as `example.com`. The
        // numbers of an address end with a digit, with one of the letters A to F, or with the `x` of `0x`.
        if let Some(b'g'..=b's' | b'u'..=b'w' | b'y' | b'z') = name.last() {
            return true;
        }
        let Some(last) = labels(without_last_dot(name)).next_back() else { return false };
        let is_address = name.starts_with(b"[") || is_number(last);
        !is_address && !last.eq_ignore_ascii_case(LOCALHOST)
    }
}

/// Returns the only `Host` header, or an error if the request contains several. Most clients send `Host` first, so a look
/// at the first header usually saves a search in the map.
fn host_header(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Repeated> {
    match headers.iter().next() {
        Some((name, value)) if *name == HOST && headers.len() == headers.keys_len() => Ok(Some(value)),
        Some(_) | None => only_header(headers, &HOST),
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
        Host::parse_bytes(authority.as_bytes())
    }

    fn parse_bytes(authority: &'a [u8]) -> Option<Self> {
        let length = match authority.strip_prefix(b"[") {
            Some(rest) => rest.iter().position(|byte| *byte == b']')?.saturating_add(2),
            None => parse_name_length(authority)?,
        };
        let (host, port) = authority.split_at_checked(length)?;
        let is_host = !host.starts_with(b"[") || parse_bracketed_ipv6(host).is_some();
        (is_host && is_port(port)).then_some(Host(host))
    }

    pub(crate) fn as_str(self) -> &'a str {
        // The conversion does not fail, because all bytes are ASCII.
        core::str::from_utf8(self.0).unwrap_or_default()
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
        labels(without_last_dot(self.0)).next_back().is_some_and(|label| label.eq_ignore_ascii_case(LOCALHOST))
    }

    fn ipv4(self) -> Option<Ipv4Addr> {
        // The check of the last byte saves time. Most host names end with a letter, and the IPv4 parser is slower than
        // this check.
        if self.0.last().is_some_and(u8::is_ascii_digit) { parse(self.0) } else { None }
    }
}

const LOCALHOST: &[u8] = b"localhost";

/// Returns the length of the name or IPv4 address at the start of an authority (`host:port`). Returns `None` if the
/// name or address is invalid.
fn parse_name_length(authority: &[u8]) -> Option<usize> {
    let mut is_label_empty = true;
    let mut end = authority.len();
    for (at, byte) in authority.iter().enumerate() {
        if is_name_byte(*byte) {
            is_label_empty = false;
        } else if *byte == b'.' && !is_label_empty {
            is_label_empty = true;
        } else if *byte == b':' {
            end = at;
            break;
        } else {
            return None;
        }
    }
    let name = authority.get(..end)?;
    // One dot after the last label of a host name is allowed.
    let ends_in_number = labels(without_last_dot(name)).next_back().is_some_and(is_number);
    // A host whose last label is a number must be an IPv4 address (WHATWG URL 3.5).
    let is_valid = end > 0 && (!ends_in_number || parse::<Ipv4Addr>(name).is_some());
    is_valid.then_some(end)
}

fn without_last_dot(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".").unwrap_or(name)
}

/// Returns true if the byte may be in a label of a host name. RFC 1123 does not allow an underscore in a host name, but
/// the host names of many containers contain an underscore.
#[allow(clippy::indexing_slicing, reason = "a byte is below 256")]
fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES[usize::from(byte)]
}

static NAME_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "below 256")]
        {
            allowed[byte] = matches!(byte as u8, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_');
        }
        byte += 1;
    }
    allowed
};

/// Returns true if browsers parse a label of a host name as a number. For example, browsers parse `0x7f` as 127, and
/// `0x` as zero.
fn is_number(label: &[u8]) -> bool {
    match label {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

fn labels(name: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.split(|byte| *byte == b'.')
}

fn parse_bracketed_ipv6(host: &[u8]) -> Option<Ipv6Addr> {
    parse(host.strip_prefix(b"[")?.strip_suffix(b"]")?)
}

fn parse<T: core::str::FromStr>(text: &[u8]) -> Option<T> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// Returns true if the text after the host is empty, or consists of `:` and a port number. After the `:`, the port
/// number can be missing (RFC 3986 3.2.3).
fn is_port(port: &[u8]) -> bool {
    match port {
        [] | [b':'] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit) && parse::<u16>(digits).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Host;
    #[cfg(feature = "_layer")]
    use super::{HeaderValue, RequestHost};

    #[test]
    fn host_name_may_have_an_underscore() {
        assert_eq!(Host::parse("my_app:8080").map(Host::as_str), Some("my_app"));
        assert!(Host::parse("my app").is_none());
    }

    /// Browsers store HSTS for names only.
    #[cfg(feature = "_layer")]
    #[test]
    fn public_names_are_not_addresses() {
        let is_public = |host: &'static str| RequestHost::Header(HeaderValue::from_static(host)).is_public_name();
        for public in [
            "shop.com",
            "shop.example",
            "shop.example.",
            "a",
            "shop.de:8443",
            "1.a",
            "xlocalhost",
            "localhost.example:1",
        ] {
            assert!(is_public(public), "{public}");
        }
        let others = ["127.0.0.1", "192.168.1.20:8443", "[::1]", "[2001:db8::1]:443", "localhost", "LOCALHOST:3000"];
        for other in others.into_iter().chain([
            "app.localhost",
            "localhost.",
            "0x7f.1",
            "a.0x7f",
            "1.0x",
            "1",
            "1:1",
            "",
            ":443",
        ]) {
            assert!(!is_public(other), "{other}");
        }
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
