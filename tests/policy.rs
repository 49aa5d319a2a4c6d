//! What a policy does to responses, requests and reports, through the layer itself: each line that leaves, octet by
//! octet, each event that is told, and what happens when the policy changes under load.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::process::Command;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, COOKIE, HOST, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hardtack::audit::{self, Seen, Weakness};
use hardtack::{
    AnyScheme, Caching, Cookie, Cookies, Event, EventKind, Floor, ForceHttps, ForeignCookies, Hsts, Https, Listener,
    OutboundError, Peer, Policy, PolicyBuilder, PolicyHandle, ReadError, SameSite, SetCookie, SetError, Spec,
    Transport, TrustedProxies, testing,
};
use tower::{Layer as _, ServiceExt as _};

use support::server::Served;

/// The value of every cookie here. No event may hold it.
const SECRET: &str = "opensesame";
const HOST_NAME: &str = "www.site.example";
const PAGE: (HeaderName, &str) = (ACCEPT, "text/html");
/// A year, which is the default.
const YEAR: &str = "max-age=31536000";

/// Who is signed in.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

/// How many things are in the cart.
#[derive(Cookie)]
struct Cart(u32);

/// A cookie that plain HTTP may carry.
#[derive(Cookie)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
struct Banner(String);

/// A colour scheme that scripts read.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
struct Theme(String);

/// A cookie of the environment's domain.
#[derive(Cookie)]
#[cookie(domain = environment)]
struct Sso(String);

/// A value that cannot be written.
struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)?;
        Err(fmt::Error)
    }
}

impl FromStr for Unwritable {
    type Err = Infallible;

    fn from_str(_: &str) -> Result<Self, Infallible> {
        Ok(Unwritable)
    }
}

#[derive(Cookie)]
struct Broken(Unwritable);

const SPECS: &[Spec] = &[Session::SPEC, Cart::SPEC, Banner::SPEC, Theme::SPEC];

const SESSION: &str = "__Host-Http-session=opensesame; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
const BANNER: &str = "banner=opensesame; Path=/; HttpOnly; SameSite=Lax";
const THEME: &str = "__Host-theme=opensesame; Path=/; Secure; SameSite=Lax";

fn session() -> Session {
    Session(SECRET.to_owned())
}

/// The default policy, in which plain HTTP reaches the handlers.
fn open() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

// ---- An exchange through the layer, and what was told of it.

/// An event, kept.
#[derive(Debug, Clone)]
struct Told {
    kind: EventKind,
    cookie: Option<String>,
    rule: &'static str,
    reason: String,
    evidence: Option<String>,
    text: String,
}

impl Told {
    fn of(event: &Event<'_>) -> Told {
        let told = Told {
            kind: event.kind,
            cookie: event.cookie.map(str::to_owned),
            rule: event.rule,
            reason: event.reason.to_string(),
            evidence: event.evidence.map(|evidence| evidence.to_string()),
            text: event.to_string(),
        };
        let everything = format!("{told:?} {event:?}");
        assert!(!everything.contains(SECRET), "an event tells a value: {everything}");
        assert!(!everything.chars().any(char::is_control), "an event is not fit for a log: {everything}");
        told
    }

    /// What tests mostly compare.
    fn brief(&self) -> (EventKind, &str, &'static str) {
        (self.kind, self.cookie.as_deref().unwrap_or_default(), self.rule)
    }
}

/// A policy that keeps what it tells.
#[derive(Clone)]
struct Recorded {
    handle: PolicyHandle,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Recorded {
    fn new(policy: PolicyBuilder) -> Recorded {
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = told.clone();
        let policy = policy.on_event(move |event| keep.lock().unwrap().push(Told::of(event))).build().unwrap();
        Recorded { handle: PolicyHandle::new(policy), told }
    }

    /// What was told since the last time.
    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// One request to these routes under the policy.
    async fn ask(&self, listener: Listener, routes: Router, request: Request) -> Sent {
        let response = routes.layer(self.handle.layer(listener)).oneshot(request).await.unwrap();
        self.sent(response)
    }

    fn sent(&self, response: Response) -> Sent {
        Sent { status: response.status(), headers: response.headers().clone(), told: self.take() }
    }
}

/// A response, and what was told of the exchange.
#[derive(Debug)]
struct Sent {
    status: StatusCode,
    headers: HeaderMap,
    told: Vec<Told>,
}

impl Sent {
    fn lines(&self) -> Vec<String> {
        self.octets().iter().map(|line| line.escape_ascii().to_string()).collect()
    }

    fn octets(&self) -> Vec<&[u8]> {
        self.headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes).collect()
    }

    fn all(&self, name: HeaderName) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The names of its fields, but for the length, which is axum's.
    fn fields(&self) -> Vec<HeaderName> {
        self.headers.keys().filter(|name| *name != CONTENT_LENGTH).cloned().collect()
    }

    fn told(&self) -> Vec<(EventKind, &str, &'static str)> {
        self.told.iter().map(Told::brief).collect()
    }
}

/// A request on a connection that is marked so.
fn request(transport: Transport, uri: &str, fields: &[(HeaderName, &str)]) -> Request {
    let mut request = Request::builder().uri(uri).extension(transport).extension(Peer([203, 0, 113, 9].into()));
    if !fields.iter().any(|(name, _)| name == HOST) && !uri.starts_with("http") {
        request = request.header(HOST, HOST_NAME);
    }
    fields.iter().fold(request, |request, (name, value)| request.header(name, *value)).body(Body::empty()).unwrap()
}

/// Routes that answer everything with these fields.
fn answering(fields: &[(HeaderName, &[u8])]) -> Router {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect();
    Router::new().fallback(move || {
        let mut response = "answered".into_response();
        fields.iter().for_each(|(name, value)| _ = response.headers_mut().append(name, value.clone()));
        async move { response }
    })
}

/// Routes that set these lines by hand, as others do.
fn setting(lines: &[&[u8]]) -> Router {
    answering(&lines.iter().map(|line| (SET_COOKIE, *line)).collect::<Vec<_>>())
}

/// A response with these lines, as it leaves.
async fn through(policy: PolicyBuilder, transport: Transport, lines: &[&str]) -> Sent {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    Recorded::new(policy).ask(Listener::per_connection(), setting(&lines), request(transport, "/", &[])).await
}

// ---- Foreign cookies.

use EventKind::{LineHardened, LineHeldBack, LineObserved, LineRefused};

/// A session's, a token's, an ordinary one, one to which older platforms' advice was applied, one with a reason.
const FOREIGN: [&str; 5] = [
    "PHPSESSID=opensesame; path=/",
    "csrftoken=opensesame; Path=/; SameSite=Lax",
    "lang=opensesame",
    "sample=opensesame; Secure",
    "basket=opensesame; Path=/",
];

fn foreign(foreign_cookies: ForeignCookies) -> PolicyBuilder {
    open().foreign_cookies(foreign_cookies).exception("basket", "the old shop reads it until March")
}

#[tokio::test]
async fn over_https_each_mode_does_what_it_says_to_each_kind_of_cookie() {
    let sent = through(foreign(ForeignCookies::Observe), Transport::Tls, &FOREIGN).await;
    assert_eq!(sent.lines(), FOREIGN);
    assert_eq!(
        sent.told(),
        [
            (LineObserved, "PHPSESSID", "insecure"),
            (LineObserved, "csrftoken", "insecure"),
            (LineObserved, "lang", "insecure"),
        ]
    );
    assert_eq!(sent.told[0].reason, "lacks Secure, HttpOnly, SameSite; let the policy harden it");

    let sent = through(foreign(ForeignCookies::Harden), Transport::Tls, &FOREIGN).await;
    assert_eq!(
        sent.lines(),
        [
            "PHPSESSID=opensesame; path=/; Secure; HttpOnly; SameSite=Lax",
            "csrftoken=opensesame; Path=/; SameSite=Lax; Secure",
            "lang=opensesame; Secure",
            FOREIGN[3],
            FOREIGN[4],
        ]
    );
    assert_eq!(
        sent.told(),
        [
            (LineHardened, "PHPSESSID", "insecure"),
            (LineHardened, "csrftoken", "insecure"),
            (LineHardened, "lang", "insecure"),
        ]
    );
    assert_eq!(sent.told[0].text, "line hardened `PHPSESSID` (insecure): added Secure, HttpOnly, SameSite");

    let sent = through(foreign(ForeignCookies::Refuse), Transport::Tls, &FOREIGN).await;
    assert_eq!(sent.lines(), [FOREIGN[4]]);
    let refused: Vec<_> =
        ["PHPSESSID", "csrftoken", "lang", "sample"].map(|name| (LineRefused, name, "foreign")).into();
    assert_eq!(sent.told(), refused);
}

#[tokio::test]
async fn over_plain_http_nothing_secure_leaves_in_any_mode_and_its_evidence_is_told() {
    let excepted = "basket=opensesame; Path=/; Secure";
    let lines: Vec<_> = FOREIGN.into_iter().chain([excepted]).collect();

    let sent = through(foreign(ForeignCookies::Observe), Transport::Plain, &lines).await;
    assert_eq!(sent.lines(), [FOREIGN[0], FOREIGN[1], FOREIGN[2], FOREIGN[4]]);
    assert_eq!(
        sent.told(),
        [
            (LineObserved, "PHPSESSID", "insecure"),
            (LineObserved, "csrftoken", "insecure"),
            (LineObserved, "lang", "insecure"),
            (LineHeldBack, "sample", "insecure"),
            (LineHeldBack, "basket", "insecure"),
        ]
    );

    let sent = through(foreign(ForeignCookies::Harden), Transport::Plain, &lines).await;
    assert_eq!(sent.lines(), [FOREIGN[4]]);
    let names = ["PHPSESSID", "csrftoken", "lang", "sample", "basket"];
    assert_eq!(sent.told(), names.map(|name| (LineHeldBack, name, "insecure")));
    assert!(sent.told.iter().all(|told| told.evidence.as_deref() == Some("the connection carries no TLS")));
    assert_eq!(sent.told[0].text.matches("the connection carries no TLS").count(), 1);

    let sent = through(foreign(ForeignCookies::Refuse), Transport::Plain, &lines).await;
    assert_eq!(sent.lines(), [FOREIGN[4]]);
    assert_eq!(sent.told().last(), Some(&(LineHeldBack, "basket", "insecure")));
    assert!(sent.told()[..4].iter().all(|(kind, ..)| *kind == LineRefused));
}

