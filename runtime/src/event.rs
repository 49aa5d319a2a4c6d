//! An [`Event`] reports something that hardtack refused, changed or noticed while the server runs. The policy counts
//! each event. The policy also passes each event to the callback [`on_event`](crate::policy::PolicyBuilder::on_event).
//! With the feature `tracing`, each event is also emitted as a `tracing` event. An event can contain a cookie's name,
//! but never the cookie's value. An event also contains the rule, and can contain the evidence for the request's
//! scheme.
#![doc = include_str!("../docs/events.md")]

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use http::Method;

use crate::request::evidence::Evidence;

#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "tracing")]
pub(crate) use log::log;
#[cfg(feature = "_layer")]
pub(crate) use log::report_suppressed;

/// Does nothing. Only builds with the feature `tracing` write events to the log.
#[cfg(not(feature = "tracing"))]
pub(crate) fn log(_: &Event<'_>) {}

/// A report of one action or finding: hardtack refused, changed or noticed something.
///
/// `Display` writes one line of text for a log.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use hardtack::event::{Code, Kind};
/// use hardtack::{AnyScheme, Cookie, Cookies, Policy, PolicyHandle, TlsTermination};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let events = seen.clone();
/// let policy = Policy::builder()
///     .on_event(move |event| events.lock().unwrap().push((event.kind, event.rule)))
///     .build()?;
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let scheme = AnyScheme::from(TlsTermination::none().detect(&parts, None));
/// let cookies = Cookies::from_headers(&parts.headers, scheme).with_policy(&PolicyHandle::new(policy));
/// assert!(cookies.set(Session("s3cr3t".into())).is_err());
/// assert_eq!(*seen.lock().unwrap(), [(Kind::CookieNotSet, Code::NotHttps)]);
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The kind of the event.
    pub kind: Kind,
    /// The rule that caused the event.
    pub rule: Code,
    /// The cookie's name, if the event concerns one cookie. If other code wrote the header, the name can contain an
    /// invalid character. `…` then replaces the invalid character and the text after this character, because the text
    /// can be a part of the value.
    pub cookie: Option<&'a str>,
    /// The request's method, if the policy's middleware handles the request.
    pub method: Option<&'a Method>,
    /// The path of the request's URI without the query, if the policy's middleware handles the request.
    pub path: Option<&'a str>,
    /// The reason for the event, as text.
    pub reason: &'a (dyn fmt::Display + 'a),
    /// The evidence for the scheme of the request, if the event depends on the scheme.
    pub evidence: Option<Evidence>,
}

impl<'a> Event<'a> {
    pub(crate) fn new(kind: Kind, rule: Code, reason: &'a (dyn fmt::Display + 'a)) -> Self {
        Event { kind, rule, cookie: None, method: None, path: None, reason, evidence: None }
    }

    pub(crate) fn with_cookie(self, cookie: &'a str) -> Self {
        Event { cookie: Some(cookie), ..self }
    }

    pub(crate) fn with_evidence(self, evidence: Option<Evidence>) -> Self {
        Event { evidence, ..self }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(cookie) = self.cookie {
            write!(f, " `{cookie}`")?;
        }
        write!(f, " ({}", self.rule)?;
        if let (Some(method), Some(path)) = (self.method, self.path) {
            write!(f, ", {method} {path}")?;
        }
        f.write_str("): ")?;
        match self.evidence {
            Some(evidence) => write!(f, "{evidence}; {}", self.reason),
            None => self.reason.fmt(f),
        }
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({self})")
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $text:literal;)*) => {
        /// The kind of an [`Event`].
        ///
        /// ```
        /// use hardtack::event::Kind;
        ///
        /// assert_eq!(Kind::HeaderHardened.to_string(), "header hardened");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind of event.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// Returns the kind as text, such as `header hardened`. A metric can use the text as a label.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Kind::$kind => $text,)* }
            }
        }
    };
}

