//! axum on real sockets, over TLS and over plain HTTP, with real clients, header by header: what leaves, what is
//! refused, and what the client is told of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode, request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use axum_server::accept::DefaultAcceptor;
use futures_util::stream;
use hardtack::{
    AnyScheme, Cookie, CookieValue, Cookies, Https, Listener, MarkedAcceptor, Peer, PlainHttp, Policy, ReadError,
    SameSite, SetCookie, SetError, TrustedProxies,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;

use support::client::{Client, Reply};
use support::curl::Curl;
use support::server::Served;

/// Who is signed in.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h")]
struct Session(String);

/// How many things are in the cart.
#[derive(Cookie)]
struct Cart(u32);

/// A cookie that plain HTTP may carry.
#[derive(Cookie)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
struct Banner(bool);

#[derive(CookieValue, Debug)]
enum Theme {
    Light,
    Dark,
}

#[hardtack::cookies]
struct SiteCookies {
    #[cookie(existing)]
    session: Session,
    #[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
    theme: Theme,
    #[cookie(path = "/shop", max_age = "30d", same_site = Strict)]
    basket: u64,
    #[cookie(domain = environment)]
    sso: String,
    #[cookie(same_site = None, partitioned, reason = "the map is embedded by partners")]
    map: bool,
    #[cookie(existing)]
    banner: Banner,
}

const SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
const NO_SESSION: &str = "__Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                          HttpOnly; SameSite=Lax";
const BANNER: &str = "banner=true; Path=/; HttpOnly; SameSite=Lax";
const NO_HTTPS: &str = "this page works over HTTPS only";

fn session() -> Session {
    Session("s3cr3t".to_owned())
}

/// A policy that lets plain HTTP reach the handlers.
fn open() -> Policy {
    Policy::builder().force_https(false).build().unwrap()
}

/// The routes under that policy, on both ports.
async fn served(routes: Router) -> Served {
    Served::start(routes.layer(open().layer(Listener::per_connection()))).await
}

// ---- Round trips and exact text.

enum Any {
    Reqwest(Client),
    Curl(Curl),
}

impl Any {
    async fn get(&self, url: String) -> Reply {
        match self {
            Any::Reqwest(client) => client.get(url).await,
            Any::Curl(curl) => curl.get(url).await,
        }
    }
}

#[tokio::test]
async fn a_value_comes_back_equal_with_every_client_until_it_is_removed() {
    const ODD: &str = "a b;c=\"d\",é%\r\nSet-Cookie: x=1";
    let site = served(
        Router::new()
            .route("/set", get(|cookies: Cookies| async move { cookies.set(Session(ODD.to_owned())) }))
            .route("/get", get(|cookies: Cookies| async move { format!("{:?}", cookies.get::<Session>().unwrap()) }))
            .route("/remove", get(|cookies: Cookies| async move { cookies.remove::<Session>() })),
    )
    .await;
    let clients = [
        ("reqwest, HTTP/2", Any::Reqwest(site.browser())),
        ("reqwest, HTTP/1.1", Any::Reqwest(Client(site.builder().http1_only().cookie_store(true).build().unwrap()))),
        ("curl, HTTP/2", Any::Curl(site.curl().option("--http2"))),
        ("curl, HTTP/1.1", Any::Curl(site.curl().option("--http1.1"))),
    ];
    for (name, client) in clients {
        assert_eq!(client.get(site.https("/get")).await.body, "None", "{name}");

        let set = client.get(site.https("/set")).await;
        let line = "__Host-Http-session=a%20b%3Bc=%22d%22%2C%C3%A9%25%0D%0ASet-Cookie:%20x=1; Path=/; Max-Age=28800; \
                    Secure; HttpOnly; SameSite=Lax";
        assert_eq!((set.status, set.lines()), (200, vec![line]), "{name}");

        let got = client.get(site.https("/get")).await;
        assert_eq!(got.body, format!("{:?}", Some(Session(ODD.to_owned()))), "{name}");
        assert_eq!(got.lines(), [""; 0], "{name}");

        assert_eq!(client.get(site.https("/remove")).await.lines(), [NO_SESSION], "{name}");
        assert_eq!(client.get(site.https("/get")).await.body, "None", "{name}");
    }
}

#[tokio::test]
async fn curl_keeps_what_was_declared_and_nothing_after_the_removal() {
    let site = served(
        Router::new()
            .route("/set", get(|cookies: Cookies| async move { cookies.set(session()) }))
            .route("/remove", get(|cookies: Cookies| async move { cookies.remove::<Session>() })),
    )
    .await;
    let curl = site.curl();
    curl.get(site.https("/set")).await;
    let kept = curl.kept();
    let fields: Vec<&str> = kept[0].split('\t').collect();
    // Host, subdomains too, path, Secure, expiry, name, value.
    assert_eq!(kept.len(), 1);
    assert_eq!(fields[..4], ["#HttpOnly_127.0.0.1", "FALSE", "/", "TRUE"]);
    assert_eq!(fields[5..], ["__Host-Http-session", "s3cr3t"]);
    curl.get(site.https("/remove")).await;
    assert_eq!(curl.kept(), [""; 0]);
}

#[tokio::test]
async fn every_declaration_leaves_with_its_exact_line() {
    async fn set(cookies: SiteCookies) -> Result<(), SetError> {
        cookies.set_session(session())?;
        cookies.set_theme(Theme::Dark)?;
        cookies.set_basket(7)?;
        cookies.set_sso("ada")?;
        cookies.set_map(true)?;
        cookies.set_banner(Banner(true))
    }
    async fn vary(cookies: SiteCookies) -> Result<(), SetError> {
        cookies.set_session_with(session(), |session| session.session().same_site(SameSite::Strict))?;
        cookies.set_theme_with(Theme::Light, |theme| theme.max_age(Duration::from_secs(60)))?;
        cookies.set_basket_with(7, |basket| basket.path("/shop/7"))?;
        cookies.remove_sso_with(|sso| sso.domain("other.example"))?;
        cookies.remove_map()
    }
    let policy = Policy::builder().cookie_domain("site.example").build().unwrap();
    let routes = Router::new().route("/set", get(set)).route("/vary", get(vary));
    let site = Served::start(routes.layer(policy.layer(Listener::per_connection()))).await;
    for client in [site.client(), Client(site.builder().http1_only().build().unwrap())] {
        assert_eq!(
            client.get(site.https("/set")).await.lines(),
            [
                SESSION,
                "__Host-theme=dark; Path=/; Secure; SameSite=Lax",
                "__Secure-basket=7; Path=/shop; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict",
                "__Secure-sso=ada; Path=/; Domain=site.example; Secure; HttpOnly; SameSite=Lax",
                "__Host-Http-map=true; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
                BANNER,
            ]
        );
        assert_eq!(
            client.get(site.https("/vary")).await.lines(),
            [
                "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Strict",
                "__Host-theme=light; Path=/; Max-Age=60; Secure; SameSite=Lax",
                "__Secure-basket=7; Path=/shop/7; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict",
                "__Secure-sso=; Path=/; Domain=other.example; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                 HttpOnly; SameSite=Lax",
                "__Host-Http-map=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                 SameSite=None; Partitioned",
            ]
        );
    }
}

#[tokio::test]
async fn http_2_may_split_the_cookie_field() {
    let site = served(Router::new().route(
        "/",
        get(|cookies: Cookies, headers: HeaderMap| async move {
            let fields = headers.get_all("cookie").iter().count();
            let cart = cookies.get::<Cart>().unwrap().map(|cart| cart.0);
            format!("{fields} {:?} {cart:?}", cookies.get::<Session>().unwrap())
        }),
    ))
    .await;
    let fields = [("cookie", "__Host-Http-session=s3cr3t"), ("cookie", "x=1"), ("cookie", "__Host-Http-cart=7")];
    let request = site.client().0.get(site.https("/"));
    let response = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send();
    let response = response.await.unwrap();
    assert_eq!(response.version(), axum::http::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), "3 Some(Session(\"s3cr3t\")) Some(7)");
}

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

