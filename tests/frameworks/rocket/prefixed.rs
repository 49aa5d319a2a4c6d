//! Runs the scenarios of `host_prefix` against Rocket's private cookies. Also tests Rocket's plain and flash cookies.

use std::io;
use std::pin::Pin;

use hardtack::rocket::PolicyFairing;
use hardtack::{Policy, TlsTermination};
use rocket::data::{IoHandler, IoStream};
use rocket::http::{Cookie, CookieJar, Header, Status};
use rocket::local::asynchronous::Client;
use rocket::request::{FlashMessage, Request};
use rocket::response::{self, Flash, Responder, Response};
use rocket::{Rocket, get, routes};

use super::suite::prefixed::{SessionLibrary, run_session_scenarios};
use super::suite::{RunningServer, Setup};
use super::{config, launch};

fn user(cookies: &CookieJar<'_>) -> String {
    cookies.get_private("user").map_or_else(|| "nobody".to_owned(), |cookie| cookie.value().to_owned())
}

fn seal_again(cookies: &CookieJar<'_>) {
    if let Some(cookie) = cookies.get_private("user") {
        cookies.add_private(Cookie::new("user", cookie.value().to_owned()));
    }
}

#[get("/sign-in/<user>")]
fn sign_in(user: String, cookies: &CookieJar<'_>) {
    cookies.add_private(Cookie::new("user", user));
}

#[get("/who")]
fn who(cookies: &CookieJar<'_>) -> String {
    user(cookies)
}

#[get("/renew")]
fn renew(cookies: &CookieJar<'_>) {
    seal_again(cookies);
}

#[get("/sign-out")]
fn sign_out(cookies: &CookieJar<'_>) {
    cookies.remove_private("user");
}

#[get("/broken")]
fn broken(cookies: &CookieJar<'_>) -> (Status, String) {
    seal_again(cookies);
    (Status::InternalServerError, user(cookies))
}

#[get("/fails")]
fn fails(cookies: &CookieJar<'_>) -> Result<(), Status> {
    seal_again(cookies);
    Err(Status::InternalServerError)
}

#[get("/upgrade")]
fn upgrade(cookies: &CookieJar<'_>) -> Upgrade {
    Upgrade(user(cookies))
}

/// Responds with status 101 and the user's name, and closes the connection.
struct Upgrade(String);

impl<'r> Responder<'r, 'static> for Upgrade {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build();
        response.status(Status::SwitchingProtocols).header(Header::new("x-user", self.0)).upgrade("test", Closing);
        response.ok()
    }
}

struct Closing;

#[rocket::async_trait]
impl IoHandler for Closing {
    async fn io(self: Pin<Box<Self>>, _: IoStream) -> io::Result<()> {
        Ok(())
    }
}

struct PrivateCookies;

impl SessionLibrary for PrivateCookies {
    const NAME: &'static str = "Rocket, private cookies";
    const COOKIE: &'static str = "user";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        let app = rocket::custom(config(None));
        let routes = routes![sign_in, who, renew, sign_out, broken, fails, upgrade];
        let policy = |policy| PolicyFairing::new(policy, setup.tls_termination.clone());
        launch(setup.policies.into_iter().map(policy).fold(app.mount("/", routes), Rocket::attach)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_cookies_behind_a_prefix() {
    run_session_scenarios::<PrivateCookies>().await;
}

#[get("/plain")]
fn plain(cookies: &CookieJar<'_>) -> String {
    let value = |name| cookies.get(name).map(Cookie::value);
    format!("{:?} {:?} {:?}", value("id"), value("__Host-Http-id"), value("a"))
}

#[get("/flash")]
fn flash(message: Option<FlashMessage<'_>>) -> String {
    message.map_or_else(|| "none".to_owned(), |flash| format!("{}: {}", flash.kind(), flash.message()))
}

#[get("/set-flash")]
fn set_flash() -> Flash<&'static str> {
    Flash::success("set", "saved")
}

/// Rocket's local client puts a cookie into Rocket's jar, and a header into the request.
async fn client(termination: TlsTermination) -> Client {
    let policy = Policy::builder().host_prefix(["id", "_flash"]).force_https(false).build().unwrap();
    let app = rocket::custom(config(None)).mount("/", routes![plain, flash, set_flash]);
    Client::untracked(app.attach(PolicyFairing::new(policy, termination))).await.unwrap()
}

#[tokio::test]
async fn dropped_cookie_reads_as_empty() {
    let https = client(TlsTermination::here()).await;
    let plain_http = client(TlsTermination::none()).await;
    for (client, cookies, body) in [
        (&https, &[("__Host-Http-id", "real"), ("a", "1")][..], "Some(\"real\") Some(\"\") Some(\"1\")"),
        (&https, &[("id", "planted"), ("__Host-Http-id", "real")], "Some(\"real\") Some(\"\") None"),
        // Rocket's jar of request cookies has no method that removes a cookie. So a dropped cookie reads as an empty
        // text.
        (&https, &[("id", "planted")], "Some(\"\") None None"),
        (&https, &[], "None None None"),
        (&plain_http, &[("id", "planted"), ("__Host-Http-id", "real")], "Some(\"\") Some(\"\") None"),
    ] {
        let request = cookies.iter().fold(client.get("/plain"), |request, cookie| request.cookie(*cookie));
        assert_eq!(request.dispatch().await.into_string().await.unwrap(), body, "{cookies:?}");
    }
}

#[tokio::test]
async fn flash_cookie_travels_with_the_prefix() {
    let client = client(TlsTermination::here()).await;
    let response = client.get("/set-flash").dispatch().await;
    let header = response.headers().get_one("set-cookie").unwrap().to_owned();
    let value = header.split(['=', ';']).nth(1).unwrap().replace("%3A", ":");
    assert!(header.starts_with("__Host-Http-_flash=") && value == "7:successsaved", "{header}");
    let planted = client.get("/flash").cookie(("_flash", value.clone())).dispatch().await;
    assert_eq!(planted.into_string().await.unwrap(), "none");
    let read = client.get("/flash").cookie(("__Host-Http-_flash", value)).dispatch().await;
    let removal = read.headers().get_one("set-cookie").unwrap().to_owned();
    assert!(removal.starts_with("__Host-Http-_flash=; ") && removal.contains("; Path=/"), "{removal}");
    assert_eq!(read.into_string().await.unwrap(), "success: saved");
}

#[tokio::test]
async fn renaming_sends_no_cookie_of_its_own() {
    let client = client(TlsTermination::here()).await;
    let request = client.get("/plain").cookie(("id", "planted")).cookie(("__Host-Http-id", "real"));
    let response = request.dispatch().await;
    assert_eq!(response.headers().get("set-cookie").count(), 0);
}
