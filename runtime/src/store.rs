//! A Set-Cookie line as a browser takes it (6265bis 5.6-5.7): octets and where they were seen in, the cookie as stored
//! or the rule that rejects it out. Never keeps a jar: what one line does to another's cookie is not its business.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use hardtack_rules::date::imf_fixdate;
use hardtack_rules::syntax::{MAX_LIFE, MAX_PAIR, is_line_control};
use hardtack_rules::{Prefix, SameSite};

use crate::clock::unix_seconds;
use crate::domain::is_public_suffix;
use crate::host::is_address;
use crate::lifetime::Lifetime;
use crate::rejection::Rejection;
use crate::written::{Written, until_fold};

/// A cookie as a browser keeps it (RFC 6265bis 5.7).
///
/// The fields are what the line came to, not what it said: the last of a repeated attribute, the path that stood in for
/// a missing one, the life that was shortened to 400 days. Neither `Display` nor `Debug` shows the value.
///
/// ```
/// use hardtack::audit::{Seen, set_cookie};
///
/// let seen = Seen::https("www.example.com").path("/app/page");
/// let stored = set_cookie(b"theme=dark; Domain=.Example.com; Secure; SameSite=lax", &seen).stored.unwrap();
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
    /// The name, prefix and all; empty where the line has none. Octets that are not UTF-8 read as U+FFFD here; see
    /// [`name_octets`](Stored::name_octets).
    pub name: String,
    /// The value, as it stood between `=` and `;`. Octets that are not UTF-8 read as U+FFFD here; see
    /// [`value_octets`](Stored::value_octets).
    pub value: String,
    /// The host that the cookie goes back to, in lower case; with its subdomains unless `host_only`.
    pub domain: String,
    /// Whether the cookie goes back to that host alone.
    pub host_only: bool,
    /// The path under which the cookie goes back.
    pub path: String,
    /// Whether the cookie goes back over HTTPS only.
    pub secure: bool,
    /// Whether scripts cannot read the cookie.
    pub http_only: bool,
    /// The `SameSite` that is enforced; `None` where the line has none or an unknown one, which browsers treat much as
    /// `Lax`.
    pub same_site: Option<SameSite>,
    /// Whether the cookie is kept apart for each top-level site (CHIPS).
    pub partitioned: bool,
    /// When the cookie ends, 400 days after the line was seen at most (RFC 6265bis 5.5); `None` is when the browser
    /// closes.
    pub expires: Option<SystemTime>,
    removal: bool,
    /// The octets behind `name` and `value`, where those are not UTF-8.
    name_octets: Option<Vec<u8>>,
    value_octets: Option<Vec<u8>>,
}

impl Stored {
    /// Returns whether the cookie had expired when the line was seen: the browser keeps nothing, and removes the cookie
    /// of this name, domain and path that it has (RFC 6265bis 5.7).
    ///
    /// ```
    /// use hardtack::audit::{Seen, set_cookie};
    ///
    /// let seen = Seen::https("example.com");
    /// assert!(set_cookie(b"id=; Max-Age=0", &seen).stored.unwrap().is_removal());
    /// assert!(!set_cookie(b"id=; Max-Age=1", &seen).stored.unwrap().is_removal());
    /// ```
    #[must_use]
    pub fn is_removal(&self) -> bool {
        self.removal
    }

    /// Returns the name's octets as the browser sends them back.
    #[must_use]
    pub fn name_octets(&self) -> &[u8] {
        self.name_octets.as_deref().unwrap_or(self.name.as_bytes())
    }

