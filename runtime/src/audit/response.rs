//! Finds the weaknesses of the response itself, such as a missing HSTS header. The input is the headers and the context
//! of the response. The output is a list of findings about HSTS, caching and redirects.

use std::collections::HashSet;

use hardtack_rules::auditors::{Facts, HstsFault, OBSERVATORY_HSTS_SECONDS, Weakness};
use hardtack_rules::syntax::is_tchar;
use hardtack_rules::wire::HSTS_YEAR_SECONDS;
use http::HeaderMap;
use http::header::{LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};

use super::context::Context;
use super::findings::{Finding, Findings};
use crate::request::acme::is_acme_challenge;
use crate::request::host::{Host, is_address};
use crate::wire::cache_control::{TARGETED_HEADERS, X_ACCEL_EXPIRES};
use crate::wire::list::{parse_number, split_unquoted, trim};
use crate::wire::set_cookie::split_at_equals;

/// Returns the findings about the response itself.
pub(super) fn check(headers: &HeaderMap, context: &Context, hsts: &ParsedHsts) -> Vec<Finding> {
    let caching = SharedCaching::parse(headers);
    let mut facts = Facts::from_name(b"");
    facts.hsts_max_age = hsts.max_age.unwrap_or_default();
    facts.hsts_fault = hsts.max_age.err();
    facts.invites_caches = matches!(caching, SharedCaching::Invited(_));
    let mut findings = Findings { subject: String::from("the response"), facts, name: None, context, list: Vec::new() };
    let is_storable = match caching {
        SharedCaching::Forbidden => false,
        SharedCaching::Invited(_) => true,
        // If a response has no `Cache-Control`, caches may store the response only if the method is GET or HEAD (RFC
        // 9111 section 3).
        SharedCaching::Unspecified => context.request.is_none_or(|request| request.is_get_or_head),
    };
    if is_storable && headers.contains_key(SET_COOKIE) {
        match caching {
            SharedCaching::Invited(name) if name != "cache-control" => {
                let message = format!(
                    "the response sets cookies, and `{name}` lets a shared cache store them in spite of `Cache-Control` and \
                     send them to other users; remove `{name}`, or write `{name}: {}`",
                    if name == X_ACCEL_EXPIRES { "0" } else { "no-store" }
                );
                findings.add_with_message(Weakness::SharedCache, message);
            }
            _ => findings.add(Weakness::SharedCache),
        }
    }
    if context.https {
        // Browsers ignore HSTS for IP addresses (RFC 6797 8.1.1). Loopback names should not have HSTS.
        let can_have_hsts = !is_address(&context.host) && !Host::parse(&context.host).is_some_and(Host::is_loopback);
        findings.add_if(hsts.count == 0 && can_have_hsts, Weakness::HstsAbsent);
        findings.add_if(hsts.count > 1, Weakness::HstsDoubled);
        if hsts.count > 0 {
            match hsts.max_age {
                Ok(max_age) => findings.add_if(max_age < HSTS_YEAR_SECONDS, Weakness::HstsShort),
                Err(_) => findings.add(Weakness::HstsMalformed),
            }
        }
    } else {
        findings.add_if(hsts.count > 0, Weakness::HstsPlainHttp);
        findings.add_if(is_answer_over_plain_http(headers, context), Weakness::PlainHttpAnswer);
        findings.add_if(is_redirected_api_request(headers, context), Weakness::IntegrationRedirected);
    }
    findings.into_sorted()
}

/// Returns true if the response has a `Location` header with an `https` URL.
fn leads_to_https(headers: &HeaderMap) -> bool {
    headers.get(LOCATION).is_some_and(|location| {
        let scheme = location.as_bytes().split_at_checked(6).map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https:"))
    })
}

/// Returns true if the server answered a request over plain HTTP, instead of refusing the request or redirecting it to
/// https. A server on the same machine may use plain HTTP, and an ACME HTTP-01 challenge must use plain HTTP.
fn is_answer_over_plain_http(headers: &HeaderMap, context: &Context) -> bool {
    let is_answer =
        context.status.is_some_and(|status| status.is_success() || status.is_redirection() && !leads_to_https(headers));
    is_answer && !Host::parse(&context.host).is_some_and(Host::is_loopback) && !is_acme_challenge(&context.path)
}

/// Returns true if the context contains an API request and the response redirects the request to https.
fn is_redirected_api_request(headers: &HeaderMap, context: &Context) -> bool {
    leads_to_https(headers)
        && context.request.is_some_and(|request| !request.wants_html)
        && context.status.is_none_or(|status| status.is_redirection())
}

/// All `Strict-Transport-Security` headers of one response.
pub(super) struct ParsedHsts {
    /// The number of HSTS headers in the response.
    count: usize,
    /// The `max-age` of the first HSTS header, in seconds. Browsers ignore all HSTS headers after the first (RFC 6797
    /// 8.1).
    max_age: Result<u64, HstsFault>,
}

