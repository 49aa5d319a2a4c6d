//! Writes and opens the text of signed and sealed values, in format version 1. The page `docs/seal.md` describes the
//! format for developers of other implementations.
//!
//! The functions `sign` and `seal` write a cookie's value with its seal. The functions `open_signed` and `open_sealed`
//! return the value without the seal. No part of a value is used before the value's tag is verified. Tags are compared
//! in constant time.
//!
//! ```text
//! signed   value "." "1" id(4) base64url( expiry(4) tag(16) )       tag = HMAC-SHA256("1" id expiry length(2) name text)
//! sealed         "1" id(4) base64url( nonce(12) AEAD( expiry(4) value ) )             associated data = "1" id name
//! ```
//!
//! The numbers in parentheses are lengths in bytes. The expiry and the length are big-endian numbers. In a signed
//! cookie, `value` is percent-encoded, as in the header, and `text` is the decoded value. So the signature stays valid if
//! another library encodes the value in another way. A sealed value is not percent-encoded before it is encrypted.
//!
//! The tag of a signed value is the first half of the HMAC (RFC 2104 section 5, as in RFC 4868). Like the tag of a
//! sealed value, the tag of a signed value has 128 bits. With the whole HMAC, `base64url( expiry tag )` would have 48
//! characters instead of 27.

use std::borrow::Cow;

use aes_gcm_siv::{AeadInPlace as _, Nonce, Tag};
use base64::Engine as _;
use hmac::Mac as _;

use super::key::{BASE64, ID_LEN, Key, Signer};
use super::keyring::Keyring;
use super::{SKEW, nonce};
use crate::clock;

const VERSION: u8 = b'1';
const EXPIRY_LEN: usize = 4;
/// The number of bytes in the tag of a signed or sealed value.
pub(crate) const TAG_LEN: usize = 16;

/// The number of bytes that a signature adds to a cookie's value.
pub(crate) const SIGNATURE_LEN: usize = 2 + ID_LEN + base64_len(EXPIRY_LEN + TAG_LEN);
/// Reserves space for the nonce and the expiry at the start of a message that will be sealed. `seal` overwrites these
/// 16 bytes.
pub(crate) const PLAINTEXT_PREFIX: &str = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The reason why a signed or sealed value is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    Malformed,
    Version,
    UnknownKey,
    Mismatch,
    Expired,
}

const fn base64_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Returns the length of a sealed value's text. `message_len` is the total length of the nonce, the expiry, the value
/// and the tag.
pub(crate) const fn sealed_len(message_len: usize) -> usize {
    1 + ID_LEN + base64_len(message_len)
}

/// Signs the text of a cookie's value and appends the signature to `header`. The text is not percent-encoded. So a jar of
/// another library may encode the value in another way, and the signature stays valid.
pub(crate) fn sign(keyring: &Keyring, name: &str, expiry: u32, text: &[u8], header: &mut Vec<u8>) -> Option<()> {
    let key = keyring.writer_at(clock::now);
    let id = key.id().as_bytes();
    let expiry = expiry.to_be_bytes();
    let tag = signer_for(key, id, expiry, name, text)?.finalize().into_bytes();
    let mut seal = [0; EXPIRY_LEN + TAG_LEN];
    let (seal_expiry, seal_tag) = seal.split_at_mut(EXPIRY_LEN);
    seal_expiry.copy_from_slice(&expiry);
    seal_tag.copy_from_slice(tag.get(..TAG_LEN)?);
    header.extend_from_slice(&[b'.', VERSION]);
    header.extend_from_slice(&id);
    append_base64(&seal, header)
}

