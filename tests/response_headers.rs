//! Tests the headers of responses in special configurations: nested policy layers, a jar without a layer, and a service
//! that fails. The tests compare each `Set-Cookie` header byte for byte. A Secure cookie must never be sent over plain
//! HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper fails the test")]

use std::convert::Infallible;
use std::time::Duration;

use hardtack::event::Kind;
use hardtack::policy::{Baseline, Exception, PolicyBuilder, UndeclaredCookies};
use hardtack::seal::{Key, Keyring};
use hardtack::{
    Cookie, Cookies, Policy, PolicyHandle, ReadCookie, ReadError, SameSite, SetCookie, SetError, TlsTermination,
    testing,
};
use http::header::{HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Layer as _, ServiceExt as _};

#[derive(Cookie)]
struct Session(String);

/// A cookie for scripts. The cookie's name is similar to the name of a session cookie.
#[derive(Cookie)]
#[cookie(name = "__Host-session_hint", http_only = false, reason = "the page greets by it")]
struct Hint(String);

#[derive(Cookie)]
#[cookie(path = "/shop")]
struct Cart(u32);

const MODES: [UndeclaredCookies; 3] =
    [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse];

fn policy(builder: PolicyBuilder) -> PolicyHandle {
    PolicyHandle::new(builder.force_https(false).build().unwrap())
}

fn request(host: &str) -> Request<()> {
    Request::get("/").header(HOST, host).body(()).unwrap()
}

fn set_cookies(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
}

