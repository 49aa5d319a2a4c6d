//! Writes and opens the text of signed and sealed values, in format version 1. The page `docs/seal.md` describes the
//! format for developers of other implementations.
//!
//! The functions `sign` and `seal` write a cookie's value with its seal. The functions `open_signed` and `open_sealed`
//! return the value without the seal. No part of a value is used before the value's tag is verified. Tags are compared
//! in constant time.
//!
//! ```text
//! terms    idle_expiry(4) expiry(4) flags(1) length(1) extension
//! signed   value "." "1" id(4) base64url( terms tag(16) )          tag = HMAC-SHA256("1" id terms length(2) name text)
//! sealed         "1" id(4) base64url( nonce(12) AEAD( terms value ) )             associated data = "1" id name
//! ```
//!
//! The numbers in parentheses are lengths in bytes. All numbers are big-endian. In a signed cookie, `value` is
//! percent-encoded, as in the header, and `text` is the decoded value. So the signature stays valid if a different
//! library encodes the value differently. A sealed value is not percent-encoded before the encryption.
//!
//! The tag of a signed value is the first half of the HMAC (RFC 2104 section 5, as in RFC 4868). Like the tag of a
//! sealed value, the tag of a signed value has 128 bits. The whole HMAC would need 21 more characters.

use std::borrow::Cow;

use aes_gcm_siv::{AeadInPlace as _, Nonce, Tag};
use base64::Engine as _;
use hardtack_rules::SameSite;
use hmac::Mac as _;

use super::key::{BASE64, ID_LEN, Key, Signer};
use super::keyring::Keyring;
use super::{SKEW, nonce};
use crate::clock;

const VERSION: u8 = b'1';
/// The size of [`Terms`] without the extension, in bytes. These bytes contain the two expiry times, the flags and the
/// length of the extension.
const FIXED_LEN: usize = 10;
/// The largest size of an extension, in bytes.
const MAX_EXTENSION_LEN: usize = 255;
/// The number of bytes in the tag of a signed or sealed value.
pub(crate) const TAG_LEN: usize = 16;

/// The number of bytes that a signature without an extension adds to a cookie's value.
pub(crate) const SIGNATURE_LEN: usize = signature_len(0);
/// A placeholder at the start of a message that will be sealed. `seal` overwrites these 22 bytes with the nonce and
/// with terms that have no extension.
pub(crate) const PLAINTEXT_PREFIX: &str = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The terms of a seal: the two expiry times, and the settings that a re-issue keeps. Anyone can read the terms of a
/// signed value, but only the server can change the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The last second in which the value is valid if no request extends the idle time, in Unix seconds. If the cookie
    /// has no `idle`, `idle_expiry` is equal to `expiry`.
    pub(crate) idle_expiry: u32,
    /// The last second in which the value can be valid, in Unix seconds. No request extends this time.
    pub(crate) expiry: u32,
    pub(crate) kept: KeptSettings,
    /// At most 255 bytes. The extension is empty, unless the cookie is bound to a device. A re-issue keeps the
    /// extension of the cookie.
    pub(crate) extension: Vec<u8>,
}

/// The settings of a `SetCookie` that stay the same when a response re-issues a cookie with `idle`. A request does not
/// contain the attributes with which the browser stored the cookie. Without these settings, a re-issue could add a
/// `Max-Age` to a cookie without `Max-Age`, or could weaken `SameSite`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeptSettings {
    /// True if the header had neither `Max-Age` nor `Expires`.
    pub(crate) without_max_age: bool,
    /// The `SameSite` that [`SetCookie::same_site`](crate::SetCookie::same_site) set.
    pub(crate) same_site: Option<SameSite>,
}

impl KeptSettings {
    const WITHOUT_MAX_AGE: u8 = 1;
    const STRICT: u8 = 2;
    const LAX: u8 = 4;

