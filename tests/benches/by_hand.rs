//! The shortest correct code without a cookie library. The benches compare hardtack's number of CPU
//! instructions with the number of this code.

use http::HeaderValue;
use memchr::memmem::Finder;

/// The value of the header that the policy sends by default.
pub const HSTS: &str = "max-age=31536000";

/// Finds the value of one cookie. Finds the cookie's name with `memmem` and cuts out the value. Then looks for a second
/// cookie with the same name.
///
/// # Panics
///
/// Panics if the header contains two values.
#[must_use]
pub fn find<'h>(finder: &Finder<'_>, header: &'h [u8]) -> Option<&'h str> {
    let mut found: Option<&[u8]> = None;
    for start in finder.find_iter(header) {
        let is_name = matches!(&header[..start], [] | [.., b';'] | [.., b';', b' ']);
        let value = &header[start + finder.needle().len()..];
        let value = &value[..memchr::memchr(b';', value).unwrap_or(value.len())];
        if is_name && found.replace(value).is_some_and(|earlier| earlier != value) {
            panic!("two values");
        }
    }
    found.map(|value| std::str::from_utf8(value).unwrap())
}

/// Writes a `Set-Cookie` header with a value without special characters. The code writes the value without
/// percent-encoding.
///
/// # Panics
///
/// Panics if the value contains a byte that headers must not contain.
#[must_use]
pub fn header(name: &str, value: &str, attributes: &str) -> HeaderValue {
    let mut header = Vec::with_capacity(name.len() + 1 + value.len() + attributes.len());
    header.extend_from_slice(name.as_bytes());
    header.push(b'=');
    header.extend_from_slice(value.as_bytes());
    header.extend_from_slice(attributes.as_bytes());
    HeaderValue::try_from(header).unwrap()
}

/// Writes a `Set-Cookie` header and percent-encodes the value.
///
/// # Panics
///
/// Panics if the name or the attributes contain a byte that headers must not contain.
#[must_use]
pub fn escaped_header(name: &str, value: &str, attributes: &str) -> HeaderValue {
    let mut header = Vec::with_capacity(name.len() + 1 + 3 * value.len() + attributes.len());
    header.extend_from_slice(name.as_bytes());
    header.push(b'=');
    for byte in value.bytes() {
        match byte {
            b'!' | b'#' | b'$' | b'&'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~' => header.push(byte),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                header.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
    header.extend_from_slice(attributes.as_bytes());
    HeaderValue::try_from(header).unwrap()
}
