//! The recipe "Flash message": `cargo run --example flash_message`, then open `http://localhost:3000`. The message
//! appears once.

use axum::Router;
use axum::response::Html;
use axum::response::Redirect;
use axum::routing::{get, post};
use hardtack::policy::PolicyError;
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};

// ---- The recipe.

/// A message for the next page.
#[derive(Cookie)]
#[cookie(max_age = "1m")]
struct Flash(String);

async fn save(cookies: Cookies) -> Result<Redirect, SetError> {
    cookies.set(Flash("Your changes are saved.".into()))?;
    Ok(Redirect::to("/"))
}

async fn home(cookies: Cookies) -> Result<String, SetError> {
    let Some(Flash(message)) = cookies.get() else { return Ok("Home".into()) };
    cookies.remove::<Flash>()?;
    Ok(format!("{message} Home")) // in an HTML page: escape the message
}

// ---- The rest of the application.

async fn page(cookies: Cookies) -> Result<Html<String>, SetError> {
    let text = home(cookies).await?;
    Ok(Html(format!("<p>{text}</p><form method=post action=/save><button>Save</button></form>")))
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    let routes = Router::new().route("/", get(page)).route("/save", post(save));
    Ok(routes.layer(Policy::default().layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
