//! Support for salvo 1.1: the policy as a middleware (salvo calls a middleware a hoop), extractors for the jar and for
//! `Https`, and a response for each error. hardtack gets the scheme and the peer address of a connection from salvo's
//! acceptor, and never from the URI or a header.
//!
//! Add a [`PolicyHoop`] to the `Service`. Then a `#[handler]` can have arguments of these types: [`Cookies`],
//! [`Https`](crate::Https), [`MaybeHttps`] and each `#[hardtack::cookies]` struct.
//!
//! A function that is not a `#[handler]`, such as an `#[endpoint]` of salvo-oapi, must extract the jar itself. To
//! extract the jar, import `salvo::extract::Extractible`, and write `let cookies: Cookies = Cookies::extract(req,
//! depot).await?`.
//!
//! The errors of the jar and of the extractors can become salvo responses. A handler with several kinds of errors can
//! return [`Error`].

use core::fmt;
use std::borrow::Cow;

use http::header::{COOKIE, SET_COOKIE};
use http::uri::Scheme as UriScheme;
use http::{HeaderValue, StatusCode};
use salvo_core::extract::{Extractible, Metadata};
use salvo_core::http::StatusError;
use salvo_core::http::cookie::{Cookie, CookieJar};
use salvo_core::{Depot, FlowCtrl, Handler, Request, Response, Scribe};

#[cfg(feature = "device-bound")]
use crate::cookie::declaration::DeviceBoundValue;
use crate::cookie::error::{ReadError, SetError};
#[cfg(feature = "device-bound")]
use crate::device_bound::Bound;
use crate::jar::cookies::Cookies;
use crate::middleware::extract_error::ExtractError;
use crate::middleware::plain_http::PolicyResponse;
use crate::middleware::trusted::TrustedHeaders;
use crate::middleware::{JarHandle, PolicyGuard, RemoveCookie, layer_missing};
use crate::policy::PolicyHandle;
use crate::request::head::{RequestHead, Transport};
use crate::request::scheme::{Https, Scheme};
use crate::request::tls_termination::TlsTermination;

/// The middleware that applies a [`Policy`](crate::Policy) to a salvo `Service`. salvo calls a middleware a hoop.
///
/// With [`TlsTermination::per_connection`], salvo's acceptor determines whether a connection uses TLS. hardtack uses
/// the address of the socket as the address of the peer.
///
/// Add this hoop (salvo's name for a middleware) to the `Service` **before every other hoop**. If an earlier hoop adds
/// headers to a response, the policy does not change the added headers.
///
/// Do not add this hoop to a `Router`, because salvo does not run the hoops of a router for unknown paths. If the hoop
/// does not run, a 404 response has no HSTS header, and a plain HTTP request for an unknown path is not redirected.
///
/// salvo's catcher runs after all hoops. The error pages of the catcher keep the headers that the policy wrote. If your
/// own catcher sets cookies, add the hoop to the catcher too: `Catcher::default().hoop(hoop.clone())`.
///
/// ```
/// use hardtack::salvo::PolicyHoop;
/// use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
/// use salvo_core::prelude::*;
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// #[handler]
/// async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
///     cookies.set(Session("s3cr3t".into()))?;
///     Ok("signed in")
/// }
///
/// let hoop = PolicyHoop::new(Policy::default(), TlsTermination::per_connection());
/// let service = Service::new(Router::new().get(sign_in)).hoop(hoop);
/// # use salvo_core::conn::{ConnCtrl, SocketAddr::Unknown};
/// # let get = |scheme: http::uri::Scheme| {
/// #     let mut request = Request::new();
/// #     *request.scheme_mut() = scheme.clone();
/// #     let response = service.hyper_handler(Unknown, Unknown, scheme, None, ConnCtrl::new(), None).handle(request);
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response)
/// # };
/// # let (over_tls, over_plain_http) = (get(http::uri::Scheme::HTTPS), get(http::uri::Scheme::HTTP));
///
/// // The responses to `GET /`:
/// assert_eq!(
///     over_tls.headers["set-cookie"],
///     "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax",
/// );
/// assert_eq!(over_plain_http.status_code.unwrap(), 403);
/// ```
#[derive(Debug, Clone)]
pub struct PolicyHoop {
    guard: PolicyGuard,
}

