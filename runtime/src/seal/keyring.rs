//! The type `Keyring`: the keys of an application. A keyring selects the key that signs and encrypts at a given time,
//! and finds the keys with a given id. A keyring never changes. To rotate the keys, an application makes a new keyring.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::key::{ID_LEN, Key, KeyError, KeyId};
use crate::clock;

/// The keys that sign and seal an application's cookies.
///
/// hardtack verifies and decrypts values with every key of a keyring. hardtack signs and encrypts new values with only
/// one key of a keyring.
///
/// Pass the keyring to the policy with [`PolicyBuilder::keyring`](crate::policy::PolicyBuilder::keyring), or to a jar
/// with [`Cookies::with_keyring`](crate::Cookies::with_keyring). All servers of an application need the same keys. All
/// clones of a keyring share the same keys in memory.
///
/// # Rotation
///
/// Replace a key in three steps, so that all users stay signed in. Begin each step only after every server has finished
/// the previous step:
///
/// 1. `Keyring::new(old).with(new)`: every server can read values that were signed or sealed with the new key.
/// 2. `Keyring::new(new).with(old)`: every server signs and seals new values with the new key. Values that were signed
///    or sealed with the old key are still accepted.
/// 3. `Keyring::new(new)`: the old key is removed. Before the third step, wait until the last value that was signed or
///    sealed with the old key has expired.
///
/// If the clocks of all servers agree, `Keyring::new(old).with(new.writes_from(time))` replaces the first two steps.
/// Choose a time by which every server has the new key.
///
/// If a value was signed or sealed with a key that is not in the keyring, reading the cookie returns
/// [`ReadError::UnknownKey`](crate::ReadError::UnknownKey).
///
/// # Lifetime
///
/// A signed or sealed value expires at the same time as its cookie. The expiry time comes from the declared `max_age`,
/// or from the `max_age` or `expires` of a [`SetCookie`](crate::SetCookie). A cookie with `idle` also expires after the
/// [idle time](crate::guide::sessions).
///
/// If a cookie has no lifetime, its value expires after the keyring's [`default_lifetime`](Keyring::default_lifetime),
/// which is one day by default. A value is still accepted for one minute after its expiry time, because the clocks of
/// servers differ.
///
/// ```
/// use hardtack::seal::{Key, Keyring};
/// use hardtack::{Cookie, Cookies, testing};
///
/// /// The content of the shopping basket. The user of the browser cannot read this value.
/// #[derive(Cookie, Debug, PartialEq)]
/// #[cookie(sealed, max_age = "30d")]
/// struct Basket(String);
///
/// let (old, new) = (Key::generate(), Key::generate());
/// let before = Keyring::new(old.clone());
/// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_keyring(&before);
/// cookies.set(Basket("3 apples".into())).unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// let header = response["set-cookie"].to_str().unwrap();
/// assert!(!header.contains("apples"));
///
/// let after = Keyring::new(new).with(old);
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", header.split(';').next().unwrap().parse().unwrap());
/// let cookies = Cookies::from_headers(&request, testing::https()).with_keyring(&after);
/// assert_eq!(cookies.try_get().unwrap(), Some(Basket("3 apples".into())));
/// ```
#[derive(Clone)]
pub struct Keyring(Arc<Shared>);

/// The data that the clones of a keyring share.
#[derive(Clone)]
struct Shared {
    /// The key that signs and seals new values until the `writes_from` time of a key in `others` has passed.
    first: Key,
    others: Vec<Key>,
    default_lifetime: Duration,
}

const DEFAULT_LIFETIME: Duration = Duration::from_secs(86_400);

impl Keyring {
    /// Makes a keyring with one key. hardtack reads values and writes new values with this key.
    ///
    /// ```
    /// use hardtack::seal::{Key, Keyring};
    ///
    /// let key = Key::generate();
    /// assert_eq!(Keyring::new(key.clone()).writer(), key.id());
    /// ```
    #[must_use]
    pub fn new(writer: Key) -> Keyring {
        Keyring(Arc::new(Shared { first: writer, others: Vec::new(), default_lifetime: DEFAULT_LIFETIME }))
    }

    /// Adds a key to the keyring. hardtack verifies and decrypts values with the added key. If the added key has a
    /// [`writes_from`](Key::writes_from) time, hardtack also signs and seals new values with the added key, from the
    /// `writes_from` time on.
    ///
    /// If the `writes_from` times of several keys have passed, hardtack signs and seals new values with the key whose
    /// `writes_from` time is the latest. If the keyring already has the key, `with` does nothing.
    ///
    /// ```
    /// use hardtack::seal::{Key, Keyring};
    ///
    /// let (new, old) = (Key::generate(), Key::generate());
    /// let keyring = Keyring::new(new.clone()).with(old.clone());
    /// let (new, old) = (new.id(), old.id());
    /// assert_eq!(format!("{keyring:?}"), format!("Keyring {{ writes: {new}, reads: [{new}, {old}] }}"));
    /// ```
    #[must_use]
    pub fn with(mut self, key: Key) -> Keyring {
        if !self.contains(&key) {
            Arc::make_mut(&mut self.0).others.push(key);
        }
        self
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.keys().any(|earlier| earlier.has_same_secret(key))
    }

