//! Measures a service without a layer, with the policy's layer, and with the layer of tower-cookies.

use std::convert::Infallible;

use futures_util::FutureExt as _;
use hardtack::tls::Transport;
use hardtack::{Cookies, Https, Policy, TlsTermination};
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderValue, Request, Response, Uri};
use tower::{Layer as _, Service, service_fn};
use tower_cookies::CookieManagerLayer;

use crate::{Operation, Output, Session, VALUE};

/// The `Set-Cookie` header of a handler without hardtack. hardtack writes the same header for its session cookie.
const BY_HAND: &str =
    "__Host-session=Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";

/// Headers that lack some attributes, as other libraries write them. Tower-sessions without `with_secure`, PHP behind a
/// proxy, and legacy code write cookies without `Secure`.
const LOOSE: [&str; 5] = [
    "id=GvZ2fiFUHAhVcGbzw1W2Eg; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600",
    "PHPSESSID=2k3vq0hd5o9c1o4q6p1g8m7u5a; path=/",
    "theme=dark; Path=/; Max-Age=31536000",
    "lang=en; Path=/; SameSite=Lax",
    "seen_banner=1; Path=/; Expires=Thu, 01 Jan 2037 00:00:00 GMT; SameSite=Lax",
];

/// The headers of `LOOSE`, with the attributes that the policy adds.
const STRICT: [&str; 5] = [
    "id=GvZ2fiFUHAhVcGbzw1W2Eg; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600; Secure",
    "PHPSESSID=2k3vq0hd5o9c1o4q6p1g8m7u5a; path=/; Secure; HttpOnly; SameSite=Lax",
    "theme=dark; Path=/; Max-Age=31536000; Secure",
    "lang=en; Path=/; SameSite=Lax; Secure",
    "seen_banner=1; Path=/; Expires=Thu, 01 Jan 2037 00:00:00 GMT; SameSite=Lax; Secure",
];

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let cases = [
        ("service: bare, nothing set", bare(&[])),
        ("service: layer, nothing set", layered(&[])),
        ("service: bare, one header by hand", bare(&[BY_HAND])),
        ("service: layer, one declared cookie", declared(&Policy::default())),
        ("service: layer alone, one declared cookie", declared(&layer_alone())),
        ("service: tower-cookies, one cookie", tower_cookies()),
        ("service: bare, 1 undeclared cookie", bare(&LOOSE[..1])),
        ("service: layer, 1 undeclared cookie, hardened", layered(&LOOSE[..1])),
        ("service: layer, 1 undeclared cookie, strict", layered(&STRICT[..1])),
        ("service: bare, 5 undeclared cookies", bare(&LOOSE)),
        ("service: layer, 5 undeclared cookies, hardened", layered(&LOOSE)),
        ("service: layer, 5 undeclared cookies, strict", layered(&STRICT)),
    ];
    let renamed = [
        ("host_prefix: no listed name, 22 cookies", renaming(None, false, &cookies(None))),
        ("host_prefix: 1 listed name, none came", renaming(Some(&["id"]), false, &cookies(None))),
        ("host_prefix: 8 listed names, none came", renaming(Some(&EIGHT), false, &cookies(None))),
        ("host_prefix: no listed name, 21 cookies", renaming(None, false, &cookies(Some(PREFIXED)))),
        ("host_prefix: 1 listed name, one came", renaming(Some(&["id"]), false, &cookies(Some(PREFIXED)))),
        ("host_prefix: 8 listed names, one came", renaming(Some(&EIGHT), false, &cookies(Some(PREFIXED)))),
        ("host_prefix: migrating, none came", renaming(Some(&["id"]), true, &cookies(None))),
        ("host_prefix: migrating, one came", renaming(Some(&["id"]), true, &cookies(Some(PREFIXED)))),
        ("host_prefix: migrating, a bare one came", renaming(Some(&["id"]), true, &cookies(Some(BARE)))),
        ("host_prefix: no `Cookie` header", renaming(Some(&["id"]), false, "")),
    ];
    cases.into_iter().chain(renamed).map(|(name, operation)| (name.to_owned(), operation)).collect()
}

/// Eight listed names.
const EIGHT: [&str; 8] = ["id", "sid", "PHPSESSID", "JSESSIONID", "connect.sid", "laravel_session", "session", "auth"];

/// The session cookie of tower-sessions, with and without the prefix.
const PREFIXED: &str = "__Host-Http-id=GvZ2fiFUHAhVcGbzw1W2Eg";
const BARE: &str = "id=GvZ2fiFUHAhVcGbzw1W2Eg";

