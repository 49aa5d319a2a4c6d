//! The companion of a device-bound cookie: the short-lived cookie that the browser refreshes. One declaration writes
//! the `Set-Cookie` header of the companion and the JSON that describes the companion to the browser.

use core::time::Duration;

use hardtack_rules::{SameSite, Spec, wire};
use http::HeaderValue;

use super::binding::Mark;
use crate::clock;
use crate::cookie::declaration::companion_name;
use crate::cookie::error::ProofFault;
use crate::cookie::overrides::PAST;
use crate::seal::{self, Keyring, OpenError};
use crate::wire::cookie;

/// The declaration of a companion.
#[cfg(feature = "_layer")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Companion {
    /// The name of the device-bound cookie.
    pub(crate) cookie: String,
    pub(crate) same_site: SameSite,
    /// The lifetime, in seconds.
    pub(crate) every: u32,
}

#[cfg(feature = "_layer")]
impl Companion {
    pub(crate) fn name(&self) -> Option<String> {
        companion_name(&self.cookie)
    }

    /// Returns the attributes of the companion. `max_age` is `None` for the JSON, because Chromium rejects a session
    /// whose JSON contains a lifetime.
    fn attributes(&self, max_age: Option<Duration>) -> Vec<u8> {
        let mut spec = Spec::new("").same_site(self.same_site);
        spec.max_age = max_age;
        attributes(&spec, None)
    }

