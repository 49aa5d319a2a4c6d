//! The policy: settings that apply to every request and every cookie. A running server can replace its policy through a
//! `PolicyHandle`. The module `policy` only stores the settings of a policy. The modules `jar` and `middleware` apply
//! the settings.
//!
//! The following settings of [`PolicyBuilder`] need the Cargo feature of a web framework, such as `axum`:
//!
//! - `force_https` and `hsts`, for requests;
//! - `undeclared_cookies`, `session_names` and `not_session_names`, for cookies that are set without hardtack;
//! - `caching`, for responses with cookies;
//! - `host_prefix` and `accept_unprefixed_until`, for the names of cookies that are set without hardtack;
//! - `outbound_exception`, for the program's own HTTP client.

use core::fmt;
use std::sync::Arc;

use hardtack_rules::check::{Argument, find_unexplained};
use hardtack_rules::syntax;
#[cfg(feature = "_layer")]
use hardtack_rules::{family, session_names};
#[cfg(feature = "_layer")]
use http::HeaderValue;

use crate::cookie::declaration::Spec;
use crate::event::Event;

mod baseline;
#[cfg(feature = "_layer")]
mod caching;
pub(crate) mod cookie_scope;
mod env;
mod error;
mod exception;
#[cfg(feature = "_layer")]
mod force_https;
pub(crate) mod handle;
#[cfg(feature = "_layer")]
pub(crate) mod host_prefix;
#[cfg(feature = "_layer")]
mod hsts;
mod keys;
mod name_pattern;
#[cfg(feature = "_layer")]
mod paths;
#[cfg(feature = "toml")]
mod toml;
#[cfg(feature = "_layer")]
mod undeclared;

pub use baseline::Baseline;
#[cfg(feature = "_layer")]
pub use caching::Caching;
use cookie_scope::CookieScope;
pub use error::PolicyError;
pub(crate) use exception::Allowed;
pub use exception::Exception;
#[cfg(feature = "_layer")]
pub use force_https::ForceHttps;
pub use handle::PolicyHandle;
#[cfg(feature = "_layer")]
use host_prefix::HostPrefix;
#[cfg(feature = "_layer")]
pub use hsts::Hsts;
#[cfg(feature = "_layer")]
pub use undeclared::UndeclaredCookies;

/// Settings that apply to every request and every cookie. The settings also apply to cookies that are set without
/// hardtack.
///
/// A policy can make a cookie stricter than its declaration, but never weaker. For example, no setting removes `Secure`
/// from a cookie.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::policy::{ForceHttps, Hsts};
///
/// let policy = Policy::builder()
///     .force_https(ForceHttps::on().api_paths(["/api"]).exempt(["/health"]))
///     .hsts(Hsts::one_year().include_subdomains())
///     .cookie_domain("example.com")
///     .build()?;
/// assert_eq!(policy.cookie_domain(), Some("example.com"));
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Policy {
    settings: PolicyBuilder,
    /// The value of the HSTS header, or `None` if HSTS is off.
    #[cfg(feature = "_layer")]
    hsts_value: Option<HeaderValue>,
    /// The setting `host_prefix`, or `None` if the policy lists no name.
    #[cfg(feature = "_layer")]
    renamed: Option<Arc<HostPrefix>>,
}

