//! One instance of a small shop, a process of its own: who is signed in is tower-sessions' (in Redis), the basket is
//! declared here (in the browser), and an old module writes a cookie by hand. Each answer names its instance.

use std::fmt::Display;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Result};
use axum::routing::{get, post};
use axum::{Form, Router};
use hardtack::{Cookie, Cookies};
use serde::Deserialize;
use tower_sessions::Session;

use super::serve::serve;

/// The variables that an instance is started with: its name, its address, and Redis' URL.
pub(crate) const NAME: &str = "SHOP_NAME";
pub(crate) const ADDRESS: &str = "SHOP_ADDRESS";
pub(crate) const REDIS: &str = "SHOP_REDIS";

/// How many things are in the basket: sealed by the keyring of the environment, which both instances have.
#[derive(Cookie)]
#[cookie(sealed)]
struct Basket(u32);

#[derive(Deserialize)]
struct SignIn {
    user: String,
}

/// The session's key for who is signed in.
const USER: &str = "user";

/// Serves until the process ends; returns where this process was not started as an instance.
pub(crate) async fn run() {
    let Ok(name) = std::env::var(NAME) else { return };
    let routes = Router::new()
        .route("/", get(home))
        .route("/basket", post(put_in_basket))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .with_state(&*name.leak());
    let address = std::env::var(ADDRESS).unwrap().parse().unwrap();
    serve(routes, address, &std::env::var(REDIS).unwrap()).await.unwrap();
}

async fn home(State(name): State<&'static str>, session: Session, cookies: Cookies) -> Result<String> {
    let user: Option<String> = session.get(USER).await.map_err(failed)?;
    let basket = cookies.get::<Basket>()?.map_or(0, |Basket(things)| things);
    Ok(format!("{name}: {}, {basket} in the basket", user.as_deref().unwrap_or("nobody")))
}

async fn put_in_basket(cookies: Cookies) -> Result<()> {
    let Basket(things) = cookies.get::<Basket>()?.unwrap_or(Basket(0));
    cookies.set(Basket(things + 1))?;
    Ok(())
}

async fn sign_in(session: Session, cookies: Cookies, Form(SignIn { user }): Form<SignIn>) -> Result<impl IntoResponse> {
    cookies.set(Basket(0))?;
    // A new id for a new right, against session fixation.
    session.cycle_id().await.map_err(failed)?;
    session.insert(USER, user).await.map_err(failed)?;
    Ok(AppendHeaders([(SET_COOKIE, "legacy_session=1; path=/")]))
}

async fn sign_out(session: Session, cookies: Cookies) -> Result<impl IntoResponse> {
    session.flush().await.map_err(failed)?;
    cookies.remove::<Basket>()?;
    Ok(AppendHeaders([(SET_COOKIE, "legacy_session=; path=/; max-age=0")]))
}

fn failed(error: impl Display) -> StatusCode {
    eprintln!("shop: {error}");
    StatusCode::INTERNAL_SERVER_ERROR
}
