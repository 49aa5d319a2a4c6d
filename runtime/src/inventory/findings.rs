//! Finds the weaknesses of declarations. The input is one declaration, or all declarations of a program. The output is
//! a list of findings. The audit finds the weaknesses of the declared `Set-Cookie` header. This file finds the
//! weaknesses that are not in the header: `formerly` entries, and two declarations that contradict each other.

use std::cmp::Reverse;

use hardtack_rules::auditors::{Facts, Weakness};
use hardtack_rules::check::find_former_lint;
use hardtack_rules::{Former, Spec, family};

use super::{Entry, phrases, set_cookie_header};
use crate::audit::{self, Context, Finding};

/// Returns the findings about one declaration. `now` is the current time in Unix seconds.
pub(super) fn declaration_findings(spec: &super::Spec, now: i64) -> Vec<Finding> {
    if spec.read_only {
        return Vec::new();
    }
    let mut findings = header_findings(spec);
    let (expired, active): (Vec<_>, Vec<_>) =
        spec.former.iter().enumerate().partition(|(_, former)| former.until.is_some_and(|until| until.start() <= now));
    let describe = |entries: &[(usize, &Former<'static>)]| {
        let phrases: Vec<String> = entries.iter().map(|(_, former)| phrases::former(spec, former)).collect();
        phrases.join("; ")
    };
    let weak: Vec<_> = active.into_iter().filter(|(index, _)| find_former_lint(spec, *index).is_some()).collect();
    for (rule, entries) in [(Weakness::FormerName, weak), (Weakness::FormerExpired, expired)] {
        if !entries.is_empty() {
            let predicate = format!("{} ({})", rule.predicate(), describe(&entries));
            findings.push(finding(spec, rule, &predicate));
        }
    }
    sort(&mut findings);
    findings
}

/// Audits the `Set-Cookie` header of a declaration. The audit assumes that the header comes from a host that may set
/// the cookie.
fn header_findings(spec: &super::Spec) -> Vec<Finding> {
    let domain = spec.domain.unwrap_or("example.com");
    // The audit reports `domain-wide` only if the `Domain` is a parent domain of the host. So for a declaration with a
    // `Domain`, the host is a subdomain of the `Domain`.
    let host = if spec.has_domain() { format!("www.{domain}") } else { domain.to_owned() };
    let context = Context::https(&host).path(spec.path).declared(&[*spec]);
    let mut findings =
        audit::set_cookie(set_cookie_header(spec, spec.name, "value", domain).as_bytes(), &context).findings;
    if spec.keyed {
        let (declared, shown) = (format!("`{}` ", spec.name), format!("`{}` ", phrases::name(spec)));
        for finding in &mut findings {
            if let Some(rest) = finding.message.strip_prefix(&declared) {
                finding.message = format!("{shown}{rest}");
            }
        }
    }
    findings
}

/// Adds the findings about two declarations that contradict each other.
pub(super) fn add_conflicts(cookies: &mut [Entry]) {
    let mut found = Vec::new();
    for (index, cookie) in cookies.iter().enumerate() {
        let others = || cookies.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
        let conflicts = others().filter_map(|other| Conflict::find(cookie, other));
        // One finding for each rule is enough, even if several declarations contradict the declaration of `cookie`.
        let mut conflicts: Vec<Conflict<'_>> = conflicts.collect();
        conflicts.sort_by_key(|conflict| conflict.rule);
        conflicts.dedup_by_key(|conflict| conflict.rule);
        let findings = conflicts.iter().map(|conflict| finding(&cookie.spec, conflict.rule, &conflict.predicate()));
        found.push(findings.collect::<Vec<_>>());
    }
    for (cookie, findings) in cookies.iter_mut().zip(found) {
        cookie.findings.extend(findings);
        sort(&mut cookie.findings);
    }
}

/// Two declarations that contradict each other.
pub(super) struct Conflict<'a> {
    /// The broken rule: `declarations-differ` or `family-name`.
    pub(super) rule: Weakness,
    other: &'a Entry,
    /// The declaration keys whose values differ between the two declarations.
    keys: Vec<&'static str>,
}

