//! Tests two session libraries inside the policy's layer, on real sockets: tower-sessions and axum-login. The tests use
//! each session library with the default settings and with other settings. The policy must harden the cookies that the
//! session libraries set. Sessions and logout must still work behind the policy.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use hardtack::event::Kind;
use hardtack::policy::{Baseline, Exception, PolicyBuilder, UndeclaredCookies};
use hardtack::{AnyScheme, Cookie, Cookies, Policy, PolicyHandle, SameSite, TlsTermination};
use reqwest::cookie::{CookieStore as _, Jar};
use serde::Deserialize;
use tower_sessions::cookie::{self, time};
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

use support::client::{Client, Reply};
use support::server::TestServer;

type Sessions = SessionManagerLayer<MemoryStore>;

/// Returns the layer of tower-sessions with the default settings. The default cookie is `id`, with Secure, HttpOnly and
/// `SameSite=Strict`.
fn sessions() -> Sessions {
    SessionManagerLayer::new(MemoryStore::default())
}

/// Returns the layer of tower-sessions. The session cookie has no protecting attributes such as Secure.
fn insecure() -> Sessions {
    sessions().with_secure(false).with_http_only(false).with_same_site(cookie::SameSite::None)
}

/// Returns routes. `/count` counts the visits of a session, `/end` ends the session, and `/still` sets no cookie.
fn counting_routes() -> Router {
    async fn count(session: Session) -> String {
        let count = session.get::<u32>("count").await.unwrap().unwrap_or_default() + 1;
        session.insert("count", count).await.unwrap();
        count.to_string()
    }
    async fn end(session: Session) {
        session.flush().await.unwrap();
    }
    Router::new().route("/count", get(count)).route("/end", get(end)).route("/still", get(|| async { "nothing set" }))
}

/// The text that the policy logs about the connection of a plain HTTP request.
const PLAIN: &str = "the connection carries no TLS; localhost does not count as HTTPS, because \
                     `TlsTermination::strict_loopback` is set";

/// A policy that records its events.
struct RecordingPolicy {
    handle: PolicyHandle,
    events: Arc<Mutex<Vec<String>>>,
}

impl RecordingPolicy {
    fn new(policy: PolicyBuilder) -> RecordingPolicy {
        let events = Arc::<Mutex<Vec<String>>>::default();
        let writer = events.clone();
        let policy = policy.on_event(move |event| writer.lock().unwrap().push(event.to_string())).build().unwrap();
        RecordingPolicy { handle: PolicyHandle::new(policy), events }
    }

    /// Serves the routes. The policy's layer is the outermost layer. The rule for localhost is off.
    async fn serve(&self, routes: Router) -> TestServer {
        TestServer::start(routes.layer(self.handle.layer(TlsTermination::per_connection().strict_loopback()))).await
    }

    fn count(&self, kind: Kind) -> u64 {
        self.handle.counters().get(kind)
    }

