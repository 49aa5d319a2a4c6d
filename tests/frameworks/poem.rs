//! poem: the routes of the scenarios, and the list of them run. What is poem's own stands in `poem/own.rs`, and its
//! sessions in `poem/sessions.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../support/curl.rs"]
mod curl;
#[path = "poem/own.rs"]
mod own;
#[path = "poem/sessions.rs"]
mod sessions;
mod suite;

use std::net::SocketAddr;

use futures_util::{FutureExt as _, stream};
use hardtack::poem::PolicyMiddleware;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SetError};
use poem::error::InternalServerError;
use poem::http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use poem::listener::{Acceptor, Listener as _, RustlsCertificate, RustlsConfig, TcpListener};
use poem::web::Path;
use poem::{Body, Endpoint, EndpointExt as _, IntoResponse as _, Response, Result, Route, Server, handler};
use suite::tls::Certificate;
// `client` is the curl module's.
use suite::{Framework, Served, Session, SiteCookies, Stand, client, every_scenario, handlers, load};

struct Poem;

impl Framework for Poem {
    const NAME: &'static str = "poem";
    const MISSING: &'static str =
        "hardtack's policy is missing; add `.with(PolicyMiddleware::new(policy, listener))` around the `Route`";
    const DIFFERS: &'static [(&'static str, &'static str)] = &[(
        "nobody_added_the_policy_and_proof_is_asked",
        "poem's own `Option<T>` drops every error of `T`: `Option<Https>` is `None`",
    )];

    async fn serve(stand: Stand) -> Served {
        let middleware = |policy| PolicyMiddleware::new(policy, stand.listener.clone());
        let policies = stand.policies.into_iter().map(middleware);
        serve(policies.fold(routes().boxed(), |app, policy| app.with(policy).boxed()), stand.tls.as_ref()).await
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
    handlers::too_large(&cookies)
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
async fn poem_does_what_every_framework_does() {
    every_scenario::<Poem>().await;
}

#[test]
fn poem_holds_under_load() {
    load::under_load::<Poem>();
}
