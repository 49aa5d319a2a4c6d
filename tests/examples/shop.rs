//! A small shop: one application on two ports, over TLS, where it works, and over plain HTTP, where hardtack refuses.
//!
//! ```text
//! cargo run --example shop              # look at it in a browser
//! cargo run --example shop -- --tour    # let it visit itself, step by step
//! ```
//!
//! This file is the application: its cookies, its handlers, its two ports. `page.rs` writes HTML, `ledger.rs` keeps
//! what the page shows of past exchanges, `tour.rs` is the client of the tour.

#[path = "shop/ledger.rs"]
mod ledger;
#[path = "shop/page.rs"]
mod page;
#[path = "../support/tls.rs"]
mod tls;
#[path = "shop/tour.rs"]
mod tour;

use std::collections::HashMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, io};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Result};
use axum::routing::{get, post};
use axum::{Form, Router, middleware};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hardtack::{Cookie, CookieValue, ForceHttps, Listener, MarkedAcceptor, Policy, PolicyHandle};
use serde::Deserialize;

use ledger::Ledger;

// ---- The cookies. Everything not written here is the default: Secure, HttpOnly, SameSite=Lax, host-only, prefixed.

/// The key of a session; what belongs to it stays on the server.
#[derive(CookieValue, PartialEq, Eq, Hash)]
struct SessionId(String);

/// A colour scheme: the value of a cookie that the struct below declares.
#[derive(CookieValue, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Theme {
    Light,
    Dark,
}

/// The language of the page: a cookie of its own, which other structs can share.
#[derive(Cookie, Deserialize, Clone, Copy)]
#[cookie(max_age = "365d")]
#[serde(rename_all = "kebab-case")]
enum Lang {
    En,
    De,
}

#[hardtack::cookies]
struct ShopCookies {
    /// Who is signed in. `Strict`: no other site's form or link brings it along, so that a form here needs no token.
    #[cookie(max_age = "8h", same_site = Strict)]
    session: SessionId,
    /// Colour scheme. A script that can read it needs a reason, and a name that does not begin with `__Host-Http-`.
    #[cookie(max_age = "365d", http_only = false, reason = "theme.js applies it before the first paint")]
    theme: Theme,
    /// Brings the declaration of its type.
    #[cookie(existing)]
    lang: Lang,
}

// ---- The handlers. `ShopCookies` is `ShopCookies<Https>`: over plain HTTP none of them is reached.

#[derive(Default)]
struct Shop {
    visitors: Mutex<HashMap<SessionId, String>>,
    ledger: Ledger,
}

impl Shop {
    fn visitors(&self) -> MutexGuard<'_, HashMap<SessionId, String>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn routes() -> Router<Arc<Shop>> {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/theme", post(choose_theme))
        .route("/sign-out", post(sign_out))
        .route("/api/me", get(me))
        .route("/shop.css", get(page::style))
        .route("/theme.js", get(page::script))
}

/// A cookie that cannot be read answers 400 with its removal by `?`: the next request is well again.
async fn home(cookies: ShopCookies, State(shop): State<Arc<Shop>>) -> Result<impl IntoResponse> {
    let id = cookies.session()?;
    let name = id.and_then(|id| shop.visitors().get(&id).cloned());
    let lang = cookies.lang()?.unwrap_or(Lang::En);
    let html = page::home(name.as_deref(), lang, cookies.theme()?, &shop.ledger.newest());
    Ok((page::HEADERS, Html(html)))
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
    lang: Lang,
}

