//! One key: 32 secret octets in, two primitives with keys of their own out. Never shows the secret but by `to_base64`,
//! and leaves none of it in memory when it is dropped.

use core::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

pub(super) type Signer = Hmac<Sha256>;

/// How many octets a secret has.
pub(super) const SECRET: usize = 32;

/// A secret of 32 octets, by which a [`Keyring`](crate::Keyring) signs and seals.
///
/// One key does both: what each needs is derived from it under a label of its own (HKDF-Expand, RFC 5869). A passphrase
/// is no key; make one with `openssl rand -base64 32`, or with [`Key::generate`], and keep it where you keep secrets.
/// Clones share one secret. It is overwritten when the last of them is dropped.
///
/// ```
/// use hardtack::Key;
///
/// let key = Key::generate();
/// let same = Key::from_base64(&key.to_base64())?;
/// assert_eq!(key.id(), same.id());
/// assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
/// # Ok::<(), hardtack::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    parts: Arc<Parts>,
    writes_from: Option<SystemTime>,
}

struct Parts {
    id: KeyId,
    secret: Zeroizing<[u8; SECRET]>,
    signer: Signer,
    // Its own crate overwrites it.
    sealer: Aes256GcmSiv,
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Its crate leaves the states of the hash, which are as good as the key. The compiler must not know that nobody
        // reads what is written here.
        self.signer = signer(&[0; SECRET]);
        core::hint::black_box(&mut self.signer);
    }
}

impl Key {
    /// Makes a key of random octets.
    ///
    /// All servers of an application need the same one: write it down by [`to_base64`](Key::to_base64), once.
    ///
    /// # Panics
    ///
    /// Where the system gives no random octets: no server should start then.
    ///
    /// ```
    /// use hardtack::Key;
    ///
    /// assert_ne!(Key::generate().to_base64(), Key::generate().to_base64());
    /// ```
    #[must_use]
    #[allow(clippy::expect_used, reason = "where a server starts, and no request reaches it")]
    pub fn generate() -> Key {
        let mut secret = Zeroizing::new([0; SECRET]);
        getrandom::fill(&mut *secret).expect("the system gives no random octets");
        Key::of(&secret)
    }

    /// Reads a key of exactly 32 octets from base64: with `+` and `/` or with `-` and `_`, with `=` at its end or without.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what is wrong with the text, and never shows it.
    ///
    /// ```
    /// use hardtack::Key;
    ///
    /// assert!(Key::from_base64("3q2-7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs").is_ok());
    /// let short = Key::from_base64("aHVudGVyMg==").unwrap_err();
    /// assert_eq!(
    ///     short.to_string(),
    ///     "a key has 32 octets, and this text is 7; write 44 characters of base64, as `openssl rand -base64 32` prints"
    /// );
    /// ```
    pub fn from_base64(text: &str) -> Result<Key, KeyError> {
        let is_url_safe = text.bytes().any(|octet| matches!(octet, b'-' | b'_'));
        let alphabet = if is_url_safe { &URL_SAFE } else { &STANDARD };
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
        GeneralPurpose::new(alphabet, config)
            .decode_vec(text, &mut octets)
            .map_err(|_| KeyError::new("a key is base64, and this text is none".to_owned()))?;
        let Ok(secret) = <&[u8; SECRET]>::try_from(octets.as_slice()) else {
            return Err(KeyError::new(format!("a key has {SECRET} octets, and this text is {}", octets.len())));
        };
        Ok(Key::of(secret))
    }

