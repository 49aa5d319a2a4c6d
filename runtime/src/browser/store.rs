//! A model of how browsers store a cookie (6265bis 5.6 and 5.7). The input is a `Set-Cookie` header, and the scheme,
//! host and path of the request. The output is the stored cookie, or the reason why browsers reject the header. The
//! model assumes that the browser has stored no other cookies.

use std::fmt;
use std::time::{Duration, SystemTime};

use hardtack_rules::SameSite;
use hardtack_rules::date::format_imf_fixdate;
use hardtack_rules::syntax::MAX_LIFETIME;

use super::check::check;
use super::rejection::Rejection;
use crate::clock::unix_seconds;
use crate::request::host::is_address;
use crate::wire::lifetime::Lifetime;
use crate::wire::set_cookie::ParsedSetCookie;
use crate::wire::shown::Shown;

/// A cookie that a browser has stored (6265bis 5.7).
///
/// Each field contains the value that the browser uses. For example, if the header has no `Path`, the field `path`
/// contains the default path. `Display` and `Debug` never show the cookie's value. A name, a domain or a path in a
/// broken header can also contain a value. So in the output, the name, the domain and the path end before the first
/// character that is not allowed there.
///
/// ```
/// use hardtack::audit::{Context, set_cookie};
///
/// let context = Context::https("www.example.com").path("/app/page");
/// let stored = set_cookie(b"theme=dark; Domain=.Example.com; Secure; SameSite=lax", &context).stored.unwrap();
/// assert_eq!((stored.domain.as_str(), stored.host_only, stored.path.as_str()), ("example.com", false, "/app"));
/// assert_eq!(stored.same_site.map(|same_site| same_site.as_str()), Some("Lax"));
/// assert_eq!(
///     stored.to_string(),
///     "`theme` for `example.com` and its subdomains, path `/app`, Secure, not HttpOnly, SameSite=Lax, \
///      until the browser closes",
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The cookie's name, with its prefix. The name is empty if the header has no cookie name. In `name`, U+FFFD
    /// replaces each byte that is not UTF-8. [`name_bytes`](Stored::name_bytes) returns the original bytes.
    pub name: String,
    /// The cookie's value: the text between `=` and `;` in the header. In `value`, U+FFFD replaces each byte that is
    /// not UTF-8. [`value_bytes`](Stored::value_bytes) returns the original bytes.
    pub value: String,
    /// The host to which the browser sends the cookie, in lower case. If `host_only` is false, the browser also sends
    /// the cookie to the subdomains of the host.
    pub domain: String,
    /// True if the browser sends the cookie only to the host itself. False if the browser also sends the cookie to the
    /// subdomains of the host.
    pub host_only: bool,
    /// The cookie's path. The browser sends the cookie with requests for the cookie's path and for all paths below the
    /// cookie's path.
    pub path: String,
    /// True if the browser sends the cookie over HTTPS only.
    pub secure: bool,
    /// True if scripts cannot read the cookie.
    pub http_only: bool,
    /// The effective `SameSite`. The field is `Option::None` if the header has no valid `SameSite`. Browsers treat a
    /// cookie without a valid `SameSite` almost like a cookie with `SameSite=Lax`.
    pub same_site: Option<SameSite>,
    /// True if the browser stores the cookie separately for each top-level site (CHIPS).
    pub partitioned: bool,
    /// The time at which the cookie expires. The expiry time is at most 400 days after the browser received the
    /// response (6265bis 5.5). The field is `None` if the cookie expires when the browser closes.
    pub expires: Option<SystemTime>,
    removal: bool,
    /// The bytes of the name. The field is `None` if the name is UTF-8.
    name_bytes: Option<Vec<u8>>,
    /// The bytes of the value. The field is `None` if the value is UTF-8.
    value_bytes: Option<Vec<u8>>,
}

