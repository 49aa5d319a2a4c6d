//! The setting `force_https` for requests over plain HTTP. The module `middleware::plain_http` applies this setting.

use http::Method;

use super::error::{PolicyError, check_host_name};
use super::paths;
use crate::request::acme::is_acme_challenge;
use crate::request::host::Host;

/// The setting for requests over plain HTTP.
///
/// If `force_https` is on, the middleware redirects a page request to the same URL over HTTPS. A page request is a GET
/// or HEAD request whose `Accept` header contains `text/html`.
///
/// If `force_https` is on, the middleware refuses API requests over plain HTTP. An API request is a request that is not
/// a page request, or a request for a path under [`api_paths`](ForceHttps::api_paths). A redirect would hide the
/// mistake of an API client that sends credentials over plain HTTP (OWASP ASVS 4.1.2).
///
/// These requests are never redirected:
///
/// - A request that claims HTTPS in a header, if the header does not come from a trusted proxy. The middleware refuses
///   the request, because the request after the redirect would count as plain HTTP again.
/// - A request whose redirect would go to a loopback host such as `localhost`, if
///   [`https_port`](ForceHttps::https_port) is not set. The middleware refuses the request.
/// - A GET or HEAD request for an ACME HTTP-01 challenge (`/.well-known/acme-challenge/` and a token). The application
///   handles the request, so the renewal of a certificate needs no exemption.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::policy::ForceHttps;
///
/// let force = ForceHttps::on().api_paths(["/api"]).exempt(["/health"]).hosts(["www.example.com"]);
/// assert_eq!(Policy::builder().force_https(force.clone()).build().unwrap().force_https(), &force);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ForceHttps {
    on: bool,
    pages_only: bool,
    api_paths: Vec<String>,
    exempt: Vec<String>,
    exempt_under: Vec<String>,
    hosts: Option<Vec<String>>,
    redirect_host: Option<String>,
    https_port: Option<u16>,
}

/// The default port of HTTPS. A URL does not need to contain the default port (RFC 9110 4.2.2).
const HTTPS_PORT: u16 = 443;

impl ForceHttps {
    /// Makes a setting that redirects page requests over plain HTTP and refuses API requests over plain HTTP. By
    /// default, `force_https` is on.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(Policy::default().force_https(), &ForceHttps::on());
    /// ```
    pub fn on() -> Self {
        ForceHttps {
            on: true,
            pages_only: true,
            api_paths: Vec::new(),
            exempt: Vec::new(),
            exempt_under: Vec::new(),
            hosts: None,
            redirect_host: None,
            https_port: None,
        }
    }

