//! Reads the caching headers of a response. The input is the response's headers. The output is true if shared caches
//! may store the response.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use super::list::{parse_number, split_unquoted};

/// The headers that some shared caches read instead of `Cache-Control`, in lower case.
pub(crate) const TARGETED_HEADERS: [&str; 9] = [
    // RFC 9213 3.1.
    "cdn-cache-control",
    "akamai-cache-control",
    "cloudflare-cdn-cache-control",
    "netlify-cdn-cache-control",
    "vercel-cdn-cache-control",
    // From the Edge Architecture Specification. For example, Fastly and Varnish read this header.
    "surrogate-control",
    // Akamai.
    "edge-control",
    // nginx. The value is a number of seconds, or `@` and a time.
    X_ACCEL_EXPIRES,
    // LiteSpeed.
    "x-litespeed-cache-control",
];

/// The header that nginx reads instead of `Cache-Control`. Its value is not a list of directives.
pub(crate) const X_ACCEL_EXPIRES: &str = "x-accel-expires";

/// Returns true if the response's headers allow shared caches to store the response. `Cache-Control` allows shared
/// caches to store the response with `public`, with `s-maxage`, or with a `max-age` other than zero. `private`,
/// `no-store` and `no-cache` cancel only the effect of `max-age`. A header for a content delivery network (CDN) also
/// allows shared caches to store the response, unless the header itself forbids storing.
pub(crate) fn is_public(response: &HeaderMap) -> bool {
    let is_targeted = |name| response.get_all(name).iter().any(targets_shared_caches);
    is_cache_control_public(response) || TARGETED_HEADERS.into_iter().any(is_targeted)
}

fn is_cache_control_public(response: &HeaderMap) -> bool {
    let (mut is_fresh, mut is_restricted) = (false, false);
    for (name, value) in response.get_all(CACHE_CONTROL).iter().flat_map(directives) {
        let is = |expected: &str| name.eq_ignore_ascii_case(expected.as_bytes());
        if is("public") || is("s-maxage") {
            return true;
        }
        is_restricted |= value.is_none() && (is("private") || is("no-store") || is("no-cache"));
        is_fresh |= is("max-age") && value.and_then(parse_number) != Some(0);
    }
    is_fresh && !is_restricted
}

/// Returns false if the header for a content delivery network forbids shared caches to store the response, as
/// `X-Accel-Expires: 0` does.
fn targets_shared_caches(header: &HeaderValue) -> bool {
    let forbids = |(name, value): (&[u8], Option<&[u8]>)| match value {
        None => name == b"0" || [&b"no-store"[..], b"private"].iter().any(|word| name.eq_ignore_ascii_case(word)),
        Some(value) => name.eq_ignore_ascii_case(b"max-age") && parse_number(value) == Some(0),
    };
    !directives(header).any(forbids)
}

/// Returns the name and the value of each directive in the header.
fn directives(header: &HeaderValue) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    split_unquoted(header.as_bytes(), b',').map(<[u8]>::trim_ascii).filter(|directive| !directive.is_empty()).map(
        |directive| {
            let mut parts = directive.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
            (parts.next().unwrap_or_default(), parts.next())
        },
    )
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::is_public;

    #[test]
    fn public_responses_allow_shared_caches() {
        for (header, value, expected) in [
            ("cache-control", "public", true),
            ("cache-control", "PUBLIC , max-age=60", true),
            ("cache-control", "s-maxage=60, private", true),
            ("cache-control", "max-age=31536000, immutable", true),
            ("cache-control", "max-age=60", true),
            ("cache-control", "max-age=x", true),
            ("cache-control", "max-age=0, must-revalidate", false),
            ("cache-control", "private, max-age=60", false),
            ("cache-control", "max-age=60, no-store", false),
            ("cache-control", "no-cache, max-age=60", false),
            ("cache-control", "no-cache=\"x\", max-age=60", true),
            ("cache-control", "x=\"public, s-maxage=1\"", false),
            ("cache-control", "", false),
            ("cdn-cache-control", "max-age=60", true),
            ("surrogate-control", "no-store", false),
            ("surrogate-control", "max-age=0", false),
            ("x-accel-expires", "600", true),
            ("x-accel-expires", "0", false),
            ("expires", "Thu, 01 Jan 2099 00:00:00 GMT", false),
        ] {
            let mut response = HeaderMap::new();
            response.insert(header, HeaderValue::from_static(value));
            assert_eq!(is_public(&response), expected, "{header}: {value}");
        }
        assert!(!is_public(&HeaderMap::new()));
    }
}
