//! Tests of actix-web's own features: session libraries and middleware. One test covers the scenario in which actix-web
//! behaves differently from the other frameworks. Some tests send requests as raw bytes.

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
use hardtack::event::Kind;
use hardtack::policy::UndeclaredCookies;
use hardtack::seal::{self, Keyring};
use hardtack::tls::Transport;
use hardtack::{Cookies, ExtractError, Https, Policy, PolicyHandle, SetError, TlsTermination, TrustedProxies};

use super::suite::client::{Client, Reply};
use super::suite::site::{assert_reply, certificate, client};
use super::suite::tls::Certificate;
use super::suite::{
    Cart, HOST, HTTPS_ONLY, INTERNAL_ERROR, NOTE_REMOVAL, ONE_YEAR_HSTS, SESSION, Session, unreadable_note,
};
use super::{Server, Socket, routes, serve};

// ---- Helpers.

/// A server on a TLS port and a plain HTTP port, and a client with a cookie store.
struct Site {
    certificate: Certificate,
    server: Server,
    client: Client,
}

impl Site {
    async fn start<T, B>(app: impl Fn() -> App<T> + Clone + Send + 'static) -> Site
    where
        T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
            + 'static,
        B: MessageBody + 'static,
    {
        let certificate = certificate();
        let server = serve(app, vec![Socket::bind(Some(&certificate)), Socket::bind(None)], None).await;
        let client = Site::client(&certificate, |client| client.cookie_store(true));
        Site { certificate, server, client }
    }

    fn client(
        certificate: &Certificate,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Client {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        client(certificate, loopback, configure)
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

/// Returns a policy without `force_https`, so plain HTTP requests reach the handlers.
fn policy_allowing_http() -> PolicyHandle {
    PolicyHandle::new(Policy::builder().force_https(false).build().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_can_have_both_schemes() {
    let policy = PolicyMiddleware::new(policy_allowing_http(), TlsTermination::per_connection());
    let site = Site::start(move || App::new().configure(routes).wrap(policy.clone())).await;
    assert_eq!(site.https("/proof").await.body, "https");
    assert_eq!(site.http("/proof").await.body, "plain");
    assert_eq!(site.https("/set").await.set_cookies(), [SESSION]);
    assert_reply(&site.http("/set").await, 403, &[], HTTPS_ONLY);
}

/// In this scenario, actix-web behaves differently from the other frameworks. actix-web drops the error of an
/// `Option<Https>`, but keeps the error of a `Result`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_policy_is_an_error_except_for_option() {
    let site = Site::start(|| {
        let result = async |https: Result<Https, ExtractError>| https.map(|_| "https");
        App::new().configure(routes).route("/result", web::get().to(result))
    })
    .await;
    for reply in [site.https("/result").await, site.http("/result").await] {
        assert_reply(&reply, 500, &[], INTERNAL_ERROR);
    }
    let refused = Cookies::<Https>::extract(&test::TestRequest::default().to_http_request()).await.unwrap_err();
    assert_eq!(format!("{refused:?}"), "Rejection { .. }");
    // If an `Option<Https>` is `None`, the handler does not treat the request as HTTPS. So `None` is safe.
    for reply in [site.https("/proof").await, site.http("/proof").await] {
        assert_reply(&reply, 200, &[], "plain");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn option_of_cookies_emits_no_refusal() {
    let handle = policy_allowing_http();
    let policy = PolicyMiddleware::new(handle.clone(), TlsTermination::per_connection());
    let site = Site::start(move || {
        let maybe = async |cookies: Option<Cookies>| cookies.is_some().to_string();
        App::new().route("/maybe", web::get().to(maybe)).wrap(policy.clone())
    })
    .await;
    assert_eq!(site.https("/maybe").await.body, "true");
    assert_eq!(site.http("/maybe").await.body, "false");
    assert_eq!(handle.counters().get(Kind::RequestRefused), 0);
}

// ---- Session libraries.

/// Returns the attributes of each `Set-Cookie` header.
fn attributes(reply: &Reply) -> Vec<String> {
    let attributes =
        |set_cookie: &&str| set_cookie.split_once(';').map_or("", |(_, attributes)| attributes).trim().to_owned();
    reply.set_cookies().iter().map(attributes).collect()
}

async fn visit(visit: Visit) -> Result<String, Error> {
    let count = visit.get::<u32>("count")?.unwrap_or(0) + 1;
    visit.insert("count", count)?;
    Ok(count.to_string())
}

async fn end(visit: Visit) -> &'static str {
    visit.purge();
    "ended"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_cookie_is_hardened_dropped_and_removed() {
    for secure in [true, false] {
        let handle = policy_allowing_http();
        let policy = PolicyMiddleware::new(handle.clone(), TlsTermination::per_connection());
        let key = Key::from(&[7; 64]);
        let site = Site::start(move || {
            let sessions = SessionMiddleware::builder(CookieSessionStore::default(), key.clone());
            App::new()
                .route("/visit", web::get().to(visit))
                .route("/end", web::get().to(end))
                .wrap(sessions.cookie_name("visit".to_owned()).cookie_secure(secure).build())
                .wrap(policy.clone())
        })
        .await;

        let reply = site.https("/visit").await;
        assert!(reply.set_cookies()[0].starts_with("visit="), "{reply:?}");
        let expected =
            if secure { "HttpOnly; SameSite=Lax; Secure; Path=/" } else { "HttpOnly; SameSite=Lax; Path=/; Secure" };
        assert_eq!((reply.body.as_str(), attributes(&reply)), ("1", vec![expected.to_owned()]));
        assert_eq!(reply.header("cache-control"), Some("private"));
        assert_eq!(handle.counters().get(Kind::HeaderHardened), u64::from(!secure));
        // The session store can read the hardened cookie.
        assert_eq!(site.https("/visit").await.body, "2");

        let reply = site.http("/visit").await;
        assert_eq!((reply.status, reply.body.as_str(), reply.set_cookies()), (200, "1", vec![]));
        assert_eq!(handle.counters().get(Kind::HeaderDropped), 1);

        let reply = site.https("/end").await;
        assert!(
            reply.set_cookies()[0].starts_with("visit=; ") && reply.set_cookies()[0].contains("Max-Age=0"),
            "{reply:?}"
        );
        assert!(attributes(&reply)[0].contains("Secure"));
        // The client no longer has a session cookie, so the next visit begins a new session with the count 1.
        assert_eq!(site.https("/visit").await.body, "1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_cookie_is_hardened_and_removed() {
    async fn sign_in(request: HttpRequest) -> Result<&'static str, Error> {
        Identity::login(&request.extensions(), "ada".to_owned())?;
        Ok("signed in")
    }
    async fn who(identity: Option<Identity>) -> String {
        identity.and_then(|identity| identity.id().ok()).unwrap_or_else(|| "guest".to_owned())
    }
    async fn sign_out(identity: Identity) -> &'static str {
        identity.logout();
        "signed out"
    }

    let policy = PolicyMiddleware::new(policy_allowing_http(), TlsTermination::per_connection());
    let key = Key::from(&[7; 64]);
    let site = Site::start(move || {
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
    let reply = site.https("/out").await;
    assert!(reply.set_cookies()[0].contains("Max-Age=0") && attributes(&reply)[0].contains("Secure"), "{reply:?}");
    assert_eq!(site.https("/who").await.body, "guest");
    let reply = site.http("/in").await;
    assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
}

// ---- Middleware.

/// Sets a cookie and fails.
async fn sets_and_fails<B>(mut request: ServiceRequest, _: Next<B>) -> Result<ServiceResponse<B>, Error> {
    request.extract::<Cookies>().await?.set(Session::new())?;
    Err(ErrorUnauthorized("sign in first"))
}

/// Sets a cookie after the handler has returned.
async fn sets_after_the_handler<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    Cookies::<Https>::extract(response.request()).await?.set(Cart(1))?;
    Ok(response)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn middleware_error_keeps_its_cookies() {
    let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
    let site = Site::start(move || {
        let scope = web::scope("/in").wrap(from_fn(sets_and_fails)).wrap(policy.clone());
        App::new().service(scope).configure(routes).wrap(policy.clone())
    })
    .await;
    // If a response passes through two policies, a declared cookie of the inner policy is also declared for the outer
    // policy.
    let reply = site.https("/in/x").await;
    assert_eq!((reply.status, reply.set_cookies(), reply.body.as_str()), (401, vec![SESSION], "sign in first"));
    assert_eq!(reply.header("strict-transport-security"), Some(ONE_YEAR_HSTS));
    assert_eq!(reply.header("cache-control"), Some("private"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nested_policies_send_each_cookie_once() {
    let keyring = Keyring::new(seal::Key::generate());
    let builder = || Policy::builder().keyring(keyring.clone());
    let outer = PolicyHandle::new(builder().undeclared_cookies(UndeclaredCookies::Refuse).build().unwrap());
    let policy = PolicyMiddleware::new(outer.clone(), TlsTermination::per_connection());
    let inner = PolicyMiddleware::new(builder().build().unwrap(), TlsTermination::per_connection());
    let site = Site::start(move || {
        let scope = web::scope("/in").configure(routes).wrap(inner.clone()).wrap(from_fn(sets_after_the_handler));
        App::new().service(scope).wrap(policy.clone())
    })
    .await;
    let cart = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    // If a response passes through two policies, a declared cookie of the inner policy is also declared for the outer
    // policy. A middleware between the two policies can set cookies in the outer policy's jar.
    assert_eq!(site.https("/in/set").await.set_cookies(), [SESSION, cart]);
    assert_eq!(site.https("/in/undeclared").await.set_cookies(), [cart]);
    assert_eq!(outer.counters().get(Kind::HeaderDropped), 2);
    // After a read error, the response removes a cookie that no server can read. The inner and the outer policy treat
    // the removal header like the header of a declared cookie.
    let client = Site::client(&site.certificate, |client| client);
    let reply = client.get_with(site.url("https", "/in/cart"), &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_eq!((reply.status, reply.set_cookies()), (400, vec![cart]));
    let reply = client.get_with(site.url("https", "/in/unseal"), &[("Cookie", &unreadable_note(&keyring))]).await;
    assert_eq!((reply.status, reply.set_cookies()), (400, vec![NOTE_REMOVAL, cart]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_cookie_headers_stay_sensitive() {
    // HPACK does not store a sensitive header in its table (RFC 7541 7.1.3). Two nested policies must keep a cookie
    // header marked as sensitive.
    let set_cookies = std::thread::spawn(|| {
        System::new().block_on(async {
            let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
            let app = App::new().configure(routes).wrap(policy.clone()).wrap(policy);
            let app = test::init_service(app).await;
            let request = test::TestRequest::with_uri("/set").to_request();
            request.extensions_mut().insert(Transport::Tls);
            let response = test::call_service(&app, request).await;
            response
                .headers()
                .get_all(SET_COOKIE)
                .map(|value| (value.clone(), value.is_sensitive()))
                .collect::<Vec<_>>()
        })
    });
    let set_cookies = set_cookies.join().unwrap();
    assert_eq!(set_cookies, [(SESSION.parse().unwrap(), true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panic_ends_only_its_own_request() {
    async fn panics(cookies: Cookies) -> &'static str {
        cookies.set(Session::new()).unwrap();
        panic!("on purpose, in a test");
    }

    let handle = PolicyHandle::new(Policy::default());
    let policy = PolicyMiddleware::new(handle.clone(), TlsTermination::per_connection());
    let site =
        Site::start(move || App::new().configure(routes).route("/panics", web::get().to(panics)).wrap(policy.clone()))
            .await;
    for configure in [reqwest::ClientBuilder::http1_only, reqwest::ClientBuilder::http2_prior_knowledge] {
        let client = Site::client(&site.certificate, configure);
        let (panicked, others) = tokio::join!(
            client.0.get(site.url("https", "/panics")).send(),
            futures_util::future::join_all((0..8).map(|_| client.get(site.url("https", "/set")))),
        );
        assert!(panicked.is_err(), "{panicked:?}");
        assert!(others.iter().all(|reply| reply.set_cookies() == [SESSION]), "{others:?}");
        // The server has only one worker. After the panic, the worker still runs.
        assert_eq!(client.get(site.url("https", "/set")).await.set_cookies(), [SESSION]);
    }
    // If a handler panics, the policy emits no event about unsent cookies.
    assert_eq!(handle.counters().get(Kind::Mistake), 0);
}

// ---- Raw requests.

/// Sends these bytes. Reads and returns the response. Stops when the response contains `end`, or when the server closes
/// the connection.
fn send_raw(mut stream: impl std::io::Read + std::io::Write, bytes: &str, end: &str) -> String {
    stream.write_all(bytes.as_bytes()).unwrap();
    let (mut response, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let count = stream.read(&mut buffer).unwrap();
        response.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&response).into_owned();
        if count == 0 || text.contains(end) {
            return text;
        }
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.addresses[0]).unwrap();
    // Without a time limit, a server that does not respond would block the test forever.
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrade_response_carries_cookies() {
    /// Responds to the handshake and echoes the data.
    async fn socket(cookies: Cookies, body: web::Payload) -> Result<HttpResponse, SetError> {
        cookies.set(Session::new())?;
        Ok(HttpResponse::SwitchingProtocols().upgrade("websocket").streaming(body))
    }

    let proxy = TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let policy = PolicyMiddleware::new(Policy::default(), proxy);
    let app = move || App::new().route("/socket", web::get().to(socket)).wrap(policy.clone());
    let server = serve(app, vec![Socket::bind(None)], None).await;
    let handshake = "GET /socket HTTP/1.1\r\nHost: site.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";

    let response = send_raw(connect(&server), &format!("{handshake}X-Forwarded-Proto: wss\r\n\r\nping"), "ping");
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    assert!(response.contains(&format!("set-cookie: {SESSION}\r\n")) && response.contains("ping"), "{response}");

    // The scheme `ws` is plain HTTP.
    let response = send_raw(connect(&server), &format!("{handshake}X-Forwarded-Proto: ws\r\n\r\n"), "\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 403 ") && !response.contains("set-cookie"), "{response}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusal_with_unread_body_closes_the_connection() {
    let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
    let server = serve(move || App::new().configure(routes).wrap(policy.clone()), vec![Socket::bind(None)], None).await;
    let response = send_raw(
        connect(&server),
        "POST /set HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nname",
        "\r\n\r\n",
    );
    assert!(response.starts_with("HTTP/1.1 403 ") && response.contains("connection: close\r\n"), "{response}");
    // After a request without a body, the connection stays open.
    let response = send_raw(connect(&server), "GET /set HTTP/1.1\r\nHost: a.example\r\n\r\n", "\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 403 ") && !response.contains("connection: close"), "{response}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unix_socket_is_trusted_only_when_configured() {
    let folder = std::env::temp_dir().join(format!("hardtack-actix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let request = "GET /proof HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n";
    for (proxies, proof) in
        [(TrustedProxies::unix_socket(), "https"), (TrustedProxies::new(["127.0.0.1", "::1"]).unwrap(), "plain")]
    {
        let path = folder.join(proof);
        let policy = PolicyMiddleware::new(policy_allowing_http(), TlsTermination::at_proxy(proxies));
        let app = move || App::new().configure(routes).wrap(policy.clone());
        let _server = serve(app, vec![Socket::Unix(UnixListener::bind(&path).unwrap())], None).await;
        let response = send_raw(UnixStream::connect(&path).unwrap(), request, proof);
        assert!(response.ends_with(proof), "{response}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absolute_target_takes_precedence_over_host() {
    let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
    let server = serve(move || App::new().configure(routes).wrap(policy.clone()), vec![Socket::bind(None)], None).await;
    let request = |target: &str, host: &str| {
        let headers = format!("Host: {host}\r\nAccept: text/html\r\nConnection: close\r\n");
        send_raw(connect(&server), &format!("GET {target} HTTP/1.1\r\n{headers}\r\n"), "\r\n\r\n")
    };
    // The target `*` is not a page, so a request for `*` is never redirected.
    let response = request("*", "site.example");
    assert!(response.starts_with("HTTP/1.1 40") && !response.contains("location"), "{response}");
    // The host of an absolute target takes precedence over `Host` (RFC 9112 3.2.2).
    let response = request("http://site.example:8080/set", "other.example");
    assert!(response.contains("location: https://site.example/set\r\n"), "{response}");
}
