//! The state of a jar: the cookies of the request, and the cookies that the response will set. All clones of a
//! `Cookies` share one state. After the jar is written into the response, a handler can no longer set a cookie. The
//! functions in this file take a cookie's declaration as an argument, so the functions are not generic over the cookie
//! type.

use core::fmt;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;

use hardtack_rules::syntax::MAX_ATTRIBUTE_BYTES;
use hardtack_rules::{Prefix, Seal};
#[cfg(feature = "seal")]
use http::HeaderName;
use http::header::{COOKIE, SET_COOKIE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};

use super::pending::{Change, PendingCookie, PendingCookies};
use super::scopes::{Carried, DomainProblem, RepairReason, ScopeContext};
use crate::cookie::declaration::{CookieName, Declaration, EncodeValue, Spec};
use crate::cookie::error::{AttributeFault, SetError};
use crate::cookie::header_value::{HeaderContext, SetCookieHeader, removal_header, set_cookie_header};
use crate::cookie::overrides::{ExpiryOverride, Overrides};
use crate::cookie::scope::Identity;
#[cfg(feature = "_layer")]
use crate::cookie::scope::Scope;
use crate::cookie::sealing::SealContext;
use crate::cookie::value::ValueWriter;
use crate::event::{Code, Event, Kind, log};
use crate::policy::Policy;
use crate::policy::handle::CurrentPolicy;
#[cfg(feature = "_layer")]
use crate::policy::host_prefix::HostPrefix;
#[cfg(feature = "_layer")]
use crate::request::head::RequestHead;
use crate::request::head::{Repeated, only_header};
use crate::request::host::RequestHost;
use crate::request::scheme::Verdict;
use crate::sync::{Mutex, MutexGuard, OnceLock};
use crate::wire::cache_control;
use crate::wire::cookie;
use crate::wire::shown::Shown;

#[cfg(feature = "device-bound")]
pub(crate) mod device;
mod read;

/// The cookies of one request, and the cookies that the response will set.
#[doc(hidden)]
pub struct JarState {
    verdict: Verdict,
    headers: CookieHeaders,
    host: Option<RequestHost>,
    /// `None` if the jar was made from the headers alone.
    target: Option<Target>,
    /// True if the browser sent the request before the user opens the page.
    is_prefetch: bool,
    /// The policy of the middleware.
    policy: Option<CurrentPolicy>,
    /// The policy from `Cookies::with_policy`, in a jar that no middleware made.
    late_policy: OnceLock<CurrentPolicy>,
    /// The prefix setting with which the outermost middleware renamed the cookies of this request.
    #[cfg(feature = "_layer")]
    host_prefix: Option<std::sync::Arc<HostPrefix>>,
    #[cfg(feature = "seal")]
    keyring: OnceLock<crate::seal::Keyring>,
    pending: Mutex<Pending>,
}

/// The method and the path of the request.
struct Target {
    method: Method,
    /// `None` if the request has no path. A CONNECT request has only an authority.
    path: Option<PathAndQuery>,
}

impl Target {
    #[cfg(feature = "_layer")]
    fn new(head: &RequestHead<'_>) -> Self {
        Target { method: head.method.clone(), path: head.uri.path_and_query().cloned() }
    }

    fn path(&self) -> &str {
        self.path.as_ref().map(PathAndQuery::path).unwrap_or_default()
    }
}

/// The `Cookie` headers of the request. Most requests have at most one `Cookie` header, so a jar usually needs no `Vec`
/// of headers.
enum CookieHeaders {
    AtMostOne(Option<HeaderValue>),
    Several(Vec<HeaderValue>),
}

impl CookieHeaders {
    fn from_request(headers: &HeaderMap) -> Self {
        match only_header(headers, &COOKIE) {
            Ok(header) => CookieHeaders::AtMostOne(header.cloned()),
            Err(Repeated) => CookieHeaders::Several(headers.get_all(COOKIE).iter().cloned().collect()),
        }
    }

