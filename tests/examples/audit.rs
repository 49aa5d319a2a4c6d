//! Reads a saved response and prints what a penetration tester would raise about its cookies: the rule, the remedy, and
//! the ids that standards and scanners give it. No value of a cookie is printed.
//!
//! ```text
//! curl -si https://shop.example/ | cargo run --example audit -- --url https://shop.example/
//! curl -siL http://shop.example/ | cargo run --example audit -- --url http://shop.example/ --json
//! ```
//!
//! Takes what `curl -si` prints, HTTP/1.1 and later, and with `-L` the responses of a redirect chain, each audited at the
//! URL to which the one before it led. Leaves with 1 where something unexpected of severity medium or more was raised,
//! with 2 where it could not read what it was given.

use std::error::Error;
use std::io::{Read as _, Write, stdin, stdout};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use hardtack::audit::{self, Finding, Report, Seen, Severity};
use hardtack_rules::date::cookie_date;
use http::header::{DATE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::Url;
use serde_json::{Value, json};

const USAGE: &str = "usage: curl -si URL | audit [--url URL] [--http] [--method METHOD] [--accept TYPES] [--json]

  --url URL        where the (first) response came from; without it the host is guessed from `Domain`
  --http           it came over plain HTTP
  --method METHOD  what the request's method was, and
  --accept TYPES   its `Accept` field: tells a page from an integration, which must not be redirected
  --json           a report for machines";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to tell where standard error is closed.
            let _ = writeln!(std::io::stderr(), "audit: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let Some(options) = Options::read(std::env::args().skip(1))? else {
        writeln!(stdout(), "{USAGE}")?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut input = Vec::new();
    stdin().read_to_end(&mut input)?;
    let responses = responses(&input);
    if responses.is_empty() {
        return Err("no response begins with `HTTP/`; pipe in what `curl -si URL` prints".into());
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
    /// `None` asks for help.
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Options { url: None, http: false, method: None, accept: None, json: false };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("`{argument}` wants a value\n\n{USAGE}"));
            match argument.as_str() {
                "--url" => {
                    let url = Url::parse(&value()?)
                        .map_err(|error| format!("`--url`: {error}; write it as in `https://shop.example/`"))?;
                    if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
                        return Err("`--url` is no http or https URL; write it as in `https://shop.example/`".into());
                    }
                    options.url = Some(url);
                }
                "--http" => options.http = true,
                "--method" => options.method = Some(value()?),
                "--accept" => options.accept = Some(value()?),
                "--json" => options.json = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("`{argument}` is no option\n\n{USAGE}").into()),
            }
        }
        Ok(Some(options))
    }

    /// Where the first response came from.
    fn first_url(&self, responses: &[Response]) -> Result<Url, Box<dyn Error>> {
        let mut url = match &self.url {
            Some(url) => url.clone(),
            None => {
                let host = responses.iter().find_map(Response::domain).unwrap_or("host.invalid");
                Url::parse(&format!("https://{host}/")).or_else(|_| Url::parse("https://host.invalid/"))?
            }
        };
        if self.http {
            // Only a URL without a host has a scheme that cannot be changed.
            let _ = url.set_scheme("http");
        }
        Ok(url)
    }
}

/// The head of a response, as it was saved.
struct Response {
    status: StatusCode,
    headers: HeaderMap,
    /// Set-Cookie lines with octets that no field may hold; a browser sees them, and drops them.
    beyond_http: Vec<Vec<u8>>,
}

impl Response {
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes)
    }

    /// When it was sent, by its own clock: from then on lives count.
    fn date(&self) -> Option<SystemTime> {
        let seconds = cookie_date(self.headers.get(DATE)?.as_bytes())?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.try_into().ok()?))
    }

    /// The first `Domain`, which tells where a response without a URL came from.
    fn domain(&self) -> Option<&str> {
        self.lines().flat_map(|line| line.split(|octet| *octet == b';').skip(1)).find_map(|attribute| {
            let (key, domain) = std::str::from_utf8(attribute).ok()?.split_once('=')?;
            let domain = domain.split(',').next()?.trim().trim_start_matches('.');
            (key.trim().eq_ignore_ascii_case("domain") && !domain.is_empty()).then_some(domain)
        })
    }
}