    /// The secret as base64: whoever has it can write every cookie. For the one place where secrets are kept.
    ///
    /// ```
    /// use hardtack::Key;
    ///
    /// assert_eq!(Key::generate().to_base64().len(), 44);
    /// ```
    #[must_use]
    pub fn to_base64(&self) -> String {
        GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new()).encode(*self.parts.secret)
    }

    /// Lets the key read at once and write from this instant on: a rotation of one step, for a fleet of servers whose
    /// clocks agree and which all have the key by then.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use hardtack::{Key, Keyring};
    ///
    /// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    /// let (old, new) = (Key::generate(), Key::generate());
    /// let keyring = Keyring::new(old.clone()).with(new.writes_from(tomorrow));
    /// assert_eq!(keyring.writer(), old.id());
    /// ```
    #[must_use]
    pub fn writes_from(mut self, instant: SystemTime) -> Key {
        self.writes_from = Some(instant);
        self
    }

    /// What tells this key from others, in a log too: four characters that are derived from the secret and tell nothing
    /// of it. Every value carries the id of its key.
    ///
    /// ```
    /// use hardtack::Key;
    ///
    /// assert_eq!(Key::generate().id().to_string().len(), 4);
    /// ```
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.parts.id
    }

    pub(super) fn of(secret: &[u8; SECRET]) -> Key {
        let derived = |label| Zeroizing::new(derived(secret, label));
        let [first, second, third, ..] = *derived(b"hardtack 1 id");
        Key {
            parts: Arc::new(Parts {
                id: KeyId::of([first, second, third]),
                secret: Zeroizing::new(*secret),
                signer: signer(&derived(b"hardtack 1 sign")),
                sealer: Aes256GcmSiv::new((&*derived(b"hardtack 1 seal")).into()),
            }),
            writes_from: None,
        }
    }

    /// From when on it writes, where that was said.
    pub(super) fn start(&self) -> Option<SystemTime> {
        self.writes_from
    }

    pub(super) fn is_same(&self, other: &Key) -> bool {
        // Both are ours: nothing can be learned from how long this takes.
        Arc::ptr_eq(&self.parts, &other.parts) || *self.parts.secret == *other.parts.secret
    }

    /// HMAC-SHA256, keyed.
    pub(super) fn signer(&self) -> Signer {
        self.parts.signer.clone()
    }

    /// AES-256-GCM-SIV, keyed.
    pub(super) fn sealer(&self) -> &Aes256GcmSiv {
        &self.parts.sealer
    }
}

/// Shows the id.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.parts.id)
    }
}

/// HKDF-Expand of one block with this label as its info (RFC 5869 2.3); the secret is uniform, and needs no Extract.
fn derived(secret: &[u8; SECRET], label: &[u8]) -> [u8; SECRET] {
    let mut block = signer(secret).chain_update(label).chain_update([1]).finalize().into_bytes();
    let octets = block.into();
    block.as_mut_slice().zeroize();
    octets
}

fn signer(key: &[u8; SECRET]) -> Signer {
    // Padded to the hash's block as HMAC pads it: of exactly that length a key is never refused.
    let mut padded = Zeroizing::new([0; 64]);
    if let Some(start) = padded.first_chunk_mut() {
        *start = *key;
    }
    <Signer as hmac::Mac>::new((&*padded).into())
}

/// What tells a key from others; see [`Key::id`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    fn of(octets: [u8; 3]) -> KeyId {
        let mut text = [0; 4];
        // Three octets are four characters.
        let _ = super::wire::BASE64.encode_slice(octets, &mut text);
        KeyId(text)
    }

    /// As it stands in a value.
    pub(super) fn octets(self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Says what is wrong with the text of a key or of a keyring, of which entry, and from where it was read. It never holds
/// the text.
///
/// ```
/// use hardtack::Keyring;
///
/// let error = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=, hunter2".parse::<Keyring>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "key 2: a key is base64, and this text is none; write 44 characters of base64, as `openssl rand -base64 32` prints"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyError {
    problem: String,
    entry: Option<usize>,
    variable: Option<String>,
}

const REMEDY: &str = "; write 44 characters of base64, as `openssl rand -base64 32` prints";

impl KeyError {
    fn new(fact: String) -> Self {
        KeyError::with_remedy(fact + REMEDY)
    }

    /// `problem` is `fact; remedy`.
    pub(super) fn with_remedy(problem: impl Into<String>) -> Self {
        KeyError { problem: problem.into(), entry: None, variable: None }
    }

    /// Of several keys this one, from 1.
    pub(super) fn at(mut self, entry: usize) -> Self {
        self.entry = Some(entry);
        self
    }

