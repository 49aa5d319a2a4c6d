//! Reads a policy from TOML. For example, the entry `max_age` in the TOML table `hsts` is the setting `hsts.max_age`.

use toml::de::{DeTable, DeValue};

use super::keys::{Draft, KEYS, TextValue};
use super::{Policy, PolicyError};

impl Policy {
    /// Reads a policy from TOML. If the TOML has no entry for a setting, the setting has its default value.
    ///
    /// ```toml
    /// undeclared_cookies = "harden"         # or "observe", "refuse"
    /// session_names = ["basket_key"]
    /// caching = "private"                   # or "no-store"
    /// cookie_domain = "example.com"         # or "none": cookies with `domain = policy` are host-only
    /// former_cookie_domain = ["old.example", "none"]
    /// base_path = "/vault"
    /// former_base_path = ["/old", "/"]
    ///
    /// [force_https]                         # or force_https = false
    /// api_paths = ["/api"]
    /// exempt = ["/health"]
    /// hosts = ["www.example.com"]
    /// https_port = 443
    ///
    /// [hsts]                                # or hsts = false
    /// max_age = "365d"
    /// include_subdomains = true
    /// preload = false
    ///
    /// [baseline]
    /// same_site = "Lax"
    /// http_only = true
    /// longest_max_age = "30d"
    ///
    /// [keyring]                             # feature `seal`
    /// env = "COOKIE_KEYS"                   # the variable that holds the keys; they may not be in the file
    /// default_lifetime = "1d"
    ///
    /// [[exceptions]]
    /// cookie = "legacy"
    /// reason = "the old shop reads it until March"
    ///
    /// [[outbound_exceptions]]
    /// host = "metrics.internal"
    /// reason = "the collector uses plain HTTP, inside the cluster"
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not TOML, if a key is unknown, if a value is invalid, or if two settings
    /// contradict each other. The error contains the key of the first invalid setting, and a description of a valid
    /// value.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let policy = Policy::from_toml("cookie_domain = 'shop.example'")?;
    /// assert_eq!(policy.cookie_domain(), Some("shop.example"));
    /// assert_eq!(Policy::from_toml("[hsts]\npreload = true").unwrap_err().key(), "hsts.preload");
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Policy, PolicyError> {
        let document = DeTable::parse(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            PolicyError::new(format!("line {line}"), format!("not TOML: {}", error.message().trim()))
        })?;
        let mut draft = Draft::default();
        read_table(&mut draft, "", document.get_ref())?;
        draft.build()
    }
}

fn read_table(draft: &mut Draft, parent: &str, entries: &DeTable<'_>) -> Result<(), PolicyError> {
    for (name, value) in entries {
        let path = if parent.is_empty() { name.get_ref().to_string() } else { format!("{parent}.{}", name.get_ref()) };
        let is_section = KEYS.iter().any(|key| key.name.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        match value.get_ref() {
            DeValue::Table(inner) if is_section => read_table(draft, &path, inner)?,
            value => {
                let Some(key) = KEYS.iter().find(|key| key.name == path) else {
                    let all: Vec<_> = KEYS.iter().map(|key| format!("`{}`", key.name)).collect();
                    return Err(PolicyError::new(path, format!("unknown; the keys are {}", all.join(", "))));
                };
                draft.set(key, &path, value)?;
            }
        }
    }
    Ok(())
}

impl TextValue for &DeValue<'_> {
    #[cfg(feature = "seal")]
    fn secret(self) -> Option<String> {
        None
    }

    fn boolean(self) -> Option<bool> {
        match self {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        }
    }

    #[cfg(feature = "_layer")]
    fn number(self) -> Option<u16> {
        match self {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        }
    }

    fn list(self) -> Option<Vec<String>> {
        match self {
            DeValue::Array(items) => items.iter().map(|item| item.get_ref().text()).collect(),
            _ => None,
        }
    }

    fn reasons(self, path: &str) -> Result<Option<Vec<(String, String)>>, PolicyError> {
        let subject = if path == "outbound_exceptions" { "host" } else { "cookie" };
        let DeValue::Array(items) = self else { return Ok(None) };
        let mut all = Vec::new();
        for item in items {
            let DeValue::Table(table) = item.get_ref() else { return Ok(None) };
            let (mut name, mut reason) = (None, String::new());
            for (key, value) in table {
                let path = format!("{path}.{}", key.get_ref());
                if key.get_ref() != subject && key.get_ref() != "reason" {
                    return Err(PolicyError::new(path, format!("unknown; the keys are `{subject}` and `reason`")));
                }
                let Some(text) = value.get_ref().text() else {
                    return Err(PolicyError::new(path, "expected a text"));
                };
                if key.get_ref() == subject {
                    name = Some(text);
                } else {
                    reason = text;
                }
            }
            let Some(name) = name else {
                return Err(PolicyError::new(path.to_owned(), format!("an exception has no `{subject}`; name it")));
            };
            all.push((name, reason));
        }
        Ok(Some(all))
    }
}
