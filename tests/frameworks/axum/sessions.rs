//! Runs the scenarios of `host_prefix` against the session libraries of axum: tower-sessions, axum-login, and the
//! private cookies of axum-extra.

use axum::Router;
use axum::extract::{FromRef, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key};
use axum_login::{AuthManagerLayerBuilder, AuthSession};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::axum_users::{User, Users};
use super::serve;
use super::suite::prefixed::{SessionLibrary, run_session_scenarios};
use super::suite::{RunningServer, Setup};

const NOBODY: &str = "nobody";

fn upgrade(user: String) -> Response {
    (StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "test"), ("x-user", &*user)])
        .into_response()
}

struct TowerSessions;

impl SessionLibrary for TowerSessions {
    const NAME: &'static str = "axum, tower-sessions";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = true;

    async fn serve(setup: Setup) -> RunningServer {
        async fn user(session: &Session) -> String {
            session.get("user").await.unwrap().unwrap_or_else(|| NOBODY.to_owned())
        }
        async fn sign_in(Path(user): Path<String>, session: Session) {
            session.cycle_id().await.unwrap();
            session.insert("user", user).await.unwrap();
        }
        async fn change(session: &Session) {
            session.insert("changed", true).await.unwrap();
        }
        let routes = Router::new()
            .route("/sign-in/{user}", get(sign_in))
            .route("/who", get(async |session: Session| user(&session).await))
            .route("/renew", get(async |session: Session| session.cycle_id().await.unwrap()))
            .route("/sign-out", get(async |session: Session| session.flush().await.unwrap()))
            .route(
                "/broken",
                get(async |session: Session| {
                    change(&session).await;
                    (StatusCode::INTERNAL_SERVER_ERROR, user(&session).await)
                }),
            )
            .route(
                "/fails",
                get(async |session: Session| {
                    change(&session).await;
                    axum::response::Result::<()>::Err(StatusCode::INTERNAL_SERVER_ERROR.into())
                }),
            )
            .route("/upgrade", get(async |session: Session| upgrade(user(&session).await)));
        serve(routes.layer(SessionManagerLayer::new(MemoryStore::default())), setup).await
    }
}

struct AxumLogin;

impl SessionLibrary for AxumLogin {
    const NAME: &'static str = "axum, axum-login";
    const COOKIE: &'static str = "id";
    const ENDS_COPIES: bool = true;

    async fn serve(setup: Setup) -> RunningServer {
        type Auth = AuthSession<Users>;

        fn user(auth: &Auth) -> String {
            auth.user.clone().map_or_else(|| NOBODY.to_owned(), |user| user.0)
        }
        async fn sign_in(Path(name): Path<String>, mut auth: Auth) {
            auth.login(&User(name)).await.unwrap();
        }
        async fn renew(mut auth: Auth) {
            // A sign-in gives the session a new id.
            let user = auth.user.clone().unwrap();
            auth.login(&user).await.unwrap();
            auth.session.cycle_id().await.unwrap();
        }
        async fn change(auth: &Auth) {
            auth.session.insert("changed", true).await.unwrap();
        }
        let routes = Router::new()
            .route("/sign-in/{user}", get(sign_in))
            .route("/who", get(async |auth: Auth| user(&auth)))
            .route("/renew", get(renew))
            .route("/sign-out", get(async |mut auth: Auth| drop(auth.logout().await.unwrap())))
            .route(
                "/broken",
                get(async |auth: Auth| {
                    change(&auth).await;
                    (StatusCode::INTERNAL_SERVER_ERROR, user(&auth))
                }),
            )
            .route(
                "/fails",
                get(async |auth: Auth| {
                    change(&auth).await;
                    axum::response::Result::<()>::Err(StatusCode::INTERNAL_SERVER_ERROR.into())
                }),
            )
            .route("/upgrade", get(async |auth: Auth| upgrade(user(&auth))));
        let sessions = SessionManagerLayer::new(MemoryStore::default());
        serve(routes.layer(AuthManagerLayerBuilder::new(Users, sessions).build()), setup).await
    }
}

#[derive(Clone)]
struct Sealing(Key);

impl FromRef<Sealing> for Key {
    fn from_ref(sealing: &Sealing) -> Key {
        sealing.0.clone()
    }
}

struct PrivateCookies;

impl SessionLibrary for PrivateCookies {
    const NAME: &'static str = "axum, private cookies of axum-extra";
    const COOKIE: &'static str = "user";
    const ENDS_COPIES: bool = false;

    async fn serve(setup: Setup) -> RunningServer {
        type Jar = PrivateCookieJar;

        fn user(jar: &Jar) -> String {
            jar.get("user").map_or_else(|| NOBODY.to_owned(), |cookie| cookie.value().to_owned())
        }
        fn seal_again(jar: Jar) -> Jar {
            match jar.get("user") {
                Some(cookie) => jar.add(Cookie::new("user", cookie.value().to_owned())),
                None => jar,
            }
        }
        let routes = Router::new()
            .route(
                "/sign-in/{user}",
                get(async |Path(user): Path<String>, jar: Jar| jar.add(Cookie::new("user", user))),
            )
            .route("/who", get(async |jar: Jar| user(&jar)))
            .route("/renew", get(async |jar: Jar| seal_again(jar)))
            .route("/sign-out", get(async |jar: Jar| jar.remove("user")))
            .route(
                "/broken",
                get(async |jar: Jar| {
                    let name = user(&jar);
                    (StatusCode::INTERNAL_SERVER_ERROR, seal_again(jar), name)
                }),
            )
            .route(
                "/fails",
                get(async |jar: Jar| {
                    let error = (StatusCode::INTERNAL_SERVER_ERROR, seal_again(jar));
                    axum::response::Result::<()>::Err(error.into())
                }),
            )
            .route("/upgrade", get(async |jar: Jar| upgrade(user(&jar))));
        serve(routes.with_state(Sealing(Key::derive_from(&[7; 64]))), setup).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tower_sessions_behind_a_prefix() {
    run_session_scenarios::<TowerSessions>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axum_login_behind_a_prefix() {
    run_session_scenarios::<AxumLogin>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_cookies_behind_a_prefix() {
    run_session_scenarios::<PrivateCookies>().await;
}
