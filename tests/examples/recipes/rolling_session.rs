//! The recipe "Rolling session": `cargo run --example rolling_session`, then open `http://localhost:3000`. The
//! developer tools of the browser show that each request renews the session.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, Redirect, Response, Result};
use axum::routing::{get, post};
use hardtack::policy::PolicyError;
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, Policy, TlsTermination};

// ---- The recipe.

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(sealed, max_age = "30m")]
struct Session(String);

async fn roll_session(cookies: Cookies, request: Request, next: Next) -> Result<Response> {
    let response = next.run(request).await;
    if let Some(session) = cookies.get::<Session>() {
        cookies.set(session)?; // the same value, for another 30 minutes
    }
    Ok(response)
}

// ---- The rest of the application.

async fn home(cookies: Cookies) -> Html<&'static str> {
    if cookies.get::<Session>().is_some() {
        return Html("Signed in. <form method=post action=/sign-out><button>Sign out</button></form>");
    }
    Html("<form method=post action=/sign-in><button>Sign in</button></form>")
}

async fn sign_in(cookies: Cookies) -> Result<Redirect> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok(Redirect::to("/"))
}

async fn sign_out(cookies: Cookies) -> Result<Redirect> {
    cookies.remove::<Session>()?;
    Ok(Redirect::to("/"))
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    // In your application, the key comes from a file or from the environment. A new key signs every user out.
    let policy = Policy::builder().keyring(Keyring::new(Key::generate())).build()?;
    let routes =
        Router::new().route("/", get(home)).route("/sign-in", post(sign_in)).route("/sign-out", post(sign_out));
    // The policy is the last layer, so it is outermost.
    Ok(routes.layer(from_fn(roll_session)).layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
