//! The setting `force_https` for requests over plain HTTP. The module `middleware::plain_http` applies the setting
//! `force_https`.

use super::error::{PolicyError, check_host_name};
use crate::request::host::Host;

/// The setting for requests over plain HTTP.
///
/// If `force_https` is on, the middleware redirects a page request to the same URL over HTTPS. A page request is a GET
/// or HEAD request whose `Accept` header contains `text/html`.
///
/// If `force_https` is on, the middleware refuses API requests over plain HTTP. An API request is a request that is not
/// a page request, or a request for a path under [`api_paths`](ForceHttps::api_paths). A redirect of an API request
/// would hide a mistake: the client sends credentials over plain HTTP (OWASP ASVS 4.1.2).
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
    api_paths: Vec<String>,
    exempt: Vec<String>,
    hosts: Option<Vec<String>>,
    https_port: u16,
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
        ForceHttps { on: true, api_paths: Vec::new(), exempt: Vec::new(), hosts: None, https_port: HTTPS_PORT }
    }

    /// Makes a setting that accepts all requests over plain HTTP. Secure cookies are still set and read over HTTPS
    /// only.
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

    /// Adds path prefixes of an API. If a request comes over plain HTTP and its path is under one of the prefixes, the
    /// middleware refuses the request. The middleware refuses the request even if the `Accept` header contains
    /// `text/html`.
    ///
    /// A path prefix covers only whole path segments: the prefix `/api` covers the paths `/api` and `/api/x`, but not
    /// `/apix`. The middleware compares each prefix with the path that the client sent. The prefix and the path must
    /// have the same letter case and the same percent-encoding.
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
    /// assert_eq!(status(&policy, "shop.example", "/apix"), 308);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn api_paths(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.api_paths.extend(prefixes.into_iter().map(Into::into));
        self
    }

    /// Exempts paths from `force_https`, such as the path of a health check. The middleware accepts plain HTTP on an
    /// exempt path. On an exempt path, Secure cookies are still set over HTTPS only.
    ///
    /// A request is exempt only if its path is equal to one of the exempt paths. The query of the request is ignored.
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

    /// Adds host names to which the middleware may redirect requests. If the host of a page request is not in the list,
    /// the middleware refuses the page request.
    ///
    /// The letter case and a trailing dot of a host name are ignored. If no host is added, the middleware redirects a
    /// page request to the host of the request, and checks only the syntax of the host.
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
    /// let policy = Policy::builder().force_https(ForceHttps::on().hosts(["shop.example"])).build()?;
    /// assert_eq!(status(&policy, "shop.example", "/"), 308);
    /// assert_eq!(status(&policy, "evil.example", "/"), 403);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hosts.get_or_insert_default().extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the port in the URL of a redirect. The default port is 443.
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
        self.https_port = port;
        self
    }

    pub(super) fn enabled(self, on: bool) -> Self {
        ForceHttps { on, ..self }
    }

    /// Checks the paths, the hosts and the port. The function also removes trailing slashes from path prefixes and
    /// trailing dots from hosts, so that later comparisons are simple.
    pub(super) fn check(mut self) -> Result<Self, PolicyError> {
        for prefix in &mut self.api_paths {
            check_path("force_https.api_paths", prefix)?;
            prefix.truncate(prefix.trim_end_matches('/').len());
        }
        for exempt in &self.exempt {
            check_path("force_https.exempt", exempt)?;
        }
        for name in self.hosts.iter_mut().flatten() {
            check_host_name("force_https.hosts", name)?;
            name.truncate(without_dot(name).len());
        }
        if self.hosts.as_ref().is_some_and(Vec::is_empty) {
            let problem = "the list is empty; name the hosts to which a redirect may go, or leave the key out";
            return Err(PolicyError::new("force_https.hosts", problem));
        }
        if self.https_port == 0 {
            let problem = "0 is not a port; write a number from 1 to 65535, or leave the key out for 443";
            return Err(PolicyError::new("force_https.https_port", problem));
        }
        Ok(self)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    /// Returns true if the middleware accepts plain HTTP for the path.
    pub(crate) fn is_exempt(&self, path: &str) -> bool {
        self.exempt.iter().any(|exempt| exempt == path)
    }

    /// Returns true if the path is under a prefix of [`api_paths`](ForceHttps::api_paths).
    pub(crate) fn is_api_path(&self, path: &str) -> bool {
        let after = |prefix: &String| path.strip_prefix(prefix.as_str());
        self.api_paths.iter().filter_map(after).any(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns true if the middleware may redirect a request to the host.
    pub(crate) fn may_redirect_to(&self, host: Host<'_>) -> bool {
        let host = without_dot(host.as_str());
        self.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host)))
    }

    /// Returns the port for the URL of a redirect, or `None` for the default port 443. The URL of a redirect does not
    /// contain the default port.
    pub(crate) fn explicit_port(&self) -> Option<u16> {
        (self.https_port != HTTPS_PORT).then_some(self.https_port)
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

fn check_path(key: &'static str, path: &str) -> Result<(), PolicyError> {
    let shown = path.escape_debug();
    let problem = if !path.starts_with('/') {
        format!("`{shown}` does not begin with `/`; write it as in \"/{}\"", path.trim().escape_debug())
    } else if let Some(found) = path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '?' | '#')) {
        format!(
            "`{shown}` contains `{}`, which is not valid in a path; write the path alone, percent-encoded as requests send it",
            found.escape_debug()
        )
    } else if path.contains('*') {
        format!("`{shown}` is a pattern; write the path without `*`")
    } else {
        return Ok(());
    };
    Err(PolicyError::new(key, problem))
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
            ("/api/*", "`/api/*` is a pattern"),
        ] {
            let exempt = error(ForceHttps::on().exempt(["/ok", path]));
            assert!(exempt.starts_with(&format!("`force_https.exempt`: {text}")), "{exempt}");
            let api_path = error(ForceHttps::off().api_paths([path]));
            assert!(api_path.starts_with(&format!("`force_https.api_paths`: {text}")), "{api_path}");
        }
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
        ] {
            let policy = Policy::builder().force_https(ForceHttps::on().api_paths([prefix])).build().unwrap();
            assert_eq!(policy.force_https().is_api_path(path), inside, "{prefix} {path}");
        }
        assert!(!Policy::default().force_https().is_api_path("/api"));
    }
}
