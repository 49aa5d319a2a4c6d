//! Handles one request in the middleware. First, the guard checks the head of the request (everything but the body). If
//! the policy redirects or refuses the request, the guard returns the policy's own response. Otherwise the guard
//! returns a jar for the request. Later, the guard applies the policy to the application's response.

use http::header::SET_COOKIE;
use http::{Extensions, HeaderMap};

use super::extract_error::ExtractError;
use super::plain_http::{self, PlainHttpResponse};
use super::removals::{Removals, RequestTarget};
use super::response::{ResponseHardener, TrustedHeaders};
use crate::clock;
use crate::event::{self, Code, Event, Kind};
use crate::jar::cookies::Cookies;
use crate::jar::state::JarState;
use crate::policy::PolicyHandle;
use crate::request::head::RequestHead;
use crate::request::host::RequestHost;
use crate::request::scheme::{Https, Scheme};
use crate::request::tls_termination::TlsTermination;
use crate::sync::Arc;

/// The state that all requests share: the policy, and the setting that decides how the scheme of a request is detected.
#[derive(Debug, Clone)]
pub(crate) struct PolicyGuard {
    policy: PolicyHandle,
    tls_termination: Arc<TlsTermination>,
    removals: Option<Arc<Removals>>,
}

impl PolicyGuard {
    pub(crate) fn new(policy: PolicyHandle, tls_termination: TlsTermination) -> Self {
        PolicyGuard { policy, tls_termination: Arc::new(tls_termination), removals: None }
    }

    /// Makes the guard add the missing `Path` to each header that removes a cookie. Some frameworks need this step,
    /// because their session code removes a cookie with a header that has no `Path`.
    #[cfg(feature = "poem")]
    pub(crate) fn completing_removals(mut self) -> Self {
        self.removals = Some(Arc::default());
        self
    }

    /// Checks a request and makes the request's cookie jar.
    ///
    /// # Errors
    ///
    /// Returns the policy's own response if the request is redirected or refused.
    pub(crate) fn on_request(&self, head: &RequestHead<'_>) -> Result<InFlight, PlainHttpResponse> {
        event::report_suppressed();
        let current = self.policy.current_policy();
        let verdict = self.tls_termination.verdict(head);
        let jar = JarState::new(head.headers, verdict).with_target(head.method, head.uri);
        let response = if verdict.https { None } else { plain_http::respond(current.policy.force_https(), head) };
        jar.set_policy(current);
        if let Some(response) = response {
            let (kind, reason) = response.event();
            let event = Event::new(kind, Code::ForceHttps, reason);
            jar.emit(event.with_evidence(Some(verdict.evidence)));
            return Err(response);
        }
        let is_nested = head.extensions.get::<JarHandle>().is_some();
        Ok(InFlight {
            jar: Arc::new(jar),
            host: RequestHost::from_request(head.uri, head.headers).ok(),
            // If two layers of hardtack handle a request, only the outer layer adds the missing `Path` to headers that
            // remove cookies. If both layers added the `Path`, each header would be sent twice.
            removals: self.removals.clone().filter(|_| !is_nested),
            is_nested,
            is_finished: false,
        })
    }
}

/// A request whose response is not finished yet.
pub(crate) struct InFlight {
    jar: Arc<JarState>,
    host: Option<RequestHost>,
    removals: Option<Arc<Removals>>,
    /// True if another layer of hardtack wraps this layer.
    is_nested: bool,
    is_finished: bool,
}

impl InFlight {
    /// Returns a handle of the request's jar, for the extractors of the request.
    pub(crate) fn jar_handle(&self) -> JarHandle {
        JarHandle(self.jar.clone())
    }

    /// Applies the policy to the response and writes the jar into the response.
    ///
    /// `extensions` are the extensions of the response. `on_response` removes [`TrustedHeaders`] and [`RemoveCookie`]
    /// from the extensions. If another layer of hardtack wraps this layer, `on_response` then adds [`TrustedHeaders`]
    /// for the outer layer.
    pub(crate) fn on_response(&mut self, headers: &mut HeaderMap, extensions: &mut Extensions) {
        self.is_finished = true;
        if let Some(RemoveCookie(name)) = extensions.remove() {
            self.jar.remove_unreadable(name);
        }
        let pending = self.jar.close();
        let pending_len = pending.len();
        let mut trusted = extensions.remove::<TrustedHeaders>().unwrap_or_default();
        let Some(current) = self.jar.policy() else { return };
        let hardener = ResponseHardener { jar: &self.jar, policy: &current.policy, host: self.host.as_ref() };
        self.complete_removals(&hardener, headers);
        hardener.harden(headers, &mut trusted, pending);
        if self.is_nested {
            // The outer layer compares the trusted headers with the response byte for byte. So the trusted headers must
            // be exactly the headers that this layer sends.
            trusted.0.extend(headers.get_all(SET_COOKIE).iter().rev().take(pending_len).cloned());
            extensions.insert(trusted);
        }
    }

