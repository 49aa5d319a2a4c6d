//! Tests of a policy. The tests send requests through the policy's layer and check:
//!
//! - each `Set-Cookie` header that is sent, byte for byte,
//! - redirected requests and refused requests,
//! - each event,
//! - the replacement of a policy while many requests run.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

#[path = "policy/audit.rs"]
mod audit;
#[path = "policy/baseline.rs"]
mod baseline;
#[path = "policy/caching_and_hsts.rs"]
mod caching_and_hsts;
#[path = "policy/clear_site_data.rs"]
mod clear_site_data;
#[path = "policy/client_layer.rs"]
mod client_layer;
#[path = "policy/events.rs"]
mod events;
#[path = "policy/many_cookies.rs"]
mod many_cookies;
#[path = "policy/namesakes.rs"]
mod namesakes;
#[path = "policy/plain_http.rs"]
mod plain_http;
#[path = "policy/poll_ready.rs"]
mod poll_ready;
#[path = "policy/removals.rs"]
mod removals;
#[path = "policy/replacement.rs"]
mod replacement;
#[path = "policy/session_names.rs"]
mod session_names;
#[path = "policy/settings.rs"]
mod settings;
#[path = "policy/sign_in_flows.rs"]
mod sign_in_flows;
#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;
#[path = "policy/undeclared_cookies.rs"]
mod undeclared_cookies;
#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/vectors.rs"]
mod vectors;

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hardtack::event::{Event, Kind};
use hardtack::policy::{Exception, ForceHttps, PolicyBuilder, UndeclaredCookies};
use hardtack::spec::Spec;
use hardtack::tls::{Peer, Transport};
use hardtack::{Cookie, Policy, PolicyHandle, ReadCookie, TlsTermination};
use tower::ServiceExt as _;

/// Most cookies of the policy tests have this value. No event may contain the value of a cookie.
const SECRET: &str = "opensesame";
const HOST_NAME: &str = "www.site.example";
const PAGE: (HeaderName, &str) = (ACCEPT, "text/html");
/// The default HSTS header, with a lifetime of one year.
const YEAR: &str = "max-age=31536000";

/// The session of a signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

/// The number of things in the cart.
#[derive(Cookie)]
#[cookie(max_age = "60s")]
struct Cart(u32);

/// A sealed cookie.
#[derive(Cookie)]
#[cookie(sealed)]
struct Note(u32);

/// The header that removes a [`Note`], up to the value of `SameSite`.
const NOTE_REMOVAL: &str =
    "__Host-Http-note=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite";

/// Returns a `Cookie` header with a [`Note`] whose seal has one changed character. No server can read the note, so the
/// response with the read error removes the note.
fn unreadable_note() -> String {
    let header = hardtack::testing::request_header(&Note(7));
    let pair = header.to_str().unwrap();
    let (start, end) = pair.split_at(pair.len() - 8);
    let changed = if end.starts_with('A') { "B" } else { "A" };
    format!("{start}{changed}{}", &end[1..])
}

/// A cookie that may be sent over plain HTTP.
#[derive(Cookie)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
struct Banner(String);

/// A colour scheme that scripts read.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
struct Theme(String);

/// A cookie with the policy's domain.
#[derive(Cookie)]
#[cookie(domain = policy)]
struct Sso(String);

/// A value whose `Display` implementation returns an error.
struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)?;
        Err(fmt::Error)
    }
}

impl FromStr for Unwritable {
    type Err = Infallible;

    fn from_str(_: &str) -> Result<Self, Infallible> {
        Ok(Unwritable)
    }
}

#[derive(Cookie)]
struct Broken(Unwritable);

const SPECS: &[Spec] = &[Session::SPEC, Cart::SPEC, Banner::SPEC, Theme::SPEC];

const SESSION: &str = "__Host-Http-session=opensesame; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
const BANNER: &str = "banner=opensesame; Path=/; HttpOnly; SameSite=Lax";
const THEME: &str = "__Host-theme=opensesame; Path=/; Secure; SameSite=Lax";

fn session() -> Session {
    Session(SECRET.to_owned())
}

/// Returns the default policy without `force_https`. Without `force_https`, plain HTTP requests reach the handlers.
fn without_force_https() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

// ---- Sends requests through the layer and records events.

/// A copy of an event.
#[derive(Debug, Clone)]
struct RecordedEvent {
    kind: Kind,
    cookie: Option<String>,
    rule: &'static str,
    reason: String,
    evidence: Option<String>,
    text: String,
}

impl RecordedEvent {
    fn from_event(event: &Event<'_>) -> RecordedEvent {
        let recorded = RecordedEvent {
            kind: event.kind,
            cookie: event.cookie.map(str::to_owned),
            rule: event.rule.as_str(),
            reason: event.reason.to_string(),
            evidence: event.evidence.map(|evidence| evidence.to_string()),
            text: event.to_string(),
        };
        let everything = format!("{recorded:?} {event:?}");
        assert!(!everything.contains(SECRET), "an event contains a value: {everything}");
        assert!(!everything.chars().any(char::is_control), "an event has a control character: {everything}");
        recorded
    }

    /// Returns the parts of the event that most tests compare: the kind, the cookie's name and the rule.
    fn summary(&self) -> (Kind, &str, &'static str) {
        (self.kind, self.cookie.as_deref().unwrap_or_default(), self.rule)
    }
}