// ---- Nothing pending is lost, and nothing refused takes others with it.

#[tokio::test]
async fn pending_cookies_leave_whatever_the_handler_answers() {
    struct Broken(SetError);
    impl IntoResponse for Broken {
        fn into_response(self) -> Response {
            (StatusCode::IM_A_TEAPOT, self.0.cookie()).into_response()
        }
    }
    impl From<SetError> for Broken {
        fn from(error: SetError) -> Self {
            Broken(error)
        }
    }
    /// An extractor that sets before a later one refuses.
    struct Tracked;
    impl<S: Send + Sync> FromRequestParts<S> for Tracked {
        type Rejection = Response;
        async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Response> {
            let cookies = Cookies::<Https>::from_request_parts(parts, state).await.map_err(|e| e.into_response())?;
            cookies.set(session()).map_err(|error| error.into_response())?;
            Ok(Tracked)
        }
    }
    let large = || Session("x".repeat(5000));
    let site = served(
        Router::new()
            .route("/ok", get(|cookies: Cookies| async move { cookies.set(session()) }))
            .route(
                "/set-error",
                get(move |cookies: Cookies| async move {
                    cookies.set(session())?;
                    cookies.set(large())
                }),
            )
            .route(
                "/own-error",
                get(move |cookies: Cookies| async move {
                    cookies.set(session())?;
                    cookies.set(large())?;
                    Ok::<_, Broken>(())
                }),
            )
            .route(
                "/read-error",
                get(|cookies: Cookies| async move {
                    cookies.set(session()).unwrap();
                    cookies.get::<Cart>().map(|_| ())
                }),
            )
            .route("/rejected", get(|_: Tracked, _: Form<Vec<u8>>| async {}))
            .fallback(|cookies: Cookies| async move {
                cookies.set(session()).unwrap();
                (StatusCode::NOT_FOUND, "no such page")
            }),
    )
    .await;
    let client = site.client();
    for (path, status, body) in [
        ("/ok", 200, ""),
        ("/set-error", 500, "this page cannot be shown"),
        ("/own-error", 418, "__Host-Http-session"),
        ("/nowhere", 404, "no such page"),
    ] {
        let reply = client.get(site.https(path)).await;
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{path}");
        assert_eq!(reply.lines(), [SESSION], "{path}");
    }
    let rejected = client.get(site.https("/rejected?not=a-list")).await;
    assert_eq!((rejected.status, rejected.lines()), (400, vec![SESSION]));

    let read = client.get_with(site.https("/read-error"), &[("cookie", "__Host-Http-cart=many")]).await;
    let no_cart = "__Host-Http-cart=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                   SameSite=Lax";
    assert_eq!((read.status, read.lines()), (400, vec![no_cart, SESSION]));
}

