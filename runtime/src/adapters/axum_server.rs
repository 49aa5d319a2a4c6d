//! axum-server: an acceptor that says of each connection whether it carries TLS, for `Listener::per_connection`.

use core::any::TypeId;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use axum_server::accept::{Accept, DefaultAcceptor};
use http::Request;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::listener::Transport;

/// An acceptor for axum-server that puts a [`Transport`] into the extensions of every request of a connection.
///
/// ```no_run
/// use std::net::SocketAddr;
///
/// use axum_server::tls_rustls::RustlsConfig;
/// use hardtack::{Listener, MarkedAcceptor, Policy};
///
/// # async fn serve(config: RustlsConfig) -> std::io::Result<()> {
/// let app = axum::Router::<()>::new().layer(Policy::default().layer(Listener::per_connection()));
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
    /// Marks each connection as plain.
    #[must_use]
    pub fn plain() -> Self {
        MarkedAcceptor { inner: DefaultAcceptor::new(), transport: Transport::Plain }
    }
}

impl<A> MarkedAcceptor<A> {
    /// Marks each connection as TLS, which `acceptor` terminates.
    ///
    /// An acceptor that hands on the very stream that it got terminates nothing: its connections count as plain.
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
        let untouched = TypeId::of::<I>() == TypeId::of::<A::Stream>();
        let transport = if untouched { Transport::Plain } else { self.transport };
        MarkedFuture { inner: self.inner.accept(stream, service), transport }
    }
}

pin_project! {
    /// The future of a [`MarkedAcceptor`].
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

/// The service of one connection, whose requests are marked.
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
