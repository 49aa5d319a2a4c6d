//! A Set-Cookie line and where it was seen in, a report on it out: what a browser would store, or why it would not.
//! Never sends, changes or keeps a cookie, and no text of a report shows a value.

use std::fmt;
use std::time::SystemTime;

use crate::store;

pub use crate::store::{Rejection, Stored};

/// Where and when a Set-Cookie line was seen: what a browser knows besides the line.
///
/// ```
/// use hardtack::audit::{Seen, set_cookie};
///
/// let seen = Seen::http("example.com:8080").path("/dir/page");
/// let stored = set_cookie(b"theme=dark", &seen).stored.unwrap();
/// assert_eq!((stored.domain.as_str(), stored.path.as_str()), ("example.com", "/dir"));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Seen {
    https: bool,
    host: String,
    path: String,
    at: Option<SystemTime>,
}

impl Seen {
    /// Says that the line came over HTTPS from this host, at `/` and now.
    ///
    /// The host is a name, as an A-label where it is not ASCII, or an IP address; letter case and a port are ignored,
    /// since cookies know neither (RFC 6265bis 5.1.2, 8.5). Chromium and Firefox take plain HTTP from a loopback host
    /// for a secure origin too: say `https` to ask about it.
    ///
    /// ```
    /// use hardtack::audit::{Seen, set_cookie};
    ///
    /// assert!(set_cookie(b"id=1; Secure", &Seen::https("example.com")).stored.is_ok());
    /// ```
    pub fn https(host: &str) -> Self {
        Self::from_host(true, host)
    }

    /// Says that the line came over plain HTTP from this host, at `/` and now; of the host, see [`Seen::https`].
    ///
    /// ```
    /// use hardtack::audit::{Rejection, Seen, set_cookie};
    ///
    /// let report = set_cookie(b"id=1; Secure", &Seen::http("example.com"));
    /// assert_eq!(report.stored.unwrap_err(), Rejection::SecureOverPlainHttp);
    /// ```
    pub fn http(host: &str) -> Self {
        Self::from_host(false, host)
    }

    /// Says that the request was for this path, whose directory is that of a cookie without `Path` (RFC 6265bis 5.1.4).
    ///
    /// ```
    /// use hardtack::audit::{Seen, set_cookie};
    ///
    /// let seen = Seen::https("example.com").path("/dir/page?query");
    /// assert_eq!(set_cookie(b"id=1", &seen).stored.unwrap().path, "/dir");
    /// ```
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Says when the line was seen; without it, lives count from when it is judged.
    ///
    /// ```
    /// use hardtack::audit::{Seen, set_cookie};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let line = b"id=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT";
    /// let then = Seen::https("example.com").at(SystemTime::UNIX_EPOCH + Duration::from_secs(784_000_000));
    /// assert!(!set_cookie(line, &then).stored.unwrap().is_removal());
    /// assert!(set_cookie(line, &Seen::https("example.com")).stored.unwrap().is_removal());
    /// ```
    pub fn at(mut self, time: SystemTime) -> Self {
        self.at = Some(time);
        self
    }

    fn from_host(https: bool, host: &str) -> Self {
        let bare = match host.rsplit_once(':') {
            // The colons of an IPv6 address without brackets are its own.
            Some((bare, port))
                if port.bytes().all(|octet| octet.is_ascii_digit()) && (!bare.contains(':') || bare.ends_with(']')) =>
            {
                bare
            }
            _ => host,
        };
        Seen { https, host: bare.to_ascii_lowercase(), path: String::from("/"), at: None }
    }
}

/// What a browser does with one Set-Cookie line.
///
/// ```
/// use hardtack::audit::{Seen, set_cookie};
///
/// let report = set_cookie(b"id=1; Domain=example.org", &Seen::https("example.com"));
/// assert_eq!(
///     report.to_string(),
///     "not stored: `Domain=example.org` is neither the host `example.com` nor a parent of it; \
///      write one of these, or leave `Domain` out",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Report {
    /// The cookie that a browser keeps, or why it keeps none (RFC 6265bis 5.6-5.7).
    pub stored: Result<Stored, Rejection>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stored {
            Ok(stored) => write!(f, "stored: {stored}"),
            Err(rejection) => write!(f, "not stored: {rejection}"),
        }
    }
}

/// Judges the value of one `Set-Cookie` field as a browser does that follows RFC 6265bis 5.6-5.7, layered-cookies for
/// the two `Http-` prefixes, and CHIPS.
///
/// The line is judged alone: what a browser has stored before, and whether it takes cookies in a cross-site frame, is
/// not known here.
///
/// ```
/// use hardtack::audit::{Seen, set_cookie};
///
/// let report = set_cookie(b"__Host-id=1; Secure; Path=/", &Seen::https("example.com"));
/// let stored = report.stored.unwrap();
/// assert!(stored.secure && stored.host_only && stored.expires.is_none());
/// ```
pub fn set_cookie(line: &[u8], seen: &Seen) -> Report {
    let now = seen.at.unwrap_or_else(SystemTime::now);
    Report { stored: store::take(line, seen.https, &seen.host, &seen.path, now) }
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
        let report = |line: &[u8]| set_cookie(line, &seen).to_string();
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
}
