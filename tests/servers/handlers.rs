//! Tests of handlers. Every kind of response contains the cookies that the handler set. A request with an unreadable
//! cookie gets the status 400.

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
use hardtack::{AnyScheme, Cookies, Https, SetError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;

use super::{BANNER, Banner, Cart, HTTPS_ONLY, SESSION, Session, SiteCookies, serve, session, without_reason};
use crate::support::client::Client;

// ---- Setting cookies.

#[tokio::test]
async fn pending_cookies_are_sent_with_every_response() {
    struct TeapotError(SetError);
    impl IntoResponse for TeapotError {
        fn into_response(self) -> Response {
            (StatusCode::IM_A_TEAPOT, self.0.cookie()).into_response()
        }
    }
    impl From<SetError> for TeapotError {
        fn from(error: SetError) -> Self {
            TeapotError(error)
        }
    }
    /// An extractor that sets a cookie. The handler's next extractor fails.
    struct SetsSession;
    impl<S: Send + Sync> FromRequestParts<S> for SetsSession {
        type Rejection = Response;
        async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Response> {
            let cookies = Cookies::<Https>::from_request_parts(parts, state).await.map_err(|e| e.into_response())?;
            cookies.set(session()).map_err(|error| error.into_response())?;
            Ok(SetsSession)
        }
    }
    let large = || Session("x".repeat(5000));
    let site = serve(
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
                    Ok::<_, TeapotError>(())
                }),
            )
            .route(
                "/read-error",
                get(|cookies: Cookies| async move {
                    cookies.set(session()).unwrap();
                    cookies.try_get::<Cart>().map(|_| ())
                }),
            )
            .route("/rejected", get(|_: SetsSession, _: Form<Vec<u8>>| async {}))
            .fallback(|cookies: Cookies| async move {
                cookies.set(session()).unwrap();
                (StatusCode::NOT_FOUND, "no such page")
            }),
    )
    .await;
    let client = site.client();
    for (path, status, body) in [
        ("/ok", 200, ""),
        ("/set-error", 500, "internal error"),
        ("/own-error", 418, "__Host-Http-session"),
        ("/nowhere", 404, "no such page"),
    ] {
        let reply = client.get(site.https(path)).await;
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{path}");
        assert_eq!(reply.set_cookies(), [SESSION], "{path}");
    }
    let rejected = client.get(site.https("/rejected?not=a-list")).await;
    assert_eq!((rejected.status, rejected.set_cookies()), (400, vec![SESSION]));

    let read = client.get_with(site.https("/read-error"), &[("cookie", "__Host-Http-cart=many")]).await;
    assert_eq!((read.status, read.set_cookies()), (400, vec![SESSION]));
}