    pub(super) fn in_variable(mut self, variable: &str) -> Self {
        self.variable = Some(variable.to_owned());
        self
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = &self.variable {
            write!(f, "`{}`: ", variable.escape_debug())?;
        }
        if let Some(entry) = self.entry {
            write!(f, "key {entry}: ")?;
        }
        f.write_str(&self.problem)
    }
}

/// As `Display`, so that `unwrap` where a server starts reads well.
impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use aes_gcm_siv::{AeadInPlace as _, Nonce};

    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[test]
    fn hmac_sha256_answers_as_rfc_4231_says() {
        for (key, text, tag) in [
            (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let mac = <Signer as hmac::Mac>::new_from_slice(key).unwrap().chain_update(text);
            assert_eq!(hex(&mac.finalize().into_bytes()), tag);
        }
        // Ours is that one, padded by hand.
        let ours = signer(&[7; SECRET]).chain_update(b"text").finalize().into_bytes();
        let theirs = <Signer as hmac::Mac>::new_from_slice(&[7; SECRET]).unwrap().chain_update(b"text").finalize();
        assert_eq!(ours, theirs.into_bytes());
    }

    #[test]
    fn hkdf_expand_answers_as_another_implementation_does() {
        // seal.json has these of Python's `hmac`.
        let secret = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(
            hex(&derived(&secret, b"hardtack 1 sign")),
            "36bf725b345c4e9a239c892f0dd6166c049c1380da811eff4184599844cd10e6"
        );
        assert_eq!(
            hex(&derived(&secret, b"hardtack 1 seal")),
            "cdae28da741cbd6dcbc79dcb72a726c7089899a4594a57159abda124d987ce4a"
        );
        assert_eq!(Key::of(&secret).id().to_string(), "PZKA");
    }

    #[test]
    fn aes_256_gcm_siv_answers_as_rfc_8452_says() {
        let mut key = [0; SECRET];
        let mut nonce = [0; 12];
        (key[0], nonce[0]) = (1, 3);
        let sealer = Aes256GcmSiv::new((&key).into());
        for (text, beside, sealed) in [
            (&[][..], &[][..], "07f5f4169bbf55a8400cd47ea6fd400f"),
            (&[1, 0, 0, 0, 0, 0, 0, 0], &[], "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
            (&[2, 0, 0, 0, 0, 0, 0, 0], &[1], "1de22967237a813291213f267e3b452f02d01ae33e4ec854"),
        ] {
            let mut octets = text.to_vec();
            let tag = sealer.encrypt_in_place_detached(&Nonce::from(nonce), beside, &mut octets).unwrap();
            octets.extend_from_slice(&tag);
            assert_eq!(hex(&octets), sealed);
        }
    }

    #[test]
    fn a_key_is_read_from_either_alphabet_with_padding_and_without() {
        let written = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=";
        let key = Key::from_base64(written).unwrap();
        assert_eq!(key.to_base64(), written);
        for text in [written.trim_end_matches('='), &written.replace('+', "-").replace('/', "_")] {
            assert!(Key::from_base64(text).unwrap().is_same(&key), "{text}");
        }
        for (text, says) in [
            ("", "a key has 32 octets, and this text is 0; "),
            ("correct horse battery staple", "a key is base64, and this text is none; "),
            ("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG_s=", "a key is base64, and this text is none; "),
            ("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/t=", "a key is base64, and this text is none; "),
            ("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/sA", "a key has 32 octets, and this text is 33; "),
            (" 3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=", "a key is base64, and this text is none; "),
        ] {
            let error = Key::from_base64(text).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
            assert!(error.ends_with("write 44 characters of base64, as `openssl rand -base64 32` prints"), "{error}");
        }
    }

    #[test]
    fn nothing_that_is_shown_of_a_key_is_secret() {
        let key = Key::generate();
        let shown = format!("{key:?} {:?} {:?}", key.id(), crate::seal::Keyring::new(key.clone()));
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
        let secret = key.to_base64();
        assert!(!secret.as_bytes().windows(8).any(|part| shown.contains(std::str::from_utf8(part).unwrap())));
    }
}
