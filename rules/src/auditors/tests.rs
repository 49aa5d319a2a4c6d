//! Tests of the table of weaknesses.

extern crate std;

use std::string::ToString as _;
use std::vec::Vec;

use super::{Facts, HstsFault, OBSERVATORY_HSTS_SECONDS, Severity, Weakness};
use crate::former::Former;
use crate::rule::Rule;
use crate::spec::{SameSite, Spec};

#[test]
fn ids_are_distinct_and_texts_form_sentences() {
    for (index, weakness) in Weakness::ALL.iter().enumerate() {
        assert!(Weakness::ALL.iter().skip(index + 1).all(|other| other.id() != weakness.id()), "{weakness}");
        assert!(!weakness.predicate().ends_with('.') && !weakness.remedy().ends_with('.'), "{weakness}");
        assert!(weakness.predicate().starts_with(|first: char| first.is_ascii_lowercase()), "{weakness}");
    }
}

#[test]
fn a_weakness_and_its_rule_share_an_id() {
    for (weakness, rule) in [
        (Weakness::Insecure, Rule::Insecure),
        (Weakness::ScriptReadable, Rule::ScriptReadable),
        (Weakness::SameSiteNone, Rule::SameSiteNone),
        (Weakness::Unprefixed, Rule::Unprefixed),
        (Weakness::DomainWide, Rule::DomainWide),
        (Weakness::LongLived, Rule::LongLived),
        (Weakness::Size, Rule::Size),
        (Weakness::DuplicateAttribute, Rule::DuplicateAttribute),
        (Weakness::FamilyName, Rule::FamilyName),
        (Weakness::FormerName, Rule::FormerName),
    ] {
        assert_eq!(weakness.rule(), Some(rule));
    }
    assert_eq!(Weakness::ALL.iter().filter(|weakness| weakness.rule().is_some()).count(), 10);
}

#[test]
fn a_missing_secure_has_one_observatory_score() {
    for (name, under_hsts, score) in
        [("PHPSESSID", false, "-40"), ("theme", false, "-20"), ("Login", true, "-10"), ("theme", true, "-5")]
    {
        let facts = Facts { under_hsts, ..Facts::from_name(name.as_bytes()) };
        let mut scores = Weakness::Insecure.references(&facts).filter(|reference| reference.id.starts_with('-'));
        assert_eq!(scores.next().map(|reference| reference.id), Some(score), "{name}");
        assert_eq!(scores.next(), None, "{name}");
    }
}

#[test]
fn severities_are_ordered_and_facts_only_raise_them() {
    let mut severities = [Severity::High, Severity::Info, Severity::Medium, Severity::Low];
    severities.sort_unstable();
    assert_eq!(severities.map(Severity::as_str), ["info", "low", "medium", "high"]);

    let usual = Facts::from_name(b"theme");
    let others = [
        Facts::from_name(b"session"),
        Facts::from_name(b"csrf"),
        Facts { under_hsts: true, ..Facts::from_name(b"session") },
        Facts { secure: false, ..usual },
        Facts { hsts_max_age: 0, ..usual },
        Facts { invites_caches: true, ..usual },
    ];
    for weakness in Weakness::ALL {
        let raises = |facts: &Facts| weakness.severity(facts) > weakness.severity(&usual);
        assert!(others.iter().all(|facts| weakness.severity(facts) >= weakness.severity(&usual)), "{weakness}");
        // This list contains each weakness whose severity depends on `Facts`.
        let expected = matches!(
            weakness,
            Weakness::Insecure
                | Weakness::ScriptReadable
                | Weakness::SameSiteMissing
                | Weakness::SameSiteNone
                | Weakness::SharedCache
                | Weakness::HstsShort
        );
        assert_eq!(others.iter().any(raises), expected, "{weakness}");
    }
}

#[test]
fn references_display_as_in_reports() {
    let facts = Facts { under_hsts: true, ..Facts::from_name(b"theme") };
    let references: Vec<_> = Weakness::Insecure.references(&facts).map(|reference| reference.to_string()).collect();
    assert_eq!(
        references,
        [
            "CWE-614",
            "CWE-319",
            "ASVS 3.3.1",
            "ZAP 10011",
            "Observatory -5",
            "Nikto 999961",
            "Sonar S2092",
            "CodeQL rust/insecure-cookie"
        ]
    );
    let rfc = Weakness::NotStored.references(&facts).next().map(|reference| reference.to_string());
    assert_eq!(rfc.as_deref(), Some("RFC 6265bis 5.7"));
    assert_eq!(Weakness::Insecure.to_string(), "insecure");
    for (severity, word) in
        [(Severity::Info, "info"), (Severity::Low, "low"), (Severity::Medium, "medium"), (Severity::High, "high")]
    {
        assert_eq!(severity.to_string(), word);
    }
}

