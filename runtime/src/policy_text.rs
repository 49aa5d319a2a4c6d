//! A policy as text: TOML (feature `toml`) or environment variables in, the same settings out. One table of keys serves
//! both; what values mean and whether they agree is the builder's.

#[cfg(feature = "toml")]
mod toml;

use core::time::Duration;

use hardtack_rules::{SameSite, syntax};

use crate::caching::Caching;
use crate::floor::Floor;
use crate::force_https::ForceHttps;
use crate::foreign::ForeignCookies;
use crate::hsts::Hsts;
use crate::policy::{Policy, PolicyBuilder};
use crate::policy_error::PolicyError;
#[cfg(feature = "seal")]
use crate::seal::Keyring;

/// What the environment variables begin with.
const PREFIX: &str = "HARDTACK_POLICY_";

impl Policy {
    /// Reads a policy from TOML; what is not there keeps its default.
    ///
    /// ```toml
    /// foreign_cookies = "harden"            # or "observe", "refuse"
    /// session_names = ["basket_key"]
    /// caching = "private"                   # or "no-store"
    /// cookie_domain = "example.com"
    ///
    /// [force_https]                         # or force_https = false
    /// integrations = ["/api"]
    /// exempt = ["/health"]
    /// hosts = ["www.example.com"]
    /// https_port = 443
    ///
    /// [hsts]                                # or hsts = false
    /// max_age = "365d"
    /// subdomains = true
    /// preload = false
    ///
    /// [floor]
    /// same_site = "Lax"
    /// http_only = true
    /// max_age = "30d"
    ///
    /// [keyring]                             # feature `seal`
    /// env = "COOKIE_KEYS"                   # the variable that holds the keys: they stand in no file of settings
    /// default_life = "1d"
    ///
    /// [[exceptions]]
    /// cookie = "legacy"
    /// reason = "the old shop reads it until March"
    ///
    /// [[outbound_exceptions]]
    /// host = "metrics.internal"
    /// reason = "the collector speaks plain HTTP, inside the cluster"
    /// ```
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names the key, and says what was expected: an unknown key, a value of another kind, a
    /// contradiction, or text that is not TOML.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// let error = Policy::from_toml("[hsts]\npreload = true").unwrap_err();
    /// assert_eq!(error.key(), "hsts.preload");
    /// assert!(Policy::from_toml("force_https = false").is_ok());
    /// ```
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Policy, PolicyError> {
        toml::read(text)
    }

    /// Reads a policy from the environment: `HARDTACK_POLICY_` and a key in capitals, with `_` for the dot.
    ///
    /// `HARDTACK_POLICY_FORCE_HTTPS=false`, `HARDTACK_POLICY_FORCE_HTTPS_EXEMPT=/health,/ready`,
    /// `HARDTACK_POLICY_HSTS_MAX_AGE=365d`, `HARDTACK_POLICY_EXCEPTIONS=legacy: the old shop reads it; other: …`. Lists are
    /// separated by commas, exceptions by semicolons. With the feature `seal`, `HARDTACK_POLICY_KEYRING` holds the keys
    /// themselves, in the text of [`Keyring::from_env`](crate::Keyring::from_env), or `HARDTACK_POLICY_KEYRING_ENV` names
    /// the variable that does.
    ///
    /// # Errors
    ///
    /// As [`from_toml`](Policy::from_toml); a variable with the prefix and an unknown key is an error too.
    ///
    /// ```
    /// use hardtack::Policy;
    ///
    /// assert!(Policy::from_env().is_ok());
    /// ```
    pub fn from_env() -> Result<Policy, PolicyError> {
        from_variables(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.into_string().ok()))
        }))
    }
}

