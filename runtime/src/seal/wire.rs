//! The wire form of a signed and of a sealed value, version 1; `docs/seal.md` is for who reads it elsewhere. Verifies
//! before it says anything of a value, and compares in constant time.
//!
//! ```text
//! signed   value "." "1" id(4) base64url( expiry(4) tag(16) )       tag = HMAC-SHA256("1" id expiry length(2) name value)
//! sealed         "1" id(4) base64url( nonce(12) AEAD( expiry(4) value ) )             beside it: "1" id name
//! ```
//!
//! Numbers are big-endian. The value of a signed one is as it stands in the line, percent-encoded; of a sealed one it is
//! the text itself. The tag of 128 bits is half of what the hash gives (RFC 2104 5, as in RFC 4868): it is guessed as
//! rarely as the key of a sealed one's tag, in 27 characters and not in 48.

use aes_gcm_siv::{AeadInPlace as _, Nonce, Tag};
use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;

use super::key::{Key, Signer};
use super::keyring::Keyring;
use super::{SKEW, nonce};
use crate::clock;

pub(super) const BASE64: GeneralPurpose = URL_SAFE_NO_PAD;

const VERSION: u8 = b'1';
const ID: usize = 4;
const EXPIRY: usize = 4;
const TAG: usize = 16;

/// Octets that a signature adds to a value.
pub(crate) const SIGNATURE: usize = 2 + ID + encoded(EXPIRY + TAG);
/// Octets of a message before the value: a nonce's, and an expiry's.
pub(crate) const BEFORE: &str = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// Octets of a message after the value.
pub(crate) const AFTER: usize = TAG;

/// Why a value is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    Malformed,
    Version,
    UnknownKey,
    Mismatch,
    Expired,
}

const fn encoded(octets: usize) -> usize {
    (octets * 4).div_ceil(3)
}

/// How long the wire form of a message is.
pub(crate) const fn sealed_length(message: usize) -> usize {
    1 + ID + encoded(message)
}

/// Signs the value that stands in `line` from `start` on.
pub(crate) fn sign(keyring: &Keyring, name: &str, expiry: u32, line: &mut Vec<u8>, start: usize) -> Option<()> {
    let key = keyring.writer_at(clock::now);
    let id = key.id().octets();
    let expiry = expiry.to_be_bytes();
    let tag = signature(key, id, expiry, name, line.get(start..)?)?.finalize().into_bytes();
    let mut seal = [0; EXPIRY + TAG];
    let (before, after) = seal.split_at_mut(EXPIRY);
    before.copy_from_slice(&expiry);
    after.copy_from_slice(tag.get(..TAG)?);
    line.extend_from_slice(&[b'.', VERSION]);
    line.extend_from_slice(&id);
    append(&seal, line)
}

/// The value of a signed text, as it stands there.
pub(crate) fn open_signed<'a>(keyring: &Keyring, name: &str, raw: &'a [u8]) -> Result<&'a [u8], Closed> {
    // No base64 has a dot: the last one is ours, whatever the value holds.
    let dot = raw.iter().rposition(|octet| *octet == b'.').ok_or(Closed::Malformed)?;
    let (value, seal) = raw.split_at_checked(dot).ok_or(Closed::Malformed)?;
    let (id, seal) = header(seal.get(1..).ok_or(Closed::Malformed)?)?;
    // As much as is wanted, rounded up to whole groups.
    let mut octets = [0; EXPIRY + TAG + 1];
    if seal.len() != encoded(EXPIRY + TAG) || BASE64.decode_slice(seal, &mut octets) != Ok(EXPIRY + TAG) {
        return Err(Closed::Malformed);
    }
    let (expiry, rest) = octets.split_first_chunk::<EXPIRY>().ok_or(Closed::Malformed)?;
    let tag = rest.first_chunk::<TAG>().ok_or(Closed::Malformed)?;
    let mut keys = keyring.of_id(id).peekable();
    keys.peek().ok_or(Closed::UnknownKey)?;
    let is_ours = keys.any(|key| {
        let signature = signature(key, id, *expiry, name, value);
        signature.is_some_and(|signature| signature.verify_truncated_left(tag).is_ok())
    });
    if !is_ours {
        return Err(Closed::Mismatch);
    }
    in_time(*expiry)?;
    Ok(value)
}

fn signature(key: &Key, id: [u8; ID], expiry: [u8; EXPIRY], name: &str, value: &[u8]) -> Option<Signer> {
    let mut signer = key.signer();
    let [i0, i1, i2, i3] = id;
    let [e0, e1, e2, e3] = expiry;
    let [l0, l1] = u16::try_from(name.len()).ok()?.to_be_bytes();
    signer.update(&[VERSION, i0, i1, i2, i3, e0, e1, e2, e3, l0, l1]);
    signer.update(name.as_bytes());
    signer.update(value);
    Some(signer)
}

/// Encrypts a message, [`BEFORE`] and a value, and appends its wire form to `line`.
pub(crate) fn seal(keyring: &Keyring, name: &str, expiry: u32, message: Vec<u8>, line: &mut Vec<u8>) -> Option<()> {
    seal_with(nonce::next()?, keyring.writer_at(clock::now), name, expiry, message, line)
}

