//! Records the latest requests and the `Set-Cookie` headers of their responses. The page of the shop shows the records.
//! The middleware is outside the policy's layer, so the middleware records the headers that the client receives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::middleware::Next;
use axum::response::Response;
use hardtack::tls::Transport;

use crate::Shop;

/// One request, and the status and the cookies of its response.
#[derive(Clone)]
pub(crate) struct LoggedRequest {
    /// The method and the path.
    pub(crate) request_line: String,
    pub(crate) tls: bool,
    pub(crate) status: StatusCode,
    pub(crate) set_cookies: Vec<String>,
}

#[derive(Default)]
pub(crate) struct RequestLog(Mutex<VecDeque<LoggedRequest>>);

const CAPACITY: usize = 5;

impl RequestLog {
    /// Returns the latest requests. The newest request is the first.
    pub(crate) fn newest(&self) -> Vec<LoggedRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, request: LoggedRequest) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_front(request);
        log.truncate(CAPACITY);
    }
}

pub(crate) async fn record(State(shop): State<Arc<Shop>>, request: Request, next: Next) -> Response {
    let request_line = format!("{} {}", request.method(), request.uri().path());
    let tls = request.extensions().get() == Some(&Transport::Tls);
    let response = next.run(request).await;
    let set_cookies: Vec<String> = response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|header| shorten_value(&String::from_utf8_lossy(header.as_bytes())))
        .collect();
    // Do not record ordinary requests for pages, styles and scripts.
    let is_ordinary = matches!(response.status(), StatusCode::OK | StatusCode::NOT_FOUND) && set_cookies.is_empty();
    if !is_ordinary {
        shop.request_log.add(LoggedRequest { request_line, tls, status: response.status(), set_cookies });
    }
    response
}

/// Shortens a long value to four characters. The page must not show the value of an HttpOnly cookie, because scripts
/// can read the page.
fn shorten_value(header: &str) -> String {
    let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let start: String = value.chars().take(4).collect();
    let value = if value.len() > 8 { format!("{start}…") } else { value.to_owned() };
    format!("{name}={value};{attributes}")
}