    /// Returns the value's octets as the browser sends them back.
    ///
    /// ```
    /// use hardtack::audit::{Seen, set_cookie};
    ///
    /// let stored = set_cookie(b"id=\xff", &Seen::https("example.com")).stored.unwrap();
    /// assert_eq!((stored.value.as_str(), stored.value_octets()), ("\u{fffd}", &b"\xff"[..]));
    /// ```
    #[must_use]
    pub fn value_octets(&self) -> &[u8] {
        self.value_octets.as_deref().unwrap_or(self.value.as_bytes())
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => f.write_str("a cookie without a name")?,
            // A terminal would obey the control characters that UTF-8 can hold.
            name => write!(f, "`{}`", name.escape_debug())?,
        }
        let with_subdomains = !self.host_only && !is_address(&self.domain);
        write!(
            f,
            " for `{}`{}",
            until_fold(&self.domain),
            if with_subdomains { " and its subdomains" } else { " alone" }
        )?;
        write!(f, ", path `{}`", until_fold(&self.path).escape_debug())?;
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
        match self.expires.map(|expires| imf_fixdate(unix_seconds(expires))) {
            None => f.write_str(", until the browser closes"),
            Some(None) => f.write_str(", until a date that has no four-digit year"),
            Some(Some(date)) => write!(f, ", until {}", date.escape_ascii()),
        }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("name", &self.name)
            .field("domain", &until_fold(&self.domain))
            .field("host_only", &self.host_only)
            .field("path", &until_fold(&self.path))
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("partitioned", &self.partitioned)
            .field("expires", &self.expires)
            .field("removal", &self.removal)
            .finish_non_exhaustive()
    }
}

/// Takes a Set-Cookie field value as a browser does. `https` says that the origin is secure: loopback is for the caller
/// to decide. `host` is in lower case and without a port, `path` is that of the request.
pub(crate) fn take(line: &[u8], https: bool, host: &str, path: &str, now: SystemTime) -> Result<Stored, Rejection> {
    let written = Written::read(line);
    let (domain, host_only) = admit(line, &written, https, host)?;
    let path = match written.path {
        Some(written @ [b'/', ..]) => String::from_utf8_lossy(written).into_owned(),
        _ => default_path(path).to_owned(),
    };
    let expires = expires(line, now);
    let (name, name_octets) = text(written.name);
    let (value, value_octets) = text(written.value);
    Ok(Stored {
        name,
        value,
        domain: domain.into_owned(),
        host_only,
        path,
        secure: written.secure,
        http_only: written.http_only,
        same_site: written.known_same_site(),
        partitioned: written.partitioned,
        expires,
        removal: expires.is_some_and(|expires| expires <= now),
        name_octets,
        value_octets,
    })
}

/// Finds the first rule by which a browser keeps nothing of the line, else its domain and whether it is for that host
/// alone. This is asked of every line that leaves a server: it reads nothing twice and copies no more than a `Domain`.
pub(crate) fn admit<'a>(
    line: &[u8],
    written: &Written<'_>,
    https: bool,
    host: &'a str,
) -> Result<(Cow<'a, str>, bool), Rejection> {
    // To the end, whatever is found: so it is done in vectors.
    if line.iter().fold(false, |found, octet| found | is_line_control(*octet)) {
        return Err(Rejection::ControlOctet);
    }
    let Written { name, value, secure, http_only, partitioned, .. } = *written;
    if name.is_empty() && value.is_empty() {
        return Err(Rejection::Empty);
    }
    if name.len() + value.len() > MAX_PAIR {
        return Err(Rejection::Size);
    }

    let (domain, host_only) = domain(written.domain.unwrap_or_default(), host)?;
    if secure && !https {
        return Err(Rejection::SecureOverPlainHttp);
    }
    if !secure && written.known_same_site() == Some(SameSite::None) {
        return Err(Rejection::SameSiteNoneWithoutSecure);
    }
    // The host's own root is not enough: `Path=/` has to be written (6265bis 5.7 step 21).
    let to_one_host = host_only && written.path == Some(b"/");
    if let Some(prefix) = Prefix::of_any_case(name).filter(|prefix| !prefix.admits(secure, http_only, to_one_host)) {
        return Err(match prefix {
            Prefix::Secure => Rejection::PrefixSecure,
            Prefix::Host => Rejection::PrefixHost,
            Prefix::Http => Rejection::PrefixHttp,
            Prefix::HostHttp => Rejection::PrefixHostHttp,
        });
    }
    if name.is_empty() && Prefix::of_any_case(value).is_some() {
        return Err(Rejection::NamelessPrefix);
    }
    if partitioned && !secure {
        return Err(Rejection::PartitionedWithoutSecure);
    }
    Ok((domain, host_only))
}

