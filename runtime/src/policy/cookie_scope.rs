//! The settings for the scopes of cookies: the policy's `Domain`, the base path, and the former values of both. A jar
//! computes the scope of a cookie from the cookie's declaration and from these settings.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use hardtack_rules::syntax::{self, Fault};

use super::{Policy, PolicyBuilder, PolicyError};
use crate::wire::domain;

/// The value for cookies without a `Domain`, as in `cookie_domain = "none"`. `none` is never a real `Domain`, because a
/// `Domain` has at least two labels.
const HOST_ONLY: &str = "none";

#[derive(Clone, Default)]
pub(super) struct CookieScope {
    domain: Option<String>,
    domain_for: Option<DomainFor>,
    /// The base path, or an empty string if the application has no base path. [`CookieScope::check`] removes a `/` at
    /// the end.
    base_path: String,
    former_domains: Vec<String>,
    /// [`CookieScope::check`] removes a `/` at the end of each path, except for the path `/`.
    former_base_paths: Vec<String>,
}

/// A function that takes a request's host, and returns the `Domain` for the request.
type DomainFor = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The `Domain` of cookies that are declared with `domain = policy`, for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DomainForHost<'a> {
    /// The cookies have no `Domain`.
    HostOnly,
    Domain(Cow<'a, str>),
    /// The function in [`PolicyBuilder::cookie_domain_for`] returned a value that is neither the request's host nor a
    /// valid parent domain of the host. So the cookies have no `Domain`.
    Refused,
}

impl PolicyBuilder {
    /// Sets the `Domain` of cookies that are declared with `domain = policy`. By default, these cookies are host-only:
    /// they have no `Domain`.
    ///
    /// The value `none` means the same as the default. With `none`, the configuration of a deployment can state that
    /// the cookies are host-only, for example on `localhost`. [`Policy::from_env`] ignores the variable
    /// `HARDTACK_POLICY_COOKIE_DOMAIN` if the variable is empty.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().cookie_domain("shop.example").build()?;
    /// assert_eq!(policy.cookie_domain(), Some("shop.example"));
    /// let policy = Policy::builder().cookie_domain("none").build()?;
    /// assert_eq!(policy.cookie_domain(), None);
    ///
    /// assert_eq!(
    ///     Policy::builder().cookie_domain("localhost").build().unwrap_err().to_string(),
    ///     "`cookie_domain`: `localhost` is refused: the domain is a single label, which no other host shares; leave \
    ///      `cookie_domain` out: cookies with `domain = policy` are then host-only"
    /// );
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_scope.domain = Some(domain.into());
        self
    }

    /// Sets a function that returns the `Domain` of cookies that are declared with `domain = policy`. Call
    /// `cookie_domain_for` if one server serves several tenants, and each tenant has its own domain.
    ///
    /// The argument of the function is the request's host in lower case and without a port. The cookies are host-only
    /// in these cases:
    ///
    /// - The function returns `None`.
    /// - The function returns a value that is neither the request's host nor a valid parent domain of the host. In this
    ///   case, hardtack also emits an event.
    /// - The request's host is not known.
    ///
    /// hardtack calls the function each time a cookie with `domain = policy` is set or removed, so the function should
    /// return quickly. A policy can have `cookie_domain` or `cookie_domain_for`, but not both.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// fn tenant_domain(host: &str) -> Option<String> {
    ///     let tenants = ["acme.example", "initech.example"];
    ///     let is_tenant = |domain: &&str| host == *domain || host.ends_with(&format!(".{domain}"));
    ///     tenants.into_iter().find(is_tenant).map(str::to_owned)
    /// }
    /// assert_eq!(tenant_domain("app.acme.example").as_deref(), Some("acme.example"));
    ///
    /// let builder = Policy::builder().cookie_domain_for(tenant_domain);
    /// assert_eq!(builder.clone().build()?.cookie_domain(), None);
    /// assert_eq!(builder.cookie_domain("shop.example").build().unwrap_err().key(), "cookie_domain_for");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn cookie_domain_for(mut self, domain: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.cookie_scope.domain_for = Some(Arc::new(domain));
        self
    }

    /// Sets the path under which the application is mounted. hardtack puts the base path before the path of each
    /// declared cookie, but not before the path `/`.
    ///
    /// For example, a reverse proxy may serve the application under `https://shop.example/vault/`. With the base path
    /// `/vault`, a cookie that is declared with `path = "/identity/"` has the attribute `Path=/vault/identity/`.
    /// hardtack ignores a slash at the end of the base path. If the application is mounted at the root, the base path
    /// is empty or `/`.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// for (base_path, used) in [("/vault", Some("/vault")), ("/vault/", Some("/vault")), ("/", None), ("", None)] {
    ///     assert_eq!(Policy::builder().base_path(base_path).build()?.base_path(), used);
    /// }
    /// assert_eq!(Policy::builder().base_path("vault").build().unwrap_err().key(), "base_path");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.cookie_scope.base_path = path.into();
        self
    }

    /// Adds values that the policy's `cookie_domain` had earlier. The value `none` means that the cookies were
    /// host-only.
    ///
    /// Browsers can still hold cookies with a former `Domain`. If a request carries a cookie that is declared with
    /// `domain = policy`, the next `set` or `remove` of the cookie also removes the cookie with each former `Domain`.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder()
    ///     .cookie_domain("shop.example")
    ///     .former_cookie_domain(["old.example", "none"])
    ///     .build()?;
    /// assert_eq!(policy.former_cookie_domains(), ["old.example", "none"]);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn former_cookie_domain(mut self, domains: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.cookie_scope.former_domains.extend(domains.into_iter().map(Into::into));
        self
    }

    /// Adds values that the policy's `base_path` had earlier. The path `/` means that the application was mounted at
    /// the root.
    ///
    /// Browsers can still hold cookies under a former base path. If a request carries a declared cookie, the next `set`
    /// or `remove` of the cookie also removes the cookie under each former base path.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().base_path("/vault").former_base_path(["/old/", "/"]).build()?;
    /// assert_eq!(policy.former_base_paths(), ["/old", "/"]);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn former_base_path(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.cookie_scope.former_base_paths.extend(paths.into_iter().map(Into::into));
        self
    }
}

