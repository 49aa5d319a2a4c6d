//! Any line, of the vectors or made up: its report contradicts nothing, and shows no value.

use std::time::{Duration, SystemTime};

use hardtack::SameSite;
use hardtack::audit::{Rejection, Report, Seen, Weakness, set_cookie};
use hardtack_rules::date::cookie_date;
use proptest::prelude::*;

use crate::vectors::{self, SET_COOKIE_AUDIT, WPT_STORE, cases, text};

use super::{find, http, https};

/// What must be so of any report.
fn assert_consistent(line: &[u8], report: &Report, is_https: bool) {
    let has = |rule| find(&report.findings, rule).is_some();
    let line = line.escape_ascii();
    assert_eq!(has(Weakness::NotStored), report.stored.is_err(), "{line}");
    assert_eq!(has(Weakness::Size), report.stored == Err(Rejection::Size), "{line}");
    assert!(is_https || !has(Weakness::Insecure), "{line}");
    let same_site = [Weakness::SameSiteMissing, Weakness::SameSiteNone, Weakness::SameSiteInvalid];
    if let Ok(stored) = &report.stored {
        let name = stored.name.as_bytes();
        let prefixed = name.starts_with(b"__Host-") || name.starts_with(b"__Secure-");
        assert_eq!(report.cookie.as_deref(), Some(stored.name.as_str()), "{line}");
        assert!(!(stored.secure && has(Weakness::Insecure)), "{line}");
        assert!(!(stored.http_only && has(Weakness::ScriptReadable)), "{line}");
        assert!(!(prefixed && has(Weakness::Unprefixed)), "{line}");
        assert!(!(stored.host_only && has(Weakness::DomainWide)), "{line}");
        if !stored.is_removal() {
            assert_eq!(has(Weakness::Insecure), is_https && !stored.secure, "{line}");
            assert_eq!(has(Weakness::ScriptReadable), !stored.http_only, "{line}");
            assert_eq!(has(Weakness::Unprefixed), !prefixed, "{line}");
            let strict = matches!(stored.same_site, Some(SameSite::Lax | SameSite::Strict));
            assert_eq!(same_site.iter().filter(|rule| has(**rule)).count(), usize::from(!strict), "{line}");
            assert_eq!(has(Weakness::SameSiteNone), stored.same_site == Some(SameSite::None), "{line}");
        }
        assert!(!has(Weakness::RemovalUnseen) || stored.is_removal(), "{line}");
    }
    assert!(report.findings.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "{line}");
    for finding in &report.findings {
        assert!(finding.message.contains("; ") && !finding.message.ends_with('.'), "{}", finding.message);
        assert!(!finding.to_string().contains(|found: char| found.is_control()), "{line}");
    }
}

/// The clock of a vector, as in `2010-01-01T00:00:00Z`.
fn first_of_january(now: &str) -> SystemTime {
    let year = now.strip_suffix("-01-01T00:00:00Z").expect("a first of January");
    let seconds = cookie_date(format!("1 Jan {year} 0:0:0").as_bytes()).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

#[test]
fn lines_of_the_vectors_are_raised_consistently() {
    let mut lines = 0;
    for case in cases(SET_COOKIE_AUDIT) {
        let (is_https, host) = (case["https"] == true, text(&case["host"]));
        let seen = if is_https { Seen::https(host) } else { Seen::http(host) };
        let line = text(&case["set_cookie"]).as_bytes();
        let report = set_cookie(line, &seen.at(first_of_january(text(&case["now"]))));
        assert_consistent(line, &report, is_https);
        // The reference reads the same attributes; of what is removed, scanners may see nothing.
        let expect = &case["expect"];
        if expect["accepted"] == true && expect["expired"] == false {
            let raised = find(&report.findings, Weakness::Insecure).is_some();
            assert_eq!(raised, is_https && expect["secure"] == false, "{case}");
        }
        lines += 1;
    }
    for case in [include_str!("../vectors/http_state_parser.json"), WPT_STORE].into_iter().flat_map(cases) {
        for line in vectors::lines(&case) {
            assert_consistent(&line, &set_cookie(&line, &https()), true);
            assert_consistent(&line, &set_cookie(&line, &http()), false);
            lines += 1;
        }
    }
    assert_eq!(lines, 139 + 271 + 132);
    println!("{lines} lines of the vectors, without a contradiction");
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let attribute = prop_oneof![
        Just("Secure"),
        Just("secure=no"),
        Just("HttpOnly"),
        Just("SameSite=None"),
        Just("SameSite=Lax"),
        Just("SameSite=x"),
        Just("SameSite"),
        Just("Domain=example.com"),
        Just("Domain="),
        Just("Domain=com"),
        Just("Path=/"),
        Just("Path=x"),
        Just("Max-Age=0"),
        Just("Max-Age=-1"),
        Just("Max-Age=99999999999999999999"),
        Just("Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        Just("Expires=Fri, 31 Dec 9999 23:59:59 GMT"),
        Just("Expires=never"),
        Just("Partitioned"),
        Just("Path=/, b=OPENSESAME"),
        Just("Domain=example.org,c=OPENSESAME"),
        Just("x"),
    ];
    let name =
        prop_oneof![Just("sess"), Just("__Host-a"), Just("__Secure-csrf"), Just("__http-a"), Just(""), Just(" a")];
    let built = (name, proptest::collection::vec(attribute, 0..8)).prop_map(|(name, attributes)| {
        [&[name, "=OPENSESAME; "].concat(), &attributes.join(";")[..]].concat().into_bytes()
    });
    prop_oneof![built, proptest::collection::vec(any::<u8>(), 0..64)]
}

proptest! {
    #[test]
    fn any_line_is_raised_consistently_and_no_value_is_shown(line in lines(), is_https: bool) {
        let report = set_cookie(&line, &if is_https { https() } else { http() });
        assert_consistent(&line, &report, is_https);
        let shown = format!("{report}{report:?}{}", serde_json::to_string(&report).unwrap());
        prop_assert!(!shown.contains("OPENSESAME"), "{}", shown);
    }
}
