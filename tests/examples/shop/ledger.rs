//! The last exchanges, for the page to show. It stands outside the policy's layer and so sees what really leaves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::middleware::Next;
use axum::response::Response;
use hardtack::Transport;

use crate::Shop;

/// One request and what became of it.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) asked: String,
    pub(crate) tls: bool,
    pub(crate) status: StatusCode,
    pub(crate) set_cookie: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Ledger(Mutex<VecDeque<Exchange>>);

const KEPT: usize = 5;

impl Ledger {
    /// The newest first.
    pub(crate) fn newest(&self) -> Vec<Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, exchange: Exchange) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front(exchange);
        kept.truncate(KEPT);
    }
}

pub(crate) async fn record(State(shop): State<Arc<Shop>>, request: Request, next: Next) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path());
    let tls = request.extensions().get() == Some(&Transport::Tls);
    let response = next.run(request).await;
    let set_cookie: Vec<String> = response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|line| without_value(&String::from_utf8_lossy(line.as_bytes())))
        .collect();
    // A page, a style or a script that was simply served, or is not there, tells nothing.
    let tells = !matches!(response.status(), StatusCode::OK | StatusCode::NOT_FOUND) || !set_cookie.is_empty();
    if tells {
        shop.ledger.add(Exchange { asked, tls, status: response.status(), set_cookie });
    }
    response
}

/// The line with all but four characters of a long value cut: a page that shows an HttpOnly value hands it to scripts.
fn without_value(line: &str) -> String {
    let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let shown: String = value.chars().take(4).collect();
    let cut = if value.len() > 8 { format!("{shown}…") } else { value.to_owned() };
    format!("{name}={cut};{attributes}")
}