kinds! {
    /// A page request over plain HTTP was redirected to HTTPS.
    RequestRedirected, "request redirected";
    /// A request was refused. Either the request came over plain HTTP and the policy or the handler needs HTTPS, or the
    /// request does not prove the device of a `device_bound` cookie.
    RequestRefused, "request refused";
    /// A cookie could not be set or removed.
    CookieNotSet, "cookie not set";
    /// A cookie in the request was rejected. Either a handler read the cookie and the cookie was invalid, or the
    /// policy's setting `host_prefix` rejected the cookie.
    CookieRejected, "cookie rejected";
    /// A `Set-Cookie` header was made stricter.
    HeaderHardened, "header hardened";
    /// A `Set-Cookie` header that breaks a rule was sent unchanged.
    HeaderReported, "header reported";
    /// A `Set-Cookie` header was dropped from the response.
    HeaderDropped, "header dropped";
    /// The caching headers of a response with cookies were made stricter, so that shared caches do not store the
    /// response.
    CachingChanged, "caching changed";
    /// The application's HSTS header was made stricter.
    HstsChanged, "hsts changed";
    /// A request of the program's own HTTP client was refused before the client sent the request.
    ClientRequestRefused, "client request refused";
    /// A fact that the developer should know. For example, a debug build applied the loopback rule.
    Notice, "notice";
    /// The program has a bug. For example, a handler set cookies, but the program sent no response with the cookies.
    Mistake, "mistake";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($code:ident, $id:literal, $text:literal;)*) => {
        /// The rule that caused an [`Event`]. The [module's documentation](self) contains a table of all rules.
        ///
        /// ```
        /// use hardtack::event::Code;
        ///
        /// assert_eq!(Code::NeverSent.as_str(), "never-sent");
        /// assert_eq!(Code::NeverSent.text(), "cookies were set, and no response carried them");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = concat!("`", $id, "`: ", $text, ".")] $code,)* }

        impl Code {
            /// Every [`Code`].
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// Returns the rule's id, such as `not-https`. Operators can filter logs by the rule's id.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$code => $id,)* }
            }

            /// Returns one sentence that explains the rule.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Code::$code => $text,)* }
            }
        }
    };
}

