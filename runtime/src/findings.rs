//! What a tester raises. In: one Set-Cookie line, or the fields of a response, and where they were seen; out: findings
//! with the auditors' ids, gravest first. The conditions are here, the ids and texts are the rule book's. Never shows a
//! value.

use std::fmt;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::SystemTime;

use hardtack_rules::auditors::{Facts, HSTS_YEAR, HstsFault, OBSERVATORY_HSTS, Reference, Severity, Weakness};
use hardtack_rules::date::cookie_date;
use hardtack_rules::syntax::{MAX_ATTRIBUTE, MAX_LIFE, MAX_PAIR, is_tchar};
use hardtack_rules::{SameSite, auditors};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};

use crate::host::Host;
use crate::seen::Seen;
use crate::store::Rejection;

/// One thing that a tester raises about a cookie or a response.
///
/// `Display` is one line: severity, rule, fact and remedy, the auditors' ids, and the declared reason.
///
/// ```
/// use hardtack::audit::{Seen, Severity, Weakness, set_cookie};
///
/// let report = set_cookie(b"__Host-sid=s3cr3t; Secure; Path=/; SameSite=Lax", &Seen::https("example.com"));
/// let finding = &report.findings[0];
/// assert_eq!((finding.rule, finding.severity), (Weakness::ScriptReadable, Severity::Low));
/// assert_eq!(
///     finding.to_string(),
///     "low script-readable: `__Host-sid` has no `HttpOnly`, so every script of the page can read it; add `HttpOnly` \
///      (CWE-1004, ASVS 3.3.4, ZAP 10010, Nikto 000029, Sonar S3330)",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule of the book that speaks.
    pub rule: Weakness,
    /// How grave it is here: a session's cookie weighs more than a colour scheme's.
    pub severity: Severity,
    /// What is wrong and what to write instead: `fact; remedy`. It names the cookie and never its value.
    pub message: String,
    /// The ids that standards and scanners give it.
    pub references: Vec<Reference>,
    /// Why the cookie's declaration has this weakness; see [`Seen::declared`].
    pub reason: Option<&'static str>,
}

impl Finding {
    /// Returns whether the declaration gives a reason for it, so that nobody need be surprised.
    ///
    /// ```
    /// use hardtack::Cookie;
    /// use hardtack::audit::{Seen, set_cookie};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
    /// enum Lang { En }
    ///
    /// let line = b"__Host-lang=en; Path=/; Secure; SameSite=Lax";
    /// let report = set_cookie(line, &Seen::https("example.com").declared(&[Lang::SPEC]));
    /// assert!(report.findings.iter().all(|finding| finding.is_expected()));
    /// # let _ = Lang::En;
    /// ```
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.reason.is_some()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity, self.rule, self.message)?;
        for (at, reference) in self.references.iter().enumerate() {
            write!(f, "{}{reference}", if at == 0 { " (" } else { ", " })?;
        }
        if !self.references.is_empty() {
            f.write_str(")")?;
        }
        match self.reason {
            Some(reason) => write!(f, "; expected, since {reason}"),
            None => Ok(()),
        }
    }
}

/// Gathers what is raised about one subject.
struct Findings<'a> {
    subject: String,
    facts: Facts,
    name: Option<&'a [u8]>,
    seen: &'a Seen,
    all: Vec<Finding>,
}

impl Findings<'_> {
    fn raise(&mut self, rule: Weakness) {
        let message = format!("{} {}; {}", self.subject, rule.predicate(), rule.remedy());
        self.raise_as(rule, message);
    }

    fn raise_as(&mut self, rule: Weakness, message: String) {
        let declared = self.seen.declared.iter().filter(|spec| self.name == Some(spec.name.as_bytes()));
        self.all.push(Finding {
            rule,
            severity: rule.severity(&self.facts),
            message,
            references: rule.references(&self.facts).collect(),
            reason: declared.filter_map(|spec| rule.reason(spec)).next(),
        });
    }

    fn raise_if(&mut self, condition: bool, rule: Weakness) {
        if condition {
            self.raise(rule);
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        // Those of one severity in the table's order.
        self.all.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.rule));
        self.all
    }
}

