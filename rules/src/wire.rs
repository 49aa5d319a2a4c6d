//! Writes the attributes of a `Set-Cookie` header. Also finds a second cookie that was wrongly joined to a `Set-Cookie`
//! header. The macros, the generated code and the setters all call `write_attributes`, which does not check the values
//! of the attributes.

use crate::spec::Spec;
use crate::syntax::is_tchar;

/// The usual `max-age` of a `Strict-Transport-Security` header: one year, in seconds. ASVS 3.4.1 and the preload lists
/// of browsers require a `max-age` of at least one year.
pub const HSTS_YEAR_SECONDS: u64 = 31_536_000;

/// Writes the attributes of `spec` into `out`, and returns the length of the attributes in bytes. The written text
/// begins with `; Path=`.
///
/// If `out` is too small, the function drops the bytes that do not fit into `out`. To compute only the length, pass an
/// empty slice as `out`.
///
/// `write_attributes` cannot read the policy. So if `policy_domain` is true, the caller must first copy the policy's
/// `cookie_domain` to `spec.domain`.
///
/// ```
/// use hardtack_rules::{Spec, wire};
///
/// const SPEC: Spec<'static> = Spec::new("__Host-Http-id");
/// const LENGTH: usize = wire::write_attributes(&SPEC, None, &mut []);
/// let mut text = [0; LENGTH];
/// wire::write_attributes(&SPEC, None, &mut text);
/// assert_eq!(&text, b"; Path=/; Secure; HttpOnly; SameSite=Lax");
/// ```
pub const fn write_attributes(spec: &Spec<'_>, expires: Option<&[u8; 29]>, out: &mut [u8]) -> usize {
    let mut end = write_bytes(out, 0, b"; Path=");
    end = write_bytes(out, end, spec.path.as_bytes());
    if let Some(domain) = spec.domain {
        end = write_bytes(out, end, b"; Domain=");
        end = write_bytes(out, end, domain.as_bytes());
    }
    if let Some(max_age) = spec.first_lifetime() {
        end = write_bytes(out, end, b"; Max-Age=");
        end = write_number(out, end, max_age.as_secs());
    }
    if let Some(expires) = expires {
        end = write_bytes(out, end, b"; Expires=");
        end = write_bytes(out, end, expires);
    }
    if spec.secure {
        end = write_bytes(out, end, b"; Secure");
    }
    if spec.http_only {
        end = write_bytes(out, end, b"; HttpOnly");
    }
    end = write_bytes(out, end, b"; SameSite=");
    end = write_bytes(out, end, spec.same_site.as_str().as_bytes());
    if spec.partitioned {
        end = write_bytes(out, end, b"; Partitioned");
    }
    end
}

/// Writes `first` and then `second` into `out`, and returns the length of `first` and `second` together in bytes.
/// Generated code calls this function to put a prefix before a name.
///
/// If `out` is too small, the function drops the bytes that do not fit into `out`.
pub const fn write_concat(first: &str, second: &str, out: &mut [u8]) -> usize {
    let end = write_bytes(out, 0, first.as_bytes());
    write_bytes(out, end, second.as_bytes())
}

/// Finds the comma between two cookies that were joined in one `Set-Cookie` header. Returns the index of the comma.
///
/// A comma separates two cookies if a cookie name and `=` follow the comma. A comma in the value of the first cookie
/// only counts if a space follows it. So two kinds of commas do not separate cookies:
///
/// - the comma of an `Expires` date
/// - a comma in a value, if no space follows the comma
///
/// ```
/// use hardtack_rules::wire::find_folded_cookie;
///
/// assert_eq!(find_folded_cookie(b"a=1; Path=/, b=2; Secure"), Some(11));
/// assert_eq!(find_folded_cookie(b"a=1, b=2"), Some(3));
/// assert_eq!(find_folded_cookie(b"a=1,b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), None);
/// ```
#[must_use]
pub fn find_folded_cookie(header: &[u8]) -> Option<usize> {
    if !header.contains(&b',') {
        return None;
    }
    let mut in_value = true;
    header.iter().enumerate().find_map(|(index, byte)| match byte {
        b';' => {
            in_value = false;
            None
        }
        b',' => {
            let rest = header.get(index.saturating_add(1)..).unwrap_or_default();
            let text = rest.trim_ascii_start();
            let token_length = text.iter().take_while(|byte| is_tchar(**byte)).count();
            let begins_cookie =
                token_length > 0 && text.get(token_length) == Some(&b'=') && (!in_value || text.len() < rest.len());
            begins_cookie.then_some(index)
        }
        _ => None,
    })
}

