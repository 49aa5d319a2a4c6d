//! Support for actix-web 4: the policy as a middleware, extractors for the jar and for `Https`, and a response for each
//! error.
//!
//! actix-web uses version 0.2 of the crate `http`, and hardtack uses version 1. So this module copies the request
//! headers to the types of version 1 for the policy, and copies the changed response headers back to the types of
//! version 0.2. This module does not call actix-web's function `connection_info()`, because `connection_info()` trusts
//! forwarding headers from every peer.
//!
//! ```
//! use actix_web::{App, HttpMessage as _, test, web};
//! use hardtack::actix::PolicyMiddleware;
//! use hardtack::tls::Transport;
//! use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
//!
//! #[derive(Cookie)]
//! struct Session(String);
//!
//! async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
//!     cookies.set(Session("s3cr3t".into()))?;
//!     Ok("signed in")
//! }
//!
//! # actix_web::rt::System::new().block_on(async {
//! let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
//! let app = test::init_service(App::new().route("/", web::post().to(sign_in)).wrap(policy)).await;
//!
//! // A test has no socket, so the test marks the request as TLS. An `HttpServer` does this by itself.
//! let request = test::TestRequest::post().to_request();
//! request.extensions_mut().insert(Transport::Tls);
//! let response = test::call_service(&app, request).await;
//! let header = response.headers().get("set-cookie").unwrap();
//! assert_eq!(header, "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax");
//! # });
//! ```

use core::fmt;
use core::future::{Future, Ready, ready};
use core::pin::Pin;
use std::borrow::Cow;

use actix_web::body::{BoxBody, EitherBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{self as actix_header, ContentType};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};

use super::header_map;
#[cfg(feature = "device-bound")]
use crate::cookie::declaration::DeviceBoundValue;
use crate::cookie::error::{ReadError, SetError};
#[cfg(feature = "device-bound")]
use crate::device_bound::Bound;
use crate::jar::cookies::Cookies;
use crate::middleware::extract_error::ExtractError;
use crate::middleware::response::MANAGED_HEADERS;
use crate::middleware::trusted::TrustedHeaders;
use crate::middleware::{InFlight, JarHandle, PolicyGuard, RemoveCookie, layer_missing};
use crate::policy::PolicyHandle;
use crate::policy::host_prefix::HostPrefix;
use crate::request::head::{Peer, RequestHead, Transport};
use crate::request::scheme::{Https, Scheme};
use crate::request::tls_termination::TlsTermination;

/// The middleware that applies a [`Policy`](crate::Policy) to an `App`. The middleware checks each request and makes a
/// cookie jar for the request. The middleware later writes the cookies of the jar into the response.
///
/// Make one `PolicyMiddleware` and pass a clone to the last `wrap` of each worker's `App`. The last `wrap` is the
/// outermost middleware. All clones share the policy and its counters.
///
/// Use [`TlsTermination::per_connection`] for every `HttpServer`, even if one server has TLS sockets and plain sockets.
/// If your own accept loop makes the connections, add a [`Transport`] to the connection's data (`on_connect`) or to the
/// request's extensions.
///
/// hardtack uses the address of the socket as the address of the peer. To use a different address, add a [`Peer`] to
/// the connection's data or to the request's extensions.
///
/// If the policy redirects a request, the response has an empty body. If the policy refuses a request, the body is one
/// sentence.
///
/// ```
/// use actix_web::{App, test, web};
/// use hardtack::actix::PolicyMiddleware;
/// use hardtack::{Policy, TlsTermination};
///
/// # actix_web::rt::System::new().block_on(async {
/// let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
/// // For `HttpServer::new`.
/// let factory = move || App::new().route("/", web::get().to(|| async { "home" })).wrap(policy.clone());
///
/// let app = test::init_service(factory()).await;
/// let page = test::TestRequest::get().insert_header(("Accept", "text/html")).insert_header(("Host", "shop.example"));
/// let response = test::call_service(&app, page.to_request()).await;
/// assert_eq!(response.status(), 308);
/// assert_eq!(response.headers().get("location").unwrap(), "https://shop.example/");
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
    /// use hardtack::actix::PolicyMiddleware;
    /// use hardtack::{Policy, PolicyHandle, TlsTermination};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let middleware = PolicyMiddleware::new(handle.clone(), TlsTermination::per_connection());
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
    /// assert!(format!("{middleware:?}").contains("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, tls_termination: TlsTermination) -> Self {
        PolicyMiddleware { guard: PolicyGuard::new(policy.into(), tls_termination) }
    }
}

