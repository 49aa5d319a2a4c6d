//! poem: the routes of the scenarios, and the list of them run; its sessions under the policy, and what becomes of its
//! errors.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../support/curl.rs"]
mod curl;
mod suite;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use curl::Curl;
use futures_util::{FutureExt as _, stream};
use hardtack::audit::{Seen, set_cookie};
use hardtack::poem::PolicyMiddleware;
use hardtack::{
    AnyScheme, Cookies, EventKind, ExtractError, ForceHttps, ForeignCookies, Https, Listener, PlainHttp, Policy,
    PolicyBuilder, PolicyHandle, ReadError, SameSite, SetError, Transport, TrustedProxies, testing,
};
use poem::endpoint::BoxEndpoint;
use poem::error::{InternalServerError, NotFoundError};
use poem::http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use poem::http::{StatusCode, Version};
use poem::listener::{Acceptor, Listener as _, RustlsCertificate, RustlsConfig, TcpListener, UnixListener};
use poem::middleware::{CatchPanic, CookieJarManager};
use poem::session::{CookieConfig, CookieSession, MemoryStorage, ServerSession, Session as Visit};
use poem::test::TestClient;
use poem::web::cookie::{CookieJar, CookieKey};
use poem::web::{Data, Path};
use poem::{Body, Endpoint, EndpointExt as _, Error, IntoResponse as _, Response, Result, Route, Server, handler};
use reqwest::cookie::{CookieStore as _, Jar};
use suite::client::{self, Client, Reply};
use suite::tls::Certificate;
use suite::{Banner, Cart, Framework, Note, Served, Session, SiteCookies, Stand, Theme, every_scenario, load};
use tokio::sync::Notify;

struct Poem;

impl Framework for Poem {
    const NAME: &'static str = "poem";
    const MISSING: &'static str =
        "hardtack's policy is missing; add `.with(PolicyMiddleware::new(policy, listener))` around the `Route`";
    const DIFFERS: &'static [(&'static str, &'static str)] =
        &[("nobody_added_the_policy", "poem's own `Option<T>` drops every error of `T`: `Option<Https>` is `None`")];

    async fn serve(stand: Stand) -> Served {
        match stand.policy {
            Some(policy) => {
                let app = routes().with(PolicyMiddleware::new(policy, stand.listener));
                serve(app, stand.tls.as_ref()).await
            }
            None => serve(routes(), stand.tls.as_ref()).await,
        }
    }
}

/// Serves an application on a loopback socket, over TLS where there is a certificate.
async fn serve(app: impl Endpoint + 'static, tls: Option<&Certificate>) -> Served {
    let socket = TcpListener::bind("127.0.0.1:0");
    match tls {
        Some(tls) => accept(ready(socket.rustls(rustls_config(tls)).into_acceptor().await.unwrap()), app),
        None => accept(socket.into_acceptor().await.unwrap(), app),
    }
}

/// poem drops connections that arrive before its first poll has read the certificate.
fn ready(mut acceptor: impl Acceptor + 'static) -> impl Acceptor + 'static {
    assert!(acceptor.accept().now_or_never().is_none());
    acceptor
}

fn rustls_config(certificate: &Certificate) -> RustlsConfig {
    let certificate = RustlsCertificate::new().cert(certificate.pem.as_str()).key(certificate.key.as_str());
    RustlsConfig::new().fallback(certificate)
}

fn accept(acceptor: impl Acceptor + 'static, app: impl Endpoint + 'static) -> Served {
    let address = acceptor.local_addr().iter().find_map(|address| address.as_socket_addr().copied());
    let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    Served::new(address.unwrap_or(SocketAddr::from(([0; 4], 0))), move || server.abort())
}

fn routes() -> Route {
    Route::new()
        .at("/set", sign_in)
        .at("/get", who)
        .at("/cart", cart)
        .at("/seal", seal)
        .at("/unseal", unseal)
        .at("/remove", sign_out)
        .at("/last", last)
        .at("/many", many)
        .at("/vary", vary)
        .at("/site", read_site)
        .at("/either", either)
        .at("/banner", banner)
        .at("/proof", proof)
        .at("/strict", strict)
        .at("/fails", fails)
        .at("/too-large", too_large)
        .at("/foreign", foreign)
        .at("/by-hand", by_hand)
        .at("/hsts", hsts)
        .at("/late", late)
        .at("/health", health)
        .at("/load/:n", under_load)
        .at("/large/:n", large)
        .at("/lots/:n", lots)
        .at("/panic/:n", panics_under_load)
        .nest("/api", Route::new().at("/me", me))
}

#[handler]
fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "set")
}

