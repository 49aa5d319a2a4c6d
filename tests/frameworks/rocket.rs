//! Runs the common test scenarios on Rocket. Defines the Rocket routes that the scenarios need. The tests of Rocket's
//! own features are in `rocket/`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "rocket/guards.rs"]
mod guards;
#[path = "rocket/jar.rs"]
mod jar;
#[path = "rocket/prefixed.rs"]
mod prefixed;
#[path = "rocket/specifics.rs"]
mod specifics;
mod suite;

use std::net::{Ipv4Addr, SocketAddr};

use hardtack::device_bound::Bound;
use hardtack::rocket::PolicyFairing;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SetError};
use rocket::config::{Config, LogLevel, SecretKey, Shutdown, TlsConfig};
use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::stream::TextStream;
use rocket::response::{self, Responder};
use rocket::{Build, Rocket, get, routes};
use suite::tls::Certificate;
use suite::{
    Account, Framework, RunningServer, Session, Setup, SiteCookies, chromium, handlers, load, run_all_scenarios,
};
use tokio::sync::oneshot;

struct RocketServer;

impl Framework for RocketServer {
    const NAME: &'static str = "rocket";
    const DIFFERENCES: &'static [(&'static str, &'static str)] = &[
        (
            "malformed_pairs_hide_no_other_cookie",
            "Rocket drops a header that is not UTF-8 before any fairing or guard runs",
        ),
        ("missing_policy_is_a_500", "Rocket does not launch an application without the policy"),
        (
            "missing_policy_with_optional_proof_is_a_500",
            "Rocket does not launch an application without the policy, also for `Option<Https>`",
        ),
    ];

    async fn serve(setup: Setup) -> RunningServer {
        let app = rocket::custom(config(setup.certificate)).mount("/", routes()).mount("/api", routes![me]);
        let app = match setup.peer {
            Some(peer) => app.attach(AdHoc::on_request("peer", move |request, _| {
                request.set_remote(SocketAddr::new(peer, 40_000));
                Box::pin(async {})
            })),
            None => app,
        };
        let fairing = |policy| PolicyFairing::new(policy, setup.tls_termination.clone());
        // Rocket runs fairings in the order of attachment. So the code attaches the outermost policy first.
        launch(setup.policies.into_iter().rev().map(fairing).fold(app, Rocket::attach)).await
    }
}

fn config(tls: Option<Certificate>) -> Config {
    Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        log_level: LogLevel::Off,
        tls: tls.map(|tls| TlsConfig::from_bytes(tls.pem.as_bytes(), tls.key.as_bytes())),
        secret_key: SecretKey::derive_from(b"a key for tests, longer than thirty-two bytes"),
        shutdown: Shutdown { ctrlc: false, signals: Default::default(), grace: 1, mercy: 1, ..Shutdown::default() },
        ..Config::debug_default()
    }
}

/// Serves an application. The operating system chooses the port.
async fn launch(app: Rocket<Build>) -> RunningServer {
    let (sender, receiver) = oneshot::channel();
    let app = app.attach(AdHoc::on_liftoff("address", |rocket| {
        let config = rocket.config();
        let _ = sender.send(SocketAddr::new(config.address, config.port));
        Box::pin(async {})
    }));
    let app = app.ignite().await.unwrap();
    let stop = app.shutdown();
    tokio::spawn(app.launch());
    RunningServer::new(receiver.await.unwrap(), move || stop.notify())
}

fn routes() -> Vec<rocket::Route> {
    routes![
        set, read, cart, seal, unseal, pay, remove, last, many, vary, site, either, banner, proof, strict, fails,
        too_large, undeclared, by_hand, hsts, late, health, maybe, step, under_load, large, lots, panics
    ]
}

#[get("/set")]
fn set(cookies: Cookies) -> Result<&'static str, SetError> {
    handlers::set(&cookies)
}

#[get("/get")]
fn read(cookies: Cookies) -> Result<String, ReadError> {
    handlers::get(&cookies)
}

#[get("/cart")]
fn cart(cookies: Cookies) -> Result<String, ReadError> {
    handlers::cart(&cookies)
}

#[get("/seal")]
fn seal(cookies: Cookies) -> Result<(), SetError> {
    handlers::seal(&cookies)
}

#[get("/unseal")]
fn unseal(cookies: Cookies) -> Result<String, ReadError> {
    handlers::unseal(&cookies)
}

