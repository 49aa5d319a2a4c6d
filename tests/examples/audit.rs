//! Reads a saved response and prints the findings that a penetration tester would report about the cookies of the
//! response. For each finding, the program prints the rule, the remedy, and the matching ids in standards and scanners.
//! The program never prints a cookie's value.
//!
//! ```text
//! curl -si https://shop.example/ | cargo run --example audit -- --url https://shop.example/
//! curl -siL http://shop.example/ | cargo run --example audit -- --url http://shop.example/ --json
//! ```
//!
//! The input is the output of `curl -si`, with HTTP/1.1 or later. With `curl -siL`, curl follows redirects and prints
//! each response. The program then takes the URL of each later response from the previous response's redirect.
//!
//! The exit code is 1 if the audit reports an unexpected finding of severity medium or high. The exit code is 2 if the
//! input or an option is invalid.

use std::error::Error;
use std::io::{Read as _, Write, stdin, stdout};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use hardtack::audit::{self, Context, Finding, Report, Severity};
use hardtack_rules::date::parse_cookie_date;
use http::header::{DATE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::Url;
use serde_json::{Value, json};

const USAGE: &str = "usage: curl -si URL | audit [--url URL] [--http] [--method METHOD] [--accept TYPES] [--json]

  --url URL        the URL of the (first) request; without it, the host is the first `Domain` of a cookie
  --http           the request was plain HTTP
  --method METHOD  the method of the request
  --accept TYPES   the `Accept` header of the request; a request that is not for a page must not be redirected to https
  --json           print the report as JSON";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            // Do not use `eprintln!`: it panics if standard error is closed.
            let _ = writeln!(std::io::stderr(), "audit: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        writeln!(stdout(), "{USAGE}")?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut input = Vec::new();
    stdin().read_to_end(&mut input)?;
    let responses = responses(&input);
    if responses.is_empty() {
        return Err("no response begins with `HTTP/`; pipe the output of `curl -si URL` into this program".into());
    }
    let audits = audit_all(&options, &responses)?;
    let failed = audits
        .iter()
        .flat_map(|audit| &audit.reports)
        .flat_map(Report::unexpected)
        .any(|finding| finding.severity >= Severity::Medium);
    let mut out = stdout().lock();
    if options.json {
        let audits: Vec<Value> = audits.iter().map(Audit::to_json).collect();
        writeln!(out, "{:#}", json!({ "responses": audits, "failed": failed }))?;
    } else {
        print(&mut out, &audits)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Options {
    url: Option<Url>,
    http: bool,
    method: Option<String>,
    accept: Option<String>,
    json: bool,
}

impl Options {
    /// Parses the command line. Returns `None` for `--help`.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Options { url: None, http: false, method: None, accept: None, json: false };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value\n\n{USAGE}"));
            match argument.as_str() {
                "--url" => {
                    let url = Url::parse(&value()?)
                        .map_err(|error| format!("`--url`: {error}; write it as in `https://shop.example/`"))?;
                    if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
                        return Err(
                            "`--url` is not an http or https URL; write it as in `https://shop.example/`".into()
                        );
                    }
                    options.url = Some(url);
                }
                "--http" => options.http = true,
                "--method" => options.method = Some(value()?),
                "--accept" => options.accept = Some(value()?),
                "--json" => options.json = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown option `{argument}`\n\n{USAGE}").into()),
            }
        }
        Ok(Some(options))
    }

    /// Returns the URL of the first request.
    fn first_url(&self, responses: &[Response]) -> Result<Url, Box<dyn Error>> {
        let mut url = match &self.url {
            Some(url) => url.clone(),
            None => {
                let host = responses.iter().find_map(Response::domain).unwrap_or("host.invalid");
                Url::parse(&format!("https://{host}/")).or_else(|_| Url::parse("https://host.invalid/"))?
            }
        };
        if self.http {
            // `set_scheme` cannot fail, because the URL has a host.
            let _ = url.set_scheme("http");
        }
        Ok(url)
    }
}

/// The status and the headers of a saved response.
struct Response {
    status: StatusCode,
    headers: HeaderMap,
    /// `Set-Cookie` headers with bytes that a `HeaderValue` cannot contain. Browsers drop headers with these bytes.
    invalid_set_cookies: Vec<Vec<u8>>,
}

impl Response {
    fn set_cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes)
    }

    /// Returns the time of the `Date` header. The lifetimes of the response's cookies begin at the time of the `Date`
    /// header.
    fn date(&self) -> Option<SystemTime> {
        let seconds = parse_cookie_date(self.headers.get(DATE)?.as_bytes())?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.try_into().ok()?))
    }

    /// Returns the first `Domain` of a `Set-Cookie` header. If there is no `--url`, the audit uses the first `Domain`
    /// as the host of the request.
    fn domain(&self) -> Option<&str> {
        let mut attributes = self.set_cookies().flat_map(|header| header.split(|byte| *byte == b';').skip(1));
        attributes.find_map(|attribute| {
            let (key, domain) = std::str::from_utf8(attribute).ok()?.split_once('=')?;
            let domain = domain.split(',').next()?.trim().trim_start_matches('.');
            (key.trim().eq_ignore_ascii_case("domain") && !domain.is_empty()).then_some(domain)
        })
    }
}

