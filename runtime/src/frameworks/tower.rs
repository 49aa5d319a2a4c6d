//! The policy as a tower layer. The layer checks each request, adds the jar to the request's extensions, and applies
//! the policy to every response. The public module `tower` also contains the layer for HTTP clients.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::jar::cookies::Cookies;
use crate::middleware::extract_error::ExtractError;
use crate::middleware::plain_http::PolicyResponse;
use crate::middleware::{InFlight, JarHandle, PolicyGuard, layer_missing};
use crate::policy::{Policy, PolicyHandle};
use crate::request::head::RequestHead;
use crate::request::scheme::Scheme;
use crate::request::tls_termination::TlsTermination;

pub use super::client::{ClientError, ClientFuture, ClientLayer, ClientService};
pub use crate::middleware::client::PlaintextRequestError;

impl Policy {
    /// Returns a tower layer that applies this policy to the requests of one socket.
    ///
    /// ```
    /// use axum::{Router, body::Body, routing::get};
    /// use hardtack::{Policy, TlsTermination};
    /// use tower_service::Service as _;
    ///
    /// let policy = Policy::default();
    /// let mut app = Router::new().route("/a", get(|| async { "a page" })).layer(policy.layer(TlsTermination::none()));
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let request = http::Request::get("/a").header("Host", "shop.example").header("Accept", "text/html");
    /// let response = app.call(request.body(Body::empty()).unwrap()).await.unwrap();
    /// assert_eq!(response.status(), 308);
    /// assert_eq!(response.headers()["location"], "https://shop.example/a");
    /// # });
    /// ```
    #[must_use]
    pub fn layer(&self, tls_termination: TlsTermination) -> PolicyLayer {
        PolicyHandle::new(self.clone()).layer(tls_termination)
    }
}

impl PolicyHandle {
    /// Returns a tower layer. For each request, the layer applies the policy that the handle contains when the request
    /// begins.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle, TlsTermination};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let layer = handle.layer(TlsTermination::here());
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
    /// assert!(format!("{layer:?}").contains("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn layer(&self, tls_termination: TlsTermination) -> PolicyLayer {
        PolicyLayer { guard: PolicyGuard::new(self.clone(), tls_termination) }
    }
}

/// The tower layer that applies a [`Policy`] to the requests of one socket. [`Policy::layer`] makes the layer.
///
/// If the policy redirects or refuses a request, the inner service is not called. If the policy refuses a request and
/// the type of the response body is axum's `Body`, the body is one sentence. Otherwise the body is empty.
///
/// The endpoints of device-bound cookies send JSON, so they need axum's `Body` too. With any other type, a registration
/// gets the status 503, and the session works as in a browser without device-bound sessions.
#[derive(Debug, Clone)]
pub struct PolicyLayer {
    guard: PolicyGuard,
}

impl<I> Layer<I> for PolicyLayer {
    type Service = PolicyService<I>;

    fn layer(&self, inner: I) -> PolicyService<I> {
        PolicyService { inner, guard: self.guard.clone() }
    }
}

/// The service of a [`PolicyLayer`].
#[derive(Debug, Clone)]
pub struct PolicyService<I> {
    inner: I,
    guard: PolicyGuard,
}

impl<I, B, R> Service<Request<B>> for PolicyService<I>
where
    I: Service<Request<B>, Response = Response<R>>,
    R: Default + 'static,
{
    type Response = Response<R>;
    type Error = I::Error;
    type Future = PolicyFuture<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        #[cfg(all(feature = "device-bound", feature = "axum"))]
        self.guard.set_writes_bodies(is_axum_body::<R>());
        #[cfg(all(feature = "device-bound", not(feature = "axum")))]
        self.guard.set_writes_bodies(false);
        let head = RequestHead { uri: original_uri(&request), ..RequestHead::from_request(&request) };
        let mut in_flight = match self.guard.on_request(&head) {
            Ok(in_flight) => in_flight,
            Err(response) => return PolicyFuture::ready(response),
        };
        in_flight.rename_cookies(request.headers_mut());
        request.extensions_mut().insert(in_flight.jar_handle());
        PolicyFuture { inner: Some(self.inner.call(request)), in_flight: Some(in_flight), response: None }
    }
}

pin_project! {
    /// The future that a [`PolicyService`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct PolicyFuture<F> {
        // The future of the inner service. `None` if the policy redirects or refuses the request.
        #[pin]
        inner: Option<F>,
        in_flight: Option<InFlight>,
        // The policy's own response, which redirects or refuses the request.
        response: Option<Box<PolicyResponse>>,
    }
}

