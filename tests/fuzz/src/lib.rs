//! What the targets share: an input cut into pieces, one exchange through the policy's layer, and the grammar of
//! declarations. Asserts nothing; that is each target's.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future as _, Ready, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hardtack::PolicyLayer;
use http::{HeaderMap, HeaderValue, Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;

pub mod declarations;

/// The lines of an input that can be a field's value: none holds a line feed, so that it separates them.
#[must_use]
pub fn field_values(input: &[u8]) -> Vec<HeaderValue> {
    input.split(|octet| *octet == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()).collect()
}

/// The pieces of a text at an octet, each without SP and HTAB around it, and the two sides of its first `=`, where it has
/// one. Written here once more, and plainly: what the library does fast is compared with it.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    text.split(|octet| *octet == b';').map(|piece| {
        let mut halves = piece.splitn(2, |octet| *octet == b'=');
        (trimmed(halves.next().unwrap_or_default()), halves.next().map(trimmed))
    })
}

/// Without SP and HTAB at both ends.
#[must_use]
pub fn trimmed(text: &[u8]) -> &[u8] {
    let is_kept = |octet: &u8| *octet != b' ' && *octet != b'\t';
    let start = text.iter().position(is_kept).unwrap_or(text.len());
    let end = text.iter().rposition(is_kept).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Sends a request through the layer to an application that answers with these fields: the response, and whether the
/// application was asked.
#[must_use]
pub fn exchange(layer: &PolicyLayer, request: Request<()>, fields: HeaderMap) -> (Response<()>, bool) {
    let reached = Rc::new(Cell::new(false));
    let mut service = layer.layer(Application { fields, reached: reached.clone() });
    let future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future.poll(&mut Context::from_waker(Waker::noop())) else {
        unreachable!("the application answers at once")
    };
    (response, reached.get())
}

struct Application {
    fields: HeaderMap,
    reached: Rc<Cell<bool>>,
}

impl Service<Request<()>> for Application {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        self.reached.set(true);
        let mut response = Response::new(());
        *response.headers_mut() = std::mem::take(&mut self.fields);
        ready(Ok(response))
    }
}
