//! Runs the tests that the guide's page `runtime/docs/testing.md` shows, one for each test client. Each test signs a
//! user in, and checks that the next request contains the session cookie. The page shows exactly the files in the
//! folder `test_clients/`. The page shows one line that makes requests count as HTTPS. Further tests check the
//! responses without this line.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

use hardtack::{Cookie, Cookies, SetError};

/// The name of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

#[cfg(any(feature = "actix", feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
fn sign_in(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Session("Ada".into()))
}

#[cfg(any(feature = "actix", feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
fn me(cookies: &Cookies) -> String {
    cookies.get::<Session>().map_or_else(|| "nobody".into(), |session| session.0)
}

#[cfg(feature = "axum")]
mod with_axum {
    use axum::Router;
    use axum::routing::{get, post};
    use hardtack::{Cookies, Policy, TlsTermination};

    fn app() -> Router {
        Router::new()
            .route("/sign-in", post(async |cookies: Cookies| super::sign_in(&cookies)))
            .route("/me", get(async |cookies: Cookies| super::me(&cookies)))
            .layer(Policy::default().layer(TlsTermination::per_connection()))
    }

    mod axum_test {
        use super::app;
        include!("test_clients/axum_test.rs");
    }

    mod axum_test_http {
        use super::app;
        include!("test_clients/axum_test_http.rs");
    }

    mod oneshot {
        use super::app;
        include!("test_clients/oneshot.rs");
    }

    mod reqwest {
        fn app() -> axum::Router {
            // The tests of this package build reqwest without a crypto library of its own.
            let _ = rustls::crypto::ring::default_provider().install_default();
            super::app()
        }

        include!("test_clients/reqwest.rs");
    }

    /// Both transports of axum-test send a loopback host, so the rule for localhost applies in a debug build.
    #[tokio::test]
    async fn axum_test_needs_no_line_in_a_debug_build() {
        let status = if cfg!(debug_assertions) { 200 } else { 403 };
        let mock = ::axum_test::TestServer::builder().mock_transport().build(app());
        let http = ::axum_test::TestServer::builder().http_transport().build(app());
        for server in [mock, http] {
            assert_eq!(server.post("/sign-in").await.status_code(), status);
        }
    }

    #[tokio::test]
    async fn oneshot_without_the_line_is_refused() {
        use tower::ServiceExt as _;

        let request = axum::http::Request::post("/sign-in").body(axum::body::Body::empty()).unwrap();
        assert_eq!(app().oneshot(request).await.unwrap().status(), 403);
    }
}

#[cfg(feature = "actix")]
mod with_actix {
    use actix_web::web;
    use hardtack::actix::PolicyMiddleware;
    use hardtack::{Cookies, Policy, SetError, TlsTermination};

    fn policy() -> PolicyMiddleware {
        PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection())
    }

    async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
        super::sign_in(&cookies).map(|()| "")
    }

    async fn me(cookies: Cookies) -> String {
        super::me(&cookies)
    }

    fn routes(config: &mut web::ServiceConfig) {
        config.route("/sign-in", web::post().to(sign_in)).route("/me", web::get().to(me));
    }

    include!("test_clients/actix.rs");

    #[actix_web::test]
    async fn test_request_without_the_line_is_refused() {
        let app = test::init_service(App::new().configure(routes).wrap(policy())).await;
        let response = test::call_service(&app, test::TestRequest::post().uri("/sign-in").to_request()).await;
        assert_eq!(response.status(), 403);
    }
}

#[cfg(feature = "rocket")]
mod with_rocket {
    use hardtack::rocket::PolicyFairing;
    use hardtack::{Cookies, Policy, SetError};
    use rocket::config::{Config, LogLevel, SecretKey};
    use rocket::{Build, Rocket, get, post, routes};

    fn app(tls_termination: TlsTermination) -> Rocket<Build> {
        let secret_key = SecretKey::derive_from(b"a key for tests, longer than thirty-two bytes");
        let config = Config { log_level: LogLevel::Off, secret_key, ..Config::debug_default() };
        rocket::custom(config)
            .attach(PolicyFairing::new(Policy::default(), tls_termination))
            .mount("/", routes![sign_in, me])
    }

