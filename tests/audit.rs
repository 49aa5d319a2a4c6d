//! What the audit raises: each row of the book's table of auditors with its nearest neighbour that is not raised, a
//! response with ten flawed cookies in full, the example as a process, and every line of the vectors. No value is shown.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test")]

#[path = "audit/any_line.rs"]
mod any_line;
#[path = "audit/declared.rs"]
mod declared;
#[path = "support/example.rs"]
mod example;
#[path = "audit/saved.rs"]
mod saved;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "support/vectors.rs"]
mod vectors;
#[path = "audit/weaknesses.rs"]
mod weaknesses;

use std::time::{Duration, SystemTime};

use hardtack::audit::{Finding, Seen, Weakness, response, set_cookie};
use http::{HeaderMap, HeaderName, HeaderValue};

/// 23 Nov 2026.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_392_000)
}

fn https() -> Seen {
    Seen::https("shop.example.com").at(now())
}

fn http() -> Seen {
    Seen::http("shop.example.com").at(now())
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id()).collect()
}

fn find(findings: &[Finding], rule: Weakness) -> Option<&Finding> {
    findings.iter().find(|finding| finding.rule == rule)
}

/// Severity and ids of one weakness of a line, `-` where it is not raised.
fn raised(line: &str, seen: &Seen, rule: Weakness) -> String {
    shown(find(&set_cookie(line.as_bytes(), seen).findings, rule))
}

fn shown(finding: Option<&Finding>) -> String {
    let Some(finding) = finding else { return String::from("-") };
    let ids: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
    format!("{}: {}", finding.severity, ids.join(", "))
}

fn headers(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).fold(
        HeaderMap::new(),
        |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        },
    )
}

/// What is raised about the response itself.
fn raised_of(fields: &[(HeaderName, &'static str)], seen: &Seen, rule: Weakness) -> String {
    let reports = response(&headers(fields), seen);
    shown(reports.iter().find(|report| report.cookie.is_none()).and_then(|report| find(&report.findings, rule)))
}
