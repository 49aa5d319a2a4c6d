//! Support for axum-server: an acceptor that marks each request as TLS or plain HTTP. If the policy is used with
//! `TlsTermination::per_connection`, the policy reads the mark of each request.

use core::any::TypeId;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use axum_server::accept::{Accept, DefaultAcceptor};
use http::Request;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::request::head::Transport;

/// An acceptor for axum-server that adds a [`Transport`] to the extensions of every request.
///
/// With [`TlsTermination::per_connection`](crate::TlsTermination::per_connection), the policy reads the [`Transport`]
/// of each request.
///
/// ```no_run
/// use std::net::SocketAddr;
///
/// use axum_server::tls_rustls::RustlsConfig;
/// use hardtack::axum_server::MarkedAcceptor;
/// use hardtack::{Policy, TlsTermination};
///
/// # async fn serve(config: RustlsConfig) -> std::io::Result<()> {
/// let app = axum::Router::<()>::new().layer(Policy::default().layer(TlsTermination::per_connection()));
/// let (https, http) = (SocketAddr::from(([0, 0, 0, 0], 443)), SocketAddr::from(([0, 0, 0, 0], 80)));
///
/// let plain = axum_server::bind(http).acceptor(MarkedAcceptor::plain()).serve(app.clone().into_make_service());
/// tokio::spawn(plain);
/// axum_server::bind_rustls(https, config).map(MarkedAcceptor::tls).serve(app.into_make_service()).await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MarkedAcceptor<A = DefaultAcceptor> {
    inner: A,
    transport: Transport,
}

impl MarkedAcceptor {
    /// Makes an acceptor that marks each connection as plain HTTP.
    ///
    /// ```
    /// use hardtack::axum_server::MarkedAcceptor;
    ///
    /// assert!(format!("{:?}", MarkedAcceptor::plain()).contains("transport: Plain"));
    /// ```
    #[must_use]
    pub fn plain() -> Self {
        MarkedAcceptor { inner: DefaultAcceptor::new(), transport: Transport::Plain }
    }
}

impl<A> MarkedAcceptor<A> {
    /// Makes an acceptor that marks each connection as TLS. `acceptor` must be the acceptor that terminates TLS.
    ///
    /// An acceptor that terminates TLS changes the type of the stream. If `acceptor` returns a stream of the same type
    /// as its input, the connection counts as plain HTTP.
    ///
    /// ```
    /// use axum_server::accept::DefaultAcceptor;
    /// use hardtack::axum_server::MarkedAcceptor;
    ///
    /// assert!(format!("{:?}", MarkedAcceptor::tls(DefaultAcceptor::new())).contains("transport: Tls"));
    /// ```
    #[must_use]
    pub fn tls(acceptor: A) -> Self {
        MarkedAcceptor { inner: acceptor, transport: Transport::Tls }
    }
}

impl<A, I, S> Accept<I, S> for MarkedAcceptor<A>
where
    A: Accept<I, S>,
    I: 'static,
    A::Stream: 'static,
{
    type Stream = A::Stream;
    type Service = MarkedService<A::Service>;
    type Future = MarkedFuture<A::Future>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let is_same_stream = TypeId::of::<I>() == TypeId::of::<A::Stream>();
        let transport = if is_same_stream { Transport::Plain } else { self.transport };
        MarkedFuture { inner: self.inner.accept(stream, service), transport }
    }
}

pin_project! {
    /// The future that a [`MarkedAcceptor`] returns.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct MarkedFuture<F> {
        #[pin]
        inner: F,
        transport: Transport,
    }
}

impl<F, Stream, S> Future for MarkedFuture<F>
where
    F: Future<Output = io::Result<(Stream, S)>>,
{
    type Output = io::Result<(Stream, MarkedService<S>)>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (stream, inner) = ready!(this.inner.poll(context))?;
        Poll::Ready(Ok((stream, MarkedService { inner, transport: *this.transport })))
    }
}

/// The service of one connection. The service marks each request as TLS or plain HTTP.
#[derive(Debug, Clone)]
pub struct MarkedService<S> {
    inner: S,
    transport: Transport,
}

impl<S, B> Service<Request<B>> for MarkedService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.transport);
        self.inner.call(request)
    }
}
