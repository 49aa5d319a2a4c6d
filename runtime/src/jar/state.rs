//! The state of a jar: the cookies of the request, and the cookies that the response will set. All clones of a
//! `Cookies` share one state. After the jar is written into the response, no cookie can be set. The functions of this
//! file are not generic over the cookie type, but take a cookie's declaration as data.

use core::fmt;
use std::borrow::Cow;
use std::sync::PoisonError;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::cookie::declaration::{Declaration, DecodeSlot, EncodeValue, Spec, decode_raw};
#[cfg(feature = "seal")]
use crate::cookie::error::SealFault;
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::header_value::{HeaderContext, SetCookieHeader, set_cookie_header};
use crate::cookie::overrides::Overrides;
use crate::cookie::sealing::{self, OpenError, SealContext};
use crate::cookie::value::InvalidValue;
use crate::event::{Code, Event, Kind, log};
use crate::policy::Policy;
use crate::policy::handle::CurrentPolicy;
use crate::request::scheme::Verdict;
use crate::sync::{Mutex, MutexGuard, OnceLock};
use crate::wire::cookie::{self, Lookup};

/// The cookies of one request, and the cookies that the response will set.
#[doc(hidden)]
pub struct JarState {
    verdict: Verdict,
    headers: CookieHeaders,
    /// The method and URI of the request, for events. `target` is `None` if the jar was made only from headers.
    target: Option<(Method, Uri)>,
    policy: OnceLock<CurrentPolicy>,
    #[cfg(feature = "seal")]
    keyring: OnceLock<crate::seal::Keyring>,
    pending: Mutex<Pending>,
}

/// The `Cookie` headers of the request. Most requests have at most one `Cookie` header, so a jar usually needs no `Vec`
/// of headers.
enum CookieHeaders {
    AtMostOne(Option<HeaderValue>),
    Several(Vec<HeaderValue>),
}

impl CookieHeaders {
    fn from_request(headers: &HeaderMap) -> Self {
        let mut cookie_headers = headers.get_all(COOKIE).iter();
        match (cookie_headers.next(), cookie_headers.next()) {
            (Some(first), Some(second)) => {
                CookieHeaders::Several([first, second].into_iter().chain(cookie_headers).cloned().collect())
            }
            (one, _) => CookieHeaders::AtMostOne(one.cloned()),
        }
    }

    fn as_slice(&self) -> &[HeaderValue] {
        match self {
            CookieHeaders::AtMostOne(header) => header.as_slice(),
            CookieHeaders::Several(headers) => headers,
        }
    }
}

#[derive(Default)]
struct Pending {
    is_sent: bool,
    headers: Vec<SetCookieHeader>,
    /// The cookies whose value in the request is unreadable. A response that reports the read error removes the
    /// unreadable cookie.
    unreadable: Vec<Declaration>,
}

impl JarState {
    pub(crate) fn new(headers: &HeaderMap, verdict: Verdict) -> Self {
        JarState {
            verdict,
            headers: CookieHeaders::from_request(headers),
            target: None,
            policy: OnceLock::new(),
            #[cfg(feature = "seal")]
            keyring: OnceLock::new(),
            pending: Mutex::default(),
        }
    }

    /// Sets the method and URI for events.
    #[cfg(feature = "_layer")]
    pub(crate) fn with_target(mut self, method: &Method, uri: &Uri) -> Self {
        self.target = Some((method.clone(), uri.clone()));
        self
    }

    /// Sets the policy. Does nothing if a policy is already set, because each request has only one policy.
    pub(crate) fn set_policy(&self, policy: CurrentPolicy) {
        let _ = self.policy.set(policy);
    }

