//! The type `Key`. A `Key` contains a secret of 32 bytes. Two keys are derived from the secret: one key signs with
//! HMAC, and the other key encrypts with the cipher. Only the method `to_base64` reveals the secret. When the last
//! clone of a `Key` is dropped, the secret is overwritten in memory.

use core::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// The base64 alphabet in which seals are written.
pub(crate) const BASE64: GeneralPurpose = URL_SAFE_NO_PAD;

pub(super) type Signer = Hmac<Sha256>;

/// The number of bytes of a secret.
pub(super) const SECRET_LEN: usize = 32;

/// A secret of 32 random bytes. A [`Keyring`](super::Keyring) signs and seals cookies with the secret of a `Key`.
///
/// Make a key with `openssl rand -base64 32` or with [`Key::generate`]. Store the key with your other secrets. Do not
/// use a passphrase as a key, because a passphrase is not random enough.
///
/// hardtack refuses the example keys of its documentation, because everybody can read these keys. hardtack also refuses
/// a key that repeats a pattern of at most 16 bytes. Examples are 32 equal bytes, and the base64 text of
/// `passwordpasswordpasswordpassword`.
///
/// Signing and encryption use two different keys. HKDF-Expand (RFC 5869) derives each of the two keys from the secret,
/// with a different label for each key. All clones of a `Key` share one secret. When the last clone of a `Key` is
/// dropped, the secret is overwritten in memory. Making a key leaves no copy of the secret on the stack. hardtack
/// cannot overwrite your copy of the key's text. For example, an environment variable stays in the memory of the
/// process.
///
/// ```
/// use hardtack::seal::Key;
///
/// let key = Key::generate();
/// let same = Key::from_base64(&key.to_base64())?;
/// assert_eq!(key.id(), same.id());
/// assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
/// # Ok::<(), hardtack::seal::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    parts: Arc<Parts>,
    writes_from: Option<SystemTime>,
}

struct Parts {
    id: KeyId,
    /// The secret has a separate heap allocation. If `Parts` contained the 32 bytes directly, the compiler could build
    /// `Parts` on the stack, and a copy of the secret would remain on the stack.
    secret: Zeroizing<Vec<u8>>,
    signer: Signer,
    // The cipher overwrites its key in memory when the cipher is dropped.
    sealer: Aes256GcmSiv,
}

impl Parts {
    /// Derives the keys from the secret. The crates `hmac`, `sha2` and `aes` copy keys to the stack. This function is
    /// never inlined, so its stack frame is separate, and [`overwrite_stack`] can overwrite the copies later.
    #[inline(never)]
    fn derive(secret: Zeroizing<Vec<u8>>) -> Arc<Parts> {
        let derive = |label| Zeroizing::new(hkdf_expand(&secret, label));
        let [first, second, third, ..] = *derive(b"hardtack 1 id");
        Arc::new(Parts {
            id: KeyId::from_bytes([first, second, third]),
            signer: new_signer(&*derive(b"hardtack 1 sign")),
            sealer: Aes256GcmSiv::new((&*derive(b"hardtack 1 seal")).into()),
            secret,
        })
    }
}

/// Overwrites the part of the stack that an earlier call from the same function used. `derive` needs less than 16 KiB
/// in a debug build.
#[inline(never)]
fn overwrite_stack() {
    let mut bytes = [0_u8; 16 * 1024];
    bytes.zeroize();
    core::hint::black_box(&mut bytes);
}

/// Returns true if the secret repeats a pattern of at most 16 bytes. The probability that a random secret repeats a
/// short pattern is less than 2^-127.
fn has_short_period(secret: &[u8]) -> bool {
    (1..=SECRET_LEN / 2).any(|period| secret.iter().zip(secret.iter().skip(period)).all(|(a, b)| a == b))
}

/// The example keys in hardtack's documentation. A test checks that the list is complete.
const PRINTED: [&str; 2] =
    ["3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=", "1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUE="];

fn is_printed(secret: &[u8]) -> bool {
    let standard = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new());
    PRINTED.iter().any(|printed| standard.decode(printed).is_ok_and(|printed| printed == secret))
}

impl Drop for Parts {
    fn drop(&mut self) {
        // `signer` contains two states of SHA-256, which `hmac` computed from the key. The states are as secret as the
        // key: an attacker who reads the states can sign values. The crate `hmac` does not overwrite the states in
        // memory, so the assignment overwrites the states. No code reads the new value. Without `black_box`, the
        // compiler could therefore delete the assignment.
        self.signer = new_signer(&[0; SECRET_LEN]);
        core::hint::black_box(&mut self.signer);
    }
}

