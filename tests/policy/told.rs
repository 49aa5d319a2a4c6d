//! What is told: each refusal and each change with its cookie, its rule and its evidence, never with a value.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::routing::get;
use hardtack::EventKind::{LineHardened, LineHeldBack};
use hardtack::{
    AnyScheme, Cookies, EventKind, ForeignCookies, Https, Listener, Policy, PolicyHandle, SetCookie, Transport,
    TrustedProxies, testing,
};
use tower::ServiceExt as _;

use super::{
    Broken, Cart, FOREIGN, Recorded, SECRET, Session, Sso, Unwritable, block_on, foreign, open, request, session,
    setting,
};

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
    let counted = |kind: &EventKind| (*kind, all.iter().filter(|told| told.kind == *kind).count() as u64);
    let expected: Vec<_> = EventKind::ALL.iter().map(counted).collect();
    assert_eq!(recorded.handle.counters().iter().collect::<Vec<_>>(), expected);
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
