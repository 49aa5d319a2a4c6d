//! Tests that each service of hardtack is ready when its inner service is ready. tower requires that an outer service
//! is ready only after its inner service is ready.

use std::io;
use std::task::{Context, Poll, Waker};

use axum_server::accept::Accept as _;
use hardtack::axum_server::MarkedAcceptor;
use hardtack::{Policy, PolicyHandle, TlsTermination};
use tower::{Layer as _, Service};

use super::block_on;

/// A service whose `poll_ready` returns the value in the service's field.
#[derive(Clone)]
struct Ready(Poll<Result<(), &'static str>>);

impl Service<axum::http::Request<()>> for Ready {
    type Response = axum::http::Response<()>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<axum::http::Response<()>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.0
    }

    fn call(&mut self, _: axum::http::Request<()>) -> Self::Future {
        std::future::ready(Ok(axum::http::Response::default()))
    }
}

fn poll_ready<S: Service<axum::http::Request<()>, Error: ToString>>(mut service: S) -> Poll<Result<(), String>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop())).map_err(|error| error.to_string())
}

/// An acceptor of axum-server that returns the service unchanged.
#[derive(Clone)]
struct PassThrough;

impl<S: Send> axum_server::accept::Accept<(), S> for PassThrough {
    type Stream = ();
    type Service = S;
    type Future = std::future::Ready<io::Result<((), S)>>;

    fn accept(&self, (): (), service: S) -> Self::Future {
        std::future::ready(Ok(((), service)))
    }
}

#[test]
fn services_are_ready_when_the_inner_service_is() {
    let policy = PolicyHandle::new(Policy::default());
    for (inner, expected) in [
        (Ready(Poll::Pending), Poll::Pending),
        (Ready(Poll::Ready(Ok(()))), Poll::Ready(Ok(()))),
        (Ready(Poll::Ready(Err("the pool is closed"))), Poll::Ready(Err("the pool is closed".to_owned()))),
    ] {
        let layer = policy.layer(TlsTermination::none());
        assert_eq!(poll_ready(layer.layer(inner.clone())), expected);
        assert_eq!(poll_ready(policy.client_layer().layer(inner.clone())), expected);
        let ((), marked) = block_on(MarkedAcceptor::tls(PassThrough).accept((), inner)).unwrap();
        assert_eq!(poll_ready(marked), expected);
    }
}
