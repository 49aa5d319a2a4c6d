//! What a tester would raise: each row of the book's table of auditors beside its nearest neighbour that is not raised,
//! and what stands below the table.

use hardtack::audit::{Rejection, Seen, Severity, Weakness, response, set_cookie};
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{find, headers, http, https, ids, raised, raised_of, shown};

// ---- The rows of the table.

#[test]
fn no_secure_on_https() {
    let rest = "Nikto 999961, Sonar S2092, CodeQL rust/insecure-cookie";
    let of = |line: &str, seen: &Seen| raised(line, seen, Weakness::Insecure);
    assert_eq!(
        of("PHPSESSID=v", &https()),
        format!("high: CWE-614, CWE-319, ASVS 3.3.1, ZAP 10011, Observatory -40, {rest}")
    );
    assert_eq!(
        of("theme=v", &https()),
        format!("medium: CWE-614, CWE-319, ASVS 3.3.1, ZAP 10011, Observatory -20, {rest}")
    );
    assert_eq!(of("PHPSESSID=v", &http()), "-");
    for secure in ["v; Secure", "v; secure", "v; SECURE=no", "v;Secure;", "v; Secure=", "v appended; Secure"] {
        assert_eq!(of(&format!("PHPSESSID={secure}"), &https()), "-", "{secure}");
    }
    assert_ne!(of("PHPSESSID=v; insecure", &https()), "-");
}

#[test]
fn hsts_softens_what_the_observatory_takes_off() {
    let score = |name: &'static str, hsts: &'static str| {
        let fields = [(SET_COOKIE, name), (STRICT_TRANSPORT_SECURITY, hsts)];
        let reports = response(&headers(&fields), &https());
        let finding = find(&reports[0].findings, Weakness::Insecure).unwrap();
        let score = finding.references.iter().find(|reference| reference.id.starts_with('-')).unwrap();
        (score.id, finding.severity)
    };
    assert_eq!(score("login=v", "max-age=15552000"), ("-10", Severity::Medium));
    assert_eq!(score("theme=v", "max-age=31536000; includeSubDomains"), ("-5", Severity::Medium));
    assert_eq!(score("login=v", "max-age=15551999"), ("-40", Severity::High));
    assert_eq!(score("theme=v", "max-age=1, max-age=31536000"), ("-20", Severity::Medium));
}

#[test]
fn no_http_only_on_any_scheme() {
    let of = |line: &str, seen: &Seen| raised(line, seen, Weakness::ScriptReadable);
    for seen in [https(), http()] {
        assert_eq!(
            of("ASP.NET_SessionId=v", &seen),
            "high: CWE-1004, ASVS 3.3.4, ZAP 10010, Observatory -30, Nikto 000029, Sonar S3330"
        );
        assert_eq!(of("theme=v", &seen), "low: CWE-1004, ASVS 3.3.4, ZAP 10010, Nikto 000029, Sonar S3330");
        assert_eq!(of("ASP.NET_SessionId=v; httponly", &seen), "-");
    }
}

#[test]
fn same_site_missing_none_or_invalid() {
    let of = |attributes: &str, rule| raised(&format!("theme=v{attributes}"), &https(), rule);
    assert_eq!(of("", Weakness::SameSiteMissing), "low: CWE-1275, ASVS 3.3.2, ZAP 10054-1");
    assert_eq!(
        raised("csrftoken=v", &https(), Weakness::SameSiteMissing),
        "medium: CWE-1275, ASVS 3.3.2, ZAP 10054-1, Observatory -20"
    );
    // It raises even with Secure.
    assert_eq!(of("; Secure; SameSite=None", Weakness::SameSiteNone), "low: CWE-1275, ASVS 3.3.2, ZAP 10054-2");
    assert_eq!(
        of("; SameSite=None", Weakness::SameSiteNone),
        "medium: CWE-1275, ASVS 3.3.2, ZAP 10054-2, Observatory -20"
    );
    for invalid in ["; SameSite=Sometimes", "; SameSite=", "; SameSite", "; SameSite=Lax; SameSite=x"] {
        assert_eq!(
            of(invalid, Weakness::SameSiteInvalid),
            "medium: CWE-1275, ASVS 3.3.2, ZAP 10054-3, Observatory -20",
            "{invalid}"
        );
    }
    let all = [Weakness::SameSiteMissing, Weakness::SameSiteNone, Weakness::SameSiteInvalid];
    for good in ["; SameSite=Lax", "; samesite=STRICT", "; SameSite=None; SameSite=Lax"] {
        assert!(all.iter().all(|rule| of(good, *rule) == "-"), "{good}");
    }
}

