//! What an environment demands of every cookie and every request. In: settings; out: a checked [`Policy`], and a handle
//! by which a running server changes it. Decides nothing about a request or a line; `plain_http` and `enforce` do.

use core::fmt;
use std::sync::{Arc, PoisonError};

use hardtack_rules::syntax;
use http::HeaderValue;

use crate::caching::Caching;
use crate::declare::Spec;
use crate::domain;
use crate::floor::Floor;
use crate::force_https::ForceHttps;
use crate::foreign::ForeignCookies;
use crate::hsts::Hsts;
use crate::policy_error::{PolicyError, host_name};
use crate::report::{Counters, Event, log};
use crate::sync::RwLock;

/// Holds what an environment demands of every cookie and every request, whoever wrote them.
///
/// It can only be stricter than a cookie's declaration, never looser: nothing here takes Secure from a cookie.
///
/// ```
/// use hardtack::{ForceHttps, Hsts, Policy};
///
/// let policy = Policy::builder()
///     .force_https(ForceHttps::on().integrations(["/api"]).exempt(["/health"]))
///     .hsts(Hsts::one_year().subdomains())
///     .cookie_domain("example.com")
///     .build()?;
/// assert!(format!("{policy:?}").contains("example.com"));
/// # Ok::<(), hardtack::PolicyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Policy {
    settings: PolicyBuilder,
    /// The whole value, joined once.
    hsts: Option<HeaderValue>,
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
        &self.settings.force_https
    }

    pub(crate) fn cookie_domain(&self) -> Option<&str> {
        self.settings.cookie_domain.as_deref()
    }

    #[cfg(feature = "seal")]
    pub(crate) fn keyring(&self) -> Option<&crate::seal::Keyring> {
        self.settings.keyring.as_ref()
    }

    pub(crate) fn hsts(&self) -> Option<&HeaderValue> {
        self.hsts.as_ref()
    }

    pub(crate) fn foreign_cookies(&self) -> ForeignCookies {
        self.settings.foreign_cookies
    }

    pub(crate) fn session_names(&self) -> &[String] {
        &self.settings.session_names
    }

    pub(crate) fn caching(&self) -> Caching {
        self.settings.caching
    }

    pub(crate) fn floor(&self) -> &Floor {
        &self.settings.floor
    }

    /// The reason for which this cookie is excepted.
    pub(crate) fn exception(&self, cookie: &[u8]) -> Option<&str> {
        let exception = self.settings.exceptions.iter().find(|(name, _)| name.as_bytes() == cookie)?;
        Some(&exception.1)
    }

    /// Whether our own requests to this host may go over plain HTTP.
    #[cfg(feature = "tower")]
    pub(crate) fn excepts_outbound(&self, host: &str) -> bool {
        self.settings.outbound_exceptions.iter().any(|(excepted, _)| excepted.eq_ignore_ascii_case(host))
    }

    /// The declaration of this name, where the policy was given it.
    pub(crate) fn declared(&self, cookie: &[u8]) -> Option<&'static Spec> {
        self.settings.declared.iter().copied().flatten().find(|spec| spec.name.as_bytes() == cookie)
    }
}

impl Default for Policy {
    fn default() -> Self {
        let settings = PolicyBuilder::default();
        let hsts = settings.hsts.checked().unwrap_or_default();
        Policy { settings, hsts }
    }
}

/// Collects the settings of a [`Policy`].
///
/// ```
/// use hardtack::Policy;
///
/// assert!(Policy::builder().force_https(true).build().is_ok());
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct PolicyBuilder {
    force_https: ForceHttps,
    hsts: Hsts,
    foreign_cookies: ForeignCookies,
    session_names: Vec<String>,
    caching: Caching,
    floor: Floor,
    exceptions: Vec<(String, String)>,
    declared: Vec<&'static [Spec]>,
    outbound_exceptions: Vec<(String, String)>,
    cookie_domain: Option<String>,
    #[cfg(feature = "seal")]
    keyring: Option<crate::seal::Keyring>,
    callback: Option<Callback>,
}

