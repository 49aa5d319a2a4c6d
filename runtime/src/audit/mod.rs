//! Audits `Set-Cookie` headers and responses. The input is a [`Context`], and either one `Set-Cookie` header or all
//! headers of a response. The context contains the scheme, the host and the time. The output is one [`Report`] for each
//! `Set-Cookie` header.
//!
//! A report contains the cookie that a browser would store, or the reason why a browser would reject the header. The
//! report also contains the findings that a penetration tester or a scanner would report. If the response itself has
//! weaknesses, an additional last report contains the findings about the response itself.
//!
//! The audit sends no requests and stores no data. The text of a report never contains a cookie's value. In a broken
//! header, a cookie's value can be in any place, also in the `Path`. So if a name, a `Domain` or a `Path` contains a
//! forbidden character, the report's text shows only the part before this character. The fields of a report contain the
//! full name, `Domain` and `Path`.
//!
//! ```
//! use hardtack::audit::{self, Context, Severity};
//! use http::{HeaderMap, HeaderValue, header};
//!
//! let mut headers = HeaderMap::new();
//! headers.append(header::SET_COOKIE, HeaderValue::from_static("PHPSESSID=s3cr3t; path=/"));
//!
//! let reports = audit::response(&headers, &Context::https("shop.example"));
//! let finding = &reports[0].findings[0];
//! assert_eq!((finding.rule.id(), finding.severity), ("insecure", Severity::High));
//! assert!(finding.references.iter().any(|reference| reference.to_string() == "CWE-614"));
//! ```
//!
//! # Findings
//!
//! [`Weakness`] lists all weaknesses that the audit and the inventory can find. [`Auditor`] lists the standards and
//! scanners that define the weaknesses.
//!
//! Like a scanner, the audit checks the attributes of a header even if browsers reject the cookie. For a rejected
//! cookie, the audit also reports the finding `not-stored`. Scanners do not report that browsers reject a cookie.
//!
//! The finding `attribute-ignored` is about an attribute that browsers ignore: an invalid date, age or path, or an
//! unknown attribute that looks like a known attribute, such as `Http-Only`. Scanners do not report ignored attributes.
//!
//! A header whose `Expires` is in the past removes a cookie, and scanners ignore the header. A header with `Max-Age=0`
//! and without `Expires` also removes a cookie, but scanners check the header like any other header.
//!
//! # Limits
//!
//! - The audit cannot detect that a server trusts forwarding headers from every peer (ASVS 4.1.3). To test your server,
//!   send `X-Forwarded-Proto: https` from an address that is not one of your proxies. The response must be the same as
//!   the response to a request without `X-Forwarded-Proto`.
//! - The audit reports the redirect of an API request (ASVS 4.1.2) only if the context contains the request. See
//!   [`Context::request`].
//! - The audit does not read the bodies of responses. So the audit does not report HSTS in a `<meta>` element (ZAP
//!   10035-6).
//!
//! # serde
//!
//! With the feature `serde`, [`Report`], [`Stored`], [`Rejection`] and [`Finding`] implement `Serialize`. **A cookie's
//! value is never serialized.** People share reports, and the value of a session cookie is a credential.
//!
//! A serialized report has the format `{"cookie", "companion_of", "stored", "rejection", "findings"}`. In a serialized
//! report about a header, either `stored` or `rejection` is `null`. In a serialized report about the response itself,
//! `cookie`, `companion_of`, `stored` and `rejection` are `null`. Times are serialized as Unix seconds.

use std::fmt;

use hardtack_rules::device::is_companion;
use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::browser::store::store;
use crate::wire::shown::Shown;

mod context;
mod findings;
mod ignored;
mod response;
#[cfg(any(feature = "cli", feature = "inventory"))]
pub(crate) mod sarif;
#[cfg(feature = "serde")]
mod serialize;

use response::ParsedHsts;

pub use crate::browser::rejection::Rejection;
pub use crate::browser::store::Stored;
pub use context::Context;
pub use findings::Finding;
pub use hardtack_rules::auditors::{Auditor, Reference, Severity, Weakness};

