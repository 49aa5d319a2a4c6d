//! A small shop that uses two ports, one for TLS and one for plain HTTP. Over TLS, the application handles all
//! requests. Over plain HTTP, hardtack redirects requests for pages to https and refuses all other requests.
//!
//! ```text
//! cargo run --example shop              # open it in a browser
//! cargo run --example shop -- --tour    # run a client that visits the shop, step by step
//! ```
//!
//! - This file contains the cookies, the handlers and the two ports of the application.
//! - `page.rs` writes the HTML.
//! - `request_log.rs` records the requests that the page shows.
//! - `tour.rs` contains the client of the tour.

#[path = "shop/page.rs"]
mod page;
#[path = "shop/request_log.rs"]
mod request_log;
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
use hardtack::axum_server::MarkedAcceptor;
use hardtack::device_bound::Bound;
use hardtack::policy::ForceHttps;
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, CookieValue, Policy, PolicyHandle, TlsTermination};
use serde::Deserialize;

use request_log::RequestLog;

// ---- The cookies. By default, a cookie is Secure, HttpOnly, SameSite=Lax and host-only, and its name has a prefix.

/// The id of a session. The session's data stays on the server. `Strict` means that browsers do not send the cookie
/// with requests from other sites. With `Strict`, the forms of the shop need no CSRF token.
///
/// The session is bound to the device: the browser makes a key that never leaves the device, and proves every few
/// minutes that it still has the key. So a stolen copy of the cookies stops working after ten minutes. A browser
/// without device-bound sessions uses the session as any other cookie.
#[derive(Cookie, PartialEq, Eq, Hash)]
#[cookie(sealed, max_age = "8h", same_site = Strict, device_bound)]
struct Session(String);

/// A colour scheme. `ShopCookies` declares a cookie whose value is a `Theme`.
#[derive(CookieValue, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Theme {
    Light,
    Dark,
}

/// The language of the page. The type `Lang` declares its own cookie, so several structs can use the same cookie.
#[derive(Cookie, Deserialize, Clone, Copy)]
#[cookie(max_age = "365d")]
#[serde(rename_all = "kebab-case")]
enum Lang {
    En,
    De,
}

#[hardtack::cookies]
struct ShopCookies {
    /// The session of the signed-in user. The field `session` uses the declaration of the type `Session`.
    #[cookie(existing)]
    session: Session,
    /// The colour scheme. Scripts can read the theme cookie, so its declaration needs a reason. The prefix of the
    /// cookie's name is `__Host-`, not `__Host-Http-`.
    #[cookie(max_age = "365d", http_only = false, reason = "theme.js applies it before the first paint")]
    theme: Theme,
    /// The language of the page. The field `lang` uses the declaration of the type `Lang`.
    #[cookie(existing)]
    lang: Lang,
}

// ---- The handlers. `ShopCookies` means `ShopCookies<Https>`, so a handler that takes `ShopCookies` runs only over
// HTTPS.

#[derive(Default)]
struct Shop {
    visitors: Mutex<HashMap<Session, String>>,
    request_log: RequestLog,
}

impl Shop {
    fn visitors(&self) -> MutexGuard<'_, HashMap<Session, String>> {
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
        .route("/api/order", post(order))
        .route("/shop.css", get(page::style))
        .route("/theme.js", get(page::script))
}

/// A cookie that cannot be read counts as absent, so the visitor is signed out. The next sign-in repairs the cookie.
async fn home(cookies: ShopCookies, State(shop): State<Arc<Shop>>) -> impl IntoResponse {
    let session = cookies.session();
    let name = session.and_then(|session| shop.visitors().get(&session).cloned());
    let lang = cookies.lang().unwrap_or(Lang::En);
    let html = page::home(name.as_deref(), lang, cookies.theme(), &shop.request_log.newest());
    (page::HEADERS, Html(html))
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
    lang: Lang,
}

