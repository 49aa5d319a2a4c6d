//! Provokes each situation of the guide's page `runtime/docs/troubleshooting.md`. Compares the events and the bodies that
//! the page quotes with the events and the bodies that hardtack emits.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "support/snippets.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod snippets;

use std::convert::Infallible;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::routing::{any, get};
use hardtack::policy::PolicyBuilder;
use hardtack::seal::{Key, Keyring};
use hardtack::tls::{Peer, Transport};
use hardtack::{Cookie, Cookies, Https, Policy, TlsTermination, TrustedProxies, testing};
use tower::{ServiceExt as _, service_fn};
use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

const PAGE: &str = include_str!("../runtime/docs/troubleshooting.md");

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(sealed, max_age = "8h")]
struct Session(String);

/// The colour scheme.
#[derive(Cookie)]
#[cookie(max_age = "365d")]
struct Theme(String);

// ---- The text of the page.

/// Returns the event that the page quotes below the comment `<!-- event: name -->`. The page wraps long lines.
fn quoted(name: &str) -> String {
    let block = snippets::code_block(PAGE, &format!("event: {name}"), "text");
    block.lines().collect::<Vec<_>>().join(" ")
}

/// Returns the names of all events that the page quotes.
fn quoted_names() -> Vec<&'static str> {
    PAGE.split("<!-- event: ").skip(1).map(|rest| rest.split(" -->").next().unwrap()).collect()
}

// ---- A request, and what comes of it.

/// A request of the browser or of another client, and the server's settings.
struct Situation {
    policy: PolicyBuilder,
    termination: TlsTermination,
    routes: Router,
    method: Method,
    path: &'static str,
    peer: Option<&'static str>,
    transport: Option<Transport>,
    headers: Vec<(&'static str, String)>,
}

impl Situation {
    fn new(termination: TlsTermination) -> Situation {
        Situation {
            policy: Policy::builder(),
            termination,
            routes: Router::new().fallback(any(|| async { "a page" })),
            method: Method::GET,
            path: "/",
            peer: None,
            transport: None,
            headers: vec![(HOST.as_str(), "shop.example".into()), (ACCEPT.as_str(), "text/html".into())],
        }
    }

    /// Returns a situation in which the server counts the request as HTTPS.
    fn https() -> Situation {
        let situation = Situation::new(TlsTermination::per_connection());
        Situation { transport: Some(Transport::Tls), ..situation }
    }

    fn header(mut self, name: &'static str, value: &str) -> Situation {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without_force_https(self) -> Situation {
        Situation { policy: self.policy.force_https(false), ..self }
    }

    fn send(self) -> Outcome {
        let events = Arc::new(Mutex::new(Vec::new()));
        let recorded = events.clone();
        let policy =
            self.policy.on_event(move |event| recorded.lock().unwrap().push(event.to_string())).build().unwrap();
        let app = self.routes.layer(policy.layer(self.termination));
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(peer) = self.peer {
            request = request.extension(Peer(peer.parse::<IpAddr>().unwrap()));
        }
        if let Some(transport) = self.transport {
            request = request.extension(transport);
        }
        let response = block_on(app.oneshot(request.body(Body::empty()).unwrap())).unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(block_on(to_bytes(body, 1000)).unwrap().to_vec()).unwrap();
        let events = std::mem::take(&mut *events.lock().unwrap());
        Outcome { status: parts.status, headers: parts.headers, body, events }
    }
}

#[derive(Debug)]
struct Outcome {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    events: Vec<String>,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn behind_nginx() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.5"]).unwrap())
}

/// Returns the server's setting and the request of each situation, by the name of the event on the page.
fn situations() -> Vec<(&'static str, Situation)> {
    let behind = |peer| Situation { peer: Some(peer), ..Situation::new(behind_nginx()) };
    let per_connection = || Situation::new(TlsTermination::per_connection());
    let plain = || Situation { transport: Some(Transport::Plain), ..per_connection() };
    let localhost = |situation: Situation| situation.header(HOST.as_str(), "localhost:3000");
    vec![
        // A redirect for each request, also for a request over HTTPS.
        ("proxy-silent", behind("10.0.0.5")),
        ("proxy-says-http", behind("10.0.0.5").header("X-Forwarded-Proto", "http")),
        ("proxy-list", behind("10.0.0.5").header("X-Forwarded-Proto", "https, http")),
        // 403
        (
            "untrusted-claim",
            Situation { peer: Some("10.0.0.7"), ..per_connection() }.header("X-Forwarded-Proto", "https"),
        ),
        ("other-proxy", behind("10.0.0.7").header("X-Forwarded-Proto", "https")),
        ("unknown-peer", Situation::new(behind_nginx()).header("X-Forwarded-Proto", "https")),
        ("not-a-page", Situation { method: Method::POST, path: "/api/orders", ..plain() }),
        ("handler-needs-https", plain().without_force_https().with_routes(get(|_: Https| async { "secret" }))),
        // A cookie that does not come back.
        ("wrong-domain", Situation::https().with_set_cookie("lang=en; Domain=other.example")),
        ("over-plain-http", plain().without_force_https().with_set_cookie("lang=en")),
        ("response-sent", Situation::https().with_routes(get(set_after_the_response))),
        (
            "two-values",
            Situation::https()
                .header(COOKIE.as_str(), "__Host-Http-theme=dark; __Host-Http-theme=light")
                .with_routes(get(read_theme)),
        ),
        // Signed out at every deploy.
        ("unknown-key", signed_out()),
        ("no-keyring", Situation::https().with_routes(get(sign_in))),
        // The port.
        ("loopback-port", localhost(Situation::new(TlsTermination::none()))),
        // localhost
        ("loopback", localhost(per_connection())),
        ("loopback-from-elsewhere", localhost(Situation { peer: Some("203.0.113.9"), ..per_connection() })),
        ("container-host", per_connection().header(HOST.as_str(), "app:3000")),
    ]
}

impl Situation {
    fn with_routes(self, handler: axum::routing::MethodRouter) -> Situation {
        Situation { routes: Router::new().route("/", handler), ..self }
    }

