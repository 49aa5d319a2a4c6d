//! The text of a keyring, as an environment variable holds it. In: text; out: a keyring, or the number of the entry that
//! is wrong. Never shows any of the text.

use core::str::FromStr;
use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::date;

use super::key::{Key, KeyError};
use super::keyring::Keyring;

/// Keys in base64, separated by commas or white space: the first writes, the others read; `@2026-12-01T03:00:00Z` behind
/// one lets it write from then on.
///
/// ```
/// use hardtack::{Key, Keyring};
///
/// let (old, new) = (Key::generate(), Key::generate());
/// let text = format!("{}, {}@2026-12-01T03:00:00Z", old.to_base64(), new.to_base64());
/// let keyring: Keyring = text.parse()?;
/// # let _ = keyring;
/// # Ok::<(), hardtack::KeyError>(())
/// ```
impl FromStr for Keyring {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Keyring, KeyError> {
        let entries = text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|entry| !entry.is_empty());
        let mut keys = (1..).zip(entries).map(|(number, entry)| key(entry).map_err(|error| error.at(number)));
        let writer = keys.next().unwrap_or_else(|| {
            Err(KeyError::with_remedy(
                "there is no key; write one at least, 44 characters of base64, as `openssl rand -base64 32` prints",
            ))
        })?;
        let mut keyring = Keyring::new(writer);
        for (number, key) in (2..).zip(keys) {
            let key = key?;
            if keyring.holds(&key) {
                return Err(KeyError::with_remedy("the same key as an earlier one; remove it").at(number));
            }
            keyring = keyring.with(key);
        }
        Ok(keyring)
    }
}

fn key(entry: &str) -> Result<Key, KeyError> {
    let Some((key, instant)) = entry.split_once('@') else { return Key::from_base64(entry) };
    let seconds = date::timestamp(instant).and_then(|seconds| u64::try_from(seconds).ok());
    let instant = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let Some(instant) = instant else {
        return Err(KeyError::with_remedy(
            "what stands behind `@` is no instant since 1970; write it in UTC, as in `@2026-12-01T03:00:00Z`",
        ));
    };
    Ok(Key::from_base64(key)?.writes_from(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=";
    const B: &str = "1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUE=";

    #[test]
    fn the_first_key_writes_and_the_others_read() {
        let (a, b) = (Key::from_base64(A).unwrap(), Key::from_base64(B).unwrap());
        for text in [format!("{A},{B}"), format!("\n{A}\n{B}\n"), format!(" {A} , {}", B.trim_end_matches('='))] {
            let keyring: Keyring = text.parse().unwrap();
            assert_eq!(format!("{keyring:?}"), format!("Keyring {{ writes: {0}, reads: [{0}, {1}] }}", a.id(), b.id()));
        }
        let from: Keyring = format!("{A}, {B}@1970-01-01T00:00:00Z").parse().unwrap();
        assert_eq!(from.writer(), b.id());
        let later: Keyring = format!("{A}, {B}@9999-12-31T23:59:59Z").parse().unwrap();
        assert_eq!(later.writer(), a.id());
    }

    #[test]
    fn a_wrong_entry_is_numbered_and_never_shown() {
        for (text, says) in [
            (String::new(), "there is no key; write one at least, "),
            (" , ".to_owned(), "there is no key; "),
            ("hunter2".to_owned(), "key 1: a key is base64, and this text is none; write 44 characters"),
            (format!("{A} {A}"), "key 2: the same key as an earlier one; remove it"),
            (format!("{A} AAAA"), "key 2: a key has 32 octets, and this text is 3; write 44 characters of base64"),
            (format!("{A},{B}AAAA"), "key 2: a key is base64, and this text is none"),
            (format!("{A}@tomorrow"), "key 1: what stands behind `@` is no instant since 1970; write it in UTC"),
            (format!("{A}@2026-02-29T00:00:00Z"), "key 1: what stands behind `@`"),
            (format!("{A}@1969-12-31T23:59:59Z"), "key 1: what stands behind `@`"),
            (format!("{A}@2026-12-01T03:00:00+01:00"), "key 1: what stands behind `@`"),
        ] {
            let error = text.parse::<Keyring>().unwrap_err();
            assert!(error.to_string().starts_with(says), "{error}");
            assert_eq!(error.to_string(), format!("{error:?}"));
            assert!(text.is_empty() || !error.to_string().contains(text.trim_end_matches('=')), "{error}");
        }
    }
}
