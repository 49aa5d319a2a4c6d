//! Causes each problem that the guide's page `runtime/docs/troubleshooting.md` describes. The log lines and response
//! bodies on the page must be equal to the log lines and response bodies of hardtack.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "support/snippets.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod snippets;

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Once;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::routing::{MethodRouter, get};
use hardtack::device_bound::Bound;
use hardtack::policy::PolicyBuilder;
use hardtack::seal::{Key, Keyring};
use hardtack::testing::{Browser, Device};
use hardtack::tls::{Peer, Transport};
use hardtack::{Cookie, Cookies, Https, Policy, SetError, TlsTermination, TrustedProxies, testing};
use tower::{ServiceExt as _, service_fn};

const PAGE: &str = include_str!("../runtime/docs/troubleshooting.md");

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(sealed, max_age = "8h")]
struct Session(String);

/// The account of the user. The cookie works only on the device on which the user signed in.
#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound)]
struct Account(String);

/// The colour scheme.
#[derive(Cookie)]
#[cookie(max_age = "365d")]
struct Theme(String);

/// The language of the pages, for all hosts of the shop.
#[derive(Cookie)]
#[cookie(name = "__Secure-lang", domain = "shop.example", max_age = "365d")]
struct Language(String);

// ---- The text of the page.

/// Returns the log line that the page quotes below the comment `<!-- event: name -->`. The page wraps long lines.
fn quoted(name: &str) -> String {
    let block = snippets::code_block(PAGE, &format!("event: {name}"), "text");
    block.lines().collect::<Vec<_>>().join(" ")
}

/// Returns the name in each comment `<!-- event: name -->` of the page.
fn quoted_names() -> Vec<&'static str> {
    PAGE.split("<!-- event: ").skip(1).map(|rest| rest.split(" -->").next().unwrap()).collect()
}

// ---- A request, its response, and the log.

/// A request, and the settings of the server.
struct Situation {
    policy: PolicyBuilder,
    termination: TlsTermination,
    handler: MethodRouter,
    method: Method,
    path: &'static str,
    peer: Option<&'static str>,
    transport: Option<Transport>,
    headers: Vec<(&'static str, String)>,
}

impl Situation {
    /// Returns a page request of a browser. The server knows neither the peer's address nor the transport.
    fn new(termination: TlsTermination) -> Situation {
        Situation {
            policy: Policy::builder(),
            termination,
            handler: get(async || "a page"),
            method: Method::GET,
            path: "/",
            peer: None,
            transport: None,
            headers: vec![(HOST.as_str(), "shop.example".into()), (ACCEPT.as_str(), "text/html".into())],
        }
    }

    /// Returns a request over a connection with TLS.
    fn https(handler: MethodRouter) -> Situation {
        let situation = Situation::new(TlsTermination::per_connection());
        Situation { transport: Some(Transport::Tls), handler, ..situation }
    }

    /// Returns a request over a connection without TLS. The policy does not force HTTPS.
    fn plain_http(handler: MethodRouter) -> Situation {
        let situation = Situation::new(TlsTermination::per_connection());
        let policy = situation.policy.force_https(false);
        Situation { policy, transport: Some(Transport::Plain), handler, ..situation }
    }

    /// Returns a request from `peer` to a server that trusts the proxy 10.0.0.5.
    fn behind_proxy(peer: Option<&'static str>) -> Situation {
        let proxies = TrustedProxies::new(["10.0.0.5"]).unwrap();
        Situation { peer, ..Situation::new(TlsTermination::at_proxy(proxies)) }
    }

    /// Returns a request with the host `localhost`.
    fn localhost(termination: TlsTermination) -> Situation {
        Situation::new(termination).header(HOST.as_str(), "localhost:3000")
    }

    fn header(mut self, name: &'static str, value: &str) -> Situation {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn send(self) -> Outcome {
        let app = Router::new().route("/", self.handler).layer(self.policy.build().unwrap().layer(self.termination));
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
        send(app, request.body(Body::empty()).unwrap())
    }
}

#[derive(Debug)]
struct Outcome {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// The lines of the log, without the time.
    log: Vec<String>,
}

impl Outcome {
    /// Returns true if a line of the log begins with the quoted text. In the log, the fields `cookie` and `rule` follow
    /// this text.
    fn has_logged(&self, quoted: &str) -> bool {
        !quoted.is_empty()
            && self.log.iter().any(|line| {
                let fields = line.trim_start().strip_prefix(quoted);
                fields.is_some_and(|fields| fields.starts_with(" cookie=") || fields.starts_with(" rule="))
            })
    }
}

/// Sends a request to the application, and records the log.
fn send(app: Router, request: Request<Body>) -> Outcome {
    record_logs();
    LOG.take();
    let (parts, body) = block_on(async {
        let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
        (parts, to_bytes(body, 1000).await.unwrap())
    });
    Outcome {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        log: String::from_utf8(LOG.take()).unwrap().lines().map(str::to_owned).collect(),
    }
}

thread_local! {
    /// The log of this thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes the log of each thread to its `LOG`.
///
/// All tests share this one subscriber. If each test had its own subscriber, `tracing` could switch an event off for
/// the whole process. This happens if the first thread that logs the event has no subscriber.
fn record_logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(|| LogWriter)
            .init();
    });
}

struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

// ---- The situations.

/// Returns each situation: the name of the log line on the page, and the status of the response.
fn situations() -> Vec<(&'static str, u16, Situation)> {
    let per_connection = TlsTermination::per_connection;
    let plain_http = || Situation { transport: Some(Transport::Plain), ..Situation::new(per_connection()) };
    let set_cookie = |header: &'static str| get(async move || ([(SET_COOKIE, header)], "from a library"));
    let claiming = |situation: Situation| situation.header("X-Forwarded-Proto", "https");
    let two_languages = "__Secure-lang=en; __Secure-lang=de";
    vec![
        // Too many redirects.
        ("proxy-silent", 308, Situation::behind_proxy(Some("10.0.0.5"))),
        ("proxy-says-http", 308, Situation::behind_proxy(Some("10.0.0.5")).header("X-Forwarded-Proto", "http")),
        ("proxy-list", 308, Situation::behind_proxy(Some("10.0.0.5")).header("X-Forwarded-Proto", "https, http")),
        // 403.
        ("no-proxy-named", 403, claiming(Situation { peer: Some("10.0.0.7"), ..Situation::new(per_connection()) })),
        ("other-proxy", 403, claiming(Situation::behind_proxy(Some("10.0.0.7")))),
        ("unknown-peer", 403, claiming(Situation::behind_proxy(None))),
        ("not-a-page", 403, Situation { method: Method::POST, ..plain_http() }),
        ("handler-needs-https", 403, Situation::plain_http(get(async |_: Https| "secret"))),
        // A cookie that does not come back.
        ("wrong-domain", 200, Situation::https(get(set_language)).header(HOST.as_str(), "staging.example")),
        ("over-plain-http", 200, Situation::plain_http(set_cookie("lang=en"))),
        ("response-sent", 200, Situation::https(get(set_too_late))),
        ("two-values", 200, Situation::https(get(language)).header(COOKIE.as_str(), two_languages)),
        // Works in Chrome and not in Safari.
        ("loopback", 200, Situation::localhost(per_connection())),
        // Signed out at every deploy.
        ("unknown-key", 200, new_key()),
        // A device that is not recognised.
        ("not-registered", 403, unregistered_account()),
        ("companion-missing", 200, account_without_companion()),
        ("unknown-session", 401, unknown_session()),
        // 500.
        ("no-keyring", 500, Situation::https(get(sign_in))),
        // A redirect to the wrong port.
        ("loopback-port", 403, Situation::localhost(TlsTermination::none())),
        // localhost in a container.
        ("other-host", 308, Situation::new(per_connection()).header(HOST.as_str(), "192.168.1.20:3000")),
        ("public-peer", 403, Situation { peer: Some("203.0.113.9"), ..Situation::localhost(per_connection()) }),
    ]
}

/// Each deployment makes a new key. The browser still has a cookie from before the deployment.
fn new_key() -> Situation {
    let last_deployment = Keyring::new(Key::generate());
    let header = testing::request_header_with(&Session("Ada".into()), &last_deployment);
    let situation = Situation::https(get(me)).header(COOKIE.as_str(), header.to_str().unwrap());
    Situation { policy: situation.policy.keyring(Keyring::new(Key::generate())), ..situation }
}

/// The browser has no device-bound sessions.
fn unregistered_account() -> Situation {
    let keyring = Keyring::new(Key::generate());
    let (_, browser) = opened_account(&keyring);
    account_request(get(pay), keyring, &browser)
}

/// A copy of the cookie comes from another device.
fn account_without_companion() -> Situation {
    let keyring = Keyring::new(Key::generate());
    let (signed_in, mut browser) = opened_account(&keyring);
    visit(&keyring, &mut browser, Device::new().register(&signed_in).unwrap());
    assert_eq!(browser.names(), ["__Host-Http-account", "__Host-account-key"]);
    browser.set("__Host-account-key=; Path=/; Secure; Max-Age=0");
    account_request(get(account), keyring, &browser)
}

/// The browser refreshes a session whose key is not in the keyring.
fn unknown_session() -> Situation {
    let situation = Situation::https(get(account)).header("sec-secure-session-id", "an-identifier");
    let policy = situation.policy.keyring(Keyring::new(Key::generate()));
    let path = "/.well-known/hardtack/device-bound/refresh";
    Situation { policy, method: Method::POST, path, ..situation }
}

fn account_request(handler: MethodRouter, keyring: Keyring, browser: &Browser) -> Situation {
    let cookies = browser.request_headers("/");
    let situation = Situation::https(handler).header(COOKIE.as_str(), cookies[COOKIE].to_str().unwrap());
    Situation { policy: situation.policy.keyring(keyring), ..situation }
}

/// Returns the response to the sign-in, and the browser of the user.
fn opened_account(keyring: &Keyring) -> (HeaderMap, Browser) {
    let mut browser = Browser::new("https://shop.example");
    let response = visit(keyring, &mut browser, Request::new(()));
    (response, browser)
}

