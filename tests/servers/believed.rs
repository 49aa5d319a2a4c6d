//! Whose word counts for HTTPS: each port, each connection, each proxy, and this machine in a debug build.

use axum::Router;
use axum::extract::Request;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_server::accept::DefaultAcceptor;
use hardtack::{
    AnyScheme, Cookies, Https, Listener, MarkedAcceptor, Peer, PlainHttp, Policy, SetCookie, TrustedProxies,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{BANNER, Banner, NO_HTTPS, SESSION, Session, SiteCookies, Theme, open, served, session};
use crate::support::client::Client;
use crate::support::server::Served;

// ---- One application on two ports.

#[tokio::test]
async fn the_plain_port_of_an_application_sends_no_secure_cookie() {
    // A session library, say: outside of every handler, inside of the layer.
    async fn library(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("sid=1; path=/; secure"));
        response
    }
    async fn by_hand(cookies: Cookies<AnyScheme>) -> impl IntoResponse {
        let refused = cookies.set(session()).is_err();
        cookies.set(Banner(true)).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("legacy=1; Secure"));
        headers.append(SET_COOKIE, HeaderValue::from_static("shout=2; SECURE ; Path=/"));
        headers.append(SET_COOKIE, HeaderValue::from_static("odd=3;Secure=false"));
        (headers, refused.to_string())
    }
    let site = served(Router::new().route("/", get(by_hand)).layer(middleware::from_fn(library))).await;
    let client = site.client();

    let tls = client.get(site.https("/")).await;
    assert_eq!(tls.body, "false");
    let names: Vec<&str> = tls.lines().iter().map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(names, ["legacy", "shout", "odd", "sid", "__Host-Http-session", "banner"]);

    for plain in [client.get(site.http("/")).await, site.curl().get(site.http("/")).await] {
        assert_eq!((plain.status, plain.body.as_str()), (200, "true"));
        assert_eq!(plain.lines(), [BANNER]);
    }
}

