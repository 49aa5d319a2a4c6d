//! A model of how a server reads `Cookie` headers, by RFC 6265bis 4.2.1 and 5.8.3, and by `tests/vectors/reader.json`.
//! The model does not use hardtack's code. A quirk changes the model so that the model reads like another parser.

/// How the value of a cookie is written in the header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Encoding {
    Raw,
    Percent,
}

/// The result of the search for one cookie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    Absent,
    Value(Vec<u8>),
    /// The request has several different values for the name, or the value is not UTF-8.
    Refused,
}

impl Found {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Found::Absent => "absent",
            Found::Value(_) => "value",
            Found::Refused => "refused",
        }
    }

    pub(crate) fn into_value(self) -> Option<Vec<u8>> {
        match self {
            Found::Value(value) => Some(value),
            Found::Absent | Found::Refused => None,
        }
    }
}

/// A way in which another parser differs from the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quirk {
    DecodedNames,
    UnicodeBlanks,
    Unquoted,
    Utf8HeadersOnly,
    AsciiHeadersOnly,
    NoHeaderUnlessUtf8,
    NoCookieUnlessAllParse,
    UndecodableSkipped,
    FirstValue,
    LastValue,
}

impl Quirk {
    /// Completes the sentence "The parser …".
    pub(crate) fn text(self) -> &'static str {
        match self {
            Quirk::DecodedNames => "percent-decodes names, so `%73id` is `sid`",
            Quirk::UnicodeBlanks => "removes Unicode white space around names and values, such as U+00A0",
            Quirk::Unquoted => "removes quotes around a value, and the white space inside of the quotes",
            Quirk::Utf8HeadersOnly => "skips a header that is not UTF-8",
            Quirk::AsciiHeadersOnly => "skips a header with a byte that is not ASCII",
            Quirk::NoHeaderUnlessUtf8 => "returns no cookie if one header is not UTF-8",
            Quirk::NoCookieUnlessAllParse => "returns no cookie if one pair has no name, no `=` or no UTF-8",
            Quirk::UndecodableSkipped => "skips a value that is not UTF-8, where hardtack refuses the cookie",
            Quirk::FirstValue => "returns the first of several values, where hardtack refuses the cookie",
            Quirk::LastValue => "returns the last of several values, where hardtack refuses the cookie",
        }
    }
}

/// Reads a cookie by the rules.
pub(crate) fn read(headers: &[Vec<u8>], name: &str, encoding: Encoding) -> Found {
    let mut values: Vec<&[u8]> = values(headers, name).collect();
    values.dedup();
    match (&values[..], encoding) {
        ([], _) => Found::Absent,
        ([value], Encoding::Raw) => as_text(value.to_vec()),
        ([value], Encoding::Percent) => as_text(percent_decode(value)),
        _ => Found::Refused,
    }
}

/// Returns the raw values of all cookies with the name, in the order of the headers.
pub(crate) fn values<'a>(headers: &'a [Vec<u8>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .flat_map(|header| pairs(header))
        .filter(|(found, _)| *found == name.as_bytes())
        .map(|(_, value)| value)
}

/// Splits a header into its pairs. The function reads one byte after the other, and notes where the name and the value
/// of the present pair begin and end, without the blanks around them.
fn pairs(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut pairs = Vec::new();
    let (mut name, mut value, mut is_in_value) = (None::<(usize, usize)>, None::<(usize, usize)>, false);
    for (at, byte) in header.iter().copied().chain([b';']).enumerate() {
        match byte {
            b';' => {
                if let (true, Some(name)) = (is_in_value, name) {
                    let (start, end) = value.unwrap_or_default();
                    pairs.push((&header[name.0..name.1], &header[start..end]));
                }
                (name, value, is_in_value) = (None, None, false);
            }
            b'=' if !is_in_value => is_in_value = true,
            b' ' | b'\t' => {}
            _ => {
                let part = if is_in_value { &mut value } else { &mut name };
                let start = part.map_or(at, |(start, _)| start);
                *part = Some((start, at + 1));
            }
        }
    }
    pairs
}

pub(crate) fn as_text(value: Vec<u8>) -> Found {
    text(&value).map_or(Found::Refused, Found::Value)
}

/// Returns the value if it is UTF-8.
pub(crate) fn text(value: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(value).ok().map(|value| value.as_bytes().to_vec())
}

