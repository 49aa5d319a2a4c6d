//! The policy as a tower layer for HTTP clients. The layer refuses requests that would carry a cookie or credentials
//! over plain HTTP.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::event::{Code, Event, Kind};
use crate::middleware::client::{PlaintextRequestError, check};
use crate::policy::{Policy, PolicyHandle};

impl Policy {
    /// Returns a tower layer for an HTTP client. The layer refuses each request that would carry a `Cookie`,
    /// `Authorization` or `Proxy-Authorization` header over plain HTTP.
    ///
    /// The layer checks only the headers that the request already has. The layer cannot check these later steps of the
    /// client:
    ///
    /// - The client adds cookies from its cookie store.
    /// - The client sends credentials from a URL.
    /// - The client follows a redirect.
    ///
    /// ```
    /// use axum::{Router, body::Body};
    /// use hardtack::Policy;
    /// use hardtack::tower::ClientError;
    /// use tower_layer::Layer as _;
    /// use tower_service::Service as _;
    ///
    /// // This example uses a router as the client.
    /// let mut client = Policy::default().client_layer().layer(Router::<()>::new());
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let request = http::Request::get("http://api.example/").header("Authorization", "Bearer opensesame");
    /// match client.call(request.body(Body::empty()).unwrap()).await {
    ///     Err(ClientError::Plaintext(error)) => assert_eq!(error.host(), "api.example"),
    ///     Ok(_) | Err(_) => panic!("the request was sent"),
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn client_layer(&self) -> ClientLayer {
        PolicyHandle::new(self.clone()).client_layer()
    }
}

impl PolicyHandle {
    /// Returns the same layer as [`Policy::client_layer`]. For each request, the layer applies the policy that the
    /// handle has at that time.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let layer = handle.client_layer();
    /// handle.apply(Policy::builder().outbound_exception("metrics.internal", "inside the cluster").build()?);
    /// assert!(format!("{layer:?}").contains("metrics.internal"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn client_layer(&self) -> ClientLayer {
        ClientLayer { policy: self.clone() }
    }
}

/// The tower layer for HTTP clients. The layer refuses requests that would carry a cookie or credentials over plain
/// HTTP. [`Policy::client_layer`] makes the layer.
#[derive(Debug, Clone)]
pub struct ClientLayer {
    policy: PolicyHandle,
}

impl<I> Layer<I> for ClientLayer {
    type Service = ClientService<I>;

    fn layer(&self, inner: I) -> ClientService<I> {
        ClientService { inner, policy: self.policy.clone() }
    }
}

/// The service of a [`ClientLayer`].
#[derive(Debug, Clone)]
pub struct ClientService<I> {
    inner: I,
    policy: PolicyHandle,
}

impl<I: Service<Request<B>>, B> Service<Request<B>> for ClientService<I> {
    type Response = I::Response;
    type Error = ClientError<I::Error>;
    type Future = ClientFuture<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(ClientError::Client)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let current = self.policy.current_policy();
        match check(&current.policy, request.uri(), request.headers()) {
            Ok(()) => ClientFuture { state: State::Sent { inner: self.inner.call(request) } },
            Err(error) => {
                current.emit(&Event::new(Kind::ClientRequestRefused, Code::ClientRequest, &error));
                ClientFuture { state: State::Refused { error: Some(error) } }
            }
        }
    }
}

pin_project! {
    /// The future that a [`ClientService`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct ClientFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        Refused { error: Option<PlaintextRequestError> },
        Sent { #[pin] inner: F },
    }
}

impl<F> fmt::Debug for ClientFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, ClientError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Sent { inner } => inner.poll(context).map_err(ClientError::Client),
            Projected::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Err(ClientError::Plaintext(error))),
                // An executor polled this future again after the future was ready. Executors should not poll a ready
                // future.
                None => Poll::Pending,
            },
        }
    }
}

/// The error of a [`ClientService`].
///
/// ```
/// use std::error::Error as _;
/// use std::io;
///
/// use hardtack::tower::ClientError;
///
/// let error = ClientError::Client(io::Error::other("no route to host"));
/// assert_eq!(error.to_string(), "no route to host");
/// assert!(error.source().is_none());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError<E> {
    /// The policy refused the request, so the request was not sent. The [`source`](std::error::Error::source) of this
    /// error is the [`PlaintextRequestError`].
    Plaintext(PlaintextRequestError),
    /// The inner client returned an error. `Display` and `source` of `ClientError` have the same results as `Display`
    /// and `source` of the inner client's error.
    Client(E),
}

impl<E: fmt::Display> fmt::Display for ClientError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Plaintext(_) => f.write_str("the policy refused the request, and it was not sent"),
            ClientError::Client(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for ClientError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Plaintext(error) => Some(error),
            // `Display` already writes the text of the inner client's error. So `source` skips the inner client's error
            // and returns the next source.
            ClientError::Client(error) => error.source(),
        }
    }
}
