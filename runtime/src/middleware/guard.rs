//! Handles one request in the middleware. First, the guard checks the request's method, URI and headers. The guard
//! returns the policy's own response if the policy redirects or refuses the request, or if the request is for an
//! endpoint of device-bound cookies. Otherwise the guard returns a jar for the request. Later, the guard applies the
//! policy to the application's response.

use core::sync::atomic::{AtomicBool, Ordering};

use http::header::SET_COOKIE;
use http::{Extensions, HeaderMap, StatusCode};

use super::extract_error::ExtractError;
use super::plain_http::{self, PolicyResponse};
use super::prefix::request::RenamedCookies;
use super::prefix::{self, Prefixing};
use super::response::ResponseHardener;
use super::trusted::TrustedHeaders;
#[cfg(feature = "device-bound")]
use crate::cookie::declaration::{CookieName, Declaration, DeviceBoundValue};
use crate::cookie::header_value::SetCookieHeader;
#[cfg(feature = "device-bound")]
use crate::device_bound::Bound;
use crate::event::{self, Code, Event, Kind};
use crate::jar::cookies::Cookies;
use crate::jar::state::JarState;
use crate::policy::PolicyHandle;
use crate::request::head::RequestHead;
use crate::request::host::RequestHost;
use crate::request::scheme::{Https, Scheme};
#[cfg(any(feature = "actix", feature = "rocket"))]
use crate::request::signal::ConfiguredHeader;
use crate::request::tls_termination::TlsTermination;
use crate::sync::Arc;

#[cfg(feature = "rocket")]
const PREFIX_UNAVAILABLE: &str = "this version of the framework does not allow the policy to rename the cookies of \
                                  requests; take the names out of `host_prefix`";

/// The state that all requests share: the policy, and the setting with which the middleware detects the scheme of a
/// request.
///
/// A clone is cheap. Some frameworks clone the guard for each request.
#[derive(Debug, Clone)]
pub(crate) struct PolicyGuard {
    shared: Arc<Shared>,
    keeps_trusted: bool,
    /// True if the adapter can write text into the body of a response. The endpoints of device-bound cookies send JSON.
    #[cfg(feature = "device-bound")]
    writes_bodies: bool,
}

#[derive(Debug)]
struct Shared {
    policy: PolicyHandle,
    tls_termination: TlsTermination,
}

impl PolicyGuard {
    pub(crate) fn new(policy: PolicyHandle, tls_termination: TlsTermination) -> Self {
        if let Some(mistake) = tls_termination.mistake() {
            policy.current_policy().emit(&Event::new(Kind::Mistake, Code::TlsTermination, &mistake));
        }
        PolicyGuard {
            shared: Arc::new(Shared { policy, tls_termination }),
            keeps_trusted: false,
            #[cfg(feature = "device-bound")]
            writes_bodies: true,
        }
    }

    /// Records whether the adapter can write text into the body of a response.
    #[cfg(all(feature = "tower", feature = "device-bound"))]
    pub(crate) fn set_writes_bodies(&mut self, writes_bodies: bool) {
        self.writes_bodies = writes_bodies;
    }

    /// Makes the guard add [`TrustedHeaders`] to every response. An adapter calls this method if the middleware can
    /// handle the same request twice.
    #[cfg(feature = "salvo")]
    pub(crate) fn keeping_trusted(mut self) -> Self {
        self.keeps_trusted = true;
        self
    }

    /// Returns true if the policy renames cookies.
    #[cfg(feature = "rocket")]
    pub(crate) fn has_host_prefix(&self) -> bool {
        self.shared.policy.current().renamed().is_some()
    }

    /// Emits the event for an application that does not launch, because the framework does not allow the policy to
    /// rename the cookies of requests.
    #[cfg(feature = "rocket")]
    pub(crate) fn report_prefix_unavailable(&self) {
        let event = Event::new(Kind::Mistake, Code::PrefixUnavailable, &PREFIX_UNAVAILABLE);
        self.shared.policy.current_policy().emit(&event);
    }

    /// Returns the header that the developer passed to [`TrustedProxies::header`](crate::TrustedProxies::header).
    #[cfg(any(feature = "actix", feature = "rocket"))]
    pub(crate) fn configured_header(&self) -> Option<&ConfiguredHeader> {
        self.shared.tls_termination.configured_header()
    }

    /// Emits a notice about the whole application, not about one request.
    #[cfg(feature = "rocket")]
    pub(crate) fn notice(&self, rule: Code, reason: &dyn core::fmt::Display) {
        self.shared.policy.current_policy().emit(&Event::new(Kind::Notice, rule, reason));
    }

