//! Tests the detection of a request's scheme. The scheme comes from the port, from the connection or from a proxy's
//! headers. In debug builds, loopback can count as HTTPS.

use axum::Router;
use axum::extract::Request;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_server::accept::DefaultAcceptor;
use hardtack::axum_server::MarkedAcceptor;
use hardtack::tls::Peer;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, Policy, SetCookie, TlsTermination, TrustedProxies};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    BANNER, Banner, HTTPS_ONLY, SESSION, Session, SiteCookies, Theme, policy_allowing_http, serve, session,
    without_reason,
};
use crate::support::client::Client;
use crate::support::server::TestServer;

// ---- One application on two ports.

#[tokio::test]
async fn plain_http_port_sends_no_secure_cookie() {
    // A middleware inside the policy's layer, such as a session library.
    async fn library(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("sid=1; path=/; secure"));
        response
    }
    async fn by_hand(cookies: Cookies<AnyScheme>) -> impl IntoResponse {
        let is_rejected = cookies.set(session()).is_err();
        cookies.set(Banner(true)).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("legacy=1; Secure"));
        headers.append(SET_COOKIE, HeaderValue::from_static("shout=2; SECURE ; Path=/"));
        headers.append(SET_COOKIE, HeaderValue::from_static("odd=3;Secure=false"));
        (headers, is_rejected.to_string())
    }
    let site = serve(Router::new().route("/", get(by_hand)).layer(middleware::from_fn(library))).await;
    let client = site.client();

    let tls = client.get(site.https("/")).await;
    assert_eq!(tls.body, "false");
    let names: Vec<&str> = tls.set_cookies().iter().map(|value| value.split('=').next().unwrap()).collect();
    assert_eq!(names, ["legacy", "shout", "odd", "sid", "__Host-Http-session", "banner"]);

    for plain in [client.get(site.http("/")).await, site.curl().get(site.http("/")).await] {
        assert_eq!((plain.status, plain.body.as_str()), (200, "true"));
        assert_eq!(plain.set_cookies(), [BANNER]);
    }
}

#[tokio::test]
async fn each_extractor_checks_its_scheme() {
    let site = serve(
        Router::new()
            .route("/cookies", get(|_: Cookies| async {}))
            .route("/cookies-https", get(|_: Cookies<Https>| async {}))
            .route("/https", get(|_: Https| async {}))
            .route("/struct", get(|_: SiteCookies| async {}))
            .route("/maybe", get(|https: Option<Https>| async move { https.is_some().to_string() }))
            .route("/any", get(|cookies: Cookies<AnyScheme>| async move { cookies.https().is_ok().to_string() }))
            .route(
                "/struct-any",
                get(
                    |cookies: SiteCookies<AnyScheme>| async move { cookies.set_theme(Theme::Dark).is_ok().to_string() },
                ),
            )
            .route("/plain", get(|cookies: Cookies<PlainHttp>| async move { cookies.set(Banner(true)) }))
            .route("/struct-plain", get(|site: SiteCookies<PlainHttp>| async move { site.set_banner(Banner(true)) })),
    )
    .await;
    let client = site.client();
    for path in ["/cookies", "/cookies-https", "/https", "/struct"] {
        assert_eq!(client.get(site.https(path)).await.status, 200, "{path}");
        let plain = client.get(site.http(path)).await;
        assert_eq!((plain.status, without_reason(&plain.body)), (403, HTTPS_ONLY), "{path}");
    }
    for path in ["/maybe", "/any", "/struct-any"] {
        assert_eq!(client.get(site.https(path)).await.body, "true", "{path}");
        let plain = client.get(site.http(path)).await;
        assert_eq!((plain.status, plain.body.as_str()), (200, "false"), "{path}");
        assert_eq!(plain.set_cookies(), [""; 0], "{path}");
    }
    for path in ["/plain", "/struct-plain"] {
        for url in [site.https(path), site.http(path)] {
            assert_eq!(client.get(url).await.set_cookies(), [BANNER], "{path}");
        }
    }
}

