//! Tests of signed and sealed cookies:
//!
//! - vectors (values and expected results) from an implementation that is not hardtack,
//! - attacks,
//! - key rotation while clients send requests,
//! - declarations with `signed`, `sealed` and `json`,
//! - sessions that end by `idle`,
//! - the endpoints of device-bound cookies,
//! - copies of keys in the memory of the process.
//!
//! The tests set the library's clock, so no test has to wait.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[path = "seal/attacks.rs"]
mod attacks;
#[path = "seal/declarations.rs"]
mod declarations;
#[path = "seal/device_bound.rs"]
mod device_bound;
#[path = "seal/idle.rs"]
mod idle;
#[path = "seal/memory.rs"]
mod memory;
#[path = "seal/missing_features.rs"]
mod missing_features;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "seal/rotation.rs"]
mod rotation;
#[path = "seal/vectors.rs"]
mod vectors;
#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other test binaries use more of it")]
mod workspace;

use std::time::{Duration, SystemTime};

use hardtack::seal::{Key, Keyring};
use hardtack::value::SealFault;
use hardtack::{Cookies, ReadCookie, ReadError, testing};
use http::HeaderMap;

/// Converts Unix seconds to a `SystemTime`.
fn instant(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The current time in most tests, in Unix seconds.
const NOW: u64 = 1_800_000_000;

/// Returns a test key. The same number returns the same key in every run.
fn key(number: u8) -> Key {
    use base64::Engine as _;
    // `Key` rejects a key in which all bytes are equal.
    let secret: [u8; 32] = std::array::from_fn(|at| if at == 0 { !number } else { number });
    Key::from_base64(&base64::engine::general_purpose::STANDARD.encode(secret)).unwrap()
}

/// Returns the jar of a request with the given `Cookie` header.
fn jar(cookie_header: &str, keyring: &Keyring) -> Cookies {
    let mut request = HeaderMap::new();
    request.insert("cookie", cookie_header.parse().unwrap());
    Cookies::from_headers(&request, testing::https()).with_keyring(keyring)
}

/// Reads a cookie from a request. `wire` is the encoded value in the `Cookie` header.
fn read<T: ReadCookie + hardtack::AllowedOver<hardtack::Https>>(wire: &str, keyring: &Keyring) -> Result<T, ReadError> {
    let cookie_header = format!("{}={wire}", T::SPEC.name);
    jar(&cookie_header, keyring).try_get::<T>().map(Option::unwrap)
}

/// Returns the encoded value of a `Cookie` or `Set-Cookie` header.
fn wire(header: &http::HeaderValue) -> String {
    let (_, rest) = header.to_str().unwrap().split_once('=').unwrap();
    rest.split(';').next().unwrap().to_owned()
}

/// Converts the result of a read to the verdict word of the vectors, such as `unknown-key`.
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
