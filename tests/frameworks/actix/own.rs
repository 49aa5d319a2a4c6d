//! What is actix-web's own: the one request of the scenarios that it makes impossible, its session libraries under the
//! policy, what a middleware of actix-web's may do that a tower layer cannot, and octets by hand.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use actix_identity::{Identity, IdentityMiddleware};
use actix_session::storage::CookieSessionStore;
use actix_session::{Session as Visit, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::Key;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::error::ErrorUnauthorized;
use actix_web::http::header::SET_COOKIE;
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::System;
use actix_web::{App, Error, FromRequest as _, HttpMessage as _, HttpRequest, HttpResponse, test, web};
use hardtack::actix::PolicyMiddleware;
use hardtack::{
    Cookies, EventKind, ExtractError, ForeignCookies, Https, Listener, Policy, PolicyHandle, SetError, Transport,
    TrustedProxies,
};

use super::suite::client::{Client, Reply};
use super::suite::site::{certificate, client, is};
use super::suite::tls::Certificate;
use super::suite::{Cart, Framework as _, HOST, SESSION, Session, YEAR};
use super::{Actix, Server, Socket, routes, serve};

// ---- A server for what follows.

/// A server on a TLS and a plain port, and one client for both.
struct Site {
    certificate: Certificate,
    server: Server,
    client: Client,
}

impl Site {
    async fn of<T, B>(app: impl Fn() -> App<T> + Clone + Send + 'static) -> Site
    where
        T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
            + 'static,
        B: MessageBody + 'static,
    {
        let certificate = certificate();
        let server = serve(app, vec![Socket::bind(Some(&certificate)), Socket::bind(None)]).await;
        let client = Site::client(&certificate, |client| client.cookie_store(true));
        Site { certificate, server, client }
    }

    fn client(
        certificate: &Certificate,
        choose: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Client {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        client(certificate, loopback, choose)
    }

    fn url(&self, scheme: &str, path: &str) -> String {
        let port = self.server.addresses[usize::from(scheme == "http")].port();
        format!("{scheme}://{HOST}:{port}{path}")
    }

    async fn https(&self, path: &str) -> Reply {
        self.client.get(self.url("https", path)).await
    }

    async fn http(&self, path: &str) -> Reply {
        self.client.get(self.url("http", path)).await
    }
}

/// Plain HTTP reaches the handlers.
fn open() -> PolicyHandle {
    PolicyHandle::new(Policy::builder().force_https(false).build().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_knows_its_sockets_apart() {
    let policy = PolicyMiddleware::new(open(), Listener::per_connection());
    let site = Site::of(move || App::new().configure(routes).wrap(policy.clone())).await;
    assert_eq!(site.https("/proof").await.body, "https");
    assert_eq!(site.http("/proof").await.body, "plain");
    assert_eq!(site.https("/set").await.lines(), [SESSION]);
    assert_eq!(site.http("/set").await.status, 403);
}

/// The one request of the scenarios that actix-web makes impossible, and its nearest that is possible.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_policy_is_an_error_but_to_an_option() {
    let site = Site::of(|| {
        let asks = async |https: Result<Https, ExtractError>| https.map(|_| "https");
        App::new().configure(routes).route("/asks", web::get().to(asks))
    })
    .await;
    for reply in [site.https("/asks").await, site.http("/asks").await] {
        is(&reply, 500, &[], Actix::MISSING);
    }
    let refused = Cookies::<Https>::extract(&test::TestRequest::default().to_http_request()).await.unwrap_err();
    assert_eq!(format!("{refused:?}"), "Refused { .. }");
    // Closed nevertheless: nobody proved HTTPS.
    for reply in [site.https("/proof").await, site.http("/proof").await] {
        is(&reply, 200, &[], "plain");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_option_of_cookies_is_no_refusal() {
    let handle = open();
    let policy = PolicyMiddleware::new(handle.clone(), Listener::per_connection());
    let site = Site::of(move || {
        let maybe = async |cookies: Option<Cookies>| cookies.is_some().to_string();
        App::new().route("/maybe", web::get().to(maybe)).wrap(policy.clone())
    })
    .await;
    assert_eq!(site.https("/maybe").await.body, "true");
    assert_eq!(site.http("/maybe").await.body, "false");
    assert_eq!(handle.counters().get(EventKind::RequestRefused), 0);
}

// ---- Session libraries.

/// What browsers keep of a line, without its value.
fn attributes(reply: &Reply) -> Vec<String> {
    let attributes = |line: &&str| line.split_once(';').map_or("", |(_, attributes)| attributes).trim().to_owned();
    reply.lines().iter().map(attributes).collect()
}

async fn visit(visit: Visit) -> Result<String, Error> {
    let count = visit.get::<u32>("count")?.unwrap_or(0) + 1;
    visit.insert("count", count)?;
    Ok(count.to_string())
}

async fn leave(visit: Visit) -> &'static str {
    visit.purge();
    "left"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_hardened_held_back_over_plain_http_and_removed() {
    for secure in [true, false] {
        let handle = open();
        let policy = PolicyMiddleware::new(handle.clone(), Listener::per_connection());
        let key = Key::from(&[7; 64]);
        let site = Site::of(move || {
            let sessions = SessionMiddleware::builder(CookieSessionStore::default(), key.clone());
            App::new()
                .route("/visit", web::get().to(visit))
                .route("/leave", web::get().to(leave))
                .wrap(sessions.cookie_name("visit".to_owned()).cookie_secure(secure).build())
                .wrap(policy.clone())
        })
        .await;

        let reply = site.https("/visit").await;
        assert!(reply.lines()[0].starts_with("visit="), "{reply:?}");
        let line =
            if secure { "HttpOnly; SameSite=Lax; Secure; Path=/" } else { "HttpOnly; SameSite=Lax; Path=/; Secure" };
        assert_eq!((reply.body.as_str(), attributes(&reply)), ("1", vec![line.to_owned()]));
        assert_eq!(reply.header("cache-control"), Some("private"));
        assert_eq!(handle.counters().get(EventKind::LineHardened), u64::from(!secure));
        // The store reads back what the policy let through.
        assert_eq!(site.https("/visit").await.body, "2");

        let reply = site.http("/visit").await;
        assert_eq!((reply.status, reply.body.as_str(), reply.lines()), (200, "1", vec![]));
        assert_eq!(handle.counters().get(EventKind::LineHeldBack), 1);

        let reply = site.https("/leave").await;
        assert!(reply.lines()[0].starts_with("visit=; ") && reply.lines()[0].contains("Max-Age=0"), "{reply:?}");
        assert!(attributes(&reply)[0].contains("Secure"));
        // Gone from the client: the next visit is its first.
        assert_eq!(site.https("/visit").await.body, "1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_is_hardened_and_its_logout_removes_it() {
    async fn sign_in(request: HttpRequest) -> Result<&'static str, Error> {
        Identity::login(&request.extensions(), "ada".to_owned())?;
        Ok("signed in")
    }
    async fn who(identity: Option<Identity>) -> String {
        identity.and_then(|identity| identity.id().ok()).unwrap_or_else(|| "nobody".to_owned())
    }
    async fn sign_out(identity: Identity) -> &'static str {
        identity.logout();
        "signed out"
    }

    let policy = PolicyMiddleware::new(open(), Listener::per_connection());
    let key = Key::from(&[7; 64]);
    let site = Site::of(move || {
        let sessions = SessionMiddleware::builder(CookieSessionStore::default(), key.clone());
        App::new()
            .route("/in", web::get().to(sign_in))
            .route("/who", web::get().to(who))
            .route("/out", web::get().to(sign_out))
            .wrap(IdentityMiddleware::default())
            .wrap(sessions.cookie_secure(false).build())
            .wrap(policy.clone())
    })
    .await;
    assert_eq!(attributes(&site.https("/in").await), ["HttpOnly; SameSite=Lax; Path=/; Secure"]);
    assert_eq!(site.https("/who").await.body, "ada");
    assert!(site.https("/out").await.lines()[0].contains("Max-Age=0"));
    assert_eq!(site.https("/who").await.body, "nobody");
    let reply = site.http("/in").await;
    assert_eq!((reply.status, reply.lines()), (200, vec![]));
}

// ---- Middleware.

/// Sets a cookie and fails.
async fn sets_and_fails<B>(mut request: ServiceRequest, _: Next<B>) -> Result<ServiceResponse<B>, Error> {
    request.extract::<Cookies>().await?.set(Session::new())?;
    Err(ErrorUnauthorized("who are you?"))
}

/// Sets a cookie on the way back.
async fn sets_late<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    Cookies::<Https>::extract(response.request()).await?.set(Cart(1))?;
    Ok(response)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_a_middleware_keeps_its_cookies() {
    let policy = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
    let site = Site::of(move || {
        let scope = web::scope("/in").wrap(from_fn(sets_and_fails)).wrap(policy.clone());
        App::new().service(scope).configure(routes).wrap(policy.clone())
    })
    .await;
    // Through two policies, the inner one's lines known to the outer as declared.
    let reply = site.https("/in/x").await;
    assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (401, vec![SESSION], "who are you?"));
    assert_eq!(reply.header("strict-transport-security"), Some(YEAR));
    assert_eq!(reply.header("cache-control"), Some("private"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_in_a_policy_writes_each_line_once() {
    let outer = PolicyHandle::new(Policy::builder().foreign_cookies(ForeignCookies::Refuse).build().unwrap());
    let policy = PolicyMiddleware::new(outer.clone(), Listener::per_connection());
    let inner = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
    let site = Site::of(move || {
        let scope = web::scope("/in").configure(routes).wrap(inner.clone()).wrap(from_fn(sets_late));
        App::new().service(scope).wrap(policy.clone())
    })
    .await;
    let cart = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    // The inner jar's line is no stranger to the outer policy, and between them the outer jar is open again.
    assert_eq!(site.https("/in/set").await.lines(), [SESSION, cart]);
    assert_eq!(site.https("/in/foreign").await.lines(), [cart]);
    assert_eq!(outer.counters().get(EventKind::LineRefused), 2);
    // The answer to an error of reading declares its removal to both.
    let client = Site::client(&site.certificate, |client| client);
    let reply = client.get_with(site.url("https", "/in/cart"), &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_eq!((reply.status, reply.lines().len()), (400, 1));
    assert!(reply.lines()[0].starts_with("__Host-Http-cart=1;"), "{reply:?}");
    let reply =
        client.get_with(site.url("https", "/in/get"), &[("Cookie", "__Host-Http-session=a; __Host-Http-session=b")]);
    let reply = reply.await;
    assert!(reply.lines()[0].starts_with("__Host-Http-session=; ") && reply.lines()[1] == cart, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_a_jar_stay_sensitive() {
    // HPACK writes what is sensitive into no table (RFC 7541 7.1.3); through two policies too.
    let lines = std::thread::spawn(|| {
        System::new().block_on(async {
            let policy = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
            let app = App::new().configure(routes).wrap(policy.clone()).wrap(policy);
            let app = test::init_service(app).await;
            let request = test::TestRequest::with_uri("/set").to_request();
            request.extensions_mut().insert(Transport::Tls);
            let response = test::call_service(&app, request).await;
            response.headers().get_all(SET_COOKIE).map(|line| (line.clone(), line.is_sensitive())).collect::<Vec<_>>()
        })
    });
    let lines = lines.join().unwrap();
    assert_eq!(lines, [(SESSION.parse().unwrap(), true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_its_own_exchange_alone() {
    async fn panics(cookies: Cookies) -> &'static str {
        cookies.set(Session::new()).unwrap();
        panic!("a handler's own");
    }

    let handle = PolicyHandle::new(Policy::default());
    let policy = PolicyMiddleware::new(handle.clone(), Listener::per_connection());
    let site =
        Site::of(move || App::new().configure(routes).route("/panics", web::get().to(panics)).wrap(policy.clone()))
            .await;
    for choose in [reqwest::ClientBuilder::http1_only, reqwest::ClientBuilder::http2_prior_knowledge] {
        let client = Site::client(&site.certificate, choose);
        let (lost, kept) = tokio::join!(
            client.0.get(site.url("https", "/panics")).send(),
            futures_util::future::join_all((0..8).map(|_| client.get(site.url("https", "/set")))),
        );
        assert!(lost.is_err(), "{lost:?}");
        assert!(kept.iter().all(|reply| reply.lines() == [SESSION]), "{kept:?}");
        // The one worker goes on.
        assert_eq!(client.get(site.url("https", "/set")).await.lines(), [SESSION]);
    }
    // Its jar was closed, and no mistake of the program's.
    assert_eq!(handle.counters().get(EventKind::Mistake), 0);
}

// ---- The wire, by hand.

/// What a server says to these octets, until it closes or has said `enough`.
fn say(mut stream: impl std::io::Read + std::io::Write, octets: &str, enough: &str) -> String {
    stream.write_all(octets.as_bytes()).unwrap();
    let (mut said, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let count = stream.read(&mut buffer).unwrap();
        said.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&said).into_owned();
        if count == 0 || text.contains(enough) {
            return text;
        }
    }
}

fn tcp(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.addresses[0]).unwrap();
    // A server that says nothing fails the test, and does not stop it.
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_carries_cookies_and_goes_on() {
    /// A handshake's answer, and an echo.
    async fn socket(cookies: Cookies, body: web::Payload) -> Result<HttpResponse, SetError> {
        cookies.set(Session::new())?;
        Ok(HttpResponse::SwitchingProtocols().upgrade("websocket").streaming(body))
    }

    let proxy = Listener::behind(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let policy = PolicyMiddleware::new(Policy::default(), proxy);
    let app = move || App::new().route("/socket", web::get().to(socket)).wrap(policy.clone());
    let server = serve(app, vec![Socket::bind(None)]).await;
    let handshake = "GET /socket HTTP/1.1\r\nHost: site.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";

    let said = say(tcp(&server), &format!("{handshake}X-Forwarded-Proto: wss\r\n\r\nping"), "ping");
    assert!(said.starts_with("HTTP/1.1 101 "), "{said}");
    assert!(said.contains(&format!("set-cookie: {SESSION}\r\n")) && said.contains("ping"), "{said}");

    // `ws:` is plain HTTP.
    let said = say(tcp(&server), &format!("{handshake}X-Forwarded-Proto: ws\r\n\r\n"), "\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 403 ") && !said.contains("set-cookie"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_an_unread_body_says_that_the_connection_ends() {
    let policy = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
    let server = serve(move || App::new().configure(routes).wrap(policy.clone()), vec![Socket::bind(None)]).await;
    let said = say(tcp(&server), "POST /set HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nname", "\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 403 ") && said.contains("connection: close\r\n"), "{said}");
    // Without a body it stays open.
    let said = say(tcp(&server), "GET /set HTTP/1.1\r\nHost: a.example\r\n\r\n", "\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 403 ") && !said.contains("connection: close"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_has_no_peer_and_is_trusted_by_choice_alone() {
    let folder = std::env::temp_dir().join(format!("hardtack-actix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let request = "GET /proof HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n";
    for (proxies, proof) in
        [(TrustedProxies::unix_only(), "https"), (TrustedProxies::new(["127.0.0.1", "::1"]).unwrap(), "plain")]
    {
        let path = folder.join(proof);
        let policy = PolicyMiddleware::new(open(), Listener::behind(proxies));
        let app = move || App::new().configure(routes).wrap(policy.clone());
        let _server = serve(app, vec![Socket::Unix(UnixListener::bind(&path).unwrap())]).await;
        let said = say(UnixStream::connect(&path).unwrap(), request, proof);
        assert!(said.ends_with(proof), "{said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_goes_before_host_and_an_asterisk_is_no_page() {
    let policy = PolicyMiddleware::new(Policy::default(), Listener::per_connection());
    let server = serve(move || App::new().configure(routes).wrap(policy.clone()), vec![Socket::bind(None)]).await;
    let request = |target: &str, host: &str| {
        let fields = format!("Host: {host}\r\nAccept: text/html\r\nConnection: close\r\n");
        say(tcp(&server), &format!("GET {target} HTTP/1.1\r\n{fields}\r\n"), "\r\n\r\n")
    };
    let said = request("*", "site.example");
    assert!(said.starts_with("HTTP/1.1 40") && !said.contains("location"), "{said}");
    // The absolute form goes before `Host` (RFC 9112 3.2.2).
    let said = request("http://site.example:8080/set", "other.example");
    assert!(said.contains("location: https://site.example/set\r\n"), "{said}");
}
