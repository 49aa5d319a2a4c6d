//! Tests the events. The policy emits one event for each refused request or cookie, and one event for each changed
//! header. An event contains the cookie's name, the rule and the evidence for the scheme. An event never contains a
//! cookie's value.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::routing::get;
use hardtack::event::Kind;
use hardtack::event::Kind::{HeaderDropped, HeaderHardened};
use hardtack::policy::UndeclaredCookies;
use hardtack::tls::Transport;
use hardtack::{
    AnyScheme, Cookies, Https, Policy, PolicyHandle, SameSite, SetCookie, TlsTermination, TrustedProxies, testing,
};
use tower::ServiceExt as _;

use super::{
    Broken, Cart, RecordingPolicy, SECRET, Session, UNDECLARED, Unwritable, block_on, new_request,
    policy_for_undeclared, respond_with_cookies, session, without_force_https,
};

#[tokio::test]
async fn jar_errors_emit_events_with_cookie_and_rule() {
    async fn handler(cookies: Cookies<AnyScheme>, uri: Uri) {
        match uri.path() {
            "/set" => assert!(cookies.set(session()).is_err()),
            "/remove" => assert!(cookies.remove::<Session>().is_err()),
            "/get" => assert!(cookies.try_get::<Session>().is_err()),
            "/cart" => assert!(cookies.try_get::<Cart>().is_err()),
            "/carts" => assert_eq!(cookies.get_all::<Cart>().filter(Result::is_err).count(), 2),
            "/large" => assert!(cookies.set(Session(SECRET.repeat(500))).is_err()),
            "/weaker" => {
                let weaker = SetCookie::new(session()).same_site(SameSite::None);
                assert!(cookies.set(weaker).is_err());
            }
            "/longer" => {
                let longer = SetCookie::new(session()).max_age(Duration::from_secs(86_400));
                cookies.set(longer).unwrap();
            }
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
    use Kind::{CookieNotSet, CookieRejected};
    const NAME: &str = "__Host-Http-session";
    const CART: &str = "__Host-Http-cart";
    for (transport, path, expected) in [
        (Transport::Plain, "/set", &[(CookieNotSet, NAME, "not-https")][..]),
        (Transport::Plain, "/remove", &[(CookieNotSet, NAME, "not-https")]),
        (Transport::Plain, "/get", &[(CookieRejected, NAME, "not-https")]),
        (Transport::Tls, "/get", &[(CookieRejected, NAME, "ambiguous")]),
        (Transport::Tls, "/cart", &[(CookieRejected, CART, "malformed")]),
        (Transport::Tls, "/carts", &[(CookieRejected, CART, "malformed"), (CookieRejected, CART, "malformed")]),
        (Transport::Tls, "/large", &[(CookieNotSet, NAME, "size")]),
        (Transport::Tls, "/weaker", &[(CookieNotSet, NAME, "attribute")]),
        (Transport::Tls, "/longer", &[(HeaderHardened, NAME, "shortened")]),
        (Transport::Tls, "/broken", &[(CookieNotSet, "__Host-Http-broken", "value")]),
        (Transport::Tls, "/late", &[(CookieNotSet, NAME, "response-sent")]),
        (Transport::Tls, "/ok", &[]),
    ] {
        let cookie_header = match path {
            "/carts" => "__Host-Http-cart=opensesame; __Host-Http-cart=opensesame",
            _ => "__Host-Http-session=opensesame; __Host-Http-session=opensesame2; __Host-Http-cart=opensesame",
        };
        let recorded = RecordingPolicy::new(without_force_https());
        let routes = Router::new().fallback(handler);
        let request = new_request(transport, path, &[(COOKIE, cookie_header)]);
        let sent = recorded.send(TlsTermination::per_connection(), routes, request).await;
        assert_eq!((sent.status, sent.event_summaries()), (StatusCode::OK, expected.to_vec()), "{path}");
        for kind in Kind::ALL {
            let count = expected.iter().filter(|(expected, ..)| expected == kind).count();
            assert_eq!(recorded.handle.counters().get(*kind), count as u64, "{path} {kind:?}");
        }
    }
}

#[tokio::test]
async fn refused_extractors_emit_the_evidence() {
    async fn proof(_: Https) {}
    async fn jar(_: Cookies) {}
    let routes = Router::new().route("/proof", get(proof)).route("/jar", get(jar));
    for path in ["/proof", "/jar"] {
        let recorded = RecordingPolicy::new(without_force_https());
        let sent = recorded
            .send(TlsTermination::per_connection(), routes.clone(), new_request(Transport::Plain, path, &[]))
            .await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN);
        assert_eq!(sent.event_summaries(), [(Kind::RequestRefused, "", "not-https")]);
        assert!(sent.events[0].text.contains("the connection carries no TLS"), "{:?}", sent.events);
    }
}

#[tokio::test]
async fn dropped_header_event_names_the_peer() {
    let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.0/8"]).unwrap());
    let request = new_request(Transport::Tls, "/", &[(HeaderName::from_static("x-forwarded-proto"), "https")]);
    let sent = RecordingPolicy::new(without_force_https())
        .send(termination, respond_with_cookies(&[b"sid=opensesame; Secure"]), request)
        .await;
    assert_eq!((sent.set_cookies().len(), sent.event_summaries()), (0, vec![(HeaderDropped, "sid", "insecure")]));
    let evidence = sent.events[0].evidence.as_deref().unwrap();
    assert!(evidence.contains("203.0.113.9") && evidence.contains("X-Forwarded-Proto"), "{evidence}");
    assert!(sent.events[0].text.contains(evidence), "{}", sent.events[0].text);
}

#[tokio::test]
async fn events_have_cut_names_and_no_values() {
    let headers: [&[u8]; 5] = [
        b"s\xe9ss\t\xffion=opensesame",
        "gr\u{fc}\u{202e}n=opensesame".as_bytes(),
        b"a\\b`c=opensesame; X-Note=opensesame; Path=/opensesame",
        b"opensesame; Path=/",
        b"n=\xffopensesame\xff; Domain=opensesame\xff",
    ];
    for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        for transport in [Transport::Tls, Transport::Plain] {
            let recorded = RecordingPolicy::new(without_force_https().undeclared_cookies(mode));
            let sent = recorded
                .send(
                    TlsTermination::per_connection(),
                    respond_with_cookies(&headers),
                    new_request(transport, "/", &[]),
                )
                .await;
            let mut names: Vec<_> = sent.events.iter().filter_map(|event| event.cookie.as_deref()).collect();
            names.dedup();
            assert_eq!(names, ["s…", "gr…", "a…", "(nameless)", "n"], "{mode:?} {transport:?}");
        }
    }
}

