//! The request's `Cookie` fields in, raw values by name out: one scan, exact octets. A malformed piece is skipped and
//! the others are kept; names are never decoded, trimmed of anything but SP and HTAB, or folded (BROWSERS 5.6).

use crate::declare::ReadCookie;
use crate::value::{self, InvalidValue};

/// The raw pairs of a `Cookie` field, in order. Pieces without a name are skipped.
pub fn pairs(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    field.split(|octet| *octet == b';').filter_map(|piece| {
        let equals = piece.iter().position(|octet| *octet == b'=')?;
        let (name, value) = piece.split_at_checked(equals)?;
        let (name, value) = (trim(name), trim(value.get(1..)?));
        if name.is_empty() { None } else { Some((name, value)) }
    })
}

/// The raw values under `name` in all the fields.
pub(crate) fn values<'a, F: AsRef<[u8]>>(fields: &'a [F], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .flat_map(|field| pairs(field.as_ref()))
        .filter_map(move |(found, value)| (found == name.as_bytes()).then_some(value))
}

/// One cookie of a request.
pub(crate) enum Found<'a> {
    /// No pair has the name.
    Nothing,
    /// One value, however often.
    One(&'a [u8]),
    /// Several values: one of them may have been tossed by a sibling host.
    Different,
}

/// Looks for the one value under `name`.
pub(crate) fn find<'a, F: AsRef<[u8]>>(fields: &'a [F], name: &'a str) -> Found<'a> {
    let mut all = values(fields, name);
    let Some(first) = all.next() else { return Found::Nothing };
    if all.all(|other| other == first) { Found::One(first) } else { Found::Different }
}

/// Reads a raw value as the type's: decoded, or as it is where somebody else wrote it.
pub(crate) fn decode<T: ReadCookie>(raw: &[u8]) -> Result<T, InvalidValue> {
    if T::DECLARATION.read_only {
        std::str::from_utf8(raw).map_err(|_| NOT_UTF8).and_then(T::read_value)
    } else {
        value::decode(raw).ok_or(NOT_UTF8).and_then(|text| T::read_value(&text))
    }
}

/// Reads a decoded text as the type's value; `None` is what was not UTF-8.
pub(crate) fn value<T: ReadCookie>(text: Option<&str>) -> Result<T, InvalidValue> {
    text.ok_or(NOT_UTF8).and_then(T::read_value)
}

const NOT_UTF8: InvalidValue = InvalidValue::expected("UTF-8");

/// Trims SP and HTAB, and no other white space.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Found, find, pairs, trim};
    use http::HeaderValue;

    #[test]
    fn a_malformed_piece_spoils_no_other() {
        let found: Vec<_> = pairs(b"a=1; junk; =x; ; b = \"2\" ;c=\xff; d==").collect();
        assert_eq!(found, [(&b"a"[..], &b"1"[..]), (b"b", b"\"2\""), (b"c", b"\xff"), (b"d", b"="),]);
    }

    #[test]
    fn names_that_only_look_alike_are_other_names() {
        let field = HeaderValue::from_bytes(
            b"__host-s=1; \xC2\xA0__Host-s=2; %5F_Host-s=3; x=1, __Host-s=evil; __Host-s[]=4; a=\"1; __Host-s=good",
        )
        .unwrap();
        assert!(matches!(find(&[field], "__Host-s"), Found::One(b"good")));
    }

    #[test]
    fn several_fields_are_one_list() {
        let fields = ["s=1", "t=2", "s=2"].map(HeaderValue::from_static);
        assert!(matches!(find(&fields, "s"), Found::Different));
        assert!(matches!(find(&fields, "t"), Found::One(b"2")));
        assert!(matches!(find(&fields, "u"), Found::Nothing));
    }

    #[test]
    fn only_sp_and_htab_are_trimmed() {
        assert_eq!(trim(b" \ta\x0b \t"), b"a\x0b");
        assert_eq!(trim(b" \t"), b"");
    }
}
