//! What auditors raise about a cookie or a response: the second table, with the ids that standards and scanners give
//! each weakness and when they give them. Facts in, ids and severity out; whether a weakness is there is for the audit
//! to see.
//!
//! Read in the auditors' own sources: OWASP ASVS 5.0, ZAP's passive scan rules (pscanrules and the cookie helpers of
//! commonlib), the HTTP Observatory's cookie and HSTS tests, Nikto's cookie plugin.

use core::fmt;

use crate::check::{self, Argument};
use crate::rule::Rule;
use crate::spec::{Prefix, Spec};
use crate::syntax::is_tchar;

/// How grave a weakness is, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A second line of defence is missing.
    Low,
    /// A protection is missing, or something does not work as it was meant.
    Medium,
    /// What signs a user in lies open.
    High,
}

impl Severity {
    /// The word of reports: `info`, `low`, `medium` or `high`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who gives an id to a weakness: a standard, a scanner or an analyser of source code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auditor {
    /// MITRE's Common Weakness Enumeration.
    Cwe,
    /// OWASP's Application Security Verification Standard, 5.0.
    Asvs,
    /// A text of the IETF.
    Rfc,
    /// ZAP, the Zed Attack Proxy: the reference of an alert.
    Zap,
    /// The HTTP Observatory: the points that it takes off.
    Observatory,
    /// Nikto.
    Nikto,
    /// Sonar.
    Sonar,
    /// CodeQL.
    CodeQl,
}

impl Auditor {
    /// The name by which testers know it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Auditor::Cwe => "CWE",
            Auditor::Asvs => "ASVS",
            Auditor::Rfc => "RFC",
            Auditor::Zap => "ZAP",
            Auditor::Observatory => "Observatory",
            Auditor::Nikto => "Nikto",
            Auditor::Sonar => "Sonar",
            Auditor::CodeQl => "CodeQL",
        }
    }
}

impl fmt::Display for Auditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The id that one auditor gives a weakness. `Display` is what a tester writes, as in `CWE-614` and `ASVS 3.3.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Reference {
    /// Whose id it is.
    pub auditor: Auditor,
    /// The id, as in `CWE-614`, `3.3.1`, `10011` or `-20`.
    pub id: &'static str,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.auditor {
            // The id says whose it is.
            Auditor::Cwe => f.write_str(self.id),
            auditor => write!(f, "{auditor} {}", self.id),
        }
    }
}

/// What changes an auditor's judgement of a weakness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The name looks like a session's: [`is_session_like`].
    pub session_like: bool,
    /// The name looks like that of a token against forged requests: [`is_csrf_like`].
    pub csrf_like: bool,
    /// The line has `Secure`.
    pub secure: bool,
    /// The line has no `Domain`.
    pub host_only: bool,
    /// The host is under HSTS, as the Observatory counts it: one well-formed field of [`OBSERVATORY_HSTS`] at least.
    pub under_hsts: bool,
    /// The `max-age` of HSTS, in seconds.
    pub hsts_max_age: u64,
    /// `Cache-Control` invites shared caches, with `public` or `s-maxage`.
    pub invites_caches: bool,
    /// What is wrong with an HSTS field that cannot be read.
    pub hsts_fault: Option<HstsFault>,
    /// `Secure` has a value.
    pub secure_has_value: bool,
    /// `HttpOnly` has a value.
    pub http_only_has_value: bool,
}

impl Facts {
    /// What a name says, over a line that has `Secure` and no `Domain`.
    #[must_use]
    pub const fn of_name(name: &[u8]) -> Self {
        Facts {
            session_like: is_session_like(name),
            csrf_like: is_csrf_like(name),
            secure: true,
            host_only: true,
            under_hsts: false,
            hsts_max_age: HSTS_YEAR,
            invites_caches: false,
            hsts_fault: None,
            secure_has_value: false,
            http_only_has_value: false,
        }
    }
}

/// Why a `Strict-Transport-Security` field does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HstsFault {
    /// No `max-age`, or one without a number.
    MaxAgeMissing,
    /// A quote before `max-age`: its value may be quoted, not the directive.
    MaxAgeQuoted,
    /// An octet that is not printable ASCII.
    Octets,
    /// Anything else outside the grammar, such as a directive that stands twice.
    Grammar,
}

/// The least `max-age` that ASVS 3.4.1 takes: a year.
pub const HSTS_YEAR: u64 = 31_536_000;
/// The least `max-age` that the Observatory takes: 180 days, which it calls six months.
pub const OBSERVATORY_HSTS: u64 = 15_552_000;

/// Whether the Observatory takes a name for a session's: `login` or `sess` in it, in any letter case.
#[must_use]
pub const fn is_session_like(name: &[u8]) -> bool {
    contains(name, b"login") || contains(name, b"sess")
}

/// Whether the Observatory takes a name for that of a token against forged requests: `csrf` in it, in any letter case.
#[must_use]
pub const fn is_csrf_like(name: &[u8]) -> bool {
    contains(name, b"csrf")
}

/// Whether `part`, in lower case, stands in `text`, in any letter case.
const fn contains(text: &[u8], part: &[u8]) -> bool {
    let mut text = text;
    loop {
        if crate::spec::begins(text, part, true) {
            return true;
        }
        match text {
            [_, rest @ ..] => text = rest,
            [] => return false,
        }
    }
}

/// Where a second cookie begins that was folded into the same field: the offset of the comma before it.
///
/// A comma begins one where a token and `=` follow it: in an attribute always, in the value where a space stands
/// between. The comma of an `Expires` date does not, and neither does one inside a value that is written without
/// spaces.
///
/// ```
/// use hardtack_rules::auditors::fold;
///
/// assert_eq!(fold(b"a=1; Path=/, b=2; Secure"), Some(11));
/// assert_eq!(fold(b"a=1, b=2"), Some(3));
/// assert_eq!(fold(b"a=1,b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), None);
/// ```
#[must_use]
pub fn fold(line: &[u8]) -> Option<usize> {
    if !line.contains(&b',') {
        return None;
    }
    let mut in_value = true;
    line.iter().enumerate().find_map(|(at, octet)| match octet {
        b';' => {
            in_value = false;
            None
        }
        b',' => {
            let rest = line.get(at.saturating_add(1)..).unwrap_or_default();
            let text = rest.trim_ascii_start();
            let token = text.iter().take_while(|octet| is_tchar(**octet)).count();
            let begins = token > 0 && text.get(token) == Some(&b'=') && (!in_value || text.len() < rest.len());
            begins.then_some(at)
        }
        _ => None,
    })
}

