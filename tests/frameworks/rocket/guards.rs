//! Tests Rocket's guards, errors and catchers together with hardtack's guards. Checks the status and the body of the
//! responses.

use hardtack::event::Kind;
use hardtack::policy::UndeclaredCookies;
use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, ExtractError, Https, Policy, PolicyHandle, TlsTermination};
use rocket::error::ErrorKind;
use rocket::http::{Accept, ContentType, Status};
use rocket::local::asynchronous::{Client as LocalClient, LocalRequest};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::content::RawHtml;
use rocket::{Ignite, Rocket, Sentinel, catch, catchers, get, routes};

use super::config;
use super::specifics::{fairing, legacy, local, policy_allowing_http};
use super::suite::site::Site;
use super::suite::{HTTPS_ONLY, ONE_YEAR_HSTS, SESSION, Session};
use super::{health, proof, remove, set, undeclared};

#[get("/forbidden")]
fn forbidden_by_handler(https: Option<Https>) -> Result<(), (Status, &'static str)> {
    let _ = https;
    Err((Status::Forbidden, "the handler's body"))
}

#[catch(403)]
fn forbidden() -> &'static str {
    "the catcher's body"
}

/// A catcher whose response has the same content type as the response of Rocket's default catcher.
#[catch(403)]
fn in_html() -> RawHtml<&'static str> {
    RawHtml("<p>the catcher's body</p>")
}

#[catch(default)]
fn anything(status: Status, _: &Request<'_>) -> String {
    format!("{} in the catcher's body", status.code)
}

#[tokio::test]
async fn bodies_of_handlers_and_catchers_are_unchanged() {
    let app = || {
        rocket::custom(config(None))
            .attach(fairing(policy_allowing_http()))
            .mount("/", routes![set, forbidden_by_handler, proof])
    };
    for (app, path, body) in [
        (app(), "/set", HTTPS_ONLY),
        (app(), "/forbidden", "the handler's body"),
        (app(), "/proof", "plain"),
        (app().register("/", catchers![forbidden]), "/set", "the catcher's body"),
        (app().register("/", catchers![in_html]), "/set", "<p>the catcher's body</p>"),
        (app().register("/", catchers![anything]), "/set", "403 in the catcher's body"),
        (app().register("/elsewhere", catchers![anything]), "/set", HTTPS_ONLY),
    ] {
        let client = local(app).await;
        let response = client.get(path).dispatch().await;
        assert_eq!(response.into_string().await.unwrap(), body);
        // Rocket's default catcher sends JSON to clients that prefer JSON.
        let response = client.get(path).header(Accept::JSON).dispatch().await;
        assert_eq!(response.into_string().await.unwrap(), body);
    }
}

#[get("/careful")]
fn careful(https: Result<Https, ExtractError>) -> Result<&'static str, ExtractError> {
    https.map(|_| "https")
}

#[tokio::test]
async fn extract_error_can_be_the_response() {
    let handle = PolicyHandle::new(policy_allowing_http().build().unwrap());
    let policy = PolicyFairing::new(handle.clone(), TlsTermination::per_connection());
    let app = rocket::custom(config(None)).attach(policy).mount("/", routes![careful]);
    let client = local(app.register("/", catchers![anything])).await;
    let response = client.get("/careful").dispatch().await;
    assert_eq!((response.status(), response.content_type()), (Status::Forbidden, Some(ContentType::Plain)));
    assert_eq!(response.into_string().await.unwrap(), HTTPS_ONLY);
    assert_eq!(handle.counters().get(Kind::RequestRefused), 1);
}

#[tokio::test]
async fn option_and_result_guards_emit_no_refusal() {
    let handle = PolicyHandle::new(policy_allowing_http().build().unwrap());
    let policy = PolicyFairing::new(handle.clone(), TlsTermination::per_connection());
    let client = local(rocket::custom(config(None)).attach(policy).mount("/", routes![legacy])).await;
    assert_eq!(client.get("/legacy").dispatch().await.into_string().await.unwrap(), "plain");
    assert_eq!(handle.counters().get(Kind::RequestRefused), 0);
}

