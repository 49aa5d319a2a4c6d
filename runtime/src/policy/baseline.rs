//! The baseline: the weakest attributes that a policy accepts for any cookie, declared or undeclared. The module
//! `jar::write` applies the baseline to `Set-Cookie` headers.

use core::time::Duration;

use hardtack_rules::{SameSite, syntax};

use super::PolicyError;

/// The weakest attributes that a policy accepts for any cookie.
///
/// If a `Set-Cookie` header is weaker than the baseline, hardtack replaces or adds the attribute that the baseline
/// demands. hardtack does not change a `Set-Cookie` header that meets the baseline.
///
/// ```
/// use std::time::Duration;
///
/// use hardtack::policy::Baseline;
/// use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SameSite, testing};
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "30d")]
/// struct Session(String);
///
/// let baseline = Baseline::new()
///     .same_site(SameSite::Strict)
///     .http_only()
///     .longest_max_age(Duration::from_secs(86_400));
/// let policy = PolicyHandle::new(Policy::builder().baseline(baseline).build()?);
/// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_policy(&policy);
/// cookies.set(Session("a".into())).unwrap();
///
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(
///     response["set-cookie"],
///     "__Host-Http-session=a; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Strict",
/// );
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Baseline {
    same_site: Option<SameSite>,
    http_only: bool,
    longest_max_age: Option<Duration>,
}

impl Baseline {
    /// Makes a baseline that demands nothing.
    pub fn new() -> Self {
        Baseline::default()
    }

    /// Sets the weakest `SameSite` value that the policy accepts. With `SameSite::None`, the policy accepts every
    /// `SameSite` value.
    ///
    /// With `SameSite::Strict`, browsers do not send a cookie when another site redirects the user back to this site,
    /// for example after a sign-in. If the application needs the cookie then, add an
    /// [`Exception`](crate::policy::Exception) with `any_same_site` for the cookie.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    /// Demands that every cookie has `HttpOnly`.
    pub fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    /// Sets the longest lifetime that a cookie may have, in whole seconds. The baseline does not change a cookie
    /// without `Max-Age` and `Expires`.
    pub fn longest_max_age(mut self, max_age: Duration) -> Self {
        self.longest_max_age = Some(max_age);
        self
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        match self.longest_max_age.map(syntax::check_max_age) {
            Some(Err(fault)) => Err(PolicyError::new("baseline.longest_max_age", fault.to_string())),
            Some(Ok(())) | None => Ok(()),
        }
    }

    /// Returns true if the baseline demands nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Baseline::default()
    }

    pub(super) fn with_http_only(self, http_only: bool) -> Self {
        Baseline { http_only, ..self }
    }

    /// Returns the weakest `SameSite` value that the policy accepts, or `None` if the baseline demands no `SameSite`.
    ///
    /// ```
    /// use hardtack::SameSite;
    /// use hardtack::policy::Baseline;
    ///
    /// assert_eq!(Baseline::new().same_site(SameSite::Lax).min_same_site(), Some(SameSite::Lax));
    /// assert_eq!(Baseline::new().min_same_site(), None);
    /// ```
    #[must_use]
    pub fn min_same_site(&self) -> Option<SameSite> {
        self.same_site
    }

    /// Returns true if every cookie must have `HttpOnly`.
    ///
    /// ```
    /// use hardtack::policy::Baseline;
    ///
    /// assert!(Baseline::new().http_only().demands_http_only());
    /// ```
    #[must_use]
    pub fn demands_http_only(&self) -> bool {
        self.http_only
    }

    /// Returns the longest lifetime that a cookie may have, or `None` if the baseline has no limit.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use hardtack::policy::Baseline;
    ///
    /// let hour = Duration::from_secs(3_600);
    /// assert_eq!(Baseline::new().longest_max_age(hour).max_age_limit(), Some(hour));
    /// ```
    #[must_use]
    pub fn max_age_limit(&self) -> Option<Duration> {
        self.longest_max_age
    }
}
