//! The header in which a proxy states the scheme: `X-Forwarded-Proto`, or `Forwarded` by RFC 7239. The parser is
//! strict: a malformed header counts as plain HTTP.

use hardtack_rules::syntax::is_tchar;
use http::{HeaderMap, HeaderValue};

use crate::wire::list::split_unquoted;

/// The one header that decides.
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

    /// Returns true if every element of every header of this name is HTTPS, and `None` if there is no such header.
    pub(super) fn claims_https(self, headers: &HeaderMap) -> Option<bool> {
        let mut values = headers.get_all(self.name()).iter().map(HeaderValue::as_bytes).peekable();
        values.peek()?;
        Some(match self {
            // An empty element is not HTTPS, as in `https,`. The only white space in a header value is SP and HTAB, so
            // `trim_ascii` trims nothing else.
            ForwardingHeader::XForwardedProto => {
                values.all(|value| value.split(|byte| *byte == b',').all(|protocol| is_https(protocol.trim_ascii())))
            }
            ForwardingHeader::Forwarded => values.all(|value| split_unquoted(value, b',').all(element_is_https)),
        })
    }
}

/// Returns true for the protocols that carry TLS: `https` and `wss`, in any letter case.
pub(crate) fn is_https(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(b"https") || protocol.eq_ignore_ascii_case(b"wss")
}

/// Parses one `forwarded-element` (RFC 7239 4): pairs between semicolons, of which exactly one is `proto`.
fn element_is_https(element: &[u8]) -> bool {
    let mut proto = None;
    // RFC 7239 allows no white space around `;`, but proxies send it. RFC 9110 5.6.6 allows it in parameter lists.
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

/// Parses `token "=" ( token / quoted-string )` to the name and the value without quotes. A `\` stays in the value.
/// Such a value is not the name of a protocol.
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

/// Returns true if the text is valid between two quotes: it has no unescaped quote and no `\` at its end.
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
