//! A Rust value in, cookie-octets out, and back. Every octet is safe: what may not stand in a value is percent-encoded
//! (`%` too) and comes back equal. Knows nothing of names and attributes.

use core::fmt::{self, Write as _};
use std::borrow::Cow;

use hardtack_rules::syntax::is_cookie_octet;

/// A value that a cookie can carry.
///
/// Derive it for a newtype or a fieldless enum. A type with `Display` and `FromStr` needs no impl. What is written comes
/// back equal where the type's text says all of it: `SocketAddrV6` leaves out its flow label.
///
/// ```
/// use hardtack::{Cookie, CookieValue, InvalidValue, SetCookie, ValueWriter, testing};
///
/// struct Pair(u8, u8);
///
/// impl CookieValue for Pair {
///     fn write(&self, out: &mut ValueWriter) {
///         self.0.write(out);
///         out.push_str("x");
///         self.1.write(out);
///     }
///     fn read(text: &str) -> Result<Self, InvalidValue> {
///         let (a, b) = text.split_once('x').ok_or(InvalidValue::expected("two numbers and an `x`"))?;
///         Ok(Pair(u8::read(a)?, u8::read(b)?))
///     }
/// }
///
/// #[derive(Cookie)]
/// struct Grid(Pair);
///
/// let line = SetCookie::new(Grid(Pair(3, 4))).header_value(&testing::https()).unwrap();
/// assert_eq!(line, "__Host-Http-grid=3x4; Path=/; Secure; HttpOnly; SameSite=Lax");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a cookie",
    label = "needs `CookieValue`, or `Display` and `FromStr`",
    note = "derive `CookieValue` for a fieldless enum or a newtype, implement `Display` and `FromStr`, or declare the cookie `json`",
    note = "no value is an `Option`: a cookie that is absent reads as `None`"
)]
pub trait CookieValue: Sized {
    /// Writes the value as text; the writer encodes it.
    fn write(&self, out: &mut ValueWriter);

    /// Reads the value from decoded text.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`], where the text is not one of the type's values.
    fn read(text: &str) -> Result<Self, InvalidValue>;
}

/// Says that a text is not a value of the type, and what one would be. It never holds the text.
///
/// ```
/// use hardtack::{CookieValue, InvalidValue};
///
/// let error: InvalidValue = u8::read("300").unwrap_err();
/// assert_eq!(error.to_string(), "expected a `u8`");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidValue {
    expected: &'static str,
}

impl InvalidValue {
    /// Names what was expected, as in `"a number"`.
    #[must_use]
    pub const fn expected(expected: &'static str) -> Self {
        InvalidValue { expected }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected ")?;
        f.write_str(self.expected)
    }
}

impl std::error::Error for InvalidValue {}

/// Takes the text of a value and writes it as cookie-octets (6265bis 4.1.1), the others percent-encoded.
///
/// It is also a [`core::fmt::Write`], so `write!` works.
///
/// ```
/// use hardtack::{Cookie, SetCookie, testing};
///
/// #[derive(Cookie)]
/// struct Note(String);
///
/// let line = SetCookie::new(Note("50 %; a\r\nb".into())).header_value(&testing::https()).unwrap();
/// assert!(line.to_str().unwrap().starts_with("__Host-Http-note=50%20%25%3B%20a%0D%0Ab; Path=/"));
/// ```
pub struct ValueWriter {
    line: Vec<u8>,
    head: &'static str,
    /// Octets that will follow the value: reserved with it, so that one allocation holds the line.
    tail: usize,
    escapes: bool,
    failed: bool,
}

impl fmt::Debug for ValueWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueWriter").finish_non_exhaustive()
    }
}

impl ValueWriter {
    /// Begins a line: `head`, then the value, then `tail` octets.
    pub(crate) fn new(head: &'static str, tail: usize) -> Self {
        ValueWriter { line: Vec::new(), head, tail, escapes: true, failed: false }
    }

    /// Begins a line whose value is written as it is: somebody else writes the cookie, or it is sealed.
    #[cfg(any(feature = "testing", feature = "seal"))]
    pub(crate) fn as_it_is(head: &'static str, tail: usize) -> Self {
        ValueWriter { escapes: false, ..ValueWriter::new(head, tail) }
    }

    /// Appends text to the value.
    pub fn push_str(&mut self, text: &str) {
        self.push_octets(text.as_bytes());
    }

    /// Appends one character to the value.
    pub fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Appends what `Display` writes, and remembers where it fails.
    pub(crate) fn push_display(&mut self, value: &dyn fmt::Display) {
        if write!(self, "{value}").is_err() {
            self.failed = true;
        }
    }