/// One id of a weakness, and when the auditor gives it.
struct Entry {
    reference: Reference,
    applies: fn(&Facts) -> bool,
}

const fn entry(auditor: Auditor, id: &'static str, applies: fn(&Facts) -> bool) -> Entry {
    Entry { reference: Reference { auditor, id }, applies }
}

macro_rules! applies {
    () => {
        |_| true
    };
    ($condition:expr) => {
        $condition
    };
}

macro_rules! severity {
    ($facts:ident, $least:ident) => {{
        let _ = $facts;
        Severity::$least
    }};
    ($facts:ident, $least:ident, $most:ident, $condition:expr) => {{
        const GRAVER: fn(&Facts) -> bool = $condition;
        if GRAVER($facts) { Severity::$most } else { Severity::$least }
    }};
}

macro_rules! weaknesses {
    ($(
        $weakness:ident, $id:literal, $least:ident $(to $most:ident if $graver:expr)?,
        $predicate:literal, $remedy:literal,
        [$($auditor:ident $reference:literal $(if $condition:expr)?),*];
    )*) => {
        /// What an auditor raises. The ids of reports are those of the book's rules where it has one: what a
        /// declaration or a build policy calls `insecure` is `insecure` here too.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Weakness {
            $(#[doc = concat!("`", $id, "`: it ", $predicate, "; ", $remedy, ".")] $weakness,)*
        }

        impl Weakness {
            /// Every weakness, in the table's order.
            pub const ALL: &'static [Weakness] = &[$(Weakness::$weakness),*];

            /// The name by which reports, policies and tests know the weakness, such as `insecure`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Weakness::$weakness => $id,)* }
            }

            /// What is wrong, said of the cookie or of the response.
            #[must_use]
            pub const fn predicate(self) -> &'static str {
                match self { $(Weakness::$weakness => $predicate,)* }
            }

            /// What to write instead.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Weakness::$weakness => $remedy,)* }
            }

            /// How grave it is.
            #[must_use]
            pub fn severity(self, facts: &Facts) -> Severity {
                match self { $(Weakness::$weakness => severity!(facts, $least $(, $most, $graver)?),)* }
            }

            fn entries(self) -> &'static [Entry] {
                match self { $(Weakness::$weakness => {
                    const ENTRIES: &[Entry] =
                        &[$(entry(Auditor::$auditor, $reference, applies!($($condition)?))),*];
                    ENTRIES
                })* }
            }
        }
    };
}