    fn as_slice(&self) -> &[HeaderValue] {
        match self {
            CookieHeaders::AtMostOne(header) => header.as_slice(),
            CookieHeaders::Several(headers) => headers,
        }
    }
}

/// The part of a jar that handlers change. `changes` is in a box, because most requests change no cookie and then need
/// no memory for it.
#[derive(Default)]
struct Pending {
    is_sent: bool,
    /// `None` until this request changes a cookie, or until the jar must record a read. For example, the jar records
    /// the read of a cookie with `idle`.
    changes: Option<Box<Changes>>,
}

impl Pending {
    /// Returns the changes, to add or remove a change.
    fn changes(&mut self) -> &mut Changes {
        self.changes.get_or_insert_default()
    }

    /// Returns the cookies that this request set or removed, in the order of the changes.
    fn cookies(&self) -> impl DoubleEndedIterator<Item = &PendingCookie> {
        self.changes.iter().flat_map(|changes| changes.cookies.iter())
    }

    fn cookie(&self, identity: &Identity) -> Option<&PendingCookie> {
        self.changes.as_ref()?.cookies.get(identity)
    }
}

#[derive(Default)]
struct Changes {
    cookies: PendingCookies,
    /// The cookies with a value that no server can read. If the handler returns the error of such a read, the response
    /// removes the cookie.
    unreadable: BTreeMap<CookieName, Declaration>,
    /// The cookies with `idle` that the response may re-issue.
    used: Vec<UsedCookie>,
    /// The reads and changes of cookies that are bound to a device.
    #[cfg(feature = "device-bound")]
    devices: device::DeviceCookies,
    /// True if the response must not re-issue a cookie.
    skips_reissue: bool,
    /// True if the response gets the header `Clear-Site-Data`.
    clears_site_data: bool,
}

/// A cookie with `idle` that this request read, and that the response re-issues with a new idle time.
struct UsedCookie {
    declaration: Declaration,
    name: CookieName,
    text: Text,
    overrides: Overrides,
}

/// A cookie value, without percent-encoding.
struct Text(String);

impl EncodeValue for Text {
    fn encode(&self, out: &mut ValueWriter) {
        out.push_str(&self.0);
    }
}

impl JarState {
    /// Makes the jar of a request from the request's headers.
    pub(crate) fn new(headers: &HeaderMap, host: Option<RequestHost>, verdict: Verdict) -> Self {
        let cookie_headers = CookieHeaders::from_request(headers);
        JarState {
            verdict,
            is_prefetch: is_prefetch(&cookie_headers, headers),
            headers: cookie_headers,
            host,
            target: None,
            policy: None,
            late_policy: OnceLock::new(),
            #[cfg(feature = "_layer")]
            host_prefix: None,
            #[cfg(feature = "seal")]
            keyring: OnceLock::new(),
            pending: Mutex::default(),
        }
    }

    /// Makes the jar of a request that the policy's middleware handles. `renamed` contains the `Cookie` headers that
    /// the setting `host_prefix` renamed. `renamed` is `None` if no header changed.
    #[cfg(feature = "_layer")]
    #[inline]
    pub(crate) fn in_middleware(
        head: &RequestHead<'_>,
        host: Option<RequestHost>,
        verdict: Verdict,
        policy: CurrentPolicy,
        host_prefix: Option<std::sync::Arc<HostPrefix>>,
        renamed: Option<&[HeaderValue]>,
    ) -> Self {
        let cookie_headers = match renamed {
            None => CookieHeaders::from_request(head.headers),
            Some(renamed) => CookieHeaders::Several(renamed.to_vec()),
        };
        JarState {
            verdict,
            is_prefetch: is_prefetch(&cookie_headers, head.headers),
            headers: cookie_headers,
            host,
            target: Some(Target::new(head)),
            policy: Some(policy),
            late_policy: OnceLock::new(),
            host_prefix,
            #[cfg(feature = "seal")]
            keyring: OnceLock::new(),
            pending: Mutex::default(),
        }
    }

