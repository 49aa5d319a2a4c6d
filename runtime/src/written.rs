//! A Set-Cookie line that others wrote: where its attributes stand, and how one is added or replaced without touching
//! another octet. Splits as a browser does (6265bis 5.6): at `;`, trimming SP and HTAB, names in any case, an attribute
//! over 1024 octets ignored, the last of a repeated one in force.

use std::borrow::Cow;

use hardtack_rules::SameSite;
use hardtack_rules::auditors::fold;
use hardtack_rules::syntax::MAX_ATTRIBUTE;

use crate::read::trim;

/// What a browser reads of a line: of a repeated attribute the last.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written<'a> {
    /// Empty for a line without `=`, which is all value.
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<&'a [u8]>,
    /// Without its leading dot.
    pub(crate) domain: Option<&'a [u8]>,
    pub(crate) path: Option<&'a [u8]>,
    pub(crate) partitioned: bool,
}

impl<'a> Written<'a> {
    pub(crate) fn read(line: &'a [u8]) -> Self {
        let (pair, attributes) = pieces(line);
        // Without `=`, all of it is the value.
        let (name, value) = match split_at_equals(pair) {
            (name, Some(value)) => (name, value),
            (text, None) => (&[][..], text),
        };
        let mut written = Written { name, value, ..Written::default() };
        for (name, value) in attributes {
            let value = value.unwrap_or_default();
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            match name.len() {
                4 if is("Path") => written.path = Some(value),
                6 if is("Secure") => written.secure = true,
                6 if is("Domain") => written.domain = Some(value.strip_prefix(b".").unwrap_or(value)),
                8 if is("HttpOnly") => written.http_only = true,
                8 if is("SameSite") => written.same_site = Some(value),
                11 if is("Partitioned") => written.partitioned = true,
                _ => {}
            }
        }
        written
    }

    /// The `SameSite` that browsers know, in any letter case (6265bis 5.6.7).
    pub(crate) fn known_same_site(&self) -> Option<SameSite> {
        let written = self.same_site?;
        [SameSite::Strict, SameSite::Lax, SameSite::None]
            .into_iter()
            .find(|known| written.eq_ignore_ascii_case(known.as_str().as_bytes()))
    }

    /// The `Domain`, unless it is empty: then the cookie is host-only.
    pub(crate) fn shared_domain(&self) -> Option<&'a [u8]> {
        self.domain.filter(|domain| !domain.is_empty())
    }

    /// The name, fit for a log.
    pub(crate) fn shown_name(&self) -> Cow<'a, str> {
        let is_plain = |octet: &u8| octet.is_ascii_graphic() && !matches!(octet, b'"' | b'\'' | b'\\');
        match std::str::from_utf8(self.name) {
            Ok("") => Cow::Borrowed("(nameless)"),
            Ok(name) if self.name.iter().all(is_plain) => Cow::Borrowed(name),
            _ => Cow::Owned(self.name.escape_ascii().to_string()),
        }
    }
}

/// Its name, and its value where there is a `=`.
pub(crate) type Attribute<'a> = (&'a [u8], Option<&'a [u8]>);

/// The attributes that a browser reads, in order.
pub(crate) fn attributes(line: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    pieces(line).1
}

/// The pair, and the attributes that a browser reads.
fn pieces(line: &[u8]) -> (&[u8], impl Iterator<Item = Attribute<'_>>) {
    let mut pieces = line.split(|octet| *octet == b';');
    let pair = pieces.next().unwrap_or_default();
    (pair, pieces.map(split_at_equals).filter(is_read))
}

fn is_read((_, value): &Attribute<'_>) -> bool {
    value.is_none_or(|value| value.len() <= MAX_ATTRIBUTE)
}

/// The line with the value of every attribute of this name replaced, or with the attribute added at its end.
pub(crate) fn with_attribute(line: &[u8], attribute_name: &str, new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + attribute_name.len() + new.len() + 3);
    let mut found = false;
    for (at, piece) in line.split(|octet| *octet == b';').enumerate() {
        if at > 0 {
            out.push(b';');
        }
        let attribute = split_at_equals(piece);
        let (name, _) = attribute;
        if at > 0 && name.eq_ignore_ascii_case(attribute_name.as_bytes()) && is_read(&attribute) {
            found = true;
            let indent = piece.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
            out.extend_from_slice(piece.get(..indent).unwrap_or_default());
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(new);
        } else {
            out.extend_from_slice(piece);
        }
    }
    if !found {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(attribute_name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(new);
    }
    out
}

/// Both sides of the first `=`, trimmed; all of it where there is none.
pub(crate) fn split_at_equals(piece: &[u8]) -> Attribute<'_> {
    let mut halves = piece.splitn(2, |octet| *octet == b'=');
    (trim(halves.next().unwrap_or_default()), halves.next().map(trim))
}

/// An attribute's value, fit to be shown: in a folded field it ends where the next cookie begins, since what follows is
/// that one's name and value.
pub(crate) fn until_fold(attribute: &str) -> &str {
    // Read as the attribute that it is: its comma needs no space after it.
    let folded = fold(format!(";{attribute}").as_bytes());
    folded.and_then(|at| attribute.get(..at.checked_sub(1)?)).unwrap_or(attribute)
}

#[cfg(test)]
mod tests {
    use super::{Written, with_attribute};

    #[test]
    fn attributes_are_read_as_a_browser_reads_them() {
        let long = [b"a=1; Secure=".to_vec(), vec![b'x'; 1025]].concat();
        assert!(!Written::read(&long).secure);
        let written = Written::read(b" sid = v ;SECURE;httponly=no; samesite=None; SameSite = strict ; Max-Age=5");
        assert_eq!(written.name, b"sid");
        assert!(written.secure && written.http_only);
        assert_eq!(written.same_site, Some(&b"strict"[..]));
        assert_eq!(Written::read(b"Secure; Path=/").name, b"");
        assert!(!Written::read(b"Secure; =Secure").secure);
        // Of the length of one that is known, and another.
        let others = Written::read(b"a=1; Test=/x; Priority=High; Secret; Dominus=y; HttpOnce; Partitional1");
        assert_eq!((others.path, others.same_site, others.domain), (None, None, None));
        assert!(!others.secure && !others.http_only && !others.partitioned);
    }

    #[test]
    fn a_name_is_shown_as_it_is_or_escaped() {
        for (line, shown) in [
            (&b"__Host-id=1"[..], "__Host-id"),
            (b"=1", "(nameless)"),
            (b"1", "(nameless)"),
            (b"a\x1b[2J=1", "a\\x1b[2J"),
            (b"a\"b=1", "a\\\"b"),
            (b"\"=1", "\\\""),
            (b"\xc3\xa9=1", "\\xc3\\xa9"),
        ] {
            assert_eq!(Written::read(line).shown_name(), shown);
        }
    }

    #[test]
    fn a_value_is_replaced_in_its_place_and_nothing_else_is_touched() {
        assert_eq!(
            with_attribute(b"a=1;  samesite = none ;X-Odd=\"y\" ;Path=/", "SameSite", b"Strict"),
            b"a=1;  samesite=Strict;X-Odd=\"y\" ;Path=/"
        );
        assert_eq!(with_attribute(b"samesite=1", "SameSite", b"Lax"), b"samesite=1; SameSite=Lax");
    }
}
