//! Each of our services is ready when the one inside of it is, as tower asks.

use std::io;
use std::task::{Context, Poll, Waker};

use axum_server::accept::Accept as _;
use hardtack::{Listener, MarkedAcceptor, Policy, PolicyHandle};
use tower::{Layer as _, Service};

use super::block_on;

/// A service that says of itself what it was made with.
#[derive(Clone)]
struct Says(Poll<Result<(), &'static str>>);

impl Service<axum::http::Request<()>> for Says {
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

fn ready<S: Service<axum::http::Request<()>, Error: ToString>>(mut service: S) -> Poll<Result<(), String>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop())).map_err(|error| error.to_string())
}

/// An acceptor that gives the service as it is.
#[derive(Clone)]
struct AsItIs;

impl<S: Send> axum_server::accept::Accept<(), S> for AsItIs {
    type Stream = ();
    type Service = S;
    type Future = std::future::Ready<io::Result<((), S)>>;

    fn accept(&self, (): (), service: S) -> Self::Future {
        std::future::ready(Ok(((), service)))
    }
}

#[test]
fn a_service_of_ours_is_ready_when_the_one_inside_is() {
    let policy = PolicyHandle::new(Policy::default());
    for (inner, expected) in [
        (Says(Poll::Pending), Poll::Pending),
        (Says(Poll::Ready(Ok(()))), Poll::Ready(Ok(()))),
        (Says(Poll::Ready(Err("the pool is closed"))), Poll::Ready(Err("the pool is closed".to_owned()))),
    ] {
        let layer = policy.layer(Listener::plain());
        assert_eq!(ready(layer.layer(inner.clone())), expected);
        assert_eq!(ready(policy.outbound().layer(inner.clone())), expected);
        let ((), marked) = block_on(MarkedAcceptor::tls(AsItIs).accept((), inner)).unwrap();
        assert_eq!(ready(marked), expected);
    }
}
