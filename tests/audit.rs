//! What the audit raises: each row of RULES.md's table of auditors with its nearest neighbour that is not raised, a
//! response with ten flawed cookies in full, the example as a process, and every line of the vectors. No value is shown.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test")]

#[path = "support/example.rs"]
mod example;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use hardtack::audit::{Finding, Rejection, Report, Seen, Severity, Weakness, response, set_cookie};
use hardtack::{Cookie, CookieValue, SameSite, SetCookie, testing};
use hardtack_rules::date::cookie_date;
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use serde_json::Value;

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

// ---- What this program declares.

#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

#[derive(CookieValue)]
enum Theme {
    Dark,
}

#[hardtack::cookies]
struct ShopCookies {
    #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    theme: Theme,
    #[cookie(same_site = None, name = "embed", reason = "partners embed the basket")]
    basket: u32,
    #[cookie(secure = false, http_only = true, reason = "the lobby's screens have no TLS")]
    screen: u32,
}

#[test]
fn a_cookie_as_it_is_declared_by_default_raises_nothing() {
    let https = testing::https();
    let set = SetCookie::new(Session(String::from("opensesame"))).header_value(&https).unwrap();
    let removed = SetCookie::<Session>::removal().header_value(&https).unwrap();
    for line in [set, removed] {
        let report = set_cookie(line.as_bytes(), &Seen::https("shop.example.com"));
        assert!(report.stored.is_ok() && report.findings.is_empty(), "{report}");
    }
}

