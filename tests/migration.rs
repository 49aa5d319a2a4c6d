//! Runs the code that `runtime/docs/migration.md` shows, and one recipe of `runtime/docs/recipes.md`. Each example has
//! old code, which uses another library, and new code, which uses hardtack. A page shows the text between the comments
//! `migration: name` and `migration: end`.

#![allow(dead_code, unreachable_pub, reason = "excerpts of programs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper fails the test")]

#[path = "migration/axum_extra.rs"]
mod axum_extra;
#[path = "migration/cookie_crate.rs"]
mod cookie_crate;
#[path = "migration/errors.rs"]
mod errors;
#[path = "migration/headers.rs"]
mod headers;
#[path = "migration/jars.rs"]
mod jars;
#[path = "migration/platform.rs"]
mod platform;
#[path = "migration/rollout.rs"]
mod rollout;
#[path = "support/snippets.rs"]
mod snippets;
#[path = "migration/tower_cookies.rs"]
mod tower_cookies;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use hardtack::tls::Transport;
use hardtack::{Policy, TlsTermination};
use tower::ServiceExt as _;

const PAGE: &str = include_str!("../runtime/docs/migration.md");
const RECIPES: &str = include_str!("../runtime/docs/recipes.md");
const SOURCES: &[&str] = &[
    include_str!("migration/axum_extra.rs"),
    include_str!("migration/cookie_crate.rs"),
    include_str!("migration/errors.rs"),
    include_str!("migration/headers.rs"),
    include_str!("migration/jars.rs"),
    include_str!("migration/platform.rs"),
    include_str!("migration/rollout.rs"),
    include_str!("migration/tower_cookies.rs"),
    include_str!("examples/recipes/private_cookie_jar.rs"),
    include_str!("frameworks/migration.rs"),
];

type TestResult = Result<(), Box<dyn std::error::Error>>;

#[test]
fn pages_show_exactly_the_code_of_this_test() {
    let regions: Vec<(String, String)> = SOURCES.iter().copied().flat_map(snippets::regions).collect();
    for (name, text) in &regions {
        let mark = format!("migration: {name}");
        let page = if RECIPES.contains(&format!("<!-- {mark} -->")) { RECIPES } else { PAGE };
        let shown = snippets::code_block(page, &mark, "rust,ignore (run by tests/migration.rs)");
        assert_eq!(shown, text, "the page's block `{name}` differs from the code; it should be:\n\n{text}");
    }
    let marks = [PAGE, RECIPES].map(|page| page.matches("<!-- migration: ").count());
    assert_eq!(marks[0] + marks[1], regions.len());
    assert_eq!(PAGE.matches("```rust").count(), marks[0], "the page has a block that no test runs");
    assert_eq!(RECIPES.matches("```rust,ignore").count(), marks[1], "the recipes have a block that no test runs");
}

/// Returns the `Set-Cookie` headers in the comments of a code region, in order. If a comment ends with `…`, it shows
/// only the beginning of the header.
fn shown_headers(name: &str) -> Vec<String> {
    let regions = SOURCES.iter().copied().flat_map(snippets::regions);
    let (_, text) = regions.into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name}"));
    text.lines().filter_map(|line| Some(line.split_once("// Set-Cookie: ")?.1.to_owned())).collect()
}

/// Asserts that the comments of the code region show exactly the `Set-Cookie` headers in `sent`, in the same order.
#[track_caller]
fn assert_shown(name: &str, sent: &[String]) {
    let shown = shown_headers(name);
    let matches = |(sent, shown): (&String, &String)| match shown.strip_suffix('…') {
        Some(beginning) => sent.starts_with(beginning),
        None => sent == shown,
    };
    assert!(sent.len() == shown.len() && sent.iter().zip(&shown).all(matches), "sent {sent:#?}\nshown {shown:#?}");
}

/// Returns the `Set-Cookie` headers of a response.
fn set_cookies(response: &HeaderMap) -> Vec<String> {
    response.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

/// A response. The test has read the whole body.
struct Reply {
    status: StatusCode,
    set_cookies: Vec<String>,
    headers: HeaderMap,
    body: String,
}

/// Sends `GET /` with the given `Cookie` header to a router, over TLS.
async fn send(router: Router, cookie: &str) -> Reply {
    send_over(Transport::Tls, router, cookie).await
}

async fn send_over(transport: Transport, router: Router, cookie: &str) -> Reply {
    let request = Request::get("/").header("cookie", cookie).header("host", "shop.example").extension(transport);
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Reply { status: parts.status, set_cookies: set_cookies(&parts.headers), headers: parts.headers, body }
}

/// Adds hardtack's layer to the router.
fn with_policy(router: Router) -> Router {
    router.layer(Policy::default().layer(TlsTermination::per_connection()))
}