impl Policy {
    /// Returns a builder in which every setting has its default value.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::ForceHttps;
    ///
    /// let policy = Policy::builder().build()?;
    /// assert_eq!(policy.cookie_domain(), None);
    /// assert_eq!(policy.force_https(), &ForceHttps::on());
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// Returns a builder with the settings of this policy. For example, a program can change the keyring in the
    /// builder, and build the next policy.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().cookie_domain("shop.example").build()?;
    /// let changed = policy.to_builder().session_names(["basket_key"]).build()?;
    /// assert_eq!(changed.cookie_domain(), Some("shop.example"));
    /// assert_eq!(changed.session_names(), ["basket_key"]);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn to_builder(&self) -> PolicyBuilder {
        self.settings.clone()
    }

    /// Returns the weakest attributes that the policy accepts.
    pub fn baseline(&self) -> &Baseline {
        &self.settings.baseline
    }

    /// Returns the exceptions that were passed to [`PolicyBuilder::exception`].
    pub fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.settings.exceptions.iter()
    }

    /// Returns the declarations that were passed to [`PolicyBuilder::declared`], without the `read_only` declarations.
    pub fn declared(&self) -> impl Iterator<Item = &'static Spec> {
        self.settings.declared.iter().copied().flatten().filter(|spec| !spec.read_only)
    }

    /// Returns the keyring that signs and seals cookies.
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn keyring(&self) -> Option<&crate::seal::Keyring> {
        self.settings.keyring.as_ref()
    }

    /// Returns the setting for device-bound cookies.
    #[cfg(feature = "device-bound")]
    pub fn device_bound(&self) -> &crate::device_bound::DeviceBound {
        &self.settings.device_bound
    }

    /// Returns the weaknesses that the policy's exceptions allow for the cookie.
    pub(crate) fn allowed(&self, cookie: &[u8]) -> Allowed {
        let exceptions = self.exceptions().filter(|exception| exception.covers(cookie));
        exceptions.fold(Allowed::default(), |allowed, exception| allowed.or(exception.allowed()))
    }

    /// Returns the weaknesses that the policy's exceptions allow for a cookie that is declared as `declared_name`. For
    /// a cookie of a family, the declared name is the family's name, so the two names differ.
    pub(crate) fn allowed_under(&self, cookie: &[u8], declared_name: Option<&str>) -> Allowed {
        let allowed = self.allowed(cookie);
        match declared_name.map(str::as_bytes).filter(|declared| *declared != cookie) {
            Some(declared) => allowed.or(self.allowed(declared)),
            None => allowed,
        }
    }

    pub(crate) fn emit_to_callback(&self, event: &Event<'_>) {
        if let Some(callback) = &self.settings.callback {
            callback(event);
        }
    }
}

#[cfg(feature = "_layer")]
impl Policy {
    /// Returns the setting for requests over plain HTTP.
    pub fn force_https(&self) -> &ForceHttps {
        &self.settings.layer.force_https
    }

    /// Returns the HSTS setting.
    pub fn hsts(&self) -> &Hsts {
        &self.settings.layer.hsts
    }

    /// Returns the setting for undeclared cookies.
    #[must_use]
    pub fn undeclared_cookies(&self) -> UndeclaredCookies {
        self.settings.layer.undeclared_cookies
    }

    /// Returns the names that were passed to [`PolicyBuilder::session_names`].
    #[must_use]
    pub fn session_names(&self) -> &[String] {
        &self.settings.layer.session_names
    }

    /// Returns the names that were passed to [`PolicyBuilder::not_session_names`].
    #[must_use]
    pub fn not_session_names(&self) -> &[String] {
        &self.settings.layer.not_session_names
    }

    /// Returns the names that were passed to [`PolicyBuilder::host_prefix`].
    #[must_use]
    pub fn host_prefix(&self) -> &[String] {
        &self.settings.layer.host_prefix
    }

    /// Returns the date that was passed to [`PolicyBuilder::accept_unprefixed_until`].
    #[must_use]
    pub fn accept_unprefixed_until(&self) -> Option<&str> {
        self.settings.layer.accept_unprefixed_until.as_deref()
    }

    /// Returns the setting for the caching of responses with cookies.
    #[must_use]
    pub fn caching(&self) -> Caching {
        self.settings.layer.caching
    }

