//! The sealed texts of a device-bound session. The endpoints store nothing, so the sealed texts contain everything that
//! the endpoints need. A sealed text is the challenge of a registration, or the session identifier.

use core::time::Duration;

use hardtack_rules::{SameSite, Spec};
use http::HeaderValue;

use super::binding::{Binding, MARK_LEN, Mark};
use super::companion::{self, Companion, now};
use super::proof::{KEY_LEN, PublicKey};
use crate::seal::{self, Keyring, Terms};
use crate::wire::cookie;

/// The format of the sealed texts.
const VERSION: u8 = 1;

/// The names under which the texts are sealed. A cookie's name contains no space, so no cookie can be opened as one of
/// these texts.
const REGISTRATION: &str = "device-bound registration";
const IDENTIFIER: &str = "device-bound identifier";

/// The lifetime of the challenge of a registration, in seconds.
const REGISTRATION_LIFETIME: u32 = 60;

/// A device-bound session: the mark of its sign-in, and its companion.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) mark: Mark,
    pub(crate) companion: Companion,
}

impl Session {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.push(match self.companion.same_site {
            SameSite::Strict => 0,
            SameSite::Lax => 1,
            SameSite::None => 2,
        });
        bytes.extend_from_slice(&self.companion.every.to_be_bytes());
        bytes.extend_from_slice(&self.mark.0);
        bytes.extend_from_slice(self.companion.cookie.as_bytes());
    }

    fn parse(bytes: &[u8]) -> Option<Session> {
        let (same_site, bytes) = bytes.split_first()?;
        let (every, bytes) = bytes.split_first_chunk::<4>()?;
        let (mark, cookie) = bytes.split_first_chunk::<MARK_LEN>()?;
        let same_site = match same_site {
            0 => SameSite::Strict,
            1 => SameSite::Lax,
            2 => SameSite::None,
            _ => return None,
        };
        let cookie = String::from_utf8(cookie.to_vec()).ok()?;
        let companion = Companion { cookie, same_site, every: u32::from_be_bytes(*every) };
        Some(Session { mark: Mark(*mark), companion })
    }
}

/// The content of the challenge of a registration.
pub(crate) struct Registration {
    pub(crate) session: Session,
    /// The expiry of the session in Unix seconds, if the response to a refresh with a valid proof offers the
    /// registration. Such a registration needs no session cookie, because browsers do not send the cookie with every
    /// refresh. `renewed_until` is `None` if a sign-in offers the registration.
    pub(crate) renewed_until: Option<u32>,
}

impl Registration {
    /// Returns the challenge, or `None` if the operating system returns no random bytes.
    pub(crate) fn seal(&self, keyring: &Keyring) -> Option<String> {
        let expiry = now().saturating_add(REGISTRATION_LIFETIME);
        let mut bytes = vec![VERSION];
        // The four bytes of the challenge's own expiry. The seal accepts a text for some time after its expiry.
        bytes.extend_from_slice(&expiry.to_be_bytes());
        bytes.extend_from_slice(&self.renewed_until.unwrap_or(0).to_be_bytes());
        self.session.append_to(&mut bytes);
        seal::seal_message(keyring, REGISTRATION, expiry, &bytes)
    }

    /// Opens a challenge that is not older than one minute.
    pub(crate) fn open(keyring: &Keyring, challenge: &str) -> Option<Registration> {
        let (bytes, _) = seal::open_sealed(keyring, REGISTRATION, challenge.as_bytes()).ok()?;
        let [VERSION, bytes @ ..] = &*bytes else { return None };
        let (expiry, bytes) = bytes.split_first_chunk::<4>()?;
        let (renewed_until, bytes) = bytes.split_first_chunk::<4>()?;
        if u32::from_be_bytes(*expiry) < now() {
            return None;
        }
        let renewed_until = Some(u32::from_be_bytes(*renewed_until)).filter(|time| *time != 0);
        Some(Registration { session: Session::parse(bytes)?, renewed_until })
    }
}

/// The content of a session identifier.
pub(crate) struct Identifier {
    pub(crate) key: PublicKey,
    pub(crate) session: Session,
    /// The last second of the session, in Unix seconds.
    pub(crate) expiry: u32,
}

