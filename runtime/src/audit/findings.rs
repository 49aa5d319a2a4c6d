//! Finds the weaknesses of one `Set-Cookie` header. The input is the header and a `Context`, which contains the scheme,
//! the host and the time. The output is a list of findings, in descending order of severity. Each finding contains the
//! ids that standards and scanners give to the weakness.
//!
//! This file contains the checks. The ids, severities and messages of the weaknesses are in `hardtack_rules::auditors`.
//! A finding never contains a cookie's value.

use std::fmt;
use std::fmt::Write as _;
use std::time::SystemTime;

use hardtack_rules::auditors::{Facts, Reference, Severity, Weakness};
use hardtack_rules::date::parse_cookie_date;
use hardtack_rules::syntax::{MAX_LIFETIME, MAX_NAME_VALUE_BYTES};
use hardtack_rules::{SameSite, wire};

use super::context::Context;
use super::ignored::ignored_attributes;
use crate::browser::rejection::Rejection;
use crate::clock::unix_seconds;
use crate::request::host::is_address;
use crate::wire::printable::Printable;
use crate::wire::set_cookie::{ParsedSetCookie, attributes};
use crate::wire::shown::Shown;

/// A weakness of a cookie or a response that a penetration tester would report.
///
/// `Display` writes the finding as one line of text: the severity, the rule, the message, the ids that standards and
/// scanners give to the weakness, and the declared reason.
///
/// ```
/// use hardtack::audit::{Context, Severity, Weakness, set_cookie};
///
/// let report = set_cookie(b"__Host-sid=s3cr3t; Secure; Path=/; SameSite=Lax", &Context::https("example.com"));
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
    /// The weakness.
    pub rule: Weakness,
    /// The severity of the weakness. Some weaknesses are more severe if the cookie is a session cookie.
    pub severity: Severity,
    /// The problem and the remedy. The message contains the cookie's name, and never the cookie's value.
    pub message: String,
    /// The ids that standards and scanners give to the weakness.
    pub references: Vec<Reference>,
    /// The reason that the cookie's declaration gives for the weakness. See [`Context::declared`].
    pub reason: Option<&'static str>,
}

impl Finding {
    /// Returns true if the cookie's declaration gives a reason for the weakness.
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    /// use hardtack::{Cookie, ReadCookie};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
    /// enum Lang { En }
    ///
    /// let header = b"__Host-lang=en; Path=/; Secure; SameSite=Lax";
    /// let context = Context::https("example.com");
    /// assert!(!set_cookie(header, &context).findings[0].is_expected());
    /// assert!(set_cookie(header, &context.declared(&[Lang::SPEC])).findings[0].is_expected());
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
        for (index, reference) in self.references.iter().enumerate() {
            write!(f, "{}{reference}", if index == 0 { " (" } else { ", " })?;
        }
        if !self.references.is_empty() {
            f.write_str(")")?;
        }
        match self.reason {
            Some(reason) => write!(f, "; expected, because {}", Printable(reason)),
            None => Ok(()),
        }
    }
}

/// Collects the findings about one cookie or one response.
pub(super) struct Findings<'a> {
    /// The subject of each finding's message, such as "`sid`" or "the response".
    pub(super) subject: String,
    pub(super) facts: Facts,
    /// The cookie's name. `name` is `None` if the findings are about a response.
    pub(super) name: Option<&'a [u8]>,
    pub(super) context: &'a Context,
    pub(super) list: Vec<Finding>,
}

impl Findings<'_> {
    pub(super) fn add(&mut self, rule: Weakness) {
        let message = format!("{} {}; {}", self.subject, rule.predicate(), rule.remedy());
        self.add_with_message(rule, message);
    }

    pub(super) fn add_with_message(&mut self, rule: Weakness, message: String) {
        let mut declared = self.context.declared.iter().filter(|spec| self.name == Some(spec.name.as_bytes()));
        self.list.push(Finding {
            rule,
            severity: rule.severity(&self.facts),
            message,
            references: rule.references(&self.facts).collect(),
            reason: declared.find_map(|spec| rule.reason(spec)),
        });
    }

    pub(super) fn add_if(&mut self, condition: bool, rule: Weakness) {
        if condition {
            self.add(rule);
        }
    }

    /// Returns the findings in descending order of severity. Findings with the same severity are in the order of the
    /// variants of [`Weakness`].
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.rule));
        self.list
    }
}

