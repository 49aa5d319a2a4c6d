//! Tests each audit rule with headers that cause a finding, and with very similar headers that cause no finding.
//! Other tests cover headers that remove a cookie, duplicate attributes, lifetimes, caching, and the order of the
//! reports.

use hardtack::audit::{Context, Rejection, Severity, Weakness, response, set_cookie};
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{describe, find, finding_for, header_map, http, https, ids, response_finding};

// ---- The audit rules that security scanners have too.

#[test]
fn missing_secure_is_reported_over_https_only() {
    let rest = "Nikto 999961, Sonar S2092, CodeQL rust/insecure-cookie";
    let of = |header: &str, context: &Context| finding_for(header, context, Weakness::Insecure);
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
fn hsts_reduces_the_observatory_penalty() {
    let score = |name: &'static str, hsts: &'static str| {
        let headers = [(SET_COOKIE, name), (STRICT_TRANSPORT_SECURITY, hsts)];
        let reports = response(&header_map(&headers), &https());
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
fn missing_http_only_is_reported_on_both_schemes() {
    let of = |header: &str, context: &Context| finding_for(header, context, Weakness::ScriptReadable);
    for context in [https(), http()] {
        assert_eq!(
            of("ASP.NET_SessionId=v", &context),
            "high: CWE-1004, ASVS 3.3.4, ZAP 10010, Observatory -30, Nikto 000029, Sonar S3330"
        );
        assert_eq!(of("theme=v", &context), "low: CWE-1004, ASVS 3.3.4, ZAP 10010, Nikto 000029, Sonar S3330");
        assert_eq!(of("ASP.NET_SessionId=v; httponly", &context), "-");
    }
}

#[test]
fn missing_none_and_invalid_same_site_are_reported() {
    let of = |attributes: &str, rule| finding_for(&format!("theme=v{attributes}"), &https(), rule);
    assert_eq!(of("", Weakness::SameSiteMissing), "low: CWE-1275, ASVS 3.3.2, ZAP 10054-1");
    assert_eq!(
        finding_for("csrftoken=v", &https(), Weakness::SameSiteMissing),
        "medium: CWE-1275, ASVS 3.3.2, ZAP 10054-1, Observatory -20"
    );
    // The audit reports `same-site-none` with and without `Secure`.
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
fn missing_name_prefixes_are_reported() {
    let of = |header: &str| {
        let header = format!("{header}; Secure; HttpOnly; SameSite=Lax");
        let both = [Weakness::Unprefixed, Weakness::NoHostPrefix];
        both.map(|rule| finding_for(&header, &https(), rule)).join(" / ")
    };
    assert_eq!(of("sid=v"), "low: ASVS 3.3.1, ASVS 3.3.3 / -");
    assert_eq!(of("sid=v; Domain=example.com"), "low: ASVS 3.3.1 / -");
    // The prefix `__Http-` alone does not satisfy ASVS 3.3.1. A name prefix in another letter case does not satisfy
    // ASVS 3.3.1.
    assert_eq!(of("__Http-sid=v; Path=/"), "low: ASVS 3.3.1, ASVS 3.3.3 / -");
    assert_eq!(of("__secure-sid=v"), "low: ASVS 3.3.1, ASVS 3.3.3 / -");
    assert_eq!(of("__Secure-sid=v"), "- / info: ASVS 3.3.3");
    assert_eq!(of("__Secure-sid=v; Domain=example.com"), "- / -");
    assert_eq!(of("__Host-sid=v; Path=/"), "- / -");
    assert_eq!(of("__Host-Http-sid=v; Path=/"), "- / -");
}

#[test]
fn domain_above_the_host_is_reported() {
    let of = |domain: &str| finding_for(&format!("a=v; Domain={domain}"), &https(), Weakness::DomainWide);
    assert_eq!(of("example.com"), "low: CWE-565, ZAP 90033");
    assert_eq!(of(".Example.COM"), "low: CWE-565, ZAP 90033");
    for other in ["shop.example.com", ".shop.example.com", "", "ample.com", "example.org", "a.shop.example.com"] {
        assert_eq!(of(other), "-", "{other}");
    }
    let address = set_cookie(b"a=v; Domain=0.0.1", &Context::https("127.0.0.1"));
    assert_eq!(find(&address.findings, Weakness::DomainWide), None);
}

#[test]
fn cookie_over_4096_bytes_is_reported() {
    let of = |bytes: usize| finding_for(&format!("a={}", "x".repeat(bytes - 1)), &https(), Weakness::Size);
    assert_eq!(of(4097), "medium: ASVS 3.3.5");
    assert_eq!(of(4096), "-");
}

#[test]
fn cookie_that_browsers_reject_is_reported() {
    for (header, rule) in [
        ("__Host-a=v; Secure", "prefix-host"),
        ("a=v; SameSite=None", "same-site-none-secure"),
        ("a=v; Domain=com", "public-suffix"),
        ("a=v; Domain=example.org", "domain-mismatch"),
        ("a=v; Partitioned", "partitioned-secure"),
        ("a=v\u{1}", "control-octet"),
    ] {
        let report = set_cookie(header.as_bytes(), &https());
        let finding = find(&report.findings, Weakness::NotStored).unwrap();
        let start = format!("`{}` is rejected by browsers (`{rule}`): ", report.cookie.as_deref().unwrap());
        assert!(finding.message.starts_with(&start), "{}", finding.message);
        assert_eq!(describe(Some(finding)), "medium: RFC 6265bis 5.7");
    }
    for stored in ["__Host-a=v; Secure; Path=/", "a=v; SameSite=None; Secure", "a=v; Domain=example.com"] {
        assert_eq!(finding_for(stored, &https(), Weakness::NotStored), "-", "{stored}");
    }
    // Browsers reject a Secure cookie that arrives over plain HTTP.
    assert_ne!(finding_for("a=v; Secure", &http(), Weakness::NotStored), "-");
    // A header with an empty name and an empty value has only the finding `not-stored`.
    assert_eq!(ids(&set_cookie(b" = ; Path=/", &https()).findings), ["not-stored"]);
}

#[test]
fn flawed_hsts_is_reported() {
    let of = |values: &[&'static str], context: &Context| {
        let headers: Vec<_> = values.iter().map(|value| (STRICT_TRANSPORT_SECURITY, *value)).collect();
        let reports = response(&header_map(&headers), context);
        let findings = reports.iter().flat_map(|report| &report.findings);
        findings.map(|finding| format!("{} {}", finding.rule, describe(Some(finding)))).collect::<Vec<_>>().join(" | ")
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
        assert_eq!(format!("{} {}", finding.rule, describe(Some(finding))), malformed, "{value}");
    }
    assert_eq!(of(&["max-age=31536000"], &http()), "hsts-plain-http info: ASVS 3.4.1, RFC 6797 7.2, ZAP 10035-4");
    assert_eq!(of(&[], &http()), "");
    // HSTS has no effect on loopback and on IP addresses, so the audit does not require HSTS there.
    for host in ["localhost:8443", "app.localhost", "127.0.0.1", "[::1]:8443", "192.0.2.1"] {
        assert_eq!(of(&[], &Context::https(host)), "", "{host}");
    }
}

#[test]
fn answer_over_plain_http_is_reported() {
    let of = |context: Context, status: u16, headers: &[(HeaderName, &'static str)]| {
        response_finding(headers, &context.status(StatusCode::from_u16(status).unwrap()), Weakness::PlainHttpAnswer)
    };
    let (found, none) = ("medium: CWE-319, ASVS 12.2.1, Observatory -20", "-");
    let to = |url| [(LOCATION, url)];
    for (status, headers, expected) in [
        (200, &[][..], found),
        (204, &[], found),
        (304, &[], found),
        (303, &to("/"), found),
        (302, &to("http://www.shop.example.com/"), found),
        (308, &to("https://shop.example.com/"), none),
        (301, &to("HTTPS://shop.example.com/"), none),
        (403, &[], none),
        (500, &[], none),
    ] {
        assert_eq!(of(http(), status, headers), expected, "{status}");
        assert_eq!(of(https(), status, headers), none, "{status}");
    }
    for host in ["localhost:3000", "app.localhost", "127.0.0.1", "[::1]:3000"] {
        assert_eq!(of(Context::http(host), 200, &[]), none, "{host}");
    }
    for (path, expected) in [("/.well-known/acme-challenge/tok", none), ("/.well-known/acme-challenge", found)] {
        assert_eq!(of(http().path(path), 200, &[]), expected, "{path}");
    }
    // Without the status, the audit does not know whether the server refused the request.
    assert_eq!(response_finding(&[], &http(), Weakness::PlainHttpAnswer), none);
}

#[test]
fn redirect_of_an_api_request_is_reported() {
    let of = |location: &'static str, context: Context| {
        response_finding(&[(LOCATION, location)], &context, Weakness::IntegrationRedirected)
    };
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
    // The context `https()` does not contain the headers of the request.
    assert_eq!(of(url, http()), "-");
}

#[test]
fn trusting_forwarded_headers_is_never_a_finding() {
    // A response cannot show which proxies the server trusts. The table of rules contains `forwarded-believed`, but the
    // audit of a response never reports `forwarded-believed`.
    let rule = Weakness::ALL.iter().find(|weakness| weakness.id() == "forwarded-believed").unwrap();
    let names = [
        "forwarded",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-for",
        "x-real-ip",
        "x-forwarded-ssl",
        "front-end-https",
    ];
    let mut headers: Vec<(HeaderName, &'static str)> =
        names.iter().map(|name| (HeaderName::from_static(name), "https")).collect();
    headers.extend([(SET_COOKIE, "PHPSESSID=v"), (SET_COOKIE, "__Host-a=v"), (LOCATION, "https://shop.example.com/")]);
    for context in [https(), http(), http().request("POST", "application/json"), https().request("GET", "text/html")] {
        for headers in [&headers[..], &headers[..names.len()], &[]] {
            let reports = response(&header_map(headers), &context);
            let mut findings = reports.iter().flat_map(|report| &report.findings);
            assert!(findings.all(|finding| finding.rule != *rule), "{reports:?}");
        }
    }
}

// ---- Headers that remove a cookie, further attributes, caching, and the order of the reports.

#[test]
fn removals_need_a_past_expires_for_scanners() {
    let past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let of = |attributes: &str| ids(&set_cookie(format!("PHPSESSID=v; {attributes}").as_bytes(), &https()).findings);
    assert_eq!(of(past), [""; 0]);
    assert_eq!(of(&format!("Max-Age=0; {past}")), [""; 0]);
    assert_eq!(of("Max-Age=0"), ["insecure", "script-readable", "same-site-missing", "unprefixed", "removal-unseen"]);
    let report = set_cookie(b"PHPSESSID=v; Max-Age=0", &https());
    assert!(report.findings.iter().all(|finding| finding.severity <= Severity::Low));
    // Browsers store the cookie, because `Max-Age` has precedence over `Expires`.
    assert!(of(&format!("Max-Age=60; {past}")).contains(&"insecure"));
    // ZAP reads the first `Expires`. Browsers read the last `Expires`.
    assert!(of(&format!("Expires=Fri, 31 Dec 2027 00:00:00 GMT; {past}")).contains(&"removal-unseen"));
    // This header should remove the session cookie. Browsers ignore this header, so the user stays signed in.
    let rejected = set_cookie(format!("__Host-sid=; Path=/; {past}").as_bytes(), &https());
    assert_eq!(ids(&rejected.findings), ["not-stored"]);
    let message = &rejected.findings[0].message;
    assert!(
        message.starts_with("`__Host-sid` is not removed, because browsers reject this header (`prefix-host`): "),
        "{message}"
    );
}

#[test]
fn duplicate_attributes_are_reported() {
    let of = |header: &str| finding_for(header, &https(), Weakness::DuplicateAttribute);
    let header = "a=v; Path=/; SameSite=Lax; path=/a; samesite=None; Secure";
    assert_eq!(of(header), "low: RFC 6265bis 4.1.1");
    let report = set_cookie(header.as_bytes(), &https());
    let message = &find(&report.findings, Weakness::DuplicateAttribute).unwrap().message;
    assert!(message.starts_with("`a` has `Path`, `SameSite` more than once"), "{message}");
    assert_eq!(of("a=v; Path=/; SameSite=Lax; Secure"), "-");
    // The rule about duplicate attributes ignores unknown attributes. The rule also ignores attributes that are too
    // long, as browsers do.
    assert_eq!(of(&format!("a=v; x; x; Path=/; Path=/{}", "x".repeat(1024))), "-");
}

#[test]
fn flags_with_a_value_are_reported() {
    let of = |header: &str| finding_for(header, &https(), Weakness::FlagWithValue);
    assert_eq!(of("a=v; Secure=true; HttpOnly="), "info: Nikto 999961, Nikto 000029");
    assert_eq!(of("a=v; Secure; HttpOnly=1"), "info: Nikto 000029");
    assert_eq!(of("a=v; Secure; HttpOnly"), "-");
    assert_eq!(of("a=v; Secure=1; Secure"), "-");
}

#[test]
fn lifetime_over_400_days_is_reported() {
    let of = |header: &str| finding_for(header, &https(), Weakness::LongLived);
    assert_eq!(of("a=v; Max-Age=34560001"), "info: RFC 6265bis 5.5");
    assert_eq!(of("a=v; Max-Age=34560000"), "-");
    assert_eq!(of("a=v; Expires=Wed, 29 Dec 2027 00:00:00 GMT"), "info: RFC 6265bis 5.5");
    assert_eq!(of("a=v; Expires=Tue, 28 Dec 2027 00:00:00 GMT"), "-");
    assert_eq!(of("a=v; Expires=Wed, 29 Dec 2027 00:00:00 GMT; Max-Age=60"), "-");
}

#[test]
fn several_cookies_in_one_header_are_reported() {
    let of = |header: &str| finding_for(header, &https(), Weakness::Folded);
    assert_eq!(of("a=v; Path=/, b=w; Path=/"), "medium: RFC 6265bis 3");
    assert_eq!(of("a=v; Expires=Thu, 31 Dec 2026 00:00:00 GMT; Path=/"), "-");
    assert_eq!(of("a=v,w"), "-");
}

#[test]
fn set_cookie_in_a_shared_cache_is_reported() {
    let of = |cache: &[&'static str], context: &Context| {
        let mut headers = vec![(SET_COOKIE, "a=v")];
        headers.extend(cache.iter().map(|value| (CACHE_CONTROL, *value)));
        response_finding(&headers, context, Weakness::SharedCache)
    };
    let low = "low: CWE-524, ASVS 14.2.2, RFC 9111 7.3, ZAP 10049";
    let medium = "medium: CWE-524, ASVS 14.2.2, RFC 9111 7.3, ZAP 10049";
    for neutral in [&[][..], &["max-age=60"], &["no-cache"], &["x=\"private\""], &["private=\"x-other\""]] {
        assert_eq!(of(neutral, &https()), low, "{neutral:?}");
    }
    for public in [&["public"][..], &["max-age=60, S-MaxAge=60"], &["must-revalidate", "Public"]] {
        assert_eq!(of(public, &https()), medium, "{public:?}");
    }
    for private in [
        &["private"][..],
        &["public", "max-age=60, No-Store"],
        &["no-cache=\"Set-Cookie\""],
        &["private=\"x-other, set-cookie\", public"],
    ] {
        assert_eq!(of(private, &https()), "-", "{private:?}");
    }
    assert_eq!(of(&[], &https().request("POST", "")), "-");
    assert_eq!(response_finding(&[(CACHE_CONTROL, "public")], &https(), Weakness::SharedCache), "-");
}

#[test]
fn reports_follow_the_headers_then_the_response() {
    let headers = [(SET_COOKIE, "a=v"), (SET_COOKIE, "__Host-b=v"), (SET_COOKIE, "c=v; Secure")];
    let reports = response(&header_map(&headers), &https());
    let names: Vec<_> = reports.iter().map(|report| report.cookie.as_deref()).collect();
    assert_eq!(names, [Some("a"), Some("__Host-b"), Some("c"), None]);
    assert_eq!(reports[1].stored, Err(Rejection::PrefixHost));
    assert_eq!(reports[3].stored, Err(Rejection::Empty));
    assert_eq!(ids(&reports[3].findings), ["hsts-absent", "shared-cache"]);
    assert!(response(&HeaderMap::new(), &http()).is_empty());
}
