//! The cookies of a jar that are bound to a device. This file decides whether a `set` is a sign-in, checks the
//! companion of a cookie that is read, and removes the companion together with its cookie.

use std::collections::BTreeMap;

use hardtack_rules::SameSite;
use http::HeaderMap;

use super::read::{OpenedValue, malformed};
use super::{Changes, JarState};
use crate::cookie::declaration::{CookieName, Declaration, DecodeSlot, EncodeValue, Spec, companion_name};
use crate::cookie::error::{ProofFault, ReadError, SetError};
#[cfg(feature = "_layer")]
use crate::cookie::former;
use crate::cookie::header_value::SetCookieHeader;
use crate::cookie::overrides::Overrides;
use crate::cookie::scope::{Identity, Scope};
use crate::cookie::sealing::Opened;
use crate::device_bound::{Binding, find_valid, removal};
#[cfg(feature = "_layer")]
use crate::jar::pending::PendingCookie;
use crate::jar::pending::PendingCookies;
use crate::seal::{Keyring, Terms};
#[cfg(feature = "_layer")]
use crate::wire::cookie::{self, Lookup};

/// The reads and changes of each cookie that is bound to a device. The keys are the cookies' names.
#[derive(Default)]
pub(super) struct DeviceCookies(BTreeMap<&'static str, DeviceCookie>);

#[derive(Default)]
struct DeviceCookie {
    /// The extension of the cookie that the request carried. `None` until a getter returns the value of this cookie.
    read: Option<Vec<u8>>,
    /// True if this request removed the cookie. A later `set` is then a sign-in: another user signs in.
    is_removed: bool,
    /// The binding of the sign-in, if this request signed a user in.
    sign_in: Option<SignIn>,
    /// The reason why an extractor refused the cookie.
    #[cfg(feature = "_layer")]
    unproven: Option<String>,
    /// The header that removes the companion, if the companion has expired or belongs to another session.
    stale_companion: Option<SetCookieHeader>,
}

/// A sign-in of this request. The response offers a registration to the browser.
#[cfg_attr(not(feature = "_layer"), allow(dead_code, reason = "only the middleware offers a registration"))]
pub(crate) struct SignIn {
    pub(crate) spec: &'static Spec,
    pub(crate) binding: Binding,
}

impl DeviceCookies {
    pub(super) fn undo(&mut self, name: &'static str) {
        if let Some(cookie) = self.0.get_mut(name) {
            (cookie.is_removed, cookie.sign_in) = (false, None);
        }
    }
}

/// The rule that decides which reads fail if the request does not prove the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// A read fails if the cookie has a registered device. A read of a cookie that is declared `optional` never fails.
    Declared,
    /// Every read fails.
    Always,
}

impl JarState {
    /// Sets or removes a cookie that is bound to a device.
    pub(super) fn add_bound(
        &self,
        declaration: Declaration,
        name: CookieName,
        value: Option<&dyn EncodeValue>,
        overrides: &Overrides,
    ) -> Result<(), SetError> {
        let spec = declaration.spec;
        if value.is_none() {
            self.build(declaration, name, None, overrides).and_then(|cookie| self.push(cookie))?;
            let mut pending = self.pending();
            let cookie = pending.changes().devices.0.entry(spec.name).or_default();
            (cookie.is_removed, cookie.sign_in) = (true, None);
            return Ok(());
        }
        let pending = self.pending();
        let known = pending.changes.as_ref().and_then(|changes| changes.devices.0.get(spec.name));
        let renewed = known.filter(|cookie| !cookie.is_removed).and_then(|cookie| {
            // A renewal keeps the mark of the cookie that was read. This response can reach the browser after the
            // response to the registration, and then overwrites the registered cookie. Without the mark, the session
            // would no longer be bound to the device.
            cookie.read.clone()
        });
        drop(pending);
        let (extension, sign_in) = match renewed {
            Some(extension) => (extension, None),
            None => {
                let binding = Binding::new().ok_or(SetError::NoRandomness { cookie: spec.name })?;
                (binding.to_extension(), Some(SignIn { spec, binding }))
            }
        };
        let overrides = Overrides { extension, ..overrides.clone() };
        self.build(declaration, name, value, &overrides).and_then(|cookie| self.push(cookie))?;
        self.pending().changes().devices.0.entry(spec.name).or_default().sign_in = sign_in;
        Ok(())
    }

    /// Takes the sign-ins of this request out of the jar and returns these sign-ins. If the response asks the browser
    /// to remove all data of the site, the result is empty.
    #[cfg(feature = "_layer")]
    pub(crate) fn take_sign_ins(&self) -> Vec<SignIn> {
        let mut pending = self.pending();
        let changes = pending.changes();
        let is_cleared = changes.clears_site_data;
        let sign_ins = changes.devices.0.values_mut().filter_map(|cookie| cookie.sign_in.take());
        let sign_ins = sign_ins.collect();
        if is_cleared { Vec::new() } else { sign_ins }
    }

