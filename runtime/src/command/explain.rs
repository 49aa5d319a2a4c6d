//! Explains the rules of hardtack: the findings of the audit, the rules for declarations, and the rules by which
//! browsers reject a cookie. One id can have several explanations, because a finding, a declaration rule and a browser
//! rule can have the same id.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hardtack_rules::{Rule, RuleKind};

use super::Result;
use crate::audit::Weakness;
use crate::event::Code;

/// Explains one rule. If `id` is `None`, lists the ids of all rules.
pub(super) fn explain(id: Option<&str>) -> Result<String> {
    let Some(id) = id else { return Ok(all()) };
    let id = id.trim_matches('`').to_ascii_lowercase();
    let mut text = String::new();
    if let Some(weakness) = Weakness::ALL.iter().find(|weakness| weakness.id() == id) {
        write_weakness(*weakness, &mut text);
    }
    if let Some(rule) = Rule::ALL.iter().find(|rule| rule.id() == id) {
        write_rule(*rule, &mut text);
    }
    if let Some(code) = Code::ALL.iter().find(|code| code.as_str() == id) {
        let _ = writeln!(
            text,
            "\nin the events of a running program and in the rejections of browsers:\n  {}",
            code.text()
        );
    }
    if text.is_empty() {
        return Err(format!("`{id}` is no rule; `hardtack explain` lists all rules").into());
    }
    Ok(format!("{id}\n{text}"))
}

fn write_weakness(weakness: Weakness, text: &mut String) {
    // Writing to a `String` never fails.
    let _ = writeln!(text, "\nas a finding of the audit or of the inventory:");
    let _ = writeln!(text, "  the cookie or response {}", weakness.predicate());
    let _ = writeln!(text, "  remedy: {}", weakness.remedy());
    let _ = match weakness.severities() {
        (lowest, highest) if lowest == highest => writeln!(text, "  severity: {lowest}"),
        (lowest, highest) => writeln!(text, "  severity: {lowest} to {highest}"),
    };
    let references: Vec<String> = weakness.all_references().map(|reference| reference.to_string()).collect();
    if !references.is_empty() {
        let _ = writeln!(text, "  ids: {}", references.join(", "));
    }
}

fn write_rule(rule: Rule, text: &mut String) {
    let kind = match rule.kind() {
        RuleKind::Error => "the macros always reject the declaration",
        RuleKind::Weakening => "the declaration needs a `reason`, and `HARDTACK_DENY` can forbid it",
        RuleKind::Notice => "the declaration needs no `reason`, and `HARDTACK_DENY` can forbid it",
    };
    let _ = writeln!(text, "\nin a declaration:");
    let _ = writeln!(text, "  {}", rule.sentence());
    let _ = writeln!(text, "  remedy: {}", rule.remedy());
    let _ = writeln!(text, "  effect: {kind}");
    let _ = writeln!(text, "  source: {}", rule.source());
}

/// Lists the ids of all rules, one id in each line.
fn all() -> String {
    let weaknesses = Weakness::ALL.iter().map(|weakness| weakness.id());
    let rules = Rule::ALL.iter().map(|rule| rule.id());
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let ids: BTreeSet<&str> = weaknesses.chain(rules).chain(codes).collect();
    ids.into_iter().flat_map(|id| [id, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn every_rule_has_an_explanation() {
        let all = explain(None).unwrap();
        assert!(all.lines().count() > 60, "{all}");
        for id in all.lines() {
            let text = explain(Some(id)).unwrap();
            assert!(text.starts_with(&format!("{id}\n\n")) && text.lines().count() >= 4, "{text}");
        }
        for id in ["attribute-ignored", "prefix-host", "name-token", "hsts-absent", "never-sent"] {
            assert!(all.lines().any(|line| line == id), "{id}");
        }
    }

    #[test]
    fn one_id_can_have_several_meanings() {
        let text = explain(Some("`Script-Readable`")).unwrap();
        for line in [
            "script-readable",
            "as a finding of the audit or of the inventory:",
            "  the cookie or response has no `HttpOnly`, so every script of the page can read it",
            "  severity: low to high",
            "  ids: CWE-1004, ASVS 3.3.4, ZAP 10010, Observatory -30, Nikto 000029, Sonar S3330",
            "in a declaration:",
            "  `http_only = false` lets every script of the page read the cookie",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert_eq!(
            explain(Some("nothing")).unwrap_err().to_string(),
            "`nothing` is no rule; `hardtack explain` lists all rules"
        );
    }
}
