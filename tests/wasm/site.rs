//! The site that serves the WebAssembly test program. Almost every path serves a page that loads the WebAssembly
//! program. The page has a strict `Content-Security-Policy`. A handler behind hardtack's policy reads the same cookies
//! as the WebAssembly program. The site contains no assertions.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use hardtack::policy::Hsts;
use hardtack::{AllowedOver, AnyScheme, Cookies, Policy, ReadCookie, TlsTermination};
use rustls::ServerConfig;

use super::declarations::{Banner, Cart, Consent, Draft, Elsewhere, Language, Legacy, Map, Name, Stay, Theme};
use super::network::Ports;

pub(crate) const HOST: &str = "www.site.test";
pub(crate) const DOMAIN: &str = "site.test";
/// A host of another site. Pages on the other site embed our pages.
pub(crate) const PARTNER: &str = "www.partner.test";

pub(crate) struct Site {
    pub(crate) ports: Ports,
}

impl Site {
    /// Serves the WebAssembly program in `folder` on two loopback ports, one for TLS and one for plain HTTP. Panics
    /// outside a Tokio runtime.
    pub(crate) fn start(tls: Arc<ServerConfig>, program: &Path) -> Site {
        const JS: &str = "text/javascript";
        let file = |name: &str| std::fs::read(program.join(name)).unwrap();
        let mut app = Router::new().route("/raw", get(raw)).fallback(page);
        for (path, content_type, bytes) in [
            ("/web.js", JS, file("web.js")),
            ("/web_bg.wasm", "application/wasm", file("web_bg.wasm")),
            ("/page.js", JS, include_bytes!("../web/page/page.js").to_vec()),
            ("/frame_and_worker.js", JS, include_bytes!("../web/page/frame_and_worker.js").to_vec()),
        ] {
            // A sandboxed frame has an opaque origin. So the frame can load the program's files only if the response
            // has the CORS header `Access-Control-Allow-Origin`.
            let headers = [(CONTENT_TYPE, content_type), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
            app = app.route(path, get(async move || (headers, bytes)));
        }
        let policy = Policy::builder().cookie_domain(DOMAIN).hsts(Hsts::off()).force_https(false).on_event(|_| {});
        let layer = policy.build().unwrap().layer(TlsTermination::per_connection());
        let app = app.merge(Router::new().route("/shop/read", get(read)).layer(layer));
        Site { ports: Ports::serve(app, tls) }
    }
}

/// The `Content-Security-Policy` of the pages. The header forbids inline scripts and `eval`. The WebAssembly program
/// must work without inline scripts and `eval`. The driver of WebKitGTK loads blobs.
const CONTENT_POLICY: &str = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; \
                              connect-src * blob:; frame-src *; worker-src 'self'";

async fn page(request: Request) -> Response {
    let script = if request.uri().path() == "/frame" { "/frame_and_worker.js" } else { "/page.js" };
    let element = if request.uri().query() == Some("clobbered") { "<img name=\"cookie\" alt=\"\">" } else { "" };
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>page</title>\
         <script type=\"module\" src=\"{script}\"></script><body>{element}"
    );
    let headers: [(HeaderName, &str); 2] =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, CONTENT_POLICY)];
    (headers, html).into_response()
}

/// Responds with the `Set-Cookie` header in the query string. The response bypasses the policy.
async fn raw(Form(query): Form<HashMap<String, String>>) -> Response {
    let mut response = "set".into_response();
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(&query["header"]).unwrap());
    response
}

/// Returns the result of reading the cookie in the handler, in the same format as the program's function `get`.
async fn read(cookies: Cookies<AnyScheme>, Form(query): Form<HashMap<String, String>>) -> String {
    match query["cookie"].as_str() {
        "theme" => read_result(&cookies, |Theme(text)| text),
        "cart" => read_result(&cookies, |Cart(count)| count.to_string()),
        "name" => read_result(&cookies, |Name(text)| text),
        "elsewhere" => read_result(&cookies, |Elsewhere(text)| text),
        "language" => read_result(&cookies, |Language(text)| text),
        "draft" => cookies.family::<Draft>().keys().join(" "),
        "map" => read_result(&cookies, |Map(text)| text),
        "legacy" => read_result(&cookies, |Legacy(text)| text),
        "stay" => read_result(&cookies, |Stay(text)| text),
        "banner" => read_result(&cookies, |Banner(text)| text),
        "consent" => read_result(&cookies, |Consent(text)| text),
        _ => "no such cookie".into(),
    }
}

fn read_result<T: ReadCookie + AllowedOver<AnyScheme>>(
    cookies: &Cookies<AnyScheme>,
    text: impl FnOnce(T) -> String,
) -> String {
    match cookies.try_get() {
        Ok(Some(cookie)) => format!("some {}", text(cookie)),
        Ok(None) => "none".into(),
        Err(error) => error.to_string(),
    }
}
