//! The keys of `signed` and `sealed` cookies: a [`Keyring`] of [`Key`]s. The guide has
//! [a page about such cookies](crate::guide::seal).
//!
//! A signed value has an HMAC-SHA256 tag, and a sealed value is encrypted with AES-256-GCM-SIV (RFC 8452). Random
//! nonces are safe with GCM-SIV, even if a cloned machine repeats a nonce. Plain AES-GCM is faster, but a repeated
//! nonce reveals its authentication key. The guide's page has the measurements.

// In: a cookie's name, its value and a keyring. Out: the text of the signed or sealed value, and back. The caller in
// `cookie/sealing.rs` also compiles without the feature `seal`.

mod envelope;
mod key;
mod keyring;
mod nonce;
mod text;

pub(crate) use envelope::{
    OpenError, PLAINTEXT_PREFIX, SIGNATURE_LEN, TAG_LEN, open_sealed, open_signed, seal, sealed_len, sign,
};
pub use key::{Key, KeyError, KeyId};
pub use keyring::Keyring;

/// The largest difference, in seconds, between the clocks of two servers. A value is accepted for this long after its
/// expiry. A browser removes an expired cookie itself, so a value that comes even later is a stolen copy.
pub(crate) const SKEW: i64 = 60;
