//! An exception for a cookie: the attributes that the policy does not demand for the cookie. The module `middleware`
//! uses exceptions for cookies that are set without hardtack. The module `jar` uses exceptions when it applies the
//! policy's baseline.

use super::{PolicyError, check_reason, name_pattern};

/// An exception for one cookie, or for all cookies whose names have the same beginning. An exception allows one or more
/// weaknesses, and contains the reason.
///
/// The policy still demands all other attributes. For example, a cookie with the exception
/// [`readable_by_scripts`](Exception::readable_by_scripts) still gets `Secure` and `SameSite`.
///
/// If a handler sets a declared cookie with hardtack, an exception never makes the cookie weaker than its declaration.
/// An exception never allows a Secure cookie over plain HTTP. With `UndeclaredCookies::Refuse`, the middleware does not
/// drop a cookie that has an exception. Instead, the middleware adds each missing attribute, unless the exception
/// allows this weakness.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::policy::Exception;
///
/// let exception = Exception::for_cookie("grafana_session_expiry").readable_by_scripts().because("its page reads it");
/// let policy = Policy::builder().exception(exception.clone()).build()?;
/// assert_eq!(policy.exceptions().collect::<Vec<_>>(), [&exception]);
///
/// let error = Policy::builder().exception(Exception::for_cookie("theme").because("an old page")).build().unwrap_err();
/// assert_eq!(error.key(), "exceptions");
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Exception {
    cookie: String,
    allowed: Allowed,
    reason: String,
}

/// The weaknesses that the policy allows for one cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Allowed {
    pub(crate) insecure: bool,
    pub(crate) readable_by_scripts: bool,
    pub(crate) any_same_site: bool,
    pub(crate) everything: bool,
}

