//! Parses forwarding headers. In these headers, a proxy describes the request that the proxy received. The input is the
//! headers of a request. The output is the elements of `Forwarded` (RFC 7239), and the protocols and addresses in all
//! forwarding headers.

use std::net::{IpAddr, SocketAddr};

use hardtack_rules::syntax::is_tchar;
use http::header::FORWARDED;
use http::{HeaderMap, HeaderValue};

use crate::wire::list::split_unquoted;

/// Returns true for `https` and `wss`, which are protocols with TLS. Letter case does not matter.
pub(crate) fn is_https(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(b"https") || protocol.eq_ignore_ascii_case(b"wss")
}

/// Splits all headers with the name `name` at their commas, and returns the elements as one list (RFC 9110 5.3). Use
/// this function only for headers without quoted strings. Here, `trim_ascii` only removes SP and HTAB, because a header
/// value cannot contain other white space.
pub(super) fn list_elements<'a>(
    headers: &'a HeaderMap,
    name: &'a str,
) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'a> {
    headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

/// Returns the elements of all `Forwarded` headers as one list. An element of the list can be malformed.
pub(super) fn forwarded_elements(headers: &HeaderMap) -> impl Iterator<Item = ForwardedElement<'_>> {
    headers
        .get_all(FORWARDED)
        .iter()
        .map(HeaderValue::as_bytes)
        .flat_map(|value| split_unquoted(value, b','))
        .map(ForwardedElement)
}

/// A `forwarded-element` (RFC 7239 section 4). An element is a list of `name=value` pairs, separated by semicolons.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForwardedElement<'a>(&'a [u8]);

impl<'a> ForwardedElement<'a> {
    /// Returns the name and the value of each pair. A malformed pair is `None`.
    fn pairs(self) -> impl Iterator<Item = Option<(&'a [u8], &'a [u8])>> {
        // In `Forwarded`, RFC 7239 does not allow white space around `;`, but some proxies send white space there. In
        // parameter lists of other headers, RFC 9110 5.6.6 allows the white space.
        split_unquoted(self.0, b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).map(parse_pair)
    }

    /// Returns true if every pair in the element is well-formed.
    pub(super) fn is_valid(self) -> bool {
        self.pairs().all(|pair| pair.is_some())
    }

    /// Returns true if the element states HTTPS. The element must be well-formed, and exactly one pair must have the
    /// name `proto`.
    pub(super) fn is_https(self) -> bool {
        let mut proto = None;
        for pair in self.pairs() {
            let Some((name, value)) = pair else { return false };
            if name.eq_ignore_ascii_case(b"proto") && proto.replace(value).is_some() {
                return false;
            }
        }
        proto.is_some_and(is_https)
    }

    /// Returns true if at least one pair in the element is `proto=https` or `proto=wss`. The other pairs of the element
    /// can be malformed.
    pub(super) fn claims_https(self) -> bool {
        self.pairs().flatten().any(|(name, value)| name.eq_ignore_ascii_case(b"proto") && is_https(value))
    }

    /// Returns true if the element is well-formed, and the closure `is_allowed` returns true for each pair. The closure
    /// takes the name and the value of a pair.
    pub(super) fn all_pairs(self, mut is_allowed: impl FnMut(&'a [u8], &'a [u8]) -> bool) -> bool {
        self.pairs().all(|pair| pair.is_some_and(|(name, value)| is_allowed(name, value)))
    }
}

/// Parses the address of a client: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
/// An IPv4-mapped address counts as an IPv4 address. Returns `None` for any text that is not an address, such as
/// `unknown` and `_hidden` (RFC 7239 section 6).
pub(super) fn parse_node(node: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(node).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(bare) => IpAddr::V6(bare.parse().ok()?),
        None => match text.parse() {
            Ok(address) => address,
            Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
        },
    };
    Some(address.to_canonical())
}

/// Parses `token "=" ( token / quoted-string )`. Returns the name, and the value without quotes. Keeps each `\` in a
/// quoted string, because a protocol, an address or a host never contains a `\`.
fn parse_pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_token = |text: &[u8]| !text.is_empty() && text.iter().copied().all(is_tchar);
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let (name, value) = (halves.next()?, halves.next()?);
    let value = match value {
        [b'"', inner @ .., b'"'] if is_quoted_content(inner) => inner,
        token if is_token(token) => token,
        _ => return None,
    };
    is_token(name).then_some((name, value))
}

/// Returns true if the bytes are valid between the quotes of a quoted string. Between the quotes, each `"` must be
/// escaped, and the last byte must not be an unescaped `\`.
fn is_quoted_content(inner: &[u8]) -> bool {
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return false,
            b'\\' if bytes.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{parse_node, parse_pair};

    #[test]
    fn incomplete_quoted_strings_are_rejected() {
        for (pair, value) in [
            (&b"for=\"a\""[..], Some(&b"a"[..])),
            (b"for=\"a\\\"b\"", Some(b"a\\\"b")),
            (b"for=\"a\"b\"", None),
            (b"for=\"a\\\"", None),
            (b"for=\"a", None),
            (b"for=", None),
            (b"=a", None),
        ] {
            assert_eq!(parse_pair(pair).map(|(_, value)| value), value, "{}", pair.escape_ascii());
        }
    }

    #[test]
    fn addresses_of_clients_parse_with_ports() {
        for (node, address) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("::1", Some("::1")),
            ("[::1]", Some("::1")),
            ("[::1]:8080", Some("::1")),
            ("::ffff:127.0.0.1", Some("127.0.0.1")),
            ("[::ffff:127.0.0.1]:80", Some("127.0.0.1")),
            ("[127.0.0.1]", None),
            ("192.0.2.1:", None),
            ("192.0.2.1:x", None),
            ("192.0.2.1:_port", None),
            ("[::1", None),
            ("\"[::1]\"", None),
            ("unknown", None),
            ("_hidden", None),
            ("localhost", None),
            ("", None),
            ("fe80::1%eth0", None),
        ] {
            assert_eq!(parse_node(node.as_bytes()).map(|address| address.to_string()).as_deref(), address, "{node}");
        }
    }
}
