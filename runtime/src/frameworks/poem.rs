//! Support for poem 3: the policy as a middleware, extractors for the jar and for `Https`, and a response for each
//! error. hardtack gets the scheme and the peer address of a connection from poem's acceptor, and never from `RealIp`,
//! a header or an absolute URI.

use http::Uri;
use http::uri::Scheme as UriScheme;
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::{Endpoint, Error, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result};

#[cfg(feature = "device-bound")]
use crate::cookie::declaration::DeviceBoundValue;
use crate::cookie::error::{ReadError, SetError};
#[cfg(feature = "device-bound")]
use crate::device_bound::Bound;
use crate::jar::cookies::Cookies;
use crate::middleware::extract_error::ExtractError;
use crate::middleware::{JarHandle, PolicyGuard, RemoveCookie, layer_missing};
use crate::policy::PolicyHandle;
use crate::request::head::{RequestHead, Transport};
use crate::request::scheme::{Https, Scheme};
use crate::request::tls_termination::TlsTermination;

/// The middleware that applies a [`Policy`](crate::Policy) to an application.
///
/// Add this middleware with the last `.with(..)` of the whole `Route`, so that `PolicyMiddleware` is the outermost
/// middleware. If the policy redirects a request, the response has an empty body. If the policy refuses a request, the
/// body is one sentence.
///
/// With [`TlsTermination::per_connection`], poem's acceptor determines the scheme. Requests from a `TcpListener` or a
/// `UnixListener` are plain HTTP. Requests from a listener that terminates TLS are HTTPS. One server can `combine`
/// plain listeners and TLS listeners. hardtack uses the address of the socket as the address of the peer. A peer on a
/// Unix socket has no address.
///
/// A request that did not come through a server, such as a request from poem's `TestClient`, counts as plain HTTP. To
/// make a test request count as HTTPS, add [`Transport::Tls`] to the request's data.
///
/// # Errors of the application
///
/// If the application returns an error, the middleware turns the error into a response, so that the response has
/// cookies and HSTS. So middleware outside `PolicyMiddleware` receives a response instead of the error. Call
/// `.catch_error(..)` before the `.with(..)` of `PolicyMiddleware`.
///
/// # Sessions
///
/// To remove a cookie, poem's cookie jar and `Session::purge` send a `Set-Cookie` header without `Path`. If the header
/// has no `Path`, a browser removes the cookie only if the cookie's path is the directory of the request's URL. For
/// example, a browser at `/shop/cart` does not remove a session cookie with `Path=/`.
///
/// If the policy hardens undeclared cookies, the middleware sends two headers to remove the cookie: poem's unchanged
/// header, and a copy of the header with `Path=/`. `Session::purge` writes no `Domain` either, and the middleware
/// cannot find out the cookie's `Domain`. So a session cookie with a `Domain`, or with a `Path` that is neither `/` nor
/// the request's directory, stays in the browser. Do not configure a `Domain` or a different `Path` for sessions. If
/// you must, remove the cookie with your own `Set-Cookie` header.
///
/// If the handler returns an error after `purge`, poem does not remove the session's cookie. If the storage of a
/// `ServerSession` does not contain the session, poem does not remove the session's cookie either.
///
/// ```
/// use hardtack::poem::PolicyMiddleware;
/// use hardtack::tls::Transport;
/// use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
/// use poem::{Endpoint as _, EndpointExt as _, Request, Route, handler};
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// #[handler]
/// fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
///     cookies.set(Session("s3cr3t".into()))?;
///     Ok("signed in")
/// }
///
/// let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
/// let app = Route::new().at("/sign-in", sign_in).with(policy);
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let request = Request::builder().uri_str("/sign-in").extension(Transport::Tls).finish();
/// let response = app.get_response(request).await;
/// assert_eq!(
///     response.header("set-cookie"),
///     Some("__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax"),
/// );
///
/// let response = app.get_response(Request::builder().uri_str("/sign-in").finish()).await;
/// assert_eq!((response.status().as_u16(), response.header("set-cookie")), (403, None));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct PolicyMiddleware {
    guard: PolicyGuard,
}

impl PolicyMiddleware {
    /// Makes the middleware from a policy or from a [`PolicyHandle`]. A handle can replace the policy while the server
    /// runs.
    ///
    /// ```
    /// use hardtack::poem::PolicyMiddleware;
    /// use hardtack::{Policy, PolicyHandle, TlsTermination};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let middleware = PolicyMiddleware::new(handle.clone(), TlsTermination::per_connection());
    /// handle.apply(Policy::builder().cookie_domain("example.com").build()?);
    /// assert!(format!("{middleware:?}").contains("example.com"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, tls_termination: TlsTermination) -> Self {
        PolicyMiddleware { guard: PolicyGuard::new(policy.into(), tls_termination) }
    }
}

impl<E: Endpoint> Middleware<E> for PolicyMiddleware {
    type Output = PolicyEndpoint<E>;

    fn transform(&self, inner: E) -> PolicyEndpoint<E> {
        PolicyEndpoint { inner, guard: self.guard.clone() }
    }
}

/// The endpoint that [`PolicyMiddleware`] returns. The endpoint turns every error into a response, so `call` never
/// returns an error.
///
/// ```
/// use hardtack::poem::{PolicyEndpoint, PolicyMiddleware};
/// use hardtack::{Policy, TlsTermination};
/// use poem::{Endpoint as _, EndpointExt as _, Request, Route};
///
/// let policy = Policy::builder().force_https(false).build()?;
/// let app: PolicyEndpoint<Route> = Route::new().with(PolicyMiddleware::new(policy, TlsTermination::per_connection()));
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let response = app.call(Request::default()).await.unwrap();
/// assert_eq!(response.status().as_u16(), 404);
/// # });
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct PolicyEndpoint<E> {
    inner: E,
    guard: PolicyGuard,
}

