//! What an environment demands of every cookie and every request. In: settings; out: a checked [`Policy`], and a handle
//! by which a running server changes it. Decides nothing about a request; `force_https` and `enforce` do.

use core::fmt;
use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain;
use crate::host::Host;

/// Holds what an environment demands of every cookie and every request, whoever wrote them.
///
/// It can only be stricter than a cookie's declaration, never looser.
///
/// ```
/// use hardtack::{ForceHttps, Policy};
///
/// let policy = Policy::builder()
///     .force_https(ForceHttps::on().integrations(["/api"]).exempt(["/health"]))
///     .cookie_domain("example.com")
///     .build()?;
/// assert!(format!("{policy:?}").contains("example.com"));
/// # Ok::<(), hardtack::PolicyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Policy {
    force_https: ForceHttps,
    cookie_domain: Option<String>,
}

impl Policy {
    /// Begins a policy; what is not set keeps its default.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().build()?;
    /// assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::default()));
    /// # Ok::<(), hardtack::PolicyError>(())
    /// ```
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    pub(crate) fn force_https(&self) -> &ForceHttps {
        &self.force_https
    }

    pub(crate) fn cookie_domain(&self) -> Option<&str> {
        self.cookie_domain.as_deref()
    }
}

/// Collects the settings of a [`Policy`].
///
/// ```
/// use hardtack::Policy;
///
/// assert!(Policy::builder().force_https(true).build().is_ok());
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct PolicyBuilder {
    force_https: ForceHttps,
    cookie_domain: Option<String>,
}

impl PolicyBuilder {
    /// Says what becomes of plain HTTP; on by default.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// assert!(Policy::builder().force_https(false).build().is_ok());
    /// assert!(Policy::builder().force_https(ForceHttps::on().https_port(8443)).build().is_ok());
    /// ```
    pub fn force_https(mut self, force_https: impl Into<ForceHttps>) -> Self {
        self.force_https = force_https.into();
        self
    }

    /// Says what `domain = environment` means here; without it such a cookie is refused when it is set.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// assert!(Policy::builder().cookie_domain("shop.example").build().is_ok());
    /// assert!(Policy::builder().cookie_domain(".shop.example").build().is_err());
    /// ```
    pub fn cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_domain = Some(domain.into());
        self
    }

    /// Checks the settings.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// let error = Policy::builder().force_https(ForceHttps::on().exempt(["health"])).build().unwrap_err();
    /// assert_eq!(error.key(), "force_https.exempt");
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`force_https.exempt`: `health` does not begin with `/`; write it as in \"/health\""
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// The first setting that is wrong, with what was expected.
    pub fn build(self) -> Result<Policy, PolicyError> {
        if let Some(domain) = &self.cookie_domain {
            domain::check(domain).map_err(|fault| {
                PolicyError::new("cookie_domain", format!("`{}` is refused: {fault}", domain.escape_debug()))
            })?;
        }
        Ok(Policy { force_https: self.force_https.checked()?, cookie_domain: self.cookie_domain })
    }
}

/// Says which setting of a policy is wrong and what was expected.
///
/// ```
/// use hardtack::Policy;
///
/// let error = Policy::builder().cookie_domain("localhost").build().unwrap_err();
/// assert_eq!(error.key(), "cookie_domain");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    key: Cow<'static, str>,
    problem: String,
}

impl PolicyError {
    /// `problem` is `fact; remedy`.
    pub(crate) fn new(key: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        PolicyError { key: key.into(), problem: problem.into() }
    }

    /// The setting's name, such as `force_https.hosts`.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// let error = Policy::builder().force_https(ForceHttps::on().https_port(0)).build().unwrap_err();
    /// assert_eq!(error.key(), "force_https.https_port");
    /// ```
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.problem)
    }
}

impl std::error::Error for PolicyError {}

