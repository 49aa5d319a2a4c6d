//! Tests plain HTTP requests under `force_https`. The policy redirects page requests and refuses API requests. A
//! request for an exempt path reaches its handler.

use axum::Router;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
};
use axum::http::{Method, StatusCode};
use axum::routing::any;
use hardtack::event::Kind;
use hardtack::event::Kind::HeaderDropped;
use hardtack::policy::ForceHttps;
use hardtack::tls::Transport;
use hardtack::{AnyScheme, Cookies, Policy, SetError, TlsTermination};
use tower::ServiceExt as _;

use super::{HOST_NAME, PAGE, RecordingPolicy, insecure_routes, new_request, session, with_force_https};

#[tokio::test]
async fn redirect_is_not_cacheable_and_sets_no_cookie() {
    for method in [Method::GET, Method::HEAD] {
        let mut request = new_request(Transport::Plain, "/a/b?c=d&e=%20", &[PAGE, (HOST, "www.site.example:8080")]);
        *request.method_mut() = method;
        let sent = RecordingPolicy::new(with_force_https())
            .send(TlsTermination::per_connection(), insecure_routes(), request)
            .await;
        assert_eq!(sent.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(sent.header_names(), [LOCATION, CACHE_CONTROL]);
        assert_eq!(sent.headers[LOCATION], "https://www.site.example:8443/a/b?c=d&e=%20");
        assert_eq!(sent.headers[CACHE_CONTROL], "no-store");
        assert_eq!(sent.event_summaries(), [(Kind::RequestRedirected, "", "force-https")]);
        assert_eq!(sent.events[0].evidence.as_deref(), Some("the connection carries no TLS"));
    }
}

#[tokio::test]
async fn api_requests_are_refused_and_never_redirected() {
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
        let mut request =
            new_request(Transport::Plain, path, &[(ACCEPT, accept), (AUTHORIZATION, "Bearer opensesame")]);
        *request.method_mut() = method.clone();
        let sent = RecordingPolicy::new(with_force_https())
            .send(TlsTermination::per_connection(), insecure_routes(), request)
            .await;
        assert_eq!((sent.status, sent.header_names()), (StatusCode::FORBIDDEN, vec![CONTENT_TYPE]), "{method} {path}");
        assert_eq!(sent.event_summaries(), [(Kind::RequestRefused, "", "force-https")], "{method} {path}");
        assert!(sent.events[0].evidence.is_some());
    }
}

#[tokio::test]
async fn health_check_passes_without_secure_headers() {
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
        let mut request = new_request(Transport::Plain, path, &[]);
        *request.method_mut() = method;
        let sent =
            RecordingPolicy::new(with_force_https()).send(TlsTermination::per_connection(), routes(), request).await;
        assert_eq!((sent.status, sent.set_cookies().len()), (StatusCode::OK, 0));
        assert_eq!(sent.header_values(STRICT_TRANSPORT_SECURITY), [""; 0]);
        let session = (Kind::CookieNotSet, "__Host-Http-session", "not-https");
        assert_eq!(sent.event_summaries(), [session, (HeaderDropped, "sid", "insecure")]);
    }
}

#[tokio::test]
async fn redirect_from_a_nested_router_keeps_the_prefix() {
    let policy = Policy::builder().force_https(ForceHttps::on().api_paths(["/shop/api"])).build().unwrap();
    let inside = Router::new().fallback(|| async { "inside" }).layer(policy.layer(TlsTermination::per_connection()));
    let routes = Router::new().nest("/shop", inside);
    let get = async |path: &str| routes.clone().oneshot(new_request(Transport::Plain, path, &[PAGE])).await.unwrap();
    assert_eq!(get("/shop/cart?x=1").await.headers()[LOCATION], "https://www.site.example/shop/cart?x=1");
    assert_eq!(get("/shop/api/x").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn only_listed_hosts_are_redirected_to() {
    let hosts = Policy::builder().force_https(ForceHttps::on().hosts([HOST_NAME, "site.example"]));
    for (policy, host, is_redirected) in [
        (hosts.clone(), HOST_NAME, true),
        (hosts.clone(), "evil.example", false),
        (hosts, "www.site.example.evil.example", false),
        (Policy::builder(), "user@www.site.example", false),
        (Policy::builder(), "www.site.example/evil", false),
    ] {
        let request = new_request(Transport::Plain, "/", &[PAGE, (HOST, host)]);
        let sent = RecordingPolicy::new(policy).send(TlsTermination::none(), insecure_routes(), request).await;
        assert_eq!(sent.status == StatusCode::PERMANENT_REDIRECT, is_redirected, "{host}");
        assert_eq!(sent.headers.contains_key(LOCATION), is_redirected, "{host}");
    }
}