    /// Adds the missing `Path` to each header that removes a cookie. Does nothing if the guard was made without
    /// `completing_removals`, or if the policy does not harden undeclared cookies.
    fn complete_removals(&self, hardener: &ResponseHardener<'_>, headers: &mut HeaderMap) {
        let (Some(removals), Some(uri)) = (&self.removals, self.jar.uri()) else { return };
        if hardener.hardens() {
            let host = hardener.host_name();
            let target = RequestTarget { host: host.as_deref(), path: uri.path() };
            removals.complete(headers, target, &self.jar, hardener.policy, clock::now());
        }
    }

    /// Reports the cookies of the jar as never sent, because the application returned an error instead of a response.
    #[cfg(feature = "tower")]
    pub(crate) fn on_failure(&mut self) {
        self.is_finished = true;
        let reason =
            "set and never sent: the service inside the layer returned an error; turn the error into a response there";
        self.jar.report_unsent(&self.jar.close(), reason);
    }
}

impl Drop for InFlight {
    /// Drops the cookies of an unfinished request without the event `never-sent`. A request is unfinished if the client
    /// disconnected or the handler panicked.
    fn drop(&mut self) {
        if !self.is_finished {
            self.jar.close();
        }
    }
}

/// A handle of a request's jar. An adapter stores the handle in the request's extensions, or in a similar place of the
/// framework.
#[derive(Clone)]
pub(crate) struct JarHandle(Arc<JarState>);

/// In some frameworks, a handler's argument `Option<T>` drops the error of the extractor `T`. So `JarHandle` has two
/// groups of methods:
///
/// - If the framework keeps the error, the adapter calls `cookies` and `https`.
/// - If the framework drops the error, the adapter calls the `maybe_` methods. When the error becomes the response, the
///   adapter also calls `refuse`.
#[allow(dead_code, reason = "each framework's extractors need some of these methods")]
impl JarHandle {
    /// Returns a view of the jar for the scheme `S`. Refuses the request if the scheme does not allow the view.
    pub(crate) fn cookies<S: Scheme>(&self) -> Result<Cookies<S>, ExtractError> {
        self.maybe_cookies().ok_or_else(|| self.refuse())
    }

    /// Returns proof of HTTPS, or refuses the request over plain HTTP.
    pub(crate) fn https(&self) -> Result<Https, ExtractError> {
        self.maybe_https().ok_or_else(|| self.refuse())
    }

    /// Returns a view of the jar for the scheme `S`, or `None` if the scheme does not allow the view.
    pub(crate) fn maybe_cookies<S: Scheme>(&self) -> Option<Cookies<S>> {
        S::allows(self.0.verdict()).then(|| Cookies::from_jar(self.0.clone()))
    }

    /// Returns proof of HTTPS, or `None` over plain HTTP.
    pub(crate) fn maybe_https(&self) -> Option<Https> {
        self.0.verdict().into_proof().ok()
    }

    /// Emits the event of a refused request, and returns the error.
    pub(crate) fn refuse(&self) -> ExtractError {
        let event = Event::new(Kind::RequestRefused, Code::NotHttps, &"the handler needs HTTPS");
        self.0.emit(event.with_evidence(Some(self.0.verdict().evidence)));
        self.refusal()
    }

    /// Returns the error of a refused request. Emits no event.
    pub(crate) fn refusal(&self) -> ExtractError {
        ExtractError::NotHttps { evidence: self.0.verdict().evidence }
    }
}

/// A response extension with the name of a cookie that the middleware must remove. The response of a
/// [`ReadError`](crate::ReadError) has the extension `RemoveCookie`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemoveCookie(pub(crate) &'static str);

/// Returns the error for a route that the policy's middleware does not handle, and emits an event. `remedy` names the
/// code that the developer must add for the framework.
pub(crate) fn layer_missing(remedy: &'static str) -> ExtractError {
    let error = ExtractError::LayerMissing { remedy };
    event::log(&Event::new(Kind::Mistake, Code::LayerMissing, &error));
    error
}