/// The result of the audit of one `Set-Cookie` header: the cookie that a browser stores, and the findings.
///
/// The last report that [`response`] returns can be about the response itself. In a report about the response itself,
/// `cookie` is `None`, and `stored` has no meaning.
///
/// `Display` writes one line about the cookie or the response, and one line for each finding.
///
/// ```
/// use hardtack::audit::{Context, set_cookie};
///
/// let report = set_cookie(b"__Host-id=1; Path=/; Secure; HttpOnly; SameSite=Lax", &Context::https("example.com"));
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
    /// The cookie's name in the header, with its prefix. The name is empty if the header has no cookie name. `cookie`
    /// is `None` if the report is about the response itself.
    pub cookie: Option<String>,
    /// The name of the `device_bound` cookie that the cookie of this report belongs to, if the cookie is a companion.
    /// The field is `None` for every other cookie, and if the [context](Context::declared) does not contain the
    /// declaration.
    pub companion_of: Option<&'static str>,
    /// The cookie that a browser stores, or the reason why the browser rejects the header (6265bis 5.6 and 5.7).
    ///
    /// If the report is about the response itself, `stored` is always `Err(Rejection::Empty)`, which is only a
    /// placeholder. For a `Set-Cookie` header that has neither a name nor a value, `stored` is also
    /// `Err(Rejection::Empty)`, but `cookie` is `Some("")`.
    pub stored: Result<Stored, Rejection>,
    /// The findings, in descending order of severity.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Returns the findings about weaknesses for which no cookie declaration gives a reason.
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    ///
    /// let report = set_cookie(b"theme=dark; Secure; SameSite=Lax", &Context::https("example.com"));
    /// let rules: Vec<_> = report.unexpected().map(|finding| finding.rule.id()).collect();
    /// assert_eq!(rules, ["script-readable", "unprefixed"]);
    /// ```
    pub fn unexpected(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_expected())
    }

    /// Returns the cookie's name in the form that reports show. The name ends before the first character that cannot be
    /// in a name.
    pub(crate) fn shown_cookie(&self) -> Option<String> {
        self.cookie.as_deref().map(|cookie| Shown::name(cookie.as_bytes()).to_string())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("cookie", &self.shown_cookie())
            .field("companion_of", &self.companion_of)
            .field("stored", &self.stored.as_ref())
            .field("findings", &self.findings)
            .finish()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.cookie, &self.stored) {
            (None, _) => f.write_str("the response itself")?,
            (Some(_), Ok(stored)) => write!(f, "stored: {stored}")?,
            (Some(_), Err(rejection)) => write!(f, "not stored: {rejection}")?,
        }
        if let Some(cookie) = self.companion_of {
            write!(f, "\n  the companion of `{cookie}`, which is bound to a device")?;
        }
        self.findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}

/// Audits the value of one `Set-Cookie` header.
///
/// The audit predicts the behaviour of browsers from 6265bis 5.6 and 5.7, and from CHIPS. For the prefixes `__Http-`
/// and `__Host-Http-`, the audit uses the draft layered-cookies. The audit assumes that the browser has no other
/// cookies. The audit ignores the rules for cookies in cross-site frames.
///
/// If a response has HSTS, the Mozilla Observatory (a scanner) rates a missing `Secure` as less severe. `set_cookie`
/// ignores HSTS, because the function reads only one header. [`response`] also reads the HSTS header.
///
/// ```
/// use hardtack::audit::{Context, set_cookie};
///
/// let report = set_cookie(b"__Host-id=1; Secure; Path=/", &Context::https("example.com"));
/// let stored = report.stored.unwrap();
/// assert!(stored.secure && stored.host_only && stored.expires.is_none());
/// let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.id()).collect();
/// assert_eq!(rules, ["script-readable", "same-site-missing"]);
/// ```
pub fn set_cookie(header: &[u8], context: &Context) -> Report {
    check_header(header, context, false)
}

