//! Support for Rocket 0.5: the policy as a fairing, request guards for the jar and for `Https`, and a response for each
//! error.
//!
//! In Rocket, a fairing cannot respond to a request. So the fairing adds its own route to the application. If the
//! policy redirects or refuses a request, the fairing's own route sends the policy's response.
//!
//! If one of hardtack's request guards refused the request, and no catcher of the application wrote a body, the fairing
//! writes the text of the guard's error as the body. In all other cases, the fairing does not change the body of the
//! application's response.

use core::fmt;
use std::borrow::Cow;
use std::future::ready;
use std::io::Cursor;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::{COOKIE, HOST};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri};
use rocket::catcher::Catcher;
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{ContentType, Header, Method, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder, Response};
use rocket::route::{self, Route};
use rocket::{Build, Data, Ignite, Request, Rocket, Sentinel};

use self::received_cookies::{Lender, ReceivedCookies};
use super::header_map;
#[cfg(feature = "device-bound")]
use crate::cookie::declaration::DeviceBoundValue;
use crate::cookie::error::{ReadError, SetError};
#[cfg(feature = "device-bound")]
use crate::device_bound::Bound;
use crate::event::Code;
use crate::jar::cookies::Cookies;
use crate::middleware::extract_error::ExtractError;
use crate::middleware::plain_http::PolicyResponse;
use crate::middleware::response::MANAGED_HEADERS;
use crate::middleware::{InFlight, JarHandle, PolicyGuard, RemoveCookie, layer_missing};
use crate::policy::PolicyHandle;
use crate::request::head::{RequestHead, Transport};
use crate::request::scheme::{Https, Scheme};
use crate::request::tls_termination::TlsTermination;

mod received_cookies;