#[tokio::test]
async fn a_cookie_refused_over_plain_http_takes_no_other_with_it() {
    let site = served(
        Router::new()
            .route(
                "/handled",
                get(|cookies: Cookies<AnyScheme>| async move {
                    cookies.set(Banner(true)).unwrap();
                    match cookies.set(session()) {
                        Err(SetError::NotHttps { cookie, .. }) => cookie,
                        _ => "not refused",
                    }
                }),
            )
            .route(
                "/asked",
                get(|cookies: Cookies<AnyScheme>| async move {
                    cookies.set(Banner(true))?;
                    cookies.set(session())
                }),
            ),
    )
    .await;
    let client = site.client();
    let handled = client.get(site.http("/handled")).await;
    assert_eq!((handled.status, handled.body.as_str()), (200, "__Host-Http-session"));
    assert_eq!(handled.lines(), [BANNER]);

    // By `?` the client gets the status and no evidence.
    let asked = client.get(site.http("/asked")).await;
    assert_eq!((asked.status, asked.body.as_str(), asked.lines()), (403, NO_HTTPS, vec![BANNER]));
}

#[tokio::test]
async fn a_clone_sets_until_the_head_has_left_and_is_refused_after() {
    async fn late(cookies: Cookies, request: Request, next: Next) -> Response {
        let response = next.run(request).await;
        // The handler has answered; the layer outside has not yet sent the head.
        cookies.set(session()).unwrap();
        response
    }
    async fn stream(cookies: Cookies) -> Body {
        Body::from_stream(stream::once(async move {
            Ok::<_, Infallible>(match cookies.set(Cart(1)) {
                Err(SetError::ResponseSent { cookie, .. }) => format!("too late for {cookie}"),
                other => format!("{other:?}"),
            })
        }))
    }
    let site = served(Router::new().route("/", get(stream)).layer(middleware::from_fn(late))).await;
    for reply in [site.client().get(site.https("/")).await, site.curl().get(site.https("/")).await] {
        assert_eq!(reply.body, "too late for __Host-Http-cart");
        assert_eq!(reply.lines(), [SESSION]);
    }
}