    /// Returns pairs: a host, and the reason for the host's exception. Over plain HTTP, the program's own HTTP client
    /// may send cookies and credentials to these hosts only.
    pub fn outbound_exceptions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.layer.outbound_exceptions.iter().map(|(host, reason)| (host.as_str(), reason.as_str()))
    }

    /// Returns true if the name is the name of a session cookie. If patterns from `session_names` and
    /// `not_session_names` match the name, the pattern with the highest rank determines the result. If no pattern
    /// matches, hardtack's built-in rules determine the result.
    pub(crate) fn is_session_name(&self, name: &[u8]) -> bool {
        let highest = |patterns: &[String]| {
            let matching = patterns.iter().filter(|pattern| name_pattern::matches(pattern, name));
            matching.map(|pattern| name_pattern::rank(pattern)).max()
        };
        match (highest(self.session_names()), highest(self.not_session_names())) {
            (None, None) => session_names::is_session_like(name),
            // No pattern is in both lists, and two different patterns that match the same name never have the same
            // rank.
            (listed, not_listed) => listed > not_listed,
        }
    }

    /// Returns the checked setting `host_prefix`, or `None` if the policy lists no name.
    pub(crate) fn renamed(&self) -> Option<&Arc<HostPrefix>> {
        self.renamed.as_ref()
    }

    pub(crate) fn hsts_value(&self) -> Option<&HeaderValue> {
        self.hsts_value.as_ref()
    }

    /// Returns all declarations of the cookie whose name is `cookie`. Several declarations can have the same name, but
    /// different scopes. The method only searches the declarations that were passed to [`PolicyBuilder::declared`].
    pub(crate) fn declarations(&self, cookie: &[u8]) -> impl Iterator<Item = &'static Spec> {
        let is_named = move |spec: &&'static Spec| match spec.keyed {
            true => std::str::from_utf8(cookie).is_ok_and(|cookie| family::contains(spec.name, cookie)),
            false => spec.name.as_bytes() == cookie,
        };
        self.declared().filter(is_named)
    }
}

impl Default for Policy {
    fn default() -> Self {
        let settings = PolicyBuilder::default();
        Policy {
            #[cfg(feature = "_layer")]
            hsts_value: settings.layer.hsts.header_value().unwrap_or_default(),
            #[cfg(feature = "_layer")]
            renamed: None,
            settings,
        }
    }
}

/// Collects the settings of a [`Policy`].
///
/// ```
/// use hardtack::Policy;
///
/// let policy = Policy::builder().cookie_domain("shop.example").build()?;
/// assert_eq!(policy.cookie_domain(), Some("shop.example"));
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct PolicyBuilder {
    cookie_scope: CookieScope,
    baseline: Baseline,
    exceptions: Vec<Exception>,
    declared: Vec<&'static [Spec]>,
    #[cfg(feature = "seal")]
    keyring: Option<crate::seal::Keyring>,
    callback: Option<Callback>,
    #[cfg(feature = "device-bound")]
    device_bound: crate::device_bound::DeviceBound,
    #[cfg(feature = "_layer")]
    layer: LayerSettings,
}

/// The settings that need the middleware of a web framework.
#[cfg(feature = "_layer")]
#[derive(Debug, Clone, Default)]
struct LayerSettings {
    force_https: ForceHttps,
    hsts: Hsts,
    undeclared_cookies: UndeclaredCookies,
    session_names: Vec<String>,
    not_session_names: Vec<String>,
    host_prefix: Vec<String>,
    accept_unprefixed_until: Option<String>,
    caching: Caching,
    outbound_exceptions: Vec<(String, String)>,
}

type Callback = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