#[test]
fn what_a_declaration_explains_is_expected_and_nothing_else_is() {
    let seen = https().declared(&[Session::SPEC]).declared(ShopCookies::SPECS);
    let of = |line: &str| {
        let report = set_cookie(line.as_bytes(), &seen);
        let all = report.findings.iter();
        all.map(|finding| format!("{} {}", finding.rule, finding.reason.unwrap_or("-"))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        of("__Host-theme=dark; Path=/; Secure; SameSite=Lax"),
        "script-readable theme.js applies it before first paint"
    );
    // Its reason is for one weakening.
    assert_eq!(
        of("__Host-theme=dark; Path=/; Secure"),
        "script-readable theme.js applies it before first paint, same-site-missing -"
    );
    assert_eq!(
        of("embed=7; Secure; HttpOnly; SameSite=None"),
        "same-site-none partners embed the basket, unprefixed partners embed the basket"
    );
    assert_eq!(
        of("screen=7; HttpOnly; SameSite=Lax"),
        "insecure the lobby's screens have no TLS, unprefixed the lobby's screens have no TLS"
    );
    // Others' cookies, and another letter case, are nobody's declaration.
    assert_eq!(of("Embed=7; Secure; HttpOnly; SameSite=Lax"), "unprefixed -");
    let report = set_cookie(b"screen=7; HttpOnly; SameSite=Lax", &seen);
    assert_eq!(report.unexpected().count(), 0);
    assert!(report.to_string().ends_with("ASVS 3.3.3); expected, since the lobby's screens have no TLS"), "{report}");
    let _ = (Theme::Dark, <ShopCookies>::SPECS.len());
}

// ---- Ten flawed cookies, in full.

/// What `curl -si https://shop.example.com/login` printed.
const SAVED: &str = "HTTP/2 200 \r
date: Mon, 23 Nov 2026 00:00:00 GMT\r
content-type: text/html\r
cache-control: public, max-age=600\r
set-cookie: PHPSESSID=opensesame-1; path=/\r
set-cookie: csrftoken=opensesame-2; Secure; HttpOnly; Path=/\r
set-cookie: theme=opensesame-3; Secure; Path=/; SameSite=Lax; Max-Age=63072000\r
set-cookie: __Host-cart=opensesame-4; Secure; HttpOnly; SameSite=Lax\r
set-cookie: login_hint=opensesame-5; Secure; HttpOnly; SameSite=None; Path=/; Domain=example.com\r
set-cookie: lang=opensesame-6; Secure; SameSite=Sometimes; HttpOnly; Path=/\r
set-cookie: a=opensesame-7; HttpOnly; SameSite=Lax; Secure; Path=/, b=opensesame-8; Path=/\r
set-cookie: old=; Max-Age=0; Path=/\r
set-cookie: __Http-track=opensesame-9; Secure=1; SameSite=None; Path=/; HttpOnly\r
set-cookie: legacy=opensesame-10; HttpOnly; SameSite=Strict; Path=/app; path=/; Secure\r
\r
<!doctype html>
Set-Cookie: body=opensesame-11
HTTP/1.1 200 is written here, and is no response\r
";

/// What a tester would raise.
const TEN: &str = r#"https://shop.example.com/login answered 200

PHPSESSID
  stored: `PHPSESSID` for `shop.example.com` alone, path `/`, not Secure, not HttpOnly, no known SameSite, until the browser closes
  high   insecure: `PHPSESSID` has no `Secure`, so it travels over plain HTTP too; add `Secure`
         CWE-614, CWE-319, ASVS 3.3.1, ZAP 10011, Observatory -40, Nikto 999961, Sonar S2092, CodeQL rust/insecure-cookie
  high   script-readable: `PHPSESSID` has no `HttpOnly`, so every script of the page can read it; add `HttpOnly`
         CWE-1004, ASVS 3.3.4, ZAP 10010, Observatory -30, Nikto 000029, Sonar S3330
  low    same-site-missing: `PHPSESSID` has no `SameSite`, so some browsers send it with every cross-site request; add `SameSite=Lax` or `SameSite=Strict`
         CWE-1275, ASVS 3.3.2, ZAP 10054-1
  low    unprefixed: `PHPSESSID` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3

csrftoken
  stored: `csrftoken` for `shop.example.com` alone, path `/`, Secure, HttpOnly, no known SameSite, until the browser closes
  medium same-site-missing: `csrftoken` has no `SameSite`, so some browsers send it with every cross-site request; add `SameSite=Lax` or `SameSite=Strict`
         CWE-1275, ASVS 3.3.2, ZAP 10054-1, Observatory -20
  low    unprefixed: `csrftoken` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3

theme
  stored: `theme` for `shop.example.com` alone, path `/`, Secure, not HttpOnly, SameSite=Lax, until Tue, 28 Dec 2027 00:00:00 GMT
  low    script-readable: `theme` has no `HttpOnly`, so every script of the page can read it; add `HttpOnly`
         CWE-1004, ASVS 3.3.4, ZAP 10010, Nikto 000029, Sonar S3330
  low    unprefixed: `theme` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  info   long-lived: `theme` lives longer than 400 days, and browsers shorten it to that; use `Max-Age=34560000` or less
         RFC 6265bis 5.5

__Host-cart
  not stored
  medium not-stored: `__Host-cart` is stored by no browser (`prefix-host`): a `__Host-` name needs Secure, `Path=/` and no Domain; write `Secure; Path=/` and no `Domain`
         RFC 6265bis 5.7

login_hint
  stored: `login_hint` for `example.com` and its subdomains, path `/`, Secure, HttpOnly, SameSite=None, until the browser closes
  medium same-site-none: `login_hint` has `SameSite=None`, so it goes with every cross-site request; use `SameSite=Lax` or `SameSite=Strict` unless other sites embed this one
         CWE-1275, ASVS 3.3.2, ZAP 10054-2
  low    unprefixed: `login_hint` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1
  low    domain-wide: `login_hint` has a `Domain` above the host, so hosts that are not this one receive it and can set it; leave `Domain` out unless they must share it
         CWE-565, ZAP 90033

lang
  stored: `lang` for `shop.example.com` alone, path `/`, Secure, HttpOnly, no known SameSite, until the browser closes
  medium same-site-invalid: `lang` has a `SameSite` that no browser knows, which is as good as none; write `SameSite=Lax` or `SameSite=Strict`
         CWE-1275, ASVS 3.3.2, ZAP 10054-3, Observatory -20
  low    unprefixed: `lang` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3

a
  stored: `a` for `shop.example.com` alone, path `/`, Secure, HttpOnly, SameSite=Lax, until the browser closes
  medium folded: `a` shares its field with another cookie, and browsers read the two as one; send one `Set-Cookie` field a cookie
         RFC 6265bis 3
  low    unprefixed: `a` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  low    duplicate-attribute: `a` has `Path` more than once: browsers read the last, ZAP reads the first; write each attribute once
         RFC 6265bis 4.1.1

old
  stored: `old` for `shop.example.com` alone, path `/`, not Secure, not HttpOnly, no known SameSite, expired: a removal
  low    insecure: `old` has no `Secure`, so it travels over plain HTTP too; add `Secure`
         CWE-614, CWE-319, ASVS 3.3.1, ZAP 10011, Observatory -20, Nikto 999961, Sonar S2092, CodeQL rust/insecure-cookie
  low    script-readable: `old` has no `HttpOnly`, so every script of the page can read it; add `HttpOnly`
         CWE-1004, ASVS 3.3.4, ZAP 10010, Nikto 000029, Sonar S3330
  low    same-site-missing: `old` has no `SameSite`, so some browsers send it with every cross-site request; add `SameSite=Lax` or `SameSite=Strict`
         CWE-1275, ASVS 3.3.2, ZAP 10054-1
  low    unprefixed: `old` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  low    removal-unseen: `old` is removed by `Max-Age` alone, and scanners take it for a live cookie; add `Expires=Thu, 01 Jan 1970 00:00:00 GMT`

__Http-track
  stored: `__Http-track` for `shop.example.com` alone, path `/`, Secure, HttpOnly, SameSite=None, until the browser closes
  low    same-site-none: `__Http-track` has `SameSite=None`, so it goes with every cross-site request; use `SameSite=Lax` or `SameSite=Strict` unless other sites embed this one
         CWE-1275, ASVS 3.3.2, ZAP 10054-2
  low    unprefixed: `__Http-track` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  info   flag-with-value: `__Http-track` has a value after `Secure` or `HttpOnly`, which browsers ignore and Nikto takes for a missing flag; write `Secure` and `HttpOnly` bare
         Nikto 999961

legacy
  stored: `legacy` for `shop.example.com` alone, path `/`, Secure, HttpOnly, SameSite=Strict, until the browser closes
  low    unprefixed: `legacy` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  low    duplicate-attribute: `legacy` has `Path` more than once: browsers read the last, ZAP reads the first; write each attribute once
         RFC 6265bis 4.1.1

the response itself
  medium shared-cache: the response sets cookies and may be stored by a shared cache, which would hand them to others; send `Cache-Control: private` or `no-store`
         CWE-524, ASVS 14.2.2, RFC 9111 7.3, ZAP 10049
  medium hsts-absent: the response has no `Strict-Transport-Security`, so a later visit may begin over plain HTTP; send `Strict-Transport-Security: max-age=31536000`
         ASVS 3.4.1, ZAP 10035-1, Observatory -20

30 findings: 2 high, 7 medium, 19 low, 2 for information
"#;

#[test]
fn ten_flawed_cookies_are_audited_in_full() {
    let output = audit(&["--url", "https://shop.example.com/login?token=opensesame"], SAVED.as_bytes());
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(1)));
    assert_eq!(text(&output.stdout), TEN, "\n{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("opensesame"));
}

