//! Tests of the audit:
//! - For each audit rule, headers that break the rule, and similar headers that do not break the rule.
//! - The full report of a response that sets ten faulty cookies.
//! - The command `hardtack`, which is run as a process.
//! - The `Set-Cookie` headers of known products.
//! - Every `Set-Cookie` header in `tests/vectors`.
//!
//! No report may show a cookie's value.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test")]

#[path = "audit/any_header.rs"]
mod any_header;
#[path = "support/built.rs"]
mod built;
#[path = "audit/command.rs"]
mod command;
#[path = "audit/declared_cookies.rs"]
mod declared_cookies;
#[path = "audit/product_headers.rs"]
mod product_headers;
#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/vectors.rs"]
mod vectors;
#[path = "audit/weaknesses.rs"]
mod weaknesses;

use std::time::{Duration, SystemTime};

use hardtack::audit::{Context, Finding, Weakness, response, set_cookie};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Returns 23 November 2026, 00:00 UTC.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_392_000)
}

/// Returns the context of a response from `https://shop.example.com`.
fn https() -> Context {
    Context::https("shop.example.com").at(now())
}

/// Returns the context of a response from `http://shop.example.com`.
fn http() -> Context {
    Context::http("shop.example.com").at(now())
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id()).collect()
}

fn find(findings: &[Finding], rule: Weakness) -> Option<&Finding> {
    findings.iter().find(|finding| finding.rule == rule)
}

/// Audits a `Set-Cookie` header. Describes the finding if the header breaks the given audit rule.
fn finding_for(header: &str, context: &Context, rule: Weakness) -> String {
    describe(find(&set_cookie(header.as_bytes(), context).findings, rule))
}

/// Returns the severity and the ids of a finding. Returns `-` if there is no finding.
fn describe(finding: Option<&Finding>) -> String {
    let Some(finding) = finding else { return String::from("-") };
    let ids: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
    format!("{}: {}", finding.severity, ids.join(", "))
}

fn header_map(headers: &[(HeaderName, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, HeaderValue::from_static(value));
    }
    map
}

/// Audits a response. Describes the finding if the response itself breaks the given audit rule. Ignores findings about
/// cookies.
fn response_finding(headers: &[(HeaderName, &'static str)], context: &Context, rule: Weakness) -> String {
    let reports = response(&header_map(headers), context);
    let own = reports.iter().find(|report| report.cookie.is_none());
    describe(own.and_then(|report| find(&report.findings, rule)))
}
