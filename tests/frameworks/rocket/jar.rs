//! Rocket's own cookies under the policy: private, plain and flash, hardened, held back over plain HTTP and really removed.

use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, EventKind, Listener, Policy, PolicyHandle, TrustedProxies};
use rocket::http::{CookieJar, Status};
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::route::Route;
use rocket::{catch, catchers, get, post, routes};

use super::config;
use super::own::{fairing, open};
use super::suite::client::{Client, Reply};
use super::suite::site::{Site, certificate};
use super::suite::{SESSION, Session};

#[post("/sign-in")]
fn sign_in(jar: &CookieJar<'_>) -> Flash<Redirect> {
    jar.add_private(("user_id", "7"));
    jar.add(("font", "large"));
    Flash::success(Redirect::to("/who"), "welcome")
}

#[get("/who")]
fn who(jar: &CookieJar<'_>, flash: Option<FlashMessage<'_>>) -> String {
    let user = jar.get_private("user_id").map(|user| user.value().to_owned());
    let font = jar.get("font").map(|font| font.value().to_owned());
    format!("{user:?} {font:?} {:?}", flash.map(|flash| flash.message().to_owned()))
}

#[post("/sign-out")]
fn sign_out(jar: &CookieJar<'_>) {
    jar.remove_private("user_id");
    jar.remove("font");
}

fn sessions() -> Vec<Route> {
    routes![sign_in, who, sign_out]
}

/// The names of what a reply sets, and whether each line is Secure.
fn names(reply: &Reply) -> Vec<(&str, bool)> {
    let mut names: Vec<_> =
        reply.lines().iter().map(|line| (line.split('=').next().unwrap(), line.contains("; Secure"))).collect();
    names.sort_unstable();
    names
}

async fn visits(site: &Site) {
    let send = async |method: &str, path: &str| {
        Client::send(site.client.0.request(method.parse().unwrap(), site.url(path))).await
    };
    let reply = send("POST", "/sign-in").await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/who")));
    assert_eq!(names(&reply), [("_flash", true), ("font", true), ("user_id", true)]);
    let line = |name: &str| reply.lines().into_iter().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("user_id").contains("; HttpOnly") && line("user_id").contains("; SameSite=Strict"));
    assert!(!line("user_id").contains("=7;") && line("font").starts_with("font=large; "));
    assert_eq!(reply.header("cache-control"), Some("private"));

    let reply = send("GET", "/who").await;
    assert_eq!(reply.body, "Some(\"7\") Some(\"large\") Some(\"welcome\")");
    // A flash is for one visit.
    assert_eq!(names(&reply), [("_flash", true)]);
    assert_eq!(send("GET", "/who").await.body, "Some(\"7\") Some(\"large\") None");

    let reply = send("POST", "/sign-out").await;
    assert_eq!(names(&reply), [("font", true), ("user_id", true)]);
    assert!(reply.lines().iter().all(|line| line.contains("; Max-Age=0")));
    assert_eq!(send("GET", "/who").await.body, "None None None");
}

#[tokio::test]
async fn rockets_cookies_are_hardened_and_really_removed() {
    visits(&Site::https(sessions(), fairing(Policy::builder())).await).await;
}

#[tokio::test]
async fn behind_a_proxy_rocket_adds_no_secure_and_the_policy_does() {
    let proxy = Listener::behind(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let site = Site::http(sessions(), PolicyFairing::new(Policy::builder().build().unwrap(), proxy)).await;
    let request = site.client.0.post(site.url("/sign-in"));
    let reply = Client::send(request.header("X-Forwarded-Proto", "https")).await;
    assert_eq!(names(&reply), [("_flash", true), ("font", true), ("user_id", true)]);
    assert!(reply.lines().contains(&"font=large; SameSite=Strict; Path=/; Secure"), "{:?}", reply.lines());
}

#[tokio::test]
async fn rockets_cookies_are_held_back_over_plain_http() {
    let handle = PolicyHandle::new(open().build().unwrap());
    let site = Site::http(sessions(), PolicyFairing::new(handle.clone(), Listener::per_connection())).await;
    let reply = Client::send(site.client.0.post(site.url("/sign-in"))).await;
    assert_eq!((reply.status, reply.lines()), (303, vec![]));
    assert_eq!(handle.counters().get(EventKind::LineHeldBack), 3);
    assert_eq!(site.get("/who").await.body, "None None None");
}

#[get("/both")]
fn both(cookies: Cookies, jar: &CookieJar<'_>) -> Result<(), Status> {
    cookies.set(Session::new()).unwrap();
    jar.add(("font", "large"));
    Err(Status::ImATeapot)
}

#[tokio::test]
async fn a_catcher_forgets_rockets_cookies_and_keeps_ours() {
    let certificate = certificate();
    let app =
        rocket::custom(config(Some(certificate.clone()))).attach(fairing(Policy::builder())).mount("/", routes![both]);
    let site = Site::new(app.register("/", catchers![stout]), certificate, true).await;
    let reply = site.get("/both").await;
    assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (418, vec![SESSION], "short and stout"));
}

#[catch(418)]
fn stout() -> &'static str {
    "short and stout"
}
