//! axum on real sockets, over TLS and over plain HTTP, with real clients, header by header: what leaves, what is
//! refused, and what the client is told of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[path = "servers/believed.rs"]
mod believed;
#[path = "servers/clients.rs"]
mod clients;
#[path = "servers/handlers.rs"]
mod handlers;
#[path = "servers/layers.rs"]
mod layers;
#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use axum::Router;
use hardtack::{Cookie, CookieValue, Listener, Policy};

use support::server::Served;

/// Who is signed in.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h")]
struct Session(String);

/// How many things are in the cart.
#[derive(Cookie)]
struct Cart(u32);

/// A cookie that plain HTTP may carry.
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
    #[cookie(domain = environment)]
    sso: String,
    #[cookie(same_site = None, partitioned, reason = "the map is embedded by partners")]
    map: bool,
    #[cookie(existing)]
    banner: Banner,
}

const SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
const NO_SESSION: &str = "__Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                          HttpOnly; SameSite=Lax";
const BANNER: &str = "banner=true; Path=/; HttpOnly; SameSite=Lax";
const NO_HTTPS: &str = "this page works over HTTPS only";

fn session() -> Session {
    Session("s3cr3t".to_owned())
}

/// A policy that lets plain HTTP reach the handlers.
fn open() -> Policy {
    Policy::builder().force_https(false).build().unwrap()
}

/// The routes under that policy, on both ports.
async fn served(routes: Router) -> Served {
    Served::start(routes.layer(open().layer(Listener::per_connection()))).await
}