#[tokio::test]
async fn each_extractor_knows_its_scheme() {
    let site = served(
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
        assert_eq!((plain.status, plain.body.as_str()), (403, NO_HTTPS), "{path}");
    }
    for path in ["/maybe", "/any", "/struct-any"] {
        assert_eq!(client.get(site.https(path)).await.body, "true", "{path}");
        let plain = client.get(site.http(path)).await;
        assert_eq!((plain.status, plain.body.as_str()), (200, "false"), "{path}");
        assert_eq!(plain.lines(), [""; 0], "{path}");
    }
    for path in ["/plain", "/struct-plain"] {
        for url in [site.https(path), site.http(path)] {
            assert_eq!(client.get(url).await.lines(), [BANNER], "{path}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_nothing_marks_counts_as_plain() {
    let routes = || Router::new().route("/", get(|cookies: Cookies| async move { cookies.set(session()) }));
    let app = || routes().layer(open().layer(Listener::per_connection()));
    let unmarked = Served::start_unmarked(app()).await;
    for url in [unmarked.https("/"), unmarked.http("/")] {
        let reply = unmarked.client().get(url).await;
        assert_eq!((reply.status, reply.lines()), (403, vec![]));
    }

    // An acceptor that terminates no TLS cannot be marked as if it did.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = MarkedAcceptor::tls(DefaultAcceptor::new());
    let server = axum_server::from_tcp(listener).unwrap().acceptor(acceptor).serve(app().into_make_service());
    let server = tokio::spawn(server);
    let reply = unmarked.client().get(format!("http://{address}/")).await;
    assert_eq!((reply.status, reply.lines()), (403, vec![]));
    server.abort();
}

#[tokio::test]
async fn a_request_on_a_plain_connection_cannot_call_itself_https() {
    let site = served(sets_a_session()).await;
    let mut socket = tokio::net::TcpStream::connect(site.http_address()).await.unwrap();
    // The absolute form names a scheme (RFC 9112 3.2.2): the sender's word.
    let request = "GET https://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("set-cookie"), "{answer}");
}

#[tokio::test]
async fn a_listener_that_is_declared_tls_believes_a_plain_uri_more() {
    let routes = Router::new().route("/", get(|cookies: Cookies| async move { cookies.set(session()) }));
    let site = Served::start_unmarked(routes.layer(open().layer(Listener::tls()))).await;
    assert_eq!(site.client().get(site.https("/")).await.lines(), [SESSION]);
    // Only HTTP/2 tells the scheme: over HTTP/1.1 the declaration is all there is, and a lie believes itself.
    let cleartext = Client(site.builder().http2_prior_knowledge().build().unwrap());
    let reply = cleartext.get(site.http("/")).await;
    assert_eq!((reply.status, reply.lines()), (403, vec![]));
}

// ---- Proxies and loopback.

fn sets_a_session() -> Router {
    Router::new().route("/", get(|cookies: Cookies| async move { cookies.set(session()) }))
}

#[tokio::test]
async fn a_header_is_believed_from_a_trusted_proxy_only() {
    let behind = |proxies: TrustedProxies| open().layer(Listener::behind(proxies));
    let loopback = || TrustedProxies::new(["127.0.0.1"]).unwrap();
    let elsewhere = || TrustedProxies::new(["10.0.0.0/8"]).unwrap();

    let trusted = Served::start(sets_a_session().layer(behind(loopback()))).await;
    let client = trusted.client();
    const X: &str = "x-forwarded-proto";
    for (fields, is_https) in [
        (vec![(X, "https")], true),
        (vec![(X, "HTTPS")], true),
        (vec![(X, "https, https")], true),
        (vec![(X, "https"), (X, "https")], true),
        (vec![(X, "https"), ("forwarded", "proto=http")], true),
        (vec![], false),
        (vec![(X, "http")], false),
        (vec![(X, "http, https")], false),
        (vec![(X, "https"), (X, "http")], false),
        (vec![(X, "")], false),
        (vec![("forwarded", "proto=https")], false),
        (vec![("x-forwarded-ssl", "on"), ("front-end-https", "on")], false),
    ] {
        let reply = client.get_with(trusted.http("/"), &fields).await;
        let expected = if is_https { (200, vec![SESSION]) } else { (403, vec![]) };
        assert_eq!((reply.status, reply.lines()), expected, "{fields:?}");
    }
    // The proxy's word holds both ways: our own TLS says nothing of the client's.
    assert_eq!(client.get(trusted.https("/")).await.status, 403);

    let forwarded = Served::start(sets_a_session().layer(behind(loopback().forwarded()))).await;
    let reply = client.get_with(forwarded.http("/"), &[("forwarded", "for=192.0.2.1;proto=https")]).await;
    assert_eq!(reply.lines(), [SESSION]);
    assert_eq!(client.get_with(forwarded.http("/"), &[(X, "https")]).await.status, 403);

    let untrusted = Served::start(sets_a_session().layer(behind(elsewhere()))).await;
    let reply = client.get_with(untrusted.http("/"), &[(X, "https")]).await;
    assert_eq!((reply.status, reply.body.as_str(), reply.lines()), (403, NO_HTTPS, vec![]));

    // A server that tells no peer: nobody is trusted, until the program names the peer.
    let silent = Served::start_unmarked(sets_a_session().layer(behind(loopback()))).await;
    assert_eq!(client.get_with(silent.http("/"), &[(X, "https")]).await.status, 403);
    let named = sets_a_session().layer(behind(loopback())).layer(axum::Extension(Peer([127, 0, 0, 1].into())));
    let named = Served::start_unmarked(named).await;
    assert_eq!(client.get_with(named.http("/"), &[(X, "https")]).await.lines(), [SESSION]);
}

#[tokio::test]
async fn behind_a_proxy_that_says_http_a_page_is_redirected_to_its_public_name() {
    let listener = Listener::behind(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let site = Served::start(sets_a_session().layer(Policy::default().layer(listener))).await;
    let fields = [("x-forwarded-proto", "http"), ("accept", "text/html"), ("host", "www.site.example")];
    let reply = site.client().get_with(site.http("/?a=b"), &fields).await;
    assert_eq!((reply.status, reply.header("location")), (308, Some("https://www.site.example/?a=b")));
    let fields = [("x-forwarded-proto", "https"), ("accept", "text/html"), ("host", "www.site.example")];
    assert_eq!(site.client().get_with(site.http("/?a=b"), &fields).await.lines(), [SESSION]);
}

#[tokio::test]
async fn loopback_counts_as_https_in_a_debug_build_and_only_for_a_browser_on_this_machine() {
    let listener = || Listener::per_connection().loopback_in_debug();
    let routes = sets_a_session().route(
        "/get",
        get(|cookies: Cookies<AnyScheme>| async move { format!("{:?}", cookies.get::<Session>().ok()) }),
    );
    let site = Served::start(routes.clone().layer(Policy::default().layer(listener()))).await;
    let debug = cfg!(debug_assertions);
    let (status, lines) = if debug { (200, vec![SESSION]) } else { (403, vec![]) };

    let client = site.client();
    for host in ["127.0.0.1", "localhost:3000", "app.localhost", "[::1]:1"] {
        let reply = client.get_with(site.http("/"), &[("host", host)]).await;
        assert_eq!((reply.status, reply.lines()), (status, lines.clone()), "{host}");
    }
    for fields in [
        [("host", "site.example"), ("x-a", "b")],
        [("host", "0.0.0.0"), ("x-a", "b")],
        [("host", "localhost"), ("x-forwarded-for", "192.0.2.1")],
        [("host", "localhost"), ("x-forwarded-proto", "https")],
        [("host", "localhost"), ("forwarded", "for=192.0.2.1")],
    ] {
        let reply = client.get_with(site.http("/"), &fields).await;
        assert_eq!((reply.status, reply.lines()), (403, vec![]), "{fields:?}");
    }
    // curl takes loopback for secure, as browsers do: it keeps the cookie and sends it back.
    let curl = site.curl();
    assert_eq!(curl.get(site.http("/")).await.lines(), lines);
    if debug {
        assert_eq!(curl.get(site.http("/get")).await.body, "Some(Some(Session(\"s3cr3t\")))");
    }

    let no_peer = Served::start_unmarked(routes.layer(Policy::default().layer(listener()))).await;
    assert_eq!(client.get(no_peer.http("/")).await.status, 403);
}

// ---- A jar without the layer.

#[tokio::test]
async fn a_line_by_hand_needs_the_same_proof() {
    let by_hand = get(|https: Option<Https>| async move {
        let https = https.ok_or(StatusCode::FORBIDDEN)?;
        let line = SetCookie::new(session()).header_value(&https).map_err(|error| error.status())?;
        Ok::<_, StatusCode>(([(SET_COOKIE, line)], "set"))
    });
    let site = served(Router::new().route("/", by_hand)).await;
    assert_eq!(site.client().get(site.https("/")).await.lines(), [SESSION]);
    let plain = site.client().get(site.http("/")).await;
    assert_eq!((plain.status, plain.lines()), (403, vec![]));
}
