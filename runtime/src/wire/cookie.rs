//! Parses the bytes of a request's `Cookie` headers, and returns raw cookie values. Cookie names are compared byte for
//! byte, because a name such as `__host-x` must not match `__Host-x`. The parser skips a malformed pair and continues
//! with the next pair.

use super::list::{trim, trim_end, trim_start};
use super::name_search;

/// Returns the raw (name, value) pairs of a `Cookie` header in order. Skips a pair that has no name or no `=`.
pub(crate) fn pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|byte| *byte == b';').filter_map(|piece| {
        let equals = piece.iter().position(|byte| *byte == b'=')?;
        let (name, value) = piece.split_at_checked(equals)?;
        let (name, value) = (trim(name), trim(value.get(1..)?));
        if name.is_empty() { None } else { Some((name, value)) }
    })
}

/// Returns the raw values of the cookie `name` in all headers. A search with [`pairs`] would find the same values, but
/// more slowly.
pub(crate) fn values<'h, 'n, H: AsRef<[u8]>>(
    headers: &'h [H],
    name: &'n str,
) -> impl Iterator<Item = &'h [u8]> + use<'h, 'n, H> {
    headers.iter().flat_map(|header| values_in(header.as_ref(), name.as_bytes()))
}

/// Returns the raw values of the cookie `name` in one header.
fn values_in<'h>(header: &'h [u8], name: &[u8]) -> impl Iterator<Item = &'h [u8]> {
    let mut from = 0;
    core::iter::from_fn(move || {
        let (value, end) = name_search::find(header, name, from, |position| value_at(header, position, name))?;
        from = end;
        Some(value)
    })
}

/// Returns the raw value of the pair that begins at `position`, and the position of the pair's end. Returns `None` if
/// no pair with this name begins there.
#[inline]
fn value_at<'h>(header: &'h [u8], position: usize, name: &[u8]) -> Option<(&'h [u8], usize)> {
    let (before, from) = header.split_at_checked(position)?;
    // This check comes first. Otherwise a hostile header with many copies of the name in one value would cost a search
    // for the end of the value for each copy.
    if !matches!(before, [] | [.., b';' | b' ' | b'\t']) || !matches!(trim_end(before), [] | [.., b';']) {
        return None;
    }
    // The name of a cookie contains no `=`, so the first `=` of the pair follows the name.
    let after_equals = trim_start(from.strip_prefix(name)?).strip_prefix(b"=")?;
    let length = name_search::find_semicolon(after_equals);
    let value = after_equals.get(..length)?;
    Some((trim(value), header.len() - after_equals.len() + length))
}

/// The result of a search for the values of one cookie name.
pub(crate) enum Lookup<'a> {
    /// The request has no value for the cookie's name.
    Missing,
    /// The request has one value for the cookie's name. Perhaps the request contains this value several times.
    Unique(&'a [u8]),
    /// The request has several different values for the cookie's name. Perhaps a different host of the same site set
    /// one of the values.
    Conflicting,
}

/// Searches all headers for the value of the cookie `name`.
pub(crate) fn lookup<'h, H: AsRef<[u8]>>(headers: &'h [H], name: &str) -> Lookup<'h> {
    let mut found = Lookup::Missing;
    for header in headers {
        for value in values_in(header.as_ref(), name.as_bytes()) {
            match found {
                Lookup::Unique(first) if first == value => {}
                Lookup::Missing => found = Lookup::Unique(value),
                _ => return Lookup::Conflicting,
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Lookup, lookup, pairs, values};
    use http::HeaderValue;

    #[test]
    fn malformed_pairs_are_skipped() {
        let found: Vec<_> = pairs(b"a=1; junk; =x; ; b = \"2\" ;c=\xff; d==").collect();
        assert_eq!(found, [(&b"a"[..], &b"1"[..]), (b"b", b"\"2\""), (b"c", b"\xff"), (b"d", b"="),]);
    }

    #[test]
    fn similar_names_do_not_match() {
        let header = HeaderValue::from_bytes(
            b"__host-s=1; \xC2\xA0__Host-s=2; %5F_Host-s=3; x=1, __Host-s=evil; __Host-s[]=4; a=\"1; __Host-s=good",
        )
        .unwrap();
        assert!(matches!(lookup(&[header], "__Host-s"), Lookup::Unique(b"good")));
    }

    /// `values` and `pairs` must return the same values for every short header. The test also uses long headers,
    /// because only long headers are searched in blocks.
    #[test]
    fn values_agree_with_pairs() {
        const BYTES: &[u8] = b"a;= \t\"";
        let before = "; long_enough_to_be_skipped_as_a_block=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        // Under Miri, the test uses shorter headers, because Miri is about a thousand times slower.
        let longest = if cfg!(miri) { 2 } else { 5 };
        for length in 0..=longest {
            for mut number in 0..BYTES.len().pow(length) {
                let mut header = Vec::new();
                for _ in 0..length {
                    header.push(BYTES[number % BYTES.len()]);
                    number /= BYTES.len();
                }
                let before = before.as_bytes();
                let (in_block, in_rest) =
                    ([&header, before, &header, before].concat(), [&header, before, before, &header].concat());
                for header in [header, in_block, in_rest] {
                    for name in ["a", "aa", "\"a"] {
                        let expected: Vec<_> = pairs(&header)
                            .filter(|(found, _)| *found == name.as_bytes())
                            .map(|(_, value)| value)
                            .collect();
                        let headers = [&*header];
                        let found: Vec<_> = values(&headers, name).collect();
                        assert_eq!(found, expected, "{name} in {}", header.escape_ascii());
                    }
                }
            }
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let headers = ["s=1", "t=2", "s=2"].map(HeaderValue::from_static);
        assert!(matches!(lookup(&headers, "s"), Lookup::Conflicting));
        assert!(matches!(lookup(&headers, "t"), Lookup::Unique(b"2")));
        assert!(matches!(lookup(&headers, "u"), Lookup::Missing));
    }
}
