//! Reads the cookies of a request: finds the raw value, opens the seal, and decodes the value.

use core::fmt;
use std::borrow::Cow;

use hardtack_rules::Former;

#[cfg(feature = "device-bound")]
use super::device;
use super::{JarState, Text, UsedCookie};
use crate::browser::request_match::path_matches;
use crate::cookie::declaration::{CookieName, Declaration, DecodeSlot, Spec, decode_raw};
use crate::cookie::error::ReadError;
#[cfg(feature = "seal")]
use crate::cookie::error::SealFault;
use crate::cookie::former;
use crate::cookie::sealing::{self, OpenError, Opened};
use crate::cookie::value::InvalidValue;
use crate::event::{Code, Event, Kind};
use crate::wire::cookie::{self, Lookup};

/// A cookie value that the request carried, as text.
pub(super) enum OpenedValue<'a> {
    /// The cookie has no seal.
    Plain(Cow<'a, str>),
    Sealed(Opened<'a>),
}

impl JarState {
    /// Returns the raw values of all request cookies with the name.
    pub(crate) fn raw_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        cookie::values(self.headers.as_slice(), name)
    }

    /// Reads the cookie and stores the decoded value in `slot`. If the cookie is absent, `slot` stays empty. If this
    /// request already set or removed the cookie, uses the pending change instead of the `Cookie` header.
    pub(crate) fn find(
        &self,
        declaration: Declaration,
        name: &CookieName,
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        if self.find_pending(declaration, name, slot) {
            return Ok(());
        }
        let result = match cookie::lookup(self.headers.as_slice(), name.as_str()) {
            Lookup::Missing if declaration.spec.former.is_empty() => return Ok(()),
            // The jar never re-issues a value that came under an earlier name, because an attacker may have chosen the
            // value.
            Lookup::Missing => self.find_former(declaration, name, slot).map(|_| ()),
            Lookup::Unique(raw) => {
                self.read_and_use(declaration, name, slot, |spec| self.open(spec, name.as_str(), raw))
            }
            Lookup::Conflicting => {
                self.read_and_use(declaration, name, slot, |spec| self.open_conflicting(spec, name.as_str()))
            }
        };
        result.inspect_err(|error| self.reject(declaration, name, error))
    }

    /// Reads the pending value of the cookie. Returns false if this request neither set nor removed the cookie.
    pub(super) fn find_pending(&self, declaration: Declaration, name: &CookieName, slot: &mut dyn DecodeSlot) -> bool {
        if self.pending().changes.as_ref().is_none_or(|changes| changes.cookies.is_empty()) {
            return false;
        }
        let identity = self.identity(declaration.spec, name.clone());
        let pending = self.pending();
        let Some(cookie) = pending.cookie(&identity) else { return false };
        let Some(text) = cookie.text().map(Cow::into_owned) else { return true };
        // Unlocks the jar, because the application's code decodes the value and can call the jar.
        drop(pending);
        if let Err(error) = slot.decode(&text) {
            let reason = format!("a value that this request set is not valid for the type that reads it: {error}");
            self.emit(Event::new(Kind::Mistake, Code::PendingValue, &reason).with_cookie(declaration.spec.name));
        }
        true
    }

    /// Reads the value that the request carried under an earlier name of the cookie. If there is such a value, stores
    /// the decoded value in `slot` and returns true.
    ///
    /// The caller first checks that the request carried no cookie with the present name.
    pub(crate) fn find_former(
        &self,
        declaration: Declaration,
        name: &CookieName,
        slot: &mut dyn DecodeSlot,
    ) -> Result<bool, ReadError> {
        let spec = declaration.spec;
        if !self.is_inside_path(spec) {
            return Ok(false);
        }
        let Some(found) = former::find(spec, name, self.headers.as_slice(), self.verdict.https) else {
            return Ok(false);
        };
        #[cfg_attr(not(feature = "device-bound"), allow(unused_variables, reason = "no cookie is bound to a device"))]
        let (text, unproven) = self.former_text(spec, found.former, found.name.as_str(), found.raw)?;
        let cookie = found.former.name_in(spec);
        slot.decode(&text).map_err(|source| ReadError::Malformed { cookie, source })?;
        #[cfg(feature = "device-bound")]
        if let Some(extension) = unproven {
            self.note_former_read(spec, extension);
        }
        Ok(true)
    }

    /// Returns true if browsers send the cookie with a request for this path, or if the path is not known. A request
    /// for a path outside the cookie's path never carries the cookie with the present name. Without this check, the jar
    /// would then read a cookie with an earlier name, and an attacker may have planted that cookie.
    fn is_inside_path(&self, spec: &Spec) -> bool {
        let Some(target) = &self.target else { return true };
        let path = target.path().as_bytes();
        // A proxy can remove the policy's base path from the path of the request.
        spec.path == "/"
            || path_matches(path, spec.path.as_bytes())
            || self
                .current_policy()
                .is_some_and(|policy| path_matches(path, policy.with_base_path(spec.path).as_bytes()))
    }

    /// Converts the raw value of a cookie with an earlier name to text. If the request does not prove the device, the
    /// function also returns the extension of the value's seal. The extension contains the binding to the device. If
    /// the value has no seal, the returned extension is empty.
    pub(super) fn former_text<'a>(
        &self,
        spec: &Spec,
        former: &Former<'static>,
        full_name: &str,
        raw: &'a [u8],
    ) -> Result<(Cow<'a, str>, Option<Vec<u8>>), ReadError> {
        let cookie = former.name_in(spec);
        match spec.seal.filter(|_| !former.unsigned) {
            Some(seal) => {
                let context = self.seal_context(spec, self.current_policy());
                let opened =
                    sealing::open(full_name, raw, seal, context).map_err(|error| unseal_error(cookie, error))?;
                #[cfg(feature = "device-bound")]
                let unproven = match self.check_former_device(spec, cookie, &opened.terms)? {
                    true => None,
                    false => Some(opened.terms.extension),
                };
                #[cfg(not(feature = "device-bound"))]
                let unproven = None;
                Ok((opened.text, unproven))
            }
            None => {
                let text = decode_raw(raw, former.raw).map_err(|source| ReadError::Malformed { cookie, source })?;
                Ok((text, Some(Vec::new())))
            }
        }
    }

    /// Returns true if the request carried the cookie only under an earlier name, and the jar can read the value.
    pub(crate) fn is_former(&self, declaration: Declaration, name: &CookieName, slot: &mut dyn DecodeSlot) -> bool {
        matches!(cookie::lookup(self.headers.as_slice(), name.as_str()), Lookup::Missing)
            && self.find_former(declaration, name, slot).unwrap_or(false)
    }

    /// Decodes one raw cookie value and stores the decoded value in `slot`.
    pub(crate) fn decode(
        &self,
        declaration: Declaration,
        name: &CookieName,
        raw: &[u8],
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        self.read_value(declaration, name, raw, slot).inspect_err(|error| self.reject(declaration, name, error))
    }

    fn read_value(
        &self,
        declaration: Declaration,
        name: &CookieName,
        raw: &[u8],
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        self.check_https(declaration.spec)?;
        #[cfg(feature = "device-bound")]
        if declaration.spec.device_bound.is_some() {
            return self.read_bound(declaration, name, raw, slot);
        }
        let text = self.text(declaration.spec, name.as_str(), raw)?;
        slot.decode(&text).map_err(|source| malformed(declaration.spec, source))
    }

    /// Reads the value that `open` returns. If the cookie has `idle`, the read counts as a use of the cookie.
    pub(super) fn read_and_use<'a>(
        &'a self,
        declaration: Declaration,
        name: &CookieName,
        slot: &mut dyn DecodeSlot,
        open: impl FnOnce(&Spec) -> Result<Option<OpenedValue<'a>>, ReadError>,
    ) -> Result<(), ReadError> {
        let spec = declaration.spec;
        self.check_https(spec)?;
        let Some(opened) = open(spec)? else { return Ok(()) };
        let (text, terms) = match opened {
            OpenedValue::Plain(text) => (text, None),
            OpenedValue::Sealed(Opened { text, terms }) => (text, Some(terms)),
        };
        #[cfg(feature = "device-bound")]
        let terms = match terms {
            Some(terms) => Some(self.check_device(spec, terms, device::Demand::Declared)?),
            None => None,
        };
        slot.decode(&text).map_err(|source| malformed(spec, source))?;
        #[cfg(feature = "device-bound")]
        if let Some(terms) = &terms {
            self.note_read(spec, terms);
        }
        let Some(overrides) = terms.and_then(|terms| sealing::reissue(spec, &terms)) else { return Ok(()) };
        let used = UsedCookie { declaration, name: name.clone(), text: Text(text.into_owned()), overrides };
        let mut pending = self.pending();
        let known = &mut pending.changes().used;
        if !known.iter().any(|known| known.name == *name) {
            known.push(used);
        }
        Ok(())
    }

    /// Reads a cookie for which the request contains several different values. If the cookie is `signed` or `sealed`,
    /// ignores each value without a valid seal, because another host of the same site may have set this value. If no
    /// value has a valid seal, returns the error for the first value.
    pub(super) fn open_conflicting(&self, spec: &Spec, name: &str) -> Result<Option<OpenedValue<'_>>, ReadError> {
        let ambiguous = ReadError::Ambiguous { cookie: spec.name };
        let Some(seal) = spec.seal else { return Err(ambiguous) };
        let (mut valid, mut first_error): (Option<Opened<'_>>, _) = (None, None);
        let context = self.seal_context(spec, self.current_policy());
        for raw in cookie::values(self.headers.as_slice(), name) {
            match (sealing::open(name, raw, seal, context), &mut valid) {
                (Ok(opened), Some(valid)) if valid.text != opened.text => return Err(ambiguous),
                (Ok(opened), Some(valid)) => valid.merge(opened),
                (Ok(opened), None) => valid = Some(opened),
                (Err(error), _) => first_error = first_error.or(Some(unseal_error(spec.name, error))),
            }
        }
        match (valid, first_error) {
            (Some(opened), _) => Ok(Some(OpenedValue::Sealed(opened))),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    /// Returns an error if the cookie is Secure and the request came over plain HTTP. Anyone on the network can add
    /// cookies to a plain HTTP request.
    pub(super) fn check_https(&self, spec: &Spec) -> Result<(), ReadError> {
        if spec.secure && !self.verdict.https {
            return Err(ReadError::NotHttps { cookie: spec.name, evidence: self.verdict.evidence });
        }
        Ok(())
    }

    /// Converts a raw cookie value to text. The function verifies a `signed` value, decrypts a `sealed` value, and
    /// percent-decodes a value without a seal. The value of a `read_only` cookie stays unchanged, because another
    /// program wrote the value.
    pub(super) fn text<'a>(&self, spec: &Spec, name: &str, raw: &'a [u8]) -> Result<Cow<'a, str>, ReadError> {
        let Some(seal) = spec.seal else {
            return decode_raw(raw, spec.read_only).map_err(|source| malformed(spec, source));
        };
        let context = self.seal_context(spec, self.current_policy());
        let opened = sealing::open(name, raw, seal, context);
        opened.map(|opened| opened.text).map_err(|error| unseal_error(spec.name, error))
    }

    /// Converts a raw cookie value to text, like [`text`](JarState::text). For a `signed` or `sealed` value, the result
    /// also contains the terms of the seal.
    pub(super) fn open<'a>(
        &self,
        spec: &Spec,
        name: &str,
        raw: &'a [u8],
    ) -> Result<Option<OpenedValue<'a>>, ReadError> {
        let Some(seal) = spec.seal else { return self.text(spec, name, raw).map(OpenedValue::Plain).map(Some) };
        let context = self.seal_context(spec, self.current_policy());
        let opened = sealing::open(name, raw, seal, context).map_err(|error| unseal_error(spec.name, error))?;
        Ok(Some(OpenedValue::Sealed(opened)))
    }

    /// Emits an event for the read error. If an error response must remove the cookie, stores the declaration for a
    /// later call of `remove_unreadable`.
    fn reject(&self, declaration: Declaration, name: &CookieName, error: &ReadError) {
        let is_present_name = error.cookie() == declaration.spec.name;
        if error.removes_cookie() && is_present_name && !declaration.spec.read_only {
            self.pending().changes().unreadable.entry(name.clone()).or_insert(declaration);
        }
        let evidence = error.evidence();
        // If there is evidence that the request came over plain HTTP, the event contains the evidence in a field of its
        // own. So the text of `reason` does not repeat the evidence.
        let reason: &dyn fmt::Display =
            if evidence.is_some() { &"a Secure cookie is not read over plain HTTP" } else { error };
        let event = Event::new(Kind::CookieRejected, error.code(), reason);
        self.emit(event.with_cookie(error.cookie()).with_evidence(evidence));
    }
}

pub(super) fn malformed(spec: &Spec, source: InvalidValue) -> ReadError {
    ReadError::Malformed { cookie: spec.name, source }
}

fn unseal_error(cookie: &'static str, error: OpenError) -> ReadError {
    match error {
        OpenError::NoKeyring => ReadError::NoKeyring { cookie },
        #[cfg(feature = "seal")]
        OpenError::NotUtf8 => ReadError::Malformed { cookie, source: InvalidValue::NOT_UTF8 },
        #[cfg(feature = "seal")]
        OpenError::Seal(error) => match error {
            crate::seal::OpenError::Malformed => ReadError::BadSeal { cookie, fault: SealFault::Malformed },
            crate::seal::OpenError::Version => ReadError::BadSeal { cookie, fault: SealFault::Version },
            crate::seal::OpenError::Mismatch => ReadError::BadSeal { cookie, fault: SealFault::Mismatch },
            crate::seal::OpenError::UnknownKey => ReadError::UnknownKey { cookie },
            crate::seal::OpenError::Expired => ReadError::Expired { cookie },
        },
    }
}