    /// Checks a request and makes the request's cookie jar.
    ///
    /// # Errors
    ///
    /// Returns the policy's own response if the request is redirected or refused.
    pub(crate) fn on_request(&self, head: &RequestHead<'_>) -> Result<InFlight, Box<PolicyResponse>> {
        event::report_suppressed();
        let current = self.shared.policy.current_policy();
        let verdict = self.shared.tls_termination.verdict(head);
        #[cfg(feature = "device-bound")]
        if let Some(response) = super::device_bound::respond(&current, head, verdict, self.writes_bodies) {
            return Err(Box::new(PolicyResponse::DeviceBound(response)));
        }
        let host = RequestHost::from_request(head.uri, head.headers).ok();
        let outer_jar = head.extensions.get::<JarHandle>();
        let prefixing = Prefixing::new(current.policy.renamed(), outer_jar.map(|outer| &*outer.0));
        let response = if verdict.https {
            None
        } else {
            let is_untrusted_claim = self.shared.tls_termination.is_untrusted_claim(verdict);
            plain_http::respond(current.policy.force_https(), head, is_untrusted_claim)
        };
        // If the policy redirects or refuses the request, no renaming is necessary, because the application does not
        // receive the request.
        let renamed = match response {
            None => prefixing.rename_request(head.headers, verdict.https),
            Some(_) => None,
        };
        let new_headers = renamed.as_deref().and_then(RenamedCookies::headers);
        let host_prefix = prefixing.host_prefix().cloned();
        let jar = Arc::new(JarState::in_middleware(head, host, verdict, current, host_prefix, new_headers));
        prefixing.report(renamed.as_deref(), &jar);
        if verdict.is_loopback() {
            report_loopback(&jar);
        }
        if let Some(response) = response {
            let (kind, reason) = response.event();
            let event = Event::new(kind, Code::ForceHttps, reason);
            jar.emit(event.with_evidence(Some(verdict.evidence)));
            return Err(Box::new(PolicyResponse::PlainHttp { response, evidence: verdict.evidence }));
        }
        // If the outer jar is closed, the jar belongs to an earlier run of the same middleware. So this run is not
        // nested.
        let is_nested = outer_jar.is_some_and(|outer| !outer.0.is_closed());
        Ok(InFlight {
            jar,
            renamed,
            renames_response: prefixing.renames_response(),
            is_nested,
            keeps_trusted: self.keeps_trusted || is_nested,
            is_finished: false,
        })
    }
}

/// Emits an event for the first request that counts as HTTPS because of the loopback rule. Each process emits this
/// event once.
fn report_loopback(jar: &JarState) {
    static IS_REPORTED: AtomicBool = AtomicBool::new(false);

    if !IS_REPORTED.swap(true, Ordering::Relaxed) {
        let reason = "requests to localhost count as HTTPS in debug builds, as in Chromium and Firefox; a release build \
                      refuses them; write `.strict_loopback()` to refuse them here too";
        jar.emit(Event::new(Kind::Notice, Code::Loopback, &reason).with_evidence(Some(jar.verdict().evidence)));
    }
}

/// A request whose response is not finished yet.
pub(crate) struct InFlight {
    jar: Arc<JarState>,
    /// The changes that the setting `host_prefix` makes to the request. The adapter applies these changes. `renamed` is
    /// `None` if the setting is off.
    renamed: Option<Box<RenamedCookies>>,
    /// True if this middleware applies the setting `host_prefix` to the response.
    renames_response: bool,
    /// True if another hardtack middleware wraps this middleware.
    is_nested: bool,
    /// True if the guard adds [`TrustedHeaders`] to the response.
    keeps_trusted: bool,
    is_finished: bool,
}

impl InFlight {
    /// Returns a handle to the request's jar. The extractors use the jar through this handle.
    pub(crate) fn jar_handle(&self) -> JarHandle {
        JarHandle(self.jar.clone())
    }

    /// Replaces the `Cookie` headers of the request with the headers that the application receives. Each adapter calls
    /// this method, or `renamed_cookies`, before the application reads the request's cookies.
    #[cfg(any(feature = "poem", feature = "salvo", feature = "tower"))]
    pub(crate) fn rename_cookies(&mut self, headers: &mut HeaderMap) {
        if let Some(renamed) = &mut self.renamed {
            renamed.apply(headers);
        }
    }

