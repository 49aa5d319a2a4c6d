//! Makes the `Cache-Control` of a response with cookies stricter, so that no shared cache stores the response (RFC 9111
//! 7.3). The input is the `Cache-Control` headers of the response. The output is one stricter header.

use http::HeaderValue;

use crate::policy::Caching;
use crate::wire::list::split_unquoted;

/// Returns a stricter `Cache-Control` header for a response. The boolean is true if the response's own `Cache-Control`
/// headers let shared caches store the response. Returns `None` if the response's own headers are strict enough.
pub(super) fn stricter_cache_control<'a>(
    caching: Caching,
    headers: impl Iterator<Item = &'a HeaderValue>,
) -> Option<(HeaderValue, bool)> {
    let strictest = match caching {
        Caching::Private => "private",
        Caching::NoStore => "no-store",
    };
    let mut stricter = strictest.as_bytes().to_vec();
    let mut was_shared = false;
    for directive in headers.flat_map(|header| split_unquoted(header.as_bytes(), b',')) {
        let directive = directive.trim_ascii();
        let name = directive.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
        if is("no-store") || caching == Caching::Private && directive.eq_ignore_ascii_case(b"private") {
            return None;
        }
        if is("public") || is("s-maxage") {
            was_shared = true;
        } else if !directive.is_empty() && caching == Caching::Private {
            stricter.extend_from_slice(b", ");
            stricter.extend_from_slice(directive);
        }
    }
    // The conversion succeeds: the bytes are parts of valid header values, with commas between the parts.
    HeaderValue::from_bytes(&stricter).ok().map(|value| (value, was_shared))
}

#[cfg(test)]
mod tests {
    use super::stricter_cache_control;
    use crate::policy::Caching;
    use http::HeaderValue;

    fn stricter(caching: Caching, headers: &[&'static str]) -> Option<(String, bool)> {
        let headers: Vec<_> = headers.iter().map(|header| HeaderValue::from_static(header)).collect();
        let stricter = stricter_cache_control(caching, headers.iter())?;
        Some((stricter.0.to_str().unwrap().to_owned(), stricter.1))
    }

    #[test]
    fn only_shared_caches_are_excluded() {
        for (headers, expected) in [
            (&[][..], Some(("private", false))),
            (&["no-cache"], Some(("private, no-cache", false))),
            (&["public, max-age=60"], Some(("private, max-age=60", true))),
            (&["max-age=60", "S-MaxAge=5"], Some(("private, max-age=60", true))),
            (&["private=\"set-cookie, x\", max-age=1"], Some(("private, private=\"set-cookie, x\", max-age=1", false))),
            (&["Private"], None),
            (&["max-age=0, no-store"], None),
        ] {
            let found = stricter(Caching::Private, headers);
            assert_eq!(found.as_ref().map(|(text, shared)| (text.as_str(), *shared)), expected, "{headers:?}");
        }
        assert_eq!(stricter(Caching::NoStore, &["private, max-age=60"]), Some(("no-store".to_owned(), false)));
        assert_eq!(stricter(Caching::NoStore, &["no-store"]), None);
    }
}
