//! Rocket 0.5: a fairing that stands the policy around an application, request guards for the jar and for the proof of
//! HTTPS, errors as responses. A fairing cannot answer a request, so a route of ours does; it writes into no body but
//! the default one of a guard's refusal.

use std::future::ready;
use std::io::Cursor;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::{COOKIE, HOST};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri};
use rocket::catcher::Catcher;
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{ContentType, Header, Method, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Body, Responder, Response};
use rocket::route::{self, Route};
use rocket::{Build, Data, Ignite, Request, Rocket, Sentinel};

use super::copied;
use crate::cookies::Cookies;
use crate::enforce::{Declared, Outgoing};
use crate::error::{ExtractError, ReadError, SetError};
use crate::listener::{Head, Listener, Transport};
use crate::passage::{Gate, Open, Passage, missing};
use crate::plain_http::Answer;
use crate::policy::PolicyHandle;
use crate::scheme::{Https, Scheme};

/// Stands a policy around an application, for Rocket's one listener.
///
/// Attach it first: it judges a request before another fairing changes it. Its other half, which has the last word on
/// every response, goes behind the others by itself; also behind those that fairings attach at launch, three deep. With
/// [`Listener::per_connection`] Rocket's own configuration says whether there is TLS. The peer is the socket's, never
/// `client_ip()`.
///
/// A redirect and a refusal have an empty body, and neither a handler nor a catcher runs: such a request is given the
/// method `CONNECT`, and a route of ours that takes it before all others; its URI stays as it was. A request of a method
/// that Rocket does not know passes no fairing at all: a catcher of 400 answers it.
///
/// An application whose routes take cookies or proof does not launch without it.
///
/// ```
/// use hardtack::rocket::PolicyFairing;
/// use hardtack::{Cookie, Cookies, Listener, Policy, SetError};
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
/// let app = |listener| {
///     let policy = PolicyFairing::new(Policy::default(), listener);
///     Client::debug(rocket::build().attach(policy).mount("/", rocket::routes![sign_in])).unwrap()
/// };
/// let https = app(Listener::tls());
/// let response = https.get("/sign-in").dispatch();
/// assert_eq!(
///     response.headers().get_one("Set-Cookie"),
///     Some("__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax")
/// );
/// assert_eq!(response.into_string().unwrap(), "signed in");
///
/// let plain = app(Listener::plain());
/// assert_eq!(plain.get("/sign-in").dispatch().status(), Status::Forbidden);
///
/// let forgotten = rocket::build().mount("/", rocket::routes![sign_in]);
/// assert_eq!(Client::debug(forgotten).unwrap_err().to_string(), "sentinel(s) aborted");
/// ```
#[derive(Debug, Clone)]
pub struct PolicyFairing {
    gate: Gate,
}

impl PolicyFairing {
    /// Takes a [`Policy`](crate::Policy), or a [`PolicyHandle`] that changes it later.
    ///
    /// ```
    /// use hardtack::rocket::PolicyFairing;
    /// use hardtack::{Listener, Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let app = rocket::build().attach(PolicyFairing::new(handle.clone(), Listener::per_connection()));
    /// assert!(rocket::local::blocking::Client::debug(app).is_ok());
    /// handle.apply(Policy::builder().cookie_domain("example.com").build().unwrap());
    /// ```
    pub fn new(policy: impl Into<PolicyHandle>, listener: Listener) -> Self {
        PolicyFairing { gate: Gate::new(policy.into(), listener) }
    }
}