    #[post("/sign-in")]
    fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        super::sign_in(&cookies)
    }

    #[get("/me")]
    fn me(cookies: Cookies) -> String {
        super::me(&cookies)
    }

    include!("test_clients/rocket.rs");

    #[rocket::async_test]
    async fn local_client_without_the_line_is_refused() {
        let client = Client::tracked(app(TlsTermination::per_connection())).await.unwrap();
        let response = client.post("/sign-in").dispatch().await;
        assert_eq!(response.status(), Status::Forbidden);
        assert_eq!(response.into_string().await.unwrap(), "this page works over HTTPS only");
    }
}

#[cfg(feature = "poem")]
mod with_poem {
    use hardtack::poem::PolicyMiddleware;
    use hardtack::{Cookies, Policy, SetError, TlsTermination};
    use poem::{Endpoint, Route, get, handler, post};

    fn app() -> impl Endpoint {
        let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
        Route::new().at("/sign-in", post(sign_in)).at("/me", get(me)).with(policy)
    }

    #[handler]
    fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        super::sign_in(&cookies)
    }

    #[handler]
    fn me(cookies: Cookies) -> String {
        super::me(&cookies)
    }

    include!("test_clients/poem.rs");

    #[tokio::test]
    async fn test_client_without_the_line_is_refused() {
        TestClient::new(app()).post("/sign-in").send().await.assert_status(poem::http::StatusCode::FORBIDDEN);
    }
}

#[cfg(feature = "salvo")]
mod with_salvo {
    use hardtack::salvo::PolicyHoop;
    use hardtack::{Cookies, Policy, SetError, TlsTermination, testing};
    use http::uri::Scheme;
    use salvo::conn::{ConnCtrl, SocketAddr::Unknown};
    use salvo::prelude::{Request, Router, Service, Writer, handler};

    use super::Session;

    fn service() -> Service {
        let router = Router::with_path("sign-in").post(sign_in);
        Service::new(router).hoop(PolicyHoop::new(Policy::default(), TlsTermination::per_connection()))
    }

    #[handler]
    async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        super::sign_in(&cookies)
    }

    /// salvo's `TestClient` needs a C library for zstd, so this test makes the request in the same way as `TestClient`:
    /// the request has the scheme of the URL.
    #[tokio::test]
    async fn scheme_of_the_url_decides() {
        let send = async |url: &str| {
            let request = http::Request::post(url).body(salvo::http::ReqBody::None).unwrap();
            let scheme = request.uri().scheme().cloned().unwrap_or(Scheme::HTTP);
            let handler = service().hyper_handler(Unknown, Unknown, scheme.clone(), None, ConnCtrl::new(), None);
            handler.handle(Request::from_hyper(request, scheme)).await
        };
        let response = send("https://shop.example/sign-in").await;
        assert_eq!(testing::sent::<Session>(&response.headers).unwrap().0, "Ada");
        assert_eq!(send("http://shop.example/sign-in").await.status_code.unwrap(), 403);
    }
}

#[test]
fn page_shows_exactly_these_files() {
    let page = include_str!("../../runtime/docs/testing.md");
    let files = [
        ("axum_test.rs", include_str!("test_clients/axum_test.rs")),
        ("axum_test_http.rs", include_str!("test_clients/axum_test_http.rs")),
        ("oneshot.rs", include_str!("test_clients/oneshot.rs")),
        ("reqwest.rs", include_str!("test_clients/reqwest.rs")),
        ("actix.rs", include_str!("test_clients/actix.rs")),
        ("rocket.rs", include_str!("test_clients/rocket.rs")),
        ("poem.rs", include_str!("test_clients/poem.rs")),
    ];
    for (file, text) in files {
        let block = format!("\n```rust,ignore (run by tests/frameworks/test_clients.rs)\n{text}```\n");
        assert!(page.contains(&block), "runtime/docs/testing.md has no block that equals {file}");
    }
    assert_eq!(page.matches("```rust,ignore").count(), files.len());
}
