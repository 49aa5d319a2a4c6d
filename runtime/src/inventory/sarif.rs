//! The inventory for the places where code is reviewed: SARIF 2.1.0. A finding that the declaration explains is a result
//! with a suppression in source, so that tools show it as known, with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Inventory, Listed};
use crate::audit::{Auditor, Finding, Reference, Severity, Weakness};

impl Inventory {
    /// Writes the findings as SARIF 2.1.0, each at the file and line of its declaration; one that the declaration explains
    /// is suppressed, with its reason.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// Interface language.
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
    /// enum Lang { En }
    ///
    /// let sarif = hardtack::inventory().to_sarif();
    /// assert!(sarif.contains("\"version\": \"2.1.0\"") && sarif.contains("\"ruleId\": \"script-readable\""), "{sarif}");
    /// # let _ = Lang::En;
    /// ```
    #[must_use]
    pub fn to_sarif(&self) -> String {
        let found =
            || self.cookies.iter().flat_map(|cookie| cookie.findings.iter().map(move |finding| (cookie, finding)));
        let mut raised: BTreeMap<&str, (Weakness, Vec<Reference>)> = BTreeMap::new();
        for (_, finding) in found() {
            let (_, references) = raised.entry(finding.rule.id()).or_insert((finding.rule, Vec::new()));
            for reference in finding.references.iter().filter(|reference| reference.auditor != Auditor::Observatory) {
                if !references.contains(reference) {
                    references.push(*reference);
                }
            }
        }
        let rules: Vec<Value> = raised.values().map(|(rule, references)| descriptor(*rule, references)).collect();
        let results: Vec<Value> = found()
            .map(|(cookie, finding)| result(cookie, finding, raised.keys().position(|id| *id == finding.rule.id())))
            .collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "hardtack",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": "https://docs.rs/hardtack",
                    "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        format!("{log:#}\n")
    }
}

fn descriptor(rule: Weakness, references: &[Reference]) -> Value {
    let tags: Vec<String> = references.iter().map(tag).collect();
    json!({
        "id": rule.id(),
        "shortDescription": { "text": format!("The cookie {}.", rule.predicate()) },
        "help": { "text": format!("What to do: {}.", rule.remedy()) },
        "properties": { "tags": tags },
    })
}

/// As code scanning services file it: `external/cwe/cwe-614`, or the id as its auditor writes it.
fn tag(reference: &Reference) -> String {
    match reference.auditor {
        Auditor::Cwe => format!("external/cwe/{}", reference.id.to_ascii_lowercase()),
        _ => reference.to_string(),
    }
}

fn result(cookie: &Listed, finding: &Finding, rule: Option<usize>) -> Value {
    let level = match finding.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        _ => "note",
    };
    let references: Vec<String> = finding.references.iter().map(Reference::to_string).collect();
    let mut result = json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": rule,
        "level": level,
        "message": { "text": format!("{} ({})", finding.message, references.join(", ")) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(cookie.file) },
                "region": { "startLine": cookie.line },
            },
            "logicalLocations": [{ "fullyQualifiedName": cookie.path, "kind": "type" }],
        }],
        // The line may move; the cookie and its rule stay.
        "partialFingerprints": { "cookieAndRule/v1": format!("{} {}", cookie.path, finding.rule.id()) },
    });
    if let (Some(reason), Some(result)) = (finding.reason, result.as_object_mut()) {
        let suppression = json!([{ "kind": "inSource", "status": "accepted", "justification": reason }]);
        result.insert("suppressions".to_owned(), suppression);
    }
    result
}

/// A path of the compiler's as a URI reference (RFC 3986): relative as it is, absolute as a `file` URI.
fn uri(file: &str) -> String {
    let path = file.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.as_bytes().get(1) == Some(&b':') {
        uri.push_str("file:///");
    }
    for octet in path.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(octet)),
            // Of a drive; in a relative path it would end a scheme.
            b':' if uri.starts_with("file:") => uri.push(':'),
            octet => {
                // Writing to a string does not fail.
                let _ = write!(uri, "%{octet:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use hardtack_rules::auditors::{Severity, Weakness};

    use super::{Finding, Listed, result, uri};
    use crate::declare::Spec;

    #[test]
    fn a_level_is_how_grave_it_is() {
        let cookie = Listed {
            spec: Spec::new("a"),
            krate: "shop",
            path: "shop::A".to_owned(),
            item: "A",
            purpose: String::new(),
            file: "src/lib.rs",
            line: 1,
            findings: Vec::new(),
            same_name: Vec::new(),
        };
        for (severity, level) in [
            (Severity::High, "error"),
            (Severity::Medium, "warning"),
            (Severity::Low, "note"),
            (Severity::Info, "note"),
        ] {
            let (rule, message) = (Weakness::Insecure, "is weak".to_owned());
            let finding = Finding { rule, severity, message, references: Vec::new(), reason: None };
            assert_eq!(result(&cookie, &finding, None)["level"], level);
        }
    }

    #[test]
    fn a_path_of_the_compiler_is_a_uri() {
        assert_eq!(uri("shop/src/lib.rs"), "shop/src/lib.rs");
        assert_eq!(uri("my shop/ü.rs"), "my%20shop/%C3%BC.rs");
        assert_eq!(uri("/home/a/lib.rs"), "file:///home/a/lib.rs");
        assert_eq!(uri("C:\\a\\lib.rs"), "file:///C:/a/lib.rs");
        assert_eq!(uri("a:b/lib.rs"), "file:///a:b/lib.rs");
        // Not a drive: without its escape it would end a scheme.
        assert_eq!(uri("shop:a/lib.rs"), "shop%3Aa/lib.rs");
    }
}
