//! Converts the different spellings of a cookie's name to one name. The cookie parsers of web frameworks percent-decode
//! names and trim Unicode white space. So for an application, `%69d` and `id` with a no-break space are both `id`. The
//! input is the raw name from a header. The output is the name that the parser of a web framework returns.

use std::borrow::Cow;

/// Percent-decodes the name once, and removes Unicode white space at both ends.
///
/// Some parsers read a header as Latin-1. So the function also trims the single bytes 0x85 and 0xA0, which are white
/// space in Latin-1.
pub(crate) fn fold(raw: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(raw) {
        return Cow::Borrowed(raw);
    }
    match percent_decode(raw) {
        None => Cow::Borrowed(trim(raw)),
        Some(decoded) => Cow::Owned(trim(&decoded).to_vec()),
    }
}

/// Returns true if the name has nothing to decode and nothing to trim. Most names need no decoding and no trimming, so
/// this check saves time.
fn is_plain(raw: &[u8]) -> bool {
    let is_graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    is_graphic(raw.first()) && is_graphic(raw.last()) && memchr::memchr(b'%', raw).is_none()
}

/// Decodes each `%` that is followed by two hexadecimal digits. Returns `None` if the name has no `%`.
fn percent_decode(raw: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', raw)?;
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if let (b'%', [high, low, after @ ..]) = (byte, tail) {
            if let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) {
                decoded.push(high << 4 | low);
                rest = after;
                continue;
            }
        }
        decoded.push(*byte);
    }
    Some(decoded)
}

fn hex_digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

fn trim(mut name: &[u8]) -> &[u8] {
    while let Some(len) = (1..=3).find(|len| name.get(..*len).is_some_and(is_space)) {
        name = name.get(len..).unwrap_or_default();
    }
    // Tries the longest character first, because the last byte of a UTF-8 character such as U+00A0 can itself be white
    // space in Latin-1.
    let ends = |name: &[u8]| name.len().saturating_sub(3)..name.len();
    while let Some(end) = ends(name).find(|end| name.get(*end..).is_some_and(is_space)) {
        name = name.get(..end).unwrap_or_default();
    }
    name
}

/// Returns true if the bytes are white space. In UTF-8, each white-space character has at most three bytes.
fn is_space(bytes: &[u8]) -> bool {
    match bytes {
        [] => false,
        [0x85 | 0xA0] => true,
        bytes => std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(char::is_whitespace)),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn every_spelling_folds_to_one_name() {
        for raw in [
            "id",
            "%69d",
            "%69%64",
            "i%64",
            " id\t",
            "id\u{a0}",
            "\u{3000}id\u{2028}\u{a0}",
            "%20id",
            "id%C2%A0",
            "\u{a0}%69d\u{a0}",
            "id\u{85}",
        ] {
            assert_eq!(&*fold(raw.as_bytes()), b"id", "{raw:?}");
        }
        assert_eq!(&*fold(b"\xA0id\x85"), b"id");
        for (raw, folded) in [
            (&b"%2569d"[..], &b"%69d"[..]),
            (b"%6", b"%6"),
            (b"%", b"%"),
            (b"%zzid", b"%zzid"),
            (b"i d", b"i d"),
            (b"\xFF", b"\xFF"),
            (b"", b""),
            (b"\xE3\x80\x80", b""),
        ] {
            assert_eq!(&*fold(raw), folded, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn every_white_space_character_is_trimmed() {
        for space in (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|char| char.is_whitespace()) {
            assert_eq!(&*fold(format!("{space}id{space}{space}").as_bytes()), b"id", "{space:?}");
        }
    }
}