/// Verifies a signed value, and returns the text of the value without the signature. The argument `decode` removes the
/// percent-encoding of the value.
pub(crate) fn open_signed<'a>(
    keyring: &Keyring,
    name: &str,
    raw: &'a [u8],
    decode: fn(&'a [u8]) -> Option<Cow<'a, str>>,
) -> Result<Cow<'a, str>, OpenError> {
    // A signed value may contain dots, but its signature is base64url text without a dot. The last dot is therefore
    // between the value and the signature.
    let dot = raw.iter().rposition(|byte| *byte == b'.').ok_or(OpenError::Malformed)?;
    let (value, seal) = raw.split_at_checked(dot).ok_or(OpenError::Malformed)?;
    let (id, seal) = split_id(seal.get(1..).ok_or(OpenError::Malformed)?)?;
    // The array has one extra byte, because `decode_slice` may require space for whole groups of three bytes.
    let mut bytes = [0; EXPIRY_LEN + TAG_LEN + 1];
    if seal.len() != base64_len(EXPIRY_LEN + TAG_LEN)
        || BASE64.decode_slice(seal, &mut bytes) != Ok(EXPIRY_LEN + TAG_LEN)
    {
        return Err(OpenError::Malformed);
    }
    let (expiry, rest) = bytes.split_first_chunk::<EXPIRY_LEN>().ok_or(OpenError::Malformed)?;
    let tag = rest.first_chunk::<TAG_LEN>().ok_or(OpenError::Malformed)?;
    let mut keys = keyring.with_id(id).peekable();
    keys.peek().ok_or(OpenError::UnknownKey)?;
    let text = decode(value).ok_or(OpenError::Malformed)?;
    let is_valid = keys.any(|key| {
        let signer = signer_for(key, id, *expiry, name, text.as_bytes());
        signer.is_some_and(|signer| signer.verify_truncated_left(tag).is_ok())
    });
    if !is_valid {
        return Err(OpenError::Mismatch);
    }
    check_expiry(*expiry)?;
    Ok(text)
}

/// Returns the HMAC of the version, the key's id, the expiry, the cookie's name and the text of its value. The HMAC includes the
/// length of the name. Without the length, an attacker could move bytes from the name to the value. Returns `None` if
/// the cookie's name has more than 65,535 bytes.
fn signer_for(key: &Key, id: [u8; ID_LEN], expiry: [u8; EXPIRY_LEN], name: &str, text: &[u8]) -> Option<Signer> {
    let mut signer = key.signer();
    let [i0, i1, i2, i3] = id;
    let [e0, e1, e2, e3] = expiry;
    let [l0, l1] = u16::try_from(name.len()).ok()?.to_be_bytes();
    signer.update(&[VERSION, i0, i1, i2, i3, e0, e1, e2, e3, l0, l1]);
    signer.update(name.as_bytes());
    signer.update(text);
    Some(signer)
}

/// Returns true if the value has the form of a signed value. Does not verify the signature.
#[cfg(feature = "_layer")]
pub(crate) fn looks_signed(value: &[u8]) -> bool {
    let seal = value.rsplit(|byte| *byte == b'.').next().filter(|seal| seal.len() < value.len());
    let after_id = seal.and_then(|seal| split_id(seal).ok()).map(|(_, rest)| rest);
    after_id.is_some_and(|rest| rest.len() == base64_len(EXPIRY_LEN + TAG_LEN) && rest.iter().all(is_base64url))
}

/// Returns true if the value has the form of a sealed value. Does not decrypt the value.
#[cfg(feature = "_layer")]
pub(crate) fn looks_sealed(value: &[u8]) -> bool {
    let shortest = base64_len(nonce::LENGTH + EXPIRY_LEN + TAG_LEN);
    split_id(value).is_ok_and(|(_, rest)| rest.len() >= shortest && rest.iter().all(is_base64url))
}

/// Encrypts a message and appends the encrypted text to `header`. The message is [`PLAINTEXT_PREFIX`] followed by the
/// cookie's value. Returns `None` if the operating system returns no random bytes.
pub(crate) fn seal(keyring: &Keyring, name: &str, expiry: u32, message: Vec<u8>, header: &mut Vec<u8>) -> Option<()> {
    seal_with(nonce::next()?, keyring.writer_at(clock::now), name, expiry, message, header)
}

fn seal_with(
    nonce: [u8; nonce::LENGTH],
    key: &Key,
    name: &str,
    expiry: u32,
    mut message: Vec<u8>,
    header: &mut Vec<u8>,
) -> Option<()> {
    let id = key.id().as_bytes();
    let (message_nonce, plaintext) = message.split_first_chunk_mut::<{ nonce::LENGTH }>()?;
    *message_nonce = nonce;
    *plaintext.first_chunk_mut::<EXPIRY_LEN>()? = expiry.to_be_bytes();
    let tag = with_associated_data(id, name, |data| {
        key.sealer().encrypt_in_place_detached(&Nonce::from(nonce), data, plaintext)
    });
    message.extend_from_slice(&tag.ok()?);
    header.push(VERSION);
    header.extend_from_slice(&id);
    append_base64(&message, header)
}