/// Audits the headers of a response: each `Set-Cookie` header, and the response itself.
///
/// Returns a report for each `Set-Cookie` header, in the order of the headers. If the response itself has weaknesses,
/// an additional last report contains the findings about the response itself. In this report,
/// [`cookie`](Report::cookie) is `None`.
///
/// The findings about the response itself are:
///
/// - The HSTS header is absent, has a short `max-age`, is sent twice, is malformed, or is sent over plain HTTP. If the
///   host is an IP address or a loopback name, the audit does not report an absent HSTS header.
/// - Shared caches may store a response that has `Set-Cookie`. The audit reads `Cache-Control`, and headers such as
///   `CDN-Cache-Control` that some shared caches read instead of `Cache-Control`.
/// - The server answers a request over plain HTTP, instead of redirecting or refusing the request. The audit needs
///   [`Context::status`] for this finding. Loopback hosts and ACME HTTP-01 challenges are exempt.
/// - The server redirects an API request to https. The audit needs [`Context::request`] for this finding.
///
/// ```
/// use hardtack::audit::{Context, response};
///
/// let mut headers = http::HeaderMap::new();
/// headers.append("set-cookie", "id=1; Path=/; HttpOnly; SameSite=Lax".parse().unwrap());
/// headers.append("cache-control", "private".parse().unwrap());
///
/// let reports = response(&headers, &Context::https("example.com"));
/// assert_eq!(reports[0].cookie.as_deref(), Some("id"));
/// let rules: Vec<_> = reports[0].findings.iter().map(|finding| finding.rule.id()).collect();
/// assert_eq!(rules, ["insecure", "unprefixed"]);
/// // The report about the response itself.
/// assert_eq!(reports[1].cookie, None);
/// assert_eq!(reports[1].findings[0].rule.id(), "hsts-absent");
///
/// headers.append("strict-transport-security", "max-age=31536000".parse().unwrap());
/// assert_eq!(response(&headers, &Context::https("example.com")).len(), 1);
/// ```
///
/// A test of an application can assert that there are no unexpected findings:
///
/// ```
/// use hardtack::audit::{Context, Report, response};
///
/// let mut headers = http::HeaderMap::new();
/// headers.append("set-cookie", "__Host-id=1; Path=/; Secure; HttpOnly; SameSite=Lax".parse().unwrap());
/// headers.append("cache-control", "private".parse().unwrap());
/// headers.append("strict-transport-security", "max-age=31536000".parse().unwrap());
///
/// let reports = response(&headers, &Context::https("example.com"));
/// assert!(reports[0].stored.is_ok());
/// assert_eq!(reports.iter().flat_map(Report::unexpected).count(), 0, "{reports:?}");
/// ```
#[must_use]
pub fn response(headers: &HeaderMap, context: &Context) -> Vec<Report> {
    let hsts = ParsedHsts::parse(headers);
    let under_hsts = context.https && hsts.satisfies_observatory();
    let set_cookies = headers.get_all(SET_COOKIE).iter();
    let mut reports: Vec<Report> =
        set_cookies.map(|header| check_header(header.as_bytes(), context, under_hsts)).collect();
    let findings = response::check(headers, context, &hsts);
    if !findings.is_empty() {
        reports.push(Report { cookie: None, companion_of: None, stored: Err(Rejection::Empty), findings });
    }
    reports
}

fn check_header(header: &[u8], context: &Context, under_hsts: bool) -> Report {
    let now = context.now();
    let stored = store(header, context.https, &context.host, &context.path, now);
    let (name, findings) = findings::check(header, stored.as_ref().err(), context, now, under_hsts);
    let owner = context.declared.iter().find(|spec| is_companion(spec, &name));
    Report { companion_of: owner.map(|spec| spec.name), cookie: Some(name), stored, findings }
}

#[cfg(test)]
mod tests {
    use super::{Context, Rejection, response, set_cookie};

    fn text(header: &[u8]) -> String {
        set_cookie(header, &Context::https("example.com")).to_string()
    }

    #[test]
    fn reports_are_readable_text() {
        assert_eq!(
            text(b"__Host-id=1; Secure; HttpOnly; Path=/; SameSite=Strict"),
            "stored: `__Host-id` for `example.com` alone, path `/`, Secure, HttpOnly, SameSite=Strict, until the \
             browser closes"
        );
        let removal = text(b"x; Max-Age=0; Secure; Partitioned");
        assert_eq!(
            removal.lines().next().unwrap(),
            "stored: a cookie without a name for `example.com` alone, path `/`, Secure, not HttpOnly, no known \
             SameSite, Partitioned, expired: a removal"
        );
        assert_eq!(
            text(b"="),
            "not stored: the header has neither a name nor a value; write `name=value`\n  medium not-stored: a cookie \
             without a name is rejected by browsers (`empty`): the header has neither a name nor a value; write \
             `name=value` (RFC 6265bis 5.7)"
        );
    }

