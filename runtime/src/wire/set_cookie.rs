//! Parses and edits a `Set-Cookie` header that was written without hardtack. An edit changes the value of one
//! attribute, and keeps all other bytes of the header.
//!
//! The parser reads a header as browsers do (6265bis 5.6):
//!
//! - The parser splits the header at `;`, and trims spaces and tabs.
//! - The parser ignores the letter case of an attribute's name.
//! - The parser ignores an attribute whose value has more than 1024 bytes.
//! - If a header repeats an attribute, the parser uses the last occurrence.

use std::borrow::Cow;

use hardtack_rules::SameSite;
use hardtack_rules::syntax::MAX_ATTRIBUTE_BYTES;

use super::lifetime::Lifetime;
use super::list::trim;
use super::shown::Shown;

/// The name, value and attributes of a `Set-Cookie` header, parsed in the same way as in browsers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ParsedSetCookie<'a> {
    /// The whole value of the `Set-Cookie` header.
    pub(crate) header: &'a [u8],
    /// The cookie's name. If the text before the first `;` has no `=`, the name is empty, and this text is the cookie's
    /// value.
    pub(crate) name: &'a [u8],
    #[cfg_attr(
        not(any(feature = "audit", feature = "_layer", feature = "testing")),
        expect(dead_code, reason = "only these features read it")
    )]
    pub(crate) value: &'a [u8],
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<&'a [u8]>,
    /// The `Domain` without a leading dot.
    pub(crate) domain: Option<&'a [u8]>,
    pub(crate) path: Option<&'a [u8]>,
    pub(crate) partitioned: bool,
    /// The `Max-Age` and the `Expires`.
    pub(crate) lifetime: Lifetime,
}

impl<'a> ParsedSetCookie<'a> {
    pub(crate) fn parse(header: &'a [u8]) -> Self {
        let (pair, attributes) = split_attributes(header);
        let (name, value) = match split_at_equals(pair) {
            (name, Some(value)) => (name, value),
            (text, None) => (&[][..], text),
        };
        let mut parsed = ParsedSetCookie { header, name, value, ..ParsedSetCookie::default() };
        for (name, value) in attributes {
            let value = value.unwrap_or_default();
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            match name.len() {
                4 if is("Path") => parsed.path = Some(value),
                6 if is("Secure") => parsed.secure = true,
                6 if is("Domain") => parsed.domain = Some(value.strip_prefix(b".").unwrap_or(value)),
                7 if is("Max-Age") => parsed.lifetime.set_max_age(value),
                7 if is("Expires") => parsed.lifetime.set_expires(value),
                8 if is("HttpOnly") => parsed.http_only = true,
                8 if is("SameSite") => parsed.same_site = Some(value),
                11 if is("Partitioned") => parsed.partitioned = true,
                _ => {}
            }
        }
        parsed
    }

    /// Returns the `SameSite` of the header, or `None` if the `SameSite` value is not valid. The letter case of the
    /// value does not matter (6265bis 5.6.7).
    pub(crate) fn known_same_site(&self) -> Option<SameSite> {
        let value = self.same_site?;
        [SameSite::Strict, SameSite::Lax, SameSite::None]
            .into_iter()
            .find(|known| value.eq_ignore_ascii_case(known.as_str().as_bytes()))
    }

    /// Returns the `Domain`. Returns `None` if the `Domain` is empty, because a cookie with an empty `Domain` is
    /// host-only.
    #[cfg(any(feature = "audit", feature = "_layer"))]
    pub(crate) fn shared_domain(&self) -> Option<&'a [u8]> {
        self.domain.filter(|domain| !domain.is_empty())
    }

    /// Returns the cookie's name for a log. The returned name ends before the first character that cannot be in a name.
    pub(crate) fn display_name(&self) -> Cow<'a, str> {
        let shown = Shown::name(self.name);
        match shown.is_cut() {
            _ if shown.is_empty() => Cow::Borrowed("(nameless)"),
            true => Cow::Owned(shown.to_string()),
            false => Cow::Borrowed(shown.start()),
        }
    }
}

/// The name of an attribute, and the attribute's value if the attribute has a `=`.
pub(crate) type Attribute<'a> = (&'a [u8], Option<&'a [u8]>);

/// Returns the attributes that browsers do not ignore, in the order of the header.
#[cfg(feature = "audit")]
pub(crate) fn attributes(header: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    split_attributes(header).1
}

/// Returns all attributes in the order of the header. The result also contains attributes that browsers ignore because
/// the value is too long.
#[cfg(feature = "audit")]
pub(crate) fn all_attributes(header: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    header.split(|byte| *byte == b';').skip(1).map(split_at_equals)
}

/// Returns the name-value pair, and the attributes that browsers do not ignore.
fn split_attributes(header: &[u8]) -> (&[u8], impl Iterator<Item = Attribute<'_>>) {
    let mut pieces = header.split(|byte| *byte == b';');
    let pair = pieces.next().unwrap_or_default();
    (pair, pieces.map(split_at_equals).filter(is_short_enough))
}