impl PolicyBuilder {
    /// Sets the weakest attributes that the policy accepts for any cookie. The default baseline demands nothing.
    ///
    /// ```
    /// use hardtack::policy::Baseline;
    /// use hardtack::{Policy, SameSite};
    ///
    /// let strict = Baseline::new().same_site(SameSite::Strict);
    /// let policy = Policy::builder().baseline(strict.clone()).build()?;
    /// assert_eq!(policy.baseline(), &strict);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn baseline(mut self, baseline: Baseline) -> Self {
        self.baseline = baseline;
        self
    }

    /// Adds an exception for one cookie. If the policy has several exceptions for one cookie, the policy allows each
    /// weakness that at least one exception allows.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::Exception;
    ///
    /// let legacy = Exception::for_cookie("legacy").everything();
    /// let policy = Policy::builder().exception(legacy.clone().because("the old shop reads it until March")).build()?;
    /// assert_eq!(policy.exceptions().map(Exception::cookie).collect::<Vec<_>>(), ["legacy"]);
    /// assert_eq!(Policy::builder().exception(legacy).build().unwrap_err().key(), "exceptions");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn exception(mut self, exception: Exception) -> Self {
        self.exceptions.push(exception);
        self
    }

    /// Registers cookie declarations. By default, a `Set-Cookie` header counts as undeclared if the header comes from
    /// [`SetCookie::header_value`](crate::SetCookie::header_value). A header that matches a registered declaration
    /// counts as declared. A `Set-Cookie` header matches a declaration if the header has the declared `Path`, and the
    /// declared `Domain` or no `Domain`. Also, the lifetime must not be longer than declared, and the other attributes
    /// must be at least as strict as declared.
    ///
    /// This method skips `read_only` declarations, because another program sets these cookies. If a declaration is
    /// weaker than the default and has no `reason`, [`build`](PolicyBuilder::build) returns an error.
    ///
    /// ```
    /// use hardtack::spec::Spec;
    /// use hardtack::{Cookie, Policy, ReadCookie};
    ///
    /// #[derive(Cookie)]
    /// struct Cart(u32);
    ///
    /// const DECLARED: &[Spec] = &[Cart::SPEC];
    /// let policy = Policy::builder().declared(DECLARED).build()?;
    /// assert_eq!(policy.declared().count(), 1);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn declared(mut self, specs: &'static [Spec]) -> Self {
        self.declared.push(specs);
        self
    }

    /// Sets the keyring that signs and seals cookies. If the policy has no keyring, a cookie that is declared `signed`
    /// or `sealed` cannot be set or read.
    ///
    /// To rotate the keys of a running server, call [`PolicyHandle::apply`] with a policy that has the next keyring.
    ///
    /// ```
    /// use hardtack::seal::{Key, Keyring};
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let (old, new) = (Key::generate(), Key::generate());
    /// let handle = PolicyHandle::new(Policy::builder().keyring(Keyring::new(old.clone())).build()?);
    ///
    /// let next = Keyring::new(old).with(new.clone());
    /// handle.apply(handle.current().to_builder().keyring(next).build()?);
    /// assert!(format!("{:?}", handle.current().keyring()).contains(&new.id().to_string()));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[cfg(feature = "seal")]
    pub fn keyring(mut self, keyring: crate::seal::Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Sets the path of the two endpoints for device-bound cookies. The policy's middleware answers both paths.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::device_bound::DeviceBound;
    ///
    /// let policy = Policy::builder().device_bound(DeviceBound::new().at("/auth/device")).build()?;
    /// assert_eq!(policy.device_bound().refresh_path(), "/auth/device/refresh");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[cfg(feature = "device-bound")]
    pub fn device_bound(mut self, device_bound: crate::device_bound::DeviceBound) -> Self {
        self.device_bound = device_bound;
        self
    }

    /// Sets a function that hardtack calls for each [`Event`]. The function runs on the thread that handles the
    /// request, so the function should return quickly.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::event::Kind;
    ///
    /// let policy = Policy::builder().on_event(|event| {
    ///     if event.kind == Kind::Mistake {
    ///         eprintln!("{event}");
    ///     }
    /// });
    /// assert!(format!("{policy:?}").contains("on_event: true"));
    /// ```
    pub fn on_event(mut self, callback: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.callback = Some(Arc::new(callback));
        self
    }

    /// Checks the settings and builds the policy.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::ForceHttps;
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
    /// Returns an error if a setting is invalid, or if two settings contradict each other. The error contains the name
    /// of the first invalid setting, and a description of a valid value.
    pub fn build(mut self) -> Result<Policy, PolicyError> {
        self.cookie_scope.check()?;
        self.exceptions.iter().try_for_each(Exception::check)?;
        for spec in self.declared.iter().copied().flatten().filter(|spec| !spec.read_only) {
            // A `Spec` that a developer wrote by hand has no derived name, so its name is always explicit.
            let named = spec.explicit_name();
            let unexplained = |argument: &Argument| find_unexplained(&named, *argument);
            if let Some(fault) = Argument::ALL.iter().find_map(unexplained) {
                return Err(PolicyError::new(
                    "declared",
                    format!("`{}` is refused: {fault}", spec.name.escape_debug()),
                ));
            }
        }
        self.baseline.check()?;
        #[cfg(feature = "device-bound")]
        if let Some(problem) = self.device_bound.problem() {
            return Err(PolicyError::new("device_bound.at", problem));
        }
        #[cfg(feature = "_layer")]
        return self.build_with_layer();
        #[cfg(not(feature = "_layer"))]
        Ok(Policy { settings: self })
    }
}

