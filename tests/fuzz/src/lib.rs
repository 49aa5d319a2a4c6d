//! Helpers for the fuzz targets. The helpers split an input, send one request through the policy's layer, and generate
//! declarations. The helpers contain no assertions.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future as _, Ready, ready};
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hardtack::tower::PolicyLayer;
use http::{HeaderMap, HeaderValue, Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;

pub mod declarations;
pub mod planted;

/// Returns the lines of an input that are valid header values. A header value cannot contain a line feed, so line feeds
/// separate the values.
#[must_use]
pub fn header_values(input: &[u8]) -> Vec<HeaderValue> {
    input.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()).collect()
}

/// Splits a text at each `;`. Splits each piece at its first `=` and trims both parts. If a piece has no `=`, the
/// second part of the piece is `None`. Targets compare the library's fast parser with this simple parser.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    text.split(|byte| *byte == b';').map(|piece| {
        let mut parts = piece.splitn(2, |byte| *byte == b'=');
        (trim(parts.next().unwrap_or_default()), parts.next().map(trim))
    })
}

/// Removes spaces and tabs (SP and HTAB) at both ends of a text.
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    let is_not_space = |byte: &u8| *byte != b' ' && *byte != b'\t';
    let start = text.iter().position(is_not_space).unwrap_or(text.len());
    let end = text.iter().rposition(is_not_space).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Sends a request through the layer to an application that responds with the given headers. Returns the response, and
/// true if the request reached the application.
#[must_use]
pub fn send(layer: &PolicyLayer, request: Request<()>, headers: HeaderMap) -> (Response<()>, bool) {
    send_with_body(layer, request, headers)
}

/// Sends a request like [`send`]. The application's response has a body of type `R`.
#[must_use]
pub fn send_with_body<R: Default + 'static>(
    layer: &PolicyLayer,
    request: Request<()>,
    headers: HeaderMap,
) -> (Response<R>, bool) {
    let reached = Rc::new(Cell::new(false));
    let mut service = layer.layer(Application { headers, reached: reached.clone(), body: PhantomData });
    let future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future.poll(&mut Context::from_waker(Waker::noop())) else {
        unreachable!("the application's future is ready at once")
    };
    (response, reached.get())
}

struct Application<R> {
    headers: HeaderMap,
    reached: Rc<Cell<bool>>,
    body: PhantomData<R>,
}

impl<R: Default> Service<Request<()>> for Application<R> {
    type Response = Response<R>;
    type Error = Infallible;
    type Future = Ready<Result<Response<R>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        self.reached.set(true);
        let mut response = Response::new(R::default());
        *response.headers_mut() = std::mem::take(&mut self.headers);
        ready(Ok(response))
    }
}