/// A policy that records its events.
#[derive(Clone)]
struct RecordingPolicy {
    handle: PolicyHandle,
    events: Arc<Mutex<Vec<RecordedEvent>>>,
}

impl RecordingPolicy {
    fn new(policy: PolicyBuilder) -> RecordingPolicy {
        let events = Arc::new(Mutex::new(Vec::new()));
        let recorded = events.clone();
        let policy = policy
            .on_event(move |event| recorded.lock().unwrap().push(RecordedEvent::from_event(event)))
            .build()
            .unwrap();
        RecordingPolicy { handle: PolicyHandle::new(policy), events }
    }

    /// Returns the events that were recorded after the previous call of `take_events`.
    fn take_events(&self) -> Vec<RecordedEvent> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    /// Adds the policy's layer to `routes` and sends `request` to the layer.
    async fn send(&self, termination: TlsTermination, routes: Router, request: Request) -> Outcome {
        let response = routes.layer(self.handle.layer(termination)).oneshot(request).await.unwrap();
        self.outcome(response)
    }

    fn outcome(&self, response: Response) -> Outcome {
        Outcome { status: response.status(), headers: response.headers().clone(), events: self.take_events() }
    }
}

/// A response, and the events that the request caused.
#[derive(Debug)]
struct Outcome {
    status: StatusCode,
    headers: HeaderMap,
    events: Vec<RecordedEvent>,
}

impl Outcome {
    fn set_cookies(&self) -> Vec<String> {
        self.set_cookie_bytes().iter().map(|value| value.escape_ascii().to_string()).collect()
    }

    fn set_cookie_bytes(&self) -> Vec<&[u8]> {
        self.headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes).collect()
    }

    fn header_values(&self, name: HeaderName) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// Returns the names of the response's headers, without `Content-Length`, because axum adds this header.
    fn header_names(&self) -> Vec<HeaderName> {
        self.headers.keys().filter(|name| *name != CONTENT_LENGTH).cloned().collect()
    }

    fn event_summaries(&self) -> Vec<(Kind, &str, &'static str)> {
        self.events.iter().map(RecordedEvent::summary).collect()
    }
}

/// Returns a GET request on a connection that is marked as TLS or plain HTTP.
fn new_request(transport: Transport, uri: &str, headers: &[(HeaderName, &str)]) -> Request {
    let mut request = Request::builder().uri(uri).extension(transport).extension(Peer([203, 0, 113, 9].into()));
    if !headers.iter().any(|(name, _)| name == HOST) && !uri.starts_with("http") {
        request = request.header(HOST, HOST_NAME);
    }
    headers.iter().fold(request, |request, (name, value)| request.header(name, *value)).body(Body::empty()).unwrap()
}

/// Returns routes that respond to every request with the headers in `headers`.
fn respond_with(headers: &[(HeaderName, &[u8])]) -> Router {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect();
    Router::new().fallback(move || {
        let mut response = "a response".into_response();
        headers.iter().for_each(|(name, value)| _ = response.headers_mut().append(name, value.clone()));
        async move { response }
    })
}

/// Returns routes that write the given `Set-Cookie` headers without a jar, as other libraries do.
fn respond_with_cookies(headers: &[&[u8]]) -> Router {
    respond_with(&headers.iter().map(|value| (SET_COOKIE, *value)).collect::<Vec<_>>())
}

/// Sends a response with the given `Set-Cookie` headers through the policy's layer.
async fn send_cookies(policy: PolicyBuilder, transport: Transport, headers: &[&str]) -> Outcome {
    let headers: Vec<_> = headers.iter().map(|value| value.as_bytes()).collect();
    let request = new_request(transport, "/", &[]);
    RecordingPolicy::new(policy).send(TlsTermination::per_connection(), respond_with_cookies(&headers), request).await
}

// ---- Policies and responses that several files use.

/// The `Set-Cookie` headers of five undeclared cookies:
///
/// 1. a session cookie,
/// 2. a token,
/// 3. an ordinary cookie,
/// 4. a cookie that is already `Secure`,
/// 5. a cookie with an exception in [`policy_for_undeclared`].
const UNDECLARED: [&str; 5] = [
    "PHPSESSID=opensesame; path=/",
    "csrftoken=opensesame; Path=/; SameSite=Lax",
    "lang=opensesame",
    "sample=opensesame; Secure",
    "basket=opensesame; Path=/",
];

fn policy_for_undeclared(mode: UndeclaredCookies) -> PolicyBuilder {
    without_force_https()
        .undeclared_cookies(mode)
        .exception(Exception::for_cookie("basket").everything().because("the old shop reads it until March"))
}

fn with_force_https() -> PolicyBuilder {
    let force = ForceHttps::on().api_paths(["/api"]).exempt(["/health"]).https_port(8443);
    Policy::builder().force_https(force)
}

const OWN_HSTS: &[u8] = b"max-age=1";

/// Returns routes that write headers which must not be sent over plain HTTP.
fn insecure_routes() -> Router {
    respond_with(&[(SET_COOKIE, b"sid=opensesame"), (STRICT_TRANSPORT_SECURITY, OWN_HSTS), (CACHE_CONTROL, b"public")])
}

/// Runs a future on a new single-threaded runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
