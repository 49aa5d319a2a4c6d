//! The keys of an application: every one reads, one writes. In: keys, and when they write; out: the writer of an instant,
//! and the keys of an id. Never changes: a rotation is another keyring.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::key::{Key, KeyError, KeyId};
use crate::clock;

/// The keys that sign and seal an application's cookies: every key reads, one writes.
///
/// It comes with the policy, by [`PolicyBuilder::keyring`](crate::PolicyBuilder::keyring), or with a jar, by
/// [`Cookies::keyring`](crate::Cookies::keyring). All servers of an application have the same one. Clones share it.
///
/// # Rotation
///
/// Three steps log nobody out on any of N servers, in whatever order each deploy reaches them; each step begins when the
/// one before has reached them all:
///
/// 1. `Keyring::new(old).with(new)`: the new key reads everywhere.
/// 2. `Keyring::new(new).with(old)`: it writes.
/// 3. `Keyring::new(new)`, after the longest life that a cookie was given: the old one is dropped.
///
/// Or in one step and the dropping, `Keyring::new(old).with(new.writes_from(instant))`, with an instant by which every
/// server has it. What was signed or sealed by a key that is gone reads as `ReadError::UnknownKey`.
///
/// # Life
///
/// A value ends when its cookie does: by its `max_age`, declared or given to its `SetCookie`. One that has none, a session
/// cookie, is read for a day, or for the [`default_life`](Keyring::default_life). Each is read for one minute longer, since
/// the clocks of servers differ.
///
/// ```
/// use hardtack::{Cookie, Cookies, Key, Keyring, testing};
///
/// /// What is in the basket, hidden from whoever holds the browser.
/// #[derive(Cookie, Debug, PartialEq)]
/// #[cookie(sealed, max_age = "30d")]
/// struct Basket(String);
///
/// let (old, new) = (Key::generate(), Key::generate());
/// let before = Keyring::new(old.clone());
/// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https()).keyring(&before);
/// cookies.set(Basket("3 apples".into())).unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// let line = response["set-cookie"].to_str().unwrap();
/// assert!(!line.contains("apples"));
///
/// let after = Keyring::new(new).with(old);
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", line.split(';').next().unwrap().parse().unwrap());
/// let cookies = Cookies::read(&request, testing::https()).keyring(&after);
/// assert_eq!(cookies.get().unwrap(), Some(Basket("3 apples".into())));
/// ```
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

#[derive(Clone)]
struct Keys {
    /// Writes where no other does.
    first: Key,
    others: Vec<Key>,
    default_life: Duration,
}

/// The life of a value whose cookie has none.
const DAY: Duration = Duration::from_secs(86_400);

impl Keyring {
    /// Begins a keyring with the key that writes.
    ///
    /// ```
    /// use hardtack::{Key, Keyring};
    ///
    /// let key = Key::generate();
    /// assert_eq!(Keyring::new(key.clone()).writer(), key.id());
    /// ```
    #[must_use]
    pub fn new(writer: Key) -> Keyring {
        Keyring(Arc::new(Keys { first: writer, others: Vec::new(), default_life: DAY }))
    }

    /// Adds a key that reads; where it has a [`writes_from`](Key::writes_from), it writes from then on.
    ///
    /// Of several that have one, the latest that has come writes. A key that is there already is not added again.
    ///
    /// ```
    /// use hardtack::{Key, Keyring};
    ///
    /// let (new, old) = (Key::generate(), Key::generate());
    /// let keyring = Keyring::new(new.clone()).with(old.clone());
    /// let (new, old) = (new.id(), old.id());
    /// assert_eq!(format!("{keyring:?}"), format!("Keyring {{ writes: {new}, reads: [{new}, {old}] }}"));
    /// ```
    #[must_use]
    pub fn with(mut self, key: Key) -> Keyring {
        if !self.holds(&key) {
            Arc::make_mut(&mut self.0).others.push(key);
        }
        self
    }

    pub(crate) fn holds(&self, key: &Key) -> bool {
        self.all().any(|earlier| earlier.is_same(key))
    }

