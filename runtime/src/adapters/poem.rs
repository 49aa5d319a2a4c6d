//! poem 3: the policy as a middleware, extractors for the jar and for the proof of HTTPS, errors as responses. What is
//! known of a connection is what its acceptor says: `RealIp`, headers and absolute URIs are never asked.

use http::Uri;
use http::header::SET_COOKIE;
use http::uri::Scheme as UriScheme;
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::{Endpoint, Error, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result};

use crate::cookies::Cookies;
use crate::enforce::Declared;
use crate::error::{ExtractError, ReadError, SetError};
use crate::listener::{Head, Listener, Transport};
use crate::passage::{Gate, Open, missing};
use crate::policy::PolicyHandle;
use crate::scheme::{Https, Scheme};

/// Stands a [`Policy`](crate::Policy) around an application, for one [`Listener`].
///
/// Put it outermost: the last `.with(..)`, on the whole `Route`. Its own answers, a redirect or a refusal, have an
/// empty body.
///
/// [`Listener::per_connection`] knows what poem's acceptors say: `TcpListener` and `UnixListener` are plain HTTP, those
/// that end TLS are HTTPS, and one server may `combine` both. The peer's address is the socket's; a Unix socket's peer
/// has none. A request that no server made, as `TestClient`'s, is plain unless it carries [`Transport::Tls`] as data.
///
/// # Errors of the application
///
/// An error becomes its response here, so that cookies and HSTS stay with it. So `.catch_error(..)` stands inside,
/// before this `.with(..)`: outside no error is left to catch.
///
/// # Sessions
///
/// poem's cookie jar removes a cookie by its name alone, and so does `Session::purge`: a browser takes the directory of
/// the request for the missing Path, and keeps a session that was set for `/`. Where the policy hardens, the removal
/// leaves with the Path, Domain and Partitioned that the cookie was set with; where this process has seen no such line
/// that fits the request's host and path, for `Path=/` too. poem itself ends nothing where the handler returns an error
/// after `purge`, or where the storage of a `ServerSession` does not know the session.
///
/// ```
/// use hardtack::poem::PolicyMiddleware;
/// use hardtack::{Cookie, Cookies, Listener, Policy, SetError, Transport};
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
/// let policy = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
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
    gate: Gate,
}

impl PolicyMiddleware {
    /// Takes a policy, or a [`PolicyHandle`] whose policy may change, and how requests of this socket are judged.
    ///
    /// ```
    /// use hardtack::poem::PolicyMiddleware;
    /// use hardtack::{Listener, Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let middleware = PolicyMiddleware::new(handle.clone(), Listener::per_connection());
    /// handle.apply(Policy::builder().cookie_domain("example.com").build()?);
    /// assert!(format!("{middleware:?}").contains("example.com"));
    /// # Ok::<(), hardtack::PolicyError>(())
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, listener: Listener) -> Self {
        PolicyMiddleware { gate: Gate::new(policy.into(), listener).completing_removals() }
    }
}

impl<E: Endpoint> Middleware<E> for PolicyMiddleware {
    type Output = PolicyEndpoint<E>;

    fn transform(&self, inner: E) -> PolicyEndpoint<E> {
        PolicyEndpoint { inner, gate: self.gate.clone() }
    }
}

/// The endpoint that [`PolicyMiddleware`] makes of another. It never returns an error.
///
/// ```
/// use hardtack::poem::{PolicyEndpoint, PolicyMiddleware};
/// use hardtack::{Listener, Policy};
/// use poem::{Endpoint as _, EndpointExt as _, Request, Route};
///
/// let policy = Policy::builder().force_https(false).build()?;
/// let app: PolicyEndpoint<Route> = Route::new().with(PolicyMiddleware::new(policy, Listener::per_connection()));
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let nowhere = app.call(Request::default()).await.unwrap();
/// assert_eq!(nowhere.status().as_u16(), 404);
/// # });
/// # Ok::<(), hardtack::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct PolicyEndpoint<E> {
    inner: E,
    gate: Gate,
}

