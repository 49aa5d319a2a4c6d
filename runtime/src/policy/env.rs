//! Reads a policy from environment variables.

use super::keys::{Draft, KEYS, TextValue};
use super::{Policy, PolicyError};

/// The prefix of every variable's name.
const PREFIX: &str = "HARDTACK_POLICY_";

impl Policy {
    /// Reads a policy from environment variables. If a setting has no variable, its default applies.
    ///
    /// The name of a variable is `HARDTACK_POLICY_`, followed by the key in upper case. A dot in the key becomes `_`.
    /// Examples:
    ///
    /// - `HARDTACK_POLICY_FORCE_HTTPS=false`
    /// - `HARDTACK_POLICY_FORCE_HTTPS_EXEMPT=/health,/ready`
    /// - `HARDTACK_POLICY_HSTS_MAX_AGE=365d`
    /// - `HARDTACK_POLICY_EXCEPTIONS=legacy: the old shop reads it; other: …`
    ///
    /// Commas separate the items of a list. Semicolons separate exceptions.
    ///
    /// With the feature `seal`, there are two ways to set the secret keys:
    ///
    /// - `HARDTACK_POLICY_KEYRING` contains the keys, in the format of `Keyring::from_env`.
    /// - `HARDTACK_POLICY_KEYRING_ENV` contains the name of another variable, and that variable contains the keys.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is invalid. The error contains the name of the first invalid variable, and what
    /// was expected. A variable with the prefix and an unknown key is also an error.
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
        from_variables(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.into_string().ok()))
        }))
    }
}

/// Reads a policy from pairs of a name and a value. The value is `None` if it is not UTF-8.
pub(super) fn from_variables(variables: impl Iterator<Item = (String, Option<String>)>) -> Result<Policy, PolicyError> {
    let mut draft = Draft::default();
    let mut variables: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    // The variables are sorted, so that the first error does not depend on the order of the environment.
    variables.sort();
    for (name, value) in variables {
        let Some(key) = KEYS.iter().find(|key| variable_name(key.name) == name) else {
            let all: Vec<_> = KEYS.iter().map(|key| variable_name(key.name)).collect();
            return Err(PolicyError::new(name, format!("unknown; the variables are {}", all.join(", "))));
        };
        let Some(value) = value else {
            return Err(PolicyError::new(name, "not UTF-8; write it in UTF-8"));
        };
        draft.set(key, &name, Variable(value))?;
    }
    draft.build()
}

pub(super) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// The value of a variable, as text. The key decides how the text is parsed.
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

    #[cfg(feature = "_layer")]
    fn list(self) -> Option<Vec<String>> {
        Some(self.0.split(',').map(|item| item.trim().to_owned()).collect())
    }

    fn reasons(self, _: &str) -> Result<Option<Vec<(String, String)>>, PolicyError> {
        let split = |pair: &str| {
            let (name, reason) = pair.split_once(':').unwrap_or((pair, ""));
            (name.trim().to_owned(), reason.trim().to_owned())
        };
        Ok(Some(self.0.split(';').filter(|item| !item.trim().is_empty()).map(split).collect()))
    }
}