weaknesses! {
    NotStored, "not-stored", Medium,
        "is stored by no browser", "see the rejection",
        [Rfc "6265bis 5.7"];
    Insecure, "insecure", Medium to High if |it| it.session_like && !it.under_hsts,
        "has no `Secure`, so it travels over plain HTTP too", "add `Secure`",
        [Cwe "CWE-614", Cwe "CWE-319", Asvs "3.3.1", Zap "10011",
         Observatory "-40" if |it| it.session_like && !it.under_hsts,
         Observatory "-20" if |it| !it.session_like && !it.under_hsts,
         Observatory "-10" if |it| it.session_like && it.under_hsts,
         Observatory "-5" if |it| !it.session_like && it.under_hsts,
         Nikto "999961", Sonar "S2092", CodeQl "rust/insecure-cookie"];
    ScriptReadable, "script-readable", Low to High if |it| it.session_like,
        "has no `HttpOnly`, so every script of the page can read it", "add `HttpOnly`",
        [Cwe "CWE-1004", Asvs "3.3.4", Zap "10010", Observatory "-30" if |it| it.session_like,
         Nikto "000029", Sonar "S3330"];
    SameSiteMissing, "same-site-missing", Low to Medium if |it| it.csrf_like,
        "has no `SameSite`, so some browsers send it with every cross-site request",
        "add `SameSite=Lax` or `SameSite=Strict`",
        [Cwe "CWE-1275", Asvs "3.3.2", Zap "10054-1", Observatory "-20" if |it| it.csrf_like];
    SameSiteNone, "same-site-none", Low to Medium if |it| it.session_like || !it.secure,
        "has `SameSite=None`, so it goes with every cross-site request",
        "use `SameSite=Lax` or `SameSite=Strict` unless other sites embed this one",
        [Cwe "CWE-1275", Asvs "3.3.2", Zap "10054-2", Observatory "-20" if |it| !it.secure];
    SameSiteInvalid, "same-site-invalid", Medium,
        "has a `SameSite` that no browser knows, which is as good as none", "write `SameSite=Lax` or `SameSite=Strict`",
        [Cwe "CWE-1275", Asvs "3.3.2", Zap "10054-3", Observatory "-20"];
    Unprefixed, "unprefixed", Low,
        "begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it",
        "begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`",
        [Asvs "3.3.1", Asvs "3.3.3" if |it| it.host_only];
    NoHostPrefix, "no-host-prefix", Info,
        "has no `Domain` and does not begin with `__Host-`, so a sibling host can set it", "begin its name with `__Host-`",
        [Asvs "3.3.3"];
    DomainWide, "domain-wide", Low,
        "has a `Domain` above the host, so hosts that are not this one receive it and can set it",
        "leave `Domain` out unless they must share it",
        [Cwe "CWE-565", Zap "90033"];
    Size, "size", Medium,
        "is over 4096 octets of name and value", "keep the data on the server and its key in the cookie",
        [Asvs "3.3.5"];
    LongLived, "long-lived", Info,
        "lives longer than 400 days, and browsers shorten it to that", "use `Max-Age=34560000` or less",
        [Rfc "6265bis 5.5"];
    DuplicateAttribute, "duplicate-attribute", Low,
        "has an attribute twice: browsers read the last, ZAP reads the first", "write each attribute once",
        [Rfc "6265bis 4.1.1"];
    FlagWithValue, "flag-with-value", Info,
        "has a value after `Secure` or `HttpOnly`, which browsers ignore and Nikto takes for a missing flag",
        "write `Secure` and `HttpOnly` bare",
        [Nikto "999961" if |it| it.secure_has_value, Nikto "000029" if |it| it.http_only_has_value];
    RemovalUnseen, "removal-unseen", Low,
        "is removed by `Max-Age` alone, and scanners take it for a live cookie",
        "add `Expires=Thu, 01 Jan 1970 00:00:00 GMT`",
        [];
    Folded, "folded", Medium,
        "shares its field with another cookie, and browsers read the two as one", "send one `Set-Cookie` field a cookie",
        [Rfc "6265bis 3"];
    SharedCache, "shared-cache", Low to Medium if |it| it.invites_caches,
        "sets cookies and may be stored by a shared cache, which would hand them to others",
        "send `Cache-Control: private` or `no-store`",
        [Cwe "CWE-524", Asvs "14.2.2", Rfc "9111 7.3", Zap "10049"];
    HstsAbsent, "hsts-absent", Medium,
        "has no `Strict-Transport-Security`, so a later visit may begin over plain HTTP",
        "send `Strict-Transport-Security: max-age=31536000`",
        [Asvs "3.4.1", Zap "10035-1", Observatory "-20"];
    HstsShort, "hsts-short", Low to Medium if |it| it.hsts_max_age == 0,
        "has a `Strict-Transport-Security` of less than a year", "send `max-age=31536000` or more",
        [Asvs "3.4.1", Zap "10035-2" if |it| it.hsts_max_age == 0,
         Observatory "-10" if |it| it.hsts_max_age < OBSERVATORY_HSTS];
    HstsDoubled, "hsts-doubled", Low,
        "has more than one `Strict-Transport-Security`, and browsers read the first", "send one",
        [Asvs "3.4.1", Rfc "6797 7.2", Zap "10035-3"];
    HstsMalformed, "hsts-malformed", Medium,
        "has a `Strict-Transport-Security` that browsers cannot read", "send `max-age=31536000`, each directive once",
        [Asvs "3.4.1", Rfc "6797 6.1",
         Zap "10035-5" if |it| matches!(it.hsts_fault, Some(HstsFault::MaxAgeMissing)),
         Zap "10035-7" if |it| matches!(it.hsts_fault, Some(HstsFault::MaxAgeQuoted)),
         Zap "10035-8" if |it| matches!(it.hsts_fault, Some(HstsFault::Octets)),
         Observatory "-20"];
    HstsPlainHttp, "hsts-plain-http", Info,
        "has a `Strict-Transport-Security` over plain HTTP, where browsers ignore it", "send it over HTTPS only",
        [Asvs "3.4.1", Rfc "6797 7.2", Zap "10035-4"];
    IntegrationRedirected, "integration-redirected", Medium,
        "redirects a client that is no browser to https, which hides that its request went in clear text",
        "refuse it with 403",
        [Asvs "4.1.2"];
    ForwardedBelieved, "forwarded-believed", High,
        "believes a forwarded header from anyone", "believe it from the proxies that you run only",
        [Asvs "4.1.3"];
}

