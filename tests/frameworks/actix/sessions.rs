//! Runs the scenarios of `host_prefix` against the session libraries of actix-web: actix-session with an encrypted or a
//! signed cookie, and actix-identity. Also tests a middleware that parses the cookies outside the policy's middleware.

use std::sync::{Arc, Mutex};

use actix_identity::{Identity, IdentityMiddleware};
use actix_session::config::CookieContentSecurity;
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::dev::Service as _;
use actix_web::error::ErrorInternalServerError;
use actix_web::middleware::Condition;
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{App, Error, HttpMessage as _, HttpRequest, HttpResponse};
use hardtack::actix::PolicyMiddleware;
use hardtack::event::Code;
use hardtack::tls::Transport;
use hardtack::{Policy, PolicyHandle, TlsTermination};

use super::suite::prefixed::{SessionLibrary, run_session_scenarios};
use super::suite::{RunningServer, Setup};
use super::{Socket, serve};

fn sessions(security: CookieContentSecurity) -> SessionMiddleware<CookieSessionStore> {
    let sessions = SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[7; 64]));
    sessions.cookie_content_security(security).build()
}

/// Returns the response of a handshake.
fn upgrade(user: &str) -> HttpResponse {
    HttpResponse::SwitchingProtocols().upgrade("test").insert_header(("x-user", user)).finish()
}

fn user(session: &Session) -> String {
    session.get("user").unwrap().unwrap_or_else(|| "nobody".to_owned())
}

/// Changes the session. The cookie contains the counter, so the cookie's value changes too.
fn change(session: &Session) {
    let count: u32 = session.get("count").unwrap().unwrap_or_default();
    session.insert("count", count + 1).unwrap();
}

fn session_routes(app: &mut ServiceConfig) {
    app.route(
        "/sign-in/{user}",
        web::get().to(async |user: Path<String>, session: Session| {
            session.renew();
            session.insert("user", user.into_inner()).unwrap();
            "signed in"
        }),
    )
    .route("/who", web::get().to(async |session: Session| user(&session)))
    .route(
        "/renew",
        web::get().to(async |session: Session| {
            session.renew();
            change(&session);
            "renewed"
        }),
    )
    .route(
        "/sign-out",
        web::get().to(async |session: Session| {
            session.purge();
            "signed out"
        }),
    )
    .route(
        "/broken",
        web::get().to(async |session: Session| {
            change(&session);
            HttpResponse::InternalServerError().body(user(&session))
        }),
    )
    .route(
        "/fails",
        web::get().to(async |session: Session| {
            change(&session);
            Err::<&str, Error>(ErrorInternalServerError("failed"))
        }),
    )
    .route("/upgrade", web::get().to(async |session: Session| upgrade(&user(&session))));
}

/// Returns the policy's middleware, and true if the application needs a second middleware inside it.
fn policy(setup: Setup) -> (PolicyMiddleware, bool) {
    (PolicyMiddleware::new(setup.policies[0].clone(), setup.tls_termination), setup.policies.len() > 1)
}

async fn serve_sessions(setup: Setup, security: fn() -> CookieContentSecurity) -> RunningServer {
    let (policy, is_nested) = policy(setup);
    let app = move || {
        App::new()
            .configure(session_routes)
            .wrap(sessions(security()))
            .wrap(Condition::new(is_nested, policy.clone()))
            .wrap(policy.clone())
    };
    let server = serve(app, vec![Socket::bind(None)], None).await;
    RunningServer::new(server.addresses[0], move || drop(server))
}

struct PrivateSession;

impl SessionLibrary for PrivateSession {
    const NAME: &'static str = "actix-session, private cookie";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        serve_sessions(setup, || CookieContentSecurity::Private).await
    }
}

struct SignedSession;

impl SessionLibrary for SignedSession {
    const NAME: &'static str = "actix-session, signed cookie";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        serve_sessions(setup, || CookieContentSecurity::Signed).await
    }
}

struct ActixIdentity;