#[handler]
fn who(cookies: Cookies) -> Result<String> {
    Ok(format!("{:?}", cookies.get::<Session>()?))
}

#[handler]
fn cart(cookies: Cookies) -> Result<String> {
    Ok(format!("{:?}", cookies.get::<Cart>()?))
}

#[handler]
fn seal(cookies: Cookies) -> Result<(), SetError> {
    cookies.set(Note(7))
}

#[handler]
fn unseal(cookies: Cookies) -> Result<String> {
    Ok(format!("{:?}", cookies.get::<Note>()?))
}

#[handler]
fn sign_out(cookies: Cookies) -> Result<(), SetError> {
    cookies.remove::<Session>()
}

#[handler]
fn last(cookies: Cookies) -> Result<(), SetError> {
    cookies.set(Session("first".to_owned()))?;
    cookies.set(Session::new())
}

#[handler]
fn many(site: SiteCookies) -> Result<(), SetError> {
    site.set_session(Session::new())?;
    site.set_theme(Theme::Dark)?;
    site.set_basket(7)?;
    site.set_sso("ada")?;
    site.set_map(true)
}

#[handler]
fn vary(site: SiteCookies) -> Result<(), SetError> {
    site.set_session_with(Session::new(), |session| session.session().same_site(SameSite::Strict))?;
    site.set_theme_with(Theme::Light, |theme| theme.max_age(Duration::from_secs(60)))?;
    site.remove_basket_with(|basket| basket.path("/shop/7"))
}

#[handler]
fn read_site(site: SiteCookies) -> Result<String> {
    Ok(format!("{:?} {:?}", site.theme()?, site.basket()?))
}

#[handler]
fn either(cookies: Cookies<AnyScheme>) -> Result<String> {
    let session = cookies.set(Session::new());
    cookies.set(Banner(true))?;
    Ok(session.map_or_else(|error| error.to_string(), |()| "set".to_owned()))
}

#[handler]
fn banner(cookies: Cookies<PlainHttp>) -> Result<(), SetError> {
    cookies.set(Banner(true))
}

#[handler]
fn proof(https: Option<Https>) -> &'static str {
    if https.is_some() { "https" } else { "plain" }
}

#[handler]
fn strict(_: Https) -> &'static str {
    "https"
}

#[handler]
fn fails(cookies: Cookies) -> Result<()> {
    cookies.set(Session::new())?;
    Err(InternalServerError(std::io::Error::other("the database is away")))
}

#[handler]
fn too_large(cookies: Cookies) -> Result<(), SetError> {
    cookies.set(Cart(1))?;
    cookies.set(Session::too_large())
}

#[handler]
fn foreign() -> Response {
    let response = Response::builder().header(SET_COOKIE, "PHPSESSID=3f9a; path=/forum").header(SET_COOKIE, "seen=1");
    response.header(CACHE_CONTROL, "public, max-age=60").body("from the forum")
}

#[handler]
fn by_hand() -> Response {
    "from old code".with_header(SET_COOKIE, "legacy=1; Secure").into_response()
}

#[handler]
fn hsts() -> Response {
    Response::builder().header(STRICT_TRANSPORT_SECURITY, "max-age=1").finish()
}

#[handler]
fn late(cookies: Cookies) -> Body {
    Body::from_bytes_stream(stream::once(async move {
        let set = cookies.set(Session::new());
        Ok::<_, std::io::Error>(set.map_or_else(|error| error.to_string(), |()| "set".to_owned()))
    }))
}

#[handler]
fn health() -> &'static str {
    "up"
}

#[handler]
fn me(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "me")
}

#[handler]
async fn under_load(Path(n): Path<u32>, site: SiteCookies, cookies: Cookies) -> Result<String> {
    let read = load::read(&site, &cookies)?;
    load::pause(n).await;
    load::set(&site, &cookies, n)?;
    Ok(read)
}

