//! A Set-Cookie line that others wrote: where its attributes stand, and how one is added or replaced without touching
//! another octet. Splits as a browser does (6265bis 5.6): at `;`, trimming SP and HTAB, names in any case, an attribute
//! over 1024 octets ignored, the last of a repeated one in force.

use std::borrow::Cow;

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
        let (name, value) = split(pair).unwrap_or((&[], trim(pair)));
        let mut written = Written { name, value, ..Written::default() };
        for (name, value) in attributes {
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

/// The attributes that a browser reads, name and value, in order.
pub(crate) fn attributes(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    pieces(line).1
}

/// The pair, and the attributes that a browser reads.
fn pieces(line: &[u8]) -> (&[u8], impl Iterator<Item = (&[u8], &[u8])>) {
    let mut pieces = line.split(|octet| *octet == b';');
    let pair = pieces.next().unwrap_or_default();
    (pair, pieces.map(attribute).filter(|(_, value)| value.len() <= MAX_ATTRIBUTE))
}

/// The line with the value of every attribute of this name replaced, or with the attribute added at its end.
pub(crate) fn with_attribute(line: &[u8], attribute_name: &str, new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + attribute_name.len() + new.len() + 3);
    let mut found = false;
    for (at, piece) in line.split(|octet| *octet == b';').enumerate() {
        if at > 0 {
            out.push(b';');
        }
        let (name, value) = attribute(piece);
        if at > 0 && name.eq_ignore_ascii_case(attribute_name.as_bytes()) && value.len() <= MAX_ATTRIBUTE {
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

fn attribute(piece: &[u8]) -> (&[u8], &[u8]) {
    split(piece).unwrap_or((trim(piece), &[]))
}

/// The two sides of the first `=`.
fn split(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = piece.iter().position(|octet| *octet == b'=')?;
    let (name, value) = piece.split_at_checked(at)?;
    Some((trim(name), trim(value.get(1..)?)))
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
    }

    #[test]
    fn a_name_is_shown_as_it_is_or_escaped() {
        for (line, shown) in [
            (&b"__Host-id=1"[..], "__Host-id"),
            (b"=1", "(nameless)"),
            (b"1", "(nameless)"),
            (b"a\x1b[2J=1", "a\\x1b[2J"),
            (b"a\"b=1", "a\\\"b"),
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
