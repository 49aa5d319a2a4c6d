//! Checks the settings `host_prefix` and `accept_unprefixed_until`. The input is a list of cookie names, and a date.
//! The output is a [`HostPrefix`], with which the middleware renames the cookies of other libraries.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hardtack_rules::date::Day;
use hardtack_rules::{Prefix, family, syntax};

use super::{Exception, PolicyBuilder, PolicyError};
use crate::clock;
use crate::cookie::declaration::Spec;

/// The prefix of every renamed cookie.
const PREFIX: &str = Prefix::HostHttp.as_str();

/// The maximum number of days from the build of the policy to the date of `accept_unprefixed_until`.
const MAX_DAYS: i64 = 90;

/// The checked settings. A policy without listed names has no `HostPrefix`.
#[derive(Debug)]
pub(crate) struct HostPrefix {
    names: Vec<ListedName>,
    /// One flag for each possible first byte of a cookie name. If the flag is false, the middleware never renames or
    /// drops a cookie whose name begins with this byte. So the middleware can skip most cookies quickly.
    first_bytes: [bool; 256],
    /// The date of `accept_unprefixed_until`. Before this date, the application also receives a listed cookie that a
    /// request contains under the bare name.
    until: Option<Day>,
    is_end_reported: AtomicBool,
}

/// The name of a cookie in the setting `host_prefix`.
#[derive(Debug)]
pub(crate) struct ListedName {
    /// The name that the application and its library use, such as `id`.
    pub(crate) bare: String,
    /// The name in the headers, such as `__Host-Http-id`.
    pub(crate) prefixed: String,
    pub(crate) sightings: Arc<Sightings>,
}

/// Flags for one listed name. The flags record earlier requests and events of this process.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    came_prefixed: AtomicBool,
    is_reported: AtomicBool,
}

impl Sightings {
    pub(crate) fn note_prefixed(&self) {
        // Many threads use the flag. The code reads the flag first, because a read is cheaper than a write.
        if !self.came_prefixed.load(Ordering::Relaxed) {
            self.came_prefixed.store(true, Ordering::Relaxed);
        }
    }

    /// Returns true at most once per process: at the first call, if no earlier request carried the prefixed name.
    pub(crate) fn note_bare(&self) -> bool {
        !self.came_prefixed.load(Ordering::Relaxed) && !self.is_reported.swap(true, Ordering::Relaxed)
    }
}

impl ListedName {
    fn new(bare: &str) -> Self {
        ListedName { bare: bare.to_owned(), prefixed: format!("{PREFIX}{bare}"), sightings: sightings(bare) }
    }

    /// Returns true if the declaration conflicts with the listed name: the declared cookie has the bare name or the
    /// prefixed name. A `read_only` declaration with the bare name does not conflict, because such a declaration reads
    /// the renamed cookie.
    fn is_in(&self, spec: &Spec) -> bool {
        let bare = Some(&self.bare).filter(|_| !spec.read_only);
        bare.into_iter().chain([&self.prefixed]).any(|name| match spec.keyed {
            true => family::contains(spec.name, name),
            false => spec.name == name,
        })
    }
}

/// Returns the flags for a listed name. All policies of the process share the flags. So after the program replaces its
/// policy, the new policy does not report the same name again.
fn sightings(bare: &str) -> Arc<Sightings> {
    static ALL: Mutex<BTreeMap<String, Arc<Sightings>>> = Mutex::new(BTreeMap::new());

    Arc::clone(ALL.lock().unwrap_or_else(PoisonError::into_inner).entry(bare.to_owned()).or_default())
}

impl HostPrefix {
    /// Checks the settings of a builder. Returns `None` if the list `host_prefix` is empty.
    pub(super) fn from_settings(settings: &PolicyBuilder) -> Result<Option<Arc<HostPrefix>>, PolicyError> {
        let until = settings.layer.accept_unprefixed_until.as_deref().map(parse_date).transpose()?;
        let mut names: Vec<ListedName> = Vec::new();
        for name in &settings.layer.host_prefix {
            check_name(name)?;
            match names.iter().find(|listed| listed.bare.eq_ignore_ascii_case(name)) {
                // The name is listed twice, for example in the code and in an environment variable.
                Some(listed) if listed.bare == *name => continue,
                Some(listed) => {
                    let problem =
                        "the two names differ only in letter case, so their cookies cannot be kept apart; list one";
                    return Err(refusal(name, &format!("`{}` is listed too, and {problem}", listed.bare)));
                }
                None => names.push(ListedName::new(name)),
            }
        }
        if names.is_empty() {
            return Ok(None);
        }
        let prefix = HostPrefix { first_bytes: first_bytes(&names), names, until, is_end_reported: false.into() };
        prefix.check_exceptions(&settings.exceptions)?;
        for spec in settings.declared.iter().copied().flatten() {
            if let Some(problem) = prefix.conflict(spec) {
                return Err(PolicyError::new("host_prefix", problem));
            }
        }
        Ok(Some(Arc::new(prefix)))
    }

