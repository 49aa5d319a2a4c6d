//! Reads a policy from environment variables.

use super::exception::Exception;
use super::keys::{Draft, EMPTY_IS_NOT_SET, KEYS, TextValue};
use super::{Policy, PolicyBuilder, PolicyError};

/// The prefix of the environment variables that contain policy settings.
const PREFIX: &str = "HARDTACK_POLICY_";

impl Policy {
    /// Reads a policy from environment variables. If the variable of a setting is missing, the setting has its default
    /// value. To combine environment variables with settings in code, call [`PolicyBuilder::env`]. The documentation of
    /// [`PolicyBuilder::env`] describes the variables.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`PolicyBuilder::env`] and of [`PolicyBuilder::build`].
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// // No variable is set here.
    /// let policy = Policy::from_env()?;
    /// assert_eq!(policy.cookie_domain(), None);
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn from_env() -> Result<Policy, PolicyError> {
        Policy::builder().env()?.build()
    }
}

impl PolicyBuilder {
    /// Adds the environment variables `HARDTACK_POLICY_*` to the settings of the builder. If a setting has a single
    /// value, the variable replaces the value. If a setting is a list, the variable adds items to the list. If the
    /// variable of a setting is missing, the setting does not change.
    ///
    /// The name of a variable is `HARDTACK_POLICY_`, followed by the name of the setting in upper case. A dot in the
    /// name of a setting becomes `_`. Examples:
    ///
    /// - `HARDTACK_POLICY_FORCE_HTTPS=false`
    /// - `HARDTACK_POLICY_FORCE_HTTPS_EXEMPT=/health,/ready`
    /// - `HARDTACK_POLICY_FORCE_HTTPS_REDIRECT_HOST=shop.example`
    /// - `HARDTACK_POLICY_HSTS_MAX_AGE=365d`
    /// - `HARDTACK_POLICY_EXCEPTIONS=theme readable_by_scripts: theme.js reads it; legacy everything: …`
    ///
    /// If the value of a setting is a list, commas separate the items of the list. Semicolons separate the exceptions
    /// in `HARDTACK_POLICY_EXCEPTIONS`. An exception consists of the cookie's name, the words for the allowed
    /// weaknesses, a colon and the reason. The words are the names of the methods of [`Exception`]: `insecure`,
    /// `readable_by_scripts`, `any_same_site` and `everything`. In `HARDTACK_POLICY_OUTBOUND_EXCEPTIONS`, an exception
    /// consists of a host, a colon and the reason.
    ///
    /// These variables count as not set if they are empty: `HARDTACK_POLICY_COOKIE_DOMAIN`,
    /// `HARDTACK_POLICY_BASE_PATH`, `HARDTACK_POLICY_FORMER_COOKIE_DOMAIN` and `HARDTACK_POLICY_FORMER_BASE_PATH`. For
    /// example, `HARDTACK_POLICY_COOKIE_DOMAIN=` changes no setting. With `HARDTACK_POLICY_COOKIE_DOMAIN=none`, cookies
    /// with `domain = policy` are host-only.
    ///
    /// With the feature `seal`, there are two ways to set the secret keys of the keyring:
    ///
    /// - `HARDTACK_POLICY_KEYRING` contains the secret keys, in the format of `Keyring::from_env`.
    /// - `HARDTACK_POLICY_KEYRING_ENV` contains the name of a second environment variable. The second variable contains
    ///   the secret keys.
    ///
    /// A keyring from a variable has the same default lifetime as the builder's keyring, unless
    /// `HARDTACK_POLICY_KEYRING_DEFAULT_LIFETIME` is set.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let builder = Policy::builder().cookie_domain("shop.example").on_event(|event| println!("{event}"));
    /// // No variable is set here.
    /// let policy = builder.env()?.build()?;
    /// assert_eq!(policy.cookie_domain(), Some("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the value of a variable is invalid. Also returns an error if the name of a variable begins
    /// with `HARDTACK_POLICY_` but is unknown. The error contains the name of the first invalid variable, and a
    /// description of a valid value.
    pub fn env(self) -> Result<PolicyBuilder, PolicyError> {
        self.with_variables(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.into_string().ok()))
        }))
    }

    /// Adds environment variables, as pairs of a name and a value. The value is `None` if the variable's value is not
    /// UTF-8.
    pub(super) fn with_variables(
        self,
        variables: impl Iterator<Item = (String, Option<String>)>,
    ) -> Result<PolicyBuilder, PolicyError> {
        let mut draft = Draft::new(self);
        let variables: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        let names: Vec<_> = KEYS.iter().map(|key| variable_name(key.name)).collect();
        // The error must not depend on the order of the environment variables. So if several variables are unknown, the
        // error contains the first name in alphabetical order. The known variables are read in the order of `KEYS`.
        if let Some(unknown) = variables.iter().map(|(name, _)| name).filter(|name| !names.contains(name)).min() {
            return Err(PolicyError::new(unknown.clone(), format!("unknown; the variables are {}", names.join(", "))));
        }
        for (key, name) in KEYS.iter().zip(&names) {
            let Some((_, value)) = variables.iter().find(|(other, _)| other == name) else { continue };
            let Some(value) = value else {
                return Err(PolicyError::new(name.clone(), "not UTF-8; write it in UTF-8"));
            };
            if value.trim().is_empty() && EMPTY_IS_NOT_SET.contains(&key.name) {
                continue;
            }
            draft.set(key, name, Variable(value.clone()))?;
        }
        draft.into_builder()
    }
}

pub(super) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// The value of an environment variable, as text. The text is parsed as the type of the setting.
struct Variable(String);

impl TextValue for Variable {
    #[cfg(feature = "seal")]
    fn secret(self) -> Option<String> {
        Some(self.0)
    }

    fn boolean(self) -> Option<bool> {
        self.0.trim().parse().ok()
    }

    fn text(self) -> Option<String> {
        Some(self.0)
    }

    #[cfg(feature = "_layer")]
    fn number(self) -> Option<u16> {
        self.0.trim().parse().ok()
    }

    fn list(self) -> Option<Vec<String>> {
        Some(self.0.split(',').map(|item| item.trim().to_owned()).collect())
    }

    #[cfg(feature = "_layer")]
    fn reasons(self, _: &str) -> Result<Option<Vec<(String, String)>>, PolicyError> {
        let pair = |(host, reason): (&str, &str)| (host.to_owned(), reason.to_owned());
        Ok(Some(self.items_with_reason().map(pair).collect()))
    }

    fn exceptions(self, name: &str) -> Result<Option<Vec<Exception>>, PolicyError> {
        let parse = |(subject, reason): (&str, &str)| {
            let mut words = subject.split_whitespace();
            let exception = Exception::for_cookie(words.next().unwrap_or_default()).because(reason);
            words.try_fold(exception, |exception, word| exception.allow(word, name))
        };
        self.items_with_reason().map(parse).collect::<Result<_, _>>().map(Some)
    }
}

impl Variable {
    /// Splits the text into items at each semicolon, then splits each item at its first colon. The part after the colon
    /// is the reason. If an item has no colon, the reason is empty.
    fn items_with_reason(&self) -> impl Iterator<Item = (&str, &str)> {
        let items = self.0.split(';').filter(|item| !item.trim().is_empty());
        items.map(|item| item.split_once(':').unwrap_or((item, ""))).map(|(item, reason)| (item.trim(), reason.trim()))
    }
}
