//! The recipe "CSRF token": `cargo run --example csrf_token`, then open `http://localhost:3000/transfer`. The second
//! form has a wrong token, and is refused.

#![allow(clippy::expect_used, reason = "the system always has random bytes")]

use axum::Router;
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use hardtack::policy::PolicyError;
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

// ---- The recipe.

/// The token that each form repeats.
#[derive(Cookie)]
#[cookie(signed, same_site = Strict)]
struct CsrfToken(String);

/// Returns the visitor's token. Makes a token if the visitor has none.
fn csrf_token(cookies: &Cookies) -> Result<String, SetError> {
    if let Some(CsrfToken(token)) = cookies.get() {
        return Ok(token);
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    let token = format!("{:032x}", u128::from_be_bytes(bytes));
    cookies.set(CsrfToken(token.clone()))?;
    Ok(token)
}

/// Returns true if the form has the visitor's token.
fn is_own_form(cookies: &Cookies, token: &str) -> bool {
    cookies.get().is_some_and(|CsrfToken(expected)| expected.as_bytes().ct_eq(token.as_bytes()).into())
}

async fn transfer_page(cookies: Cookies) -> Result<Html<String>, SetError> {
    let token = csrf_token(&cookies)?; // a second call in the same request returns the same token
    Ok(Html(format!(r#"<form method="post"><input type="hidden" name="csrf_token" value="{token}"></form>"#)))
}

#[derive(Deserialize)]
struct Transfer {
    csrf_token: String,
}

async fn transfer(cookies: Cookies, Form(form): Form<Transfer>) -> Result<&'static str, StatusCode> {
    if !is_own_form(&cookies, &form.csrf_token) {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok("transferred")
}

// ---- The rest of the application.

async fn page(cookies: Cookies) -> Result<Html<String>, SetError> {
    let Html(form) = transfer_page(cookies).await?;
    let button = "<button>Transfer</button></form>";
    let forged = form.replace("value=\"", "value=\"0").replace("</form>", "<button>Forged transfer</button></form>");
    Ok(Html(format!("{}{forged}", form.replace("</form>", button))))
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    // In your application, the key comes from a file or from the environment. A new key makes all tokens invalid.
    let policy = Policy::builder().keyring(Keyring::new(Key::generate())).build()?;
    let routes = Router::new().route("/transfer", get(page).post(transfer));
    Ok(routes.layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
