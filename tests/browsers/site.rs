//! The site that the browsers visit. A handler behind the policy's layer sets, reads and removes the cookie of every
//! test case. The site also serves pages with an inline script, and `Set-Cookie` headers that code without hardtack
//! would write. The site records each request and its response. The site contains no assertions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::{Form, Router, routing};
use hardtack::policy::Hsts;
use hardtack::tls::Transport;
use hardtack::{AnyScheme, Cookie, Cookies, Policy, PolicyHandle, ReadError, TlsTermination};
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::declarations::CookieCase;
use super::network::Ports;

/// The site's host.
pub(crate) const HOST: &str = "www.shop.test";
/// The parent domain. The site's host and the sibling host are subdomains.
pub(crate) const DOMAIN: &str = "shop.test";
/// A sibling host, which an attacker controls.
pub(crate) const SIBLING: &str = "evil.shop.test";

/// The server's record of one request and of the response to the request.
#[derive(Clone, Debug)]
pub(crate) struct RequestRecord {
    pub(crate) https: bool,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// The values of all `Cookie` headers, joined with `; `.
    pub(crate) cookie: Option<String>,
    pub(crate) status: u16,
    pub(crate) set_cookie_headers: Vec<String>,
}

pub(crate) struct Site {
    pub(crate) ports: Ports,
    pub(crate) cases: Arc<Vec<CookieCase>>,
    handle: PolicyHandle,
    requests: Arc<Mutex<Vec<RequestRecord>>>,
}

/// A cookie that another program owns.
#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

impl Site {
    /// Starts the site on two loopback ports, one for TLS and one for plain HTTP. Panics outside a Tokio runtime.
    pub(crate) fn start(tls: Arc<ServerConfig>, tls_termination: TlsTermination, cases: Vec<CookieCase>) -> Site {
        let cases = Arc::new(cases);
        let handle = PolicyHandle::new(policy(|policy| policy));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new().fallback(handle_query).layer(handle.layer(tls_termination)).with_state(cases.clone());
        // The path `/bypass-policy` returns responses that bypass the policy. Tests use this path for an attacker who
        // answers in place of the site.
        let app = Router::new()
            .route("/bypass-policy", routing::get(old_code))
            .fallback_service(app)
            .layer(middleware::from_fn_with_state(requests.clone(), record));
        Site { ports: Ports::serve(app, tls), cases, handle, requests }
    }

    /// Replaces the policy. The site sends an HSTS header only if `change` turns HSTS on. After the browser receives an
    /// HSTS header, it no longer visits the site over plain HTTP.
    pub(crate) fn apply_policy(
        &self,
        change: impl FnOnce(hardtack::policy::PolicyBuilder) -> hardtack::policy::PolicyBuilder,
    ) {
        self.handle.apply(policy(change));
    }

    /// Returns the test cases in which a script writes the cookie. Each test case comes with its number.
    pub(crate) fn scripted_cases(&self) -> impl Iterator<Item = (usize, &CookieCase)> {
        self.cases.iter().enumerate().filter(|(_, case)| case.script.is_some())
    }

    /// Deletes the recorded requests.
    pub(crate) fn forget_requests(&self) {
        self.requests.lock().unwrap().clear();
    }

    /// Returns the recorded requests, without the browser's requests for an icon.
    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        let all = self.requests.lock().unwrap();
        all.iter().filter(|request| request.target != "/favicon.ico").cloned().collect()
    }
}

fn policy(change: impl FnOnce(hardtack::policy::PolicyBuilder) -> hardtack::policy::PolicyBuilder) -> Policy {
    change(Policy::builder().cookie_domain(DOMAIN).hsts(Hsts::off()).on_event(|_| {})).build().unwrap()
}

/// Handles every path. The query string has the form `action=number`, with the number of the test case.
async fn handle_query(
    cookies: Cookies<AnyScheme>,
    State(cases): State<Arc<Vec<CookieCase>>>,
    // For a GET request, axum's `Form` reads the query string.
    Form(query): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let case_for = |key: &str| query.get(key).map(|number| &cases[number.parse::<usize>().unwrap()]);
    if let Some(case) = case_for("set") {
        (case.set)(&cookies).map_err(IntoResponse::into_response)?;
    } else if let Some(case) = case_for("remove") {
        (case.remove)(&cookies).map_err(IntoResponse::into_response)?;
    } else if let Some(case) = case_for("get") {
        return Ok(read_result((case.get)(&cookies)).to_string().into_response());
    } else if query.contains_key("legacy") {
        return Ok(json!(cookies.try_get::<Legacy>().ok().flatten().map(|legacy| legacy.0))
            .to_string()
            .into_response());
    } else if let Some(case) = case_for("script") {
        // A `js_string` must be safe in an inline script.
        let (_, quoted) = case.script.as_ref().unwrap();
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

/// Returns the result of reading the cookie, as a JSON string.
fn read_result(result: Result<Option<bool>, ReadError>) -> Value {
    match result {
        Ok(None) => json!("absent"),
        Ok(Some(true)) => json!("equal"),
        Ok(Some(false)) => json!("different"),
        Err(ReadError::Ambiguous { .. }) => json!("ambiguous"),
        Err(error) => json!(error.to_string()),
    }
}

/// Responds with the `Set-Cookie` header in the query string.
async fn old_code(Form(query): Form<HashMap<String, String>>) -> Response {
    let mut response = page();
    if let Some(header) = query.get("header") {
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(header).unwrap());
    }
    response
}

fn page() -> Response {
    let html = "<!doctype html><link rel=\"icon\" href=\"data:,\"><title>page</title>";
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Middleware that records each request and the response to the request.
pub(crate) async fn record(
    State(requests): State<Arc<Mutex<Vec<RequestRecord>>>>,
    request: Request,
    next: Next,
) -> Response {
    let https = matches!(request.extensions().get(), Some(Transport::Tls));
    let target = request.uri().path_and_query().map_or("", |target| target.as_str()).to_owned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let cookie = header_values(&headers, COOKIE.as_str());
    let cookie = (!cookie.is_empty()).then(|| cookie.join("; "));
    let response = next.run(request).await;
    let set_cookie_headers = header_values(response.headers(), SET_COOKIE.as_str());
    let status = response.status().as_u16();
    requests.lock().unwrap().push(RequestRecord { https, method, target, headers, cookie, status, set_cookie_headers });
    response
}

fn header_values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
