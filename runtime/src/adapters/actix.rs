//! actix-web 4: the policy as a middleware, extractors, errors as responses. In: requests and responses on `http` 0.2;
//! out: of their fields those that have a say, as `http` 1's, and back, octet by octet. Never asks `connection_info()`,
//! which believes what anybody forwards.
//!
//! ```
//! use actix_web::{App, HttpMessage as _, test, web};
//! use hardtack::actix::PolicyMiddleware;
//! use hardtack::{Cookie, Cookies, Listener, Policy, SetError, Transport};
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
//! let policy = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
//! let app = test::init_service(App::new().route("/", web::post().to(sign_in)).wrap(policy)).await;
//!
//! // An `HttpServer` knows of each of its sockets whether it ends TLS. A test has none, and says it.
//! let request = test::TestRequest::post().to_request();
//! request.extensions_mut().insert(Transport::Tls);
//! let response = test::call_service(&app, request).await;
//! let line = response.headers().get("set-cookie").unwrap();
//! assert_eq!(line, "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax");
//! # });
//! ```

use core::fmt;
use core::future::{Future, Ready, ready};
use core::pin::Pin;

use actix_web::body::EitherBody;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{self as theirs, ContentType};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};

use super::copied;
use crate::cookies::Cookies;
use crate::enforce::{Declared, Outgoing};
use crate::error::{ExtractError, ReadError, SetError};
use crate::listener::{Head, Listener, Peer, Transport};
use crate::passage::{Gate, Open, Passage, missing};
use crate::policy::PolicyHandle;
use crate::scheme::{Https, Scheme};

/// Stands a policy around an `App`: judges each request, opens the jar, and writes it into whatever is answered.
///
/// Wrap the `App` with it, as the last `wrap`, which is the outermost. Make one and give each worker's `App` a clone:
/// they share the policy and its counters. [`Listener::per_connection`] is right for every socket of an `HttpServer`:
/// it knows of each whether it ends TLS, also where one server binds both kinds. A socket of another accept loop says
/// it by a [`Transport`] in the connection's data (`on_connect`) or in the request's extensions. The peer's address is
/// the socket's, or a [`Peer`] in the same places.
///
/// Its own answers, a redirect or a refusal, have an empty body.
///
/// ```
/// use actix_web::{App, test, web};
/// use hardtack::actix::PolicyMiddleware;
/// use hardtack::{Listener, Policy, PolicyHandle};
///
/// # actix_web::rt::System::new().block_on(async {
/// let handle = PolicyHandle::new(Policy::default());
/// let policy = PolicyMiddleware::new(handle.clone(), Listener::per_connection());
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
    gate: Gate,
}

impl PolicyMiddleware {
    /// A policy, or a handle on one, for the requests of one listener.
    ///
    /// ```
    /// use hardtack::actix::PolicyMiddleware;
    /// use hardtack::{Listener, Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let policy = PolicyMiddleware::new(handle.clone(), Listener::per_connection());
    /// // What a running server does can be changed by the handle.
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build().unwrap());
    /// assert!(format!("{policy:?}").contains("shop.example"));
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, listener: Listener) -> Self {
        PolicyMiddleware { gate: Gate::new(policy.into(), listener) }
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
        ready(Ok(PolicyService { inner, gate: self.gate.clone() }))
    }
}

/// The service that [`PolicyMiddleware`] makes of another.
#[derive(Debug)]
pub struct PolicyService<I> {
    inner: I,
    gate: Gate,
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

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let mut passage = match enter(&self.gate, &request) {
            Ok(passage) => passage,
            Err(answer) => {
                let response = request.into_response(answer.map_into_right_body());
                return Box::pin(ready(Ok(response)));
            }
        };
        let outer = request.extensions_mut().insert(passage.open());
        let inner = self.inner.call(request);
        Box::pin(async move {
            match inner.await {
                Ok(mut response) => {
                    leave(&mut passage, response.response_mut());
                    if let Some(outer) = outer {
                        // The request is the same further out, where this jar is closed and another one open.
                        response.request().extensions_mut().insert(outer);
                    }
                    Ok(response.map_into_left_body())
                }
                // A middleware failed: the server makes a response of its error, out of our reach if not here.
                Err(error) => {
                    let mut response = error.error_response();
                    leave(&mut passage, &mut response);
                    Err(InternalError::from_response(error, response).into())
                }
            }
        })
    }
}

