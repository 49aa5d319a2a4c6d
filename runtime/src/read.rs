//! The request's `Cookie` fields in, raw values by name out: one scan, exact octets. A malformed piece is skipped and
//! the others are kept; names are never decoded, trimmed of anything but SP and HTAB, or folded: what browsers take for another name must not
//! be read as a prefixed one.

use std::borrow::Cow;

use crate::declare::Spec;
use crate::value::{self, InvalidValue};

/// The raw pairs of a `Cookie` field, in order. Pieces without a name are skipped.
pub(crate) fn pairs(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    field.split(|octet| *octet == b';').filter_map(|piece| {
        let equals = piece.iter().position(|octet| *octet == b'=')?;
        let (name, value) = piece.split_at_checked(equals)?;
        let (name, value) = (trim(name), trim(value.get(1..)?));
        if name.is_empty() { None } else { Some((name, value)) }
    })
}

/// The raw values under `name` in all the fields: those of [`pairs`], without a look at the other names.
pub(crate) fn values<'a, F: AsRef<[u8]>>(fields: &'a [F], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().flat_map(|field| Values::of(field.as_ref(), name))
}

/// The values under one name in what is left of a field.
struct Values<'a> {
    rest: &'a [u8],
    /// Whether a piece begins where the rest does.
    begins: bool,
    name: &'a [u8],
}

impl<'a> Values<'a> {
    fn of(field: &'a [u8], name: &'a str) -> Self {
        Values { rest: field, begins: true, name: name.as_bytes() }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while let Some((before, from)) = candidate(self.rest, self.name) {
            let begins = match trim_end(before) {
                [] => self.begins,
                [.., last] => *last == b';',
            };
            // A name holds no `=`, so that the first one of the piece follows it.
            let value = from.strip_prefix(self.name).map(trim_start).and_then(|after| after.strip_prefix(b"="));
            if let (true, Some(value)) = (begins, value) {
                let (value, rest) = candidate(value, b";").unwrap_or((value, &[]));
                (self.rest, self.begins) = (rest, false);
                return Some(trim(value));
            }
            (self.rest, self.begins) = (from.get(1..).unwrap_or_default(), false);
        }
        None
    }
}

/// Splits where `name` may begin: its first octet stands there, and its last where it would end. Whole blocks first.
fn candidate<'a>(field: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (first, last) = (*name.first()?, *name.last()?);
    let (mut heads, mut tails) = (field, field.get(name.len() - 1..)?);
    pass::<128>(&mut heads, &mut tails, first, last);
    pass::<32>(&mut heads, &mut tails, first, last);
    let at = words(&mut heads, &mut tails, first, last)
        .or_else(|| heads.iter().zip(tails).position(|(head, tail)| *head == first && *tail == last))?;
    field.split_at_checked(field.len() - heads.len() + at)
}

/// Passes over the blocks in which no such pair begins.
fn pass<const N: usize>(heads: &mut &[u8], tails: &mut &[u8], first: u8, last: u8) {
    while let (Some((head, head_rest)), Some((tail, tail_rest))) =
        (heads.split_first_chunk::<N>(), tails.split_first_chunk::<N>())
    {
        if holds(head, tail, first, last) {
            return;
        }
        (*heads, *tails) = (head_rest, tail_rest);
    }
}

/// Whether a pair stands in the block. By itself a compiler makes a few vector instructions of it, inlined it does not.
#[inline(never)]
fn holds<const N: usize>(heads: &[u8; N], tails: &[u8; N], first: u8, last: u8) -> bool {
    let mut found = 0;
    for (head, tail) in heads.iter().zip(tails) {
        found |= u8::from(*head == first) & u8::from(*tail == last);
    }
    found != 0
}

/// Passes over whole words, and says where in the next one the first pair stands.
fn words(heads: &mut &[u8], tails: &mut &[u8], first: u8, last: u8) -> Option<usize> {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let (first, last) = (EACH * u64::from(first), EACH * u64::from(last));
    while let (Some((head, head_rest)), Some((tail, tail_rest))) =
        (heads.split_first_chunk(), tails.split_first_chunk())
    {
        let differs = (u64::from_le_bytes(*head) ^ first) | (u64::from_le_bytes(*tail) ^ last);
        // The lowest high bit is that of the first octet that is zero.
        let zeros = differs.wrapping_sub(EACH) & !differs & EACH << 7;
        if zeros != 0 {
            return usize::try_from(zeros.trailing_zeros() / 8).ok();
        }
        (*heads, *tails) = (head_rest, tail_rest);
    }
    None
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
pub(crate) fn one<'a, F: AsRef<[u8]>>(fields: &'a [F], name: &'a str) -> Found<'a> {
    let mut one = Found::Nothing;
    for field in fields {
        for value in Values::of(field.as_ref(), name) {
            match one {
                Found::One(first) if first == value => {}
                Found::Nothing => one = Found::One(value),
                _ => return Found::Different,
            }
        }
    }
    one
}

/// The text of a raw value: decoded, or as it is where somebody else wrote it.
pub(crate) fn text<'a>(raw: &'a [u8], spec: &Spec) -> Result<Cow<'a, str>, InvalidValue> {
    if spec.read_only {
        std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| NOT_UTF8)
    } else {
        value::decode(raw).ok_or(NOT_UTF8)
    }
}

pub(crate) const NOT_UTF8: InvalidValue = InvalidValue::expected("UTF-8");

/// Trims SP and HTAB, and no other white space.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    trim_start(trim_end(text))
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Found, one, pairs, trim, values};
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
        assert!(matches!(one(&[field], "__Host-s"), Found::One(b"good")));
    }

    /// The names and values of every short field, alone and where whole blocks are compared, are those of `pairs`.
    #[test]
    fn values_are_the_pairs_of_that_name() {
        const OCTETS: &[u8] = b"a;= \t\"";
        let before = "; long_enough_to_be_passed_over_as_a_block=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        // Under Miri an octet costs a thousand times as much.
        let longest = if cfg!(miri) { 2 } else { 5 };
        for length in 0..=longest {
            for mut number in 0..OCTETS.len().pow(length) {
                let mut field = Vec::new();
                for _ in 0..length {
                    field.push(OCTETS[number % OCTETS.len()]);
                    number /= OCTETS.len();
                }
                for field in [field.clone(), [&field, before.as_bytes(), &field, before.as_bytes()].concat()] {
                    for name in ["a", "aa", "\"a"] {
                        let expected: Vec<_> = pairs(&field)
                            .filter(|(found, _)| *found == name.as_bytes())
                            .map(|(_, value)| value)
                            .collect();
                        let fields = [&*field];
                        let found: Vec<_> = values(&fields, name).collect();
                        assert_eq!(found, expected, "{name} in {}", field.escape_ascii());
                    }
                }
            }
        }
    }

    #[test]
    fn several_fields_are_one_list() {
        let fields = ["s=1", "t=2", "s=2"].map(HeaderValue::from_static);
        assert!(matches!(one(&fields, "s"), Found::Different));
        assert!(matches!(one(&fields, "t"), Found::One(b"2")));
        assert!(matches!(one(&fields, "u"), Found::Nothing));
    }

    #[test]
    fn only_sp_and_htab_are_trimmed() {
        assert_eq!(trim(b" \ta\x0b \t"), b"a\x0b");
        assert_eq!(trim(b" \t"), b"");
    }
}