impl Identifier {
    /// Returns the session identifier, or `None` if the operating system returns no random bytes.
    pub(crate) fn seal(&self, keyring: &Keyring) -> Option<String> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.key.to_bytes()?);
        self.session.append_to(&mut bytes);
        seal::seal_message(keyring, IDENTIFIER, self.expiry, &bytes)
    }

    pub(crate) fn open(keyring: &Keyring, identifier: &str) -> Option<Identifier> {
        let (bytes, Terms { expiry, .. }) = seal::open_sealed(keyring, IDENTIFIER, identifier.as_bytes()).ok()?;
        let [VERSION, bytes @ ..] = &*bytes else { return None };
        let (key, bytes) = bytes.split_first_chunk::<KEY_LEN>()?;
        Some(Identifier { key: PublicKey::from_bytes(key)?, session: Session::parse(bytes)?, expiry })
    }
}

/// The challenges of refreshes. The time is divided into windows of five minutes. A challenge is a MAC of the session
/// identifier and the number of the window. The challenge stays the same within a window, so a browser can send its
/// last proof again without using its key.
pub(crate) mod refresh {
    use base64::Engine as _;

    use super::now;
    use crate::seal::{self, BASE64, Keyring};

    const LABEL: &str = "device-bound refresh";

    /// The length of a window, in seconds.
    const WINDOW: u64 = 300;

    fn window() -> u64 {
        u64::from(now()) / WINDOW
    }

    /// Returns the present challenge of a session. `identifier` is an identifier that was opened.
    pub(crate) fn challenge(keyring: &Keyring, identifier: &str) -> Option<String> {
        Some(BASE64.encode(seal::mac(keyring, identifier, LABEL, window())?))
    }

    /// Returns true if the challenge is from the present window or from the window before.
    pub(crate) fn is_fresh(keyring: &Keyring, identifier: &str, challenge: &str) -> bool {
        let Ok(mac) = BASE64.decode(challenge) else { return false };
        let window = window();
        let windows = [Some(window), window.checked_sub(1)];
        windows.into_iter().flatten().any(|window| seal::is_mac(keyring, identifier, LABEL, window, &mac))
    }
}

/// A session cookie that a request carried.
pub(crate) struct CarriedSession {
    text: Vec<u8>,
    pub(crate) terms: Terms,
    pub(crate) binding: Binding,
}

/// Returns the session cookies of a request that can be opened and have a mark.
pub(crate) fn carried<'a>(
    keyring: &'a Keyring,
    cookies: &'a [HeaderValue],
    name: &'a str,
) -> impl Iterator<Item = CarriedSession> + use<'a> {
    cookie::values(cookies, name).filter_map(move |raw| {
        let (text, terms) = seal::open_sealed(keyring, name, raw).ok()?;
        let binding = Binding::from_extension(&terms.extension).ok()??;
        Some(CarriedSession { text, terms, binding })
    })
}

