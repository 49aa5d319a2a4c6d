//! The catalogue of scanner findings. The catalogue lists the weaknesses of cookies and responses, and the ids of each
//! weakness in standards and scanners. The input is a [`Weakness`] and [`Facts`]. The output is the ids and the
//! severity of the weakness. The catalogue itself does not search for weaknesses. The audit and the inventory in the
//! crate `hardtack` search for weaknesses.
//!
//! The ids, and the conditions for each id, come from these sources:
//!
//! - OWASP ASVS 5.0
//! - the passive scan rules of ZAP: pscanrules, and the cookie helpers of commonlib
//! - the cookie and HSTS tests of the HTTP Observatory
//! - the cookie plugin of Nikto

use core::fmt;

use crate::check::{self, Argument};
use crate::rule::Rule;
use crate::session_names::{contains_csrf, contains_sess_or_login};
use crate::spec::{Prefix, Spec};
use crate::wire::HSTS_YEAR_SECONDS;

/// The severity of a weakness. The variants are in order from the least to the most severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// The finding is only information, and needs no change.
    Info,
    /// An additional protection is missing.
    Low,
    /// A protection is missing, or a setting does not work as intended.
    Medium,
    /// An attacker can get the credential of a signed-in user.
    High,
}

impl Severity {
    /// Returns the word that reports use: `info`, `low`, `medium` or `high`.
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

/// A standard, a scanner or a source code analyser that gives ids to weaknesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auditor {
    /// MITRE's Common Weakness Enumeration.
    Cwe,
    /// OWASP's Application Security Verification Standard, version 5.0.
    Asvs,
    /// A document of the IETF.
    Rfc,
    /// ZAP, the Zed Attack Proxy. The id is the number of a ZAP alert.
    Zap,
    /// The HTTP Observatory. The id is the change of the score, such as `-20`.
    Observatory,
    /// Nikto.
    Nikto,
    /// Sonar.
    Sonar,
    /// CodeQL.
    CodeQl,
}

impl Auditor {
    /// Returns the name that reports use, such as `ASVS`.
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

/// The id that one standard, scanner or analyser gives to a weakness. `Display` writes the text for reports, such as
/// `CWE-614` or `ASVS 3.3.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Reference {
    /// The standard, scanner or analyser that gives the id.
    pub auditor: Auditor,
    /// The id, such as `CWE-614`, `3.3.1`, `10011` or `-20`.
    pub id: &'static str,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.auditor {
            // The id already begins with `CWE`.
            Auditor::Cwe => f.write_str(self.id),
            auditor => write!(f, "{auditor} {}", self.id),
        }
    }
}

/// Facts about a cookie or a response. The severity and the ids of a weakness depend on these facts.
///
/// ```
/// use hardtack_rules::auditors::{Facts, Severity, Weakness};
///
/// let mut facts = Facts::from_name(b"session");
/// assert_eq!(Weakness::Insecure.severity(&facts), Severity::High);
/// facts.under_hsts = true;
/// assert_eq!(Weakness::Insecure.severity(&facts), Severity::Medium);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// True if the name contains `sess` or `login`, in any letter case. The HTTP Observatory treats a cookie with
    /// `sess` or `login` in the name as a session cookie.
    pub session_like: bool,
    /// True if the name contains `csrf`, in any letter case. The HTTP Observatory treats a cookie with `csrf` in the
    /// name as a CSRF token.
    pub csrf_like: bool,
    /// True if the header has `Secure`.
    pub secure: bool,
    /// True if the header has no `Domain`.
    pub host_only: bool,
    /// True if the HTTP Observatory counts the host as protected by HSTS. The response must have exactly one HSTS
    /// header. The HSTS header must be well-formed, and its `max-age` must be at least [`OBSERVATORY_HSTS_SECONDS`].
    pub under_hsts: bool,
    /// The `max-age` of the HSTS header, in seconds.
    pub hsts_max_age: u64,
    /// True if `Cache-Control` contains `public` or `s-maxage`. The directives `public` and `s-maxage` allow shared
    /// caches to store the response.
    pub invites_caches: bool,
    /// The reason why the HSTS header cannot be parsed. `hsts_fault` is `None` if the HSTS header is valid.
    pub hsts_fault: Option<HstsFault>,
    /// True if the header contains `Secure` with a value, such as `Secure=true`.
    pub secure_has_value: bool,
    /// True if the header contains `HttpOnly` with a value, such as `HttpOnly=true`.
    pub http_only_has_value: bool,
}