/// Parses the responses of a redirect chain. The parser stops at the body of the last response.
fn responses(input: &[u8]) -> Vec<Response> {
    let mut found = Vec::new();
    let mut lines = input.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).peekable();
    // Skip lines before the first response. For example, a saved file may begin with a shell prompt, or with curl's
    // progress output.
    while lines.next_if(|line| parse_status(line).is_none()).is_some() {}
    while let Some((status, is_tunnel)) = lines.peek().and_then(|line| parse_status(line)) {
        lines.next();
        let mut headers: Vec<(&[u8], Vec<u8>)> = Vec::new();
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            let colon = line.iter().position(|byte| *byte == b':').and_then(|at| line.split_at_checked(at));
            match (line, colon, headers.last_mut()) {
                // The line continues the header value of the line before (obsolete line folding, RFC 9112 5.2).
                ([b' ' | b'\t', rest @ ..], _, Some((_, value))) => {
                    value.push(b' ');
                    value.extend_from_slice(rest.trim_ascii());
                }
                (_, Some((name, [_, value @ ..])), _) => {
                    headers.push((name, value.trim_ascii().to_vec()));
                }
                _ => {}
            }
        }
        // Keep only the server's final responses. Skip a proxy's response to CONNECT, and skip informational responses.
        if !is_tunnel && !status.is_informational() {
            found.push(response(status, headers));
        }
    }
    found
}

fn response(status: StatusCode, saved: Vec<(&[u8], Vec<u8>)>) -> Response {
    let (mut headers, mut invalid_set_cookies) = (HeaderMap::new(), Vec::new());
    for (name, value) in saved {
        match (HeaderName::from_bytes(name), HeaderValue::from_bytes(&value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            (Ok(SET_COOKIE), Err(_)) => invalid_set_cookies.push(value),
            _ => {}
        }
    }
    Response { status, headers, invalid_set_cookies }
}

/// Parses a status line. The returned bool is true if the line begins a proxy's response to CONNECT.
fn parse_status(line: &[u8]) -> Option<(StatusCode, bool)> {
    let mut words = line.strip_prefix(b"HTTP/")?.splitn(3, |byte| *byte == b' ').skip(1);
    let status = StatusCode::from_bytes(words.next()?).ok()?;
    Some((status, words.next().is_some_and(|reason| reason.eq_ignore_ascii_case(b"connection established"))))
}

/// The reports about one response.
struct Audit {
    /// The URL of the response without its query, because the query may be secret.
    url: String,
    status: StatusCode,
    reports: Vec<Report>,
}

fn audit_all(options: &Options, responses: &[Response]) -> Result<Vec<Audit>, Box<dyn Error>> {
    let mut url = options.first_url(responses)?;
    let mut audits = Vec::new();
    for response in responses {
        let host = url.host_str().unwrap_or_default();
        let context = if url.scheme() == "https" { Context::https(host) } else { Context::http(host) };
        let mut context = context.path(url.path()).status(response.status);
        if let Some(date) = response.date() {
            context = context.at(date);
        }
        if options.method.is_some() || options.accept.is_some() {
            let method = options.method.as_deref().unwrap_or("GET");
            context = context.request(method, options.accept.as_deref().unwrap_or_default());
        }
        let invalid = response.invalid_set_cookies.iter().map(|header| audit::set_cookie(header, &context));
        let mut reports: Vec<Report> = invalid.collect();
        reports.extend(audit::response(&response.headers, &context));
        audits.push(Audit {
            url: format!("{}{}", url.origin().ascii_serialization(), url.path()),
            status: response.status,
            reports,
        });
        let location = response.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        if let Some(next) = location.and_then(|location| url.join(location).ok()) {
            url = next;
        }
    }
    Ok(audits)
}

impl Audit {
    fn to_json(&self) -> Value {
        json!({ "url": self.url, "status": self.status.as_u16(), "reports": self.reports })
    }
}

fn print(out: &mut impl Write, audits: &[Audit]) -> std::io::Result<()> {
    for audit in audits {
        writeln!(out, "{}: status {}", audit.url, audit.status.as_u16())?;
        for report in &audit.reports {
            writeln!(out)?;
            match report.cookie.as_deref() {
                None => writeln!(out, "the response itself")?,
                Some("") => writeln!(out, "a cookie without a name")?,
                Some(name) => writeln!(out, "{}", name.escape_debug())?,
            }
            match (&report.cookie, &report.stored) {
                (None, _) => {}
                (Some(_), Ok(stored)) => writeln!(out, "  stored: {stored}")?,
                // The finding `not-stored` contains the reason.
                (Some(_), Err(_)) => writeln!(out, "  not stored")?,
            }
            print_findings(out, &report.findings)?;
        }
        writeln!(out)?;
    }
    let reports = audits.iter().flat_map(|audit| &audit.reports);
    let all: Vec<&Finding> = reports.flat_map(|report| &report.findings).collect();
    let count = |severity| all.iter().filter(|finding| finding.severity == severity).count();
    writeln!(
        out,
        "{} findings: {} high, {} medium, {} low, {} info",
        all.len(),
        count(Severity::High),
        count(Severity::Medium),
        count(Severity::Low),
        count(Severity::Info)
    )
}

fn print_findings(out: &mut impl Write, findings: &[Finding]) -> std::io::Result<()> {
    for finding in findings {
        writeln!(out, "  {:<6} {}: {}", finding.severity.as_str(), finding.rule, finding.message)?;
        let references: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
        if !references.is_empty() {
            writeln!(out, "         {}", references.join(", "))?;
        }
        if let Some(reason) = finding.reason {
            writeln!(out, "         expected: {reason}")?;
        }
    }
    Ok(())
}