/// Checks a `Set-Cookie` header. Returns the cookie's name and the findings about the header.
///
/// `under_hsts` is true if the Mozilla Observatory (a scanner) accepts the HSTS header of the response. A missing
/// `Secure` is then less severe.
pub(super) fn check(
    header: &[u8],
    rejection: Option<&Rejection>,
    context: &Context,
    now: SystemTime,
    under_hsts: bool,
) -> (String, Vec<Finding>) {
    let cookie = ScannedCookie::parse(header);
    let ParsedSetCookie { name, value, .. } = cookie.parsed;
    let is_folded = wire::find_folded_cookie(header).is_some();
    let mut facts = Facts::from_name(name);
    facts.secure = cookie.secure.is_some();
    facts.host_only = cookie.parsed.shared_domain().is_none();
    facts.under_hsts = under_hsts;
    facts.secure_has_value = cookie.secure == Some(Flag::WithValue);
    facts.http_only_has_value = cookie.http_only == Some(Flag::WithValue);
    let mut findings = Findings { subject: describe_name(name), facts, name: Some(name), context, list: Vec::new() };

    let is_empty = name.is_empty() && value.is_empty();
    // Scanners do not check the attributes of a header whose `Expires` is in the past.
    let is_removal_for_scanners = cookie.is_removal(now) && cookie.is_expired_for_scanners(now);
    if !is_empty && !is_removal_for_scanners {
        check_attributes(&mut findings, &cookie, now);
    }
    if let Some(rejection) = rejection {
        let message = not_stored_message(&findings.subject, rejection, cookie.is_removal(now), is_folded);
        findings.add_with_message(Weakness::NotStored, message);
    }
    findings.add_if(name.len() + value.len() > MAX_NAME_VALUE_BYTES, Weakness::Size);
    if let Some(repeated) = cookie.repeated_attributes() {
        let message = format!(
            "{} has {repeated} more than once: browsers read the last, ZAP reads the first; {}",
            findings.subject,
            Weakness::DuplicateAttribute.remedy()
        );
        findings.add_with_message(Weakness::DuplicateAttribute, message);
    }
    findings.add_if(facts.secure_has_value || facts.http_only_has_value, Weakness::FlagWithValue);
    if let Some(predicate) = ignored_attributes(header).filter(|_| !is_empty) {
        let message = format!("{} {predicate}", findings.subject);
        findings.add_with_message(Weakness::AttributeIgnored, message);
        if let Some(finding) = findings.list.last_mut().filter(|_| cookie.is_removal(now)) {
            finding.severity = finding.severity.min(Severity::Low);
        }
    }
    findings.add_if(is_folded, Weakness::Folded);
    (String::from_utf8_lossy(name).into_owned(), findings.into_sorted())
}

/// Adds the findings about the attributes of a header. `check` does not call this function if the header removes a
/// cookie and its `Expires` is in the past.
fn check_attributes(findings: &mut Findings<'_>, cookie: &ScannedCookie<'_>, now: SystemTime) {
    findings.add_if(findings.context.https && cookie.secure.is_none(), Weakness::Insecure);
    findings.add_if(cookie.http_only.is_none(), Weakness::ScriptReadable);
    match (cookie.parsed.same_site, cookie.parsed.known_same_site()) {
        (None, _) => findings.add(Weakness::SameSiteMissing),
        (Some(_), None) => findings.add(Weakness::SameSiteInvalid),
        (Some(_), Some(SameSite::None)) => findings.add(Weakness::SameSiteNone),
        (Some(_), Some(SameSite::Lax | SameSite::Strict)) => {}
    }
    // ASVS 3.3.1 accepts only the prefixes `__Host-` and `__Secure-`, in exactly this letter case. A name that begins
    // with `__Host-Http-` also begins with `__Host-`. A name that begins with `__Http-` has neither the prefix
    // `__Host-` nor the prefix `__Secure-`.
    let has_host_prefix = cookie.parsed.name.starts_with(b"__Host-");
    let has_secure_prefix = cookie.parsed.name.starts_with(b"__Secure-");
    findings.add_if(!has_host_prefix && !has_secure_prefix, Weakness::Unprefixed);
    findings.add_if(has_secure_prefix && cookie.parsed.shared_domain().is_none(), Weakness::NoHostPrefix);
    findings.add_if(cookie.has_parent_domain(&findings.context.host), Weakness::DomainWide);
    if cookie.is_removal(now) {
        findings.add(Weakness::RemovalUnseen);
        // A header that removes a cookie contains no value that an attacker could steal. So each finding about a
        // removal header has at most the severity `low`.
        findings.list.iter_mut().for_each(|finding| finding.severity = finding.severity.min(Severity::Low));
    } else {
        findings.add_if(cookie.parsed.lifetime.exceeds(MAX_LIFETIME, || now), Weakness::LongLived);
    }
}

fn not_stored_message(subject: &str, rejection: &Rejection, is_removal: bool, is_folded: bool) -> String {
    let fact = if is_removal {
        "is not removed, because browsers reject this header"
    } else {
        Weakness::NotStored.predicate()
    };
    // If the header contains a second cookie, the `Display` of `rejection` could contain the name and value of the
    // second cookie. So the message contains only the id of `rejection`.
    if is_folded {
        return format!("{subject} {fact} (`{}`); {}", rejection.id(), Weakness::Folded.remedy());
    }
    format!("{subject} {fact} (`{}`): {rejection}", rejection.id())
}