    /// Returns the changes to the request's cookies, and the setting `host_prefix` that causes the changes. Returns
    /// `None` if the request's cookies do not change.
    #[cfg(any(feature = "actix", feature = "rocket", feature = "salvo"))]
    pub(crate) fn renamed_cookies(&self) -> Option<(&RenamedCookies, &crate::policy::host_prefix::HostPrefix)> {
        let prefix = self.jar.host_prefix()?;
        let renamed = self.renamed.as_deref()?;
        renamed.headers().is_some().then_some((renamed, prefix))
    }

    /// Emits the event for an outer middleware that parsed the request's cookies before this middleware renamed the
    /// cookies.
    #[cfg(feature = "actix")]
    pub(crate) fn report_stale_cookies(&self) {
        let reason = "a middleware outside the policy's middleware read the request's cookies, so actix-web had parsed them \
                      before `host_prefix` renamed them; the request's extensions were cleared; make the policy's \
                      middleware the outermost: the last `wrap`";
        self.jar.emit(Event::new(Kind::Mistake, Code::StaleCookies, &reason));
    }

    /// Prevents the renaming of the response's cookies, because the framework does not allow the policy to rename the
    /// request's cookies. If the policy renamed the cookies of responses, but not of requests, the application would
    /// not find any session, and every user would be signed out. Does nothing if `host_prefix` lists no name.
    #[cfg(feature = "rocket")]
    pub(crate) fn stop_renaming(&mut self) {
        if core::mem::take(&mut self.renames_response) {
            self.jar.emit(Event::new(Kind::Mistake, Code::PrefixUnavailable, &PREFIX_UNAVAILABLE));
        }
    }

    /// Applies the policy to the response and writes the jar into the response.
    ///
    /// `extensions` are the extensions of the response. `on_response` removes [`TrustedHeaders`] and [`RemoveCookie`]
    /// from the extensions. If another hardtack middleware wraps this middleware, or if this middleware can handle the
    /// request again, `on_response` then adds new [`TrustedHeaders`].
    pub(crate) fn on_response(&mut self, status: StatusCode, headers: &mut HeaderMap, extensions: &mut Extensions) {
        self.is_finished = true;
        if let Some(RemoveCookie(name)) = extensions.remove() {
            self.jar.remove_unreadable(name);
        }
        let pending = if self.jar.close_unchanged() { Vec::new() } else { self.close_changed(status, headers) };
        let names: Option<Vec<_>> =
            self.keeps_trusted.then(|| pending.iter().map(|header| header.declared_name).collect());
        let mut trusted = extensions.remove::<TrustedHeaders>().unwrap_or_default();
        let Some(current) = self.jar.policy() else { return };
        if self.renames_response {
            if let Some(host_prefix) = self.jar.host_prefix() {
                prefix::response::rename(host_prefix, &self.jar, headers, &trusted);
            }
        }
        let (jar, policy, host, is_outermost) = (&self.jar, &current.policy, self.jar.host(), !self.is_nested);
        ResponseHardener { jar, policy, host, is_outermost }.harden(headers, &mut trusted, pending);
        if let Some(names) = names {
            // The outer middleware compares the trusted headers with the response byte for byte. So the trusted headers
            // must be equal to the headers in the response. In the response, the headers from the jar come last.
            let sent = headers.get_all(SET_COOKIE).iter().rev();
            sent.zip(names.into_iter().rev()).for_each(|(value, name)| trusted.add(value.clone(), name));
            extensions.insert(trusted);
        }
    }

    /// Closes the jar and returns the headers for the response. Also adds the other headers that the changes of the jar
    /// need.
    fn close_changed(&self, status: StatusCode, headers: &mut HeaderMap) -> Vec<SetCookieHeader> {
        // A response with the status 304 only updates the headers of a response in the browser's cache. So a 304
        // response does not extend an idle time, and removes no stale companion.
        if status != StatusCode::NOT_MODIFIED {
            self.jar.reissue_used(headers);
        }
        #[cfg(feature = "device-bound")]
        if let Some(current) = self.jar.policy() {
            super::device_bound::offer_registrations(&self.jar, &current.policy, headers);
        }
        self.jar.append_clear_site_data(headers);
        #[cfg(feature = "device-bound")]
        if status != StatusCode::NOT_MODIFIED {
            return self.jar.close_with_stale_companions(headers);
        }
        self.jar.close()
    }

    /// Emits an event for the jar's cookies, which are never sent, because the application returned an error instead of
    /// a response.
    #[cfg(feature = "tower")]
    pub(crate) fn on_failure(&mut self) {
        self.is_finished = true;
        let reason =
            "set and never sent: the service inside the layer returned an error; turn the error into a response there";
        self.jar.report_unsent(&self.jar.close(), reason);
    }
}