/// Writes `text` at index `start`. Returns the index after `text`, even if `text` does not fit into `out`.
#[allow(clippy::indexing_slicing, reason = "the index is checked, and `get_mut` is not const")]
const fn write_bytes(out: &mut [u8], start: usize, text: &[u8]) -> usize {
    let mut i = 0;
    while i < text.len() {
        if start + i < out.len() {
            out[start + i] = text[i];
        }
        i += 1;
    }
    start + i
}

/// Writes `number` in decimal digits at index `start`. Returns the index after `number`, even if `number` does not fit
/// into `out`.
#[allow(clippy::indexing_slicing, reason = "the index is checked, and `get_mut` is not const")]
const fn write_number(out: &mut [u8], start: usize, mut number: u64) -> usize {
    let mut digits = 1;
    let mut rest = number;
    while rest >= 10 {
        rest /= 10;
        digits += 1;
    }
    let mut i = digits;
    while i > 0 {
        i -= 1;
        if start + i < out.len() {
            out[start + i] = b'0' + (number % 10) as u8;
        }
        number /= 10;
    }
    start + digits
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::{find_folded_cookie, write_attributes, write_concat, write_number};
    use crate::spec::{SameSite, Spec};

    #[test]
    fn attributes_are_written_in_a_fixed_order() {
        let spec = Spec::new("a")
            .path("/app")
            .domain("example.com")
            .max_age(Duration::from_secs(28_800))
            .same_site(SameSite::None)
            .partitioned();
        let mut text = [0; 256];
        let length = write_attributes(&spec, Some(b"Thu, 01 Jan 1970 00:00:00 GMT"), &mut text);
        assert_eq!(
            core::str::from_utf8(&text[..length]),
            Ok("; Path=/app; Domain=example.com; Max-Age=28800; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                HttpOnly; SameSite=None; Partitioned")
        );
    }

    #[test]
    fn a_number_is_written_in_decimal() {
        for (seconds, digits) in
            [(0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (u64::MAX, "18446744073709551615")]
        {
            let mut text = [0; 24];
            let end = write_number(&mut text, 1, seconds);
            assert_eq!(text[1..end], *digits.as_bytes());
            assert!(text[0] == 0 && text[end..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn text_that_does_not_fit_is_only_measured() {
        let mut text = [0; 3];
        assert_eq!(write_concat("__Host-", "id", &mut text), 9);
        assert_eq!(&text, b"__H");
        for length in 0..3 {
            let mut text = [0; 3];
            assert_eq!(write_number(&mut text[..length], 0, 12_345), 5);
            assert_eq!(text[..length], b"123"[..length]);
        }
    }

    #[test]
    fn only_the_comma_of_a_folded_cookie_counts() {
        for (header, comma) in [
            ("a=1, b=2", Some(3)),
            ("a=1; Path=/,b=2", Some(11)),
            ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT, b=2", Some(42)),
            ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", None),
            ("a=1,b=2", None),
            ("a=1, b", None),
            ("a=1, =2", None),
            ("a=1; Path=/, =2", None),
            ("a=1, \"b\"=2", None),
            ("a=1,", None),
            (",", None),
            ("", None),
        ] {
            assert_eq!(find_folded_cookie(header.as_bytes()), comma, "{header}");
        }
    }
}