#[cfg(feature = "_layer")]
impl PolicyBuilder {
    /// Sets how the middleware responds to requests over plain HTTP. By default, the middleware redirects page requests
    /// to HTTPS, and refuses all other requests.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::ForceHttps;
    ///
    /// let policy = Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?;
    /// assert_eq!(policy.force_https(), &ForceHttps::on().https_port(8443));
    /// let policy = Policy::builder().force_https(false).build()?;
    /// assert_eq!(policy.force_https(), &ForceHttps::off());
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn force_https(mut self, force_https: impl Into<ForceHttps>) -> Self {
        self.layer.force_https = force_https.into();
        self
    }

    /// Sets the HSTS header. The HSTS header contains the time for which browsers must use HTTPS for the host. By
    /// default, the time in the HSTS header is one year.
    ///
    /// The middleware sends exactly one HSTS header, and only over HTTPS (RFC 6797 7.2). The middleware sends no HSTS
    /// header if the host is a loopback name or an IP address (RFC 6797 8.1.1).
    ///
    /// If the application also sends an HSTS header, the middleware joins the two headers. The result has the longer
    /// `max-age`, and has `includeSubDomains` or `preload` if one of the two headers has the directive. If the result
    /// differs from the application's header, the middleware emits an event.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::Hsts;
    ///
    /// let policy = Policy::builder().hsts(Hsts::one_year().include_subdomains()).build()?;
    /// assert_eq!(policy.hsts(), &Hsts::one_year().include_subdomains());
    /// let policy = Policy::builder().hsts(false).build()?;
    /// assert_eq!(policy.hsts(), &Hsts::off());
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn hsts(mut self, hsts: impl Into<Hsts>) -> Self {
        self.layer.hsts = hsts.into();
        self
    }