type Callback = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

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

    /// Says for how long browsers must use HTTPS; one year for this host by default.
    ///
    /// It is sent over HTTPS only, once, and never for a loopback name or an address (RFC 6797 7.2 and 8.1.1). What the
    /// application sends is replaced.
    ///
    /// ```
    /// use hardtack::{Hsts, Policy};
    ///
    /// assert!(Policy::builder().hsts(Hsts::one_year().subdomains()).build().is_ok());
    /// assert!(Policy::builder().hsts(false).build().is_ok());
    /// ```
    pub fn hsts(mut self, hsts: impl Into<Hsts>) -> Self {
        self.hsts = hsts.into();
        self
    }

    /// Says what becomes of lines that were not declared here; they are hardened by default.
    ///
    /// ```
    /// use hardtack::{ForeignCookies, Policy};
    ///
    /// assert!(Policy::builder().foreign_cookies(ForeignCookies::Observe).build().is_ok());
    /// ```
    pub fn foreign_cookies(mut self, foreign_cookies: ForeignCookies) -> Self {
        self.foreign_cookies = foreign_cookies;
        self
    }

    /// Adds names of session cookies to those that are known: `id`, `sid`, `PHPSESSID`, whatever contains `sess` or
    /// `login`, and their kin.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// assert!(Policy::builder().session_names(["basket_key"]).build().is_ok());
    /// ```
    pub fn session_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.session_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Says who may store a response that carries a cookie; the browser alone by default.
    ///
    /// ```
    /// use hardtack::{Caching, Policy};
    ///
    /// assert!(Policy::builder().caching(Caching::NoStore).build().is_ok());
    /// ```
    pub fn caching(mut self, caching: Caching) -> Self {
        self.caching = caching;
        self
    }

    /// Says what every cookie that leaves must at least have; nothing by default.
    ///
    /// ```
    /// use hardtack::{Floor, Policy, SameSite};
    ///
    /// assert!(Policy::builder().floor(Floor::new().same_site(SameSite::Strict)).build().is_ok());
    /// ```
    pub fn floor(mut self, floor: Floor) -> Self {
        self.floor = floor;
        self
    }

    /// Excepts one cookie from `foreign_cookies` and `floor`, for a reason. None is excepted from this: over plain HTTP
    /// nothing Secure leaves.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// assert!(Policy::builder().exception("legacy", "the old shop reads it until March").build().is_ok());
    /// assert_eq!(Policy::builder().exception("legacy", " ").build().unwrap_err().key(), "exceptions");
    /// ```
    pub fn exception(mut self, cookie: impl Into<String>, reason: impl Into<String>) -> Self {
        self.exceptions.push((cookie.into(), reason.into()));
        self
    }

    /// Names declarations whose lines are not foreign though no jar wrote them, but
    /// [`SetCookie::header_value`](crate::SetCookie::header_value).
    ///
    /// ```
    /// use hardtack::{Cookie, Policy, Spec};
    ///
    /// #[derive(Cookie)]
    /// struct Cart(u32);
    ///
    /// const DECLARED: &[Spec] = &[Cart::SPEC];
    /// assert!(Policy::builder().declared(DECLARED).build().is_ok());
    /// ```
    pub fn declared(mut self, specs: &'static [Spec]) -> Self {
        self.declared.push(specs);
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

    /// Gives the keys that sign and seal; without it a cookie that is declared so is refused when it is set or read.
    ///
    /// A running server rotates its keys by [`PolicyHandle::apply`], with a policy that has the next keyring.
    ///
    /// ```
    /// use hardtack::{Key, Keyring, Policy, PolicyHandle};
    ///
    /// let (old, new) = (Key::generate(), Key::generate());
    /// let handle = PolicyHandle::new(Policy::builder().keyring(Keyring::new(old.clone())).build()?);
    /// handle.apply(Policy::builder().keyring(Keyring::new(old).with(new.clone())).build()?);
    /// assert!(format!("{handle:?}").contains(&new.id().to_string()));
    /// # Ok::<(), hardtack::PolicyError>(())
    /// ```
    #[cfg(feature = "seal")]
    pub fn keyring(mut self, keyring: crate::seal::Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Lets our own requests to this host carry cookies and credentials over plain HTTP, for a reason.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// assert!(Policy::builder().outbound_exception("metrics.internal", "speaks plain HTTP, inside the cluster").build().is_ok());
    /// assert_eq!(Policy::builder().outbound_exception("a b", "x").build().unwrap_err().key(), "outbound_exceptions");
    /// ```
    pub fn outbound_exception(mut self, host: impl Into<String>, reason: impl Into<String>) -> Self {
        self.outbound_exceptions.push((host.into(), reason.into()));
        self
    }

    /// Calls this for each [`Event`], on the thread on which it happens: let it be quick.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use hardtack::Policy;
    ///
    /// let told = Arc::new(Mutex::new(Vec::new()));
    /// let writer = told.clone();
    /// let policy = Policy::builder().on_event(move |event| writer.lock().unwrap().push(event.to_string())).build()?;
    /// # let _ = (policy, told);
    /// # Ok::<(), hardtack::PolicyError>(())
    /// ```
    pub fn on_event(mut self, callback: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.callback = Some(Arc::new(callback));
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
    /// The first setting that is wrong, or that contradicts another, with what was expected.
    pub fn build(mut self) -> Result<Policy, PolicyError> {
        if let Some(domain) = &self.cookie_domain {
            domain::check(domain).map_err(|fault| {
                PolicyError::new("cookie_domain", format!("`{}` is refused: {fault}", domain.escape_debug()))
            })?;
        }
        for name in &self.session_names {
            cookie_name("session_names", name)?;
        }
        for (name, reason) in &self.exceptions {
            cookie_name("exceptions", name)?;
            explained("exceptions", name, reason)?;
        }
        for (host, reason) in &self.outbound_exceptions {
            host_name("outbound_exceptions", host)?;
            explained("outbound_exceptions", host, reason)?;
        }
        self.floor.check()?;
        self.force_https = self.force_https.checked()?;
        let hsts = self.hsts.checked()?;
        Ok(Policy { settings: self, hsts })
    }
}

/// Shows the settings; of the callback, whether there is one.
impl fmt::Debug for PolicyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut settings = f.debug_struct("Settings");
        #[cfg(feature = "seal")]
        settings.field("keyring", &self.keyring);
        settings
            .field("force_https", &self.force_https)
            .field("hsts", &self.hsts)
            .field("foreign_cookies", &self.foreign_cookies)
            .field("session_names", &self.session_names)
            .field("caching", &self.caching)
            .field("floor", &self.floor)
            .field("exceptions", &self.exceptions)
            .field("outbound_exceptions", &self.outbound_exceptions)
            .field("cookie_domain", &self.cookie_domain)
            .field("on_event", &self.callback.is_some())
            .finish_non_exhaustive()
    }
}