impl Policy {
    /// Returns the `Domain` of cookies that are declared with `domain = policy`. Returns `None` if these cookies are
    /// host-only. Also returns `None` if [`PolicyBuilder::cookie_domain_for`] is set.
    #[must_use]
    pub fn cookie_domain(&self) -> Option<&str> {
        self.settings.cookie_scope.domain.as_deref().and_then(domain_or_host_only)
    }

    /// Returns true if the policy can give a `Domain` to a cookie that is declared with `domain = policy`.
    #[cfg(feature = "inventory")]
    pub(crate) fn has_cookie_domain(&self) -> bool {
        let CookieScope { domain, domain_for, .. } = &self.settings.cookie_scope;
        domain.is_some() || domain_for.is_some()
    }

    /// Returns the path under which the application is mounted, without a slash at its end. Returns `None` if the
    /// application is mounted at the root.
    #[must_use]
    pub fn base_path(&self) -> Option<&str> {
        let base_path = self.settings.cookie_scope.base_path.as_str();
        (!base_path.is_empty()).then_some(base_path)
    }

    /// Returns the values that were passed to [`PolicyBuilder::former_cookie_domain`].
    #[must_use]
    pub fn former_cookie_domains(&self) -> &[String] {
        &self.settings.cookie_scope.former_domains
    }

    /// Returns the paths that were passed to [`PolicyBuilder::former_base_path`]. Each path is without the slash at its
    /// end, except for the path `/`.
    #[must_use]
    pub fn former_base_paths(&self) -> &[String] {
        &self.settings.cookie_scope.former_base_paths
    }

