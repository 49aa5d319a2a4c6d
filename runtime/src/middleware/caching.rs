//! Makes the caching headers of a response with cookies stricter, so that shared caches do not store the response (RFC
//! 9111 7.3). This file changes `Cache-Control`, and removes the headers that some shared caches use instead of
//! `Cache-Control`.

use http::header::{CACHE_CONTROL, Entry, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::policy::Caching;
use crate::wire::cache_control::TARGETED_HEADERS;
use crate::wire::list::split_unquoted;

/// Makes the caching headers of a response with cookies stricter. Returns the names of the headers that allowed shared
/// caches to store the response.
pub(super) fn restrict(caching: Caching, response: &mut HeaderMap) -> Vec<HeaderName> {
    let mut shared = Vec::new();
    match response.entry(CACHE_CONTROL) {
        // Most responses with a cookie have no `Cache-Control`.
        Entry::Vacant(entry) => drop(entry.insert(header_value(caching))),
        Entry::Occupied(mut entry) => {
            if let Some((value, was_shared)) = stricter_cache_control(caching, entry.iter()) {
                if was_shared {
                    shared.push(CACHE_CONTROL);
                }
                entry.insert(value);
            }
        }
    }
    let targeted = response.keys().filter(|name| TARGETED_HEADERS.contains(&name.as_str()));
    let targeted: Vec<HeaderName> = targeted.cloned().collect();
    for name in &targeted {
        response.remove(name);
    }
    shared.extend(targeted);
    shared
}

/// Returns a header with the directive that the setting demands. The compiler makes the headers, because making a header
/// at run time costs more.
fn header_value(caching: Caching) -> HeaderValue {
    match caching {
        Caching::Private => const { HeaderValue::from_static(directive(Caching::Private)) },
        Caching::NoStore => const { HeaderValue::from_static(directive(Caching::NoStore)) },
    }
}

/// Returns the directive that the setting demands.
const fn directive(caching: Caching) -> &'static str {
    match caching {
        Caching::Private => "private",
        Caching::NoStore => "no-store",
    }
}

/// Returns a stricter `Cache-Control` header for a response. The boolean is true if the application's `Cache-Control`
/// headers allowed shared caches to store the response. Returns `None` if the application's headers are strict enough.
fn stricter_cache_control<'a>(
    caching: Caching,
    headers: impl Iterator<Item = &'a HeaderValue>,
) -> Option<(HeaderValue, bool)> {
    let directives: Vec<&[u8]> =
        headers.flat_map(|header| split_unquoted(header.as_bytes(), b',')).map(<[u8]>::trim_ascii).collect();
    let directives = || directives.iter().copied();
    let has = |name: &str| directives().any(|directive| directive.eq_ignore_ascii_case(name.as_bytes()));
    // If a header contains both directives, a cache that implements `must-understand` ignores `no-store` (RFC 9111
    // 5.2.2.3).
    let is_no_store = has("no-store") && !directives().any(|directive| is_named(directive, "must-understand"));
    let is_strict = is_no_store || caching == Caching::Private && has("private");
    let was_shared = directives().any(lets_shared_caches_store);
    let is_malformed = directives().any(has_open_quote);
    if is_strict && !was_shared && !is_malformed {
        return None;
    }
    let mut stricter = Vec::new();
    match caching {
        Caching::NoStore => stricter.extend_from_slice(directive(caching).as_bytes()),
        Caching::Private => {
            if !is_strict || is_malformed {
                stricter.extend_from_slice(directive(caching).as_bytes());
            }
            let is_kept = |directive: &&[u8]| {
                !directive.is_empty() && !lets_shared_caches_store(directive) && !has_open_quote(directive)
            };
            for directive in directives().filter(is_kept) {
                if !stricter.is_empty() {
                    stricter.extend_from_slice(b", ");
                }
                stricter.extend_from_slice(directive);
            }
        }
    }
    // The conversion never fails, because the bytes are parts of valid header values, with commas between the parts.
    HeaderValue::from_bytes(&stricter).ok().map(|value| (value, was_shared))
}

fn lets_shared_caches_store(directive: &[u8]) -> bool {
    is_named(directive, "public") || is_named(directive, "s-maxage")
}

/// Returns true if the directive has the name `name`, with or without a value.
fn is_named(directive: &[u8], name: &str) -> bool {
    let found = directive.split(|byte| *byte == b'=').next().unwrap_or_default();
    found.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
}

/// Returns true if the directive contains a quoted string without a closing quote. Different caches parse the text
/// after such a quote in different ways.
fn has_open_quote(directive: &[u8]) -> bool {
    // The code appends a comma. If all quotes are closed, this comma splits the text into two parts. If a quote is
    // open, the text stays one part.
    let mut with_separator = directive.to_vec();
    with_separator.push(b',');
    directive.contains(&b'"') && split_unquoted(&with_separator, b',').count() == 1
}

#[cfg(test)]
mod tests {
    use super::{TARGETED_HEADERS, restrict, stricter_cache_control};
    use crate::policy::Caching;
    use http::header::{CACHE_CONTROL, EXPIRES};
    use http::{HeaderMap, HeaderValue};