/// 6265bis 5.7 steps 7 to 10: the cookie's domain, and whether it is for that host alone.
fn domain<'a>(attribute: &[u8], host: &'a str) -> Result<(Cow<'a, str>, bool), Rejection> {
    if attribute.is_empty() {
        return Ok((Cow::Borrowed(host), true));
    }
    let Some(domain) = attribute.is_ascii().then(|| text(attribute).0.to_ascii_lowercase()) else {
        return Err(Rejection::DomainNotAscii);
    };
    if !is_address(&domain) && is_public_suffix(&domain) {
        // Who is a public suffix, such as `localhost` or `github.io`, may set cookies for itself.
        return if domain == host { Ok((domain.into(), true)) } else { Err(Rejection::PublicSuffix { domain }) };
    }
    if !domain_matches(host, &domain) {
        return Err(Rejection::DomainMismatch { domain, host: host.to_owned() });
    }
    Ok((domain.into(), false))
}

/// 6265bis 5.1.3.
pub(crate) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|subdomain| subdomain.ends_with('.')) && !is_address(host)
}

/// 6265bis 5.1.4: whether a request for `path` carries a cookie of this Path, and a page there sees it.
#[cfg(any(feature = "_layer", feature = "web"))]
pub(crate) fn path_matches(path: &[u8], cookie: &[u8]) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| matches!((cookie.last(), rest.first()), (Some(b'/'), _) | (_, None | Some(b'/'))))
}

/// 6265bis 5.1.4: the request's directory.
fn default_path(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once('/') {
        Some((directory, _)) if directory.starts_with('/') => directory,
        _ => "/",
    }
}

/// 6265bis 5.7 step 6.
fn expires(line: &[u8], now: SystemTime) -> Option<SystemTime> {
    let lifetime = Lifetime::of(line);
    match lifetime.max_age {
        Some(0) => Some(past(now)),
        Some(seconds) => Some(after(now, Duration::from_secs(seconds).min(MAX_LIFE))),
        None => lifetime.expires.map(|seconds| date(seconds, now)),
    }
}

/// 6265bis 5.6.1: the date, or 400 days from now where that is earlier.
fn date(unix_seconds: i64, now: SystemTime) -> SystemTime {
    let distance = Duration::from_secs(unix_seconds.unsigned_abs());
    let date = match unix_seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        // A system that cannot hold the date has the cookie removed all the same.
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance).or(Some(past(now))),
    };
    let limit = after(now, MAX_LIFE);
    date.map_or(limit, |date| date.min(limit))
}

/// The earliest date that every system holds, and never after `now`.
fn past(now: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH.min(now)
}

fn after(now: SystemTime, life: Duration) -> SystemTime {
    now.checked_add(life).unwrap_or(now)
}

