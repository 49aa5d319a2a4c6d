//! Rocket: the routes of the scenarios, and the list of them run. What is Rocket's own stands in `rocket/`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[path = "rocket/guards.rs"]
mod guards;
#[path = "rocket/jar.rs"]
mod jar;
#[path = "rocket/own.rs"]
mod own;
mod suite;

use std::net::{Ipv4Addr, SocketAddr};

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
use suite::{Framework, Served, Session, SiteCookies, Stand, every_scenario, handlers, load};
use tokio::sync::oneshot;

struct RocketServer;

impl Framework for RocketServer {
    const NAME: &'static str = "rocket";
    const MISSING: &'static str =
        "hardtack's policy is missing; add `.attach(PolicyFairing::new(policy, listener))` to the `Rocket`";
    const DIFFERS: &'static [(&'static str, &'static str)] = &[
        (
            "hostile_fields_lose_nothing_else",
            "Rocket drops a field that is not UTF-8 before any fairing or guard sees it",
        ),
        (
            "nobody_added_the_policy",
            "Rocket gives a guard no body to answer with; the application does not launch instead",
        ),
        (
            "nobody_added_the_policy_and_proof_is_asked",
            "the same: Rocket sees the guard inside of an `Option`, and does not launch",
        ),
    ];

    async fn serve(stand: Stand) -> Served {
        let app = rocket::custom(config(stand.tls)).mount("/", routes()).mount("/api", routes![me]);
        let fairing = |policy| PolicyFairing::new(policy, stand.listener.clone());
        // The first is the outermost.
        launch(stand.policies.into_iter().rev().map(fairing).fold(app, Rocket::attach)).await
    }
}

fn config(tls: Option<Certificate>) -> Config {
    Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        log_level: LogLevel::Off,
        tls: tls.map(|made| TlsConfig::from_bytes(made.pem.as_bytes(), made.key.as_bytes())),
        secret_key: SecretKey::derive_from(b"a key for tests, of more octets than thirty-two"),
        shutdown: Shutdown { ctrlc: false, signals: Default::default(), grace: 1, mercy: 1, ..Shutdown::default() },
        ..Config::debug_default()
    }
}

/// Serves an application on the port that the system chose.
async fn launch(app: Rocket<Build>) -> Served {
    let (tell, told) = oneshot::channel();
    let app = app.attach(AdHoc::on_liftoff("address", |rocket| {
        let config = rocket.config();
        let _ = tell.send(SocketAddr::new(config.address, config.port));
        Box::pin(async {})
    }));
    let app = app.ignite().await.unwrap();
    let stop = app.shutdown();
    tokio::spawn(app.launch());
    Served::new(told.await.unwrap(), move || stop.notify())
}

fn routes() -> Vec<rocket::Route> {
    routes![
        set, read, cart, seal, unseal, remove, last, many, vary, site, either, banner, proof, strict, fails, too_large,
        foreign, by_hand, hsts, late, health, under_load, large, lots, panics
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

/// A body, and fields by hand.
struct Fields(&'static str, &'static [(&'static str, &'static str)]);

impl<'r> Responder<'r, 'static> for Fields {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = self.0.respond_to(request)?;
        for (name, value) in self.1 {
            response.adjoin_raw_header(*name, *value);
        }
        Ok(response)
    }
}

#[get("/foreign")]
fn foreign() -> Fields {
    Fields(
        "from the forum",
        &[
            ("Set-Cookie", "PHPSESSID=3f9a; path=/forum"),
            ("Set-Cookie", "seen=1"),
            ("Cache-Control", "public, max-age=60"),
        ],
    )
}

#[get("/by-hand")]
fn by_hand() -> Fields {
    Fields("from old code", &[("Set-Cookie", "legacy=1; Secure")])
}

#[get("/hsts")]
fn hsts() -> Fields {
    Fields("", &[("Strict-Transport-Security", "max-age=1")])
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
async fn rocket_does_what_every_framework_does() {
    every_scenario::<RocketServer>().await;
}

#[test]
fn rocket_holds_under_load() {
    load::under_load::<RocketServer>();
}
