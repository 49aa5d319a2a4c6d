//! HTTP Strict Transport Security (RFC 6797): a setting in, one header value out. Sends nothing; `enforce` does, over
//! HTTPS only.

use core::time::Duration;

use http::HeaderValue;

use crate::policy_error::PolicyError;

/// Says for how long a browser must use HTTPS for this host. The default of a policy is one year, this host alone.
///
/// ```
/// use hardtack::{Hsts, Policy};
///
/// assert!(Policy::builder().hsts(Hsts::one_year().subdomains().preload()).build().is_ok());
/// let error = Policy::builder().hsts(Hsts::one_year().preload()).build().unwrap_err();
/// assert_eq!(error.key(), "hsts.preload");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Hsts {
    on: bool,
    max_age: Duration,
    subdomains: bool,
    preload: bool,
}

/// What preload lists and auditors ask for at least.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

impl Hsts {
    /// One year, this host alone.
    pub fn one_year() -> Self {
        Hsts { on: true, max_age: YEAR, subdomains: false, preload: false }
    }

    /// Sends no such header; whatever the application sends stays.
    pub fn off() -> Self {
        Hsts { on: false, ..Hsts::one_year() }
    }

    /// Sets the time, in whole seconds. Zero makes browsers forget the host (RFC 6797 6.1.1).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Includes every subdomain: each must serve HTTPS.
    pub fn subdomains(mut self) -> Self {
        self.subdomains = true;
        self
    }

    /// Asks to be put on the browsers' preload lists, which takes months to undo.
    pub fn preload(mut self) -> Self {
        self.preload = true;
        self
    }

    pub(crate) fn enabled(self, on: bool) -> Self {
        Hsts { on, ..self }
    }

    /// The header's value, checked; `None` where it is off.
    pub(crate) fn checked(&self) -> Result<Option<HeaderValue>, PolicyError> {
        if !self.on {
            return Ok(None);
        }
        if self.max_age.subsec_nanos() != 0 {
            return Err(PolicyError::new("hsts.max_age", "not a whole number of seconds; use `Duration::from_secs`"));
        }
        if self.preload && !self.subdomains {
            return Err(PolicyError::new(
                "hsts.preload",
                "preload lists take a host with all its subdomains only; add `subdomains`, or leave `preload` out",
            ));
        }
        if self.preload && self.max_age < YEAR {
            return Err(PolicyError::new(
                "hsts.preload",
                "preload lists want one year at least; raise `max_age` to \"365d\", or leave `preload` out",
            ));
        }
        let mut text = format!("max-age={}", self.max_age.as_secs());
        if self.subdomains {
            text.push_str("; includeSubDomains");
        }
        if self.preload {
            text.push_str("; preload");
        }
        let value = HeaderValue::try_from(text);
        value.map(Some).map_err(|_| PolicyError::new("hsts", "cannot stand in a header; leave it out"))
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
    fn contradictions_name_their_key_and_the_rest_is_one_value() {
        let value = |hsts: Hsts| hsts.checked().map(|value| value.map(|value| value.to_str().unwrap().to_owned()));
        assert_eq!(value(Hsts::one_year()).unwrap().as_deref(), Some("max-age=31536000"));
        assert_eq!(
            value(Hsts::one_year().subdomains().preload()).unwrap().as_deref(),
            Some("max-age=31536000; includeSubDomains; preload")
        );
        assert_eq!(value(Hsts::off()).unwrap(), None);
        assert_eq!(value(Hsts::one_year().preload()).unwrap_err().key(), "hsts.preload");
        let short = Hsts::one_year().max_age(Duration::from_secs(60)).subdomains();
        assert_eq!(value(short.clone().preload()).unwrap_err().key(), "hsts.preload");
        assert_eq!(value(short).unwrap().as_deref(), Some("max-age=60; includeSubDomains"));
        assert_eq!(value(Hsts::one_year().max_age(Duration::from_millis(1))).unwrap_err().key(), "hsts.max_age");
    }
}