fn seal_with(
    nonce: [u8; nonce::LENGTH],
    key: &Key,
    name: &str,
    expiry: u32,
    mut message: Vec<u8>,
    line: &mut Vec<u8>,
) -> Option<()> {
    let id = key.id().octets();
    let (before, text) = message.split_first_chunk_mut::<{ nonce::LENGTH }>()?;
    *before = nonce;
    *text.first_chunk_mut::<EXPIRY>()? = expiry.to_be_bytes();
    let tag = beside(id, name, |beside| key.sealer().encrypt_in_place_detached(&Nonce::from(nonce), beside, text));
    message.extend_from_slice(&tag.ok()?);
    line.push(VERSION);
    line.extend_from_slice(&id);
    append(&message, line)
}

/// Gives the value of a sealed text to `then`.
pub(crate) fn open_sealed<T>(
    keyring: &Keyring,
    name: &str,
    raw: &[u8],
    then: impl FnOnce(&[u8]) -> T,
) -> Result<T, Closed> {
    let (id, text) = header(raw)?;
    let length = base64::decoded_len_estimate(text.len());
    // Most values fit, and need no allocation.
    let (mut few, mut many) = ([0; 384], Vec::new());
    let octets: &mut [u8] = match few.get_mut(..length) {
        Some(octets) => octets,
        None => {
            many.resize(length, 0);
            &mut many
        }
    };
    let length = BASE64.decode_slice(text, octets).map_err(|_| Closed::Malformed)?;
    let octets = octets.get_mut(..length).ok_or(Closed::Malformed)?;
    let (nonce, octets) = octets.split_first_chunk_mut::<{ nonce::LENGTH }>().ok_or(Closed::Malformed)?;
    let (text, tag) = octets.split_last_chunk_mut::<TAG>().ok_or(Closed::Malformed)?;
    if text.len() < EXPIRY {
        return Err(Closed::Malformed);
    }
    let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
    let mut keys = keyring.of_id(id).peekable();
    keys.peek().ok_or(Closed::UnknownKey)?;
    // Where it fails it leaves the text as it was.
    let is_ours = keys.any(|key| {
        beside(id, name, |beside| key.sealer().decrypt_in_place_detached(&nonce, beside, text, &tag)).is_ok()
    });
    if !is_ours {
        return Err(Closed::Mismatch);
    }
    let (expiry, value) = text.split_first_chunk::<EXPIRY>().ok_or(Closed::Malformed)?;
    in_time(*expiry)?;
    Ok(then(value))
}

/// What is authenticated with a message: the version and the id, of fixed length, then the name.
fn beside<T>(id: [u8; ID], name: &str, then: impl FnOnce(&[u8]) -> T) -> T {
    let (mut few, mut many) = ([VERSION; 1 + ID + 64], Vec::new());
    let length = 1 + ID + name.len();
    let octets: &mut [u8] = match few.get_mut(..length) {
        Some(octets) => octets,
        None => {
            many.resize(length, VERSION);
            &mut many
        }
    };
    if let Some((before, after)) = octets.get_mut(1..).and_then(|rest| rest.split_at_mut_checked(ID)) {
        before.copy_from_slice(&id);
        after.copy_from_slice(name.as_bytes());
    }
    then(octets)
}

/// The id, and what follows it.
fn header(text: &[u8]) -> Result<([u8; ID], &[u8]), Closed> {
    match text {
        [VERSION, rest @ ..] => {
            let (id, rest) = rest.split_first_chunk::<ID>().ok_or(Closed::Malformed)?;
            Ok((*id, rest))
        }
        // A number that was never sealed begins with a digit too; every version has a tag of some length.
        [b'0'..=b'9', rest @ ..] if rest.len() >= ID + TAG && rest.iter().all(is_base64) => Err(Closed::Version),
        _ => Err(Closed::Malformed),
    }
}

const fn is_base64(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(*octet, b'-' | b'_')
}

fn in_time(expiry: [u8; EXPIRY]) -> Result<(), Closed> {
    let end = i64::from(u32::from_be_bytes(expiry)) + SKEW;
    if clock::unix_seconds(clock::now()) > end { Err(Closed::Expired) } else { Ok(()) }
}