/// Returns the cookie's name for a message, in backticks. The returned name has at most 64 characters, and ends before
/// the first character that cannot be in a name.
fn describe_name(name: &[u8]) -> String {
    /// The maximum length of a name in a message, in characters.
    const MAX_LENGTH: usize = 64;
    if name.is_empty() {
        return String::from("a cookie without a name");
    }
    let shown = Shown::name(name);
    // A shown name is ASCII, so each byte is one character.
    match shown.start().get(..MAX_LENGTH) {
        Some(start) if shown.start().len() > MAX_LENGTH => format!("`{start}…`"),
        _ => format!("`{shown}`"),
    }
}

/// The parts of a `Set-Cookie` header that scanners check.
struct ScannedCookie<'a> {
    parsed: ParsedSetCookie<'a>,
    /// The form of the `Secure` attribute. The field is `None` if the header has no `Secure`.
    secure: Option<Flag>,
    /// The form of the `HttpOnly` attribute. The field is `None` if the header has no `HttpOnly`.
    http_only: Option<Flag>,
    /// The date of the first `Expires`. The scanner ZAP reads only the first `Expires`. The field is `None` if the
    /// header has no `Expires`, and `Some(None)` if the date is invalid.
    first_expires: Option<Option<i64>>,
    /// The number of occurrences of each attribute in the header, in the order of [`KNOWN_ATTRIBUTES`].
    counts: [usize; KNOWN_ATTRIBUTES.len()],
}

/// The form of a `Secure` or `HttpOnly` attribute: with or without a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flag {
    WithoutValue,
    WithValue,
}

/// The names of the attributes that 6265bis and CHIPS define.
pub(super) const KNOWN_ATTRIBUTES: [&str; 8] =
    ["Domain", "Path", "Expires", "Max-Age", "Secure", "HttpOnly", "SameSite", "Partitioned"];

impl<'a> ScannedCookie<'a> {
    fn parse(header: &'a [u8]) -> Self {
        let mut cookie = ScannedCookie {
            parsed: ParsedSetCookie::parse(header),
            secure: None,
            http_only: None,
            first_expires: None,
            counts: [0; KNOWN_ATTRIBUTES.len()],
        };
        attributes(header).for_each(|(name, value)| cookie.add_attribute(name, value));
        cookie
    }

    fn add_attribute(&mut self, name: &[u8], value: Option<&[u8]>) {
        let mut counts = self.counts.iter_mut().zip(KNOWN_ATTRIBUTES);
        let is_named = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let Some((count, known)) = counts.find(|(_, known)| is_named(known)) else { return };
        *count += 1;
        // The scanner Nikto accepts `Secure` and `HttpOnly` only without a value. If a header contains the attribute
        // several times, one occurrence without a value is enough for Nikto.
        let flag = |before| match (before, value) {
            (Some(Flag::WithoutValue), _) | (_, None) => Some(Flag::WithoutValue),
            (_, Some(_)) => Some(Flag::WithValue),
        };
        match known {
            "Expires" => self.first_expires = self.first_expires.or(Some(parse_cookie_date(value.unwrap_or_default()))),
            "Secure" => self.secure = flag(self.secure),
            "HttpOnly" => self.http_only = flag(self.http_only),
            _ => {}
        }
    }

    /// Returns true if the header removes the cookie from the browser.
    fn is_removal(&self, now: SystemTime) -> bool {
        self.parsed.lifetime.is_expired(now)
    }

    fn is_expired_for_scanners(&self, now: SystemTime) -> bool {
        self.first_expires.flatten().is_some_and(|date| date <= unix_seconds(now))
    }

    /// Returns true if the `Domain` is a parent domain of the host.
    fn has_parent_domain(&self, host: &str) -> bool {
        let Some(domain) = self.parsed.shared_domain() else { return false };
        let split = host.len().checked_sub(domain.len()).and_then(|at| host.as_bytes().split_at_checked(at));
        split.is_some_and(|(subdomain, parent)| subdomain.ends_with(b".") && parent.eq_ignore_ascii_case(domain))
            && !is_address(host)
    }

    /// Returns the names of the repeated attributes, in backticks. Returns `None` if no attribute is repeated.
    fn repeated_attributes(&self) -> Option<String> {
        let mut names = String::new();
        for (_, name) in self.counts.iter().zip(KNOWN_ATTRIBUTES).filter(|(count, _)| **count > 1) {
            let separator = if names.is_empty() { "" } else { ", " };
            // Writing to a `String` never fails.
            let _ = write!(names, "{separator}`{name}`");
        }
        (!names.is_empty()).then_some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::describe_name;

    #[test]
    fn names_are_cut_and_shortened() {
        assert_eq!(describe_name(b"sid"), "`sid`");
        assert_eq!(describe_name(b"a\x1b[31m"), "`a…`");
        assert_eq!(describe_name(b""), "a cookie without a name");
        assert_eq!(describe_name(&[b'a'; 5000]), format!("`{}…`", "a".repeat(64)));
        assert_eq!(describe_name(&[b'a'; 64]), format!("`{}`", "a".repeat(64)));
        assert_eq!(describe_name(&[&[b'a'; 64][..], b" b"].concat()), format!("`{}…`", "a".repeat(64)));
    }
}
