//! What is raised about a response itself: its HSTS, its caching, its redirect. In: its fields and where they were seen.

use hardtack_rules::auditors::{Facts, HSTS_YEAR, HstsFault, OBSERVATORY_HSTS, Weakness};
use hardtack_rules::syntax::is_tchar;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};

use super::{Finding, Findings};
use crate::host::{Host, is_address};
use crate::lifetime::number;
use crate::read::trim;
use crate::seen::Seen;
use crate::written::split_at_equals;

/// What is raised about the response itself.
pub(crate) fn of_response(headers: &HeaderMap, seen: &Seen, hsts: &SentHsts) -> Vec<Finding> {
    let caching = SentCaching::read(headers);
    let facts = Facts {
        hsts_max_age: hsts.first.unwrap_or_default(),
        hsts_fault: hsts.first.err(),
        invites_caches: caching == SentCaching::Invited,
        ..Facts::of_name(b"")
    };
    let mut findings = Findings { subject: String::from("the response"), facts, name: None, seen, all: Vec::new() };
    let storable = match caching {
        SentCaching::Refused => false,
        SentCaching::Invited => true,
        // What says nothing is stored where the method allows it (RFC 9111 3).
        SentCaching::Silent => seen.request.as_ref().is_none_or(|request| request.is_safe),
    };
    findings.raise_if(storable && headers.contains_key(SET_COOKIE), Weakness::SharedCache);
    if seen.https {
        // No address and no loopback name can be under HSTS, or should be (RFC 6797 8.1.1).
        let can_have = !is_address(&seen.host) && !Host::parse(&seen.host).is_some_and(Host::is_loopback);
        findings.raise_if(hsts.fields == 0 && can_have, Weakness::HstsAbsent);
        findings.raise_if(hsts.fields > 1, Weakness::HstsDoubled);
        if hsts.fields > 0 {
            match hsts.first {
                Ok(max_age) => findings.raise_if(max_age < HSTS_YEAR, Weakness::HstsShort),
                Err(_) => findings.raise(Weakness::HstsMalformed),
            }
        }
    } else {
        findings.raise_if(hsts.fields > 0, Weakness::HstsPlainHttp);
        findings.raise_if(redirects_an_integration(headers, seen), Weakness::IntegrationRedirected);
    }
    findings.finish()
}

/// Whether a request that was no page is sent on to https.
fn redirects_an_integration(headers: &HeaderMap, seen: &Seen) -> bool {
    let to_https = headers.get(LOCATION).map(|location| location.as_bytes()).is_some_and(|location| {
        location.split_at_checked(6).is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(b"https:"))
    });
    to_https
        && seen.request.as_ref().is_some_and(|request| !request.is_page)
        && seen.status.is_none_or(|status| status.is_redirection())
}

/// What a response says of HSTS.
pub(crate) struct SentHsts {
    fields: usize,
    /// The `max-age` of the first field, which is the one that browsers read (RFC 6797 8.1).
    first: Result<u64, HstsFault>,
}

impl SentHsts {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut fields = headers.get_all(STRICT_TRANSPORT_SECURITY).iter();
        let first = fields.next().map(|field| hsts_max_age(field.as_bytes()));
        SentHsts {
            fields: usize::from(first.is_some()) + fields.count(),
            first: first.unwrap_or(Err(HstsFault::MaxAgeMissing)),
        }
    }

    /// Whether the Observatory takes the host for protected.
    pub(crate) fn protects(&self) -> bool {
        self.fields == 1 && self.first.is_ok_and(|max_age| max_age >= OBSERVATORY_HSTS)
    }
}

/// The grammar of RFC 6797 6.1: directives between semicolons, each once, `max-age` among them.
fn hsts_max_age(field: &[u8]) -> Result<u64, HstsFault> {
    if !field.iter().all(|octet| matches!(octet, b'\t' | b' '..=b'~')) {
        return Err(HstsFault::Octets);
    }
    let (mut max_age, mut names) = (None, Vec::<&[u8]>::new());
    for directive in field.split(|octet| *octet == b';').map(trim).filter(|directive| !directive.is_empty()) {
        let (name, value) = split_at_equals(directive);
        if matches!(name, [b'"' | b'\'', rest @ ..] if is_max_age(trim(rest))) {
            return Err(HstsFault::MaxAgeQuoted);
        }
        if !name.iter().all(|octet| is_tchar(*octet)) || names.iter().any(|other| name.eq_ignore_ascii_case(other)) {
            return Err(HstsFault::Grammar);
        }
        names.push(name);
        if is_max_age(name) {
            max_age = Some(value.and_then(|value| number(unquoted(value))));
        }
    }
    match max_age {
        Some(Some(seconds)) => Ok(seconds),
        // A list of values is a number and something else.
        Some(None) if field.iter().any(u8::is_ascii_digit) => Err(HstsFault::Grammar),
        Some(None) | None => Err(HstsFault::MaxAgeMissing),
    }
}

/// What stands between quotes, where it does (RFC 6797 6.1 lets a value be a quoted string).
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

fn is_max_age(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"max-age")
}

/// What a response says to shared caches about its Set-Cookie (RFC 9111 5.2.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum SentCaching {
    /// `no-store` or `private`, for the whole or for Set-Cookie.
    Refused,
    Silent,
    /// `public` or `s-maxage`.
    Invited,
}

impl SentCaching {
    fn read(headers: &HeaderMap) -> Self {
        let mut caching = SentCaching::Silent;
        for field in headers.get_all(CACHE_CONTROL) {
            for directive in outside_quotes(field.as_bytes()) {
                let (name, value) = split_at_equals(directive);
                let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
                let refuses =
                    is("no-store") || ((is("private") || is("no-cache")) && value.is_some_and(lists_set_cookie));
                if refuses || (is("private") && value.is_none()) {
                    return SentCaching::Refused;
                }
                if is("public") || is("s-maxage") {
                    caching = SentCaching::Invited;
                }
            }
        }
        caching
    }
}

/// The pieces between commas that stand outside quotes.
fn outside_quotes(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    field.split(move |octet| {
        quoted ^= *octet == b'"';
        *octet == b',' && !quoted
    })
}

fn lists_set_cookie(names: &[u8]) -> bool {
    names
        .split(|octet| matches!(octet, b'"' | b',' | b' ' | b'\t'))
        .any(|name| name.eq_ignore_ascii_case(b"set-cookie"))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{CACHE_CONTROL, HstsFault, SentCaching, hsts_max_age};

    #[test]
    fn caching_is_read_outside_quotes() {
        for (field, refused, invited) in [
            ("private", true, false),
            ("no-cache=\"set-cookie\"", true, false),
            ("no-cache=\"x\", public", false, true),
            ("x=\"a, private\", y=\"public\"", false, false),
            ("x=\"a\", private", true, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, field.parse().unwrap());
            let caching = SentCaching::read(&headers);
            let found = (caching == SentCaching::Refused, caching == SentCaching::Invited);
            assert_eq!(found, (refused, invited), "{field}");
        }
    }

    #[test]
    fn hsts_is_read_by_its_grammar() {
        for (field, read) in [
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
            ("max-age=1, max-age=2", Err(HstsFault::Grammar)),
            ("max-age=1 year", Err(HstsFault::Grammar)),
            ("max-age=31536000; “preload”", Err(HstsFault::Octets)),
        ] {
            assert_eq!(hsts_max_age(field.as_bytes()), read, "{field}");
        }
    }
}
