//! Rocket's guards, errors and catchers around ours: what becomes of a refusal, and whose words a response has.

use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, EventKind, ExtractError, ForeignCookies, Https, Listener, Policy, PolicyHandle};
use rocket::http::{Accept, ContentType, Status};
use rocket::local::asynchronous::LocalRequest;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::content::RawHtml;
use rocket::{catch, catchers, get, routes};

use super::config;
use super::own::{fairing, legacy, local, open};
use super::suite::site::Site;
use super::suite::{NO_HTTPS, SESSION, Session, YEAR};
use super::{foreign, health, proof, remove, set};

#[get("/rude")]
fn rude(https: Option<Https>) -> Result<(), (Status, &'static str)> {
    let _ = https;
    Err((Status::Forbidden, "the handler's own words"))
}

#[catch(403)]
fn forbidden() -> &'static str {
    "the catcher's own words"
}

/// Of the type that Rocket's own has.
#[catch(403)]
fn in_html() -> RawHtml<&'static str> {
    RawHtml("<p>the catcher's own words</p>")
}

#[catch(default)]
fn anything(status: Status, _: &Request<'_>) -> String {
    format!("{} in the catcher's own words", status.code)
}

#[tokio::test]
async fn a_body_that_somebody_wrote_stays() {
    let app = || rocket::custom(config(None)).attach(fairing(open())).mount("/", routes![set, rude, proof]);
    for (app, path, body) in [
        (app(), "/set", NO_HTTPS),
        (app(), "/rude", "the handler's own words"),
        (app(), "/proof", "plain"),
        (app().register("/", catchers![forbidden]), "/set", "the catcher's own words"),
        (app().register("/", catchers![in_html]), "/set", "<p>the catcher's own words</p>"),
        (app().register("/", catchers![anything]), "/set", "403 in the catcher's own words"),
        (app().register("/elsewhere", catchers![anything]), "/set", NO_HTTPS),
    ] {
        let client = local(app).await;
        let response = client.get(path).dispatch().await;
        assert_eq!(response.into_string().await.unwrap(), body);
        // Rocket writes JSON for who prefers it.
        let response = client.get(path).header(Accept::JSON).dispatch().await;
        assert_eq!(response.into_string().await.unwrap(), body);
    }
}

#[get("/careful")]
fn careful(https: Result<Https, ExtractError>) -> Result<&'static str, ExtractError> {
    https.map(|_| "https")
}

#[tokio::test]
async fn a_guards_error_is_a_response_too() {
    let handle = PolicyHandle::new(open().build().unwrap());
    let policy = PolicyFairing::new(handle.clone(), Listener::per_connection());
    let app = rocket::custom(config(None)).attach(policy).mount("/", routes![careful]);
    let client = local(app.register("/", catchers![anything])).await;
    let response = client.get("/careful").dispatch().await;
    assert_eq!((response.status(), response.content_type()), (Status::Forbidden, Some(ContentType::Plain)));
    assert_eq!(response.into_string().await.unwrap(), NO_HTTPS);
    assert_eq!(handle.counters().get(EventKind::RequestRefused), 1);
}

#[tokio::test]
async fn a_result_and_an_option_of_cookies_are_no_refusal() {
    let handle = PolicyHandle::new(open().build().unwrap());
    let policy = PolicyFairing::new(handle.clone(), Listener::per_connection());
    let client = local(rocket::custom(config(None)).attach(policy).mount("/", routes![legacy])).await;
    assert_eq!(client.get("/legacy").dispatch().await.into_string().await.unwrap(), "plain");
    assert_eq!(handle.counters().get(EventKind::RequestRefused), 0);
}

/// A guard over ours, as applications have them.
struct User(Session);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Outcome::Success(cookies) = request.guard::<Cookies>().await else {
            return Outcome::Error((Status::Forbidden, ()));
        };
        match cookies.get() {
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
async fn a_guard_within_a_guard_and_a_clients_own_jar_work() {
    let policy = PolicyFairing::new(Policy::builder().build().unwrap(), Listener::tls());
    let client = local(rocket::custom(config(None)).attach(policy).mount("/", routes![set, user, remove])).await;
    assert_eq!(client.get("/user").dispatch().await.status(), Status::Unauthorized);
    // A local client has its cookies in Rocket's jar alone.
    client.get("/set").dispatch().await;
    assert_eq!(client.get("/user").dispatch().await.into_string().await.unwrap(), "s3cr3t");
    client.get("/remove").dispatch().await;
    assert_eq!(client.get("/user").dispatch().await.status(), Status::Unauthorized);
    let hostile = client.get("/user").private_cookie(("user_id", "7")).cookie(("__Host-Http-session", "a b;é%"));
    assert_eq!(hostile.dispatch().await.into_string().await.unwrap(), "a b;é%");
}

#[tokio::test]
async fn clones_of_a_local_request_are_exchanges_of_their_own() {
    let refuses = Policy::builder().foreign_cookies(ForeignCookies::Refuse).build().unwrap();
    let handle = PolicyHandle::new(refuses);
    let policy = PolicyFairing::new(handle.clone(), Listener::tls());
    let client = local(rocket::custom(config(None)).attach(policy).mount("/", routes![set, foreign])).await;
    let lines = async |request: LocalRequest<'_>| {
        request.dispatch().await.headers().get("Set-Cookie").map(str::to_owned).collect::<Vec<_>>()
    };
    let (set, foreign) = (client.get("/set"), client.get("/foreign"));
    assert_eq!((lines(set.clone()).await, lines(foreign.clone()).await.len()), (vec![SESSION.to_owned()], 0));
    // Nothing of the first exchange, its policy neither, is there in the second.
    handle.apply(Policy::default());
    assert_eq!((lines(set.clone()).await, lines(foreign.clone()).await.len()), (vec![SESSION.to_owned()], 2));
}

#[get("/panics")]
fn panics(cookies: Cookies) -> String {
    cookies.set(Session::new()).unwrap();
    panic!("as a test wants it")
}

#[tokio::test]
async fn a_panic_harms_no_other_exchange_and_keeps_its_own_cookies() {
    let site = Site::https(routes![panics, health], fairing(Policy::builder())).await;
    let (panicked, other) = tokio::join!(site.get("/panics"), site.get("/health"));
    assert_eq!((panicked.status, panicked.lines()), (500, vec![SESSION]));
    assert_eq!(panicked.header("strict-transport-security"), Some(YEAR));
    assert_eq!((other.status, other.body.as_str()), (200, "up"));
    assert_eq!(site.get("/health").await.status, 200);
}