/// The name that a line gives, and what is raised about it; `under_hsts` as the Observatory counts it.
pub(crate) fn of_line(
    line: &[u8],
    rejection: Option<&Rejection>,
    seen: &Seen,
    now: SystemTime,
    under_hsts: bool,
) -> (String, Vec<Finding>) {
    let cookie = Written::read(line);
    let fold = auditors::fold(line);
    let facts = Facts {
        secure: cookie.secure.is_some(),
        host_only: cookie.domain.is_none(),
        under_hsts,
        secure_has_value: cookie.secure == Some(Flag::WithValue),
        http_only_has_value: cookie.http_only == Some(Flag::WithValue),
        ..Facts::of_name(cookie.name)
    };
    let mut findings =
        Findings { subject: subject(cookie.name), facts, name: Some(cookie.name), seen, all: Vec::new() };

    let name = String::from_utf8_lossy(cookie.name).into_owned();
    let is_cookie = !(cookie.name.is_empty() && cookie.value_length == 0);
    // A scanner takes a cookie for removed by a past `Expires` alone, and looks no further.
    if is_cookie && !(cookie.is_removal(now) && cookie.is_past_to_scanners(now)) {
        raise_live(&mut findings, &cookie, now);
    }
    if let Some(rejection) = rejection {
        let message = not_stored(&findings.subject, rejection, cookie.is_removal(now), fold.is_some());
        findings.raise_as(Weakness::NotStored, message);
    }
    findings.raise_if(cookie.name.len() + cookie.value_length > MAX_PAIR, Weakness::Size);
    if let Some(twice) = cookie.repeated() {
        let message = format!(
            "{} has {twice} more than once: browsers read the last, ZAP reads the first; {}",
            findings.subject,
            Weakness::DuplicateAttribute.remedy()
        );
        findings.raise_as(Weakness::DuplicateAttribute, message);
    }
    findings.raise_if(facts.secure_has_value || facts.http_only_has_value, Weakness::FlagWithValue);
    findings.raise_if(fold.is_some(), Weakness::Folded);
    (name, findings.finish())
}

/// What is raised about a cookie that a scanner takes for a live one.
fn raise_live(findings: &mut Findings<'_>, cookie: &Written<'_>, now: SystemTime) {
    findings.raise_if(findings.seen.https && cookie.secure.is_none(), Weakness::Insecure);
    findings.raise_if(cookie.http_only.is_none(), Weakness::ScriptReadable);
    match cookie.same_site {
        None => findings.raise(Weakness::SameSiteMissing),
        Some(None) => findings.raise(Weakness::SameSiteInvalid),
        Some(Some(SameSite::None)) => findings.raise(Weakness::SameSiteNone),
        Some(Some(SameSite::Lax | SameSite::Strict)) => {}
    }
    // By octets, as ASVS 3.3.1 names them; `__Host-Http-` begins with `__Host-`, and `__Http-` is neither.
    let host = cookie.name.starts_with(b"__Host-");
    if !host && !cookie.name.starts_with(b"__Secure-") {
        findings.raise(Weakness::Unprefixed);
    } else {
        findings.raise_if(!host && cookie.domain.is_none(), Weakness::NoHostPrefix);
    }
    findings.raise_if(cookie.is_shared_above(&findings.seen.host), Weakness::DomainWide);
    if cookie.is_removal(now) {
        findings.raise(Weakness::RemovalUnseen);
        // They are raised, and they are wrong: nothing is left to steal.
        findings.all.iter_mut().for_each(|finding| finding.severity = finding.severity.min(Severity::Low));
    } else {
        findings.raise_if(cookie.outlives_the_limit(now), Weakness::LongLived);
    }
}

fn not_stored(subject: &str, rejection: &Rejection, removal: bool, folded: bool) -> String {
    let fact = match removal {
        true => "is removed by no browser, since this line is refused",
        false => "is stored by no browser",
    };
    // What follows a folded comma is another cookie's, value and all.
    if folded {
        return format!("{subject} {fact} (`{}`); send one `Set-Cookie` field a cookie", rejection.id());
    }
    format!("{subject} {fact} (`{}`): {rejection}", rejection.id())
}

/// The cookie as a message calls it.
fn subject(name: &[u8]) -> String {
    /// A name that nobody reads to its end.
    const LONGEST: usize = 64;
    if name.is_empty() {
        return String::from("a cookie without a name");
    }
    let name = String::from_utf8_lossy(name);
    let shown: String = name.chars().take(LONGEST).collect();
    let more = if shown.len() < name.len() { "…" } else { "" };
    // A terminal would obey the control characters.
    format!("`{}{more}`", shown.escape_debug())
}