    /// Sets how the middleware treats `Set-Cookie` headers that are written without hardtack. By default, the
    /// middleware [hardens](UndeclaredCookies::Harden) these headers.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::UndeclaredCookies;
    ///
    /// let policy = Policy::builder().undeclared_cookies(UndeclaredCookies::Observe).build()?;
    /// assert_eq!(policy.undeclared_cookies(), UndeclaredCookies::Observe);
    /// assert_eq!(Policy::default().undeclared_cookies(), UndeclaredCookies::Harden);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn undeclared_cookies(mut self, undeclared_cookies: UndeclaredCookies) -> Self {
        self.layer.undeclared_cookies = undeclared_cookies;
        self
    }

    /// Adds names of session cookies. A name may end with `*`. For example, `basket_*` matches every name that begins
    /// with `basket_`.
    ///
    /// hardtack always recognises the names of many products and frameworks, such as `PHPSESSID`,
    /// `wordpress_logged_in_…` and `KEYCLOAK_IDENTITY`. hardtack also recognises names that contain a word such as
    /// `session`, `sid`, `login`, `token` or `auth`. A second word can show a different purpose: `session_timeout` is
    /// not a session cookie. These built-in rules ignore letter case, because some products change the letter case of a
    /// name.
    ///
    /// The middleware compares the names in this list byte for byte, as browsers do. If a cookie's name has a prefix
    /// such as `__Host-`, write the prefix too. A `*` is allowed only at the end. A prefix alone, as in `__Host-*`, is
    /// not allowed.
    ///
    /// If a cookie's name matches both this list and [`not_session_names`](PolicyBuilder::not_session_names), an entry
    /// that is equal to the name wins. Otherwise the longer entry wins.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().session_names(["basket_key", "till_*"]).build()?;
    /// assert_eq!(policy.session_names(), ["basket_key", "till_*"]);
    /// assert_eq!(Policy::builder().session_names(["*"]).build().unwrap_err().key(), "session_names");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn session_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.layer.session_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds names of cookies that are not session cookies, although their names look like names of session cookies. The
    /// middleware does not add `HttpOnly` and `SameSite=Lax` to cookies with these names. The middleware still adds
    /// `Secure`.
    ///
    /// A name may end with `*`, as in [`session_names`](PolicyBuilder::session_names). If a cookie's name matches both
    /// lists, an entry that is equal to the name wins. Otherwise the longer entry wins. An entry that is in both lists
    /// is an error.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().not_session_names(["design_token", "kiosk_session_*"]).build()?;
    /// assert_eq!(policy.not_session_names(), ["design_token", "kiosk_session_*"]);
    ///
    /// let error = Policy::builder().session_names(["till"]).not_session_names(["till"]).build().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`not_session_names`: `till` is also in `session_names`; remove it from one of the two lists"
    /// );
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn not_session_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.layer.not_session_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds names of cookies to which the middleware adds a prefix. For example, a session library sets the cookie
    /// `id`, and the browser stores the cookie as `__Host-Http-id`. The application and the library still see the name
    /// `id`.
    ///
    /// Chromium, Firefox and Safari accept a cookie with the prefix only from the host itself and only over HTTPS. So
    /// neither a sibling host nor an attacker on the network can plant a cookie with the prefix. The guide lists [the
    /// rules of each browser](crate::guide::security#name-prefixes). The middleware changes requests and responses:
    ///
    /// - If a `Set-Cookie` header sets a cookie with a listed name, the middleware adds the prefix, `Path=/`, `Secure`
    ///   and `HttpOnly`. If the header has no valid `SameSite`, the middleware also adds `SameSite=Lax`. The middleware
    ///   drops a header with a `Domain`, with a `Path` other than `/`, or with more than 4096 bytes of name and value.
    /// - The application receives the prefixed cookie under its bare name, which is the listed name. If a request
    ///   contains a cookie with the bare name, in any spelling, the middleware drops this cookie. If a request contains
    ///   the prefixed name twice, or comes over plain HTTP, the middleware drops all cookies with the bare name or the
    ///   prefixed name.
    ///
    /// Do not list a cookie that a script reads. A listed name must not be the name of a declared cookie, and must not
    /// have an [`exception`](PolicyBuilder::exception). The [guide](crate::guide::libraries) lists the checks to make
    /// before you list a name.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().host_prefix(["id", "PHPSESSID"]).build()?;
    /// assert_eq!(policy.host_prefix(), ["id", "PHPSESSID"]);
    /// assert_eq!(Policy::builder().host_prefix(["__Host-id"]).build().unwrap_err().key(), "host_prefix");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn host_prefix(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.layer.host_prefix.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the date until which the application also receives cookies of [`host_prefix`](PolicyBuilder::host_prefix)
    /// that come under their bare name. So users stay signed in when you list a name for the first time. The period
    /// ends at the start of this day, in UTC. The date may be at most 90 days in the future. A past date is not an
    /// error. The migration has then ended.
    ///
    /// The middleware accepts a cookie under its bare name only if the request came over HTTPS and does not contain the
    /// prefixed name. The request must contain the bare name once, in exactly the listed spelling. When the library
    /// sets or removes the cookie, the middleware also removes the cookie with the bare name. Until this date, another
    /// host of the site can still plant a session in a browser that has no prefixed cookie.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().host_prefix(["id"]).accept_unprefixed_until("2026-01-31").build()?;
    /// assert_eq!(policy.accept_unprefixed_until(), Some("2026-01-31"));
    ///
    /// let error = Policy::builder().accept_unprefixed_until("2999-01-01").build().unwrap_err();
    /// assert_eq!(error.key(), "accept_unprefixed_until");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn accept_unprefixed_until(mut self, date: impl Into<String>) -> Self {
        self.layer.accept_unprefixed_until = Some(date.into());
        self
    }

    /// Sets which caches may store a response with cookies. By default, only the browser's cache may store the
    /// response. The middleware also removes headers that some shared caches use instead of `Cache-Control`, such as
    /// `CDN-Cache-Control`.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::Caching;
    ///
    /// let policy = Policy::builder().caching(Caching::NoStore).build()?;
    /// assert_eq!(policy.caching(), Caching::NoStore);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn caching(mut self, caching: Caching) -> Self {
        self.layer.caching = caching;
        self
    }

    /// Allows the program's own HTTP client to send cookies and credentials to `host` over plain HTTP. The argument
    /// `reason` must not be empty.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::builder().outbound_exception("metrics.internal", "inside the cluster").build()?;
    /// assert_eq!(policy.outbound_exceptions().next(), Some(("metrics.internal", "inside the cluster")));
    /// assert_eq!(Policy::builder().outbound_exception("a b", "x").build().unwrap_err().key(), "outbound_exceptions");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn outbound_exception(mut self, host: impl Into<String>, reason: impl Into<String>) -> Self {
        self.layer.outbound_exceptions.push((host.into(), reason.into()));
        self
    }

    fn build_with_layer(mut self) -> Result<Policy, PolicyError> {
        let layer = &mut self.layer;
        layer.session_names.iter().try_for_each(|name| name_pattern::check("session_names", name))?;
        for name in &layer.not_session_names {
            name_pattern::check("not_session_names", name)?;
            if layer.session_names.contains(name) {
                let name = name.escape_debug();
                let problem = format!("`{name}` is also in `session_names`; remove it from one of the two lists");
                return Err(PolicyError::new("not_session_names", problem));
            }
        }
        for (host, reason) in &layer.outbound_exceptions {
            error::check_host_name("outbound_exceptions", host)?;
            check_reason("outbound_exceptions", host, reason)?;
        }
        layer.force_https = core::mem::take(&mut layer.force_https).check()?;
        let hsts_value = layer.hsts.header_value()?;
        let renamed = HostPrefix::from_settings(&self)?;
        Ok(Policy { settings: self, hsts_value, renamed })
    }
}

