//! The site that browsers visit: every declaration set, read and removed by a handler under the policy's layer, pages with
//! an inline script, old code beside them, and what each request carried. Judges nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::{Form, Router, routing};
use hardtack::{AnyScheme, Cookie, Cookies, Hsts, Listener, Policy, PolicyHandle, ReadError, Transport};
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::declarations::Declared;
use super::network::Ports;

/// The site's host, and the domain that its siblings share.
pub(crate) const HOST: &str = "www.shop.test";
pub(crate) const DOMAIN: &str = "shop.test";
pub(crate) const SIBLING: &str = "evil.shop.test";

/// What the server saw of one request and answered to it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) https: bool,
    pub(crate) target: String,
    /// The Cookie field, all of it.
    pub(crate) cookie: Option<String>,
    pub(crate) status: u16,
    pub(crate) lines: Vec<String>,
}

pub(crate) struct Site {
    pub(crate) ports: Ports,
    pub(crate) declared: Arc<Vec<Declared>>,
    handle: PolicyHandle,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

/// A cookie that somebody else sets.
#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

impl Site {
    /// Serves on loopback, over TLS and over plain HTTP; needs a runtime.
    pub(crate) fn start(tls: Arc<ServerConfig>, listener: Listener, declared: Vec<Declared>) -> Site {
        let declared = Arc::new(declared);
        let handle = PolicyHandle::new(policy(|policy| policy));
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new().fallback(act).layer(handle.layer(listener)).with_state(declared.clone());
        // What a network or another host would answer in the site's place: no policy sees it.
        let app = Router::new()
            .route("/beside-the-policy", routing::get(old_code))
            .fallback_service(app)
            .layer(middleware::from_fn_with_state(exchanges.clone(), note));
        Site { ports: Ports::serve(app, tls), declared, handle, exchanges }
    }

    /// Puts another policy in force: no HSTS, which would keep the browser from plain HTTP, and what is changed here.
    pub(crate) fn policy(&self, change: impl FnOnce(hardtack::PolicyBuilder) -> hardtack::PolicyBuilder) {
        self.handle.apply(policy(change));
    }

    /// The declarations that a script may write, with their numbers.
    pub(crate) fn scripted(&self) -> impl Iterator<Item = (usize, &Declared)> {
        self.declared.iter().enumerate().filter(|(_, declared)| declared.script.is_some())
    }

    /// Forgets the exchanges so far.
    pub(crate) fn forget(&self) {
        self.exchanges.lock().unwrap().clear();
    }

    /// What was asked since then, without the browser's own wish for an icon.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        let all = self.exchanges.lock().unwrap();
        all.iter().filter(|exchange| exchange.target != "/favicon.ico").cloned().collect()
    }
}

fn policy(change: impl FnOnce(hardtack::PolicyBuilder) -> hardtack::PolicyBuilder) -> Policy {
    change(Policy::builder().cookie_domain(DOMAIN).hsts(Hsts::off()).on_event(|_| {})).build().unwrap()
}

/// Any path: the query says what to do with which declaration.
async fn act(
    cookies: Cookies<AnyScheme>,
    State(declared): State<Arc<Vec<Declared>>>,
    // Of a GET request: its query.
    Form(query): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let of = |key: &str| query.get(key).map(|number| &declared[number.parse::<usize>().unwrap()]);
    if let Some(declared) = of("set") {
        (declared.set)(&cookies).map_err(IntoResponse::into_response)?;
    } else if let Some(declared) = of("remove") {
        (declared.remove)(&cookies).map_err(IntoResponse::into_response)?;
    } else if let Some(declared) = of("get") {
        return Ok(read((declared.get)(&cookies)).to_string().into_response());
    } else if query.contains_key("legacy") {
        return Ok(json!(cookies.get::<Legacy>().ok().flatten().map(|legacy| legacy.0)).to_string().into_response());
    } else if let Some(declared) = of("script") {
        let (_, quoted) = declared.script.as_ref().unwrap();
        // `js_string` where it says that it may stand.
        return Ok(Html(format!(
            "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>script</title>\
             <script>document.cookie = {quoted};</script><p>after</p>"
        ))
        .into_response());
    } else if query.contains_key("old-code") {
        return Ok(old_code(Form(query)).await);
    }
    Ok(page())
}

/// What a handler made of a cookie.
fn read(read: Result<Option<bool>, ReadError>) -> Value {
    match read {
        Ok(None) => json!("absent"),
        Ok(Some(true)) => json!("equal"),
        Ok(Some(false)) => json!("different"),
        Err(ReadError::Ambiguous { .. }) => json!("ambiguous"),
        Err(error) => json!(error.to_string()),
    }
}

/// Writes any Set-Cookie line.
async fn old_code(Form(query): Form<HashMap<String, String>>) -> Response {
    let mut response = page();
    if let Some(line) = query.get("line") {
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(line).unwrap());
    }
    response
}

fn page() -> Response {
    let html = "<!doctype html><link rel=\"icon\" href=\"data:,\"><title>page</title>";
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

async fn note(State(exchanges): State<Arc<Mutex<Vec<Exchange>>>>, request: Request, next: Next) -> Response {
    let https = matches!(request.extensions().get(), Some(Transport::Tls));
    let target = request.uri().path_and_query().map_or("", |target| target.as_str()).to_owned();
    let cookie: Vec<_> = texts(request.headers(), COOKIE.as_str());
    let cookie = (!cookie.is_empty()).then(|| cookie.join("; "));
    let response = next.run(request).await;
    let lines = texts(response.headers(), SET_COOKIE.as_str());
    let status = response.status().as_u16();
    exchanges.lock().unwrap().push(Exchange { https, target, cookie, status, lines });
    response
}

fn texts(fields: &HeaderMap, name: &str) -> Vec<String> {
    fields.get_all(name).iter().map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned()).collect()
}
