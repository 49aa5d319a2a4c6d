//! Handlers: what is pending leaves whatever they answer, and what cannot be read is answered with its removal.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::{StatusCode, request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use futures_util::stream;
use hardtack::{AnyScheme, Cookies, Https, ReadError, SetError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;

use super::{BANNER, Banner, Cart, NO_HTTPS, SESSION, Session, SiteCookies, served, session};
use crate::support::client::Client;

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
