//! Tests different positions of the policy's layer in an application. A layer applies to all routes that the
//! application adds before the layer, including nested routes. If an application has two layers, each cookie is sent
//! only once.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hardtack::{Cookies, TlsTermination};

use super::{Cart, SESSION, SESSION_REMOVAL, Session, policy_allowing_http, serve, session};
use crate::support::server::TestServer;

#[tokio::test]
async fn outermost_layer_covers_nested_routers_and_middleware() {
    async fn before_and_after(cookies: Cookies, request: Request, next: Next) -> Response {
        cookies.set(Cart(1)).unwrap();
        let response = next.run(request).await;
        cookies.set(Cart(2)).unwrap();
        response
    }
    // Removes the session cookie and responds. Does not call the handler.
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
    let site = serve(Router::new().nest("/a", Router::new().nest("/b", inner)).merge(guarded)).await;
    let client = site.client();
    let cart = "__Host-Http-cart=2; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(client.get(site.https("/a/b/deep")).await.set_cookies(), [SESSION, cart]);
    let guarded = client.get(site.https("/page")).await;
    assert_eq!((guarded.status, guarded.set_cookies()), (401, vec![SESSION_REMOVAL]));
}

#[tokio::test]
async fn layer_covers_only_the_routes_before_it() {
    let set = || get(|cookies: Cookies| async move { cookies.set(session()) });
    let layer = || policy_allowing_http().layer(TlsTermination::per_connection().strict_loopback());
    let site = TestServer::start(
        Router::new()
            .route("/covered", set())
            .layer(layer())
            .route("/after", set())
            .nest("/twice", Router::new().route("/", set()).layer(layer()))
            .route_layer(middleware::from_fn(|request: Request, next: Next| next.run(request))),
    )
    .await;
    let client = site.client();
    assert_eq!(client.get(site.https("/covered")).await.set_cookies(), [SESSION]);
    assert_eq!(client.get(site.https("/after")).await.status, 500);
    assert_eq!(client.get(site.https("/twice")).await.set_cookies(), [SESSION]);
}

#[tokio::test]
async fn two_layers_send_each_cookie_once() {
    async fn outside(cookies: Cookies, request: Request, next: Next) -> Response {
        cookies.set(Cart(1)).unwrap();
        next.run(request).await
    }
    let layer = || policy_allowing_http().layer(TlsTermination::per_connection().strict_loopback());
    let set = get(|cookies: Cookies| async move { cookies.set(session()) });
    let inner = Router::new().route("/", set).layer(layer());
    let site = TestServer::start(inner.layer(middleware::from_fn(outside)).layer(layer())).await;
    let cart = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(site.client().get(site.https("/")).await.set_cookies(), [SESSION, cart]);
}