/// Calls `handler` with the request's jar. Returns a response with the headers in `headers`.
async fn respond(
    request: Request<()>,
    headers: &[(http::HeaderName, &'static str)],
    handler: fn(Cookies) -> Result<(), SetError>,
) -> Result<Response<()>, Infallible> {
    handler(Cookies::from_extensions(request.extensions()).unwrap()).unwrap();
    let mut response = Response::new(());
    for (name, value) in headers {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

#[tokio::test]
async fn outer_plain_http_layer_drops_inner_secure_cookies() {
    for mode in MODES {
        let (outer, inner) = (policy(Policy::builder().undeclared_cookies(mode)), policy(Policy::builder()));
        let service = tower::service_fn(|request| respond(request, &[], |cookies| cookies.set(Session("a".into()))));
        let service = outer.layer(TlsTermination::none()).layer(inner.layer(TlsTermination::here()).layer(service));
        let response = service.oneshot(request("www.site.example")).await.unwrap();
        assert_eq!(set_cookies(response.headers()), [""; 0], "{mode:?}");
        assert_eq!(outer.counters().get(Kind::HeaderDropped), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn outer_layer_accepts_cookies_tightened_by_inner_layer() {
    for mode in MODES {
        let outer = policy(Policy::builder().undeclared_cookies(mode));
        let inner = policy(Policy::builder().baseline(Baseline::new().same_site(SameSite::Strict)));
        let service = tower::service_fn(|request| respond(request, &[], |cookies| cookies.set(Hint("a".into()))));
        let service = outer.layer(TlsTermination::here()).layer(inner.layer(TlsTermination::here()).layer(service));
        let response = service.oneshot(request("www.site.example")).await.unwrap();
        let expected = ["__Host-session_hint=a; Path=/; Secure; SameSite=Strict"];
        assert_eq!(set_cookies(response.headers()), expected, "{mode:?}");
    }
}

#[tokio::test]
async fn outer_baseline_applies_to_cookies_of_inner_layers() {
    let outermost = policy(Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse));
    let outer = policy(Policy::builder().baseline(Baseline::new().same_site(SameSite::Strict)));
    let inner = policy(Policy::builder());
    let service = tower::service_fn(|request| respond(request, &[], |cookies| cookies.set(Hint("a".into()))));
    let service = inner.layer(TlsTermination::here()).layer(service);
    let service = outermost.layer(TlsTermination::here()).layer(outer.layer(TlsTermination::here()).layer(service));
    let response = service.oneshot(request("www.site.example")).await.unwrap();
    assert_eq!(set_cookies(response.headers()), ["__Host-session_hint=a; Path=/; Secure; SameSite=Strict"]);
}

#[test]
fn jar_without_a_layer_applies_the_baseline() {
    #[derive(Cookie)]
    #[cookie(max_age = "8h")]
    struct Session(String);

    let baseline = Baseline::new().same_site(SameSite::Strict).longest_max_age(Duration::from_secs(60));
    let builder = Policy::builder()
        .baseline(baseline)
        .exception(Exception::for_cookie("__Host-session_hint").everything().because("an old page reads it"));
    let policy = policy(builder);
    let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
    jar.set(SetCookie::new(Session("a".into())).max_age(Duration::from_secs(90))).unwrap();
    jar.set(Hint("b".into())).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    assert_eq!(
        set_cookies(&response),
        [
            "__Host-Http-session=a; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict",
            "__Host-session_hint=b; Path=/; Secure; SameSite=Lax",
        ]
    );
    assert_eq!(policy.counters().get(Kind::HeaderHardened), 1);
}

#[test]
fn jar_keeps_existing_headers_and_comes_last() {
    let removal =
        "__Secure-cart=; Path=/shop; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
    for existing in [removal, "__Secure-cart=1; Path=/shop; Max-Age=0", "__Secure-cart2=; Path=/shop; Max-Age=0"] {
        let mut response = HeaderMap::new();
        response.append(SET_COOKIE, HeaderValue::from_static(existing));
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
        jar.set(Cart(7)).unwrap();
        jar.write(&mut response);
        // Browsers process the headers in order. So the browser stores the cookie that the last header sets.
        let set = "__Secure-cart=7; Path=/shop; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(set_cookies(&response), [existing, set]);
    }
}

#[test]
fn last_set_of_one_scope_wins() {
    /// A cookie whose Domain comes from the policy.
    #[derive(Cookie)]
    #[cookie(domain = policy)]
    struct Sso(u32);
    /// A cookie with the same name, Domain and Path. Browsers ignore the letter case of a Domain.
    #[derive(Cookie)]
    #[cookie(name = "__Secure-sso", domain = "EXAMPLE.com")]
    struct SsoInCapitals(u32);
    /// A host-only cookie. A host-only cookie does not get the policy's domain.
    #[derive(Cookie)]
    #[cookie(name = "__Secure-place", path = "/a")]
    struct Place(u32);
    /// A cookie with the same name and a different Domain. Browsers store both cookies.
    #[derive(Cookie)]
    #[cookie(name = "__Secure-place", path = "/a", domain = "example.com")]
    struct PlaceOnDomain(u32);

    let policy = policy(Policy::builder().cookie_domain("example.com"));
    let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
    jar.set(Sso(1)).unwrap();
    jar.set(SsoInCapitals(2)).unwrap();
    jar.set(Place(3)).unwrap();
    jar.set(PlaceOnDomain(4)).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    assert_eq!(
        set_cookies(&response),
        [
            "__Secure-sso=2; Path=/; Domain=EXAMPLE.com; Secure; HttpOnly; SameSite=Lax",
            "__Secure-place=3; Path=/a; Secure; HttpOnly; SameSite=Lax",
            "__Secure-place=4; Path=/a; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
        ]
    );

    // The headers that remove cookies come before the headers that set cookies.
    let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
    jar.set(Place(5)).unwrap();
    jar.set(SsoInCapitals(6)).unwrap();
    jar.remove::<PlaceOnDomain>().unwrap();
    jar.remove::<Sso>().unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let past = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(
        set_cookies(&response),
        [
            &format!("__Secure-place=; Path=/a; Domain=example.com; {past}"),
            &format!("__Secure-sso=; Path=/; Domain=example.com; {past}"),
            "__Secure-place=5; Path=/a; Secure; HttpOnly; SameSite=Lax",
        ]
    );
}

#[test]
fn name_and_value_may_have_4096_bytes() {
    let set = |bytes: usize| {
        let value = "x".repeat(bytes - "__Host-Http-session".len());
        SetCookie::new(Session(value)).header_value(&testing::https())
    };
    assert!(set(4096).is_ok());
    assert!(matches!(set(4097), Err(SetError::TooLarge { bytes: 4097, limit: 4096, .. })));
}

/// A signed cookie whose Domain comes from the policy.
#[derive(Cookie, Debug)]
#[cookie(domain = policy, signed, max_age = "8h")]
struct Sso(u32);

/// The declaration of the same cookie in a program that only reads the cookie.
#[derive(Cookie, Debug)]
#[cookie(name = "__Secure-sso", signed, read_only)]
struct OtherProgramsSso(#[allow(dead_code, reason = "the test only reads an invalid value")] u32);

async fn read<T: ReadCookie + hardtack::AllowedOver<hardtack::Https>>(cookies: Cookies) -> Result<(), ReadError> {
    cookies.try_get::<T>().map(|_| ())
}

async fn read_and_set(cookies: Cookies) -> Result<(), ReadError> {
    let error = cookies.try_get::<Sso>().unwrap_err();
    cookies.set(Sso(7)).unwrap();
    assert_eq!(cookies.get::<Sso>().map(|sso| sso.0), Some(7));
    Err(error)
}

async fn read_and_ignore(cookies: Cookies) {
    cookies.try_get::<Sso>().unwrap_err();
    assert!(cookies.get::<Sso>().is_none());
}

/// Sends a request with the cookie to the application. Returns the status code and the `Set-Cookie` headers.
async fn send_sso(path: &str, cookie: &str, keyring: &Keyring) -> (u16, Vec<String>) {
    let builder = Policy::builder().cookie_domain("site.example").keyring(keyring.clone());
    let app = axum::Router::new()
        .route("/read", axum::routing::get(read::<Sso>))
        .route("/set", axum::routing::get(read_and_set))
        .route("/ignore", axum::routing::get(read_and_ignore))
        .route("/read-only", axum::routing::get(read::<OtherProgramsSso>))
        .layer(policy(builder).layer(TlsTermination::here()));
    let request = http::Request::get(path).header("host", "www.site.example").header("cookie", cookie);
    let response = app.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    (response.status().as_u16(), set_cookies(response.headers()).into_iter().map(str::to_owned).collect())
}

/// The response that reports a read error removes the cookie only if no server can read the cookie.
#[tokio::test]
async fn error_response_removes_what_nobody_can_read() {
    let keyring = Keyring::new(Key::generate());
    let wire =
        |value: u32, keyring: &Keyring| testing::request_header_with(&Sso(value), keyring).to_str().unwrap().to_owned();
    let sealed = wire(7, &keyring);
    let changed = sealed.replacen("=7", "=8", 1);
    let yesterday = std::time::SystemTime::now() - Duration::from_secs(86_400);
    let expired = testing::at(yesterday, || wire(7, &keyring));
    let other_key = wire(7, &Keyring::new(Key::generate()));
    let removal = "__Secure-sso=; Path=/; Domain=site.example; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
                   Secure; HttpOnly; SameSite=Lax";

    assert_eq!(send_sso("/read", &sealed, &keyring).await, (200, vec![]));
    for (cookie, is_removed) in [
        (&*changed, true),
        (&expired, true),
        (&other_key, false),
        ("__Secure-sso=7", false),
        (&format!("{changed}; {other_key}"), true),
        (&format!("{}; {sealed}", wire(8, &keyring)), false),
    ] {
        let (status, sent) = send_sso("/read", cookie, &keyring).await;
        let expected = if is_removed { vec![removal] } else { vec![] };
        assert_eq!((status, sent), (400, expected.into_iter().map(str::to_owned).collect()), "{cookie}");
        // If the handler ignores a read error, the response does not change. A `read_only` cookie is never removed.
        assert_eq!(send_sso("/ignore", cookie, &keyring).await, (200, vec![]), "{cookie}");
        assert_eq!(send_sso("/read-only", cookie, &keyring).await, (400, vec![]), "{cookie}");
    }
}

/// The handler reads the cookie, sets the cookie, and returns the read error. The response sets the cookie. The
/// response also removes the unreadable cookie from each scope that the cookie may have.
#[tokio::test]
async fn error_response_keeps_what_the_handler_set() {
    let keyring = Keyring::new(Key::generate());
    let cookie = testing::request_header_with(&Sso(7), &keyring).to_str().unwrap().replacen("=7", "=8", 1);
    let (status, sent) = send_sso("/set", &cookie, &keyring).await;
    assert_eq!(status, 400);
    let removal = |domain: &str| {
        format!(
            "__Secure-sso=; Path=/; {domain}Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
             SameSite=Lax"
        )
    };
    assert_eq!(sent[..2], [removal(""), removal("Domain=www.site.example; ")]);
    assert_eq!(sent.len(), 3, "{sent:?}");
    let is_set = sent[2].starts_with("__Secure-sso=7.") && sent[2].contains("; Domain=site.example; Max-Age=28800; ");
    assert!(is_set, "{sent:?}");
}

#[tokio::test]
async fn application_hsts_is_replaced_or_removed() {
    let headers = &[(STRICT_TRANSPORT_SECURITY, "max-age=1"), (STRICT_TRANSPORT_SECURITY, "max-age=2")];
    for (host, expected) in [("www.site.example", Some("max-age=31536000")), ("localhost", None), ("192.0.2.1", None)] {
        let service = tower::service_fn(|request| respond(request, headers, |_| Ok(())));
        let service = policy(Policy::builder()).layer(TlsTermination::here()).layer(service);
        let response = service.oneshot(request(host)).await.unwrap();
        let sent = response.headers().get_all(STRICT_TRANSPORT_SECURITY).iter();
        assert_eq!(sent.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>(), "{host}");
    }
}

#[tokio::test]
async fn header_with_a_wider_domain_is_undeclared() {
    /// A host-only cookie without a name prefix. If a header for this cookie has a `Domain`, browsers send the cookie
    /// to more hosts than the declaration allows.
    #[derive(Cookie)]
    #[cookie(name = "sid", reason = "an old proxy reads it")]
    struct Sid(u32);
    const SPECS: &[hardtack::spec::Spec] = &[Sid::SPEC];

    for (header, is_sent) in [
        ("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax", true),
        ("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=", true),
        ("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=site.example", false),
    ] {
        let mode = UndeclaredCookies::Refuse;
        let policy = policy(Policy::builder().undeclared_cookies(mode).declared(SPECS));
        let service = tower::service_fn(|_: Request<()>| async move {
            let mut response = Response::new(());
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(header));
            Ok::<_, Infallible>(response)
        });
        let service = policy.layer(TlsTermination::here()).layer(service);
        let response = service.oneshot(request("www.site.example")).await.unwrap();
        assert_eq!(set_cookies(response.headers()), if is_sent { vec![header] } else { vec![] });
        assert_eq!(policy.counters().get(Kind::HeaderDropped), u64::from(!is_sent));
    }
    let _ = Sid(1).0;
}

#[tokio::test]
async fn failed_service_reports_its_lost_cookies_once() {
    let events = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let recorded = events.clone();
    let builder = Policy::builder().on_event(move |event| recorded.lock().unwrap().push(event.to_string()));
    let policy = policy(builder);
    let (sender, receiver) = std::sync::mpsc::channel();
    let service = tower::service_fn(|request: Request<()>| {
        let cookies: Cookies = Cookies::from_extensions(request.extensions()).unwrap();
        cookies.set(Session("s3cr3t".into())).unwrap();
        sender.send(cookies).unwrap();
        async { Err::<Response<()>, _>(std::io::Error::other("gone")) }
    });
    let service = policy.layer(TlsTermination::here()).layer(service);
    assert!(service.oneshot(request("www.site.example")).await.is_err());

    let late = receiver.recv().unwrap();
    assert!(matches!(late.set(Session("b".into())), Err(SetError::ResponseSent { .. })));
    drop(late);
    assert_eq!(policy.counters().get(Kind::Mistake), 1);
    let events = events.lock().unwrap().join("\n");
    assert!(
        events.contains("`__Host-Http-session`") && events.contains("the service inside the layer returned an error"),
        "{events}"
    );
    assert!(!events.contains("s3cr3t"));
}