#[tokio::test]
async fn a_panic_sends_no_cookie_and_the_server_lives_on() {
    let panics = get(|cookies: Cookies<AnyScheme>| async move {
        cookies.set(Banner(true)).unwrap();
        if cookies.https().is_ok() {
            cookies.set(session()).unwrap();
        }
        panic!("on purpose, in a test");
        #[allow(unreachable_code, reason = "it gives the handler a type")]
        ()
    });
    let site = served(Router::new().route("/", panics).route("/well", get(|| async { "well" }))).await;

    let mut socket = tokio::net::TcpStream::connect(site.http_address()).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The connection drops: at its end or with a reset, after no octet.
    let _ = socket.read_to_end(&mut answer).await;
    assert_eq!(String::from_utf8_lossy(&answer), "");

    let client = site.client();
    assert!(client.0.get(site.https("/")).send().await.is_err());
    for url in [site.https("/well"), site.http("/well")] {
        let well = client.get(url).await;
        assert_eq!((well.body.as_str(), well.lines()), ("well", vec![]));
    }
}

#[tokio::test]
async fn exchanges_at_the_same_time_do_not_mix_their_cookies() {
    const MANY: usize = 100;
    // Every exchange is open, its jar in use, before any goes on.
    let all = Arc::new(Barrier::new(MANY));
    let site = served(Router::new().route(
        "/",
        get(move |cookies: Cookies| async move {
            let Session(own) = cookies.get().unwrap().unwrap();
            cookies.set(Session(format!("{own}-before"))).unwrap();
            all.wait().await;
            cookies.set(Cart(own.parse().unwrap())).unwrap();
            cookies.set(Session(own)).unwrap();
        }),
    ))
    .await;
    // One connection with many streams, and many connections.
    let clients = [site.client(), Client(site.builder().http1_only().build().unwrap())];
    let mut exchanges = tokio::task::JoinSet::new();
    for own in 0..MANY {
        let (client, url) = (clients[own % 2].clone(), site.https("/"));
        exchanges.spawn(async move {
            let cookie = format!("__Host-Http-session={own}");
            let reply = client.get_with(url, &[("cookie", &cookie)]).await;
            assert_eq!(
                reply.lines(),
                [
                    format!("__Host-Http-cart={own}; Path=/; Secure; HttpOnly; SameSite=Lax"),
                    format!("__Host-Http-session={own}; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax"),
                ]
            );
            own
        });
    }
    let done = tokio::time::timeout(Duration::from_secs(60), exchanges.join_all()).await.unwrap();
    assert_eq!(done.into_iter().collect::<HashSet<_>>().len(), MANY);
}

// ---- Reading.

#[tokio::test]
async fn what_cannot_be_read_is_answered_400_with_its_removal() {
    let site = served(
        Router::new()
            .route("/cart", get(|cookies: Cookies| async move { cookies.get::<Cart>().map(|_| "read") }))
            .route("/theme", get(|cookies: SiteCookies| async move { cookies.theme().map(|_| "read") }))
            .route(
                "/both",
                get(|cookies: Cookies| async move {
                    cookies.set(Cart(1)).unwrap();
                    cookies.get::<Cart>().map(|_| "read")
                }),
            ),
    )
    .await;
    let no_cart = "__Host-Http-cart=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                   SameSite=Lax";
    let no_theme = "__Host-theme=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax";
    for client in [site.client(), Client(site.builder().http1_only().build().unwrap())] {
        for (path, cookie, line) in [
            ("/cart", "__Host-Http-cart=many", no_cart),
            ("/cart", "__Host-Http-cart=-1", no_cart),
            ("/cart", "__Host-Http-cart=", no_cart),
            ("/cart", "__Host-Http-cart=1; __Host-Http-cart=2", no_cart),
            ("/theme", "__Host-theme=purple", no_theme),
            ("/theme", "__Host-theme=%ff", no_theme),
        ] {
            let reply = client.get_with(site.https(path), &[("cookie", cookie)]).await;
            assert_eq!((reply.status, reply.lines()), (400, vec![line]), "{cookie}");
            assert_eq!(reply.body, "a cookie was not understood; try again", "{cookie}");
        }
        for cookie in ["x=1", "__Host-Http-cart=1", "__Host-Http-cart=1; __Host-Http-cart=1", "__host-http-cart=many"] {
            let reply = client.get_with(site.https("/cart"), &[("cookie", cookie)]).await;
            assert_eq!((reply.status, reply.body.as_str(), reply.lines()), (200, "read", vec![]), "{cookie}");
        }
        // The handler had set it already: its value stays, and the name leaves once.
        let reply = client.get_with(site.https("/both"), &[("cookie", "__Host-Http-cart=many")]).await;
        let cart = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!((reply.status, reply.lines()), (400, vec![cart]));

        let doubled = [("cookie", "__Host-Http-cart=1"), ("cookie", "__Host-Http-cart=2")];
        let reply = client.get_with(site.https("/cart"), &doubled).await;
        assert_eq!((reply.status, reply.lines()), (400, vec![no_cart]));
    }
}