    /// Returns the `Domain` of cookies that are declared with `domain = policy`, for a request to `host`. The argument
    /// `host` is a valid host without a port, or `None` if the request's host is not known.
    pub(crate) fn domain_for_host(&self, host: Option<&str>) -> DomainForHost<'_> {
        if let Some(domain) = self.cookie_domain() {
            return DomainForHost::Domain(Cow::Borrowed(domain));
        }
        let (Some(domain_for), Some(host)) = (&self.settings.cookie_scope.domain_for, host) else {
            return DomainForHost::HostOnly;
        };
        let host = host.to_ascii_lowercase();
        let Some(domain) = domain_for(&host) else { return DomainForHost::HostOnly };
        let is_valid = domain::check(&domain).is_ok();
        let lower = domain.to_ascii_lowercase();
        match host.strip_suffix(lower.as_str()) {
            Some("") if is_valid => DomainForHost::Domain(Cow::Owned(domain)),
            // The function returned the request's host, but this host is not a valid `Domain`: the host is an IP
            // address, or a single label such as `localhost`. The cookies are host-only. The function is allowed to
            // return each host unchanged, so the result is not `Refused`.
            Some("") => DomainForHost::HostOnly,
            Some(subdomain) if is_valid && subdomain.ends_with('.') => DomainForHost::Domain(Cow::Owned(domain)),
            Some(_) | None => DomainForHost::Refused,
        }
    }

    /// Returns the `Path` of a cookie. The argument `path` is the path in the cookie's declaration.
    pub(crate) fn with_base_path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        join_base_path(&self.settings.cookie_scope.base_path, path)
    }

    /// Returns the former values of `cookie_domain`. A value is `None` if the cookies were host-only.
    pub(crate) fn former_cookie_domain_list(&self) -> impl Iterator<Item = Option<&str>> {
        self.former_cookie_domains().iter().map(|domain| domain_or_host_only(domain))
    }

    /// Returns the former values of `base_path`, in the form that [`join_base_path`] takes. A value is empty if the
    /// application was mounted at the root.
    pub(crate) fn former_base_path_list(&self) -> impl Iterator<Item = &str> {
        self.former_base_paths().iter().map(|path| if path == "/" { "" } else { path })
    }
}

/// Returns the `Path` of a cookie under a base path. The argument `base_path` is an empty string, or a path without a
/// slash at its end. The argument `path` is the path in the cookie's declaration.
pub(crate) fn join_base_path<'a>(base_path: &str, path: &'a str) -> Cow<'a, str> {
    if base_path.is_empty() || path == "/" { Cow::Borrowed(path) } else { Cow::Owned(format!("{base_path}{path}")) }
}

impl CookieScope {
    /// Checks the settings. Also removes the slash at the end of each path, so that a declared path can be appended.
    pub(super) fn check(&mut self) -> Result<(), PolicyError> {
        if let Some(domain) = self.domain.as_deref().and_then(domain_or_host_only) {
            let remedy = "leave `cookie_domain` out: cookies with `domain = policy` are then host-only";
            check_domain("cookie_domain", domain, remedy)?;
        }
        if self.domain.is_some() && self.domain_for.is_some() {
            return Err(PolicyError::new(
                "cookie_domain_for",
                "`cookie_domain` is set too; remove one of the two settings",
            ));
        }
        check_base_path("base_path", &mut self.base_path)?;
        for domain in self.former_domains.iter().filter_map(|domain| domain_or_host_only(domain)) {
            check_domain("former_cookie_domain", domain, "write `none` for cookies that were host-only")?;
        }
        for path in &mut self.former_base_paths {
            check_base_path("former_base_path", path)?;
            if path.is_empty() {
                path.push('/');
            }
        }
        Ok(())
    }

    /// Adds the settings to the `Debug` output of a policy.
    pub(super) fn show(&self, settings: &mut fmt::DebugStruct<'_, '_>) {
        settings
            .field("cookie_domain", &self.domain)
            .field("cookie_domain_for", &self.domain_for.is_some())
            .field("base_path", &self.base_path)
            .field("former_cookie_domain", &self.former_domains)
            .field("former_base_path", &self.former_base_paths);
    }
}

/// Returns the domain, or `None` if the text is `none`.
fn domain_or_host_only(text: &str) -> Option<&str> {
    (!text.eq_ignore_ascii_case(HOST_ONLY)).then_some(text)
}

/// Checks a `Domain`. If no valid `Domain` is possible, for example for an IP address, the error text ends with
/// `remedy`.
fn check_domain(key: &'static str, domain: &str, remedy: &str) -> Result<(), PolicyError> {
    let Err(fault) = domain::check(domain) else { return Ok(()) };
    let fault = match host_only_fact(domain, &fault) {
        Some(fact) => format!("{fact}; {remedy}"),
        None => fault.to_string(),
    };
    Err(PolicyError::new(key, format!("`{}` is refused: {fault}", domain.escape_debug())))
}

/// If the cookies can only be host-only, returns the first part of the fault's text. The second part is a remedy for a
/// cookie's declaration, so an error about a policy needs a different remedy.
fn host_only_fact(domain: &str, fault: &Fault) -> Option<&'static str> {
    let bare = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(domain);
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some("the domain is an IP address");
    }
    fault.text.split_once("; leave the key out").map(|(fact, _)| fact)
}