    /// Compares each setting of `self` with the same setting of `other`, and returns the stricter settings.
    pub(crate) fn stricter(self, other: KeptSettings) -> KeptSettings {
        let same_site = match (self.same_site, other.same_site) {
            (Some(one), Some(two)) => Some(if one.is_at_least(two) { one } else { two }),
            (one, two) => one.or(two),
        };
        KeptSettings { without_max_age: self.without_max_age || other.without_max_age, same_site }
    }

    fn to_byte(self) -> u8 {
        let same_site = match self.same_site {
            Some(SameSite::Strict) => Self::STRICT,
            Some(SameSite::Lax) => Self::LAX,
            Some(SameSite::None) | None => 0,
        };
        (u8::from(self.without_max_age) * Self::WITHOUT_MAX_AGE) | same_site
    }

    /// Parses the flags. Returns `None` if an undefined bit is set.
    fn from_byte(byte: u8) -> Option<Self> {
        let same_site = match byte & !Self::WITHOUT_MAX_AGE {
            0 => None,
            Self::STRICT => Some(SameSite::Strict),
            Self::LAX => Some(SameSite::Lax),
            _ => return None,
        };
        Some(KeptSettings { without_max_age: byte & Self::WITHOUT_MAX_AGE != 0, same_site })
    }
}

impl Terms {
    /// Returns the terms of a value without `idle` and without an extension.
    #[cfg(test)]
    pub(crate) fn until(expiry: u32) -> Self {
        Terms { idle_expiry: expiry, expiry, kept: KeptSettings::default(), extension: Vec::new() }
    }

    /// Returns the bytes before the extension, or `None` if the extension is too long.
    fn fixed_bytes(&self) -> Option<[u8; FIXED_LEN]> {
        let [i0, i1, i2, i3] = self.idle_expiry.to_be_bytes();
        let [e0, e1, e2, e3] = self.expiry.to_be_bytes();
        let length = u8::try_from(self.extension.len()).ok()?;
        Some([i0, i1, i2, i3, e0, e1, e2, e3, self.kept.to_byte(), length])
    }

    /// Parses verified terms. Returns the terms and the bytes after the terms.
    fn parse(bytes: &[u8]) -> Result<(Terms, &[u8]), OpenError> {
        let (fixed, rest) = bytes.split_first_chunk::<FIXED_LEN>().ok_or(OpenError::Malformed)?;
        let [i0, i1, i2, i3, e0, e1, e2, e3, flags, length] = *fixed;
        let (extension, rest) = rest.split_at_checked(usize::from(length)).ok_or(OpenError::Malformed)?;
        let terms = Terms {
            idle_expiry: u32::from_be_bytes([i0, i1, i2, i3]),
            expiry: u32::from_be_bytes([e0, e1, e2, e3]),
            // Perhaps a later release of hardtack defined this flag. With the error `Version`, the response does not
            // remove the cookie from the browser.
            kept: KeptSettings::from_byte(flags).ok_or(OpenError::Version)?,
            extension: extension.to_vec(),
        };
        Ok((terms, rest))
    }

    fn check_expiry(&self) -> Result<(), OpenError> {
        let end = i64::from(self.idle_expiry.min(self.expiry)) + SKEW;
        if clock::unix_seconds(clock::now()) > end { Err(OpenError::Expired) } else { Ok(()) }
    }
}

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

/// Returns the number of bytes that a signature with an extension of `extension_len` bytes adds to a cookie's value.
const fn signature_len(extension_len: usize) -> usize {
    2 + ID_LEN + base64_len(FIXED_LEN + extension_len + TAG_LEN)
}

/// Returns the length of a sealed value's text. `message_len` is the total length of the nonce, the terms, the value
/// and the tag.
pub(crate) const fn sealed_len(message_len: usize) -> usize {
    1 + ID_LEN + base64_len(message_len)
}

/// Returns placeholder bytes for the start of a message that will be sealed. [`seal`] replaces the placeholder with the
/// nonce and the terms.
pub(crate) fn plaintext_prefix(terms: &Terms) -> Cow<'static, str> {
    match terms.extension.len() {
        0 => Cow::Borrowed(PLAINTEXT_PREFIX),
        length => Cow::Owned("\0".repeat(PLAINTEXT_PREFIX.len() + length)),
    }
}

