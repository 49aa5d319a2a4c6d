//! Parsers of the `Cookie` header with known mistakes. They show that the planted bytes deceive such a parser. None of
//! the five frameworks has one of these parsers.

/// Parses pairs as RFC 6265 says, and compares names with `is_name`. Returns the first value.
fn find(header: &[u8], separators: &[u8], is_name: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut pairs = header.split(|byte| separators.contains(byte));
    pairs.find_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        is_name(pair[..at].trim_ascii()).then(|| pair[at + 1..].trim_ascii().to_vec())
    })
}

/// Compares names without regard to letter case, as for headers.
pub(crate) fn any_letter_case(header: &[u8], name: &str) -> Option<Vec<u8>> {
    find(header, b";", |found| found != name.as_bytes() && found.eq_ignore_ascii_case(name.as_bytes()))
        .or_else(|| find(header, b";", |found| found == name.as_bytes()))
}

/// Takes the last word before `=` as the name.
pub(crate) fn last_word(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let is_word = |found: &[u8]| found.rsplit(u8::is_ascii_whitespace).next() == Some(name.as_bytes());
    let mut last = None;
    for pair in header.split(|byte| *byte == b';') {
        last = find(pair, b";", is_word).or(last);
    }
    last
}

/// Changes dots and spaces in a name to underscores, and cuts the name at `[`. The last cookie wins.
pub(crate) fn like_php(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let mangle = |found: &[u8]| {
        let end = found.iter().skip(1).position(|byte| *byte == b'[').map_or(found.len(), |at| at + 1);
        let change = |byte: &u8| if b". [".contains(byte) { b'_' } else { *byte };
        found[..end].iter().map(change).collect::<Vec<u8>>()
    };
    let mut last = None;
    for pair in header.split(|byte| *byte == b';') {
        last = find(pair, b";", |found| mangle(found) == name.as_bytes()).or(last);
    }
    last
}

/// Reads quoted strings as RFC 2109 says: `;` and `,` in a quoted string end nothing. The last cookie wins.
pub(crate) fn quoted_strings(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let (mut is_quoted, mut pairs) = (false, vec![Vec::new()]);
    for byte in header {
        is_quoted ^= *byte == b'"';
        match byte {
            b';' | b',' if !is_quoted => pairs.push(Vec::new()),
            byte => pairs.last_mut().unwrap().push(*byte),
        }
    }
    pairs.iter().rev().find_map(|pair| find(pair, b"", |found| found == name.as_bytes()))
}

/// If the header begins with `$Version`, a comma separates cookies (RFC 2965). The first cookie wins.
pub(crate) fn rfc_2965(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let separators: &[u8] = if header.starts_with(b"$Version") { b";," } else { b";" };
    find(header, separators, |found| found == name.as_bytes())
}

/// Treats commas as separators, as in other headers that come several times. The first cookie wins.
pub(crate) fn commas(header: &[u8], name: &str) -> Option<Vec<u8>> {
    find(header, b";,", |found| found == name.as_bytes())
}

/// Clears the high bit of each byte, and decodes overlong UTF-8 and full-width letters. The first cookie wins.
pub(crate) fn to_ascii(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let decode = |found: &[u8]| {
        let stripped: Vec<u8> = found.iter().map(|byte| byte & 0x7f).collect();
        let overlong = match found {
            [first @ 0xc0..=0xc1, second, rest @ ..] => [&[(first << 6) | (second & 0x3f)][..], rest].concat(),
            _ => Vec::new(),
        };
        let wide = std::str::from_utf8(found).unwrap_or_default().chars().map(|char| match u32::from(char) {
            code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(char),
            _ => char,
        });
        [stripped, overlong, wide.collect::<String>().into_bytes()]
    };
    let is_other = |found: &[u8]| found != name.as_bytes() && decode(found).iter().any(|text| text == name.as_bytes());
    find(header, b";", is_other).or_else(|| find(header, b";", |found| found == name.as_bytes()))
}
