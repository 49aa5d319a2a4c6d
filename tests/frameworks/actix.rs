//! Runs the common test scenarios on actix-web. Defines the actix-web routes that the scenarios need. The tests of
//! actix-web's own features are in `actix/specifics.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "actix/sessions.rs"]
mod sessions;
#[path = "actix/specifics.rs"]
mod specifics;
mod suite;

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::SET_COOKIE;
use actix_web::rt::System;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{App, Error, HttpResponse, HttpServer};
use hardtack::actix::PolicyMiddleware;
use hardtack::device_bound::Bound;
use hardtack::tls::Peer;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, SetError};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use suite::tls::Certificate;
use suite::{
    Account, Framework, RunningServer, Session, Setup, SiteCookies, chromium, handlers, load, run_all_scenarios,
};

struct Actix;

impl Framework for Actix {
    const NAME: &'static str = "actix";
    const DIFFERENCES: &'static [(&'static str, &'static str)] = &[(
        "missing_policy_with_optional_proof_is_a_500",
        "actix-web's own `Option<T>` drops every error of `T`: `Option<Https>` is `None`",
    )];

    // For each worker, actix-web keeps up to 128 request objects and 128 request-head objects for reuse. So the memory
    // usage of actix-web varies by about 2 MiB, but does not grow with time.
    const POOL_BYTES: usize = 4 << 20;

    async fn serve(setup: Setup) -> RunningServer {
        let socket = Socket::bind(setup.certificate.as_ref());
        let middleware = |policy| PolicyMiddleware::new(policy, setup.tls_termination.clone());
        // The type of the `App` depends on the number of `wrap` calls, so each number of policies needs its own match
        // arm.
        let server = match &setup.policies.into_iter().map(middleware).collect::<Vec<_>>()[..] {
            [] => serve(|| App::new().configure(routes), vec![socket], setup.peer).await,
            [policy] => {
                let policy = policy.clone();
                serve(move || App::new().configure(routes).wrap(policy.clone()), vec![socket], setup.peer).await
            }
            [inner, outer] => {
                let (inner, outer) = (inner.clone(), outer.clone());
                let app = move || App::new().configure(routes).wrap(inner.clone()).wrap(outer.clone());
                serve(app, vec![socket], setup.peer).await
            }
            more => panic!("{} policies", more.len()),
        };
        RunningServer::new(server.addresses[0], move || drop(server))
    }
}

// ---- A server.

enum Socket {
    Tls(TcpListener, Box<ServerConfig>),
    Plain(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    /// Binds a loopback socket. The operating system chooses the port.
    fn bind(tls: Option<&Certificate>) -> Socket {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let Some(certificate) = tls else { return Socket::Plain(socket) };
        let chain = vec![CertificateDer::from_pem_slice(certificate.pem.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
        let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        Socket::Tls(socket, Box::new(tls))
    }

    fn address(&self) -> Option<SocketAddr> {
        match self {
            Socket::Tls(socket, _) | Socket::Plain(socket) => socket.local_addr().ok(),
            Socket::Unix(_) => None,
        }
    }
}

/// A running `HttpServer`. The server stops when the value is dropped.
struct Server {
    addresses: Vec<SocketAddr>,
    handle: ServerHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The call of `stop` stops the server. The returned future only waits until the server has stopped, so the code
        // drops the future.
        drop(self.handle.stop(false));
    }
}

/// Serves in a new thread, because actix-web's services cannot move to another thread.
async fn serve<T, B>(
    app: impl Fn() -> App<T> + Clone + Send + 'static,
    sockets: Vec<Socket>,
    peer: Option<IpAddr>,
) -> Server
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    B: MessageBody + 'static,
{
    let addresses = sockets.iter().filter_map(Socket::address).collect();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        System::new().block_on(async move {
            let set_peer = move |_: &dyn Any, connection: &mut Extensions| {
                if let Some(peer) = peer {
                    connection.insert(Peer(peer));
                }
            };
            let mut server = HttpServer::new(app).workers(1).disable_signals().on_connect(set_peer);
            for socket in sockets {
                server = match socket {
                    Socket::Tls(socket, tls) => server.listen_rustls_0_23(socket, *tls),
                    Socket::Plain(socket) => server.listen(socket),
                    Socket::Unix(socket) => server.listen_uds(socket),
                }
                .unwrap();
            }
            let server = server.run();
            let _ = sender.send(server.handle());
            server.await.unwrap();
        });
    });
    Server { addresses, handle: receiver.await.unwrap() }
}