/// `SameSite` only protects users who are already signed in. Another site can still make the visitor's browser submit
/// the sign-in form, and so sign the visitor in under any name (login CSRF). In this shop, login CSRF does no harm. If
/// login CSRF can do harm in your application, also check the `Origin` header.
async fn sign_in(cookies: ShopCookies, State(shop): State<Arc<Shop>>, Form(form): Form<SignIn>) -> Result<Redirect> {
    let theme = cookies.theme().unwrap_or(Theme::Light);
    let key = random_key()?;
    shop.visitors().insert(Session(key.clone()), form.name);
    cookies.set_session(Session(key))?;
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

/// `remove_all` removes each cookie of the set. Each removal header has the attributes that the cookie's declaration
/// sets. With another `Path` or `Domain` in the removal header, the browser would not remove the cookie.
async fn sign_out(cookies: ShopCookies, State(shop): State<Arc<Shop>>) -> Result<Redirect> {
    if let Some(session) = cookies.session() {
        shop.visitors().remove(&session);
    }
    cookies.remove_all()?;
    Ok(Redirect::to("/"))
}

/// An API for clients that are not browsers. The policy lists the path of the API, so hardtack refuses plain HTTP
/// requests to the API and never redirects them.
async fn me(cookies: ShopCookies, State(shop): State<Arc<Shop>>) -> Result<String> {
    let session = cookies.session().ok_or(StatusCode::UNAUTHORIZED)?;
    let name = shop.visitors().get(&session).cloned();
    Ok(name.ok_or(StatusCode::UNAUTHORIZED)?)
}

/// `Bound<Session>` accepts only a proven device. A browser without device-bound sessions is refused with the status
/// 403.
async fn order(session: Bound<Session>, State(shop): State<Arc<Shop>>) -> Result<String> {
    let name = shop.visitors().get(&*session).cloned().ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(format!("{name} has ordered hardtack for six months"))
}

fn random_key() -> Result<String, StatusCode> {
    let mut key = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut key).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("{:032x}", u128::from_be_bytes(key)))
}

// ---- The two ports.

/// Adds the policy's layer to the routes. The request log is outside the policy's layer, so the log records each
/// response as the client receives it.
fn app(routes: Router<Arc<Shop>>, policy: &PolicyHandle) -> Router {
    let shop = Arc::new(Shop::default());
    routes
        // In a debug build, plain HTTP on localhost would count as HTTPS without `strict_loopback`.
        .layer(policy.layer(TlsTermination::per_connection().strict_loopback()))
        .layer(middleware::from_fn_with_state(shop.clone(), request_log::record))
        .with_state(shop)
}

/// Serves the application on both ports. `MarkedAcceptor` marks each connection as TLS or plain HTTP, and
/// `TlsTermination::per_connection` reads the mark.
async fn serve(app: Router, tls: RustlsConfig, ports: Ports, stop: Handle<SocketAddr>) -> io::Result<()> {
    let https = axum_server::from_tcp_rustls(ports.https, tls)?.map(MarkedAcceptor::tls).handle(stop.clone());
    let http = axum_server::from_tcp(ports.http)?.acceptor(MarkedAcceptor::plain()).handle(stop);
    let app = app.into_make_service();
    tokio::try_join!(https.serve(app.clone()), http.serve(app)).map(|_| ())
}

/// The application's two loopback sockets. The sockets are bound before the policy is built, because the policy needs
/// the https port for redirects.
struct Ports {
    https: TcpListener,
    http: TcpListener,
}

impl Ports {
    /// Binds one port for HTTPS and one port for plain HTTP. If a port is in use, binds a free port instead.
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

async fn run() -> Result<(), Box<dyn Error>> {
    let ports = Ports::listen(8443, 8080)?;
    let (https, http) = ports.numbers()?;
    // The shop stores its sessions in memory, so a new key at each start signs nobody out who would stay signed in.
    let keyring = Keyring::new(Key::generate());
    let force = ForceHttps::on().https_port(https).api_paths(["/api"]);
    let policy = Policy::builder().force_https(force).keyring(keyring).build()?;
    let certificate = tls::Certificate::for_names(&["localhost", "127.0.0.1"])?;
    println!(
        "The shop is running. Only this machine can reach it:

  https://localhost:{https}/    the shop; its certificate is self-signed, so the browser shows a warning once
  http://localhost:{http}/     the same shop over plain HTTP: pages are redirected to https, other requests are refused

  curl -k -i -d 'name=Ada&lang=en' https://localhost:{https}/sign-in    sets three cookies
  curl -i -d 'name=Ada&lang=en' http://localhost:{http}/sign-in        status 403, no cookie
  curl -i -H 'Accept: text/html' http://localhost:{http}/              status 308, redirect to https

Press Ctrl-C to stop. `cargo run --example shop -- --tour` visits the shop step by step."
    );
    Ok(serve(app(routes(), &policy.into()), tls_config(&certificate).await?, ports, Handle::new()).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let argument = env::args().nth(1);
    let result = match argument.as_deref() {
        None => run().await,
        Some("--tour") => tour::run().await,
        Some(other) => Err(format!("unknown argument `{other}`; the only argument is `--tour`").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
