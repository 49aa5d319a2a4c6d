//! The site that the program's pages come from: every path a page under a strict content policy, the program's files, and
//! a handler under hardtack's policy that reads the same declarations. Judges nothing.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use hardtack::{AllowedOver, AnyScheme, Cookies, Hsts, Listener, Policy, ReadCookie};
use rustls::ServerConfig;

use super::declarations::{Banner, Cart, Consent, Legacy, Map, Name, Theme};
use super::network::Ports;

pub(crate) const HOST: &str = "www.site.test";
pub(crate) const DOMAIN: &str = "site.test";
/// Another site.
pub(crate) const PARTNER: &str = "www.partner.test";

pub(crate) struct Site {
    pub(crate) ports: Ports,
}

impl Site {
    /// Serves the program in this folder on loopback, over TLS and over plain HTTP; needs a runtime.
    pub(crate) fn start(tls: Arc<ServerConfig>, program: &Path) -> Site {
        const JS: &str = "text/javascript";
        let file = |name: &str| std::fs::read(program.join(name)).unwrap();
        let mut app = Router::new().route("/raw", get(raw)).fallback(page);
        for (path, kind, octets) in [
            ("/web.js", JS, file("web.js")),
            ("/web_bg.wasm", "application/wasm", file("web_bg.wasm")),
            ("/page.js", JS, include_bytes!("../web/page/page.js").to_vec()),
            ("/elsewhere.js", JS, include_bytes!("../web/page/elsewhere.js").to_vec()),
        ] {
            // A sandboxed frame is of no origin.
            app = app
                .route(path, get(async move || ([(CONTENT_TYPE, kind), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")], octets)));
        }
        let policy = Policy::builder().cookie_domain(DOMAIN).hsts(Hsts::off()).force_https(false).on_event(|_| {});
        let layer = policy.build().unwrap().layer(Listener::per_connection().loopback_in_debug());
        let app = app.merge(Router::new().route("/shop/read", get(read)).layer(layer));
        Site { ports: Ports::serve(app, tls) }
    }
}

/// No inline script and no `eval`: the program needs neither.
const CONTENT_POLICY: &str = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; connect-src *; \
                              frame-src *; worker-src 'self'";

async fn page(request: Request) -> Response {
    let script = if request.uri().path() == "/elsewhere" { "/elsewhere.js" } else { "/page.js" };
    let clobber = if request.uri().query() == Some("clobbered") { "<img name=\"cookie\" alt=\"\">" } else { "" };
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>page</title>\
         <script type=\"module\" src=\"{script}\"></script><body>{clobber}"
    );
    let fields: [(HeaderName, &str); 2] =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, CONTENT_POLICY)];
    (fields, html).into_response()
}

/// Sets a cookie by any line: no policy sees it.
async fn raw(Form(query): Form<HashMap<String, String>>) -> Response {
    let mut response = "set".into_response();
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(&query["line"]).unwrap());
    response
}

/// Tells what a handler reads, in the program's words.
async fn read(cookies: Cookies<AnyScheme>, Form(query): Form<HashMap<String, String>>) -> String {
    match query["cookie"].as_str() {
        "theme" => told(&cookies, |Theme(text)| text),
        "cart" => told(&cookies, |Cart(count)| count.to_string()),
        "name" => told(&cookies, |Name(text)| text),
        "map" => told(&cookies, |Map(text)| text),
        "legacy" => told(&cookies, |Legacy(text)| text),
        "banner" => told(&cookies, |Banner(text)| text),
        "consent" => told(&cookies, |Consent(text)| text),
        _ => "no such cookie".into(),
    }
}

fn told<T: ReadCookie + AllowedOver<AnyScheme>>(
    cookies: &Cookies<AnyScheme>,
    text: impl FnOnce(T) -> String,
) -> String {
    match cookies.get() {
        Ok(Some(cookie)) => format!("some {}", text(cookie)),
        Ok(None) => "none".into(),
        Err(error) => error.to_string(),
    }
}