    /// Says for how long a value is read whose cookie has no `max_age`; a day without this. Fractions of a second are cut.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hardtack::{Cookie, Key, Keyring, ReadError, testing};
    ///
    /// #[derive(Cookie, Debug)]
    /// #[cookie(signed)]
    /// struct Visitor(u64);
    ///
    /// let keyring = Keyring::new(Key::generate()).default_life(Duration::from_secs(3600));
    /// let header = testing::request_header_with(&Visitor(7), &keyring);
    /// let later = std::time::SystemTime::now() + Duration::from_secs(2 * 3600);
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", header);
    /// testing::at(later, || {
    ///     let cookies = hardtack::Cookies::read(&request, testing::https()).keyring(&keyring);
    ///     assert!(matches!(cookies.get::<Visitor>(), Err(ReadError::Expired { .. })));
    /// });
    /// ```
    #[must_use]
    pub fn default_life(mut self, life: Duration) -> Keyring {
        Arc::make_mut(&mut self.0).default_life = life;
        self
    }

    /// Reads a keyring from an environment variable.
    ///
    /// Its text is that of [`str::parse`]: keys in base64, separated by commas or white space. The first one writes, the
    /// others read; one that is followed by `@` and an instant in UTC writes from then on:
    ///
    /// ```text
    /// COOKIE_KEYS="3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs= 1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUE=@2026-12-01T03:00:00Z"
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError`] names the variable and the number of the key, says what is wrong, and never shows the text.
    ///
    /// ```
    /// use hardtack::Keyring;
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
        .map_err(|error: KeyError| error.in_variable(variable))
    }

    /// The id of the key that writes now.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use hardtack::{Key, Keyring};
    ///
    /// let (old, new) = (Key::generate(), Key::generate());
    /// let keyring = Keyring::new(old).with(new.clone().writes_from(SystemTime::UNIX_EPOCH));
    /// assert_eq!(keyring.writer(), new.id());
    /// ```
    #[must_use]
    pub fn writer(&self) -> KeyId {
        self.writer_at(clock::now).id()
    }

    /// The key that writes: of those whose time has come the latest, else the first.
    pub(super) fn writer_at(&self, now: impl Fn() -> SystemTime) -> &Key {
        let mut writer = &self.0.first;
        let mut since = writer.start().filter(|start| *start <= now());
        for key in &self.0.others {
            // Only where somebody said so does anything cost a look at the clock.
            let Some(start) = key.start() else { continue };
            if start <= now() && since.is_none_or(|since| since <= start) {
                (writer, since) = (key, Some(start));
            }
        }
        writer
    }

    /// The keys of an id: one, but for a chance of 1 in 16 million.
    pub(super) fn of_id(&self, id: [u8; 4]) -> impl Iterator<Item = &Key> {
        self.all().filter(move |key| key.id().octets() == id)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        core::iter::once(&self.0.first).chain(&self.0.others)
    }

    pub(crate) fn life(&self) -> Duration {
        self.0.default_life
    }
}

/// Shows the ids.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reads: Vec<_> = self.all().map(Key::id).collect();
        f.debug_struct("Keyring").field("writes", &self.writer()).field("reads", &reads).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn of_the_keys_whose_time_has_come_the_latest_writes() {
        let [a, b, c] = [Key::generate(), Key::generate(), Key::generate()];
        let keyring =
            Keyring::new(a.clone()).with(b.clone().writes_from(instant(20))).with(c.clone().writes_from(instant(10)));
        for (now, writer) in [(0, &a), (9, &a), (10, &c), (19, &c), (20, &b), (99, &b)] {
            assert_eq!(keyring.writer_at(|| instant(now)).id(), writer.id(), "{now}");
        }
        // A first key that has a time writes before it too, where no other does.
        let keyring = Keyring::new(a.clone().writes_from(instant(30))).with(b.clone().writes_from(instant(20)));
        for (now, writer) in [(0, &a), (20, &b), (30, &a)] {
            assert_eq!(keyring.writer_at(|| instant(now)).id(), writer.id(), "{now}");
        }
    }

    #[test]
    fn without_a_time_nobody_looks_at_the_clock() {
        let keyring = Keyring::new(Key::generate()).with(Key::generate());
        let _ = keyring.writer_at(|| unreachable!("asked for the time"));
    }

    #[test]
    fn a_key_is_there_once() {
        let (a, b) = (Key::generate(), Key::generate());
        let again = Key::from_base64(&a.to_base64()).unwrap();
        assert_eq!(Keyring::new(a).with(b).with(again).all().count(), 2);
    }
}
