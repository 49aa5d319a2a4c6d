//! Where and when a line or a response was seen: what an audit knows besides its text. Judges nothing.

use std::time::SystemTime;

use http::{Method, StatusCode};

use crate::clock;
use crate::declare::Spec;
use crate::page::is_page;

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
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) at: Option<SystemTime>,
    pub(crate) declared: Vec<Spec>,
    pub(crate) request: Option<Request>,
    pub(crate) status: Option<StatusCode>,
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

    /// Says when the line was seen; without it, lives count from when it is judged (from 1970 in WebAssembly without a
    /// system and without the feature `web`, where there is no clock).
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

    /// Adds cookies that this program declares: a `SPEC`, or the `SPECS` of a [`cookies`](macro@crate::cookies) struct.
    ///
    /// A finding on a line of such a name is expected where the declaration gives a reason for just that weakening, and
    /// carries the reason. Anything else about the cookie, and anything that others set, stays unexpected.
    ///
    /// ```
    /// use hardtack::audit::{Seen, Weakness, set_cookie};
    /// use hardtack::{Cookie, CookieValue};
    ///
    /// #[derive(CookieValue)]
    /// enum Theme { Light, Dark }
    ///
    /// #[hardtack::cookies]
    /// struct ShopCookies {
    ///     #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    ///     theme: Theme,
    /// }
    ///
    /// let seen = Seen::https("shop.example").declared(ShopCookies::SPECS);
    /// let report = set_cookie(b"__Host-theme=dark; Path=/; Secure", &seen);
    /// let expected: Vec<_> = report.findings.iter().map(|finding| (finding.rule, finding.reason)).collect();
    /// assert_eq!(expected, [
    ///     (Weakness::ScriptReadable, Some("theme.js applies it before first paint")),
    ///     (Weakness::SameSiteMissing, None),
    /// ]);
    /// # let _ = (Theme::Light, Theme::Dark);
    /// ```
    pub fn declared(mut self, specs: &[Spec]) -> Self {
        self.declared.extend_from_slice(specs);
        self
    }

    /// Says what the request was: its method and its `Accept` field, which may be empty.
    ///
    /// With it [`response`](crate::audit::response) tells a page from an integration, which must be refused over plain HTTP and not redirected
    /// (OWASP ASVS 4.1.2).
    ///
    /// ```
    /// use hardtack::audit::{Seen, Weakness, response};
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("location", "https://shop.example/api".parse().unwrap());
    /// let seen = Seen::http("shop.example");
    /// assert!(response(&headers, &seen.clone().request("GET", "text/html")).is_empty());
    /// let reports = response(&headers, &seen.request("POST", "application/json"));
    /// assert_eq!(reports[0].findings[0].rule, Weakness::IntegrationRedirected);
    /// ```
    pub fn request(mut self, method: &str, accept: &str) -> Self {
        self.request = Some(Request::new(method, accept));
        self
    }

    /// Says what the response's status was, so that the `Location` of a 201 is taken for no redirect.
    ///
    /// ```
    /// use hardtack::audit::{Seen, response};
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("location", "https://shop.example/orders/7".parse().unwrap());
    /// let seen = Seen::http("shop.example").request("POST", "").status(http::StatusCode::CREATED);
    /// assert!(response(&headers, &seen).is_empty());
    /// ```
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.at.unwrap_or_else(clock::now)
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
        Seen {
            https,
            host: bare.to_ascii_lowercase(),
            path: String::from("/"),
            at: None,
            declared: Vec::new(),
            request: None,
            status: None,
        }
    }
}

/// What a request was, as far as an auditor asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    /// GET or HEAD whose `Accept` names `text/html`.
    pub(crate) is_page: bool,
    pub(crate) is_safe: bool,
}

impl Request {
    fn new(method: &str, accept: &str) -> Self {
        let Ok(method) = method.parse::<Method>() else { return Request { is_page: false, is_safe: false } };
        let is_safe = method == Method::GET || method == Method::HEAD;
        Request { is_page: is_page(&method, core::iter::once(accept.as_bytes())), is_safe }
    }
}
