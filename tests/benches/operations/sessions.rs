//! Measures a request that reads a plain, signed, sealed, idle or device-bound session through axum's `Router`, beside
//! axum-extra's jars. The request also has the cookies of other software.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::{MethodRouter, get};
use axum_extra::extract::{CookieJar, PrivateCookieJar, SignedCookieJar};
use futures_util::FutureExt as _;
use hardtack::seal::{Key, Keyring};
use hardtack::tls::Transport;
use hardtack::{AllowedOver, Cookie, Cookies, Https, ReadCookie, TlsTermination, testing};
use hardtack_benches::requests::{SESSION, cookie_header};
use http::header::{COOKIE, HOST};
use http::{HeaderValue, Uri};
use tower::Service as _;

use crate::device_bound::{Bound, KEY, bound_cookies};
use crate::{Operation, Output, VALUE};

#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Plain(String);

#[derive(Cookie)]
#[cookie(signed, max_age = "8h")]
pub(crate) struct Signed(pub(crate) String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h")]
pub(crate) struct Sealed(pub(crate) String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = "30m")]
struct Idle(String);

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let (policy, bound) = bound_cookies();
    let keyring = Keyring::new(Key::from_base64(KEY).unwrap());
    let with_policy = |handler| route(handler).layer(policy.layer(TlsTermination::per_connection()));
    let key = cookie::Key::from(&[7; 64]);
    let mut written = cookie::CookieJar::new();
    written.signed_mut(&key).add(("signed", VALUE));
    written.private_mut(&key).add(("private", VALUE));
    let written = |name| written.get(name).unwrap().encoded().to_string();
    let plain = format!("plain={VALUE}");

    let mut cases = Vec::new();
    for count in [7, 22, 45] {
        let mut case = |name: &str, router: Router, cookie: &str| {
            cases.push((format!("{count} cookies, {name}"), send(router, count, cookie)));
        };
        case("no session: bare router", route(get(async || "")), &plain);
        case("no session: hardtack", with_policy(get(async || "")), &plain);
        case("plain session: hardtack", with_policy(read(|it: Plain| it.0)), &request(&Plain(VALUE.into()), &keyring));
        case(
            "signed session: hardtack",
            with_policy(read(|it: Signed| it.0)),
            &request(&Signed(VALUE.into()), &keyring),
        );
        case(
            "sealed session: hardtack",
            with_policy(read(|it: Sealed| it.0)),
            &request(&Sealed(VALUE.into()), &keyring),
        );
        case("idle session: hardtack", with_policy(read(|it: Idle| it.0)), &request(&Idle(VALUE.into()), &keyring));
        case("device-bound session: hardtack", with_policy(read(|it: Bound| it.0)), &bound);

        let jar = get(async |jar: CookieJar| assert_eq!(jar.get("plain").unwrap().value(), VALUE));
        case("plain session: axum-extra", route(jar), &plain);
        let signed = key.clone();
        let jar = get(async move |request: Request| {
            let jar = SignedCookieJar::from_headers(request.headers(), signed.clone());
            assert_eq!(jar.get("signed").unwrap().value(), VALUE);
        });
        case("signed session: axum-extra", route(jar), &written("signed"));
        let private = key.clone();
        let jar = get(async move |request: Request| {
            let jar = PrivateCookieJar::from_headers(request.headers(), private.clone());
            assert_eq!(jar.get("private").unwrap().value(), VALUE);
        });
        case("sealed session: axum-extra", route(jar), &written("private"));

        // 20 minutes later, less than half of the idle time is left, so the response re-issues the cookie.
        let mut read = send(with_policy(read(|it: Idle| it.0)), count, &request(&Idle(VALUE.into()), &keyring));
        let later = SystemTime::now() + Duration::from_secs(20 * 60);
        let reissue: Operation = Box::new(move || testing::at(later, &mut read));
        cases.push((format!("{count} cookies, idle session, re-issued: hardtack"), reissue));
    }
    cases
}

fn request<T: ReadCookie>(cookie: &T, keyring: &Keyring) -> String {
    testing::request_header_with(cookie, keyring).to_str().unwrap().to_owned()
}

fn route(handler: MethodRouter) -> Router {
    Router::new().route("/account", handler)
}

/// Returns a handler that reads one cookie.
fn read<T: ReadCookie + AllowedOver<Https> + 'static>(value: fn(T) -> String) -> MethodRouter {
    get(async move |cookies: Cookies| assert_eq!(value(cookies.get::<T>().unwrap()), VALUE))
}

/// Returns an operation that sends one request. `cookie` replaces the session cookie of the typical request.
fn send(mut router: Router, count: usize, cookie: &str) -> Operation {
    let header = cookie_header(count).replace(&format!("{}={}", SESSION.0, SESSION.1), cookie);
    let cookies = HeaderValue::try_from(header).unwrap();
    Box::new(move || {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = Uri::from_static("/account");
        request.headers_mut().insert(HOST, HeaderValue::from_static("www.example.com"));
        request.headers_mut().insert(COOKIE, cookies.clone());
        request.extensions_mut().insert(Transport::Tls);
        let response = router.call(request).now_or_never().unwrap().unwrap();
        assert_eq!(response.status(), 200);
        Output::Response(response.map(drop))
    })
}