impl Key {
    /// Generates a key from random bytes of the operating system.
    ///
    /// All servers of an application need the same key. Generate the key once, and store the text that
    /// [`to_base64`](Key::to_base64) returns.
    ///
    /// # Panics
    ///
    /// Panics if the operating system returns no random bytes. A server without random bytes should not start.
    ///
    /// ```
    /// use hardtack::seal::Key;
    ///
    /// assert_ne!(Key::generate().to_base64(), Key::generate().to_base64());
    /// ```
    #[must_use]
    #[allow(clippy::expect_used, reason = "runs when a server starts, and no request can reach it")]
    pub fn generate() -> Key {
        let mut secret = Zeroizing::new(vec![0; SECRET_LEN]);
        getrandom::fill(&mut secret).expect("the system returned no random bytes");
        Key::from_checked(secret)
    }

    /// Parses a key of exactly 32 bytes from base64. Accepts the base64 alphabet with `+` and `/`, and the base64
    /// alphabet with `-` and `_`. The `=` at the end of the base64 text is optional.
    ///
    /// # Errors
    ///
    /// Returns [`KeyError`] if the text is not base64, or if the decoded key does not have 32 bytes. Also returns an
    /// error if the key is an example from the documentation, or repeats a short pattern. The error never contains the
    /// text of a key.
    ///
    /// ```
    /// use hardtack::seal::Key;
    ///
    /// let text = Key::generate().to_base64();
    /// let key = Key::from_base64(text.trim_end_matches('='))?;
    /// assert_eq!(key.to_base64(), text);
    ///
    /// let example = Key::from_base64("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=").unwrap_err();
    /// assert!(example.to_string().starts_with("the key is an example of the documentation, so everybody knows it; "));
    /// let short = Key::from_base64("aHVudGVyMg==").unwrap_err();
    /// assert_eq!(
    ///     short.to_string(),
    ///     "the key has 7 bytes instead of 32; write 44 characters of base64, as `openssl rand -base64 32` prints"
    /// );
    /// # Ok::<(), hardtack::seal::KeyError>(())
    /// ```
    pub fn from_base64(text: &str) -> Result<Key, KeyError> {
        let is_url_safe = text.bytes().any(|byte| matches!(byte, b'-' | b'_'));
        let alphabet = if is_url_safe { &URL_SAFE } else { &STANDARD };
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let mut secret = Zeroizing::new(Vec::with_capacity(text.len()));
        GeneralPurpose::new(alphabet, config)
            .decode_vec(text, &mut secret)
            .map_err(|_| KeyError::new("the key is not base64"))?;
        if secret.len() != SECRET_LEN {
            return Err(KeyError::new(format!("the key has {} bytes instead of {SECRET_LEN}", secret.len())));
        }
        if has_short_period(&secret) {
            return Err(KeyError::new("the key repeats a short pattern, so others can guess it"));
        }
        if is_printed(&secret) {
            return Err(KeyError::new("the key is an example of the documentation, so everybody knows it"));
        }
        Ok(Key::from_checked(secret))
    }

    /// Returns the secret as base64. Anyone who knows the secret can forge every `signed` or `sealed` cookie, and can
    /// decrypt every `sealed` cookie. Store the base64 text only with your other secrets.
    ///
    /// ```
    /// use hardtack::seal::Key;
    ///
    /// let text = Key::generate().to_base64();
    /// assert_eq!(text.len(), 44);
    /// assert!(text.ends_with('='));
    /// ```
    #[must_use]
    pub fn to_base64(&self) -> String {
        GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new()).encode(&*self.parts.secret)
    }

    /// Sets the time from which hardtack signs and encrypts values with the key. Even before `time`, hardtack verifies
    /// and decrypts values with the key.
    ///
    /// With `writes_from`, replacing a key takes one step fewer. The clocks of all servers must agree, and every server
    /// must have the new key before `time`.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use hardtack::seal::{Key, Keyring};
    ///
    /// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    /// let (old, new) = (Key::generate(), Key::generate());
    /// let keyring = Keyring::new(old.clone()).with(new.writes_from(tomorrow));
    /// assert_eq!(keyring.writer(), old.id());
    /// ```
    #[must_use]
    pub fn writes_from(mut self, time: SystemTime) -> Key {
        self.writes_from = Some(time);
        self
    }

    /// Returns the id of the key. Every signed or sealed value contains the id of its key. The id does not reveal the
    /// key's secret, so a log may contain the id.
    ///
    /// ```
    /// use hardtack::seal::Key;
    ///
    /// assert_eq!(Key::generate().id().to_string().len(), 4);
    /// ```
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.parts.id
    }

    /// Makes a key for a test, without a check of the secret.
    #[cfg(test)]
    pub(super) fn from_secret(secret: &[u8; SECRET_LEN]) -> Key {
        Key::from_checked(Zeroizing::new(secret.to_vec()))
    }

    /// Makes a key from a secret of 32 bytes.
    fn from_checked(secret: Zeroizing<Vec<u8>>) -> Key {
        let parts = Parts::derive(secret);
        overwrite_stack();
        Key { parts, writes_from: None }
    }

    /// Returns the time that was set with [`writes_from`](Key::writes_from).
    pub(super) fn write_start(&self) -> Option<SystemTime> {
        self.writes_from
    }

    pub(super) fn has_same_secret(&self, other: &Key) -> bool {
        // The comparison of two keys does not need constant time, because a server only compares its own keys. No
        // client can measure the time of the comparison.
        Arc::ptr_eq(&self.parts, &other.parts) || *self.parts.secret == *other.parts.secret
    }

    /// Returns a new HMAC-SHA256 that uses the key for signing.
    pub(super) fn signer(&self) -> Signer {
        self.parts.signer.clone()
    }

    /// Returns the AES-256-GCM-SIV cipher that uses the key for encryption.
    pub(super) fn sealer(&self) -> &Aes256GcmSiv {
        &self.parts.sealer
    }
}

