//! What a policy does to responses, requests and reports, through the layer itself: each line that leaves, octet by
//! octet, each event that is told, and what happens when the policy changes under load.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails the test"
)]

#[path = "policy/audited.rs"]
mod audited;
#[path = "policy/fields.rs"]
mod fields;
#[path = "policy/floor.rs"]
mod floor;
#[path = "policy/foreign.rs"]
mod foreign;
#[path = "policy/outbound.rs"]
mod outbound;
#[path = "policy/plain_http.rs"]
mod plain_http;
#[path = "policy/ready.rs"]
mod ready;
#[allow(dead_code, reason = "other tests use more of it")]
mod support;
#[path = "policy/swapped.rs"]
mod swapped;
#[path = "policy/text.rs"]
mod text;
#[path = "policy/told.rs"]
mod told;
#[allow(dead_code, reason = "other tests use more of it")]
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
use hardtack::{
    Cookie, Event, EventKind, ForceHttps, ForeignCookies, Listener, Peer, Policy, PolicyBuilder, PolicyHandle, Spec,
    Transport,
};
use tower::ServiceExt as _;

/// The value of every cookie here. No event may hold it.
const SECRET: &str = "opensesame";
const HOST_NAME: &str = "www.site.example";
const PAGE: (HeaderName, &str) = (ACCEPT, "text/html");
/// A year, which is the default.
const YEAR: &str = "max-age=31536000";

/// Who is signed in.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

/// How many things are in the cart.
#[derive(Cookie)]
struct Cart(u32);

/// A cookie that plain HTTP may carry.
#[derive(Cookie)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
struct Banner(String);

/// A colour scheme that scripts read.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
struct Theme(String);

/// A cookie of the environment's domain.
#[derive(Cookie)]
#[cookie(domain = environment)]
struct Sso(String);

/// A value that cannot be written.
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

/// The default policy, in which plain HTTP reaches the handlers.
fn open() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

// ---- An exchange through the layer, and what was told of it.

/// An event, kept.
#[derive(Debug, Clone)]
struct Told {
    kind: EventKind,
    cookie: Option<String>,
    rule: &'static str,
    reason: String,
    evidence: Option<String>,
    text: String,
}

impl Told {
    fn of(event: &Event<'_>) -> Told {
        let told = Told {
            kind: event.kind,
            cookie: event.cookie.map(str::to_owned),
            rule: event.rule,
            reason: event.reason.to_string(),
            evidence: event.evidence.map(|evidence| evidence.to_string()),
            text: event.to_string(),
        };
        let everything = format!("{told:?} {event:?}");
        assert!(!everything.contains(SECRET), "an event tells a value: {everything}");
        assert!(!everything.chars().any(char::is_control), "an event is not fit for a log: {everything}");
        told
    }

    /// What tests mostly compare.
    fn brief(&self) -> (EventKind, &str, &'static str) {
        (self.kind, self.cookie.as_deref().unwrap_or_default(), self.rule)
    }
}

/// A policy that keeps what it tells.
#[derive(Clone)]
struct Recorded {
    handle: PolicyHandle,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Recorded {
    fn new(policy: PolicyBuilder) -> Recorded {
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = told.clone();
        let policy = policy.on_event(move |event| keep.lock().unwrap().push(Told::of(event))).build().unwrap();
        Recorded { handle: PolicyHandle::new(policy), told }
    }

    /// What was told since the last time.
    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// One request to these routes under the policy.
    async fn ask(&self, listener: Listener, routes: Router, request: Request) -> Sent {
        let response = routes.layer(self.handle.layer(listener)).oneshot(request).await.unwrap();
        self.sent(response)
    }

    fn sent(&self, response: Response) -> Sent {
        Sent { status: response.status(), headers: response.headers().clone(), told: self.take() }
    }
}

/// A response, and what was told of the exchange.
#[derive(Debug)]
struct Sent {
    status: StatusCode,
    headers: HeaderMap,
    told: Vec<Told>,
}

impl Sent {
    fn lines(&self) -> Vec<String> {
        self.octets().iter().map(|line| line.escape_ascii().to_string()).collect()
    }

    fn octets(&self) -> Vec<&[u8]> {
        self.headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes).collect()
    }

    fn all(&self, name: HeaderName) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The names of its fields, but for the length, which is axum's.
    fn fields(&self) -> Vec<HeaderName> {
        self.headers.keys().filter(|name| *name != CONTENT_LENGTH).cloned().collect()
    }

    fn told(&self) -> Vec<(EventKind, &str, &'static str)> {
        self.told.iter().map(Told::brief).collect()
    }
}

/// A request on a connection that is marked so.
fn request(transport: Transport, uri: &str, fields: &[(HeaderName, &str)]) -> Request {
    let mut request = Request::builder().uri(uri).extension(transport).extension(Peer([203, 0, 113, 9].into()));
    if !fields.iter().any(|(name, _)| name == HOST) && !uri.starts_with("http") {
        request = request.header(HOST, HOST_NAME);
    }
    fields.iter().fold(request, |request, (name, value)| request.header(name, *value)).body(Body::empty()).unwrap()
}

/// Routes that answer everything with these fields.
fn answering(fields: &[(HeaderName, &[u8])]) -> Router {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect();
    Router::new().fallback(move || {
        let mut response = "answered".into_response();
        fields.iter().for_each(|(name, value)| _ = response.headers_mut().append(name, value.clone()));
        async move { response }
    })
}

/// Routes that set these lines by hand, as others do.
fn setting(lines: &[&[u8]]) -> Router {
    answering(&lines.iter().map(|line| (SET_COOKIE, *line)).collect::<Vec<_>>())
}

/// A response with these lines, as it leaves.
async fn through(policy: PolicyBuilder, transport: Transport, lines: &[&str]) -> Sent {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    Recorded::new(policy).ask(Listener::per_connection(), setting(&lines), request(transport, "/", &[])).await
}

// ---- What several parts ask about.

/// A session's, a token's, an ordinary one, one to which older platforms' advice was applied, one with a reason.
const FOREIGN: [&str; 5] = [
    "PHPSESSID=opensesame; path=/",
    "csrftoken=opensesame; Path=/; SameSite=Lax",
    "lang=opensesame",
    "sample=opensesame; Secure",
    "basket=opensesame; Path=/",
];

fn foreign(foreign_cookies: ForeignCookies) -> PolicyBuilder {
    open().foreign_cookies(foreign_cookies).exception("basket", "the old shop reads it until March")
}

fn forced() -> PolicyBuilder {
    let force = ForceHttps::on().integrations(["/api"]).exempt(["/health"]).https_port(8443);
    Policy::builder().force_https(force)
}

const OWN_HSTS: &[u8] = b"max-age=1";

/// An application that would answer with everything that must not leave over plain HTTP.
fn careless() -> Router {
    answering(&[(SET_COOKIE, b"sid=opensesame"), (STRICT_TRANSPORT_SECURITY, OWN_HSTS), (CACHE_CONTROL, b"public")])
}

/// One thread's own runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
