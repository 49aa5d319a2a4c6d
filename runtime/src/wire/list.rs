//! Helper functions for header parsers. The functions trim white space, split a header value outside of quoted strings,
//! and parse numbers.

/// Removes spaces and tabs at both ends of a text. Keeps all other white space (6265bis 5.6).
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    trim_start(trim_end(text))
}

/// Removes spaces and tabs at the start of a text.
pub(crate) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// Removes spaces and tabs at the end of a text.
pub(crate) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Splits the text at `separator`, but not inside a quoted string (RFC 9110 5.6.4). A quoted string without a closing
/// quote continues to the end of the text.
pub(crate) fn split_unquoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |&byte| {
        let was_escaped = core::mem::take(&mut escaped);
        match byte {
            _ if was_escaped => false,
            b'\\' if quoted => {
                escaped = true;
                false
            }
            b'"' => {
                quoted = !quoted;
                false
            }
            byte => byte == separator && !quoted,
        }
    })
}

/// Parses ASCII digits. Returns `u64::MAX` if the number is larger than `u64::MAX`. Returns `None` if the text is empty
/// or contains a byte that is not a digit.
pub(crate) fn parse_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(*digit - b'0'))))
}

#[cfg(test)]
mod tests {
    use super::{parse_number, split_unquoted, trim};

    #[test]
    fn only_space_and_tab_are_trimmed() {
        assert_eq!(trim(b" \ta\x0b \t"), b"a\x0b");
        assert_eq!(trim(b" \t"), b"");
    }

    #[test]
    fn separators_in_quoted_strings_do_not_split() {
        for (text, pieces) in [
            (&b"a,b"[..], &[&b"a"[..], b"b"][..]),
            (b"a\\,b", &[b"a\\", b"b"]),
            (b"\"a,\\\",b\",c", &[b"\"a,\\\",b\"", b"c"]),
            (b"\"a,b", &[b"\"a,b"]),
            (b"x=\"a\\\",public,b\"", &[b"x=\"a\\\",public,b\""]),
            (b"x=\"a\\\"\", public", &[b"x=\"a\\\"\"", b" public"]),
        ] {
            assert_eq!(split_unquoted(text, b',').collect::<Vec<_>>(), pieces, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn numbers_are_digits_only_and_saturate() {
        for (digits, number) in [
            ("0", Some(0)),
            ("0060", Some(60)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1s", None),
        ] {
            assert_eq!(parse_number(digits.as_bytes()), number, "{digits}");
        }
    }
}
