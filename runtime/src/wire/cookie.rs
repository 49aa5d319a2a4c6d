//! Parses the bytes of a request's `Cookie` headers, and returns raw cookie values. Cookie names are compared byte for
//! byte, because a name such as `__host-x` must not match `__Host-x`. The parser skips a malformed pair and continues
//! with the next pair.

use super::list::{trim, trim_end, trim_start};

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
    headers.iter().flat_map(|header| Values::new(header.as_ref(), name))
}

/// An iterator over the values of one cookie name in one `Cookie` header.
struct Values<'h, 'n> {
    rest: &'h [u8],
    /// `at_pair_start` is true if `rest` begins at the start of a name-value pair.
    at_pair_start: bool,
    name: &'n [u8],
}

impl<'h, 'n> Values<'h, 'n> {
    fn new(header: &'h [u8], name: &'n str) -> Self {
        Values { rest: header, at_pair_start: true, name: name.as_bytes() }
    }
}

impl<'h> Iterator for Values<'h, '_> {
    type Item = &'h [u8];

    fn next(&mut self) -> Option<&'h [u8]> {
        while let Some((before, from)) = candidate(self.rest, self.name) {
            let is_pair_start = match trim_end(before) {
                [] => self.at_pair_start,
                [.., last] => *last == b';',
            };
            // The name of a cookie contains no `=`, so the first `=` of the pair follows the name.
            let value = from.strip_prefix(self.name).map(trim_start).and_then(|after| after.strip_prefix(b"="));
            if let (true, Some(value)) = (is_pair_start, value) {
                let (value, rest) = candidate(value, b";").unwrap_or((value, &[]));
                (self.rest, self.at_pair_start) = (rest, false);
                return Some(trim(value));
            }
            (self.rest, self.at_pair_start) = (from.get(1..).unwrap_or_default(), false);
        }
        None
    }
}

/// Splits the header at the first candidate. A candidate is a place where `name` can begin, because the first byte and
/// the last byte of `name` match the header. For speed, the search goes through blocks of 128 bytes, then blocks of 32
/// bytes, then groups of 8 bytes, then single bytes.
fn candidate<'a>(header: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (first, last) = (*name.first()?, *name.last()?);
    let (mut heads, mut tails) = (header, header.get(name.len() - 1..)?);
    skip_blocks::<128>(&mut heads, &mut tails, first, last);
    skip_blocks::<32>(&mut heads, &mut tails, first, last);
    let at = find_in_words(&mut heads, &mut tails, first, last)
        .or_else(|| heads.iter().zip(tails).position(|(head, tail)| *head == first && *tail == last))?;
    header.split_at_checked(header.len() - heads.len() + at)
}

/// Skips each block of `N` bytes without a candidate, and stops at the first block with a candidate.
fn skip_blocks<const N: usize>(heads: &mut &[u8], tails: &mut &[u8], first: u8, last: u8) {
    while let (Some((head, head_rest)), Some((tail, tail_rest))) =
        (heads.split_first_chunk::<N>(), tails.split_first_chunk::<N>())
    {
        if contains_candidate(head, tail, first, last) {
            return;
        }
        (*heads, *tails) = (head_rest, tail_rest);
    }
}

/// Returns true if the block contains a candidate. `inline(never)` keeps the loop in a separate function, because LLVM
/// vectorises the loop only in a separate function.
#[inline(never)]
fn contains_candidate<const N: usize>(heads: &[u8; N], tails: &[u8; N], first: u8, last: u8) -> bool {
    let mut found = 0;
    for (head, tail) in heads.iter().zip(tails) {
        found |= u8::from(*head == first) & u8::from(*tail == last);
    }
    found != 0
}

/// Skips each group of eight bytes without a candidate. Returns the offset of the first candidate in the next group.
fn find_in_words(heads: &mut &[u8], tails: &mut &[u8], first: u8, last: u8) -> Option<usize> {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let (first, last) = (EACH * u64::from(first), EACH * u64::from(last));
    while let (Some((head, head_rest)), Some((tail, tail_rest))) =
        (heads.split_first_chunk(), tails.split_first_chunk())
    {
        let differs = (u64::from_le_bytes(*head) ^ first) | (u64::from_le_bytes(*tail) ^ last);
        // A zero byte in `differs` is a match. For each zero byte in `differs`, the top bit of the same byte in `zeros`
        // is set. So the lowest set bit of `zeros` marks the first match.
        let zeros = differs.wrapping_sub(EACH) & !differs & EACH << 7;
        if zeros != 0 {
            return usize::try_from(zeros.trailing_zeros() / 8).ok();
        }
        (*heads, *tails) = (head_rest, tail_rest);
    }
    None
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
        for value in Values::new(header.as_ref(), name) {
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
                for header in [header.clone(), [&header, before.as_bytes(), &header, before.as_bytes()].concat()] {
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
