//! What leaves where policies meet: one around another, around a service that fails, without a layer at all. Each line
//! octet by octet, and nothing Secure over plain HTTP by any of these ways.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails the test")]

use std::convert::Infallible;
use std::time::Duration;

use hardtack::{
    Cookie, Cookies, EventKind, Floor, ForeignCookies, Listener, Policy, PolicyBuilder, PolicyHandle, SameSite,
    SetCookie, SetError, testing,
};
use http::header::{HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Layer as _, ServiceExt as _};

#[derive(Cookie)]
struct Session(String);

/// A session's name, and a page's script reads it.
#[derive(Cookie)]
#[cookie(name = "__Host-session_hint", http_only = false, reason = "the page greets by it")]
struct Hint(String);

#[derive(Cookie)]
#[cookie(path = "/shop")]
struct Cart(u32);

const MODES: [ForeignCookies; 3] = [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse];

fn policy(builder: PolicyBuilder) -> PolicyHandle {
    PolicyHandle::new(builder.force_https(false).build().unwrap())
}

fn request(host: &str) -> Request<()> {
    Request::get("/").header(HOST, host).body(()).unwrap()
}

fn lines(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
}

/// A handler's answer, with these fields of its own.
async fn answer(
    request: Request<()>,
    fields: &[(http::HeaderName, &'static str)],
    handler: fn(Cookies) -> Result<(), SetError>,
) -> Result<Response<()>, Infallible> {
    handler(Cookies::from_extensions(request.extensions()).unwrap()).unwrap();
    let mut response = Response::new(());
    for (name, value) in fields {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

#[tokio::test]
async fn a_secure_cookie_of_an_inner_layer_is_held_back_by_an_outer_one_that_sees_plain_http() {
    for mode in MODES {
        let (outer, inner) = (policy(Policy::builder().foreign_cookies(mode)), policy(Policy::builder()));
        let service = tower::service_fn(|request| answer(request, &[], |cookies| cookies.set(Session("a".into()))));
        let service = outer.layer(Listener::plain()).layer(inner.layer(Listener::tls()).layer(service));
        let response = service.oneshot(request("www.site.example")).await.unwrap();
        assert_eq!(lines(response.headers()), [""; 0], "{mode:?}");
        assert_eq!(outer.counters().get(EventKind::LineHeldBack), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn what_an_inner_layer_raised_is_declared_to_the_outer_one() {
    for mode in MODES {
        let outer = policy(Policy::builder().foreign_cookies(mode));
        let inner = policy(Policy::builder().floor(Floor::new().same_site(SameSite::Strict)));
        let service = tower::service_fn(|request| answer(request, &[], |cookies| cookies.set(Hint("a".into()))));
        let service = outer.layer(Listener::tls()).layer(inner.layer(Listener::tls()).layer(service));
        let response = service.oneshot(request("www.site.example")).await.unwrap();
        let expected = ["__Host-session_hint=a; Path=/; Secure; SameSite=Strict"];
        assert_eq!(lines(response.headers()), expected, "{mode:?}");
    }
}

#[tokio::test]
async fn an_outer_floor_raises_what_an_inner_layer_declared_and_a_third_layer_knows_it_still() {
    let outermost = policy(Policy::builder().foreign_cookies(ForeignCookies::Refuse));
    let outer = policy(Policy::builder().floor(Floor::new().same_site(SameSite::Strict)));
    let inner = policy(Policy::builder());
    let service = tower::service_fn(|request| answer(request, &[], |cookies| cookies.set(Hint("a".into()))));
    let service = inner.layer(Listener::tls()).layer(service);
    let service = outermost.layer(Listener::tls()).layer(outer.layer(Listener::tls()).layer(service));
    let response = service.oneshot(request("www.site.example")).await.unwrap();
    assert_eq!(lines(response.headers()), ["__Host-session_hint=a; Path=/; Secure; SameSite=Strict"]);
}

#[test]
fn a_jar_without_a_layer_has_its_policy_s_floor() {
    let floor = Floor::new().same_site(SameSite::Strict).max_age(Duration::from_secs(60));
    let builder = Policy::builder().floor(floor).exception("__Host-session_hint", "an old page reads it");
    let policy = policy(builder);
    let jar = Cookies::read(&HeaderMap::new(), testing::https()).policy(&policy);
    jar.set(SetCookie::new(Session("a".into())).max_age(Duration::from_secs(90))).unwrap();
    jar.set(Hint("b".into())).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    assert_eq!(
        lines(&response),
        [
            "__Host-Http-session=a; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict",
            "__Host-session_hint=b; Path=/; Secure; SameSite=Lax",
        ]
    );
    assert_eq!(policy.counters().get(EventKind::LineHardened), 1);
}

#[test]
fn a_set_retracts_the_removal_of_its_own_cookie_and_of_no_other() {
    let jar = |path: &str| {
        let jar = Cookies::read(&HeaderMap::new(), testing::https());
        jar.set(SetCookie::new(Cart(7)).path(path)).unwrap();
        jar
    };
    let removal =
        "__Secure-cart=; Path=/shop; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
    for (path, others) in [("/shop", vec![]), ("/shop/7", vec![removal])] {
        let mut response = HeaderMap::new();
        response.append(SET_COOKIE, HeaderValue::from_static(removal));
        jar(path).write(&mut response);
        let set = format!("__Secure-cart=7; Path={path}; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(lines(&response), [others, vec![&*set]].concat(), "{path}");
    }
    for kept in [
        "__Secure-cart=; Path=/shop; Domain=example.com; Max-Age=0",
        "__Secure-cart=1; Path=/shop; Max-Age=0",
        "__Secure-cart=; Path=/shop; Max-Age=60",
        "__Secure-cart2=; Path=/shop; Max-Age=0",
    ] {
        let mut response = HeaderMap::new();
        response.append(SET_COOKIE, HeaderValue::from_static(kept));
        jar("/shop").write(&mut response);
        assert_eq!(lines(&response).len(), 2, "{kept}");
    }
}

#[test]
fn of_one_name_and_place_the_last_is_kept_whoever_says_the_domain() {
    /// The policy's Domain.
    #[derive(Cookie)]
    #[cookie(domain = environment)]
    struct Sso(u32);
    /// None of its own, whatever the policy says.
    #[derive(Cookie)]
    #[cookie(name = "__Secure-place", path = "/a")]
    struct Place(u32);

    let policy = policy(Policy::builder().cookie_domain("example.com"));
    let jar = Cookies::read(&HeaderMap::new(), testing::https()).policy(&policy);
    jar.set(Sso(1)).unwrap();
    jar.set(SetCookie::new(Sso(2)).domain("EXAMPLE.com")).unwrap();
    jar.set(Place(3)).unwrap();
    jar.set(SetCookie::new(Place(4)).domain("example.com")).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    assert_eq!(
        lines(&response),
        [
            "__Secure-sso=2; Path=/; Domain=EXAMPLE.com; Secure; HttpOnly; SameSite=Lax",
            "__Secure-place=3; Path=/a; Secure; HttpOnly; SameSite=Lax",
            "__Secure-place=4; Path=/a; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
        ]
    );
}

#[test]
fn name_and_value_of_4096_octets_leave_and_one_more_does_not() {
    let set = |octets: usize| {
        let value = "x".repeat(octets - "__Host-Http-session".len());
        SetCookie::new(Session(value)).header_value(&testing::https())
    };
    assert!(set(4096).is_ok());
    assert!(matches!(set(4097), Err(SetError::TooLarge { octets: 4097, limit: 4096, .. })));
}

#[test]
fn the_removal_of_a_read_error_has_the_domain_of_the_jar_s_policy() {
    #[derive(Cookie, Debug)]
    #[cookie(domain = environment)]
    struct Sso(#[allow(dead_code, reason = "what cannot be read is not asked")] u32);

    let mut request = HeaderMap::new();
    request.insert(http::header::COOKIE, HeaderValue::from_static("__Secure-sso=x"));
    let policy = policy(Policy::builder().cookie_domain("example.com"));
    let jar = Cookies::read(&request, testing::https());
    // Without a policy nobody knows where the cookie is.
    assert_eq!(jar.get::<Sso>().unwrap_err().removal(), None);
    let error = jar.policy(&policy).get::<Sso>().unwrap_err();
    let removal = error.removal().unwrap().to_str().unwrap();
    assert!(removal.starts_with("__Secure-sso=; Path=/; Domain=example.com; Max-Age=0; "), "{removal}");
}

#[tokio::test]
async fn the_application_s_own_hsts_is_replaced_or_removed() {
    let fields = &[(STRICT_TRANSPORT_SECURITY, "max-age=1"), (STRICT_TRANSPORT_SECURITY, "max-age=2")];
    for (host, expected) in [("www.site.example", Some("max-age=31536000")), ("localhost", None), ("192.0.2.1", None)] {
        let service = tower::service_fn(|request| answer(request, fields, |_| Ok(())));
        let service = policy(Policy::builder()).layer(Listener::tls()).layer(service);
        let response = service.oneshot(request(host)).await.unwrap();
        let sent = response.headers().get_all(STRICT_TRANSPORT_SECURITY).iter();
        assert_eq!(sent.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>(), "{host}");
    }
}

#[tokio::test]
async fn a_line_for_more_hosts_than_its_declaration_is_foreign() {
    /// Another host may set it, and that it must not read it is no less declared.
    #[derive(Cookie)]
    #[cookie(name = "sid", reason = "an old proxy reads it")]
    struct Sid(u32);
    const SPECS: &[hardtack::Spec] = &[Sid::SPEC];

    for (line, leaves) in [
        ("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax", true),
        ("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=", true),
        ("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=site.example", false),
    ] {
        let mode = ForeignCookies::Refuse;
        let policy = policy(Policy::builder().foreign_cookies(mode).declared(SPECS));
        let service = tower::service_fn(|_: Request<()>| async move {
            let mut response = Response::new(());
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
            Ok::<_, Infallible>(response)
        });
        let service = policy.layer(Listener::tls()).layer(service);
        let response = service.oneshot(request("www.site.example")).await.unwrap();
        assert_eq!(lines(response.headers()), if leaves { vec![line] } else { vec![] });
        assert_eq!(policy.counters().get(EventKind::LineRefused), u64::from(!leaves));
    }
    let _ = Sid(1).0;
}

#[tokio::test]
async fn a_service_that_fails_loses_its_cookies_and_tells_it_once() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = told.clone();
    let builder = Policy::builder().on_event(move |event| keep.lock().unwrap().push(event.to_string()));
    let policy = policy(builder);
    let (give, taken) = std::sync::mpsc::channel();
    let service = tower::service_fn(|request: Request<()>| {
        let cookies: Cookies = Cookies::from_extensions(request.extensions()).unwrap();
        cookies.set(Session("s3cr3t".into())).unwrap();
        give.send(cookies).unwrap();
        async { Err::<Response<()>, _>(std::io::Error::other("gone")) }
    });
    let service = policy.layer(Listener::tls()).layer(service);
    assert!(service.oneshot(request("www.site.example")).await.is_err());

    let late = taken.recv().unwrap();
    assert!(matches!(late.set(Session("b".into())), Err(SetError::ResponseSent { .. })));
    drop(late);
    assert_eq!(policy.counters().get(EventKind::Mistake), 1);
    let told = told.lock().unwrap().join("\n");
    assert!(told.contains("`__Host-Http-session`") && told.contains("failed without a response"), "{told}");
    assert!(!told.contains("s3cr3t"));
}
