//! A Set-Cookie line or a whole response, and where it was seen, in; a report out: what a browser would store, or why it
//! would not, and what a tester would raise, with the auditors' ids. Never sends, changes or keeps a cookie, and no text
//! of a report shows a value.
//!
//! ```
//! use hardtack::audit::{self, Seen, Severity};
//! use http::{HeaderMap, HeaderValue, header};
//!
//! let mut headers = HeaderMap::new();
//! headers.append(header::SET_COOKIE, HeaderValue::from_static("PHPSESSID=s3cr3t; path=/"));
//!
//! let reports = audit::response(&headers, &Seen::https("shop.example"));
//! let gravest = &reports[0].findings[0];
//! assert_eq!((gravest.rule.id(), gravest.severity), ("insecure", Severity::High));
//! assert!(gravest.references.iter().any(|reference| reference.to_string() == "CWE-614"));
//! ```
//!
//! # What is raised
//!
//! What the followed auditors raise, on the conditions on which they do; [`Weakness`] is the list. Scanners look at the
//! line, not at what a browser makes of it: a line that no browser stores is reported as that (`not-stored`, which no
//! scanner sees) and with what its text lacks. A removal is nothing to them where its `Expires` is past; one by `Max-Age`
//! alone is raised like a live cookie.
//!
//! # What is not
//!
//! A forwarded header that is believed from anyone (ASVS 4.1.3) shows in no response: send one from an address that is no
//! proxy of yours, and look whether anything changes. A redirected integration (ASVS 4.1.2) shows where the request is
//! known; see [`Seen::request`]. HSTS in a `<meta>` element (ZAP 10035-6) stands in a body, and bodies are not read.
//!
//! # serde
//!
//! With the feature `serde`, [`Report`], [`Stored`], [`Rejection`] and [`Finding`] are `Serialize`. **A cookie's value is
//! never serialised**: a report is made to be passed on, and the value signs somebody in. A report is
//! `{"cookie", "stored", "rejection", "findings"}`, with one of `stored` and `rejection`, or neither; times are Unix
//! seconds.

use std::fmt;

use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::findings::{self, SentHsts};
use crate::store;

pub use crate::findings::Finding;
pub use crate::rejection::Rejection;
pub use crate::seen::Seen;
pub use crate::store::Stored;
pub use hardtack_rules::auditors::{Auditor, Reference, Severity, Weakness};

/// What a browser does with one Set-Cookie line, and what a tester raises about it; or what a tester raises about the
/// response itself.
///
/// `Display` is the verdict, and a line for each finding below it.
///
/// ```
/// use hardtack::audit::{Seen, set_cookie};
///
/// let report = set_cookie(b"__Host-id=1; Path=/; Secure; HttpOnly; SameSite=Lax", &Seen::https("example.com"));
/// assert!(report.findings.is_empty());
/// assert_eq!(
///     report.to_string(),
///     "stored: `__Host-id` for `example.com` alone, path `/`, Secure, HttpOnly, SameSite=Lax, until the browser closes",
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Report {
    /// The name that the line gives, prefix and all, empty where it gives none; `None` on the response's own report.
    pub cookie: Option<String>,
    /// The cookie that a browser keeps, or why it keeps none (RFC 6265bis 5.6-5.7); on the response's own report
    /// [`Rejection::Empty`], as for a line with no cookie in it.
    pub stored: Result<Stored, Rejection>,
    /// What a tester would raise, gravest first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Returns the findings that no declaration gives a reason for.
    ///
    /// ```
    /// use hardtack::audit::{Seen, Severity, set_cookie};
    ///
    /// let report = set_cookie(b"theme=dark; Secure; SameSite=Lax", &Seen::https("example.com"));
    /// assert!(report.unexpected().all(|finding| finding.severity < Severity::Medium));
    /// ```
    pub fn unexpected(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_expected())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("cookie", &self.cookie)
            .field("stored", &self.stored.as_ref())
            .field("findings", &self.findings)
            .finish()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.cookie, self.stored.as_ref()) {
            (None, _) => f.write_str("the response itself")?,
            (Some(_), Ok(stored)) => write!(f, "stored: {stored}")?,
            (Some(_), Err(rejection)) => write!(f, "not stored: {rejection}")?,
        }
        self.findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}

/// Judges the value of one `Set-Cookie` field: as a browser does that follows RFC 6265bis 5.6-5.7, layered-cookies for
/// the two `Http-` prefixes, and CHIPS; and as testers do.
///
/// The line is judged alone: what a browser has stored before, and whether it takes cookies in a cross-site frame, is
/// not known here. Nor is HSTS, which softens what the Observatory says of a missing `Secure`: [`response`] knows it.
///
/// ```
/// use hardtack::audit::{Seen, set_cookie};
///
/// let report = set_cookie(b"__Host-id=1; Secure; Path=/", &Seen::https("example.com"));
/// let stored = report.stored.unwrap();
/// assert!(stored.secure && stored.host_only && stored.expires.is_none());
/// let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.id()).collect();
/// assert_eq!(rules, ["script-readable", "same-site-missing"]);
/// ```
pub fn set_cookie(line: &[u8], seen: &Seen) -> Report {
    judge(line, seen, false)
}

