//! The context of an audited header or response: the scheme, the host, the time, and other properties of the request
//! and the response. The caller of the audit sets the context.

use std::time::SystemTime;

use http::{Method, StatusCode};

use crate::clock;
use crate::cookie::declaration::Spec;
use crate::request::accept::wants_html;
use crate::request::host::without_port;

/// The context of a `Set-Cookie` header or a response: the scheme, the host, the path and the time. Browsers use these
/// four facts when they store a cookie. A context can also contain properties of the request, the status of the
/// response, and cookie declarations.
///
/// ```
/// use hardtack::audit::{Context, set_cookie};
///
/// let context = Context::http("example.com:8080").path("/dir/page");
/// let stored = set_cookie(b"theme=dark", &context).stored.unwrap();
/// assert_eq!((stored.domain.as_str(), stored.path.as_str()), ("example.com", "/dir"));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Context {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) time: Option<SystemTime>,
    pub(crate) declared: Vec<Spec>,
    pub(crate) request: Option<Request>,
    pub(crate) status: Option<StatusCode>,
}

impl Context {
    /// Returns the context of a response that came over HTTPS from `host`. The path of the request is `/`. The time of
    /// the response is the current time.
    ///
    /// `host` is a host name or an IP address. If a host name is not ASCII, write its A-label, such as
    /// `xn--bcher-kva.example`. The letter case and the port of `host` are ignored. Browsers also ignore the letter
    /// case and the port when they compare a host with a cookie's domain (6265bis 5.1.2, 8.5).
    ///
    /// Chromium and Firefox treat a loopback host as a secure origin, even over plain HTTP. So use `Context::https` for
    /// every response from a loopback host.
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    ///
    /// let stored = set_cookie(b"id=1; Secure", &Context::https("Example.com:443")).stored.unwrap();
    /// assert_eq!((stored.domain.as_str(), stored.secure), ("example.com", true));
    /// ```
    pub fn https(host: &str) -> Self {
        Self::from_host(true, host)
    }

    /// Returns the context of a response that came over plain HTTP from `host`. The path of the request is `/`. The
    /// time of the response is the current time. The documentation of [`Context::https`] describes the format of
    /// `host`.
    ///
    /// ```
    /// use hardtack::audit::{Context, Rejection, set_cookie};
    ///
    /// let report = set_cookie(b"id=1; Secure", &Context::http("example.com"));
    /// assert_eq!(report.stored.unwrap_err(), Rejection::SecureOverPlainHttp);
    /// ```
    pub fn http(host: &str) -> Self {
        Self::from_host(false, host)
    }