impl Drop for InFlight {
    /// Drops the cookies of an unfinished request without the event `never-sent`. A request stays unfinished if the
    /// client disconnects or the handler panics.
    fn drop(&mut self) {
        if !self.is_finished {
            self.jar.close();
        }
    }
}

/// A handle to a request's jar. The adapter of a framework stores the handle in the request's extensions, or where the
/// framework stores request data.
#[derive(Clone)]
pub(crate) struct JarHandle(Arc<JarState>);

/// If a handler has an argument `Option<T>`, some frameworks drop the error of the extractor `T`. So `JarHandle` has
/// two groups of methods:
///
/// - If the framework keeps the error, the adapter calls `cookies` and `https`.
/// - If the framework can drop the error, the adapter calls the `maybe_` methods. If the error then becomes the
///   response, the adapter also calls `refuse`.
#[allow(dead_code, reason = "each framework's extractors need some of these methods")]
impl JarHandle {
    /// Returns the jar as `Cookies<S>`. If `S` requires HTTPS and the request came over plain HTTP, refuses the
    /// request.
    pub(crate) fn cookies<S: Scheme>(&self) -> Result<Cookies<S>, ExtractError> {
        self.maybe_cookies().ok_or_else(|| self.refuse(self.refusal()))
    }

    /// Returns proof of HTTPS. If the request came over plain HTTP, refuses the request.
    pub(crate) fn https(&self) -> Result<Https, ExtractError> {
        self.maybe_https().ok_or_else(|| self.refuse(self.refusal()))
    }

    /// Returns the jar as `Cookies<S>`. Returns `None` if `S` requires HTTPS and the request came over plain HTTP.
    pub(crate) fn maybe_cookies<S: Scheme>(&self) -> Option<Cookies<S>> {
        S::allows(self.0.verdict()).then(|| Cookies::from_jar(self.0.clone()))
    }

    /// Returns proof of HTTPS, or `None` if the request came over plain HTTP.
    pub(crate) fn maybe_https(&self) -> Option<Https> {
        self.0.verdict().into_proof().ok()
    }

    /// Returns the value of a device-bound cookie. Returns an error if the request contains no valid companion. The
    /// function emits no event, because some frameworks drop the error.
    #[cfg(feature = "device-bound")]
    pub(crate) fn bound<T: DeviceBoundValue>(&self) -> Result<Bound<T>, ExtractError> {
        if !self.0.verdict().https {
            return Err(self.refusal());
        }
        self.proven().map_err(|reason| {
            let cookie = T::DECLARED.name;
            self.0.note_unproven(cookie, reason);
            ExtractError::Unproven { cookie }
        })
    }

    /// Returns the cookie's value, or the reason why the request does not prove the device.
    #[cfg(feature = "device-bound")]
    fn proven<T: DeviceBoundValue>(&self) -> Result<Bound<T>, String> {
        let declaration = Declaration::new::<T>();
        let mut found = None;
        let result = self.0.find_proven(declaration, &CookieName::declared(declaration), &mut found);
        match (result, found) {
            (Ok(()), Some(value)) => Ok(Bound::new(value)),
            (Ok(()), None) => Err("the request contains no such cookie, so nobody is signed in".to_owned()),
            (Err(error), _) => Err(error.to_string()),
        }
    }

    /// Emits the event for a request that the extractor's error refuses, and returns the error. The event of a missing
    /// policy was emitted before.
    pub(crate) fn refuse(&self, error: ExtractError) -> ExtractError {
        match error {
            ExtractError::NotHttps { evidence } => {
                let event = Event::new(Kind::RequestRefused, Code::NotHttps, &"the handler needs HTTPS");
                self.0.emit(event.with_evidence(Some(evidence)));
            }
            #[cfg(feature = "device-bound")]
            ExtractError::Unproven { cookie } => {
                if let Some(reason) = self.0.take_unproven(cookie) {
                    self.0.emit(Event::new(Kind::RequestRefused, Code::Unproven, &reason).with_cookie(cookie));
                }
            }
            #[cfg(not(feature = "device-bound"))]
            ExtractError::Unproven { .. } => {}
            ExtractError::LayerMissing { .. } => {}
        }
        error
    }

    /// Returns the extractor's error for a refused request, but emits no event.
    pub(crate) fn refusal(&self) -> ExtractError {
        ExtractError::NotHttps { evidence: self.0.verdict().evidence }
    }
}

/// A response extension with the declared name of a cookie. The middleware removes this cookie from the browser. The
/// response for a [`ReadError`](crate::ReadError) contains this extension.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemoveCookie(pub(crate) &'static str);