/// The fairing that applies a [`Policy`](crate::Policy) to an application.
///
/// Attach this fairing before all other fairings, so that the policy checks a request before another fairing changes
/// the request. `PolicyFairing` attaches a second fairing that handles every response after all other fairings. Before
/// the launch (Rocket calls this phase ignite), every fairing can attach more fairings, which can also attach more
/// fairings. The second fairing runs last if the fairings are nested at most three levels deep.
///
/// With [`TlsTermination::per_connection`], Rocket's configuration determines whether connections use TLS. hardtack
/// uses the address of the socket as the address of the peer. The fairing does not use Rocket's `client_ip()`.
///
/// If the policy redirects or refuses a request, no handler or catcher of the application runs. If the policy refuses a
/// request, the body is one sentence. To skip the application's handlers, the fairing changes the request's method to
/// `CONNECT`, but does not change the request's URI. The fairing's own route handles `CONNECT` before all other routes.
///
/// # Requests that the policy does not check
///
/// If Rocket cannot parse a request, or does not support the request's method, Rocket runs no fairing. Rocket then
/// calls the catcher for the status 400. hardtack does not redirect or refuse this request, and does not change the
/// `Set-Cookie` headers of the catcher. So do not set cookies in a catcher that covers the status 400: a catcher for
/// 400, or a default catcher. At launch, the fairing emits the event `unchecked-catcher` for each such catcher, even if
/// the catcher sets no cookies.
///
/// # Renamed cookies
///
/// With [`host_prefix`](crate::policy::PolicyBuilder::host_prefix), the policy can drop a cookie that a request
/// contains. Rocket has no function that removes this cookie from the `CookieJar` of the request. So `CookieJar::get`
/// returns the dropped cookie with an empty value. It is not enough to check that `get` returns a cookie: also check
/// that the value is not empty. For a dropped cookie, `get_private` returns `None`. If a version of Rocket does not
/// allow hardtack to rename the cookies of a request, the application does not launch.
///
/// # An application without the policy
///
/// If a route has an argument of type `Cookies` or `Https`, the application does not launch without this fairing.
/// Rocket finds these arguments in the signatures of the routes (Rocket calls this a [`Sentinel`]). Rocket does not
/// find a guard that is used in one of these places:
///
/// - your own guard that calls `request.guard::<Cookies>()`,
/// - a handler without `#[get(..)]` or a similar attribute,
/// - a fairing, a catcher or a responder,
/// - an argument whose type is written with a macro, or with a type alias that hides the guard.
///
/// An application with a guard in one of these places launches without the policy. At run time, each use of the guard
/// `Cookies` or `Https` then fails with the status 500, and emits the event `layer-missing`. To let the launch fail
/// instead, implement `Sentinel` for your guard:
///
/// ```
/// use hardtack::{Cookie, Cookies};
/// use rocket::http::Status;
/// use rocket::local::blocking::Client;
/// use rocket::request::{FromRequest, Outcome, Request};
/// use rocket::{Ignite, Rocket, Sentinel};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// struct User(String);
///
/// #[rocket::async_trait]
/// impl<'r> FromRequest<'r> for User {
///     type Error = ();
///
///     async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
///         let Outcome::Success(cookies) = request.guard::<Cookies>().await else {
///             return Outcome::Error((Status::Forbidden, ()));
///         };
///         match cookies.get::<Session>() {
///             Some(session) => Outcome::Success(User(session.0)),
///             None => Outcome::Forward(Status::Unauthorized),
///         }
///     }
/// }
///
/// impl Sentinel for User {
///     fn abort(rocket: &Rocket<Ignite>) -> bool {
///         <Cookies as Sentinel>::abort(rocket)
///     }
/// }
///
/// #[rocket::get("/me")]
/// fn me(user: User) -> String {
///     user.0
/// }
///
/// let without_policy = rocket::build().mount("/", rocket::routes![me]);
/// assert_eq!(Client::debug(without_policy).unwrap_err().to_string(), "sentinel(s) aborted");
/// ```
///
/// # Example
///
/// ```
/// use hardtack::rocket::PolicyFairing;
/// use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
/// use rocket::http::Status;
/// use rocket::local::blocking::Client;
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// #[rocket::get("/sign-in")]
/// fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
///     cookies.set(Session("s3cr3t".into()))?;
///     Ok("signed in")
/// }
///
/// let app = |tls_termination| {
///     let policy = PolicyFairing::new(Policy::default(), tls_termination);
///     Client::debug(rocket::build().attach(policy).mount("/", rocket::routes![sign_in])).unwrap()
/// };
/// let https = app(TlsTermination::here());
/// let response = https.get("/sign-in").dispatch();
/// assert_eq!(
///     response.headers().get_one("Set-Cookie"),
///     Some("__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax")
/// );
/// assert_eq!(response.into_string().unwrap(), "signed in");
///
/// let plain = app(TlsTermination::none());
/// assert_eq!(plain.get("/sign-in").dispatch().status(), Status::Forbidden);
///
/// let without_policy = rocket::build().mount("/", rocket::routes![sign_in]);
/// assert_eq!(Client::debug(without_policy).unwrap_err().to_string(), "sentinel(s) aborted");
/// ```
#[derive(Debug, Clone)]
pub struct PolicyFairing {
    guard: PolicyGuard,
}

impl PolicyFairing {
    /// Makes the fairing from a policy or from a [`PolicyHandle`]. A handle can replace the policy while the server
    /// runs.
    ///
    /// ```
    /// use hardtack::rocket::PolicyFairing;
    /// use hardtack::{Policy, PolicyHandle, TlsTermination};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let fairing = PolicyFairing::new(handle.clone(), TlsTermination::per_connection());
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
    /// assert!(format!("{fairing:?}").contains("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, tls_termination: TlsTermination) -> Self {
        PolicyFairing { guard: PolicyGuard::new(policy.into(), tls_termination) }
    }
}