impl SessionLibrary for ActixIdentity {
    const NAME: &'static str = "actix-identity";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        let (policy, is_nested) = policy(setup);
        let app = move || {
            let sessions = sessions(CookieContentSecurity::Private);
            App::new()
                .configure(identity_routes)
                .wrap(IdentityMiddleware::default())
                .wrap(sessions)
                .wrap(Condition::new(is_nested, policy.clone()))
                .wrap(policy.clone())
        };
        let server = serve(app, vec![Socket::bind(None)], None).await;
        RunningServer::new(server.addresses[0], move || drop(server))
    }
}

fn identity_routes(app: &mut ServiceConfig) {
    fn name(identity: Option<Identity>) -> String {
        identity.and_then(|identity| identity.id().ok()).unwrap_or_else(|| "nobody".to_owned())
    }
    app.route(
        "/sign-in/{user}",
        web::get().to(async |user: Path<String>, request: HttpRequest| {
            Identity::login(&request.extensions(), user.into_inner()).map(|_| "signed in")
        }),
    )
    .route("/who", web::get().to(async |identity: Option<Identity>| name(identity)))
    .route(
        "/renew",
        web::get().to(async |session: Session| {
            session.renew();
            change(&session);
            "renewed"
        }),
    )
    .route(
        "/sign-out",
        web::get().to(async |identity: Identity| {
            identity.logout();
            "signed out"
        }),
    )
    .route(
        "/broken",
        web::get().to(async |identity: Option<Identity>, session: Session| {
            change(&session);
            HttpResponse::InternalServerError().body(name(identity))
        }),
    )
    .route(
        "/fails",
        web::get().to(async |session: Session| {
            change(&session);
            Err::<&str, Error>(ErrorInternalServerError("failed"))
        }),
    )
    .route("/upgrade", web::get().to(async |identity: Option<Identity>| upgrade(&name(identity))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_session_behind_a_prefix() {
    run_session_scenarios::<PrivateSession>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_session_behind_a_prefix() {
    run_session_scenarios::<SignedSession>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_behind_a_prefix() {
    run_session_scenarios::<ActixIdentity>().await;
}

/// actix-web parses the cookies of a request once. A middleware outside the policy's middleware can read the cookies
/// before the policy renames them.
#[actix_web::test]
async fn cookies_parsed_too_early_are_parsed_again() {
    for (reads_early, cookies, received) in [
        (true, "id=planted; __Host-Http-id=real; a=1", "real"),
        (true, "__Host-Http-id=real", "real"),
        (true, "id=planted", "none"),
        (true, "%69d=planted; a=1", "none"),
        (true, "a=1", "none"),
        // The policy does not list this spelling of the name. So the policy must not clear the request's extensions.
        (false, "__Host-Http-id=real; %5F%5FHost-Http-id=x; %2569d=y", "real"),
        (false, "id=planted; __Host-Http-id=a%20b", "a b"),
        (false, "id=planted", "none"),
        // actix-web cannot parse `%FF`.
        (false, "__Host-Http-id=%FF", "none"),
        (false, "__Host-Http-id=real; a=%FF", "real"),
    ] {
        let events = Arc::<Mutex<Vec<Code>>>::default();
        let seen = events.clone();
        let policy = Policy::builder().host_prefix(["id"]).on_event(move |event| seen.lock().unwrap().push(event.rule));
        let policy =
            PolicyMiddleware::new(PolicyHandle::new(policy.build().unwrap()), TlsTermination::per_connection());
        let id = async |request: HttpRequest| {
            request.cookie("id").map_or_else(|| "none".to_owned(), |cookie| cookie.value().to_owned())
        };
        let app = App::new().route("/", web::get().to(id)).wrap(policy).wrap_fn(move |request, next| {
            if reads_early {
                let _ = request.cookie("theme");
            }
            next.call(request)
        });
        let app = actix_web::test::init_service(app).await;
        let request = actix_web::test::TestRequest::get().insert_header(("cookie", cookies)).to_request();
        request.extensions_mut().insert(Transport::Tls);
        let response = actix_web::test::call_service(&app, request).await;
        assert_eq!(response.status(), 200, "{cookies}");
        assert_eq!(actix_web::test::read_body(response).await, received, "{cookies}");
        let is_reported = events.lock().unwrap().contains(&Code::StaleCookies);
        assert_eq!(is_reported, reads_early && cookies != "a=1", "{cookies}");
    }
}
