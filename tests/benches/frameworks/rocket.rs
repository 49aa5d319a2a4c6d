//! Rocket, with a connection, because Rocket's local client does not parse `Cookie` headers. The client and the server
//! run in one thread.

use std::cell::RefCell;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, Policy, TlsTermination};
use hardtack_benches::Operation;
use hardtack_benches::requests::{CART, SESSION, THEME, cookie_header};
use rocket::config::{Config, LogLevel};
use rocket::fairing::AdHoc;
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::time::Duration;
use rocket::{get, routes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::{Kind, NEW, all, check, read, set};

pub(crate) fn operations(count: usize) -> Vec<(String, Operation)> {
    let runtime = Rc::new(Builder::new_current_thread().enable_all().build().unwrap());
    all(|kind, path| send(&runtime, kind, path, count))
}

#[get("/nothing")]
fn nothing() {}

#[get("/read")]
fn read_ours(cookies: Cookies) {
    read(&cookies);
}

#[get("/set")]
fn set_ours(cookies: Cookies) {
    read(&cookies);
    set(&cookies);
}

fn check_own(cookies: &CookieJar<'_>) {
    let value = |name| cookies.get(name).unwrap().value().to_owned();
    check(&value(SESSION.0), &value(CART.0), &value(THEME.0));
}

#[get("/read")]
fn read_own(cookies: &CookieJar<'_>) {
    check_own(cookies);
}

#[get("/set")]
fn set_own(cookies: &CookieJar<'_>) {
    check_own(cookies);
    let cookie = Cookie::build((SESSION.0, black_box(NEW).to_owned()))
        .path("/")
        .max_age(Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax);
    cookies.add(cookie);
}

/// Starts a server. Returns a connection to the server.
async fn connect(kind: Kind) -> TcpStream {
    let config =
        Config { address: Ipv4Addr::LOCALHOST.into(), port: 0, log_level: LogLevel::Off, ..Config::debug_default() };
    let app = rocket::custom(config);
    let app = match kind {
        Kind::None | Kind::Own => app.mount("/", routes![nothing, read_own, set_own]),
        Kind::Hardtack => {
            let policy = PolicyFairing::new(Policy::default(), TlsTermination::here());
            app.attach(policy).mount("/", routes![nothing, read_ours, set_ours])
        }
    };
    let (sender, receiver) = oneshot::channel();
    let app = app.attach(AdHoc::on_liftoff("address", |rocket| {
        let _ = sender.send(rocket.config().port);
        Box::pin(async {})
    }));
    tokio::spawn(app.launch());
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, receiver.await.unwrap()))).await.unwrap()
}

fn send(runtime: &Rc<Runtime>, kind: Kind, path: &'static str, count: usize) -> Operation {
    let request = format!("GET {path} HTTP/1.1\r\nHost: www.example.com\r\nCookie: {}\r\n\r\n", cookie_header(count));
    let runtime = runtime.clone();
    // The server starts with the first operation, so that the program only starts the server of one case.
    let connection: RefCell<Option<TcpStream>> = RefCell::new(None);
    Box::new(move || {
        let mut connection = connection.borrow_mut();
        let connection = connection.get_or_insert_with(|| runtime.block_on(connect(kind)));
        runtime.block_on(async {
            connection.write_all(request.as_bytes()).await.unwrap();
            let (mut response, mut length) = ([0; 4096], 0);
            while !response[..length].ends_with(b"\r\n\r\n") {
                length += connection.read(&mut response[length..]).await.unwrap();
            }
            let response = &response[..length];
            assert!(response.starts_with(b"HTTP/1.1 200 "));
            assert_eq!(memchr::memmem::find(response, b"set-cookie: ").is_some(), path == "/set");
            black_box(response);
        });
    })
}