/// Shows the settings. In the output, `on_event` is `true` if a callback is set.
impl fmt::Debug for PolicyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut settings = f.debug_struct("Settings");
        self.cookie_scope.show(&mut settings);
        settings
            .field("baseline", &self.baseline)
            .field("exceptions", &self.exceptions)
            .field("on_event", &self.callback.is_some());
        #[cfg(feature = "seal")]
        settings.field("keyring", &self.keyring);
        #[cfg(feature = "device-bound")]
        settings.field("device_bound", &self.device_bound);
        #[cfg(feature = "_layer")]
        settings
            .field("force_https", &self.layer.force_https)
            .field("hsts", &self.layer.hsts)
            .field("undeclared_cookies", &self.layer.undeclared_cookies)
            .field("session_names", &self.layer.session_names)
            .field("not_session_names", &self.layer.not_session_names)
            .field("host_prefix", &self.layer.host_prefix)
            .field("accept_unprefixed_until", &self.layer.accept_unprefixed_until)
            .field("caching", &self.layer.caching)
            .field("outbound_exceptions", &self.layer.outbound_exceptions);
        settings.finish_non_exhaustive()
    }
}

fn check_reason(key: &'static str, name: &str, reason: &str) -> Result<(), PolicyError> {
    if reason.trim().is_empty() {
        let name = name.escape_debug();
        return Err(PolicyError::new(key, format!("the exception for `{name}` has no reason; write why it is needed")));
    }
    Ok(())
}

