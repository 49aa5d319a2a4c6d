//! What holds for all inputs: any value comes back equal and adds nothing to its line, any octets are read without
//! harm, any attribute given at run time is refused or stands as it was given, and no text shows a value.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a property that does not hold fails the test"
)]

#[path = "properties/attributes.rs"]
mod attributes;
#[path = "properties/grammar.rs"]
mod grammar;
#[path = "properties/no_value_shown.rs"]
mod no_value_shown;
#[path = "properties/octets.rs"]
mod octets;
#[path = "properties/values.rs"]
mod values;

use std::fmt::{Debug, Write as _};
use std::time::{Duration, SystemTime};

use hardtack::audit::{Rejection, Seen, set_cookie};
use hardtack::{Cookie, Spec, cookie};
use hardtack_rules::date::imf_fixdate;
use hardtack_rules::syntax;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Stands in values, and may stand in no other text.
const SECRET: &str = "opensesame";

fn config(cases: u32) -> ProptestConfig {
    // A failure is printed with its seed; nothing is written beside the sources.
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A unit struct has no value but to be there.
#[derive(Cookie, Debug, Clone, PartialEq)]
struct Present;

#[derive(Cookie)]
#[cookie(path = "/shop", max_age = "30d")]
struct Cart(String);

#[derive(Cookie)]
#[cookie(domain = "example.com", same_site = Strict)]
struct Sso(String);

#[derive(Cookie)]
#[cookie(domain = environment)]
struct Everywhere(String);

#[derive(Cookie)]
#[cookie(same_site = None, partitioned, path = "/embed", reason = "embedded by customers")]
struct Widget(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "a script reads it")]
struct Script(String);

#[derive(Cookie)]
#[cookie(name = "legacy", secure = false, http_only = false, reason = "an old proxy reads it")]
struct Legacy(String);

fn rejected(rejection: Rejection) -> TestCaseError {
    TestCaseError::fail(rejection.to_string())
}

/// What a line was meant to say, and three readers that say whether it does.
struct Meant {
    name: &'static str,
    raw: String,
    path: String,
    domain: Option<String>,
    max_age: Option<u64>,
    expires: Option<i64>,
    spec: Spec,
}

impl Meant {
    fn of(spec: &Spec, raw: &str) -> Self {
        Meant {
            name: spec.name,
            raw: raw.to_owned(),
            path: spec.path.to_owned(),
            domain: spec.domain.map(str::to_owned),
            max_age: spec.max_age.map(|max_age| max_age.as_secs()),
            expires: None,
            spec: *spec,
        }
    }

    fn is_read_from(&self, line: &str) -> TestCaseResult {
        prop_assert!(!line.contains(['\r', '\n', '\0']), "{:?}", line);
        let flags =
            [("Secure", self.spec.secure), ("HttpOnly", self.spec.http_only), ("Partitioned", self.spec.partitioned)];
        let mut expected = vec![format!("{}={}", self.name, self.raw), format!("Path={}", self.path)];
        expected.extend(self.domain.iter().map(|domain| format!("Domain={domain}")));
        expected.extend(self.max_age.map(|max_age| format!("Max-Age={max_age}")));
        expected.extend(self.expires.map(|at| format!("Expires={}", imf_fixdate(at).unwrap().escape_ascii())));
        expected.extend(flags.iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| (*flag).to_owned()));
        expected.push(format!("SameSite={}", self.spec.same_site));
        let (mut found, mut expected) = (line.split("; ").collect::<Vec<_>>(), expected);
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        self.is_cookie(&cookie::Cookie::parse(line).unwrap())?;
        self.is_stored(line)
    }

    fn is_cookie(&self, cookie: &cookie::Cookie<'_>) -> TestCaseResult {
        prop_assert_eq!(cookie.name_value(), (self.name, self.raw.as_str()));
        prop_assert_eq!(cookie.path(), Some(self.path.as_str()));
        prop_assert_eq!(cookie.domain(), self.domain.as_deref());
        // `time` counts seconds in an `i64`: what is over it is the longest life there is.
        let max_age = self.max_age.map(|max_age| i64::try_from(max_age).unwrap_or(i64::MAX));
        prop_assert_eq!(cookie.max_age().map(|it| it.whole_seconds()), max_age);
        prop_assert_eq!(cookie.expires_datetime().map(|it| it.unix_timestamp()), self.expires);
        let flags = [cookie.secure(), cookie.http_only(), cookie.partitioned()].map(|flag| flag.unwrap_or(false));
        prop_assert_eq!(flags, [self.spec.secure, self.spec.http_only, self.spec.partitioned]);
        prop_assert_eq!(cookie.same_site().map(|it| it.to_string()), Some(self.spec.same_site.to_string()));
        Ok(())
    }

    fn is_stored(&self, line: &str) -> TestCaseResult {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let host = self.domain.as_deref().unwrap_or("www.example.com").to_ascii_lowercase();
        let stored = set_cookie(line.as_bytes(), &Seen::https(&host).path("/else/where").at(now)).stored;
        let stored = stored.map_err(rejected)?;
        prop_assert_eq!((stored.name.as_str(), &stored.value, &stored.path), (self.name, &self.raw, &self.path));
        prop_assert_eq!((&stored.domain, stored.host_only), (&host, self.domain.is_none()));
        let flags = [stored.secure, stored.http_only, stored.partitioned];
        prop_assert_eq!(flags, [self.spec.secure, self.spec.http_only, self.spec.partitioned]);
        prop_assert_eq!(stored.same_site, Some(self.spec.same_site));
        let limit = now + syntax::MAX_LIFE;
        let expected = match (self.max_age, self.expires) {
            (Some(0), _) => Some(SystemTime::UNIX_EPOCH),
            (Some(seconds), _) => {
                Some(now.checked_add(Duration::from_secs(seconds)).map_or(limit, |end| end.min(limit)))
            }
            (None, Some(seconds)) => Some(at(seconds).unwrap().min(limit)),
            (None, None) => None,
        };
        prop_assert_eq!(stored.expires, expected);
        prop_assert_eq!(stored.is_removal(), expected.is_some_and(|end| end <= now));
        Ok(())
    }
}