    /// Remembers that the value could not be written.
    #[cfg(feature = "json")]
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    fn push_octets(&mut self, text: &[u8]) {
        let escaped = if self.escapes { escaped(text) } else { 0 };
        if self.line.capacity() == 0 {
            self.begin(text.len() + 2 * escaped);
        }
        match escaped {
            0 => self.line.extend_from_slice(text),
            _ => escape(text, escaped, &mut self.line),
        }
    }

    #[inline]
    fn begin(&mut self, value: usize) {
        self.line = Vec::with_capacity(self.head.len() + value + self.tail);
        self.line.extend_from_slice(self.head.as_bytes());
    }

    /// The line so far, head included; `None` where a `Display` failed.
    #[inline]
    pub(crate) fn written(&mut self) -> Option<Vec<u8>> {
        if self.line.capacity() == 0 {
            self.begin(0);
        }
        if self.failed { None } else { Some(core::mem::take(&mut self.line)) }
    }
}

impl fmt::Write for ValueWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

/// How many octets of the text do not stand in a value as they are.
fn escaped(text: &[u8]) -> usize {
    let mut escaped = 0;
    let mut rest = text;
    while let Some((block, after)) = rest.split_first_chunk() {
        escaped += usize::from(escaped_of(block));
        rest = after;
    }
    escaped + rest.iter().filter(|octet| !is_plain(**octet)).count()
}

/// The same of a block. By itself a compiler makes a few vector instructions of it, inlined it does not.
#[inline(never)]
fn escaped_of(block: &[u8; 32]) -> u8 {
    block.iter().map(|octet| u8::from(!compares_as_plain(*octet))).sum()
}

/// Appends the text, with an escape for each of the octets, counted before, that need one.
fn escape(text: &[u8], escaped: usize, line: &mut Vec<u8>) {
    let mut at = line.len();
    let end = at + text.len() + 2 * escaped;
    // Each octet writes four, and the next one over those that do not count.
    line.resize(end + 3, 0);
    for octet in text {
        let Some(room) = line.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) else { break };
        *room = escape_of(*octet);
        let [.., length] = *room;
        at += usize::from(length);
    }
    line.truncate(end);
}

/// Whether the octet stands in a value as it is: a cookie-octet (6265bis 4.1.1) that does not begin an escape.
#[allow(clippy::indexing_slicing, reason = "an octet is one of 256")]
const fn is_plain(octet: u8) -> bool {
    PLAIN[octet as usize]
}

/// Looked up, for one octet.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut octet = 0;
    while octet < 256 {
        #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "below 256")]
        {
            plain[octet] = is_cookie_octet(octet as u8) && octet as u8 != b'%';
        }
        octet += 1;
    }
    plain
};

/// The same, compared, for many at once.
const fn compares_as_plain(octet: u8) -> bool {
    let is_graphic = octet.wrapping_sub(b'!') <= b'~' - b'!';
    is_graphic & (octet != b'"') & (octet != b'%') & (octet != b',') & (octet != b';') & (octet != b'\\')
}

/// An octet as it is written, by itself or as an escape, what fills that up to three, and how many of these count.
#[allow(clippy::indexing_slicing, reason = "an octet is one of 256")]
const fn escape_of(octet: u8) -> [u8; 4] {
    ESCAPES[octet as usize]
}

const ESCAPES: [[u8; 4]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut escapes = [[0; 4]; 256];
    let mut octet = 0;
    while octet < 256 {
        #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "below 256, and below 16")]
        {
            escapes[octet] =
                if PLAIN[octet] { [octet as u8, 0, 0, 1] } else { [b'%', DIGITS[octet >> 4], DIGITS[octet & 15], 3] };
        }
        octet += 1;
    }
    escapes
};

/// Decodes the percent-encoding of a value; an incomplete escape stands for itself.
///
/// `None` where the octets are not UTF-8.
pub(crate) fn decode(raw: &[u8]) -> Option<Cow<'_, str>> {
    if !raw.contains(&b'%') {
        return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    let mut octets = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, after @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (*first, after) {
            if let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) {
                octets.push(high << 4 | low);
                rest = after;
                continue;
            }
        }
        octets.push(*first);
        rest = after;
    }
    String::from_utf8(octets).ok().map(Cow::Owned)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl CookieValue for String {
    fn write(&self, out: &mut ValueWriter) {
        out.push_str(self);
    }
    fn read(text: &str) -> Result<Self, InvalidValue> {
        Ok(text.to_owned())
    }
}

