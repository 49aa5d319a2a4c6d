//! The error for an invalid policy: the name of the invalid setting, and a description of a valid value.

use core::fmt;
use std::borrow::Cow;

#[cfg(feature = "_layer")]
use crate::request::host::Host;

/// The error for an invalid policy: the name of the invalid setting, and a description of a valid value.
///
/// ```
/// use hardtack::Policy;
///
/// let error = Policy::builder().cookie_domain("localhost").build().unwrap_err();
/// assert_eq!(error.key(), "cookie_domain");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyError {
    key: Cow<'static, str>,
    problem: String,
}

impl PolicyError {
    /// Makes an error. `problem` describes the problem and the remedy, as in "not UTF-8; write it in UTF-8".
    pub(crate) fn new(key: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        PolicyError { key: key.into(), problem: problem.into() }
    }

    /// Returns the name of the invalid setting, such as `force_https.hosts`.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::ForceHttps;
    ///
    /// let error = Policy::builder().force_https(ForceHttps::on().https_port(0)).build().unwrap_err();
    /// assert_eq!(error.key(), "force_https.https_port");
    /// ```
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Writes the same text as [`Display`](fmt::Display), because Rust uses `Debug` to print an error that `main` returns.
impl fmt::Debug for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is escaped, because an unknown key in the environment or in a TOML file can contain control
        // characters.
        write!(f, "`{}`: {}", self.key.escape_debug(), self.problem)
    }
}

impl std::error::Error for PolicyError {}

/// Checks that `name` is a host name without a port.
#[cfg(feature = "_layer")]
pub(super) fn check_host_name(key: &'static str, name: &str) -> Result<(), PolicyError> {
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