impl Facts {
    /// Returns `Facts` about a cookie with the name `name`. All other facts have default values: the header has
    /// `Secure` and no `Domain`, and the HTTP Observatory does not count the host as protected by HSTS. The `max-age`
    /// of the HSTS header is one year.
    #[must_use]
    pub const fn from_name(name: &[u8]) -> Self {
        Facts {
            session_like: contains_sess_or_login(name),
            csrf_like: contains_csrf(name),
            secure: true,
            host_only: true,
            under_hsts: false,
            hsts_max_age: HSTS_YEAR_SECONDS,
            invites_caches: false,
            hsts_fault: None,
            secure_has_value: false,
            http_only_has_value: false,
        }
    }
}

/// The reason why a `Strict-Transport-Security` header cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HstsFault {
    /// The HSTS header has no `max-age`, or the `max-age` has no number.
    MaxAgeMissing,
    /// The HSTS header has a quotation mark before `max-age`. Quotation marks are only allowed around the value of a
    /// directive.
    MaxAgeQuoted,
    /// The HSTS header contains an invalid byte. Only printable ASCII bytes and the tab are valid in the HSTS header.
    InvalidByte,
    /// The HSTS header breaks the grammar in a way that no other variant describes. For example, the HSTS header
    /// contains a directive twice.
    Grammar,
}

/// The smallest `max-age` of HSTS that the HTTP Observatory accepts, in seconds. The documentation of the Observatory
/// says six months, but the Observatory accepts 180 days.
pub const OBSERVATORY_HSTS_SECONDS: u64 = 15_552_000;

/// An id that an auditor gives to a weakness, and the condition for the id. The auditor gives the id only if `applies`
/// returns true for the facts about the cookie or response.
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
    ($facts:ident, $usual:ident) => {{
        let _ = $facts;
        Severity::$usual
    }};
    ($facts:ident, $usual:ident, $raised:ident, $condition:expr) => {{
        const IS_RAISED: fn(&Facts) -> bool = $condition;
        if IS_RAISED($facts) { Severity::$raised } else { Severity::$usual }
    }};
}