/// A guard that calls hardtack's guard, as the guards of many applications do.
struct User(Session);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Outcome::Success(cookies) = request.guard::<Cookies>().await else {
            return Outcome::Error((Status::Forbidden, ()));
        };
        match cookies.try_get() {
            Ok(Some(session)) => Outcome::Success(User(session)),
            Ok(None) | Err(_) => Outcome::Forward(Status::Unauthorized),
        }
    }
}

#[get("/user")]
fn user(user: User) -> String {
    user.0.0
}

#[tokio::test]
async fn cookies_guard_works_inside_another_guard() {
    let policy = PolicyFairing::new(Policy::builder().build().unwrap(), TlsTermination::here());
    let client = local(rocket::custom(config(None)).attach(policy).mount("/", routes![set, user, remove])).await;
    assert_eq!(client.get("/user").dispatch().await.status(), Status::Unauthorized);
    // The requests of a local client have no `Cookie` header. Rocket's jar contains the cookies.
    client.get("/set").dispatch().await;
    assert_eq!(client.get("/user").dispatch().await.into_string().await.unwrap(), "s3cr3t");
    client.get("/remove").dispatch().await;
    assert_eq!(client.get("/user").dispatch().await.status(), Status::Unauthorized);
    let hostile = client.get("/user").private_cookie(("user_id", "7")).cookie(("__Host-Http-session", "a b;é%"));
    assert_eq!(hostile.dispatch().await.into_string().await.unwrap(), "a b;é%");
}

/// A guard that refuses the launch without the policy, as the docs of `PolicyFairing` show.
struct CheckedUser(#[allow(dead_code, reason = "only the guard is under test")] User);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CheckedUser {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        User::from_request(request).await.map(CheckedUser)
    }
}

impl Sentinel for CheckedUser {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        <Cookies as Sentinel>::abort(rocket)
    }
}

#[get("/checked-user")]
fn checked_user(_user: CheckedUser) {}

#[tokio::test]
async fn own_guard_needs_a_sentinel_to_refuse_the_launch() {
    let launch = async |routes| rocket::custom(config(None)).mount("/", routes).ignite().await;
    // Rocket does not see that the guard `User` requests `Cookies`. The request is refused instead.
    let client = LocalClient::tracked(launch(routes![user]).await.unwrap()).await.unwrap();
    assert_eq!(client.get("/user").dispatch().await.status(), Status::Forbidden);
    let error = launch(routes![checked_user]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SentinelAborts(_)), "{error}");
    // With the policy, both applications launch.
    let app = rocket::custom(config(None)).attach(fairing(Policy::builder()));
    app.mount("/", routes![user, checked_user]).ignite().await.unwrap();
}

#[tokio::test]
async fn clones_of_a_local_request_are_independent() {
    let refusing = Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse).build().unwrap();
    let handle = PolicyHandle::new(refusing);
    let policy = PolicyFairing::new(handle.clone(), TlsTermination::here());
    let client = local(rocket::custom(config(None)).attach(policy).mount("/", routes![set, undeclared])).await;
    let send = async |request: LocalRequest<'_>| {
        request.dispatch().await.headers().get("Set-Cookie").map(str::to_owned).collect::<Vec<_>>()
    };
    let (set, undeclared) = (client.get("/set"), client.get("/undeclared"));
    assert_eq!((send(set.clone()).await, send(undeclared.clone()).await.len()), (vec![SESSION.to_owned()], 0));
    // If a test sends a request and then a clone of the request, the clone has its own state. The handle's new policy
    // applies to the clone.
    handle.apply(Policy::default());
    assert_eq!((send(set.clone()).await, send(undeclared.clone()).await.len()), (vec![SESSION.to_owned()], 2));
}

#[get("/panics")]
fn panics(cookies: Cookies) -> String {
    cookies.set(Session::new()).unwrap();
    panic!("on purpose, in a test")
}

#[tokio::test]
async fn panic_response_keeps_cookies_and_hsts() {
    let site = Site::https(routes![panics, health], fairing(Policy::builder())).await;
    let (panicked, other) = tokio::join!(site.get("/panics"), site.get("/health"));
    assert_eq!((panicked.status, panicked.set_cookies()), (500, vec![SESSION]));
    assert_eq!(panicked.header("strict-transport-security"), Some(ONE_YEAR_HSTS));
    assert_eq!((other.status, other.body.as_str()), (200, "up"));
    assert_eq!(site.get("/health").await.status, 200);
}