    /// Returns the prefix setting with which the outermost middleware renamed the cookies of this request.
    #[cfg(feature = "_layer")]
    pub(crate) fn host_prefix(&self) -> Option<&std::sync::Arc<HostPrefix>> {
        self.host_prefix.as_ref()
    }

    /// Returns true if the jar is closed. A handler can no longer set a cookie in a closed jar.
    #[cfg(feature = "_layer")]
    pub(crate) fn is_closed(&self) -> bool {
        self.pending().is_sent
    }

    /// Sets the policy. Does nothing if a policy is already set, because each request has only one policy.
    pub(crate) fn set_policy(&self, policy: CurrentPolicy) {
        if self.policy.is_none() {
            let _ = self.late_policy.set(policy);
        }
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
    pub(crate) fn host(&self) -> Option<&RequestHost> {
        self.host.as_ref()
    }

    pub(crate) fn policy(&self) -> Option<&CurrentPolicy> {
        self.policy.as_ref().or_else(|| self.late_policy.get())
    }

    /// If this request changed nothing, closes the jar and returns true. Otherwise, leaves the jar open and returns
    /// false.
    #[cfg(feature = "_layer")]
    pub(crate) fn close_unchanged(&self) -> bool {
        let mut pending = self.pending();
        pending.is_sent |= pending.changes.is_none();
        pending.changes.is_none()
    }

    /// Closes the jar and returns the `Set-Cookie` headers of the jar. The headers that remove a cookie come first,
    /// because a removal at the end could delete a cookie that an earlier header of the response set. After the jar is
    /// closed, `set` returns an error.
    pub(crate) fn close(&self) -> Vec<SetCookieHeader> {
        let mut pending = self.pending();
        pending.is_sent = true;
        let changes = pending.changes.take();
        drop(pending);
        let Some(changes) = changes else { return Vec::new() };
        let cookies = changes.cookies;
        let needs_order = cookies.iter().any(PendingCookie::is_removal);
        let repairs = self.repairs(&cookies);
        #[cfg(feature = "device-bound")]
        let repairs = device::with_companions(repairs, &cookies);
        if repairs.is_empty() && !needs_order {
            return cookies.into_headers();
        }
        let (removed, set): (Vec<_>, Vec<_>) = cookies.into_iter().partition(PendingCookie::is_removal);
        let cookies = removed.into_iter().chain(set).map(|cookie| cookie.header);
        repairs.into_iter().chain(cookies).collect()
    }

    /// Returns the repairs for all pending cookies: the headers that remove older cookies from other scopes.
    fn repairs(&self, cookies: &PendingCookies) -> Vec<SetCookieHeader> {
        let mut headers: Vec<SetCookieHeader> = Vec::new();
        let (mut known, mut request) = (None, None);
        for cookie in cookies.iter() {
            let Some(reason) = cookie.repair else { continue };
            let spec = cookie.declaration.spec;
            let identity = &cookie.header.identity;
            // Most cookies have a `__Host-` name and no `formerly` entry. Such cookies need no repair.
            if spec.former.is_empty() && spec.name.starts_with(Prefix::Host.as_str()) {
                continue;
            }
            let host = self.host_name();
            let request: &CarriedValues<'_> =
                request.get_or_insert_with(|| CarriedValues::new(self.headers.as_slice()));
            let carried = self.carried(cookie.declaration, &identity.name, request);
            let carried_former = |name: &CookieName| request.of(name).is_some();
            let context = ScopeContext { policy: self.current_policy(), host: host.as_deref() };
            for repair in context.repairs(spec, identity, reason, carried, carried_former) {
                if cookies.get(&repair).is_none() && known.get_or_insert_with(HashSet::new).insert(repair.clone()) {
                    headers.extend(removal_header(spec, repair, self.verdict));
                }
            }
        }
        headers
    }

    /// Finds the request's cookies with the name. If the request carried one such cookie, checks that the jar can read
    /// the value.
    fn carried(&self, declaration: Declaration, name: &CookieName, request: &CarriedValues<'_>) -> Carried {
        match request.of(name) {
            None => Carried::Nothing,
            Some((raw, false)) => {
                let text = self.text(declaration.spec, name.as_str(), raw);
                match text.is_ok_and(|text| (declaration.is_valid)(&text)) {
                    true => Carried::OneReadable,
                    false => Carried::Suspect,
                }
            }
            Some((_, true)) => Carried::Suspect,
        }
    }

    /// Adds the `Set-Cookie` header that sets `value`. If `value` is `None`, adds the header that removes the cookie.
    pub(crate) fn add(
        &self,
        declaration: Declaration,
        name: CookieName,
        value: Option<&dyn EncodeValue>,
        overrides: &Overrides,
    ) -> Result<(), SetError> {
        #[cfg(feature = "device-bound")]
        let result = match declaration.spec.device_bound {
            Some(_) => self.add_bound(declaration, name, value, overrides),
            None => self.build(declaration, name, value, overrides).and_then(|cookie| self.push(cookie)),
        };
        #[cfg(not(feature = "device-bound"))]
        let result = self.build(declaration, name, value, overrides).and_then(|cookie| self.push(cookie));
        result.inspect_err(|error| {
            let evidence = error.evidence();
            // If there is evidence that the request came over plain HTTP, the event contains the evidence in a field of
            // its own. So the text of `reason` does not repeat the evidence.
            let reason: &dyn fmt::Display =
                if evidence.is_some() { &"a Secure cookie is not sent over plain HTTP" } else { error };
            let event = Event::new(Kind::CookieNotSet, error.code(), reason);
            self.emit(event.with_cookie(error.cookie()).with_evidence(evidence));
        })
    }

    fn build(
        &self,
        declaration: Declaration,
        name: CookieName,
        value: Option<&dyn EncodeValue>,
        overrides: &Overrides,
    ) -> Result<PendingCookie, SetError> {
        let spec = declaration.spec;
        // `build` reads the jar's policy only once, because another thread could set the policy between two reads.
        let policy = self.current_policy();
        let host = if spec.has_domain() { self.host_name() } else { None };
        let (scope, problem) = ScopeContext { policy, host: host.as_deref() }.scope(spec);
        let context = HeaderContext { verdict: self.verdict, scope, seal: self.seal_context(spec, policy) };
        let header = set_cookie_header(declaration, name, value, overrides, context)?;
        let change = match value {
            None => Change::Removed,
            Some(value) => Change::Set {
                sealed_text: if spec.seal == Some(Seal::Sealed) { plain_text(value) } else { None },
                expires: match overrides.expiry {
                    ExpiryOverride::Expires(_, end) | ExpiryOverride::ExpiresAfterIdle(end) => Some(end),
                    ExpiryOverride::MaxAge(max_age) if max_age.is_zero() => Some(i64::MIN),
                    ExpiryOverride::MaxAge(_) | ExpiryOverride::Declared | ExpiryOverride::WithoutMaxAge => None,
                },
            },
        };
        if header.identity.scope.path.len() > MAX_ATTRIBUTE_BYTES {
            let text =
                "the policy's `base_path` and the declared `path` together are over 1024 bytes; shorten one of them";
            let (cookie, attribute, fault) = (spec.name, "path", AttributeFault::new(text));
            return Err(SetError::Attribute { cookie, attribute, fault });
        }
        if let Some(problem) = problem {
            self.report_domain(spec, &header.identity, problem);
        }
        if overrides.is_shortened {
            let reason = "the lifetime was longer than the declared `max_age`, and was cut to it";
            self.emit(Event::new(Kind::HeaderHardened, Code::Shortened, &reason).with_cookie(spec.name));
        }
        let repair = if value.is_some() { RepairReason::Set } else { RepairReason::Removal };
        Ok(PendingCookie { declaration, header, change, repair: Some(repair) })
    }

    fn report_domain(&self, spec: &Spec, identity: &Identity, problem: DomainProblem) {
        let host = self.host_name();
        let host = host.as_deref().unwrap_or_default();
        let (kind, code, reason) = match problem {
            DomainProblem::Refused => (
                Kind::Mistake,
                Code::CookieDomain,
                format!(
                    "`cookie_domain_for` returned a domain that is neither the host `{host}` nor a parent domain of it; \
                     the cookie is host-only"
                ),
            ),
            DomainProblem::Mismatch => {
                let domain = identity.scope.domain.as_deref().unwrap_or_default();
                let reason = format!(
                    "`Domain={domain}` is neither the host `{host}` nor a parent domain of it, so browsers do not store \
                     the cookie; declare `domain = policy`, and give each environment its own `cookie_domain`"
                );
                (Kind::HeaderReported, Code::DomainMismatch, reason)
            }
        };
        self.emit(Event::new(kind, code, &reason).with_cookie(spec.name));
    }

    fn push(&self, mut cookie: PendingCookie) -> Result<(), SetError> {
        let mut pending = self.pending();
        if pending.is_sent {
            return Err(SetError::ResponseSent { cookie: cookie.declaration.spec.name });
        }
        let cookies = &mut pending.changes().cookies;
        if let Some(earlier) = cookies.take(&cookie.header.identity) {
            cookie.repair = cookie.repair.max(earlier.repair);
        }
        cookies.push(cookie);
        Ok(())
    }

    /// Drops the pending cookie, the cookie's repairs, and the planned re-issue of the cookie.
    pub(crate) fn undo(&self, declaration: Declaration, name: &CookieName) {
        let identity = self.identity(declaration.spec, name.clone());
        let mut pending = self.pending();
        let changes = pending.changes();
        changes.cookies.take(&identity);
        #[cfg(feature = "device-bound")]
        changes.devices.undo(declaration.spec.name);
        changes.used.retain(|used| used.name != *name);
    }

    /// Prevents the response from re-issuing cookies.
    pub(crate) fn skip_reissue(&self) {
        self.pending().changes().skips_reissue = true;
    }

    /// Adds `Clear-Site-Data` to the response when the jar is written, so that the browser removes all data of the
    /// site.
    pub(crate) fn clear_site_data(&self) {
        let mut pending = self.pending();
        let is_late = pending.is_sent;
        pending.changes().clears_site_data = !is_late;
        drop(pending);
        if is_late {
            let reason = "`Clear-Site-Data` was requested after the response was sent; call `clear_site_data` earlier";
            self.emit(Event::new(Kind::Mistake, Code::ResponseSent, &reason));
        }
    }

    /// If a handler called `clear_site_data`, returns the names of the cookies that the response sets. A second call
    /// returns `None`.
    pub(crate) fn take_clear_site_data(&self) -> Option<Vec<String>> {
        let mut pending = self.pending();
        let changes = pending.changes.as_mut()?;
        if !core::mem::take(&mut changes.clears_site_data) {
            return None;
        }
        let set = changes.cookies.iter().filter(|cookie| !cookie.is_removal());
        Some(set.map(|cookie| cookie.header.identity.name.as_str().to_owned()).collect())
    }

    /// Re-issues the cookies with `idle` that this request used: adds each cookie to the pending cookies, with a later
    /// idle expiry. `response` contains the headers of the finished response. The caller does not call this function
    /// for a response with the status 304.
    ///
    /// The read itself does not add the `Set-Cookie` header, because a handler can still set the cookie after the read.
    pub(crate) fn reissue_used(&self, response: &HeaderMap) {
        let mut pending = self.pending();
        let Some(changes) = &mut pending.changes else { return };
        let used = core::mem::take(&mut changes.used);
        let skips = changes.skips_reissue || changes.clears_site_data;
        drop(pending);
        if used.is_empty() || skips || !self.allows_headers_of_reads(response) {
            return;
        }
        for UsedCookie { declaration, name, text, overrides } in used {
            let is_set = |header: &HeaderValue| cookie_name(header.as_bytes()) == name.as_str().as_bytes();
            if response.get_all(SET_COOKIE).iter().any(is_set) {
                continue;
            }
            // If `build` returns an error, the browser keeps the old cookie. The response to the next request can then
            // re-issue the cookie.
            let Ok(cookie) = self.build(declaration, name, Some(&text), &overrides) else { continue };
            let mut pending = self.pending();
            let identity = &cookie.header.identity;
            let is_pending = pending.cookies().any(|other| other.header.identity.name == identity.name);
            if !is_pending && !pending.is_sent {
                pending.changes().cookies.push(PendingCookie { repair: None, ..cookie });
            }
        }
    }

    /// Returns true if the response may get a `Set-Cookie` header because this request read a cookie. A public response
    /// must not get such a header, because a shared cache would send the header to other users. A prefetch, a HEAD
    /// request and an OPTIONS request do not count as a use of a cookie.
    fn allows_headers_of_reads(&self, response: &HeaderMap) -> bool {
        let is_use =
            !self.target.as_ref().is_some_and(|target| matches!(target.method, Method::HEAD | Method::OPTIONS));
        is_use && !self.is_prefetch && !self.pending().is_sent && !cache_control::is_public(response)
    }

    /// Returns the cookie's identity: the name, and the scope in which this jar sets the cookie.
    fn identity(&self, spec: &Spec, name: CookieName) -> Identity {
        let host = if spec.policy_domain { self.host_name() } else { None };
        let context = ScopeContext { policy: self.current_policy(), host: host.as_deref() };
        Identity { name, scope: context.scope(spec).0 }
    }

    /// Returns the scope in which the jar sets a cookie.
    #[cfg(feature = "_layer")]
    pub(crate) fn scope(&self, spec: &Spec) -> Scope {
        let host = if spec.policy_domain { self.host_name() } else { None };
        let context = ScopeContext { policy: self.current_policy(), host: host.as_deref() };
        context.scope(spec).0
    }

    /// Returns the request's host in lower case, without a port.
    fn host_name(&self) -> Option<String> {
        self.host.as_ref()?.host().ok().map(|host| host.as_str().to_ascii_lowercase())
    }

    #[cfg(feature = "seal")]
    fn seal_context<'a>(&'a self, spec: &Spec, policy: Option<&'a Policy>) -> SealContext<'a> {
        if spec.seal.is_none() {
            return SealContext::default();
        }
        let keyring = self.keyring.get().or(policy.and_then(Policy::keyring));
        let with_baseline = policy.filter(|policy| !policy.allowed(spec.name.as_bytes()).everything);
        SealContext { keyring, longest_max_age: with_baseline.and_then(|policy| policy.baseline().max_age_limit()) }
    }

    #[cfg(not(feature = "seal"))]
    fn seal_context<'a>(&'a self, _: &Spec, _: Option<&'a Policy>) -> SealContext<'a> {
        SealContext::default()
    }

    fn current_policy(&self) -> Option<&Policy> {
        self.policy().map(|current| &*current.policy)
    }

    /// Removes the unreadable cookies whose declared name is `name`. Adds no header for a cookie that the response
    /// already sets or removes.
    ///
    /// A `read_only` cookie is never removed, because another program owns the cookie.
    #[cfg(feature = "_layer")]
    pub(crate) fn remove_unreadable(&self, name: &str) {
        let Some(unreadable) = self.pending().changes.as_mut().map(|changes| core::mem::take(&mut changes.unreadable))
        else {
            return;
        };
        for (name, declaration) in unreadable.into_iter().filter(|(_, declaration)| declaration.spec.name == name) {
            let Ok(removal) = self.build(declaration, name, None, &Overrides::NONE) else { continue };
            // This removal has no repairs: the response removes the cookie from the declared scope only.
            let removal = PendingCookie { repair: None, ..removal };
            let mut pending = self.pending();
            let cookies = &mut pending.changes().cookies;
            if cookies.get(&removal.header.identity).is_none() {
                cookies.push(removal);
            }
        }
    }

    /// Returns the keys of a family. The keys in the `Cookie` headers come first, in the order of the headers. Then
    /// come the keys that this request set. The result contains each key once, but not the key of a cookie that this
    /// request removed.
    pub(crate) fn family_keys(&self, declaration: Declaration) -> Vec<String> {
        let family = declaration.spec.name;
        let pending = self.pending();
        let changed = pending.cookies().filter_map(|cookie| {
            let key = CookieName::key_in(family, cookie.header.identity.name.as_str())?;
            Some((key, cookie.text().is_some()))
        });
        let changed: Vec<_> = changed.collect();
        let is_live: HashMap<&str, bool> = changed.iter().copied().collect();
        let mut seen = HashSet::new();
        let keys = self.carried_keys(family).chain(changed.iter().map(|(key, _)| *key));
        let keys = keys.filter(|key| is_live.get(key).copied().unwrap_or(true) && seen.insert(*key));
        keys.map(str::to_owned).collect()
    }

    /// Returns the keys of the cookies that the response must remove, so that the browser keeps at most `limit` cookies
    /// of the family. The result contains only keys from the `Cookie` headers, without the keys that this request set
    /// or removed. The function selects the first of these keys, because the oldest cookies come first in the `Cookie`
    /// headers.
    pub(crate) fn surplus_keys(&self, declaration: Declaration, limit: usize) -> Vec<String> {
        let family = declaration.spec.name;
        let Some(first) = self.carried_keys(family).next() else { return Vec::new() };
        let mut identity = self.identity(declaration.spec, CookieName::in_family(family, first));
        let pending = self.pending();
        let is_set = |cookie: &&PendingCookie| {
            !cookie.is_removal() && CookieName::key_in(family, cookie.header.identity.name.as_str()).is_some()
        };
        // The newest changes are at the end of the list, so a search from the end usually stops early.
        let set = pending.cookies().rev().filter(is_set).take(limit).count();
        let mut seen = HashSet::new();
        let mut old: Vec<&str> = self.carried_keys(family).filter(|key| seen.insert(*key)).collect();
        old.retain(|key| {
            identity.name = CookieName::in_family(family, key);
            pending.cookie(&identity).is_none()
        });
        old.truncate((old.len() + set).saturating_sub(limit));
        old.into_iter().map(str::to_owned).collect()
    }

    /// Returns the keys of a family in the order of the `Cookie` headers. A key can be in the result several times.
    fn carried_keys<'a>(&'a self, family: &'a str) -> impl Iterator<Item = &'a str> {
        let carried = self.headers.as_slice().iter().flat_map(|header| cookie::pairs(header.as_bytes()));
        carried.filter_map(move |(name, _)| CookieName::key_in(family, std::str::from_utf8(name).ok()?))
    }

    /// Returns the context in which `document_cookie` builds the text for a script.
    pub(crate) fn document_context(&self, spec: &Spec) -> HeaderContext<'_> {
        let policy = self.current_policy();
        let host = if spec.policy_domain { self.host_name() } else { None };
        let (scope, _) = ScopeContext { policy, host: host.as_deref() }.scope(spec);
        HeaderContext { verdict: self.verdict, scope, seal: self.seal_context(spec, policy) }
    }

