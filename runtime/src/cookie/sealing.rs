//! Signs or seals the value of a `signed` or `sealed` cookie. When a cookie is read, verifies and removes the seal. The
//! cryptography is in the module `seal`. Without the feature `seal`, every function of this file returns an error.

use std::borrow::Cow;

use hardtack_rules::Seal;

use super::declaration::{CookieName, EncodeValue, Spec};
use super::error::SetError;
use super::overrides::Overrides;

#[cfg(feature = "seal")]
pub(crate) use with_seal::{SealContext, open, signed_text, write};
#[cfg(not(feature = "seal"))]
pub(crate) use without_seal::{SealContext, open, signed_text, write};

/// The reason why a signed or sealed value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    NoKeyring,
    #[cfg(feature = "seal")]
    Seal(crate::seal::OpenError),
    /// The value's seal is valid, but the value is not UTF-8.
    #[cfg(feature = "seal")]
    NotUtf8,
}

#[cfg(feature = "seal")]
mod with_seal {
    use core::time::Duration;

    use super::*;
    use crate::clock;
    use crate::cookie::overrides::ExpiryOverride;
    use crate::cookie::value::{self, ValueWriter};
    use crate::seal::{self, Keyring};

    /// The keyring for one cookie, and the longest lifetime that the policy allows for the cookie.
    #[derive(Clone, Copy, Default)]
    pub(crate) struct SealContext<'a> {
        pub(crate) keyring: Option<&'a Keyring>,
        /// The longest lifetime that the policy's baseline allows.
        pub(crate) longest_max_age: Option<Duration>,
    }

    /// Writes the cookie's name and the cookie's signed or sealed value into a new buffer. The buffer has space for
    /// `attributes_len` more bytes.
    pub(crate) fn write(
        spec: &Spec,
        name: &CookieName,
        value: &dyn EncodeValue,
        seal: Seal,
        overrides: &Overrides,
        context: SealContext<'_>,
        attributes_len: usize,
    ) -> Result<Option<Vec<u8>>, SetError> {
        let (cookie, name_eq) = (spec.name, name.name_eq());
        let keyring = overrides.keyring.as_ref().or(context.keyring);
        let Some(keyring) = keyring else { return Err(SetError::NoKeyring { cookie }) };
        let expiry = expiry(overrides.expiry, spec.max_age, keyring, context.longest_max_age);
        match seal {
            Seal::Signed => {
                let mut out = ValueWriter::new(name_eq.clone(), seal::SIGNATURE_LEN + attributes_len);
                value.encode(&mut out);
                let Some(mut header) = out.finish() else { return Ok(None) };
                let Some(text) = header.get(name_eq.len()..).and_then(value::decode).map(Cow::into_owned) else {
                    return Ok(None);
                };
                let signed = seal::sign(keyring, name.as_str(), expiry, text.as_bytes(), &mut header);
                Ok(signed.map(|()| header))
            }
            Seal::Sealed => {
                let mut out = ValueWriter::without_encoding(Cow::Borrowed(seal::PLAINTEXT_PREFIX), seal::TAG_LEN);
                value.encode(&mut out);
                let Some(message) = out.finish() else { return Ok(None) };
                let length = name_eq.len() + seal::sealed_len(message.len() + seal::TAG_LEN);
                let mut header = Vec::with_capacity(length + attributes_len);
                header.extend_from_slice(name_eq.as_bytes());
                match seal::seal(keyring, name.as_str(), expiry, message, &mut header) {
                    Some(()) => Ok(Some(header)),
                    None => Err(SetError::NoRandomness { cookie }),
                }
            }
        }
    }

    /// Returns the time at which the signed or sealed value expires, in Unix seconds. If the cookie has no lifetime,
    /// the keyring's default lifetime determines the expiry time.
    fn expiry(
        expiry: ExpiryOverride,
        max_age: Option<Duration>,
        keyring: &Keyring,
        longest_max_age: Option<Duration>,
    ) -> u32 {
        let now = u64::try_from(clock::unix_seconds(clock::now())).unwrap_or(0);
        let after = |lifetime: Duration| now.saturating_add(lifetime.as_secs());
        let end = match expiry {
            ExpiryOverride::Declared => after(max_age.unwrap_or(keyring.lifetime())),
            ExpiryOverride::MaxAge(max_age) => after(max_age),
            ExpiryOverride::Expires(_, end) => u64::try_from(end).unwrap_or(0),
            ExpiryOverride::WithoutMaxAge => {
                after(max_age.map_or(keyring.lifetime(), |max_age| max_age.min(keyring.lifetime())))
            }
        };
        let end = longest_max_age.map_or(end, |longest| end.min(after(longest)));
        u32::try_from(end).unwrap_or(u32::MAX)
    }

    /// Returns the text of a signed value that this request set. The value needs no verification.
    pub(crate) fn signed_text(raw: &[u8]) -> Option<Cow<'_, str>> {
        value::decode(raw.get(..raw.len().checked_sub(seal::SIGNATURE_LEN)?)?)
    }

    /// Verifies the seal of a raw cookie value, and returns the text without the seal.
    pub(crate) fn open<'a>(
        cookie: &str,
        raw: &'a [u8],
        seal: Seal,
        context: SealContext<'_>,
    ) -> Result<Cow<'a, str>, OpenError> {
        let Some(keyring) = context.keyring else { return Err(OpenError::NoKeyring) };
        let text = match seal {
            Seal::Signed => seal::open_signed(keyring, cookie, raw, value::decode).map(Some),
            Seal::Sealed => {
                seal::open_sealed(keyring, cookie, raw).map(|value| String::from_utf8(value).ok().map(Cow::Owned))
            }
        };
        text.map_err(OpenError::Seal)?.ok_or(OpenError::NotUtf8)
    }
}

/// Replaces `write` and `open` in a build without the feature `seal`. A `signed` or `sealed` declaration then does not
/// compile, so no program calls the replacements.
#[cfg(not(feature = "seal"))]
mod without_seal {
    use core::marker::PhantomData;

    use super::*;

    #[derive(Clone, Copy, Default)]
    pub(crate) struct SealContext<'a>(PhantomData<&'a ()>);

    pub(crate) fn write(
        spec: &Spec,
        _: &CookieName,
        _: &dyn EncodeValue,
        _: Seal,
        _: &Overrides,
        _: SealContext<'_>,
        _: usize,
    ) -> Result<Option<Vec<u8>>, SetError> {
        Err(SetError::NoKeyring { cookie: spec.name })
    }

    pub(crate) fn signed_text(_: &[u8]) -> Option<Cow<'_, str>> {
        None
    }

    pub(crate) fn open<'a>(_: &str, _: &'a [u8], _: Seal, _: SealContext<'_>) -> Result<Cow<'a, str>, OpenError> {
        Err(OpenError::NoKeyring)
    }
}