#[get("/pay")]
fn pay(account: Bound<Account>) -> String {
    handlers::pay(&account)
}

#[get("/remove")]
fn remove(cookies: Cookies) -> Result<(), SetError> {
    handlers::remove(&cookies)
}

#[get("/last")]
fn last(cookies: Cookies) -> Result<(), SetError> {
    handlers::last(&cookies)
}

#[get("/many")]
fn many(site: SiteCookies) -> Result<(), SetError> {
    handlers::many(&site)
}

#[get("/vary")]
fn vary(site: SiteCookies) -> Result<(), SetError> {
    handlers::vary(&site)
}

#[get("/site")]
fn site(site: SiteCookies) -> Result<String, ReadError> {
    handlers::site(&site)
}

#[get("/either")]
fn either(cookies: Cookies<AnyScheme>) -> Result<String, SetError> {
    handlers::either(&cookies)
}

#[get("/banner")]
fn banner(cookies: Cookies<PlainHttp>) -> Result<(), SetError> {
    handlers::banner(&cookies)
}

#[get("/proof")]
fn proof(https: Option<Https>) -> &'static str {
    handlers::proof(https)
}

#[get("/maybe")]
fn maybe(cookies: Option<Cookies>) -> String {
    handlers::maybe(cookies)
}

#[get("/step/<n>")]
fn step(n: u32, cookies: Cookies) -> String {
    handlers::step(&cookies, n)
}

#[get("/strict")]
fn strict(_https: Https) -> &'static str {
    "https"
}

#[get("/fails")]
fn fails(cookies: Cookies) -> Result<(), Status> {
    cookies.set(Session::new()).unwrap();
    Err(Status::InternalServerError)
}

#[get("/too-large")]
fn too_large(cookies: Cookies) -> Result<(), SetError> {
    handlers::too_large(&cookies)
}

/// A responder with a body and raw headers.
struct WithHeaders(&'static str, &'static [(&'static str, &'static str)]);

impl<'r> Responder<'r, 'static> for WithHeaders {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = self.0.respond_to(request)?;
        for (name, value) in self.1 {
            response.adjoin_raw_header(*name, *value);
        }
        Ok(response)
    }
}

#[get("/undeclared")]
fn undeclared() -> WithHeaders {
    WithHeaders(
        "from the forum",
        &[
            ("Set-Cookie", "PHPSESSID=3f9a; path=/forum"),
            ("Set-Cookie", "seen=1"),
            ("Cache-Control", "public, max-age=60"),
        ],
    )
}

#[get("/by-hand")]
fn by_hand() -> WithHeaders {
    WithHeaders("from old code", &[("Set-Cookie", "legacy=1; Secure")])
}

#[get("/hsts")]
fn hsts() -> WithHeaders {
    WithHeaders("", &[("Strict-Transport-Security", "max-age=1")])
}

#[get("/late")]
fn late(cookies: Cookies) -> TextStream![String] {
    TextStream! {
        yield handlers::late(&cookies);
    }
}

#[get("/health")]
fn health() -> &'static str {
    "up"
}

#[get("/me")]
fn me(cookies: Cookies) -> Result<&'static str, SetError> {
    handlers::me(&cookies)
}

#[get("/load/<n>")]
async fn under_load(n: u32, site: SiteCookies, cookies: Cookies) -> Result<Result<String, SetError>, ReadError> {
    let read = load::read(&site, &cookies)?;
    load::pause(n).await;
    Ok(load::set(&site, &cookies, n).map(|()| read))
}

#[get("/large/<n>")]
fn large(n: u32, cookies: Cookies) -> Result<String, SetError> {
    cookies.set(load::session(n))?;
    Ok(load::large())
}

#[get("/lots/<n>")]
fn lots(n: u32, site: SiteCookies) -> Result<(), SetError> {
    load::set_lots(&site, n)
}

#[get("/panic/<n>")]
fn panics(n: u32, cookies: Cookies) -> Result<(), SetError> {
    cookies.set(load::session(n))?;
    load::panics()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rocket_passes_all_scenarios() {
    run_all_scenarios::<RocketServer>().await;
}

#[test]
fn rocket_refreshes_sessions_of_chromium() {
    chromium::proves_its_device::<RocketServer>();
}

#[test]
fn rocket_holds_under_load() {
    load::under_load::<RocketServer>();
}