#[rocket::async_trait]
impl Fairing for PolicyFairing {
    fn info(&self) -> Info {
        Info { name: "hardtack's policy", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if self.guard.has_host_prefix() && Lender::get(rocket.figment(), true).await.is_none() {
            self.guard.report_prefix_unavailable();
            return Err(rocket);
        }
        if rocket.state::<PolicyAttached>().is_some() {
            return Ok(rocket);
        }
        let mut route = Route::ranked(isize::MIN, Method::Connect, "/<_..>", policy_response);
        route.name = Some("hardtack's redirects and refusals".into());
        Ok(rocket
            .manage(PolicyAttached)
            .mount("/", [route])
            .attach(LateFairing { guard: self.guard.clone(), rounds: 3 }))
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        let (method, uri, headers) = (client_method(request, data).await, uri(request), headers(request, &self.guard));
        let is_tls = request.rocket().config().tls_enabled();
        let lender = match self.guard.has_host_prefix() {
            true => Lender::get(request.rocket().figment(), false).await,
            false => None,
        };
        let mut state = state(request);
        if state.is_sent {
            // A test with Rocket's local client can send clones of one request. All clones share one request-local
            // cache, so the cache can contain the state of an earlier clone.
            *state = RequestState::default();
        }
        if state.policy_response.is_some() {
            return;
        }
        let head = RequestHead {
            method: &method,
            uri: &uri,
            headers: &headers,
            extensions: &state.request_extensions,
            caller_peer: None,
            transport: Some(if is_tls { Transport::Tls } else { Transport::Plain }),
            socket_peer: request.remote().map(|peer| peer.ip()),
        };
        let mut received_cookies = None;
        match self.guard.on_request(&head) {
            Ok(mut in_flight) => {
                match lender {
                    Some(_) => {
                        let originals: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
                        received_cookies = ReceivedCookies::new(&in_flight, &originals);
                    }
                    None => in_flight.stop_renaming(),
                }
                state.request_extensions.insert(in_flight.jar_handle());
                state.in_flight.push(in_flight);
            }
            Err(policy_response) => state.policy_response = Some(policy_response),
        }
        drop(state);
        if let (Some(received_cookies), Some(lender)) = (received_cookies, lender) {
            received_cookies.apply(request, lender);
        }
    }
}

/// A marker in Rocket's managed state. The marker exists if a [`PolicyFairing`] is attached.
struct PolicyAttached;

/// The fairing that runs after all other fairings. In the ignite phase before the launch, every fairing can attach more
/// fairings. So `LateFairing` attaches itself again in each round of this phase, and stays last.
struct LateFairing {
    guard: PolicyGuard,
    /// The number of rounds of the ignite phase in which `LateFairing` will attach itself again.
    rounds: u8,
}

#[rocket::async_trait]
impl Fairing for LateFairing {
    fn info(&self) -> Info {
        match self.rounds {
            0 => Info { name: "hardtack's policy on responses", kind: Kind::Request | Kind::Response },
            _ => Info { name: "hardtack's policy, until all fairings are attached", kind: Kind::Ignite },
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let rounds = self.rounds.saturating_sub(1);
        if rounds == 0 {
            // All other fairings have already registered their catchers.
            report_unchecked_catchers(&rocket, &self.guard);
        }
        Ok(rocket.attach(LateFairing { guard: self.guard.clone(), rounds }))
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // `LateFairing`, and not `PolicyFairing`, sets the method to `CONNECT`. `LateFairing` runs last, so no other
        // fairing can change the method again.
        let has_policy_response = state(request).policy_response.is_some();
        if has_policy_response {
            request.set_method(Method::Connect);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if let Some(error) = guard_error(request, response.status()) {
            let default = Catcher::default().handler.handle(response.status(), request).await;
            if default.is_ok_and(|default| is_default_response(response, &default)) {
                response.set_header(ContentType::Plain);
                let text = error.body().into_owned();
                response.set_sized_body(text.len(), Cursor::new(text));
            }
        }
        let mut state = state(request);
        state.is_sent = true;
        let mut headers = match state.policy_response.take() {
            Some(policy_response) => {
                response.set_status(status(policy_response.status()));
                response.remove_header("Content-Type");
                let text = policy_response.body().into_owned();
                response.set_sized_body(text.len(), Cursor::new(text));
                let mut headers = HeaderMap::new();
                policy_response.write_headers(&mut headers);
                headers
            }
            None => {
                let headers: Vec<Header<'_>> = response.headers().iter().collect();
                header_map::from_response(headers.iter().map(name_and_value))
            }
        };
        let http_status = StatusCode::from_u16(response.status().code).unwrap_or_default();
        let RequestState { in_flight, response_extensions, .. } = &mut *state;
        for in_flight in in_flight.iter_mut().rev() {
            in_flight.on_response(http_status, &mut headers, response_extensions);
        }
        for name in MANAGED_HEADERS.iter().chain(headers.keys()) {
            response.remove_header(name.as_str());
        }
        for (name, value) in &headers {
            // Rocket's header values are UTF-8 text. The conversion succeeds, because the policy adds only ASCII bytes
            // to a header.
            if let Ok(value) = core::str::from_utf8(value.as_bytes()) {
                response.adjoin_raw_header(name.as_str().to_owned(), value.to_owned());
            }
        }
    }
}

/// Emits an event for each catcher that covers the status 400. Rocket also calls such a catcher for a request that
/// Rocket cannot parse, and runs no fairing for the request.
fn report_unchecked_catchers(rocket: &Rocket<Build>, guard: &PolicyGuard) {
    for catcher in rocket.catchers().filter(|catcher| matches!(catcher.code, None | Some(400))) {
        guard.notice(Code::UncheckedCatcher, &UncheckedCatcher(catcher));
    }
}

/// The text that explains the event `unchecked-catcher`.
struct UncheckedCatcher<'a>(&'a Catcher);

impl fmt::Display for UncheckedCatcher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Catcher { name, base, code, .. } = self.0;
        f.write_str("the catcher ")?;
        if let Some(name) = name {
            write!(f, "`{name}` ")?;
        }
        let statuses = if code.is_some() { "the status 400" } else { "every status" };
        write!(
            f,
            "for {statuses} at `{base}` also responds to requests that Rocket cannot parse, such as a request with an \
             unknown method; Rocket runs no fairing for them, so the policy does not change the catcher's response; set \
             no cookies in this catcher"
        )
    }
}

