//! Attacks on the session cookies of tower-sessions and axum-login, behind the policy's `host_prefix`. The victim uses
//! `app.shop.example`. The attacker has an account on `app.shop.example`, controls `evil.shop.example`, and answers
//! plain HTTP requests in place of the victim's host. The attacker plants the cookie of the attacker's own live
//! session.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request};
use axum::http::header::{HOST, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use axum_login::{AuthManagerLayerBuilder, AuthSession};
use hardtack::policy::{Hsts, PolicyBuilder};
use hardtack::tls::Transport;
use hardtack::{Policy, PolicyHandle, TlsTermination};
use tower::ServiceExt as _;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::app_server::AppServer;
use super::axum_users::{User, Users};
use super::browser::{Kind, StoredCookie, Tab};
use super::changes::EMPTY_PAGE;
use super::site::RequestRecord;
use super::{Checks, webkitgtk};

const VICTIM: &str = "app.shop.example";
const ATTACKER: &str = "evil.shop.example";
const BARE: &str = "id";
const PREFIXED: &str = "__Host-Http-id";

/// The cookies that the attacker's host plants. `{}` stands for the value of the attacker's session.
const PLANTED: [&str; 6] = [
    "id={}; Domain=shop.example; Path=/; Secure",
    "id={}; Domain=shop.example; Path=/who",
    "%69d={}; Domain=shop.example; Path=/",
    "ID={}; Domain=shop.example; Path=/",
    "id\u{a0}={}; Domain=shop.example; Path=/",
    "\u{3000}id={}; Domain=shop.example; Path=/",
];

/// The cookies that the attacker's host tries to plant. Chromium, Firefox and Safari reject these cookies.
const REJECTED: [&str; 3] = [
    "__Host-Http-id={}; Domain=shop.example; Path=/; Secure; HttpOnly",
    "__host-http-id={}; Domain=shop.example; Path=/; Secure; HttpOnly",
    "=__Host-Http-id={}; Domain=shop.example; Path=/; Secure; HttpOnly",
];

/// A session library, and the routes of an application that uses this library.
#[derive(Clone, Copy)]
struct Library {
    name: &'static str,
    routes: fn() -> Router,
}

const LIBRARIES: [Library; 2] = [
    Library { name: "tower-sessions", routes: tower_sessions_routes },
    Library { name: "axum-login", routes: axum_login_routes },
];

/// With `host_prefix`, the victim stays signed in as Ada, even if the attacker plants a cookie. The session survives a
/// rotation, error responses and a WebSocket handshake, and ends with the sign-out.
pub(crate) fn planted_sessions_are_ignored(checks: &mut Checks<'_>) {
    for library in LIBRARIES {
        let site = Site::start(checks.apps, library, Policy::builder().host_prefix([BARE]));
        let tab = checks.browser.tab();
        let label = |step: &str| format!("{}: {step}", library.name);
        tab.navigate(&site.url(VICTIM, "/page")).unwrap();
        checks.equal(label("before the sign-in"), site.who(&tab), "nobody".to_owned());
        tab.fetch("/sign-in/ada");
        checks.equal(label("stored"), shapes(&tab), vec![(PREFIXED.to_owned(), VICTIM.to_owned(), "/".to_owned())]);
        let stored = tab.cookies();
        let is_protected = |cookie: &StoredCookie| cookie.host_only && cookie.secure && cookie.http_only;
        checks.equal(label("attributes"), stored.iter().all(is_protected), true);
        checks.equal(label("the visitor comes back"), site.who(&tab), "ada".to_owned());

        let kind = checks.browser.kind;
        let rejected: &[&str] = if kind.checks_name_prefixes() { &REJECTED } else { &[] };
        // libsoup cuts a header at the first byte that is not ASCII. So the last two headers of `PLANTED` set one cookie
        // without a name at the attacker's own host.
        let (at_victim, at_attacker) = if kind == Kind::WebKitGtk { (4, 1) } else { (PLANTED.len(), 0) };
        let planted = site.plant(&tab, rejected);
        checks.equal(label("planted cookies are stored"), planted, at_victim + at_attacker + 1);
        let (seen, request) = site.who_and_request(&tab);
        checks.equal(label("planted"), seen, "ada".to_owned());
        let pairs = request.cookie.as_deref().map_or(0, |cookies| cookies.split("; ").count());
        checks.equal(label("cookies in the request"), pairs, at_victim + 1);

        for path in ["/broken", "/fails"] {
            checks.equal(label(path), tab.fetch(path).0, 500);
            checks.equal(label(&format!("after {path}")), site.who(&tab), "ada".to_owned());
        }
        let before = value(&tab);
        checks.equal(label("status of a rotation"), tab.fetch("/renew").0, 200);
        checks.equal(label("a rotation changes the cookie"), value(&tab) != before && value(&tab).is_some(), true);
        checks.equal(label("after a rotation"), site.who(&tab), "ada".to_owned());

        tab.evaluate(HANDSHAKE);
        checks.equal(label("a WebSocket handshake"), site.take_handshakes(), vec!["ada".to_owned()]);

        checks.equal(label("status of the sign-out"), tab.fetch("/sign-out").0, 200);
        checks.equal(label("stored after the sign-out"), value(&tab), None);
        // The planted cookies are still in the browser.
        checks.equal(label("after the sign-out"), site.who(&tab), "nobody".to_owned());
        tab.evaluate(HANDSHAKE);
        checks.equal(label("a handshake after the sign-out"), site.take_handshakes(), vec!["nobody".to_owned()]);
        checks.equal(label("the visitor signs in again"), tab.fetch("/sign-in/ada").0, 200);
        checks.equal(label("signed in again"), site.who(&tab), "ada".to_owned());
    }
}

/// The browser connects, and the server refuses the handshake. The promise resolves when the connection is closed.
const HANDSHAKE: &str = "new Promise(done => {
    const socket = new WebSocket(`wss://${location.host}/handshake`);
    socket.onclose = () => done(true);
})";

