//! The policy as a tower layer: it judges each request, answers for `force_https`, opens the jar into the request's
//! extensions and writes it into the response, whatever the handler answers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::cookies::Cookies;
use crate::error::ExtractError;
use crate::listener::{Head, Listener};
use crate::passage::{Gate, Open, Passage, missing};
use crate::plain_http::Answer;
use crate::policy::{Policy, PolicyHandle};
use crate::scheme::Scheme;

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
        PolicyLayer { gate: Gate::new(self.clone(), listener) }
    }
}

/// A tower layer that stands a [`Policy`] around a service, for one [`Listener`].
#[derive(Debug, Clone)]
pub struct PolicyLayer {
    gate: Gate,
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
        let head = Head {
            method: &parts.method,
            uri: whole_uri(&parts),
            headers: &parts.headers,
            extensions: &parts.extensions,
            transport: None,
            peer: None,
        };
        let passage = match self.layer.gate.enter(&head) {
            Ok(passage) => passage,
            Err(answer) => return PolicyFuture { state: State::Answered { answer: Some(answer) } },
        };
        parts.extensions.insert(passage.open());
        let inner = self.inner.call(Request::from_parts(parts, body));
        PolicyFuture { state: State::Inner { inner, passage } }
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
        Inner { #[pin] inner: F, passage: Passage },
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
            Projected::Inner { inner, passage } => {
                let response = match ready!(inner.poll(context)) {
                    Ok(response) => response,
                    Err(error) => {
                        passage.fail();
                        return Poll::Ready(Err(error));
                    }
                };
                let (mut parts, body) = response.into_parts();
                passage.leave(&mut parts.headers, &mut parts.extensions);
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

fn respond<R: Default>(answer: Option<Answer>) -> Response<R> {
    let mut response = Response::new(R::default());
    if let Some(answer) = answer {
        *response.status_mut() = answer.status();
        answer.write(response.headers_mut());
    }
    response
}

impl<S: Scheme> Cookies<S> {
    /// Takes the jar that the policy's layer opened, for a service or a framework without an extractor of ours.
    ///
    /// # Errors
    ///
    /// [`ExtractError::LayerMissing`] where no layer stands around the service, [`ExtractError::NotHttps`] where `S` is
    /// [`Https`](crate::Https) and the exchange is plain HTTP.
    ///
    /// ```
    /// use hardtack::{Cookies, ExtractError};
    ///
    /// let request = http::Request::new(());
    /// let missing = Cookies::<hardtack::Https>::from_extensions(request.extensions()).unwrap_err();
    /// assert!(matches!(missing, ExtractError::LayerMissing { .. }));
    /// ```
    pub fn from_extensions(extensions: &http::Extensions) -> Result<Self, ExtractError> {
        open(extensions)?.cookies()
    }
}

/// The jar that the layer opened.
pub(crate) fn open(extensions: &http::Extensions) -> Result<&Open, ExtractError> {
    extensions.get().ok_or_else(|| missing(REMEDY))
}

const REMEDY: &str = "hardtack's policy layer is missing; add `.layer(policy.layer(listener))` around the routes";