/// Signs the text of a cookie's value and appends the signature to `header`. The text is not percent-encoded. So the
/// signature stays valid if a jar of a different library encodes the value differently.
pub(crate) fn sign(keyring: &Keyring, name: &str, terms: &Terms, text: &[u8], header: &mut Vec<u8>) -> Option<()> {
    let key = keyring.writer_at(clock::now);
    let id = key.id().as_bytes();
    let mut seal = [0; FIXED_LEN + MAX_EXTENSION_LEN + TAG_LEN];
    let terms_len = FIXED_LEN + terms.extension.len();
    let (seal_terms, rest) = seal.split_at_mut_checked(terms_len)?;
    let (fixed, extension) = seal_terms.split_first_chunk_mut::<FIXED_LEN>()?;
    *fixed = terms.fixed_bytes()?;
    extension.copy_from_slice(&terms.extension);
    let tag = signer_for(key, id, seal_terms, name, text)?.finalize().into_bytes();
    rest.get_mut(..TAG_LEN)?.copy_from_slice(tag.get(..TAG_LEN)?);
    header.extend_from_slice(&[b'.', VERSION]);
    header.extend_from_slice(&id);
    append_base64(seal.get(..terms_len + TAG_LEN)?, header)
}

/// Verifies a signed value. Returns the text of the value without the signature, and the terms. The argument `decode`
/// removes the percent-encoding of the value.
pub(crate) fn open_signed<'a>(
    keyring: &Keyring,
    name: &str,
    raw: &'a [u8],
    decode: fn(&'a [u8]) -> Option<Cow<'a, str>>,
) -> Result<(Cow<'a, str>, Terms), OpenError> {
    let (value, seal) = split_signature(raw).ok_or(OpenError::Malformed)?;
    let (id, seal) = split_id(seal)?;
    // The array has some extra bytes, because `decode_slice` can require space for whole groups of three bytes.
    let mut bytes = [0; FIXED_LEN + MAX_EXTENSION_LEN + TAG_LEN + 3];
    if !is_signature_len(seal.len()) {
        return Err(OpenError::Malformed);
    }
    let length = BASE64.decode_slice(seal, &mut bytes).map_err(|_| OpenError::Malformed)?;
    let bytes = bytes.get(..length).ok_or(OpenError::Malformed)?;
    let (terms, tag) = bytes.split_last_chunk::<TAG_LEN>().ok_or(OpenError::Malformed)?;
    let mut keys = keyring.with_id(id).peekable();
    keys.peek().ok_or(OpenError::UnknownKey)?;
    let text = decode(value).ok_or(OpenError::Malformed)?;
    let is_valid = keys.any(|key| {
        let signer = signer_for(key, id, terms, name, text.as_bytes());
        signer.is_some_and(|signer| signer.verify_truncated_left(tag).is_ok())
    });
    if !is_valid {
        return Err(OpenError::Mismatch);
    }
    let (terms, rest) = Terms::parse(terms)?;
    if !rest.is_empty() {
        return Err(OpenError::Malformed);
    }
    terms.check_expiry()?;
    Ok((text, terms))
}

/// Splits a signed value into the value and the signature. The value itself can contain dots, but the signature is
/// base64url text without a dot. The last dot is therefore between the value and the signature.
fn split_signature(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = raw.iter().rposition(|byte| *byte == b'.')?;
    let (value, seal) = raw.split_at_checked(dot)?;
    Some((value, seal.get(1..)?))
}

/// Returns a signed value without its signature. Does not verify the signature.
pub(crate) fn without_signature(raw: &[u8]) -> Option<&[u8]> {
    split_signature(raw).map(|(value, _)| value)
}

/// Returns true if the base64 text of a signature can have this length.
const fn is_signature_len(length: usize) -> bool {
    length >= base64_len(FIXED_LEN + TAG_LEN) && length <= base64_len(FIXED_LEN + MAX_EXTENSION_LEN + TAG_LEN)
}