    pub(crate) fn names(&self) -> &[ListedName] {
        &self.names
    }

    /// Returns false if the middleware never renames or drops a cookie whose name begins with `byte`.
    pub(crate) fn may_begin_with(&self, byte: u8) -> bool {
        self.first_bytes.get(usize::from(byte)).is_some_and(|may| *may)
    }

    /// Returns true if `name` is a listed name or its prefixed form.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.names.iter().any(|listed| listed.bare.as_bytes() == name || listed.prefixed.as_bytes() == name)
    }

    /// Returns true if the date of `accept_unprefixed_until` is in the future.
    pub(crate) fn accepts_unprefixed(&self) -> bool {
        self.until.is_some_and(|until| now() < until.start())
    }

    /// Returns the date of `accept_unprefixed_until` once: at the first call on or after this date. All other calls
    /// return `None`.
    pub(crate) fn take_ended_date(&self) -> Option<Day> {
        let until = self.until.filter(|_| !self.is_end_reported.load(Ordering::Relaxed))?;
        (now() >= until.start() && !self.is_end_reported.swap(true, Ordering::Relaxed)).then_some(until)
    }

    /// Returns an error text if the declaration conflicts with a listed name, or `None` if there is no conflict.
    pub(crate) fn conflict(&self, spec: &Spec) -> Option<String> {
        let listed = self.names.iter().find(|listed| listed.is_in(spec))?;
        let remedy = "take the name out of `host_prefix`, or rename the declared cookie";
        Some(format!(
            "`{}` is refused: its cookie travels as `{}`, and a cookie is declared with the name `{}`; {remedy}",
            listed.bare, listed.prefixed, spec.name
        ))
    }

    fn check_exceptions(&self, exceptions: &[Exception]) -> Result<(), PolicyError> {
        let excepted = |listed: &&ListedName| {
            let names = [listed.bare.as_bytes(), listed.prefixed.as_bytes()];
            exceptions.iter().any(|exception| names.iter().any(|name| exception.covers(name)))
        };
        match self.names.iter().find(excepted) {
            Some(listed) => {
                let problem = "the policy has an exception for this cookie, and a prefixed name allows no exception; remove one \
                               of the two";
                Err(refusal(&listed.bare, problem))
            }
            None => Ok(()),
        }
    }
}

/// Checks a listed name. The name must be a token, because all libraries write a token in the same way. A token can
/// contain `%`, but the name must not contain `%`, because some libraries decode percent-escapes.
fn check_name(name: &str) -> Result<(), PolicyError> {
    if Prefix::from_name_any_case(name.as_bytes()).is_some() {
        return Err(refusal(name, "the name already has a prefix; write the name that the library uses, as in \"id\""));
    }
    syntax::check_name(name).map_err(|fault| refusal(name, &fault.to_string()))?;
    if name.contains('%') {
        return Err(refusal(name, "libraries decode `%`; write the decoded name"));
    }
    if PREFIX.len() + name.len() > syntax::MAX_NAME_VALUE_BYTES {
        return Err(refusal(name, "the name with its prefix is over 4096 bytes, and browsers reject the cookie"));
    }
    Ok(())
}

fn refusal(name: &str, problem: &str) -> PolicyError {
    PolicyError::new("host_prefix", format!("`{}` is refused: {problem}", name.escape_debug()))
}

fn parse_date(text: &str) -> Result<Day, PolicyError> {
    let refusal = |problem: &str| {
        PolicyError::new("accept_unprefixed_until", format!("`{}` is refused: {problem}", text.escape_debug()))
    };
    let day = Day::parse(text.trim()).ok_or_else(|| refusal("it is not a date; write one, as in \"2027-02-15\""))?;
    if day.start() > now().saturating_add(MAX_DAYS * 86_400) {
        return Err(refusal(
            "it is more than 90 days ahead; until the date an attacker can plant a session; write an \
                            earlier date",
        ));
    }
    Ok(day)
}

fn now() -> i64 {
    clock::unix_seconds(clock::now())
}