    /// Checks the companion of a cookie that was opened. Returns the terms of the cookie. If the companion is valid,
    /// the returned terms have the state `registered`.
    pub(super) fn check_device(&self, spec: &Spec, terms: Terms, demand: Demand) -> Result<Terms, ReadError> {
        let Some(binding) = spec.device_bound else { return Ok(terms) };
        match self.prove(spec, spec.name, &terms.extension) {
            Ok(binding) => Ok(Terms { extension: binding.to_extension(), ..terms }),
            Err(fault) if demand == Demand::Always => Err(ReadError::Unproven { cookie: spec.name, fault }),
            Err(ProofFault::NotRegistered) => Ok(terms),
            Err(_) if binding.optional => Ok(terms),
            Err(fault) => Err(ReadError::Unproven { cookie: spec.name, fault }),
        }
    }

    /// Checks the companion of a cookie that came under an earlier name. The companion's name is made from this earlier
    /// name. Returns true if the request proves the device.
    pub(super) fn check_former_device(
        &self,
        spec: &Spec,
        former_name: &'static str,
        terms: &Terms,
    ) -> Result<bool, ReadError> {
        let Some(binding) = spec.device_bound else { return Ok(false) };
        match self.prove(spec, former_name, &terms.extension) {
            Ok(_) => Ok(true),
            Err(ProofFault::NotRegistered) => Ok(false),
            Err(_) if binding.optional => Ok(false),
            Err(fault) => Err(ReadError::Unproven { cookie: former_name, fault }),
        }
    }

    /// Records that a getter returned a value that came under an earlier name. The jar calls this function only if the
    /// request does not prove the device. A later `set` of the cookie is then a renewal, and the response offers no
    /// registration. Otherwise, a thief with a copy of the old cookie could register a key. `extension` is empty if the
    /// value has no seal.
    pub(super) fn note_former_read(&self, spec: &'static Spec, extension: Vec<u8>) {
        if spec.device_bound.is_some() {
            self.pending().changes().devices.0.entry(spec.name).or_default().read = Some(extension);
        }
    }

    /// Reads a cookie. Returns an error if the request does not prove the device. If the request does not contain the
    /// cookie, `slot` stays empty. A sign-in in the same request does not prove the device.
    #[cfg(feature = "_layer")]
    pub(crate) fn find_proven(
        &self,
        declaration: Declaration,
        name: &CookieName,
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        let spec = declaration.spec;
        let identity = self.identity(spec, name.clone());
        let is_removed = self.pending().cookie(&identity).map(PendingCookie::is_removal);
        match is_removed {
            Some(true) => return Ok(()),
            Some(false) => return self.find_renewed(declaration, name, slot),
            None => {}
        }
        let is_absent = matches!(cookie::lookup(self.headers.as_slice(), name.as_str()), Lookup::Missing);
        if is_absent && !spec.former.is_empty() {
            return self.find_former_proven(declaration, name, slot);
        }
        self.read_and_use(declaration, name, slot, |spec| {
            let opened = match cookie::lookup(self.headers.as_slice(), name.as_str()) {
                Lookup::Missing => None,
                Lookup::Unique(raw) => self.open(spec, name.as_str(), raw)?,
                Lookup::Conflicting => self.open_conflicting(spec, name.as_str())?,
            };
            match opened {
                Some(OpenedValue::Sealed(Opened { text, terms })) => {
                    let terms = self.check_device(spec, terms, Demand::Always)?;
                    Ok(Some(OpenedValue::Sealed(Opened { text, terms })))
                }
                Some(OpenedValue::Plain(_)) | None => Ok(None),
            }
        })
    }

    /// Reads a value that came under an earlier name. Returns an error if the request does not prove the device. The
    /// companion's name is made from the earlier name.
    #[cfg(feature = "_layer")]
    fn find_former_proven(
        &self,
        declaration: Declaration,
        name: &CookieName,
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        let spec = declaration.spec;
        let Some(found) = former::find(spec, name, self.headers.as_slice(), self.verdict.https) else {
            return Ok(());
        };
        let cookie = found.former.name_in(spec);
        let (text, unproven) = self.former_text(spec, found.former, found.name.as_str(), found.raw)?;
        if let Some(extension) = unproven {
            let fault = self.prove(spec, cookie, &extension).err().unwrap_or(ProofFault::NotRegistered);
            return Err(ReadError::Unproven { cookie, fault });
        }
        slot.decode(&text).map_err(|source| ReadError::Malformed { cookie, source })
    }

    /// Reads a cookie that this request set. A renewal carries the mark of the cookie that the request carried, so the
    /// companion in the request can prove the device. A sign-in in the same request does not prove the device.
    #[cfg(feature = "_layer")]
    fn find_renewed(
        &self,
        declaration: Declaration,
        name: &CookieName,
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        let spec = declaration.spec;
        let unproven = |fault| ReadError::Unproven { cookie: spec.name, fault };
        let read = match self.pending().changes.as_ref().and_then(|changes| changes.devices.0.get(spec.name)) {
            Some(DeviceCookie { sign_in: None, read: Some(extension), .. }) => extension.clone(),
            _ => return Err(unproven(ProofFault::NotRegistered)),
        };
        self.prove(spec, spec.name, &read).map_err(unproven)?;
        self.find_pending(declaration, name, slot);
        Ok(())
    }