#[tokio::test]
async fn a_client_with_a_spoilt_cookie_is_well_after_one_request() {
    let site = served(Router::new().route(
        "/",
        get(|cookies: Cookies| async move {
            match cookies.get::<Cart>()? {
                Some(Cart(cart)) => Ok::<_, ReadError>(cart.to_string()),
                None => Ok("empty".to_owned()),
            }
        }),
    ))
    .await;
    let jar = Arc::new(reqwest::cookie::Jar::default());
    let url = site.https("/");
    jar.add_cookie_str("__Host-Http-cart=from-an-older-release; Secure; Path=/", &url.parse().unwrap());
    let browser = Client(site.builder().cookie_provider(jar).build().unwrap());
    assert_eq!(browser.get(url.clone()).await.status, 400);
    assert_eq!(browser.get(url).await.body, "empty");
}

#[tokio::test]
async fn a_secure_cookie_that_came_over_plain_http_is_not_read() {
    let site = served(Router::new().route(
        "/",
        get(|cookies: Cookies<AnyScheme>| async move { cookies.get::<Session>().map(|found| format!("{found:?}")) }),
    ))
    .await;
    for cookie in ["__Host-Http-session=planted", "__Host-Http-session=a; __Host-Http-session=b"] {
        let reply = site.client().get_with(site.http("/"), &[("cookie", cookie)]).await;
        assert_eq!((reply.status, reply.body.as_str(), reply.lines()), (403, NO_HTTPS, vec![]), "{cookie}");
    }
    assert_eq!(site.client().get(site.http("/")).await.body, "None");
}

// ---- The layer's place.

#[tokio::test]
async fn one_layer_outside_covers_nested_routers_and_middleware() {
    async fn before_and_after(cookies: Cookies, request: Request, next: Next) -> Response {
        cookies.set(Cart(1)).unwrap();
        let response = next.run(request).await;
        cookies.set(Cart(2)).unwrap();
        response
    }
    // It answers by itself and calls no handler.
    async fn guard(cookies: Cookies, _: Request) -> Response {
        cookies.remove::<Session>().unwrap();
        StatusCode::UNAUTHORIZED.into_response()
    }
    let inner = Router::new()
        .route("/deep", get(|cookies: Cookies| async move { cookies.set(session()) }))
        .layer(middleware::from_fn(before_and_after));
    let guarded = Router::new()
        .route("/page", get(|| async { "never" }))
        .layer(middleware::from_fn(|cookies: Cookies, request: Request, _: Next| guard(cookies, request)));
    let site = served(Router::new().nest("/a", Router::new().nest("/b", inner)).merge(guarded)).await;
    let client = site.client();
    let cart = "__Host-Http-cart=2; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(client.get(site.https("/a/b/deep")).await.lines(), [SESSION, cart]);
    let guarded = client.get(site.https("/page")).await;
    assert_eq!((guarded.status, guarded.lines()), (401, vec![NO_SESSION]));
}

#[tokio::test]
async fn a_layer_covers_the_routes_before_it_and_no_others() {
    let set = || get(|cookies: Cookies| async move { cookies.set(session()) });
    let layer = || open().layer(Listener::per_connection());
    let site = Served::start(
        Router::new()
            .route("/covered", set())
            .layer(layer())
            .route("/after", set())
            .nest("/twice", Router::new().route("/", set()).layer(layer()))
            .route_layer(middleware::from_fn(|request: Request, next: Next| next.run(request))),
    )
    .await;
    let client = site.client();
    assert_eq!(client.get(site.https("/covered")).await.lines(), [SESSION]);
    assert_eq!(client.get(site.https("/after")).await.status, 500);
    assert_eq!(client.get(site.https("/twice")).await.lines(), [SESSION]);
}

#[tokio::test]
async fn of_two_layers_each_writes_its_own_jar_once() {
    async fn outside(cookies: Cookies, request: Request, next: Next) -> Response {
        cookies.set(Cart(1)).unwrap();
        next.run(request).await
    }
    let layer = || open().layer(Listener::per_connection());
    let set = get(|cookies: Cookies| async move { cookies.set(session()) });
    let inner = Router::new().route("/", set).layer(layer());
    let site = Served::start(inner.layer(middleware::from_fn(outside)).layer(layer())).await;
    let cart = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(site.client().get(site.https("/")).await.lines(), [SESSION, cart]);
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
