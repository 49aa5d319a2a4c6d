//! Sends requests to the examples of the page `runtime/docs/recipes.md`, as a browser on the same machine does. Checks
//! that the page shows the code of the examples.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a panic in a helper fails the test")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use hardtack::testing::Browser;
use tower::ServiceExt as _;

/// Declares the module of each example, and the list of their source files.
macro_rules! examples {
    ($($name:ident: $file:literal),* $(,)?) => {
        $(
            #[path = $file]
            #[allow(dead_code, reason = "no test calls the function `main`")]
            mod $name;
        )*

        const EXAMPLES: &[(&str, &str)] = &[$((stringify!($name), include_str!($file))),*];
    };
}

examples! {
    base_path: "examples/recipes/base_path.rs",
    csrf_token: "examples/recipes/csrf_token.rs",
    flash_message: "examples/recipes/flash_message.rs",
    oauth_state: "examples/recipes/oauth_state.rs",
    private_cookie_jar: "examples/recipes/private_cookie_jar.rs",
    remember_me: "examples/recipes/remember_me.rs",
    rolling_session: "examples/recipes/rolling_session.rs",
    several_tenants: "examples/recipes/several_tenants.rs",
}

const PAGE: &str = include_str!("../runtime/docs/recipes.md");

#[test]
fn the_page_shows_the_code_of_each_example() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ["));
    let listed: Vec<&str> = rows.map(|row| row.rsplit('`').nth(1).unwrap()).collect();
    let mut names: Vec<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
    names.sort_by_key(|name| listed.iter().position(|listed| listed == name));
    assert_eq!(listed, names);
    for (name, source) in EXAMPLES {
        let (_, recipe) = source.split_once("\n// ---- The recipe.\n\n").unwrap();
        let (recipe, _) = recipe.split_once("\n// ---- The rest of the application.\n").unwrap();
        let items = recipe.split("\n\n").map(str::trim).filter(|item| !item.starts_with("// migration: end"));
        for item in items.map(|item| item.trim_end_matches("\n// migration: end")) {
            let item = item.strip_prefix("// migration: private jar\n").unwrap_or(item);
            assert!(!item.is_empty() && PAGE.contains(item), "the page does not show this part of {name}:\n{item}");
        }
    }
}

/// A response.
struct Page {
    status: StatusCode,
    location: Option<String>,
    /// The values of the `Set-Cookie` headers.
    set_cookies: Vec<String>,
    text: String,
}

/// Sends the request over plain HTTP to the port 3000, as a browser on the same machine does. The function follows no
/// redirect.
async fn send(app: &Router, browser: &mut Browser, method: Method, url: &str, form: &str) -> Page {
    let (host, path) = url.split_once('/').unwrap();
    let path = format!("/{path}");
    let request = Request::builder()
        .method(method)
        .uri(&path)
        .header("Host", host)
        .header("Content-Type", "application/x-www-form-urlencoded");
    let mut request = request.body(Body::from(form.to_owned())).unwrap();
    request.headers_mut().extend(browser.visit(&path));
    let response = app.clone().oneshot(request).await.unwrap();
    browser.store(response.headers());
    let values = |name: &str| response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned());
    let (location, set_cookies) = (values("location").next(), values("set-cookie").collect());
    let status = response.status();
    let text = to_bytes(response.into_body(), 10_000).await.unwrap();
    Page { status, location, set_cookies, text: String::from_utf8(text.to_vec()).unwrap() }
}

async fn get(app: &Router, browser: &mut Browser, path: &str) -> String {
    let page = send(app, browser, Method::GET, &format!("localhost:3000{path}"), "").await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    page.text
}

/// Sends a form. Returns the path to which the response redirects.
async fn post(app: &Router, browser: &mut Browser, path: &str, form: &str) -> String {
    let page = send(app, browser, Method::POST, &format!("localhost:3000{path}"), form).await;
    page.location.unwrap_or_else(|| panic!("{path}: {} {}", page.status, page.text))
}

fn localhost() -> Browser {
    Browser::new("http://localhost:3000")
}

// In a release build, localhost never counts as HTTPS, so no example works there.
#[cfg(debug_assertions)]
mod in_a_debug_build {
    use super::*;

    #[tokio::test]
    async fn remembered_session_survives_the_end_of_the_browser() {
        let app = remember_me::app().unwrap();
        for (form, survives) in [("remember_me=on", true), ("", false)] {
            let mut browser = localhost();
            assert!(get(&app, &mut browser, "/").await.contains("Remember me"));
            assert_eq!(post(&app, &mut browser, "/sign-in", form).await, "/");
            assert!(get(&app, &mut browser, "/").await.contains("Signed in as user 7"));
            browser.close();
            assert_eq!(get(&app, &mut browser, "/").await.contains("Signed in"), survives, "{form:?}");
            post(&app, &mut browser, "/sign-out", "").await;
            assert_eq!(browser.names(), [""; 0]);
        }
    }

