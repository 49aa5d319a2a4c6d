//! Signed and sealed cookies: what other implementations wrote, what an attacker writes, and keys that change while clients
//! keep talking. Every clock is the test's; nothing waits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails the test")]

#[path = "seal/declared.rs"]
mod declared;
#[path = "seal/featureless.rs"]
mod featureless;
#[path = "seal/hostile.rs"]
mod hostile;
#[path = "seal/rotation.rs"]
mod rotation;
#[path = "seal/vectors.rs"]
mod vectors;
#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other tests ask for more")]
mod workspace;

use std::time::{Duration, SystemTime};

use hardtack::{Cookies, Key, Keyring, ReadCookie, ReadError, SealFault, testing};
use http::HeaderMap;

/// An instant in Unix seconds.
fn instant(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Some day.
const NOW: u64 = 1_800_000_000;

/// A key that is the same in every run.
fn key(number: u8) -> Key {
    use base64::Engine as _;
    Key::from_base64(&base64::engine::general_purpose::STANDARD.encode([number; 32])).unwrap()
}

/// A jar of a request with this `Cookie` field.
fn jar(field: &str, keyring: &Keyring) -> Cookies {
    let mut request = HeaderMap::new();
    request.insert("cookie", field.parse().unwrap());
    Cookies::read(&request, testing::https()).keyring(keyring)
}

/// What becomes of one wire value.
fn read<T: ReadCookie + hardtack::AllowedOver<hardtack::Https>>(wire: &str, keyring: &Keyring) -> Result<T, ReadError> {
    let field = format!("{}={wire}", T::DECLARATION.name);
    jar(&field, keyring).get::<T>().map(Option::unwrap)
}

/// The wire value of a `Cookie` field or of a Set-Cookie line.
fn wire(line: &http::HeaderValue) -> String {
    let (_, rest) = line.to_str().unwrap().split_once('=').unwrap();
    rest.split(';').next().unwrap().to_owned()
}

/// The verdict in the words of the vectors.
fn verdict<T>(read: &Result<T, ReadError>) -> &'static str {
    match read {
        Ok(_) => "ok",
        Err(ReadError::BadSeal { fault: SealFault::Malformed, .. }) => "malformed",
        Err(ReadError::BadSeal { fault: SealFault::Version, .. }) => "version",
        Err(ReadError::BadSeal { fault: SealFault::Mismatch, .. }) => "mismatch",
        Err(ReadError::UnknownKey { .. }) => "unknown-key",
        Err(ReadError::Expired { .. }) => "expired",
        Err(ReadError::Ambiguous { .. }) => "ambiguous",
        Err(_) => "another error",
    }
}
