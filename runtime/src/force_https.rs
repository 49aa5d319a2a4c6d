//! The setting `force_https`: what becomes of plain HTTP, each part checked. Decides nothing about a request; `plain_http`
//! does.

use crate::host::Host;
use crate::policy_error::{PolicyError, host_name};

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

    pub(crate) fn enabled(self, on: bool) -> Self {
        ForceHttps { on, ..self }
    }

    /// The same, each setting checked and in the form in which it is compared.
    pub(crate) fn checked(mut self) -> Result<Self, PolicyError> {
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
        ForceHttps::on().enabled(on)
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

/// `example.com.` and `example.com` are one host.
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
}