impl<I, B> Transform<I, ServiceRequest> for PolicyMiddleware
where
    I: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    I::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = PolicyService<I>;
    type InitError = ();
    type Future = Ready<Result<PolicyService<I>, ()>>;

    fn new_transform(&self, inner: I) -> Self::Future {
        ready(Ok(PolicyService { inner, guard: self.guard.clone() }))
    }
}

/// The service of a [`PolicyMiddleware`].
#[derive(Debug)]
pub struct PolicyService<I> {
    inner: I,
    guard: PolicyGuard,
}

impl<I, B> Service<ServiceRequest> for PolicyService<I>
where
    I: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    I::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let mut in_flight = match on_request(&self.guard, &request) {
            Ok(in_flight) => in_flight,
            Err(response) => {
                let response = request.into_response(response.map_into_right_body());
                return Box::pin(ready(Ok(response)));
            }
        };
        rename_cookies(&mut request, &in_flight);
        let outer_jar = request.extensions_mut().insert(in_flight.jar_handle());
        let inner = self.inner.call(request);
        Box::pin(async move {
            match inner.await {
                Ok(mut response) => {
                    on_response(&mut in_flight, response.response_mut());
                    if let Some(outer_jar) = outer_jar {
                        // Two instances of `PolicyMiddleware` handle this request. The inner instance has finished, so
                        // the request gets the outer instance's jar again.
                        response.request().extensions_mut().insert(outer_jar);
                    }
                    Ok(response.map_into_left_body())
                }
                // An inner middleware returned an error. If actix-web's server received this error, the server would
                // make a response without the policy's headers.
                Err(error) => {
                    let mut response = error.error_response();
                    on_response(&mut in_flight, &mut response);
                    Err(InternalError::from_response(error, response).into())
                }
            }
        })
    }
}