/// The heads that stand one after another; a body ends them.
fn responses(input: &[u8]) -> Vec<Response> {
    let mut found = Vec::new();
    let mut lines =
        input.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).peekable();
    // A shell's prompt, or what curl says without `-s`, may stand before the first.
    while lines.next_if(|line| status(line).is_none()).is_some() {}
    while let Some((status, is_tunnel)) = lines.peek().and_then(|line| status(line)) {
        lines.next();
        let mut fields: Vec<(&[u8], Vec<u8>)> = Vec::new();
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            let colon = line.iter().position(|octet| *octet == b':').and_then(|at| line.split_at_checked(at));
            match (line, colon, fields.last_mut()) {
                // Obsolete folding (RFC 9112 5.2).
                ([b' ' | b'\t', rest @ ..], _, Some((_, value))) => {
                    value.push(b' ');
                    value.extend_from_slice(rest.trim_ascii());
                }
                (_, Some((name, [_, value @ ..])), _) => {
                    fields.push((name, value.trim_ascii().to_vec()));
                }
                _ => {}
            }
        }
        // What a proxy or an interim response says is not the server's last word.
        if !is_tunnel && !status.is_informational() {
            found.push(response(status, fields));
        }
    }
    found
}

fn response(status: StatusCode, fields: Vec<(&[u8], Vec<u8>)>) -> Response {
    let (mut headers, mut beyond_http) = (HeaderMap::new(), Vec::new());
    for (name, value) in fields {
        match (HeaderName::from_bytes(name), HeaderValue::from_bytes(&value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            (Ok(SET_COOKIE), Err(_)) => beyond_http.push(value),
            _ => {}
        }
    }
    Response { status, headers, beyond_http }
}

/// The status of a status line, and whether it is a proxy's word for an open tunnel.
fn status(line: &[u8]) -> Option<(StatusCode, bool)> {
    let mut words = line.strip_prefix(b"HTTP/")?.splitn(3, |octet| *octet == b' ').skip(1);
    let status = StatusCode::from_bytes(words.next()?).ok()?;
    Some((status, words.next().is_some_and(|reason| reason.eq_ignore_ascii_case(b"connection established"))))
}

/// The reports on one response.
struct Audit {
    /// Without the query, which may be secret.
    url: String,
    status: StatusCode,
    reports: Vec<Report>,
}

fn audit_all(options: &Options, responses: &[Response]) -> Result<Vec<Audit>, Box<dyn Error>> {
    let mut url = options.first_url(responses)?;
    let mut audits = Vec::new();
    for response in responses {
        let host = url.host_str().unwrap_or_default();
        let seen = if url.scheme() == "https" { Seen::https(host) } else { Seen::http(host) };
        let mut seen = seen.path(url.path()).status(response.status);
        if let Some(date) = response.date() {
            seen = seen.at(date);
        }
        if options.method.is_some() || options.accept.is_some() {
            seen =
                seen.request(options.method.as_deref().unwrap_or("GET"), options.accept.as_deref().unwrap_or_default());
        }
        let mut reports: Vec<Report> = response.beyond_http.iter().map(|line| audit::set_cookie(line, &seen)).collect();
        reports.extend(audit::response(&response.headers, &seen));
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
        writeln!(out, "{} answered {}", audit.url, audit.status.as_u16())?;
        for report in &audit.reports {
            writeln!(out)?;
            // The first line of a report is its verdict. The others are its findings, which are set out below, with why
            // a cookie is not stored among them.
            let verdict = report.to_string();
            let verdict = verdict.lines().next().unwrap_or_default();
            let verdict = if report.stored.is_ok() || report.cookie.is_none() { verdict } else { "not stored" };
            match report.cookie.as_deref() {
                Some("") => writeln!(out, "a cookie without a name\n  {verdict}")?,
                Some(name) => writeln!(out, "{}\n  {verdict}", name.escape_debug())?,
                None => writeln!(out, "{verdict}")?,
            }
            for finding in &report.findings {
                writeln!(out, "  {:<6} {}: {}", finding.severity.as_str(), finding.rule, finding.message)?;
                let references: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
                if !references.is_empty() {
                    writeln!(out, "         {}", references.join(", "))?;
                }
                if let Some(reason) = finding.reason {
                    writeln!(out, "         expected, since {reason}")?;
                }
            }
        }
        writeln!(out)?;
    }
    let all: Vec<&Finding> =
        audits.iter().flat_map(|audit| &audit.reports).flat_map(|report| &report.findings).collect();
    let count = |severity| all.iter().filter(|finding| finding.severity == severity).count();
    writeln!(
        out,
        "{} findings: {} high, {} medium, {} low, {} for information",
        all.len(),
        count(Severity::High),
        count(Severity::Medium),
        count(Severity::Low),
        count(Severity::Info)
    )
}