/// Says what becomes of a request over plain HTTP.
///
/// When it is on, a page (GET or HEAD whose `Accept` names `text/html`) is redirected to the same URL over https, and
/// an integration (everything else, and the listed path prefixes) is refused and never redirected: a client that sends
/// credentials in the clear must not be made to work (OWASP ASVS 4.1.2).
///
/// ```
/// use hardtack::{ForceHttps, Policy};
///
/// let force = ForceHttps::on().integrations(["/api"]).exempt(["/health"]).hosts(["www.example.com"]);
/// assert!(Policy::builder().force_https(force).build().is_ok());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ForceHttps {
    on: bool,
    integrations: Vec<String>,
    exempt: Vec<String>,
    hosts: Option<Vec<String>>,
    https_port: u16,
}

/// The port of https, which a URL leaves out (RFC 9110 4.2.2).
const HTTPS_PORT: u16 = 443;

impl ForceHttps {
    /// Redirects pages and refuses integrations: the default.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on()).build()?;
    /// assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::default()));
    /// # Ok::<(), hardtack::PolicyError>(())
    /// ```
    pub fn on() -> Self {
        ForceHttps { on: true, integrations: Vec::new(), exempt: Vec::new(), hosts: None, https_port: HTTPS_PORT }
    }

    /// Lets plain HTTP pass. No Secure cookie is set or read over it nevertheless.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// assert!(Policy::builder().force_https(ForceHttps::off()).build().is_ok());
    /// ```
    pub fn off() -> Self {
        ForceHttps { on: false, ..ForceHttps::on() }
    }

    /// Adds path prefixes under which everything is an integration, whatever its `Accept` says.
    ///
    /// A prefix ends at a segment: `/api` is `/api` and `/api/x`, not `/apix`. It is compared with the path as it was
    /// sent, in its letter case and with its percent-encoding.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// assert!(Policy::builder().force_https(ForceHttps::on().integrations(["/api"])).build().is_ok());
    /// assert!(Policy::builder().force_https(ForceHttps::on().integrations(["/api/*"])).build().is_err());
    /// ```
    pub fn integrations(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.integrations.extend(prefixes.into_iter().map(Into::into));
        self
    }

    /// Adds the paths of health checks, which pass on plain HTTP. They set no Secure cookie nevertheless.
    ///
    /// A path is compared whole, as it was sent, without the query.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// assert!(Policy::builder().force_https(ForceHttps::on().exempt(["/health", "/ready"])).build().is_ok());
    /// ```
    pub fn exempt(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exempt.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Adds the host names that a redirect may go to; a page on any other host is refused.
    ///
    /// Letter case and a trailing dot do not matter. Without this setting a redirect goes to the host that the request
    /// names, after a check of its syntax.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// assert!(Policy::builder().force_https(ForceHttps::on().hosts(["www.example.com"])).build().is_ok());
    /// let force = ForceHttps::on().hosts(["https://example.com/"]);
    /// let error = Policy::builder().force_https(force).build().unwrap_err();
    /// assert_eq!(error.key(), "force_https.hosts");
    /// ```
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hosts.get_or_insert_default().extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the port that a redirect goes to, 443 if it is not set.
    ///
    /// ```
    /// use hardtack::{ForceHttps, Policy};
    ///
    /// assert!(Policy::builder().force_https(ForceHttps::on().https_port(8443)).build().is_ok());
    /// ```
    pub fn https_port(mut self, port: u16) -> Self {
        self.https_port = port;
        self
    }

    /// The same, each setting checked and in the form in which it is compared.
    fn checked(mut self) -> Result<Self, PolicyError> {
        for prefix in &mut self.integrations {
            path("force_https.integrations", prefix)?;
            prefix.truncate(prefix.trim_end_matches('/').len());
        }
        for exempt in &self.exempt {
            path("force_https.exempt", exempt)?;
        }
        for name in self.hosts.iter_mut().flatten() {
            host_name("force_https.hosts", name)?;
            name.truncate(without_dot(name).len());
        }
        if self.hosts.as_ref().is_some_and(Vec::is_empty) {
            let problem = "the list is empty; name the hosts that a redirect may go to, or leave the key out";
            return Err(PolicyError::new("force_https.hosts", problem));
        }
        if self.https_port == 0 {
            let problem = "0 is no port; write a number from 1 to 65535, or leave the key out for 443";
            return Err(PolicyError::new("force_https.https_port", problem));
        }
        Ok(self)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    pub(crate) fn exempts(&self, path: &str) -> bool {
        self.exempt.iter().any(|exempt| exempt == path)
    }

    pub(crate) fn lists_integration(&self, path: &str) -> bool {
        let after = |prefix: &String| path.strip_prefix(prefix.as_str());
        self.integrations.iter().filter_map(after).any(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(crate) fn may_redirect_to(&self, host: Host<'_>) -> bool {
        let host = without_dot(host.as_str());
        self.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host)))
    }

    /// The port that a redirect has to name.
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
        ForceHttps { on, ..ForceHttps::on() }
    }
}