/// Returns the HMAC of the version, the key's id, the terms, the cookie's name and the text of the value. The terms
/// contain the length of the extension, and the HMAC includes the length of the name. Without the lengths, an attacker
/// could move bytes from one part to the next. Returns `None` if the cookie's name has more than 65,535 bytes.
fn signer_for(key: &Key, id: [u8; ID_LEN], terms: &[u8], name: &str, text: &[u8]) -> Option<Signer> {
    let mut signer = key.signer();
    let [i0, i1, i2, i3] = id;
    signer.update(&[VERSION, i0, i1, i2, i3]);
    signer.update(terms);
    signer.update(&u16::try_from(name.len()).ok()?.to_be_bytes());
    signer.update(name.as_bytes());
    signer.update(text);
    Some(signer)
}

/// Returns true if the value has the form of a signed value. Does not verify the signature.
#[cfg(feature = "_layer")]
pub(crate) fn looks_signed(value: &[u8]) -> bool {
    let seal = split_signature(value).map(|(_, seal)| seal);
    let after_id = seal.and_then(|seal| split_id(seal).ok()).map(|(_, rest)| rest);
    after_id.is_some_and(|rest| is_signature_len(rest.len()) && rest.iter().all(is_base64url))
}

/// Returns true if the value has the form of a sealed value. Does not decrypt the value.
#[cfg(feature = "_layer")]
pub(crate) fn looks_sealed(value: &[u8]) -> bool {
    let shortest = base64_len(nonce::LENGTH + FIXED_LEN + TAG_LEN);
    split_id(value).is_ok_and(|(_, rest)| rest.len() >= shortest && rest.iter().all(is_base64url))
}

/// Encrypts a message and appends the encrypted text to `header`. The message is the result of [`plaintext_prefix`]
/// followed by the cookie's value. Returns `None` if the operating system returns no random bytes.
pub(crate) fn seal(keyring: &Keyring, name: &str, terms: &Terms, message: Vec<u8>, header: &mut Vec<u8>) -> Option<()> {
    seal_with(nonce::next()?, keyring.writer_at(clock::now), name, terms, message, header)
}

fn seal_with(
    nonce: [u8; nonce::LENGTH],
    key: &Key,
    name: &str,
    terms: &Terms,
    mut message: Vec<u8>,
    header: &mut Vec<u8>,
) -> Option<()> {
    let id = key.id().as_bytes();
    let (message_nonce, plaintext) = message.split_first_chunk_mut::<{ nonce::LENGTH }>()?;
    *message_nonce = nonce;
    let (fixed, rest) = plaintext.split_first_chunk_mut::<FIXED_LEN>()?;
    *fixed = terms.fixed_bytes()?;
    rest.get_mut(..terms.extension.len())?.copy_from_slice(&terms.extension);
    let tag = with_associated_data(id, name, |data| {
        key.sealer().encrypt_in_place_detached(&Nonce::from(nonce), data, plaintext)
    });
    message.extend_from_slice(&tag.ok()?);
    header.push(VERSION);
    header.extend_from_slice(&id);
    append_base64(&message, header)
}

/// Verifies and decrypts a sealed value. Returns the value and the terms.
pub(crate) fn open_sealed(keyring: &Keyring, name: &str, raw: &[u8]) -> Result<(Vec<u8>, Terms), OpenError> {
    let (id, base64) = split_id(raw)?;
    let mut message = BASE64.decode(base64).map_err(|_| OpenError::Malformed)?;
    let (nonce, rest) = message.split_first_chunk_mut::<{ nonce::LENGTH }>().ok_or(OpenError::Malformed)?;
    let (text, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(OpenError::Malformed)?;
    if text.len() < FIXED_LEN {
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
    let (terms, _) = Terms::parse(text)?;
    terms.check_expiry()?;
    message.truncate(message.len() - TAG_LEN);
    message.drain(..nonce::LENGTH + FIXED_LEN + terms.extension.len());
    Ok((message, terms))
}

/// Seals a message that is not the value of a declared cookie. The message is valid until `expiry`, in Unix seconds.
/// The text can only be opened with the same `purpose`. Returns `None` if the operating system returns no random bytes.
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) fn seal_message(keyring: &Keyring, purpose: &str, expiry: u32, message: &[u8]) -> Option<String> {
    let terms = Terms { idle_expiry: expiry, expiry, kept: KeptSettings::default(), extension: Vec::new() };
    seal_text(keyring, purpose, &terms, message)
}

/// Seals the text of a value with the terms, and returns the sealed text.
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) fn seal_text(keyring: &Keyring, name: &str, terms: &Terms, text: &[u8]) -> Option<String> {
    let mut message = plaintext_prefix(terms).into_owned().into_bytes();
    message.extend_from_slice(text);
    let mut sealed = Vec::with_capacity(sealed_len(message.len() + TAG_LEN));
    seal(keyring, name, terms, message, &mut sealed)?;
    String::from_utf8(sealed).ok()
}

