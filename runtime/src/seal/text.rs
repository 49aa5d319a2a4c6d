//! Parses a keyring from text, for example from an environment variable. If a key is invalid, the error contains the
//! number of the key. The error never contains the text of a key.

use core::str::FromStr;
use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::date;

use super::key::{Key, KeyError};
use super::keyring::Keyring;

/// Parses keys in base64, separated by commas or white space. hardtack reads values with every key, and signs or seals
/// new values with the first key. `key@2026-12-01T03:00:00Z` has the same meaning as [`Key::writes_from`]: hardtack
/// signs or seals new values with that key from that time on.
///
/// ```
/// use hardtack::seal::{Key, Keyring};
///
/// let (old, new) = (Key::generate(), Key::generate());
/// let text = format!("{}, {}@9999-12-01T03:00:00Z", old.to_base64(), new.to_base64());
/// let keyring: Keyring = text.parse()?;
/// assert_eq!(keyring.writer(), old.id());
/// # Ok::<(), hardtack::seal::KeyError>(())
/// ```
impl FromStr for Keyring {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Keyring, KeyError> {
        let entries = text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|entry| !entry.is_empty());
        let mut keys =
            (1..).zip(entries).map(|(number, entry)| parse_key(entry).map_err(|error| error.with_entry(number)));
        let writer = keys.next().unwrap_or_else(|| {
            Err(KeyError::with_remedy(
                "there is no key; write at least one, 44 characters of base64, as `openssl rand -base64 32` prints",
            ))
        })?;
        let mut keyring = Keyring::new(writer);
        for (number, key) in (2..).zip(keys) {
            let key = key?;
            if keyring.contains(&key) {
                return Err(KeyError::with_remedy("the same key as an earlier key; remove it").with_entry(number));
            }
            keyring = keyring.with(key);
        }
        Ok(keyring)
    }
}

/// Parses `key` or `key@time`.
fn parse_key(entry: &str) -> Result<Key, KeyError> {
    let Some((key, time)) = entry.split_once('@') else { return Key::from_base64(entry) };
    let seconds = date::parse_timestamp(time).and_then(|seconds| u64::try_from(seconds).ok());
    let time = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let Some(time) = time else {
        return Err(KeyError::with_remedy(
            "the text after `@` is not a time since 1970; write the time in UTC, as in `@2026-12-01T03:00:00Z`",
        ));
    };
    Ok(Key::from_base64(key)?.writes_from(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=";
    const B: &str = "1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUI=";

    #[test]
    fn first_key_writes_and_all_keys_read() {
        let (a, b) = (Key::from_base64(A).unwrap(), Key::from_base64(B).unwrap());
        for text in [format!("{A},{B}"), format!("\n{A}\n{B}\n"), format!(" {A} , {}", B.trim_end_matches('='))] {
            let keyring: Keyring = text.parse().unwrap();
            assert_eq!(format!("{keyring:?}"), format!("Keyring {{ writes: {0}, reads: [{0}, {1}] }}", a.id(), b.id()));
        }
        let past: Keyring = format!("{A}, {B}@1970-01-01T00:00:00Z").parse().unwrap();
        assert_eq!(past.writer(), b.id());
        let future: Keyring = format!("{A}, {B}@9999-12-31T23:59:59Z").parse().unwrap();
        assert_eq!(future.writer(), a.id());
    }

    #[test]
    fn error_has_number_and_never_the_text() {
        for (text, expected) in [
            (String::new(), "there is no key; write at least one, 44 characters of base64"),
            (" , ".to_owned(), "there is no key; "),
            ("hunter2".to_owned(), "key 1: the key is not base64; write 44 characters"),
            (format!("{A} {A}"), "key 2: the same key as an earlier key; remove it"),
            (format!("{A} AAAA"), "key 2: the key has 3 bytes instead of 32; write 44 characters of base64"),
            (format!("{A},{B}AAAA"), "key 2: the key is not base64; "),
            (format!("{A}@tomorrow"), "key 1: the text after `@` is not a time since 1970; write the time in UTC"),
            (format!("{A}@2026-02-29T00:00:00Z"), "key 1: the text after `@` is not a time"),
            (format!("{A}@1969-12-31T23:59:59Z"), "key 1: the text after `@` is not a time"),
            (format!("{A}@2026-12-01T03:00:00+01:00"), "key 1: the text after `@` is not a time"),
        ] {
            let error = text.parse::<Keyring>().unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            let output = format!("{error} {error:?}");
            assert!(text.is_empty() || !output.contains(text.trim_end_matches('=')), "{output}");
            assert!(!output.contains(A) && !output.contains(B.trim_end_matches('=')), "{output}");
        }
    }
}