/// The word for a weakness, and the function that allows the weakness. The words occur in environment variables and in
/// TOML files.
type Word = (&'static str, fn(Exception) -> Exception);

const WORDS: [Word; 4] = [
    ("insecure", Exception::insecure),
    ("readable_by_scripts", Exception::readable_by_scripts),
    ("any_same_site", Exception::any_same_site),
    ("everything", Exception::everything),
];

impl Allowed {
    const NOTHING: Allowed =
        Allowed { insecure: false, readable_by_scripts: false, any_same_site: false, everything: false };
    const EVERYTHING: Allowed =
        Allowed { insecure: true, readable_by_scripts: true, any_same_site: true, everything: true };

    /// Returns true if the policy has no exception for the cookie.
    pub(crate) fn is_nothing(self) -> bool {
        self == Allowed::NOTHING
    }

    /// Combines two exceptions for the same cookie: the result allows each weakness that one of the two allows.
    pub(super) fn or(self, other: Allowed) -> Allowed {
        Allowed {
            insecure: self.insecure || other.insecure,
            readable_by_scripts: self.readable_by_scripts || other.readable_by_scripts,
            any_same_site: self.any_same_site || other.any_same_site,
            everything: self.everything || other.everything,
        }
    }
}

impl Exception {
    /// Makes an exception that does not allow a weakness yet. The cookie's name must match byte for byte.
    ///
    /// If the names of the cookies end with a variable part, write a `*` for this part. For example, `_shibstate_*`
    /// matches every name that begins with `_shibstate_`. A `*` is allowed only at the end. A prefix alone, as in
    /// `__Host-*`, is not allowed.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::Exception;
    ///
    /// assert_eq!(Exception::for_cookie("theme").cookie(), "theme");
    ///
    /// let exception = Exception::for_cookie("*").any_same_site().because("the identity provider sends a POST");
    /// assert_eq!(Policy::builder().exception(exception).build().unwrap_err().key(), "exceptions");
    /// ```
    pub fn for_cookie(name: impl Into<String>) -> Self {
        Exception { cookie: name.into(), allowed: Allowed::NOTHING, reason: String::new() }
    }

    /// Allows the cookie without `Secure`. If the cookie has no `Secure`, the middleware also sends the cookie over
    /// plain HTTP.
    ///
    /// ```
    /// use hardtack::policy::Exception;
    ///
    /// assert!(Exception::for_cookie("theme").insecure().allows_insecure());
    /// ```
    pub fn insecure(mut self) -> Self {
        self.allowed.insecure = true;
        self
    }

    /// Allows the cookie without `HttpOnly`, so scripts can read the cookie.
    ///
    /// ```
    /// use hardtack::policy::Exception;
    ///
    /// assert!(Exception::for_cookie("theme").readable_by_scripts().allows_scripts());
    /// ```
    pub fn readable_by_scripts(mut self) -> Self {
        self.allowed.readable_by_scripts = true;
        self
    }

    /// Allows the cookie with every `SameSite` value, and without `SameSite`.
    ///
    /// ```
    /// use hardtack::policy::Exception;
    ///
    /// assert!(Exception::for_cookie("saml").any_same_site().allows_any_same_site());
    /// ```
    pub fn any_same_site(mut self) -> Self {
        self.allowed.any_same_site = true;
        self
    }

    /// Allows everything: exempts the cookie from `undeclared_cookies` and from the whole
    /// [`baseline`](crate::policy::PolicyBuilder::baseline), including the baseline's longest lifetime.
    ///
    /// ```
    /// use hardtack::policy::Exception;
    ///
    /// let exception = Exception::for_cookie("legacy").everything();
    /// assert!(exception.allows_everything() && exception.allows_insecure());
    /// ```
    pub fn everything(mut self) -> Self {
        self.allowed = Allowed::EVERYTHING;
        self
    }

    /// Sets the reason. Without a reason, [`build`](crate::policy::PolicyBuilder::build) returns an error.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use hardtack::policy::Exception;
    ///
    /// let exception = Exception::for_cookie("legacy").everything();
    /// assert_eq!(
    ///     Policy::builder().exception(exception.clone()).build().unwrap_err().to_string(),
    ///     "`exceptions`: the exception for `legacy` has no reason; write why it is needed"
    /// );
    /// let exception = exception.because("the old shop reads it until March");
    /// assert_eq!(exception.reason(), "the old shop reads it until March");
    /// assert!(Policy::builder().exception(exception).build().is_ok());
    /// ```
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Returns the name of the cookie, as it was passed to [`for_cookie`](Exception::for_cookie).
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns true if the exception allows the cookie without `Secure`.
    #[must_use]
    pub fn allows_insecure(&self) -> bool {
        self.allowed.insecure
    }

    /// Returns true if the exception allows the cookie without `HttpOnly`.
    #[must_use]
    pub fn allows_scripts(&self) -> bool {
        self.allowed.readable_by_scripts
    }

    /// Returns true if the exception allows every `SameSite` value.
    #[must_use]
    pub fn allows_any_same_site(&self) -> bool {
        self.allowed.any_same_site
    }

    /// Returns true if the exception allows everything.
    #[must_use]
    pub fn allows_everything(&self) -> bool {
        self.allowed.everything
    }

    /// Returns true if the exception applies to a cookie with this name.
    pub(crate) fn covers(&self, name: &[u8]) -> bool {
        name_pattern::matches(&self.cookie, name)
    }

    pub(super) fn allowed(&self) -> Allowed {
        self.allowed
    }

    /// Allows the weakness that `word` names. Returns an error if the word is unknown. The error contains `name`, which
    /// is the name of the environment variable or the TOML key.
    pub(super) fn allow(self, word: &str, name: &str) -> Result<Self, PolicyError> {
        match WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, allow)) => Ok(allow(self)),
            None => {
                let problem = format!("`{}` is unknown; write {}", word.escape_debug(), words());
                Err(PolicyError::new(name.to_owned(), problem))
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        const KEY: &str = "exceptions";
        name_pattern::check(KEY, &self.cookie)?;
        if self.allowed.is_nothing() {
            let cookie = self.cookie.escape_debug();
            let problem = format!("the exception for `{cookie}` allows nothing; write what it allows: {}", words());
            return Err(PolicyError::new(KEY, problem));
        }
        check_reason(KEY, &self.cookie, &self.reason)
    }
}

fn words() -> String {
    let [a, b, c, d] = WORDS.map(|(word, _)| word);
    format!("`{a}`, `{b}`, `{c}` or `{d}`")
}