#[handler]
fn large(Path(n): Path<u32>, cookies: Cookies) -> Result<String, SetError> {
    cookies.set(load::session(n))?;
    Ok(load::large())
}

#[handler]
fn lots(Path(n): Path<u32>, site: SiteCookies) -> Result<(), SetError> {
    load::set_lots(&site, n)
}

#[handler]
fn panics_under_load(Path(n): Path<u32>, cookies: Cookies) -> Result<(), SetError> {
    cookies.set(load::session(n))?;
    load::panics()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poem_does_what_every_framework_does() {
    every_scenario::<Poem>().await;
}

#[test]
fn poem_holds_under_load() {
    load::under_load::<Poem>();
}

// ---- How the other tests ask.

/// A subdomain, so that a cookie may have a Domain that is not the host.
const HOST: &str = "www.site.example";
const SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
const NO_HTTPS: &str = "this page works over HTTPS only";
const YEAR: &str = "max-age=31536000";

/// A policy that keeps what it told.
struct Told {
    handle: PolicyHandle,
    events: Arc<Mutex<Vec<String>>>,
}

impl Told {
    fn by(policy: PolicyBuilder) -> Told {
        let events = Arc::<Mutex<Vec<String>>>::default();
        let writer = events.clone();
        let policy = policy.on_event(move |event| writer.lock().unwrap().push(event.to_string())).build().unwrap();
        Told { handle: PolicyHandle::new(policy), events }
    }

    fn middleware(&self) -> PolicyMiddleware {
        PolicyMiddleware::new(self.handle.clone(), Listener::per_connection())
    }

    /// What was told since the last time.
    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

/// Plain HTTP reaches the handlers.
fn open() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

/// A server, over TLS or not, and how it is asked.
struct Site {
    certificate: Certificate,
    served: Served,
    base: String,
}

impl Site {
    async fn https(app: impl Endpoint + 'static) -> Site {
        let certificate = Certificate::for_names(&[HOST, "localhost"]).unwrap();
        let served = serve(app, Some(&certificate)).await;
        Site { base: format!("https://{HOST}:{}", served.address.port()), certificate, served }
    }

    async fn http(app: impl Endpoint + 'static) -> Site {
        let certificate = Certificate::for_names(&[HOST]).unwrap();
        let served = serve(app, None).await;
        Site { base: format!("http://{HOST}:{}", served.address.port()), certificate, served }
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        self.certificate.client().unwrap().resolve(HOST, self.served.address)
    }

    /// A client that keeps cookies as a browser does, and what it keeps.
    fn browser(&self) -> (Client, Arc<Jar>) {
        let jar = Arc::new(Jar::default());
        (Client(self.builder().cookie_provider(jar.clone()).build().unwrap()), jar)
    }

    async fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[]).await
    }

    async fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        Client(self.builder().build().unwrap()).get_with(self.url(path), fields).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What a server answers to these octets, on a connection of their own.
    async fn raw(&self, request: &str) -> String {
        let (address, request) = (self.served.address, request.to_owned());
        let exchange = move || {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).unwrap();
            answer
        };
        tokio::task::spawn_blocking(exchange).await.unwrap()
    }
}

#[track_caller]
fn is(reply: &Reply, status: u16, lines: &[&str], body: &str) {
    assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (status, lines.to_vec(), body));
}

// ---- Without the policy.

