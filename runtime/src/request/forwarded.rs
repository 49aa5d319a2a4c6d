//! Parses the header in which a proxy sends the scheme of a request: `X-Forwarded-Proto` or `Forwarded` (RFC 7239). A
//! request with a malformed forwarding header counts as plain HTTP.

use hardtack_rules::syntax::is_tchar;
use http::{HeaderMap, HeaderValue};

use crate::wire::list::split_unquoted;

/// The header in which the proxies send the scheme. hardtack reads the scheme only from the configured header,
/// `X-Forwarded-Proto` or `Forwarded`.
#[derive(Debug, Clone, Copy)]
pub(super) enum ForwardingHeader {
    XForwardedProto,
    Forwarded,
}

impl ForwardingHeader {
    pub(super) fn name(self) -> &'static str {
        match self {
            ForwardingHeader::XForwardedProto => "X-Forwarded-Proto",
            ForwardingHeader::Forwarded => "Forwarded",
        }
    }

    /// Returns `Some(true)` if every element of the configured header states HTTPS. Returns `None` if the request does
    /// not have the configured header.
    pub(super) fn claims_https(self, headers: &HeaderMap) -> Option<bool> {
        let mut values = headers.get_all(self.name()).iter().map(HeaderValue::as_bytes).peekable();
        values.peek()?;
        Some(match self {
            // An empty element of the header, as in `https,`, does not count as HTTPS. Here, `trim_ascii` trims only SP
            // and HTAB, because a header value cannot contain other white space.
            ForwardingHeader::XForwardedProto => {
                values.all(|value| value.split(|byte| *byte == b',').all(|protocol| is_https(protocol.trim_ascii())))
            }
            ForwardingHeader::Forwarded => values.all(|value| split_unquoted(value, b',').all(element_is_https)),
        })
    }
}

/// Returns true for `https` and `wss`, which are protocols with TLS. The function ignores the letter case.
pub(crate) fn is_https(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(b"https") || protocol.eq_ignore_ascii_case(b"wss")
}

/// Returns true if a `forwarded-element` (RFC 7239 section 4) states HTTPS. An element is a list of `name=value` pairs,
/// separated by semicolons. Exactly one pair must have the name `proto`.
fn element_is_https(element: &[u8]) -> bool {
    let mut proto = None;
    // RFC 7239 does not allow white space around `;` in `Forwarded`, but some proxies send white space around `;`. RFC
    // 9110 5.6.6 allows white space around `;` in parameter lists.
    for pair in split_unquoted(element, b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = parse_pair(pair) else {
            return false;
        };
        if name.eq_ignore_ascii_case(b"proto") && proto.replace(value).is_some() {
            return false;
        }
    }
    proto.is_some_and(is_https)
}

/// Parses `token "=" ( token / quoted-string )`. Returns the name, and the value without quotes. The function does not
/// remove a `\` from a quoted string, because a value with `\` never matches a protocol.
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

/// Returns true if the bytes are valid between the quotes of a quoted string. Each quote in a quoted string must be
/// escaped. A quoted string must not end with an unescaped `\`.
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
    use super::parse_pair;

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
}
