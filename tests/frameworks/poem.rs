//! Runs the common test scenarios on poem. Defines the poem routes that the scenarios need. The tests of poem's own
//! features are in `poem/specifics.rs`. The tests of poem's sessions are in `poem/sessions.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../support/curl.rs"]
mod curl;
#[path = "poem/prefixed.rs"]
mod prefixed;
#[path = "poem/sessions.rs"]
mod sessions;
#[path = "poem/specifics.rs"]
mod specifics;
mod suite;

use std::net::{IpAddr, SocketAddr};

use futures_util::{FutureExt as _, stream};
use hardtack::device_bound::Bound;
use hardtack::poem::PolicyMiddleware;
use hardtack::tls::Peer;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SetError};
use poem::error::InternalServerError;
use poem::http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use poem::listener::{Acceptor, Listener as _, RustlsCertificate, RustlsConfig, TcpListener};
use poem::web::Path;
use poem::{Body, Endpoint, EndpointExt as _, IntoResponse as _, Request, Response, Result, Route, Server, handler};
use suite::tls::Certificate;
// The module `curl` imports `client` from this module.
use suite::{
    Account, Framework, RunningServer, Session, Setup, SiteCookies, chromium, client, handlers, load, run_all_scenarios,
};

struct Poem;

impl Framework for Poem {
    const NAME: &'static str = "poem";
    const DIFFERENCES: &'static [(&'static str, &'static str)] = &[(
        "missing_policy_with_optional_proof_is_a_500",
        "poem's own `Option<T>` drops every error of `T`: `Option<Https>` is `None`",
    )];

    async fn serve(setup: Setup) -> RunningServer {
        let middleware = |policy| PolicyMiddleware::new(policy, setup.tls_termination.clone());
        let policies = setup.policies.into_iter().map(middleware);
        let app = policies.fold(routes().boxed(), |app, policy| app.with(policy).boxed());
        let app = match setup.peer {
            Some(peer) => app.before(move |request| with_peer(request, peer)).boxed(),
            None => app,
        };
        serve(app, setup.certificate.as_ref()).await
    }
}

async fn with_peer(mut request: Request, peer: IpAddr) -> poem::Result<Request> {
    request.extensions_mut().insert(Peer(peer));
    Ok(request)
}

/// Serves an application on a loopback socket, over TLS if there is a certificate.
async fn serve(app: impl Endpoint + 'static, tls: Option<&Certificate>) -> RunningServer {
    let socket = TcpListener::bind("127.0.0.1:0");
    match tls {
        Some(tls) => accept(ready(socket.rustls(rustls_config(tls)).into_acceptor().await.unwrap()), app),
        None => accept(socket.into_acceptor().await.unwrap(), app),
    }
}

/// Polls the acceptor once, so that the acceptor reads the certificate. Until the acceptor has read the certificate,
/// poem drops connections.
fn ready(mut acceptor: impl Acceptor + 'static) -> impl Acceptor + 'static {
    assert!(acceptor.accept().now_or_never().is_none());
    acceptor
}

fn rustls_config(certificate: &Certificate) -> RustlsConfig {
    let certificate = RustlsCertificate::new().cert(certificate.pem.as_str()).key(certificate.key.as_str());
    RustlsConfig::new().fallback(certificate)
}

fn accept(acceptor: impl Acceptor + 'static, app: impl Endpoint + 'static) -> RunningServer {
    let address = acceptor.local_addr().iter().find_map(|address| address.as_socket_addr().copied());
    let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    RunningServer::new(address.unwrap_or(SocketAddr::from(([0; 4], 0))), move || server.abort())
}

fn routes() -> Route {
    Route::new()
        .at("/set", sign_in)
        .at("/get", who)
        .at("/cart", cart)
        .at("/seal", seal)
        .at("/unseal", unseal)
        .at("/pay", pay)
        .at("/remove", sign_out)
        .at("/last", last)
        .at("/many", many)
        .at("/vary", vary)
        .at("/maybe", maybe)
        .at("/step/:n", step)
        .at("/site", read_site)
        .at("/either", either)
        .at("/banner", banner)
        .at("/proof", proof)
        .at("/strict", strict)
        .at("/fails", fails)
        .at("/too-large", too_large)
        .at("/undeclared", undeclared)
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
    handlers::set(&cookies)
}

#[handler]
fn who(cookies: Cookies) -> Result<String, ReadError> {
    handlers::get(&cookies)
}

#[handler]
fn cart(cookies: Cookies) -> Result<String, ReadError> {
    handlers::cart(&cookies)
}

#[handler]
fn seal(cookies: Cookies) -> Result<(), SetError> {
    handlers::seal(&cookies)
}

#[handler]
fn unseal(cookies: Cookies) -> Result<String, ReadError> {
    handlers::unseal(&cookies)
}

#[handler]
fn pay(account: Bound<Account>) -> String {
    handlers::pay(&account)
}

#[handler]
fn sign_out(cookies: Cookies) -> Result<(), SetError> {
    handlers::remove(&cookies)
}

#[handler]
fn last(cookies: Cookies) -> Result<(), SetError> {
    handlers::last(&cookies)
}

#[handler]
fn many(site: SiteCookies) -> Result<(), SetError> {
    handlers::many(&site)
}

#[handler]
fn vary(site: SiteCookies) -> Result<(), SetError> {
    handlers::vary(&site)
}

#[handler]
fn read_site(site: SiteCookies) -> Result<String, ReadError> {
    handlers::site(&site)
}

#[handler]
fn either(cookies: Cookies<AnyScheme>) -> Result<String, SetError> {
    handlers::either(&cookies)
}

#[handler]
fn banner(cookies: Cookies<PlainHttp>) -> Result<(), SetError> {
    handlers::banner(&cookies)
}

#[handler]
fn proof(https: Option<Https>) -> &'static str {
    handlers::proof(https)
}

#[handler]
fn maybe(cookies: Option<Cookies>) -> String {
    handlers::maybe(cookies)
}

#[handler]
fn step(Path(n): Path<u32>, cookies: Cookies) -> String {
    handlers::step(&cookies, n)
}

#[handler]
fn strict(_: Https) -> &'static str {
    "https"
}

#[handler]
fn fails(cookies: Cookies) -> Result<()> {
    cookies.set(Session::new())?;
    Err(InternalServerError(std::io::Error::other("the database is down")))
}

#[handler]
fn too_large(cookies: Cookies) -> Result<(), SetError> {
    handlers::too_large(&cookies)
}

#[handler]
fn undeclared() -> Response {
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
    Body::from_bytes_stream(stream::once(async move { Ok::<_, std::io::Error>(handlers::late(&cookies)) }))
}

#[handler]
fn health() -> &'static str {
    "up"
}

#[handler]
fn me(cookies: Cookies) -> Result<&'static str, SetError> {
    handlers::me(&cookies)
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
async fn poem_passes_all_scenarios() {
    run_all_scenarios::<Poem>().await;
}

#[test]
fn poem_refreshes_sessions_of_chromium() {
    chromium::proves_its_device::<Poem>();
}

#[test]
fn poem_holds_under_load() {
    load::under_load::<Poem>();
}