/// Another site could post this form and sign its visitor in under a name of its choice: `SameSite` guards sessions that
/// exist. Here that does no harm; where it does, compare `Origin` as well.
async fn sign_in(cookies: ShopCookies, State(shop): State<Arc<Shop>>, Form(form): Form<SignIn>) -> Result<Redirect> {
    let theme = cookies.theme()?.unwrap_or(Theme::Light);
    let key = random_key()?;
    shop.visitors().insert(SessionId(key.clone()), form.name);
    cookies.set_session(SessionId(key))?;
    cookies.set_lang(form.lang)?;
    cookies.set_theme(theme)?;
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct Choice {
    theme: Theme,
}

async fn choose_theme(cookies: ShopCookies, Form(choice): Form<Choice>) -> Result<Redirect> {
    cookies.set_theme(choice.theme)?;
    Ok(Redirect::to("/"))
}

/// A removal has the declared attributes, or the browser would keep the cookie.
async fn sign_out(cookies: ShopCookies, State(shop): State<Arc<Shop>>) -> Result<Redirect> {
    if let Some(id) = cookies.session()? {
        shop.visitors().remove(&id);
    }
    cookies.remove_session()?;
    cookies.remove_theme()?;
    cookies.remove_lang()?;
    Ok(Redirect::to("/"))
}

/// For programs: under `integrations`, so that plain HTTP is refused there and never redirected.
async fn me(cookies: ShopCookies, State(shop): State<Arc<Shop>>) -> Result<String> {
    let id = cookies.session()?.ok_or(StatusCode::UNAUTHORIZED)?;
    let name = shop.visitors().get(&id).cloned();
    Ok(name.ok_or(StatusCode::UNAUTHORIZED)?)
}

fn random_key() -> Result<String, StatusCode> {
    let mut key = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut key).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("{:032x}", u128::from_be_bytes(key)))
}

// ---- The two ports.

/// Stands the policy around the routes: `layer` comes after them, and what comes after it (the ledger) sees what leaves.
fn app(routes: Router<Arc<Shop>>, policy: &PolicyHandle) -> Router {
    let shop = Arc::new(Shop::default());
    routes
        .layer(policy.layer(Listener::per_connection()))
        .layer(middleware::from_fn_with_state(shop.clone(), ledger::record))
        .with_state(shop)
}

/// Serves one application on both: each connection is marked with what it carries, and the listener believes the mark.
async fn serve(app: Router, tls: RustlsConfig, ports: Ports, stop: Handle<SocketAddr>) -> io::Result<()> {
    let https = axum_server::from_tcp_rustls(ports.https, tls)?.map(MarkedAcceptor::tls).handle(stop.clone());
    let http = axum_server::from_tcp(ports.http)?.acceptor(MarkedAcceptor::plain()).handle(stop);
    let app = app.into_make_service();
    tokio::try_join!(https.serve(app.clone()), http.serve(app)).map(|_| ())
}

/// Sockets on loopback, bound before the policy is written: a redirect must name the port of https.
struct Ports {
    https: TcpListener,
    http: TcpListener,
}

impl Ports {
    /// The given ports, or free ones where those are taken.
    fn listen(https: u16, http: u16) -> io::Result<Self> {
        let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listen = |port| listen(port).or_else(|_| listen(0));
        Ok(Ports { https: listen(https)?, http: listen(http)? })
    }

    fn numbers(&self) -> io::Result<(u16, u16)> {
        Ok((self.https.local_addr()?.port(), self.http.local_addr()?.port()))
    }
}

async fn tls_config(certificate: &tls::Certificate) -> io::Result<RustlsConfig> {
    RustlsConfig::from_pem(certificate.pem.clone().into(), certificate.key.clone().into()).await
}

async fn open() -> Result<(), Box<dyn Error>> {
    let ports = Ports::listen(8443, 8080)?;
    let (https, http) = ports.numbers()?;
    let policy = Policy::builder().force_https(ForceHttps::on().https_port(https).integrations(["/api"])).build()?;
    let certificate = tls::Certificate::for_names(&["localhost", "127.0.0.1"])?;
    println!(
        "The shop is open, on this machine only:

  https://localhost:{https}/    here it works; the certificate was made just now, so the browser asks about it once
  http://localhost:{http}/     the same application over plain HTTP: pages are sent on to https, all else is refused

  curl -k -i -d 'name=Ada&lang=en' https://localhost:{https}/sign-in    three cookies
  curl -i -d 'name=Ada&lang=en' http://localhost:{http}/sign-in        403, and no cookie
  curl -i -H 'Accept: text/html' http://localhost:{http}/              308 to https

Ctrl-C closes it. `cargo run --example shop -- --tour` shows it step by step."
    );
    Ok(serve(app(routes(), &policy.into()), tls_config(&certificate).await?, ports, Handle::new()).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let asked = env::args().nth(1);
    let done = match asked.as_deref() {
        None => open().await,
        Some("--tour") => tour::run().await,
        Some(other) => Err(format!("`{other}` is unknown; leave it out, or write `--tour`").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
