//! A declaration in, the octets of its Set-Cookie line out: the one place that writes attributes. The macro, a `const`
//! and the setters all call it; it checks nothing.

use crate::spec::Spec;

/// Writes the attributes of `spec` into `out`, from `; Path=` on, and returns how many octets they are.
///
/// What does not fit is not written: call it with an empty slice to measure.
///
/// ```
/// use hardtack_rules::{Spec, wire};
///
/// const SPEC: Spec<'static> = Spec::new("__Host-Http-id");
/// const LENGTH: usize = wire::attributes(&SPEC, None, &mut []);
/// let mut text = [0; LENGTH];
/// wire::attributes(&SPEC, None, &mut text);
/// assert_eq!(&text, b"; Path=/; Secure; HttpOnly; SameSite=Lax");
/// ```
pub const fn attributes(spec: &Spec<'_>, expires: Option<&[u8; 29]>, out: &mut [u8]) -> usize {
    let mut at = put(out, 0, b"; Path=");
    at = put(out, at, spec.path.as_bytes());
    if let Some(domain) = spec.domain {
        at = put(out, at, b"; Domain=");
        at = put(out, at, domain.as_bytes());
    }
    if let Some(max_age) = spec.max_age {
        at = put(out, at, b"; Max-Age=");
        at = put_number(out, at, max_age.as_secs());
    }
    if let Some(expires) = expires {
        at = put(out, at, b"; Expires=");
        at = put(out, at, expires);
    }
    if spec.secure {
        at = put(out, at, b"; Secure");
    }
    if spec.http_only {
        at = put(out, at, b"; HttpOnly");
    }
    at = put(out, at, b"; SameSite=");
    at = put(out, at, spec.same_site.as_str().as_bytes());
    if spec.partitioned {
        at = put(out, at, b"; Partitioned");
    }
    at
}

/// Writes two texts, one after the other: a prefix and a name.
pub const fn join(first: &str, second: &str, out: &mut [u8]) -> usize {
    let at = put(out, 0, first.as_bytes());
    put(out, at, second.as_bytes())
}

#[allow(clippy::indexing_slicing, reason = "guarded, and `get_mut` is not const")]
const fn put(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    let mut i = 0;
    while i < text.len() {
        if at + i < out.len() {
            out[at + i] = text[i];
        }
        i += 1;
    }
    at + i
}

#[allow(clippy::indexing_slicing, reason = "guarded, and `get_mut` is not const")]
const fn put_number(out: &mut [u8], at: usize, mut number: u64) -> usize {
    let mut length = 1;
    let mut rest = number;
    while rest >= 10 {
        rest /= 10;
        length += 1;
    }
    let mut i = length;
    while i > 0 {
        i -= 1;
        if at + i < out.len() {
            out[at + i] = b'0' + (number % 10) as u8;
        }
        number /= 10;
    }
    at + length
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::{attributes, join, put_number};
    use crate::spec::{SameSite, Spec};

    #[test]
    fn every_attribute_stands_in_its_place() {
        let spec = Spec::new("a")
            .path("/app")
            .domain("example.com")
            .max_age(Duration::from_secs(28_800))
            .same_site(SameSite::None)
            .partitioned();
        let mut text = [0; 256];
        let length = attributes(&spec, Some(b"Thu, 01 Jan 1970 00:00:00 GMT"), &mut text);
        assert_eq!(
            core::str::from_utf8(&text[..length]),
            Ok("; Path=/app; Domain=example.com; Max-Age=28800; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                HttpOnly; SameSite=None; Partitioned")
        );
    }

    #[test]
    fn a_number_has_its_digits_and_no_more() {
        for (seconds, digits) in
            [(0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (u64::MAX, "18446744073709551615")]
        {
            let mut text = [0; 24];
            let end = put_number(&mut text, 1, seconds);
            assert_eq!(text[1..end], *digits.as_bytes());
            assert!(text[0] == 0 && text[end..].iter().all(|octet| *octet == 0));
        }
    }

    #[test]
    fn what_does_not_fit_is_measured_and_not_written() {
        let mut text = [0; 3];
        assert_eq!(join("__Host-", "id", &mut text), 9);
        assert_eq!(&text, b"__H");
        for room in 0..3 {
            let mut text = [0; 3];
            assert_eq!(put_number(&mut text[..room], 0, 12_345), 5);
            assert_eq!(text[..room], b"123"[..room]);
        }
    }
}