#[tokio::test]
async fn counters_match_the_events() {
    let recorded = RecordingPolicy::new(policy_for_undeclared(UndeclaredCookies::Harden));
    let mut all = Vec::new();
    for transport in [Transport::Tls, Transport::Plain, Transport::Tls] {
        let headers: Vec<_> = UNDECLARED.iter().map(|header| header.as_bytes()).collect();
        let sent = recorded
            .send(TlsTermination::per_connection(), respond_with_cookies(&headers), new_request(transport, "/", &[]))
            .await;
        all.extend(sent.events);
    }
    assert_eq!(all.len(), 3 + 4 + 3);
    let counted = |kind: &Kind| (*kind, all.iter().filter(|event| event.kind == *kind).count() as u64);
    let expected: Vec<_> = Kind::ALL.iter().map(counted).collect();
    assert_eq!(recorded.handle.counters().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn callback_gets_every_event_from_every_thread() {
    const THREADS: u64 = 8;
    const REQUESTS: u64 = 250;
    let (event_count, text_length) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (count, length) = (event_count.clone(), text_length.clone());
    let policy = without_force_https().on_event(move |event| {
        assert_eq!(event.kind, HeaderHardened);
        count.fetch_add(1, Ordering::Relaxed);
        length.fetch_add(event.to_string().len() as u64, Ordering::Relaxed);
    });
    let handle = PolicyHandle::new(policy.build().unwrap());
    let routes = respond_with_cookies(&[b"sid=opensesame; SameSite=Lax", b"lang=opensesame"])
        .layer(handle.layer(TlsTermination::here()));
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                block_on(async {
                    for _ in 0..REQUESTS {
                        let response = routes.clone().oneshot(new_request(Transport::Tls, "/", &[])).await.unwrap();
                        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
                    }
                });
            });
        }
    });
    let expected = THREADS * REQUESTS * 2;
    assert_eq!((event_count.load(Ordering::Relaxed), handle.counters().get(HeaderHardened)), (expected, expected));
    let texts = ["`sid` (insecure, GET /): added Secure, HttpOnly", "`lang` (insecure, GET /): added Secure"];
    let bytes: usize = texts.iter().map(|text| "header hardened ".len() + text.len()).sum();
    assert_eq!(text_length.load(Ordering::Relaxed), bytes as u64 * expected / 2);
}

#[test]
fn jar_errors_over_plain_http_have_the_evidence() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let recorded = events.clone();
    let policy = Policy::builder()
        .on_event(move |event| {
            recorded.lock().unwrap().push((event.kind, event.evidence.map(|evidence| evidence.to_string())));
        })
        .build()
        .unwrap();
    let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    parts.headers.insert(COOKIE, testing::request_header(&Session("opensesame".into())));
    let scheme = AnyScheme::from(TlsTermination::none().detect(&parts, None));
    let cookies = Cookies::from_headers(&parts.headers, scheme).with_policy(&PolicyHandle::new(policy));
    assert!(cookies.set(Session("opensesame".into())).is_err());
    assert!(cookies.try_get::<Session>().is_err());
    let evidence = Some("this socket is declared plain HTTP".to_owned());
    let expected = [(Kind::CookieNotSet, evidence.clone()), (Kind::CookieRejected, evidence)];
    assert_eq!(*events.lock().unwrap(), expected);
}
