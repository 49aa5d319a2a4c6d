//! Tests of poem's own features: errors, panics, and scheme detection on poem's listeners. This file also tests nested
//! policies.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use hardtack::event::Kind;
use hardtack::poem::PolicyMiddleware;
use hardtack::policy::{ForceHttps, PolicyBuilder, UndeclaredCookies};
use hardtack::seal::{Key, Keyring};
use hardtack::tls::Transport;
use hardtack::{
    Cookies, ExtractError, Https, Policy, PolicyHandle, ReadError, SetError, TlsTermination, TrustedProxies, testing,
};
use poem::error::NotFoundError;
use poem::http::header::{SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use poem::http::{StatusCode, Version};
use poem::listener::{Acceptor as _, Listener as _, TcpListener, UnixListener};
use poem::middleware::CatchPanic;
use poem::test::TestClient;
use poem::web::Data;
use poem::{Endpoint, EndpointExt as _, Error, IntoResponse as _, Result, Route, handler};
use reqwest::ClientBuilder;
use reqwest::cookie::Jar;
use tokio::net::UnixStream;
use tokio::sync::Notify;

use super::suite::client::Client;
use super::suite::site::{Site, assert_reply, certificate, client, send_and_read_to_end};
use super::suite::{HOST, HTTPS_ONLY, INTERNAL_ERROR, NOTE_REMOVAL, ONE_YEAR_HSTS, SESSION, Session, unreadable_note};
use super::{accept, routes, rustls_config, serve, strict};

// ---- Helpers.

/// A policy that records its events.
pub(crate) struct RecordingPolicy {
    pub(crate) handle: PolicyHandle,
    events: Arc<Mutex<Vec<String>>>,
}

impl RecordingPolicy {
    pub(crate) fn new(policy: PolicyBuilder) -> RecordingPolicy {
        let events = Arc::<Mutex<Vec<String>>>::default();
        let writer = events.clone();
        let policy = policy.on_event(move |event| writer.lock().unwrap().push(event.to_string())).build().unwrap();
        RecordingPolicy { handle: PolicyHandle::new(policy), events }
    }

    pub(crate) fn middleware(&self) -> PolicyMiddleware {
        PolicyMiddleware::new(self.handle.clone(), TlsTermination::per_connection())
    }

    /// Removes and returns the recorded events.
    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

/// Returns a policy without `force_https`, so plain HTTP requests reach the handlers.
pub(crate) fn policy_allowing_http() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

impl Site {
    pub(crate) async fn https(app: impl Endpoint + 'static) -> Site {
        let certificate = certificate();
        Site::from_server(serve(app, Some(&certificate)).await, certificate, true, |client| client)
    }

    pub(crate) async fn http(app: impl Endpoint + 'static) -> Site {
        Site::from_server(serve(app, None).await, certificate(), false, |client| client)
    }

    /// Returns a client with a cookie store, and the cookie store.
    pub(crate) fn browser(&self) -> (Client, Arc<Jar>) {
        let jar = Arc::new(Jar::default());
        (self.new_client(|client| client.cookie_provider(jar.clone())), jar)
    }
}

// ---- Without the policy.

#[tokio::test]
async fn option_is_none_without_a_policy() {
    for site in [Site::https(routes()).await, Site::http(routes()).await] {
        // If a handler receives `None`, it does not treat the request as HTTPS. So `None` is safe without a policy.
        assert_reply(&site.get("/proof").await, 200, &[], "plain");
    }
}

/// Distinguishes plain HTTP from a missing policy. A handler with `Option<Https>` gets `None` in both cases.
#[handler]
fn distinguish(https: Result<Https>) -> Result<&'static str> {
    match https {
        Ok(_) => Ok("https"),
        Err(error) if error.status() == StatusCode::FORBIDDEN => Ok("plain"),
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn refusals_emit_one_event() {
    let policy = RecordingPolicy::new(policy_allowing_http());
    let app = || {
        let never_fails =
            Route::new().at("/caught", strict).catch_all_error(async |error: Error| error.into_response());
        Route::new().at("/distinguish", distinguish).nest_no_strip("/caught", never_fails)
    };
    let site = Site::http(app().with(policy.middleware())).await;
    assert_reply(&site.get("/distinguish").await, 200, &[], "plain");
    assert_eq!(policy.events(), [""; 0]);
    // The policy emits the event of a refused request even if an error handler creates the response.
    assert_reply(&site.get("/caught").await, 403, &[], HTTPS_ONLY);
    let refused = "request refused (not-https, GET /caught): the connection carries no TLS; the handler needs HTTPS";
    assert_eq!(policy.events(), [refused]);

    let site = Site::https(app().with(policy.middleware())).await;
    assert_reply(&site.get("/distinguish").await, 200, &[], "https");
    let site = Site::https(app()).await;
    assert_reply(&site.get("/distinguish").await, 500, &[], INTERNAL_ERROR);
}

// ---- Scheme detection.

#[tokio::test]
async fn forwarding_headers_cannot_name_the_peer() {
    let proxies = TrustedProxies::new(["203.0.113.0/24"]).unwrap();
    let policy = PolicyMiddleware::new(policy_allowing_http().build().unwrap(), TlsTermination::at_proxy(proxies));
    let site = Site::http(routes().with(policy)).await;
    for (name, value) in
        [("X-Real-IP", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")]
    {
        assert_reply(
            &site.get_with("/set", &[(name, value), ("X-Forwarded-Proto", "https")]).await,
            403,
            &[],
            HTTPS_ONLY,
        );
    }
}

/// Sends a request over a Unix socket. Returns the response.
async fn send_over_unix_socket(tls_termination: TlsTermination, headers: &str) -> String {
    let path = std::env::temp_dir().join(format!("hardtack-{}-{:x}", std::process::id(), headers.len()));
    let acceptor = UnixListener::bind(path.clone()).into_acceptor().await.unwrap();
    let server = accept(
        acceptor,
        routes().with(PolicyMiddleware::new(policy_allowing_http().build().unwrap(), tls_termination)),
    );
    let request = format!("GET /set HTTP/1.1\r\nHost: www.site.example\r\nConnection: close\r\n{headers}\r\n");
    let response = send_and_read_to_end(UnixStream::connect(&path).await.unwrap(), request.as_bytes()).await;
    drop(server);
    std::fs::remove_file(path).unwrap();
    String::from_utf8(response).unwrap()
}

#[tokio::test]
async fn unix_socket_is_trusted_only_when_configured() {
    let https = "X-Forwarded-Proto: https\r\n";
    assert!(send_over_unix_socket(TlsTermination::per_connection(), https).await.starts_with("HTTP/1.1 403 "));
    let unix = || TlsTermination::at_proxy(TrustedProxies::unix_socket());
    assert!(send_over_unix_socket(unix(), https).await.contains(SESSION));
    assert!(send_over_unix_socket(unix(), "").await.starts_with("HTTP/1.1 403 "));
    // The TLS termination `unix_socket` trusts only connections over a Unix socket. The peer of a TCP connection has an
    // address, so hardtack does not trust the connection.
    let site = Site::http(routes().with(PolicyMiddleware::new(policy_allowing_http().build().unwrap(), unix()))).await;
    assert_reply(&site.get_with("/set", &[("X-Forwarded-Proto", "https")]).await, 403, &[], HTTPS_ONLY);
}

#[tokio::test]
async fn one_server_can_have_both_schemes() {
    let certificate = certificate();
    let tls = TcpListener::bind("127.0.0.1:0").rustls(rustls_config(&certificate));
    let mut acceptor = tls.combine(TcpListener::bind("127.0.0.1:0")).into_acceptor().await.unwrap();
    assert!(acceptor.accept().now_or_never().is_none());
    let addresses = acceptor.local_addr().iter().map(|address| *address.as_socket_addr().unwrap()).collect::<Vec<_>>();
    let _server = accept(acceptor, routes().with(RecordingPolicy::new(policy_allowing_http()).middleware()));
    let client = |at| client(&certificate, at, |client| client);
    let tls = client(addresses[0]).get(format!("https://{HOST}:{}/set", addresses[0].port())).await;
    assert_reply(&tls, 200, &[SESSION], "set");
    let plain = client(addresses[1]).get(format!("http://{HOST}:{}/set", addresses[1].port())).await;
    assert_reply(&plain, 403, &[], HTTPS_ONLY);
}

#[tokio::test]
async fn http_2_without_tls_is_plain_http() {
    let site = Site::http(routes().with(RecordingPolicy::new(policy_allowing_http()).middleware())).await;
    let client = site.new_client(ClientBuilder::http2_prior_knowledge);
    for path in ["/set", "/api/me"] {
        let response = client.0.get(site.url(path)).send().await.unwrap();
        assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 403));
        assert_eq!(response.headers().get(SET_COOKIE), None);
    }
}

#[tokio::test]
async fn test_client_can_choose_the_transport() {
    let policy = Policy::builder().force_https(ForceHttps::on().exempt(["/health"])).build().unwrap();
    let client = TestClient::new(routes().with(PolicyMiddleware::new(policy, TlsTermination::per_connection())));
    let response = client.get("/api/me").data(Transport::Tls).send().await;
    response.assert_status_is_ok();
    assert_eq!(testing::sent::<Session>(response.0.headers()), Some(Session::new()));
    client.get("/api/me").send().await.assert_status(StatusCode::FORBIDDEN);
    // poem's test client does not use a server. The policy must find the path of the test client's requests too.
    client.get("/health").send().await.assert_status_is_ok();
}

// ---- Errors.

#[tokio::test]
async fn errors_are_caught_inside_the_policy_only() {
    let policy = RecordingPolicy::new(Policy::builder());
    let page = async |_: NotFoundError| "nothing here".with_status(StatusCode::NOT_FOUND);
    let inside = Site::https(routes().catch_error(page).with(policy.middleware())).await;
    let reply = inside.get("/nowhere").await;
    assert_reply(&reply, 404, &[], "nothing here");
    assert_eq!(reply.header("strict-transport-security"), Some(ONE_YEAR_HSTS));

    // The policy turns errors into responses. So an error handler outside the policy does not run. The response keeps
    // the headers that the policy added.
    let catch_all = async |_: Error| StatusCode::IM_A_TEAPOT;
    let outside = Site::https(routes().with(policy.middleware()).catch_error(page).catch_all_error(catch_all)).await;
    for (path, status, set_cookies) in [("/nowhere", 404, vec![]), ("/fails", 500, vec![SESSION])] {
        let reply = outside.get(path).await;
        assert_eq!((reply.status, reply.set_cookies()), (status, set_cookies));
        assert_eq!(reply.header("strict-transport-security"), Some(ONE_YEAR_HSTS));
    }
}

#[tokio::test]
async fn errors_can_be_caught_by_type() {
    let policy = RecordingPolicy::new(policy_allowing_http());
    let app = routes()
        .catch_error(async |error: ReadError| format!("not read: {}", error.cookie()))
        .catch_error(async |error: SetError| format!("not set: {}", error.cookie()))
        .catch_error(async |error: ExtractError| format!("refused: {}", error.status()))
        .with(policy.middleware());
    let site = Site::https(app).await;
    let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_reply(&reply, 200, &[], "not read: __Host-Http-cart");
    assert_eq!(site.get("/too-large").await.body, "not set: __Host-Http-session");

    // An error handler that receives every error type can read the error's status.
    let any = async |error: Error| error.status().to_string();
    let site = Site::https(routes().catch_all_error(any).with(policy.middleware())).await;
    let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_eq!(
        (reply.body.as_str(), site.get("/too-large").await.body.as_str()),
        ("400 Bad Request", "500 Internal Server Error")
    );
}

#[tokio::test]
async fn removal_of_a_read_error_counts_as_declared() {
    let keyring = Keyring::new(Key::generate());
    let builder = Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse).keyring(keyring.clone());
    let policy = RecordingPolicy::new(builder);
    for app in [
        routes().with(policy.middleware()).boxed(),
        routes().with(policy.middleware()).with(policy.middleware()).boxed(),
        routes()
            .catch_error(async |error: ReadError| poem::error::ResponseError::as_response(&error))
            .with(policy.middleware())
            .boxed(),
    ] {
        let site = Site::https(app).await;
        let reply = site.get_with("/unseal", &[("Cookie", &unreadable_note(&keyring))]).await;
        assert_reply(&reply, 400, &[NOTE_REMOVAL], "a cookie was not understood; try again");
        assert_eq!(policy.handle.counters().get(Kind::HeaderDropped), 0);
    }
}

// ---- Panics.

/// Lets a test pause a handler. The handler notifies the first `Notify` when it begins to wait. The test notifies the
/// second `Notify` to let the handler continue.
#[derive(Clone, Default)]
struct Wait(Arc<(Notify, Notify)>);

#[handler]
async fn waits(cookies: Cookies, wait: Data<&Wait>) -> Result<&'static str, SetError> {
    cookies.set(Session::new())?;
    let (waiting, proceed) = &*wait.0.0;
    waiting.notify_one();
    proceed.notified().await;
    Ok("waited")
}

#[handler]
fn panics(cookies: Cookies) -> &'static str {
    cookies.set(Session::new()).unwrap();
    panic!("a bug")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panic_ends_only_its_own_request() {
    let policy = RecordingPolicy::new(Policy::builder());
    let wait = Wait::default();
    let app = routes().at("/waits", waits).at("/panics", panics).data(wait.clone()).with(policy.middleware());
    let site = Site::https(app).await;
    // Over HTTP/2, the two requests of this test share one connection.
    for configure in [ClientBuilder::http1_only, ClientBuilder::http2_prior_knowledge] {
        let client = site.new_client(configure);
        let (waiting, proceed) = &*wait.0;
        let (other_client, url) = (client.clone(), site.url("/waits"));
        let waited = tokio::spawn(async move { other_client.get(url).await });
        waiting.notified().await;
        assert!(client.0.get(site.url("/panics")).send().await.is_err());
        proceed.notify_one();
        assert_reply(&waited.await.unwrap(), 200, &[SESSION], "waited");
        assert_reply(&client.get(site.url("/set")).await, 200, &[SESSION], "set");
    }
    // If a handler panics, the policy emits no event about unsent cookies.
    assert_eq!(policy.handle.counters().get(Kind::Mistake), 0);
}

#[tokio::test]
async fn caught_panic_is_a_hardened_response() {
    let policy = RecordingPolicy::new(Policy::builder());
    let site = Site::https(routes().at("/panics", panics).with(CatchPanic::new()).with(policy.middleware())).await;
    let reply = site.get("/panics").await;
    assert_reply(&reply, 500, &[SESSION], "internal server error");
    assert_eq!(reply.header("strict-transport-security"), Some(ONE_YEAR_HSTS));
}

// ---- Nested policies.

#[tokio::test]
async fn policy_nested_in_a_policy_sends_cookies_once() {
    let outer = RecordingPolicy::new(Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse));
    let inner = RecordingPolicy::new(Policy::builder());
    let app = Route::new().nest("/", routes().with(inner.middleware())).with(outer.middleware());
    let site = Site::https(app).await;
    let reply = site.get("/set").await;
    assert_reply(&reply, 200, &[SESSION], "set");
    assert_eq!(reply.headers.get_all(STRICT_TRANSPORT_SECURITY).iter().collect::<Vec<_>>(), [ONE_YEAR_HSTS]);
    assert_reply(&site.get("/undeclared").await, 200, &[], "from the forum");
}

#[tokio::test]
async fn policy_in_a_nested_route_sees_whole_path() {
    for (exempt, status) in [("/shop/health", 200), ("/health", 403)] {
        let policy = RecordingPolicy::new(Policy::builder().force_https(ForceHttps::on().exempt([exempt])));
        let site = Site::http(Route::new().nest("/shop", routes().with(policy.middleware()))).await;
        assert_eq!(site.get("/shop/health").await.status, status);
        let reply = site.get_with("/shop/set?a=b", &[("Accept", "text/html")]).await;
        assert_eq!((reply.status, reply.header("location")), (308, Some("https://www.site.example/shop/set?a=b")));
    }
}