fn on_request(guard: &PolicyGuard, request: &ServiceRequest) -> Result<InFlight, HttpResponse> {
    let method = Method::from_bytes(request.method().as_str().as_bytes());
    let (Ok(method), Ok(uri)) = (method, to_http_uri(request.uri())) else {
        // actix-web accepts an HTTP/2 `:path` that does not begin with `/` (RFC 9113 8.3.1).
        return Err(HttpResponse::BadRequest().finish());
    };
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let headers = header_map::from_request(headers, guard.configured_header());
    let mut extensions = Extensions::new();
    if let Some(outer_jar) = request.extensions().get::<JarHandle>() {
        extensions.insert(outer_jar.clone());
    }
    copy_extension::<Transport>(request, &mut extensions);
    copy_extension::<Peer>(request, &mut extensions);
    let transport = if request.app_config().secure() { Transport::Tls } else { Transport::Plain };
    let head = RequestHead {
        method: &method,
        uri: &uri,
        headers: &headers,
        extensions: &extensions,
        transport: Some(transport),
        caller_peer: None,
        socket_peer: request.peer_addr().map(|peer| peer.ip()),
    };
    guard.on_request(&head).map_err(|policy_response| {
        let body = BoxBody::new(policy_response.body().into_owned());
        let mut response = HttpResponse::with_body(to_actix_status(policy_response.status()), body);
        let mut headers = HeaderMap::new();
        policy_response.write_headers(&mut headers);
        append(&headers, &mut response);
        if !matches!(request.parts().1, Payload::None) {
            // The server does not read the body of a refused request. If the server does not read a body, actix-web
            // closes the connection, but does not send `Connection: close`.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    })
}

/// Replaces the `Cookie` headers of the request with the headers that the application receives.
fn rename_cookies(request: &mut ServiceRequest, in_flight: &InFlight) {
    let Some((renamed, prefix)) = in_flight.renamed_cookies() else { return };
    let originals: Vec<_> = request.headers().get_all(actix_header::COOKIE).cloned().collect();
    let headers = request.headers_mut();
    headers.remove(actix_header::COOKIE);
    for header in renamed.headers().unwrap_or_default() {
        if let Some(header) = to_actix_value(header).and_then(without_malformed_cookies) {
            headers.append(actix_header::COOKIE, header);
        }
    }
    let originals: Vec<_> = originals.iter().map(actix_header::HeaderValue::as_bytes).collect();
    if has_stale_cookies(request, prefix, renamed.pairs(prefix, &originals)) {
        in_flight.report_stale_cookies();
        // actix-web stores the parsed cookies in the extensions under a private type. The only way to remove the parsed
        // cookies is to remove all extensions.
        let mut extensions = request.extensions_mut();
        let jar = extensions.remove::<JarHandle>();
        let (transport, peer) = (extensions.remove::<Transport>(), extensions.remove::<Peer>());
        extensions.clear();
        jar.and_then(|jar| extensions.insert(jar));
        transport.and_then(|transport| extensions.insert(transport));
        peer.and_then(|peer| extensions.insert(peer));
    }
}

/// Removes the cookies that actix-web cannot parse. If one cookie of a request is malformed, actix-web 4.12 returns no
/// cookie at all, and later versions do so only if the header is not UTF-8. Any host of the site can set a malformed
/// cookie, and would sign the user out. Returns `None` if no cookie is left.
fn without_malformed_cookies(header: actix_header::HeaderValue) -> Option<actix_header::HeaderValue> {
    let is_valid = |pair: &&[u8]| {
        let pair = core::str::from_utf8(pair).map(str::trim);
        pair.is_ok_and(|pair| pair.is_empty() || Cookie::parse_encoded(pair).is_ok())
    };
    let pairs = || header.as_bytes().split(|byte| *byte == b';');
    if pairs().all(|pair| is_valid(&pair)) {
        return Some(header);
    }
    let valid: Vec<&[u8]> = pairs().filter(is_valid).collect();
    // The remaining bytes come from a valid header value.
    (!valid.is_empty()).then(|| actix_header::HeaderValue::from_bytes(&valid.join(&b';')).ok()).flatten()
}

/// Returns true if actix-web parsed the request's cookies before hardtack renamed the cookies. actix-web parses the
/// cookies of a request only once. If an outer middleware reads a cookie before the policy's middleware runs, the
/// application would receive the old cookies.
///
/// `pairs` is the result of [`RenamedCookies::pairs`](crate::middleware::prefix::request::RenamedCookies::pairs): the
/// cookies whose names are in the policy's setting `host_prefix`. If actix-web has parsed the renamed headers,
/// actix-web has exactly the cookies that the application should receive.
fn has_stale_cookies<'a>(
    request: &ServiceRequest,
    prefix: &HostPrefix,
    pairs: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> bool {
    // If actix-web cannot parse the cookies, it stores no cookies.
    let Ok(cookies) = request.cookies() else { return false };
    let is_listed = |cookie: &&Cookie<'_>| {
        let name = cookie.name().trim();
        prefix.names().iter().any(|listed| listed.bare.eq_ignore_ascii_case(name))
    };
    let parsed = cookies.iter().filter(is_listed).map(|cookie| (cookie.name(), cookie.value().to_owned()));
    let received = pairs.filter_map(|(pair, name)| {
        // `without_malformed_cookies` removed the cookies that actix-web cannot parse.
        let cookie = Cookie::parse_encoded(pair.trim()).ok()?;
        Some((name?, cookie.value().to_owned()))
    });
    !parsed.eq(received)
}

/// Copies a value of the type `T` from the request's extensions, or else from the connection's data.
fn copy_extension<T: Copy + Send + Sync + 'static>(request: &ServiceRequest, extensions: &mut Extensions) {
    let value = request.extensions().get().copied();
    if let Some(value) = value.or_else(|| request.conn_data::<T>().copied()) {
        extensions.insert(value);
    }
}

/// Converts a URI to the type `Uri` of the crate `http`, version 1. The function builds the new URI from the scheme,
/// the authority and the path. If the function parsed the URI's text, a path that does not begin with `/` would become
/// a part of the host.
fn to_http_uri(uri: &actix_web::http::Uri) -> http::Result<Uri> {
    let mut builder = Uri::builder();
    if let Some(scheme) = uri.scheme_str() {
        builder = builder.scheme(scheme);
    }
    if let Some(authority) = uri.authority() {
        builder = builder.authority(authority.as_str());
    }
    if let Some(path_and_query) = uri.path_and_query() {
        builder = builder.path_and_query(path_and_query.as_str());
    }
    builder.build()
}

fn on_response<B>(in_flight: &mut InFlight, response: &mut HttpResponse<B>) {
    let (mut headers, mut extensions) = (HeaderMap::new(), Extensions::new());
    for name in MANAGED_HEADERS {
        for actix_value in response.headers_mut().remove(name.as_str()) {
            // Versions 0.2 and 1 of the crate `http` accept the same bytes in a header value.
            if let Ok(mut value) = HeaderValue::from_bytes(actix_value.as_bytes()) {
                value.set_sensitive(actix_value.is_sensitive());
                headers.append(name.clone(), value);
            }
        }
    }
    if let Some(trusted) = response.extensions_mut().remove::<TrustedHeaders>() {
        extensions.insert(trusted);
    }
    if let Some(remove_cookie) = response.extensions_mut().remove::<RemoveCookie>() {
        extensions.insert(remove_cookie);
    }
    // actix-web's type for the status is from version 0.2 of the crate `http`.
    let status = http::StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
    in_flight.on_response(status, &mut headers, &mut extensions);
    append(&headers, response);
    if let Some(trusted) = extensions.remove::<TrustedHeaders>() {
        response.extensions_mut().insert(trusted);
    }
}

fn append<B>(headers: &HeaderMap, response: &mut HttpResponse<B>) {
    for (name, value) in headers {
        let name = actix_header::HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Some(value)) = (name, to_actix_value(value)) {
            response.headers_mut().append(name, value);
        }
    }
}