impl CookieValue for Box<str> {
    fn write(&self, out: &mut ValueWriter) {
        out.push_str(self);
    }
    fn read(text: &str) -> Result<Self, InvalidValue> {
        Ok(text.into())
    }
}

impl CookieValue for Cow<'_, str> {
    fn write(&self, out: &mut ValueWriter) {
        out.push_str(self);
    }
    fn read(text: &str) -> Result<Self, InvalidValue> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

impl CookieValue for bool {
    fn write(&self, out: &mut ValueWriter) {
        out.push_str(if *self { "true" } else { "false" });
    }
    fn read(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map_err(|_| InvalidValue::expected("`true` or `false`"))
    }
}

macro_rules! by_text {
    ($($type:ty)*) => {$(
        impl CookieValue for $type {
            fn write(&self, out: &mut ValueWriter) {
                out.push_display(self);
            }
            fn read(text: &str) -> Result<Self, InvalidValue> {
                text.parse().map_err(|_| InvalidValue::expected(concat!("a `", stringify!($type), "`")))
            }
        }
    )*};
}

by_text! {
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 char
    std::num::NonZeroU8 std::num::NonZeroU16 std::num::NonZeroU32 std::num::NonZeroU64 std::num::NonZeroU128
    std::num::NonZeroUsize std::num::NonZeroI8 std::num::NonZeroI16 std::num::NonZeroI32 std::num::NonZeroI64
    std::num::NonZeroI128 std::num::NonZeroIsize
    std::net::IpAddr std::net::Ipv4Addr std::net::Ipv6Addr
    std::net::SocketAddr std::net::SocketAddrV4 std::net::SocketAddrV6
}

#[cfg(test)]
mod tests {
    use super::{CookieValue, ValueWriter, decode};

    fn written(value: &impl CookieValue) -> String {
        let mut out = ValueWriter::new("", 0);
        value.write(&mut out);
        String::from_utf8(out.written().unwrap()).unwrap()
    }

    #[test]
    fn a_single_text_is_one_exact_allocation() {
        let mut out = ValueWriter::new("name=", 7);
        out.push_str("a b");
        let line = out.written().unwrap();
        assert_eq!(line, b"name=a%20b");
        assert_eq!(line.capacity(), line.len() + 7);
    }

    #[test]
    fn every_ascii_octet_comes_back_and_only_cookie_octets_leave() {
        for octet in 0..=127_u8 {
            let text = char::from(octet).to_string();
            let wire = written(&text);
            assert!(wire.bytes().all(hardtack_rules::syntax::is_cookie_octet), "{octet}");
            assert_eq!(decode(wire.as_bytes()).unwrap(), text);
        }
    }

    /// Ours writes capitals, and a page's `encodeURIComponent` too; others write small letters.
    #[test]
    fn an_escape_may_be_in_either_case() {
        for octet in 0..=127_u8 {
            let text = char::from(octet).to_string();
            assert_eq!(decode(format!("%{octet:02x}").as_bytes()).unwrap(), text);
            assert_eq!(decode(format!("%{octet:02X}").as_bytes()).unwrap(), text);
        }
        assert_eq!(decode(b"caf%c3%A9").unwrap(), "caf\u{e9}");
    }

    #[test]
    fn escapes_are_counted_wherever_they_stand() {
        for octet in 0..=255_u8 {
            let expected = if hardtack_rules::syntax::is_cookie_octet(octet) && octet != b'%' { 0 } else { 3 };
            for before in [0, 1, 29, 30, 31, 32, 40, 80] {
                let text = [&vec![b'a'; before][..], &[octet; 3]].concat();
                assert_eq!(super::escaped(&text), expected, "{octet} after {before}");
            }
        }
    }

    #[test]
    fn an_incomplete_escape_stands_for_itself_and_broken_utf8_is_refused() {
        assert_eq!(decode(b"100%").unwrap(), "100%");
        assert_eq!(decode(b"%4").unwrap(), "%4");
        assert_eq!(decode(b"%zz%41").unwrap(), "%zzA");
        assert_eq!(decode(b"%ff"), None);
        assert_eq!(decode(b"\xff"), None);
    }

    #[test]
    fn numbers_and_their_kin_read_what_they_write() {
        assert_eq!(u64::read(&written(&u64::MAX)), Ok(u64::MAX));
        assert_eq!(i8::read(&written(&-5_i8)), Ok(-5));
        assert_eq!(f64::read(&written(&0.1_f64)), Ok(0.1));
        assert_eq!(char::read(&decode(written(&';').as_bytes()).unwrap()), Ok(';'));
        assert_eq!(bool::read("1").unwrap_err().to_string(), "expected `true` or `false`");
    }
}