    /// Stores the reason why an extractor refused the cookie.
    #[cfg(feature = "_layer")]
    pub(crate) fn note_unproven(&self, name: &'static str, reason: String) {
        self.pending().changes().devices.0.entry(name).or_default().unproven = Some(reason);
    }

    /// Returns the reason why an extractor refused the cookie, and forgets the reason.
    #[cfg(feature = "_layer")]
    pub(crate) fn take_unproven(&self, name: &'static str) -> Option<String> {
        self.pending().changes.as_mut()?.devices.0.get_mut(name)?.unproven.take()
    }

    /// Checks that the request contains a valid companion of the cookie. Returns the binding of the cookie. The binding
    /// has the state `registered`.
    fn prove(&self, spec: &Spec, name: &str, extension: &[u8]) -> Result<Binding, ProofFault> {
        let binding = match Binding::from_extension(extension) {
            Ok(Some(binding)) => binding,
            Ok(None) => return Err(ProofFault::NotRegistered),
            // A later release wrote the extension.
            Err(_) => return Err(ProofFault::OtherSession),
        };
        let keyring: Option<&Keyring> = self.seal_context(spec, self.current_policy()).keyring;
        let found = match keyring {
            Some(keyring) => find_valid(keyring, self.headers.as_slice(), name, binding.mark),
            None => Err(ProofFault::CompanionMissing),
        };
        match found {
            Ok(()) => Ok(binding.registered()),
            Err(_) if !binding.is_registered => Err(ProofFault::NotRegistered),
            Err(fault) => {
                if fault != ProofFault::CompanionMissing && name == spec.name {
                    let header = companion_removal(spec);
                    self.pending().changes().devices.0.entry(spec.name).or_default().stale_companion = header;
                }
                Err(fault)
            }
        }
    }

    /// Returns the headers that remove stale companions. While a browser has a companion, the browser starts no
    /// refresh. So the browser would keep the companion of an earlier sign-in until this companion expires. Until then,
    /// the user would be signed out. After the removal, the browser refreshes the companion before its next request.
    fn take_stale_companions(&self) -> Vec<SetCookieHeader> {
        if !self.verdict.https {
            return Vec::new();
        }
        let mut pending = self.pending();
        let Changes { devices, cookies, .. } = pending.changes();
        let is_removed =
            |name: &str| cookies.iter().any(|cookie| cookie.is_removal() && cookie.declaration.spec.name == name);
        let stale = devices.0.iter_mut().filter(|(name, _)| !is_removed(name));
        stale.filter_map(|(_, cookie)| cookie.stale_companion.take()).collect()
    }

    /// Closes the jar and returns the jar's headers, as [`close`](JarState::close) does. The result also contains the
    /// headers that remove stale companions.
    ///
    /// If the response must not get a header because of a read, the function does not remove stale companions.
    pub(crate) fn close_with_stale_companions(&self, response: &HeaderMap) -> Vec<SetCookieHeader> {
        let mut headers = self.take_stale_companions();
        if !headers.is_empty() && !self.allows_headers_of_reads(response) {
            headers.clear();
        }
        headers.extend(self.close());
        headers
    }

    /// Records that a getter returned the value of a cookie. A later `set` of the cookie is then a renewal.
    pub(super) fn note_read(&self, spec: &'static Spec, terms: &Terms) {
        if spec.device_bound.is_some() {
            self.pending().changes().devices.0.entry(spec.name).or_default().read = Some(terms.extension.clone());
        }
    }

    /// Reads one raw value of a cookie that is bound to a device.
    pub(super) fn read_bound(
        &self,
        declaration: Declaration,
        name: &CookieName,
        raw: &[u8],
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        let spec = declaration.spec;
        let Some(OpenedValue::Sealed(Opened { text, terms })) = self.open(spec, name.as_str(), raw)? else {
            return Ok(());
        };
        let terms = self.check_device(spec, terms, Demand::Declared)?;
        slot.decode(&text).map_err(|source| malformed(spec, source))?;
        self.note_read(spec, &terms);
        Ok(())
    }
}

/// Adds the headers that remove the companions of the cookies that this request removes.
pub(super) fn with_companions(mut headers: Vec<SetCookieHeader>, cookies: &PendingCookies) -> Vec<SetCookieHeader> {
    let removed = cookies.iter().filter(|cookie| cookie.is_removal());
    headers.extend(removed.filter_map(|cookie| companion_removal(cookie.declaration.spec)));
    headers
}

fn companion_removal(spec: &Spec) -> Option<SetCookieHeader> {
    spec.device_bound?;
    let same_site: SameSite = spec.same_site;
    let name = CookieName::from_text(&companion_name(spec.name)?);
    let identity = Identity { name, scope: Scope::declared(spec) };
    Some(SetCookieHeader { identity, declared_name: spec.name, value: removal(spec.name, same_site)? })
}
