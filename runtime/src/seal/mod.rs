//! The keys of `signed` and `sealed` cookies. A [`Keyring`] contains one or more [`Key`]s. The guide has [a page about
//! signed and sealed cookies](crate::guide::seal).
//!
//! A signed value has an HMAC-SHA256 tag. A sealed value is encrypted with AES-256-GCM-SIV (RFC 8452).
//!
//! GCM-SIV is safe with random nonces, even if a cloned machine repeats a nonce. Plain AES-GCM is faster, but a
//! repeated nonce reveals the authentication key of AES-GCM. The guide's page about signed and sealed cookies contains
//! speed measurements.

// The module `seal` signs and encrypts a cookie's value, and verifies and decrypts the value when a cookie is read.
// Only `cookie/sealing.rs` calls the module `seal`.

mod envelope;
mod key;
mod keyring;
mod nonce;
mod text;

pub(crate) use envelope::{
    KeptSettings, OpenError, SIGNATURE_LEN, TAG_LEN, Terms, open_sealed, open_signed, plaintext_prefix, seal,
    sealed_len, sign, without_signature,
};
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) use envelope::{is_mac, is_sealed_by_writer, mac, seal_message, seal_text};
#[cfg(feature = "_layer")]
pub(crate) use envelope::{looks_sealed, looks_signed};
#[cfg(all(feature = "_layer", feature = "device-bound"))]
pub(crate) use key::BASE64;
pub use key::{Key, KeyError, KeyId};
pub use keyring::Keyring;

/// The largest accepted difference between the clocks of two servers, in seconds. A signed or sealed value is accepted
/// for `SKEW` seconds after its expiry. Browsers remove expired cookies, so a value that arrives even later is probably
/// a stolen copy.
pub(crate) const SKEW: i64 = 60;