/// Judges all that a response's fields say of cookies: one report for each `Set-Cookie` field, in their order, and,
/// where there is something to raise about the response itself, one for that, the last.
///
/// Of the response itself: HSTS that is absent, short, doubled, malformed or sent over plain HTTP; a Set-Cookie that
/// shared caches may store; an integration that is redirected, where [`Seen::request`] says that it is one. HSTS is not
/// asked of an address or a loopback name, which cannot be under it.
///
/// ```
/// use hardtack::audit::{Seen, response};
///
/// let mut headers = http::HeaderMap::new();
/// headers.append("set-cookie", "__Host-id=1; Path=/; Secure; HttpOnly; SameSite=Lax".parse().unwrap());
/// headers.append("cache-control", "private".parse().unwrap());
///
/// let reports = response(&headers, &Seen::https("example.com"));
/// assert!(reports[0].stored.is_ok() && reports[0].findings.is_empty());
/// // The response's own report names no cookie.
/// assert_eq!(reports[1].cookie, None);
/// assert_eq!(reports[1].findings[0].rule.id(), "hsts-absent");
///
/// headers.append("strict-transport-security", "max-age=31536000".parse().unwrap());
/// assert_eq!(response(&headers, &Seen::https("example.com")).len(), 1);
/// ```
#[must_use]
pub fn response(headers: &HeaderMap, seen: &Seen) -> Vec<Report> {
    let hsts = SentHsts::read(headers);
    let under_hsts = seen.https && hsts.protects();
    let lines = headers.get_all(SET_COOKIE).iter();
    let mut reports: Vec<Report> = lines.map(|line| judge(line.as_bytes(), seen, under_hsts)).collect();
    let findings = findings::of_response(headers, seen, &hsts);
    if !findings.is_empty() {
        reports.push(Report { cookie: None, stored: Err(Rejection::Empty), findings });
    }
    reports
}

fn judge(line: &[u8], seen: &Seen, under_hsts: bool) -> Report {
    let now = seen.now();
    let stored = store::take(line, seen.https, &seen.host, &seen.path, now);
    let (name, findings) = findings::of_line(line, stored.as_ref().err(), seen, now, under_hsts);
    Report { cookie: Some(name), stored, findings }
}

/// What a report is to a machine.
#[cfg(feature = "serde")]
mod serialize {
    use hardtack_rules::SameSite;
    use serde::ser::{Serialize, SerializeStruct, Serializer};

    use super::{Finding, Rejection, Report, Stored};
    use crate::clock::unix_seconds;
    use crate::written::until_fold;

    impl Serialize for Report {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let rejection = self.stored.as_ref().err().filter(|_| self.cookie.is_some());
            let mut fields = serializer.serialize_struct("Report", 4)?;
            fields.serialize_field("cookie", &self.cookie)?;
            fields.serialize_field("stored", &self.stored.as_ref().ok())?;
            fields.serialize_field("rejection", &rejection)?;
            fields.serialize_field("findings", &self.findings)?;
            fields.end()
        }
    }

    /// Without the value, which signs somebody in.
    impl Serialize for Stored {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Stored", 10)?;
            fields.serialize_field("name", &self.name)?;
            fields.serialize_field("domain", until_fold(&self.domain))?;
            fields.serialize_field("host_only", &self.host_only)?;
            fields.serialize_field("path", until_fold(&self.path))?;
            fields.serialize_field("secure", &self.secure)?;
            fields.serialize_field("http_only", &self.http_only)?;
            fields.serialize_field("same_site", &self.same_site.map(SameSite::as_str))?;
            fields.serialize_field("partitioned", &self.partitioned)?;
            fields.serialize_field("expires", &self.expires.map(unix_seconds))?;
            fields.serialize_field("removal", &self.is_removal())?;
            fields.end()
        }
    }

    impl Serialize for Rejection {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Rejection", 2)?;
            fields.serialize_field("rule", self.id())?;
            fields.serialize_field("message", &self.to_string())?;
            fields.end()
        }
    }

    impl Serialize for Finding {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let references: Vec<String> = self.references.iter().map(ToString::to_string).collect();
            let mut fields = serializer.serialize_struct("Finding", 5)?;
            fields.serialize_field("rule", self.rule.id())?;
            fields.serialize_field("severity", self.severity.as_str())?;
            fields.serialize_field("message", &self.message)?;
            fields.serialize_field("references", &references)?;
            fields.serialize_field("reason", &self.reason)?;
            fields.end()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, set_cookie};

    #[test]
    fn hosts_are_compared_without_port_and_letter_case() {
        for (host, domain) in [
            ("Example.COM", "example.com"),
            ("example.com:443", "example.com"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
        ] {
            assert_eq!(set_cookie(b"a=b", &Seen::https(host)).stored.unwrap().domain, domain, "{host}");
        }
    }

    #[test]
    fn reports_read_as_sentences() {
        let seen = Seen::https("example.com");
        let report = |line: &[u8]| set_cookie(line, &seen).to_string().lines().next().unwrap().to_owned();
        assert_eq!(
            report(b"__Host-id=1; Secure; HttpOnly; Path=/; SameSite=Strict"),
            "stored: `__Host-id` for `example.com` alone, path `/`, Secure, HttpOnly, SameSite=Strict, until the \
             browser closes"
        );
        assert_eq!(
            report(b"x; Max-Age=0; Secure; Partitioned"),
            "stored: a cookie without a name for `example.com` alone, path `/`, Secure, not HttpOnly, no known \
             SameSite, Partitioned, expired: a removal"
        );
        assert_eq!(report(b"="), "not stored: the line has neither a name nor a value; write `name=value`");
    }

    #[test]
    fn a_folded_cookie_s_value_is_not_shown_as_an_attribute() {
        let seen = Seen::https("example.com");
        for line in [
            &b"a=1; Path=/, sid=opensesame; Secure"[..],
            b"a=1; Path=/,sid=opensesame",
            b"a=1; Domain=example.com, sid=opensesame",
            b"a=1; Domain=.com,sid=opensesame; Path=/",
        ] {
            let report = set_cookie(line, &seen);
            assert!(!format!("{report} {report:?}").contains("opensesame"), "{report:?}");
        }
    }
}