impl<F> PolicyFuture<F> {
    /// Returns a future without an inner service, for a request that the policy redirects or refuses.
    #[cold]
    fn ready(response: Box<PolicyResponse>) -> Self {
        PolicyFuture { inner: None, in_flight: None, response: Some(response) }
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
    R: Default + 'static,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (Some(inner), Some(in_flight)) = (this.inner.as_pin_mut(), this.in_flight) else {
            return Poll::Ready(Ok(policy_response(this.response.take())));
        };
        let response = match ready!(inner.poll(context)) {
            Ok(response) => response,
            Err(error) => {
                in_flight.on_failure();
                return Poll::Ready(Err(error));
            }
        };
        let (mut parts, body) = response.into_parts();
        in_flight.on_response(parts.status, &mut parts.headers, &mut parts.extensions);
        Poll::Ready(Ok(Response::from_parts(parts, body)))
    }
}

/// Returns the URI that the client sent. The function does not return the request's current URI, because a nested
/// router removes its prefix from the current URI.
fn original_uri<B>(request: &Request<B>) -> &http::Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri;
    }
    request.uri()
}

fn policy_response<R: Default + 'static>(policy_response: Option<Box<PolicyResponse>>) -> Response<R> {
    let mut response = Response::new(R::default());
    if let Some(policy_response) = policy_response {
        let text = policy_response.body();
        let has_body = text.is_empty() || write_text(response.body_mut(), text);
        *response.status_mut() = policy_response.status();
        policy_response.write_headers(response.headers_mut());
        if !has_body {
            response.headers_mut().remove(CONTENT_TYPE);
        }
    }
    response
}

/// Returns true if [`write_text`] can write into a body of the type `R`.
#[cfg(all(feature = "device-bound", feature = "axum"))]
fn is_axum_body<R: 'static>() -> bool {
    core::any::TypeId::of::<R>() == core::any::TypeId::of::<axum_core::body::Body>()
}

/// Writes the text into the body of a refusal if the body is axum's `Body`. A body of any other type stays empty,
/// because this module can only create the default value of the type. Returns true if the function wrote the text.
fn write_text<R: 'static>(body: &mut R, text: Cow<'static, str>) -> bool {
    #[cfg(feature = "axum")]
    if let Some(body) = (body as &mut dyn core::any::Any).downcast_mut::<axum_core::body::Body>() {
        *body = axum_core::body::Body::from(text);
        return true;
    }
    #[cfg(not(feature = "axum"))]
    let _ = (body, text);
    false
}

impl<S: Scheme> Cookies<S> {
    /// Returns the jar that the policy's layer added to the request. Use this function in a tower service, or if
    /// hardtack has no extractors for your framework.
    ///
    /// # Errors
    ///
    /// - [`ExtractError::LayerMissing`] if the policy's layer did not handle the request.
    /// - [`ExtractError::NotHttps`] if `S` is [`Https`](crate::Https) and the request came over plain HTTP.
    ///
    /// ```
    /// use axum::{Router, body::Body, routing::get};
    /// use hardtack::{Cookie, Cookies, ExtractError, Https, Policy, TlsTermination};
    /// use http::Request;
    /// use tower_service::Service as _;
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// async fn sign_in(request: Request<Body>) {
    ///     let cookies = Cookies::<Https>::from_extensions(request.extensions()).unwrap();
    ///     cookies.set(Session("s3cr3t".into())).unwrap();
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut app = Router::new().route("/", get(sign_in)).layer(Policy::default().layer(TlsTermination::here()));
    /// let response = app.call(Request::new(Body::empty())).await.unwrap();
    /// assert_eq!(
    ///     response.headers()["set-cookie"],
    ///     "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax",
    /// );
    ///
    /// let missing = Cookies::<Https>::from_extensions(Request::new(()).extensions()).unwrap_err();
    /// assert!(matches!(missing, ExtractError::LayerMissing { .. }));
    /// # });
    /// ```
    pub fn from_extensions(extensions: &http::Extensions) -> Result<Self, ExtractError> {
        jar_handle(extensions)?.cookies()
    }
}

/// Returns the jar that the policy's layer added to the request's extensions.
pub(super) fn jar_handle(extensions: &http::Extensions) -> Result<&JarHandle, ExtractError> {
    extensions.get().ok_or_else(|| layer_missing(REMEDY))
}

const REMEDY: &str = "hardtack's policy layer is missing; add `.layer(policy.layer(tls_termination))` around the routes; the policy's \
     layer must be the outermost: the last `.layer(..)`";
