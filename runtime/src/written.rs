//! A Set-Cookie line that others wrote: where its attributes stand, and how one is added or replaced without touching
//! another octet. Splits as a browser does (6265bis 5.6): at `;`, trimming SP and HTAB, names in any case, an attribute
//! over 1024 octets ignored, the last of a repeated one in force.

use hardtack_rules::syntax::MAX_ATTRIBUTE;

use crate::read::trim;

/// The attributes of a line that are in force.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written<'a> {
    /// Empty for a line without `=`, which is all value.
    pub(crate) name: &'a [u8],
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<&'a [u8]>,
    pub(crate) max_age: Option<&'a [u8]>,
    pub(crate) expires: Option<&'a [u8]>,
}

impl<'a> Written<'a> {
    pub(crate) fn read(line: &'a [u8]) -> Self {
        let mut pieces = line.split(|octet| *octet == b';');
        let pair = pieces.next().unwrap_or_default();
        let mut written = Written::default();
        if let Some((name, _)) = split(pair) {
            written.name = name;
        }
        for (name, value) in pieces.map(attribute).filter(|(_, value)| value.len() <= MAX_ATTRIBUTE) {
            match name.len() {
                6 if name.eq_ignore_ascii_case(b"Secure") => written.secure = true,
                7 if name.eq_ignore_ascii_case(b"Max-Age") => written.max_age = Some(value),
                7 if name.eq_ignore_ascii_case(b"Expires") => written.expires = Some(value),
                8 if name.eq_ignore_ascii_case(b"HttpOnly") => written.http_only = true,
                8 if name.eq_ignore_ascii_case(b"SameSite") => written.same_site = Some(value),
                _ => {}
            }
        }
        written
    }

    /// The name, fit for a log.
    pub(crate) fn shown_name(&self) -> String {
        if self.name.is_empty() { "(nameless)".to_owned() } else { self.name.escape_ascii().to_string() }
    }
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
        assert_eq!(written.max_age, Some(&b"5"[..]));
        assert_eq!(Written::read(b"Secure; Path=/").name, b"");
        assert!(!Written::read(b"Secure; =Secure").secure);
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
