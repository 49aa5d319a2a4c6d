//! Serves axum applications to real clients, over TLS and over plain HTTP. The tests check the cookies in the
//! responses, the refused requests, and the bodies of the responses to refused requests.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "servers/clients.rs"]
mod clients;
#[path = "servers/handlers.rs"]
mod handlers;
#[path = "servers/layers.rs"]
mod layers;
#[path = "servers/scheme_detection.rs"]
mod scheme_detection;
#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;

use axum::Router;
use hardtack::{Cookie, CookieValue, Policy, TlsTermination};

use support::server::TestServer;

/// The session of the signed-in user.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h")]
struct Session(String);

/// The number of things in the cart.
#[derive(Cookie)]
struct Cart(u32);

/// A cookie that is also sent over plain HTTP.
#[derive(Cookie)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
struct Banner(bool);

#[derive(CookieValue, Debug)]
enum Theme {
    Light,
    Dark,
}

#[hardtack::cookies]
struct SiteCookies {
    #[cookie(existing)]
    session: Session,
    #[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
    theme: Theme,
    #[cookie(path = "/shop", max_age = "30d", same_site = Strict)]
    basket: u64,
    #[cookie(domain = policy)]
    sso: String,
    #[cookie(same_site = None, partitioned, reason = "the map is embedded by partners")]
    map: bool,
    #[cookie(existing)]
    banner: Banner,
}

/// The `Set-Cookie` header of `session()`.
const SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
const SESSION_REMOVAL: &str =
    "__Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
const BANNER: &str = "banner=true; Path=/; HttpOnly; SameSite=Lax";
/// The body of the response if a plain HTTP request is refused.
const HTTPS_ONLY: &str = "this page works over HTTPS only";

/// Returns the text of a refusal without the reason that a debug build sends to a client on the same machine.
fn without_reason(body: &str) -> &str {
    match body.strip_prefix(HTTPS_ONLY) {
        Some(reason) if cfg!(debug_assertions) && reason.starts_with(": ") => HTTPS_ONLY,
        Some(_) | None => body,
    }
}

fn session() -> Session {
    Session("s3cr3t".to_owned())
}

/// Returns a policy without `force_https`, so plain HTTP requests reach the handlers.
fn policy_allowing_http() -> Policy {
    Policy::builder().force_https(false).build().unwrap()
}

/// Serves the routes with the policy of `policy_allowing_http`, over TLS and over plain HTTP. The rule for localhost (a
/// debug build treats localhost as HTTPS) is off, because the tests send their plain HTTP requests to `127.0.0.1`.
async fn serve(routes: Router) -> TestServer {
    TestServer::start(routes.layer(policy_allowing_http().layer(TlsTermination::per_connection().strict_loopback())))
        .await
}