codes! {
    ForceHttps, "force-https", "the policy forces HTTPS, and the request came over plain HTTP";
    Loopback, "loopback", "a debug build counted a request to localhost as HTTPS";
    TlsTermination, "tls-termination", "a setting of `TrustedProxies` is invalid, so every request counts as plain HTTP";
    NotHttps, "not-https", "a handler or a Secure cookie needs HTTPS, and the request came over plain HTTP";
    LayerMissing, "layer-missing", "the policy's middleware does not handle this route";
    UncheckedCatcher, "unchecked-catcher", "a Rocket catcher also responds to requests that the policy does not check";
    NeverSent, "never-sent", "cookies were set, and no response carried them";
    ResponseSent, "response-sent", "a cookie was set after the head of the response was sent";
    Attribute, "attribute", "an attribute that was given at run time contradicts the declaration";
    Value, "value", "the value's `Display` or `Serialize` returned an error";
    NoPolicy, "no-policy", "a cookie with `domain = policy` was set without a jar";
    Key, "key", "the key of a cookie in a family is invalid";
    Shortened, "shortened", "a lifetime was cut to the declared `max_age`";
    ClearSiteData, "clear-site-data", "a response with `Clear-Site-Data` also set a cookie";
    CookieDomain, "cookie-domain", "`cookie_domain_for` returned a domain that does not cover the request's host";
    PendingValue, "pending-value", "a value that this request set is not valid for the type that reads it";
    NoKeyring, "no-keyring", "a `signed` or `sealed` cookie has no keyring";
    NoRandomness, "no-randomness", "the system returned no random bytes for a seal";
    Ambiguous, "ambiguous", "the request carried one name several times with different values";
    Malformed, "malformed", "the value is not valid for the cookie's type";
    SealMalformed, "seal-malformed", "the value does not have the form of a signed or sealed value";
    SealVersion, "seal-version", "the seal has a version that this release does not read";
    BadSeal, "bad-seal", "the seal does not fit the value, the cookie's name or the key";
    Expired, "expired", "the seal is valid, and its expiry time has passed";
    UnknownKey, "unknown-key", "the keyring does not have the key that the value names";
    Unproven, "unproven", "a cookie is bound to a device, and the request does not prove the device";
    DeviceProof, "device-proof", "an endpoint of device-bound cookies refused a registration or a refresh";
    Undeclared, "undeclared", "the policy refuses undeclared cookies";
    Namesake, "namesake", "a header has the name of a declared cookie, and is weaker than the declaration";
    Baseline, "baseline", "the header was weaker than the policy's baseline";
    Insecure, "insecure", "the header has no `Secure`";
    ScriptReadable, "script-readable", "the header of a session cookie has no `HttpOnly`";
    SameSiteMissing, "same-site-missing", "the header of a session cookie has no valid `SameSite`";
    Folded, "folded", "several cookies are folded into one `Set-Cookie` header";
    RemovalPath, "removal-path", "a removal has no `Path`, so browsers would remove the cookie of one directory only";
    HostPrefix, "host-prefix", "a cookie of `host_prefix` was sent under its prefixed name";
    PrefixImpossible, "prefix-impossible", "a cookie of `host_prefix` has a scope or a size that its prefixed name does not allow";
    PrefixedTwice, "prefixed-twice", "the request carried the prefixed name of a cookie several times";
    UnprefixedDropped, "unprefixed-dropped", "a cookie of `host_prefix` came under its bare name, and was dropped from the request";
    UnprefixedAccepted, "unprefixed-accepted", "a cookie of `host_prefix` came under its bare name before the date of `accept_unprefixed_until`";
    UnprefixedEnded, "unprefixed-ended", "the date of `accept_unprefixed_until` has passed";
    NeverPrefixed, "never-prefixed", "a cookie of `host_prefix` came under its bare name, and has not yet come under its prefixed name";
    NestedPrefix, "nested-prefix", "a policy lists a name in `host_prefix`, and an outer policy renames the cookies of the request";
    StaleCookies, "stale-cookies", "a middleware outside the policy's middleware parsed the cookies before the policy renamed them";
    PrefixUnavailable, "prefix-unavailable", "the framework does not allow the policy to rename the cookies of requests";
    SharedCache, "shared-cache", "a response with cookies allowed shared caches to store it";
    Hsts, "hsts", "the application's HSTS header was invalid, or weaker than the policy";
    ClientRequest, "client-request", "a request of the program's own would carry credentials over plain HTTP";
    ControlOctet, "control-octet", "browsers reject a header with a control character";
    Empty, "empty", "browsers reject a header without name and value";
    Size, "size", "browsers reject a cookie whose name and value are over 4096 bytes together";
    DomainNotAscii, "domain-not-ascii", "browsers reject a `Domain` that is not ASCII";
    DomainMismatch, "domain-mismatch", "browsers reject a `Domain` that does not cover the response's host";
    PublicSuffix, "public-suffix", "browsers reject a `Domain` that is a public suffix";
    SecureOverPlainHttp, "secure-over-plain-http", "browsers reject a Secure cookie that comes over plain HTTP";
    SameSiteNoneSecure, "same-site-none-secure", "browsers reject `SameSite=None` without `Secure`";
    PrefixSecure, "prefix-secure", "browsers reject a `__Secure-` name without `Secure`";
    PrefixHost, "prefix-host", "browsers reject a `__Host-` name without `Secure` and `Path=/`, or with a `Domain`";
    PrefixHttp, "prefix-http", "Chromium and Firefox reject a `__Http-` name without `Secure` and `HttpOnly`";
    PrefixHostHttp, "prefix-host-http", "browsers reject a `__Host-Http-` name that breaks a rule of `__Host-`; \
        Chromium and Firefox also check the rules of `__Http-`";
    NamelessPrefix, "nameless-prefix", "browsers reject a cookie without a name whose value begins with a name prefix";
    PartitionedSecure, "partitioned-secure", "browsers reject `Partitioned` without `Secure`";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number of events of each kind since the policy's handle was made. A metrics library can export these numbers.
///
/// ```
/// use hardtack::event::Kind;
/// use hardtack::{Policy, PolicyHandle};
///
/// let handle = PolicyHandle::new(Policy::default());
/// assert_eq!(handle.counters().get(Kind::HeaderHardened), 0);
/// let metrics: Vec<String> = handle
///     .counters()
///     .iter()
///     .map(|(kind, count)| format!("hardtack_events{{kind=\"{kind}\"}} {count}"))
///     .collect();
/// assert_eq!(metrics[0], "hardtack_events{kind=\"request redirected\"} 0");
/// ```
#[derive(Debug, Default)]
pub struct Counters {
    counts: [AtomicU64; Kind::ALL.len()],
}

impl Counters {
    /// Returns the number of events with the kind `kind`.
    #[must_use]
    pub fn get(&self, kind: Kind) -> u64 {
        self.counts.get(kind as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Returns pairs: each kind of event, and the number of events with this kind.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, u64)> {
        Kind::ALL.iter().map(|kind| (*kind, self.get(*kind)))
    }

    pub(crate) fn count(&self, kind: Kind) {
        if let Some(count) = self.counts.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Kind};

    #[test]
    fn docs_table_lists_every_code() {
        let rows: Vec<(&str, &str)> = include_str!("../docs/events.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | ")?.1.rsplit_once(" |").map(|_| line))
            .map(|line| {
                let (id, text) = line.strip_prefix("| `").unwrap().split_once("` | ").unwrap();
                (id, text.strip_suffix(" |").unwrap())
            })
            .collect();
        let codes: Vec<(&str, &str)> = Code::ALL.iter().map(|code| (code.as_str(), code.text())).collect();
        assert_eq!(rows, codes);
    }

    #[test]
    fn ids_are_unique() {
        let mut ids: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Code::ALL.len());
        let mut kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), Kind::ALL.len());
    }
}
