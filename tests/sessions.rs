//! Sessions that others wrote, under the policy's layer on real sockets: tower-sessions and axum-login, as they come and
//! as people configure them. Their cookies leave hardened, their sessions work, and their logout reaches the client.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use hardtack::{
    AnyScheme, Cookie, Cookies, EventKind, Floor, ForeignCookies, Listener, Policy, PolicyBuilder, PolicyHandle,
    SameSite,
};
use reqwest::cookie::{CookieStore as _, Jar};
use serde::Deserialize;
use tower_sessions::cookie::{self, time};
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

use support::client::{Client, Reply};
use support::server::Served;

type Sessions = SessionManagerLayer<MemoryStore>;

/// tower-sessions as it comes: Secure, HttpOnly, `SameSite=Strict`, named `id`.
fn sessions() -> Sessions {
    SessionManagerLayer::new(MemoryStore::default())
}

/// With everything off that its builder lets one turn off.
fn loose() -> Sessions {
    sessions().with_secure(false).with_http_only(false).with_same_site(cookie::SameSite::None)
}

/// Counts the visits of a session, and ends it.
fn counting() -> Router {
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

/// A policy and what it told.
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

    /// The routes under the policy: its layer is the outermost.
    async fn serve(&self, routes: Router) -> Served {
        Served::start(routes.layer(self.handle.layer(Listener::per_connection()))).await
    }

    fn count(&self, kind: EventKind) -> u64 {
        self.handle.counters().get(kind)
    }

    /// What was told since the last time.
    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

/// The line without what no two runs share: the session's key and the instant of an `Expires`.
fn settled(line: &str) -> String {
    let settled = |(at, piece): (usize, &str)| match piece.split_once('=') {
        Some((name, value)) if !value.is_empty() && (at == 0 || name == " Expires") => format!("{name}=*"),
        _ => piece.to_owned(),
    };
    line.split(';').enumerate().map(settled).collect::<Vec<_>>().join(";")
}

fn settled_all(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| settled(line)).collect()
}

// ---- tower-sessions.