impl CarriedSession {
    /// Returns the `Set-Cookie` header that sets the session cookie again, as a cookie of a registered device. The
    /// value and the expiry stay the same. Returns `None` if the cookie has expired.
    pub(crate) fn as_registered(&self, keyring: &Keyring, session: &Session) -> Option<HeaderValue> {
        let name = &session.companion.cookie;
        let terms = Terms { extension: self.binding.registered().to_extension(), ..self.terms.clone() };
        let lifetime = terms.idle_expiry.min(terms.expiry).checked_sub(now()).filter(|lifetime| *lifetime > 0)?;
        let declared = session.companion.same_site;
        let same_site = terms.kept.same_site.filter(|kept| kept.is_at_least(declared)).unwrap_or(declared);
        let mut spec = Spec::new("").same_site(same_site);
        if !terms.kept.without_max_age {
            spec = spec.max_age(Duration::from_secs(lifetime.into()));
        }
        let value = seal::seal_text(keyring, name, &terms, &self.text)?;
        let attributes = companion::attributes(&spec, None);
        let mut header = HeaderValue::try_from([name.as_bytes(), b"=", value.as_bytes(), &attributes].concat()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use hardtack_rules::SameSite;
    use p256::ecdsa::SigningKey;

    use super::{Identifier, Registration, Session, refresh};
    use crate::device_bound::binding::{MARK_LEN, Mark};
    use crate::device_bound::companion::{Companion, now};
    use crate::device_bound::proof::PublicKey;
    use crate::seal::{Key, Keyring};

    fn session(same_site: SameSite) -> Session {
        let companion = Companion { cookie: "__Host-Http-session".to_owned(), same_site, every: 600 };
        Session { mark: Mark([5; MARK_LEN]), companion }
    }

    fn key() -> PublicKey {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        PublicKey::from_bytes(key.verifying_key().to_encoded_point(true).as_bytes()).unwrap()
    }

    #[test]
    fn sealed_texts_are_opened_as_written() {
        let keyring = Keyring::new(Key::generate());
        for same_site in [SameSite::Strict, SameSite::Lax, SameSite::None] {
            let session = session(same_site);
            for renewed_until in [None, Some(now() + 99)] {
                let text = Registration { session: session.clone(), renewed_until }.seal(&keyring).unwrap();
                let opened = Registration::open(&keyring, &text).unwrap();
                assert!(opened.session == session && opened.renewed_until == renewed_until);
                assert!(Identifier::open(&keyring, &text).is_none());
            }
            let text = Identifier { key: key(), session: session.clone(), expiry: now() + 9 }.seal(&keyring).unwrap();
            let opened = Identifier::open(&keyring, &text).unwrap();
            assert!(opened.session == session && opened.key == key() && opened.expiry >= now());
            assert!(Registration::open(&keyring, &text).is_none());
            assert!(Identifier::open(&Keyring::new(Key::generate()), &text).is_none());
        }
    }

    #[test]
    fn challenge_belongs_to_one_identifier_and_purpose() {
        let keyring = Keyring::new(Key::generate());
        let identifier = |mark| {
            let session = Session { mark: Mark([mark; MARK_LEN]), ..session(SameSite::Lax) };
            Identifier { key: key(), session, expiry: now() + 9 }.seal(&keyring).unwrap()
        };
        let (first, second) = (identifier(1), identifier(2));
        let challenge = refresh::challenge(&keyring, &first).unwrap();
        assert!(refresh::is_fresh(&keyring, &first, &challenge));
        assert!(!refresh::is_fresh(&keyring, &second, &challenge));
        assert!(!refresh::is_fresh(&Keyring::new(Key::generate()), &first, &challenge));
        let registration =
            Registration { session: session(SameSite::Lax), renewed_until: None }.seal(&keyring).unwrap();
        for other in ["", "x", &registration, &challenge[1..], &first] {
            assert!(!refresh::is_fresh(&keyring, &first, other), "{other}");
        }
        assert!(Registration::open(&keyring, &challenge).is_none());
    }

    #[cfg(feature = "testing")]
    #[test]
    fn only_this_window_and_the_last_are_fresh() {
        use core::time::Duration;

        let keyring = Keyring::new(Key::generate());
        // A window of five minutes begins at the Unix time 1,800,000,000.
        let at = |seconds: i64, run: &dyn Fn() -> bool| {
            let seconds = u64::try_from(1_800_000_000 + seconds).unwrap();
            crate::clock::at(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), run)
        };
        let identifier = Identifier { key: key(), session: session(SameSite::Lax), expiry: u32::MAX };
        let identifier = identifier.seal(&keyring).unwrap();
        let challenge =
            crate::clock::at(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000), || {
                refresh::challenge(&keyring, &identifier).unwrap()
            });
        for (seconds, expected) in
            [(-301, false), (-1, false), (0, true), (299, true), (300, true), (599, true), (600, false), (1200, false)]
        {
            let is_fresh = at(seconds, &|| refresh::is_fresh(&keyring, &identifier, &challenge));
            assert_eq!(is_fresh, expected, "{seconds}");
        }
        for (seconds, is_same) in [(299, true), (300, false)] {
            let is_equal = at(seconds, &|| refresh::challenge(&keyring, &identifier).unwrap() == challenge);
            assert_eq!(is_equal, is_same, "{seconds}");
        }
    }

    #[cfg(feature = "testing")]
    #[test]
    fn challenge_of_a_registration_lives_a_minute() {
        use core::time::Duration;

        let start = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let keyring = Keyring::new(Key::generate());
        let registration = Registration { session: session(SameSite::Lax), renewed_until: None };
        let text = crate::clock::at(start, || registration.seal(&keyring)).unwrap();
        for (seconds, expected) in [(0, true), (60, true), (61, false), (120, false), (600, false)] {
            let is_open = crate::clock::at(start + Duration::from_secs(seconds), || {
                Registration::open(&keyring, &text).is_some()
            });
            assert_eq!(is_open, expected, "{seconds}");
        }
    }
}
