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
#[path = "support/meant.rs"]
mod meant;
#[path = "properties/no_value_shown.rs"]
mod no_value_shown;
#[path = "properties/octets.rs"]
mod octets;
#[path = "properties/values.rs"]
mod values;

use std::fmt::{Debug, Write as _};

use hardtack::Cookie;
use hardtack::audit::{Rejection, Seen, set_cookie};
use hardtack_rules::syntax;
use proptest::collection::vec;
use proptest::prelude::*;

use meant::is_cookie_octet;

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
