//! Tests the plain, private and flash cookies of Rocket's own jar together with the policy. Over HTTPS, the policy
//! hardens the cookies of Rocket's jar. Over plain HTTP, the policy drops the cookies of Rocket's jar. If Rocket's jar
//! removes a cookie, the browser must remove the cookie too.

use hardtack::event::Kind;
use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, Policy, PolicyHandle, TlsTermination, TrustedProxies};
use rocket::http::{CookieJar, Status};
use rocket::request::FlashMessage;
use rocket::response::{Flash, Redirect};
use rocket::route::Route;
use rocket::{catch, catchers, get, post, routes};

use super::config;
use super::specifics::{fairing, policy_allowing_http};
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

fn jar_routes() -> Vec<Route> {
    routes![sign_in, who, sign_out]
}

/// Returns the name of the cookie in each `Set-Cookie` header, and true if the cookie is Secure. The cookies are sorted
/// by name.
fn names_and_secure(reply: &Reply) -> Vec<(&str, bool)> {
    let mut names: Vec<_> = reply
        .set_cookies()
        .iter()
        .map(|set_cookie| (set_cookie.split('=').next().unwrap(), set_cookie.contains("; Secure")))
        .collect();
    names.sort_unstable();
    names
}

/// Asserts that plain, private and flash cookies are set, read and removed.
async fn assert_rocket_cookies_work(site: &Site) {
    let send = async |method: &str, path: &str| {
        Client::send(site.client.0.request(method.parse().unwrap(), site.url(path))).await
    };
    let reply = send("POST", "/sign-in").await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/who")));
    assert_eq!(names_and_secure(&reply), [("_flash", true), ("font", true), ("user_id", true)]);
    let set_cookie =
        |name: &str| reply.set_cookies().into_iter().find(|value| value.starts_with(name)).unwrap().to_owned();
    assert!(set_cookie("user_id").contains("; HttpOnly") && set_cookie("user_id").contains("; SameSite=Strict"));
    assert!(!set_cookie("user_id").contains("=7;") && set_cookie("font").starts_with("font=large; "));
    assert_eq!(reply.header("cache-control"), Some("private"));

    let reply = send("GET", "/who").await;
    assert_eq!(reply.body, "Some(\"7\") Some(\"large\") Some(\"welcome\")");
    // Rocket removes a flash cookie after a handler has read the cookie.
    assert_eq!(names_and_secure(&reply), [("_flash", true)]);
    assert_eq!(send("GET", "/who").await.body, "Some(\"7\") Some(\"large\") None");

    let reply = send("POST", "/sign-out").await;
    assert_eq!(names_and_secure(&reply), [("font", true), ("user_id", true)]);
    assert!(reply.set_cookies().iter().all(|set_cookie| set_cookie.contains("; Max-Age=0")));
    assert_eq!(send("GET", "/who").await.body, "None None None");
}

#[tokio::test]
async fn rocket_cookies_are_hardened_and_removed() {
    assert_rocket_cookies_work(&Site::https(jar_routes(), fairing(Policy::builder())).await).await;
}

#[tokio::test]
async fn policy_adds_secure_behind_a_proxy() {
    let proxy = TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let site = Site::http(jar_routes(), PolicyFairing::new(Policy::builder().build().unwrap(), proxy)).await;
    let request = site.client.0.post(site.url("/sign-in"));
    let reply = Client::send(request.header("X-Forwarded-Proto", "https")).await;
    assert_eq!(names_and_secure(&reply), [("_flash", true), ("font", true), ("user_id", true)]);
    assert!(reply.set_cookies().contains(&"font=large; SameSite=Strict; Path=/; Secure"), "{:?}", reply.set_cookies());
}

#[tokio::test]
async fn rocket_cookies_are_dropped_over_http() {
    let handle = PolicyHandle::new(policy_allowing_http().build().unwrap());
    let site = Site::http(jar_routes(), PolicyFairing::new(handle.clone(), TlsTermination::per_connection())).await;
    let reply = Client::send(site.client.0.post(site.url("/sign-in"))).await;
    assert_eq!((reply.status, reply.set_cookies()), (303, vec![]));
    assert_eq!(handle.counters().get(Kind::HeaderDropped), 3);
    assert_eq!(site.get("/who").await.body, "None None None");
}

#[get("/both")]
fn both(cookies: Cookies, jar: &CookieJar<'_>) -> Result<(), Status> {
    cookies.set(Session::new()).unwrap();
    jar.add(("font", "large"));
    Err(Status::ImATeapot)
}

#[tokio::test]
async fn catcher_keeps_only_declared_cookies() {
    let certificate = certificate();
    let app =
        rocket::custom(config(Some(certificate.clone()))).attach(fairing(Policy::builder())).mount("/", routes![both]);
    let site = Site::new(app.register("/", catchers![stout]), certificate, true).await;
    let reply = site.get("/both").await;
    assert_eq!((reply.status, reply.set_cookies(), reply.body.as_str()), (418, vec![SESSION], "short and stout"));
}

#[catch(418)]
fn stout() -> &'static str {
    "short and stout"
}