    #[test]
    fn companion_names_its_cookie() {
        use core::time::Duration;

        use hardtack_rules::{DeviceBinding, Seal};

        use crate::cookie::declaration::Spec;

        let binding = DeviceBinding::new(Duration::from_secs(600));
        let session = Spec::new("__Host-Http-session").seal(Seal::Sealed).device_bound(binding);
        let context = Context::https("example.com").declared(&[Spec::new("__Host-theme"), session]);
        let companion: &[u8] = b"__Host-session-key=1; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax";
        let report = set_cookie(companion, &context);
        assert_eq!((report.companion_of, report.findings.len()), (Some("__Host-Http-session"), 0));
        assert!(report.to_string().ends_with("\n  the companion of `__Host-Http-session`, which is bound to a device"));
        for other in [&b"__Host-Http-session=1"[..], b"__Host-theme-key=1", b"__Host-session-keys=1", b"=1"] {
            assert_eq!(set_cookie(other, &context).companion_of, None);
        }
        assert_eq!(set_cookie(companion, &Context::https("example.com")).companion_of, None);
    }

    #[test]
    fn response_report_is_the_last_and_only_with_findings() {
        let mut headers = http::HeaderMap::new();
        let context = Context::https("example.com");
        headers.append("strict-transport-security", "max-age=31536000".parse().unwrap());
        assert_eq!(response(&headers, &context), []);
        headers.append("strict-transport-security", "max-age=31536000".parse().unwrap());
        let reports = response(&headers, &context);
        assert_eq!(reports.len(), 1);
        assert_eq!((&reports[0].cookie, &reports[0].stored), (&None, &Err(Rejection::Empty)));
        let text = reports[0].to_string();
        assert!(text.starts_with("the response itself\n  low hsts-doubled: the response has more than one"), "{text}");
        headers.append("set-cookie", "=".parse().unwrap());
        headers.append("set-cookie", "__Host-id=1; Secure; HttpOnly; Path=/; SameSite=Strict".parse().unwrap());
        let reports = response(&headers, &context);
        assert_eq!(reports.len(), 3);
        // The report about a `Set-Cookie` header without a name and a value also contains `Rejection::Empty`. But in a
        // report about a `Set-Cookie` header, `cookie` is never `None`.
        assert_eq!((reports[0].cookie.as_deref(), &reports[0].stored), (Some(""), &Err(Rejection::Empty)));
        assert_eq!((&reports[2].cookie, &reports[2].stored), (&None, &Err(Rejection::Empty)));
        let texts: Vec<String> = reports.iter().map(ToString::to_string).collect();
        let text = texts.join("\n");
        let starts: Vec<&str> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(
            starts,
            [
                "not stored",
                "  medium not-stored",
                "stored",
                "the response itself",
                "  low shared-cache",
                "  low hsts-doubled"
            ]
        );
    }

    #[test]
    fn attributes_do_not_show_a_folded_value() {
        let context = Context::https("example.com");
        for header in [
            &b"a=1; Path=/, sid=opensesame; Secure"[..],
            b"a=1; Path=/,sid=opensesame",
            b"a=1; Path=/x,s[id]=OpenSesame",
            b"a=1; Path=/x , sid =opensesame",
            b"a=1; Domain=example.com, sid=opensesame",
            b"a=1; Domain=.com,sid=opensesame; Path=/",
            b"a=1; Domain=evil.example , sid =OPENSESAME",
            b"a=1; Domain=evil.example,s[id]=opensesame",
            b"a=1; Domain=evil.example,\"sid\"=opensesame",
            b"a, b opensesame=1",
        ] {
            let report = set_cookie(header, &context);
            let text = format!("{report} {report:?}");
            assert!(!text.to_ascii_lowercase().contains("opensesame"), "{text}");
        }
        let cut = set_cookie(b"s[id]=1; Path=/x,y; Secure", &context);
        assert_eq!(cut.cookie.as_deref(), Some("s[id]"), "the field contains the whole name");
        assert!(cut.to_string().starts_with("stored: `s…` for `example.com` alone, path `/x…`, Secure"), "{cut}");
    }
}