impl Weakness {
    /// The ids that auditors give it under these facts, standards first.
    pub fn references(self, facts: &Facts) -> impl Iterator<Item = Reference> {
        self.entries().iter().filter(|entry| (entry.applies)(facts)).map(|entry| entry.reference)
    }

    /// The rule of the book that a declaration breaks or trips with this weakness, where there is one.
    #[must_use]
    pub fn rule(self) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.id() == self.id())
    }

    /// Why a declaration has this weakness: its reason, where it trips the lint.
    ///
    /// ```
    /// use hardtack_rules::Spec;
    /// use hardtack_rules::auditors::Weakness;
    ///
    /// let spec = Spec::new("__Host-theme").http_only(false).reason("theme.js reads it");
    /// assert_eq!(Weakness::ScriptReadable.reason(&spec), Some("theme.js reads it"));
    /// assert_eq!(Weakness::Insecure.reason(&spec), None);
    /// ```
    #[must_use]
    pub fn reason<'a>(self, spec: &Spec<'a>) -> Option<&'a str> {
        let rule = self.rule()?;
        let trips = Argument::ALL.iter().any(|at| check::lint(spec, *at) == Some(rule));
        // A cookie that is not Secure cannot have a prefix: `insecure` speaks for `unprefixed`.
        let follows = matches!(self, Weakness::Unprefixed)
            && check::lint(spec, Argument::Secure).is_some()
            && Prefix::of(spec.name).is_none();
        if trips || follows { spec.reason } else { None }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString as _;
    use std::vec::Vec;

    use super::{Facts, HstsFault, OBSERVATORY_HSTS, Severity, Weakness, fold, is_csrf_like, is_session_like};
    use crate::rule::Rule;
    use crate::spec::{SameSite, Spec};

    #[test]
    fn ids_are_distinct_and_texts_join_into_a_sentence() {
        for (at, weakness) in Weakness::ALL.iter().enumerate() {
            assert!(Weakness::ALL.iter().skip(at + 1).all(|other| other.id() != weakness.id()), "{weakness}");
            assert!(!weakness.predicate().ends_with('.') && !weakness.remedy().ends_with('.'), "{weakness}");
            assert!(weakness.predicate().starts_with(|first: char| first.is_ascii_lowercase()), "{weakness}");
        }
    }

    #[test]
    fn the_book_s_own_ids_are_used_where_it_has_one() {
        for (weakness, rule) in [
            (Weakness::Insecure, Rule::Insecure),
            (Weakness::ScriptReadable, Rule::ScriptReadable),
            (Weakness::SameSiteNone, Rule::SameSiteNone),
            (Weakness::Unprefixed, Rule::Unprefixed),
            (Weakness::DomainWide, Rule::DomainWide),
            (Weakness::LongLived, Rule::LongLived),
            (Weakness::Size, Rule::Size),
            (Weakness::DuplicateAttribute, Rule::DuplicateAttribute),
        ] {
            assert_eq!(weakness.rule(), Some(rule));
        }
        assert_eq!(Weakness::ALL.iter().filter(|weakness| weakness.rule().is_some()).count(), 8);
    }

    #[test]
    fn the_observatory_takes_one_score_off_for_a_missing_secure() {
        for (name, under_hsts, score) in
            [("PHPSESSID", false, "-40"), ("theme", false, "-20"), ("Login", true, "-10"), ("theme", true, "-5")]
        {
            let facts = Facts { under_hsts, ..Facts::of_name(name.as_bytes()) };
            let mut scores = Weakness::Insecure.references(&facts).filter(|it| it.id.starts_with('-'));
            assert_eq!(scores.next().map(|it| it.id), Some(score), "{name}");
            assert_eq!(scores.next(), None, "{name}");
        }
    }

    #[test]
    fn names_are_matched_in_any_letter_case() {
        assert!(is_session_like(b"ASP.NET_SessionId") && is_session_like(b"wordpress_logged_LOGIN"));
        assert!(!is_session_like(b"ses") && !is_session_like(b"sid"));
        assert!(is_csrf_like(b"csrftoken") && is_csrf_like(b"_CSRF") && !is_csrf_like(b"XSRF-TOKEN"));
    }

    #[test]
    fn severities_are_ordered() {
        assert!(
            Severity::Info < Severity::Low && Severity::Low < Severity::Medium && Severity::Medium < Severity::High
        );
    }

    #[test]
    fn reports_write_ids_as_testers_do() {
        let facts = Facts { under_hsts: true, ..Facts::of_name(b"theme") };
        let written: Vec<_> = Weakness::Insecure.references(&facts).map(|reference| reference.to_string()).collect();
        assert_eq!(
            written,
            [
                "CWE-614",
                "CWE-319",
                "ASVS 3.3.1",
                "ZAP 10011",
                "Observatory -5",
                "Nikto 999961",
                "Sonar S2092",
                "CodeQL rust/insecure-cookie"
            ]
        );
        let rfc = Weakness::NotStored.references(&facts).next().map(|reference| reference.to_string());
        assert_eq!(rfc.as_deref(), Some("RFC 6265bis 5.7"));
        assert_eq!(Weakness::Insecure.to_string(), "insecure");
        for (severity, word) in
            [(Severity::Info, "info"), (Severity::Low, "low"), (Severity::Medium, "medium"), (Severity::High, "high")]
        {
            assert_eq!(severity.to_string(), word);
        }
    }

    #[test]
    fn facts_raise_a_severity_and_choose_the_ids() {
        let plain = Facts::of_name(b"theme");
        let session = Facts::of_name(b"session");
        let csrf = Facts::of_name(b"csrf");
        let short = |hsts_max_age| Facts { hsts_max_age, ..plain };
        let fault = |fault| Facts { hsts_fault: Some(fault), ..plain };
        for (weakness, facts, severity, id, given) in [
            (Weakness::Insecure, plain, Severity::Medium, "-20", true),
            (Weakness::Insecure, session, Severity::High, "-40", true),
            (Weakness::Insecure, Facts { under_hsts: true, ..session }, Severity::Medium, "-40", false),
            (Weakness::ScriptReadable, plain, Severity::Low, "-30", false),
            (Weakness::ScriptReadable, session, Severity::High, "-30", true),
            (Weakness::SameSiteMissing, plain, Severity::Low, "-20", false),
            (Weakness::SameSiteMissing, csrf, Severity::Medium, "-20", true),
            (Weakness::SameSiteNone, plain, Severity::Low, "-20", false),
            (Weakness::SameSiteNone, session, Severity::Medium, "-20", false),
            (Weakness::SameSiteNone, Facts { secure: false, ..plain }, Severity::Medium, "-20", true),
            (Weakness::Unprefixed, plain, Severity::Low, "3.3.3", true),
            (Weakness::Unprefixed, Facts { host_only: false, ..plain }, Severity::Low, "3.3.3", false),
            (Weakness::FlagWithValue, plain, Severity::Info, "999961", false),
            (Weakness::FlagWithValue, Facts { secure_has_value: true, ..plain }, Severity::Info, "999961", true),
            (Weakness::FlagWithValue, Facts { http_only_has_value: true, ..plain }, Severity::Info, "000029", true),
            (Weakness::SharedCache, plain, Severity::Low, "10049", true),
            (Weakness::SharedCache, Facts { invites_caches: true, ..plain }, Severity::Medium, "10049", true),
            (Weakness::HstsShort, short(0), Severity::Medium, "10035-2", true),
            (Weakness::HstsShort, short(1), Severity::Low, "10035-2", false),
            (Weakness::HstsShort, short(OBSERVATORY_HSTS - 1), Severity::Low, "-10", true),
            (Weakness::HstsShort, short(OBSERVATORY_HSTS), Severity::Low, "-10", false),
            (Weakness::HstsMalformed, fault(HstsFault::MaxAgeMissing), Severity::Medium, "10035-5", true),
            (Weakness::HstsMalformed, fault(HstsFault::MaxAgeQuoted), Severity::Medium, "10035-7", true),
            (Weakness::HstsMalformed, fault(HstsFault::Octets), Severity::Medium, "10035-8", true),
            (Weakness::HstsMalformed, fault(HstsFault::Grammar), Severity::Medium, "10035-5", false),
        ] {
            assert_eq!(weakness.severity(&facts), severity, "{weakness} {facts:?}");
            assert_eq!(weakness.references(&facts).any(|it| it.id == id), given, "{weakness} {id} {facts:?}");
        }
    }

    #[test]
    fn a_reason_answers_for_what_the_declaration_weakens() {
        let spec = Spec::new("a").explicit_name().secure(false).reason("r");
        assert_eq!(Weakness::Insecure.reason(&spec), Some("r"));
        assert_eq!(Weakness::Unprefixed.reason(&spec), Some("r"));
        assert_eq!(Weakness::ScriptReadable.reason(&spec), None);
        // Not written, and without a prefix all the same.
        assert_eq!(Weakness::Unprefixed.reason(&Spec::new("a").secure(false).reason("r")), Some("r"));
        let spec = Spec::new("__Secure-a").same_site(SameSite::None).domain("example.com").reason("r");
        assert_eq!(Weakness::SameSiteNone.reason(&spec), Some("r"));
        assert_eq!(Weakness::DomainWide.reason(&spec), Some("r"));
        assert_eq!(Weakness::SameSiteMissing.reason(&spec), None);
        assert_eq!(Weakness::Insecure.reason(&Spec::new("a").secure(false).read_only().reason("r")), None);
    }

    #[test]
    fn folded_cookies_are_told_from_commas() {
        for (line, at) in [
            ("a=1, b=2", Some(3)),
            ("a=1; Path=/,b=2", Some(11)),
            ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT, b=2", Some(42)),
            ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", None),
            ("a=1,b=2", None),
            ("a=1, b", None),
            ("a=1, =2", None),
            ("a=1; Path=/, =2", None),
            ("a=1, \"b\"=2", None),
            ("a=1,", None),
            (",", None),
            ("", None),
        ] {
            assert_eq!(fold(line.as_bytes()), at, "{line}");
        }
    }
}
