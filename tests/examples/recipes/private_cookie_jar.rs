//! The recipe "Moving over from axum-extra's PrivateCookieJar": `cargo run --example private_cookie_jar`, then open
//! `http://localhost:3000`. `/old-sign-in` sets the encrypted cookie of the old code. The next request replaces it.

#![allow(missing_docs, unreachable_pub, reason = "the guide shows these items as items of a module")]

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use axum_extra::extract::cookie;
use hardtack::policy::PolicyError;
use hardtack::seal::{Key, Keyring};
use hardtack::{Policy, TlsTermination};

// ---- The recipe.

// migration: private jar
use axum_extra::extract::PrivateCookieJar; // decrypts with the old key, which is in the application's state
use hardtack::{Cookie, Cookies, SetError};

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(sealed, max_age = "8h")]
pub struct Session(String);

/// The old cookie, only for its removal. Declare the Path and Domain of the old code.
#[derive(Cookie)]
#[cookie(name = "session", reason = "axum-extra encrypted it; remove this type after the old cookies have expired")]
pub struct OldSession(String);

/// Returns the session. Replaces the old cookie.
fn session(cookies: &Cookies, old: &PrivateCookieJar) -> Result<Option<Session>, SetError> {
    if let Some(session) = cookies.get() {
        return Ok(Some(session));
    }
    let Some(old) = old.get("session") else { return Ok(None) };
    cookies.set(Session(old.value().to_owned()))?;
    cookies.remove::<OldSession>()?;
    Ok(cookies.get()) // `get` sees the session that this request set
}

pub async fn home(cookies: Cookies, old: PrivateCookieJar) -> Result<String, SetError> {
    let session = session(&cookies, &old)?;
    Ok(session.map_or("signed out".to_owned(), |Session(id)| format!("{} bytes", id.len())))
}

pub async fn sign_out(cookies: Cookies) -> Result<(), SetError> {
    cookies.remove::<OldSession>()?; // otherwise the old cookie would sign the user in again
    cookies.remove::<Session>()
}
// migration: end

// ---- The rest of the application.

/// The old code, which sets the encrypted cookie.
pub async fn old_sign_in(jar: PrivateCookieJar) -> PrivateCookieJar {
    let session = cookie::Cookie::build(("session", "s3cr3t; \u{eb}"));
    jar.add(session.path("/").http_only(true).secure(true))
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    // In your application, both keys come from files or from the environment. A new key signs every user out.
    let old_key = cookie::Key::generate();
    let policy = Policy::builder().keyring(Keyring::new(Key::generate())).build()?;
    let routes = Router::new()
        .route("/", get(home))
        .route("/old-sign-in", get(async |jar: PrivateCookieJar| (old_sign_in(jar).await, Redirect::to("/"))))
        .route("/sign-out", get(sign_out))
        .with_state(old_key);
    Ok(routes.layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