#[test]
fn no_prefix() {
    let of = |line: &str| {
        let line = format!("{line}; Secure; HttpOnly; SameSite=Lax");
        let both = [Weakness::Unprefixed, Weakness::NoHostPrefix];
        both.map(|rule| raised(&line, &https(), rule)).join(" / ")
    };
    assert_eq!(of("sid=v"), "low: ASVS 3.3.1, ASVS 3.3.3 / -");
    assert_eq!(of("sid=v; Domain=example.com"), "low: ASVS 3.3.1 / -");
    // `__Http-` alone does not satisfy 3.3.1, and neither does another letter case.
    assert_eq!(of("__Http-sid=v; Path=/"), "low: ASVS 3.3.1, ASVS 3.3.3 / -");
    assert_eq!(of("__secure-sid=v"), "low: ASVS 3.3.1, ASVS 3.3.3 / -");
    assert_eq!(of("__Secure-sid=v"), "- / info: ASVS 3.3.3");
    assert_eq!(of("__Secure-sid=v; Domain=example.com"), "- / -");
    assert_eq!(of("__Host-sid=v; Path=/"), "- / -");
    assert_eq!(of("__Host-Http-sid=v; Path=/"), "- / -");
}

#[test]
fn loosely_scoped() {
    let of = |domain: &str| raised(&format!("a=v; Domain={domain}"), &https(), Weakness::DomainWide);
    assert_eq!(of("example.com"), "low: CWE-565, ZAP 90033");
    assert_eq!(of(".Example.COM"), "low: CWE-565, ZAP 90033");
    for other in ["shop.example.com", ".shop.example.com", "", "ample.com", "example.org", "a.shop.example.com"] {
        assert_eq!(of(other), "-", "{other}");
    }
    let address = set_cookie(b"a=v; Domain=0.0.1", &Seen::https("127.0.0.1"));
    assert_eq!(find(&address.findings, Weakness::DomainWide), None);
}

#[test]
fn too_large() {
    let of = |octets: usize| raised(&format!("a={}", "x".repeat(octets - 1)), &https(), Weakness::Size);
    assert_eq!(of(4097), "medium: ASVS 3.3.5");
    assert_eq!(of(4096), "-");
}

#[test]
fn not_stored_by_any_browser() {
    for (line, rule) in [
        ("__Host-a=v; Secure", "prefix-host"),
        ("a=v; SameSite=None", "same-site-none-secure"),
        ("a=v; Domain=com", "public-suffix"),
        ("a=v; Domain=example.org", "domain-mismatch"),
        ("a=v; Partitioned", "partitioned-secure"),
        ("a=v\u{1}", "control-octet"),
    ] {
        let report = set_cookie(line.as_bytes(), &https());
        let finding = find(&report.findings, Weakness::NotStored).unwrap();
        let start = format!("`{}` is stored by no browser (`{rule}`): ", report.cookie.as_deref().unwrap());
        assert!(finding.message.starts_with(&start), "{}", finding.message);
        assert_eq!(shown(Some(finding)), "medium: RFC 6265bis 5.7");
    }
    for stored in ["__Host-a=v; Secure; Path=/", "a=v; SameSite=None; Secure", "a=v; Domain=example.com"] {
        assert_eq!(raised(stored, &https(), Weakness::NotStored), "-", "{stored}");
    }
    // Over plain HTTP a Secure cookie is lost.
    assert_ne!(raised("a=v; Secure", &http(), Weakness::NotStored), "-");
    // There is no cookie to be weak.
    assert_eq!(ids(&set_cookie(b" = ; Path=/", &https()).findings), ["not-stored"]);
}

