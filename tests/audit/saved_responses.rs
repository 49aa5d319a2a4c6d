//! Runs the example `audit` as a process on saved responses:
//!
//! - a response with ten faulty cookies, with the report as text and as JSON,
//! - a response without findings,
//! - redirect chains,
//! - invalid input.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use hardtack::audit::response;
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
    let output = audit(&["--json", "--url", "https://shop.example.com/login"], SAVED.as_bytes());
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(1)));
    assert!(!text(&output.stdout).contains("opensesame"));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["failed"], true);
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
    let output = audit(&["--json", "--url", "http://www.example.com/", "--accept", "*/*"], saved);
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
fn without_a_url_the_host_is_the_domain() {
    let saved = b"HTTP/2 200 \nset-cookie: a=v; Domain=.example.com; Secure\n\n";
    let json = |options: &[&str]| -> Value { serde_json::from_slice(&audit(options, saved).stdout).unwrap() };
    assert_eq!(json(&["--json"])["responses"][0]["url"], "https://example.com/");
    let over_http = json(&["--json", "--http"]);
    assert_eq!(over_http["responses"][0]["url"], "http://example.com/");
    assert_eq!(over_http["responses"][0]["reports"][0]["rejection"]["rule"], "secure-over-plain-http");
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
fn invalid_input_and_options_have_an_error() {
    for (options, input, message) in [
        (&[][..], "", "no response begins with `HTTP/`"),
        (&[], "Set-Cookie: a=b\n\n", "no response begins with `HTTP/`"),
        (&["--url"], "", "`--url` needs a value"),
        (&["--url", "shop.example.com"], "", "`--url`: relative URL without a base"),
        (&["--url", "ftp://shop.example.com"], "", "`--url` is not an http or https URL"),
        (&["--xml"], "", "unknown option `--xml`"),
    ] {
        let output = audit(options, input.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
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
    // Ignore a write error: if an option is invalid, the example exits before it reads its standard input.
    let _ = child.stdin.take().unwrap().write_all(saved);
    child.wait_with_output().unwrap()
}

fn example() -> PathBuf {
    static PATH: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let sources = ["tests/examples/audit.rs", "runtime/src", "rules/src"];
    PATH.get_or_init(|| crate::example::build("audit", &sources)).clone()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