// ---- The routes of the scenarios.

fn routes(app: &mut ServiceConfig) {
    app.route("/set", web::get().to(async |cookies: Cookies| handlers::set(&cookies)))
        .route("/get", web::get().to(async |cookies: Cookies| handlers::get(&cookies)))
        .route("/cart", web::get().to(async |cookies: Cookies| handlers::cart(&cookies)))
        .route("/seal", web::get().to(async |cookies: Cookies| handlers::seal(&cookies)))
        .route("/unseal", web::get().to(async |cookies: Cookies| handlers::unseal(&cookies)))
        .route("/pay", web::get().to(async |account: Bound<Account>| handlers::pay(&account)))
        .route("/remove", web::get().to(async |cookies: Cookies| handlers::remove(&cookies)))
        .route("/last", web::get().to(async |cookies: Cookies| handlers::last(&cookies)))
        .route("/many", web::get().to(async |site: SiteCookies| handlers::many(&site)))
        .route("/vary", web::get().to(async |site: SiteCookies| handlers::vary(&site)))
        .route("/site", web::get().to(async |site: SiteCookies| handlers::site(&site)))
        .route("/either", web::get().to(async |cookies: Cookies<AnyScheme>| handlers::either(&cookies)))
        .route("/banner", web::get().to(async |cookies: Cookies<PlainHttp>| handlers::banner(&cookies)))
        .route("/maybe", web::get().to(async |cookies: Option<Cookies>| handlers::maybe(cookies)))
        .route(
            "/step/{n}",
            web::get().to(async |n: web::Path<u32>, cookies: Cookies| handlers::step(&cookies, n.into_inner())),
        )
        .route("/proof", web::get().to(async |https: Option<Https>| handlers::proof(https)))
        .route("/strict", web::get().to(async |_: Https| "https"))
        .route("/fails", web::get().to(fails))
        .route("/too-large", web::get().to(async |cookies: Cookies| handlers::too_large(&cookies)))
        .route("/undeclared", web::get().to(undeclared))
        .route("/by-hand", web::get().to(by_hand))
        .route("/hsts", web::get().to(hsts))
        .route("/late", web::get().to(late))
        .route("/health", web::get().to(async || "up"))
        .route("/load/{n}", web::get().to(under_load))
        .route("/large/{n}", web::get().to(large))
        .route("/lots/{n}", web::get().to(lots))
        .route("/panic/{n}", web::get().to(panics))
        .service(web::scope("/api").route("/me", web::get().to(async |cookies: Cookies| handlers::me(&cookies))));
}

async fn fails(cookies: Cookies) -> Result<&'static str, Error> {
    cookies.set(Session::new())?;
    Err(ErrorInternalServerError("the database is down"))
}

async fn undeclared() -> HttpResponse {
    HttpResponse::Ok()
        .append_header((SET_COOKIE, "PHPSESSID=3f9a; path=/forum"))
        .append_header((SET_COOKIE, "seen=1"))
        .insert_header(("Cache-Control", "public, max-age=60"))
        .body("from the forum")
}

async fn by_hand() -> HttpResponse {
    HttpResponse::Ok().insert_header((SET_COOKIE, "legacy=1; Secure")).body("from old code")
}

async fn hsts() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Strict-Transport-Security", "max-age=1")).finish()
}

async fn late(cookies: Cookies) -> HttpResponse {
    let body = async move { Ok::<_, Error>(Bytes::from(handlers::late(&cookies))) };
    HttpResponse::Ok().streaming(futures_util::stream::once(body))
}

async fn under_load(n: web::Path<u32>, site: SiteCookies, cookies: Cookies) -> Result<String, Error> {
    let read = load::read(&site, &cookies)?;
    load::pause(*n).await;
    load::set(&site, &cookies, *n)?;
    Ok(read)
}

async fn large(n: web::Path<u32>, cookies: Cookies) -> Result<String, SetError> {
    cookies.set(load::session(*n))?;
    Ok(load::large())
}

async fn lots(n: web::Path<u32>, site: SiteCookies) -> Result<&'static str, SetError> {
    load::set_lots(&site, *n).map(|()| "")
}

async fn panics(n: web::Path<u32>, cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(load::session(*n))?;
    load::panics()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actix_passes_all_scenarios() {
    run_all_scenarios::<Actix>().await;
}

#[test]
fn actix_refreshes_sessions_of_chromium() {
    chromium::proves_its_device::<Actix>();
}

#[test]
fn actix_holds_under_load() {
    load::under_load::<Actix>();
}