#[test]
fn hsts_absent_short_doubled_malformed_or_on_plain_http() {
    let of = |values: &[&'static str], seen: &Seen| {
        let fields: Vec<_> = values.iter().map(|value| (STRICT_TRANSPORT_SECURITY, *value)).collect();
        let reports = response(&headers(&fields), seen);
        let findings = reports.iter().flat_map(|report| &report.findings);
        findings.map(|finding| format!("{} {}", finding.rule, shown(Some(finding)))).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(of(&[], &https()), "hsts-absent medium: ASVS 3.4.1, ZAP 10035-1, Observatory -20");
    assert_eq!(of(&["max-age=31536000"], &https()), "");
    assert_eq!(of(&["max-age=31535999"], &https()), "hsts-short low: ASVS 3.4.1");
    assert_eq!(of(&["max-age=15552000"], &https()), "hsts-short low: ASVS 3.4.1");
    assert_eq!(of(&["max-age=15551999"], &https()), "hsts-short low: ASVS 3.4.1, Observatory -10");
    assert_eq!(of(&["max-age=0"], &https()), "hsts-short medium: ASVS 3.4.1, ZAP 10035-2, Observatory -10");
    assert_eq!(
        of(&["max-age=31536000", "max-age=31536000"], &https()),
        "hsts-doubled low: ASVS 3.4.1, RFC 6797 7.2, ZAP 10035-3"
    );
    for (value, zap) in [
        ("includeSubDomains", ", ZAP 10035-5"),
        ("\"max-age=31536000\"", ", ZAP 10035-7"),
        ("max-age=31536000; “preload”", ", ZAP 10035-8"),
        ("max-age=31536000, max-age=31536000", ""),
    ] {
        let malformed = format!("hsts-malformed medium: ASVS 3.4.1, RFC 6797 6.1{zap}, Observatory -20");
        let mut headers = HeaderMap::new();
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let finding = &response(&headers, &https())[0].findings[0];
        assert_eq!(format!("{} {}", finding.rule, shown(Some(finding))), malformed, "{value}");
    }
    assert_eq!(of(&["max-age=31536000"], &http()), "hsts-plain-http info: ASVS 3.4.1, RFC 6797 7.2, ZAP 10035-4");
    assert_eq!(of(&[], &http()), "");
    // What cannot be under HSTS need not say it.
    for host in ["localhost:8443", "app.localhost", "127.0.0.1", "[::1]:8443", "192.0.2.1"] {
        assert_eq!(of(&[], &Seen::https(host)), "", "{host}");
    }
}

#[test]
fn an_integration_redirected_to_https() {
    let of =
        |location: &'static str, seen: Seen| raised_of(&[(LOCATION, location)], &seen, Weakness::IntegrationRedirected);
    let url = "https://shop.example.com/api";
    let integration = || http().request("POST", "application/json");
    assert_eq!(of(url, integration()), "medium: ASVS 4.1.2");
    assert_eq!(of("HTTPS://shop.example.com/api", integration()), "medium: ASVS 4.1.2");
    assert_eq!(of(url, http().request("GET", "*/*")), "medium: ASVS 4.1.2");
    assert_eq!(of(url, integration().status(StatusCode::PERMANENT_REDIRECT)), "medium: ASVS 4.1.2");
    assert_eq!(of(url, integration().status(StatusCode::CREATED)), "-");
    assert_eq!(of(url, http().request("GET", "text/html,*/*;q=0.8")), "-");
    assert_eq!(of("http://shop.example.com/login", integration()), "-");
    assert_eq!(of("/login", integration()), "-");
    assert_eq!(of(url, https().request("POST", "application/json")), "-");
    // What the request was is not known.
    assert_eq!(of(url, http()), "-");
}

#[test]
fn a_forwarded_header_believed_from_anyone_is_in_the_book_and_in_no_response() {
    let all: Vec<&str> = Weakness::ALL.iter().map(|weakness| weakness.id()).collect();
    assert!(all.contains(&"forwarded-believed"));
}

// ---- What the table says below its rows, and what the response tells besides.

#[test]
fn a_removal_is_one_to_scanners_by_a_past_expires_alone() {
    let past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let of = |attributes: &str| ids(&set_cookie(format!("PHPSESSID=v; {attributes}").as_bytes(), &https()).findings);
    assert_eq!(of(past), [""; 0]);
    assert_eq!(of(&format!("Max-Age=0; {past}")), [""; 0]);
    assert_eq!(of("Max-Age=0"), ["insecure", "script-readable", "same-site-missing", "unprefixed", "removal-unseen"]);
    let report = set_cookie(b"PHPSESSID=v; Max-Age=0", &https());
    assert!(report.findings.iter().all(|finding| finding.severity <= Severity::Low));
    // A browser keeps it: Max-Age wins.
    assert!(of(&format!("Max-Age=60; {past}")).contains(&"insecure"));
    // ZAP reads the first date.
    assert!(of(&format!("Expires=Fri, 31 Dec 2027 00:00:00 GMT; {past}")).contains(&"removal-unseen"));
    // No browser obeys it: the user stays signed in.
    let lost = set_cookie(format!("__Host-sid=; Path=/; {past}").as_bytes(), &https());
    assert_eq!(ids(&lost.findings), ["not-stored"]);
    assert!(lost.findings[0].message.starts_with("`__Host-sid` is removed by no browser, since this line is refused"));
}

#[test]
fn an_attribute_that_stands_twice() {
    let of = |line: &str| raised(line, &https(), Weakness::DuplicateAttribute);
    let line = "a=v; Path=/; SameSite=Lax; path=/a; samesite=None; Secure";
    assert_eq!(of(line), "low: RFC 6265bis 4.1.1");
    let report = set_cookie(line.as_bytes(), &https());
    let message = &find(&report.findings, Weakness::DuplicateAttribute).unwrap().message;
    assert!(message.starts_with("`a` has `Path`, `SameSite` more than once"), "{message}");
    assert_eq!(of("a=v; Path=/; SameSite=Lax; Secure"), "-");
    // What no browser knows, and what is too long for one, does not count.
    assert_eq!(of(&format!("a=v; x; x; Path=/; Path=/{}", "x".repeat(1024))), "-");
}

#[test]
fn a_flag_with_a_value() {
    let of = |line: &str| raised(line, &https(), Weakness::FlagWithValue);
    assert_eq!(of("a=v; Secure=true; HttpOnly="), "info: Nikto 999961, Nikto 000029");
    assert_eq!(of("a=v; Secure; HttpOnly=1"), "info: Nikto 000029");
    assert_eq!(of("a=v; Secure; HttpOnly"), "-");
    assert_eq!(of("a=v; Secure=1; Secure"), "-");
}

#[test]
fn a_life_over_400_days() {
    let of = |line: &str| raised(line, &https(), Weakness::LongLived);
    assert_eq!(of("a=v; Max-Age=34560001"), "info: RFC 6265bis 5.5");
    assert_eq!(of("a=v; Max-Age=34560000"), "-");
    assert_eq!(of("a=v; Expires=Wed, 29 Dec 2027 00:00:00 GMT"), "info: RFC 6265bis 5.5");
    assert_eq!(of("a=v; Expires=Tue, 28 Dec 2027 00:00:00 GMT"), "-");
    assert_eq!(of("a=v; Expires=Wed, 29 Dec 2027 00:00:00 GMT; Max-Age=60"), "-");
}

#[test]
fn cookies_folded_into_one_field() {
    let of = |line: &str| raised(line, &https(), Weakness::Folded);
    assert_eq!(of("a=v; Path=/, b=w; Path=/"), "medium: RFC 6265bis 3");
    assert_eq!(of("a=v; Expires=Thu, 31 Dec 2026 00:00:00 GMT; Path=/"), "-");
    assert_eq!(of("a=v,w"), "-");
}

#[test]
fn a_set_cookie_that_shared_caches_may_store() {
    let of = |cache: &[&'static str], seen: &Seen| {
        let mut fields = vec![(SET_COOKIE, "a=v")];
        fields.extend(cache.iter().map(|value| (CACHE_CONTROL, *value)));
        raised_of(&fields, seen, Weakness::SharedCache)
    };
    let low = "low: CWE-524, ASVS 14.2.2, RFC 9111 7.3, ZAP 10049";
    let medium = "medium: CWE-524, ASVS 14.2.2, RFC 9111 7.3, ZAP 10049";
    for silent in [&[][..], &["max-age=60"], &["no-cache"], &["x=\"private\""], &["private=\"x-other\""]] {
        assert_eq!(of(silent, &https()), low, "{silent:?}");
    }
    for inviting in [&["public"][..], &["max-age=60, S-MaxAge=60"], &["must-revalidate", "Public"]] {
        assert_eq!(of(inviting, &https()), medium, "{inviting:?}");
    }
    for refusing in [
        &["private"][..],
        &["public", "max-age=60, No-Store"],
        &["no-cache=\"Set-Cookie\""],
        &["private=\"x-other, set-cookie\", public"],
    ] {
        assert_eq!(of(refusing, &https()), "-", "{refusing:?}");
    }
    assert_eq!(of(&[], &https().request("POST", "")), "-");
    assert_eq!(raised_of(&[(CACHE_CONTROL, "public")], &https(), Weakness::SharedCache), "-");
}

#[test]
fn each_set_cookie_line_has_its_report_in_order_and_the_response_comes_last() {
    let fields = [(SET_COOKIE, "a=v"), (SET_COOKIE, "__Host-b=v"), (SET_COOKIE, "c=v; Secure")];
    let reports = response(&headers(&fields), &https());
    let names: Vec<_> = reports.iter().map(|report| report.cookie.as_deref()).collect();
    assert_eq!(names, [Some("a"), Some("__Host-b"), Some("c"), None]);
    assert_eq!(reports[1].stored, Err(Rejection::PrefixHost));
    assert_eq!(ids(&reports[3].findings), ["hsts-absent", "shared-cache"]);
    assert!(response(&HeaderMap::new(), &http()).is_empty());
}
