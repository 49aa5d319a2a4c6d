//! Property tests:
//!
//! - hardtack reads back every cookie value that it wrote, unchanged.
//! - A cookie value cannot add an attribute to the header.
//! - The parsers do not panic for any bytes in a `Cookie` or `Set-Cookie` header.
//! - A policy or a setter writes an attribute unchanged, or returns an error. Only a lifetime is cut, to the declared
//!   `max_age`.
//! - With the setting `host_prefix`, no planted cookie reaches the application.
//! - `Debug` output, errors, events and reports never contain a cookie's value.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

#[path = "properties/attributes.rs"]
mod attributes;
#[path = "support/expected_cookie.rs"]
mod expected_cookie;
#[path = "properties/grammar.rs"]
mod grammar;
#[path = "properties/hostile_bytes.rs"]
mod hostile_bytes;
#[path = "properties/no_value_in_output.rs"]
mod no_value_in_output;
#[allow(unreachable_pub, reason = "the fuzz targets use it too")]
#[path = "fuzz/src/planted.rs"]
mod planted;
#[path = "properties/planted_values.rs"]
mod planted_values;
#[path = "properties/renamed_cookies.rs"]
mod renamed_cookies;
#[path = "properties/values.rs"]
mod values;

use std::fmt::{Debug, Write as _};

use hardtack::Cookie;
use hardtack::audit::{Context, Rejection, set_cookie};
use hardtack_rules::syntax;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use expected_cookie::is_cookie_octet;

/// Each secret cookie value in the tests contains this text. No `Debug` output, error or report of hardtack may contain
/// this text.
const SECRET: &str = "opensesame";

/// Returns the settings of a property test. Every run has the same random cases, so that a change that breaks a property
/// fails in its own test run. If the variable `HARDTACK_RANDOM_PROPERTIES` is set, each run has 20 times as many cases,
/// and different ones.
fn config(cases: u32) -> ProptestConfig {
    let (cases, rng_seed) = match std::env::var_os("HARDTACK_RANDOM_PROPERTIES") {
        Some(_) => (20 * cases, RngSeed::Random),
        None => (cases, RngSeed::Fixed(6265)),
    };
    // Do not write the seeds of failed tests to files in the source folder. A failing test prints its smallest input.
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// A cookie without a value. A server only checks whether the cookie is present.
#[derive(Cookie, Debug, Clone, PartialEq)]
struct Present;

#[derive(Cookie)]
#[cookie(path = "/shop", max_age = "30d")]
struct Cart(String);

#[derive(Cookie)]
#[cookie(domain = "example.com", same_site = Strict)]
struct Sso(String);

#[derive(Cookie)]
#[cookie(domain = policy)]
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

/// Generates strings of any characters. Many of the generated characters have a special meaning in headers.
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
        1 => (1018..1030_usize).prop_map(|bytes| format!("/{}", "x".repeat(bytes))),
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
        1 => (55..70_usize, 0..6_usize).prop_map(|(bytes, labels)| {
            format!("{}example.com", format!("{}.", "a".repeat(bytes)).repeat(labels))
        }),
    ]
}

/// The beginning of the year 1601, in Unix seconds.
const FIRST: i64 = -11_644_473_600;
/// The last second of the year 9999, in Unix seconds.
const LAST: i64 = 253_402_300_799;

/// Returns true if the audit treats the domain as a public suffix.
fn is_public_suffix(domain: &str) -> bool {
    syntax::check_domain(domain).is_ok() && {
        let domain = domain.to_ascii_lowercase();
        let header = format!("a=b; Domain={domain}");
        let stored = set_cookie(header.as_bytes(), &Context::https(&format!("host.{domain}"))).stored;
        matches!(stored, Err(Rejection::PublicSuffix { .. }))
    }
}

fn pair(header: &str) -> (&str, &str) {
    header.split(';').next().unwrap().split_once('=').unwrap()
}

fn attribute<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    header.split("; ").skip(1).find_map(|attribute| attribute.strip_prefix(key)?.strip_prefix('='))
}

/// Encodes a cookie value for a header. The specification 6265bis (4.1.1) defines the ranges of bytes that need no
/// encoding.
fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if is_cookie_octet(byte) && byte != b'%' {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
        text
    })
}