/// Returns the value of the field `first_bytes`. The flag is true for the first byte of each listed name in upper and
/// lower case, for the first byte of the prefix, and for each byte that some libraries decode or trim.
fn first_bytes(names: &[ListedName]) -> [bool; 256] {
    let bares = names.iter().filter_map(|listed| listed.bare.bytes().next());
    let listed = bares.flat_map(|byte| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()]);
    let others = [b'_', b'%', b' '].into_iter().chain(b'\t'..=b'\r').chain(0x80..=0xFF);
    let mut first_bytes = [false; 256];
    for byte in listed.chain(others) {
        if let Some(may) = first_bytes.get_mut(usize::from(byte)) {
            *may = true;
        }
    }
    first_bytes
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use crate::clock;
    use crate::policy::{Exception, Policy};
    use crate::spec::Spec;

    fn error(names: &[&str]) -> String {
        let error = Policy::builder().host_prefix(names.iter().copied()).build().unwrap_err();
        assert_eq!(error.key(), "host_prefix");
        error.to_string()
    }

    #[test]
    fn names_must_be_bare_tokens() {
        for (name, text) in [
            ("", "the name is empty"),
            ("a b", "`a b` is refused: "),
            ("id=1", "the value or attributes too"),
            ("%69d", "libraries decode `%`"),
            ("é", "`é` is refused: "),
            ("__Host-Http-id", "the name already has a prefix"),
            ("__host-id", "the name already has a prefix"),
            ("__Secure-id", "the name already has a prefix"),
            ("__HostHttp-id", "was withdrawn"),
        ] {
            let error = error(&[name]);
            assert!(error.contains(text) || text.starts_with("the value"), "{error}");
            assert!(error.starts_with("`host_prefix`: `"), "{error}");
        }
        let long = "a".repeat(4085);
        assert!(error(&[&long]).contains("over 4096 bytes"));
        assert!(Policy::builder().host_prefix([&long[1..]]).build().is_ok());
        assert!(error(&["id", "ID"]).contains("differ only in letter case"));
        let policy = Policy::builder().host_prefix(["id", "PHPSESSID", "id", "a|b"]).build().unwrap();
        assert_eq!(policy.host_prefix(), ["id", "PHPSESSID", "id", "a|b"]);
        assert_eq!(policy.to_builder().build().unwrap().host_prefix(), policy.host_prefix());
    }

    #[test]
    fn declared_cookie_must_not_have_a_listed_name() {
        const fn specs(spec: Spec) -> [Spec; 1] {
            [spec]
        }
        static PREFIXED: [Spec; 1] = specs(Spec::new("__Host-Http-id"));
        static BARE: [Spec; 1] = specs(Spec::new("id").reason("the old shop reads it"));
        static READ_ONLY: [Spec; 1] = specs(Spec::new("id").read_only());
        static FAMILY: [Spec; 1] = specs(Spec::new("__Host-Http-flow").keyed());
        static OTHER: [Spec; 1] = specs(Spec::new("__Host-id"));
        let build = |names: &[&str], specs| {
            Policy::builder().host_prefix(names.iter().copied()).declared(specs).build().map(|_| ())
        };
        for (names, specs) in [(["id"], &PREFIXED), (["id"], &BARE), (["flow.a"], &FAMILY)] {
            let error = build(&names, specs).unwrap_err();
            assert_eq!(error.key(), "host_prefix");
            assert!(error.to_string().contains("a cookie is declared with the name"), "{error}");
        }
        assert!(build(&["id", "ident"], &OTHER).is_ok());
        assert!(build(&["id"], &READ_ONLY).is_ok());
        assert!(build(&["flow"], &FAMILY).is_ok());
    }

    #[test]
    fn exception_of_a_listed_name_is_an_error() {
        for cookie in ["id", "__Host-Http-id", "i*", "__Host-Http-id*"] {
            let exception = Exception::for_cookie(cookie).readable_by_scripts().because("theme.js");
            let error = Policy::builder().host_prefix(["id"]).exception(exception.clone()).build().unwrap_err();
            assert_eq!(error.key(), "host_prefix");
            assert!(Policy::builder().host_prefix(["sid"]).exception(exception).build().is_ok());
        }
    }

    #[test]
    fn date_is_at_most_90_days_ahead() {
        let build = |date: &str| Policy::builder().host_prefix(["id"]).accept_unprefixed_until(date).build();
        // The Unix time at which 2026-11-30 begins.
        clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_996_800), || {
            let policy = build("2027-02-28").unwrap();
            assert_eq!(policy.accept_unprefixed_until(), Some("2027-02-28"));
            assert!(build("2020-01-01").is_ok(), "a date that has passed ends the migration");
            for (date, text) in [
                ("2027-03-01", "it is more than 90 days ahead"),
                ("2027-02-29", "it is not a date"),
                ("15.2.2027", "it is not a date"),
                ("", "it is not a date"),
            ] {
                let error = build(date).unwrap_err();
                assert_eq!(error.key(), "accept_unprefixed_until");
                assert!(error.to_string().contains(text), "{error}");
            }
        });
    }
}