/// Shows the key's id. The `Debug` output never contains the secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.parts.id)
    }
}

/// Derives a key from the secret and a label. The derived key is the first block of HKDF-Expand, with the label as
/// `info` (RFC 5869 section 2.3). HKDF-Extract is not necessary, because the secret is random.
fn hkdf_expand(secret: &[u8], label: &[u8]) -> [u8; SECRET_LEN] {
    let mut block = new_signer(secret).chain_update(label).chain_update([1]).finalize().into_bytes();
    let bytes = block.into();
    block.as_mut_slice().zeroize();
    bytes
}

/// Returns an HMAC with a key of 32 bytes.
fn new_signer(key: &[u8]) -> Signer {
    // `Hmac::new` takes a key of exactly 64 bytes and cannot fail, so this function pads the key with zeros to 64
    // bytes. HMAC itself also pads a key that is shorter than 64 bytes with zeros, so the padding in this function does
    // not change the result.
    let mut padded = Zeroizing::new([0; 64]);
    if let Some(start) = padded.get_mut(..key.len()) {
        start.copy_from_slice(key);
    }
    <Signer as hmac::Mac>::new((&*padded).into())
}

/// The id of a key: four characters of base64url. See [`Key::id`].
///
/// ```
/// use hardtack::seal::Key;
///
/// let key = Key::generate();
/// assert_eq!(key.id().to_string().len(), 4);
/// assert_eq!(key.id(), Key::from_base64(&key.to_base64())?.id());
/// # Ok::<(), hardtack::seal::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; ID_LEN]);

/// The number of characters of an id.
pub(super) const ID_LEN: usize = 4;

impl KeyId {
    fn from_bytes(bytes: [u8; 3]) -> KeyId {
        let mut text = [0; ID_LEN];
        // The base64 text of three bytes always has four characters, so the encoding cannot fail.
        let _ = BASE64.encode_slice(bytes, &mut text);
        KeyId(text)
    }

    /// Returns the id as four characters, in the form that a sealed value contains.
    pub(super) fn as_bytes(self) -> [u8; ID_LEN] {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.0).unwrap_or_default())
    }
}

/// Shows the four characters of the id.
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The error if the text of a key or keyring is invalid. The error's `Display` shows the environment variable, the
/// number of the invalid key, the problem and how to fix the problem. The error never contains the text of a key.
///
/// ```
/// use hardtack::seal::{Key, Keyring};
///
/// let text = format!("{}, hunter2", Key::generate().to_base64());
/// let error = text.parse::<Keyring>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "key 2: the key is not base64; write 44 characters of base64, as `openssl rand -base64 32` prints"
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
    fn new(fact: impl Into<String>) -> Self {
        KeyError::with_remedy(fact.into() + REMEDY)
    }

    /// Makes an error from a text of the form `problem; remedy`, such as `not UTF-8; write it in UTF-8`.
    pub(super) fn with_remedy(problem: impl Into<String>) -> Self {
        KeyError { problem: problem.into(), entry: None, variable: None }
    }

    /// Adds the number of the invalid key to the error. The first key in the text has the number 1.
    pub(super) fn with_entry(mut self, entry: usize) -> Self {
        self.entry = Some(entry);
        self
    }

    pub(super) fn with_variable(mut self, variable: &str) -> Self {
        self.variable = Some(variable.to_owned());
        self
    }
}