impl<E: Endpoint> Endpoint for PolicyEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let head = RequestHead {
            method: request.method(),
            uri: original_uri(&request),
            headers: request.headers(),
            extensions: request.extensions(),
            caller_peer: None,
            transport: Some(if *request.scheme() == UriScheme::HTTPS { Transport::Tls } else { Transport::Plain }),
            socket_peer: request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip),
        };
        let mut in_flight = match self.guard.on_request(&head) {
            Ok(in_flight) => in_flight,
            Err(policy_response) => {
                let mut response =
                    Response::builder().status(policy_response.status()).body(policy_response.body().into_owned());
                policy_response.write_headers(response.headers_mut());
                return Ok(response);
            }
        };
        in_flight.rename_cookies(request.headers_mut());
        request.set_data(in_flight.jar_handle());
        let response = self.inner.call(request).await.map_or_else(error_response, IntoResponse::into_response);
        let (mut parts, body) = response.into_parts();
        if let Some(DeferredRefusal(jar, error)) = parts.extensions.remove() {
            jar.refuse(error);
        }
        in_flight.on_response(parts.status, &mut parts.headers, &mut parts.extensions);
        Ok(Response::from_parts(parts, body))
    }
}

/// Returns the URI that the client sent. The function does not return the request's current URI, because poem removes
/// the prefix of a nested route from the current URI.
fn original_uri(request: &Request) -> &Uri {
    let original = request.original_uri();
    // If the request did not come through a server, poem's original URI is always `/`.
    if original == "/" { request.uri() } else { original }
}

fn error_response(error: Error) -> Response {
    let cookie = error.downcast_ref().map(ReadError::cookie);
    let mut response = error.into_response();
    // poem replaces the extensions of the error's response with the extensions of the error. So `RemoveCookie` must be
    // in the error's extensions.
    if let Some(cookie) = cookie {
        response.set_data(RemoveCookie(cookie));
    }
    response
}

impl<'a, S: Scheme> FromRequest<'a> for Cookies<S> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        extract(request, JarHandle::maybe_cookies)
    }
}

/// If a handler has an argument `Option<T>`, poem drops the error of the extractor `T`. So an argument `Option<Https>`
/// is `None` in two cases:
///
/// - The request came over plain HTTP. hardtack emits no event.
/// - The policy is missing. hardtack writes an event to the log.
///
/// To get an error if the policy is missing, give the handler an argument `poem::Result<Https>`. As an alternative,
/// give the handler an argument `Cookies<AnyScheme>` and call `https()` on the argument.
impl<'a> FromRequest<'a> for Https {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        extract(request, JarHandle::maybe_https)
    }
}

#[cfg(feature = "device-bound")]
impl<'a, T: DeviceBoundValue> FromRequest<'a> for Bound<T> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        try_extract(request, JarHandle::bound)
    }
}

/// Calls the function `extractor` with the jar of the request. `extractor` returns nothing if the request came over
/// plain HTTP.
fn extract<T>(request: &Request, extractor: impl FnOnce(&JarHandle) -> Option<T>) -> Result<T> {
    try_extract(request, |jar| extractor(jar).ok_or_else(|| jar.refusal()))
}

/// Calls the function `extractor` with the jar of the request.
fn try_extract<T>(request: &Request, extractor: impl FnOnce(&JarHandle) -> Result<T, ExtractError>) -> Result<T> {
    let jar: &JarHandle = request.data().ok_or_else(|| layer_missing(REMEDY))?;
    extractor(jar).map_err(|refusal| {
        let mut error = Error::from(refusal);
        error.set_data(DeferredRefusal(jar.clone(), refusal));
        error
    })
}

/// Marks an extractor's error whose event hardtack has not emitted yet. hardtack emits the event when the error becomes
/// the response. If an argument `Option<T>` of the handler drops the error, hardtack emits no event.
#[derive(Clone)]
struct DeferredRefusal(JarHandle, ExtractError);

const REMEDY: &str = "hardtack's policy is missing; add `.with(PolicyMiddleware::new(policy, tls_termination))` around the `Route`; the \
     policy's middleware must be the outermost: the last `.with(..)`";

impl ResponseError for ExtractError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        (self.status(), self.body().into_owned()).into_response()
    }
}

impl ResponseError for SetError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        (self.status(), self.client_message()).into_response()
    }
}

impl ResponseError for ReadError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        let mut response = (self.status(), self.client_message()).into_response();
        response.set_data(RemoveCookie(self.cookie()));
        response
    }
}

/// Implements the extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __poem {
    ($name:ident, $scheme:ident) => {
        #[automatically_derived]
        impl<'a, $scheme> $crate::private::poem::FromRequest<'a> for $name<$scheme>
        where
            $scheme: $crate::Scheme,
        {
            async fn from_request(
                request: &'a $crate::private::poem::Request,
                body: &mut $crate::private::poem::RequestBody,
            ) -> $crate::private::poem::Result<Self> {
                ::core::result::Result::map(
                    <$crate::Cookies<$scheme> as $crate::private::poem::FromRequest<'a>>::from_request(request, body)
                        .await,
                    <Self as ::core::convert::From<$crate::Cookies<$scheme>>>::from,
                )
            }
        }
    };
}