impl PolicyHoop {
    /// Makes the hoop (salvo's name for a middleware) from a policy or from a [`PolicyHandle`]. A handle can replace
    /// the policy while the server runs.
    ///
    /// ```
    /// use hardtack::salvo::PolicyHoop;
    /// use hardtack::{Policy, PolicyHandle, TlsTermination};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let hoop = PolicyHoop::new(handle.clone(), TlsTermination::per_connection());
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
    /// assert!(format!("{hoop:?}").contains("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, tls_termination: TlsTermination) -> Self {
        PolicyHoop { guard: PolicyGuard::new(policy.into(), tls_termination).keeping_trusted() }
    }
}

#[salvo_core::async_trait]
impl Handler for PolicyHoop {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        let is_tls = *req.scheme() == UriScheme::HTTPS;
        let result = self.guard.on_request(&RequestHead {
            method: req.method(),
            uri: req.uri(),
            headers: req.headers(),
            extensions: req.extensions(),
            caller_peer: None,
            transport: Some(if is_tls { Transport::Tls } else { Transport::Plain }),
            socket_peer: req.remote_addr().ip(),
        });
        let mut in_flight = match result {
            Ok(in_flight) => in_flight,
            Err(policy_response) => return send(*policy_response, res, ctrl),
        };
        if in_flight.renamed_cookies().is_some() {
            in_flight.rename_cookies(req.headers_mut());
            refill_salvo_jars(req, res);
        }
        let outer_jar = req.extensions_mut().insert(in_flight.jar_handle());
        ctrl.call_next(req, depot, res).await;
        // The policy applies to every response, even if a handler called `ctrl.cease()`.
        write_salvo_jar(req, res);
        // salvo sends the status 200 or 404 if no handler sets a status.
        let status = res.status_code.unwrap_or_default();
        in_flight.on_response(status, &mut res.headers, &mut res.extensions);
        match outer_jar {
            Some(outer_jar) => _ = req.extensions_mut().insert(outer_jar),
            // A catcher of salvo can run `PolicyHoop` a second time for one request. The second run of `PolicyHoop`
            // must not treat a header from the first run as the header of an undeclared cookie.
            None => trust_headers(res),
        }
    }
}

/// Sends the policy's response. The handlers of the application do not run.
fn send(policy_response: PolicyResponse, res: &mut Response, ctrl: &mut FlowCtrl) {
    res.status_code(policy_response.status());
    // salvo's catcher writes an error page if the response has no body. With an empty text as the body, salvo's catcher
    // writes no error page.
    res.body(policy_response.body().into_owned());
    policy_response.write_headers(&mut res.headers);
    ctrl.skip_rest();
}

/// Parses the renamed `Cookie` headers again. salvo parses the headers before the first middleware runs, and copies the
/// cookies into the response.
fn refill_salvo_jars(req: &mut Request, res: &mut Response) {
    let mut jar = CookieJar::new();
    for header in req.headers().get_all(COOKIE) {
        // salvo skips a header whose value is not visible ASCII.
        let Ok(header) = header.to_str() else { continue };
        for cookie in header.split(';').filter_map(|pair| Cookie::parse_encoded(pair.trim().to_owned()).ok()) {
            jar.add_original(cookie);
        }
    }
    *req.cookies_mut() = jar.clone();
    // Perhaps an outer middleware has already set cookies.
    for cookie in res.cookies.delta() {
        jar.add(cookie.clone());
    }
    res.cookies = jar;
}

/// Moves the cookies from salvo's own jar to the headers, so that the policy checks the cookies. By default, salvo
/// moves the cookies only after the last middleware (salvo calls it a hoop).
fn write_salvo_jar(req: &Request, res: &mut Response) {
    if !res.has_cookie_changes() {
        return;
    }
    for cookie in res.cookies.delta() {
        if let Ok(header) = HeaderValue::try_from(cookie.encoded().to_string()) {
            res.headers.append(SET_COOKIE, header);
        }
    }
    res.cookies = Default::default();
    for cookie in req.cookies().iter() {
        res.cookies.add_original(cookie.clone());
    }
}

