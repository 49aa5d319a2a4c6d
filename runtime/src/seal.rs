//! Signed and sealed values. In: a cookie's name, its value and a keyring; out: wire text, and back. Decides nothing about
//! lines, jars or answers; what feature-free code asks of it stands in `sealing`.
//!
//! # What it is made of, and why
//!
//! A *signed* value has an HMAC-SHA256 tag, a *sealed* one is encrypted by AES-256-GCM-SIV (RFC 8452). Both are
//! RustCrypto's, with keys that are set up once for each [`Key`], never for a cookie. Measured with rustc 1.95, release,
//! on two x86-64 cores with AES, PCLMULQDQ and SHA instructions; 64 octets of value, 32 beside it, CPU seconds for a
//! clean build:
//!
//! | | seal | sign | nonce | build | needs |
//! |---|---|---|---|---|---|
//! | `aes-gcm-siv` 0.11, `hmac` 0.12, `sha2` 0.10 | 460 ns | 160 ns | 12 | 9 s, Rust 1.56 | |
//! | `aes-gcm-siv` 0.12, `hmac` 0.13, `sha2` 0.11 | 740-920 ns | 160 ns | 12 | 9 s, Rust 1.85 to 1.89 | |
//! | `aes-siv` 0.7 (RFC 5297) | 430 ns | | none | | twice the key |
//! | `chacha20poly1305` 0.11, XChaCha | 1700 ns | | 24 | 9 s | |
//! | `aes-gcm` 0.10, one key set up | 150 ns | | 12, never twice | | |
//! | `ring` 0.17, AES-GCM | 90 ns | 240 ns | 12, never twice | 11 s | a C compiler |
//! | `aws-lc-rs` 1.19, AES-GCM-SIV | 190 ns | 530 ns | 12 | 88 s | a C compiler |
//!
//! Plain GCM would be faster, and is out: with random nonces of 12 octets it is safe for 2^32 values under one key (NIST
//! SP 800-38D 8.3), which N servers cannot count together, and one nonce used twice, as by a cloned machine, gives its
//! authentication key away. So each nonce would have to be drawn from the system, which costs 450 ns here and with them
//! all that it gains. Under GCM-SIV a nonce used twice tells whether two values are equal, and nothing else; after 2^40
//! values, a million a second for twelve days, one pair has shared a nonce with a chance of 2^-17. That is why nonces may
//! come from a buffer, 50 ns each. The generation of the crates is the one that is twice as fast without link-time
//! optimisation; `cookie` and `biscotti` build the same.
//!
//! A whole exchange that reads a cookie of 64 octets and sets it again, by `tests/benches/operations/seal.rs` on the same machine:
//!
//! | | signed | sealed |
//! |---|---|---|
//! | hardtack | 1.0 µs, 27 600 instructions, 7 allocations | 1.6 µs, 11 800 instructions, 8 allocations |
//! | `cookie`'s jars | 2.3 µs, 53 600, 25 | 2.1 µs, 22 500, 22 (plain AES-256-GCM) |
//! | `biscotti` | 2.0 µs, 49 400, 17 | 2.2 µs, 19 200, 17 |
//! | the primitive and base64 alone | 0.4 µs, 23 300, 2 | 1.6 µs, 6 900, 2, its nonce from the system; 1.1 µs with one that is there |
//!
//! (Instructions are counted under an emulator without SHA instructions.)
//!
//! No value is too long for either primitive: a cookie ends at 4096 octets.

mod key;
mod keyring;
mod nonce;
mod text;
mod wire;

pub use key::{Key, KeyError, KeyId};
pub use keyring::Keyring;
pub(crate) use wire::{AFTER, BEFORE, Closed, SIGNATURE, open_sealed, open_signed, seal, sealed_length, sign};

/// How far the clocks of servers may be apart: a value is read for so long past its expiry. A browser drops the cookie by
/// its own count, so that only what a thief kept comes later than that.
pub(crate) const SKEW: i64 = 60;