/// Returns a `Cookie` header of about 1 kB. If `session` is `None`, the header has 22 pairs. If there is a session
/// cookie, the header has 21 pairs, and the session cookie is in the middle.
fn cookies(session: Option<&str>) -> String {
    const NAMES: [&str; 22] = [
        "theme",
        "lang",
        "_ga",
        "_ga_7XK2",
        "consent",
        "cart",
        "currency",
        "region",
        "seen_banner",
        "ab_test_checkout",
        "ref",
        "utm_source",
        "last_visit",
        "timezone",
        "csrf_token",
        "feature_flags",
        "wishlist",
        "recent",
        "sort",
        "view",
        "_fbp",
        "sidebar",
    ];
    let pair = |name: &&str| format!("{name}=GA1.2.1180398459.1700000000%7Cabcdefg");
    let mut pairs: Vec<_> = NAMES.iter().map(pair).collect();
    if let Some(session) = session {
        pairs.truncate(21);
        session.clone_into(&mut pairs[10]);
    }
    pairs.join("; ")
}

/// Returns an operation that sends a request with this `Cookie` header to a service inside the layer.
fn renaming(names: Option<&[&str]>, migrates: bool, cookies: &str) -> Operation {
    let mut policy = Policy::builder().host_prefix(names.unwrap_or_default().iter().copied());
    if migrates {
        policy = policy.accept_unprefixed_until(latest_date());
    }
    let layer = policy.build().unwrap().layer(TlsTermination::per_connection());
    send_cookies(layer.layer(service_that_sends(&[])), cookies)
}

fn send_cookies<S>(mut service: S, cookies: &str) -> Operation
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible> + 'static,
{
    let cookies = (!cookies.is_empty()).then(|| HeaderValue::from_str(cookies).unwrap());
    Box::new(move || {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("/account");
        request.headers_mut().insert(HOST, HeaderValue::from_static("www.example.com"));
        if let Some(cookies) = &cookies {
            request.headers_mut().insert(COOKIE, cookies.clone());
        }
        request.extensions_mut().insert(Transport::Tls);
        Output::Response(service.call(request).now_or_never().unwrap().unwrap())
    })
}

/// Returns the latest date that the policy accepts as the end of a migration. Only the first day of each month is
/// tried.
fn latest_date() -> String {
    let mut days = (2026..2200).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}-01")));
    days.rfind(|day| Policy::builder().accept_unprefixed_until(day).build().is_ok()).unwrap()
}

fn bare(headers: &'static [&'static str]) -> Operation {
    send_request(service_that_sends(headers))
}

fn layered(headers: &'static [&'static str]) -> Operation {
    send_request(Policy::default().layer(TlsTermination::per_connection()).layer(service_that_sends(headers)))
}

fn declared(policy: &Policy) -> Operation {
    let service = service_fn(async |request: Request<()>| {
        let cookies = Cookies::<Https>::from_extensions(request.extensions()).unwrap();
        cookies.set(Session(VALUE.to_owned())).unwrap();
        Ok(page())
    });
    send_request(policy.layer(TlsTermination::per_connection()).layer(service))
}

/// Returns a policy without redirects and without HSTS. The layer only detects the scheme, opens the jar and writes the
/// cookies.
fn layer_alone() -> Policy {
    Policy::builder().force_https(false).hsts(false).build().unwrap()
}

fn tower_cookies() -> Operation {
    let service = service_fn(async |request: Request<()>| {
        let cookies = request.extensions().get::<tower_cookies::Cookies>().unwrap();
        cookies.add(crate::set::build_cookie(VALUE));
        Ok(page())
    });
    send_request(CookieManagerLayer::new().layer(service))
}

/// Returns a service that sends the given `Set-Cookie` headers.
pub(crate) fn service_that_sends(
    headers: &'static [&'static str],
) -> impl Service<Request<()>, Response = Response<()>, Error = Infallible, Future = impl Future> {
    service_fn(move |_| {
        let mut response = page();
        for header in headers {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(header));
        }
        std::future::ready(Ok(response))
    })
}

fn page() -> Response<()> {
    let mut response = Response::new(());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Returns an operation that sends a request to the service.
pub(crate) fn send_request<S>(mut service: S) -> Operation
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible> + 'static,
{
    Box::new(move || {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("/account");
        request.headers_mut().insert(HOST, HeaderValue::from_static("www.example.com"));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
        request.headers_mut().insert(COOKIE, HeaderValue::from_static("theme=dark; __Host-Http-session=s3cr3t"));
        request.extensions_mut().insert(Transport::Tls);
        Output::Response(service.call(request).now_or_never().unwrap().unwrap())
    })
}