    /// Returns three values for `Debug`: the cookie names of the request, the cookie names of the response, and true if
    /// the jar is closed. If a request cookie's name contains an invalid character, the name is cut before this
    /// character.
    pub(crate) fn names(&self) -> (Vec<String>, Vec<String>, bool) {
        let received = self.headers.as_slice().iter().flat_map(|header| cookie::pairs(header.as_bytes()));
        let received = received.map(|(name, _)| Shown::name(name).to_string());
        let pending = self.pending();
        let names = pending.cookies().map(|cookie| cookie.header.identity.name.as_str().to_owned());
        (received.collect(), names.collect(), pending.is_sent)
    }

    /// Emits an event with the method and path of the jar's request.
    pub(crate) fn emit(&self, event: Event<'_>) {
        let (method, path) = match &self.target {
            Some(target) => (Some(&target.method), Some(target.path())),
            None => (None, None),
        };
        let event = Event { method, path, ..event };
        match self.policy() {
            Some(current) => current.emit(&event),
            None => log(&event),
        }
    }

    /// Emits an event for cookies that a handler set, but that no response contains.
    pub(crate) fn report_unsent(&self, headers: &[SetCookieHeader], reason: &'static str) {
        if headers.is_empty() {
            return;
        }
        let names = headers.iter().map(|header| header.identity.name.as_str()).collect::<Vec<_>>().join(", ");
        self.emit(Event::new(Kind::Mistake, Code::NeverSent, &reason).with_cookie(&names));
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // Ignores a poisoned lock, because the data is always valid: no code panics while the jar is locked.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request's cookies, grouped by name. The repairs of all pending cookies use this map, so the `Cookie` headers are
/// parsed once.
struct CarriedValues<'a> {
    /// The first value of each name, and true if the request contains the name several times.
    by_name: HashMap<&'a [u8], (&'a [u8], bool)>,
}

