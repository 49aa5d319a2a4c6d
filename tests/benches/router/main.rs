//! Measures one request through axum's `Router`: without a layer, with hand-written code, with hardtack, with axum-extra
//! and with tower-cookies.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

#[path = "../declared.rs"]
mod declared;

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use axum_extra::extract::CookieJar;
use futures_util::FutureExt as _;
use futures_util::future::Map;
use hardtack::tls::Transport;
use hardtack::{Cookies, Policy, TlsTermination};
use hardtack_benches::requests::{CART, SESSION, THEME, cookie_header};
use hardtack_benches::{Operation, by_hand};
use http::header::{ACCEPT, COOKIE, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderName, HeaderValue, Uri};
use memchr::memmem::Finder;
use tower::{Layer, Service};
use tower_cookies::CookieManagerLayer;

use declared::{NEW, check, read, set};

const ATTRIBUTES: &str = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";

fn main() {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for count in [7, 22, 45] {
        let mut case = |name: &str, router: Router, hsts: bool, sets: bool| {
            cases.push((format!("{count} cookies, {name}"), send(router, count, hsts, sets)));
        };
        case("nothing: bare router", route(get(async || "")), false, false);
        case("nothing: by hand", route(get(async || "")).layer(ByHand), true, false);
        case("nothing: hardtack", route(get(async || "")).layer(policy()), true, false);
        case("nothing: tower-cookies", route(get(async || "")).layer(CookieManagerLayer::new()), false, false);

        case("read 3: by hand", route(get(read_by_hand)).layer(ByHand), true, false);
        case("read 3: hardtack", route(get(read_with_hardtack)).layer(policy()), true, false);
        case("read 3: axum-extra", route(get(read_with_axum_extra)), false, false);
        case(
            "read 3: tower-cookies",
            route(get(read_with_tower_cookies)).layer(CookieManagerLayer::new()),
            false,
            false,
        );

        case("read 3 and set 1: by hand", route(get(set_by_hand)).layer(ByHand), true, true);
        case("read 3 and set 1: hardtack", route(get(set_with_hardtack)).layer(policy()), true, true);
        case("read 3 and set 1: axum-extra", route(get(set_with_axum_extra)), false, true);
        let router = route(get(set_with_tower_cookies)).layer(CookieManagerLayer::new());
        case("read 3 and set 1: tower-cookies", router, false, true);
    }
    hardtack_benches::run(cases);
}

fn route(handler: axum::routing::MethodRouter) -> Router {
    Router::new().route("/account", handler)
}

fn policy() -> hardtack::tower::PolicyLayer {
    Policy::default().layer(TlsTermination::per_connection())
}

/// Returns an operation that sends one request.
fn send(mut router: Router, count: usize, hsts: bool, sets: bool) -> Operation {
    let header = cookie_header(count);
    assert_eq!(header.split("; ").count(), count);
    assert!(count != 7 || header.len() == 315, "{}", header.len());
    let cookies = HeaderValue::try_from(header).unwrap();
    Box::new(move || {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = Uri::from_static("/account");
        request.headers_mut().insert(HOST, HeaderValue::from_static("www.example.com"));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
        request.headers_mut().insert(COOKIE, cookies.clone());
        request.extensions_mut().insert(Transport::Tls);
        let response = router.call(request).now_or_never().unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().contains_key(STRICT_TRANSPORT_SECURITY), hsts);
        assert_eq!(response.headers().contains_key(SET_COOKIE), sets);
        black_box(response);
    })
}

/// The hand-written layer: puts a value into the extensions of the request, and inserts one header into the response.
#[derive(Clone)]
struct ByHand;

#[derive(Clone)]
struct ByHandService<S>(S);

/// The value in the extensions.
#[derive(Clone, Copy)]
struct IsHttps(bool);

impl<S> Layer<S> for ByHand {
    type Service = ByHandService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ByHandService(inner)
    }
}

impl<S: Service<Request, Response = Response, Error = Infallible>> Service<Request> for ByHandService<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Map<S::Future, fn(Result<Response, Infallible>) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let is_https = request.extensions().get::<Transport>() == Some(&Transport::Tls);
        request.extensions_mut().insert(IsHttps(is_https));
        self.0.call(request).map(|response| {
            response.map(|mut response| {
                response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(by_hand::HSTS));
                response
            })
        })
    }
}

/// Reads three cookies by hand. The handler owns the values, as it owns hardtack's values.
async fn read_by_hand(request: Request) {
    read_request_by_hand(&request);
}

fn read_request_by_hand(request: &Request) {
    assert!(request.extensions().get::<IsHttps>().is_some_and(|is_https| is_https.0));
    static FINDERS: LazyLock<[Finder<'_>; 3]> =
        LazyLock::new(|| ["__Host-Http-session=", "__Host-Http-cart=", "__Host-theme="].map(Finder::new));
    let [session, cart, theme] = &*FINDERS;
    let header = request.headers()[COOKIE].as_bytes();
    let session = by_hand::find(session, header).unwrap().to_owned();
    let cart = by_hand::find(cart, header).unwrap().parse().unwrap();
    let theme = by_hand::find(theme, header).unwrap().to_owned();
    check(&session, cart, &theme);
}

async fn read_with_hardtack(cookies: Cookies) {
    read(&cookies);
}

async fn read_with_axum_extra(cookies: CookieJar) {
    read_axum_extra(&cookies);
}

fn read_axum_extra(cookies: &CookieJar) {
    let session = cookies.get(SESSION.0).unwrap().value().to_owned();
    let cart = cookies.get(CART.0).unwrap().value().parse().unwrap();
    let theme = cookies.get(THEME.0).unwrap().value().to_owned();
    check(&session, cart, &theme);
}

async fn read_with_tower_cookies(cookies: tower_cookies::Cookies) {
    read_tower_cookies(&cookies);
}

fn read_tower_cookies(cookies: &tower_cookies::Cookies) {
    let session = cookies.get(SESSION.0).unwrap().value().to_owned();
    let cart = cookies.get(CART.0).unwrap().value().parse().unwrap();
    let theme = cookies.get(THEME.0).unwrap().value().to_owned();
    check(&session, cart, &theme);
}

async fn set_by_hand(request: Request) -> [(HeaderName, HeaderValue); 1] {
    read_request_by_hand(&request);
    [(SET_COOKIE, by_hand::header(SESSION.0, black_box(NEW), ATTRIBUTES))]
}

async fn set_with_hardtack(cookies: Cookies) {
    read(&cookies);
    set(&cookies);
}

async fn set_with_axum_extra(cookies: CookieJar) -> CookieJar {
    read_axum_extra(&cookies);
    cookies.add(cookie())
}

async fn set_with_tower_cookies(cookies: tower_cookies::Cookies) {
    read_tower_cookies(&cookies);
    cookies.add(cookie());
}

fn cookie() -> cookie::Cookie<'static> {
    cookie::Cookie::build((SESSION.0, black_box(NEW).to_owned()))
        .path("/")
        .max_age(cookie::time::Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .build()
}