impl Stored {
    /// Returns true if the cookie had already expired when the browser received the response. A browser does not store
    /// an expired cookie. Instead, the browser removes the stored cookie that has the same name, domain and path
    /// (6265bis 5.7).
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    ///
    /// let context = Context::https("example.com");
    /// assert!(set_cookie(b"id=; Max-Age=0", &context).stored.unwrap().is_removal());
    /// assert!(!set_cookie(b"id=; Max-Age=1", &context).stored.unwrap().is_removal());
    /// ```
    #[must_use]
    pub fn is_removal(&self) -> bool {
        self.removal
    }

    /// Returns the bytes that the browser sends as the cookie's name.
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    ///
    /// let stored = set_cookie(b"n\xff=1", &Context::https("example.com")).stored.unwrap();
    /// assert_eq!((stored.name.as_str(), stored.name_bytes()), ("n\u{fffd}", &b"n\xff"[..]));
    /// ```
    #[must_use]
    pub fn name_bytes(&self) -> &[u8] {
        self.name_bytes.as_deref().unwrap_or(self.name.as_bytes())
    }

    /// Returns the bytes that the browser sends as the cookie's value.
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    ///
    /// let stored = set_cookie(b"id=\xff", &Context::https("example.com")).stored.unwrap();
    /// assert_eq!((stored.value.as_str(), stored.value_bytes()), ("\u{fffd}", &b"\xff"[..]));
    /// ```
    #[must_use]
    pub fn value_bytes(&self) -> &[u8] {
        self.value_bytes.as_deref().unwrap_or(self.value.as_bytes())
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => f.write_str("a cookie without a name")?,
            name => write!(f, "`{}`", Shown::name(name.as_bytes()))?,
        }
        let with_subdomains = !self.host_only && !is_address(&self.domain);
        write!(
            f,
            " for `{}`{}",
            Shown::domain(&self.domain),
            if with_subdomains { " and its subdomains" } else { " alone" }
        )?;
        write!(f, ", path `{}`", Shown::path(&self.path))?;
        f.write_str(if self.secure { ", Secure" } else { ", not Secure" })?;
        f.write_str(if self.http_only { ", HttpOnly" } else { ", not HttpOnly" })?;
        match self.same_site {
            Some(same_site) => write!(f, ", SameSite={same_site}")?,
            None => f.write_str(", no known SameSite")?,
        }
        if self.partitioned {
            f.write_str(", Partitioned")?;
        }
        if self.removal {
            return f.write_str(", expired: a removal");
        }
        match self.expires.map(|expires| format_imf_fixdate(unix_seconds(expires))) {
            None => f.write_str(", until the browser closes"),
            Some(None) => f.write_str(", until a date that has no four-digit year"),
            Some(Some(date)) => write!(f, ", until {}", date.escape_ascii()),
        }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("name", &Shown::name(self.name.as_bytes()).to_string())
            .field("domain", &Shown::domain(&self.domain).to_string())
            .field("host_only", &self.host_only)
            .field("path", &Shown::path(&self.path).to_string())
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("partitioned", &self.partitioned)
            .field("expires", &self.expires)
            .field("removal", &self.removal)
            .finish_non_exhaustive()
    }
}

/// Returns the cookie that browsers store for a `Set-Cookie` header.
///
/// - The argument `https` is true if the response came over HTTPS. For a loopback host, `https` can also be true for a
///   response over plain HTTP.
/// - The argument `host` must be in lower case, without a port.
/// - The argument `path` is the path of the request.
pub(crate) fn store(header: &[u8], https: bool, host: &str, path: &str, now: SystemTime) -> Result<Stored, Rejection> {
    let parsed = ParsedSetCookie::parse(header);
    let (domain, host_only) = check(&parsed, https, host)?;
    let path = match parsed.path {
        Some(path @ [b'/', ..]) => String::from_utf8_lossy(path).into_owned(),
        _ => default_path(path).to_owned(),
    };
    let expires = expires(parsed.lifetime, now);
    let (name, name_bytes) = to_text(parsed.name);
    let (value, value_bytes) = to_text(parsed.value);
    Ok(Stored {
        name,
        value,
        domain: domain.into_owned(),
        host_only,
        path,
        secure: parsed.secure,
        http_only: parsed.http_only,
        same_site: parsed.known_same_site(),
        partitioned: parsed.partitioned,
        expires,
        removal: expires.is_some_and(|expires| expires <= now),
        name_bytes,
        value_bytes,
    })
}

