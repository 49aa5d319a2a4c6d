//! The policy as a tower layer: it judges each request, answers for `force_https`, opens the jar into the request's
//! extensions and writes it into the response, whatever the handler answers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::cookies::{Cookies, Exchange};
use crate::enforce::Outgoing;
use crate::error::ExtractError;
use crate::host::Host;
use crate::listener::Listener;
use crate::plain_http::{self, Answer};
use crate::policy::{InForce, Policy, PolicyHandle};
use crate::report::{Event, EventKind, log};
use crate::scheme::{Https, Scheme, Verdict};

impl Policy {
    /// The layer that enforces this policy on the requests of one listener.
    ///
    /// ```
    /// use hardtack::{Listener, Policy};
    /// use tower_layer::Layer as _;
    ///
    /// let layer = Policy::default().layer(Listener::per_connection());
    /// let _service = layer.layer(());
    /// ```
    #[must_use]
    pub fn layer(&self, listener: Listener) -> PolicyLayer {
        PolicyHandle::new(self.clone()).layer(listener)
    }
}

impl PolicyHandle {
    /// The layer that enforces whatever policy the handle holds when a request begins.
    ///
    /// ```
    /// use hardtack::{Listener, Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let _layer = handle.layer(Listener::tls());
    /// handle.apply(Policy::builder().cookie_domain("example.com").build().unwrap());
    /// ```
    #[must_use]
    pub fn layer(&self, listener: Listener) -> PolicyLayer {
        PolicyLayer { policy: self.clone(), listener: Arc::new(listener) }
    }
}

/// A tower layer that stands a [`Policy`] around a service, for one [`Listener`].
#[derive(Debug, Clone)]
pub struct PolicyLayer {
    policy: PolicyHandle,
    listener: Arc<Listener>,
}

impl<I> Layer<I> for PolicyLayer {
    type Service = PolicyService<I>;

    fn layer(&self, inner: I) -> PolicyService<I> {
        PolicyService { inner, layer: self.clone() }
    }
}

/// The service that [`PolicyLayer`] makes of another.
///
/// Its own answers, a redirect or a refusal, have an empty body.
#[derive(Debug, Clone)]
pub struct PolicyService<I> {
    inner: I,
    layer: PolicyLayer,
}

impl<I, B, R> Service<Request<B>> for PolicyService<I>
where
    I: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = I::Error;
    type Future = PolicyFuture<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let in_force = self.layer.policy.in_force();
        let verdict = self.layer.listener.judge(&parts, None);
        let uri = whole_uri(&parts);
        if !verdict.https {
            let answer = plain_http::answer(in_force.policy.force_https(), &parts.method, uri, &parts.headers);
            if let Some(answer) = answer {
                tell(&in_force, &answer, verdict);
                return PolicyFuture { state: State::Answered { answer: Some(answer) } };
            }
        }
        let host = Host::of(uri, &parts.headers).ok();
        let outgoing = Outgoing::new(in_force.clone(), verdict, host);
        let exchange = Arc::new(Exchange::under(&parts.headers, verdict, in_force));
        parts.extensions.insert(Open(exchange.clone()));
        let inner = self.inner.call(Request::from_parts(parts, body));
        PolicyFuture { state: State::Inner { inner, jar: Jar { exchange, outgoing, answered: false } } }
    }
}

pin_project! {
    /// The future of a [`PolicyService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct PolicyFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        // The layer answers by itself.
        Answered { answer: Option<Answer> },
        // The service answers, and the jar is written into its response.
        Inner { #[pin] inner: F, jar: Jar },
    }
}

impl<F> fmt::Debug for PolicyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for PolicyFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Default,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Answered { answer } => Poll::Ready(Ok(respond(answer.take()))),
            Projected::Inner { inner, jar } => {
                let result = ready!(inner.poll(context));
                jar.answered = true;
                let response = result?;
                let (mut parts, body) = response.into_parts();
                jar.outgoing.enforce(&mut parts.headers, &mut parts.extensions, jar.exchange.close());
                Poll::Ready(Ok(Response::from_parts(parts, body)))
            }
        }
    }
}