#[tokio::test]
async fn rejected_cookie_does_not_affect_other_cookies() {
    let site = serve(
        Router::new()
            .route(
                "/handled",
                get(|cookies: Cookies<AnyScheme>| async move {
                    cookies.set(Banner(true)).unwrap();
                    match cookies.set(session()) {
                        Err(SetError::NotHttps { cookie, .. }) => cookie,
                        _ => "not rejected",
                    }
                }),
            )
            .route(
                "/returned",
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
    assert_eq!(handled.set_cookies(), [BANNER]);

    // If a handler returns a `SetError` with `?`, the response has the error's status. The response body does not
    // contain the details of the error.
    let returned = client.get(site.http("/returned")).await;
    assert_eq!(
        (returned.status, without_reason(&returned.body), returned.set_cookies()),
        (403, HTTPS_ONLY, vec![BANNER])
    );
}

#[tokio::test]
async fn set_fails_after_the_head_is_sent() {
    async fn late(cookies: Cookies, request: Request, next: Next) -> Response {
        let response = next.run(request).await;
        // This middleware sets a cookie after the handler has returned, and before the policy's layer sends the head of
        // the response.
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
    let site = serve(Router::new().route("/", get(stream)).layer(middleware::from_fn(late))).await;
    for reply in [site.client().get(site.https("/")).await, site.curl().get(site.https("/")).await] {
        assert_eq!(reply.body, "too late for __Host-Http-cart");
        assert_eq!(reply.set_cookies(), [SESSION]);
    }
}

#[tokio::test]
async fn panic_sends_no_cookie_and_server_continues() {
    let panics = get(|cookies: Cookies<AnyScheme>| async move {
        cookies.set(Banner(true)).unwrap();
        if cookies.https().is_ok() {
            cookies.set(session()).unwrap();
        }
        panic!("on purpose, in a test");
        #[allow(unreachable_code, reason = "it gives the handler a type")]
        ()
    });
    let site = serve(Router::new().route("/", panics).route("/well", get(|| async { "well" }))).await;

    let mut socket = tokio::net::TcpStream::connect(site.http_address()).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
    let mut response = Vec::new();
    // The server sends no byte before it closes or resets the connection.
    let _ = socket.read_to_end(&mut response).await;
    assert_eq!(String::from_utf8_lossy(&response), "");

    let client = site.client();
    assert!(client.0.get(site.https("/")).send().await.is_err());
    for url in [site.https("/well"), site.http("/well")] {
        let well = client.get(url).await;
        assert_eq!((well.body.as_str(), well.set_cookies()), ("well", vec![]));
    }
}

#[tokio::test]
async fn concurrent_requests_do_not_mix_their_cookies() {
    const MANY: usize = 100;
    // At the barrier `all_open`, each request waits until all requests have used their jars.
    let all_open = Arc::new(Barrier::new(MANY));
    let site = serve(Router::new().route(
        "/",
        get(move |cookies: Cookies| async move {
            let Session(own) = cookies.try_get().unwrap().unwrap();
            cookies.set(Session(format!("{own}-before"))).unwrap();
            all_open.wait().await;
            cookies.set(Cart(own.parse().unwrap())).unwrap();
            cookies.set(Session(own)).unwrap();
        }),
    ))
    .await;
    // The first client uses one connection with many streams. The second client uses many connections.
    let clients = [site.client(), Client(site.builder().http1_only().build().unwrap())];
    let mut requests = tokio::task::JoinSet::new();
    for own in 0..MANY {
        let (client, url) = (clients[own % 2].clone(), site.https("/"));
        requests.spawn(async move {
            let cookie = format!("__Host-Http-session={own}");
            let reply = client.get_with(url, &[("cookie", &cookie)]).await;
            assert_eq!(
                reply.set_cookies(),
                [
                    format!("__Host-Http-cart={own}; Path=/; Secure; HttpOnly; SameSite=Lax"),
                    format!("__Host-Http-session={own}; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax"),
                ]
            );
            own
        });
    }
    let done = tokio::time::timeout(Duration::from_secs(60), requests.join_all()).await.unwrap();
    assert_eq!(done.into_iter().collect::<HashSet<_>>().len(), MANY);
}

// ---- Reading cookies.

#[tokio::test]
async fn unreadable_cookie_is_a_400() {
    let site = serve(
        Router::new()
            .route("/cart", get(|cookies: Cookies| async move { cookies.try_get::<Cart>().map(|_| "read") }))
            .route("/theme", get(|cookies: SiteCookies| async move { cookies.try_theme().map(|_| "read") }))
            .route(
                "/both",
                get(|cookies: Cookies| async move {
                    cookies.set(Cart(1)).unwrap();
                    cookies.try_get::<Cart>().map(|_| "read")
                }),
            ),
    )
    .await;
    for client in [site.client(), Client(site.builder().http1_only().build().unwrap())] {
        // Another release may be able to read the value, so the response does not remove the cookie.
        for (path, cookie) in [
            ("/cart", "__Host-Http-cart=many"),
            ("/cart", "__Host-Http-cart=-1"),
            ("/cart", "__Host-Http-cart="),
            ("/cart", "__Host-Http-cart=1; __Host-Http-cart=2"),
            ("/theme", "__Host-theme=purple"),
            ("/theme", "__Host-theme=%ff"),
        ] {
            let reply = client.get_with(site.https(path), &[("cookie", cookie)]).await;
            assert_eq!((reply.status, reply.set_cookies()), (400, vec![]), "{cookie}");
            assert_eq!(reply.body, "a cookie was not understood; try again", "{cookie}");
        }
        for cookie in ["x=1", "__Host-Http-cart=1", "__Host-Http-cart=1; __Host-Http-cart=1", "__host-http-cart=many"] {
            let reply = client.get_with(site.https("/cart"), &[("cookie", cookie)]).await;
            assert_eq!((reply.status, reply.body.as_str(), reply.set_cookies()), (200, "read", vec![]), "{cookie}");
        }
        // The handler sets the cookie before it reads the cookie. So it reads the new value.
        let reply = client.get_with(site.https("/both"), &[("cookie", "__Host-Http-cart=many")]).await;
        let cart = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!((reply.status, reply.set_cookies()), (200, vec![cart]));

        let doubled = [("cookie", "__Host-Http-cart=1"), ("cookie", "__Host-Http-cart=2")];
        let reply = client.get_with(site.https("/cart"), &doubled).await;
        assert_eq!((reply.status, reply.set_cookies()), (400, vec![]));
    }
}

#[tokio::test]
async fn client_recovers_from_a_malformed_cookie() {
    let show = |cookies: Cookies| async move {
        cookies.get::<Cart>().map_or_else(|| "empty".to_owned(), |Cart(cart)| cart.to_string())
    };
    let add = |cookies: Cookies| async move { cookies.set(Cart(1)) };
    let site = serve(Router::new().route("/", get(show)).route("/add", get(add))).await;
    let jar = Arc::new(reqwest::cookie::Jar::default());
    let url = site.https("/");
    jar.add_cookie_str("__Host-Http-cart=from-an-older-release; Secure; Path=/", &url.parse().unwrap());
    let browser = Client(site.builder().cookie_provider(jar).build().unwrap());
    assert_eq!(browser.get(url.clone()).await.body, "empty");
    assert_eq!(browser.get(site.https("/add")).await.status, 200);
    assert_eq!(browser.get(url).await.body, "1");
}

#[tokio::test]
async fn secure_cookie_is_not_read_over_http() {
    let site = serve(Router::new().route(
        "/",
        get(
            |cookies: Cookies<AnyScheme>| async move { cookies.try_get::<Session>().map(|found| format!("{found:?}")) },
        ),
    ))
    .await;
    for cookie in ["__Host-Http-session=planted", "__Host-Http-session=a; __Host-Http-session=b"] {
        let reply = site.client().get_with(site.http("/"), &[("cookie", cookie)]).await;
        assert_eq!(
            (reply.status, without_reason(&reply.body), reply.set_cookies()),
            (403, HTTPS_ONLY, vec![]),
            "{cookie}"
        );
    }
    assert_eq!(site.client().get(site.http("/")).await.body, "None");
}
