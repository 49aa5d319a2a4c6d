//! What is poem's own: what becomes of its errors and its panics, what a client cannot change, and the policy more than
//! once.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use hardtack::poem::PolicyMiddleware;
use hardtack::{
    Cookies, EventKind, ExtractError, ForceHttps, ForeignCookies, Https, Listener, Policy, PolicyBuilder, PolicyHandle,
    ReadError, SetError, Transport, TrustedProxies, testing,
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
use super::suite::site::{Site, certificate, client, exchange, is};
use super::suite::{Framework as _, HOST, NO_HTTPS, SESSION, Session, YEAR};
use super::{Poem, accept, routes, rustls_config, serve, strict};

// ---- How the other tests ask.

/// A policy that keeps what it told.
pub(crate) struct Told {
    pub(crate) handle: PolicyHandle,
    events: Arc<Mutex<Vec<String>>>,
}

impl Told {
    pub(crate) fn by(policy: PolicyBuilder) -> Told {
        let events = Arc::<Mutex<Vec<String>>>::default();
        let writer = events.clone();
        let policy = policy.on_event(move |event| writer.lock().unwrap().push(event.to_string())).build().unwrap();
        Told { handle: PolicyHandle::new(policy), events }
    }

    pub(crate) fn middleware(&self) -> PolicyMiddleware {
        PolicyMiddleware::new(self.handle.clone(), Listener::per_connection())
    }

    /// What was told since the last time.
    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

/// Plain HTTP reaches the handlers.
pub(crate) fn open() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

impl Site {
    pub(crate) async fn https(app: impl Endpoint + 'static) -> Site {
        let certificate = certificate();
        Site::over(serve(app, Some(&certificate)).await, certificate, true, |client| client)
    }

    pub(crate) async fn http(app: impl Endpoint + 'static) -> Site {
        Site::over(serve(app, None).await, certificate(), false, |client| client)
    }

    /// A client that keeps cookies as a browser does, and what it keeps.
    pub(crate) fn browser(&self) -> (Client, Arc<Jar>) {
        let jar = Arc::new(Jar::default());
        (self.another(|client| client.cookie_provider(jar.clone())), jar)
    }
}

// ---- Without the policy.

#[tokio::test]
async fn without_the_policy_an_option_is_none() {
    for site in [Site::https(routes()).await, Site::http(routes()).await] {
        // Closed nevertheless: nobody proved HTTPS.
        is(&site.get("/proof").await, 200, &[], "plain");
    }
}

/// What an `Option` cannot say.
#[handler]
fn told_apart(https: Result<Https>) -> Result<&'static str> {
    match https {
        Ok(_) => Ok("https"),
        Err(error) if error.status() == StatusCode::FORBIDDEN => Ok("plain"),
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn asking_by_a_result_is_no_refusal_and_a_caught_one_is_told_once() {
    let told = Told::by(open());
    let app = || {
        let never_fails =
            Route::new().at("/caught", strict).catch_all_error(async |error: Error| error.into_response());
        Route::new().at("/told-apart", told_apart).nest_no_strip("/caught", never_fails)
    };
    let site = Site::http(app().with(told.middleware())).await;
    is(&site.get("/told-apart").await, 200, &[], "plain");
    assert_eq!(told.events(), [""; 0]);
    // Whoever makes the response of it.
    is(&site.get("/caught").await, 403, &[], NO_HTTPS);
    let refused = "request refused (not-https): the connection carries no TLS; the handler needs HTTPS";
    assert_eq!(told.events(), [refused]);

    let site = Site::https(app().with(told.middleware())).await;
    is(&site.get("/told-apart").await, 200, &[], "https");
    let site = Site::https(app()).await;
    is(&site.get("/told-apart").await, 500, &[], Poem::MISSING);
}

// ---- What a client cannot change.

#[tokio::test]
async fn a_proxy_is_who_the_socket_says() {
    let proxies = TrustedProxies::new(["203.0.113.0/24"]).unwrap();
    let policy = PolicyMiddleware::new(open().build().unwrap(), Listener::behind(proxies));
    let site = Site::http(routes().with(policy)).await;
    for (name, value) in
        [("X-Real-IP", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")]
    {
        is(&site.get_with("/set", &[(name, value), ("X-Forwarded-Proto", "https")]).await, 403, &[], NO_HTTPS);
    }
}

/// One exchange over a Unix socket.
async fn over_unix(listener: Listener, fields: &str) -> String {
    let path = std::env::temp_dir().join(format!("hardtack-{}-{:x}", std::process::id(), fields.len()));
    let acceptor = UnixListener::bind(path.clone()).into_acceptor().await.unwrap();
    let served = accept(acceptor, routes().with(PolicyMiddleware::new(open().build().unwrap(), listener)));
    let request = format!("GET /set HTTP/1.1\r\nHost: www.site.example\r\nConnection: close\r\n{fields}\r\n");
    let answer = exchange(UnixStream::connect(&path).await.unwrap(), request.as_bytes()).await;
    drop(served);
    std::fs::remove_file(path).unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_unix_socket_is_plain_and_its_proxy_is_trusted_only_when_told() {
    let https = "X-Forwarded-Proto: https\r\n";
    assert!(over_unix(Listener::per_connection(), https).await.starts_with("HTTP/1.1 403 "));
    let unix = || Listener::behind(TrustedProxies::unix_only());
    assert!(over_unix(unix(), https).await.contains(SESSION));
    assert!(over_unix(unix(), "").await.starts_with("HTTP/1.1 403 "));
    // A TCP socket is none: its peer has an address.
    let site = Site::http(routes().with(PolicyMiddleware::new(open().build().unwrap(), unix()))).await;
    is(&site.get_with("/set", &[("X-Forwarded-Proto", "https")]).await, 403, &[], NO_HTTPS);
}

#[tokio::test]
async fn one_server_has_a_plain_and_a_tls_socket() {
    let certificate = certificate();
    let tls = TcpListener::bind("127.0.0.1:0").rustls(rustls_config(&certificate));
    let mut acceptor = tls.combine(TcpListener::bind("127.0.0.1:0")).into_acceptor().await.unwrap();
    assert!(acceptor.accept().now_or_never().is_none());
    let addresses = acceptor.local_addr().iter().map(|address| *address.as_socket_addr().unwrap()).collect::<Vec<_>>();
    let _served = accept(acceptor, routes().with(Told::by(open()).middleware()));
    let client = |at| client(&certificate, at, |client| client);
    let tls = client(addresses[0]).get(format!("https://{HOST}:{}/set", addresses[0].port())).await;
    is(&tls, 200, &[SESSION], "set");
    let plain = client(addresses[1]).get(format!("http://{HOST}:{}/set", addresses[1].port())).await;
    is(&plain, 403, &[], NO_HTTPS);
}

#[tokio::test]
async fn http_2_without_tls_is_plain() {
    let site = Site::http(routes().with(Told::by(open()).middleware())).await;
    let client = site.another(ClientBuilder::http2_prior_knowledge);
    for path in ["/set", "/api/me"] {
        let response = client.0.get(site.url(path)).send().await.unwrap();
        assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 403));
        assert_eq!(response.headers().get(SET_COOKIE), None);
    }
}

#[tokio::test]
async fn a_test_client_says_what_its_connection_carries() {
    let policy = Policy::builder().force_https(ForceHttps::on().exempt(["/health"])).build().unwrap();
    let client = TestClient::new(routes().with(PolicyMiddleware::new(policy, Listener::per_connection())));
    let response = client.get("/api/me").data(Transport::Tls).send().await;
    response.assert_status_is_ok();
    assert_eq!(testing::sent::<Session>(response.0.headers()), Some(Session::new()));
    client.get("/api/me").send().await.assert_status(StatusCode::FORBIDDEN);
    // The path is the request's, though no server made it.
    client.get("/health").send().await.assert_status_is_ok();
}

// ---- Errors.

#[tokio::test]
async fn an_error_is_caught_inside_of_the_policy_and_is_a_response_outside() {
    let told = Told::by(Policy::builder());
    let page = async |_: NotFoundError| "nothing here".with_status(StatusCode::NOT_FOUND);
    let inside = Site::https(routes().catch_error(page).with(told.middleware())).await;
    let reply = inside.get("/nowhere").await;
    is(&reply, 404, &[], "nothing here");
    assert_eq!(reply.header("strict-transport-security"), Some(YEAR));

    // Outside nothing is left to catch; and nothing that the policy added is lost.
    let all = async |_: Error| StatusCode::IM_A_TEAPOT;
    let outside = Site::https(routes().with(told.middleware()).catch_error(page).catch_all_error(all)).await;
    for (path, status, lines) in [("/nowhere", 404, vec![]), ("/fails", 500, vec![SESSION])] {
        let reply = outside.get(path).await;
        assert_eq!((reply.status, reply.lines()), (status, lines));
        assert_eq!(reply.header("strict-transport-security"), Some(YEAR));
    }
}

#[tokio::test]
async fn our_errors_can_be_caught_by_their_types() {
    let told = Told::by(open());
    let app = routes()
        .catch_error(async |error: ReadError| format!("not read: {}", error.cookie()))
        .catch_error(async |error: SetError| format!("not set: {}", error.cookie()))
        .catch_error(async |error: ExtractError| format!("refused: {}", error.status()))
        .with(told.middleware());
    let site = Site::https(app).await;
    let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
    is(&reply, 200, &[], "not read: __Host-Http-cart");
    assert_eq!(site.get("/too-large").await.body, "not set: __Host-Http-session");

    // Who catches them without their types knows their status.
    let any = async |error: Error| error.status().to_string();
    let site = Site::https(routes().catch_all_error(any).with(told.middleware())).await;
    let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_eq!(
        (reply.body.as_str(), site.get("/too-large").await.body.as_str()),
        ("400 Bad Request", "500 Internal Server Error")
    );
}

#[tokio::test]
async fn the_removal_of_a_read_error_is_declared() {
    let told = Told::by(Policy::builder().foreign_cookies(ForeignCookies::Refuse));
    let no_cart = "__Host-Http-cart=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                   SameSite=Lax";
    for app in [
        routes().with(told.middleware()).boxed(),
        routes().with(told.middleware()).with(told.middleware()).boxed(),
        routes()
            .catch_error(async |error: ReadError| poem::error::ResponseError::as_response(&error))
            .with(told.middleware())
            .boxed(),
    ] {
        let site = Site::https(app).await;
        let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
        is(&reply, 400, &[no_cart], "a cookie was not understood; try again");
        assert_eq!(told.handle.counters().get(EventKind::LineRefused), 0);
    }
}

// ---- Panics.

/// What a handler waits for, and what says that it does.
#[derive(Clone, Default)]
struct Wait(Arc<(Notify, Notify)>);

#[handler]
async fn waits(cookies: Cookies, wait: Data<&Wait>) -> Result<&'static str, SetError> {
    cookies.set(Session::new())?;
    let (waiting, go_on) = &*wait.0.0;
    waiting.notify_one();
    go_on.notified().await;
    Ok("waited")
}

#[handler]
fn panics(cookies: Cookies) -> &'static str {
    cookies.set(Session::new()).unwrap();
    panic!("a bug")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_its_own_exchange_alone() {
    let told = Told::by(Policy::builder());
    let wait = Wait::default();
    let app = routes().at("/waits", waits).at("/panics", panics).data(wait.clone()).with(told.middleware());
    let site = Site::https(app).await;
    // Over HTTP/2 both are on one connection.
    for choose in [ClientBuilder::http1_only, ClientBuilder::http2_prior_knowledge] {
        let client = site.another(choose);
        let (waiting, go_on) = &*wait.0;
        let (other, ours) = (client.clone(), site.url("/waits"));
        let waited = tokio::spawn(async move { other.get(ours).await });
        waiting.notified().await;
        assert!(client.0.get(site.url("/panics")).send().await.is_err());
        go_on.notify_one();
        is(&waited.await.unwrap(), 200, &[SESSION], "waited");
        is(&client.get(site.url("/set")).await, 200, &[SESSION], "set");
    }
    // The client that was cut off is no mistake of the program's.
    assert_eq!(told.handle.counters().get(EventKind::Mistake), 0);
}

#[tokio::test]
async fn a_panic_that_is_caught_inside_leaves_as_a_strict_response() {
    let told = Told::by(Policy::builder());
    let site = Site::https(routes().at("/panics", panics).with(CatchPanic::new()).with(told.middleware())).await;
    let reply = site.get("/panics").await;
    is(&reply, 500, &[SESSION], "internal server error");
    assert_eq!(reply.header("strict-transport-security"), Some(YEAR));
}

// ---- The policy more than once.

#[tokio::test]
async fn a_policy_in_a_nested_route_within_a_policy_writes_each_line_once() {
    let outer = Told::by(Policy::builder().foreign_cookies(ForeignCookies::Refuse));
    let inner = Told::by(Policy::builder());
    let app = Route::new().nest("/", routes().with(inner.middleware())).with(outer.middleware());
    let site = Site::https(app).await;
    let reply = site.get("/set").await;
    is(&reply, 200, &[SESSION], "set");
    assert_eq!(reply.headers.get_all(STRICT_TRANSPORT_SECURITY).iter().collect::<Vec<_>>(), [YEAR]);
    is(&site.get("/foreign").await, 200, &[], "from the forum");
}

#[tokio::test]
async fn a_policy_in_a_nested_route_knows_the_whole_path() {
    for (exempt, status) in [("/shop/health", 200), ("/health", 403)] {
        let told = Told::by(Policy::builder().force_https(ForceHttps::on().exempt([exempt])));
        let site = Site::http(Route::new().nest("/shop", routes().with(told.middleware()))).await;
        assert_eq!(site.get("/shop/health").await.status, status);
        let reply = site.get_with("/shop/set?a=b", &[("Accept", "text/html")]).await;
        assert_eq!((reply.status, reply.header("location")), (308, Some("https://www.site.example/shop/set?a=b")));
    }
}
