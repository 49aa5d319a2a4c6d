//! Writes findings as SARIF 2.1.0, which is a JSON format for code review tools. The input is a list of findings with
//! their places. If a declaration gives a reason for a weakness, the SARIF result is marked as suppressed, and contains
//! the reason.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Auditor, Finding, Reference, Severity, Weakness};

/// The place of a finding.
pub(crate) struct Place {
    /// The URI of the source file or of the response.
    pub(crate) uri: String,
    /// The line in the source file.
    pub(crate) line: Option<u32>,
    /// The name of the type or of the cookie.
    pub(crate) name: String,
    /// The kind of the item that `name` names, as a value from SARIF 3.33.7.
    pub(crate) kind: &'static str,
    /// A text that identifies the same place in later reports.
    pub(crate) fingerprint: String,
    /// Further properties, as a JSON object.
    pub(crate) properties: Value,
}

/// Returns the SARIF text. The description of each rule begins with `subject`, such as "The cookie".
pub(crate) fn log(subject: &str, findings: &[(Place, &Finding)]) -> String {
    let mut by_id: BTreeMap<&str, (Weakness, Vec<Reference>)> = BTreeMap::new();
    for (_, finding) in findings {
        let (_, references) = by_id.entry(finding.rule.id()).or_insert((finding.rule, Vec::new()));
        // The ids of the Mozilla Observatory (a scanner) are scores. A score depends on the cookie, so the description
        // of a rule cannot contain a score.
        for reference in finding.references.iter().filter(|reference| reference.auditor != Auditor::Observatory) {
            if !references.contains(reference) {
                references.push(*reference);
            }
        }
    }
    let rules: Vec<Value> = by_id.values().map(|(rule, references)| descriptor(subject, *rule, references)).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|(place, finding)| result(place, finding, by_id.keys().position(|id| *id == finding.rule.id())))
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

fn descriptor(subject: &str, rule: Weakness, references: &[Reference]) -> Value {
    let tags: Vec<String> = references.iter().map(tag).collect();
    json!({
        "id": rule.id(),
        "shortDescription": { "text": format!("{subject} {}.", rule.predicate()) },
        "help": { "text": format!("Remedy: {}.", rule.remedy()) },
        "properties": { "tags": tags },
    })
}

/// Returns the SARIF tag of an id, for code scanning services. The tag of a CWE id has the form `external/cwe/cwe-614`.
/// The tag of any other id has the same form as the id in audit reports.
fn tag(reference: &Reference) -> String {
    match reference.auditor {
        Auditor::Cwe => format!("external/cwe/{}", reference.id.to_ascii_lowercase()),
        _ => reference.to_string(),
    }
}

/// Returns the SARIF result for one finding. The argument `rule_index` is the position of the rule in the SARIF list
/// `rules`.
fn result(place: &Place, finding: &Finding, rule_index: Option<usize>) -> Value {
    let level = match finding.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        _ => "note",
    };
    let references: Vec<String> = finding.references.iter().map(Reference::to_string).collect();
    let message = match references.as_slice() {
        [] => finding.message.clone(),
        references => format!("{} ({})", finding.message, references.join(", ")),
    };
    let mut physical = json!({ "artifactLocation": { "uri": place.uri } });
    if let (Some(line), Some(physical)) = (place.line, physical.as_object_mut()) {
        physical.insert("region".to_owned(), json!({ "startLine": line }));
    }
    let mut result = json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": rule_index,
        "level": level,
        "message": { "text": message },
        "locations": [{
            "physicalLocation": physical,
            "logicalLocations": [{ "fullyQualifiedName": place.name, "kind": place.kind }],
        }],
        "partialFingerprints": { "cookieAndRule/v1": format!("{} {}", place.fingerprint, finding.rule.id()) },
        "properties": place.properties,
    });
    if let (Some(reason), Some(result)) = (finding.reason, result.as_object_mut()) {
        let suppression = json!([{ "kind": "inSource", "status": "accepted", "justification": reason }]);
        result.insert("suppressions".to_owned(), suppression);
    }
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Finding, Place, Severity, Weakness, result};

    #[test]
    fn levels_follow_the_severity() {
        let place = Place {
            uri: "https://shop.example/".to_owned(),
            line: None,
            name: "a".to_owned(),
            kind: "resource",
            fingerprint: "shop.example a".to_owned(),
            properties: json!({}),
        };
        for (severity, level) in [
            (Severity::High, "error"),
            (Severity::Medium, "warning"),
            (Severity::Low, "note"),
            (Severity::Info, "note"),
        ] {
            let (rule, message) = (Weakness::Insecure, "is weak".to_owned());
            let finding = Finding { rule, severity, message, references: Vec::new(), reason: None };
            let result = result(&place, &finding, None);
            assert_eq!(result["level"], level);
            assert!(result["locations"][0]["physicalLocation"]["region"].is_null());
        }
    }
}