#[tokio::test]
async fn with_no_exception_no_foreign_line_leaves_over_plain_http() {
    for mode in [ForeignCookies::Harden, ForeignCookies::Refuse] {
        let sent = through(open().foreign_cookies(mode), Transport::Plain, &FOREIGN).await;
        assert_eq!((sent.lines().len(), sent.told.len()), (0, FOREIGN.len()), "{mode:?}");
    }
}

#[tokio::test]
async fn an_excepted_cookie_is_neither_changed_nor_told_of() {
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let sent = through(foreign(mode), Transport::Tls, &[FOREIGN[4]]).await;
        assert_eq!((sent.lines(), sent.told()), (vec![FOREIGN[4].to_owned()], vec![]), "{mode:?}");
        // Its namesakes in other letters are other cookies.
        let sent = through(foreign(mode), Transport::Tls, &["Basket=opensesame"]).await;
        assert_eq!(sent.told.len(), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn sessions_get_http_only_and_same_site_and_tokens_stay_readable() {
    for (line, added) in [
        ("id=opensesame; Path=/; Secure", "; HttpOnly; SameSite=Lax"),
        ("ASP.NET_SessionId=opensesame; path=/; HttpOnly", "; Secure; SameSite=Lax"),
        ("_shop_session=opensesame; path=/; secure; HttpOnly", "; SameSite=Lax"),
        ("JSESSIONID=opensesame; SECURE; httponly; samesite=none", ""),
        ("sid=opensesame; Secure; HttpOnly; SameSite=nonsense", "; SameSite=Lax"),
        ("__Host-sid=opensesame; Path=/; Secure", "; HttpOnly; SameSite=Lax"),
        ("session_csrf=opensesame; Secure", "; SameSite=Lax"),
        ("XSRF-TOKEN=opensesame", "; Secure"),
        ("tally=opensesame; Secure", "; HttpOnly; SameSite=Lax"),
        ("Tally=opensesame; Secure", ""),
        ("theme=opensesame; SameSite=None", "; Secure"),
    ] {
        let sent = through(open().session_names(["tally"]), Transport::Tls, &[line]).await;
        assert_eq!(sent.lines(), [format!("{line}{added}")]);
        assert_eq!(sent.told.len(), usize::from(!added.is_empty()), "{line}");
    }
}

#[tokio::test]
async fn nothing_but_the_end_of_a_line_is_touched_and_twice_is_as_once() {
    let odd: [&[u8]; 15] = [
        b"a=opensesame",
        b"  a\t =\topensesame  ;  path = /x ;X-Unknown=\"y;z\" ; ; ;PRIORITY=High",
        b"a=\"opensesame, with; Max-Age=5\"; EXPIRES=Thu, 01 Jan 2099 00:00:00 GMT",
        b"a=opensesame;",
        b"a=opensesame; Secure=false",
        b"a=opensesame; secure ;SeCuRe",
        b"a=opensesame; Path=/a; Path=/b; path=/c",
        b"sess\xe9on=\xff\xfe\x80; Path=/\xc3\xa9",
        b"opensesame",
        b"opensesame; Secure",
        b"=opensesame",
        b"Secure; HttpOnly",
        b"sid=opensesame; HttpOnly; samesite=LAX; Max-Age=1e9; Partitioned",
        b"__Secure-sid=opensesame; Domain=.site.example",
        b"",
    ];
    let policy = open().build().unwrap();
    for line in odd {
        let layer = || policy.layer(Listener::tls());
        let once = setting(&[line]).layer(layer()).oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
        let once = once.headers()[SET_COOKIE].as_bytes().to_vec();
        let added = once.strip_prefix(line).unwrap_or_else(|| panic!("{} was changed", line.escape_ascii()));
        let known: [&[u8]; 6] = [
            b"",
            b"; Secure",
            b"; Secure; HttpOnly; SameSite=Lax",
            b"; HttpOnly; SameSite=Lax",
            b"; SameSite=Lax",
            b"; Secure; SameSite=Lax",
        ];
        assert!(known.contains(&added), "{}", once.escape_ascii());

        let twice = setting(&[line]).layer(layer()).layer(layer());
        let twice = twice.oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
        assert_eq!(twice.headers()[SET_COOKIE].as_bytes(), once, "{}", once.escape_ascii());
    }
}

#[tokio::test]
async fn what_is_sensitive_stays_sensitive() {
    let mut value = HeaderValue::from_static("sid=opensesame");
    value.set_sensitive(true);
    let routes = Router::new().fallback(move || async move { [(SET_COOKIE, value)] });
    let sent = Recorded::new(open()).ask(Listener::tls(), routes, request(Transport::Tls, "/", &[])).await;
    assert!(sent.headers[SET_COOKIE].is_sensitive());
    assert_eq!(sent.lines(), ["sid=opensesame; Secure; HttpOnly; SameSite=Lax"]);
}

#[tokio::test]
async fn lines_keep_their_order_and_the_jar_s_come_last() {
    let lines = ["b=1; Secure", "a=1", "gone=1", "a=2; Secure", "basket=1", "z=1; Secure"];
    let routes = |lines: [&'static str; 6]| {
        Router::new().fallback(move |cookies: Cookies| async move {
            cookies.set(session()).unwrap();
            let mut response = Response::new(Body::empty());
            for line in lines {
                response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
            }
            response.headers_mut().append("x-other", HeaderValue::from_static("stays"));
            response
        })
    };
    let https = || request(Transport::Tls, "/", &[]);
    let hardened = Recorded::new(open()).ask(Listener::tls(), routes(lines), https()).await;
    assert_eq!(
        hardened.lines(),
        ["b=1; Secure", "a=1; Secure", "gone=1; Secure", "a=2; Secure", "basket=1; Secure", "z=1; Secure", SESSION]
    );
    let refuse = open().foreign_cookies(ForeignCookies::Refuse);
    let refuse = ["a", "b", "basket"].into_iter().fold(refuse, |policy, name| policy.exception(name, "tested"));
    let refused = Recorded::new(refuse).ask(Listener::tls(), routes(lines), https()).await;
    assert_eq!(refused.lines(), ["b=1; Secure", "a=1", "a=2; Secure", "basket=1", SESSION]);
    assert_eq!(refused.headers["x-other"], "stays");
}

// ---- Declared cookies are not foreign.

#[tokio::test]
async fn what_the_jar_wrote_leaves_as_declared_in_every_mode() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(Banner(SECRET.to_owned()))?;
        cookies.set(Theme(SECRET.to_owned()))
    }
    async fn plain(cookies: Cookies<AnyScheme>) -> Result<(), SetError> {
        cookies.set(Banner(SECRET.to_owned()))
    }
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let recorded = Recorded::new(open().foreign_cookies(mode));
        let routes = Router::new().route("/", get(set)).route("/plain", get(plain));
        let listener = Listener::per_connection;
        let sent = recorded.ask(listener(), routes.clone(), request(Transport::Tls, "/", &[])).await;
        assert_eq!(
            (sent.lines(), sent.told()),
            (vec![SESSION.into(), BANNER.into(), THEME.into()], vec![]),
            "{mode:?}"
        );
        let sent = recorded.ask(listener(), routes, request(Transport::Plain, "/plain", &[])).await;
        assert_eq!((sent.lines(), sent.told()), (vec![BANNER.to_owned()], vec![]), "{mode:?}");
    }
}

#[tokio::test]
async fn what_a_layer_within_this_one_declared_is_not_foreign() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(Theme(SECRET.to_owned()))
    }
    async fn read(cookies: Cookies) -> Result<(), ReadError> {
        cookies.get::<Cart>().map(|_| ())
    }
    let within = open().build().unwrap().layer(Listener::per_connection());
    let routes = Router::new().route("/", get(set)).route("/read", get(read)).layer(within);
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let recorded = Recorded::new(open().foreign_cookies(mode).floor(Floor::new().same_site(SameSite::Strict)));
        let sent = recorded.ask(Listener::per_connection(), routes.clone(), request(Transport::Tls, "/", &[])).await;
        // The floor of the outer one holds for them.
        let lines = [SESSION.replace("Lax", "Strict"), THEME.replace("Lax", "Strict")];
        assert_eq!(sent.lines(), lines, "{mode:?}");
        assert!(sent.told().iter().all(|(.., rule)| *rule == "floor"), "{:?}", sent.told());

        let bad = request(Transport::Tls, "/read", &[(COOKIE, "__Host-Http-cart=opensesame")]);
        let sent = recorded.ask(Listener::per_connection(), routes.clone(), bad).await;
        assert_eq!((sent.status, sent.lines().len()), (StatusCode::BAD_REQUEST, 1), "{mode:?}");
    }
}

#[tokio::test]
async fn a_header_value_of_a_declared_cookie_is_not_foreign_where_the_policy_knows_the_declaration() {
    let https = testing::https();
    let lines = [
        SetCookie::new(session()).header_value(&https).unwrap(),
        SetCookie::new(session()).same_site(SameSite::Strict).header_value(&https).unwrap(),
        SetCookie::<Session>::removal().header_value(&https).unwrap(),
        SetCookie::new(Banner(SECRET.to_owned())).header_value(&https).unwrap(),
        SetCookie::new(Theme(SECRET.to_owned())).header_value(&https).unwrap(),
    ];
    let lines: Vec<&str> = lines.iter().map(|line| line.to_str().unwrap()).collect();
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let sent = through(open().foreign_cookies(mode).declared(SPECS), Transport::Tls, &lines).await;
        assert_eq!((sent.lines(), sent.told()), (lines.iter().map(|&line| line.into()).collect(), vec![]), "{mode:?}");

        let sent = through(open().foreign_cookies(mode).declared(SPECS), Transport::Plain, &lines).await;
        assert_eq!(sent.lines(), [BANNER], "{mode:?}");
        assert!(sent.told().iter().all(|(kind, ..)| *kind == LineHeldBack), "{mode:?}");
    }
    let sent = through(open().foreign_cookies(ForeignCookies::Refuse), Transport::Tls, &lines).await;
    assert_eq!((sent.lines().len(), sent.told.len()), (0, 5));
}