/// Returns true if the key that signs and seals new values made this sealed text. Does not verify the text.
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) fn is_sealed_by_writer(keyring: &Keyring, sealed: &str) -> bool {
    split_id(sealed.as_bytes()).is_ok_and(|(id, _)| id == keyring.writer().as_bytes())
}

/// Returns a MAC of the parts. The MAC is made with the key that made the sealed text, so every server with this key
/// returns the same MAC. The label keeps the MAC apart from the tags of signed values, which begin with the version.
/// Returns `None` if the keyring does not have the key.
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) fn mac(keyring: &Keyring, sealed: &str, label: &str, number: u64) -> Option<[u8; 32]> {
    Some(mac_signer(keyring, sealed, label, number)?.finalize().into_bytes().into())
}

/// Returns true if `mac` is the result of [`mac`]. Compares in constant time.
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) fn is_mac(keyring: &Keyring, sealed: &str, label: &str, number: u64, mac: &[u8]) -> bool {
    mac_signer(keyring, sealed, label, number).is_some_and(|signer| signer.verify_slice(mac).is_ok())
}

#[cfg(all(feature = "_layer", feature = "device-bound"))]
fn mac_signer(keyring: &Keyring, sealed: &str, label: &str, number: u64) -> Option<Signer> {
    let (id, _) = split_id(sealed.as_bytes()).ok()?;
    let mut signer = keyring.with_id(id).next()?.signer();
    signer.update(label.as_bytes());
    signer.update(&[0]);
    signer.update(&number.to_be_bytes());
    signer.update(sealed.as_bytes());
    Some(signer)
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
        // A text that begins with a digit is either a seal with a different version or a number without a seal. Every
        // seal contains an id and a tag, so a text that is shorter than an id and a tag is not a seal.
        [b'0'..=b'9', rest @ ..] if rest.len() >= ID_LEN + TAG_LEN && rest.iter().all(is_base64url) => {
            Err(OpenError::Version)
        }
        _ => Err(OpenError::Malformed),
    }
}

