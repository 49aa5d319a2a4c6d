//! Reads the settings of a policy from environment variables or from TOML. The table `KEYS` contains the key of each
//! setting. `env.rs` and `toml.rs` convert each value to the setting's type. [`PolicyBuilder::build`] checks the
//! settings.

use core::time::Duration;

use hardtack_rules::{SameSite, syntax};

use super::{Baseline, Exception, PolicyBuilder, PolicyError};
#[cfg(feature = "_layer")]
use super::{Caching, ForceHttps, Hsts, UndeclaredCookies};
#[cfg(feature = "seal")]
use crate::seal::Keyring;

#[cfg(all(test, feature = "_layer"))]
mod tests;

/// A value from an environment variable or a TOML file. Each method converts the value to one type, or returns `None`
/// if the conversion is not possible.
pub(super) trait TextValue: Sized {
    /// Returns the secret keys of a keyring. Secret keys may be in an environment variable, but not in a TOML file.
    #[cfg(feature = "seal")]
    fn secret(self) -> Option<String>;
    fn boolean(self) -> Option<bool>;
    fn text(self) -> Option<String>;
    #[cfg(feature = "_layer")]
    fn number(self) -> Option<u16>;
    fn list(self) -> Option<Vec<String>>;
    /// Returns the exceptions for cookies. An exception can have an empty reason, which the policy builder rejects
    /// later.
    fn exceptions(self, name: &str) -> Result<Option<Vec<Exception>>, PolicyError>;
    /// Returns pairs of a name and a reason. If a reason is missing, the pair has an empty reason, which the policy
    /// builder rejects later.
    #[cfg(feature = "_layer")]
    fn reasons(self, path: &str) -> Result<Option<Vec<(String, String)>>, PolicyError>;
}

/// The name of a policy setting, which is its key in TOML, and the type of the setting's value.
pub(super) struct Key {
    pub(super) name: &'static str,
    kind: KeyKind,
}