#[tokio::test]
async fn a_declared_name_with_weaker_flags_is_foreign() {
    let weaker = [
        "__Host-Http-session=opensesame; Path=/; HttpOnly; SameSite=Lax",
        "__Host-Http-session=opensesame; Path=/; Secure; SameSite=Lax",
        "__Host-Http-session=opensesame; Path=/; Secure; HttpOnly; SameSite=None",
        "__Host-Http-session=opensesame; Path=/; Secure; HttpOnly",
        "banner=opensesame; Path=/; SameSite=Lax",
    ];
    let sent = through(open().foreign_cookies(ForeignCookies::Refuse).declared(SPECS), Transport::Tls, &weaker).await;
    assert_eq!((sent.lines().len(), sent.told.len()), (0, weaker.len()));
    let sent = through(open().declared(SPECS), Transport::Tls, &weaker).await;
    assert!(sent.lines().iter().all(|line| line.contains("; Secure")), "{:?}", sent.lines());
}

#[tokio::test]
async fn the_removal_of_a_read_error_leaves_even_where_foreign_lines_are_refused() {
    async fn read(cookies: Cookies) -> Result<String, ReadError> {
        Ok(format!("{:?}", cookies.get::<Cart>()?.map(|cart| cart.0)))
    }
    let routes = || {
        let and_more = |mut response: Response| async move {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("legacy=opensesame"));
            response
        };
        Router::new().fallback(read).layer(axum::middleware::map_response(and_more))
    };
    let carries = [(COOKIE, "__Host-Http-cart=opensesame")];
    let removal =
        "__Host-Http-cart=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite";

    let recorded = Recorded::new(open().foreign_cookies(ForeignCookies::Refuse));
    let sent = recorded.ask(Listener::tls(), routes(), request(Transport::Tls, "/", &carries)).await;
    assert_eq!((sent.status, sent.lines()), (StatusCode::BAD_REQUEST, vec![format!("{removal}=Lax")]));
    let cart = "__Host-Http-cart";
    assert_eq!(sent.told(), [(EventKind::ReadRefused, cart, "malformed"), (LineRefused, "legacy", "foreign")]);

    let floor = Floor::new().same_site(SameSite::Strict);
    let recorded = Recorded::new(open().foreign_cookies(ForeignCookies::Refuse).floor(floor));
    let sent = recorded.ask(Listener::tls(), routes(), request(Transport::Tls, "/", &carries)).await;
    assert_eq!(sent.lines(), [format!("{removal}=Strict")]);
}

// ---- What browsers would not store.

#[tokio::test]
async fn several_cookies_in_one_field_are_told_of_without_their_values() {
    for line in [
        "a=opensesame; Path=/, b=opensesame; Secure",
        "a=opensesame, b=opensesame; Secure",
        "a=opensesame; Domain=other.example,b=opensesame; Secure",
        "a=opensesame; Domain=com, b=opensesame; Secure",
    ] {
        for mode in [ForeignCookies::Observe, ForeignCookies::Harden] {
            let sent = through(open().foreign_cookies(mode), Transport::Tls, &[line]).await;
            assert_eq!(sent.lines(), [line]);
            assert_eq!(sent.told()[0], (LineObserved, "a", "folded"), "{line}");
        }
    }
    // Nor are they told of where each has its field, commas or not.
    let line = "a=open,sesame; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Secure";
    assert_eq!(through(open(), Transport::Tls, &[line]).await.told(), []);
}

#[tokio::test]
async fn what_no_browser_stores_leaves_and_its_rule_is_told() {
    let long = format!("a={}; Secure", "x".repeat(4096));
    let latin = "a=1; Secure; Domain=b\u{fc}cher.example";
    for (line, cookie, rule) in [
        ("=; Secure", "(nameless)", "empty"),
        (&long, "a", "size"),
        (latin, "a", "domain-not-ascii"),
        ("a=opensesame; Secure; Domain=com", "a", "public-suffix"),
        ("a=opensesame; Secure; Domain=other.example", "a", "domain-mismatch"),
        ("__Host-a=opensesame; Secure", "__Host-a", "prefix-host"),
        ("__host-a=opensesame; Secure; Path=/; Domain=site.example", "__host-a", "prefix-host"),
        ("__Http-a=opensesame; Secure", "__Http-a", "prefix-http"),
        ("__Host-Http-a=opensesame; Secure; Path=/", "__Host-Http-a", "prefix-host-http"),
        ("=__Host-opensesame; Secure", "(nameless)", "nameless-prefix"),
    ] {
        for mode in [ForeignCookies::Observe, ForeignCookies::Harden] {
            let sent = through(open().foreign_cookies(mode), Transport::Tls, &[line]).await;
            assert_eq!(sent.octets(), [line.as_bytes()]);
            assert_eq!(sent.told(), [(LineObserved, cookie, rule)], "{line}");
        }
    }
}

#[tokio::test]
async fn what_lacks_only_secure_to_be_stored_is_stored_once_hardened() {
    for (line, rule) in [
        ("a=opensesame; SameSite=None", "same-site-none-secure"),
        ("__Secure-a=opensesame", "prefix-secure"),
        ("__Host-a=opensesame; Path=/", "prefix-host"),
        ("__Http-a=opensesame; HttpOnly", "prefix-http"),
        ("__Host-Http-sid=opensesame; Path=/", "prefix-host-http"),
        ("a=opensesame; Partitioned", "partitioned-secure"),
    ] {
        let observed = through(open().foreign_cookies(ForeignCookies::Observe), Transport::Tls, &[line]).await;
        let told: Vec<_> = observed.told().into_iter().map(|(.., rule)| rule).collect();
        assert_eq!(told, ["insecure", rule], "{line}");

        let hardened = through(open(), Transport::Tls, &[line]).await;
        assert_eq!(hardened.told.len(), 1, "{line}");
        let stored = audit::set_cookie(hardened.octets()[0], &Seen::https(HOST_NAME)).stored;
        assert!(stored.unwrap().secure, "{line}");
    }
}

// ---- Lines that others collected.

#[tokio::test]
async fn every_line_of_the_vectors_is_stored_secure_once_hardened_or_told_why_not() {
    let mut tally = BTreeMap::<&str, usize>::new();
    let mut lines = Vec::new();
    for file in [include_str!("vectors/set_cookie_audit.json"), include_str!("vectors/wpt_store.json")] {
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let host = match case["host"].as_str() {
                Some(host) => host.to_owned(),
                None => case["set_from"].as_str().unwrap().parse::<Uri>().unwrap().host().unwrap().to_owned(),
            };
            let texts = std::slice::from_ref(&case["set_cookie"]);
            let texts = case["set_cookie"].as_array().map_or(texts, Vec::as_slice).iter().filter_map(|it| it.as_str());
            let hex = std::slice::from_ref(&case["set_cookie_hex"]);
            let hex = case["set_cookie_hex"].as_array().map_or(hex, Vec::as_slice).iter().filter_map(|it| it.as_str());
            let octets = texts.map(|text| text.as_bytes().to_vec()).chain(hex.map(unhex));
            lines.extend(octets.map(|line| (case["id"].as_str().unwrap().to_owned(), host.clone(), line)));
        }
    }
    assert!(lines.len() > 240, "{} lines", lines.len());

    let recorded = Recorded::new(open());
    for (id, host, line) in &lines {
        if HeaderValue::from_bytes(line).is_err() {
            *tally.entry("no field value").or_default() += 1;
            continue;
        }
        let asked = request(Transport::Tls, "/", &[(HOST, host)]);
        let sent = recorded.ask(Listener::per_connection(), setting(&[line]), asked).await;
        let [hardened] = sent.octets()[..] else { panic!("{id}: {:?}", sent.lines()) };
        let added = hardened.strip_prefix(&line[..]).unwrap_or_else(|| panic!("{id}: {:?}", sent.lines()));
        let added = String::from_utf8(added.to_vec()).unwrap();
        let mut rest = added.as_str();
        for addition in ["; Secure", "; HttpOnly", "; SameSite=Lax"] {
            rest = rest.strip_prefix(addition).unwrap_or(rest);
        }
        assert_eq!(rest, "", "{id}: {added}");
        let is_told = sent.told.iter().any(|told| told.kind == LineHardened);
        assert_eq!(is_told, !added.is_empty(), "{id}: {:?}", sent.told);

        match audit::set_cookie(hardened, &Seen::https(host)).stored {
            Ok(stored) => {
                assert!(stored.secure, "{id}: {stored}");
                *tally.entry("stored as Secure").or_default() += 1;
            }
            Err(rejection) => {
                let why = sent.told.iter().find(|told| told.kind == LineObserved && told.rule == rejection.id());
                assert!(why.is_some(), "{id}: {rejection}, and {:?}", sent.told);
                *tally.entry("told why not").or_default() += 1;
            }
        }
    }
    println!("{} lines: {tally:?}", lines.len());
    assert!(tally["stored as Secure"] > 150 && tally["told why not"] > 30, "{tally:?}");
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

// ---- The floor.

#[tokio::test]
async fn the_stricter_of_floor_and_declaration_leaves() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(SetCookie::new(Cart(7)).same_site(SameSite::Strict).max_age(Duration::from_secs(60)))?;
        cookies.set(Theme(SECRET.to_owned()))?;
        cookies.set(Banner(SECRET.to_owned()))
    }
    let cart = "__Host-Http-cart=7; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict";
    for (floor, expected) in [
        (
            Floor::new().same_site(SameSite::Strict),
            [SESSION.replace("Lax", "Strict"), cart.into(), THEME.replace("Lax", "Strict"), BANNER.to_owned()],
        ),
        (Floor::new().http_only(), [SESSION.into(), cart.into(), format!("{THEME}; HttpOnly"), BANNER.to_owned()]),
        (
            Floor::new().max_age(Duration::from_secs(3600)),
            [SESSION.replace("28800", "3600"), cart.into(), THEME.to_owned(), BANNER.to_owned()],
        ),
        (
            Floor::new().same_site(SameSite::Lax).max_age(Duration::from_secs(86_400)),
            [SESSION, cart, THEME, BANNER].map(str::to_owned),
        ),
        (Floor::new().same_site(SameSite::None), [SESSION, cart, THEME, BANNER].map(str::to_owned)),
    ] {
        let policy = open().floor(floor.clone()).exception("banner", "a widget of a partner reads it");
        let (recorded, routes) = (Recorded::new(policy), Router::new().fallback(set));
        let sent = recorded.ask(Listener::tls(), routes, request(Transport::Tls, "/", &[])).await;
        assert_eq!(sent.lines(), expected, "{floor:?}");
        let raised = sent.lines().iter().zip([SESSION, cart, THEME, BANNER]).filter(|(line, was)| line != was).count();
        assert_eq!(sent.told.len(), raised, "{floor:?}");
        assert!(sent.told().iter().all(|(kind, _, rule)| (*kind, *rule) == (LineHardened, "floor")), "{floor:?}");
    }
}