    fn stricter(caching: Caching, headers: &[&'static str]) -> Option<(String, bool)> {
        let headers: Vec<_> = headers.iter().map(|header| HeaderValue::from_static(header)).collect();
        let stricter = stricter_cache_control(caching, headers.iter())?;
        Some((stricter.0.to_str().unwrap().to_owned(), stricter.1))
    }

    #[test]
    fn only_shared_caches_are_excluded() {
        for (headers, expected) in [
            (&[][..], Some(("private", false))),
            (&[""], Some(("private", false))),
            (&["no-cache"], Some(("private, no-cache", false))),
            (&["public, max-age=60"], Some(("private, max-age=60", true))),
            (&["max-age=60", "S-MaxAge=5"], Some(("private, max-age=60", true))),
            (&["private=\"set-cookie, x\", max-age=1"], Some(("private, private=\"set-cookie, x\", max-age=1", false))),
            (&["Private"], None),
            (&["max-age=0, no-store"], None),
            (&["NO-STORE"], None),
            (&["private, max-age=60, must-understand"], None),
            // `public` and `s-maxage` are dropped, even if the header also contains a stricter directive.
            (&["private, public, s-maxage=600"], Some(("private", true))),
            (&["public", "private"], Some(("private", true))),
            (&["no-store, public"], Some(("no-store", true))),
            (&["s-maxage=600, max-age=5, no-store"], Some(("max-age=5, no-store", true))),
            (&["public=\"x\", private"], Some(("private", true))),
            (&["s-maxage , PUBLIC , private"], Some(("private", true))),
            // If the header also contains `must-understand`, `no-store` counts as missing.
            (&["must-understand, no-store, public, s-maxage=600"], Some(("private, must-understand, no-store", true))),
            (&["must-understand, no-store"], Some(("private, must-understand, no-store", false))),
            (&["no-store", "Must-Understand=1"], Some(("private, no-store, Must-Understand=1", false))),
            (&["must-understand, no-store, private"], None),
            (&["must-understand, no-store, private, public"], Some(("must-understand, no-store, private", true))),
            // `no-store` and `private` do not count if they have a value.
            (&["no-store=\"x\", public, s-maxage=600"], Some(("private, no-store=\"x\"", true))),
            (&["private=\"\""], Some(("private, private=\"\"", false))),
            (&["x=\"private, no-store\""], Some(("private, x=\"private, no-store\"", false))),
            // A quoted string without a closing quote is dropped.
            (&["x=\"a, public, s-maxage=600"], Some(("private", false))),
            (&["x=\"a", "private"], Some(("private, private", false))),
            (&["no-store, x=\"a\\\""], Some(("private, no-store", false))),
        ] {
            let found = stricter(Caching::Private, headers);
            assert_eq!(found.as_ref().map(|(text, shared)| (text.as_str(), *shared)), expected, "{headers:?}");
            if let Some((text, _)) = found {
                let again = [HeaderValue::try_from(text).unwrap()];
                assert_eq!(stricter_cache_control(Caching::Private, again.iter()), None, "{headers:?}");
            }
        }
    }

    #[test]
    fn no_store_replaces_the_other_directives() {
        for (headers, expected) in [
            (&[][..], Some(("no-store", false))),
            (&["private, max-age=60"], Some(("no-store", false))),
            (&["public, max-age=60"], Some(("no-store", true))),
            (&["no-store, s-maxage=60"], Some(("no-store", true))),
            (&["no-store, must-understand"], Some(("no-store", false))),
            (&["no-store=1"], Some(("no-store", false))),
            (&["no-store"], None),
            (&["no-store, max-age=0"], None),
        ] {
            let found = stricter(Caching::NoStore, headers);
            assert_eq!(found.as_ref().map(|(text, shared)| (text.as_str(), *shared)), expected, "{headers:?}");
        }
    }

    #[test]
    fn targeted_headers_are_removed() {
        for name in [
            "CDN-Cache-Control",
            "Cloudflare-CDN-Cache-Control",
            "Vercel-CDN-Cache-Control",
            "Netlify-CDN-Cache-Control",
            "Surrogate-Control",
            "Edge-Control",
            "X-Accel-Expires",
        ] {
            for caching in [Caching::Private, Caching::NoStore] {
                let mut response = HeaderMap::new();
                let header: http::HeaderName = name.parse().unwrap();
                response.append(&header, HeaderValue::from_static("public, max-age=600"));
                response.append(&header, HeaderValue::from_static("600"));
                response.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
                response.insert(EXPIRES, HeaderValue::from_static("0"));
                assert_eq!(restrict(caching, &mut response), [header], "{name}");
                assert!(!response.contains_key(name), "{name}");
                assert!(response.contains_key(EXPIRES));
                assert_eq!(restrict(caching, &mut response), [""; 0], "{name}");
            }
        }
        let header = |name| (http::HeaderName::from_static(name), HeaderValue::from_static("no-store"));
        let mut response: HeaderMap = TARGETED_HEADERS.into_iter().map(header).collect();
        response.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        let shared = restrict(Caching::Private, &mut response);
        assert_eq!(shared.len(), 1 + TARGETED_HEADERS.len());
        assert_eq!((response.len(), &response[CACHE_CONTROL]), (1, &HeaderValue::from_static("private")));
    }
}