#[tokio::test]
async fn unmarked_connection_counts_as_plain_http() {
    let routes = || Router::new().route("/", get(|cookies: Cookies| async move { cookies.set(session()) }));
    let app = || routes().layer(policy_allowing_http().layer(TlsTermination::per_connection().strict_loopback()));
    let unmarked = TestServer::start_unmarked(app()).await;
    for url in [unmarked.https("/"), unmarked.http("/")] {
        let reply = unmarked.client().get(url).await;
        assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
    }

    // If the acceptor does not use TLS, `MarkedAcceptor::tls` does not mark the connection.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = MarkedAcceptor::tls(DefaultAcceptor::new());
    let server = axum_server::from_tcp(listener).unwrap().acceptor(acceptor).serve(app().into_make_service());
    let server = tokio::spawn(server);
    let reply = unmarked.client().get(format!("http://{address}/")).await;
    assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
    server.abort();
}

#[tokio::test]
async fn request_target_cannot_claim_https() {
    let site = serve(sets_a_session()).await;
    let mut socket = tokio::net::TcpStream::connect(site.http_address()).await.unwrap();
    // The absolute form of a target contains a scheme (RFC 9112 3.2.2). The client chooses the scheme of an absolute
    // target, so the scheme does not prove HTTPS.
    let request = "GET https://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    assert!(!response.to_ascii_lowercase().contains("set-cookie"), "{response}");
}

#[tokio::test]
async fn plain_uri_overrules_a_tls_only_socket() {
    let routes = Router::new().route("/", get(|cookies: Cookies| async move { cookies.set(session()) }));
    let site = TestServer::start_unmarked(
        routes.layer(policy_allowing_http().layer(TlsTermination::here().strict_loopback())),
    )
    .await;
    assert_eq!(site.client().get(site.https("/")).await.set_cookies(), [SESSION]);
    // The program marks a connection without TLS as TLS. An HTTP/2 request contains its scheme, so hardtack detects the
    // mistake. hardtack cannot detect the mistake with HTTP/1.1.
    let cleartext = Client(site.builder().http2_prior_knowledge().build().unwrap());
    let reply = cleartext.get(site.http("/")).await;
    assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
}

// ---- Proxies and loopback.

fn sets_a_session() -> Router {
    Router::new().route("/", get(|cookies: Cookies| async move { cookies.set(session()) }))
}

#[tokio::test]
async fn forwarding_headers_need_a_trusted_proxy() {
    let behind =
        |proxies: TrustedProxies| policy_allowing_http().layer(TlsTermination::at_proxy(proxies).strict_loopback());
    let loopback = || TrustedProxies::new(["127.0.0.1"]).unwrap();
    let other_network = || TrustedProxies::new(["10.0.0.0/8"]).unwrap();

    let trusted = TestServer::start(sets_a_session().layer(behind(loopback()))).await;
    let client = trusted.client();
    const PROTO: &str = "x-forwarded-proto";
    for (headers, is_https) in [
        (vec![(PROTO, "https")], true),
        (vec![(PROTO, "HTTPS")], true),
        (vec![(PROTO, "https, https")], true),
        (vec![(PROTO, "https"), (PROTO, "https")], true),
        (vec![(PROTO, "https"), ("forwarded", "proto=http")], true),
        (vec![], false),
        (vec![(PROTO, "http")], false),
        (vec![(PROTO, "http, https")], false),
        (vec![(PROTO, "https"), (PROTO, "http")], false),
        (vec![(PROTO, "")], false),
        (vec![("forwarded", "proto=https")], false),
        (vec![("x-forwarded-ssl", "on"), ("front-end-https", "on")], false),
    ] {
        let reply = client.get_with(trusted.http("/"), &headers).await;
        let expected = if is_https { (200, vec![SESSION]) } else { (403, vec![]) };
        assert_eq!((reply.status, reply.set_cookies()), expected, "{headers:?}");
    }
    // TLS between the proxy and the server does not prove HTTPS, because the client's connection to the proxy may be
    // plain HTTP.
    assert_eq!(client.get(trusted.https("/")).await.status, 403);

    let forwarded = TestServer::start(sets_a_session().layer(behind(loopback().forwarded()))).await;
    let reply = client.get_with(forwarded.http("/"), &[("forwarded", "for=192.0.2.1;proto=https")]).await;
    assert_eq!(reply.set_cookies(), [SESSION]);
    assert_eq!(client.get_with(forwarded.http("/"), &[(PROTO, "https")]).await.status, 403);

    let untrusted = TestServer::start(sets_a_session().layer(behind(other_network()))).await;
    let reply = client.get_with(untrusted.http("/"), &[(PROTO, "https")]).await;
    assert_eq!((reply.status, without_reason(&reply.body), reply.set_cookies()), (403, HTTPS_ONLY, vec![]));

    // If a request has no peer address, hardtack trusts no proxy. The application can add the peer's address to the
    // request.
    let without_peer = TestServer::start_unmarked(sets_a_session().layer(behind(loopback()))).await;
    assert_eq!(client.get_with(without_peer.http("/"), &[(PROTO, "https")]).await.status, 403);
    let app = sets_a_session().layer(behind(loopback())).layer(axum::Extension(Peer([127, 0, 0, 1].into())));
    let with_peer = TestServer::start_unmarked(app).await;
    assert_eq!(client.get_with(with_peer.http("/"), &[(PROTO, "https")]).await.set_cookies(), [SESSION]);
}