    /// Sets the keyring. Does nothing if a keyring is already set.
    #[cfg(feature = "seal")]
    pub(crate) fn set_keyring(&self, keyring: &crate::seal::Keyring) {
        let _ = self.keyring.set(keyring.clone());
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    #[cfg(feature = "_layer")]
    pub(crate) fn uri(&self) -> Option<&Uri> {
        self.target.as_ref().map(|(_, uri)| uri)
    }

    pub(crate) fn policy(&self) -> Option<&CurrentPolicy> {
        self.policy.get()
    }

    /// Closes the jar and returns the `Set-Cookie` headers of the jar. After the jar is closed, `set` returns an error.
    pub(crate) fn close(&self) -> Vec<SetCookieHeader> {
        let mut pending = self.pending();
        pending.is_sent = true;
        core::mem::take(&mut pending.headers)
    }

    /// Adds the `Set-Cookie` header that sets `value`. If `value` is `None`, adds the header that removes the cookie.
    pub(crate) fn add(
        &self,
        declaration: Declaration,
        value: Option<&dyn EncodeValue>,
        overrides: &Overrides,
    ) -> Result<(), SetError> {
        let context = self.header_context(declaration.spec);
        let header = set_cookie_header(declaration, value, overrides, &context);
        header.and_then(|header| self.push(header)).inspect_err(|error| {
            let evidence = error.evidence();
            // If there is evidence that the request came over plain HTTP, the event contains the evidence in a field of
            // its own. So the text of `reason` does not repeat the evidence.
            let reason: &dyn fmt::Display =
                if evidence.is_some() { &"a Secure cookie is not sent over plain HTTP" } else { error };
            let event = Event::new(Kind::CookieNotSet, error.code(), reason);
            self.emit(event.with_cookie(error.cookie()).with_evidence(evidence));
        })
    }

    fn push(&self, header: SetCookieHeader) -> Result<(), SetError> {
        let mut pending = self.pending();
        if pending.is_sent {
            return Err(SetError::ResponseSent { cookie: header.name });
        }
        if let Some(earlier) = pending.headers.iter().position(|earlier| header.replaces(earlier)) {
            pending.headers.remove(earlier);
        }
        pending.headers.push(header);
        Ok(())
    }

    /// Returns every raw value that the request contains for the cookie's name.
    pub(crate) fn values(&self, declaration: Declaration) -> impl Iterator<Item = &[u8]> {
        cookie::values(self.headers.as_slice(), declaration.spec.name)
    }

    /// Reads the cookie and stores the decoded value in `slot`. `slot` stays empty if the request does not contain the
    /// cookie.
    pub(crate) fn find(&self, declaration: Declaration, slot: &mut dyn DecodeSlot) -> Result<(), ReadError> {
        let result = match cookie::lookup(self.headers.as_slice(), declaration.spec.name) {
            Lookup::Missing => return Ok(()),
            Lookup::Unique(raw) => self.read_value(declaration, raw, slot),
            Lookup::Conflicting => self.read_conflicting(declaration, slot),
        };
        result.inspect_err(|error| self.reject(declaration, error))
    }

    /// Decodes one raw cookie value and stores the decoded value in `slot`.
    pub(crate) fn decode(
        &self,
        declaration: Declaration,
        raw: &[u8],
        slot: &mut dyn DecodeSlot,
    ) -> Result<(), ReadError> {
        self.read_value(declaration, raw, slot).inspect_err(|error| self.reject(declaration, error))
    }

    fn read_value(&self, declaration: Declaration, raw: &[u8], slot: &mut dyn DecodeSlot) -> Result<(), ReadError> {
        self.check_https(declaration.spec)?;
        let text = self.text(declaration.spec, raw)?;
        slot.decode(&text).map_err(|source| malformed(declaration.spec, source))
    }

    /// Reads a cookie for which the request contains several different values. If the cookie is `signed` or `sealed`,
    /// ignores every value without a valid seal. Another host of the same site may have set a value without a valid
    /// seal. If no value has a valid seal, returns the error of the first value.
    fn read_conflicting(&self, declaration: Declaration, slot: &mut dyn DecodeSlot) -> Result<(), ReadError> {
        let spec = declaration.spec;
        self.check_https(spec)?;
        let ambiguous = ReadError::Ambiguous { cookie: spec.name };
        if spec.seal.is_none() {
            return Err(ambiguous);
        }
        let (mut valid, mut first_error) = (None, None);
        for raw in self.values(declaration) {
            match self.text(spec, raw) {
                Ok(text) if valid.as_ref().is_some_and(|valid| *valid != text) => return Err(ambiguous),
                Ok(text) => valid = Some(text),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match (valid, first_error) {
            (Some(text), _) => slot.decode(&text).map_err(|source| malformed(spec, source)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(()),
        }
    }

    /// Returns an error if the cookie is Secure and the request came over plain HTTP. Anyone on the network can add
    /// cookies to a plain HTTP request.
    fn check_https(&self, spec: &Spec) -> Result<(), ReadError> {
        if spec.secure && !self.verdict.https {
            return Err(ReadError::NotHttps { cookie: spec.name, evidence: self.verdict.evidence });
        }
        Ok(())
    }

    /// Converts a raw cookie value to text. Verifies or decrypts a `signed` or `sealed` value. Percent-decodes a value
    /// that has no seal. Does not change the value of a `read_only` cookie, because another program wrote the value.
    fn text<'a>(&self, spec: &Spec, raw: &'a [u8]) -> Result<Cow<'a, str>, ReadError> {
        let Some(seal) = spec.seal else { return decode_raw(spec, raw).map_err(|source| malformed(spec, source)) };
        let context = self.seal_context(spec, self.current_policy());
        sealing::open(spec.name, raw, seal, context).map_err(|error| unseal_error(spec, error))
    }

    fn header_context(&self, spec: &Spec) -> HeaderContext<'_> {
        // This function reads the jar's policy only once. If the function read the policy twice, a concurrent
        // `with_policy` could set the policy between the two reads.
        let policy = self.current_policy();
        HeaderContext {
            verdict: self.verdict,
            cookie_domain: policy.and_then(Policy::cookie_domain),
            seal: self.seal_context(spec, policy),
        }
    }

    #[cfg(feature = "seal")]
    fn seal_context<'a>(&'a self, spec: &Spec, policy: Option<&'a Policy>) -> SealContext<'a> {
        if spec.seal.is_none() {
            return SealContext::default();
        }
        let keyring = self.keyring.get().or(policy.and_then(Policy::keyring));
        let with_baseline = policy.filter(|policy| policy.exception(spec.name.as_bytes()).is_none());
        SealContext { keyring, longest_max_age: with_baseline.and_then(|policy| policy.baseline().max_age_limit()) }
    }

    #[cfg(not(feature = "seal"))]
    fn seal_context<'a>(&'a self, _: &Spec, _: Option<&'a Policy>) -> SealContext<'a> {
        SealContext::default()
    }

    fn current_policy(&self) -> Option<&Policy> {
        self.policy.get().map(|current| &*current.policy)
    }

    /// Emits an event for the read error. If the error response must remove the cookie, stores the declaration for
    /// `remove_unreadable`.
    fn reject(&self, declaration: Declaration, error: &ReadError) {
        if error.removes_cookie() && !declaration.spec.read_only {
            let mut pending = self.pending();
            if !pending.unreadable.iter().any(|known| known.spec.name == declaration.spec.name) {
                pending.unreadable.push(declaration);
            }
        }
        let evidence = error.evidence();
        // If there is evidence that the request came over plain HTTP, the event contains the evidence in a field of its
        // own. So the text of `reason` does not repeat the evidence.
        let reason: &dyn fmt::Display =
            if evidence.is_some() { &"a Secure cookie is not read over plain HTTP" } else { error };
        let event = Event::new(Kind::CookieRejected, error.code(), reason);
        self.emit(event.with_cookie(error.cookie()).with_evidence(evidence));
    }

    /// Adds a header that removes the cookie `name`, if the cookie's value was unreadable. Does nothing if the response
    /// already sets the cookie.
    ///
    /// A `read_only` cookie is never removed, because another program owns the cookie.
    #[cfg(feature = "_layer")]
    pub(crate) fn remove_unreadable(&self, name: &str) {
        let declaration = self.pending().unreadable.iter().copied().find(|known| known.spec.name == name);
        let Some(declaration) = declaration else { return };
        let context = self.header_context(declaration.spec);
        let Ok(removal) = set_cookie_header(declaration, None, &Overrides::NONE, &context) else { return };
        let mut pending = self.pending();
        if !pending.headers.iter().any(|header| removal.replaces(header)) {
            // Inserts the removal before all other headers, so that the removal never deletes a cookie that the
            // application sets.
            pending.headers.insert(0, removal);
        }
    }

    /// Returns three values for `Debug`: the cookie names of the request, the cookie names of the response, and true if
    /// the jar is closed.
    pub(crate) fn names(&self) -> (Vec<Cow<'_, str>>, Vec<&'static str>, bool) {
        let received = self.headers.as_slice().iter().flat_map(|header| cookie::pairs(header.as_bytes()));
        let received = received.map(|(name, _)| String::from_utf8_lossy(name));
        let pending = self.pending();
        (received.collect(), pending.headers.iter().map(|header| header.name).collect(), pending.is_sent)
    }

    /// Emits an event with the method and path of the jar's request.
    pub(crate) fn emit(&self, event: Event<'_>) {
        let (method, path) = match &self.target {
            Some((method, uri)) => (Some(method), Some(uri.path())),
            None => (None, None),
        };
        let event = Event { method, path, ..event };
        match self.policy.get() {
            Some(current) => current.emit(&event),
            None => log(&event),
        }
    }

    /// Emits an event for cookies that were set but never sent.
    pub(crate) fn report_unsent(&self, headers: &[SetCookieHeader], reason: &'static str) {
        if headers.is_empty() {
            return;
        }
        let names = headers.iter().map(|header| header.name).collect::<Vec<_>>().join(", ");
        self.emit(Event::new(Kind::Mistake, Code::NeverSent, &reason).with_cookie(&names));
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // Ignores a poisoned lock: no code panics while it holds the lock, so the data is always valid.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn malformed(spec: &Spec, source: InvalidValue) -> ReadError {
    ReadError::Malformed { cookie: spec.name, source }
}

fn unseal_error(spec: &Spec, error: OpenError) -> ReadError {
    let cookie = spec.name;
    match error {
        OpenError::NoKeyring => ReadError::NoKeyring { cookie },
        #[cfg(feature = "seal")]
        OpenError::NotUtf8 => malformed(spec, InvalidValue::NOT_UTF8),
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

impl Drop for JarState {
    fn drop(&mut self) {
        let pending = self.pending.get_mut().unwrap_or_else(PoisonError::into_inner);
        let headers = core::mem::take(&mut pending.headers);
        self.report_unsent(
            &headers,
            "set and never sent; call `Cookies::write` on the response, or add the policy's layer",
        );
    }
}