fn explained(key: &'static str, name: &str, reason: &str) -> Result<(), PolicyError> {
    if reason.trim().is_empty() {
        let name = name.escape_debug();
        return Err(PolicyError::new(key, format!("the exception for `{name}` has no reason; write why it is needed")));
    }
    Ok(())
}

fn cookie_name(key: &'static str, name: &str) -> Result<(), PolicyError> {
    syntax::foreign_name(name)
        .map_err(|fault| PolicyError::new(key, format!("`{}` is refused: {fault}", name.escape_debug())))
}

/// Shares one policy among the layers of a running server, and swaps it at once.
///
/// Clones share it. An exchange keeps the policy that it began with: no request sees half of two.
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
    counters: Arc<Counters>,
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
        PolicyHandle { policy: Arc::new(RwLock::new(Arc::new(policy))), counters: Arc::default() }
    }

    /// Swaps the policy for every exchange that begins after this returns.
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

    /// How often each kind of event happened, under this handle's policies.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The policy that holds now, for one exchange.
    pub(crate) fn in_force(&self) -> InForce {
        let policy = Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner));
        InForce { policy, counters: Arc::clone(&self.counters) }
    }
}

impl From<Policy> for PolicyHandle {
    fn from(policy: Policy) -> Self {
        PolicyHandle::new(policy)
    }
}

impl fmt::Debug for PolicyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolicyHandle").field(&self.in_force().policy).finish()
    }
}

/// The policy of one exchange, and where its events go.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) policy: Arc<Policy>,
    counters: Arc<Counters>,
}

impl InForce {
    pub(crate) fn tell(&self, event: Event<'_>) {
        self.counters.count(event.kind);
        if let Some(callback) = &self.policy.settings.callback {
            callback(&event);
        }
        log(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_handle_swaps_for_all_clones_and_survives_poison() {
        let handle = PolicyHandle::new(Policy::default());
        let (clone, before) = (handle.clone(), handle.in_force().policy);
        let poisoner = handle.clone();
        let panicked = std::thread::spawn(move || {
            let _guard = poisoner.policy.write();
            panic!("poisons the lock");
        });
        assert!(panicked.join().is_err());
        handle.apply(Policy::builder().cookie_domain("a.example").build().unwrap());
        assert_eq!(clone.in_force().policy.cookie_domain(), Some("a.example"));
        assert_eq!(before.cookie_domain(), None);
    }

    #[test]
    fn an_exception_without_a_reason_and_a_name_that_is_none_are_refused() {
        let error = |builder: PolicyBuilder| builder.build().unwrap_err().to_string();
        assert!(
            error(Policy::builder().exception("a", ""))
                .starts_with("`exceptions`: the exception for `a` has no reason")
        );
        assert!(error(Policy::builder().exception("a\tb", "")).contains("for `a\\tb` has no reason"));
        assert!(error(Policy::builder().exception("a;b", "x")).starts_with("`exceptions`: `a;b` is refused: "));
        assert!(error(Policy::builder().session_names([""])).starts_with("`session_names`: `` is refused: "));
    }
}
