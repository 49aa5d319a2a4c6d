//! Writes the reports as a table for a terminal, as JSON, or as SARIF. The file `docs/audit.schema.json` describes the
//! JSON.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::arguments::Format;
use crate::audit::sarif::{self, Place};
use crate::audit::{Finding, Report, Severity};
use crate::browser::page_url::PageUrl;
use crate::wire::printable::Printable;

/// The reports about one response.
pub(super) struct Audited {
    pub(super) url: PageUrl,
    pub(super) status: u16,
    pub(super) reports: Vec<Report>,
}

/// Returns the text in the given format. The output contains URLs without query and path parameters, because the query
/// and the path parameters can be secret.
pub(super) fn write(format: Format, audits: &[Audited], failed: bool) -> String {
    match format {
        Format::Table => to_table(audits),
        Format::Json => {
            let responses: Vec<Value> = audits
                .iter()
                .map(|audit| {
                    json!({ "url": audit.url.without_parameters(), "status": audit.status, "reports": audit.reports })
                })
                .collect();
            let [high, medium, low, info] = counts(audits);
            let summary = json!({ "high": high, "medium": medium, "low": low, "info": info });
            format!("{:#}\n", json!({ "responses": responses, "summary": summary, "failed": failed }))
        }
        Format::Sarif => to_sarif(audits),
    }
}

fn to_table(audits: &[Audited]) -> String {
    let (mut table, mut shown, mut repeated, mut clean) = (String::new(), HashSet::new(), 0, 0);
    for audit in audits {
        if audit.reports.is_empty() {
            clean += 1;
            continue;
        }
        let text: String = audit.reports.iter().map(report_text).collect();
        // A HAR file often contains many responses from one host with the same findings. The table shows equal findings
        // only once, unless the response sets cookies.
        let sets_cookies = audit.reports.iter().any(|report| report.cookie.is_some());
        if !shown.insert((audit.url.authority(), text.clone())) && !sets_cookies {
            repeated += 1;
            continue;
        }
        // Writing to a `String` never fails.
        let _ = writeln!(table, "{}: status {}\n{text}", Printable(&audit.url.without_parameters()), audit.status);
    }
    for (number, predicate) in [(repeated, "the same findings as a response above"), (clean, "no findings")] {
        let _ = match number {
            0 => Ok(()),
            1 => writeln!(table, "1 response has {predicate}"),
            number => writeln!(table, "{number} responses have {predicate}"),
        };
    }
    let [high, medium, low, info] = counts(audits);
    let all = high + medium + low + info;
    let noun = if all == 1 { "finding" } else { "findings" };
    let _ = writeln!(table, "{all} {noun}: {high} high, {medium} medium, {low} low, {info} info");
    table
}

/// Returns the lines about one cookie, or about the response itself.
fn report_text(report: &Report) -> String {
    let mut text = format!("\n{}\n", Printable(&subject(report, "the response itself")));
    match (&report.cookie, &report.stored) {
        (None, _) => {}
        (Some(_), Ok(stored)) => {
            let _ = writeln!(text, "  stored: {}", Printable(&stored.to_string()));
        }
        // The finding `not-stored` contains the reason.
        (Some(_), Err(_)) => text.push_str("  not stored\n"),
    }
    for finding in &report.findings {
        let message = Printable(&finding.message);
        let _ = writeln!(text, "  {:<6} {}: {message}", finding.severity.as_str(), finding.rule);
        let references: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
        if !references.is_empty() {
            let _ = writeln!(text, "         {}", references.join(", "));
        }
    }
    text
}

/// Returns the name of the cookie. Returns the argument `response` if the report is about the response itself.
fn subject(report: &Report, response: &str) -> String {
    match report.shown_cookie() {
        None => response.to_owned(),
        Some(name) if name.is_empty() => "a cookie without a name".to_owned(),
        Some(name) => name,
    }
}

/// Returns the number of findings for each severity, in the order high, medium, low and info.
fn counts(audits: &[Audited]) -> [usize; 4] {
    let count = |severity| findings(audits).filter(|(_, _, finding)| finding.severity == severity).count();
    [Severity::High, Severity::Medium, Severity::Low, Severity::Info].map(count)
}

fn findings(audits: &[Audited]) -> impl Iterator<Item = (&Audited, &Report, &Finding)> {
    audits.iter().flat_map(|audit| {
        audit.reports.iter().flat_map(move |report| report.findings.iter().map(move |finding| (audit, report, finding)))
    })
}

fn to_sarif(audits: &[Audited]) -> String {
    let results: Vec<(Place, &Finding)> = findings(audits)
        .map(|(audit, report, finding)| {
            let name = subject(report, "the response");
            let kind = if report.cookie.is_none() { "response" } else { "cookie" };
            let place = Place {
                uri: uri(&audit.url.without_parameters()),
                line: None,
                fingerprint: format!("{} {name}", audit.url.authority()),
                properties: json!({ "cookie": report.shown_cookie(), "status": audit.status }),
                name,
                kind,
            };
            (place, finding)
        })
        .collect();
    sarif::log("The cookie or response", &results)
}

/// Escapes the bytes of a URL that RFC 3986 does not allow.
fn uri(url: &str) -> String {
    let mut uri = String::with_capacity(url.len());
    for (at, byte) in url.bytes().enumerate() {
        let is_escape = || url.get(at + 1..at + 3).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match byte {
            b'%' if !is_escape() => uri.push_str("%25"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'%' => {
                uri.push(char::from(byte));
            }
            // The brackets of an IPv6 address.
            b'[' | b']' if url.get(..at).is_some_and(|before| before.matches('/').count() == 2) => {
                uri.push(char::from(byte));
            }
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'@' => {
                uri.push(char::from(byte));
            }
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn urls_become_uris() {
        for (url, expected) in [
            ("https://shop.example/a:b@c;d=1,2/%20", "https://shop.example/a:b@c;d=1,2/%20"),
            ("https://[::1]:8443/[a]", "https://[::1]:8443/%5Ba%5D"),
            ("https://shop.example/50%/%zz/ü", "https://shop.example/50%25/%25zz/%C3%BC"),
            ("https://shop.example/{a}|\"<>^`", "https://shop.example/%7Ba%7D%7C%22%3C%3E%5E%60"),
        ] {
            assert_eq!(uri(url), expected);
        }
    }
}