/// A valid value of a setting, such as `no-store`, and the function that stores this value in a [`Draft`].
type Word = (&'static str, fn(&mut Draft));

/// The type of a setting's value, and the function that stores the value.
enum KeyKind {
    Boolean(fn(&mut Draft, bool)),
    Text(fn(&mut Draft, String)),
    #[cfg(feature = "_layer")]
    Number(fn(&mut Draft, u16)),
    Duration(fn(&mut Draft, Duration)),
    List(fn(&mut Draft, Vec<String>)),
    Word(&'static [Word]),
    Exceptions(fn(&mut Draft, Vec<Exception>)),
    #[cfg(feature = "_layer")]
    Reasons(fn(&mut Draft, Vec<(String, String)>)),
    /// The secret keys of a keyring. Secret keys may be in an environment variable, but not in a TOML file. Errors
    /// never contain secret keys.
    #[cfg(feature = "seal")]
    Secret(fn(&mut Draft, &str) -> Result<(), crate::seal::KeyError>),
    /// The name of the environment variable that contains the secret keys.
    #[cfg(feature = "seal")]
    VariableName(fn(&mut Draft, &str) -> Result<(), crate::seal::KeyError>),
}

#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    #[cfg(feature = "_layer")]
    Key { name: "force_https", kind: KeyKind::Boolean(|draft, on| draft.force_https(|force| force.enabled(on))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.api_paths", kind: KeyKind::List(|draft, list| draft.force_https(|force| force.api_paths(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.exempt", kind: KeyKind::List(|draft, list| draft.force_https(|force| force.exempt(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.exempt_under", kind: KeyKind::List(|draft, list| draft.force_https(|force| force.exempt_under(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.pages_only", kind: KeyKind::Boolean(|draft, on| draft.force_https(|force| force.pages_only(on))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.redirect_host", kind: KeyKind::Text(|draft, host| draft.force_https(|force| force.redirect_host(host))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.hosts", kind: KeyKind::List(|draft, list| draft.force_https(|force| force.hosts(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "force_https.https_port", kind: KeyKind::Number(|draft, port| draft.force_https(|force| force.https_port(port))) },
    #[cfg(feature = "_layer")]
    Key { name: "hsts", kind: KeyKind::Boolean(|draft, on| draft.hsts(|hsts| hsts.enabled(on))) },
    #[cfg(feature = "_layer")]
    Key { name: "hsts.max_age", kind: KeyKind::Duration(|draft, time| draft.hsts(|hsts| hsts.max_age(time))) },
    #[cfg(feature = "_layer")]
    Key { name: "hsts.include_subdomains", kind: KeyKind::Boolean(|draft, on| draft.hsts(|hsts| hsts.with_include_subdomains(on))) },
    #[cfg(feature = "_layer")]
    Key { name: "hsts.preload", kind: KeyKind::Boolean(|draft, on| draft.hsts(|hsts| hsts.with_preload(on))) },
    #[cfg(feature = "_layer")]
    Key { name: "undeclared_cookies", kind: KeyKind::Word(&[
        ("observe", |draft| draft.builder(|builder| builder.undeclared_cookies(UndeclaredCookies::Observe))),
        ("harden", |draft| draft.builder(|builder| builder.undeclared_cookies(UndeclaredCookies::Harden))),
        ("refuse", |draft| draft.builder(|builder| builder.undeclared_cookies(UndeclaredCookies::Refuse))),
    ]) },
    #[cfg(feature = "_layer")]
    Key { name: "session_names", kind: KeyKind::List(|draft, list| draft.builder(|builder| builder.session_names(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "not_session_names", kind: KeyKind::List(|draft, list| draft.builder(|builder| builder.not_session_names(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "host_prefix", kind: KeyKind::List(|draft, list| draft.builder(|builder| builder.host_prefix(list))) },
    #[cfg(feature = "_layer")]
    Key { name: "accept_unprefixed_until", kind: KeyKind::Text(|draft, date| draft.builder(|builder| builder.accept_unprefixed_until(date))) },
    #[cfg(feature = "_layer")]
    Key { name: "caching", kind: KeyKind::Word(&[
        ("private", |draft| draft.builder(|builder| builder.caching(Caching::Private))),
        ("no-store", |draft| draft.builder(|builder| builder.caching(Caching::NoStore))),
    ]) },
    Key { name: "baseline.same_site", kind: KeyKind::Word(&[
        ("Strict", |draft| draft.baseline(|baseline| baseline.same_site(SameSite::Strict))),
        ("Lax", |draft| draft.baseline(|baseline| baseline.same_site(SameSite::Lax))),
        ("None", |draft| draft.baseline(|baseline| baseline.same_site(SameSite::None))),
    ]) },
    Key { name: "baseline.http_only", kind: KeyKind::Boolean(|draft, on| draft.baseline(|baseline| baseline.with_http_only(on))) },
    Key { name: "baseline.longest_max_age", kind: KeyKind::Duration(|draft, time| draft.baseline(|baseline| baseline.longest_max_age(time))) },
    Key { name: "exceptions", kind: KeyKind::Exceptions(|draft, all| for exception in all { draft.builder(|builder| builder.exception(exception)); }) },
    Key { name: "cookie_domain", kind: KeyKind::Text(|draft, domain| draft.builder(|builder| builder.cookie_domain(domain))) },
    Key { name: "base_path", kind: KeyKind::Text(|draft, path| draft.builder(|builder| builder.base_path(path))) },
    Key { name: "former_cookie_domain", kind: KeyKind::List(|draft, list| draft.builder(|builder| builder.former_cookie_domain(list))) },
    Key { name: "former_base_path", kind: KeyKind::List(|draft, list| draft.builder(|builder| builder.former_base_path(list))) },
    #[cfg(feature = "seal")]
    Key { name: "keyring", kind: KeyKind::Secret(|draft, text| text.parse().map(|keyring| draft.keyring = Some(keyring))) },
    #[cfg(feature = "seal")]
    Key { name: "keyring.env", kind: KeyKind::VariableName(|draft, name| Keyring::from_env(name).map(|keyring| draft.keyring = Some(keyring))) },
    #[cfg(feature = "seal")]
    Key { name: "keyring.default_lifetime", kind: KeyKind::Duration(|draft, lifetime| draft.default_lifetime = Some(lifetime)) },
    #[cfg(feature = "device-bound")]
    Key { name: "device_bound.at", kind: KeyKind::Text(|draft, path| draft.builder(|builder| builder.device_bound(crate::device_bound::DeviceBound::new().at(path)))) },
    #[cfg(feature = "_layer")]
    Key { name: "outbound_exceptions", kind: KeyKind::Reasons(|draft, all| for (host, reason) in all { draft.builder(|builder| builder.outbound_exception(host, reason)); }) },
];

/// The settings whose environment variable is ignored if the variable is empty. Deployments often pass an empty
/// variable, as in `HARDTACK_POLICY_COOKIE_DOMAIN=`.
pub(super) const EMPTY_IS_NOT_SET: &[&str] =
    &["cookie_domain", "base_path", "former_cookie_domain", "former_base_path"];

/// Collects the settings from environment variables or from a TOML file in a builder.
pub(super) struct Draft {
    builder: PolicyBuilder,
    #[cfg(feature = "seal")]
    keyring: Option<Keyring>,
    #[cfg(feature = "seal")]
    default_lifetime: Option<Duration>,
}

impl Draft {
    pub(super) fn new(builder: PolicyBuilder) -> Self {
        Draft {
            builder,
            #[cfg(feature = "seal")]
            keyring: None,
            #[cfg(feature = "seal")]
            default_lifetime: None,
        }
    }

    #[cfg(not(feature = "seal"))]
    pub(super) fn into_builder(self) -> Result<PolicyBuilder, PolicyError> {
        Ok(self.builder)
    }

    #[cfg(feature = "seal")]
    pub(super) fn into_builder(self) -> Result<PolicyBuilder, PolicyError> {
        let Draft { mut builder, keyring, default_lifetime } = self;
        // The secret keys and the default lifetime are two separate settings. So if the environment sets only one of
        // the two settings, the builder keeps its value of the other setting.
        let earlier_lifetime = builder.keyring.as_ref().map(Keyring::lifetime);
        if let Some(keyring) = keyring {
            builder.keyring = Some(match earlier_lifetime {
                Some(lifetime) => keyring.default_lifetime(lifetime),
                None => keyring,
            });
        }
        if let Some(lifetime) = default_lifetime {
            let Some(keyring) = builder.keyring.take() else {
                let problem = "it needs a keyring; name the variable that holds the keys in `keyring.env`";
                return Err(PolicyError::new("keyring.default_lifetime", problem));
            };
            builder.keyring = Some(keyring.default_lifetime(lifetime));
        }
        Ok(builder)
    }

    /// Stores the value of a setting. Errors contain `name`, which is the name of the environment variable or the key
    /// in the TOML file.
    pub(super) fn set(&mut self, key: &Key, name: &str, value: impl TextValue) -> Result<(), PolicyError> {
        let expected = |what: &str| PolicyError::new(name.to_owned(), format!("expected {what}"));
        match &key.kind {
            KeyKind::Boolean(set) => set(self, value.boolean().ok_or_else(|| expected("`true` or `false`"))?),
            KeyKind::Text(set) => set(self, value.text().ok_or_else(|| expected("a text"))?),
            #[cfg(feature = "_layer")]
            KeyKind::Number(set) => set(self, value.number().ok_or_else(|| expected("a number from 1 to 65535"))?),
            KeyKind::List(set) => set(self, value.list().ok_or_else(|| expected("a list of texts"))?),
            KeyKind::Duration(set) => {
                let text = value.text().ok_or_else(|| expected("a duration, as in \"365d\""))?;
                let duration = syntax::parse_duration(text.trim())
                    .map_err(|fault| PolicyError::new(name.to_owned(), fault.text))?;
                set(self, duration);
            }
            KeyKind::Word(words) => {
                let text = value.text().unwrap_or_default();
                let Some((_, set)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim())) else {
                    let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                    return Err(expected(&format!("one of {}", words.join(", "))));
                };
                set(self);
            }
            #[cfg(feature = "seal")]
            KeyKind::Secret(set) => {
                let Some(text) = value.secret() else {
                    let problem = "keys may not be written in the TOML file; name the variable that holds them, as in \
                                   `keyring = { env = \"COOKIE_KEYS\" }`";
                    return Err(PolicyError::new(name.to_owned(), problem));
                };
                let text = zeroize::Zeroizing::new(text);
                set(self, &text).map_err(|error| PolicyError::new(name.to_owned(), error.to_string()))?;
            }
            #[cfg(feature = "seal")]
            KeyKind::VariableName(set) => {
                let variable = value.text().ok_or_else(|| expected("the name of a variable, as in \"COOKIE_KEYS\""))?;
                set(self, variable.trim()).map_err(|error| PolicyError::new(name.to_owned(), error.to_string()))?;
            }
            KeyKind::Exceptions(set) => {
                let what = "exceptions, each with a cookie, what it allows, and a reason";
                set(self, value.exceptions(name)?.ok_or_else(|| expected(what))?);
            }
            #[cfg(feature = "_layer")]
            KeyKind::Reasons(set) => {
                set(self, value.reasons(name)?.ok_or_else(|| expected("names, each with a reason"))?);
            }
        }
        Ok(())
    }

    fn builder(&mut self, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.builder = change(core::mem::take(&mut self.builder));
    }

    fn baseline(&mut self, change: impl FnOnce(Baseline) -> Baseline) {
        self.builder.baseline = change(core::mem::take(&mut self.builder.baseline));
    }

    #[cfg(feature = "_layer")]
    fn force_https(&mut self, change: impl FnOnce(ForceHttps) -> ForceHttps) {
        self.builder.layer.force_https = change(core::mem::take(&mut self.builder.layer.force_https));
    }

    #[cfg(feature = "_layer")]
    fn hsts(&mut self, change: impl FnOnce(Hsts) -> Hsts) {
        self.builder.layer.hsts = change(core::mem::take(&mut self.builder.layer.hsts));
    }
}