impl<'a> Conflict<'a> {
    /// Returns the conflict between `cookie` and `other`. A conflict exists if the name of `cookie` is inside the
    /// family of `other`. A conflict also exists if both declarations have the same name and scope, but different
    /// attributes.
    pub(super) fn find(cookie: &Entry, other: &'a Entry) -> Option<Conflict<'a>> {
        if other.spec.keyed && family::contains(other.spec.name, cookie.spec.name) {
            return Some(Conflict { rule: Weakness::FamilyName, other, keys: Vec::new() });
        }
        let keys = has_same_identity(&cookie.spec, &other.spec).then(|| differing_keys(&cookie.spec, &other.spec))?;
        (!keys.is_empty()).then_some(Conflict { rule: Weakness::DeclarationsDiffer, other, keys })
    }

    /// Returns the end of a sentence whose subject is the cookie.
    pub(super) fn predicate(&self) -> String {
        let Entry { spec, path, file, line, .. } = self.other;
        match self.rule {
            Weakness::FamilyName => {
                let name = phrases::name(spec);
                format!("has a name inside the family `{name}`, which `{path}` declares ({file}:{line})")
            }
            _ => {
                let keys: Vec<String> = self.keys.iter().map(|key| format!("`{key}`")).collect();
                format!("is also declared by `{path}` ({file}:{line}), with a different {}", keys.join(", "))
            }
        }
    }
}

/// Returns true if both declarations have the same name, domain, path and `partitioned`. Browsers then store only one
/// of the two cookies.
pub(super) fn has_same_identity(a: &Spec<'_>, b: &Spec<'_>) -> bool {
    let is_same_domain = match (a.domain, b.domain) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => a.policy_domain == b.policy_domain,
        _ => false,
    };
    is_same_domain && a.name == b.name && a.path == b.path && a.partitioned == b.partitioned
}

/// Returns the declaration keys whose values differ between the two declarations. The function ignores the key
/// `reason`, because `reason` has no effect in browsers.
///
/// If one declaration is `read_only`, the function compares only the seals, because the attributes of a `read_only`
/// declaration have no effect. The owner of a `read_only` cookie can be a different crate of this program.
pub(super) fn differing_keys(a: &Spec<'_>, b: &Spec<'_>) -> Vec<&'static str> {
    let is_set = !a.read_only && !b.read_only;
    let seal = a.seal.or(b.seal).map_or("", |seal| seal.as_str());
    let differences = [
        ("max_age", is_set && a.max_age != b.max_age),
        ("idle", is_set && a.idle != b.idle),
        ("same_site", is_set && a.same_site != b.same_site),
        ("http_only", is_set && a.http_only != b.http_only),
        ("secure", is_set && a.secure != b.secure),
        (seal, a.seal != b.seal),
        ("keyed", is_set && a.keyed != b.keyed),
        ("device_bound", is_set && a.device_bound != b.device_bound),
        ("formerly", is_set && a.former != b.former),
    ];
    differences.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

fn finding(spec: &super::Spec, rule: Weakness, predicate: &str) -> Finding {
    let facts = Facts::from_name(spec.name.as_bytes());
    Finding {
        rule,
        severity: rule.severity(&facts),
        message: format!("`{}` {predicate}; {}", phrases::name(spec), rule.remedy()),
        references: rule.references(&facts).collect(),
        reason: rule.reason(spec),
    }
}