impl<'a> CarriedValues<'a> {
    fn new(headers: &'a [HeaderValue]) -> Self {
        let mut by_name = HashMap::new();
        for (name, value) in headers.iter().flat_map(|header| cookie::pairs(header.as_bytes())) {
            by_name.entry(name).and_modify(|(_, has_second)| *has_second = true).or_insert((value, false));
        }
        CarriedValues { by_name }
    }

    /// Returns the first value of the name, and true if the request contains the name several times.
    fn of(&self, name: &CookieName) -> Option<(&'a [u8], bool)> {
        self.by_name.get(name.as_str().as_bytes()).copied()
    }
}

/// Returns the name of the cookie in a `Set-Cookie` header.
fn cookie_name(header: &[u8]) -> &[u8] {
    header.split(|byte| matches!(byte, b'=' | b';')).next().unwrap_or_default().trim_ascii()
}

/// Returns true if the browser sent the request before the user opens the page. The value of `Sec-Purpose` is
/// `prefetch`, or a list such as `prefetch;prerender`.
///
/// If the request has no cookies, the function returns false and does not check `Sec-Purpose`: such a request cannot
/// extend the idle time of a cookie.
#[cfg(feature = "seal")]
fn is_prefetch(cookie_headers: &CookieHeaders, headers: &HeaderMap) -> bool {
    static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
    let words = |value: &[u8]| {
        value.split(|byte| matches!(byte, b';' | b',')).any(|word| word.trim_ascii().eq_ignore_ascii_case(b"prefetch"))
    };
    let is_prefetch = || match only_header(headers, &SEC_PURPOSE) {
        Ok(value) => value.is_some_and(|value| words(value.as_bytes())),
        Err(Repeated) => headers.get_all(&SEC_PURPOSE).iter().any(|value| words(value.as_bytes())),
    };
    !cookie_headers.as_slice().is_empty() && is_prefetch()
}

