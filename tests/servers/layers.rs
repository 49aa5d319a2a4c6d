//! The layer's place: it covers what stands before it, nested or not, and of two each writes its own jar.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hardtack::{Cookies, Listener};

use super::{Cart, NO_SESSION, SESSION, Session, open, served, session};
use crate::support::server::Served;

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
