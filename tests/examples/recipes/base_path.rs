//! The recipe "Base path": `cargo run --example base_path`, then open `http://localhost:3000/vault/`. The cookie has
//! the path `/vault/identity/connect`.

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use hardtack::policy::PolicyError;
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};

// ---- The recipe.

/// Binds a sign-in to the browser.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(path = "/identity/connect", max_age = "10m")]
struct Binding(String);

// ---- The rest of the application.

async fn sign_in(cookies: Cookies) -> Result<Redirect, SetError> {
    cookies.set(Binding("b1nd".into()))?;
    Ok(Redirect::to("/vault/identity/connect/authorize"))
}

async fn home() -> Html<&'static str> {
    Html("<form method=post action=/vault/sign-in><button>Sign in</button></form>")
}

async fn authorize(cookies: Cookies) -> &'static str {
    if cookies.get::<Binding>().is_some() { "This browser has begun the sign-in." } else { "Another browser." }
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    let policy = Policy::builder().base_path("/vault").build()?; // or the variable HARDTACK_POLICY_BASE_PATH
    let routes = Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/identity/connect/authorize", get(authorize));
    // `nest` takes the place of a proxy that serves the application under the prefix.
    Ok(Router::new().nest("/vault", routes).layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