/// `None` is a value that is not UTF-8.
fn from_variables(variables: impl Iterator<Item = (String, Option<String>)>) -> Result<Policy, PolicyError> {
    let mut draft = Draft::default();
    let mut ours: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    // The same error whatever the order of the environment.
    ours.sort();
    for (name, value) in ours {
        let key = KEYS.iter().find(|key| variable(key.name) == name);
        let Some(key) = key else {
            let all: Vec<_> = KEYS.iter().map(|key| variable(key.name)).collect();
            return Err(PolicyError::new(name, format!("unknown; the variables are {}", all.join(", "))));
        };
        let Some(value) = value else {
            return Err(PolicyError::new(name, "not UTF-8; write it in UTF-8"));
        };
        draft.set(key, &name, Variable(value))?;
    }
    draft.build()
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// A value as it was written, asked for what its key takes; `None` where it is something else.
trait Value: Sized {
    /// What stands in a variable, and in no file.
    #[cfg(feature = "seal")]
    fn secret(self) -> Option<String>;
    fn boolean(self) -> Option<bool>;
    fn text(self) -> Option<String>;
    fn number(self) -> Option<u16>;
    fn list(self) -> Option<Vec<String>>;
    /// Pairs of a name and a reason, which is empty where none stands: the builder refuses that.
    fn reasons(self, path: &str) -> Result<Option<Vec<(String, String)>>, PolicyError>;
}

/// In an environment variable: its kind is the key's.
struct Variable(String);

impl Value for Variable {
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

    fn number(self) -> Option<u16> {
        self.0.trim().parse().ok()
    }

    fn list(self) -> Option<Vec<String>> {
        Some(self.0.split(',').map(|item| item.trim().to_owned()).collect())
    }

    fn reasons(self, _: &str) -> Result<Option<Vec<(String, String)>>, PolicyError> {
        let pair = |pair: &str| {
            let (name, reason) = pair.split_once(':').unwrap_or((pair, ""));
            (name.trim().to_owned(), reason.trim().to_owned())
        };
        Ok(Some(self.0.split(';').filter(|item| !item.trim().is_empty()).map(pair).collect()))
    }
}

/// A key and what is done with its value.
struct Key {
    name: &'static str,
    kind: Kind,
}

/// A word, and what it sets.
type Word = (&'static str, fn(&mut Draft));

/// What a value must be, and where it goes.
enum Kind {
    Boolean(fn(&mut Draft, bool)),
    Text(fn(&mut Draft, String)),
    Number(fn(&mut Draft, u16)),
    Duration(fn(&mut Draft, Duration)),
    List(fn(&mut Draft, Vec<String>)),
    /// One of these words.
    Word(&'static [Word]),
    Reasons(fn(&mut Draft, Vec<(String, String)>)),
    /// A text that is said in a variable only, and shown nowhere.
    #[cfg(feature = "seal")]
    Secret(fn(&mut Draft, &str) -> Result<(), crate::seal::KeyError>),
    /// The name of a variable.
    #[cfg(feature = "seal")]
    Variable(fn(&mut Draft, &str) -> Result<(), crate::seal::KeyError>),
}

#[rustfmt::skip]
const KEYS: &[Key] = &[
    Key { name: "force_https", kind: Kind::Boolean(|draft, on| draft.force_https(|force| force.enabled(on))) },
    Key { name: "force_https.integrations", kind: Kind::List(|draft, list| draft.force_https(|force| force.integrations(list))) },
    Key { name: "force_https.exempt", kind: Kind::List(|draft, list| draft.force_https(|force| force.exempt(list))) },
    Key { name: "force_https.hosts", kind: Kind::List(|draft, list| draft.force_https(|force| force.hosts(list))) },
    Key { name: "force_https.https_port", kind: Kind::Number(|draft, port| draft.force_https(|force| force.https_port(port))) },
    Key { name: "hsts", kind: Kind::Boolean(|draft, on| draft.hsts(|hsts| hsts.enabled(on))) },
    Key { name: "hsts.max_age", kind: Kind::Duration(|draft, life| draft.hsts(|hsts| hsts.max_age(life))) },
    Key { name: "hsts.subdomains", kind: Kind::Boolean(|draft, on| draft.hsts(|hsts| if on { hsts.subdomains() } else { hsts })) },
    Key { name: "hsts.preload", kind: Kind::Boolean(|draft, on| draft.hsts(|hsts| if on { hsts.preload() } else { hsts })) },
    Key { name: "foreign_cookies", kind: Kind::Word(&[
        ("observe", |draft| draft.builder(|builder| builder.foreign_cookies(ForeignCookies::Observe))),
        ("harden", |draft| draft.builder(|builder| builder.foreign_cookies(ForeignCookies::Harden))),
        ("refuse", |draft| draft.builder(|builder| builder.foreign_cookies(ForeignCookies::Refuse))),
    ]) },
    Key { name: "session_names", kind: Kind::List(|draft, list| draft.builder(|builder| builder.session_names(list))) },
    Key { name: "caching", kind: Kind::Word(&[
        ("private", |draft| draft.builder(|builder| builder.caching(Caching::Private))),
        ("no-store", |draft| draft.builder(|builder| builder.caching(Caching::NoStore))),
    ]) },
    Key { name: "floor.same_site", kind: Kind::Word(&[
        ("Strict", |draft| draft.floor(|floor| floor.same_site(SameSite::Strict))),
        ("Lax", |draft| draft.floor(|floor| floor.same_site(SameSite::Lax))),
        ("None", |draft| draft.floor(|floor| floor.same_site(SameSite::None))),
    ]) },
    Key { name: "floor.http_only", kind: Kind::Boolean(|draft, on| draft.floor(|floor| if on { floor.http_only() } else { floor })) },
    Key { name: "floor.max_age", kind: Kind::Duration(|draft, life| draft.floor(|floor| floor.max_age(life))) },
    Key { name: "exceptions", kind: Kind::Reasons(|draft, all| for (cookie, reason) in all { draft.builder(|builder| builder.exception(cookie, reason)); }) },
    Key { name: "cookie_domain", kind: Kind::Text(|draft, domain| draft.builder(|builder| builder.cookie_domain(domain))) },
    #[cfg(feature = "seal")]
    Key { name: "keyring", kind: Kind::Secret(|draft, text| text.parse().map(|keyring| draft.keyring = Some(keyring))) },
    #[cfg(feature = "seal")]
    Key { name: "keyring.env", kind: Kind::Variable(|draft, variable| Keyring::from_env(variable).map(|keyring| draft.keyring = Some(keyring))) },
    #[cfg(feature = "seal")]
    Key { name: "keyring.default_life", kind: Kind::Duration(|draft, life| draft.default_life = Some(life)) },
    Key { name: "outbound_exceptions", kind: Kind::Reasons(|draft, all| for (host, reason) in all { draft.builder(|builder| builder.outbound_exception(host, reason)); }) },
];

/// The settings while they are read.
#[derive(Default)]
struct Draft {
    builder: PolicyBuilder,
    force_https: ForceHttps,
    hsts: Hsts,
    floor: Floor,
    #[cfg(feature = "seal")]
    keyring: Option<Keyring>,
    #[cfg(feature = "seal")]
    default_life: Option<Duration>,
}

impl Draft {
    #[allow(unused_mut, reason = "a keyring is added where there can be one")]
    fn build(mut self) -> Result<Policy, PolicyError> {
        #[cfg(feature = "seal")]
        match (self.keyring.take(), self.default_life) {
            (Some(keyring), None) => self.builder(|builder| builder.keyring(keyring)),
            (Some(keyring), Some(life)) => self.builder(|builder| builder.keyring(keyring.default_life(life))),
            (None, Some(_)) => {
                let problem =
                    "there is no keyring whose life it is; name the variable that holds the keys in `keyring.env`";
                return Err(PolicyError::new("keyring.default_life", problem));
            }
            (None, None) => {}
        }
        self.builder.force_https(self.force_https).hsts(self.hsts).floor(self.floor).build()
    }

    /// `written` is the key as the user wrote it.
    fn set(&mut self, key: &Key, written: &str, value: impl Value) -> Result<(), PolicyError> {
        let expected = |what: &str| PolicyError::new(written.to_owned(), format!("expected {what}"));
        match &key.kind {
            Kind::Boolean(set) => set(self, value.boolean().ok_or_else(|| expected("`true` or `false`"))?),
            Kind::Text(set) => set(self, value.text().ok_or_else(|| expected("a text"))?),
            Kind::Number(set) => set(self, value.number().ok_or_else(|| expected("a number from 1 to 65535"))?),
            Kind::List(set) => set(self, value.list().ok_or_else(|| expected("a list of texts"))?),
            Kind::Duration(set) => {
                let text = value.text().ok_or_else(|| expected("a duration, as in \"365d\""))?;
                let life =
                    syntax::duration(text.trim()).map_err(|fault| PolicyError::new(written.to_owned(), fault.text))?;
                set(self, life);
            }
            Kind::Word(words) => {
                let text = value.text().unwrap_or_default();
                let Some((_, set)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim())) else {
                    let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                    return Err(expected(&format!("one of {}", words.join(", "))));
                };
                set(self);
            }
            #[cfg(feature = "seal")]
            Kind::Secret(set) => {
                let Some(text) = value.secret() else {
                    let problem = "keys stand in no file of settings; name the variable that holds them, as in \
                                   `keyring = { env = \"COOKIE_KEYS\" }`";
                    return Err(PolicyError::new(written.to_owned(), problem));
                };
                let text = zeroize::Zeroizing::new(text);
                set(self, &text).map_err(|error| PolicyError::new(written.to_owned(), error.to_string()))?;
            }
            #[cfg(feature = "seal")]
            Kind::Variable(set) => {
                let name = value.text().ok_or_else(|| expected("the name of a variable, as in \"COOKIE_KEYS\""))?;
                set(self, name.trim()).map_err(|error| PolicyError::new(written.to_owned(), error.to_string()))?;
            }
            Kind::Reasons(set) => {
                set(self, value.reasons(written)?.ok_or_else(|| expected("names, each with a reason"))?);
            }
        }
        Ok(())
    }

    fn builder(&mut self, with: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.builder = with(core::mem::take(&mut self.builder));
    }

    fn force_https(&mut self, with: impl FnOnce(ForceHttps) -> ForceHttps) {
        self.force_https = with(core::mem::take(&mut self.force_https));
    }

    fn hsts(&mut self, with: impl FnOnce(Hsts) -> Hsts) {
        self.hsts = with(core::mem::take(&mut self.hsts));
    }

    fn floor(&mut self, with: impl FnOnce(Floor) -> Floor) {
        self.floor = with(core::mem::take(&mut self.floor));
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS, from_variables, variable};
    use crate::policy::Policy;

    fn from(variables: &[(&str, &str)]) -> Result<Policy, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        from_variables(variables).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_are_keys_in_capitals() {
        let names: std::collections::HashSet<_> = KEYS.iter().map(|key| variable(key.name)).collect();
        assert_eq!(names.len(), KEYS.len());
        let policy = from(&[
            ("HARDTACK_POLICY_FORCE_HTTPS", "false"),
            ("HARDTACK_POLICY_FORCE_HTTPS_EXEMPT", "/health, /ready"),
            ("HARDTACK_POLICY_HSTS_MAX_AGE", "730d"),
            ("HARDTACK_POLICY_FLOOR_SAME_SITE", "strict"),
            ("HARDTACK_POLICY_EXCEPTIONS", "legacy: read until March; theme: theme.js reads it"),
            ("HARDTACK_DENY", "all"),
        ]);
        let policy = policy.unwrap();
        assert!(!policy.force_https().is_on());
        assert!(policy.force_https().exempts("/ready"));
        assert_eq!(policy.hsts().unwrap(), "max-age=63072000");
        assert_eq!(policy.exception(b"theme"), Some("theme.js reads it"));
    }

    #[test]
    fn a_wrong_variable_is_named() {
        for (name, value, says) in [
            ("HARDTACK_POLICY_FORCE_HTTP", "true", "`HARDTACK_POLICY_FORCE_HTTP`: unknown; the variables are "),
            ("HARDTACK_POLICY_HSTS", "yes", "`HARDTACK_POLICY_HSTS`: expected `true` or `false`"),
            (
                "HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT",
                "66000",
                "`HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT`: expected a number",
            ),
            (
                "HARDTACK_POLICY_HSTS_MAX_AGE",
                "1 year",
                "`HARDTACK_POLICY_HSTS_MAX_AGE`: a duration is one number and one unit",
            ),
            (
                "HARDTACK_POLICY_CACHING",
                "public",
                "`HARDTACK_POLICY_CACHING`: expected one of \"private\", \"no-store\"",
            ),
            ("HARDTACK_POLICY_EXCEPTIONS", "legacy", "`exceptions`: the exception for `legacy` has no reason"),
            (
                "HARDTACK_POLICY_HSTS_PRELOAD",
                "true",
                "`hsts.preload`: preload lists take a host with all its subdomains only",
            ),
        ] {
            let error = from(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
        let not_utf8 = from_variables([("HARDTACK_POLICY_HSTS".to_owned(), None)].into_iter()).unwrap_err();
        assert_eq!(not_utf8.to_string(), "`HARDTACK_POLICY_HSTS`: not UTF-8; write it in UTF-8");
    }

    #[test]
    fn what_somebody_wrote_as_a_key_ends_no_line_of_a_log() {
        let error = from(&[("HARDTACK_POLICY_\nx\u{1b}[2J", "1")]).unwrap_err();
        assert!(error.starts_with("`HARDTACK_POLICY_\\nx\\u{1b}[2J`: unknown; "), "{error}");
        #[cfg(feature = "seal")]
        {
            let error = from(&[("HARDTACK_POLICY_KEYRING_ENV", "NO\nSUCH")]).unwrap_err();
            assert!(
                error.starts_with("`HARDTACK_POLICY_KEYRING_ENV`: `NO\\nSUCH`: the variable is not set; "),
                "{error}"
            );
        }
        #[cfg(feature = "toml")]
        for text in ["\"a\\nb\" = 1", "[[exceptions]]\n\"a\\nb\" = 1", "[hsts]\n\"a\\u001b\" = 1"] {
            let error = Policy::from_toml(text).unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }

    #[test]
    fn each_word_is_its_own_setting() {
        for (variable, word, shown) in [
            ("FOREIGN_COOKIES", "observe", "Observe"),
            ("FOREIGN_COOKIES", "Harden", "Harden"),
            ("FOREIGN_COOKIES", "refuse", "Refuse"),
            ("CACHING", "private", "Private"),
            ("CACHING", "no-store", "NoStore"),
            ("FLOOR_SAME_SITE", "strict", "Some(Strict)"),
            ("FLOOR_SAME_SITE", "Lax", "Some(Lax)"),
            ("FLOOR_SAME_SITE", "None", "same_site: Some(None)"),
        ] {
            let policy = from(&[(&format!("HARDTACK_POLICY_{variable}"), word)]).unwrap();
            assert!(format!("{policy:?}").contains(shown), "{variable}={word}: {policy:?}");
        }
        let error = from(&[("HARDTACK_POLICY_CACHING", "public")]).unwrap_err();
        assert!(error.contains("expected one of \"private\", \"no-store\""), "{error}");
    }

    #[test]
    fn a_floor_s_life_is_in_whole_seconds() {
        let floor = crate::Floor::new().max_age(core::time::Duration::from_millis(1500));
        assert_eq!(Policy::builder().floor(floor).build().unwrap_err().key(), "floor.max_age");
    }

    #[cfg(feature = "toml")]
    #[test]
    fn a_port_is_a_decimal_number() {
        assert!(Policy::from_toml("[force_https]\nhttps_port = 8_443").is_ok());
        for port in ["0x20fb", "0o20", "0b1", "0", "65536", "-1", "'443'"] {
            let error = Policy::from_toml(&format!("[force_https]\nhttps_port = {port}")).unwrap_err();
            assert_eq!(error.key(), "force_https.https_port", "{port}");
        }
    }

    #[cfg(feature = "toml")]
    #[test]
    fn toml_says_the_same_and_its_errors_name_the_key() {
        let policy = Policy::from_toml(
            "foreign_cookies = 'refuse'\n[force_https]\nintegrations = ['/api']\nhttps_port = 8_443\n[hsts]\nmax_age = '365d'\n\
             subdomains = true\npreload = true\n[[exceptions]]\ncookie = 'legacy'\nreason = 'until March'",
        );
        let policy = policy.unwrap();
        assert!(policy.force_https().lists_integration("/api/x"));
        assert_eq!(policy.force_https().explicit_port(), Some(8443));
        assert_eq!(policy.hsts().unwrap(), "max-age=31536000; includeSubDomains; preload");
        assert_eq!(policy.exception(b"legacy"), Some("until March"));
        for (text, says) in [
            ("a = ", "`line 1`: not TOML: "),
            ("force_https = 1", "`force_https`: expected `true` or `false`"),
            ("[force_https]\nexmpt = []", "`force_https.exmpt`: unknown; the keys are `force_https`, "),
            ("[force_https]\nexempt = 'x'", "`force_https.exempt`: expected a list of texts"),
            ("[force_https]\nexempt = ['x']", "`force_https.exempt`: `x` does not begin with `/`"),
            ("[[exceptions]]\ncookie = 'x'", "`exceptions`: the exception for `x` has no reason"),
            ("exceptions = ['x']", "`exceptions`: expected names, each with a reason"),
            ("[[exceptions]]\nreason = 'x'", "`exceptions`: an exception has no `cookie`; name it"),
            (
                "[[exceptions]]\ncookie = 'x'\nreasn = 'y'",
                "`exceptions.reasn`: unknown; the keys are `cookie` and `reason`",
            ),
            (
                "[[outbound_exceptions]]\ncookie = 'x'",
                "`outbound_exceptions.cookie`: unknown; the keys are `host` and ",
            ),
            ("[[outbound_exceptions]]\nhost = 1", "`outbound_exceptions.host`: expected a text"),
            ("hsts.preload = true", "`hsts.preload`: preload lists take a host"),
            ("[hsts]\nmax_age = 31536000", "`hsts.max_age`: expected a duration, as in \"365d\""),
        ] {
            let error = Policy::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
    }

    #[cfg(feature = "seal")]
    #[test]
    fn keys_come_from_a_variable_and_are_shown_nowhere() {
        const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=";
        let id = crate::seal::Key::from_base64(KEY).unwrap().id().to_string();
        let policy = from(&[("HARDTACK_POLICY_KEYRING", KEY), ("HARDTACK_POLICY_KEYRING_DEFAULT_LIFE", "2h")]).unwrap();
        assert_eq!(policy.keyring().unwrap().life().as_secs(), 7_200);
        assert!(format!("{policy:?}").contains(&id) && !format!("{policy:?}").contains("3q2"));
        for (name, value, says) in [
            (
                "HARDTACK_POLICY_KEYRING",
                "hunter2",
                "`HARDTACK_POLICY_KEYRING`: key 1: a key is base64, and this text is none; ",
            ),
            (
                "HARDTACK_POLICY_KEYRING_ENV",
                "NO_SUCH_KEYS",
                "`HARDTACK_POLICY_KEYRING_ENV`: `NO_SUCH_KEYS`: the variable is not set; ",
            ),
            (
                "HARDTACK_POLICY_KEYRING_DEFAULT_LIFE",
                "2h",
                "`keyring.default_life`: there is no keyring whose life it is; ",
            ),
        ] {
            let error = from(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(says) && !error.contains("hunter2"), "{error}");
        }
    }

    #[cfg(all(feature = "seal", feature = "toml"))]
    #[test]
    fn keys_stand_in_no_file_of_settings() {
        for (text, says) in [
            (
                "keyring = '3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs='",
                "`keyring`: keys stand in no file of settings; name ",
            ),
            ("keyring = { env = 'NO_SUCH_KEYS' }", "`keyring.env`: `NO_SUCH_KEYS`: the variable is not set; "),
            ("[keyring]\nenv = 1", "`keyring.env`: expected the name of a variable"),
            ("[keyring]\nkey = 'x'", "`keyring.key`: unknown; the keys are "),
            ("[keyring]\ndefault_life = '2h'", "`keyring.default_life`: there is no keyring"),
        ] {
            let error = Policy::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(says) && !error.contains("3q2"), "{error}");
        }
    }
}