fn trust_headers(res: &mut Response) {
    let trusted = res.extensions.get_or_insert_default::<TrustedHeaders>();
    trusted.add_all(res.headers.get_all(SET_COOKIE).iter());
}

const REMEDY: &str = "hardtack's policy is missing; add `.hoop(PolicyHoop::new(policy, tls_termination))` to the `Service`; the policy's \
     hoop must be the outermost: the first `.hoop(..)`";

fn jar_handle(req: &Request) -> Result<&JarHandle, ExtractError> {
    req.extensions().get().ok_or_else(|| layer_missing(REMEDY))
}

/// The metadata that salvo requires of every extractor. The metadata describes how an extractor parses the parts of a
/// request. hardtack's extractors only return the jar, so the metadata is empty.
static METADATA: Metadata = Metadata::new("");

impl<'ex, S: Scheme> Extractible<'ex> for Cookies<S> {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "callers of `extract` can name the error")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        jar_handle(req)?.cookies()
    }
}

impl<'ex> Extractible<'ex> for Https {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "as above")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        jar_handle(req)?.https()
    }
}

/// An argument of a `#[handler]` that contains proof of HTTPS, or `None` if the request came over plain HTTP.
///
/// If the policy is missing, the extraction returns an error. An argument `Option<Https>` would be `None` after every
/// error, even if the policy is missing.
///
/// ```
/// use hardtack::salvo::{MaybeHttps, PolicyHoop};
/// use hardtack::{Policy, TlsTermination};
/// use salvo_core::prelude::*;
///
/// #[handler]
/// async fn which(https: MaybeHttps) -> &'static str {
///     if https.0.is_some() { "https" } else { "plain" }
/// }
///
/// let policy = Policy::builder().force_https(false).build()?;
/// let hoop = PolicyHoop::new(policy, TlsTermination::per_connection());
/// let service = Service::new(Router::new().get(which)).hoop(hoop);
/// # use salvo_core::{conn::{ConnCtrl, SocketAddr::Unknown}, http::ResBody};
/// # let get = |scheme: http::uri::Scheme| {
/// #     let mut request = Request::new();
/// #     *request.scheme_mut() = scheme.clone();
/// #     let response = service.hyper_handler(Unknown, Unknown, scheme, None, ConnCtrl::new(), None).handle(request);
/// #     match tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response).body {
/// #         ResBody::Once(bytes) => bytes,
/// #         other => panic!("{other:?}"),
/// #     }
/// # };
/// # let (over_tls, over_plain_http) = (get(http::uri::Scheme::HTTPS), get(http::uri::Scheme::HTTP));
///
/// // The bodies of the responses to `GET /`:
/// assert_eq!((&over_tls[..], &over_plain_http[..]), (&b"https"[..], &b"plain"[..]));
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct MaybeHttps(pub Option<Https>);

impl<'ex> Extractible<'ex> for MaybeHttps {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "as above")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        jar_handle(req).map(|handle| MaybeHttps(handle.maybe_https()))
    }
}

#[cfg(feature = "device-bound")]
impl<'ex, T: DeviceBoundValue> Extractible<'ex> for Bound<T> {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "as above")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        let jar = jar_handle(req)?;
        jar.bound().map_err(|error| jar.refuse(error))
    }
}