    fn with_set_cookie(self, header: &'static str) -> Situation {
        self.with_routes(get(move || async move { ([(SET_COOKIE, header)], "from a library") }))
    }
}

async fn set_after_the_response(cookies: Cookies) {
    cookies.write(&mut HeaderMap::new());
    assert!(cookies.set(Theme("dark".into())).is_err());
}

async fn read_theme(cookies: Cookies) -> String {
    cookies.get::<Theme>().map_or("no theme".into(), |theme| theme.0)
}

async fn sign_in(cookies: Cookies) -> Result<(), hardtack::SetError> {
    cookies.set(Session("Ada".into()))
}

async fn me(cookies: Cookies) -> String {
    cookies.get::<Session>().map_or("signed out".into(), |session| session.0)
}

/// Each deployment makes a new key. The browser has a cookie of the last deployment.
fn signed_out() -> Situation {
    let last_deployment = Keyring::new(Key::generate());
    let header = testing::request_header_with(&Session("Ada".into()), &last_deployment);
    let situation = Situation::https().header(COOKIE.as_str(), header.to_str().unwrap()).with_routes(get(me));
    Situation { policy: situation.policy.keyring(Keyring::new(Key::generate())), ..situation }
}

// ---- The tests.

#[test]
fn each_quoted_event_is_emitted() {
    let mut names = Vec::new();
    for (name, situation) in situations() {
        names.push(name);
        let outcome = situation.send();
        if name.starts_with("loopback") && !cfg!(debug_assertions) {
            continue;
        }
        let Outcome { events, .. } = &outcome;
        assert!(events.contains(&quoted(name)), "{name}:\npage:    {}\nemitted: {events:#?}", quoted(name));
    }
    names.extend(["layer-missing", "release-build"]);
    let mut quoted = quoted_names();
    quoted.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, quoted, "each event of the page has one situation");
}

#[test]
fn redirects_and_refusals_have_the_quoted_responses() {
    let mut count = 0;
    for (name, situation) in situations() {
        match name {
            "proxy-silent" | "proxy-says-http" | "proxy-list" => {
                let outcome = situation.send();
                assert_eq!(outcome.status, StatusCode::PERMANENT_REDIRECT, "{name}");
                assert_eq!(outcome.headers["location"], "https://shop.example/");
            }
            "untrusted-claim"
            | "other-proxy"
            | "unknown-peer"
            | "not-a-page"
            | "handler-needs-https"
            | "container-host" => {
                let outcome = situation.send();
                assert_eq!(outcome.status, StatusCode::FORBIDDEN, "{name}");
                assert!(PAGE.contains(&format!("| `{}` |", outcome.body)), "the page has no row for {}", outcome.body);
            }
            "no-keyring" => {
                let outcome = situation.send();
                assert_eq!(outcome.status, StatusCode::INTERNAL_SERVER_ERROR);
                assert_eq!(outcome.body, "internal error");
            }
            _ => continue,
        }
        count += 1;
    }
    assert_eq!(count, 10);
}

/// Middleware of tower can have a body type other than axum's. hardtack can only make the default value of such a body.
#[test]
fn refusal_has_no_body_without_the_body_type_of_axum() {
    let inner = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new("a page".to_owned())));
    let service = tower::Layer::layer(&Policy::default().layer(TlsTermination::none()), inner);
    let request = Request::post("/").header(HOST, "shop.example").body(Body::empty()).unwrap();
    let response = block_on(service.oneshot(request)).unwrap();
    assert_eq!((response.status(), response.headers().get(CONTENT_TYPE)), (StatusCode::FORBIDDEN, None));
    assert_eq!(response.body(), "");
}

/// The event for a missing layer has no policy, so only the log has it.
#[test]
fn missing_layer_is_logged_with_the_quoted_text() {
    let log = Log::default();
    let response = tracing::subscriber::with_default(log.clone(), || {
        let app = Router::new().route("/", get(me));
        block_on(app.oneshot(Request::new(Body::empty()))).unwrap()
    });
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(block_on(to_bytes(response.into_body(), 100)).unwrap(), "internal error");
    assert_eq!(*log.0.lock().unwrap(), [quoted("layer-missing")]);
}

/// A `tracing` subscriber that stores the message of each event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Message(&self.0));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Message<'a>(&'a Mutex<Vec<String>>);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}