fn append(octets: &[u8], line: &mut Vec<u8>) -> Option<()> {
    let start = line.len();
    line.resize(start + encoded(octets.len()), 0);
    BASE64.encode_slice(octets, line.get_mut(start..)?).ok()?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::of(&std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    #[test]
    fn a_sealed_value_is_written_as_another_implementation_writes_it() {
        // seal.json has it, by OpenSSL.
        let message = [BEFORE, "7"].concat().into_bytes();
        let mut line = b"a=".to_vec();
        let nonce = [0xd4, 0x42, 0xbc, 0x01, 0x3a, 0xe5, 0x2b, 0x19, 0xc8, 0xfe, 0x9d, 0x16];
        seal_with(nonce, &key(), "a", 1_800_003_600, message, &mut line).unwrap();
        assert_eq!(String::from_utf8(line).unwrap(), "a=1PZKA1EK8ATrlKxnI_p0WZ76kL8Fvz6QAqmIM1Yl1eOg8pivP");
    }

    #[test]
    fn a_signed_value_is_written_as_another_implementation_writes_it() {
        let mut line = b"a=7".to_vec();
        sign(&Keyring::new(key()), "a", 1_800_003_600, &mut line, 2).unwrap();
        assert_eq!(String::from_utf8(line).unwrap(), "a=7.1PZKAa0ngEH7PHsLLhQSrfuIsMUBsoNY");
    }

    #[test]
    fn the_lengths_that_are_reserved_are_those_that_are_written() {
        let keyring = Keyring::new(key());
        for length in [0, 1, 2, 3, 64, 500] {
            let value = "x".repeat(length);
            let mut line = value.clone().into_bytes();
            sign(&keyring, "a", 0, &mut line, 0).unwrap();
            assert_eq!(line.len(), length + SIGNATURE);
            let (message, mut line) = ([BEFORE, &value].concat().into_bytes(), Vec::new());
            let sealed = sealed_length(message.len() + AFTER);
            seal(&keyring, "a", 0, message, &mut line).unwrap();
            assert_eq!(line.len(), sealed);
        }
    }

    #[test]
    fn two_keys_of_one_id_read_each_its_own() {
        // By the birthday paradox two of some thousands have one: these.
        let key = |number: u64| {
            let mut secret = [7; 32];
            secret[..8].copy_from_slice(&number.to_be_bytes());
            Key::of(&secret)
        };
        let (one, other) = (key(173), key(5_116));
        assert!(one.id() == other.id() && !one.is_same(&other));
        let both = Keyring::new(one.clone()).with(other.clone());
        for (writer, stranger) in [(&one, &other), (&other, &one)] {
            let (writer, stranger) = (Keyring::new(writer.clone()), Keyring::new(stranger.clone()));
            let mut signed = b"7".to_vec();
            sign(&writer, "a", u32::MAX, &mut signed, 0).unwrap();
            assert_eq!(open_signed(&both, "a", &signed), Ok(&b"7"[..]));
            assert_eq!(open_signed(&stranger, "a", &signed), Err(Closed::Mismatch));
            let mut sealed = Vec::new();
            seal(&writer, "a", u32::MAX, [BEFORE, "7"].concat().into_bytes(), &mut sealed).unwrap();
            assert_eq!(open_sealed(&both, "a", &sealed, <[u8]>::to_vec), Ok(b"7".to_vec()));
            assert_eq!(open_sealed(&stranger, "a", &sealed, |_| ()), Err(Closed::Mismatch));
        }
    }

    #[test]
    fn an_empty_value_is_one_and_a_message_without_room_for_an_expiry_is_none() {
        let keyring = Keyring::new(key());
        let mut sealed = Vec::new();
        seal(&keyring, "a", u32::MAX, BEFORE.as_bytes().to_vec(), &mut sealed).unwrap();
        assert_eq!(open_sealed(&keyring, "a", &sealed, <[u8]>::to_vec), Ok(Vec::new()));
        let mut short = b"1PZKA".to_vec();
        append(&[0; nonce::LENGTH + EXPIRY - 1 + TAG], &mut short).unwrap();
        assert_eq!(open_sealed(&keyring, "a", &short, |_| ()), Err(Closed::Malformed));
    }

    #[test]
    fn another_version_is_told_from_what_was_never_sealed() {
        for (text, closed) in [
            (&b"2PZKA-_aA09zZ0123456"[..], Closed::Malformed),
            (b"2PZKA-_aA09zZ01234567", Closed::Version),
            (b"2PZKA-_aA09zZ0123456.", Closed::Malformed),
            (b"aPZKA-_aA09zZ01234567", Closed::Malformed),
        ] {
            assert_eq!(header(text), Err(closed));
        }
    }

    #[test]
    #[cfg(feature = "testing")]
    fn a_value_ends_a_minute_after_its_expiry() {
        let opened = |after: i64| {
            let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000 + after.unsigned_abs());
            clock::at(now, || in_time(1_800_000_000_u32.to_be_bytes()))
        };
        assert_eq!(opened(SKEW), Ok(()));
        assert_eq!(opened(SKEW + 1), Err(Closed::Expired));
    }

    #[test]
    fn any_octets_are_refused_without_a_panic() {
        let keyring = Keyring::new(key());
        let mut random = 1_u32;
        for length in 0..200 {
            let octets: Vec<u8> = (0..length)
                .map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    random.to_be_bytes()[0]
                })
                .collect();
            for begin in [&b""[..], b"1", b"1PZKA", b".1PZKA"] {
                let raw = [begin, &octets].concat();
                assert!(open_signed(&keyring, "a", &raw).is_err());
                assert!(open_sealed(&keyring, "a", &raw, |_| ()).is_err());
            }
        }
    }
}
