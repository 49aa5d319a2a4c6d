//! Runs the scenarios of `host_prefix` against salvo's sessions and against salvo's own cookie jar.

use hardtack::Policy;
use hardtack::salvo::PolicyHoop;
use salvo::http::StatusError;
use salvo::http::cookie::Cookie;
use salvo::prelude::{Depot, Handler, Request, Response, Router, Service, StatusCode, handler};
use salvo::session::{CookieStore, MemoryStore, SessionDepotExt as _, SessionHandler};

use super::suite::prefixed::{OVER_HTTPS, SessionLibrary, behind_proxy, run_session_scenarios};
use super::suite::site::{Site, certificate};
use super::suite::{RunningServer, Setup};

const SECRET: &[u8; 64] = b"sixty-four bytes for salvo's session, of no worth outside tests.";

async fn serve_routes(setup: Setup, routes: Router) -> RunningServer {
    let hoop = |policy| PolicyHoop::new(policy, setup.tls_termination.clone());
    super::serve(setup.policies.into_iter().map(hoop).fold(Service::new(routes), Service::hoop), None).await
}

fn user(depot: &Depot) -> String {
    depot.session().and_then(|session| session.get("user")).unwrap_or_else(|| "nobody".to_owned())
}

fn change(depot: &mut Depot) {
    if let Some(session) = depot.session_mut() {
        let count = session.get::<u32>("count").unwrap_or_default();
        session.insert("count", count + 1).unwrap();
    }
}

#[handler]
fn sign_in(req: &mut Request, depot: &mut Depot) {
    let name: String = req.param("user").unwrap();
    let session = depot.session_mut().unwrap();
    session.regenerate();
    session.insert("user", name).unwrap();
}

#[handler]
fn who(depot: &mut Depot) -> String {
    user(depot)
}

#[handler]
fn renew(depot: &mut Depot) {
    depot.session_mut().unwrap().regenerate();
    change(depot);
}

#[handler]
fn sign_out(depot: &mut Depot) {
    depot.session_mut().unwrap().destroy();
}

#[handler]
fn broken(depot: &mut Depot, res: &mut Response) {
    change(depot);
    res.status_code(StatusCode::INTERNAL_SERVER_ERROR);
    res.render(user(depot));
}

#[handler]
fn fails(depot: &mut Depot) -> Result<&'static str, StatusError> {
    change(depot);
    Err(StatusError::internal_server_error())
}

#[handler]
fn upgrade(depot: &mut Depot, res: &mut Response) {
    upgrade_response(res, &user(depot));
}

fn upgrade_response(res: &mut Response, user: &str) {
    res.status_code(StatusCode::SWITCHING_PROTOCOLS);
    for (name, value) in [("connection", "upgrade"), ("upgrade", "test"), ("x-user", user)] {
        res.add_header(name, value, true).unwrap();
    }
}

fn session_routes(sessions: impl Handler) -> Router {
    let at = Router::with_path;
    Router::new()
        .hoop(sessions)
        .push(at("sign-in/{user}").get(sign_in))
        .push(at("who").get(who))
        .push(at("renew").get(renew))
        .push(at("sign-out").get(sign_out))
        .push(at("broken").get(broken))
        .push(at("fails").get(fails))
        .push(at("upgrade").get(upgrade))
}

struct CookieSessions;

impl SessionLibrary for CookieSessions {
    const NAME: &'static str = "salvo, CookieStore";
    const COOKIE: &'static str = "salvo.session.id";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        let sessions = SessionHandler::builder(CookieStore::new(), SECRET).build().unwrap();
        serve_routes(setup, session_routes(sessions)).await
    }
}

struct MemorySessions;

impl SessionLibrary for MemorySessions {
    const NAME: &'static str = "salvo, MemoryStore";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = true;

    async fn serve(setup: Setup) -> RunningServer {
        let sessions = SessionHandler::builder(MemoryStore::new(), SECRET).cookie_name("id").build().unwrap();
        serve_routes(setup, session_routes(sessions)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookie_store_behind_a_prefix() {
    run_session_scenarios::<CookieSessions>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_store_behind_a_prefix() {
    run_session_scenarios::<MemorySessions>().await;
}

/// Returns the cookie `id` from each of salvo's two jars, and the `Cookie` header. Sets a cookie in the response's jar.
#[handler]
fn jars(req: &mut Request, res: &mut Response) -> String {
    let value = |cookie: Option<&Cookie<'static>>| cookie.map_or("none".to_owned(), |cookie| cookie.value().to_owned());
    let (request, response) = (value(req.cookie("id")), value(res.cookie("id")));
    let wire_name = req.cookie("__Host-Http-id").is_some();
    res.add_cookie(Cookie::new("id", "new"));
    let header: String = req.header("cookie").unwrap_or_default();
    format!("{request} {response} {wire_name} [{header}]")
}

#[handler]
fn outside(res: &mut Response) {
    res.add_cookie(Cookie::new("outside", "1"));
}

#[tokio::test]
async fn both_jars_of_salvo_are_renamed() {
    let policy = Policy::builder().host_prefix(["id"]).build().unwrap();
    let hoop = PolicyHoop::new(policy, behind_proxy());
    let service = Service::new(Router::with_path("jars").get(jars)).hoop(outside).hoop(hoop);
    let site = Site::from_server(super::serve(service, None).await, certificate(), false, |client| client);
    for (cookies, body) in [
        ("id=planted; __Host-Http-id=real; a=1", "real real false [id=real; a=1]"),
        ("%69d=planted; a=1", "none none false [a=1]"),
        ("id=planted", "none none false []"),
        ("a=1", "none none false [a=1]"),
    ] {
        let reply = site.get_with("/jars", &[("cookie", cookies), OVER_HTTPS]).await;
        assert_eq!(reply.body, body, "{cookies}");
        let mut headers = reply.set_cookies();
        headers.sort_unstable();
        assert_eq!(headers[0], "__Host-Http-id=new; Path=/; Secure; HttpOnly; SameSite=Lax", "{cookies}");
        assert!(headers[1].starts_with("outside=1") && headers.len() == 2, "{headers:?}");
    }
}
