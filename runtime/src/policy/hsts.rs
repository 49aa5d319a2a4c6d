//! The setting for HTTP Strict Transport Security (HSTS, RFC 6797). This file checks the HSTS setting and makes the
//! value of the HSTS header. The module `middleware::response` sends the HSTS header.

use core::time::Duration;

use http::HeaderValue;

use super::PolicyError;

/// The setting for the HSTS header. The HSTS header contains the time for which browsers must use HTTPS for the host.
/// By default, the time in the HSTS header is one year, and the header does not apply to subdomains.
///
/// If the application also sends an HSTS header, the middleware joins the two headers. The joined header has the longer
/// `max-age`. It has `includeSubDomains` if one of the two headers has `includeSubDomains`. The same applies to
/// `preload`. If the application sends several HSTS headers, the middleware uses the first header, as browsers do (RFC
/// 6797 8.1).
///
/// ```
/// use axum::{Router, body::Body};
/// use hardtack::policy::Hsts;
/// use hardtack::{Policy, TlsTermination};
/// use tower_service::Service as _;
///
/// let policy = Policy::builder().hsts(Hsts::one_year().include_subdomains()).build()?;
/// let mut app = Router::<()>::new().fallback(|| async { "home" }).layer(policy.layer(TlsTermination::here()));
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let request = http::Request::get("/").header("Host", "shop.example").body(Body::empty()).unwrap();
/// let response = app.call(request).await.unwrap();
/// assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains");
/// # });
///
/// let error = Policy::builder().hsts(Hsts::one_year().preload()).build().unwrap_err();
/// assert_eq!(error.key(), "hsts.preload");
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Hsts {
    on: bool,
    max_age: Duration,
    include_subdomains: bool,
    preload: bool,
}

/// The minimum `max-age` for preload lists. Scanners also demand this `max-age`.
const YEAR: Duration = Duration::from_secs(hardtack_rules::wire::HSTS_YEAR_SECONDS);

impl Hsts {
    /// Makes an HSTS setting with a `max-age` of one year. The HSTS header does not apply to subdomains.
    pub fn one_year() -> Self {
        Hsts { on: true, max_age: YEAR, include_subdomains: false, preload: false }
    }

    /// Makes a setting that turns HSTS off. The middleware then adds no HSTS header, and does not change the
    /// application's own HSTS header.
    pub fn off() -> Self {
        Hsts { on: false, ..Hsts::one_year() }
    }

    /// Sets the time for which browsers must use HTTPS, in whole seconds. If the time is zero, browsers remove the host
    /// from their HSTS list (RFC 6797 6.1.1).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Applies the HSTS header to every subdomain of the host. So all subdomains must support HTTPS.
    pub fn include_subdomains(mut self) -> Self {
        self.include_subdomains = true;
        self
    }

    /// Allows browsers to add the host to their preload lists. A preload list is a built-in list of hosts that the
    /// browser only contacts over HTTPS. The removal of a host from the preload lists takes months.
    pub fn preload(mut self) -> Self {
        self.preload = true;
        self
    }

    /// Returns true if the middleware sends the HSTS header.
    ///
    /// ```
    /// use hardtack::policy::Hsts;
    ///
    /// assert!(Hsts::one_year().is_on());
    /// assert!(!Hsts::off().is_on());
    /// ```
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Returns the time for which browsers must use HTTPS.
    ///
    /// ```
    /// use hardtack::policy::Hsts;
    ///
    /// assert_eq!(Hsts::one_year().lifetime().as_secs(), 31_536_000);
    /// ```
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.max_age
    }

    /// Returns true if the header applies to subdomains.
    ///
    /// ```
    /// use hardtack::policy::Hsts;
    ///
    /// assert!(Hsts::one_year().include_subdomains().includes_subdomains());
    /// ```
    #[must_use]
    pub fn includes_subdomains(&self) -> bool {
        self.include_subdomains
    }

    /// Returns true if the header allows browsers to add the host to their preload lists.
    ///
    /// ```
    /// use hardtack::policy::Hsts;
    ///
    /// assert!(Hsts::one_year().include_subdomains().preload().allows_preload());
    /// ```
    #[must_use]
    pub fn allows_preload(&self) -> bool {
        self.preload
    }

    pub(super) fn with_include_subdomains(self, include_subdomains: bool) -> Self {
        Hsts { include_subdomains, ..self }
    }

    pub(super) fn with_preload(self, preload: bool) -> Self {
        Hsts { preload, ..self }
    }

    pub(super) fn enabled(self, on: bool) -> Self {
        Hsts { on, ..self }
    }

    /// Checks the HSTS setting. Returns the value of the HSTS header, or `None` if HSTS is off.
    pub(super) fn header_value(&self) -> Result<Option<HeaderValue>, PolicyError> {
        if !self.on {
            return Ok(None);
        }
        if self.max_age.subsec_nanos() != 0 {
            return Err(PolicyError::new(
                "hsts.max_age",
                "it is not a whole number of seconds; use `Duration::from_secs`",
            ));
        }
        if self.preload && !self.include_subdomains {
            return Err(PolicyError::new(
                "hsts.preload",
                "preload lists accept a host only with all its subdomains; add `include_subdomains`, or leave `preload` out",
            ));
        }
        if self.preload && self.max_age < YEAR {
            return Err(PolicyError::new(
                "hsts.preload",
                "preload lists accept one year or more; raise `max_age` to \"365d\", or leave `preload` out",
            ));
        }
        let mut text = format!("max-age={}", self.max_age.as_secs());
        if self.include_subdomains {
            text.push_str("; includeSubDomains");
        }
        if self.preload {
            text.push_str("; preload");
        }
        let value = HeaderValue::try_from(text);
        value.map(Some).map_err(|_| PolicyError::new("hsts", "it is not a valid header value; leave it out"))
    }
}

impl Default for Hsts {
    fn default() -> Self {
        Hsts::one_year()
    }
}

impl From<bool> for Hsts {
    fn from(on: bool) -> Self {
        Hsts::one_year().enabled(on)
    }
}

#[cfg(test)]
mod tests {
    use super::Hsts;
    use core::time::Duration;

    #[test]
    fn contradictions_name_their_key() {
        let value = |hsts: Hsts| hsts.header_value().map(|value| value.map(|value| value.to_str().unwrap().to_owned()));
        assert_eq!(value(Hsts::one_year()).unwrap().as_deref(), Some("max-age=31536000"));
        assert_eq!(
            value(Hsts::one_year().include_subdomains().preload()).unwrap().as_deref(),
            Some("max-age=31536000; includeSubDomains; preload")
        );
        assert_eq!(value(Hsts::off()).unwrap(), None);
        assert_eq!(value(Hsts::one_year().preload()).unwrap_err().key(), "hsts.preload");
        let short = Hsts::one_year().max_age(Duration::from_secs(60)).include_subdomains();
        assert_eq!(value(short.clone().preload()).unwrap_err().key(), "hsts.preload");
        assert_eq!(value(short).unwrap().as_deref(), Some("max-age=60; includeSubDomains"));
        assert_eq!(value(Hsts::one_year().max_age(Duration::from_millis(1))).unwrap_err().key(), "hsts.max_age");
    }
}