/// Handles each request whose method the fairing has changed to `CONNECT`. Responds with the status of the policy's
/// response. [`LateFairing`] later adds the headers of the policy's response.
fn policy_response<'r>(request: &'r Request<'_>, data: Data<'r>) -> route::BoxFuture<'r> {
    let policy_status = state(request).policy_response.as_ref().map(|response| response.status());
    let outcome = match policy_status {
        Some(code) => route::Outcome::Success(Response::build().status(status(code)).finalize()),
        // `LateFairing` sets the method `CONNECT` if the policy has a response. If the policy has no response, the
        // client itself sent `CONNECT`.
        None => route::Outcome::forward(data, Status::NotFound),
    };
    Box::pin(ready(outcome))
}

/// Returns the error of the request guard that failed last, and emits the event of the refused request. Returns `None`
/// if no guard failed, or if the response does not have the error's status.
///
/// A guard that fails emits no event itself. If the handler takes the guard as an `Option` or a `Result`, the request
/// still succeeds, and the event would be wrong.
fn guard_error(request: &Request<'_>, response_status: Status) -> Option<ExtractError> {
    let state = state(request);
    let error = state.guard_error.filter(|error| status(error.status()) == response_status)?;
    if let Some(jar) = state.request_extensions.get::<JarHandle>() {
        jar.refuse(error);
    }
    Some(error)
}

/// Returns true if the response looks like Rocket's default response. If this function returns true, the caller assumes
/// that no catcher of the application wrote the body.
fn is_default_response(response: &Response<'_>, default: &Response<'_>) -> bool {
    response.content_type() == default.content_type() && response.body().preset_size() == default.body().preset_size()
}

