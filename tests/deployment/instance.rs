//! One instance of a small shop, in its own process. tower-sessions stores the signed-in user in Redis. This file
//! declares the basket as a sealed cookie, and an account as a device-bound cookie. One handler represents legacy code
//! and writes a `Set-Cookie` header by hand. The page shows the name of the instance.

use std::fmt::Display;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Result};
use axum::routing::{get, post};
use axum::{Form, Router};
use hardtack::device_bound::Bound;
use hardtack::{Cookie, Cookies};
use serde::Deserialize;
use tower_sessions::Session;

use super::serve::serve;

// An instance reads its name, its address and the URL of Redis from the environment variables `SHOP_…`.
pub(crate) const NAME: &str = "SHOP_NAME";
pub(crate) const ADDRESS: &str = "SHOP_ADDRESS";
pub(crate) const REDIS: &str = "SHOP_REDIS";

/// The number of things in the basket. Both instances have the same keyring.
#[derive(Cookie)]
#[cookie(sealed)]
struct Basket(u32);

/// The session of the signed-in user. The session is bound to the user's device.
#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", device_bound)]
struct Account(String);

#[derive(Deserialize)]
struct SignIn {
    user: String,
}

/// The session stores the signed-in user under this key.
const USER: &str = "user";

/// Serves until the process ends. Returns at once if the process was not started as an instance.
pub(crate) async fn run() {
    let Ok(name) = std::env::var(NAME) else { return };
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false).init();
    let routes = Router::new()
        .route("/", get(home))
        .route("/basket", post(put_in_basket))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/account/sign-in", post(sign_in_to_account))
        .route("/account", get(account))
        .route("/account/pay", post(pay))
        .with_state(&*name.leak());
    let address = std::env::var(ADDRESS).unwrap().parse().unwrap();
    serve(routes, address, &std::env::var(REDIS).unwrap()).await.unwrap();
}

async fn home(State(name): State<&'static str>, session: Session, cookies: Cookies) -> Result<String> {
    let user: Option<String> = session.get(USER).await.map_err(internal_error)?;
    let basket = cookies.try_get::<Basket>()?.map_or(0, |Basket(things)| things);
    Ok(format!("{name}: {}, {basket} in the basket", user.as_deref().unwrap_or("guest")))
}

async fn put_in_basket(cookies: Cookies) -> Result<()> {
    let Basket(things) = cookies.try_get::<Basket>()?.unwrap_or(Basket(0));
    cookies.set(Basket(things + 1))?;
    Ok(())
}

async fn sign_in(session: Session, cookies: Cookies, Form(SignIn { user }): Form<SignIn>) -> Result<impl IntoResponse> {
    cookies.set(Basket(0))?;
    // A new session id at sign-in prevents session fixation.
    session.cycle_id().await.map_err(internal_error)?;
    session.insert(USER, user).await.map_err(internal_error)?;
    Ok(AppendHeaders([(SET_COOKIE, "legacy_session=1; path=/")]))
}

async fn sign_out(session: Session, cookies: Cookies) -> Result<impl IntoResponse> {
    session.flush().await.map_err(internal_error)?;
    cookies.remove::<Basket>()?;
    Ok(AppendHeaders([(SET_COOKIE, "legacy_session=; path=/; max-age=0")]))
}

async fn sign_in_to_account(cookies: Cookies, Form(SignIn { user }): Form<SignIn>) -> Result<()> {
    Ok(cookies.set(Account(user))?)
}

async fn account(State(name): State<&'static str>, cookies: Cookies) -> String {
    let user = cookies.get::<Account>().map(|Account(user)| user);
    format!("{name}: {}", user.as_deref().unwrap_or("guest"))
}

async fn pay(State(name): State<&'static str>, account: Bound<Account>) -> String {
    format!("{name}: {} pays", account.0)
}

fn internal_error(error: impl Display) -> StatusCode {
    eprintln!("shop: {error}");
    StatusCode::INTERNAL_SERVER_ERROR
}