/// Without the feature `seal`, no cookie has an idle time, so the check is not necessary.
#[cfg(not(feature = "seal"))]
fn is_prefetch(_: &CookieHeaders, _: &HeaderMap) -> bool {
    false
}

/// Returns the value without percent-encoding, or `None` if the value cannot be encoded.
fn plain_text(value: &dyn EncodeValue) -> Option<Vec<u8>> {
    let mut out = ValueWriter::without_encoding(Cow::Borrowed(""), 0);
    value.encode(&mut out);
    out.finish()
}

impl Drop for JarState {
    fn drop(&mut self) {
        let pending = self.pending.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(mut changes) = pending.changes.take() else { return };
        let cookies = core::mem::take(&mut changes.cookies);
        let headers: Vec<_> = cookies.into_iter().map(|cookie| cookie.header).collect();
        let is_clearing_lost = changes.clears_site_data && !pending.is_sent;
        if is_clearing_lost {
            let reason = "`clear_site_data` was called, and no response was written; call `Cookies::write` on the response, \
                          or add the policy's layer";
            self.emit(Event::new(Kind::Mistake, Code::NeverSent, &reason));
        }
        self.report_unsent(
            &headers,
            "set and never sent; call `Cookies::write` on the response, or add the policy's layer",
        );
    }
}