/// Defines `Weakness` from a table. Each row of the table defines one weakness. A row consists of these parts, in this
/// order:
///
/// - The variant of `Weakness`, and the id of the weakness.
/// - The usual severity. A row can also contain a higher severity, with the condition for it.
/// - The texts that `Weakness::predicate` and `Weakness::remedy` return.
/// - The auditors that report the weakness. Each auditor has its own id for the weakness. A row can also contain a
///   condition for an auditor.
macro_rules! weaknesses {
    ($(
        $weakness:ident, $id:literal, $usual:ident $(to $raised:ident if $is_raised:expr)?,
        $predicate:literal, $remedy:literal,
        [$($auditor:ident $reference:literal $(if $condition:expr)?),*];
    )*) => {
        /// A weakness of a cookie, of a response or of a declaration. Standards and scanners describe the weaknesses of
        /// cookies and responses. Only the inventory reports the weaknesses of declarations.
        ///
        /// If a [`Rule`] describes the same weakness, the rule has the same id. For example, `insecure` has the same
        /// meaning in a declaration, in `HARDTACK_DENY` and in a report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Weakness {
            $(#[doc = concat!("`", $id, "`: the cookie or response ", $predicate, "; ", $remedy, ".")] $weakness,)*
        }

        impl Weakness {
            /// Every [`Weakness`], in the order of the enum's variants.
            pub const ALL: &'static [Weakness] = &[$(Weakness::$weakness),*];

            /// Returns the stable id of the weakness, such as `insecure`. Reports contain the stable id.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Weakness::$weakness => $id,)* }
            }

            /// Returns the end of a sentence about the weakness, such as `is rejected by browsers`. The subject of the
            /// sentence is the cookie or the response.
            #[must_use]
            pub const fn predicate(self) -> &'static str {
                match self { $(Weakness::$weakness => $predicate,)* }
            }

            /// Returns the remedy for the weakness, such as `write each attribute once`.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Weakness::$weakness => $remedy,)* }
            }

            /// Returns the severity of the weakness. The argument contains the [`Facts`] about the cookie or response.
            #[must_use]
            pub fn severity(self, facts: &Facts) -> Severity {
                match self { $(Weakness::$weakness => severity!(facts, $usual $(, $raised, $is_raised)?),)* }
            }

            /// Returns the lowest and the highest severity that [`severity`](Weakness::severity) can return. The two
            /// severities are equal if the severity does not depend on [`Facts`].
            ///
            /// ```
            /// use hardtack_rules::auditors::{Severity, Weakness};
            ///
            /// assert_eq!(Weakness::Insecure.severities(), (Severity::Medium, Severity::High));
            /// assert_eq!(Weakness::LongLived.severities(), (Severity::Info, Severity::Info));
            /// ```
            #[must_use]
            pub const fn severities(self) -> (Severity, Severity) {
                match self { $(Weakness::$weakness => {
                    let severities: &[Severity] = &[Severity::$usual $(, Severity::$raised)?];
                    match severities {
                        [usual, raised] => (*usual, *raised),
                        _ => (Severity::$usual, Severity::$usual),
                    }
                })* }
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
        "is rejected by browsers", "see the rejection",
        [Rfc "6265bis 5.7"];
    Insecure, "insecure", Medium to High if |facts| facts.session_like && !facts.under_hsts,
        "has no `Secure`, so it travels over plain HTTP too", "add `Secure`",
        [Cwe "CWE-614", Cwe "CWE-319", Asvs "3.3.1", Zap "10011",
         Observatory "-40" if |facts| facts.session_like && !facts.under_hsts,
         Observatory "-20" if |facts| !facts.session_like && !facts.under_hsts,
         Observatory "-10" if |facts| facts.session_like && facts.under_hsts,
         Observatory "-5" if |facts| !facts.session_like && facts.under_hsts,
         Nikto "999961", Sonar "S2092", CodeQl "rust/insecure-cookie"];
    ScriptReadable, "script-readable", Low to High if |facts| facts.session_like,
        "has no `HttpOnly`, so every script of the page can read it", "add `HttpOnly`",
        [Cwe "CWE-1004", Asvs "3.3.4", Zap "10010", Observatory "-30" if |facts| facts.session_like,
         Nikto "000029", Sonar "S3330"];
    SameSiteMissing, "same-site-missing", Low to Medium if |facts| facts.csrf_like,
        "has no `SameSite`, so some browsers send it with every cross-site request",
        "add `SameSite=Lax` or `SameSite=Strict`",
        [Cwe "CWE-1275", Asvs "3.3.2", Zap "10054-1", Observatory "-20" if |facts| facts.csrf_like];
    SameSiteNone, "same-site-none", Low to Medium if |facts| facts.session_like || !facts.secure,
        "has `SameSite=None`, so browsers send it with every cross-site request",
        "use `SameSite=Lax` or `SameSite=Strict` unless other sites embed this one",
        [Cwe "CWE-1275", Asvs "3.3.2", Zap "10054-2", Observatory "-20" if |facts| !facts.secure];
    SameSiteInvalid, "same-site-invalid", Medium,
        "has a `SameSite` value that browsers do not recognise and treat like a missing one",
        "write `SameSite=Lax` or `SameSite=Strict`",
        [Cwe "CWE-1275", Asvs "3.3.2", Zap "10054-3", Observatory "-20"];
    Unprefixed, "unprefixed", Low,
        "begins neither with `__Host-` nor with `__Secure-`, so a sibling host or a plain-HTTP response can set it",
        "begin its name with `__Host-`, or with `__Secure-` where it has a `Domain` or a narrower `Path`",
        [Asvs "3.3.1", Asvs "3.3.3" if |facts| facts.host_only];
    NoHostPrefix, "no-host-prefix", Info,
        "has no `Domain` and does not begin with `__Host-`, so a sibling host can set it",
        "begin its name with `__Host-`",
        [Asvs "3.3.3"];
    DomainWide, "domain-wide", Low,
        "has a `Domain` above the host, so other hosts receive it and can set it",
        "leave `Domain` out unless other hosts need the cookie",
        [Cwe "CWE-565", Zap "90033"];
    Size, "size", Medium,
        "has over 4096 bytes of name and value", "keep the data on the server and its key in the cookie",
        [Asvs "3.3.5"];
    LongLived, "long-lived", Info,
        "has a lifetime over 400 days, which browsers shorten to 400 days", "use `Max-Age=34560000` or less",
        [Rfc "6265bis 5.5"];
    DuplicateAttribute, "duplicate-attribute", Low,
        "has an attribute twice: browsers read the last, ZAP reads the first", "write each attribute once",
        [Rfc "6265bis 4.1.1"];
    FlagWithValue, "flag-with-value", Info,
        "has a value after `Secure` or `HttpOnly`, which browsers ignore and Nikto takes for a missing flag",
        "write `Secure` and `HttpOnly` without a value",
        [Nikto "999961" if |facts| facts.secure_has_value, Nikto "000029" if |facts| facts.http_only_has_value];
    AttributeIgnored, "attribute-ignored", Medium,
        "has an attribute that browsers ignore", "write the attribute in the form that browsers accept",
        [Rfc "6265bis 5.6"];
    RemovalUnseen, "removal-unseen", Low,
        "is removed by `Max-Age` alone, which scanners do not recognise as a removal",
        "add `Expires=Thu, 01 Jan 1970 00:00:00 GMT`",
        [];
    Folded, "folded", Medium,
        "shares its header with another cookie, and browsers read both as one cookie",
        "send one `Set-Cookie` header for each cookie",
        [Rfc "6265bis 3"];
    SharedCache, "shared-cache", Low to Medium if |facts| facts.invites_caches,
        "sets cookies and may be stored by a shared cache, which would send them to other users",
        "send `Cache-Control: private` or `no-store`",
        [Cwe "CWE-524", Asvs "14.2.2", Rfc "9111 7.3", Zap "10049"];
    HstsAbsent, "hsts-absent", Medium,
        "has no `Strict-Transport-Security`, so a later visit may begin over plain HTTP",
        "send `Strict-Transport-Security: max-age=31536000`",
        [Asvs "3.4.1", Zap "10035-1", Observatory "-20"];
    HstsShort, "hsts-short", Low to Medium if |facts| facts.hsts_max_age == 0,
        "has a `Strict-Transport-Security` of less than a year", "send `max-age=31536000` or more",
        [Asvs "3.4.1", Zap "10035-2" if |facts| facts.hsts_max_age == 0,
         Observatory "-10" if |facts| facts.hsts_max_age < OBSERVATORY_HSTS_SECONDS];
    HstsDoubled, "hsts-doubled", Low,
        "has more than one `Strict-Transport-Security`, and browsers read the first", "send one",
        [Asvs "3.4.1", Rfc "6797 7.2", Zap "10035-3"];
    HstsMalformed, "hsts-malformed", Medium,
        "has a `Strict-Transport-Security` that browsers cannot read", "send `max-age=31536000`, each directive once",
        [Asvs "3.4.1", Rfc "6797 6.1",
         Zap "10035-5" if |facts| matches!(facts.hsts_fault, Some(HstsFault::MaxAgeMissing)),
         Zap "10035-7" if |facts| matches!(facts.hsts_fault, Some(HstsFault::MaxAgeQuoted)),
         Zap "10035-8" if |facts| matches!(facts.hsts_fault, Some(HstsFault::InvalidByte)),
         Observatory "-20"];
    HstsPlainHttp, "hsts-plain-http", Info,
        "has a `Strict-Transport-Security` over plain HTTP, where browsers ignore it", "send it over HTTPS only",
        [Asvs "3.4.1", Rfc "6797 7.2", Zap "10035-4"];
    PlainHttpAnswer, "plain-http", Medium,
        "answers a request over plain HTTP, so anyone in the network can read and change it",
        "redirect page requests to https with 308, and refuse all other requests with 403",
        [Cwe "CWE-319", Asvs "12.2.1", Observatory "-20"];
    IntegrationRedirected, "integration-redirected", Medium,
        "redirects a client that is not a browser to https, which hides that its request was sent in clear text",
        "refuse it with 403",
        [Asvs "4.1.2"];
    ForwardedBelieved, "forwarded-believed", High,
        "trusts a forwarding header from any peer", "trust it only from the proxies that you run",
        [Asvs "4.1.3"];
    DeclarationsDiffer, "declarations-differ", Medium,
        "has two declarations that differ", "declare it once, and use that type in both places",
        [];
    FamilyName, "family-name", Medium,
        "has a name inside the family of a `keyed` cookie", "give one of the two cookies another `name`",
        [];
    FormerName, "former-name", Low,
        "accepts a former value that others can choose", "remove the `formerly` entry as soon as possible",
        [Cwe "CWE-565"];
    FormerExpired, "former-expired", Info,
        "has a `formerly` entry whose day `until` has passed",
        "remove the entry when browsers no longer hold the former cookie",
        [];
}