/// Returns the directory of the request's path, which is the default path of a cookie (6265bis 5.1.4).
fn default_path(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once('/') {
        Some((directory, _)) if directory.starts_with('/') => directory,
        _ => "/",
    }
}

/// Returns the time at which the cookie expires (6265bis 5.7 step 6). Returns `None` if the cookie expires when the
/// browser closes.
fn expires(lifetime: Lifetime, now: SystemTime) -> Option<SystemTime> {
    match lifetime.max_age {
        Some(0) => Some(past(now)),
        Some(seconds) => Some(after(now, Duration::from_secs(seconds).min(MAX_LIFETIME))),
        None => lifetime.expires.map(|seconds| clamp_date(seconds, now)),
    }
}

/// Returns the date of an `Expires` attribute. If the date is more than 400 days after `now`, the function returns the
/// time 400 days after `now` (6265bis 5.6.1).
fn clamp_date(unix_seconds: i64, now: SystemTime) -> SystemTime {
    let distance = Duration::from_secs(unix_seconds.unsigned_abs());
    let date = match unix_seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        // On some systems, `SystemTime` cannot represent a date before 1970. Every date in the past has the same
        // effect: the browser removes the cookie.
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance).or(Some(past(now))),
    };
    let limit = after(now, MAX_LIFETIME);
    date.map_or(limit, |date| date.min(limit))
}

/// Returns a date in the past that `SystemTime` can represent on every system.
fn past(now: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH.min(now)
}

/// Returns the time `now` plus `lifetime`, or `now` if `SystemTime` cannot represent the sum.
fn after(now: SystemTime, lifetime: Duration) -> SystemTime {
    now.checked_add(lifetime).unwrap_or(now)
}