fn enter(gate: &Gate, request: &ServiceRequest) -> Result<Passage, HttpResponse> {
    let (Ok(method), Ok(uri)) = (Method::from_bytes(request.method().as_str().as_bytes()), uri(request.uri())) else {
        // HTTP/2 lets a `:path` without its slash through to here (RFC 9113 8.3.1).
        return Err(HttpResponse::BadRequest().finish());
    };
    let headers = copied::request(request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let mut extensions = Extensions::new();
    if let Some(outer) = request.extensions().get::<Open>() {
        extensions.insert(outer.clone());
    }
    known::<Transport>(request, &mut extensions);
    known::<Peer>(request, &mut extensions);
    let transport = if request.app_config().secure() { Transport::Tls } else { Transport::Plain };
    let head = Head {
        method: &method,
        uri: &uri,
        headers: &headers,
        extensions: &extensions,
        transport: Some(transport),
        peer: request.peer_addr().map(|peer| peer.ip()),
    };
    gate.enter(&head).map_err(|answer| {
        let mut response = HttpResponse::new(status(answer.status()));
        let mut fields = HeaderMap::new();
        answer.write(&mut fields);
        give(&fields, &mut response);
        if !matches!(request.parts().1, Payload::None) {
            // actix-web ends a connection whose request's body nobody read, and does not say so by itself.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    })
}

/// Carries over what the program said of the request or of its connection.
fn known<T: Copy + Send + Sync + 'static>(request: &ServiceRequest, extensions: &mut Extensions) {
    let said = request.extensions().get().copied();
    if let Some(said) = said.or_else(|| request.conn_data::<T>().copied()) {
        extensions.insert(said);
    }
}

/// By its parts: written out, a path without its slash would lengthen the host.
fn uri(uri: &actix_web::http::Uri) -> http::Result<Uri> {
    let mut whole = Uri::builder();
    if let Some(scheme) = uri.scheme_str() {
        whole = whole.scheme(scheme);
    }
    if let Some(authority) = uri.authority() {
        whole = whole.authority(authority.as_str());
    }
    if let Some(path_and_query) = uri.path_and_query() {
        whole = whole.path_and_query(path_and_query.as_str());
    }
    whole.build()
}

fn leave<B>(passage: &mut Passage, response: &mut HttpResponse<B>) {
    let (mut fields, mut extensions) = (HeaderMap::new(), Extensions::new());
    for name in Outgoing::CHANGED {
        for line in response.headers_mut().remove(name.as_str()) {
            // Both versions of `http` take the same octets.
            if let Ok(mut value) = HeaderValue::from_bytes(line.as_bytes()) {
                value.set_sensitive(line.is_sensitive());
                fields.append(name.clone(), value);
            }
        }
    }
    if let Some(declared) = response.extensions_mut().remove::<Declared>() {
        extensions.insert(declared);
    }
    passage.leave(&mut fields, &mut extensions);
    give(&fields, response);
    if let Some(declared) = extensions.remove::<Declared>() {
        response.extensions_mut().insert(declared);
    }
}

fn give<B>(fields: &HeaderMap, response: &mut HttpResponse<B>) {
    for (name, value) in fields {
        let name = theirs::HeaderName::from_bytes(name.as_str().as_bytes());
        let line = theirs::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(mut line)) = (name, line) {
            line.set_sensitive(value.is_sensitive());
            response.headers_mut().append(name, line);
        }
    }
}

/// Why an extractor has nothing to give. It becomes an [`ExtractError`] or an actix-web `Error`, and is told then.
///
/// actix-web's `Option<T>` drops the error of `T`. So `Option<Https>` is `None` over plain HTTP, which is no refusal and
/// not told as one; and it is `None` too where nobody added the policy, which no extractor can prevent and the log says.
/// Where that must be an error, take `Result<Https, ExtractError>`, or `Cookies<AnyScheme>` and ask its `https()`.
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
/// assert!(body.starts_with(b"hardtack's policy is missing; add `.wrap(PolicyMiddleware::new(policy, listener))`"));
/// # });
/// ```
pub struct Refused(Result<Open, ExtractError>);

impl From<Refused> for ExtractError {
    fn from(refused: Refused) -> Self {
        match refused.0 {
            Ok(open) => open.tell_refusal(),
            Err(error) => error,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        ExtractError::from(refused).into()
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").finish_non_exhaustive()
    }
}

impl<S: Scheme> FromRequest for Cookies<S> {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(ask(request, Open::maybe_cookies))
    }
}

impl FromRequest for Https {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(ask(request, Open::maybe_https))
    }
}

fn ask<T>(request: &HttpRequest, what: impl FnOnce(&Open) -> Option<T>) -> Result<T, Refused> {
    match request.extensions().get::<Open>() {
        Some(open) => what(open).ok_or_else(|| Refused(Ok(open.clone()))),
        None => Err(Refused(Err(missing(REMEDY)))),
    }
}

const REMEDY: &str = "hardtack's policy is missing; add `.wrap(PolicyMiddleware::new(policy, listener))` to the `App`, as its last `wrap`";

impl ResponseError for ExtractError {
    fn status_code(&self) -> StatusCode {
        status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        say(self.status_code(), self.public())
    }
}

impl ResponseError for SetError {
    fn status_code(&self) -> StatusCode {
        status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        say(self.status_code(), self.public())
    }
}

impl ResponseError for ReadError {
    fn status_code(&self) -> StatusCode {
        status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = say(self.status_code(), self.public());
        if let Some(removal) = self.removal() {
            give(&HeaderMap::from_iter([(http::header::SET_COOKIE, removal.clone())]), &mut response);
            response.extensions_mut().insert(Declared(vec![removal.clone()]));
        }
        response
    }
}

fn say(status: StatusCode, sentence: &'static str) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(sentence)
}

fn status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __actix {
    ($name:ident) => {
        #[automatically_derived]
        impl<__S: $crate::Scheme> $crate::private::actix_web::FromRequest for $name<__S> {
            type Error = <$crate::Cookies<__S> as $crate::private::actix_web::FromRequest>::Error;
            type Future = ::core::future::Ready<::core::result::Result<Self, Self::Error>>;

            fn from_request(
                __request: &$crate::private::actix_web::HttpRequest,
                __payload: &mut $crate::private::actix_web::dev::Payload,
            ) -> Self::Future {
                ::core::future::ready(::core::result::Result::map(
                    ::core::future::Ready::into_inner(
                        <$crate::Cookies<__S> as $crate::private::actix_web::FromRequest>::from_request(
                            __request, __payload,
                        ),
                    ),
                    <Self as ::core::convert::From<$crate::Cookies<__S>>>::from,
                ))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use actix_web::http::uri::{Parts, PathAndQuery};

    use super::uri;

    #[test]
    fn a_uri_is_carried_as_the_client_wrote_it() {
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
            let whole = text.parse::<http::Uri>().unwrap();
            assert_eq!(uri(&text.parse().unwrap()).unwrap(), whole, "{text}");
        }
    }

    #[test]
    fn every_octet_of_a_path_or_query_is_carried() {
        for octet in 0..=u8::MAX {
            for start in [&b"/"[..], b"/?"] {
                let Ok(theirs) = actix_web::http::Uri::try_from([start, &[octet]].concat()) else { continue };
                assert_eq!(uri(&theirs).unwrap().to_string(), theirs.to_string(), "{octet:#x}");
            }
        }
    }

    #[test]
    fn a_path_without_its_slash_becomes_no_host() {
        let mut parts = Parts::default();
        parts.scheme = Some("http".parse().unwrap());
        parts.authority = Some("a.example".parse().unwrap());
        parts.path_and_query = Some(PathAndQuery::from_static(".evil.example/"));
        let theirs = actix_web::http::Uri::from_parts(parts).unwrap();
        assert_eq!(theirs.to_string(), "http://a.example.evil.example/");
        assert!(uri(&theirs).is_err());
    }
}