impl<E: Endpoint> Endpoint for PolicyEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let head = Head {
            method: request.method(),
            uri: whole_uri(&request),
            headers: request.headers(),
            extensions: request.extensions(),
            transport: Some(if *request.scheme() == UriScheme::HTTPS { Transport::Tls } else { Transport::Plain }),
            peer: request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip),
        };
        let mut passage = match self.gate.enter(&head) {
            Ok(passage) => passage,
            Err(answer) => {
                let mut response = Response::builder().status(answer.status()).finish();
                answer.write(response.headers_mut());
                return Ok(response);
            }
        };
        request.set_data(passage.open());
        let response = self.inner.call(request).await.map_or_else(respond, IntoResponse::into_response);
        let (mut parts, body) = response.into_parts();
        if let Some(Untold(open)) = parts.extensions.remove() {
            open.tell_refusal();
        }
        passage.leave(&mut parts.headers, &mut parts.extensions);
        Ok(Response::from_parts(parts, body))
    }
}

/// The URI as the client wrote it: a nested route strips its prefix. A request that no server made has none: `/`.
fn whole_uri(request: &Request) -> &Uri {
    let whole = request.original_uri();
    if whole == "/" { request.uri() } else { whole }
}

fn respond(error: Error) -> Response {
    let removal = error.downcast_ref().and_then(ReadError::removal).cloned();
    let mut response = error.into_response();
    // poem has put the error's extensions in the place of the response's.
    if let Some(removal) = removal {
        response.set_data(Declared(vec![removal]));
    }
    response
}

impl<'a, S: Scheme> FromRequest<'a> for Cookies<S> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        ask(request, Open::maybe_cookies)
    }
}

/// poem's `Option<T>` drops the error of `T`. So `Option<Https>` is `None` over plain HTTP, which is no refusal and not
/// told as one; and it is `None` too where nobody added the policy, which no extractor can prevent and the log says.
/// Where that must be an error, take `poem::Result<Https>`, or `Cookies<AnyScheme>` and ask its `https()`.
impl<'a> FromRequest<'a> for Https {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        ask(request, Open::maybe_https)
    }
}

fn ask<T>(request: &Request, what: impl FnOnce(&Open) -> Option<T>) -> Result<T> {
    let open: &Open = request.data().ok_or_else(|| missing(REMEDY))?;
    what(open).ok_or_else(|| {
        let mut error = Error::from(open.refusal());
        error.set_data(Untold(open.clone()));
        error
    })
}

/// In the extensions of an error, and so of its response: a refusal that is told then, unless an `Option` drops it.
#[derive(Clone)]
struct Untold(Open);

const REMEDY: &str =
    "hardtack's policy is missing; add `.with(PolicyMiddleware::new(policy, listener))` around the `Route`";

impl ResponseError for ExtractError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        (self.status(), self.public()).into_response()
    }
}

impl ResponseError for SetError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        (self.status(), self.public()).into_response()
    }
}

impl ResponseError for ReadError {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        let mut response = (self.status(), self.public()).into_response();
        if let Some(removal) = self.removal() {
            response.headers_mut().append(SET_COOKIE, removal.clone());
            response.set_data(Declared(vec![removal.clone()]));
        }
        response
    }
}

/// The extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __poem {
    ($name:ident) => {
        #[automatically_derived]
        impl<'__a, __S> $crate::private::poem::FromRequest<'__a> for $name<__S>
        where
            __S: $crate::Scheme,
        {
            async fn from_request(
                __request: &'__a $crate::private::poem::Request,
                __body: &mut $crate::private::poem::RequestBody,
            ) -> $crate::private::poem::Result<Self> {
                ::core::result::Result::map(
                    <$crate::Cookies<__S> as $crate::private::poem::FromRequest<'__a>>::from_request(__request, __body)
                        .await,
                    <Self as ::core::convert::From<$crate::Cookies<__S>>>::from,
                )
            }
        }
    };
}