#[test]
fn ten_flawed_cookies_are_audited_for_machines() {
    let output = audit(&["--json", "--url", "https://shop.example.com/login"], SAVED.as_bytes());
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(1)));
    assert!(!text(&output.stdout).contains("opensesame"));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["failed"], true);
    let of_response = &json["responses"][0];
    assert_eq!(
        (of_response["url"].as_str(), of_response["status"].as_u64()),
        (Some("https://shop.example.com/login"), Some(200))
    );

    // The library says the same of the same fields.
    let mut fields = HeaderMap::new();
    for line in SAVED.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": ")) {
        fields.append(HeaderName::from_bytes(line.0.as_bytes()).unwrap(), line.1.parse().unwrap());
    }
    let reports = response(&fields, &https().path("/login"));
    assert_eq!(reports.len(), 11);
    assert_eq!(of_response["reports"], serde_json::to_value(&reports).unwrap());
    let own = &of_response["reports"][10];
    assert!(own["cookie"].is_null() && own["stored"].is_null() && own["rejection"].is_null(), "{own}");

    let theme = &of_response["reports"][2];
    let stored = serde_json::json!({
        "name": "theme", "domain": "shop.example.com", "host_only": true, "path": "/", "secure": true,
        "http_only": false, "same_site": "Lax", "partitioned": false, "expires": 1_795_392_000 + 34_560_000,
        "removal": false,
    });
    assert_eq!(theme["stored"], stored);
    assert_eq!(theme["findings"][0]["rule"], "script-readable");
    assert_eq!(theme["findings"][0]["severity"], "low");
    assert_eq!(theme["findings"][0]["references"][0], "CWE-1004");
    assert!(theme["findings"][0]["reason"].is_null());
    let cart = &of_response["reports"][3];
    assert!(cart["stored"].is_null() && cart["rejection"]["rule"] == "prefix-host", "{cart}");
}

