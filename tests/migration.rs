//! Coming from elsewhere: each row of `runtime/docs/migration.md`, the old code by the library that people come from and
//! the new code by hardtack, side by side. Between `migration: name` and `migration: end` stands what the page shows.

#![allow(dead_code, unreachable_pub, reason = "parts of programs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails the test")]

#[path = "migration/axum_extra.rs"]
mod axum_extra;
#[path = "migration/cookie_crate.rs"]
mod cookie_crate;
#[path = "migration/headers.rs"]
mod headers;
#[path = "support/page.rs"]
mod page;
#[path = "migration/platform.rs"]
mod platform;
#[path = "migration/rollout.rs"]
mod rollout;
#[path = "migration/tower_cookies.rs"]
mod tower_cookies;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use hardtack::{Listener, Policy, Transport};
use tower::ServiceExt as _;

const PAGE: &str = include_str!("../runtime/docs/migration.md");
const SOURCES: &[&str] = &[
    include_str!("migration/axum_extra.rs"),
    include_str!("migration/cookie_crate.rs"),
    include_str!("migration/headers.rs"),
    include_str!("migration/platform.rs"),
    include_str!("migration/rollout.rs"),
    include_str!("migration/tower_cookies.rs"),
    include_str!("frameworks/migration.rs"),
];

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_page_shows_what_is_run_here_and_nothing_else() {
    let regions: Vec<(String, String)> = SOURCES.iter().copied().flat_map(page::regions).collect();
    for (name, text) in &regions {
        let shown = page::block(PAGE, &format!("migration: {name}"), "rust,ignore (run by tests/migration.rs)");
        assert_eq!(shown, text, "the page shows something else as `{name}`; it should be:\n\n{text}");
    }
    assert_eq!(PAGE.matches("<!-- migration: ").count(), regions.len());
    assert_eq!(PAGE.matches("```rust").count(), regions.len(), "a block that nothing runs");
}

/// The lines that a region says are sent: `// Set-Cookie: …`, in order. One that ends in `…` is the beginning of a line.
fn said(name: &str) -> Vec<String> {
    let regions = SOURCES.iter().copied().flat_map(page::regions);
    let (_, text) = regions.into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name}"));
    text.lines().filter_map(|line| Some(line.split_once("// Set-Cookie: ")?.1.to_owned())).collect()
}

/// Asserts that these lines were sent, in this order, and no others.
#[track_caller]
fn assert_said(name: &str, sent: &[String]) {
    let said = said(name);
    let matches = |(sent, said): (&String, &String)| match said.strip_suffix('…') {
        Some(beginning) => sent.starts_with(beginning),
        None => sent == said,
    };
    assert!(sent.len() == said.len() && sent.iter().zip(&said).all(matches), "sent {sent:#?}\nsaid {said:#?}");
}

fn lines(response: &HeaderMap) -> Vec<String> {
    response.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// What came back.
struct Answer {
    status: StatusCode,
    sent: Vec<String>,
    headers: HeaderMap,
    body: String,
}

/// Asks `/` of a router, over TLS, with this `Cookie` field.
async fn ask(router: Router, cookie: &str) -> Answer {
    ask_over(Transport::Tls, router, cookie).await
}

async fn ask_over(transport: Transport, router: Router, cookie: &str) -> Answer {
    let request = Request::get("/").header("cookie", cookie).header("host", "shop.example").extension(transport);
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: parts.status, sent: lines(&parts.headers), headers: parts.headers, body }
}

/// The router under hardtack's layer.
fn layered(router: Router) -> Router {
    router.layer(Policy::default().layer(Listener::per_connection()))
}
