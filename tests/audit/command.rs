//! Runs the command `hardtack` as a process:
//!
//! - a response with ten faulty cookies, with the report as a table, as JSON and as SARIF,
//! - a response without findings,
//! - redirect chains, the output of `curl -v` and `wget -S`, and HAR files,
//! - invalid and hostile input,
//! - `hardtack explain`.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use hardtack::audit::{Weakness, response};
use http::{HeaderMap, HeaderName};
use serde_json::Value;

use super::https;

// ---- The full report about ten faulty cookies.

/// The output of `curl -si https://shop.example.com/login`.
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
HTTP/1.1 200 is part of the body, not a response\r
";

/// The audit's report about the response [`SAVED`].
const REPORT: &str = r#"https://shop.example.com/login: status 200

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
  info   long-lived: `theme` has a lifetime over 400 days, which browsers shorten to 400 days; use `Max-Age=34560000` or less
         RFC 6265bis 5.5

__Host-cart
  not stored
  medium not-stored: `__Host-cart` is rejected by browsers (`prefix-host`): a `__Host-` name needs Secure, `Path=/` and no Domain; write `Secure; Path=/` and no `Domain`
         RFC 6265bis 5.7

login_hint
  stored: `login_hint` for `example.com` and its subdomains, path `/`, Secure, HttpOnly, SameSite=None, until the browser closes
  medium same-site-none: `login_hint` has `SameSite=None`, so browsers send it with every cross-site request; use `SameSite=Lax` or `SameSite=Strict` unless other sites embed this one
         CWE-1275, ASVS 3.3.2, ZAP 10054-2
  low    unprefixed: `login_hint` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1
  low    domain-wide: `login_hint` has a `Domain` above the host, so other hosts receive it and can set it; leave `Domain` out unless other hosts need the cookie
         CWE-565, ZAP 90033

lang
  stored: `lang` for `shop.example.com` alone, path `/`, Secure, HttpOnly, no known SameSite, until the browser closes
  medium same-site-invalid: `lang` has a `SameSite` value that browsers do not recognise and treat like a missing one; write `SameSite=Lax` or `SameSite=Strict`
         CWE-1275, ASVS 3.3.2, ZAP 10054-3, Observatory -20
  low    unprefixed: `lang` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3

a
  stored: `a` for `shop.example.com` alone, path `/`, Secure, HttpOnly, SameSite=Lax, until the browser closes
  medium folded: `a` shares its header with another cookie, and browsers read both as one cookie; send one `Set-Cookie` header for each cookie
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
  low    removal-unseen: `old` is removed by `Max-Age` alone, which scanners do not recognise as a removal; add `Expires=Thu, 01 Jan 1970 00:00:00 GMT`

__Http-track
  stored: `__Http-track` for `shop.example.com` alone, path `/`, Secure, HttpOnly, SameSite=None, until the browser closes
  low    same-site-none: `__Http-track` has `SameSite=None`, so browsers send it with every cross-site request; use `SameSite=Lax` or `SameSite=Strict` unless other sites embed this one
         CWE-1275, ASVS 3.3.2, ZAP 10054-2
  low    unprefixed: `__Http-track` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  info   flag-with-value: `__Http-track` has a value after `Secure` or `HttpOnly`, which browsers ignore and Nikto takes for a missing flag; write `Secure` and `HttpOnly` without a value
         Nikto 999961