/// A sibling host plants the attacker's cookie after the sign-in. An attacker on plain HTTP plants the cookie before
/// the sign-in. Without `host_prefix`, the same planted cookies put the victim into the attacker's session. So the
/// suite would detect a missing protection.
///
/// The protection needs a browser that checks the rules of name prefixes. In WebKitGTK, a sibling host signs the victim
/// out, and an attacker on plain HTTP puts the victim into the attacker's session.
pub(crate) fn planted_sessions_need_the_prefix(checks: &mut Checks<'_>) {
    for library in LIBRARIES {
        for (setting, policy, [signed_in, signed_out]) in [
            ("with `host_prefix`", Policy::builder().host_prefix([BARE]), ["ada", "nobody"]),
            ("without `host_prefix`", Policy::builder(), ["eve", "eve"]),
        ] {
            let site = Site::start(checks.apps, library, policy);
            let label = |step: &str| format!("{}, {setting}: {step}", library.name);
            let [signed_in, signed_out] = match (checks.browser.kind.checks_name_prefixes(), signed_in) {
                (false, "ada") => {
                    checks.known_difference(format!("planted sessions, {setting}: {}", webkitgtk::PREFIXES));
                    ["nobody", "eve"]
                }
                _ => [signed_in, signed_out],
            };
            let tab = checks.browser.tab();
            tab.navigate(&site.url(VICTIM, "/page")).unwrap();
            tab.fetch("/sign-in/ada");
            checks.equal(label("signed in"), site.who(&tab), "ada".to_owned());
            site.plant(&tab, &REJECTED);
            checks.equal(label("planted by a sibling host"), site.who(&tab), signed_in.to_owned());

            // Browsers do not let plain HTTP overwrite a Secure cookie, so the attacker plants the cookie before the
            // sign-in.
            tab.clear();
            tab.navigate(&format!("http://{VICTIM}/bypass-policy")).unwrap();
            for planted in ["id={}; Path=/who", "id={}; Domain=shop.example; Path=/", "__Host-Http-id={}; Path=/"] {
                let header = planted.replace("{}", &site.attackers_value);
                tab.fetch(&format!("/bypass-policy?{}", percent_encoded(&header)));
                tab.set_document_cookies(&[header]);
            }
            tab.navigate(&site.url(VICTIM, "/page")).unwrap();
            checks.equal(label("planted over plain HTTP"), site.who(&tab), signed_out.to_owned());
        }
    }
}