fn path(key: &'static str, path: &str) -> Result<(), PolicyError> {
    let shown = path.escape_debug();
    let problem = if !path.starts_with('/') {
        format!("`{shown}` does not begin with `/`; write it as in \"/{}\"", path.trim().escape_debug())
    } else if let Some(found) = path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '?' | '#')) {
        format!(
            "`{shown}` holds `{}`, which stands in no path; write the path alone, percent-encoded as requests send it",
            found.escape_debug()
        )
    } else if path.contains('*') {
        format!("`{shown}` is a pattern; write the path without `*`")
    } else {
        return Ok(());
    };
    Err(PolicyError::new(key, problem))
}

fn host_name(key: &'static str, name: &str) -> Result<(), PolicyError> {
    if Host::parse(name).is_some_and(|host| host.as_str() == name) {
        return Ok(());
    }
    let remedy = if name.is_ascii() {
        "write it without scheme, port and path, as in \"www.example.com\""
    } else {
        "write its A-label, as in \"xn--bcher-kva.example\""
    };
    Err(PolicyError::new(key, format!("`{}` is not a host name; {remedy}", name.escape_debug())))
}

/// `example.com.` and `example.com` are one host.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Shares one policy among the layers of a running server, and swaps it at once.
///
/// Clones share it. An exchange keeps the policy that it began with.
///
/// ```
/// use hardtack::{ForceHttps, Policy, PolicyHandle};
///
/// let handle = PolicyHandle::new(Policy::default());
/// let same = handle.clone();
/// handle.apply(Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?);
/// assert!(format!("{same:?}").contains("https_port: 8443"));
/// # Ok::<(), hardtack::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct PolicyHandle {
    policy: Arc<RwLock<Arc<Policy>>>,
}