/// Writes the same text as [`Display`](fmt::Display), because a `main` that returns an error prints the error with
/// `Debug`.
impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use aes_gcm_siv::{AeadInPlace as _, Nonce};

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn hmac_sha256_matches_rfc_4231() {
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
        // `new_signer` must return the same HMAC as `Hmac::new_from_slice`, although `new_signer` pads the key itself.
        let padded = new_signer(&[7; SECRET_LEN]).chain_update(b"text").finalize().into_bytes();
        let expected =
            <Signer as hmac::Mac>::new_from_slice(&[7; SECRET_LEN]).unwrap().chain_update(b"text").finalize();
        assert_eq!(padded, expected.into_bytes());
    }

    #[test]
    fn derived_keys_match_another_implementation() {
        // The file seal.json contains the expected keys, which were computed with Python's module `hmac`.
        let secret = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(
            hex(&hkdf_expand(&secret, b"hardtack 1 sign")),
            "36bf725b345c4e9a239c892f0dd6166c049c1380da811eff4184599844cd10e6"
        );
        assert_eq!(
            hex(&hkdf_expand(&secret, b"hardtack 1 seal")),
            "cdae28da741cbd6dcbc79dcb72a726c7089899a4594a57159abda124d987ce4a"
        );
        assert_eq!(Key::from_secret(&secret).id().to_string(), "PZKA");
    }

    #[test]
    fn aes_256_gcm_siv_matches_rfc_8452() {
        let mut key = [0; SECRET_LEN];
        let mut nonce = [0; 12];
        (key[0], nonce[0]) = (1, 3);
        let sealer = Aes256GcmSiv::new((&key).into());
        for (text, associated_data, sealed) in [
            (&[][..], &[][..], "07f5f4169bbf55a8400cd47ea6fd400f"),
            (&[1, 0, 0, 0, 0, 0, 0, 0], &[], "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
            (&[2, 0, 0, 0, 0, 0, 0, 0], &[1], "1de22967237a813291213f267e3b452f02d01ae33e4ec854"),
        ] {
            let mut bytes = text.to_vec();
            let tag = sealer.encrypt_in_place_detached(&Nonce::from(nonce), associated_data, &mut bytes).unwrap();
            bytes.extend_from_slice(&tag);
            assert_eq!(hex(&bytes), sealed);
        }
    }

    #[test]
    fn base64_has_either_alphabet_and_optional_padding() {
        let base64 = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=";
        let key = Key::from_base64(base64).unwrap();
        assert_eq!(key.to_base64(), base64);
        for text in [base64.trim_end_matches('='), &base64.replace('+', "-").replace('/', "_")] {
            assert!(Key::from_base64(text).unwrap().has_same_secret(&key), "{text}");
        }
    }

    #[test]
    fn invalid_key_is_an_error_with_remedy() {
        for (text, fact) in [
            ("", "the key has 0 bytes instead of 32; "),
            ("correct horse battery staple", "the key is not base64; "),
            ("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG_s=", "the key is not base64; "),
            ("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/t=", "the key is not base64; "),
            ("3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/sA", "the key has 33 bytes instead of 32; "),
            (" 3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=", "the key is not base64; "),
            (PRINTED[0], "the key is an example of the documentation, so everybody knows it; "),
            (PRINTED[1], "the key is an example of the documentation, so everybody knows it; "),
            ("3q2-7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs", "the key is an example of the documentation, so everybody"),
        ] {
            let error = Key::from_base64(text).unwrap_err();
            let remedy = "write 44 characters of base64, as `openssl rand -base64 32` prints";
            assert!(error.to_string().starts_with(fact) && error.to_string().ends_with(remedy), "{error}");
            assert!(text.is_empty() || !format!("{error:?}").contains(text), "{error:?}");
        }
    }

    #[test]
    fn key_with_a_short_pattern_is_refused() {
        let parse = |secret: &[u8]| Key::from_base64(&base64::engine::general_purpose::STANDARD.encode(secret));
        let repeated = |pattern: &[u8]| pattern.iter().copied().cycle().take(SECRET_LEN).collect::<Vec<u8>>();
        for pattern in [&b"\0"[..], b"\xFF", b"ab", b"password", b"abc", b"0123456789abcdef", b"123456789012345"] {
            let error = parse(&repeated(pattern)).unwrap_err().to_string();
            assert!(error.starts_with("the key repeats a short pattern, so others can guess it; write 44"), "{error}");
        }
        for period in 1..=SECRET_LEN / 2 {
            let pattern: Vec<u8> = (0..u8::try_from(period).unwrap()).collect();
            assert!(parse(&repeated(&pattern)).is_err(), "{period}");
            let mut secret = repeated(&pattern);
            secret[SECRET_LEN - 1] ^= 1;
            assert!(parse(&secret).is_ok(), "{period}");
        }
        let distinct: Vec<u8> = (0..17).collect();
        assert!(parse(&repeated(&distinct)).is_ok());
    }

    #[test]
    fn debug_never_shows_the_secret() {
        let key = Key::generate();
        let output = format!("{key:?} {:?} {:?}", key.id(), crate::seal::Keyring::new(key.clone()));
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
        let secret = key.to_base64();
        assert!(!secret.as_bytes().windows(8).any(|part| output.contains(std::str::from_utf8(part).unwrap())));
    }
}