/// The application switches `host_prefix` on while users are signed in. The users stay signed in until the date of
/// `accept_unprefixed_until`. After the next sign-in, they have the prefixed cookie.
pub(crate) fn users_stay_signed_in_during_a_migration(checks: &mut Checks<'_>) {
    for library in LIBRARIES {
        let site = Site::start(checks.apps, library, Policy::builder());
        let label = |step: &str| format!("{}: {step}", library.name);
        let tab = checks.browser.tab();
        tab.navigate(&site.url(VICTIM, "/page")).unwrap();
        tab.fetch("/sign-in/ada");
        let bare = vec![(BARE.to_owned(), VICTIM.to_owned(), "/".to_owned())];
        checks.equal(label("stored before the migration"), shapes(&tab), bare.clone());

        site.apply(Policy::builder().host_prefix([BARE]).accept_unprefixed_until(latest_date()));
        checks.equal(label("the bare cookie counts"), site.who(&tab), "ada".to_owned());
        checks.equal(label("the layer moves nothing"), shapes(&tab), bare);
        tab.fetch("/renew");
        let prefixed = vec![(PREFIXED.to_owned(), VICTIM.to_owned(), "/".to_owned())];
        checks.equal(label("stored after the next header"), shapes(&tab), prefixed);
        checks.equal(label("the prefixed cookie counts"), site.who(&tab), "ada".to_owned());
        site.plant(&tab, &[]);
        checks.equal(label("a planted cookie beside it"), site.who(&tab), "ada".to_owned());
        tab.clear();

        // A sign-out during the migration removes the prefixed cookie and the bare cookie.
        site.apply(Policy::builder());
        tab.navigate(&site.url(VICTIM, "/page")).unwrap();
        tab.fetch("/sign-in/ada");
        site.apply(Policy::builder().host_prefix([BARE]).accept_unprefixed_until(latest_date()));
        checks.equal(label("status of the sign-out"), tab.fetch("/sign-out").0, 200);
        checks.equal(label("stored after the sign-out"), shapes(&tab), Vec::new());

        site.apply(Policy::builder());
        tab.fetch("/sign-in/ada");
        site.apply(Policy::builder().host_prefix([BARE]).accept_unprefixed_until("2020-01-01"));
        checks.equal(label("after the date"), site.who(&tab), "nobody".to_owned());
    }
}

/// The victim's application and the attacker's host.
struct Site<'a> {
    apps: &'a AppServer,
    handle: PolicyHandle,
    /// The value of the session cookie in the attacker's own browser.
    attackers_value: String,
    handshakes: Handshakes,
}

/// The users that the server saw in WebSocket handshakes.
type Handshakes = Arc<Mutex<Vec<String>>>;

impl<'a> Site<'a> {
    fn start(apps: &'a AppServer, library: Library, policy: PolicyBuilder) -> Site<'a> {
        let handle = PolicyHandle::new(build(policy));
        let handshakes = Handshakes::default();
        let record = {
            let handshakes = handshakes.clone();
            move |user: &str| handshakes.lock().unwrap().push(user.to_owned())
        };
        // The library's route `/who` also answers a handshake. The status 403 refuses the handshake.
        let handshake = axum::middleware::map_response(move |mut response: Response| {
            if let Some(user) = response.headers_mut().remove("x-handshake") {
                record(user.to_str().unwrap());
                *response.status_mut() = StatusCode::FORBIDDEN;
            }
            std::future::ready(response)
        });
        let app = (library.routes)()
            .route("/page", get(|| async { Html(EMPTY_PAGE) }))
            .layer(handshake)
            .layer(handle.layer(TlsTermination::per_connection()));
        let attackers_value = tokio::runtime::Handle::current().block_on(sign_in_attacker(app.clone()));
        let attacker = Router::new().fallback(respond_with_query);
        let bypass = attacker.clone();
        apps.run(Router::new().fallback(move |request: Request| {
            let is_bypassed = request.uri().path() == "/bypass-policy";
            let app = match request.headers().get(HOST).map(HeaderValue::as_bytes) {
                _ if is_bypassed => bypass.clone(),
                Some(host) if host == VICTIM.as_bytes() => app.clone(),
                // HTTP/2 has the host in the URI.
                _ if request.uri().host() == Some(VICTIM) => app.clone(),
                _ => attacker.clone(),
            };
            app.oneshot(request)
        }));
        apps.take_requests();
        Site { apps, handle, attackers_value, handshakes }
    }

    fn apply(&self, policy: PolicyBuilder) {
        self.handle.apply(build(policy));
    }

    fn url(&self, host: &str, path: &str) -> String {
        self.apps.url(host, path)
    }

    /// Returns the user whom the application reads from the session. The tab shows a page of the victim's host.
    fn who(&self, tab: &Tab<'_>) -> String {
        self.who_and_request(tab).0
    }

    fn who_and_request(&self, tab: &Tab<'_>) -> (String, RequestRecord) {
        self.apps.take_requests();
        let (status, user) = tab.fetch("/who");
        assert_eq!(status, 200);
        (user, self.apps.take_requests().pop().unwrap())
    }

    /// Visits the attacker's host, which plants its cookies and the cookies in `rejected`. Then visits the victim's host
    /// again. Returns the number of cookies in the browser.
    fn plant(&self, tab: &Tab<'_>, rejected: &[&str]) -> usize {
        tab.navigate(&self.url(ATTACKER, "/")).unwrap();
        for planted in PLANTED.iter().chain(rejected) {
            tab.fetch(&format!("/?{}", percent_encoded(&planted.replace("{}", &self.attackers_value))));
        }
        tab.navigate(&self.url(VICTIM, "/page")).unwrap();
        tab.cookies().len()
    }

    fn take_handshakes(&self) -> Vec<String> {
        std::mem::take(&mut *self.handshakes.lock().unwrap())
    }
}

fn build(policy: PolicyBuilder) -> Policy {
    // The attacker answers plain HTTP requests, so the browser must not learn HSTS.
    policy.hsts(Hsts::off()).on_event(|_| {}).build().unwrap()
}

/// Signs the attacker in with another client, and returns the value of the session cookie.
async fn sign_in_attacker(app: Router) -> String {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static("/sign-in/eve");
    request.headers_mut().insert(HOST, HeaderValue::from_static(VICTIM));
    request.extensions_mut().insert(Transport::Tls);
    let response = app.oneshot(request).await.unwrap();
    let header = response.headers()[SET_COOKIE].to_str().unwrap();
    header.split(['=', ';']).nth(1).unwrap().to_owned()
}

/// Responds with the `Set-Cookie` header in the query string.
async fn respond_with_query(RawQuery(query): RawQuery) -> Response {
    let mut response = Html(EMPTY_PAGE).into_response();
    if let Some(query) = query {
        let header = HeaderValue::from_bytes(&percent_decoded(&query)).unwrap();
        response.headers_mut().append(SET_COOKIE, header);
    }
    response
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Decodes a query. WebKitGTK sends letters, digits and `-._~` without percent-encoding.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, plain) = part.split_at(2);
        decoded.push(u8::from_str_radix(digits, 16).unwrap());
        decoded.extend(plain.bytes());
    }
    decoded
}