impl ParsedHsts {
    pub(super) fn parse(headers: &HeaderMap) -> Self {
        let headers = headers.get_all(STRICT_TRANSPORT_SECURITY);
        let first = headers.iter().next().map(|header| parse_max_age(header.as_bytes()));
        ParsedHsts { count: headers.iter().count(), max_age: first.unwrap_or(Err(HstsFault::MaxAgeMissing)) }
    }

    /// Returns true if the Mozilla Observatory (a scanner) accepts the HSTS headers. The Observatory demands exactly
    /// one HSTS header, with a `max-age` of at least `OBSERVATORY_HSTS_SECONDS`.
    pub(super) fn satisfies_observatory(&self) -> bool {
        self.count == 1 && self.max_age.is_ok_and(|max_age| max_age >= OBSERVATORY_HSTS_SECONDS)
    }
}

/// Parses an HSTS header and returns its `max-age`. Semicolons separate the directives of an HSTS header. Each
/// directive may occur only once (RFC 6797 6.1).
fn parse_max_age(header: &[u8]) -> Result<u64, HstsFault> {
    if !header.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
        return Err(HstsFault::InvalidByte);
    }
    let (mut max_age, mut names) = (None, HashSet::new());
    for directive in header.split(|byte| *byte == b';').map(trim).filter(|directive| !directive.is_empty()) {
        let (name, value) = split_at_equals(directive);
        if matches!(name, [b'"' | b'\'', rest @ ..] if is_max_age(trim(rest))) {
            return Err(HstsFault::MaxAgeQuoted);
        }
        if !name.iter().all(|byte| is_tchar(*byte)) || !names.insert(name.to_ascii_lowercase()) {
            return Err(HstsFault::Grammar);
        }
        if is_max_age(name) {
            max_age = Some(value.and_then(|value| parse_number(without_quotes(value))));
        }
    }
    match max_age {
        Some(Some(seconds)) => Ok(seconds),
        // The header contains a digit, but the value of `max-age` is not a number.
        Some(None) if header.iter().any(u8::is_ascii_digit) => Err(HstsFault::Grammar),
        Some(None) | None => Err(HstsFault::MaxAgeMissing),
    }
}

/// Removes the quotes if the value of an HSTS directive is a quoted string (RFC 6797 6.1).
fn without_quotes(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

fn is_max_age(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"max-age")
}

/// The effect of the caching headers on shared caches, for a response with `Set-Cookie`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SharedCaching {
    /// Shared caches must not store the response, or must not store the `Set-Cookie` headers of the response.
    Forbidden,
    Unspecified,
    /// The header with this name allows shared caches to store the response.
    Invited(&'static str),
}

impl SharedCaching {
    /// Parses `Cache-Control`, and the targeted headers that some shared caches read instead of `Cache-Control`.
    fn parse(headers: &HeaderMap) -> Self {
        match TARGETED_HEADERS.into_iter().find(|name| Self::is_invited_by(headers, name)) {
            Some(name) => SharedCaching::Invited(name),
            None => Self::parse_directives(headers, "cache-control", |_, _| false),
        }
    }

    /// Returns true if the targeted header allows shared caches to store the response. Shared caches read a targeted
    /// header instead of `Cache-Control`. In a targeted header, a lifetime alone allows shared caches to store the
    /// response.
    fn is_invited_by(headers: &HeaderMap, targeted: &'static str) -> bool {
        if targeted == X_ACCEL_EXPIRES {
            let value = headers.get(targeted).map_or(&b""[..], |value| value.as_bytes().trim_ascii());
            // nginx ignores a value that is neither a number of seconds, nor `@` and a time.
            return match value.strip_prefix(b"@") {
                Some(time) => parse_number(time).is_some(),
                None => parse_number(value).is_some_and(|seconds| seconds != 0),
            };
        }
        let is_lifetime = |name: &[u8], value: Option<&[u8]>| {
            let is_named = is_max_age(name) || name.to_ascii_lowercase().ends_with(b"-maxage");
            is_named && value.and_then(parse_number) != Some(0)
        };
        Self::parse_directives(headers, targeted, is_lifetime) == SharedCaching::Invited(targeted)
    }

