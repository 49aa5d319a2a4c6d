//! An example of a Cloudflare Worker: an axum application behind hardtack's policy.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;
use hardtack::policy::PolicyError;
use hardtack::{Cookie, Cookies, Policy, SetCookie, SetError, TlsTermination};
use tower_service::Service as _;
use worker::{Context, Date, Env, HttpRequest, console_warn, event};

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

/// The number of things in the cart.
#[derive(Cookie)]
struct Cart(u32);

/// Signs in for one hour. `SystemTime::now` panics in a Worker, so the time comes from the JavaScript host.
async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(Date::now().as_millis());
    cookies.set(SetCookie::new(Session("s3cr3t".to_owned())).expires(now + Duration::from_secs(3600)))?;
    cookies.set(Cart(0))?;
    Ok("signed in")
}

async fn add_to_cart(cookies: Cookies) -> Result<String, SetError> {
    let count = cookies.get::<Cart>().map_or(1, |Cart(count)| count.saturating_add(1));
    cookies.set(Cart(count))?;
    Ok(format!("{count} in the cart"))
}

/// Cloudflare ends TLS. The URI of each request has the scheme that the browser used.
fn app() -> Result<Router, PolicyError> {
    // hardtack emits its events with the crate `tracing`. This Worker has no subscriber, so the events go to the
    // Worker's console.
    let policy = Policy::builder().on_event(|event| console_warn!("{event}")).build()?;
    let routes = Router::new().route("/sign-in", get(sign_in)).route("/cart", get(add_to_cart));
    Ok(routes.layer(policy.layer(TlsTermination::in_uri())))
}

#[event(fetch)]
async fn fetch(request: HttpRequest, _: Env, _: Context) -> worker::Result<Response<Body>> {
    let mut app = app().map_err(|error| error.to_string())?;
    Ok(app.call(request).await?)
}