impl PolicyHandle {
    /// Makes a handle that holds the policy.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// assert!(format!("{handle:?}").contains("force_https"));
    /// ```
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        PolicyHandle { policy: Arc::new(RwLock::new(Arc::new(policy))) }
    }

    /// Swaps the policy for every exchange that begins from now on.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::from(Policy::default());
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
    /// assert!(format!("{handle:?}").contains("shop.example"));
    /// # Ok::<(), hardtack::PolicyError>(())
    /// ```
    pub fn apply(&self, policy: Policy) {
        let policy = Arc::new(policy);
        // A pointer is whole whoever panicked while holding the lock.
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    pub(crate) fn current(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Policy> for PolicyHandle {
    fn from(policy: Policy) -> Self {
        PolicyHandle::new(policy)
    }
}

impl fmt::Debug for PolicyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolicyHandle").field(&self.current()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(force: ForceHttps) -> String {
        Policy::builder().force_https(force).build().unwrap_err().to_string()
    }

    #[test]
    fn the_default_forces_https_and_names_no_domain() {
        for policy in [Policy::default(), Policy::builder().build().unwrap()] {
            assert!(policy.force_https().is_on());
            assert_eq!(policy.force_https().explicit_port(), None);
            assert_eq!(policy.cookie_domain(), None);
        }
        assert!(!Policy::builder().force_https(false).build().unwrap().force_https().is_on());
        assert!(Policy::builder().force_https(true).build().unwrap().force_https().is_on());
    }

    #[test]
    fn a_wrong_domain_names_its_key() {
        let policy = Policy::builder().cookie_domain("Example.com").build().unwrap();
        assert_eq!(policy.cookie_domain(), Some("Example.com"));
        for (domain, says) in [
            (".example.com", "`cookie_domain`: `.example.com` is refused: the domain begins with a dot"),
            ("127.0.0.1", "`cookie_domain`: `127.0.0.1` is refused: "),
            ("a.b\r\nx", "`cookie_domain`: `a.b\\r\\nx` is refused: "),
            ("", "`cookie_domain`: `` is refused: the domain is empty"),
        ] {
            let error = Policy::builder().cookie_domain(domain).build().unwrap_err();
            assert!(error.to_string().starts_with(says), "{error}");
        }
    }

    #[test]
    fn wrong_paths_are_refused() {
        for (path, says) in [
            ("health", "`health` does not begin with `/`; write it as in \"/health\""),
            ("", "`` does not begin with `/`; write it as in \"/\""),
            (" /x", "` /x` does not begin with `/`"),
            ("/a?b", "`/a?b` holds `?`"),
            ("/a b", "`/a b` holds ` `"),
            ("/é", "`/é` holds `é`"),
            ("/a\n", "`/a\\n` holds `\\n`"),
            ("/api/*", "`/api/*` is a pattern"),
        ] {
            let exempt = error(ForceHttps::on().exempt(["/ok", path]));
            assert!(exempt.starts_with(&format!("`force_https.exempt`: {says}")), "{exempt}");
            let integration = error(ForceHttps::off().integrations([path]));
            assert!(integration.starts_with(&format!("`force_https.integrations`: {says}")), "{integration}");
        }
    }

    #[test]
    fn wrong_hosts_and_ports_are_refused() {
        for name in ["", "a:80", "https://a", "a/", "*.a", ".a", "a..b", "a@b", "::1", "1.2.3"] {
            let error = error(ForceHttps::on().hosts([name]));
            assert!(error.contains("is not a host name; write it without scheme, port and path"), "{error}");
        }
        assert!(error(ForceHttps::on().hosts(["bücher.example"])).ends_with("as in \"xn--bcher-kva.example\""));
        assert!(error(ForceHttps::on().hosts([""; 0])).starts_with("`force_https.hosts`: the list is empty; "));
        assert!(error(ForceHttps::on().https_port(0)).starts_with("`force_https.https_port`: 0 is no port; "));
    }

    #[test]
    fn a_prefix_ends_at_a_segment() {
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
            let policy = Policy::builder().force_https(ForceHttps::on().integrations([prefix])).build().unwrap();
            assert_eq!(policy.force_https().lists_integration(path), inside, "{prefix} {path}");
        }
        assert!(!Policy::default().force_https().lists_integration("/api"));
    }

    #[test]
    fn a_handle_swaps_for_all_clones_and_survives_poison() {
        let handle = PolicyHandle::new(Policy::default());
        let (clone, before) = (handle.clone(), handle.current());
        let poisoner = handle.clone();
        let panicked = std::thread::spawn(move || {
            let _guard = poisoner.policy.write();
            panic!("poisons the lock");
        });
        assert!(panicked.join().is_err());
        handle.apply(Policy::builder().cookie_domain("a.example").build().unwrap());
        assert_eq!(clone.current().cookie_domain(), Some("a.example"));
        assert_eq!(before.cookie_domain(), None);
    }
}
