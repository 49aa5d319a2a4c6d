//! Plain HTTP where HTTPS is forced: a page is redirected, an integration is refused, a health check passes.

use axum::Router;
use axum::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HOST, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{Method, StatusCode};
use axum::routing::any;
use hardtack::EventKind::LineHeldBack;
use hardtack::{AnyScheme, Cookies, EventKind, ForceHttps, Listener, Policy, SetError, Transport};
use tower::ServiceExt as _;

use super::{HOST_NAME, PAGE, Recorded, careless, forced, request, session};

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
