//! What a jar and a line ask of `seal`, with the feature or without it: a value in, its part of a line out, and a raw
//! value back. Turns what `seal` finds into errors; knows no cryptography.

use std::borrow::Cow;

use hardtack_rules::Seal;

use crate::declare::{Declaration, Value};
use crate::error::{ReadError, Removal, SetError};
use crate::line::Varied;

#[cfg(feature = "seal")]
pub(crate) use with::{Keys, open, write};
#[cfg(not(feature = "seal"))]
pub(crate) use without::{Keys, open, write};

#[cfg(feature = "seal")]
mod with {
    use core::time::Duration;

    use hardtack_rules::date;

    use super::*;
    use crate::clock;
    use crate::error::SealFault;
    use crate::line::Life;
    use crate::seal::{self, Closed, Keyring};
    use crate::value::{self, ValueWriter};

    /// What signs and seals in one exchange.
    #[derive(Clone, Copy, Default)]
    pub(crate) struct Keys<'a> {
        pub(crate) keyring: Option<&'a Keyring>,
        /// The longest life that the policy's floor leaves a cookie.
        pub(crate) longest: Option<Duration>,
    }

    /// The line as far as the value, signed or sealed; `tail` octets are reserved behind it.
    pub(crate) fn write(
        Declaration { spec, wire }: Declaration,
        value: &dyn Value,
        seal: Seal,
        varied: &Varied,
        keys: Keys<'_>,
        tail: usize,
    ) -> Result<Option<Vec<u8>>, SetError> {
        let (cookie, head) = (spec.name, wire.head);
        let keyring = varied.keyring.as_ref().or(keys.keyring);
        let Some(keyring) = keyring else { return Err(SetError::NoKeyring { cookie }) };
        let expiry = expiry(varied.life, spec.max_age, keyring, keys.longest);
        match seal {
            Seal::Signed => {
                let mut out = ValueWriter::new(head, seal::SIGNATURE + tail);
                value.write(&mut out);
                let Some(mut line) = out.written() else { return Ok(None) };
                let signed = seal::sign(keyring, cookie, expiry, &mut line, head.len());
                Ok(signed.map(|()| line))
            }
            Seal::Sealed => {
                let mut out = ValueWriter::as_it_is(seal::BEFORE, seal::AFTER);
                value.write(&mut out);
                let Some(message) = out.written() else { return Ok(None) };
                let length = head.len() + seal::sealed_length(message.len() + seal::AFTER);
                let mut line = Vec::with_capacity(length + tail);
                line.extend_from_slice(head.as_bytes());
                match seal::seal(keyring, cookie, expiry, message, &mut line) {
                    Some(()) => Ok(Some(line)),
                    None => Err(SetError::NoRandomness { cookie }),
                }
            }
        }
    }

    /// When the value ends, in Unix seconds: where the cookie says, else after the keyring's default life.
    fn expiry(life: Life, declared: Option<Duration>, keyring: &Keyring, longest: Option<Duration>) -> u32 {
        let now = u64::try_from(clock::unix_seconds(clock::now())).unwrap_or(0);
        let after = |life: Duration| now.saturating_add(life.as_secs());
        let end = match life {
            Life::Declared => after(declared.unwrap_or(keyring.life())),
            Life::MaxAge(max_age) => after(max_age),
            Life::Until(text) => date::cookie_date(&text).map_or(0, |end| u64::try_from(end).unwrap_or(0)),
            Life::Session => after(keyring.life()),
        };
        let end = longest.map_or(end, |longest| end.min(after(longest)));
        u32::try_from(end).unwrap_or(u32::MAX)
    }

    /// Gives the text of a raw value to `then`, where its seal holds; `None` where it is not UTF-8.
    pub(crate) fn open<R>(
        cookie: &'static str,
        raw: &[u8],
        seal: Seal,
        keys: Keys<'_>,
        removal: impl FnOnce() -> Removal,
        then: impl FnOnce(Option<Cow<'_, str>>) -> R,
    ) -> Result<R, ReadError> {
        let Some(keyring) = keys.keyring else { return Err(ReadError::NoKeyring { cookie }) };
        let opened = match seal {
            Seal::Signed => seal::open_signed(keyring, cookie, raw).map(|value| then(value::decode(value))),
            Seal::Sealed => seal::open_sealed(keyring, cookie, raw, |value| {
                then(core::str::from_utf8(value).ok().map(Cow::Borrowed))
            }),
        };
        opened.map_err(|closed| {
            let removal = removal();
            match closed {
                Closed::Malformed => ReadError::BadSeal { cookie, fault: SealFault::Malformed, removal },
                Closed::Version => ReadError::BadSeal { cookie, fault: SealFault::Version, removal },
                Closed::Mismatch => ReadError::BadSeal { cookie, fault: SealFault::Mismatch, removal },
                Closed::UnknownKey => ReadError::UnknownKey { cookie, removal },
                Closed::Expired => ReadError::Expired { cookie, removal },
            }
        })
    }
}

/// No declaration says `signed` or `sealed` then, since the macro's expansion does not compile.
#[cfg(not(feature = "seal"))]
mod without {
    use core::marker::PhantomData;

    use super::*;

    #[derive(Clone, Copy, Default)]
    pub(crate) struct Keys<'a>(PhantomData<&'a ()>);

    pub(crate) fn write(
        declared: Declaration,
        _: &dyn Value,
        _: Seal,
        _: &Varied,
        _: Keys<'_>,
        _: usize,
    ) -> Result<Option<Vec<u8>>, SetError> {
        Err(SetError::NoKeyring { cookie: declared.spec.name })
    }

    pub(crate) fn open<R>(
        cookie: &'static str,
        _: &[u8],
        _: Seal,
        _: Keys<'_>,
        _: impl FnOnce() -> Removal,
        _: impl FnOnce(Option<Cow<'_, str>>) -> R,
    ) -> Result<R, ReadError> {
        Err(ReadError::NoKeyring { cookie })
    }
}
