//! Signs or seals the value of a `signed` or `sealed` cookie. Also verifies and removes the seal when the application
//! reads such a cookie. The cryptography is in the module `seal`. Without the feature `seal`, the functions of this
//! file return only errors or `None`.

use std::borrow::Cow;

use hardtack_rules::Seal;

use super::declaration::{CookieName, EncodeValue, Spec};
use super::error::SetError;
use super::overrides::Overrides;

#[cfg(feature = "seal")]
pub(crate) use with_seal::{Opened, SealContext, open, reissue, signed_text, write};
#[cfg(not(feature = "seal"))]
pub(crate) use without_seal::{Opened, SealContext, open, reissue, signed_text, write};

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
    use crate::seal::{self, KeptSettings, Keyring, SKEW, Terms};

    /// The keyring for one cookie, and the longest lifetime that the policy allows.
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
        let terms = terms(spec, overrides, keyring, context.longest_max_age);
        match seal {
            Seal::Signed => {
                let mut out = ValueWriter::new(name_eq.clone(), seal::SIGNATURE_LEN + attributes_len);
                value.encode(&mut out);
                let Some(mut header) = out.finish() else { return Ok(None) };
                let Some(text) = header.get(name_eq.len()..).and_then(value::decode).map(Cow::into_owned) else {
                    return Ok(None);
                };
                let signed = seal::sign(keyring, name.as_str(), &terms, text.as_bytes(), &mut header);
                Ok(signed.map(|()| header))
            }
            Seal::Sealed => {
                let mut out = ValueWriter::without_encoding(seal::plaintext_prefix(&terms), seal::TAG_LEN);
                value.encode(&mut out);
                let Some(message) = out.finish() else { return Ok(None) };
                let length = name_eq.len() + seal::sealed_len(message.len() + seal::TAG_LEN);
                let mut header = Vec::with_capacity(length + attributes_len);
                header.extend_from_slice(name_eq.as_bytes());
                match seal::seal(keyring, name.as_str(), &terms, message, &mut header) {
                    Some(()) => Ok(Some(header)),
                    None => Err(SetError::NoRandomness { cookie }),
                }
            }
        }
    }

    /// Returns the terms of the seal. If the cookie has no lifetime, the seal expires after the keyring's default
    /// lifetime.
    fn terms(spec: &Spec, overrides: &Overrides, keyring: &Keyring, longest_max_age: Option<Duration>) -> Terms {
        let now = now();
        let after = |lifetime: Duration| now.saturating_add(lifetime.as_secs());
        let limit = |end: u64| longest_max_age.map_or(end, |longest| end.min(after(longest)));
        if let Some(terms) = &overrides.reissued {
            let idle_expiry = to_u32(limit(terms.idle_expiry.into()));
            return Terms { idle_expiry, ..terms.clone() };
        }
        let default = || keyring.lifetime();
        let expiry = limit(match (overrides.expiry, spec.max_age) {
            (ExpiryOverride::Declared, max_age) => after(max_age.unwrap_or_else(default)),
            (ExpiryOverride::MaxAge(max_age), _) => after(max_age),
            (ExpiryOverride::Expires(_, end) | ExpiryOverride::ExpiresAfterIdle(end), _) => {
                u64::try_from(end).unwrap_or(0)
            }
            // The cookie already expires after the idle time, so the seal keeps the declared lifetime.
            (ExpiryOverride::WithoutMaxAge, Some(max_age)) if spec.idle.is_some() => after(max_age),
            (ExpiryOverride::WithoutMaxAge, Some(max_age)) => after(max_age.min(default())),
            (ExpiryOverride::WithoutMaxAge, None) => after(default()),
        });
        let idle_expiry = spec.idle.map_or(expiry, |idle| expiry.min(after(idle)));
        // The registration of a device sets the cookie again too.
        let kept = match spec.idle.is_some() || spec.device_bound.is_some() {
            true => KeptSettings {
                without_max_age: matches!(overrides.expiry, ExpiryOverride::WithoutMaxAge),
                same_site: overrides.same_site,
            },
            false => KeptSettings::default(),
        };
        #[cfg(feature = "device-bound")]
        let extension = overrides.extension.clone();
        #[cfg(not(feature = "device-bound"))]
        let extension = Vec::new();
        Terms { idle_expiry: to_u32(idle_expiry), expiry: to_u32(expiry), kept, extension }
    }

    fn now() -> u64 {
        u64::try_from(clock::unix_seconds(clock::now())).unwrap_or(0)
    }

    fn to_u32(seconds: u64) -> u32 {
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// Checks whether a read extends the idle time of a cookie. `terms` contains the data in the seal of the value that
    /// was read: the two expiry times, and the settings that a re-issue keeps. Returns the settings of the `Set-Cookie`
    /// header that re-issues the cookie, or `None` if the response does not re-issue the cookie.
    ///
    /// A read re-issues the cookie if less than half of the idle time is left. So most requests do not set a cookie. If
    /// the clocks of two servers differ by at most one minute, a re-issue never makes the idle expiry earlier.
    ///
    /// If an earlier release of the application declared the cookie without `idle`, or with a longer `idle`, a read
    /// re-issues the old value with the present idle time.
    pub(crate) fn reissue(spec: &Spec, terms: &Terms) -> Option<Overrides> {
        let idle = spec.idle?.as_secs();
        let now = now();
        let (old, expiry) = (u64::from(terms.idle_expiry), u64::from(terms.expiry));
        let new = now.saturating_add(idle).min(expiry);
        let is_past_half = old.saturating_sub(now) < idle.div_ceil(2) && new > old;
        let is_too_long = old > new.saturating_add(SKEW.unsigned_abs());
        if !is_past_half && !is_too_long {
            return None;
        }
        let terms = Terms { idle_expiry: to_u32(new), ..terms.clone() };
        // Perhaps the present declaration is stricter than the declaration with which the cookie was set.
        let same_site = terms.kept.same_site.filter(|same_site| same_site.is_at_least(spec.same_site));
        let expiry = match terms.kept.without_max_age {
            true => ExpiryOverride::WithoutMaxAge,
            false => ExpiryOverride::MaxAge(Duration::from_secs(new.saturating_sub(now))),
        };
        Some(Overrides { expiry, same_site, reissued: Some(terms), ..Overrides::NONE })
    }

    /// Returns the text of a signed value that the application set during the same request. This value needs no
    /// verification, because hardtack itself has just signed the value.
    pub(crate) fn signed_text(raw: &[u8]) -> Option<Cow<'_, str>> {
        value::decode(seal::without_signature(raw)?)
    }

    /// The text of a value with a valid seal, and the terms of the seal.
    pub(crate) struct Opened<'a> {
        pub(crate) text: Cow<'a, str>,
        pub(crate) terms: Terms,
    }

    impl Opened<'_> {
        /// Combines the terms of two seals with the same text. For both expiry times, the result has the earlier time
        /// of the two seals. The result also has the stricter settings of the two seals.
        pub(crate) fn merge(&mut self, other: Opened<'_>) {
            self.terms.idle_expiry = self.terms.idle_expiry.min(other.terms.idle_expiry);
            self.terms.expiry = self.terms.expiry.min(other.terms.expiry);
            // If two extensions have the same mark, the greater one is from a session with a registered device.
            self.terms.extension = core::mem::take(&mut self.terms.extension).max(other.terms.extension);
            self.terms.kept = self.terms.kept.stricter(other.terms.kept);
        }
    }

    /// Verifies the seal of a raw cookie value, and returns the text without the seal.
    pub(crate) fn open<'a>(
        cookie: &str,
        raw: &'a [u8],
        seal: Seal,
        context: SealContext<'_>,
    ) -> Result<Opened<'a>, OpenError> {
        let Some(keyring) = context.keyring else { return Err(OpenError::NoKeyring) };
        match seal {
            Seal::Signed => {
                let (text, terms) = seal::open_signed(keyring, cookie, raw, value::decode).map_err(OpenError::Seal)?;
                Ok(Opened { text, terms })
            }
            Seal::Sealed => {
                let (value, terms) = seal::open_sealed(keyring, cookie, raw).map_err(OpenError::Seal)?;
                let text = String::from_utf8(value).map_err(|_| OpenError::NotUtf8)?;
                Ok(Opened { text: Cow::Owned(text), terms })
            }
        }
    }
}

/// Replaces `write` and `open` in a build without the feature `seal`. Without the feature `seal`, a `signed` or
/// `sealed` declaration does not compile, so no program calls `write` and `open`.
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

    /// Without the feature `seal`, no seal is ever opened, so `Opened` needs no terms.
    pub(crate) struct Opened<'a> {
        pub(crate) text: Cow<'a, str>,
        pub(crate) terms: (),
    }

    impl Opened<'_> {
        pub(crate) fn merge(&mut self, _: Opened<'_>) {}
    }

    pub(crate) fn reissue(_: &Spec, (): &()) -> Option<Overrides> {
        None
    }

    pub(crate) fn open<'a>(_: &str, _: &'a [u8], _: Seal, _: SealContext<'_>) -> Result<Opened<'a>, OpenError> {
        Err(OpenError::NoKeyring)
    }
}