    /// Sets the lifetime of a signed or sealed value whose cookie has neither `max_age` nor `expires`. Without
    /// `default_lifetime`, the lifetime is one day. The lifetime is rounded down to whole seconds.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hardtack::seal::{Key, Keyring};
    /// use hardtack::{Cookie, Cookies, ReadError, testing};
    ///
    /// #[derive(Cookie, Debug)]
    /// #[cookie(signed)]
    /// struct Visitor(u64);
    ///
    /// let keyring = Keyring::new(Key::generate()).default_lifetime(Duration::from_secs(3600));
    /// let header = testing::request_header_with(&Visitor(7), &keyring);
    /// let later = std::time::SystemTime::now() + Duration::from_secs(2 * 3600);
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", header);
    /// testing::at(later, || {
    ///     let cookies = Cookies::from_headers(&request, testing::https()).with_keyring(&keyring);
    ///     assert!(matches!(cookies.try_get::<Visitor>(), Err(ReadError::Expired { .. })));
    /// });
    /// ```
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Keyring {
        Arc::make_mut(&mut self.0).default_lifetime = lifetime;
        self
    }

    /// Reads a keyring from an environment variable.
    ///
    /// The environment variable contains keys in base64, separated by commas or white space. [`str::parse`] accepts the
    /// same text. hardtack reads values with every key, and signs or seals new values with the first key. To switch to
    /// a new key at a given time, write `@` and the time in UTC after the new key:
    ///
    /// ```text
    /// COOKIE_KEYS="3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs= 1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUE=@2026-12-01T03:00:00Z"
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`KeyError`] if the environment variable is not set or its text is invalid. The error contains the name
    /// of the variable and the number of the invalid key. The error never contains the text of the variable.
    ///
    /// ```
    /// use hardtack::seal::Keyring;
    ///
    /// let error = Keyring::from_env("NO_SUCH_KEYS").unwrap_err();
    /// assert!(error.to_string().starts_with("`NO_SUCH_KEYS`: the variable is not set; write keys into it"));
    /// ```
    pub fn from_env(variable: &str) -> Result<Keyring, KeyError> {
        match std::env::var(variable) {
            Ok(text) => Zeroizing::new(text).parse(),
            Err(std::env::VarError::NotPresent) => Err(KeyError::with_remedy(
                "the variable is not set; write keys into it, each 44 characters of base64, as `openssl rand -base64 32` prints",
            )),
            Err(std::env::VarError::NotUnicode(_)) => Err(KeyError::with_remedy("not UTF-8; write it in UTF-8")),
        }
        .map_err(|error: KeyError| error.with_variable(variable))
    }

    /// Returns the id of the key that signs and encrypts now.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use hardtack::seal::{Key, Keyring};
    ///
    /// let (old, new) = (Key::generate(), Key::generate());
    /// let keyring = Keyring::new(old).with(new.clone().writes_from(SystemTime::UNIX_EPOCH));
    /// assert_eq!(keyring.writer(), new.id());
    /// ```
    #[must_use]
    pub fn writer(&self) -> KeyId {
        self.writer_at(clock::now).id()
    }

    /// Returns the key that signs and encrypts at the time `now`: the key with the latest `writes_from` time that has
    /// passed. If every `writes_from` time is in the future, returns the first key. This function calls `now` only if a
    /// key has a `writes_from` time, because reading the clock takes time.
    pub(super) fn writer_at(&self, now: impl Fn() -> SystemTime) -> &Key {
        let mut writer = &self.0.first;
        let mut since = writer.write_start().filter(|start| *start <= now());
        for key in &self.0.others {
            let Some(start) = key.write_start() else { continue };
            if start <= now() && since.is_none_or(|since| since <= start) {
                (writer, since) = (key, Some(start));
            }
        }
        writer
    }

    /// Returns the keys of the keyring that have this id. The probability that two keys have the same id is 1 in 16
    /// million.
    pub(super) fn with_id(&self, id: [u8; ID_LEN]) -> impl Iterator<Item = &Key> {
        self.keys().filter(move |key| key.id().as_bytes() == id)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        core::iter::once(&self.0.first).chain(&self.0.others)
    }

    /// Returns the lifetime of a signed or sealed value whose cookie has neither `max_age` nor `expires`.
    pub(crate) fn lifetime(&self) -> Duration {
        self.0.default_lifetime
    }
}

/// Shows the ids of the keys. The `Debug` output never contains the secret of a key.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reads: Vec<_> = self.keys().map(Key::id).collect();
        f.debug_struct("Keyring").field("writes", &self.writer()).field("reads", &reads).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn key_with_latest_passed_start_writes() {
        let [a, b, c] = [Key::generate(), Key::generate(), Key::generate()];
        let keyring =
            Keyring::new(a.clone()).with(b.clone().writes_from(time(20))).with(c.clone().writes_from(time(10)));
        for (now, writer) in [(0, &a), (9, &a), (10, &c), (19, &c), (20, &b), (99, &b)] {
            assert_eq!(keyring.writer_at(|| time(now)).id(), writer.id(), "{now}");
        }
        // The first key of a keyring signs new values even before its own `writes_from` time, until the `writes_from`
        // time of a second key has passed.
        let keyring = Keyring::new(a.clone().writes_from(time(30))).with(b.clone().writes_from(time(20)));
        for (now, writer) in [(0, &a), (20, &b), (30, &a)] {
            assert_eq!(keyring.writer_at(|| time(now)).id(), writer.id(), "{now}");
        }
    }

    #[test]
    fn clock_is_not_read_without_writes_from() {
        let first = Key::generate();
        let keyring = Keyring::new(first.clone()).with(Key::generate());
        assert_eq!(keyring.writer_at(|| unreachable!("the clock was read")).id(), first.id());
    }

    #[test]
    fn same_key_is_not_added_twice() {
        let (a, b) = (Key::generate(), Key::generate());
        let again = Key::from_base64(&a.to_base64()).unwrap();
        assert_eq!(Keyring::new(a).with(b).with(again).keys().count(), 2);
    }
}