// ---- The example as a process.

#[test]
fn a_response_without_a_flaw_passes() {
    let saved = b"HTTP/1.1 200 OK\r
Strict-Transport-Security: max-age=31536000\r
Cache-Control: private\r
Set-Cookie: __Host-Http-sid=opensesame; Path=/; Secure;\r
 HttpOnly; SameSite=Lax\r
\r
";
    let output = audit(&["--url", "https://shop.example.com/"], saved);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).ends_with("\n0 findings: 0 high, 0 medium, 0 low, 0 for information\n"));
    // What is low does not fail.
    let output = audit(
        &["--url", "https://shop.example.com/"],
        &[saved.trim_ascii_end(), b"\r\nSet-Cookie: __Host-b=v; Path=/; Secure; SameSite=Lax\r\n\r\n"].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("low    script-readable: `__Host-b` has no `HttpOnly`"));
}

#[test]
fn every_response_of_a_chain_is_audited_where_it_was_answered() {
    let saved = b"HTTP/1.1 200 Connection established\r\n\r
HTTP/1.1 308 Permanent Redirect\r\nLocation: https://www.example.com/\r\nSet-Cookie: a=v; Secure\r\n\r
HTTP/2 103 \r\nset-cookie: early=v\r\n\r
HTTP/2 302 \r\nlocation: //login.example.com/in?next=/\r\nstrict-transport-security: max-age=31536000\r\n\r
HTTP/2 200 \r\nset-cookie: sess=v; Domain=example.com\r\n\r\nbody";
    let output = audit(&["--json", "--url", "http://www.example.com/", "--accept", "*/*"], saved);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let urls: Vec<_> = json["responses"].as_array().unwrap().iter().map(|it| it["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["http://www.example.com/", "https://www.example.com/", "https://login.example.com/in"]);
    assert_eq!(json["responses"][0]["reports"][0]["rejection"]["rule"], "secure-over-plain-http");
    let rules: Vec<_> =
        json["responses"][0]["reports"][1]["findings"].as_array().unwrap().iter().map(|it| &it["rule"]).collect();
    assert_eq!(rules, ["integration-redirected", "shared-cache"]);
    assert_eq!(json["responses"][1]["reports"].as_array().unwrap().len(), 0);
    assert_eq!(json["responses"][2]["reports"][0]["findings"][0]["severity"], "high");
}

#[test]
fn a_response_without_a_url_is_audited_at_its_domain() {
    let saved = b"HTTP/2 200 \nset-cookie: a=v; Domain=.example.com; Secure\n\n";
    let json = |options: &[&str]| -> Value { serde_json::from_slice(&audit(options, saved).stdout).unwrap() };
    assert_eq!(json(&["--json"])["responses"][0]["url"], "https://example.com/");
    let over_http = json(&["--json", "--http"]);
    assert_eq!(over_http["responses"][0]["url"], "http://example.com/");
    assert_eq!(over_http["responses"][0]["reports"][0]["rejection"]["rule"], "secure-over-plain-http");
}

#[test]
fn octets_that_no_field_may_hold_are_judged_as_browsers_judge_them() {
    let output = audit(
        &["--url", "https://shop.example.com/"],
        b"HTTP/1.1 200 OK\nSet-Cookie: a\x1b[31m=opensesame\x01; Secure\n\n",
    );
    let stdout = text(&output.stdout);
    assert!(stdout.contains("is stored by no browser (`control-octet`)"), "{stdout}");
    assert!(!stdout.contains('\x1b') && !stdout.contains("opensesame"), "{stdout}");
}

#[test]
fn what_cannot_be_read_is_said() {
    for (options, input, says) in [
        (&[][..], "", "no response begins with `HTTP/`"),
        (&[], "Set-Cookie: a=b\n\n", "no response begins with `HTTP/`"),
        (&["--url"], "", "`--url` wants a value"),
        (&["--url", "shop.example.com"], "", "`--url`: relative URL without a base"),
        (&["--url", "ftp://shop.example.com"], "", "`--url` is no http or https URL"),
        (&["--xml"], "", "`--xml` is no option"),
    ] {
        let output = audit(options, input.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
    let help = audit(&["--help"], b"");
    assert!(help.status.success() && text(&help.stdout).starts_with("usage: "));
}

/// Runs the example on a saved response.
fn audit(options: &[&str], saved: &[u8]) -> Output {
    use std::io::Write as _;
    let mut child = Command::new(example())
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example runs");
    // A process that refuses its options reads nothing.
    let _ = child.stdin.take().unwrap().write_all(saved);
    child.wait_with_output().unwrap()
}

fn example() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let sources = ["tests/examples/audit.rs", "runtime/src", "rules/src"];
    BUILT.get_or_init(|| example::built("audit", &sources)).clone()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

// ---- Any line.

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
    let file = |text| serde_json::from_str::<Value>(text).unwrap();
    let mut lines = 0;
    for case in file(include_str!("vectors/set_cookie_audit.json"))["cases"].as_array().unwrap() {
        let (is_https, host) = (case["https"] == true, case["host"].as_str().unwrap());
        let seen = if is_https { Seen::https(host) } else { Seen::http(host) };
        let line = case["set_cookie"].as_str().unwrap().as_bytes();
        let report = set_cookie(line, &seen.at(first_of_january(case["now"].as_str().unwrap())));
        assert_consistent(line, &report, is_https);
        // The reference reads the same attributes; of what is removed, scanners may see nothing.
        let expect = &case["expect"];
        if expect["accepted"] == true && expect["expired"] == false {
            let raised = find(&report.findings, Weakness::Insecure).is_some();
            assert_eq!(raised, is_https && expect["secure"] == false, "{case}");
        }
        lines += 1;
    }
    assert_eq!(lines, 139);
    for name in [include_str!("vectors/http_state_parser.json"), include_str!("vectors/wpt_store.json")] {
        for case in file(name)["cases"].as_array().unwrap() {
            for line in case["set_cookie"].as_array().into_iter().flatten() {
                let line = line.as_str().unwrap().as_bytes();
                assert_consistent(line, &set_cookie(line, &https()), true);
                assert_consistent(line, &set_cookie(line, &http()), false);
                lines += 1;
            }
        }
    }
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
