//! The application with device-bound cookies that the browser visits. Each declaration has its own routes. The
//! application's clock moves only when the test moves it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hardtack::device_bound::Bound;
use hardtack::policy::{Baseline, Hsts, PolicyBuilder};
use hardtack::seal::Keyring;
use hardtack::{Cookie, Cookies, Policy, ReadError, SameSite, TlsTermination, testing};

use super::super::changes::EMPTY_PAGE;

pub(super) const REGISTER: &str = "/.well-known/hardtack/device-bound/register";
pub(super) const REFRESH: &str = "/.well-known/hardtack/device-bound/refresh";
/// The path of a page on another site.
pub(super) const OTHER_SITE: &str = "/other-site";

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound)]
struct Session(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", same_site = Strict, device_bound(every = "3m"))]
struct Strict(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", same_site = None, reason = "a partner shows the page in a frame", device_bound)]
struct Embedded(String);

#[derive(Cookie)]
#[cookie(name = "__Host-plain", sealed, max_age = "30d", device_bound(every = "15m"))]
struct Host(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(optional))]
struct Optional(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", idle = "1h", device_bound)]
struct Idle(String);

/// A sealed cookie that is not bound to a device.
#[derive(Cookie)]
#[cookie(sealed, max_age = "30d")]
struct Unbound(String);

/// The declarations that can be bound, with the names of their companions.
pub(super) const DECLARATIONS: [(&str, &str); 6] = [
    ("Session", "__Host-session-key"),
    ("Strict", "__Host-strict-key"),
    ("Embedded", "__Host-embedded-key"),
    ("Host", "__Host-plain-key"),
    ("Optional", "__Host-optional-key"),
    ("Idle", "__Host-idle-key"),
];

/// Makes the routes of one declaration, under a path with the declaration's name.
macro_rules! routes {
    ($router:expr, $cookie:ident) => {
        $router.nest(
            concat!("/", stringify!($cookie)),
            Router::new()
                .route("/sign-in", get(async |cookies: Cookies| cookies.set($cookie("ada".to_owned()))))
                .route("/sign-in-ben", get(async |cookies: Cookies| cookies.set($cookie("ben".to_owned()))))
                .route("/form", post(async |cookies: Cookies| enter(cookies.set($cookie("ada".to_owned())))))
                .route(
                    "/who",
                    get(async |cookies: Cookies, bound: Option<Bound<$cookie>>| {
                        who(cookies.try_get::<$cookie>().map(|found| found.map(|cookie| cookie.0)), bound.is_some())
                    }),
                )
                .route("/pay", post(async |bound: Bound<$cookie>| format!("{} pays", bound.0)))
                .route(
                    "/renew",
                    get(async |cookies: Cookies| match cookies.get::<$cookie>() {
                        Some(cookie) => cookies.set(cookie).map(|()| StatusCode::OK),
                        None => Ok(StatusCode::UNAUTHORIZED),
                    }),
                )
                .route("/handshake", get(async |bound: Option<Bound<$cookie>>| handshake(bound.is_some())))
                .route("/remove", get(async |cookies: Cookies| cookies.remove::<$cookie>()))
                .route(
                    "/sign-out",
                    get(async |cookies: Cookies| {
                        cookies.clear_site_data();
                        cookies.remove::<$cookie>()
                    }),
                ),
        )
    };
}

fn routes() -> Router {
    let router = Router::new().route("/page", get(async || Html(EMPTY_PAGE)));
    let router = routes!(routes!(routes!(router, Session), Strict), Embedded);
    let router = routes!(routes!(routes!(router, Host), Optional), Idle);
    router.route("/Unbound/sign-in", get(async |cookies: Cookies| cookies.set(Unbound("ada".to_owned())))).route(
        "/Unbound/who",
        get(async |cookies: Cookies| {
            who(cookies.try_get::<Unbound>().map(|found| found.map(|cookie| cookie.0)), false)
        }),
    )
}

fn enter(result: Result<(), hardtack::SetError>) -> Response {
    match result {
        Ok(()) => Redirect::to("who").into_response(),
        Err(error) => error.into_response(),
    }
}

fn who(user: Result<Option<String>, ReadError>, is_proven: bool) -> String {
    match user {
        Ok(Some(user)) => format!("{user}{}", if is_proven { ", proven" } else { "" }),
        Ok(None) => "nobody".to_owned(),
        Err(ReadError::Unproven { fault, .. }) => format!("nobody: {fault}"),
        Err(ReadError::Expired { .. }) => "expired".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The answer to a WebSocket handshake. The status refuses the handshake, and shows whether the device was proven.
fn handshake(is_proven: bool) -> StatusCode {
    if is_proven { StatusCode::IM_A_TEAPOT } else { StatusCode::FORBIDDEN }
}

/// The application's clock. A new clock shows the first second of a window of five minutes, in which the challenges of
/// refreshes stay the same.
#[derive(Clone)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(super) fn new() -> Clock {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Clock(Arc::new(AtomicU64::new(now - now % 300)))
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// Handles a request as if the current time were the time of the test's clock.
async fn run_at(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    let mut response = Box::pin(next.run(request));
    poll_fn(move |context| {
        let time = UNIX_EPOCH + Duration::from_secs(clock.0.load(Ordering::Relaxed));
        testing::at(time, || response.as_mut().poll(context))
    })
    .await
}

async fn answer_inside(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.inside {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    }
}

async fn answer_in_front(State(app): State<App>, request: Request, next: Next) -> Response {
    let (is_registration, is_refresh) = (request.uri().path() == REGISTER, request.uri().path() == REFRESH);
    match (app.in_front, app.replaced) {
        (Some(status), _) if is_registration || is_refresh => status.into_response(),
        (_, Some(replaced)) if is_registration => replaced.apply(next.run(request).await).await,
        _ => next.run(request).await,
    }
}

/// The settings of the application. The test starts the application again with other settings.
#[derive(Clone)]
pub(super) struct App {
    pub(super) clock: Clock,
    pub(super) keyring: Option<Keyring>,
    pub(super) baseline: Baseline,
    pub(super) tls_termination: TlsTermination,
    /// The application answers all requests with this status, inside the policy's layer.
    pub(super) inside: Option<StatusCode>,
    /// A program in front of the server answers requests to the two endpoints with this status.
    pub(super) in_front: Option<StatusCode>,
    /// Texts of the response to a registration that a program in front replaces: in the JSON, and in `Set-Cookie`.
    pub(super) replaced: Option<Replaced>,
}

#[derive(Clone, Copy)]
pub(super) struct Replaced {
    pub(super) from: &'static str,
    pub(super) in_json: &'static str,
    pub(super) in_header: &'static str,
}

impl App {
    pub(super) fn new(keyring: Keyring) -> App {
        App {
            clock: Clock::new(),
            keyring: Some(keyring),
            baseline: Baseline::new(),
            tls_termination: TlsTermination::per_connection(),
            inside: None,
            in_front: None,
            replaced: None,
        }
    }

    pub(super) fn strict(self) -> App {
        App { baseline: self.baseline.same_site(SameSite::Strict), ..self }
    }

    pub(super) fn router(&self) -> Router {
        let app = routes()
            .layer(from_fn_with_state(self.clone(), answer_inside))
            .layer(self.policy().layer(self.tls_termination.clone()));
        Router::new()
            .route(OTHER_SITE, get(async || Html(EMPTY_PAGE)))
            .fallback_service(app)
            .layer(from_fn_with_state(self.clone(), answer_in_front))
            .layer(from_fn_with_state(self.clock.clone(), run_at))
    }

    fn policy(&self) -> Policy {
        let policy = Policy::builder().hsts(Hsts::off()).baseline(self.baseline.clone()).on_event(|_| {});
        let keyring = |policy: PolicyBuilder| match &self.keyring {
            Some(keyring) => policy.keyring(keyring.clone()),
            None => policy,
        };
        keyring(policy).build().unwrap()
    }
}

impl Replaced {
    async fn apply(self, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 8192).await.unwrap().to_vec()).unwrap();
        assert!(body.is_empty() || body.contains(self.from), "{body}");
        let headers: Vec<HeaderValue> = parts.headers.get_all(SET_COOKIE).iter().cloned().collect();
        parts.headers.remove(SET_COOKIE);
        for header in headers {
            let changed = header.to_str().unwrap().replacen(self.from, self.in_header, 1);
            parts.headers.append(SET_COOKIE, HeaderValue::try_from(changed).unwrap());
        }
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(body.replacen(self.from, self.in_json, 1)))
    }
}