/// The attributes that findings are about, as they were written.
struct Written<'a> {
    name: &'a [u8],
    value_length: usize,
    secure: Option<Flag>,
    http_only: Option<Flag>,
    /// The last one: absent, unknown or known.
    same_site: Option<Option<SameSite>>,
    /// The last one, without its leading dot; an empty one is none.
    domain: Option<&'a [u8]>,
    /// The last readable one.
    max_age: Option<u64>,
    /// The last readable one.
    expires: Option<i64>,
    /// The first one, readable or not: ZAP's.
    first_expires: Option<Option<i64>>,
    counts: [usize; KNOWN.len()],
}

/// A flag that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flag {
    Bare,
    WithValue,
}

/// The attributes that browsers know.
const KNOWN: [&str; 8] = ["Domain", "Path", "Expires", "Max-Age", "Secure", "HttpOnly", "SameSite", "Partitioned"];

impl<'a> Written<'a> {
    /// Splits as a browser does (6265bis 5.6); `store` decides what it comes to.
    fn read(line: &'a [u8]) -> Self {
        let mut pieces = line.split(|octet| *octet == b';');
        let pair = pieces.next().unwrap_or_default();
        let (name, value) = match split_at_equals(pair) {
            (name, Some(value)) => (name, value),
            (text, None) => (&b""[..], text),
        };
        let mut all = Written {
            name,
            value_length: value.len(),
            secure: None,
            http_only: None,
            same_site: None,
            domain: None,
            max_age: None,
            expires: None,
            first_expires: None,
            counts: [0; KNOWN.len()],
        };
        for piece in pieces {
            let (key, written) = split_at_equals(piece);
            let value = written.unwrap_or_default();
            if value.len() <= MAX_ATTRIBUTE {
                all.take(key, written, value);
            }
        }
        all
    }

    fn take(&mut self, key: &[u8], written: Option<&[u8]>, value: &'a [u8]) {
        let Some((count, known)) =
            self.counts.iter_mut().zip(KNOWN).find(|(_, known)| key.eq_ignore_ascii_case(known.as_bytes()))
        else {
            return;
        };
        *count += 1;
        // Nikto looks for a bare one anywhere.
        let flag = |before| match (before, written) {
            (Some(Flag::Bare), _) | (_, None) => Some(Flag::Bare),
            (_, Some(_)) => Some(Flag::WithValue),
        };
        match known {
            "Domain" => {
                self.domain = Some(value.strip_prefix(b".").unwrap_or(value)).filter(|domain| !domain.is_empty());
            }
            "Expires" => {
                let date = cookie_date(value);
                self.first_expires = self.first_expires.or(Some(date));
                self.expires = date.or(self.expires);
            }
            "Max-Age" => self.max_age = max_age(value).or(self.max_age),
            "Secure" => self.secure = flag(self.secure),
            "HttpOnly" => self.http_only = flag(self.http_only),
            "SameSite" => {
                self.same_site = Some(
                    [SameSite::Strict, SameSite::Lax, SameSite::None]
                        .into_iter()
                        .find(|same_site| value.eq_ignore_ascii_case(same_site.as_str().as_bytes())),
                );
            }
            _ => {}
        }
    }

    /// Whether a browser takes the line for a removal.
    fn is_removal(&self, now: SystemTime) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds == 0,
            (None, Some(date)) => date <= unix_seconds(now),
            (None, None) => false,
        }
    }

    fn is_past_to_scanners(&self, now: SystemTime) -> bool {
        self.first_expires.flatten().is_some_and(|date| date <= unix_seconds(now))
    }

    /// Whether a browser would shorten the life (6265bis 5.5).
    fn outlives_the_limit(&self, now: SystemTime) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds > MAX_LIFE.as_secs(),
            (None, Some(date)) => {
                date.saturating_sub(unix_seconds(now)) > i64::try_from(MAX_LIFE.as_secs()).unwrap_or(i64::MAX)
            }
            (None, None) => false,
        }
    }

    /// Whether the `Domain` is a proper dot-suffix of the host.
    fn is_shared_above(&self, host: &str) -> bool {
        let Some(domain) = self.domain else { return false };
        let above = host.len().checked_sub(domain.len()).and_then(|at| host.as_bytes().split_at_checked(at));
        above.is_some_and(|(below, suffix)| below.ends_with(b".") && suffix.eq_ignore_ascii_case(domain))
            && !is_address(host)
    }

    /// The names of the attributes that stand there more than once, in backticks.
    fn repeated(&self) -> Option<String> {
        let mut names = String::new();
        for (_, name) in self.counts.iter().zip(KNOWN).filter(|(count, _)| **count > 1) {
            let joint = if names.is_empty() { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(names, "{joint}`{name}`");
        }
        (!names.is_empty()).then_some(names)
    }
}