#[tokio::test]
async fn the_floor_raises_foreign_lines_in_their_place_and_their_exceptions_stay() {
    let floor = Floor::new().same_site(SameSite::Strict).http_only().max_age(Duration::from_secs(3600));
    for (line, expected) in [
        ("a=opensesame; Path=/", "a=opensesame; Path=/; Secure; SameSite=Strict; HttpOnly"),
        ("a=opensesame;  samesite = lax ;X=y; Secure", "a=opensesame;  samesite=Strict;X=y; Secure; HttpOnly"),
        ("sid=opensesame; Max-Age=99999", "sid=opensesame; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"),
        (
            "sid=opensesame; Max-Age=99999; Max-Age=soon; Secure; HttpOnly; SameSite=Strict",
            "sid=opensesame; Max-Age=3600; Max-Age=3600; Secure; HttpOnly; SameSite=Strict",
        ),
        (
            "a=opensesame; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict",
            "a=opensesame; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict; Max-Age=3600",
        ),
        ("a=; Max-Age=0; Secure; HttpOnly; SameSite=Strict", "a=; Max-Age=0; Secure; HttpOnly; SameSite=Strict"),
        ("csrf=opensesame; Secure; SameSite=Strict", "csrf=opensesame; Secure; SameSite=Strict; HttpOnly"),
        ("basket=opensesame; Max-Age=99999", "basket=opensesame; Max-Age=99999"),
    ] {
        let policy = || open().floor(floor.clone()).exception("basket", "the old shop reads it until March");
        let sent = through(policy(), Transport::Tls, &[line]).await;
        assert_eq!(sent.lines(), [expected]);
        let again = through(policy(), Transport::Tls, &[expected]).await;
        assert_eq!((again.lines(), again.told()), (vec![expected.to_owned()], vec![]));
    }
    // The weakest one is never written: to browsers, a line without is stricter.
    let weakest = open().floor(Floor::new().same_site(SameSite::None));
    let sent = through(weakest, Transport::Tls, &["a=opensesame; Secure"]).await;
    assert_eq!((sent.lines(), sent.told()), (vec!["a=opensesame; Secure".to_owned()], vec![]));
    // It holds where foreign cookies are only observed.
    let observe = open().foreign_cookies(ForeignCookies::Observe).floor(Floor::new().same_site(SameSite::Lax));
    let sent = through(observe, Transport::Tls, &["a=opensesame; Secure"]).await;
    assert_eq!(sent.lines(), ["a=opensesame; Secure; SameSite=Lax"]);
}

#[tokio::test]
async fn a_declared_line_above_the_floor_is_still_no_foreign_one_to_a_layer_outside() {
    let policy = open().foreign_cookies(ForeignCookies::Refuse).declared(SPECS);
    let policy = policy.floor(Floor::new().same_site(SameSite::Strict).http_only()).build().unwrap();
    let routes = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session())?;
        cookies.set(Theme(SECRET.to_owned()))
    });
    let routes = routes.layer(policy.layer(Listener::tls())).layer(policy.layer(Listener::tls()));
    let response = routes.oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
    let lines: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
    assert_eq!(lines, [&SESSION.replace("Lax", "Strict"), &format!("{THEME}; HttpOnly").replace("Lax", "Strict")]);
}

// ---- Caching.

#[tokio::test]
async fn no_shared_cache_may_keep_a_response_that_sets_a_cookie() {
    use Caching::{NoStore, Private};
    let fields = |set: bool, values: &[&'static str]| {
        let cookie = set.then_some((SET_COOKIE, &b"sid=opensesame; Secure; HttpOnly; SameSite=Lax"[..]));
        answering(&cookie.into_iter().chain(values.iter().map(|it| (CACHE_CONTROL, it.as_bytes()))).collect::<Vec<_>>())
    };
    for (caching, values, expected, is_told) in [
        (Private, &[][..], "private", false),
        (Private, &["max-age=60"], "private, max-age=60", false),
        (Private, &["public, max-age=60"], "private, max-age=60", true),
        (Private, &["max-age=60", "s-maxage=600"], "private, max-age=60", true),
        (Private, &["PUBLIC", "must-revalidate"], "private, must-revalidate", true),
        (Private, &["private"], "private", false),
        (Private, &["no-store"], "no-store", false),
        (Private, &["x=\"public, s-maxage=1\""], "private, x=\"public, s-maxage=1\"", false),
        (NoStore, &[], "no-store", false),
        (NoStore, &["private, max-age=60"], "no-store", false),
        (NoStore, &["public, max-age=60"], "no-store", true),
        (NoStore, &["no-store, max-age=0"], "no-store, max-age=0", false),
    ] {
        let recorded = Recorded::new(open().caching(caching));
        let asked = || request(Transport::Tls, "/", &[]);
        let sent = recorded.ask(Listener::tls(), fields(true, values), asked()).await;
        assert_eq!(sent.all(CACHE_CONTROL), [expected], "{caching:?} {values:?}");
        let told: &[_] = if is_told { &[(EventKind::CachingChanged, "", "shared-cache")] } else { &[] };
        assert_eq!(sent.told(), told, "{caching:?} {values:?}");

        let without = recorded.ask(Listener::tls(), fields(false, values), asked()).await;
        assert_eq!((without.all(CACHE_CONTROL), without.told()), (values.to_vec(), vec![]), "{caching:?} {values:?}");
    }
}

#[tokio::test]
async fn a_response_whose_only_cookie_is_held_back_may_be_cached_and_one_with_a_jar_s_may_not() {
    let routes = answering(&[(SET_COOKIE, b"a=opensesame"), (CACHE_CONTROL, b"public")]);
    let recorded = Recorded::new(open());
    let sent = recorded.ask(Listener::plain(), routes, request(Transport::Plain, "/", &[])).await;
    assert_eq!((sent.lines().len(), sent.all(CACHE_CONTROL)), (0, vec!["public"]));

    let jar = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session()).map(|()| [(CACHE_CONTROL, "public, max-age=60")])
    });
    let sent = recorded.ask(Listener::tls(), jar, request(Transport::Tls, "/", &[])).await;
    assert_eq!((sent.lines(), sent.all(CACHE_CONTROL)), (vec![SESSION.into()], vec!["private, max-age=60"]));
}

// ---- HSTS.

const OWN_HSTS: &[u8] = b"max-age=1";

