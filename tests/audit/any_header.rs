//! Audits the `Set-Cookie` headers in `tests/vectors` and random headers. The findings in a report must agree with the
//! cookie that a browser would store. No report may show a cookie's value.

use std::time::{Duration, SystemTime};

use hardtack::SameSite;
use hardtack::audit::{Context, Rejection, Report, Weakness, set_cookie};
use hardtack_rules::date::parse_cookie_date;
use proptest::prelude::*;

use crate::vectors::{self, SET_COOKIE_AUDIT, WPT_STORE, cases, text};

use super::{find, http, https};

/// Asserts the conditions that every audit report must satisfy.
fn assert_consistent(header: &[u8], report: &Report, is_https: bool) {
    let has = |rule| find(&report.findings, rule).is_some();
    let header = header.escape_ascii();
    assert_eq!(has(Weakness::NotStored), report.stored.is_err(), "{header}");
    assert_eq!(has(Weakness::Size), report.stored == Err(Rejection::Size), "{header}");
    assert!(is_https || !has(Weakness::Insecure), "{header}");
    let same_site = [Weakness::SameSiteMissing, Weakness::SameSiteNone, Weakness::SameSiteInvalid];
    if let Ok(stored) = &report.stored {
        let name = stored.name.as_bytes();
        let has_prefix = name.starts_with(b"__Host-") || name.starts_with(b"__Secure-");
        assert_eq!(report.cookie.as_deref(), Some(stored.name.as_str()), "{header}");
        assert!(!(stored.secure && has(Weakness::Insecure)), "{header}");
        assert!(!(stored.http_only && has(Weakness::ScriptReadable)), "{header}");
        assert!(!(has_prefix && has(Weakness::Unprefixed)), "{header}");
        assert!(!(stored.host_only && has(Weakness::DomainWide)), "{header}");
        if !stored.is_removal() {
            assert_eq!(has(Weakness::Insecure), is_https && !stored.secure, "{header}");
            assert_eq!(has(Weakness::ScriptReadable), !stored.http_only, "{header}");
            assert_eq!(has(Weakness::Unprefixed), !has_prefix, "{header}");
            let strict = matches!(stored.same_site, Some(SameSite::Lax | SameSite::Strict));
            assert_eq!(same_site.iter().filter(|rule| has(**rule)).count(), usize::from(!strict), "{header}");
            assert_eq!(has(Weakness::SameSiteNone), stored.same_site == Some(SameSite::None), "{header}");
        }
        assert!(!has(Weakness::RemovalUnseen) || stored.is_removal(), "{header}");
    }
    assert!(report.findings.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "{header}");
    for finding in &report.findings {
        assert!(finding.message.contains("; ") && !finding.message.ends_with('.'), "{}", finding.message);
        assert!(!finding.to_string().contains(|found: char| found.is_control()), "{header}");
    }
}

/// Parses a time in the test vectors, for example `2010-01-01T00:00:00Z`.
fn first_of_january(now: &str) -> SystemTime {
    let year = now.strip_suffix("-01-01T00:00:00Z").expect("a first of January");
    let seconds = parse_cookie_date(format!("1 Jan {year} 0:0:0").as_bytes()).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

#[test]
fn findings_agree_with_the_stored_cookie() {
    let mut count = 0;
    for case in cases(SET_COOKIE_AUDIT) {
        let (is_https, host) = (case["https"] == true, text(&case["host"]));
        let context = if is_https { Context::https(host) } else { Context::http(host) };
        let header = text(&case["set_cookie"]).as_bytes();
        let report = set_cookie(header, &context.at(first_of_january(text(&case["now"]))));
        assert_consistent(header, &report, is_https);
        // Compare the finding with the JSON key `secure` in the test vector. Skip headers that remove a cookie, because
        // scanners ignore some headers that remove a cookie.
        let expect = &case["expect"];
        if expect["accepted"] == true && expect["expired"] == false {
            let is_reported = find(&report.findings, Weakness::Insecure).is_some();
            assert_eq!(is_reported, is_https && expect["secure"] == false, "{case}");
        }
        count += 1;
    }
    for case in [include_str!("../vectors/http_state_parser.json"), WPT_STORE].into_iter().flat_map(cases) {
        for header in vectors::set_cookie_headers(&case) {
            assert_consistent(&header, &set_cookie(&header, &https()), true);
            assert_consistent(&header, &set_cookie(&header, &http()), false);
            count += 1;
        }
    }
    assert_eq!(count, 139 + 271 + 132);
}

fn headers() -> impl Strategy<Value = Vec<u8>> {
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
    fn any_header_has_a_consistent_report_without_values(header in headers(), is_https: bool) {
        let report = set_cookie(&header, &if is_https { https() } else { http() });
        assert_consistent(&header, &report, is_https);
        let output = format!("{report}{report:?}{}", serde_json::to_string(&report).unwrap());
        prop_assert!(!output.contains("OPENSESAME"), "{}", output);
    }
}