/// Checks a base path, and removes the slash at its end.
fn check_base_path(key: &'static str, path: &mut String) -> Result<(), PolicyError> {
    if path.is_empty() || path == "/" {
        path.clear();
        return Ok(());
    }
    // Browsers compare the `Path` attribute with the path of a URL, which never contains these characters unencoded.
    let is_never_in_url = |c: &char| matches!(c, ' ' | '"' | '#' | '<' | '>' | '?' | '\\' | '`' | '{' | '}');
    let fault = if let Err(fault) = syntax::check_path(path) {
        fault.to_string()
    } else if let Some(found) = path.chars().find(is_never_in_url) {
        format!(
            "the path contains `{found}`, which is not valid in a path; write the path alone, percent-encoded as \
             requests send it"
        )
    } else if path.contains("//") {
        "the path has an empty segment; remove one of the two slashes".to_owned()
    } else if path.split('/').any(is_dot_segment) {
        "the path has a dot segment, which browsers resolve before they send a request; write the resolved path"
            .to_owned()
    } else {
        path.truncate(path.trim_end_matches('/').len());
        return Ok(());
    };
    Err(PolicyError::new(key, format!("`{}` is refused: {fault}", path.escape_debug())))
}

/// Returns true if the path segment is a dot segment, which browsers resolve, as in `/a/../b`. In a dot segment, the
/// dots can be percent-encoded (WHATWG URL 4.1).
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const LEAVE_OUT: &str = "; leave `cookie_domain` out: cookies with `domain = policy` are then host-only";

    fn error(builder: PolicyBuilder) -> String {
        builder.build().unwrap_err().to_string()
    }

    fn domain(domain: &str) -> DomainForHost<'_> {
        DomainForHost::Domain(Cow::Borrowed(domain))
    }

    #[test]
    fn invalid_domain_names_its_key() {
        let policy = Policy::builder().cookie_domain("Example.com").build().unwrap();
        assert_eq!(policy.cookie_domain(), Some("Example.com"));
        for (domain, text) in [
            (".example.com", "the domain begins with a dot, which browsers ignore; remove the dot"),
            ("a.b\r\nx", "a domain holds letters, "),
            ("example.com:443", "the domain holds a scheme, a port or an IP address; write the host name alone"),
        ] {
            let error = error(Policy::builder().cookie_domain(domain));
            let start = format!("`cookie_domain`: `{}` is refused: {text}", domain.escape_debug());
            assert!(error.starts_with(&start), "{error}");
        }
    }

    #[test]
    fn domain_of_one_host_is_left_out() {
        for (domain, fact) in [
            ("", "the domain is empty"),
            ("localhost", "the domain is a single label, which no other host shares"),
            ("intranet", "the domain is a single label, which no other host shares"),
            ("127.0.0.1", "the domain is an IP address"),
            ("127.1", "the domain is an IP address"),
            ("::1", "the domain is an IP address"),
            ("[::1]", "the domain is an IP address"),
        ] {
            let text = format!("`cookie_domain`: `{domain}` is refused: {fact}{LEAVE_OUT}");
            assert_eq!(error(Policy::builder().cookie_domain(domain)), text);
            let text = format!(
                "`former_cookie_domain`: `{domain}` is refused: {fact}; write `none` for cookies that were host-only"
            );
            assert_eq!(error(Policy::builder().former_cookie_domain(["none", domain])), text);
        }
    }

    #[test]
    fn none_is_host_only() {
        for word in ["none", "None", "NONE"] {
            let policy = Policy::builder().cookie_domain(word).build().unwrap();
            assert_eq!(policy.cookie_domain(), None);
            assert_eq!(policy.domain_for_host(Some("www.example.com")), DomainForHost::HostOnly);
        }
        let error = error(Policy::builder().cookie_domain("nones"));
        assert!(error.ends_with(LEAVE_OUT), "{error}");
    }

    #[test]
    fn fixed_domain_is_for_every_host() {
        let policy = Policy::builder().cookie_domain("example.com").build().unwrap();
        for host in [Some("example.com"), Some("www.example.com"), Some("localhost"), None] {
            assert_eq!(policy.domain_for_host(host), domain("example.com"));
        }
        assert_eq!(Policy::default().domain_for_host(Some("example.com")), DomainForHost::HostOnly);
    }

    #[test]
    fn returned_domain_must_match_the_host() {
        use DomainForHost::{HostOnly, Refused};
        for (host, returned, expected) in [
            // The request's host is the returned domain itself, a subdomain, a sibling or the parent of this domain, or
            // an unrelated host.
            (Some("example.com"), Some("example.com"), domain("example.com")),
            (Some("www.example.com"), Some("example.com"), domain("example.com")),
            (Some("a.b.example.com"), Some("example.com"), domain("example.com")),
            (Some("a.example.com"), Some("b.example.com"), Refused),
            (Some("example.com"), Some("www.example.com"), Refused),
            (Some("example.net"), Some("example.com"), Refused),
            (Some("badexample.com"), Some("example.com"), Refused),
            // The host and the returned domain differ in letter case.
            (Some("WWW.Example.COM"), Some("example.com"), domain("example.com")),
            (Some("www.example.com"), Some("Example.com"), domain("Example.com")),
            // The host is an IP address.
            (Some("127.0.0.1"), Some("example.com"), Refused),
            (Some("127.0.0.1"), Some("0.0.1"), Refused),
            (Some("127.0.0.1"), Some("127.0.0.1"), HostOnly),
            (Some("[::1]"), Some("[::1]"), HostOnly),
            (Some("[::1]"), Some("::1"), Refused),
            // The host or the returned domain has a single label.
            (Some("localhost"), Some("localhost"), HostOnly),
            (Some("localhost"), Some("example.com"), Refused),
            (Some("app.localhost"), Some("localhost"), Refused),
            (Some("www.example.com"), Some("com"), Refused),
            // The returned domain or the host is not valid for a `Domain`.
            (Some("www.example.com"), Some(""), Refused),
            (Some("www.example.com"), Some("none"), Refused),
            (Some("www.example.com"), Some(".example.com"), Refused),
            (Some("www.example.com"), Some("example.com; Secure"), Refused),
            (Some("www.example.com."), Some("example.com"), Refused),
            (Some("www.example.com."), Some(""), Refused),
            // The function returns `None`, or the request's host is not known.
            (Some("www.example.com"), None, HostOnly),
            (None, Some("example.com"), HostOnly),
            (None, None, HostOnly),
        ] {
            let policy = Policy::builder().cookie_domain_for(move |_| returned.map(str::to_owned)).build().unwrap();
            assert_eq!(policy.domain_for_host(host), expected, "{host:?} {returned:?}");
            assert_eq!(policy.cookie_domain(), None);
        }
    }

    #[cfg(feature = "public-suffix")]
    #[test]
    fn public_suffix_is_not_a_domain() {
        let policy = Policy::builder().cookie_domain_for(|_| Some("co.uk".to_owned())).build().unwrap();
        assert_eq!(policy.domain_for_host(Some("shop.co.uk")), DomainForHost::Refused);
        assert_eq!(policy.domain_for_host(Some("co.uk")), DomainForHost::HostOnly);
    }

    #[test]
    fn function_gets_the_host_in_lower_case() {
        let hosts = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&hosts);
        let policy = Policy::builder().cookie_domain_for(move |host| {
            seen.lock().unwrap().push(host.to_owned());
            None
        });
        let policy = policy.build().unwrap();
        for host in [Some("WWW.Example.com"), None, Some("[::1]")] {
            assert_eq!(policy.domain_for_host(host), DomainForHost::HostOnly);
        }
        assert_eq!(*hosts.lock().unwrap(), ["www.example.com", "[::1]"]);
    }

    #[test]
    fn only_one_of_two_domain_settings() {
        for domain in ["example.com", "none"] {
            let error = error(Policy::builder().cookie_domain_for(|_| None).cookie_domain(domain));
            assert_eq!(error, "`cookie_domain_for`: `cookie_domain` is set too; remove one of the two settings");
        }
    }

    #[test]
    fn base_path_is_before_every_path_but_root() {
        for (base_path, getter, identity) in [
            ("", None, "/identity/"),
            ("/", None, "/identity/"),
            ("/vault", Some("/vault"), "/vault/identity/"),
            ("/vault/", Some("/vault"), "/vault/identity/"),
            ("/a/b.c/%20", Some("/a/b.c/%20"), "/a/b.c/%20/identity/"),
            ("/...", Some("/..."), "/.../identity/"),
            ("/.well-known/", Some("/.well-known"), "/.well-known/identity/"),
        ] {
            let policy = Policy::builder().base_path(base_path).build().unwrap();
            assert_eq!(policy.base_path(), getter, "{base_path}");
            assert_eq!(policy.with_base_path("/identity/"), identity);
            assert_eq!(policy.with_base_path("/"), "/");
        }
        assert!(matches!(Policy::default().with_base_path("/a"), Cow::Borrowed("/a")));
    }

    #[test]
    fn invalid_base_path_is_refused() {
        let long = format!("/{}", "a".repeat(1024));
        for (path, fact) in [
            ("vault", "the path does not begin with `/`, and browsers would ignore it; "),
            ("https://a.example/vault", "the path does not begin with `/`"),
            (" ", "the path does not begin with `/`"),
            ("/a;b", ""),
            ("/a;", ""),
            ("/a\r\nb", ""),
            ("/é", ""),
            ("/a ", "the path ends with a space"),
            (long.as_str(), "the path is over 1024 bytes"),
            ("/a b", "the path contains ` `, "),
            ("/a?b", "the path contains `?`, "),
            ("/a#b", "the path contains `#`, "),
            ("/a\\b", "the path contains `\\`, "),
            ("/{tenant}", "the path contains `{`, "),
            ("//", "the path has an empty segment; "),
            ("/vault//", "the path has an empty segment; "),
            ("//vault", "the path has an empty segment; "),
            ("/.", "the path has a dot segment, "),
            ("/a/..", "the path has a dot segment, "),
            ("/a/./b/", "the path has a dot segment, "),
            ("/a/%2e%2E/b", "the path has a dot segment, "),
            ("/a/.%2e", "the path has a dot segment, "),
        ] {
            let text = format!("`{}` is refused: {fact}", path.escape_debug());
            let base_path = error(Policy::builder().base_path(path));
            assert!(base_path.starts_with(&format!("`base_path`: {text}")), "{base_path}");
            let former = error(Policy::builder().former_base_path(["/ok", path]));
            assert!(former.starts_with(&format!("`former_base_path`: {text}")), "{former}");
            assert!(base_path.contains("; "), "no remedy after the fact: {base_path}");
        }
    }

    #[test]
    fn former_values_are_lists() {
        let policy = Policy::builder()
            .former_cookie_domain(["old.example", "none"])
            .former_cookie_domain(["Older.example"])
            .former_base_path(["/old", "/"])
            .former_base_path(["/older/", ""])
            .build()
            .unwrap();
        assert_eq!(policy.former_cookie_domains(), ["old.example", "none", "Older.example"]);
        let domains: Vec<_> = policy.former_cookie_domain_list().collect();
        assert_eq!(domains, [Some("old.example"), None, Some("Older.example")]);
        assert_eq!(policy.former_base_paths(), ["/old", "/", "/older", "/"]);
        let base_paths: Vec<_> = policy.former_base_path_list().collect();
        assert_eq!(base_paths, ["/old", "", "/older", ""]);
        let paths: Vec<_> = base_paths.iter().map(|base_path| join_base_path(base_path, "/a")).collect();
        assert_eq!(paths, ["/old/a", "/a", "/older/a", "/a"]);
        assert_eq!(Policy::default().former_cookie_domain_list().count(), 0);
        assert_eq!(Policy::default().former_base_path_list().count(), 0);
    }

    #[test]
    fn to_builder_keeps_the_scope_settings() {
        let policy = Policy::builder()
            .cookie_domain_for(|_| Some("example.com".to_owned()))
            .base_path("/vault/")
            .former_cookie_domain(["old.example", "none"])
            .former_base_path(["/old/", "/"])
            .build()
            .unwrap();
        let copy = policy.to_builder().build().unwrap();
        assert_eq!(format!("{copy:?}"), format!("{policy:?}"));
        assert_eq!(copy.domain_for_host(Some("www.example.com")), domain("example.com"));
        assert_eq!(copy.base_path(), Some("/vault"));
        assert_eq!(copy.former_cookie_domains(), ["old.example", "none"]);
        assert_eq!(copy.former_base_paths(), ["/old", "/"]);
    }

    #[test]
    fn debug_shows_each_scope_setting() {
        let builder = Policy::builder()
            .cookie_domain("example.com")
            .cookie_domain_for(|_| None)
            .base_path("/vault")
            .former_cookie_domain(["none"])
            .former_base_path(["/old"]);
        let shown = format!("{builder:?}");
        for text in [
            "cookie_domain: Some(\"example.com\")",
            "cookie_domain_for: true",
            "base_path: \"/vault\"",
            "former_cookie_domain: [\"none\"]",
            "former_base_path: [\"/old\"]",
        ] {
            assert!(shown.contains(text), "{shown}");
        }
    }
}