#[tokio::test]
async fn a_session_cookie_leaves_hardened_whatever_its_configuration() {
    let hour = Expiry::OnInactivity(time::Duration::hours(1));
    for (sessions, written, leaves) in [
        (sessions(), "id=*; HttpOnly; SameSite=Strict; Secure; Path=/", ""),
        (sessions().with_secure(false), "id=*; HttpOnly; SameSite=Strict; Path=/", "; Secure"),
        (sessions().with_http_only(false), "id=*; SameSite=Strict; Secure; Path=/", "; HttpOnly"),
        // A SameSite that is there stays: a policy that wants another says so with `floor`.
        (loose(), "id=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
        (
            sessions().with_same_site(cookie::SameSite::Lax).with_expiry(hour).with_path("/shop").with_secure(false),
            "id=*; HttpOnly; SameSite=Lax; Path=/shop; Max-Age=3600",
            "; Secure",
        ),
        (loose().with_name("__Host-id"), "__Host-id=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
        (loose().with_name("shop.sid"), "shop.sid=*; SameSite=None; Path=/", "; Secure"),
        (loose().with_name("basket"), "basket=*; SameSite=None; Path=/", "; Secure; HttpOnly"),
    ] {
        let alone = Served::start(counting().layer(sessions.clone())).await;
        let reply = alone.client().get(alone.https("/count")).await;
        assert_eq!(settled_all(&reply.lines()), [written]);
        assert_eq!(reply.header("cache-control"), None);

        let told = Told::by(Policy::builder().session_names(["basket"]));
        let site = told.serve(counting().layer(sessions)).await;
        let reply = site.client().get(site.https("/count")).await;
        assert_eq!(settled_all(&reply.lines()), [format!("{written}{leaves}")]);
        assert_eq!(reply.header("cache-control"), Some("private"));
        assert_eq!(told.count(EventKind::LineHardened), u64::from(!leaves.is_empty()), "{:?}", told.events());

        let still = site.client().get(site.https("/still")).await;
        assert_eq!((still.lines(), still.header("cache-control")), (vec![], None));
    }
}

#[tokio::test]
async fn a_session_lasts_across_requests_and_its_end_reaches_the_client() {
    let removal = "id=; Path=/; Max-Age=0; Expires=*";
    let alone = Served::start(counting().layer(sessions())).await;
    let browser = alone.browser();
    browser.get(alone.https("/count")).await;
    let end = browser.get(alone.https("/end")).await;
    assert_eq!(settled_all(&end.lines()), [removal], "tower-sessions removes without a single flag");

    for sessions in [sessions(), loose()] {
        let told = Told::by(Policy::builder());
        let site = told.serve(counting().layer(sessions)).await;
        let jar = Arc::new(Jar::default());
        let stored = || jar.cookies(&site.https("/").parse().unwrap());
        let browser = Client(site.builder().cookie_provider(jar.clone()).build().unwrap());
        for count in ["1", "2", "3"] {
            assert_eq!(browser.get(site.https("/count")).await.body, count);
        }
        assert!(stored().is_some_and(|stored| stored.to_str().unwrap().starts_with("id=")));
        told.events();

        let end = browser.get(site.https("/end")).await;
        assert_eq!(settled_all(&end.lines()), [format!("{removal}; Secure; HttpOnly; SameSite=Lax")]);
        assert_eq!(told.events(), ["line hardened `id` (insecure): added Secure, HttpOnly, SameSite"]);
        assert_eq!(stored(), None);
        assert_eq!(browser.get(site.https("/count")).await.body, "1");

        let curl = site.curl();
        for count in ["1", "2"] {
            assert_eq!(curl.get(site.https("/count")).await.body, count);
        }
        let kept = curl.kept();
        let fields: Vec<&str> = kept[0].split('\t').collect();
        // HttpOnly and host, subdomains too, path, Secure, expiry, name.
        assert_eq!((kept.len(), &fields[..6]), (1, &["#HttpOnly_127.0.0.1", "FALSE", "/", "TRUE", "0", "id"][..]));
        curl.get(site.https("/end")).await;
        assert_eq!(curl.kept(), [""; 0]);
    }
}

#[tokio::test]
async fn a_host_prefixed_session_ends_only_where_its_removal_is_hardened() {
    let routes = || counting().layer(sessions().with_name("__Host-id"));
    let alone = Served::start(routes()).await;
    let curl = alone.curl();
    curl.get(alone.https("/count")).await;
    let end = curl.get(alone.https("/end")).await;
    assert_eq!(settled_all(&end.lines()), ["__Host-id=; Path=/; Max-Age=0; Expires=*"]);
    // Without Secure the line breaks the prefix's rule, and the client drops it.
    assert_eq!(curl.kept().len(), 1);

    let site = Told::by(Policy::builder()).serve(routes()).await;
    let curl = site.curl();
    curl.get(site.https("/count")).await;
    assert_eq!(curl.kept().len(), 1);
    curl.get(site.https("/end")).await;
    assert_eq!(curl.kept(), [""; 0]);
}

#[tokio::test]
async fn a_secure_that_was_appended_by_hand_is_recognised() {
    async fn sample() -> [(axum::http::HeaderName, &'static str); 1] {
        [(SET_COOKIE, "sample=value; Secure")]
    }
    // The library has no say in what is appended to its Path.
    let sessions = sessions().with_secure(false).with_path("/; Secure");
    let told = Told::by(Policy::builder().force_https(false));
    let site = told.serve(counting().route("/sample", get(sample)).layer(sessions)).await;
    let browser = site.browser();
    for (path, line) in [("/count", "id=*; HttpOnly; SameSite=Strict; Path=/; Secure"), ("/sample", "sample=*; Secure")]
    {
        assert_eq!(settled_all(&browser.get(site.https(path)).await.lines()), [line]);
        assert_eq!(told.events(), [""; 0]);

        assert_eq!(site.client().get(site.http(path)).await.lines(), [""; 0]);
        let name = line.split('=').next().unwrap();
        let held_back = "the connection carries no TLS; a Secure cookie does not leave over plain HTTP";
        assert_eq!(told.events(), [format!("line held back `{name}` (insecure): {held_back}")]);
    }
    assert_eq!(browser.get(site.https("/count")).await.body, "2");
    assert_eq!(told.count(EventKind::LineHardened), 0);
}

#[tokio::test]
async fn over_plain_http_no_session_cookie_leaves_and_the_event_says_so() {
    let plain = "the connection carries no TLS";
    let was_secure = "a Secure cookie does not leave over plain HTTP";
    let gets_secure = "every cookie here is Secure, and none leaves over plain HTTP; except it by name, with a reason";
    for (sessions, reason) in [(sessions(), was_secure), (loose(), gets_secure)] {
        let told = Told::by(Policy::builder().force_https(false));
        let site = told.serve(counting().layer(sessions)).await;
        for client in [site.client(), site.browser()] {
            for _ in 0..2 {
                let reply = client.get(site.http("/count")).await;
                // The session begins again and again: no client ever holds its key.
                assert_eq!((reply.status, reply.body.as_str(), reply.lines()), (200, "1", vec![]));
                assert_eq!(reply.header("cache-control"), None);
                assert_eq!(told.events(), [format!("line held back `id` (insecure): {plain}; {reason}")]);
            }
        }
        assert_eq!(told.count(EventKind::LineHeldBack), 4);

        // A limit: what arrives over plain HTTP goes to the library, which ends the session; of the removal, which would
        // be Secure too, nothing leaves.
        let (browser, jar) = (site.browser(), site.client());
        let set = browser.get(site.https("/count")).await;
        let key = set.lines()[0].split(';').next().unwrap().to_owned();
        assert_eq!(jar.get_with(site.http("/count"), &[("cookie", &key)]).await.body, "2");
        let end = jar.get_with(site.http("/end"), &[("cookie", &key)]).await;
        assert_eq!((end.status, end.lines()), (200, vec![]));
        assert_eq!(told.events().last().unwrap(), &format!("line held back `id` (insecure): {plain}; {gets_secure}"));
        assert_eq!(browser.get(site.https("/count")).await.body, "1");
    }

    // `force_https`, which is on by default, keeps plain requests from the library altogether.
    let told = Told::by(Policy::builder());
    let site = told.serve(counting().layer(sessions())).await;
    let set = site.client().get(site.https("/count")).await;
    let key = set.lines()[0].split(';').next().unwrap();
    for (accept, status) in [("text/html", 308), ("application/json", 403)] {
        let reply = site.client().get_with(site.http("/count"), &[("cookie", key), ("accept", accept)]).await;
        assert_eq!((reply.status, reply.lines()), (status, vec![]));
    }
    assert_eq!(site.client().get_with(site.https("/count"), &[("cookie", key)]).await.body, "2");
}

#[tokio::test]
async fn a_floor_raises_a_session_and_a_policy_may_refuse_or_except_it() {
    let line = async |policy: PolicyBuilder| {
        let site = Told::by(policy).serve(counting().layer(loose())).await;
        let reply = site.client().get(site.https("/count")).await;
        settled_all(&reply.lines()).pop()
    };
    let strict = Policy::builder().floor(Floor::new().same_site(SameSite::Strict));
    assert_eq!(line(strict).await.unwrap(), "id=*; SameSite=Strict; Path=/; Secure; HttpOnly");
    let refuse = || Policy::builder().foreign_cookies(ForeignCookies::Refuse);
    assert_eq!(line(refuse()).await, None);
    let excepted = refuse().exception("id", "the sessions of the admin pages, until they are declared");
    assert_eq!(line(excepted).await.unwrap(), "id=*; SameSite=None; Path=/");
    assert_eq!(
        line(Policy::builder().foreign_cookies(ForeignCookies::Observe)).await.unwrap(),
        "id=*; SameSite=None; Path=/"
    );
}

// ---- The order of the layers.

#[derive(Cookie)]
struct Cart(u32);

const CART: &str = "__Host-Http-cart=7; Path=/; Secure; HttpOnly; SameSite=Lax";

fn with_a_cart() -> Router {
    async fn both(cookies: Cookies<AnyScheme>, session: Session) -> StatusCode {
        session.insert("seen", true).await.unwrap();
        if cookies.set(Cart(7)).is_ok() { StatusCode::OK } else { StatusCode::FORBIDDEN }
    }
    counting().route("/both", get(both))
}

#[tokio::test]
async fn inside_of_the_layer_a_session_and_a_declared_cookie_leave_together() {
    let told = Told::by(Policy::builder().force_https(false));
    let site = told.serve(with_a_cart().layer(loose())).await;
    let tls = site.client().get(site.https("/both")).await;
    assert_eq!(settled_all(&tls.lines()), ["id=*; SameSite=None; Path=/; Secure; HttpOnly", &settled(CART)]);
    let plain = site.client().get(site.http("/both")).await;
    assert_eq!((plain.status, plain.lines()), (403, vec![]));
}

/// A limit: what is written outside of hardtack's layer is written after it has looked.
#[tokio::test]
async fn outside_of_the_layer_a_session_leaves_as_it_was_written() {
    let told = Told::by(Policy::builder().force_https(false));
    let layer = told.handle.layer(Listener::per_connection());
    let site = Served::start(with_a_cart().layer(layer).layer(loose())).await;
    let browser = site.browser();
    let tls = browser.get(site.https("/both")).await;
    assert_eq!(settled_all(&tls.lines()), [&settled(CART), "id=*; SameSite=None; Path=/"]);
    assert_eq!(settled_all(&site.client().get(site.https("/count")).await.lines()), ["id=*; SameSite=None; Path=/"]);

    // Of the two only the declared cookie is kept from plain HTTP.
    let plain = site.client().get(site.http("/both")).await;
    assert_eq!((plain.status, settled_all(&plain.lines())), (403, vec!["id=*; SameSite=None; Path=/".to_owned()]));
    assert_eq!(told.count(EventKind::LineHardened) + told.count(EventKind::LineHeldBack), 0);
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

/// Signs in, says who is signed in, and signs out.
fn site_with_users(sessions: Sessions) -> Router {
    async fn login(mut auth: AuthSession<Users>, Form(credentials): Form<Credentials>) -> StatusCode {
        let Some(user) = auth.authenticate(credentials).await.unwrap() else { return StatusCode::UNAUTHORIZED };
        auth.login(&user).await.unwrap();
        StatusCode::OK
    }
    async fn who(auth: AuthSession<Users>) -> String {
        auth.user.map_or("nobody".to_owned(), |user| user.name)
    }
    async fn logout(mut auth: AuthSession<Users>) {
        auth.logout().await.unwrap();
    }
    let ada = User { name: "ada".to_owned(), password: PASSWORD.to_owned() };
    let users = Users(Arc::new(HashMap::from([(ada.name.clone(), ada)])));
    counting()
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
async fn a_login_lasts_until_the_logout_and_every_line_of_both_is_hardened() {
    for (sessions, line) in [
        (sessions(), "id=*; HttpOnly; SameSite=Strict; Secure; Path=/"),
        (sessions().with_secure(false), "id=*; HttpOnly; SameSite=Strict; Path=/; Secure"),
        (loose(), "id=*; SameSite=None; Path=/; Secure; HttpOnly"),
    ] {
        let told = Told::by(Policy::builder());
        let site = told.serve(site_with_users(sessions)).await;
        let jar = Arc::new(Jar::default());
        let stored = || jar.cookies(&site.https("/").parse().unwrap());
        let browser = Client(site.builder().cookie_provider(jar.clone()).build().unwrap());

        let refused = login(&browser, site.https("/login"), "guess").await;
        assert_eq!((refused.status, refused.lines()), (401, vec![]));
        assert_eq!(browser.get(site.https("/who")).await.body, "nobody");

        // A visitor's session gets another key when she signs in, in a line that is hardened too.
        assert_eq!(browser.get(site.https("/count")).await.body, "1");
        let visitor = stored().unwrap();
        let signed_in = login(&browser, site.https("/login"), PASSWORD).await;
        assert_eq!((signed_in.status, settled_all(&signed_in.lines())), (200, vec![line.to_owned()]));
        assert_eq!(signed_in.header("cache-control"), Some("private"));
        let user = stored().unwrap();
        assert_ne!(user, visitor);
        assert_eq!(browser.get(site.https("/who")).await.body, "ada");
        assert_eq!(browser.get(site.https("/count")).await.body, "2");

        let signed_out = Client::send(browser.0.post(site.https("/logout"))).await;
        let removal = "id=; Path=/; Max-Age=0; Expires=*; Secure; HttpOnly; SameSite=Lax";
        assert_eq!((signed_out.status, settled_all(&signed_out.lines())), (200, vec![removal.to_owned()]));
        assert_eq!(stored(), None);
        assert_eq!(browser.get(site.https("/who")).await.body, "nobody");
        // Nor does a copy of the key that somebody kept.
        let kept = [("cookie", user.to_str().unwrap())];
        assert_eq!(site.client().get_with(site.https("/who"), &kept).await.body, "nobody");
    }
}

#[tokio::test]
async fn a_login_over_plain_http_reaches_nobody() {
    let told = Told::by(Policy::builder());
    let site = told.serve(site_with_users(sessions())).await;
    let reply = login(&site.client(), site.http("/login"), PASSWORD).await;
    assert_eq!((reply.status, reply.lines()), (403, vec![]));
    assert_eq!(told.count(EventKind::RequestRefused), 1);

    // Let through, it signs in somebody who is never told the key.
    told.handle.apply(Policy::builder().force_https(false).build().unwrap());
    let browser = site.browser();
    let reply = login(&browser, site.http("/login"), PASSWORD).await;
    assert_eq!((reply.status, reply.lines()), (200, vec![]));
    assert_eq!(told.count(EventKind::LineHeldBack), 1);
    assert_eq!(browser.get(site.http("/who")).await.body, "nobody");
}