/// The URI as the client wrote it: a nested router strips its prefix.
fn whole_uri(parts: &http::request::Parts) -> &http::Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get() {
        return uri;
    }
    &parts.uri
}

/// The layer's hold on the jar.
struct Jar {
    exchange: Arc<Exchange>,
    outgoing: Outgoing,
    answered: bool,
}

impl Drop for Jar {
    /// A client that went away, or a handler that panicked, loses its cookies and is no mistake of the program's.
    fn drop(&mut self) {
        if !self.answered {
            self.exchange.close();
        }
    }
}

fn tell(in_force: &InForce, answer: &Answer, verdict: Verdict) {
    let (kind, reason): (_, &dyn fmt::Display) = match answer {
        Answer::Redirect(_) => (EventKind::PageRedirected, &"a page over plain HTTP"),
        Answer::Refuse(reason) => (EventKind::RequestRefused, reason),
    };
    in_force.tell(Event { kind, cookie: None, rule: "force-https", reason, evidence: Some(verdict.evidence) });
}

fn respond<R: Default>(answer: Option<Answer>) -> Response<R> {
    let mut response = Response::new(R::default());
    match answer {
        Some(Answer::Redirect(location)) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(LOCATION, location);
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Some(Answer::Refuse(_)) | None => *response.status_mut() = StatusCode::FORBIDDEN,
    }
    response
}

/// The open jar, in the request's extensions.
#[derive(Clone)]
struct Open(Arc<Exchange>);

impl<S: Scheme> Cookies<S> {
    /// Takes the jar that the policy's layer opened, for a service or a framework without an extractor of ours.
    ///
    /// # Errors
    ///
    /// [`ExtractError::LayerMissing`] where no layer stands around the service, [`ExtractError::NotHttps`] where `S` is
    /// [`Https`] and the exchange is plain HTTP.
    ///
    /// ```
    /// use hardtack::{Cookies, ExtractError};
    ///
    /// let request = http::Request::new(());
    /// let missing = Cookies::<hardtack::Https>::from_extensions(request.extensions()).unwrap_err();
    /// assert_eq!(missing, ExtractError::LayerMissing);
    /// ```
    pub fn from_extensions(extensions: &http::Extensions) -> Result<Self, ExtractError> {
        let Open(exchange) = extensions.get().ok_or_else(missing)?;
        if !S::admits(exchange.verdict()) {
            return Err(refused(exchange));
        }
        Ok(Cookies::over(exchange.clone()))
    }
}

/// Proof of HTTPS from a request's extensions, where its exchange is HTTPS.
#[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "extractors are a framework's"))]
pub(crate) fn https(extensions: &http::Extensions) -> Result<Https, ExtractError> {
    let Open(exchange) = extensions.get().ok_or_else(missing)?;
    exchange.verdict().judged().map_err(|_| refused(exchange))
}

/// Asks for proof of HTTPS, and refuses nothing.
#[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "extractors are a framework's"))]
pub(crate) fn maybe_https(extensions: &http::Extensions) -> Result<Option<Https>, ExtractError> {
    let Open(exchange) = extensions.get().ok_or_else(missing)?;
    Ok(exchange.verdict().judged().ok())
}

fn refused(exchange: &Exchange) -> ExtractError {
    let evidence = exchange.verdict().evidence;
    let (kind, rule) = (EventKind::RequestRefused, "not-https");
    exchange.tell(Event { kind, cookie: None, rule, reason: &"the handler needs HTTPS", evidence: Some(evidence) });
    ExtractError::NotHttps { evidence }
}

fn missing() -> ExtractError {
    let (error, kind) = (ExtractError::LayerMissing, EventKind::Mistake);
    log(Event { kind, cookie: None, rule: "layer-missing", reason: &error, evidence: None });
    error
}