#[tokio::test]
async fn without_the_policy_every_extractor_is_an_error_but_an_option() {
    for site in [Site::https(routes()).await, Site::http(routes()).await] {
        for path in ["/set", "/get", "/many", "/either", "/banner", "/strict"] {
            is(&site.get(path).await, 500, &[], Poem::MISSING);
        }
        // Closed nevertheless: nobody proved HTTPS.
        is(&site.get("/proof").await, 200, &[], "plain");
        is(&site.get("/health").await, 200, &[], "up");
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
async fn asking_is_no_refusal() {
    let told = Told::by(open());
    let app = || {
        let never_fails =
            Route::new().at("/caught", strict).catch_all_error(async |error: Error| error.into_response());
        routes().at("/told-apart", told_apart).nest_no_strip("/caught", never_fails)
    };
    let site = Site::http(app().with(told.middleware())).await;
    for path in ["/proof", "/told-apart"] {
        is(&site.get(path).await, 200, &[], "plain");
    }
    assert_eq!(told.events(), [""; 0]);
    // A refusal is told once, whoever makes the response of it.
    for path in ["/strict", "/set", "/caught"] {
        is(&site.get(path).await, 403, &[], NO_HTTPS);
        let refused = "request refused (not-https): the connection carries no TLS; the handler needs HTTPS";
        assert_eq!(told.events(), [refused], "{path}");
    }

    let site = Site::https(app().with(told.middleware())).await;
    is(&site.get("/told-apart").await, 200, &[], "https");
    let site = Site::https(app()).await;
    is(&site.get("/told-apart").await, 500, &[], Poem::MISSING);
}

// ---- What a client cannot change.

#[tokio::test]
async fn neither_a_uri_nor_a_field_makes_a_connection_https() {
    let told = Told::by(open());
    let site = Site::http(routes().with(told.middleware())).await;
    for target in ["https://www.site.example/strict", "https://www.site.example:443/strict", "/strict"] {
        let fields =
            "Host: www.site.example\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 127.0.0.1\r\nConnection: close\r\n";
        let answer = site.raw(&format!("GET {target} HTTP/1.1\r\n{fields}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.ends_with(NO_HTTPS), "{answer}");
        assert!(told.events().iter().all(|event| event.contains("the connection carries no TLS")));
    }
}

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

#[tokio::test]
async fn two_hosts_redirect_nowhere() {
    let site = Site::http(routes().with(Told::by(Policy::builder()).middleware())).await;
    let page = "Accept: text/html\r\nConnection: close\r\n";
    let one = site.raw(&format!("GET /set HTTP/1.1\r\nHost: www.site.example\r\n{page}\r\n")).await;
    assert!(one.starts_with("HTTP/1.1 308 ") && one.contains("location: https://www.site.example/set\r\n"), "{one}");
    let two =
        site.raw(&format!("GET /set HTTP/1.1\r\nHost: www.site.example\r\nHost: evil.example\r\n{page}\r\n")).await;
    assert!(two.starts_with("HTTP/1.1 403 ") && !two.contains("location"), "{two}");
}

/// One exchange over a Unix socket.
async fn over_unix(listener: Listener, fields: &str) -> String {
    let path = std::env::temp_dir().join(format!("hardtack-{}-{:x}", std::process::id(), fields.len()));
    let acceptor = UnixListener::bind(path.clone()).into_acceptor().await.unwrap();
    let served = accept(acceptor, routes().with(PolicyMiddleware::new(open().build().unwrap(), listener)));
    let request = format!("GET /set HTTP/1.1\r\nHost: www.site.example\r\nConnection: close\r\n{fields}\r\n");
    let socket = path.clone();
    let exchange = move || {
        let mut socket = std::os::unix::net::UnixStream::connect(socket).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = tokio::task::spawn_blocking(exchange).await.unwrap();
    drop(served);
    std::fs::remove_file(path).unwrap();
    answer
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
    let certificate = Certificate::for_names(&[HOST]).unwrap();
    let tls = TcpListener::bind("127.0.0.1:0").rustls(rustls_config(&certificate));
    let mut acceptor = tls.combine(TcpListener::bind("127.0.0.1:0")).into_acceptor().await.unwrap();
    assert!(acceptor.accept().now_or_never().is_none());
    let addresses = acceptor.local_addr().iter().map(|address| *address.as_socket_addr().unwrap()).collect::<Vec<_>>();
    let _served = accept(acceptor, routes().with(Told::by(open()).middleware()));
    let client = |at| Client(certificate.client().unwrap().resolve(HOST, at).build().unwrap());
    let tls = client(addresses[0]).get(format!("https://{HOST}:{}/set", addresses[0].port())).await;
    is(&tls, 200, &[SESSION], "set");
    let plain = client(addresses[1]).get(format!("http://{HOST}:{}/set", addresses[1].port())).await;
    is(&plain, 403, &[], NO_HTTPS);
}

#[tokio::test]
async fn both_versions_of_http_are_served() {
    let told = Told::by(open());
    let (https, http) =
        (Site::https(routes().with(told.middleware())).await, Site::http(routes().with(told.middleware())).await);
    for (site, status, lines) in [(&https, 200, vec![SESSION]), (&http, 403, vec![])] {
        for (builder, version) in
            [(site.builder().http1_only(), Version::HTTP_11), (site.builder().http2_prior_knowledge(), Version::HTTP_2)]
        {
            let client = builder.build().unwrap();
            for path in ["/set", "/api/me"] {
                let response = client.get(site.url(path)).send().await.unwrap();
                assert_eq!((response.version(), response.status().as_u16()), (version, status));
                assert_eq!(response.headers().get_all(SET_COOKIE).iter().collect::<Vec<_>>(), lines);
            }
        }
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
    for builder in [site.builder().http1_only(), site.builder().http2_prior_knowledge()] {
        let client = Client(builder.build().unwrap());
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
async fn a_policy_within_a_policy_writes_each_line_once() {
    let outer = Told::by(Policy::builder().foreign_cookies(ForeignCookies::Refuse));
    let inner = Told::by(Policy::builder());
    for app in [
        routes().with(outer.middleware()).with(outer.middleware()).boxed(),
        routes().with(inner.middleware()).with(outer.middleware()).boxed(),
        Route::new().nest("/", routes().with(inner.middleware())).with(outer.middleware()).boxed(),
    ] {
        let site = Site::https(app).await;
        let reply = site.get("/set").await;
        is(&reply, 200, &[SESSION], "set");
        assert_eq!(reply.headers.get_all(STRICT_TRANSPORT_SECURITY).iter().collect::<Vec<_>>(), [YEAR]);
        is(&site.get("/foreign").await, 200, &[], "from the forum");
    }
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

// ---- poem's sessions.

/// Counts the visits of a session, and ends it, here and in another directory.
fn counting() -> Route {
    Route::new()
        .at("/count", count_visit)
        .at("/end", end_visit)
        .at("/account/count", count_visit)
        .at("/account/sign-out", end_visit)
}

#[handler]
fn count_visit(visit: &Visit) -> String {
    let count = visit.get::<u32>("count").unwrap_or_default() + 1;
    visit.set("count", count);
    count.to_string()
}

#[handler]
fn end_visit(visit: &Visit) {
    visit.purge();
}

/// Makes the configuration of a session; poem's cannot be cloned.
type Config = fn(CookieConfig) -> CookieConfig;

/// Each kind of session that poem has, with this configuration.
fn sessions(config: Config) -> Vec<BoxEndpoint<'static>> {
    let key = || CookieKey::derive_from(&[7; 32]);
    vec![
        counting().with(CookieSession::new(config(CookieConfig::new()))).boxed(),
        counting().with(CookieSession::new(config(CookieConfig::private(key())))).boxed(),
        counting().with(CookieSession::new(config(CookieConfig::signed(key())))).boxed(),
        counting().with(ServerSession::new(config(CookieConfig::new()), MemoryStorage::new())).boxed(),
        counting().with(ServerSession::new(config(CookieConfig::signed(key())), MemoryStorage::new())).boxed(),
    ]
}

/// With everything off that a configuration lets one turn off.
fn loose(config: CookieConfig) -> CookieConfig {
    config.secure(false).http_only(false)
}

/// The line without what no two runs share: the value, and the instant of an `Expires`.
fn settled(line: &str) -> String {
    let settled = |(at, piece): (usize, &str)| match piece.split_once('=') {
        Some((name, value)) if !value.is_empty() && (at == 0 || name == " Expires") => format!("{name}=*"),
        _ => piece.to_owned(),
    };
    line.split(';').enumerate().map(settled).collect::<Vec<_>>().join(";")
}

fn settled_all(reply: &Reply) -> Vec<String> {
    reply.lines().iter().map(|line| settled(line)).collect()
}

#[tokio::test]
async fn a_session_leaves_hardened_and_lasts() {
    let cases: [(Config, &str, &str); 3] = [
        (|config| config, "poem-session=*; HttpOnly; Secure; Path=/", "; SameSite=Lax"),
        (loose, "poem-session=*; Path=/", "; Secure; HttpOnly; SameSite=Lax"),
        (
            |config| config.name("__Host-id").same_site(poem::web::cookie::SameSite::Strict),
            "__Host-id=*; HttpOnly; SameSite=Strict; Secure; Path=/",
            "",
        ),
    ];
    for (config, written, added) in cases {
        for (alone, under) in sessions(config).into_iter().zip(sessions(config)) {
            assert_eq!(settled_all(&Site::https(alone).await.get("/count").await), [written]);
            let told = Told::by(Policy::builder());
            let site = Site::https(under.with(told.middleware())).await;
            let (browser, _) = site.browser();
            let first = browser.get(site.url("/count")).await;
            assert_eq!(settled_all(&first), [format!("{written}{added}")]);
            assert_eq!(first.header("cache-control"), Some("private"));
            assert_eq!(told.handle.counters().get(EventKind::LineHardened), u64::from(!added.is_empty()));
            for visits in ["2", "3"] {
                assert_eq!(browser.get(site.url("/account/count")).await.body, visits);
            }
        }
    }
}

#[tokio::test]
async fn over_plain_http_no_session_leaves_and_the_event_says_so() {
    for config in [(|config| config) as Config, loose] {
        for app in sessions(config) {
            let told = Told::by(open());
            let site = Site::http(app.with(told.middleware())).await;
            let (browser, jar) = site.browser();
            for _ in 0..2 {
                let reply = browser.get(site.url("/count")).await;
                is(&reply, 200, &[], "1");
                let events = told.events();
                assert!(
                    events.len() == 1 && events[0].starts_with("line held back `poem-session` (insecure)"),
                    "{events:?}"
                );
            }
            assert_eq!(jar.cookies(&site.base.parse().unwrap()), None);
        }
    }
}

/// Counts twice and signs out with a client that keeps cookies. Returns the answer to the end, whether the client still
/// holds the cookie, and what the next visit counts.
async fn ended(site: &Site) -> (Reply, bool, String) {
    let (browser, jar) = site.browser();
    for visits in ["1", "2"] {
        assert_eq!(browser.get(site.url("/account/count")).await.body, visits);
    }
    let end = browser.get(site.url("/account/sign-out")).await;
    assert_eq!(end.status, 200);
    let is_kept = jar.cookies(&site.url("/account/count").parse().unwrap()).is_some();
    (end, is_kept, browser.get(site.url("/account/count")).await.body)
}

#[tokio::test]
async fn a_purge_removes_the_cookie_wherever_it_was_set() {
    const REMOVAL: &str = "poem-session=; Max-Age=0; Expires=*";
    let cases: [(Config, bool, &str); 6] = [
        // What poem's removal reaches by itself is the directory of the request.
        (|config| config, false, "; Path=/"),
        (loose, false, "; Path=/"),
        (|config| config.path("/account"), true, "; Path=/account"),
        (|config| config.path("/account/"), false, "; Path=/account/"),
        (|config| config.domain("site.example"), false, "; Path=/; Domain=site.example"),
        (|config| config.path("/account").domain("site.example"), false, "; Path=/account; Domain=site.example"),
    ];
    for (config, goes_alone, place) in cases {
        for (kind, (alone, under)) in sessions(config).into_iter().zip(sessions(config)).enumerate() {
            let (end, is_kept, next) = ended(&Site::https(alone).await).await;
            assert_eq!((settled_all(&end), is_kept), (vec![REMOVAL.to_owned()], !goes_alone), "{place}");
            // The first three hold all of the session: who keeps the cookie is still signed in.
            assert_eq!(next, if is_kept && kind < 3 { "3" } else { "1" });

            let told = Told::by(Policy::builder());
            let site = Site::https(under.with(told.middleware())).await;
            let (end, is_kept, next) = ended(&site).await;
            assert_eq!(settled_all(&end), [format!("{REMOVAL}{place}; Secure; HttpOnly; SameSite=Lax")]);
            assert_eq!((is_kept, next.as_str()), (false, "1"), "{place}");
            let told = told.events();
            let completed = "line hardened `poem-session` (removal-path): a removal without a Path reaches one \
                             directory alone; sent for where the cookie was set";
            assert_eq!(told.iter().filter(|event| *event == completed).count(), 1, "{told:?}");
        }
    }
}

#[tokio::test]
async fn a_purge_of_a_session_that_another_process_set_removes_the_usual_one() {
    for (one, other) in sessions(|config| config).into_iter().zip(sessions(|config| config)).take(3) {
        let (one, other) =
            (Told::by(Policy::builder()).https(one).await, Told::by(Policy::builder()).https(other).await);
        let (browser, jar) = one.browser();
        assert_eq!(browser.get(one.url("/count")).await.body, "1");
        let cookie = jar.cookies(&one.base.parse().unwrap()).unwrap();

        let end = other.get_with("/account/sign-out", &[("Cookie", cookie.to_str().unwrap())]).await;
        let removal = "poem-session=; Max-Age=0; Expires=*";
        let flags = "; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(settled_all(&end), [format!("{removal}{flags}"), format!("{removal}; Path=/{flags}")]);
        // What a browser makes of the two.
        let seen = Seen::https(HOST).path("/account/sign-out");
        let paths = end.lines().into_iter().map(|line| {
            let stored = set_cookie(line.as_bytes(), &seen).stored.unwrap();
            assert!(stored.is_removal() && stored.host_only);
            stored.path
        });
        assert_eq!(paths.collect::<Vec<_>>(), ["/account", "/"]);
    }
}

impl Told {
    async fn https(&self, app: impl Endpoint + 'static) -> Site {
        Site::https(app.with(self.middleware())).await
    }
}

#[tokio::test]
async fn a_host_prefixed_session_ends_only_where_its_removal_is_hardened() {
    let named = || sessions(|config| config.name("__Host-id")).pop().unwrap();
    let localhost = |site: &Site, path: &str| format!("https://localhost:{}{path}", site.served.address.port());
    let alone = Site::https(named()).await;
    let curl = Curl::new(&alone.certificate.pem);
    curl.get(localhost(&alone, "/count")).await;
    assert_eq!(settled_all(&curl.get(localhost(&alone, "/end")).await), ["__Host-id=; Max-Age=0; Expires=*"]);
    // Without Secure and Path the line breaks the prefix's rule, and the client drops it.
    assert_eq!(curl.kept().len(), 1);

    let site = Told::by(Policy::builder()).https(named()).await;
    let curl = Curl::new(&site.certificate.pem);
    curl.get(localhost(&site, "/count")).await;
    assert_eq!(curl.kept().len(), 1);
    let end = curl.get(localhost(&site, "/account/sign-out")).await;
    assert_eq!(settled_all(&end), ["__Host-id=; Max-Age=0; Expires=*; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert_eq!(curl.kept(), [""; 0]);
}

/// What a program does with poem's own jar, without a session.
#[handler]
fn forget(jar: &CookieJar) {
    jar.remove("theme");
    jar.remove("__Secure-map");
}

fn forgetting() -> impl Endpoint + 'static {
    Route::new().at("/a/forget", forget).with(CookieJarManager::new())
}

#[tokio::test]
async fn what_the_policy_does_not_harden_is_removed_as_it_was_written() {
    let cookies = [("Cookie", "theme=dark; __Secure-map=1")];
    let written = ["__Secure-map=; Max-Age=0; Expires=*", "theme=; Max-Age=0; Expires=*"];
    let lines = async |policy: PolicyBuilder| {
        let reply = Told::by(policy).https(forgetting()).await.get_with("/a/forget", &cookies).await;
        let mut lines = settled_all(&reply);
        lines.sort();
        lines
    };
    assert_eq!(lines(Policy::builder().foreign_cookies(ForeignCookies::Observe)).await, written);
    assert_eq!(lines(Policy::builder().foreign_cookies(ForeignCookies::Refuse)).await, [""; 0]);
    let excepted = Policy::builder().exception("theme", "the old pages set it");
    let map = written[0];
    assert_eq!(
        lines(excepted).await,
        [format!("{map}; Path=/; Secure"), format!("{map}; Secure"), written[1].to_owned()]
    );
}

#[tokio::test]
async fn within_two_policies_a_removal_is_completed_once() {
    let (outer, inner) = (Told::by(Policy::builder()), Told::by(Policy::builder()));
    let app = sessions(|config| config).pop().unwrap().with(inner.middleware());
    let (end, is_kept, _) = ended(&outer.https(app).await).await;
    assert_eq!((end.lines().len(), is_kept), (1, false));

    let app = forgetting().with(inner.middleware());
    let guessed = outer.https(app).await.get_with("/a/forget", &[("Cookie", "theme=dark")]).await;
    let removal = "theme=; Max-Age=0; Expires=*";
    assert_eq!(settled_all(&guessed), [format!("{removal}; Secure"), format!("{removal}; Secure; Path=/")]);
}