/// Returns true if the attribute's value has at most 1024 bytes. Browsers ignore an attribute with a longer value
/// (6265bis 5.6).
pub(crate) fn is_short_enough((_, value): &Attribute<'_>) -> bool {
    value.is_none_or(|value| value.len() <= MAX_ATTRIBUTE_BYTES)
}

/// Returns a copy of the header in which every attribute with the name `attribute_name` has the value `new_value`. If
/// the header has no attribute with this name, appends the attribute.
pub(crate) fn with_attribute(header: &[u8], attribute_name: &str, new_value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + attribute_name.len() + new_value.len() + 3);
    let mut found = false;
    for (index, piece) in header.split(|byte| *byte == b';').enumerate() {
        if index > 0 {
            out.push(b';');
        }
        let attribute = split_at_equals(piece);
        let (name, _) = attribute;
        if index > 0 && name.eq_ignore_ascii_case(attribute_name.as_bytes()) && is_short_enough(&attribute) {
            found = true;
            let indent = piece.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            out.extend_from_slice(piece.get(..indent).unwrap_or_default());
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(new_value);
        } else {
            out.extend_from_slice(piece);
        }
    }
    if !found {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(attribute_name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(new_value);
    }
    out
}

/// Splits an attribute at the first `=`, and trims its name and its value. If the attribute has no `=`, the whole text
/// is the attribute's name.
pub(crate) fn split_at_equals(piece: &[u8]) -> Attribute<'_> {
    let mut halves = piece.splitn(2, |byte| *byte == b'=');
    (trim(halves.next().unwrap_or_default()), halves.next().map(trim))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{ParsedSetCookie, with_attribute};

    #[test]
    fn attributes_are_parsed_like_in_browsers() {
        let long = [b"a=1; Secure=".to_vec(), vec![b'x'; 1025]].concat();
        assert!(!ParsedSetCookie::parse(&long).secure);
        let parsed =
            ParsedSetCookie::parse(b" sid = v ;SECURE;httponly=no; samesite=None; SameSite = strict ; Max-Age=5");
        assert_eq!(parsed.name, b"sid");
        assert!(parsed.secure && parsed.http_only);
        assert_eq!(parsed.same_site, Some(&b"strict"[..]));
        assert_eq!(ParsedSetCookie::parse(b"Secure; Path=/").name, b"");
        assert!(!ParsedSetCookie::parse(b"Secure; =Secure").secure);
        // Each unknown attribute name in the next header is as long as the name of a known attribute.
        let unknown = ParsedSetCookie::parse(b"a=1; Test=/x; Priority=High; Secret; Dominus=y; HttpOnce; Partitional1");
        assert_eq!((unknown.path, unknown.same_site, unknown.domain), (None, None, None));
        assert!(!unknown.secure && !unknown.http_only && !unknown.partitioned);
    }

    #[test]
    fn names_are_cut_for_the_log() {
        for (header, expected) in [
            (&b"__Host-id=1"[..], "__Host-id"),
            (b"=1", "(nameless)"),
            (b"1", "(nameless)"),
            (b"a\x1b[2J=1", "a…"),
            (b"s[id]=1", "s…"),
            (b"\"=1", "…"),
            (b"\xc3\xa9=1", "…"),
        ] {
            assert_eq!(ParsedSetCookie::parse(header).display_name(), expected);
        }
    }

    #[test]
    fn replacing_an_attribute_keeps_other_bytes() {
        assert_eq!(
            with_attribute(b"a=1;  samesite = none ;X-Odd=\"y\" ;Path=/", "SameSite", b"Strict"),
            b"a=1;  samesite=Strict;X-Odd=\"y\" ;Path=/"
        );
        assert_eq!(with_attribute(b"samesite=1", "SameSite", b"Lax"), b"samesite=1; SameSite=Lax");
    }

    #[test]
    fn max_age_precedes_expires_and_last_valid_counts() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (header, is_expired, exceeds_a_minute) in [
            ("a=1", false, false),
            ("a=1; Max-Age=60", false, false),
            ("a=1; Max-Age=61", false, true),
            ("a=1; Max-Age=0; Max-Age=61; Max-Age=x", false, true),
            ("a=1; Max-Age=0; Expires=Fri, 31 Dec 2100 00:00:00 GMT", true, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:46:40 GMT", true, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:46:41 GMT", false, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:47:40 GMT; Expires=never", false, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:47:41 GMT", false, true),
        ] {
            let lifetime = ParsedSetCookie::parse(header.as_bytes()).lifetime;
            assert_eq!(lifetime.is_expired(now), is_expired, "{header}");
            assert_eq!(lifetime.exceeds(Duration::from_secs(60), || now), exceeds_a_minute, "{header}");
        }
    }
}