legacy
  stored: `legacy` for `shop.example.com` alone, path `/`, Secure, HttpOnly, SameSite=Strict, until the browser closes
  low    unprefixed: `legacy` begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it; begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`
         ASVS 3.3.1, ASVS 3.3.3
  low    duplicate-attribute: `legacy` has `Path` more than once: browsers read the last, ZAP reads the first; write each attribute once
         RFC 6265bis 4.1.1

the response itself
  medium shared-cache: the response sets cookies and may be stored by a shared cache, which would send them to other users; send `Cache-Control: private` or `no-store`
         CWE-524, ASVS 14.2.2, RFC 9111 7.3, ZAP 10049
  medium hsts-absent: the response has no `Strict-Transport-Security`, so a later visit may begin over plain HTTP; send `Strict-Transport-Security: max-age=31536000`
         ASVS 3.4.1, ZAP 10035-1, Observatory -20

30 findings: 2 high, 7 medium, 19 low, 2 info
"#;

#[test]
fn ten_flawed_cookies_have_a_full_report() {
    let output = audit(&["--url", "https://shop.example.com/login?token=opensesame"], SAVED.as_bytes());
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(1)));
    assert_eq!(text(&output.stdout), REPORT, "\n{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("opensesame"));
}

#[test]
fn json_report_equals_the_library_report() {
    let output = audit(&["--format", "json", "--url", "https://shop.example.com/login"], SAVED.as_bytes());
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(1)));
    assert!(!text(&output.stdout).contains("opensesame"));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(AUDIT_SCHEMA, &json);
    assert_eq!(json["failed"], true);
    assert_eq!(json["summary"], serde_json::json!({ "high": 2, "medium": 7, "low": 19, "info": 2 }));
    let response_json = &json["responses"][0];
    assert_eq!(
        (response_json["url"].as_str(), response_json["status"].as_u64()),
        (Some("https://shop.example.com/login"), Some(200))
    );

    // For the same headers, the library returns the same reports as the example program.
    let mut headers = HeaderMap::new();
    let lines = SAVED.lines().take_while(|line| !line.is_empty());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let reports = response(&headers, &https().path("/login"));
    assert_eq!(reports.len(), 11);
    assert_eq!(response_json["reports"], serde_json::to_value(&reports).unwrap());
    // The last report is about the whole response. A report about a whole response has findings, but no cookie.
    let own = &response_json["reports"][10];
    assert!(own["cookie"].is_null() && own["stored"].is_null() && own["rejection"].is_null(), "{own}");
    assert_eq!(own["findings"][0]["rule"], "shared-cache");

    let theme = &response_json["reports"][2];
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
    let cart = &response_json["reports"][3];
    assert!(cart["stored"].is_null() && cart["rejection"]["rule"] == "prefix-host", "{cart}");
}

#[test]
fn json_schema_rejects_other_json() {
    let json = json_of(&["--url", "https://shop.example.com/"], SAVED.as_bytes());
    for (pointer, value) in [
        ("/failed", Value::Null),
        ("/responses/0/url", "https://shop.example.com/?token=1".into()),
        ("/responses/0/reports/0/findings/0/severity", "critical".into()),
        ("/responses/0/reports/0/findings/0/rule", "Not an id".into()),
        ("/responses/0/reports/0/stored/value", "opensesame".into()),
        ("/responses/0/reports/0/stored/expires", "tomorrow".into()),
    ] {
        let mut invalid = json.clone();
        match invalid.pointer_mut(pointer) {
            Some(found) => *found = value,
            None => invalid["responses"][0]["reports"][0]["stored"]["value"] = value,
        }
        assert!(validate(AUDIT_SCHEMA, &invalid).is_err(), "{pointer}");
    }
}

#[test]
fn sarif_report_is_valid() {
    let url = "https://shop.example.com/a{b}/c d?token=opensesame".replace(' ', "%20");
    let output = audit(&["--format", "sarif", "--url", &url], SAVED.as_bytes());
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(1)));
    assert!(!text(&output.stdout).contains("opensesame"));
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(SARIF_SCHEMA, &sarif);
    let run = &sarif["runs"][0];
    let (rules, results) = (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap());
    assert_eq!(results.len(), 30);
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(Weakness::ALL.iter().any(|weakness| result["ruleId"] == weakness.id()), "{result}");
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "https://shop.example.com/a%7Bb%7D/c%20d");
        assert!(place["physicalLocation"]["region"].is_null());
    }
    let first = &results[0];
    assert_eq!((&first["ruleId"], &first["level"]), (&"insecure".into(), &"error".into()));
    assert_eq!(first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "PHPSESSID");
    assert_eq!(results[29]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "the response");
}

// ---- Other responses, and invalid input.

#[test]
fn response_without_medium_findings_passes() {
    let saved = b"HTTP/1.1 200 OK\r
Strict-Transport-Security: max-age=31536000\r
Cache-Control: private\r
Set-Cookie: __Host-Http-sid=opensesame; Path=/; Secure;\r
 HttpOnly; SameSite=Lax\r
\r
";
    let output = audit(&["--url", "https://shop.example.com/"], saved);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).ends_with("\n0 findings: 0 high, 0 medium, 0 low, 0 info\n"));
    // A finding with the severity `low` does not change the exit code.
    let output = audit(
        &["--url", "https://shop.example.com/"],
        &[saved.trim_ascii_end(), b"\r\nSet-Cookie: __Host-b=v; Path=/; Secure; SameSite=Lax\r\n\r\n"].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("low    script-readable: `__Host-b` has no `HttpOnly`"));
}

#[test]
fn each_response_of_a_redirect_chain_is_audited() {
    let saved = b"HTTP/1.1 200 Connection established\r\n\r
HTTP/1.1 308 Permanent Redirect\r\nLocation: https://www.example.com/\r\nSet-Cookie: a=v; Secure\r\n\r
HTTP/2 103 \r\nset-cookie: early=v\r\n\r
HTTP/2 302 \r\nlocation: //login.example.com/in?next=/\r\nstrict-transport-security: max-age=31536000\r\n\r
HTTP/2 200 \r\nset-cookie: sess=v; Domain=example.com\r\n\r\nbody";
    let output = audit(&["--format", "json", "--url", "http://www.example.com/", "--accept", "*/*"], saved);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let urls: Vec<_> =
        json["responses"].as_array().unwrap().iter().map(|response| response["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["http://www.example.com/", "https://www.example.com/", "https://login.example.com/in"]);
    assert_eq!(json["responses"][0]["reports"][0]["rejection"]["rule"], "secure-over-plain-http");
    let rules: Vec<_> = json["responses"][0]["reports"][1]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["rule"])
        .collect();
    assert_eq!(rules, ["integration-redirected", "shared-cache"]);
    assert_eq!(json["responses"][1]["reports"].as_array().unwrap().len(), 0);
    assert_eq!(json["responses"][2]["reports"][0]["findings"][0]["severity"], "high");
}

#[test]
fn exit_code_follows_the_severity() {
    let with = |cookie: &str, options: &[&str]| {
        let saved = format!(
            "HTTP/1.1 200 OK\nstrict-transport-security: max-age=31536000\ncache-control: private\nset-cookie: {cookie}\n\n"
        );
        audit(&[&["--url", "https://shop.example/"], options].concat(), saved.as_bytes()).status.code().unwrap()
    };
    let high = "PHPSESSID=v; SameSite=Lax";
    let medium = "theme=v; SameSite=Lax; HttpOnly";
    let low = "__Host-a=v; Secure; Path=/; SameSite=Lax";
    let info = "__Secure-a=v; Secure; HttpOnly; SameSite=Lax";
    let none = "__Host-a=v; Secure; HttpOnly; Path=/; SameSite=Lax";
    for (cookie, at_high, at_medium, at_low, at_info) in
        [(high, 1, 1, 1, 1), (medium, 0, 1, 1, 1), (low, 0, 0, 1, 1), (info, 0, 0, 0, 1), (none, 0, 0, 0, 0)]
    {
        let codes = ["high", "medium", "low", "info"].map(|severity| with(cookie, &["--fail-on", severity]));
        assert_eq!(codes, [at_high, at_medium, at_low, at_info], "{cookie}");
        assert_eq!((with(cookie, &[]), with(cookie, &["--fail-on", "never"])), (at_medium, 0), "{cookie}");
    }
}

#[test]
fn output_of_curl_v_and_wget_is_read() {
    let curl = b"* Host shop.example:443 was resolved.\n> GET / HTTP/2\n> Cookie: a=opensesame\n> \n\
        < HTTP/2 301 \n< location: https://www.shop.example/\n* Added cookie sess=\"opensesame\" for domain shop.example\n\
        < set-cookie: sess=opensesame; path=/\n< \n{ [5 bytes data]\nHTTP/2 200 \nset-cookie: body=1\n\
        < HTTP/2 200 \r\n< set-cookie: b=opensesame\r\n<\r\n<html>";
    let wget =
        b"--2026-11-23--  https://shop.example/\n  HTTP/1.1 301 Moved\n  Location: https://www.shop.example/\n  \
        Set-Cookie: sess=opensesame; path=/\nLocation: https://www.shop.example/ [following]\n  HTTP/1.1 200 OK\n  \
        Set-Cookie: b=opensesame\nLength: 5\n";
    for saved in [&curl[..], wget] {
        let json = json_of(&["--url", "https://shop.example/"], saved);
        assert_valid(AUDIT_SCHEMA, &json);
        let found: Vec<_> = json["responses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|response| (response["url"].as_str().unwrap(), response["reports"][0]["cookie"].as_str().unwrap()))
            .collect();
        assert_eq!(found, [("https://shop.example/", "sess"), ("https://www.shop.example/", "b")]);
        assert!(!json.to_string().contains("opensesame"));
    }
}

/// A HAR file as the developer tools of a browser write it.
fn har() -> Value {
    let entry = |url: &str, status: i16, accept: &str, headers: &[(&str, &str)]| {
        let headers: Vec<Value> =
            headers.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
        serde_json::json!({
            "startedDateTime": "2026-11-23T00:00:00.000Z",
            "request": { "method": "GET", "url": url, "headers": [{ "name": "Accept", "value": accept }] },
            "response": {
                "status": status, "headers": headers, "content": { "text": "HTTP/1.1 200 OK\nset-cookie: body=1" },
            },
        })
    };
    serde_json::json!({ "log": { "version": "1.2", "entries": [
        entry("http://shop.example/api?token=opensesame", 301, "*/*", &[("location", "https://shop.example/api")]),
        // Firefox joins the headers with line breaks.
        entry("https://shop.example/?q=opensesame", 200, "text/html", &[
            (":status", "200"), ("Set-Cookie", "sess=opensesame; Path=app\n__Host-b=opensesame"), ("Cache-Control", "private"),
        ]),
        entry("https://shop.example/a.css", 200, "text/css", &[]),
        entry("https://shop.example/b.css", 200, "text/css", &[]),
        entry("https://tracker.example/p", 200, "*/*", &[("set-cookie", "t=opensesame")]),
        entry("http://localhost:3000/", 200, "text/html", &[("set-cookie", "l=opensesame; Secure")]),
        entry("https://blocked.example/", 0, "*/*", &[]),
        // Some programs write -1 for a request without a response.
        entry("https://blocked.example/again", -1, "*/*", &[]),
        entry("data:text/plain,hello", 200, "*/*", &[]),
    ] } })
}

#[test]
fn har_file_is_audited() {
    let input = har().to_string();
    let json = json_of(&[], input.as_bytes());
    assert_valid(AUDIT_SCHEMA, &json);
    let urls: Vec<&str> =
        json["responses"].as_array().unwrap().iter().map(|response| response["url"].as_str().unwrap()).collect();
    assert_eq!(
        urls,
        [
            "http://shop.example/api",
            "https://shop.example/",
            "https://shop.example/a.css",
            "https://shop.example/b.css",
            "https://tracker.example/p",
            "http://localhost:3000/"
        ]
    );
    assert_eq!(json["responses"][0]["reports"][0]["findings"][0]["rule"], "integration-redirected");
    assert_eq!(json["responses"][1]["reports"][0]["stored"]["path"], "/");
    assert_eq!(json["responses"][1]["reports"][1]["rejection"]["rule"], "prefix-host");
    // Browsers store a Secure cookie of a loopback host, even over plain HTTP.
    assert!(json["responses"][5]["reports"][0]["rejection"].is_null(), "{json}");
    assert!(!json.to_string().contains("opensesame"));

    let table = audit(&["--url", "https://shop.example/"], input.as_bytes());
    let table = text(&table.stdout);
    assert!(!table.contains("tracker.example") && !table.contains("localhost"), "{table}");
    assert!(table.contains("\n1 response has the same findings as a response above\n"), "{table}");
    assert!(table.contains("attribute-ignored: `sess` has a `Path` that does not begin with `/`"), "{table}");
    // The file may begin with a byte order mark.
    let with_mark = [b"\xef\xbb\xbf\n".to_vec(), input.into_bytes()].concat();
    assert_eq!(json_of(&[], &with_mark), json);
}

#[test]
fn headers_with_control_bytes_are_audited_and_escaped() {
    let output = audit(
        &["--url", "https://shop.example.com/"],
        b"HTTP/1.1 200 OK\nSet-Cookie: a\x1b[31m=opensesame\x01; Secure\n\n",
    );
    let stdout = text(&output.stdout);
    assert!(stdout.contains("is rejected by browsers (`control-octet`)"), "{stdout}");
    assert!(!stdout.contains('\x1b') && !stdout.contains("opensesame"), "{stdout}");
}

#[test]
fn removal_with_an_ignored_attribute_passes() {
    let saved =
        "HTTP/1.1 200 OK\nset-cookie: __Host-old=; Max-Age=0; Expires=0; Path=/; Secure; HttpOnly; SameSite=Lax\n\n";
    let output = audit(&["--url", "https://shop.example/"], saved.as_bytes());
    assert!(text(&output.stdout).contains("low    attribute-ignored"), "{output:?}");
    let output = audit(&["--url", "https://shop.example/", "--fail-on", "medium"], saved.as_bytes());
    assert!(!text(&output.stdout).contains("medium attribute-ignored"), "{output:?}");
}

/// The server chooses the reason of the status line, so the reason must not hide the only response.
#[test]
fn response_is_not_hidden_by_its_status_line() {
    let options = ["--url", "https://shop.example/"];
    let saved = "HTTP/1.1 200 Connection established\nset-cookie: PHPSESSID=1\n\n";
    assert_eq!(audit(&options, saved.as_bytes()).status.code(), Some(1));
    let output = audit(&options, b"HTTP/1.1 103 Early Hints\nlink: </a.css>\n\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("only informational responses"), "{output:?}");
}

/// After a 303, the browser sends a GET request.
#[test]
fn method_changes_after_a_redirect() {
    let saved = "HTTP/1.1 303 See Other\nlocation: /a\ncache-control: no-store\n\n\
                 HTTP/1.1 200 OK\nset-cookie: __Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax\ncache-control: public\n\n";
    let output = audit(&["--url", "https://shop.example/", "--method", "POST"], saved.as_bytes());
    assert!(text(&output.stdout).contains("shared-cache"), "{output:?}");
}

/// A broken header can contain a value in the place of a name. A Java server writes the session's id into the URL.
#[test]
fn names_and_urls_contain_no_value() {
    for header in ["sid:\"opensesame\";Path=/", "a, sid opensesame=1", "s[opensesame]=1"] {
        let saved = format!(
            "HTTP/1.1 302 Found\nlocation: /a;jsessionid=opensesame/b\nset-cookie: {header}\n\nHTTP/1.1 200 OK\nset-cookie: sid=1\n\n"
        );
        for format in ["table", "json", "sarif"] {
            let output = audit(&["--url", "https://shop.example/", "--format", format], saved.as_bytes());
            let (out, errors) = (text(&output.stdout), text(&output.stderr));
            assert!(out.contains("https://shop.example/a/b"), "{out}{errors}");
            assert!(!out.contains("opensesame") && !errors.contains("opensesame"), "{header}: {out}{errors}");
        }
    }
}

/// The reader of the output closes the pipe before the command writes.
#[test]
fn closed_pipe_keeps_the_exit_code() {
    let saved = format!("HTTP/1.1 200 OK\n{}\n", "set-cookie: PHPSESSID=1\n".repeat(1000));
    let mut child = Command::new(command())
        .args(["audit", "--url", "https://shop.example/"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    drop(child.stdout.take());
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), saved.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn responses_that_cannot_be_located_are_an_error() {
    let har = |url: &str| {
        let headers = [serde_json::json!({ "name": "set-cookie", "value": "PHPSESSID=1" })];
        let response = serde_json::json!({ "status": 200, "headers": headers });
        serde_json::json!({ "log": { "entries": [{ "request": { "url": url }, "response": response }] } }).to_string()
    };
    let output = run(&["audit"], har("https://user:opensesame@shop.example/").as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("entry 1 of the HAR file has a `request.url` that is not a valid URL"));
    assert!(!text(&output.stderr).contains("opensesame"));
    // A long query does not prevent the audit.
    let long = har(&format!("https://shop.example/?{}", "q".repeat(70_000)));
    assert_eq!(run(&["audit"], long.as_bytes()).status.code(), Some(1));

    let saved = "HTTP/1.1 302 Found\nlocation: https://b\u{fc}cher.example/\n\nHTTP/1.1 200 OK\nset-cookie: a=1\n\n";
    let output = audit(&["--url", "https://shop.example/"], saved.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the `Location` of response 1 is not a valid URL"), "{output:?}");
}

#[test]
fn invalid_input_and_options_have_an_error() {
    let url = ["--url", "https://shop.example/"];
    let nested = format!("{}{}", "{\"log\":".repeat(5000), "}".repeat(5000));
    let many: String = (0..40_000).map(|number| format!("x-{number}: 1\n")).collect();
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain("HTTP/1.1 200".bytes().flat_map(|byte| [byte, 0])).collect();
    for (options, input, message) in [
        (&url[..], &b""[..], "the input has no line that begins with `HTTP/`"),
        (&url, b"Set-Cookie: a=b\n\n", "the input has no line that begins with `HTTP/`"),
        (&url, &[0, 159, 146, 150, b'\n', 0x80], "the input has no line that begins with `HTTP/`"),
        (&url, &utf_16, "the input is UTF-16 text"),
        (&url, format!("HTTP/1.1 200 OK\n{many}\n").as_bytes(), "has too many headers"),
        (&[], b"HTTP/1.1 200 OK\n\n", "does not contain its URL"),
        (&[], b"{\"log\": opensesame", "is not valid JSON: expected value at line 1 column 9"),
        (&[], nested.as_bytes(), "is not valid JSON: recursion limit exceeded"),
        (&[], b"{\"a\": 1}", "is no HAR file"),
        (&[], b"{\"log\": {\"entries\": {}}}", "is no HAR file"),
        (&[], b"{\"log\": {\"entries\": []}}", "has no response of an http or https URL"),
        (&[], b"{\"log\": {\"entries\": [{\"request\": {}}]}}", "entry 1 of the HAR file has no `request.url`"),
        (&["--url", "https://other.example/"], har().to_string().as_bytes(), "no response of the host `other.example`"),
        (&["--accept", "*/*"], har().to_string().as_bytes(), "leave out `--method` and `--accept`"),
        (&["--url"], b"", "missing argument for option '--url'"),
        (&["--url", "shop.example.com"], b"", "`--url` is not an http or https URL"),
        (&["--xml"], b"", "unknown argument `--xml`"),
        (&["--format", "\u{1b}[31m"], b"", "`\\u{1b}[31m` is no format"),
        (&["no-such-file.txt"], b"", "no-such-file.txt: No such file"),
    ] {
        let output = audit(options, input);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{options:?} {message}");
        let error = text(&output.stderr);
        assert!(error.starts_with("hardtack: ") && error.contains(message), "{options:?}: {error}");
        assert!(!error.contains("opensesame") && !error.contains('\u{1b}'), "{error}");
    }
    let help = run(&["--help"], b"");
    assert!(help.status.success() && text(&help.stdout).contains("exit codes:"));
}

#[test]
fn huge_response_is_audited_quickly() {
    let hsts: String = (0..100_000).map(|number| format!("d{number};")).collect();
    let cookies = "set-cookie: a=b; Path=/, c=d; Expires=0, e\n".repeat(20_000);
    let saved = format!("HTTP/1.1 200 OK\nstrict-transport-security: {hsts}\n{cookies}\n");
    let start = std::time::Instant::now();
    let output = audit(&["--url", "https://shop.example/", "--format", "json"], saved.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    // A debug build on a slow machine needs a few seconds. An algorithm with quadratic cost would need hours.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn explain_explains_each_rule() {
    let all = run(&["explain"], b"");
    let ids = text(&all.stdout);
    for weakness in Weakness::ALL {
        assert!(ids.lines().any(|id| id == weakness.id()), "{weakness}");
    }
    let text_of = |id: &str| String::from_utf8(run(&["explain", id], b"").stdout).unwrap();
    assert!(text_of("attribute-ignored").contains("  severity: medium\n  ids: RFC 6265bis 5.6\n"));
    assert!(text_of("prefix-host").contains("in a declaration:"));
    let unknown = run(&["explain", "nothing"], b"");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("`nothing` is no rule"), "{}", text(&unknown.stderr));
}

const AUDIT_SCHEMA: &str = include_str!("../../runtime/docs/audit.schema.json");
const SARIF_SCHEMA: &str = include_str!("../vectors/sarif-schema-2.1.0.json");

fn assert_valid(schema: &str, json: &Value) {
    validate(schema, json).unwrap_or_else(|error| panic!("{error}"));
}

/// Validates JSON against a JSON schema.
fn validate(schema: &str, json: &Value) -> Result<(), String> {
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("schema", serde_json::from_str(schema).unwrap()).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("schema", &mut schemas).unwrap();
    schemas.validate(json, index).map_err(|error| format!("{error:#}"))
}

/// Runs `hardtack audit --format json` on a saved response.
fn json_of(options: &[&str], saved: &[u8]) -> Value {
    let output = audit(&[&["--format", "json"], options].concat(), saved);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

/// Runs `hardtack audit` on a saved response.
fn audit(options: &[&str], saved: &[u8]) -> Output {
    run(&[&["audit"], options].concat(), saved)
}

/// Runs `hardtack` with the arguments and the input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut child = Command::new(command())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    // The pipes hold less than a large input and a large output, so a thread writes the input. Ignore a write error: if
    // an option is invalid, the command exits before it reads its standard input.
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn command() -> PathBuf {
    static PATH: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    PATH.get_or_init(|| crate::built::command(&["runtime/Cargo.toml", "runtime/src", "rules/src"])).clone()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