/// Both sides of the first `=`, trimmed; all of it where there is none.
fn split_at_equals(piece: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut halves = piece.splitn(2, |octet| *octet == b'=');
    (trim(halves.next().unwrap_or_default()), halves.next().map(trim))
}

/// Without the spaces and tabs at its ends.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// 6265bis 5.6.2, nothing below zero.
fn max_age(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let seconds = number(digits)?;
    Some(if digits.len() < value.len() { 0 } else { seconds })
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(*digit - b'0'))))
}

fn unix_seconds(time: SystemTime) -> i64 {
    let seconds = |distance: std::time::Duration| i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

fn is_address(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok()
}

/// What is raised about the response itself.
pub(crate) fn of_response(headers: &HeaderMap, seen: &Seen, hsts: &Hsts) -> Vec<Finding> {
    let caching = Caching::read(headers);
    let facts = Facts {
        hsts_max_age: hsts.first.unwrap_or_default(),
        hsts_fault: hsts.first.err(),
        invites_caches: caching == Caching::Invited,
        ..Facts::of_name(b"")
    };
    let mut findings = Findings { subject: String::from("the response"), facts, name: None, seen, all: Vec::new() };
    let storable = match caching {
        Caching::Refused => false,
        Caching::Invited => true,
        // What says nothing is stored where the method allows it (RFC 9111 3).
        Caching::Silent => seen.request.as_ref().is_none_or(|request| request.is_safe),
    };
    findings.raise_if(storable && headers.contains_key(SET_COOKIE), Weakness::SharedCache);
    if seen.https {
        // No address and no loopback name can be under HSTS, or should be (RFC 6797 8.1.1).
        let can_have = !is_address(&seen.host) && !Host::parse(&seen.host).is_some_and(Host::is_loopback);
        findings.raise_if(hsts.fields == 0 && can_have, Weakness::HstsAbsent);
        findings.raise_if(hsts.fields > 1, Weakness::HstsDoubled);
        if hsts.fields > 0 {
            match hsts.first {
                Ok(max_age) => findings.raise_if(max_age < HSTS_YEAR, Weakness::HstsShort),
                Err(_) => findings.raise(Weakness::HstsMalformed),
            }
        }
    } else {
        findings.raise_if(hsts.fields > 0, Weakness::HstsPlainHttp);
        findings.raise_if(redirects_an_integration(headers, seen), Weakness::IntegrationRedirected);
    }
    findings.finish()
}

/// Whether a request that was no page is sent on to https.
fn redirects_an_integration(headers: &HeaderMap, seen: &Seen) -> bool {
    let to_https = headers.get(LOCATION).map(|location| location.as_bytes()).is_some_and(|location| {
        location.split_at_checked(6).is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(b"https:"))
    });
    to_https
        && seen.request.as_ref().is_some_and(|request| !request.is_page)
        && seen.status.is_none_or(|status| status.is_redirection())
}

/// What a response says of HSTS.
pub(crate) struct Hsts {
    fields: usize,
    /// The `max-age` of the first field, which is the one that browsers read (RFC 6797 8.1).
    first: Result<u64, HstsFault>,
}

impl Hsts {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut fields = headers.get_all(STRICT_TRANSPORT_SECURITY).iter();
        let first = fields.next().map(|field| hsts_max_age(field.as_bytes()));
        Hsts {
            fields: usize::from(first.is_some()) + fields.count(),
            first: first.unwrap_or(Err(HstsFault::MaxAgeMissing)),
        }
    }

    /// Whether the Observatory takes the host for protected.
    pub(crate) fn protects(&self) -> bool {
        self.fields == 1 && self.first.is_ok_and(|max_age| max_age >= OBSERVATORY_HSTS)
    }
}