/// Any characters, and more of those that mean something in a header.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z%0-9A-F;=,\"\\\\ \t\r\n\0<>&'-]{0,40}",
        vec(any::<char>(), 0..40).prop_map(|letters| letters.into_iter().collect()),
        "[\u{2028}\u{2029}\u{85}\u{a0}\u{feff}é]{0,6}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "/[ -:<-~]{0,30}",
        1 => "/[a-z;\r\n\0é ]{0,10}",
        1 => ".{0,10}",
        1 => "[a-z./]{0,8}",
        1 => (1018..1030_usize).prop_map(|octets| format!("/{}", "x".repeat(octets))),
    ]
}

fn domain() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9]{1,8}([a-zA-Z0-9-]{0,8}[a-z0-9])?(\\.[a-z0-9]{1,8}){0,3}\\.(com|org|co\\.uk|github\\.io|xn--p1ai)",
        1 => "(?i)co\\.uk|github\\.io|a\\.co\\.uk|city\\.kobe\\.jp|a\\.b\\.ck|b\\.ck",
        2 => "[a-z0-9-]{0,5}(\\.[a-z0-9-]{0,4}){0,4}",
        1 => "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|\\[?::1\\]?",
        1 => "[a-z.;= \r\n\0é:]{0,16}",
        1 => ".{0,10}",
        1 => (55..70_usize, 0..6_usize).prop_map(|(octets, labels)| {
            format!("{}example.com", format!("{}.", "a".repeat(octets)).repeat(labels))
        }),
    ]
}

/// 1601-01-01 and the end of 9999, in Unix seconds.
const FIRST: i64 = -11_644_473_600;
const LAST: i64 = 253_402_300_799;

fn at(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// Whether the audit, which asks the list, knows the domain for a public suffix.
fn psl_refuses(domain: &str) -> bool {
    syntax::domain(domain).is_ok() && {
        let domain = domain.to_ascii_lowercase();
        let line = format!("a=b; Domain={domain}");
        let stored = set_cookie(line.as_bytes(), &Seen::https(&format!("host.{domain}"))).stored;
        matches!(stored, Err(Rejection::PublicSuffix { .. }))
    }
}

fn pair(line: &str) -> (&str, &str) {
    line.split(';').next().unwrap().split_once('=').unwrap()
}

fn attribute<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split("; ").skip(1).find_map(|attribute| attribute.strip_prefix(key)?.strip_prefix('='))
}

/// The value as it must stand on the wire, by the ranges of 6265bis 4.1.1.
fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, octet| {
        if is_cookie_octet(octet) && octet != b'%' {
            text.push(char::from(octet));
        } else {
            write!(text, "%{octet:02X}").unwrap();
        }
        text
    })
}

fn is_cookie_octet(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}