/// Returns the name, domain and path of each stored cookie.
fn shapes(tab: &Tab<'_>) -> Vec<(String, String, String)> {
    tab.cookies().into_iter().map(|cookie| (cookie.name, cookie.domain, cookie.path)).collect()
}

/// Returns the value of the prefixed cookie.
fn value(tab: &Tab<'_>) -> Option<String> {
    tab.cookies().into_iter().find(|cookie| cookie.name == PREFIXED).map(|cookie| cookie.value)
}

/// Returns the latest first day of a month that the policy accepts as the end of a migration.
fn latest_date() -> String {
    let mut days = (2026..2200).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}-01")));
    days.rfind(|day| Policy::builder().accept_unprefixed_until(day).build().is_ok()).unwrap()
}

/// The response to a WebSocket handshake. The header `x-handshake` has the user's name.
fn handshake(user: String) -> Response {
    [("x-handshake", user)].into_response()
}

fn tower_sessions_routes() -> Router {
    async fn user(session: &Session) -> String {
        session.get("user").await.unwrap().unwrap_or_else(|| "nobody".to_owned())
    }
    async fn sign_in(Path(user): Path<String>, session: Session) {
        session.cycle_id().await.unwrap();
        session.insert("user", user).await.unwrap();
    }
    async fn broken(session: Session) -> StatusCode {
        session.insert("changed", true).await.unwrap();
        StatusCode::INTERNAL_SERVER_ERROR
    }
    async fn fails(session: Session) -> axum::response::Result<()> {
        session.insert("changed", true).await.unwrap();
        Err(StatusCode::INTERNAL_SERVER_ERROR.into())
    }
    Router::new()
        .route("/sign-in/{user}", get(sign_in))
        .route("/who", get(async |session: Session| user(&session).await))
        .route("/renew", get(async |session: Session| session.cycle_id().await.unwrap()))
        .route("/sign-out", get(async |session: Session| session.flush().await.unwrap()))
        .route("/broken", get(broken))
        .route("/fails", get(fails))
        .route("/handshake", get(async |session: Session| handshake(user(&session).await)))
        .layer(SessionManagerLayer::new(MemoryStore::default()))
}

fn axum_login_routes() -> Router {
    type Auth = AuthSession<Users>;

    fn user(auth: &Auth) -> String {
        auth.user.clone().map_or_else(|| "nobody".to_owned(), |user| user.0)
    }
    async fn sign_in(Path(name): Path<String>, mut auth: Auth) {
        auth.login(&User(name)).await.unwrap();
    }
    async fn broken(auth: Auth) -> StatusCode {
        auth.session.insert("changed", true).await.unwrap();
        StatusCode::INTERNAL_SERVER_ERROR
    }
    async fn fails(auth: Auth) -> axum::response::Result<()> {
        auth.session.insert("changed", true).await.unwrap();
        Err(StatusCode::INTERNAL_SERVER_ERROR.into())
    }
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    Router::new()
        .route("/sign-in/{user}", get(sign_in))
        .route("/who", get(async |auth: Auth| user(&auth)))
        .route("/renew", get(async |auth: Auth| auth.session.cycle_id().await.unwrap()))
        .route("/sign-out", get(async |mut auth: Auth| drop(auth.logout().await.unwrap())))
        .route("/broken", get(broken))
        .route("/fails", get(fails))
        .route("/handshake", get(async |auth: Auth| handshake(user(&auth))))
        .layer(AuthManagerLayerBuilder::new(Users, sessions).build())
}