/// The octets as text, and as octets where the text could not hold them.
fn text(octets: &[u8]) -> (String, Option<Vec<u8>>) {
    match std::str::from_utf8(octets) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(octets).into_owned(), Some(octets.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{MAX_LIFE, Rejection, Stored, default_path, domain_matches, take};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn https(line: &[u8]) -> Result<Stored, Rejection> {
        take(line, true, "www.example.com", "/dir/page", NOW)
    }

    fn id(line: &str) -> &'static str {
        https(line.as_bytes()).map_or_else(|rejection| rejection.id(), |_| "stored")
    }

    #[test]
    fn every_rejection_has_a_stored_neighbour() {
        let (full, over) = (format!("a={}", "x".repeat(4095)), format!("a={}", "x".repeat(4096)));
        for (rule, rejected, stored) in [
            ("control-octet", "a=b\u{7f}", "a=b\t"),
            ("control-octet", "a=b; x=\u{0}", "a=b; x=\t"),
            ("empty", " = ; Secure", " = b; Secure"),
            ("size", &over, &full),
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
            assert_eq!(id(rejected), rule, "{rejected}");
            assert_eq!(id(stored), "stored", "{stored}");
        }
    }

    #[test]
    fn secure_is_stored_from_a_secure_origin_only() {
        let line = b"a=b; Secure";
        assert_eq!(take(line, false, "example.com", "/", NOW), Err(Rejection::SecureOverPlainHttp));
        assert!(take(line, true, "example.com", "/", NOW).is_ok());
    }

    #[cfg(feature = "web")]
    #[test]
    fn a_path_matches_at_its_segments() {
        for (path, cookie, matches) in [
            ("/", "/", true),
            ("/shop", "/", true),
            ("/shop", "/shop", true),
            ("/shop/7", "/shop", true),
            ("/shop/7", "/shop/", true),
            ("/shop", "/shop/", false),
            ("/shopping", "/shop", false),
            ("/SHOP", "/shop", false),
            ("/", "/shop", false),
            ("blank", "/", false),
        ] {
            assert_eq!(super::path_matches(path.as_bytes(), cookie.as_bytes()), matches, "{path} {cookie}");
        }
    }

    #[test]
    fn the_first_broken_rule_speaks() {
        let line = "__Host-a=b; SameSite=None; Partitioned; Domain=com";
        assert_eq!(id(line), "public-suffix");
        assert_eq!(id(line.strip_suffix("; Domain=com").unwrap()), "same-site-none-secure");
        assert_eq!(id("__Host-a=b; Partitioned"), "prefix-host");
    }

    #[test]
    fn host_prefix_needs_its_path_written_even_at_the_root() {
        for (line, stored) in [
            (&b"__Host-a=b; Secure"[..], false),
            (b"__Host-a=b; Secure; Path=", false),
            (b"__Host-a=b; Secure; Path=x", false),
            (b"__Host-a=b; Secure; Path=/; Path=/a", false),
            (b"__Host-a=b; Secure; Path=/a; Path=/", true),
        ] {
            assert_eq!(take(line, true, "example.com", "/", NOW).is_ok(), stored, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn an_attribute_over_1024_octets_is_ignored() {
        let path = |octets: usize| https(format!("a=b; Path=/{}", "x".repeat(octets - 1)).as_bytes()).unwrap().path;
        assert_eq!(path(1024).len(), 1024);
        assert_eq!(path(1025), "/dir");
        let domain = format!("a=b; Domain=example.com; Domain={}", "x".repeat(1025));
        assert_eq!(https(domain.as_bytes()).unwrap().domain, "example.com");
    }

    #[test]
    fn an_address_is_shared_with_nobody() {
        let domain = |line: &[u8], host| take(line, true, host, "/", NOW).map(|stored| stored.domain);
        assert_eq!(domain(b"a=b; Domain=127.0.0.1", "127.0.0.1").as_deref(), Ok("127.0.0.1"));
        assert_eq!(domain(b"a=b; Domain=[::1]", "[::1]").as_deref(), Ok("[::1]"));
        assert!(domain(b"a=b; Domain=0.0.1", "127.0.0.1").is_err());
        assert!(!domain_matches("127.0.0.1", "0.0.1"));
        assert!(domain_matches("a.0.0.1", "0.0.1"));
    }

    #[test]
    fn a_public_suffix_keeps_its_own_cookies_to_itself() {
        let stored = take(b"a=b; Domain=localhost", true, "localhost", "/", NOW).unwrap();
        assert!(stored.host_only);
        let refused = take(b"a=b; Domain=localhost", true, "app.localhost", "/", NOW);
        assert_eq!(refused.map_err(|rejection| rejection.id()).err(), Some("public-suffix"));
        let dotted = take(b"a=b; Domain=com.", true, "example.com.", "/", NOW);
        assert_eq!(dotted.map_err(|rejection| rejection.id()).err(), Some("public-suffix"));
    }

    #[cfg(feature = "public-suffix")]
    #[test]
    fn the_list_is_asked_for_suffixes_of_several_labels() {
        let id = |line: &[u8], host| take(line, true, host, "/", NOW).map_err(|rejection| rejection.id()).err();
        assert_eq!(id(b"a=b; Domain=co.uk", "example.co.uk"), Some("public-suffix"));
        assert_eq!(id(b"a=b; Domain=example.co.uk", "example.co.uk"), None);
    }

    #[test]
    fn lives_are_clamped_to_400_days() {
        let expires = |line: &str| https(line.as_bytes()).unwrap().expires;
        let end = NOW + MAX_LIFE;
        assert_eq!(expires("a=b; Max-Age=34560000"), Some(end));
        assert_eq!(expires("a=b; Max-Age=34559999"), Some(end - Duration::from_secs(1)));
        assert_eq!(expires("a=b; Max-Age=99999999999999999999999999"), Some(end));
        assert_eq!(expires("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT"), Some(end));
        assert_eq!(expires("a=b; Expires=Sat, 10 Jan 1970 00:00:00 GMT"), Some(NOW + Duration::from_secs(9 * 86_400)));
        assert_eq!(expires("a=b; Expires=never; Max-Age=; Max-Age=-; Max-Age=+1; Max-Age=1.5"), None);
    }

    #[test]
    fn the_last_readable_life_counts_and_max_age_before_expires() {
        let removal = |line: &str| https(line.as_bytes()).unwrap().is_removal();
        assert!(removal("a=b; Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT"));
        assert!(!removal("a=b; Max-Age=9; Expires=Thu, 01 Jan 1601 00:00:00 GMT"));
        assert!(removal("a=b; Max-Age=9; Max-Age=-99999999999999999999999999"));
        assert!(!removal("a=b; Max-Age=-1; Max-Age=9; Max-Age=x"));
        assert!(removal("a=b; Expires=Thu, 01 Jan 1601 00:00:00 GMT"));
        assert!(!removal("a=b"));
    }

    #[test]
    fn the_default_path_is_the_directory() {
        for (path, default) in
            [("", "/"), ("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("a/b", "/"), ("/a?/b/c", "/")]
        {
            assert_eq!(default_path(path), default, "{path}");
        }
    }

    #[test]
    fn octets_outside_utf_8_stay_comparable() {
        let (a, b) = (https(b"n\xfe=\xff; Secure").unwrap(), https(b"n\xfe=\xfe; Secure").unwrap());
        assert_eq!((a.name.as_str(), a.value.as_str()), ("n\u{fffd}", "\u{fffd}"));
        assert_eq!((a.name_octets(), a.value_octets()), (&b"n\xfe"[..], &b"\xff"[..]));
        assert_ne!(a, b);
    }

    #[test]
    fn no_text_shows_the_value() {
        for line in [&b"id=opensesame; Secure"[..], b"opensesame", b"id=opensesame\xff; Max-Age=9"] {
            let stored = https(line).unwrap();
            assert!(!format!("{stored} {stored:?} {stored:#?}").contains("opensesame"));
        }
        for line in
            [&b"id=opensesame\0"[..], b"id=opensesame; Domain=com", b"__Host-id=opensesame", b"__Host-opensesame"]
        {
            let rejection = https(line).unwrap_err();
            assert!(!format!("{rejection} {rejection:?}").contains("opensesame"));
        }
    }

    #[test]
    fn texts_are_fact_and_remedy() {
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