/// Converts a header value to the type of the crate `http`, version 0.2. Versions 0.2 and 1 accept the same bytes in a
/// header value.
fn to_actix_value(value: &HeaderValue) -> Option<actix_header::HeaderValue> {
    let mut actix_value = actix_header::HeaderValue::from_bytes(value.as_bytes()).ok()?;
    actix_value.set_sensitive(value.is_sensitive());
    Some(actix_value)
}

/// The error of an extractor that refuses a request. hardtack emits the event of the refused request only when the
/// `Rejection` becomes an [`ExtractError`] or an actix-web `Error`.
///
/// If a handler has an argument `Option<T>`, actix-web drops the error of the extractor `T`. So an argument
/// `Option<Https>` is `None` in two cases:
///
/// - The request came over plain HTTP. No event is emitted.
/// - The policy is missing. hardtack writes an event to the log.
///
/// To get an error if the policy is missing, give the handler an argument `Result<Https, ExtractError>`, as in the
/// example. As an alternative, give the handler an argument `Cookies<AnyScheme>` and call `https()` on the argument.
///
/// ```
/// use actix_web::{App, test, web};
/// use hardtack::{ExtractError, Https};
///
/// async fn page(https: Result<Https, ExtractError>) -> Result<&'static str, ExtractError> {
///     match https {
///         Ok(_) => Ok("over HTTPS"),
///         Err(ExtractError::NotHttps { .. }) => Ok("over plain HTTP"),
///         Err(error) => Err(error),
///     }
/// }
///
/// # actix_web::rt::System::new().block_on(async {
/// let app = test::init_service(App::new().route("/", web::get().to(page))).await;
/// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
/// assert_eq!(response.status(), 500);
/// let body = test::read_body(response).await;
/// // The log has the reason and the remedy.
/// assert_eq!(body, "internal error");
/// # });
/// ```
pub struct Rejection {
    /// The jar that emits the event, if the error becomes the response. `None` if the policy is missing.
    jar: Option<JarHandle>,
    error: ExtractError,
}

impl From<Rejection> for ExtractError {
    fn from(rejection: Rejection) -> Self {
        match rejection.jar {
            Some(jar) => jar.refuse(rejection.error),
            None => rejection.error,
        }
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        ExtractError::from(rejection).into()
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection").finish_non_exhaustive()
    }
}

impl<S: Scheme> FromRequest for Cookies<S> {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(extract(request, JarHandle::maybe_cookies))
    }
}

impl FromRequest for Https {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(extract(request, JarHandle::maybe_https))
    }
}

#[cfg(feature = "device-bound")]
impl<T: DeviceBoundValue> FromRequest for Bound<T> {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(try_extract(request, JarHandle::bound))
    }
}

/// Calls the function `extractor` with the jar of the request. `extractor` returns nothing if the request came over
/// plain HTTP.
fn extract<T>(request: &HttpRequest, extractor: impl FnOnce(&JarHandle) -> Option<T>) -> Result<T, Rejection> {
    try_extract(request, |jar| extractor(jar).ok_or_else(|| jar.refusal()))
}

/// Calls the function `extractor` with the jar of the request.
fn try_extract<T>(
    request: &HttpRequest,
    extractor: impl FnOnce(&JarHandle) -> Result<T, ExtractError>,
) -> Result<T, Rejection> {
    let Some(jar) = request.extensions().get::<JarHandle>().cloned() else {
        return Err(Rejection { jar: None, error: layer_missing(REMEDY) });
    };
    extractor(&jar).map_err(|error| Rejection { jar: Some(jar), error })
}