    /// Returns the `Set-Cookie` header of a new companion, after a valid proof. The companion's lifetime begins now.
    pub(crate) fn set_cookie(&self, keyring: &Keyring, mark: Mark) -> Option<HeaderValue> {
        let name = self.name()?;
        let expiry = now().saturating_add(self.every);
        let value = seal::seal_message(keyring, &name, expiry, &mark.0)?;
        let attributes = self.attributes(Some(Duration::from_secs(self.every.into())));
        let mut header = HeaderValue::try_from([name.as_bytes(), b"=", value.as_bytes(), &attributes].concat()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Returns the element of `credentials` in the JSON for the browser. No part needs an escape: a cookie's name is a
    /// token, and a token cannot contain a quote.
    pub(crate) fn credential(&self) -> Option<String> {
        let name = self.name()?;
        let attributes = String::from_utf8(self.attributes(None)).ok()?;
        let attributes = attributes.trim_start_matches("; ");
        Some(format!(r#"{{"type":"cookie","name":"{name}","attributes":"{attributes}"}}"#))
    }
}

/// Returns the `Set-Cookie` header that removes the companion of the cookie.
pub(crate) fn removal(cookie: &str, same_site: SameSite) -> Option<HeaderValue> {
    let name = companion_name(cookie)?;
    let spec = Spec::new("").same_site(same_site).max_age(Duration::ZERO);
    HeaderValue::try_from([name.as_bytes(), b"=", &attributes(&spec, Some(PAST))].concat()).ok()
}

/// Returns the attributes as header text, which begins with `; Path=/`.
pub(crate) fn attributes(spec: &Spec<'_>, expires: Option<&[u8; 29]>) -> Vec<u8> {
    let mut text = vec![0; wire::write_attributes(spec, expires, &mut [])];
    wire::write_attributes(spec, expires, &mut text);
    text
}

/// Checks that the request contains a valid companion for this session: the seal is valid, the mark is the mark of the
/// session, and the companion has not expired.
///
/// An expired companion is never valid, not even for a few seconds. Otherwise a copy of the companion would work longer
/// than the declared time. Browsers refresh a companion two minutes before it expires.
pub(crate) fn find_valid(
    keyring: &Keyring,
    cookies: &[HeaderValue],
    session: &str,
    mark: Mark,
) -> Result<(), ProofFault> {
    let Some(name) = companion_name(session) else { return Err(ProofFault::CompanionMissing) };
    let mut fault = ProofFault::CompanionMissing;
    for raw in cookie::values(cookies, &name) {
        fault = match seal::open_sealed(keyring, &name, raw) {
            Ok((value, terms)) if value == mark.0 => {
                if terms.expiry >= now() {
                    return Ok(());
                }
                ProofFault::CompanionExpired
            }
            Err(OpenError::Expired) => ProofFault::CompanionExpired,
            Ok(_) | Err(_) => ProofFault::OtherSession,
        };
    }
    Err(fault)
}

/// Returns the current time in Unix seconds.
pub(super) fn now() -> u32 {
    u32::try_from(clock::unix_seconds(clock::now())).unwrap_or(0)
}

#[cfg(all(test, feature = "_layer"))]
mod tests {
    use hardtack_rules::SameSite;
    use http::HeaderValue;

    use super::{Companion, find_valid, removal};
    use crate::cookie::error::ProofFault;
    use crate::device_bound::binding::{MARK_LEN, Mark};
    use crate::seal::{Key, Keyring};

    const MARK: Mark = Mark([3; MARK_LEN]);

    fn companion(same_site: SameSite) -> Companion {
        Companion { cookie: "__Host-Http-session".to_owned(), same_site, every: 600 }
    }

    #[test]
    fn json_and_header_have_the_same_attributes() {
        let keyring = Keyring::new(Key::generate());
        for same_site in [SameSite::Strict, SameSite::Lax, SameSite::None] {
            let companion = companion(same_site);
            let header = companion.set_cookie(&keyring, MARK).unwrap();
            let (value, attributes) = header.to_str().unwrap().split_once("; ").unwrap();
            assert!(value.starts_with("__Host-session-key=1"));
            let json: serde_json::Value = serde_json::from_str(&companion.credential().unwrap()).unwrap();
            assert_eq!((&json["type"], &json["name"]), (&"cookie".into(), &"__Host-session-key".into()));
            assert_eq!(attributes.replace("Max-Age=600; ", ""), json["attributes"].as_str().unwrap());
            assert_eq!(json["attributes"], format!("Path=/; Secure; HttpOnly; SameSite={same_site}"));
        }
    }

    #[test]
    fn removal_is_in_the_same_scope() {
        let header = removal("__Host-session", SameSite::Lax).unwrap();
        let expected = "__Host-session-key=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(header, expected);
        assert!(removal("session", SameSite::Lax).is_none());
    }

    #[test]
    fn companion_proves_only_its_session() {
        let keyring = Keyring::new(Key::generate());
        let header = companion(SameSite::Lax).set_cookie(&keyring, MARK).unwrap();
        let pair = header.to_str().unwrap().split(';').next().unwrap();
        let find = |keyring: &Keyring, cookies: &str, session: &str, mark: Mark| {
            find_valid(keyring, &[HeaderValue::try_from(cookies).unwrap()], session, mark)
        };
        const SESSION: &str = "__Host-Http-session";
        assert_eq!(find(&keyring, pair, SESSION, MARK), Ok(()));
        assert_eq!(find(&keyring, &format!("__Host-session-key=x; {pair}"), SESSION, MARK), Ok(()));
        let other_mark = find(&keyring, pair, SESSION, Mark([4; MARK_LEN]));
        assert_eq!(other_mark, Err(ProofFault::OtherSession));
        let renamed = pair.replace("session-key", "admin-key");
        assert_eq!(find(&keyring, &renamed, "__Host-Http-admin", MARK), Err(ProofFault::OtherSession));
        assert_eq!(find(&keyring, pair, "__Host-Http-admin", MARK), Err(ProofFault::CompanionMissing));
        assert_eq!(find(&Keyring::new(Key::generate()), pair, SESSION, MARK), Err(ProofFault::OtherSession));
        assert_eq!(find(&keyring, "a=b", SESSION, MARK), Err(ProofFault::CompanionMissing));
    }

    #[cfg(feature = "testing")]
    #[test]
    fn companion_expires_to_the_second() {
        use core::time::Duration;

        let start = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let keyring = Keyring::new(Key::generate());
        let header = crate::clock::at(start, || companion(SameSite::Lax).set_cookie(&keyring, MARK)).unwrap();
        for (seconds, expected) in [
            (0, Ok(())),
            (600, Ok(())),
            (601, Err(ProofFault::CompanionExpired)),
            (700, Err(ProofFault::CompanionExpired)),
        ] {
            let cookies = [HeaderValue::from_bytes(header.as_bytes()).unwrap()];
            let found = crate::clock::at(start + Duration::from_secs(seconds), || {
                find_valid(&keyring, &cookies, "__Host-Http-session", MARK)
            });
            assert_eq!(found, expected, "{seconds}");
        }
    }
}