/// Verifies and decrypts a sealed value, and returns the value.
pub(crate) fn open_sealed(keyring: &Keyring, name: &str, raw: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (id, base64) = split_id(raw)?;
    let mut message = BASE64.decode(base64).map_err(|_| OpenError::Malformed)?;
    let (nonce, rest) = message.split_first_chunk_mut::<{ nonce::LENGTH }>().ok_or(OpenError::Malformed)?;
    let (text, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(OpenError::Malformed)?;
    if text.len() < EXPIRY_LEN {
        return Err(OpenError::Malformed);
    }
    let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
    let mut keys = keyring.with_id(id).peekable();
    keys.peek().ok_or(OpenError::UnknownKey)?;
    // Tries each key on the same text. A failed decryption does not change the text.
    let is_valid = keys.any(|key| {
        with_associated_data(id, name, |data| key.sealer().decrypt_in_place_detached(&nonce, data, text, &tag)).is_ok()
    });
    if !is_valid {
        return Err(OpenError::Mismatch);
    }
    let (expiry, _) = text.split_first_chunk::<EXPIRY_LEN>().ok_or(OpenError::Malformed)?;
    check_expiry(*expiry)?;
    message.truncate(message.len() - TAG_LEN);
    message.drain(..nonce::LENGTH + EXPIRY_LEN);
    Ok(message)
}

/// Calls `run` with the associated data of an encrypted message. The associated data is the format version, the key's
/// id and the cookie's name. The version and the id have a fixed length. A cookie name of up to 64 bytes needs no
/// memory allocation.
fn with_associated_data<T>(id: [u8; ID_LEN], name: &str, run: impl FnOnce(&[u8]) -> T) -> T {
    let (mut array, mut vec) = ([VERSION; 1 + ID_LEN + 64], Vec::new());
    let length = 1 + ID_LEN + name.len();
    let data: &mut [u8] = match array.get_mut(..length) {
        Some(data) => data,
        None => {
            vec.resize(length, VERSION);
            &mut vec
        }
    };
    if let Some((data_id, data_name)) = data.get_mut(1..).and_then(|rest| rest.split_at_mut_checked(ID_LEN)) {
        data_id.copy_from_slice(&id);
        data_name.copy_from_slice(name.as_bytes());
    }
    run(data)
}

/// Checks the format version of a seal. Returns the key's id and the text after the id.
fn split_id(text: &[u8]) -> Result<([u8; ID_LEN], &[u8]), OpenError> {
    match text {
        [VERSION, rest @ ..] => {
            let (id, rest) = rest.split_first_chunk::<ID_LEN>().ok_or(OpenError::Malformed)?;
            Ok((*id, rest))
        }
        // A text that begins with a digit is either a seal with another version or a number without a seal. Every seal
        // contains an id and a tag, so a shorter text is not a seal.
        [b'0'..=b'9', rest @ ..] if rest.len() >= ID_LEN + TAG_LEN && rest.iter().all(is_base64url) => {
            Err(OpenError::Version)
        }
        _ => Err(OpenError::Malformed),
    }
}

const fn is_base64url(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(*byte, b'-' | b'_')
}

fn check_expiry(expiry: [u8; EXPIRY_LEN]) -> Result<(), OpenError> {
    let end = i64::from(u32::from_be_bytes(expiry)) + SKEW;
    if clock::unix_seconds(clock::now()) > end { Err(OpenError::Expired) } else { Ok(()) }
}

fn append_base64(bytes: &[u8], header: &mut Vec<u8>) -> Option<()> {
    let start = header.len();
    header.resize(start + base64_len(bytes.len()), 0);
    BASE64.encode_slice(bytes, header.get_mut(start..)?).ok()?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(value: &[u8]) -> Option<Cow<'_, str>> {
        std::str::from_utf8(value).ok().map(Cow::Borrowed)
    }

    fn key() -> Key {
        Key::from_secret(&std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    #[test]
    fn sealed_value_matches_another_implementation() {
        // The file seal.json contains the expected text, which was computed with OpenSSL.
        let message = [PLAINTEXT_PREFIX, "7"].concat().into_bytes();
        let mut header = b"a=".to_vec();
        let nonce = [0xd4, 0x42, 0xbc, 0x01, 0x3a, 0xe5, 0x2b, 0x19, 0xc8, 0xfe, 0x9d, 0x16];
        seal_with(nonce, &key(), "a", 1_800_003_600, message, &mut header).unwrap();
        assert_eq!(String::from_utf8(header).unwrap(), "a=1PZKA1EK8ATrlKxnI_p0WZ76kL8Fvz6QAqmIM1Yl1eOg8pivP");
    }

    #[test]
    fn signed_value_matches_another_implementation() {
        let mut header = b"a=7".to_vec();
        sign(&Keyring::new(key()), "a", 1_800_003_600, b"7", &mut header).unwrap();
        assert_eq!(String::from_utf8(header).unwrap(), "a=7.1PZKAa0ngEH7PHsLLhQSrfuIsMUBsoNY");
    }

    #[test]
    fn reserved_lengths_are_exact() {
        let keyring = Keyring::new(key());
        for length in [0, 1, 2, 3, 64, 500] {
            let value = "x".repeat(length);
            let mut signed = value.clone().into_bytes();
            sign(&keyring, "a", 0, value.as_bytes(), &mut signed).unwrap();
            assert_eq!(signed.len(), length + SIGNATURE_LEN);
            let (message, mut sealed) = ([PLAINTEXT_PREFIX, &value].concat().into_bytes(), Vec::new());
            let reserved = sealed_len(message.len() + TAG_LEN);
            seal(&keyring, "a", 0, message, &mut sealed).unwrap();
            assert_eq!(sealed.len(), reserved);
        }
    }

    #[test]
    fn keys_with_same_id_read_their_own_values() {
        // The two numbers were found by a search. Among some thousand keys, two keys usually have the same id (birthday
        // paradox).
        let key = |number: u64| {
            let mut secret = [7; 32];
            secret[..8].copy_from_slice(&number.to_be_bytes());
            Key::from_secret(&secret)
        };
        let (one, other) = (key(173), key(5_116));
        assert!(one.id() == other.id() && !one.has_same_secret(&other));
        let both = Keyring::new(one.clone()).with(other.clone());
        for (writer, without_writer) in [(&one, &other), (&other, &one)] {
            let (writer, without_writer) = (Keyring::new(writer.clone()), Keyring::new(without_writer.clone()));
            let mut signed = b"7".to_vec();
            sign(&writer, "a", u32::MAX, b"7", &mut signed).unwrap();
            assert_eq!(open_signed(&both, "a", &signed, decode), Ok(Cow::Borrowed("7")));
            assert_eq!(open_signed(&without_writer, "a", &signed, decode), Err(OpenError::Mismatch));
            let mut sealed = Vec::new();
            seal(&writer, "a", u32::MAX, [PLAINTEXT_PREFIX, "7"].concat().into_bytes(), &mut sealed).unwrap();
            assert_eq!(open_sealed(&both, "a", &sealed), Ok(b"7".to_vec()));
            assert_eq!(open_sealed(&without_writer, "a", &sealed), Err(OpenError::Mismatch));
        }
    }

    #[test]
    fn empty_value_is_valid_and_short_message_malformed() {
        let keyring = Keyring::new(key());
        let mut sealed = Vec::new();
        seal(&keyring, "a", u32::MAX, PLAINTEXT_PREFIX.as_bytes().to_vec(), &mut sealed).unwrap();
        assert_eq!(open_sealed(&keyring, "a", &sealed), Ok(Vec::new()));
        let mut short = b"1PZKA".to_vec();
        append_base64(&[0; nonce::LENGTH + EXPIRY_LEN - 1 + TAG_LEN], &mut short).unwrap();
        assert_eq!(open_sealed(&keyring, "a", &short), Err(OpenError::Malformed));
    }

    #[test]
    fn other_version_differs_from_value_without_seal() {
        for (text, error) in [
            (&b"2PZKA-_aA09zZ0123456"[..], OpenError::Malformed),
            (b"2PZKA-_aA09zZ01234567", OpenError::Version),
            (b"2PZKA-_aA09zZ0123456.", OpenError::Malformed),
            (b"aPZKA-_aA09zZ01234567", OpenError::Malformed),
        ] {
            assert_eq!(split_id(text), Err(error));
        }
    }

    #[test]
    #[cfg(feature = "testing")]
    fn value_is_accepted_one_minute_past_its_expiry() {
        let check_after = |seconds: i64| {
            let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000 + seconds.unsigned_abs());
            clock::at(now, || check_expiry(1_800_000_000_u32.to_be_bytes()))
        };
        assert_eq!(check_after(SKEW), Ok(()));
        assert_eq!(check_after(SKEW + 1), Err(OpenError::Expired));
    }

    #[test]
    fn random_bytes_are_rejected_without_a_panic() {
        let keyring = Keyring::new(key());
        let mut random = 1_u32;
        for length in 0..200 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    random.to_be_bytes()[0]
                })
                .collect();
            for prefix in [&b""[..], b"1", b"1PZKA", b".1PZKA"] {
                let raw = [prefix, &bytes].concat();
                assert!(open_signed(&keyring, "a", &raw, decode).is_err());
                assert!(open_sealed(&keyring, "a", &raw).is_err());
            }
        }
    }
}
