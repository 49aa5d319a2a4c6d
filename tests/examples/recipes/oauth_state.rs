//! The recipe "OAuth state": `cargo run --example oauth_state`, then open `http://localhost:3000` in two tabs. Both
//! tabs can finish their sign-in. The path `/authorize` takes the place of the identity provider.

#![allow(clippy::expect_used, reason = "the system always has random bytes")]

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect};
use axum::routing::get;
use hardtack::policy::PolicyError;
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
use serde::{Deserialize, Serialize};

// ---- The recipe.

/// One attempt to sign in at the identity provider.
#[derive(Cookie, Serialize, Deserialize)]
#[cookie(keyed, sealed, json, max_age = "10m")]
struct Flow {
    pkce_verifier: String,
    back_to: String,
}

fn random_text() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn sign_in(cookies: Cookies) -> Result<Redirect, SetError> {
    let (state, pkce_verifier) = (random_text(), random_text()); // a key has at most 64 characters of A-Z a-z 0-9 - _
    cookies.family::<Flow>().set(&state, Flow { pkce_verifier, back_to: "/cart".into() })?;
    Ok(Redirect::to(&format!("https://id.example/authorize?state={state}")))
}

#[derive(Deserialize)]
struct Callback {
    state: String,
}

async fn callback(cookies: Cookies, Query(query): Query<Callback>) -> Result<Redirect, StatusCode> {
    let flows = cookies.family::<Flow>();
    let flow = flows.get(&query.state).ok_or(StatusCode::BAD_REQUEST)?; // `None` also for a key that is not valid
    flows.remove(&query.state).map_err(|error| error.status())?;
    // Here: exchange the code with `flow.pkce_verifier`, and set the session.
    Ok(Redirect::to(&flow.back_to))
}

// ---- The rest of the application.

async fn home() -> Html<&'static str> {
    Html("<a href=/sign-in>Sign in</a>")
}

/// Takes the place of the identity provider, which is another site.
async fn authorize(Query(query): Query<Callback>) -> Redirect {
    Redirect::to(&format!("/callback?state={}", query.state))
}

async fn to_provider(cookies: Cookies) -> Result<Html<String>, SetError> {
    let provider = sign_in(cookies).await?.into_response();
    let url = provider.headers().get("location").and_then(|url| url.to_str().ok()).unwrap_or_default();
    let path = url.trim_start_matches("https://id.example");
    Ok(Html(format!("<a href=\"{path}\">Continue at the identity provider</a>")))
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    // In your application, the key comes from a file or from the environment. A new key ends all attempts.
    let policy = Policy::builder().keyring(Keyring::new(Key::generate())).build()?;
    let routes = Router::new()
        .route("/", get(home))
        .route("/cart", get(async || "Signed in. This is the cart."))
        .route("/sign-in", get(to_provider))
        .route("/authorize", get(authorize))
        .route("/callback", get(callback));
    Ok(routes.layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