/// Decodes each `%` that two hexadecimal digits follow.
fn percent_decode(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let digits = value.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match digits {
            Some(digits) if value[at] == b'%' => {
                decoded.push(u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap());
                at += 3;
            }
            _ => {
                decoded.push(value[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// The cookies of a request, as a parser reads them that has all of the quirks.
pub(crate) struct Reading<'a> {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    encoding: Encoding,
    quirks: &'a [Quirk],
}

impl<'a> Reading<'a> {
    pub(crate) fn new(headers: &[Vec<u8>], encoding: Encoding, quirks: &'a [Quirk]) -> Self {
        let pairs = pairs_with(headers, encoding, quirks).unwrap_or_default();
        Reading { pairs, encoding, quirks }
    }

    pub(crate) fn value(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.pairs.iter().filter(|(found, _)| found == name.as_bytes()).map(|(_, value)| value);
        let mut values: Vec<&Vec<u8>> = found.collect();
        let value = if self.quirks.contains(&Quirk::FirstValue) {
            values.first()?
        } else if self.quirks.contains(&Quirk::LastValue) {
            values.last()?
        } else {
            values.dedup();
            if values.len() == 1 { values[0] } else { return None }
        };
        match self.encoding {
            Encoding::Raw => text(value),
            Encoding::Percent => text(&percent_decode(value)),
        }
    }
}

/// Returns the pairs of decoded names and raw values. Returns `None` if the parser rejects the whole request.
fn pairs_with(headers: &[Vec<u8>], encoding: Encoding, quirks: &[Quirk]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let has = |quirk| quirks.contains(&quirk);
    let mut pairs = Vec::new();
    for header in headers {
        let is_utf8 = str::from_utf8(header).is_ok();
        if has(Quirk::NoHeaderUnlessUtf8) && !is_utf8 {
            return None;
        }
        if (has(Quirk::Utf8HeadersOnly) && !is_utf8) || (has(Quirk::AsciiHeadersOnly) && !header.is_ascii()) {
            continue;
        }
        for piece in header.split(|byte| *byte == b';') {
            let piece = trim(piece, has(Quirk::UnicodeBlanks));
            match pair_with(piece, encoding, quirks) {
                Some(pair) => pairs.push(pair),
                None if has(Quirk::NoCookieUnlessAllParse) && !piece.is_empty() => return None,
                None => {}
            }
        }
    }
    Some(pairs)
}

/// Returns the decoded name and the raw value of one pair.
fn pair_with(piece: &[u8], encoding: Encoding, quirks: &[Quirk]) -> Option<(Vec<u8>, Vec<u8>)> {
    let has = |quirk| quirks.contains(&quirk);
    let equals = piece.iter().position(|byte| *byte == b'=')?;
    let name = trim(&piece[..equals], has(Quirk::UnicodeBlanks));
    let mut value = trim(&piece[equals + 1..], has(Quirk::UnicodeBlanks));
    if name.is_empty() {
        return None;
    }
    if let (true, [b'"', inner @ .., b'"']) = (has(Quirk::Unquoted), value) {
        value = trim(inner, has(Quirk::UnicodeBlanks));
    }
    let skips = has(Quirk::UndecodableSkipped) || has(Quirk::NoCookieUnlessAllParse);
    if skips && encoding == Encoding::Percent {
        text(&percent_decode(value))?;
    }
    let name = if has(Quirk::DecodedNames) { text(&percent_decode(name))? } else { name.to_vec() };
    Some((name, value.to_vec()))
}

/// Removes blanks around the text. If `unicode` is true, also removes the other white space of Unicode.
fn trim(text: &[u8], unicode: bool) -> &[u8] {
    if let (true, Ok(text)) = (unicode, str::from_utf8(text)) {
        return text.trim().as_bytes();
    }
    let start = text.iter().position(|byte| !b" \t".contains(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !b" \t".contains(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Returns quirks that together explain the value `theirs`, and of which none can be left out.
pub(crate) fn reasons(
    headers: &[Vec<u8>],
    name: &str,
    encoding: Encoding,
    quirks: &[Quirk],
    theirs: &Option<Vec<u8>>,
) -> Vec<Quirk> {
    let mut needed = quirks.to_vec();
    for quirk in quirks {
        let without: Vec<Quirk> = needed.iter().copied().filter(|other| other != quirk).collect();
        if Reading::new(headers, encoding, &without).value(name) == *theirs {
            needed = without;
        }
    }
    assert!(!needed.is_empty(), "the parser reads {name} by the rules, and hardtack does not");
    needed
}