    /// Sets the path of the request. If a `Set-Cookie` header has no `Path`, the cookie's path is the directory of the
    /// request's path (6265bis 5.1.4).
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    ///
    /// let context = Context::https("example.com").path("/dir/page?query");
    /// assert_eq!(set_cookie(b"id=1", &context).stored.unwrap().path, "/dir");
    /// ```
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Sets the time at which the response was received. The lifetime of a cookie begins when the browser receives the
    /// response. The default time is the time of the audit.
    ///
    /// On WebAssembly without an operating system, hardtack has a clock only with the feature `axum`, `seal` or `web`.
    /// Without a clock, the default time of a response is 1 January 1970.
    ///
    /// ```
    /// use hardtack::audit::{Context, set_cookie};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let header = b"id=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT";
    /// let then = Context::https("example.com").at(SystemTime::UNIX_EPOCH + Duration::from_secs(784_000_000));
    /// assert!(!set_cookie(header, &then).stored.unwrap().is_removal());
    /// assert!(set_cookie(header, &Context::https("example.com")).stored.unwrap().is_removal());
    /// ```
    pub fn at(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Adds cookie declarations of this program: the `SPEC` of a cookie, or the `SPECS` of a
    /// [`cookies`](macro@crate::cookies) struct.
    ///
    /// If a cookie's declaration gives a reason for a weakness, the finding about the weakness is
    /// [expected](crate::audit::Finding::is_expected), and contains the reason. A finding without a reason is
    /// unexpected.
    ///
    /// ```
    /// use hardtack::audit::{Context, Weakness, set_cookie};
    /// use hardtack::CookieValue;
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
    /// let context = Context::https("shop.example").declared(ShopCookies::SPECS);
    /// let report = set_cookie(b"__Host-theme=dark; Path=/; Secure", &context);
    /// let findings: Vec<_> = report.findings.iter().map(|finding| (finding.rule, finding.reason)).collect();
    /// assert_eq!(findings, [
    ///     (Weakness::ScriptReadable, Some("theme.js applies it before first paint")),
    ///     (Weakness::SameSiteMissing, None),
    /// ]);
    /// # let _ = (Theme::Light, Theme::Dark);
    /// ```
    pub fn declared(mut self, specs: &[Spec]) -> Self {
        self.declared.extend_from_slice(specs);
        self
    }

    /// Sets the method and the `Accept` header of the request. The argument `accept` may be empty.
    ///
    /// If the method and the `Accept` header are known, [`response`](crate::audit::response) can distinguish page
    /// requests from API requests. A server must refuse an API request over plain HTTP, and must not redirect the
    /// request (OWASP ASVS 4.1.2).
    ///
    /// ```
    /// use hardtack::audit::{Context, Weakness, response};
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("location", "https://shop.example/api".parse().unwrap());
    /// let context = Context::http("shop.example");
    ///
    /// assert!(response(&headers, &context.clone().request("GET", "text/html")).is_empty());
    /// let reports = response(&headers, &context.request("POST", "application/json"));
    /// assert_eq!(reports[0].findings[0].rule, Weakness::IntegrationRedirected);
    /// ```
    pub fn request(mut self, method: &str, accept: &str) -> Self {
        self.request = Some(Request::new(method, accept));
        self
    }

    /// Sets the status of the response. If the context has no status, every response with a `Location` header counts as
    /// a redirect, even a 201 response.
    ///
    /// ```
    /// use hardtack::audit::{Context, Weakness, response};
    /// use http::StatusCode;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("location", "https://shop.example/orders/7".parse().unwrap());
    /// let context = Context::http("shop.example").request("POST", "");
    ///
    /// assert_eq!(response(&headers, &context)[0].findings[0].rule, Weakness::IntegrationRedirected);
    /// // A 201 response is not a redirect: the server has answered the request over plain HTTP.
    /// let created = context.status(StatusCode::CREATED);
    /// assert_eq!(response(&headers, &created)[0].findings[0].rule, Weakness::PlainHttpAnswer);
    /// ```
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Returns the time of the response.
    pub(crate) fn now(&self) -> SystemTime {
        self.time.unwrap_or_else(clock::now)
    }

    fn from_host(https: bool, host: &str) -> Self {
        Context {
            https,
            host: without_port(host).to_ascii_lowercase(),
            path: String::from("/"),
            time: None,
            declared: Vec::new(),
            request: None,
            status: None,
        }
    }
}

/// The properties of a request that the audit reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    /// True if the method is GET or HEAD and the `Accept` header contains `text/html`.
    pub(crate) wants_html: bool,
    /// True if the method is GET or HEAD. Caches may store the response to a GET or HEAD request, even if the response
    /// has no `Cache-Control`.
    pub(crate) is_get_or_head: bool,
}

impl Request {
    fn new(method: &str, accept: &str) -> Self {
        let Ok(method) = method.parse::<Method>() else { return Request { wants_html: false, is_get_or_head: false } };
        Request {
            wants_html: wants_html(&method, core::iter::once(accept.as_bytes())),
            is_get_or_head: method == Method::GET || method == Method::HEAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Context;
    use crate::audit::set_cookie;

    #[test]
    fn host_case_and_port_are_ignored() {
        for (host, domain) in [
            ("Example.COM", "example.com"),
            ("example.com:443", "example.com"),
            ("example.com:", "example.com"),
            ("example.com:x", "example.com:x"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
        ] {
            assert_eq!(set_cookie(b"a=b", &Context::https(host)).stored.unwrap().domain, domain, "{host}");
        }
    }
}
