//! Tests a server with real HTTP clients. The tests check the exact `Set-Cookie` headers and the cookie values that the
//! clients send back. Some HTTP/2 clients split the `Cookie` header.

use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use hardtack::{Cookies, Policy, SameSite, SetError, TlsTermination};

use super::{BANNER, Banner, Cart, SESSION, SESSION_REMOVAL, Session, SiteCookies, Theme, serve, session};
use crate::support::client::{Client, Reply};
use crate::support::curl::Curl;
use crate::support::server::TestServer;

enum AnyClient {
    Reqwest(Client),
    Curl(Curl),
}

impl AnyClient {
    async fn get(&self, url: String) -> Reply {
        match self {
            AnyClient::Reqwest(client) => client.get(url).await,
            AnyClient::Curl(curl) => curl.get(url).await,
        }
    }
}

#[tokio::test]
async fn every_client_returns_the_value_unchanged() {
    const ODD: &str = "a b;c=\"d\",é%\r\nSet-Cookie: x=1";
    let site = serve(
        Router::new()
            .route("/set", get(|cookies: Cookies| async move { cookies.set(Session(ODD.to_owned())) }))
            .route(
                "/get",
                get(|cookies: Cookies| async move { format!("{:?}", cookies.try_get::<Session>().unwrap()) }),
            )
            .route("/remove", get(|cookies: Cookies| async move { cookies.remove::<Session>() })),
    )
    .await;
    let clients = [
        ("reqwest, HTTP/2", AnyClient::Reqwest(site.browser())),
        (
            "reqwest, HTTP/1.1",
            AnyClient::Reqwest(Client(site.builder().http1_only().cookie_store(true).build().unwrap())),
        ),
        ("curl, HTTP/2", AnyClient::Curl(site.curl().option("--http2"))),
        ("curl, HTTP/1.1", AnyClient::Curl(site.curl().option("--http1.1"))),
    ];
    for (name, client) in clients {
        assert_eq!(client.get(site.https("/get")).await.body, "None", "{name}");

        let set = client.get(site.https("/set")).await;
        let expected = "__Host-Http-session=a%20b%3Bc=%22d%22%2C%C3%A9%25%0D%0ASet-Cookie:%20x=1; Path=/; \
                        Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
        assert_eq!((set.status, set.set_cookies()), (200, vec![expected]), "{name}");

        let got = client.get(site.https("/get")).await;
        assert_eq!(got.body, format!("{:?}", Some(Session(ODD.to_owned()))), "{name}");
        assert_eq!(got.set_cookies(), [""; 0], "{name}");

        assert_eq!(client.get(site.https("/remove")).await.set_cookies(), [SESSION_REMOVAL], "{name}");
        assert_eq!(client.get(site.https("/get")).await.body, "None", "{name}");
    }
}

#[tokio::test]
async fn curl_stores_and_removes_the_declared_cookie() {
    let site = serve(
        Router::new()
            .route("/set", get(|cookies: Cookies| async move { cookies.set(session()) }))
            .route("/remove", get(|cookies: Cookies| async move { cookies.remove::<Session>() })),
    )
    .await;
    let curl = site.curl();
    curl.get(site.https("/set")).await;
    let stored = curl.cookies();
    let columns: Vec<&str> = stored[0].split('\t').collect();
    // The columns of a line in curl's cookie file are: host, includes subdomains, path, Secure, expiry, name, value.
    assert_eq!(stored.len(), 1);
    assert_eq!(columns[..4], ["#HttpOnly_127.0.0.1", "FALSE", "/", "TRUE"]);
    assert_eq!(columns[5..], ["__Host-Http-session", "s3cr3t"]);
    curl.get(site.https("/remove")).await;
    assert_eq!(curl.cookies(), [""; 0]);
}

#[tokio::test]
async fn every_declaration_writes_its_exact_header() {
    async fn set(cookies: SiteCookies) -> Result<(), SetError> {
        cookies.set_session(session())?;
        cookies.set_theme(Theme::Dark)?;
        cookies.set_basket(7)?;
        cookies.set_sso("ada")?;
        cookies.set_map(true)?;
        cookies.set_banner(Banner(true))
    }
    async fn vary(cookies: SiteCookies) -> Result<(), SetError> {
        cookies.set_session_with(session(), |session| session.without_max_age().same_site(SameSite::Strict))?;
        cookies.set_theme(Theme::Light)?;
        cookies.set_basket_with(7, |basket| basket.max_age(Duration::from_millis(60_900)))?;
        cookies.remove_sso()?;
        cookies.remove_map()
    }
    let policy = Policy::builder().cookie_domain("site.example").build().unwrap();
    let routes = Router::new().route("/set", get(set)).route("/vary", get(vary));
    let site = TestServer::start(routes.layer(policy.layer(TlsTermination::per_connection().strict_loopback()))).await;
    for client in [site.client(), Client(site.builder().http1_only().build().unwrap())] {
        assert_eq!(
            client.get(site.https("/set")).await.set_cookies(),
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
            client.get(site.https("/vary")).await.set_cookies(),
            [
                "__Secure-sso=; Path=/; Domain=site.example; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                 HttpOnly; SameSite=Lax",
                "__Host-Http-map=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                 SameSite=None; Partitioned",
                "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Strict",
                "__Host-theme=light; Path=/; Secure; SameSite=Lax",
                "__Secure-basket=7; Path=/shop; Max-Age=60; Secure; HttpOnly; SameSite=Strict",
            ]
        );
    }
}

#[tokio::test]
async fn split_cookie_headers_of_http_2_are_read() {
    let site = serve(Router::new().route(
        "/",
        get(|cookies: Cookies, headers: HeaderMap| async move {
            let count = headers.get_all("cookie").iter().count();
            let cart = cookies.try_get::<Cart>().unwrap().map(|cart| cart.0);
            format!("{count} {:?} {cart:?}", cookies.try_get::<Session>().unwrap())
        }),
    ))
    .await;
    let headers = [("cookie", "__Host-Http-session=s3cr3t"), ("cookie", "x=1"), ("cookie", "__Host-Http-cart=7")];
    let request = site.client().0.get(site.https("/"));
    let response = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send();
    let response = response.await.unwrap();
    assert_eq!(response.version(), axum::http::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), "3 Some(Session(\"s3cr3t\")) Some(7)");
}