/// The state of one request and its response. The state is in the request-local cache of Rocket.
#[derive(Default)]
struct RequestState {
    /// The extensions of the request. The extensions are here, because Rocket's own type `Request` has no extensions.
    request_extensions: Extensions,
    response_extensions: Extensions,
    /// Each attached [`PolicyFairing`] adds one [`InFlight`]. The `InFlight` of the outermost fairing comes first.
    in_flight: Vec<InFlight>,
    policy_response: Option<Box<PolicyResponse>>,
    /// The error of the request guard that failed last.
    guard_error: Option<ExtractError>,
    is_sent: bool,
}

fn state<'a>(request: &'a Request<'_>) -> MutexGuard<'a, RequestState> {
    let state = request.local_cache(|| Mutex::new(RequestState::default()));
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the method that the client sent.
///
/// A form can contain a field `_method`. Before any fairing runs, Rocket replaces the request's method with the text of
/// this field. So the fairing treats every request with a form as POST, and never as a page request.
async fn client_method(request: &Request<'_>, data: &mut Data<'_>) -> http::Method {
    let is_form = request.content_type().is_some_and(|kind| kind.is_form());
    if is_form && !data.peek(1).await.is_empty() {
        return http::Method::POST;
    }
    http::Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or(http::Method::POST)
}

fn uri(request: &Request<'_>) -> Uri {
    // The adapter replaces an invalid URI with `*`. The path `*` is safe: no policy exempts the path `*`, and a request
    // for `*` is never redirected.
    request.uri().to_string().parse().unwrap_or_else(|_| Uri::from_static("*"))
}

fn headers(request: &Request<'_>, guard: &PolicyGuard) -> HeaderMap {
    let headers: Vec<Header<'_>> = request.headers().iter().collect();
    let mut headers = header_map::from_request(headers.iter().map(name_and_value), guard.configured_header());
    if !headers.contains_key(HOST) {
        // An HTTP/2 request has `:authority` instead of `Host`.
        insert(&mut headers, HOST, request.host().map(ToString::to_string));
    }
    if !headers.contains_key(COOKIE) {
        // Rocket's local client puts the cookies of a test only into Rocket's own jar. So the `Cookie` header is built
        // from Rocket's jar.
        let pairs: Vec<_> = request.cookies().iter().map(|cookie| cookie.encoded().stripped().to_string()).collect();
        insert(&mut headers, COOKIE, (!pairs.is_empty()).then(|| pairs.join("; ")));
    }
    headers
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: Option<String>) {
    if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
        headers.insert(name, value);
    }
}

fn name_and_value<'h>(header: &'h Header<'_>) -> (&'h str, &'h [u8]) {
    (header.name().as_str(), header.value().as_bytes())
}

fn status(status: StatusCode) -> Status {
    Status::new(status.as_u16())
}

const REMEDY: &str =
    "hardtack's policy is missing; add `.attach(PolicyFairing::new(policy, tls_termination))` to the `Rocket`";

const UNPARSED_REQUEST: &str = "Rocket could not parse this request and ran no fairing, so hardtack's policy did not \
                                check it; use no cookies in a catcher for 400";

/// Calls the function `extractor` with the jar of the request. If `extractor` returns nothing, the request came over
/// plain HTTP.
fn extract<T>(request: &Request<'_>, extractor: impl FnOnce(&JarHandle) -> Option<T>) -> Outcome<T, ExtractError> {
    try_extract(request, |jar| extractor(jar).ok_or_else(|| jar.refusal()))
}

/// Calls the function `extractor` with the jar of the request. If `extractor` fails, stores the error in the request's
/// state. After the application has responded, [`guard_error`] handles the stored error.
fn try_extract<T>(
    request: &Request<'_>,
    extractor: impl FnOnce(&JarHandle) -> Result<T, ExtractError>,
) -> Outcome<T, ExtractError> {
    let jar = state(request).request_extensions.get::<JarHandle>().cloned();
    let error = match jar {
        Some(jar) => match extractor(&jar) {
            Ok(value) => return Outcome::Success(value),
            Err(error) => error,
        },
        None if request.rocket().state::<PolicyAttached>().is_some() => layer_missing(UNPARSED_REQUEST),
        None => layer_missing(REMEDY),
    };
    state(request).guard_error = Some(error);
    Outcome::Error((status(error.status()), error))
}