    /// Parses all headers with the name `header` as one list of directives (RFC 9111 5.2.2). The closure `invites`
    /// returns true for additional directives that allow shared caches to store the response.
    fn parse_directives(
        headers: &HeaderMap,
        header: &'static str,
        invites: impl Fn(&[u8], Option<&[u8]>) -> bool,
    ) -> Self {
        let directives: Vec<_> = headers
            .get_all(header)
            .iter()
            .flat_map(|value| split_unquoted(value.as_bytes(), b','))
            .map(split_at_equals)
            .collect();
        let is = |name: &[u8], known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        // If a response has both `must-understand` and `no-store`, a cache that implements `must-understand` ignores
        // `no-store` (RFC 9111 5.2.2.3).
        let understands = directives.iter().any(|(name, _)| is(name, "must-understand"));
        let mut caching = SharedCaching::Unspecified;
        for (name, value) in &directives {
            let covers_set_cookie = value.is_some_and(contains_set_cookie);
            if (is(name, "no-store") && !understands)
                || (is(name, "private") && (value.is_none() || covers_set_cookie))
                || (is(name, "no-cache") && covers_set_cookie)
                // A directive of Akamai's `Edge-Control`.
                || is(name, "bypass-cache")
            {
                return SharedCaching::Forbidden;
            }
            if is(name, "public") || is(name, "s-maxage") || invites(name, *value) {
                caching = SharedCaching::Invited(header);
            }
        }
        caching
    }
}

/// Returns true if a list of header names contains `Set-Cookie`.
fn contains_set_cookie(names: &[u8]) -> bool {
    names.split(|byte| matches!(byte, b'"' | b',' | b' ' | b'\t')).any(|name| name.eq_ignore_ascii_case(b"set-cookie"))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::CACHE_CONTROL;

    use super::{HstsFault, SharedCaching, parse_max_age};

    #[test]
    fn cache_directives_in_quotes_are_ignored() {
        for (header, is_forbidden, is_invited) in [
            ("private", true, false),
            ("no-cache=\"set-cookie\"", true, false),
            ("no-cache=\"x\", public", false, true),
            ("x=\"a, private\", y=\"public\"", false, false),
            ("x=\"a\", private", true, false),
            // An escaped quote does not end a quoted string.
            ("x=\"a\\\",public,b\"", false, false),
            ("x=\"a\\\"\", public", false, true),
            // `no-store` together with `must-understand` has no effect.
            ("must-understand, no-store", false, false),
            ("no-store, public, must-understand", false, true),
            ("must-understand, no-store, private", true, false),
            // In `Cache-Control`, a lifetime alone does not allow shared caches to store the response.
            ("max-age=600", false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, header.parse().unwrap());
            let caching = SharedCaching::parse(&headers);
            let found = (caching == SharedCaching::Forbidden, caching == SharedCaching::Invited("cache-control"));
            assert_eq!(found, (is_forbidden, is_invited), "{header}");
        }
    }

    #[test]
    fn targeted_headers_replace_cache_control() {
        for (name, value, is_invited) in [
            ("cdn-cache-control", "public, max-age=600", true),
            ("cloudflare-cdn-cache-control", "max-age=600", true),
            ("vercel-cdn-cache-control", "s-maxage=1", true),
            ("surrogate-control", "max-age=600+60, content=\"ESI/1.0\"", true),
            ("edge-control", "cache-maxage=1d", true),
            ("x-accel-expires", "600", true),
            ("x-accel-expires", "@1795392000", true),
            ("x-litespeed-cache-control", "public", true),
            ("cdn-cache-control", "no-store", false),
            ("cdn-cache-control", "private, max-age=600", false),
            ("netlify-cdn-cache-control", "max-age=0", false),
            ("surrogate-control", "content=\"ESI/1.0\"", false),
            ("edge-control", "max-age=60, bypass-cache", false),
            ("x-accel-expires", " 0", false),
            ("x-cache-control", "public", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, "private".parse().unwrap());
            headers.insert(name, value.parse().unwrap());
            let found = SharedCaching::parse(&headers);
            let expected = if is_invited { SharedCaching::Invited(name) } else { SharedCaching::Forbidden };
            assert!(found == expected, "{name}: {value}");
        }
    }

    #[test]
    fn hsts_is_parsed_by_its_grammar() {
        for (header, max_age) in [
            ("max-age=31536000", Ok(31_536_000)),
            ("max-age=\"31536000\"; includeSubDomains", Ok(31_536_000)),
            ("includeSubDomains; MAX-AGE = 1;; preload;", Ok(1)),
            ("max-age=0", Ok(0)),
            ("max-age=99999999999999999999999", Ok(u64::MAX)),
            ("", Err(HstsFault::MaxAgeMissing)),
            ("includeSubDomains", Err(HstsFault::MaxAgeMissing)),
            ("max-age", Err(HstsFault::MaxAgeMissing)),
            ("max-age=", Err(HstsFault::MaxAgeMissing)),
            ("\"max-age=31536000\"", Err(HstsFault::MaxAgeQuoted)),
            ("max-age=1; max-age=2", Err(HstsFault::Grammar)),
            ("max-age=1; a; b; A", Err(HstsFault::Grammar)),
            ("max-age=1, max-age=2", Err(HstsFault::Grammar)),
            ("max-age=1 year", Err(HstsFault::Grammar)),
            ("max-age=31536000; “preload”", Err(HstsFault::InvalidByte)),
        ] {
            assert_eq!(parse_max_age(header.as_bytes()), max_age, "{header}");
        }
    }
}