fn check_cookie_name(key: &'static str, name: &str) -> Result<(), PolicyError> {
    syntax::check_undeclared_name(name)
        .map_err(|fault| PolicyError::new(key, format!("`{}` is refused: {fault}", name.escape_debug())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "_layer")]
    #[test]
    fn default_forces_https_and_has_no_domain() {
        for policy in [Policy::default(), Policy::builder().build().unwrap()] {
            assert!(policy.force_https().is_on());
            assert_eq!(policy.force_https().explicit_port(), None);
            assert_eq!(policy.cookie_domain(), None);
        }
        assert!(!Policy::builder().force_https(false).build().unwrap().force_https().is_on());
        assert!(Policy::builder().force_https(true).build().unwrap().force_https().is_on());
    }

    #[test]
    fn exceptions_need_a_valid_name_and_reason() {
        let error = |builder: PolicyBuilder| builder.build().unwrap_err().to_string();
        let exception = |name: &str| Exception::for_cookie(name).everything();
        for without_reason in [exception("a"), exception("a").because(""), exception("a").because(" \t")] {
            assert_eq!(
                error(Policy::builder().exception(without_reason)),
                "`exceptions`: the exception for `a` has no reason; write why it is needed"
            );
        }
        assert_eq!(
            error(Policy::builder().exception(Exception::for_cookie("a").because("x"))),
            "`exceptions`: the exception for `a` allows nothing; write what it allows: `insecure`, \
             `readable_by_scripts`, `any_same_site` or `everything`"
        );
        let invalid = error(Policy::builder().exception(exception("a;b").because("x")));
        assert!(invalid.starts_with("`exceptions`: `a;b` is refused: "));
        #[cfg(feature = "_layer")]
        assert!(error(Policy::builder().session_names([""])).starts_with("`session_names`: `` is refused: "));
    }

    #[test]
    fn exceptions_of_one_cookie_are_joined() {
        let policy = Policy::builder()
            .exception(Exception::for_cookie("a").insecure().because("x"))
            .exception(Exception::for_cookie("a").any_same_site().because("y"))
            .exception(Exception::for_cookie("b").everything().because("z"))
            .build()
            .unwrap();
        let expected = Allowed { insecure: true, any_same_site: true, ..Allowed::default() };
        assert_eq!(policy.allowed(b"a"), expected);
        assert!(policy.allowed(b"b").everything && policy.allowed(b"b").readable_by_scripts);
        for other in [&b"A"[..], b"aa", b""] {
            assert!(policy.allowed(other).is_nothing());
        }
    }

    #[test]
    fn to_builder_keeps_the_settings() {
        let exception = Exception::for_cookie("b").everything().because("c");
        let policy = Policy::builder().cookie_domain("a.example").exception(exception.clone()).build().unwrap();
        let copy = policy.to_builder().build().unwrap();
        assert_eq!(format!("{copy:?}"), format!("{policy:?}"));
        assert_eq!(copy.exceptions().collect::<Vec<_>>(), [&exception]);
    }
}
