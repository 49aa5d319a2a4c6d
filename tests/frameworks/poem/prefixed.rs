//! Runs the scenarios of `host_prefix` against poem's sessions and against poem's private cookies.

use hardtack::poem::PolicyMiddleware;
use poem::endpoint::BoxEndpoint;
use poem::error::InternalServerError;
use poem::http::StatusCode;
use poem::middleware::CookieJarManager;
use poem::session::{CookieConfig, CookieSession, MemoryStorage, ServerSession, Session};
use poem::web::Path;
use poem::web::cookie::{Cookie, CookieJar, CookieKey};
use poem::{EndpointExt as _, Response, Result, Route, handler};

use super::suite::prefixed::{SessionLibrary, run_session_scenarios};
use super::suite::{RunningServer, Setup};

const NOBODY: &str = "nobody";

async fn serve(setup: Setup, app: BoxEndpoint<'static>) -> RunningServer {
    let middleware = |policy| PolicyMiddleware::new(policy, setup.tls_termination.clone());
    let policies = setup.policies.into_iter().map(middleware);
    super::serve(policies.fold(app, |app, policy| app.with(policy).boxed()), None).await
}

fn upgrade_response(user: String) -> Response {
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    response.header("connection", "upgrade").header("upgrade", "test").header("x-user", user).finish()
}

fn failure() -> poem::Error {
    InternalServerError(std::io::Error::other("failed"))
}

fn key() -> CookieKey {
    CookieKey::derive_from(&[7; 32])
}

fn user(session: &Session) -> String {
    session.get("user").unwrap_or_else(|| NOBODY.to_owned())
}

fn change(session: &Session) {
    session.set("count", session.get::<u32>("count").unwrap_or_default() + 1);
}

#[handler]
fn sign_in(Path(user): Path<String>, session: &Session) {
    session.renew();
    session.set("user", user);
}

#[handler]
fn who(session: &Session) -> String {
    user(session)
}

#[handler]
fn renew(session: &Session) {
    session.renew();
    change(session);
}

#[handler]
fn sign_out(session: &Session) {
    session.purge();
}

#[handler]
fn broken(session: &Session) -> Response {
    change(session);
    Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body(user(session))
}

#[handler]
fn fails(session: &Session) -> Result<()> {
    change(session);
    Err(failure())
}

#[handler]
fn upgrade(session: &Session) -> Response {
    upgrade_response(user(session))
}

fn session_routes() -> Route {
    Route::new()
        .at("/sign-in/:user", sign_in)
        .at("/who", who)
        .at("/renew", renew)
        .at("/sign-out", sign_out)
        .at("/broken", broken)
        .at("/fails", fails)
        .at("/upgrade", upgrade)
}

struct SealedSession;

impl SessionLibrary for SealedSession {
    const NAME: &'static str = "poem, CookieSession";
    const COOKIE: &'static str = "poem-session";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        serve(setup, session_routes().with(CookieSession::new(CookieConfig::private(key()))).boxed()).await
    }
}

struct StoredSession;

impl SessionLibrary for StoredSession {
    const NAME: &'static str = "poem, ServerSession";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = true;

    async fn serve(setup: Setup) -> RunningServer {
        let config = CookieConfig::default().name("id");
        serve(setup, session_routes().with(ServerSession::new(config, MemoryStorage::new())).boxed()).await
    }
}

fn jar_user(jar: &CookieJar) -> String {
    jar.private_with_key(&key()).get("user").map_or_else(|| NOBODY.to_owned(), |cookie| cookie.value_str().to_owned())
}

fn seal_again(jar: &CookieJar) {
    let user = jar_user(jar);
    if user != NOBODY {
        jar.private_with_key(&key()).add(Cookie::new_with_str("user", user));
    }
}

#[handler]
fn jar_sign_in(Path(user): Path<String>, jar: &CookieJar) {
    jar.private_with_key(&key()).add(Cookie::new_with_str("user", user));
}

#[handler]
fn jar_who(jar: &CookieJar) -> String {
    jar_user(jar)
}

#[handler]
fn jar_renew(jar: &CookieJar) {
    seal_again(jar);
}

#[handler]
fn jar_sign_out(jar: &CookieJar) {
    jar.remove("user");
}

#[handler]
fn jar_broken(jar: &CookieJar) -> Response {
    let user = jar_user(jar);
    seal_again(jar);
    Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body(user)
}

#[handler]
fn jar_fails(jar: &CookieJar) -> Result<()> {
    seal_again(jar);
    Err(failure())
}

#[handler]
fn jar_upgrade(jar: &CookieJar) -> Response {
    upgrade_response(jar_user(jar))
}

struct PrivateJar;

impl SessionLibrary for PrivateJar {
    const NAME: &'static str = "poem, private cookies";
    const COOKIE: &'static str = "user";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        let routes = Route::new()
            .at("/sign-in/:user", jar_sign_in)
            .at("/who", jar_who)
            .at("/renew", jar_renew)
            .at("/sign-out", jar_sign_out)
            .at("/broken", jar_broken)
            .at("/fails", jar_fails)
            .at("/upgrade", jar_upgrade);
        serve(setup, routes.with(CookieJarManager::new()).boxed()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookie_session_behind_a_prefix() {
    run_session_scenarios::<SealedSession>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_session_behind_a_prefix() {
    run_session_scenarios::<StoredSession>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_cookies_behind_a_prefix() {
    run_session_scenarios::<PrivateJar>().await;
}