#[rocket::async_trait]
impl Fairing for PolicyFairing {
    fn info(&self) -> Info {
        Info { name: "hardtack's policy", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if rocket.state::<Attached>().is_some() {
            return Ok(rocket);
        }
        let mut route = Route::ranked(isize::MIN, Method::Connect, "/<_..>", answer);
        route.name = Some("hardtack's redirects and refusals".into());
        Ok(rocket.manage(Attached).mount("/", [route]).attach(LastWord { rounds: 3 }))
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        let (method, uri, headers) = (written_method(request, data).await, uri(request), headers(request));
        let is_tls = request.rocket().config().tls_enabled();
        let mut exchange = exchange(request);
        if exchange.has_left {
            // A clone of a local client's request shares its cache.
            *exchange = Exchange::default();
        }
        if exchange.answer.is_some() {
            return;
        }
        let head = Head {
            method: &method,
            uri: &uri,
            headers: &headers,
            extensions: &exchange.request,
            transport: Some(if is_tls { Transport::Tls } else { Transport::Plain }),
            peer: request.remote().map(|peer| peer.ip()),
        };
        match self.gate.enter(&head) {
            Ok(passage) => {
                exchange.request.insert(passage.open());
                exchange.passages.push(passage);
            }
            Err(answer) => exchange.answer = Some(answer),
        }
    }
}

/// Managed state: some fairing of ours is attached.
struct Attached;

/// The half that has the last word. It lets some rounds of launch pass, so that it stands behind what other fairings
/// attach, and what those attach.
struct LastWord {
    rounds: u8,
}

#[rocket::async_trait]
impl Fairing for LastWord {
    fn info(&self) -> Info {
        match self.rounds {
            0 => Info { name: "hardtack's last word", kind: Kind::Request | Kind::Response },
            _ => Info { name: "hardtack's place behind all others", kind: Kind::Ignite },
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(rocket.attach(LastWord { rounds: self.rounds.saturating_sub(1) }))
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // Here and not in the first half: a fairing between them may choose the method too.
        let is_answered = exchange(request).answer.is_some();
        if is_answered {
            request.set_method(Method::Connect);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if let Some(error) = refusal(request, response.status()) {
            let own = Catcher::default().handler.handle(response.status(), request).await;
            if own.is_ok_and(|own| looks_like(response, &own)) {
                response.set_header(ContentType::Plain);
                response.set_sized_body(error.public().len(), Cursor::new(error.public()));
            }
        }
        let mut exchange = exchange(request);
        exchange.has_left = true;
        let mut fields = match exchange.answer.take() {
            Some(answer) => {
                response.set_status(status(answer.status()));
                response.remove_header("Content-Type");
                *response.body_mut() = Body::default();
                let mut fields = HeaderMap::new();
                answer.write(&mut fields);
                fields
            }
            None => {
                let fields: Vec<Header<'_>> = response.headers().iter().collect();
                copied::response(fields.iter().map(|field| (field.name().as_str(), field.value().as_bytes())))
            }
        };
        let Exchange { passages, response: extensions, .. } = &mut *exchange;
        for passage in passages.iter_mut().rev() {
            passage.leave(&mut fields, extensions);
        }
        for name in Outgoing::CHANGED.iter().chain(fields.keys()) {
            response.remove_header(name.as_str());
        }
        for (name, value) in &fields {
            if let Some(value) = text(value) {
                response.adjoin_raw_header(name.as_str().to_owned(), value);
            }
        }
    }
}

/// Answers in the application's place.
fn answer<'r>(request: &'r Request<'_>, data: Data<'r>) -> route::BoxFuture<'r> {
    // Who comes with a CONNECT of his own finds no answer, and passes on.
    let answered = exchange(request).answer.as_ref().map(Answer::status);
    let outcome = match answered {
        Some(code) => route::Outcome::Success(Response::build().status(status(code)).finalize()),
        None => route::Outcome::forward(data, Status::NotFound),
    };
    Box::pin(ready(outcome))
}

/// The error of a guard, where the response is what came of it; told here, since only now it is certain.
fn refusal(request: &Request<'_>, answered: Status) -> Option<ExtractError> {
    let exchange = exchange(request);
    let error = exchange.refused.filter(|error| status(error.status()) == answered)?;
    if let Some(open) = exchange.request.get::<Open>() {
        open.tell_refusal();
    }
    Some(error)
}

/// Whether a response is the one that Rocket writes where nobody registered a catcher: its body is nobody's.
fn looks_like(response: &Response<'_>, own: &Response<'_>) -> bool {
    response.content_type() == own.content_type() && response.body().preset_size() == own.body().preset_size()
}

/// What belongs to one exchange, in the request's local cache.
#[derive(Default)]
struct Exchange {
    /// Stand in for those of a request and of a response, which Rocket does not have.
    request: Extensions,
    response: Extensions,
    /// The outermost first.
    passages: Vec<Passage>,
    answer: Option<Answer>,
    refused: Option<ExtractError>,
    has_left: bool,
}

fn exchange<'a>(request: &'a Request<'_>) -> MutexGuard<'a, Exchange> {
    let exchange = request.local_cache(|| Mutex::new(Exchange::default()));
    exchange.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The method as the client wrote it: before any fairing Rocket believes a form's `_method`, and no page has a form.
async fn written_method(request: &Request<'_>, data: &mut Data<'_>) -> http::Method {
    let is_form = request.content_type().is_some_and(|kind| kind.is_form());
    if is_form && !data.peek(1).await.is_empty() {
        return http::Method::POST;
    }
    http::Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or(http::Method::POST)
}

fn uri(request: &Request<'_>) -> Uri {
    // What cannot be carried is exempt from nothing and no place to redirect to.
    request.uri().to_string().parse().unwrap_or_else(|_| Uri::from_static("*"))
}

fn headers(request: &Request<'_>) -> HeaderMap {
    let fields: Vec<Header<'_>> = request.headers().iter().collect();
    let mut headers = copied::request(fields.iter().map(|field| (field.name().as_str(), field.value().as_bytes())));
    if !headers.contains_key(HOST) {
        // HTTP/2 has `:authority`.
        insert(&mut headers, HOST, request.host().map(ToString::to_string));
    }
    if !headers.contains_key(COOKIE) {
        // A local client puts a test's cookies into Rocket's jar alone.
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

/// Rocket's values are text, and the policy adds ASCII.
fn text(value: &HeaderValue) -> Option<String> {
    core::str::from_utf8(value.as_bytes()).ok().map(str::to_owned)
}

fn status(status: StatusCode) -> Status {
    Status::new(status.as_u16())
}

const REMEDY: &str =
    "hardtack's policy is missing; add `.attach(PolicyFairing::new(policy, listener))` to the `Rocket`";

const UNJUDGED: &str = "Rocket takes a request that it cannot parse past its fairings, so hardtack's policy has not \
                        seen it; ask for no cookies in a catcher of 400";

/// Asks the jar that the fairing opened. What becomes of an error is seen in the response alone: `Option` and `Result`
/// are guards that make a success of it.
fn guard<T>(request: &Request<'_>, ask: impl FnOnce(&Open) -> Option<T>) -> Outcome<T, ExtractError> {
    let open = exchange(request).request.get::<Open>().cloned();
    let error = match open {
        Some(open) => match ask(&open) {
            Some(taken) => return Outcome::Success(taken),
            None => open.refusal(),
        },
        None if request.rocket().state::<Attached>().is_some() => missing(UNJUDGED),
        None => missing(REMEDY),
    };
    exchange(request).refused = Some(error);
    Outcome::Error((status(error.status()), error))
}

#[rocket::async_trait]
impl<'r, S: Scheme> FromRequest<'r> for Cookies<S> {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        guard(request, Open::maybe_cookies)
    }
}

/// `Option<Https>` is Rocket's own guard, and makes `None` of every error. That nobody added the policy is seen at
/// launch, by the [`Sentinel`].
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Https {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        guard(request, Open::maybe_https)
    }
}

/// Aborts a launch without the policy, and says in the log what to add.
fn aborts(rocket: &Rocket<Ignite>) -> bool {
    let is_missing = rocket.state::<Attached>().is_none();
    if is_missing {
        missing(REMEDY);
    }
    is_missing
}

impl<S: Scheme> Sentinel for Cookies<S> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        aborts(rocket)
    }
}