/// An error of the jar or of an extractor. `Error` can become a salvo response. Return `Error` from a handler that uses
/// `?` with several error types.
///
/// hardtack has its own type `Error`, because salvo's own error type cannot contain the response of a hardtack error.
///
/// ```
/// use hardtack::salvo::{Error, PolicyHoop};
/// use hardtack::{Cookie, Cookies, Policy, TlsTermination};
/// use salvo_core::prelude::*;
///
/// #[derive(Cookie)]
/// struct Visits(u32);
///
/// #[handler]
/// async fn visit(cookies: Cookies) -> Result<String, Error> {
///     let visits = cookies.try_get::<Visits>()?.map_or(1, |Visits(visits)| visits.saturating_add(1));
///     cookies.set(Visits(visits))?;
///     Ok(visits.to_string())
/// }
///
/// let hoop = PolicyHoop::new(Policy::default(), TlsTermination::here());
/// let service = Service::new(Router::new().get(visit)).hoop(hoop);
/// # use salvo_core::conn::{ConnCtrl, SocketAddr::Unknown};
/// # let get = |cookie: &'static str| {
/// #     let (mut request, scheme) = (Request::new(), http::uri::Scheme::HTTPS);
/// #     request.headers_mut().insert("cookie", cookie.parse().unwrap());
/// #     let response = service.hyper_handler(Unknown, Unknown, scheme, None, ConnCtrl::new(), None).handle(request);
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(response)
/// # };
///
/// // The response to `GET /` with this `Cookie` header:
/// let response = get("__Host-Http-visits=many");
/// assert_eq!(response.status_code.unwrap(), 400);
/// // The response does not remove the cookie. The next `set` replaces it.
/// assert!(!response.headers.contains_key("set-cookie"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A cookie could not be read.
    Read(ReadError),
    /// A cookie could not be set or removed.
    Set(SetError),
    /// An extractor failed.
    Extract(ExtractError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Read(error) => error.fmt(f),
            Error::Set(error) => error.fmt(f),
            Error::Extract(error) => error.fmt(f),
        }
    }
}

/// `Error` has no `source`, because `Display` already writes the text of the inner error.
impl std::error::Error for Error {}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Error::Read(error)
    }
}

impl From<SetError> for Error {
    fn from(error: SetError) -> Self {
        Error::Set(error)
    }
}

impl From<ExtractError> for Error {
    fn from(error: ExtractError) -> Self {
        Error::Extract(error)
    }
}

impl Scribe for Error {
    fn render(self, res: &mut Response) {
        match self {
            Error::Read(error) => error.render(res),
            Error::Set(error) => error.render(res),
            Error::Extract(error) => error.render(res),
        }
    }
}

impl Scribe for ExtractError {
    fn render(self, res: &mut Response) {
        render_text(res, self.status(), self.body());
    }
}

impl Scribe for SetError {
    fn render(self, res: &mut Response) {
        render_text(res, self.status(), self.client_message());
    }
}

impl Scribe for ReadError {
    fn render(self, res: &mut Response) {
        render_text(res, self.status(), self.client_message());
        res.extensions.insert(RemoveCookie(self.cookie()));
    }
}

fn render_text(res: &mut Response, status: StatusCode, text: impl Into<Cow<'static, str>>) {
    // Perhaps the handler or a different middleware has already written a body. Rendering a `StatusError` removes the
    // old body and the headers of the old body. The next line writes the error's text as the new body.
    res.render(StatusError::from_code(status).unwrap_or_else(StatusError::internal_server_error));
    res.render(text.into().into_owned());
}

/// Implements the extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __salvo {
    ($name:ident, $scheme:ident) => {
        #[automatically_derived]
        impl<'a, $scheme> $crate::private::salvo_core::extract::Extractible<'a> for $name<$scheme>
        where
            $scheme: $crate::Scheme,
        {
            fn metadata() -> &'static $crate::private::salvo_core::extract::Metadata {
                <$crate::Cookies<$scheme> as $crate::private::salvo_core::extract::Extractible<'a>>::metadata()
            }

            #[allow(refining_impl_trait)]
            async fn extract(
                req: &'a mut $crate::private::salvo_core::Request,
                depot: &'a mut $crate::private::salvo_core::Depot,
            ) -> ::core::result::Result<Self, $crate::ExtractError> {
                ::core::result::Result::map(
                    <$crate::Cookies<$scheme> as $crate::private::salvo_core::extract::Extractible<'a>>::extract(
                        req, depot,
                    )
                    .await,
                    <Self as ::core::convert::From<$crate::Cookies<$scheme>>>::from,
                )
            }
        }
    };
}