impl Weakness {
    /// Returns the ids that standards and scanners give to the weakness. The argument contains the [`Facts`] about the
    /// cookie or response. The ids of standards come first.
    ///
    /// ```
    /// use hardtack_rules::auditors::{Facts, Weakness};
    ///
    /// let facts = Facts::from_name(b"theme");
    /// let references = Weakness::DomainWide.references(&facts);
    /// let ids: Vec<String> = references.map(|reference| reference.to_string()).collect();
    /// assert_eq!(ids, ["CWE-565", "ZAP 90033"]);
    /// ```
    pub fn references(self, facts: &Facts) -> impl Iterator<Item = Reference> {
        self.entries().iter().filter(|entry| (entry.applies)(facts)).map(|entry| entry.reference)
    }

    /// Returns all ids that standards and scanners can give to the weakness. The result does not depend on [`Facts`].
    ///
    /// ```
    /// use hardtack_rules::auditors::Weakness;
    ///
    /// let ids: Vec<String> = Weakness::HstsShort.all_references().map(|reference| reference.to_string()).collect();
    /// assert_eq!(ids, ["ASVS 3.4.1", "ZAP 10035-2", "Observatory -10"]);
    /// ```
    pub fn all_references(self) -> impl Iterator<Item = Reference> {
        self.entries().iter().map(|entry| entry.reference)
    }

    /// Returns the rule that has the same id as the weakness. Returns `None` if no rule has this id.
    #[must_use]
    pub fn rule(self) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.id() == self.id())
    }

    /// A weakness and a lint can have the same id. If the declaration triggers that lint, returns the `reason` of the
    /// declaration.
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
        let is_triggered = Argument::ALL.iter().any(|argument| check::find_lint(spec, *argument) == Some(rule));
        // A cookie that is not Secure cannot have a prefix. So if the declaration gives a `reason` for the lint
        // `insecure`, the `reason` also explains the weakness `unprefixed`.
        let follows_from_insecure = matches!(self, Weakness::Unprefixed)
            && check::find_lint(spec, Argument::Secure).is_some()
            && Prefix::from_name(spec.name).is_none();
        if is_triggered || follows_from_insecure { spec.reason } else { None }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests;