const REMEDY: &str = "hardtack's policy is missing; add `.wrap(PolicyMiddleware::new(policy, tls_termination))` to the \
                      `App`, as its last `wrap`";

impl ResponseError for ExtractError {
    fn status_code(&self) -> StatusCode {
        to_actix_status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        text_response(self.status_code(), self.body())
    }
}

impl ResponseError for SetError {
    fn status_code(&self) -> StatusCode {
        to_actix_status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        text_response(self.status_code(), self.client_message())
    }
}

impl ResponseError for ReadError {
    fn status_code(&self) -> StatusCode {
        to_actix_status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = text_response(self.status_code(), self.client_message());
        response.extensions_mut().insert(RemoveCookie(self.cookie()));
        response
    }
}

fn text_response(status: StatusCode, text: impl Into<Cow<'static, str>>) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(text.into().into_owned())
}

fn to_actix_status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Implements the extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __actix {
    ($name:ident, $scheme:ident) => {
        #[automatically_derived]
        impl<$scheme: $crate::Scheme> $crate::private::actix_web::FromRequest for $name<$scheme> {
            type Error = <$crate::Cookies<$scheme> as $crate::private::actix_web::FromRequest>::Error;
            type Future = ::core::future::Ready<::core::result::Result<Self, Self::Error>>;

            fn from_request(
                request: &$crate::private::actix_web::HttpRequest,
                payload: &mut $crate::private::actix_web::dev::Payload,
            ) -> Self::Future {
                ::core::future::ready(::core::result::Result::map(
                    ::core::future::Ready::into_inner(
                        <$crate::Cookies<$scheme> as $crate::private::actix_web::FromRequest>::from_request(
                            request, payload,
                        ),
                    ),
                    <Self as ::core::convert::From<$crate::Cookies<$scheme>>>::from,
                ))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use actix_web::http::uri::{Parts, PathAndQuery};

    use super::{actix_header, to_http_uri, without_malformed_cookies};

    #[test]
    fn malformed_cookies_are_removed() {
        for (header, expected) in [
            ("id=1; a=2", Some("id=1; a=2")),
            ("id=1; ; a=%C3%A9; b=\u{e9};", Some("id=1; ; a=%C3%A9; b=\u{e9};")),
            ("id=1; a; =b; c=%FF; %FF=d; e=2", Some("id=1; e=2")),
            ("a; =b", None),
        ] {
            let received = without_malformed_cookies(actix_header::HeaderValue::from_bytes(header.as_bytes()).unwrap());
            assert_eq!(received.as_ref().map(|header| header.as_bytes()), expected.map(str::as_bytes), "{header}");
        }
        let header = actix_header::HeaderValue::from_bytes(b"a=\xff; id=1").unwrap();
        assert_eq!(without_malformed_cookies(header).unwrap(), " id=1");
    }

    #[test]
    fn uri_is_copied_unchanged() {
        for text in [
            "/",
            "*",
            "/a//{\"b\"}?c=%20",
            "//evil.example/x",
            "/a?",
            "a.example:443",
            "http://a.example",
            "http://a.example?q",
            "https://user@[::1]:8443/a?b",
        ] {
            let expected = text.parse::<http::Uri>().unwrap();
            assert_eq!(to_http_uri(&text.parse().unwrap()).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn every_byte_of_path_and_query_is_copied() {
        for byte in 0..=u8::MAX {
            for start in [&b"/"[..], b"/?"] {
                let Ok(uri) = actix_web::http::Uri::try_from([start, &[byte]].concat()) else { continue };
                assert_eq!(to_http_uri(&uri).unwrap().to_string(), uri.to_string(), "{byte:#x}");
            }
        }
    }

    #[test]
    fn path_without_slash_does_not_extend_the_host() {
        let mut parts = Parts::default();
        parts.scheme = Some("http".parse().unwrap());
        parts.authority = Some("a.example".parse().unwrap());
        parts.path_and_query = Some(PathAndQuery::from_static(".evil.example/"));
        let uri = actix_web::http::Uri::from_parts(parts).unwrap();
        assert_eq!(uri.to_string(), "http://a.example.evil.example/");
        assert!(to_http_uri(&uri).is_err());
    }
}