/// The grammar of RFC 6797 6.1: directives between semicolons, each once, `max-age` among them.
fn hsts_max_age(field: &[u8]) -> Result<u64, HstsFault> {
    if !field.iter().all(|octet| matches!(octet, b'\t' | b' '..=b'~')) {
        return Err(HstsFault::Octets);
    }
    let (mut max_age, mut names) = (None, Vec::<&[u8]>::new());
    for directive in field.split(|octet| *octet == b';').map(trim).filter(|directive| !directive.is_empty()) {
        let (name, value) = split_at_equals(directive);
        if matches!(name, [b'"' | b'\'', rest @ ..] if is_max_age(trim(rest))) {
            return Err(HstsFault::MaxAgeQuoted);
        }
        if !name.iter().all(|octet| is_tchar(*octet)) || names.iter().any(|other| name.eq_ignore_ascii_case(other)) {
            return Err(HstsFault::Grammar);
        }
        names.push(name);
        if is_max_age(name) {
            max_age = Some(value.and_then(|value| number(unquoted(value))));
        }
    }
    match max_age {
        Some(Some(seconds)) => Ok(seconds),
        // A list of values is a number and something else.
        Some(None) if field.iter().any(u8::is_ascii_digit) => Err(HstsFault::Grammar),
        Some(None) | None => Err(HstsFault::MaxAgeMissing),
    }
}

/// What stands between quotes, where it does (RFC 6797 6.1 lets a value be a quoted string).
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

fn is_max_age(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"max-age")
}

/// What a response says to shared caches about its Set-Cookie (RFC 9111 5.2.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caching {
    /// `no-store` or `private`, for the whole or for Set-Cookie.
    Refused,
    Silent,
    /// `public` or `s-maxage`.
    Invited,
}

impl Caching {
    fn read(headers: &HeaderMap) -> Self {
        let mut caching = Caching::Silent;
        for field in headers.get_all(CACHE_CONTROL) {
            for directive in outside_quotes(field.as_bytes()) {
                let (name, value) = split_at_equals(directive);
                let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
                let refuses =
                    is("no-store") || ((is("private") || is("no-cache")) && value.is_some_and(lists_set_cookie));
                if refuses || (is("private") && value.is_none()) {
                    return Caching::Refused;
                }
                if is("public") || is("s-maxage") {
                    caching = Caching::Invited;
                }
            }
        }
        caching
    }
}

/// The pieces between commas that stand outside quotes.
fn outside_quotes(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    field.split(move |octet| {
        quoted ^= *octet == b'"';
        *octet == b',' && !quoted
    })
}

fn lists_set_cookie(names: &[u8]) -> bool {
    names
        .split(|octet| matches!(octet, b'"' | b',' | b' ' | b'\t'))
        .any(|name| name.eq_ignore_ascii_case(b"set-cookie"))
}

#[cfg(test)]
mod tests {
    use super::{HstsFault, hsts_max_age, max_age, subject};

    #[test]
    fn hsts_is_read_by_its_grammar() {
        for (field, read) in [
            ("max-age=31536000", Ok(31_536_000)),
            ("max-age=\"31536000\"; includeSubDomains", Ok(31_536_000)),
            ("includeSubDomains; MAX-AGE = 1;; preload;", Ok(1)),
            ("max-age=0", Ok(0)),
            ("max-age=99999999999999999999999", Ok(u64::MAX)),
            ("", Err(HstsFault::MaxAgeMissing)),
            ("includeSubDomains", Err(HstsFault::MaxAgeMissing)),
            ("max-age", Err(HstsFault::MaxAgeMissing)),
            ("max-age=", Err(HstsFault::MaxAgeMissing)),
            ("\"max-age=31536000\"", Err(HstsFault::MaxAgeQuoted)),
            ("max-age=1; max-age=2", Err(HstsFault::Grammar)),
            ("max-age=1, max-age=2", Err(HstsFault::Grammar)),
            ("max-age=1 year", Err(HstsFault::Grammar)),
            ("max-age=31536000; “preload”", Err(HstsFault::Octets)),
        ] {
            assert_eq!(hsts_max_age(field.as_bytes()), read, "{field}");
        }
    }

    #[test]
    fn an_age_below_zero_is_none() {
        for (value, age) in
            [("0", Some(0)), ("-1", Some(0)), ("-0", Some(0)), ("60", Some(60)), ("-", None), ("1s", None)]
        {
            assert_eq!(max_age(value.as_bytes()), age, "{value}");
        }
    }

    #[test]
    fn names_are_fit_for_a_terminal() {
        assert_eq!(subject(b"sid"), "`sid`");
        assert_eq!(subject(b"\x1b[31m"), "`\\u{1b}[31m`");
        assert_eq!(subject(b""), "a cookie without a name");
        assert!(subject(&[b'a'; 5000]).len() < 100);
    }
}