    /// Makes a setting that accepts all requests over plain HTTP. With this setting, hardtack still sets and reads
    /// Secure cookies over HTTPS only.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::ForceHttps;
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::off()).build().unwrap();
    /// assert_ne!(policy.force_https(), &ForceHttps::on());
    /// ```
    pub fn off() -> Self {
        ForceHttps { on: false, ..ForceHttps::on() }
    }

    /// Adds path prefixes of an API. If the path of a plain HTTP request is under one of the prefixes, the middleware
    /// refuses the request, even if the `Accept` header contains `text/html`.
    ///
    /// A path prefix covers only whole path segments: the prefix `/api` covers the paths `/api` and `/api/x`, but not
    /// `/apix`. The comparison is case-sensitive.
    ///
    /// The middleware compares each prefix with two paths: the path from the client, and the normalised path. To
    /// normalise a path, the middleware decodes the percent-escapes of letters, digits, `-`, `.`, `_` and `~`, and
    /// removes empty segments and dot segments. Some routers also normalise the path before they look for the handler.
    /// A prefix must not be a pattern of a router, such as `/api/{id}`, `/api/:id`, `/api/<id>` or `/api/*`.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn status(policy: &Policy, host: &str, path: &str) -> u16 {
    /// #     let request = http::Request::get(path).header("Host", host).header("Accept", "text/html");
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.status().as_u16()
    /// # }
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on().api_paths(["/api"])).build()?;
    /// // The status of the response to a browser's request over plain HTTP:
    /// assert_eq!(status(&policy, "shop.example", "/api/me"), 403);
    /// assert_eq!(status(&policy, "shop.example", "//%61pi/me"), 403);
    /// assert_eq!(status(&policy, "shop.example", "/apix"), 308);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn api_paths(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.api_paths.extend(prefixes.into_iter().map(Into::into));
        self
    }

    /// Exempts paths from `force_https`, such as the path of a health check. The middleware accepts plain HTTP on an
    /// exempt path, but Secure cookies are still only set over HTTPS. A handler or a session middleware on an exempt
    /// path must take `Cookies<AnyScheme>`, because `Cookies` accepts only HTTPS requests.
    ///
    /// A request is exempt only if its path is equal to one of the exempt paths. The query of the request is ignored.
    /// An exempt path stays exempt even if the path is also under a prefix of [`api_paths`](ForceHttps::api_paths). An
    /// exempt path must not be a pattern of a router, such as `/health/{part}`.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn status(policy: &Policy, host: &str, path: &str) -> u16 {
    /// #     let request = http::Request::get(path).header("Host", host).header("Accept", "text/html");
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.status().as_u16()
    /// # }
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on().exempt(["/health"])).build()?;
    /// // The application handles the first request. It has no routes, so the status is 404.
    /// assert_eq!(status(&policy, "shop.example", "/health?deep=1"), 404);
    /// assert_eq!(status(&policy, "shop.example", "/health/"), 308);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn exempt(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exempt.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Exempts all paths under a prefix from `force_https`, such as `/internal` for requests between services. A path
    /// prefix covers only whole path segments. On an exempt path, the same rules apply as for
    /// [`exempt`](ForceHttps::exempt).
    ///
    /// If a path is under a prefix of `exempt_under` and also under a prefix of [`api_paths`](ForceHttps::api_paths),
    /// the longer prefix wins. A path with a dot segment, `//`, `\`, `%2e`, `%2f` or `%5c` is never exempt under a
    /// prefix, because a router and hardtack could interpret the path differently.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn status(policy: &Policy, host: &str, path: &str) -> u16 {
    /// #     let request = http::Request::get(path).header("Host", host).header("Accept", "text/html");
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.status().as_u16()
    /// # }
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on().exempt_under(["/internal"])).build()?;
    /// // The application handles the first request. It has no routes, so the status is 404.
    /// assert_eq!(status(&policy, "shop.example", "/internal/7"), 404);
    /// assert_eq!(status(&policy, "shop.example", "/internal/../account"), 308);
    ///
    /// let pattern = Policy::builder().force_https(ForceHttps::on().exempt_under(["/internal/{id}"]));
    /// assert_eq!(
    ///     pattern.build().unwrap_err().to_string(),
    ///     "`force_https.exempt_under`: `/internal/{id}` is a pattern; write its fixed part, as in \"/internal\""
    /// );
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn exempt_under(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exempt_under.extend(prefixes.into_iter().map(Into::into));
        self
    }

    /// Sets whether the middleware redirects page requests only. The default is `true`. With `false`, the middleware
    /// redirects every GET and HEAD request, except under [`api_paths`](ForceHttps::api_paths). The middleware still
    /// refuses requests with all other methods.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn status(policy: &Policy, host: &str, path: &str) -> u16 {
    /// #     let request = http::Request::get(path).header("Host", host);
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.status().as_u16()
    /// # }
    ///
    /// // The status of the response to a GET request without an `Accept` header:
    /// assert_eq!(status(&Policy::default(), "shop.example", "/robots.txt"), 403);
    /// let policy = Policy::builder().force_https(ForceHttps::on().pages_only(false)).build()?;
    /// assert_eq!(status(&policy, "shop.example", "/robots.txt"), 308);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn pages_only(mut self, pages_only: bool) -> Self {
        self.pages_only = pages_only;
        self
    }

    /// Adds host names to which the middleware may redirect requests. If the list has several hosts, and the host of a
    /// request is not in the list, the middleware refuses the request. If the list has one host, every redirect goes to
    /// this host, as with [`redirect_host`](ForceHttps::redirect_host).
    ///
    /// The middleware ignores the letter case and a trailing dot of a host name. If `hosts` is not set, the middleware
    /// redirects a page request to the host of the request, and only checks the syntax of this host.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn status(policy: &Policy, host: &str, path: &str) -> u16 {
    /// #     let request = http::Request::get(path).header("Host", host).header("Accept", "text/html");
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.status().as_u16()
    /// # }
    ///
    /// let hosts = ["shop.example", "www.shop.example"];
    /// let policy = Policy::builder().force_https(ForceHttps::on().hosts(hosts)).build()?;
    /// assert_eq!(status(&policy, "shop.example", "/"), 308);
    /// assert_eq!(status(&policy, "evil.example", "/"), 403);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hosts.get_or_insert_default().extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the host of every redirect. The middleware then ignores the `Host` header of the request. The header can be
    /// missing or invalid, or can contain a different name, for example the name that a proxy uses for this server.
    ///
    /// If [`hosts`](ForceHttps::hosts) is set, the list of `hosts` must contain this host.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn location(policy: &Policy, host: &str, path: &str) -> String {
    /// #     let request = http::Request::get(path).header("Host", host).header("Accept", "text/html");
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.headers()["location"].to_str().unwrap().to_owned()
    /// # }
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on().redirect_host("shop.example")).build()?;
    /// assert_eq!(location(&policy, "shop_upstream:3000", "/cart?a=b"), "https://shop.example/cart?a=b");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn redirect_host(mut self, host: impl Into<String>) -> Self {
        self.redirect_host = Some(host.into());
        self
    }

    /// Sets the port in the URL of a redirect. The default port is 443. Without `https_port`, the middleware never
    /// redirects to a loopback host such as `localhost`, because a development server seldom uses port 443.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    /// use hardtack::{Policy, TlsTermination};
    /// # use axum::{Router, body::Body};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service as _;
    /// # fn location(policy: &Policy, host: &str, path: &str) -> String {
    /// #     let request = http::Request::get(path).header("Host", host).header("Accept", "text/html");
    /// #     let mut service = policy.layer(TlsTermination::none()).layer(Router::<()>::new());
    /// #     let response = service.call(request.body(Body::empty()).unwrap());
    /// #     let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).unwrap();
    /// #     response.headers()["location"].to_str().unwrap().to_owned()
    /// # }
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?;
    /// assert_eq!(location(&policy, "shop.example:8080", "/"), "https://shop.example:8443/");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn https_port(mut self, port: u16) -> Self {
        self.https_port = Some(port);
        self
    }

    /// Returns true if `force_https` is on.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert!(ForceHttps::on().is_on());
    /// assert!(!ForceHttps::off().is_on());
    /// ```
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Returns true if the middleware redirects page requests only.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert!(ForceHttps::on().is_pages_only());
    /// assert!(!ForceHttps::on().pages_only(false).is_pages_only());
    /// ```
    #[must_use]
    pub fn is_pages_only(&self) -> bool {
        self.pages_only
    }

    /// Returns the path prefixes that were passed to [`api_paths`](ForceHttps::api_paths).
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(ForceHttps::on().api_paths(["/api"]).api_prefixes(), ["/api"]);
    /// ```
    #[must_use]
    pub fn api_prefixes(&self) -> &[String] {
        &self.api_paths
    }

    /// Returns the paths that were passed to [`exempt`](ForceHttps::exempt).
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(ForceHttps::on().exempt(["/health"]).exempt_paths(), ["/health"]);
    /// ```
    #[must_use]
    pub fn exempt_paths(&self) -> &[String] {
        &self.exempt
    }

    /// Returns the path prefixes that were passed to [`exempt_under`](ForceHttps::exempt_under).
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(ForceHttps::on().exempt_under(["/internal"]).exempt_prefixes(), ["/internal"]);
    /// ```
    #[must_use]
    pub fn exempt_prefixes(&self) -> &[String] {
        &self.exempt_under
    }

    /// Returns the host names that were passed to [`hosts`](ForceHttps::hosts). If `hosts` is not set, the result is
    /// empty.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(ForceHttps::on().hosts(["a.example", "b.example"]).listed_hosts(), ["a.example", "b.example"]);
    /// ```
    #[must_use]
    pub fn listed_hosts(&self) -> &[String] {
        self.hosts.as_deref().unwrap_or_default()
    }

    /// Returns the host to which every redirect goes: the value of [`redirect_host`](ForceHttps::redirect_host), or the
    /// host in [`hosts`](ForceHttps::hosts) if this list has one host. If there is no such host, returns `None`.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(ForceHttps::on().redirect_host("a.example").fixed_host(), Some("a.example"));
    /// assert_eq!(ForceHttps::on().hosts(["a.example"]).fixed_host(), Some("a.example"));
    /// assert_eq!(ForceHttps::on().hosts(["a.example", "b.example"]).fixed_host(), None);
    /// ```
    #[must_use]
    pub fn fixed_host(&self) -> Option<&str> {
        match (&self.redirect_host, self.listed_hosts()) {
            (Some(host), _) => Some(host),
            (None, [host]) => Some(host),
            (None, _) => None,
        }
    }

    /// Returns the port for redirects, or `None` if [`https_port`](ForceHttps::https_port) is not set.
    ///
    /// ```
    /// use hardtack::policy::ForceHttps;
    ///
    /// assert_eq!(ForceHttps::on().https_port(8443).redirect_port(), Some(8443));
    /// assert_eq!(ForceHttps::on().redirect_port(), None);
    /// ```
    #[must_use]
    pub fn redirect_port(&self) -> Option<u16> {
        self.https_port
    }

    pub(super) fn enabled(self, on: bool) -> Self {
        ForceHttps { on, ..self }
    }

    /// Checks the paths, the hosts and the port. To make later comparisons simple, the function also removes trailing
    /// slashes from path prefixes, and trailing dots from hosts.
    pub(super) fn check(mut self) -> Result<Self, PolicyError> {
        for prefix in &mut self.api_paths {
            paths::check_prefix("force_https.api_paths", prefix)?;
        }
        for exempt in &self.exempt {
            paths::check_whole_path("force_https.exempt", exempt)?;
        }
        for prefix in &mut self.exempt_under {
            paths::check_exempt_prefix("force_https.exempt_under", prefix)?;
        }
        for name in self.hosts.iter_mut().flatten() {
            check_host_name("force_https.hosts", name)?;
            name.truncate(without_dot(name).len());
        }
        if self.hosts.as_ref().is_some_and(Vec::is_empty) {
            let problem = "the list is empty; name the hosts to which a redirect may go, or leave the key out";
            return Err(PolicyError::new("force_https.hosts", problem));
        }
        if let Some(name) = &mut self.redirect_host {
            check_host_name("force_https.redirect_host", name)?;
            name.truncate(without_dot(name).len());
        }
        if let Some(host) = self.redirect_host.as_deref().filter(|host| !self.is_listed(host)) {
            let problem = format!("`{host}` is not in `force_https.hosts`; add it there");
            return Err(PolicyError::new("force_https.redirect_host", problem));
        }
        if self.https_port == Some(0) {
            let problem = "0 is not a port; write a number from 1 to 65535, or leave the key out for 443";
            return Err(PolicyError::new("force_https.https_port", problem));
        }
        Ok(self)
    }

    /// Returns true if the middleware accepts plain HTTP for the path.
    pub(crate) fn is_exempt(&self, path: &str) -> bool {
        if self.exempt.iter().any(|exempt| exempt == path) {
            return true;
        }
        if self.exempt_under.is_empty() || paths::is_ambiguous(path) {
            return false;
        }
        let exempt = paths::longest_prefix(&self.exempt_under, path);
        exempt.is_some_and(|length| self.longest_api_prefix(path).is_none_or(|api_length| api_length < length))
    }

    /// Returns true if the request is for an ACME HTTP-01 challenge. The certificate authority sends this request over
    /// plain HTTP.
    pub(crate) fn is_acme_challenge(method: &Method, path: &str) -> bool {
        (method == Method::GET || method == Method::HEAD) && is_acme_challenge(path)
    }

    /// Returns true if the path or the normalised path is under a prefix of [`api_paths`](ForceHttps::api_paths).
    pub(crate) fn is_api_path(&self, path: &str) -> bool {
        self.longest_api_prefix(path).is_some()
    }

    /// Returns the length of the longest prefix of `api_paths` that covers the path or the normalised path.
    fn longest_api_prefix(&self, path: &str) -> Option<usize> {
        if self.api_paths.is_empty() {
            return None;
        }
        let (raw, folded) = (path, paths::fold(path));
        paths::longest_prefix(&self.api_paths, raw).max(paths::longest_prefix(&self.api_paths, &folded))
    }

    /// Returns true if the middleware may redirect a request to the host.
    pub(crate) fn may_redirect_to(&self, host: Host<'_>) -> bool {
        self.is_listed(host.as_str())
    }

    fn is_listed(&self, host: &str) -> bool {
        let host = without_dot(host);
        self.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host)))
    }

    /// Returns the port that the URL of a redirect must contain. Returns `None` for the default port 443, because a URL
    /// does not need to contain the default port.
    pub(crate) fn explicit_port(&self) -> Option<u16> {
        self.https_port.filter(|port| *port != HTTPS_PORT)
    }
}

