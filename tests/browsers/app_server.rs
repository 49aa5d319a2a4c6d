//! A server for a test that needs several applications: several releases in sequence, or two releases at once. The test
//! replaces the application between two requests. The server records each request and the response to the request.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::response::Response;
use axum::{Router, middleware};
use rustls::ServerConfig;
use tower::ServiceExt as _;

use super::network::Ports;
use super::site::{self, RequestRecord};
use super::vectors::is_loopback;

type App = Arc<Mutex<Router>>;

pub(crate) struct AppServer {
    pub(crate) ports: Ports,
    app: App,
    requests: Arc<Mutex<Vec<RequestRecord>>>,
}

impl AppServer {
    /// The hosts that the browser reaches through the proxy. The server also serves `localhost` and `127.0.0.1`.
    pub(crate) const HOSTS: [&str; 4] = ["app.shop.example", "evil.shop.example", "shop.example", "other.test"];

    /// Starts the server without an application, on two loopback ports. Panics outside a Tokio runtime.
    pub(crate) fn start(tls: Arc<ServerConfig>) -> AppServer {
        let (app, requests) = (App::default(), Arc::default());
        let router = Router::new()
            .fallback(forward)
            .with_state(app.clone())
            .layer(middleware::from_fn_with_state(Arc::clone(&requests), site::record));
        AppServer { ports: Ports::serve(router, tls), app, requests }
    }

    /// Replaces the application.
    pub(crate) fn run(&self, app: Router) {
        *self.app.lock().unwrap() = app;
    }

    /// Returns the URL of a page over TLS. Browsers connect directly to loopback hosts, so the URL of a loopback host
    /// contains the server's port.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        let port = if is_loopback(host) { format!(":{}", self.ports.https.port()) } else { String::new() };
        format!("https://{host}{port}{path}")
    }

    /// Returns the requests that came after the previous call of `take_requests`, in the order of their responses.
    pub(crate) fn take_requests(&self) -> Vec<RequestRecord> {
        self.requests.lock().unwrap().drain(..).filter(|request| request.target != "/favicon.ico").collect()
    }
}

async fn forward(State(app): State<App>, request: Request) -> Response {
    let app = app.lock().unwrap().clone();
    let Ok(mut response) = app.oneshot(request).await;
    // The other suites visit `http://localhost`. So the browser must not store HSTS for `localhost`.
    response.headers_mut().remove(STRICT_TRANSPORT_SECURITY);
    response
}