/// Returns the bytes as text. If the bytes are not UTF-8, the text contains replacement characters, and the function
/// also returns the original bytes.
fn to_text(bytes: &[u8]) -> (String, Option<Vec<u8>>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(bytes.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use crate::browser::request_match::domain_matches;

    use super::{MAX_LIFETIME, Rejection, Stored, default_path, store};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn store_https(header: &[u8]) -> Result<Stored, Rejection> {
        store(header, true, "www.example.com", "/dir/page", NOW)
    }

    /// Returns the id of the rejection, or `stored` if browsers store the cookie.
    fn outcome(header: &str) -> &'static str {
        store_https(header.as_bytes()).map_or_else(|rejection| rejection.id(), |_| "stored")
    }

    #[test]
    fn each_rejection_has_a_similar_stored_header() {
        let (largest, too_large) = (format!("a={}", "x".repeat(4095)), format!("a={}", "x".repeat(4096)));
        for (rule, rejected, stored) in [
            ("control-octet", "a=b\u{7f}", "a=b\t"),
            ("control-octet", "a=b; x=\u{0}", "a=b; x=\t"),
            ("empty", " = ; Secure", " = b; Secure"),
            ("size", &too_large, &largest),
            ("domain-not-ascii", "a=b; Domain=é.example.com", "a=b; Domain=example.com"),
            ("public-suffix", "a=b; Domain=com", "a=b; Domain=example.com"),
            ("domain-mismatch", "a=b; Domain=ample.com", "a=b; Domain=.EXAMPLE.com"),
            ("same-site-none-secure", "a=b; SameSite=None", "a=b; SameSite=None; Secure"),
            ("prefix-secure", "__SECURE-a=b", "__SECURE-a=b; Secure"),
            ("prefix-host", "__host-a=b; Secure", "__host-a=b; Secure; Path=/"),
            ("prefix-host", "__Host-a=b; Path=/", "__Host-a=b; Path=/; Secure"),
            ("prefix-host", "__Host-a=b; Secure; Path=/; Domain=example.com", "__Host-a=b; Secure; Path=/; Domain="),
            ("prefix-http", "__Http-a=b; Secure", "__Http-a=b; Secure; HttpOnly"),
            ("prefix-host-http", "__Host-Http-a=b; Secure; Path=/", "__Host-Http-a=b; Secure; Path=/; HttpOnly"),
            ("nameless-prefix", "= __host-a", "= __hosta"),
            ("nameless-prefix", "__Http-a", "__Http"),
            ("partitioned-secure", "a=b; Partitioned", "a=b; Partitioned; Secure"),
        ] {
            assert_eq!(outcome(rejected), rule, "{rejected}");
            assert_eq!(outcome(stored), "stored", "{stored}");
        }
    }

    #[test]
    fn secure_cookies_need_a_secure_origin() {
        let header = b"a=b; Secure";
        assert_eq!(store(header, false, "example.com", "/", NOW), Err(Rejection::SecureOverPlainHttp));
        assert!(store(header, true, "example.com", "/", NOW).is_ok());
    }

    #[test]
    fn first_broken_rule_is_returned() {
        let header = "__Host-a=b; SameSite=None; Partitioned; Domain=com";
        assert_eq!(outcome(header), "public-suffix");
        assert_eq!(outcome(header.strip_suffix("; Domain=com").unwrap()), "same-site-none-secure");
        assert_eq!(outcome("__Host-a=b; Partitioned"), "prefix-host");
    }

    #[test]
    fn host_prefix_needs_an_explicit_path() {
        for (header, stored) in [
            (&b"__Host-a=b; Secure"[..], false),
            (b"__Host-a=b; Secure; Path=", false),
            (b"__Host-a=b; Secure; Path=x", false),
            (b"__Host-a=b; Secure; Path=/; Path=/a", false),
            (b"__Host-a=b; Secure; Path=/a; Path=/", true),
        ] {
            assert_eq!(store(header, true, "example.com", "/", NOW).is_ok(), stored, "{}", header.escape_ascii());
        }
    }

    #[test]
    fn attributes_over_1024_bytes_are_ignored() {
        let path = |bytes: usize| store_https(format!("a=b; Path=/{}", "x".repeat(bytes - 1)).as_bytes()).unwrap().path;
        assert_eq!(path(1024).len(), 1024);
        assert_eq!(path(1025), "/dir");
        let domain = format!("a=b; Domain=example.com; Domain={}", "x".repeat(1025));
        assert_eq!(store_https(domain.as_bytes()).unwrap().domain, "example.com");
    }

    #[test]
    fn ip_addresses_have_no_subdomains() {
        let domain = |header: &[u8], host| store(header, true, host, "/", NOW).map(|stored| stored.domain);
        assert_eq!(domain(b"a=b; Domain=127.0.0.1", "127.0.0.1").as_deref(), Ok("127.0.0.1"));
        assert_eq!(domain(b"a=b; Domain=[::1]", "[::1]").as_deref(), Ok("[::1]"));
        assert!(domain(b"a=b; Domain=0.0.1", "127.0.0.1").is_err());
        assert!(!domain_matches("127.0.0.1", "0.0.1"));
        assert!(domain_matches("a.0.0.1", "0.0.1"));
    }

    #[test]
    fn public_suffixes_store_host_only_cookies() {
        let stored = store(b"a=b; Domain=localhost", true, "localhost", "/", NOW).unwrap();
        assert!(stored.host_only);
        let refused = store(b"a=b; Domain=localhost", true, "app.localhost", "/", NOW);
        assert_eq!(refused.map_err(|rejection| rejection.id()).err(), Some("public-suffix"));
        let dotted = store(b"a=b; Domain=com.", true, "example.com.", "/", NOW);
        assert_eq!(dotted.map_err(|rejection| rejection.id()).err(), Some("public-suffix"));
    }

    #[cfg(feature = "public-suffix")]
    #[test]
    fn suffixes_of_several_labels_are_rejected() {
        let id = |header: &[u8], host| store(header, true, host, "/", NOW).map_err(|rejection| rejection.id()).err();
        assert_eq!(id(b"a=b; Domain=co.uk", "example.co.uk"), Some("public-suffix"));
        assert_eq!(id(b"a=b; Domain=example.co.uk", "example.co.uk"), None);
    }

    #[test]
    fn lifetimes_are_limited_to_400_days() {
        let expires = |header: &str| store_https(header.as_bytes()).unwrap().expires;
        let end = NOW + MAX_LIFETIME;
        assert_eq!(expires("a=b; Max-Age=34560000"), Some(end));
        assert_eq!(expires("a=b; Max-Age=34559999"), Some(end - Duration::from_secs(1)));
        assert_eq!(expires("a=b; Max-Age=99999999999999999999999999"), Some(end));
        assert_eq!(expires("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT"), Some(end));
        assert_eq!(expires("a=b; Expires=Sat, 10 Jan 1970 00:00:00 GMT"), Some(NOW + Duration::from_secs(9 * 86_400)));
        assert_eq!(expires("a=b; Expires=never; Max-Age=; Max-Age=-; Max-Age=+1; Max-Age=1.5"), None);
    }

    #[test]
    fn max_age_precedes_expires_and_last_valid_counts() {
        let removal = |header: &str| store_https(header.as_bytes()).unwrap().is_removal();
        assert!(removal("a=b; Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT"));
        assert!(!removal("a=b; Max-Age=9; Expires=Thu, 01 Jan 1601 00:00:00 GMT"));
        assert!(removal("a=b; Max-Age=9; Max-Age=-99999999999999999999999999"));
        assert!(!removal("a=b; Max-Age=-1; Max-Age=9; Max-Age=x"));
        assert!(removal("a=b; Expires=Thu, 01 Jan 1601 00:00:00 GMT"));
        assert!(!removal("a=b"));
    }

    #[test]
    fn default_path_is_the_directory() {
        for (path, default) in
            [("", "/"), ("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("a/b", "/"), ("/a?/b/c", "/")]
        {
            assert_eq!(default_path(path), default, "{path}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept() {
        let (a, b) = (store_https(b"n\xfe=\xff; Secure").unwrap(), store_https(b"n\xfe=\xfe; Secure").unwrap());
        assert_eq!((a.name.as_str(), a.value.as_str()), ("n\u{fffd}", "\u{fffd}"));
        assert_eq!((a.name_bytes(), a.value_bytes()), (&b"n\xfe"[..], &b"\xff"[..]));
        assert_ne!(a, b);
    }

    #[test]
    fn display_and_debug_hide_the_value() {
        for header in [&b"id=opensesame; Secure"[..], b"opensesame", b"id=opensesame\xff; Max-Age=9"] {
            let stored = store_https(header).unwrap();
            assert!(!format!("{stored} {stored:?} {stored:#?}").contains("opensesame"));
        }
        for header in
            [&b"id=opensesame\0"[..], b"id=opensesame; Domain=com", b"__Host-id=opensesame", b"__Host-opensesame"]
        {
            let rejection = store_https(header).unwrap_err();
            assert!(!format!("{rejection} {rejection:?}").contains("opensesame"));
        }
    }

    #[test]
    fn texts_have_a_fact_and_a_remedy() {
        let domain = String::from("com");
        for rejection in [
            Rejection::ControlOctet,
            Rejection::Empty,
            Rejection::Size,
            Rejection::DomainNotAscii,
            Rejection::PublicSuffix { domain: domain.clone() },
            Rejection::DomainMismatch { domain, host: String::from("example.org") },
            Rejection::SecureOverPlainHttp,
            Rejection::SameSiteNoneWithoutSecure,
            Rejection::PrefixSecure,
            Rejection::PrefixHost,
            Rejection::PrefixHttp,
            Rejection::PrefixHostHttp,
            Rejection::NamelessPrefix,
            Rejection::PartitionedWithoutSecure,
        ] {
            let text = rejection.to_string();
            assert!(text.contains("; ") && !text.ends_with('.'), "{text}");
            assert!(!text.starts_with(|first: char| first.is_ascii_uppercase()), "{text}");
        }
    }
}