impl Default for ForceHttps {
    fn default() -> Self {
        ForceHttps::on()
    }
}

impl From<bool> for ForceHttps {
    fn from(on: bool) -> Self {
        ForceHttps::on().enabled(on)
    }
}

/// Removes the trailing dot of a host name, because `example.com.` and `example.com` are the same host.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::ForceHttps;
    use crate::policy::Policy;

    fn error(force: ForceHttps) -> String {
        Policy::builder().force_https(force).build().unwrap_err().to_string()
    }

    #[test]
    fn invalid_paths_are_refused() {
        for (path, text) in [
            ("health", "`health` does not begin with `/`; write it as in \"/health\""),
            ("", "`` does not begin with `/`; write it as in \"/\""),
            (" /x", "` /x` does not begin with `/`"),
            ("/a?b", "`/a?b` contains `?`"),
            ("/a b", "`/a b` contains ` `"),
            ("/é", "`/é` contains `é`"),
            ("/a\n", "`/a\\n` contains `\\n`"),
            ("/api/*", "`/api/*` is a pattern; "),
            ("/api/{id}/x", "`/api/{id}/x` is a pattern; "),
            ("/api/v{id}", "`/api/v{id}` is a pattern; "),
            ("/api/:id", "`/api/:id` is a pattern; "),
            ("/api/<id..>", "`/api/<id..>` is a pattern; "),
            ("/{*rest}", "`/{*rest}` is a pattern; "),
        ] {
            let exempt = error(ForceHttps::on().exempt(["/ok", path]));
            assert!(exempt.starts_with(&format!("`force_https.exempt`: {text}")), "{exempt}");
            let api_path = error(ForceHttps::off().api_paths([path]));
            assert!(api_path.starts_with(&format!("`force_https.api_paths`: {text}")), "{api_path}");
            let exempt_under = error(ForceHttps::on().exempt_under([path]));
            assert!(exempt_under.starts_with(&format!("`force_https.exempt_under`: {text}")), "{exempt_under}");
        }
    }

    #[test]
    fn errors_name_one_remedy() {
        const CHALLENGE: &str = "/.well-known/acme-challenge/{token}";
        for (force, text) in [
            (
                ForceHttps::on().exempt([CHALLENGE]),
                "`force_https.exempt`: `/.well-known/acme-challenge/{token}` is a pattern; exempt all paths under its \
                 fixed part with `exempt_under`, as in \"/.well-known/acme-challenge\"",
            ),
            (ForceHttps::on().exempt(["/*"]), "`force_https.exempt`: `/*` is a pattern; write each path in full"),
            (
                ForceHttps::on().api_paths(["/api/<id>"]),
                "`force_https.api_paths`: `/api/<id>` is a pattern; write its fixed part, as in \"/api\"",
            ),
            (
                ForceHttps::on().api_paths(["/:all"]),
                "`force_https.api_paths`: `/:all` is a pattern; write each prefix in full",
            ),
            (
                ForceHttps::on().api_paths(["/%61pi//v1/../v2"]),
                "`force_https.api_paths`: `/%61pi//v1/../v2` is not normalised; write \"/api/v2\"",
            ),
            (
                ForceHttps::on().exempt_under(["/a/.."]),
                "`force_https.exempt_under`: `/a/..` is not normalised; write \"/\"",
            ),
            (
                ForceHttps::on().exempt_under(["/a%2Fb"]),
                "`force_https.exempt_under`: `/a%2Fb` contains `\\`, `%2f` or `%5c`, and no path with these is exempt; \
                 write a shorter prefix",
            ),
            (
                ForceHttps::on().exempt_under(["/"]),
                "`force_https.exempt_under`: `/` exempts every path; set `force_https` to `false` instead",
            ),
            (
                ForceHttps::on().hosts(["a.example", "b.example"]).redirect_host("c.example"),
                "`force_https.redirect_host`: `c.example` is not in `force_https.hosts`; add it there",
            ),
            (
                ForceHttps::on().redirect_host("c.example:8443"),
                "`force_https.redirect_host`: `c.example:8443` is not a host name; write it without scheme, port and \
                 path, as in \"www.example.com\"",
            ),
        ] {
            assert_eq!(error(force), text);
        }
    }

    #[test]
    fn exempt_prefix_never_exempts_ambiguous_paths() {
        let force = ForceHttps::on().exempt_under(["/internal/", "/api/open"]).exempt(["/internal/../x"]);
        let policy = Policy::builder().force_https(force.api_paths(["/api", "/internal/secret"])).build().unwrap();
        let force = policy.force_https();
        for path in ["/internal", "/internal/", "/internal/7", "/internal/a/b", "/api/open/x", "/internal/../x"] {
            assert!(force.is_exempt(path), "{path}");
        }
        for path in [
            "/internalx",
            "/Internal",
            "/x/internal",
            "//internal/x",
            "/internal//x",
            "/internal/../account",
            "/internal/..",
            "/internal/./x",
            "/internal/\\x",
            "/internal/%2e%2e/account",
            "/internal/%2E%2E%2Faccount",
            "/internal/a%5Cb",
            "/%69nternal/x",
            // The longer prefix of `api_paths` wins.
            "/internal/secret",
            "/internal/secret/x",
            "/internal/%73ecret",
            "/api/x",
            "/",
            "*",
            "",
        ] {
            assert!(!force.is_exempt(path), "{path}");
        }
    }

    #[test]
    fn one_host_is_fixed() {
        let fixed = |force: ForceHttps| {
            let policy = Policy::builder().force_https(force).build().unwrap();
            policy.force_https().fixed_host().map(str::to_owned)
        };
        assert_eq!(fixed(ForceHttps::on()), None);
        assert_eq!(fixed(ForceHttps::on().hosts(["a.example."])).as_deref(), Some("a.example"));
        assert_eq!(fixed(ForceHttps::on().hosts(["a.example", "b.example"])), None);
        let both = ForceHttps::on().hosts(["a.example", "B.example"]).redirect_host("b.example.");
        assert_eq!(fixed(both).as_deref(), Some("b.example"));
    }

    #[test]
    fn invalid_hosts_and_ports_are_refused() {
        for name in ["", "a:80", "https://a", "a/", "*.a", ".a", "a..b", "a@b", "::1", "1.2.3"] {
            let error = error(ForceHttps::on().hosts([name]));
            assert!(error.contains("is not a host name; write it without scheme, port and path"), "{error}");
        }
        assert!(error(ForceHttps::on().hosts(["bücher.example"])).ends_with("as in \"xn--bcher-kva.example\""));
        assert!(error(ForceHttps::on().hosts([""; 0])).starts_with("`force_https.hosts`: the list is empty; "));
        assert!(error(ForceHttps::on().https_port(0)).starts_with("`force_https.https_port`: 0 is not a port; "));
    }

    #[test]
    fn prefix_ends_at_a_segment() {
        for (prefix, path, inside) in [
            ("/api", "/api", true),
            ("/api", "/api/", true),
            ("/api", "/api/x", true),
            ("/api", "/apix", false),
            ("/api", "/API", false),
            ("/api", "/x/api", false),
            ("/api", "/", false),
            ("/api/", "/api", true),
            ("/api/", "/api/x", true),
            ("/api/", "/apix", false),
            ("/", "/", true),
            ("/", "/x", true),
            ("/api", "//api/me", true),
            ("/api", "/%61pi/me", true),
            ("/api", "/./api/me", true),
            ("/api", "/x/../api/me", true),
            ("/api", "/x/%2e%2e/api/me", true),
            ("/api", "/api/../x", true),
            ("/api", "/%41pi/me", false),
            ("/api", "/%2561pi/me", false),
        ] {
            let policy = Policy::builder().force_https(ForceHttps::on().api_paths([prefix])).build().unwrap();
            assert_eq!(policy.force_https().is_api_path(path), inside, "{prefix} {path}");
        }
        assert!(!Policy::default().force_https().is_api_path("/api"));
    }
}