/// Emits the event and returns the error for a route that the policy's middleware does not handle. `remedy` contains
/// the code that the developer must add to the application.
pub(crate) fn layer_missing(remedy: &'static str) -> ExtractError {
    let error = ExtractError::LayerMissing { remedy };
    event::log(&Event::new(Kind::Mistake, Code::LayerMissing, &error));
    error
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::PolicyGuard;
    use crate::event::{Code, Kind};
    use crate::request::head::RequestHead;
    use crate::{Policy, PolicyHandle, TlsTermination, TrustedProxies};

    type Events = Arc<Mutex<Vec<(Kind, Code, String)>>>;

    fn handle() -> (PolicyHandle, Events) {
        let events = Events::default();
        let seen = events.clone();
        let policy = Policy::builder()
            .on_event(move |event| seen.lock().unwrap().push((event.kind, event.rule, event.to_string())))
            .build()
            .unwrap();
        (PolicyHandle::new(policy), events)
    }

    #[test]
    fn mistake_of_the_proxies_is_reported_once() {
        let (policy, events) = handle();
        let termination = TlsTermination::at_proxy(TrustedProxies::any().hops(0));
        let guard = PolicyGuard::new(policy, termination);
        let request = http::Request::get("https://a.example/").header("X-Forwarded-Proto", "https").body(()).unwrap();
        let (parts, ()) = request.into_parts();
        assert!(guard.on_request(&RequestHead::from_parts(&parts)).is_err());
        let events = events.lock().unwrap();
        assert_eq!((events[0].0, events[0].1), (Kind::Mistake, Code::TlsTermination));
        assert!(events[0].2.contains("`TrustedProxies::hops(0)` selects no element"), "{}", events[0].2);
        assert_eq!((events[1].0, events[1].1), (Kind::RequestRefused, Code::ForceHttps));
        assert!(events[1].2.contains("`TrustedProxies::hops(0)` selects no element"), "{}", events[1].2);
        assert_eq!(events.len(), 2);
    }

    /// In a release build, the body of the refusal and the event contain the reason why localhost is refused. The page
    /// "Troubleshooting" quotes the event.
    #[cfg(not(debug_assertions))]
    #[test]
    fn release_build_names_the_reason_for_localhost() {
        for host in ["localhost:3000", "app.localhost", "127.0.0.1:3000", "[::1]"] {
            for peer in [None, Some([127, 0, 0, 1]), Some([172, 17, 0, 1])] {
                let (policy, events) = handle();
                let guard = PolicyGuard::new(policy, TlsTermination::per_connection());
                let request = http::Request::get("/").header("Host", host).header("Accept", "text/html");
                let (parts, ()) = request.body(()).unwrap().into_parts();
                let caller_peer = peer.map(Into::into);
                let head = RequestHead { caller_peer, ..RequestHead::from_parts(&parts) };
                let Err(response) = guard.on_request(&head) else { panic!("{host} counts as HTTPS") };
                assert_eq!(response.status(), 403);
                let body = "this page works over HTTPS only: localhost counts as HTTPS in debug builds only";
                assert_eq!(response.body(), body);
                let events = events.lock().unwrap();
                assert_eq!((events[0].0, events[0].1, events.len()), (Kind::RequestRefused, Code::ForceHttps, 1));
                let page = include_str!("../../docs/troubleshooting.md");
                assert!(page.contains(&format!("| `{body}` |")));
                let (_, block) = page.split_once("<!-- event: release-build -->\n```text\n").unwrap();
                let lines: Vec<&str> = block.lines().take_while(|line| *line != "```").collect();
                assert_eq!(format!("WARN hardtack: {}", events[0].2), lines.join(" "));
            }
        }
    }

    #[test]
    fn loopback_is_reported_once_per_process() {
        let (policy, events) = handle();
        for _ in 0..3 {
            let guard = PolicyGuard::new(policy.clone(), TlsTermination::per_connection());
            let (parts, ()) = http::Request::get("http://localhost/").body(()).unwrap().into_parts();
            assert_eq!(guard.on_request(&RequestHead::from_parts(&parts)).is_ok(), cfg!(debug_assertions));
        }
        let events = events.lock().unwrap();
        let notices = events.iter().filter(|event| (event.0, event.1) == (Kind::Notice, Code::Loopback)).count();
        assert_eq!(notices, usize::from(cfg!(debug_assertions)));
        if cfg!(debug_assertions) {
            let start =
                "notice (loopback, GET /): the host is loopback, the peer is local, and this is a debug build; ";
            assert!(events[0].2.starts_with(start), "{}", events[0].2);
        }
    }
}