/// Sorts the findings in descending order of severity. Findings with the same severity are in the order of the variants
/// of [`Weakness`].
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| (Reverse(finding.severity), finding.rule));
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::date::Day;
    use hardtack_rules::{Former, SameSite, Seal};

    use super::super::tests::{entry, inventory_of};
    use super::{Conflict, Weakness, declaration_findings, differing_keys, has_same_identity};
    use crate::cookie::declaration::Spec;

    const DAY: Day = Day::parse("2027-03-01").unwrap();
    const SID: Former<'static> = Former::new().name("sid").until(DAY);
    const SCOPE: Former<'static> = Former::new().partitioned(true);
    const HOST: Spec = Spec::new("__Host-Http-id");

    fn messages(spec: &Spec, now: i64) -> Vec<String> {
        declaration_findings(spec, now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn weak_entries_are_reported_until_their_day() {
        let spec = HOST.formerly(&[SCOPE, SID]).reason("the old name has no prefix");
        let last = DAY.start() - 1;
        assert_eq!(
            messages(&spec, last),
            [
                "low former-name: `__Host-Http-id` accepts a former value that others can choose (`sid`, host-only, Path=/, \
              until 2027-03-01); remove the `formerly` entry as soon as possible (CWE-565); expected, because the old \
              name has no prefix"
            ]
        );
        assert_eq!(
            messages(&spec, last + 1),
            [
                "info former-expired: `__Host-Http-id` has a `formerly` entry whose day `until` has passed (`sid`, host-only, \
              Path=/, until 2027-03-01); remove the entry when browsers no longer hold the former cookie"
            ]
        );
        assert_eq!(messages(&HOST.formerly(&[SCOPE]), i64::MAX), [""; 0]);
        const STRONG: Former<'static> = SID.name("__Host-id");
        assert_eq!(messages(&HOST.formerly(&[STRONG]), last), [""; 0]);
        assert_eq!(messages(&spec.read_only(), last + 1), [""; 0]);
    }

    #[test]
    fn expired_entries_are_one_finding() {
        const OLD: Former<'static> = SID.name("old").raw();
        let findings = declaration_findings(&HOST.formerly(&[SID, OLD]), i64::MAX);
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert!(finding.message.contains("until 2027-03-01; `old`, host-only, Path=/, raw, until"), "{finding}");
    }

    #[test]
    fn findings_of_a_family_name_the_family() {
        let spec = Spec::new("__Host-flow").keyed().max_age(Duration::from_secs(60)).http_only(false).reason("r");
        let findings = declaration_findings(&spec, 0);
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert!(finding.message.starts_with("`__Host-flow.*` has no `HttpOnly`"), "{finding}");
        assert_eq!((finding.rule, finding.reason), (Weakness::ScriptReadable, Some("r")));
    }

    #[test]
    fn an_identity_is_name_and_scope() {
        let wide = Spec::new("__Secure-id").domain("example.com");
        for (a, b, expected) in [
            (HOST, HOST.http_only(false), true),
            (wide, wide.domain("EXAMPLE.com"), true),
            (HOST.policy_domain(), HOST.policy_domain(), true),
            (HOST, Spec::new("__Host-Http-ID"), false),
            (wide, wide.path("/app"), false),
            (wide, wide.domain("example.org"), false),
            (wide, Spec::new("__Secure-id").policy_domain(), false),
            (HOST, HOST.policy_domain(), false),
            (HOST, HOST.partitioned(), false),
        ] {
            assert_eq!((has_same_identity(&a, &b), has_same_identity(&b, &a)), (expected, expected), "{a:?} {b:?}");
        }
    }

    #[test]
    fn only_effective_differences_count() {
        let hour = HOST.max_age(Duration::from_secs(3600));
        for (other, keys) in [
            (hour, &[][..]),
            (hour.reason("r").explicit_name(), &[]),
            (HOST, &["max_age"]),
            (hour.idle(Duration::from_secs(60)), &["idle"]),
            (hour.same_site(SameSite::Strict).http_only(false), &["same_site", "http_only"]),
            (hour.secure(false).keyed(), &["secure", "keyed"]),
            (hour.seal(Seal::Sealed), &["sealed"]),
            (hour.formerly(&[SCOPE]), &["formerly"]),
            // One crate of the program reads the cookie that a different crate sets.
            (HOST.http_only(false).read_only(), &[]),
            (HOST.seal(Seal::Signed).read_only(), &["signed"]),
        ] {
            assert_eq!(differing_keys(&hour, &other), keys, "{other:?}");
            assert_eq!(differing_keys(&other, &hour), keys, "{other:?}");
        }
    }

    #[test]
    fn conflicts_name_the_other_declaration() {
        let flow = entry("shop", "Flow", Spec::new("flow").keyed());
        let step = entry("shop::steps", "Step", Spec::new("flow.step"));
        let conflict = Conflict::find(&step, &flow).map(|conflict| conflict.predicate());
        assert_eq!(
            conflict.as_deref(),
            Some("has a name inside the family `flow.*`, which `shop::Flow` declares (src/lib.rs:1)")
        );
        assert!(Conflict::find(&flow, &step).is_none());
        let (a, b) = (entry("a", "Id", HOST), entry("b", "Id", HOST.http_only(false).same_site(SameSite::Strict)));
        assert_eq!(
            Conflict::find(&a, &b).map(|conflict| conflict.predicate()).as_deref(),
            Some("is also declared by `b::Id` (src/lib.rs:1), with a different `same_site`, `http_only`")
        );
        assert!(Conflict::find(&a, &entry("c", "Id", HOST.reason("r"))).is_none());
    }

    #[test]
    fn both_sides_of_a_difference_have_a_finding() {
        let inventory = inventory_of([
            entry("a", "Id", HOST),
            entry("b", "Id", HOST.max_age(Duration::from_secs(1))),
            entry("c", "Id", HOST.max_age(Duration::from_secs(1))),
            entry("d", "Other", Spec::new("__Host-Http-other")),
        ]);
        let rules: Vec<Vec<Weakness>> = inventory
            .cookies
            .iter()
            .map(|cookie| cookie.findings.iter().map(|finding| finding.rule).collect())
            .collect();
        let differ = || vec![Weakness::DeclarationsDiffer];
        assert_eq!(rules, [differ(), differ(), differ(), Vec::new()]);
    }
}