/// Sends a request to a server with a sign-in, and gives the response to the browser.
fn visit(keyring: &Keyring, browser: &mut Browser, mut request: Request<()>) -> HeaderMap {
    let policy = Policy::builder().keyring(keyring.clone()).build().unwrap();
    let app = Router::new().route("/", get(open_account)).layer(policy.layer(TlsTermination::here()));
    let cookies = browser.request_headers(request.uri().path());
    request.headers_mut().extend(cookies);
    let headers = send(app, request.map(|()| Body::empty())).headers;
    browser.store(&headers);
    headers
}

async fn open_account(cookies: Cookies) -> Result<(), SetError> {
    cookies.set(Account("Ada".into()))
}

async fn account(cookies: Cookies) -> String {
    cookies.get::<Account>().map_or("signed out".into(), |account| account.0)
}

async fn pay(account: Bound<Account>) -> String {
    account.into_inner().0
}

async fn set_language(cookies: Cookies) -> Result<(), SetError> {
    cookies.set(Language("en".into()))
}

async fn set_too_late(cookies: Cookies) {
    // Sends the head of the response, as a framework does before the body streams.
    cookies.write(&mut HeaderMap::new());
    assert!(cookies.set(Theme("dark".into())).is_err());
}

async fn language(cookies: Cookies) -> String {
    cookies.get::<Language>().map_or("unknown".into(), |language| language.0)
}

async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
    cookies.set(Session("Ada".into()))
}

async fn me(cookies: Cookies) -> String {
    cookies.get::<Session>().map_or("signed out".into(), |session| session.0)
}

// ---- The tests.

/// hardtack logs the notice about localhost only once per process, so one test runs all situations.
#[test]
fn each_situation_logs_the_quoted_line() {
    // Other tests check the log lines with these two names.
    let mut names = vec!["layer-missing", "release-build"];
    for (name, status, situation) in situations() {
        names.push(name);
        if matches!(name, "loopback" | "public-peer") && !cfg!(debug_assertions) {
            // In a release build, localhost never counts as HTTPS, so the log has a different line.
            continue;
        }
        let outcome = situation.send();
        assert!(outcome.has_logged(&quoted(name)), "{name}\npage: {}\n{outcome:#?}", quoted(name));
        assert_eq!(outcome.status, status, "{name}: {outcome:#?}");
        match status {
            308 => assert!(outcome.headers["location"].to_str().unwrap().starts_with("https://"), "{name}"),
            403 => {
                let row = format!("| `{}` |", outcome.body);
                assert!(PAGE.contains(&row), "the page has no row for the body of {name}: {}", outcome.body);
            }
            500 => assert_eq!(outcome.body, "internal error"),
            _ => {}
        }
    }
    let mut quoted = quoted_names();
    quoted.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, quoted, "each quoted line has one situation");
}

#[test]
fn missing_layer_is_logged_with_the_quoted_line() {
    let outcome = send(Router::new().route("/", get(me)), Request::new(Body::empty()));
    assert!(outcome.has_logged(&quoted("layer-missing")), "{outcome:#?}");
    assert_eq!((outcome.status.as_u16(), &*outcome.body), (500, "internal error"));
}

/// A tower middleware can have a body type that axum does not use. hardtack can only make the default value of this
/// type.
#[test]
fn refusal_is_empty_if_the_body_type_is_not_from_axum() {
    let inner = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new("a page".to_owned())));
    let service = tower::Layer::layer(&Policy::default().layer(TlsTermination::none()), inner);
    let request = Request::post("/").header(HOST, "shop.example").body(Body::empty()).unwrap();
    let response = block_on(service.oneshot(request)).unwrap();
    assert_eq!((response.status(), response.headers().get(CONTENT_TYPE)), (StatusCode::FORBIDDEN, None));
    assert_eq!(response.body(), "");
}

/// The endpoint cannot send its JSON, so it must not bind the session either. The user would be signed out soon.
#[test]
fn registration_fails_if_the_body_type_is_not_from_axum() {
    let keyring = Keyring::new(Key::generate());
    let (signed_in, browser) = opened_account(&keyring);
    let mut request = testing::Device::new().register(&signed_in).unwrap();
    let cookies = browser.request_headers(request.uri().path());
    request.headers_mut().extend(cookies);
    let policy = Policy::builder().keyring(keyring).build().unwrap();
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new("a page".to_owned())));
    let service = tower::Layer::layer(&policy.layer(TlsTermination::here()), inner);
    record_logs();
    LOG.take();
    let response = block_on(service.oneshot(request)).unwrap();
    assert_eq!((response.status(), response.body().as_str()), (StatusCode::SERVICE_UNAVAILABLE, ""));
    assert!(!response.headers().contains_key(SET_COOKIE), "{:?}", response.headers());
    let log = String::from_utf8(LOG.take()).unwrap();
    assert!(log.contains("map the body to `axum::body::Body` inside the layer"), "{log}");
}
