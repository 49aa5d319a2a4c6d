//! The recipe "Remember me": `cargo run --example remember_me`, then open `http://localhost:3000`. If you tick the box,
//! you are still signed in after you close the browser and open it again.

use axum::Router;
use axum::extract::Form;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use hardtack::policy::PolicyError;
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, Policy, SetCookie, SetError, TlsTermination};
use serde::{Deserialize, Serialize};

// ---- The recipe.

/// The session of the signed-in user.
#[derive(Cookie, Serialize, Deserialize)]
#[cookie(sealed, json, max_age = "30d")]
struct Session {
    user: u64,
}

#[derive(Deserialize)]
struct SignInForm {
    // Also: the name and the password.
    remember_me: Option<String>,
}

async fn sign_in(cookies: Cookies, Form(form): Form<SignInForm>) -> Result<Redirect, SetError> {
    let session = SetCookie::new(Session { user: 7 }); // after the check of the password
    match form.remember_me {
        Some(_) => cookies.set(session)?,
        None => cookies.set(session.without_max_age())?,
    }
    Ok(Redirect::to("/"))
}

// ---- The rest of the application.

async fn sign_out(cookies: Cookies) -> Result<Redirect, SetError> {
    cookies.remove::<Session>()?;
    Ok(Redirect::to("/"))
}

async fn home(cookies: Cookies) -> Html<String> {
    let Some(Session { user }) = cookies.get() else {
        let remember_me = "<label><input type=checkbox name=remember_me> Remember me</label>";
        return Html(format!("<form method=post action=/sign-in>{remember_me} <button>Sign in</button></form>"));
    };
    Html(format!("Signed in as user {user}. <form method=post action=/sign-out><button>Sign out</button></form>"))
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    // In your application, the key comes from a file or from the environment. A new key signs every user out.
    let policy = Policy::builder().keyring(Keyring::new(Key::generate())).build()?;
    let routes =
        Router::new().route("/", get(home)).route("/sign-in", post(sign_in)).route("/sign-out", post(sign_out));
    Ok(routes.layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