    #[tokio::test]
    async fn flash_message_appears_once() {
        let (app, mut browser) = (flash_message::app().unwrap(), localhost());
        assert_eq!(post(&app, &mut browser, "/save", "").await, "/");
        assert!(get(&app, &mut browser, "/").await.contains("Your changes are saved."));
        assert!(get(&app, &mut browser, "/").await.starts_with("<p>Home</p>"));
    }

    #[tokio::test]
    async fn only_the_form_with_the_token_is_accepted() {
        let (app, mut browser) = (csrf_token::app().unwrap(), localhost());
        let page = get(&app, &mut browser, "/transfer").await;
        let tokens: Vec<&str> = page.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let [token, forged] = tokens[..] else { panic!("{page}") };
        let mut status = async |token: &str| {
            let form = format!("csrf_token={token}");
            send(&app, &mut browser, Method::POST, "localhost:3000/transfer", &form).await.status
        };
        assert_eq!([status(token).await, status(forged).await], [StatusCode::OK, StatusCode::FORBIDDEN]);
    }

    #[tokio::test]
    async fn each_request_renews_the_session() {
        let (app, mut browser) = (rolling_session::app().unwrap(), localhost());
        post(&app, &mut browser, "/sign-in", "").await;
        for _request in 0..2 {
            let page = send(&app, &mut browser, Method::GET, "localhost:3000/", "").await;
            assert!(page.text.contains("Signed in."));
            let [header] = &page.set_cookies[..] else { panic!("{:?}", page.set_cookies) };
            assert!(header.starts_with("__Host-Http-session=") && header.contains("; Max-Age=1800;"), "{header}");
        }
        post(&app, &mut browser, "/sign-out", "").await;
        assert_eq!(browser.names(), [""; 0]);
    }

    #[tokio::test]
    async fn both_tabs_finish_their_sign_in() {
        let (app, mut browser) = (oauth_state::app().unwrap(), localhost());
        let mut links = Vec::new();
        for _tab in 0..2 {
            let page = get(&app, &mut browser, "/sign-in").await;
            links.push(page.split('"').nth(1).unwrap().to_owned());
        }
        for link in links {
            let mut to = link;
            for _redirect in 0..2 {
                let page = send(&app, &mut browser, Method::GET, &format!("localhost:3000{to}"), "").await;
                to = page.location.unwrap();
            }
            assert_eq!(to, "/cart");
        }
        assert_eq!(browser.names(), [""; 0]);
    }

    #[tokio::test]
    async fn session_is_valid_at_all_hosts_of_the_tenant() {
        let app = several_tenants::app().unwrap();
        let mut browser = Browser::new("http://shop.acme.localhost:3000");
        let page = send(&app, &mut browser, Method::POST, "shop.acme.localhost:3000/sign-in", "").await;
        assert_eq!(page.location.as_deref(), Some("/"));
        let [session] = browser.stored() else { panic!("{browser:?}") };
        assert_eq!((session.domain.as_str(), session.host_only), ("acme.localhost", false));
        let page = send(&app, &mut browser, Method::GET, "app.acme.localhost:3000/", "").await;
        assert_eq!(page.text, "Signed in.");
    }

    #[tokio::test]
    async fn cookie_has_the_path_behind_the_prefix() {
        let (app, mut browser) = (base_path::app().unwrap(), localhost());
        let to = post(&app, &mut browser, "/vault/sign-in", "").await;
        assert_eq!(browser.stored()[0].path, "/vault/identity/connect");
        assert_eq!(get(&app, &mut browser, &to).await, "This browser has begun the sign-in.");
        assert_eq!(get(&app, &mut localhost(), &to).await, "Another browser.");
    }

    #[tokio::test]
    async fn old_encrypted_session_is_replaced() {
        let (app, mut browser) = (private_cookie_jar::app().unwrap(), localhost());
        send(&app, &mut browser, Method::GET, "localhost:3000/old-sign-in", "").await;
        assert_eq!(browser.names(), ["session"]);
        assert_eq!(get(&app, &mut browser, "/").await, "10 bytes");
        assert_eq!(browser.names(), ["__Host-Http-session"]);
    }
}

/// A release build refuses plain HTTP, even on localhost.
#[cfg(not(debug_assertions))]
#[tokio::test]
async fn release_build_refuses_plain_http() {
    let page = send(&flash_message::app().unwrap(), &mut localhost(), Method::POST, "localhost:3000/save", "").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}
