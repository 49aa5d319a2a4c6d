//! A client-side tower layer: no request of our own carries a cookie or credentials in clear text.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::outbound::PlainRequest;
use crate::policy::{Policy, PolicyHandle};
use crate::report::{Event, EventKind};

impl Policy {
    /// The layer that refuses our own requests that would carry a `Cookie` or `Authorization` field over plain HTTP.
    ///
    /// It sees the fields of the request that it is given: what the client beneath adds by itself (a cookie store, a
    /// redirect that it follows, credentials in a URL) it does not see.
    ///
    /// ```
    /// use hardtack::Policy;
    /// use tower_layer::Layer as _;
    ///
    /// let _client = Policy::default().outbound().layer(());
    /// ```
    #[must_use]
    pub fn outbound(&self) -> OutboundLayer {
        PolicyHandle::new(self.clone()).outbound()
    }
}

impl PolicyHandle {
    /// As [`Policy::outbound`], under whatever policy the handle holds when a request begins.
    #[must_use]
    pub fn outbound(&self) -> OutboundLayer {
        OutboundLayer { policy: self.clone() }
    }
}

/// A tower layer for clients: credentials leave over HTTPS, or not at all.
#[derive(Debug, Clone)]
pub struct OutboundLayer {
    policy: PolicyHandle,
}

impl<I> Layer<I> for OutboundLayer {
    type Service = OutboundService<I>;

    fn layer(&self, inner: I) -> OutboundService<I> {
        OutboundService { inner, policy: self.policy.clone() }
    }
}

/// The client that [`OutboundLayer`] makes of another.
#[derive(Debug, Clone)]
pub struct OutboundService<I> {
    inner: I,
    policy: PolicyHandle,
}

impl<I: Service<Request<B>>, B> Service<Request<B>> for OutboundService<I> {
    type Response = I::Response;
    type Error = OutboundError<I::Error>;
    type Future = OutboundFuture<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(OutboundError::Client)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let in_force = self.policy.in_force();
        let Some(refused) = in_force.policy.refuses_outbound(request.uri(), request.headers()) else {
            return OutboundFuture { state: State::Sent { inner: self.inner.call(request) } };
        };
        let (kind, rule) = (EventKind::OutboundRefused, "outbound");
        in_force.tell(Event { kind, cookie: None, rule, reason: &refused, evidence: None });
        OutboundFuture { state: State::Refused { refused: Some(refused) } }
    }
}

pin_project! {
    /// The future of an [`OutboundService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct OutboundFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        Refused { refused: Option<PlainRequest> },
        Sent { #[pin] inner: F },
    }
}

impl<F> fmt::Debug for OutboundFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for OutboundFuture<F>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, OutboundError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Sent { inner } => inner.poll(context).map_err(OutboundError::Client),
            Projected::Refused { refused } => match refused.take() {
                Some(refused) => Poll::Ready(Err(OutboundError::ClearText(refused))),
                // Polled after it was ready, as no executor does.
                None => Poll::Pending,
            },
        }
    }
}

/// Why a request of our own was not answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutboundError<E> {
    /// It would have carried a cookie or credentials in clear text; nothing left.
    ClearText(PlainRequest),
    /// The client's own error.
    Client(E),
}

impl<E: fmt::Display> fmt::Display for OutboundError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutboundError::ClearText(refused) => refused.fmt(f),
            OutboundError::Client(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for OutboundError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OutboundError::ClearText(_) => None,
            // Its sentence is this one's.
            OutboundError::Client(error) => error.source(),
        }
    }
}