#[tokio::test]
async fn page_behind_a_proxy_is_redirected() {
    let tls_termination = TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let site = TestServer::start(sets_a_session().layer(Policy::default().layer(tls_termination))).await;
    let headers = [("x-forwarded-proto", "http"), ("accept", "text/html"), ("host", "www.site.example")];
    let reply = site.client().get_with(site.http("/?a=b"), &headers).await;
    assert_eq!((reply.status, reply.header("location")), (308, Some("https://www.site.example/?a=b")));
    let headers = [("x-forwarded-proto", "https"), ("accept", "text/html"), ("host", "www.site.example")];
    assert_eq!(site.client().get_with(site.http("/?a=b"), &headers).await.set_cookies(), [SESSION]);
}

#[tokio::test]
async fn loopback_counts_as_https_in_debug_builds() {
    let tls_termination = TlsTermination::per_connection;
    let routes = sets_a_session().route(
        "/get",
        get(|cookies: Cookies<AnyScheme>| async move { format!("{:?}", cookies.try_get::<Session>().ok()) }),
    );
    let site = TestServer::start(routes.clone().layer(Policy::default().layer(tls_termination()))).await;
    let debug = cfg!(debug_assertions);
    let (status, set_cookies) = if debug { (200, vec![SESSION]) } else { (403, vec![]) };

    let client = site.client();
    for host in ["127.0.0.1", "localhost:3000", "app.localhost", "[::1]:1"] {
        let reply = client.get_with(site.http("/"), &[("host", host)]).await;
        assert_eq!((reply.status, reply.set_cookies()), (status, set_cookies.clone()), "{host}");
    }
    for headers in [
        [("host", "site.example"), ("x-a", "b")],
        [("host", "0.0.0.0"), ("x-a", "b")],
        [("host", "localhost"), ("x-forwarded-for", "192.0.2.1")],
        [("host", "localhost"), ("x-forwarded-host", "site.example")],
        [("host", "localhost"), ("forwarded", "for=192.0.2.1")],
    ] {
        let reply = client.get_with(site.http("/"), &headers).await;
        assert_eq!((reply.status, reply.set_cookies()), (403, vec![]), "{headers:?}");
    }
    // Like a browser, curl treats loopback as secure. So curl stores a Secure cookie from loopback and sends that
    // cookie back.
    let curl = site.curl();
    assert_eq!(curl.get(site.http("/")).await.set_cookies(), set_cookies);
    if debug {
        assert_eq!(curl.get(site.http("/get")).await.body, "Some(Some(Session(\"s3cr3t\")))");
    }

    let without_peer = TestServer::start_unmarked(routes.layer(Policy::default().layer(tls_termination()))).await;
    // `axum::serve` without connect info: the peer's address is unknown.
    assert_eq!(client.get(without_peer.http("/")).await.status, status);
}

// ---- A jar without the layer.

#[tokio::test]
async fn header_value_needs_proof_of_https() {
    let by_hand = get(|https: Option<Https>| async move {
        let https = https.ok_or(StatusCode::FORBIDDEN)?;
        let set_cookie = SetCookie::new(session()).header_value(&https).map_err(|error| error.status())?;
        Ok::<_, StatusCode>(([(SET_COOKIE, set_cookie)], "set"))
    });
    let site = serve(Router::new().route("/", by_hand)).await;
    assert_eq!(site.client().get(site.https("/")).await.set_cookies(), [SESSION]);
    let plain = site.client().get(site.http("/")).await;
    assert_eq!((plain.status, plain.set_cookies()), (403, vec![]));
}
