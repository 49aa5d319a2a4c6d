//! Runs the common test scenarios on axum, served by axum-server. Defines the axum routes that the scenarios need.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "../support/axum_users.rs"]
mod axum_users;
#[path = "axum/sessions.rs"]
mod sessions;
mod suite;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::response::{AppendHeaders, IntoResponse, Result};
use axum::routing::get;
use axum::{Extension, Router};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hardtack::axum_server::MarkedAcceptor;
use hardtack::device_bound::Bound;
use hardtack::tls::Peer;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, PolicyHandle, SetError};
use suite::{
    Account, Framework, RunningServer, Session, Setup, SiteCookies, chromium, handlers, load, run_all_scenarios,
};

struct Axum;

impl Framework for Axum {
    const NAME: &'static str = "axum";

    async fn serve(setup: Setup) -> RunningServer {
        serve(routes(), setup).await
    }
}

/// Serves an application on a loopback socket, with the policies around the routes.
async fn serve(routes: Router, setup: Setup) -> RunningServer {
    let layer = |app: Router, policy: PolicyHandle| app.layer(policy.layer(setup.tls_termination.clone()));
    let app = setup.policies.into_iter().fold(routes, layer);
    let app = match setup.peer {
        Some(peer) => app.layer(Extension(Peer(peer))),
        None => app,
    };
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let stop = Handle::new();
    match setup.certificate {
        Some(certificate) => {
            let tls = RustlsConfig::from_pem(certificate.pem.into(), certificate.key.into()).await.unwrap();
            let server = axum_server::from_tcp_rustls(socket, tls).unwrap().map(MarkedAcceptor::tls);
            tokio::spawn(server.handle(stop.clone()).serve(app));
        }
        None => {
            let server = axum_server::from_tcp(socket).unwrap().acceptor(MarkedAcceptor::plain());
            tokio::spawn(server.handle(stop.clone()).serve(app));
        }
    }
    RunningServer::new(address, move || stop.shutdown())
}

fn routes() -> Router {
    Router::new()
        .route("/set", get(async |cookies: Cookies| handlers::set(&cookies)))
        .route("/get", get(async |cookies: Cookies| handlers::get(&cookies)))
        .route("/cart", get(async |cookies: Cookies| handlers::cart(&cookies)))
        .route("/seal", get(async |cookies: Cookies| handlers::seal(&cookies)))
        .route("/unseal", get(async |cookies: Cookies| handlers::unseal(&cookies)))
        .route("/pay", get(async |account: Bound<Account>| handlers::pay(&account)))
        .route("/remove", get(async |cookies: Cookies| handlers::remove(&cookies)))
        .route("/last", get(async |cookies: Cookies| handlers::last(&cookies)))
        .route("/many", get(async |site: SiteCookies| handlers::many(&site)))
        .route("/vary", get(async |site: SiteCookies| handlers::vary(&site)))
        .route("/site", get(async |site: SiteCookies| handlers::site(&site)))
        .route("/either", get(async |cookies: Cookies<AnyScheme>| handlers::either(&cookies)))
        .route("/banner", get(async |cookies: Cookies<PlainHttp>| handlers::banner(&cookies)))
        .route("/proof", get(async |https: Option<Https>| handlers::proof(https)))
        .route("/maybe", get(async |cookies: Option<Cookies>| handlers::maybe(cookies)))
        .route("/step/{n}", get(async |Path(n): Path<u32>, cookies: Cookies| handlers::step(&cookies, n)))
        .route("/strict", get(async |_: Https| "https"))
        .route("/fails", get(fails))
        .route("/too-large", get(async |cookies: Cookies| handlers::too_large(&cookies)))
        .route("/undeclared", get(undeclared))
        .route("/by-hand", get(async || ([(SET_COOKIE, "legacy=1; Secure")], "from old code")))
        .route("/hsts", get(async || [(STRICT_TRANSPORT_SECURITY, "max-age=1")]))
        .route("/late", get(late))
        .route("/health", get(async || "up"))
        .route("/load/{n}", get(under_load))
        .route("/large/{n}", get(large))
        .route("/lots/{n}", get(async |Path(n): Path<u32>, site: SiteCookies| load::set_lots(&site, n)))
        .route("/panic/{n}", get(panics))
        .nest("/api", Router::new().route("/me", get(async |cookies: Cookies| handlers::me(&cookies))))
}

async fn fails(cookies: Cookies) -> Result<()> {
    cookies.set(Session::new())?;
    Err(StatusCode::INTERNAL_SERVER_ERROR.into())
}

async fn undeclared() -> impl IntoResponse {
    let set_cookies = AppendHeaders([(SET_COOKIE, "PHPSESSID=3f9a; path=/forum"), (SET_COOKIE, "seen=1")]);
    (set_cookies, [(CACHE_CONTROL, "public, max-age=60")], "from the forum")
}

async fn late(cookies: Cookies) -> Body {
    Body::from_stream(futures_util::stream::once(async move { Ok::<_, Infallible>(handlers::late(&cookies)) }))
}

async fn under_load(Path(n): Path<u32>, site: SiteCookies, cookies: Cookies) -> Result<String> {
    let read = load::read(&site, &cookies)?;
    load::pause(n).await;
    load::set(&site, &cookies, n)?;
    Ok(read)
}

async fn large(Path(n): Path<u32>, cookies: Cookies) -> Result<String, SetError> {
    cookies.set(load::session(n))?;
    Ok(load::large())
}

async fn panics(Path(n): Path<u32>, cookies: Cookies) -> Result<(), SetError> {
    cookies.set(load::session(n))?;
    load::panics()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axum_passes_all_scenarios() {
    run_all_scenarios::<Axum>().await;
}

#[test]
fn axum_refreshes_sessions_of_chromium() {
    chromium::proves_its_device::<Axum>();
}

#[test]
fn axum_holds_under_load() {
    load::under_load::<Axum>();
}