#[test]
fn facts_change_severity_and_ids() {
    let plain = Facts::from_name(b"theme");
    let session = Facts::from_name(b"session");
    let csrf = Facts::from_name(b"csrf");
    let short = |hsts_max_age| Facts { hsts_max_age, ..plain };
    let fault = |fault| Facts { hsts_fault: Some(fault), ..plain };
    for (weakness, facts, severity, id, is_given) in [
        (Weakness::Insecure, plain, Severity::Medium, "-20", true),
        (Weakness::Insecure, session, Severity::High, "-40", true),
        (Weakness::Insecure, Facts { under_hsts: true, ..session }, Severity::Medium, "-40", false),
        (Weakness::ScriptReadable, plain, Severity::Low, "-30", false),
        (Weakness::ScriptReadable, session, Severity::High, "-30", true),
        (Weakness::SameSiteMissing, plain, Severity::Low, "-20", false),
        (Weakness::SameSiteMissing, csrf, Severity::Medium, "-20", true),
        (Weakness::SameSiteNone, plain, Severity::Low, "-20", false),
        (Weakness::SameSiteNone, session, Severity::Medium, "-20", false),
        (Weakness::SameSiteNone, Facts { secure: false, ..plain }, Severity::Medium, "-20", true),
        (Weakness::Unprefixed, plain, Severity::Low, "3.3.3", true),
        (Weakness::Unprefixed, Facts { host_only: false, ..plain }, Severity::Low, "3.3.3", false),
        (Weakness::FlagWithValue, plain, Severity::Info, "999961", false),
        (Weakness::FlagWithValue, Facts { secure_has_value: true, ..plain }, Severity::Info, "999961", true),
        (Weakness::FlagWithValue, Facts { http_only_has_value: true, ..plain }, Severity::Info, "000029", true),
        (Weakness::SharedCache, plain, Severity::Low, "10049", true),
        (Weakness::SharedCache, Facts { invites_caches: true, ..plain }, Severity::Medium, "10049", true),
        (Weakness::HstsShort, short(0), Severity::Medium, "10035-2", true),
        (Weakness::HstsShort, short(1), Severity::Low, "10035-2", false),
        (Weakness::HstsShort, short(OBSERVATORY_HSTS_SECONDS - 1), Severity::Low, "-10", true),
        (Weakness::HstsShort, short(OBSERVATORY_HSTS_SECONDS), Severity::Low, "-10", false),
        (Weakness::HstsMalformed, fault(HstsFault::MaxAgeMissing), Severity::Medium, "10035-5", true),
        (Weakness::HstsMalformed, fault(HstsFault::MaxAgeQuoted), Severity::Medium, "10035-7", true),
        (Weakness::HstsMalformed, fault(HstsFault::InvalidByte), Severity::Medium, "10035-8", true),
        (Weakness::HstsMalformed, fault(HstsFault::Grammar), Severity::Medium, "10035-5", false),
    ] {
        assert_eq!(weakness.severity(&facts), severity, "{weakness} {facts:?}");
        assert_eq!(
            weakness.references(&facts).any(|reference| reference.id == id),
            is_given,
            "{weakness} {id} {facts:?}"
        );
    }
}

#[test]
fn a_reason_covers_the_declared_weakenings() {
    let spec = Spec::new("a").explicit_name().secure(false).reason("r");
    assert_eq!(Weakness::Insecure.reason(&spec), Some("r"));
    assert_eq!(Weakness::Unprefixed.reason(&spec), Some("r"));
    assert_eq!(Weakness::ScriptReadable.reason(&spec), None);
    // If the cookie is not Secure, the name of the cookie has no prefix, even if the name comes from the type or
    // field.
    assert_eq!(Weakness::Unprefixed.reason(&Spec::new("a").secure(false).reason("r")), Some("r"));
    let spec = Spec::new("__Secure-a").same_site(SameSite::None).domain("example.com").reason("r");
    assert_eq!(Weakness::SameSiteNone.reason(&spec), Some("r"));
    assert_eq!(Weakness::DomainWide.reason(&spec), Some("r"));
    assert_eq!(Weakness::SameSiteMissing.reason(&spec), None);
    let former = [Former::new().name("sid")];
    let spec = Spec::new("__Host-a").formerly(&former).reason("r");
    assert_eq!(Weakness::FormerName.reason(&spec), Some("r"));
    assert_eq!(Weakness::FormerName.reason(&spec.formerly(&[])), None);
    assert_eq!(Weakness::Insecure.reason(&Spec::new("a").secure(false).read_only().reason("r")), None);
}