/// What HSTS leaves of these fields of the application's.
async fn hsts(policy: PolicyBuilder, listener: Listener, host: &str, own: usize) -> Vec<String> {
    let routes = answering(&vec![(STRICT_TRANSPORT_SECURITY, OWN_HSTS); own]);
    let mut request = request(Transport::Tls, "/", &[(HOST, host)]);
    request.extensions_mut().insert(Peer(IpAddr::from([127, 0, 0, 1])));
    let sent = Recorded::new(policy).ask(listener, routes, request).await;
    sent.all(STRICT_TRANSPORT_SECURITY).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn hsts_is_sent_once_over_https_and_never_over_plain_http() {
    for own in 0..3 {
        for host in [HOST_NAME, "WWW.Site.Example.", "site.example:8443", "nas", "my_app"] {
            assert_eq!(hsts(open(), Listener::tls(), host, own).await, [YEAR], "{host}, {own} of its own");
            assert_eq!(hsts(open(), Listener::plain(), host, own).await, [""; 0], "{host}, {own} of its own");
        }
    }
}

#[tokio::test]
async fn hsts_is_added_for_no_loopback_name_and_no_address() {
    for host in ["localhost", "app.localhost:3000", "127.0.0.1", "127.9.9.9:1", "192.0.2.7", "[::1]", "[2001:db8::1]:8"]
    {
        assert_eq!(hsts(open(), Listener::tls(), host, 0).await, [""; 0], "{host}");
        assert_eq!(hsts(open(), Listener::plain(), host, 2).await, [""; 0], "{host}");
    }
}

#[tokio::test]
async fn loopback_in_debug_is_https_without_hsts_and_without_a_redirect() {
    let listener = || Listener::plain().loopback_in_debug();
    for own in 0..3 {
        let policy = Policy::builder().force_https(!cfg!(debug_assertions));
        assert_eq!(hsts(policy, listener(), "localhost:3000", own).await, [""; 0]);
    }
    if !cfg!(debug_assertions) {
        println!("not run in a release build: `loopback_in_debug` does nothing there");
        return;
    }
    let mut asked = request(Transport::Plain, "/", &[(HOST, "localhost:3000"), PAGE]);
    asked.extensions_mut().insert(Peer(IpAddr::from([127, 0, 0, 1])));
    let routes = setting(&[b"sid=opensesame"]);
    let sent = Recorded::new(Policy::builder()).ask(listener(), routes, asked).await;
    assert_eq!((sent.status, sent.lines().len()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn hsts_says_what_the_policy_says() {
    for (policy, expected) in [
        (Hsts::one_year(), YEAR),
        (Hsts::one_year().subdomains(), "max-age=31536000; includeSubDomains"),
        (Hsts::one_year().preload().subdomains(), "max-age=31536000; includeSubDomains; preload"),
        (Hsts::one_year().max_age(Duration::ZERO), "max-age=0"),
        (Hsts::from(true), YEAR),
    ] {
        assert_eq!(hsts(open().hsts(policy), Listener::tls(), HOST_NAME, 1).await, [expected]);
    }
    // Off is the application's own business, over either.
    for off in [Hsts::off(), Hsts::from(false)] {
        assert_eq!(hsts(open().hsts(off.clone()), Listener::tls(), HOST_NAME, 1).await, ["max-age=1"]);
        assert_eq!(hsts(open().hsts(off), Listener::tls(), HOST_NAME, 0).await, [""; 0]);
    }
}

// ---- Plain HTTP.

fn forced() -> PolicyBuilder {
    let force = ForceHttps::on().integrations(["/api"]).exempt(["/health"]).https_port(8443);
    Policy::builder().force_https(force)
}

/// An application that would answer with everything that must not leave over plain HTTP.
fn careless() -> Router {
    answering(&[(SET_COOKIE, b"sid=opensesame"), (STRICT_TRANSPORT_SECURITY, OWN_HSTS), (CACHE_CONTROL, b"public")])
}

#[tokio::test]
async fn a_redirect_is_kept_by_nobody_and_sets_nothing() {
    for method in [Method::GET, Method::HEAD] {
        let mut asked = request(Transport::Plain, "/a/b?c=d&e=%20", &[PAGE, (HOST, "www.site.example:8080")]);
        *asked.method_mut() = method;
        let sent = Recorded::new(forced()).ask(Listener::per_connection(), careless(), asked).await;
        assert_eq!(sent.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(sent.fields(), [LOCATION, CACHE_CONTROL]);
        assert_eq!(sent.headers[LOCATION], "https://www.site.example:8443/a/b?c=d&e=%20");
        assert_eq!(sent.headers[CACHE_CONTROL], "no-store");
        assert_eq!(sent.told(), [(EventKind::PageRedirected, "", "force-https")]);
        assert_eq!(sent.told[0].evidence.as_deref(), Some("the connection carries no TLS"));
    }
}

#[tokio::test]
async fn integrations_are_refused_and_never_redirected() {
    for (method, path, accept) in [
        (Method::GET, "/api", "text/html"),
        (Method::GET, "/api/orders?x=1", "text/html"),
        (Method::GET, "/page", "application/json"),
        (Method::GET, "/page", "*/*"),
        (Method::POST, "/page", "text/html"),
        (Method::PUT, "/page", "text/html"),
        (Method::OPTIONS, "/page", "text/html"),
        (Method::POST, "/api/health", "text/html"),
        (Method::GET, "/health/", "application/json"),
    ] {
        let mut asked = request(Transport::Plain, path, &[(ACCEPT, accept), (AUTHORIZATION, "Bearer opensesame")]);
        *asked.method_mut() = method.clone();
        let sent = Recorded::new(forced()).ask(Listener::per_connection(), careless(), asked).await;
        assert_eq!((sent.status, sent.fields()), (StatusCode::FORBIDDEN, vec![]), "{method} {path}");
        assert_eq!(sent.told(), [(EventKind::RequestRefused, "", "force-https")], "{method} {path}");
        assert!(sent.told[0].evidence.is_some());
    }
}

#[tokio::test]
async fn a_health_check_passes_and_sends_nothing_secure() {
    let routes = || {
        Router::new().route(
            "/health",
            any(|cookies: Cookies<AnyScheme>| async move {
                assert!(matches!(cookies.set(session()), Err(SetError::NotHttps { .. })));
                [(SET_COOKIE, "sid=opensesame"), (STRICT_TRANSPORT_SECURITY, "max-age=1")]
            }),
        )
    };
    for (method, path) in [(Method::GET, "/health"), (Method::POST, "/health?deep=1")] {
        let mut asked = request(Transport::Plain, path, &[]);
        *asked.method_mut() = method;
        let sent = Recorded::new(forced()).ask(Listener::per_connection(), routes(), asked).await;
        assert_eq!((sent.status, sent.lines().len()), (StatusCode::OK, 0));
        assert_eq!(sent.all(STRICT_TRANSPORT_SECURITY), [""; 0]);
        let session = (EventKind::SetRefused, "__Host-Http-session", "not-https");
        assert_eq!(sent.told(), [session, (LineHeldBack, "sid", "insecure")]);
    }
}

#[tokio::test]
async fn a_redirect_out_of_a_nested_router_keeps_the_prefix() {
    let policy = Policy::builder().force_https(ForceHttps::on().integrations(["/shop/api"])).build().unwrap();
    let inside = Router::new().fallback(|| async { "inside" }).layer(policy.layer(Listener::per_connection()));
    let routes = Router::new().nest("/shop", inside);
    let ask = async |path: &str| routes.clone().oneshot(request(Transport::Plain, path, &[PAGE])).await.unwrap();
    assert_eq!(ask("/shop/cart?x=1").await.headers()[LOCATION], "https://www.site.example/shop/cart?x=1");
    assert_eq!(ask("/shop/api/x").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_hostile_host_is_never_redirected_to() {
    let hosts = Policy::builder().force_https(ForceHttps::on().hosts([HOST_NAME]));
    for (policy, host, is_redirected) in [
        (hosts.clone(), HOST_NAME, true),
        (hosts.clone(), "evil.example", false),
        (hosts, "www.site.example.evil.example", false),
        (Policy::builder(), "user@www.site.example", false),
        (Policy::builder(), "www.site.example/evil", false),
    ] {
        let asked = request(Transport::Plain, "/", &[PAGE, (HOST, host)]);
        let sent = Recorded::new(policy).ask(Listener::plain(), careless(), asked).await;
        assert_eq!(sent.status == StatusCode::PERMANENT_REDIRECT, is_redirected, "{host}");
        assert_eq!(sent.headers.contains_key(LOCATION), is_redirected, "{host}");
    }
}

// ---- What is told.

#[tokio::test]
async fn every_refusal_of_the_jar_is_told_with_cookie_and_rule() {
    async fn handler(cookies: Cookies<AnyScheme>, uri: Uri) {
        match uri.path() {
            "/set" => assert!(cookies.set(session()).is_err()),
            "/remove" => assert!(cookies.remove::<Session>().is_err()),
            "/get" => assert!(cookies.get::<Session>().is_err()),
            "/cart" => assert!(cookies.get::<Cart>().is_err()),
            "/carts" => assert_eq!(cookies.get_all::<Cart>().filter(Result::is_err).count(), 2),
            "/large" => assert!(cookies.set(Session(SECRET.repeat(500))).is_err()),
            "/half" => {
                let half = SetCookie::new(session()).max_age(Duration::from_millis(1));
                assert!(cookies.set(half).is_err());
            }
            "/domain" => assert!(cookies.set(Sso(SECRET.to_owned())).is_err()),
            "/broken" => assert!(cookies.set(Broken(Unwritable)).is_err()),
            "/late" => {
                let mut response = HeaderMap::new();
                cookies.write(&mut response);
                assert!(cookies.set(session()).is_err());
            }
            "/ok" => cookies.set(session()).unwrap(),
            path => panic!("{path}"),
        }
    }
    use EventKind::{ReadRefused, SetRefused};
    const NAME: &str = "__Host-Http-session";
    const CART: &str = "__Host-Http-cart";
    for (transport, path, told) in [
        (Transport::Plain, "/set", &[(SetRefused, NAME, "not-https")][..]),
        (Transport::Plain, "/remove", &[(SetRefused, NAME, "not-https")]),
        (Transport::Plain, "/get", &[(ReadRefused, NAME, "not-https")]),
        (Transport::Tls, "/get", &[(ReadRefused, NAME, "ambiguous")]),
        (Transport::Tls, "/cart", &[(ReadRefused, CART, "malformed")]),
        (Transport::Tls, "/carts", &[(ReadRefused, CART, "malformed"), (ReadRefused, CART, "malformed")]),
        (Transport::Tls, "/large", &[(SetRefused, NAME, "size")]),
        (Transport::Tls, "/half", &[(SetRefused, NAME, "max-age")]),
        (Transport::Tls, "/domain", &[(SetRefused, "__Secure-sso", "attribute")]),
        (Transport::Tls, "/broken", &[(SetRefused, "__Host-Http-broken", "value")]),
        (Transport::Tls, "/late", &[(SetRefused, NAME, "response-sent")]),
        (Transport::Tls, "/ok", &[]),
    ] {
        let carries = match path {
            "/carts" => "__Host-Http-cart=opensesame; __Host-Http-cart=opensesame",
            _ => "__Host-Http-session=opensesame; __Host-Http-session=opensesame2; __Host-Http-cart=opensesame",
        };
        let recorded = Recorded::new(open());
        let routes = Router::new().fallback(handler);
        let asked = request(transport, path, &[(COOKIE, carries)]);
        let sent = recorded.ask(Listener::per_connection(), routes, asked).await;
        assert_eq!((sent.status, sent.told()), (StatusCode::OK, told.to_vec()), "{path}");
        for kind in EventKind::ALL {
            let expected = told.iter().filter(|(told, ..)| told == kind).count();
            assert_eq!(recorded.handle.counters().get(*kind), expected as u64, "{path} {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_handler_that_needs_https_is_refused_with_the_evidence() {
    async fn proof(_: Https) {}
    async fn jar(_: Cookies) {}
    let routes = Router::new().route("/proof", get(proof)).route("/jar", get(jar));
    for path in ["/proof", "/jar"] {
        let recorded = Recorded::new(open());
        let sent = recorded.ask(Listener::per_connection(), routes.clone(), request(Transport::Plain, path, &[])).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN);
        assert_eq!(sent.told(), [(EventKind::RequestRefused, "", "not-https")]);
        assert!(sent.told[0].text.contains("the connection carries no TLS"), "{:?}", sent.told);
    }
}

#[tokio::test]
async fn a_line_held_back_is_told_with_the_peer_that_claimed_https() {
    let listener = Listener::behind(TrustedProxies::new(["10.0.0.0/8"]).unwrap());
    let asked = request(Transport::Tls, "/", &[(HeaderName::from_static("x-forwarded-proto"), "https")]);
    let sent = Recorded::new(open()).ask(listener, setting(&[b"sid=opensesame; Secure"]), asked).await;
    assert_eq!((sent.lines().len(), sent.told()), (0, vec![(LineHeldBack, "sid", "insecure")]));
    let evidence = sent.told[0].evidence.as_deref().unwrap();
    assert!(evidence.contains("203.0.113.9") && evidence.contains("X-Forwarded-Proto"), "{evidence}");
    assert!(sent.told[0].text.contains(evidence), "{}", sent.told[0].text);
}

#[tokio::test]
async fn names_are_told_fit_for_a_log_and_values_never() {
    let lines: [&[u8]; 5] = [
        b"s\xe9ss\t\xffion=opensesame",
        "gr\u{fc}\u{202e}n=opensesame".as_bytes(),
        b"a\\b`c=opensesame; X-Note=opensesame; Path=/opensesame",
        b"opensesame; Path=/",
        b"n=\xffopensesame\xff; Domain=opensesame\xff",
    ];
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        for transport in [Transport::Tls, Transport::Plain] {
            let recorded = Recorded::new(open().foreign_cookies(mode));
            let sent = recorded.ask(Listener::per_connection(), setting(&lines), request(transport, "/", &[])).await;
            let mut names: Vec<_> = sent.told.iter().filter_map(|told| told.cookie.as_deref()).collect();
            names.dedup();
            let shown = [r"s\xe9ss\t\xffion", r"gr\xc3\xbc\xe2\x80\xaen", r"a\\b`c", "(nameless)", "n"];
            assert_eq!(names, shown, "{mode:?} {transport:?}");
        }
    }
}

#[tokio::test]
async fn counters_count_what_the_callback_was_told() {
    let recorded = Recorded::new(foreign(ForeignCookies::Harden));
    let mut all = Vec::new();
    for transport in [Transport::Tls, Transport::Plain, Transport::Tls] {
        let lines: Vec<_> = FOREIGN.iter().map(|line| line.as_bytes()).collect();
        let sent = recorded.ask(Listener::per_connection(), setting(&lines), request(transport, "/", &[])).await;
        all.extend(sent.told);
    }
    assert_eq!(all.len(), 3 + 4 + 3);
    for (kind, count) in recorded.handle.counters().iter() {
        assert_eq!(count, all.iter().filter(|told| told.kind == kind).count() as u64, "{kind:?}");
    }
}

/// One thread's own runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_callback_is_told_of_every_line_from_every_thread() {
    const THREADS: u64 = 8;
    const EXCHANGES: u64 = 250;
    let (told, text) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (count, length) = (told.clone(), text.clone());
    let policy = open().on_event(move |event| {
        assert_eq!(event.kind, LineHardened);
        count.fetch_add(1, Ordering::Relaxed);
        length.fetch_add(event.to_string().len() as u64, Ordering::Relaxed);
    });
    let handle = PolicyHandle::new(policy.build().unwrap());
    let routes = setting(&[b"sid=opensesame", b"lang=opensesame"]).layer(handle.layer(Listener::tls()));
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                block_on(async {
                    for _ in 0..EXCHANGES {
                        let response = routes.clone().oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
                        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
                    }
                });
            });
        }
    });
    let lines = THREADS * EXCHANGES * 2;
    assert_eq!((told.load(Ordering::Relaxed), handle.counters().get(LineHardened)), (lines, lines));
    let texts = ["`sid` (insecure): added Secure, HttpOnly, SameSite", "`lang` (insecure): added Secure"];
    let octets: usize = texts.iter().map(|text| "line hardened ".len() + text.len()).sum();
    assert_eq!(text.load(Ordering::Relaxed), octets as u64 * lines / 2);
}

// ---- The policy of a running server.

/// A policy whose every part tells its number: HSTS all of it, the others whether it is odd.
fn numbered(number: u64) -> Policy {
    let is_odd = number % 2 == 1;
    let policy = open().hsts(Hsts::one_year().max_age(Duration::from_secs(number)));
    let policy = policy.caching(if is_odd { Caching::NoStore } else { Caching::Private });
    let policy = policy.cookie_domain(if is_odd { "odd.site.example" } else { "even.site.example" });
    let floor = Floor::new().same_site(if is_odd { SameSite::Strict } else { SameSite::Lax });
    policy.floor(floor).build().unwrap()
}

/// The number that a response tells, the same in all its parts.
fn number_of(headers: &HeaderMap) -> u64 {
    let number = headers[STRICT_TRANSPORT_SECURITY].to_str().unwrap().strip_prefix("max-age=").unwrap();
    let number: u64 = number.parse().unwrap();
    let (same_site, caching, domain) = match number % 2 {
        0 => ("Lax", "private", "even"),
        _ => ("Strict", "no-store", "odd"),
    };
    let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    let expected = [
        format!("sid=opensesame; Secure; HttpOnly; SameSite={same_site}"),
        format!(
            "__Secure-sso=opensesame; Path=/; Domain={domain}.site.example; Secure; HttpOnly; SameSite={same_site}"
        ),
    ];
    assert_eq!(
        (lines, &headers[CACHE_CONTROL]),
        (expected.each_ref().map(String::as_str).into(), &HeaderValue::from_static(caching))
    );
    number
}

async fn both(cookies: Cookies) -> impl IntoResponse {
    cookies.set(Sso(SECRET.to_owned())).unwrap();
    [(SET_COOKIE, "sid=opensesame")]
}

#[test]
fn under_load_every_response_shows_one_policy_and_none_older_than_its_request() {
    const THREADS: usize = 6;
    const EXCHANGES: usize = 1500;
    let handle = PolicyHandle::new(numbered(0));
    let routes = Router::new().fallback(both).layer(handle.layer(Listener::tls()));
    // The last policy that is surely applied, and the last that may be.
    let (applied, applying) = (AtomicU64::new(0), AtomicU64::new(0));
    let (answered, hardened) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|threads| {
        let ask = || {
            threads.spawn(|| {
                block_on(async {
                    for _ in 0..EXCHANGES {
                        let oldest = applied.load(Ordering::SeqCst);
                        let response = routes.clone().oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
                        let newest = applying.load(Ordering::SeqCst);
                        let number = number_of(response.headers());
                        assert!((oldest..=newest).contains(&number), "{number} is not in {oldest}..={newest}");
                        answered.fetch_add(1, Ordering::Relaxed);
                        // The foreign line; and where the floor is above Lax, it again and the jar's.
                        hardened.fetch_add(if number % 2 == 1 { 3 } else { 1 }, Ordering::Relaxed);
                        seen.lock().unwrap().insert(number);
                    }
                });
            })
        };
        let threads: Vec<_> = std::iter::repeat_with(ask).take(THREADS).collect();
        for number in 1.. {
            // One that panicked has finished too.
            if threads.iter().all(|thread| thread.is_finished()) {
                break;
            }
            let policy = numbered(number);
            applying.store(number, Ordering::SeqCst);
            handle.apply(policy);
            applied.store(number, Ordering::SeqCst);
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    let (answered, hardened) = (answered.into_inner(), hardened.into_inner());
    let seen = seen.into_inner().unwrap().len();
    println!("{answered} exchanges under {seen} of {} policies", applied.into_inner() + 1);
    assert_eq!(answered, (THREADS * EXCHANGES) as u64);
    // The counters outlive each policy.
    assert_eq!(handle.counters().get(LineHardened), hardened);
    assert!(seen > 10, "{seen}");
}

#[tokio::test]
async fn an_exchange_keeps_the_policy_that_it_began_with() {
    let handle = PolicyHandle::new(numbered(2));
    let swap = handle.clone();
    let routes = Router::new().fallback(move |cookies: Cookies| async move {
        // Applied while the handler runs, and before it sets anything.
        swap.apply(numbered(3));
        both(cookies).await
    });
    let routes = routes.layer(handle.layer(Listener::tls()));
    let ask = async || routes.clone().oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
    assert_eq!(number_of(ask().await.headers()), 2);
    assert_eq!(number_of(ask().await.headers()), 3);
}

#[tokio::test]
async fn force_https_can_be_turned_on_under_a_running_server() {
    let handle = PolicyHandle::new(open().build().unwrap());
    let routes = careless().layer(handle.layer(Listener::per_connection()));
    let ask = async || routes.clone().oneshot(request(Transport::Plain, "/", &[PAGE])).await.unwrap().status();
    assert_eq!(ask().await, StatusCode::OK);
    handle.apply(Policy::default());
    assert_eq!(ask().await, StatusCode::PERMANENT_REDIRECT);
}

// ---- A policy as text.

/// Every key, in TOML.
const EVERY_KEY: &str = r#"
foreign_cookies = "observe"
session_names = ["tally", "basket_key"]
caching = "no-store"
cookie_domain = "site.example"

[force_https]
integrations = ["/api", "/hooks"]
exempt = ["/health"]
hosts = ["www.site.example", "site.example"]
https_port = 8443

[hsts]
max_age = "730d"
subdomains = true
preload = true

[floor]
same_site = "Strict"
http_only = true
max_age = "30d"

[[exceptions]]
cookie = "legacy"
reason = "the old shop reads it until March"

[[exceptions]]
cookie = "theme"
reason = "theme.js reads it"

[[outbound_exceptions]]
host = "metrics.internal"
reason = "the collector speaks plain HTTP, inside the cluster"
"#;

/// The same in the environment.
const EVERY_VARIABLE: [(&str, &str); 16] = [
    ("FOREIGN_COOKIES", "observe"),
    ("SESSION_NAMES", "tally, basket_key"),
    ("CACHING", "no-store"),
    ("COOKIE_DOMAIN", "site.example"),
    ("FORCE_HTTPS_INTEGRATIONS", "/api,/hooks"),
    ("FORCE_HTTPS_EXEMPT", "/health"),
    ("FORCE_HTTPS_HOSTS", "www.site.example,site.example"),
    ("FORCE_HTTPS_HTTPS_PORT", "8443"),
    ("HSTS_MAX_AGE", "730d"),
    ("HSTS_SUBDOMAINS", "true"),
    ("HSTS_PRELOAD", "true"),
    ("FLOOR_SAME_SITE", "Strict"),
    ("FLOOR_HTTP_ONLY", "true"),
    ("FLOOR_MAX_AGE", "30d"),
    ("EXCEPTIONS", "legacy: the old shop reads it until March; theme: theme.js reads it"),
    ("OUTBOUND_EXCEPTIONS", "metrics.internal: the collector speaks plain HTTP, inside the cluster"),
];

/// The same in Rust.
fn every_setting() -> Policy {
    const DAY: u64 = 86_400;
    let force = ForceHttps::on().integrations(["/api", "/hooks"]).exempt(["/health"]);
    let hsts = Hsts::one_year().max_age(Duration::from_secs(730 * DAY)).subdomains().preload();
    let floor = Floor::new().same_site(SameSite::Strict).http_only().max_age(Duration::from_secs(30 * DAY));
    let policy = Policy::builder()
        .force_https(force.hosts([HOST_NAME, "site.example"]).https_port(8443))
        .hsts(hsts)
        .foreign_cookies(ForeignCookies::Observe)
        .session_names(["tally", "basket_key"])
        .caching(Caching::NoStore)
        .floor(floor)
        .exception("legacy", "the old shop reads it until March")
        .exception("theme", "theme.js reads it")
        .cookie_domain("site.example")
        .outbound_exception("metrics.internal", "the collector speaks plain HTTP, inside the cluster");
    policy.build().unwrap()
}

/// What `Policy::from_env` says in a process with these variables: its `Debug`, or the error.
fn from_env(variables: &[(&str, &str)]) -> Result<String, String> {
    // The environment of a process with threads is not to be written to: this binary again.
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "this_process_s_environment_makes_a_policy", "--nocapture"]);
    for (name, value) in variables {
        child.env(format!("HARDTACK_POLICY_{name}"), value);
    }
    let output = child.env("HARDTACK_TEST_SAYS_MORE", "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |mark: &str| text.lines().find_map(|line| Some(line.split_once(mark)?.1.to_owned()));
    match (line("policy made: "), line("policy refused: ")) {
        (Some(made), _) => Ok(made),
        (None, Some(refused)) => Err(refused),
        (None, None) => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn this_process_s_environment_makes_a_policy() {
    let policy = Policy::from_env();
    if std::env::var_os("HARDTACK_TEST_SAYS_MORE").is_some() {
        match policy {
            Ok(policy) => println!("policy made: {policy:?}"),
            Err(error) => println!("policy refused: {error}"),
        }
        return;
    }
    // Nobody gave this process a variable of ours.
    assert_eq!(format!("{:?}", policy.unwrap()), format!("{:?}", Policy::default()));
}

#[test]
fn a_file_the_environment_and_the_builder_make_one_policy() {
    let built = format!("{:?}", every_setting());
    assert_eq!(format!("{:?}", Policy::from_toml(EVERY_KEY).unwrap()), built);
    assert_eq!(from_env(&EVERY_VARIABLE).unwrap(), built);
    // What is said differs from what is not said, key by key.
    let default = format!("{:?}", Policy::default());
    assert_ne!(built, default);
    for (name, value) in EVERY_VARIABLE.into_iter().filter(|(name, _)| *name != "HSTS_PRELOAD") {
        assert_ne!(from_env(&[(name, value)]).unwrap(), default, "{name}");
    }
    assert_eq!(from_env(&[]).unwrap(), default);
    assert_eq!(format!("{:?}", Policy::from_toml("").unwrap()), default);
}

#[test]
fn a_switch_turns_a_whole_part_off_in_each_form() {
    for (toml, variable, policy) in [
        ("force_https = false", "FORCE_HTTPS", Policy::builder().force_https(false)),
        ("hsts = false", "HSTS", Policy::builder().hsts(false)),
    ] {
        let built = format!("{:?}", policy.build().unwrap());
        assert_eq!(format!("{:?}", Policy::from_toml(toml).unwrap()), built);
        assert_eq!(from_env(&[(variable, "false")]).unwrap(), built);
    }
}

#[test]
fn what_is_wrong_in_a_file_is_named() {
    for (text, says) in [
        // Keys.
        ("force_http = true", "`force_http`: unknown; the keys are `force_https`, `force_https.integrations`, "),
        ("[hsts]\nmaxage = '1d'", "`hsts.maxage`: unknown; "),
        ("[floor]\nsecure = false", "`floor.secure`: unknown; "),
        ("[outbound]\nhttps = true", "`outbound`: unknown; "),
        ("[cookie_domain]\nname = 'x'", "`cookie_domain`: expected a text"),
        ("hsts = 1\nhsts = 2", "`line 2`: not TOML: "),
        (
            "[[exceptions]]\ncookie = 'x'\nbecause = 'y'",
            "`exceptions.because`: unknown; the keys are `cookie` and `reason`",
        ),
        ("[[exceptions]]\nhost = 'x'\nreason = 'y'", "`exceptions.host`: unknown; "),
        ("[[outbound_exceptions]]\ncookie = 'x'\nreason = 'y'", "`outbound_exceptions.cookie`: unknown; "),
        // Kinds.
        ("force_https = 'on'", "`force_https`: expected `true` or `false`"),
        ("hsts = 31536000", "`hsts`: expected `true` or `false`"),
        ("[force_https]\nexempt = '/health'", "`force_https.exempt`: expected a list of texts"),
        ("[force_https]\nintegrations = [1]", "`force_https.integrations`: expected a list of texts"),
        ("[force_https]\nhttps_port = '8443'", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[force_https]\nhttps_port = 65536", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[force_https]\nhttps_port = -1", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[hsts]\nsubdomains = 'yes'", "`hsts.subdomains`: expected `true` or `false`"),
        ("[hsts]\npreload = 1", "`hsts.preload`: expected `true` or `false`"),
        ("[hsts]\nmax_age = 365", "`hsts.max_age`: expected a duration, as in \"365d\""),
        ("session_names = 'id'", "`session_names`: expected a list of texts"),
        ("cookie_domain = true", "`cookie_domain`: expected a text"),
        ("exceptions = 'legacy'", "`exceptions`: expected names, each with a reason"),
        ("exceptions = ['legacy']", "`exceptions`: expected names, each with a reason"),
        ("[exceptions]\nlegacy = 'reason'", "`exceptions`: expected names, each with a reason"),
        ("[[exceptions]]\ncookie = 1\nreason = 'y'", "`exceptions.cookie`: expected a text"),
        // Values.
        ("foreign_cookies = 'allow'", "`foreign_cookies`: expected one of \"observe\", \"harden\", \"refuse\""),
        ("foreign_cookies = false", "`foreign_cookies`: expected one of \"observe\", "),
        ("caching = 'public'", "`caching`: expected one of \"private\", \"no-store\""),
        ("[floor]\nsame_site = 'Loose'", "`floor.same_site`: expected one of \"Strict\", \"Lax\", \"None\""),
        ("[floor]\nmax_age = 'a month'", "`floor.max_age`: "),
        ("[hsts]\nmax_age = '1.5d'", "`hsts.max_age`: "),
        ("[force_https]\nexempt = ['health']", "`force_https.exempt`: `health` does not begin with `/`; "),
        ("[force_https]\nintegrations = ['/api/*']", "`force_https.integrations`: `/api/*` is a pattern; "),
        ("[force_https]\nhosts = ['https://x']", "`force_https.hosts`: `https://x` is not a host name; "),
        ("[force_https]\nhosts = []", "`force_https.hosts`: the list is empty; "),
        ("[force_https]\nhttps_port = 0", "`force_https.https_port`: 0 is no port; "),
        ("session_names = ['']", "`session_names`: `` is refused: "),
        ("cookie_domain = '.site.example'", "`cookie_domain`: `.site.example` is refused: "),
        ("[[exceptions]]\ncookie = 'a;b'\nreason = 'y'", "`exceptions`: `a;b` is refused: "),
        (
            "[[outbound_exceptions]]\nhost = 'http://x'\nreason = 'y'",
            "`outbound_exceptions`: `http://x` is not a host name; ",
        ),
        // Contradictions.
        ("[hsts]\npreload = true", "`hsts.preload`: preload lists take a host with all its subdomains only; "),
        (
            "[hsts]\npreload = true\nsubdomains = true\nmax_age = '364d'",
            "`hsts.preload`: preload lists want one year at least; ",
        ),
        ("[[exceptions]]\ncookie = 'legacy'", "`exceptions`: the exception for `legacy` has no reason; "),
        ("[[exceptions]]\ncookie = 'legacy'\nreason = ' '", "`exceptions`: the exception for `legacy` has no reason; "),
        ("[[exceptions]]\nreason = 'y'", "`exceptions`: an exception has no `cookie`; "),
        ("[[outbound_exceptions]]\nhost = 'x'", "`outbound_exceptions`: the exception for `x` has no reason; "),
        // No TOML.
        ("caching = 'private'\n\n[hsts", "`line 3`: not TOML: "),
    ] {
        let error = Policy::from_toml(text).unwrap_err();
        assert!(error.to_string().starts_with(says), "{text}: {error}");
        assert!(says.starts_with(&format!("`{}`", error.key())), "{text}: {}", error.key());
    }
}

#[test]
fn what_is_wrong_in_the_environment_is_named() {
    for (name, value, says) in [
        (
            "FORCE_HTTP",
            "true",
            "`HARDTACK_POLICY_FORCE_HTTP`: unknown; the variables are HARDTACK_POLICY_FORCE_HTTPS, ",
        ),
        ("force_https", "true", "`HARDTACK_POLICY_force_https`: unknown; "),
        ("FORCE_HTTPS", "on", "`HARDTACK_POLICY_FORCE_HTTPS`: expected `true` or `false`"),
        (
            "FORCE_HTTPS_HTTPS_PORT",
            "https",
            "`HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT`: expected a number from 1 to 65535",
        ),
        ("FORCE_HTTPS_EXEMPT", "/a,b", "`force_https.exempt`: `b` does not begin with `/`; "),
        ("HSTS_MAX_AGE", "forever", "`HARDTACK_POLICY_HSTS_MAX_AGE`: "),
        ("FOREIGN_COOKIES", "", "`HARDTACK_POLICY_FOREIGN_COOKIES`: expected one of \"observe\", "),
        ("FLOOR_SAME_SITE", "Loose", "`HARDTACK_POLICY_FLOOR_SAME_SITE`: expected one of \"Strict\", "),
        ("COOKIE_DOMAIN", "127.0.0.1", "`cookie_domain`: `127.0.0.1` is refused: "),
        ("EXCEPTIONS", "legacy", "`exceptions`: the exception for `legacy` has no reason; "),
        ("EXCEPTIONS", "legacy: x; theme:", "`exceptions`: the exception for `theme` has no reason; "),
        ("OUTBOUND_EXCEPTIONS", "a b: x", "`outbound_exceptions`: `a b` is not a host name; "),
        ("HSTS_PRELOAD", "true", "`hsts.preload`: preload lists take a host with all its subdomains only; "),
    ] {
        let error = from_env(&[(name, value)]).unwrap_err();
        assert!(error.starts_with(says), "{name}={value}: {error}");
    }
}

// ---- Our own requests.

#[tokio::test]
async fn no_request_of_ours_carries_credentials_over_plain_http() {
    // What reached the server: its port's scheme, and which of the fields it came with.
    let reached = Arc::new(Mutex::new(Vec::new()));
    let keep = reached.clone();
    let site = Served::start(Router::new().fallback(move |request: Request| async move {
        let carries = [COOKIE, AUTHORIZATION].into_iter().filter(|name| request.headers().contains_key(name));
        let is_tls = request.extensions().get() == Some(&Transport::Tls);
        keep.lock().unwrap().push((is_tls, carries.map(|name| name.to_string()).collect::<Vec<_>>().join(" ")));
    }))
    .await;
    let reached = || std::mem::take(&mut *reached.lock().unwrap());

    let client = site.client().0;
    let send = tower::service_fn(move |request: axum::http::Request<String>| {
        let client = client.clone();
        async move { client.execute(reqwest::Request::try_from(request)?).await }
    });
    let ask = async |recorded: &Recorded, url: String, fields: &[(HeaderName, &str)]| {
        let request = fields.iter().fold(axum::http::Request::get(url), |it, (name, value)| it.header(name, *value));
        recorded.handle.outbound().layer(send.clone()).oneshot(request.body(String::new()).unwrap()).await
    };
    let cookie = (COOKIE, "sid=opensesame");
    let bearer = (AUTHORIZATION, "Bearer opensesame");

    let recorded = Recorded::new(Policy::builder());
    for (fields, named) in [
        (&[cookie.clone()][..], "Cookie"),
        (std::slice::from_ref(&bearer), "Authorization"),
        (&[bearer.clone(), cookie.clone()], "Cookie"),
        (&[(COOKIE, "")], "Cookie"),
    ] {
        let error = ask(&recorded, site.http("/x?key=opensesame"), fields).await.unwrap_err();
        assert!(matches!(error, OutboundError::ClearText(_)), "{error:?}");
        let text = format!(
            "a request to `127.0.0.1` would carry `{named}` over plain HTTP; use an `https` URL, or except the host \
             with a reason"
        );
        assert_eq!(error.to_string(), text);
        assert!(!format!("{error:?}").contains(SECRET));
        let told = recorded.take();
        assert_eq!(told.iter().map(Told::brief).collect::<Vec<_>>(), [(EventKind::OutboundRefused, "", "outbound")]);
        assert_eq!(told[0].reason, text);
    }
    assert_eq!(recorded.handle.counters().get(EventKind::OutboundRefused), 4);
    assert_eq!(reached(), [], "nothing left");

    // Over TLS they pass, and so does what carries neither.
    let answer = ask(&recorded, site.https("/x"), &[cookie.clone(), bearer.clone()]).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(ask(&recorded, site.http("/x"), &[PAGE]).await.unwrap().status(), 200);
    assert_eq!(reached(), [(true, "cookie authorization".to_owned()), (false, String::new())]);

    // A host with a reason, and only that one.
    let excepting = Policy::builder().outbound_exception("127.0.0.1", "the collector speaks plain HTTP");
    let excepting = Recorded::new(excepting.outbound_exception("metrics.internal", "as does this one"));
    assert_eq!(ask(&excepting, site.http("/x"), std::slice::from_ref(&bearer)).await.unwrap().status(), 200);
    assert_eq!(reached(), [(false, "authorization".to_owned())]);
    let elsewhere = site.http("/x").replace("127.0.0.1", "localhost");
    assert!(matches!(
        ask(&excepting, elsewhere, std::slice::from_ref(&bearer)).await,
        Err(OutboundError::ClearText(_))
    ));

    // The client's own errors stay the client's, and an applied policy counts at once.
    let refused = ask(&recorded, "https://127.0.0.1:1/".to_owned(), &[]).await.unwrap_err();
    assert!(matches!(&refused, OutboundError::Client(error) if error.is_connect()), "{refused:?}");
    let reason = "the collector speaks plain HTTP";
    recorded.handle.apply(Policy::builder().outbound_exception("127.0.0.1", reason).build().unwrap());
    assert_eq!(ask(&recorded, site.http("/x"), &[bearer]).await.unwrap().status(), 200);
    assert_eq!(reached().len(), 1);
}

#[tokio::test]
async fn only_https_and_wss_may_carry_our_credentials() {
    let send = tower::service_fn(|_: axum::http::Request<()>| async { Ok::<_, Infallible>("sent") });
    for (url, is_sent) in [
        ("https://a.example/", true),
        ("HTTPS://a.example/", true),
        ("wss://a.example/", true),
        ("http://a.example/", false),
        ("HTTP://a.example/", false),
        ("ws://a.example/", false),
        ("ftp://a.example/", false),
        ("/without-a-scheme", false),
        ("http://[::1]:8080/", false),
        ("http://Metrics.Internal:9090/", true),
        ("http://metrics.internal.evil.example/", false),
        ("http://metrics.internal@evil.example/", false),
    ] {
        let policy = Policy::builder().outbound_exception("metrics.internal", "inside the cluster").build().unwrap();
        let request = axum::http::Request::get(url).header(AUTHORIZATION, "Bearer opensesame").body(()).unwrap();
        assert_eq!(policy.outbound().layer(send).oneshot(request).await.is_ok(), is_sent, "{url}");
    }
}

// ---- The audit agrees.

#[tokio::test]
async fn the_audit_raises_no_insecure_cookie_and_nothing_of_the_response_once_it_went_through() {
    let lines: Vec<_> = FOREIGN.iter().map(|line| (SET_COOKIE, line.as_bytes())).collect();
    let careless: Vec<_> = lines
        .iter()
        .cloned()
        .chain([(CACHE_CONTROL, &b"public, s-maxage=60"[..])])
        .chain([(STRICT_TRANSPORT_SECURITY, OWN_HSTS), (STRICT_TRANSPORT_SECURITY, OWN_HSTS)])
        .collect();
    let seen = Seen::https(HOST_NAME);
    let mut before = HeaderMap::new();
    for (name, value) in &careless {
        before.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let rules = |headers: &HeaderMap| -> Vec<Weakness> {
        audit::response(headers, &seen)
            .into_iter()
            .flat_map(|report| report.findings)
            .map(|finding| finding.rule)
            .collect()
    };
    let raised = rules(&before);
    for weakness in [Weakness::Insecure, Weakness::SharedCache, Weakness::HstsDoubled, Weakness::HstsShort] {
        assert!(raised.contains(&weakness), "{weakness:?}");
    }

    let recorded = Recorded::new(open());
    let sent = recorded.ask(Listener::tls(), answering(&careless), request(Transport::Tls, "/", &[])).await;
    assert_eq!(sent.lines().len(), FOREIGN.len());
    let raised = rules(&sent.headers);
    assert!(!raised.contains(&Weakness::Insecure), "{raised:?}");
    assert!(audit::response(&sent.headers, &seen).iter().all(|report| report.cookie.is_some()), "{raised:?}");

    // A session under a floor is one that testers have nothing to say about but its name.
    let strict = open().floor(Floor::new().same_site(SameSite::Lax).http_only());
    let sent = through(strict, Transport::Tls, &["__Host-sid=opensesame; Path=/"]).await;
    assert_eq!(rules(&sent.headers), []);
}

#[tokio::test]
async fn the_audit_raises_nothing_about_the_layer_s_own_answers() {
    for (method, path, accept, status) in [
        (Method::GET, "/", "text/html", 308),
        (Method::GET, "/api", "text/html", 403),
        (Method::POST, "/", "application/json", 403),
    ] {
        let mut asked = request(Transport::Plain, path, &[(ACCEPT, accept)]);
        *asked.method_mut() = method.clone();
        let sent = Recorded::new(forced()).ask(Listener::per_connection(), careless(), asked).await;
        assert_eq!(sent.status.as_u16(), status);
        let seen = Seen::http(HOST_NAME).request(method.as_str(), accept).status(sent.status);
        assert_eq!(audit::response(&sent.headers, &seen), [], "{method} {path}");
    }
}

#[tokio::test]
async fn the_audit_raises_nothing_about_declared_cookies_under_the_layer() {
    let routes = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session())?;
        cookies.set(Cart(7))
    });
    let sent = Recorded::new(Policy::builder()).ask(Listener::tls(), routes, request(Transport::Tls, "/", &[])).await;
    let reports = audit::response(&sent.headers, &Seen::https(HOST_NAME));
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|report| report.stored.is_ok() && report.findings.is_empty()), "{reports:?}");
}

#[test]
fn a_refusal_over_plain_http_is_told_with_its_evidence() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = told.clone();
    let policy = Policy::builder()
        .on_event(move |event| keep.lock().unwrap().push((event.kind, event.evidence.map(|seen| seen.to_string()))))
        .build()
        .unwrap();
    let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    parts.headers.insert(COOKIE, testing::request_header(&Session("opensesame".into())));
    let scheme = AnyScheme::from(Listener::plain().scheme(&parts, None));
    let cookies = Cookies::read(&parts.headers, scheme).policy(&PolicyHandle::new(policy));
    assert!(cookies.set(Session("opensesame".into())).is_err());
    assert!(cookies.get::<Session>().is_err());
    let seen = Some("the listener is declared plain HTTP".to_owned());
    let expected = [(EventKind::SetRefused, seen.clone()), (EventKind::ReadRefused, seen)];
    assert_eq!(*told.lock().unwrap(), expected);
}