impl Sentinel for Https {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        aborts(rocket)
    }
}

fn sentence(code: StatusCode, text: &'static str) -> Response<'static> {
    let mut response = Response::new();
    response.set_status(status(code));
    response.set_header(ContentType::Plain);
    response.set_sized_body(text.len(), Cursor::new(text));
    response
}

impl<'r> Responder<'r, 'static> for ExtractError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(sentence(self.status(), self.public()))
    }
}

impl<'r> Responder<'r, 'static> for SetError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(sentence(self.status(), self.public()))
    }
}

impl<'r> Responder<'r, 'static> for ReadError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = sentence(self.status(), self.public());
        if let Some(removal) = self.removal() {
            response.adjoin_raw_header("Set-Cookie", text(removal).unwrap_or_default());
            exchange(request).response.get_or_insert_with(|| Declared(Vec::new())).0.push(removal.clone());
        }
        Ok(response)
    }
}

/// The request guard of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __rocket {
    ($name:ident) => {
        #[automatically_derived]
        impl<'__r, __S: $crate::Scheme> $crate::private::rocket::request::FromRequest<'__r> for $name<__S> {
            type Error = $crate::ExtractError;

            // What `#[async_trait]` makes of `async fn`, by paths that nothing of the user's can hide.
            fn from_request<'__life, '__future>(
                __request: &'__r $crate::private::rocket::Request<'__life>,
            ) -> ::core::pin::Pin<
                ::std::boxed::Box<
                    dyn ::core::future::Future<
                            Output = $crate::private::rocket::request::Outcome<Self, $crate::ExtractError>,
                        > + ::core::marker::Send
                        + '__future,
                >,
            >
            where
                '__r: '__future,
                '__life: '__future,
                Self: '__future,
            {
                ::std::boxed::Box::pin(async move {
                    <$crate::Cookies<__S> as $crate::private::rocket::request::FromRequest<'__r>>::from_request(
                        __request,
                    )
                    .await
                    .map(<Self as ::core::convert::From<$crate::Cookies<__S>>>::from)
                })
            }
        }

        #[automatically_derived]
        impl<__S: $crate::Scheme> $crate::private::rocket::Sentinel for $name<__S> {
            fn abort(__rocket: &$crate::private::rocket::Rocket<$crate::private::rocket::Ignite>) -> bool {
                <$crate::Cookies<__S> as $crate::private::rocket::Sentinel>::abort(__rocket)
            }
        }
    };
}