const fn is_base64url(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(*byte, b'-' | b'_')
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
        seal_with(nonce, &key(), "a", &Terms::until(1_800_003_600), message, &mut header).unwrap();
        assert_eq!(String::from_utf8(header).unwrap(), "a=1PZKA1EK8ATrlKxnI_p0WwTjCrzOlm9BddyOjalMyk9RhkjjU5FLvqixE");
    }

    #[test]
    fn signed_value_matches_another_implementation() {
        let mut header = b"a=7".to_vec();
        sign(&Keyring::new(key()), "a", &Terms::until(1_800_003_600), b"7", &mut header).unwrap();
        assert_eq!(String::from_utf8(header).unwrap(), "a=7.1PZKAa0ngEGtJ4BAAAGJJs1YaZDjukk4SaiKON90");
    }

    #[test]
    fn reserved_lengths_are_exact() {
        let keyring = Keyring::new(key());
        for length in [0, 1, 2, 3, 64, 500] {
            for extension in [0, 1, 17, 255] {
                let terms = Terms { extension: vec![7; extension], ..Terms::until(u32::MAX) };
                let value = "x".repeat(length);
                let mut signed = value.clone().into_bytes();
                sign(&keyring, "a", &terms, value.as_bytes(), &mut signed).unwrap();
                assert_eq!(signed.len(), length + signature_len(extension));
                assert_eq!(without_signature(&signed), Some(value.as_bytes()));
                assert_eq!(open_signed(&keyring, "a", &signed, decode), Ok((Cow::Borrowed(&*value), terms.clone())));
                let (message, mut sealed) = ([&*plaintext_prefix(&terms), &value].concat().into_bytes(), Vec::new());
                let reserved = sealed_len(message.len() + TAG_LEN);
                seal(&keyring, "a", &terms, message, &mut sealed).unwrap();
                assert_eq!(sealed.len(), reserved);
                assert_eq!(open_sealed(&keyring, "a", &sealed), Ok((value.into_bytes(), terms)));
            }
        }
        assert_eq!(SIGNATURE_LEN, signature_len(0));
    }

    #[test]
    fn extension_over_255_bytes_is_not_written() {
        let (keyring, terms) = (Keyring::new(key()), Terms { extension: vec![7; 256], ..Terms::until(0) });
        assert_eq!(sign(&keyring, "a", &terms, b"7", &mut Vec::new()), None);
        let message = plaintext_prefix(&terms).into_owned().into_bytes();
        assert_eq!(seal(&keyring, "a", &terms, message, &mut Vec::new()), None);
    }

    #[test]
    fn kept_settings_have_distinct_bytes() {
        let known = (0..=u8::MAX).filter_map(|byte| KeptSettings::from_byte(byte).map(|kept| (byte, kept)));
        let known: Vec<_> = known.inspect(|(byte, kept)| assert_eq!(kept.to_byte(), *byte)).collect();
        assert_eq!(known.iter().map(|(byte, _)| *byte).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
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
        let forever = Terms::until(u32::MAX);
        let both = Keyring::new(one.clone()).with(other.clone());
        for (writer, without_writer) in [(&one, &other), (&other, &one)] {
            let (writer, without_writer) = (Keyring::new(writer.clone()), Keyring::new(without_writer.clone()));
            let mut signed = b"7".to_vec();
            sign(&writer, "a", &forever, b"7", &mut signed).unwrap();
            assert_eq!(open_signed(&both, "a", &signed, decode), Ok((Cow::Borrowed("7"), forever.clone())));
            assert_eq!(open_signed(&without_writer, "a", &signed, decode), Err(OpenError::Mismatch));
            let mut sealed = Vec::new();
            seal(&writer, "a", &forever, [PLAINTEXT_PREFIX, "7"].concat().into_bytes(), &mut sealed).unwrap();
            assert_eq!(open_sealed(&both, "a", &sealed), Ok((b"7".to_vec(), forever.clone())));
            assert_eq!(open_sealed(&without_writer, "a", &sealed), Err(OpenError::Mismatch));
        }
    }

    #[test]
    fn empty_value_is_valid_and_short_message_malformed() {
        let keyring = Keyring::new(key());
        let mut sealed = Vec::new();
        seal(&keyring, "a", &Terms::until(u32::MAX), PLAINTEXT_PREFIX.as_bytes().to_vec(), &mut sealed).unwrap();
        assert_eq!(open_sealed(&keyring, "a", &sealed), Ok((Vec::new(), Terms::until(u32::MAX))));
        let mut short = b"1PZKA".to_vec();
        append_base64(&[0; nonce::LENGTH + FIXED_LEN - 1 + TAG_LEN], &mut short).unwrap();
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
        const END: u32 = 1_800_000_000;
        for (idle_expiry, expiry) in [(END, END), (END, u32::MAX), (u32::MAX, END)] {
            let terms = Terms { idle_expiry, ..Terms::until(expiry) };
            let check_after = |seconds: i64| {
                let now =
                    std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(END) + seconds.unsigned_abs());
                clock::at(now, || terms.check_expiry())
            };
            assert_eq!(check_after(SKEW), Ok(()));
            assert_eq!(check_after(SKEW + 1), Err(OpenError::Expired));
        }
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