#[rocket::async_trait]
impl<'r, S: Scheme> FromRequest<'r> for Cookies<S> {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        extract(request, JarHandle::maybe_cookies)
    }
}

/// An argument `Option<Https>` of a handler cannot report a missing policy, because Rocket turns every error of the
/// guard into `None`. So the [`Sentinel`] reports a missing policy when the application launches.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Https {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        extract(request, JarHandle::maybe_https)
    }
}

#[cfg(feature = "device-bound")]
#[rocket::async_trait]
impl<'r, T: DeviceBoundValue> FromRequest<'r> for Bound<T> {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        try_extract(request, JarHandle::bound)
    }
}

#[cfg(feature = "device-bound")]
impl<T: DeviceBoundValue> Sentinel for Bound<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        is_policy_missing(rocket)
    }
}

/// Returns true if the policy is missing, and emits an event with the remedy.
fn is_policy_missing(rocket: &Rocket<Ignite>) -> bool {
    let is_missing = rocket.state::<PolicyAttached>().is_none();
    if is_missing {
        layer_missing(REMEDY);
    }
    is_missing
}

impl<S: Scheme> Sentinel for Cookies<S> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        is_policy_missing(rocket)
    }
}

impl Sentinel for Https {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        is_policy_missing(rocket)
    }
}

fn text_response(code: StatusCode, text: impl Into<Cow<'static, str>>) -> Response<'static> {
    let text = text.into().into_owned();
    let mut response = Response::new();
    response.set_status(status(code));
    response.set_header(ContentType::Plain);
    response.set_sized_body(text.len(), Cursor::new(text));
    response
}

impl<'r> Responder<'r, 'static> for ExtractError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(text_response(self.status(), self.body()))
    }
}

impl<'r> Responder<'r, 'static> for SetError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(text_response(self.status(), self.client_message()))
    }
}

impl<'r> Responder<'r, 'static> for ReadError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        state(request).response_extensions.insert(RemoveCookie(self.cookie()));
        Ok(text_response(self.status(), self.client_message()))
    }
}

/// Implements the request guard of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __rocket {
    ($name:ident, $scheme:ident) => {
        #[automatically_derived]
        impl<'r, $scheme: $crate::Scheme> $crate::private::rocket::request::FromRequest<'r> for $name<$scheme> {
            type Error = $crate::ExtractError;

            // The macro `#[async_trait]` would expand an `async fn` to this code. All paths in the code below are
            // absolute, so that items in the user's code cannot hide the items of hardtack.
            fn from_request<'life, 'future>(
                request: &'r $crate::private::rocket::Request<'life>,
            ) -> ::core::pin::Pin<
                ::std::boxed::Box<
                    dyn ::core::future::Future<
                            Output = $crate::private::rocket::request::Outcome<Self, $crate::ExtractError>,
                        > + ::core::marker::Send
                        + 'future,
                >,
            >
            where
                'r: 'future,
                'life: 'future,
                Self: 'future,
            {
                ::std::boxed::Box::pin(async move {
                    <$crate::Cookies<$scheme> as $crate::private::rocket::request::FromRequest<'r>>::from_request(
                        request,
                    )
                    .await
                    .map(<Self as ::core::convert::From<$crate::Cookies<$scheme>>>::from)
                })
            }
        }

        #[automatically_derived]
        impl<$scheme: $crate::Scheme> $crate::private::rocket::Sentinel for $name<$scheme> {
            fn abort(rocket: &$crate::private::rocket::Rocket<$crate::private::rocket::Ignite>) -> bool {
                <$crate::Cookies<$scheme> as $crate::private::rocket::Sentinel>::abort(rocket)
            }
        }
    };
}