    /// Removes and returns the recorded events.
    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

/// Replaces the parts of a `Set-Cookie` header that vary between runs: the session's key and the `Expires` date.
fn normalize(set_cookie: &str) -> String {
    let normalized = |(at, piece): (usize, &str)| match piece.split_once('=') {
        Some((name, value)) if !value.is_empty() && (at == 0 || name == " Expires") => format!("{name}=*"),
        _ => piece.to_owned(),
    };
    set_cookie.split(';').enumerate().map(normalized).collect::<Vec<_>>().join(";")
}

fn normalize_all(set_cookies: &[&str]) -> Vec<String> {
    set_cookies.iter().map(|set_cookie| normalize(set_cookie)).collect()
}

// ---- tower-sessions.

#[tokio::test]
async fn session_cookie_is_hardened_in_every_configuration() {
    let hour = Expiry::OnInactivity(time::Duration::hours(1));
    for (sessions, written, added) in [
        (sessions(), "id=*; HttpOnly; SameSite=Strict; Secure; Path=/", ""),
        (sessions().with_secure(false), "id=*; HttpOnly; SameSite=Strict; Path=/", "; Secure"),
        (sessions().with_http_only(false), "id=*; SameSite=Strict; Secure; Path=/", "; HttpOnly"),
        // The policy does not change an existing SameSite. Only the policy's setting `baseline` can require a stricter
        // SameSite.
        (insecure(), "id=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
        (
            sessions().with_same_site(cookie::SameSite::Lax).with_expiry(hour).with_path("/shop").with_secure(false),
            "id=*; HttpOnly; SameSite=Lax; Path=/shop; Max-Age=3600",
            "; Secure",
        ),
        (insecure().with_name("__Host-id"), "__Host-id=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
        (insecure().with_name("shop.sid"), "shop.sid=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
        (insecure().with_name("shop.cart"), "shop.cart=*; SameSite=None; Path=/", "; Secure"),
        (insecure().with_name("basket"), "basket=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
    ] {
        let without_policy = TestServer::start(counting_routes().layer(sessions.clone())).await;
        let reply = without_policy.client().get(without_policy.https("/count")).await;
        assert_eq!(normalize_all(&reply.set_cookies()), [written]);
        assert_eq!(reply.header("cache-control"), None);

        let policy = RecordingPolicy::new(Policy::builder().session_names(["basket"]));
        let site = policy.serve(counting_routes().layer(sessions)).await;
        let reply = site.client().get(site.https("/count")).await;
        assert_eq!(normalize_all(&reply.set_cookies()), [format!("{written}{added}")]);
        assert_eq!(reply.header("cache-control"), Some("private"));
        assert_eq!(policy.count(Kind::HeaderHardened), u64::from(!added.is_empty()), "{:?}", policy.events());

        let still = site.client().get(site.https("/still")).await;
        assert_eq!((still.set_cookies(), still.header("cache-control")), (vec![], None));
    }
}

#[tokio::test]
async fn session_lasts_until_its_cookie_is_removed() {
    let removal = "id=; Path=/; Max-Age=0; Expires=*";
    let without_policy = TestServer::start(counting_routes().layer(sessions())).await;
    let browser = without_policy.browser();
    browser.get(without_policy.https("/count")).await;
    let end = browser.get(without_policy.https("/end")).await;
    assert_eq!(normalize_all(&end.set_cookies()), [removal], "tower-sessions removes its cookie without flags");

    for sessions in [sessions(), insecure()] {
        let policy = RecordingPolicy::new(Policy::builder());
        let site = policy.serve(counting_routes().layer(sessions)).await;
        let jar = Arc::new(Jar::default());
        let stored = || jar.cookies(&site.https("/").parse().unwrap());
        let browser = Client(site.builder().cookie_provider(jar.clone()).build().unwrap());
        for count in ["1", "2", "3"] {
            assert_eq!(browser.get(site.https("/count")).await.body, count);
        }
        assert!(stored().is_some_and(|stored| stored.to_str().unwrap().starts_with("id=")));
        policy.events();

        let end = browser.get(site.https("/end")).await;
        assert_eq!(normalize_all(&end.set_cookies()), [format!("{removal}; Secure; HttpOnly; SameSite=Lax")]);
        assert_eq!(policy.events(), ["header hardened `id` (insecure, GET /end): added Secure, HttpOnly, SameSite"]);
        assert_eq!(stored(), None);
        assert_eq!(browser.get(site.https("/count")).await.body, "1");

        let curl = site.curl();
        for count in ["1", "2"] {
            assert_eq!(curl.get(site.https("/count")).await.body, count);
        }
        let stored = curl.cookies();
        let columns: Vec<&str> = stored[0].split('\t').collect();
        // The columns of curl's cookie file: HttpOnly and host, subdomains included, path, Secure, expiry, name.
        assert_eq!((stored.len(), &columns[..6]), (1, &["#HttpOnly_127.0.0.1", "FALSE", "/", "TRUE", "0", "id"][..]));
        curl.get(site.https("/end")).await;
        assert_eq!(curl.cookies(), [""; 0]);
    }
}

#[tokio::test]
async fn host_prefixed_session_needs_a_hardened_removal() {
    let routes = || counting_routes().layer(sessions().with_name("__Host-id"));
    let without_policy = TestServer::start(routes()).await;
    let curl = without_policy.curl();
    curl.get(without_policy.https("/count")).await;
    let end = curl.get(without_policy.https("/end")).await;
    assert_eq!(normalize_all(&end.set_cookies()), ["__Host-id=; Path=/; Max-Age=0; Expires=*"]);
    // A header for a `__Host-` cookie needs Secure. The library's header that removes the cookie has no Secure, so the
    // client ignores the header.
    assert_eq!(curl.cookies().len(), 1);

    let site = RecordingPolicy::new(Policy::builder()).serve(routes()).await;
    let curl = site.curl();
    curl.get(site.https("/count")).await;
    assert_eq!(curl.cookies().len(), 1);
    curl.get(site.https("/end")).await;
    assert_eq!(curl.cookies(), [""; 0]);
}

#[tokio::test]
async fn secure_appended_by_hand_is_recognized() {
    async fn sample() -> [(axum::http::HeaderName, &'static str); 1] {
        [(SET_COOKIE, "sample=value; Secure")]
    }
    // tower-sessions writes the configured Path unchanged into the header. So the header contains the text `; Secure`
    // that the Path contains.
    let sessions = sessions().with_secure(false).with_path("/; Secure");
    let policy = RecordingPolicy::new(Policy::builder().force_https(false));
    let site = policy.serve(counting_routes().route("/sample", get(sample)).layer(sessions)).await;
    let browser = site.browser();
    for (path, expected) in
        [("/count", "id=*; HttpOnly; SameSite=Strict; Path=/; Secure"), ("/sample", "sample=*; Secure")]
    {
        assert_eq!(normalize_all(&browser.get(site.https(path)).await.set_cookies()), [expected]);
        assert_eq!(policy.events(), [""; 0]);

        assert_eq!(site.client().get(site.http(path)).await.set_cookies(), [""; 0]);
        let name = expected.split('=').next().unwrap();
        let reason = format!("{PLAIN}; a Secure cookie is not sent over plain HTTP");
        assert_eq!(policy.events(), [format!("header dropped `{name}` (insecure, GET {path}): {reason}")]);
    }
    assert_eq!(browser.get(site.https("/count")).await.body, "2");
    assert_eq!(policy.count(Kind::HeaderHardened), 0);
}

#[tokio::test]
async fn session_cookie_is_dropped_over_http_with_event() {
    let was_secure = "a Secure cookie is not sent over plain HTTP";
    let gets_secure =
        "the policy makes every cookie Secure, and this response is plain HTTP; add an `exception` that is `insecure`";
    for (sessions, reason) in [(sessions(), was_secure), (insecure(), gets_secure)] {
        let policy = RecordingPolicy::new(Policy::builder().force_https(false));
        let site = policy.serve(counting_routes().layer(sessions)).await;
        for client in [site.client(), site.browser()] {
            for _ in 0..2 {
                let reply = client.get(site.http("/count")).await;
                // No client gets the session cookie, so each request begins a new session.
                assert_eq!((reply.status, reply.body.as_str(), reply.set_cookies()), (200, "1", vec![]));
                assert_eq!(reply.header("cache-control"), None);
                assert_eq!(policy.events(), [format!("header dropped `id` (insecure, GET /count): {PLAIN}; {reason}")]);
            }
        }
        assert_eq!(policy.count(Kind::HeaderDropped), 4);

        // The client keeps the cookie of the ended session. This is a limit of the policy. The library still receives
        // the session cookie of a plain HTTP request, so a plain HTTP request can end the session. The policy adds
        // Secure to the header that removes the cookie. A Secure header is not allowed over plain HTTP, so the policy
        // drops the header.
        let (browser, client) = (site.browser(), site.client());
        let set = browser.get(site.https("/count")).await;
        let key = set.set_cookies()[0].split(';').next().unwrap().to_owned();
        assert_eq!(client.get_with(site.http("/count"), &[("cookie", &key)]).await.body, "2");
        let end = client.get_with(site.http("/end"), &[("cookie", &key)]).await;
        assert_eq!((end.status, end.set_cookies()), (200, vec![]));
        assert_eq!(
            policy.events().last().unwrap(),
            &format!("header dropped `id` (insecure, GET /end): {PLAIN}; {gets_secure}")
        );
        assert_eq!(browser.get(site.https("/count")).await.body, "1");
    }

    // By default, `force_https` is on, so plain HTTP requests do not reach the library.
    let policy = RecordingPolicy::new(Policy::builder());
    let site = policy.serve(counting_routes().layer(sessions())).await;
    let set = site.client().get(site.https("/count")).await;
    let key = set.set_cookies()[0].split(';').next().unwrap();
    for (accept, status) in [("text/html", 308), ("application/json", 403)] {
        let headers = [("host", "site.example"), ("cookie", key), ("accept", accept)];
        let reply = site.client().get_with(site.http("/count"), &headers).await;
        assert_eq!((reply.status, reply.set_cookies()), (status, vec![]));
    }
    assert_eq!(site.client().get_with(site.https("/count"), &[("cookie", key)]).await.body, "2");
}

#[tokio::test]
async fn baseline_refusal_and_exception_apply_to_sessions() {
    let session_cookie = async |policy: PolicyBuilder| {
        let site = RecordingPolicy::new(policy).serve(counting_routes().layer(insecure())).await;
        let reply = site.client().get(site.https("/count")).await;
        normalize_all(&reply.set_cookies()).pop()
    };
    let strict = Policy::builder().baseline(Baseline::new().same_site(SameSite::Strict));
    assert_eq!(session_cookie(strict).await.unwrap(), "id=*; SameSite=Strict; Path=/; Secure; HttpOnly");
    let refuse = || Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse);
    assert_eq!(session_cookie(refuse()).await, None);
    let excepted = refuse().exception(
        Exception::for_cookie("id").everything().because("the sessions of the admin pages, until they are declared"),
    );
    assert_eq!(session_cookie(excepted).await.unwrap(), "id=*; SameSite=None; Path=/");
    assert_eq!(
        session_cookie(Policy::builder().undeclared_cookies(UndeclaredCookies::Observe)).await.unwrap(),
        "id=*; SameSite=None; Path=/"
    );
}

// ---- The order of the layers.

#[derive(Cookie)]
struct Cart(u32);

const CART: &str = "__Host-Http-cart=7; Path=/; Secure; HttpOnly; SameSite=Lax";

fn routes_with_cart() -> Router {
    async fn both(cookies: Cookies<AnyScheme>, session: Session) -> StatusCode {
        session.insert("seen", true).await.unwrap();
        if cookies.set(Cart(7)).is_ok() { StatusCode::OK } else { StatusCode::FORBIDDEN }
    }
    counting_routes().route("/both", get(both))
}

#[tokio::test]
async fn session_layer_inside_the_policy_is_hardened() {
    let policy = RecordingPolicy::new(Policy::builder().force_https(false));
    let site = policy.serve(routes_with_cart().layer(insecure())).await;
    let tls = site.client().get(site.https("/both")).await;
    assert_eq!(normalize_all(&tls.set_cookies()), ["id=*; SameSite=None; Path=/; Secure; HttpOnly", &normalize(CART)]);
    let plain = site.client().get(site.http("/both")).await;
    assert_eq!((plain.status, plain.set_cookies()), (403, vec![]));
}

/// Tests a limit of the policy: if a session layer is outside the policy's layer, the policy does not check the session
/// cookies.
#[tokio::test]
async fn session_layer_outside_the_policy_is_unchanged() {
    let policy = RecordingPolicy::new(Policy::builder().force_https(false));
    let layer = policy.handle.layer(TlsTermination::per_connection().strict_loopback());
    let site = TestServer::start(routes_with_cart().layer(layer).layer(insecure())).await;
    let browser = site.browser();
    let tls = browser.get(site.https("/both")).await;
    assert_eq!(normalize_all(&tls.set_cookies()), [&normalize(CART), "id=*; SameSite=None; Path=/"]);
    assert_eq!(
        normalize_all(&site.client().get(site.https("/count")).await.set_cookies()),
        ["id=*; SameSite=None; Path=/"]
    );

    // The response over plain HTTP does not contain the declared cookie. But the response over plain HTTP contains the
    // session cookie of the outer layer.
    let plain = site.client().get(site.http("/both")).await;
    assert_eq!(
        (plain.status, normalize_all(&plain.set_cookies())),
        (403, vec!["id=*; SameSite=None; Path=/".to_owned()])
    );
    assert_eq!(policy.count(Kind::HeaderHardened) + policy.count(Kind::HeaderDropped), 0);
}

// ---- axum-login.

#[derive(Debug, Clone)]
struct User {
    name: String,
    password: String,
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.name.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

#[derive(Clone)]
struct Users(Arc<HashMap<String, User>>);

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Credentials;
    type Error = Infallible;

    async fn authenticate(&self, given: Credentials) -> Result<Option<User>, Infallible> {
        Ok(self.0.get(&given.name).filter(|user| user.password == given.password).cloned())
    }

    async fn get_user(&self, name: &String) -> Result<Option<User>, Infallible> {
        Ok(self.0.get(name).cloned())
    }
}

const PASSWORD: &str = "difference-engine";

/// Returns routes that sign a user in, return the name of the signed-in user, and sign the user out.
fn routes_with_users(sessions: Sessions) -> Router {
    async fn login(mut auth: AuthSession<Users>, Form(credentials): Form<Credentials>) -> StatusCode {
        let Some(user) = auth.authenticate(credentials).await.unwrap() else { return StatusCode::UNAUTHORIZED };
        auth.login(&user).await.unwrap();
        StatusCode::OK
    }
    async fn who(auth: AuthSession<Users>) -> String {
        auth.user.map_or("guest".to_owned(), |user| user.name)
    }
    async fn logout(mut auth: AuthSession<Users>) {
        auth.logout().await.unwrap();
    }
    let ada = User { name: "ada".to_owned(), password: PASSWORD.to_owned() };
    let users = Users(Arc::new(HashMap::from([(ada.name.clone(), ada)])));
    counting_routes()
        .route("/login", post(login))
        .route("/who", get(who))
        .route("/logout", post(logout))
        .layer(AuthManagerLayerBuilder::new(users, sessions).build())
}

async fn login(client: &Client, url: String, password: &str) -> Reply {
    let request = client.0.post(url).body(format!("name=ada&password={password}"));
    Client::send(request.header("content-type", "application/x-www-form-urlencoded")).await
}

#[tokio::test]
async fn login_and_logout_cookies_are_hardened() {
    for (sessions, expected) in [
        (sessions(), "id=*; HttpOnly; SameSite=Strict; Secure; Path=/"),
        (sessions().with_secure(false), "id=*; HttpOnly; SameSite=Strict; Path=/; Secure"),
        (insecure(), "id=*; SameSite=None; Path=/; Secure; HttpOnly"),
    ] {
        let policy = RecordingPolicy::new(Policy::builder());
        let site = policy.serve(routes_with_users(sessions)).await;
        let jar = Arc::new(Jar::default());
        let stored = || jar.cookies(&site.https("/").parse().unwrap());
        let browser = Client(site.builder().cookie_provider(jar.clone()).build().unwrap());

        let refused = login(&browser, site.https("/login"), "guess").await;
        assert_eq!((refused.status, refused.set_cookies()), (401, vec![]));
        assert_eq!(browser.get(site.https("/who")).await.body, "guest");

        // When the visitor signs in, the session gets a new session key. The policy also hardens the cookie that
        // contains the new session key.
        assert_eq!(browser.get(site.https("/count")).await.body, "1");
        let visitor = stored().unwrap();
        let signed_in = login(&browser, site.https("/login"), PASSWORD).await;
        assert_eq!((signed_in.status, normalize_all(&signed_in.set_cookies())), (200, vec![expected.to_owned()]));
        assert_eq!(signed_in.header("cache-control"), Some("private"));
        let user = stored().unwrap();
        assert_ne!(user, visitor);
        assert_eq!(browser.get(site.https("/who")).await.body, "ada");
        assert_eq!(browser.get(site.https("/count")).await.body, "2");

        let signed_out = Client::send(browser.0.post(site.https("/logout"))).await;
        let removal = "id=; Path=/; Max-Age=0; Expires=*; Secure; HttpOnly; SameSite=Lax";
        assert_eq!((signed_out.status, normalize_all(&signed_out.set_cookies())), (200, vec![removal.to_owned()]));
        assert_eq!(stored(), None);
        assert_eq!(browser.get(site.https("/who")).await.body, "guest");
        // After the logout, a client with a copy of the old session cookie is not signed in.
        let copied = [("cookie", user.to_str().unwrap())];
        assert_eq!(site.client().get_with(site.https("/who"), &copied).await.body, "guest");
    }
}

#[tokio::test]
async fn login_over_http_sets_no_cookie() {
    let policy = RecordingPolicy::new(Policy::builder());
    let site = policy.serve(routes_with_users(sessions())).await;
    let reply = login(&site.client(), site.http("/login"), PASSWORD).await;
    assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
    assert_eq!(policy.count(Kind::RequestRefused), 1);

    // If the login request arrives over plain HTTP and reaches the handler, the login succeeds. But the client does not
    // receive the session cookie.
    policy.handle.apply(Policy::builder().force_https(false).build().unwrap());
    let browser = site.browser();
    let reply = login(&browser, site.http("/login"), PASSWORD).await;
    assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
    assert_eq!(policy.count(Kind::HeaderDropped), 1);
    assert_eq!(browser.get(site.http("/who")).await.body, "guest");
}
