//! What a tester raises about one Set-Cookie line, and in `response` about the fields around it. In: octets and where they
//! were seen; out: findings with the auditors' ids, gravest first. The conditions are here, the ids and texts are the rule
//! book's. Never shows a value.

mod response;

use std::fmt;
use std::fmt::Write as _;
use std::time::SystemTime;

use hardtack_rules::auditors::{Facts, Reference, Severity, Weakness};
use hardtack_rules::date::cookie_date;
use hardtack_rules::syntax::{MAX_LIFE, MAX_PAIR};
use hardtack_rules::{SameSite, auditors};

use crate::clock::unix_seconds;
use crate::host::is_address;
use crate::lifetime::Lifetime;
use crate::rejection::Rejection;
use crate::seen::Seen;
use crate::written::{Written, attributes};

pub(crate) use response::{SentHsts, of_response};

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
    let cookie = Cookie::read(line);
    let Written { name, value, .. } = cookie.written;
    let fold = auditors::fold(line);
    let facts = Facts {
        secure: cookie.secure.is_some(),
        host_only: cookie.written.shared_domain().is_none(),
        under_hsts,
        secure_has_value: cookie.secure == Some(Flag::WithValue),
        http_only_has_value: cookie.http_only == Some(Flag::WithValue),
        ..Facts::of_name(name)
    };
    let mut findings = Findings { subject: subject(name), facts, name: Some(name), seen, all: Vec::new() };

    let is_cookie = !(name.is_empty() && value.is_empty());
    // A scanner takes a cookie for removed by a past `Expires` alone, and looks no further.
    if is_cookie && !(cookie.is_removal(now) && cookie.is_past_to_scanners(now)) {
        raise_live(&mut findings, &cookie, now);
    }
    if let Some(rejection) = rejection {
        let message = not_stored(&findings.subject, rejection, cookie.is_removal(now), fold.is_some());
        findings.raise_as(Weakness::NotStored, message);
    }
    findings.raise_if(name.len() + value.len() > MAX_PAIR, Weakness::Size);
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
    (String::from_utf8_lossy(name).into_owned(), findings.finish())
}

/// What is raised about a cookie that a scanner takes for a live one.
fn raise_live(findings: &mut Findings<'_>, cookie: &Cookie<'_>, now: SystemTime) {
    findings.raise_if(findings.seen.https && cookie.secure.is_none(), Weakness::Insecure);
    findings.raise_if(cookie.http_only.is_none(), Weakness::ScriptReadable);
    match (cookie.written.same_site, cookie.written.known_same_site()) {
        (None, _) => findings.raise(Weakness::SameSiteMissing),
        (Some(_), None) => findings.raise(Weakness::SameSiteInvalid),
        (Some(_), Some(SameSite::None)) => findings.raise(Weakness::SameSiteNone),
        (Some(_), Some(SameSite::Lax | SameSite::Strict)) => {}
    }
    // By octets, as ASVS 3.3.1 names them; `__Host-Http-` begins with `__Host-`, and `__Http-` is neither.
    let host = cookie.written.name.starts_with(b"__Host-");
    if !host && !cookie.written.name.starts_with(b"__Secure-") {
        findings.raise(Weakness::Unprefixed);
    } else {
        findings.raise_if(!host && cookie.written.shared_domain().is_none(), Weakness::NoHostPrefix);
    }
    findings.raise_if(cookie.is_shared_above(&findings.seen.host), Weakness::DomainWide);
    if cookie.is_removal(now) {
        findings.raise(Weakness::RemovalUnseen);
        // They are raised, and they are wrong: nothing is left to steal.
        findings.all.iter_mut().for_each(|finding| finding.severity = finding.severity.min(Severity::Low));
    } else {
        findings.raise_if(cookie.lifetime.exceeds(MAX_LIFE, || now), Weakness::LongLived);
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

/// A line, and what only findings are about in it.
struct Cookie<'a> {
    written: Written<'a>,
    lifetime: Lifetime,
    secure: Option<Flag>,
    http_only: Option<Flag>,
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

/// The attributes of 6265bis and CHIPS.
const KNOWN: [&str; 8] = ["Domain", "Path", "Expires", "Max-Age", "Secure", "HttpOnly", "SameSite", "Partitioned"];

impl<'a> Cookie<'a> {
    fn read(line: &'a [u8]) -> Self {
        let mut cookie = Cookie {
            written: Written::read(line),
            lifetime: Lifetime::of(line),
            secure: None,
            http_only: None,
            first_expires: None,
            counts: [0; KNOWN.len()],
        };
        attributes(line).for_each(|(key, value)| cookie.take(key, value));
        cookie
    }

    fn take(&mut self, key: &[u8], value: Option<&[u8]>) {
        let mut known = self.counts.iter_mut().zip(KNOWN);
        let Some((count, known)) = known.find(|(_, known)| key.eq_ignore_ascii_case(known.as_bytes())) else { return };
        *count += 1;
        // Nikto looks for a bare one anywhere.
        let flag = |before| match (before, value) {
            (Some(Flag::Bare), _) | (_, None) => Some(Flag::Bare),
            (_, Some(_)) => Some(Flag::WithValue),
        };
        match known {
            "Expires" => self.first_expires = self.first_expires.or(Some(cookie_date(value.unwrap_or_default()))),
            "Secure" => self.secure = flag(self.secure),
            "HttpOnly" => self.http_only = flag(self.http_only),
            _ => {}
        }
    }

    /// Whether a browser takes the line for a removal.
    fn is_removal(&self, now: SystemTime) -> bool {
        self.lifetime.is_over(now)
    }

    fn is_past_to_scanners(&self, now: SystemTime) -> bool {
        self.first_expires.flatten().is_some_and(|date| date <= unix_seconds(now))
    }

    /// Whether the `Domain` is a proper dot-suffix of the host.
    fn is_shared_above(&self, host: &str) -> bool {
        let Some(domain) = self.written.shared_domain() else { return false };
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

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn names_are_fit_for_a_terminal() {
        assert_eq!(subject(b"sid"), "`sid`");
        assert_eq!(subject(b"\x1b[31m"), "`\\u{1b}[31m`");
        assert_eq!(subject(b""), "a cookie without a name");
        assert_eq!(subject(&[b'a'; 5000]), format!("`{}…`", "a".repeat(64)));
        assert_eq!(subject(&[b'a'; 64]), format!("`{}`", "a".repeat(64)));
    }
}
