//! Reads a policy from TOML. For example, the entry `max_age` in the TOML table `hsts` is the setting `hsts.max_age`.

use toml::de::{DeTable, DeValue};

use super::keys::{Draft, KEYS, TextValue};
use super::{Exception, Policy, PolicyError};

impl Policy {
    /// Reads a policy from TOML. If the TOML has no entry for a setting, the setting has its default value.
    ///
    /// ```toml
    /// undeclared_cookies = "harden"         # or "observe", "refuse"
    /// session_names = ["basket_key"]        # a name may end with `*`
    /// not_session_names = ["design_token"]  # a name may end with `*`
    /// host_prefix = ["id"]                  # the cookie `id` travels as `__Host-Http-id`
    /// accept_unprefixed_until = "2027-02-15"
    /// caching = "private"                   # or "no-store"
    /// cookie_domain = "example.com"         # or "none": cookies with `domain = policy` are host-only
    /// former_cookie_domain = ["old.example", "none"]
    /// base_path = "/vault"
    /// former_base_path = ["/old", "/"]
    ///
    /// [force_https]                         # or force_https = false
    /// api_paths = ["/api"]
    /// exempt = ["/health"]
    /// exempt_under = ["/internal"]
    /// pages_only = true
    /// hosts = ["example.com", "www.example.com"]
    /// redirect_host = "www.example.com"
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
    /// cookie = "theme"                      # a name may end with `*`
    /// allow = ["readable_by_scripts"]       # or "insecure", "any_same_site", "everything"
    /// reason = "theme.js reads it"
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
        let mut draft = Draft::new(Policy::builder());
        read_table(&mut draft, "", document.get_ref())?;
        draft.into_builder()?.build()
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

    #[cfg(feature = "_layer")]
    fn reasons(self, path: &str) -> Result<Option<Vec<(String, String)>>, PolicyError> {
        let Some(tables) = tables(self) else { return Ok(None) };
        let mut all = Vec::new();
        for table in tables {
            let [host, reason] = entries(table, path, ["host", "reason"])?;
            let host = host.ok_or_else(|| missing_subject(path, "host"))?;
            all.push((text(host, path, "host")?, text_or_empty(reason, path, "reason")?));
        }
        Ok(Some(all))
    }

    fn exceptions(self, path: &str) -> Result<Option<Vec<Exception>>, PolicyError> {
        let Some(tables) = tables(self) else { return Ok(None) };
        let mut all = Vec::new();
        for table in tables {
            let [cookie, allow, reason] = entries(table, path, ["cookie", "allow", "reason"])?;
            let cookie = cookie.ok_or_else(|| missing_subject(path, "cookie"))?;
            let exception = Exception::for_cookie(text(cookie, path, "cookie")?);
            let exception = exception.because(text_or_empty(reason, path, "reason")?);
            let words = match allow {
                Some(words) => words.list().ok_or_else(|| {
                    PolicyError::new(
                        format!("{path}.allow"),
                        "expected a list of texts, as in [\"readable_by_scripts\"]",
                    )
                })?,
                None => Vec::new(),
            };
            let name = format!("{path}.allow");
            all.push(words.iter().try_fold(exception, |exception, word| exception.allow(word, &name))?);
        }
        Ok(Some(all))
    }
}

/// Returns the tables in an array of tables, or `None` if the value is not an array of tables.
fn tables<'a, 'text>(value: &'a DeValue<'text>) -> Option<Vec<&'a DeTable<'text>>> {
    let DeValue::Array(items) = value else { return None };
    let table = |item: &'a toml::Spanned<DeValue<'text>>| match item.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    };
    items.iter().map(table).collect()
}

/// Returns the values of the keys in `names`. Returns an error if the table contains a key that is not in `names`.
fn entries<'a, 'text, const N: usize>(
    table: &'a DeTable<'text>,
    path: &str,
    names: [&str; N],
) -> Result<[Option<&'a DeValue<'text>>; N], PolicyError> {
    let is_unknown = |key: &&toml::Spanned<std::borrow::Cow<'text, str>>| !names.contains(&key.get_ref().as_ref());
    if let Some(unknown) = table.keys().find(is_unknown) {
        let path = format!("{path}.{}", unknown.get_ref());
        let names = names.map(|name| format!("`{name}`")).join(", ");
        return Err(PolicyError::new(path, format!("unknown; the keys are {names}")));
    }
    Ok(names.map(|name| table.get(name).map(toml::Spanned::get_ref)))
}

fn text(value: &DeValue<'_>, path: &str, name: &str) -> Result<String, PolicyError> {
    value.text().ok_or_else(|| PolicyError::new(format!("{path}.{name}"), "expected a text"))
}

fn text_or_empty(value: Option<&DeValue<'_>>, path: &str, name: &str) -> Result<String, PolicyError> {
    value.map_or(Ok(String::new()), |value| text(value, path, name))
}

fn missing_subject(path: &str, subject: &str) -> PolicyError {
    PolicyError::new(path.to_owned(), format!("an exception has no `{subject}`; name it"))
}
