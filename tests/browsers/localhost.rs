//! Visits the first server of a new project in a browser: `axum::serve` on localhost over plain HTTP, without a
//! certificate, without connect info and without a setting for localhost. In a debug build, a user can sign in at this
//! server. If the server refuses localhost, the page shows the reason.

use std::net::{Ipv4Addr, SocketAddr};

use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Router, serve};
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
use serde_json::json;
use tokio::net::TcpListener;

use super::{Checks, webkitgtk};

/// The name of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

const HTTPS_ONLY: &str = "this page works over HTTPS only";
const STRICT: &str = "localhost does not count as HTTPS, because `TlsTermination::strict_loopback` is set";
const RELEASE_BUILD: &str = "localhost counts as HTTPS in debug builds only";

fn app(tls_termination: TlsTermination) -> Router {
    let page = async |cookies: Cookies| {
        let user = cookies.get::<Session>().map_or("nobody".to_owned(), |session| session.0);
        Html(format!(
            "<!doctype html><link rel=\"icon\" href=\"data:,\"><title>page</title><p>{user}</p>\
             <form method=\"post\" action=\"/sign-in\"><button>sign in</button></form>"
        ))
    };
    let sign_in = async |cookies: Cookies| {
        cookies.set(Session("Ada".into()))?;
        Ok::<_, SetError>(Redirect::to("/"))
    };
    Router::new().route("/", get(page)).route("/sign-in", post(sign_in)).layer(Policy::default().layer(tls_termination))
}

/// Serves the application with `axum::serve`, and returns the port.
fn start(tls_termination: TlsTermination, with_connect_info: bool) -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let listener = TcpListener::from_std(listener).unwrap();
    let app = app(tls_termination);
    if with_connect_info {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { serve(listener, app).await });
    } else {
        tokio::spawn(async move { serve(listener, app).await });
    }
    port
}

/// In a debug build, the user signs in at `http://localhost`, and the next request contains the Secure cookie. WebKitGTK
/// does not store the cookie, so the user stays signed out. According to MDN's compatibility data, Safari does not store
/// the cookie either. In a release build, and with `strict_loopback`, the page shows why the server refuses the request.
pub(crate) fn first_server_works_in_debug_builds(checks: &mut Checks<'_>) {
    let port = start(TlsTermination::per_connection(), false);
    for host in ["localhost", "app.localhost", "127.0.0.1"] {
        let tab = checks.browser.tab();
        let url = format!("http://{host}:{port}/");
        tab.navigate(&url).unwrap();
        let text = || tab.evaluate("document.body.innerText.trim()");
        if !cfg!(debug_assertions) {
            checks.equal(format!("{host}: the refusal"), text(), json!(format!("{HTTPS_ONLY}: {RELEASE_BUILD}")));
            continue;
        }
        let user = || tab.evaluate("document.querySelector('p').textContent");
        checks.equal(format!("{host}: the user before sign-in"), user(), json!("nobody"));
        tab.click("form button");
        let is_signed_in = checks.browser.kind.trusts_loopback();
        let expected = if is_signed_in { "Ada" } else { "nobody" };
        checks.equal(format!("{host}: the user after sign-in"), user(), json!(expected));
        checks.equal(format!("{host}: the URL after sign-in"), tab.evaluate("location.href"), json!(url));
        let cookies: Vec<_> =
            tab.cookies().into_iter().map(|it| (it.name, it.value, it.secure, it.http_only)).collect();
        let expected = vec![("__Host-Http-session".to_owned(), "Ada".to_owned(), true, true)];
        if is_signed_in {
            checks.equal(format!("{host}: the cookies"), cookies, expected);
        } else {
            checks.equal(format!("{host}: the cookies"), cookies, Vec::new());
            checks.known_difference(format!("nobody can sign in at http://{host}: {}", webkitgtk::LOOPBACK));
        }
    }
    // Without connect info, the server does not know that the browser runs on this machine. So the browser does not get
    // the whole reason.
    let reason = if cfg!(debug_assertions) {
        format!("{HTTPS_ONLY}: the connection is not marked as TLS; {STRICT}")
    } else {
        HTTPS_ONLY.to_owned()
    };
    for (with_connect_info, sentence) in [(false, HTTPS_ONLY), (true, &*reason)] {
        let port = start(TlsTermination::per_connection().strict_loopback(), with_connect_info);
        let tab = checks.browser.tab();
        tab.navigate(&format!("http://localhost:{port}/")).unwrap();
        let shown = tab.evaluate("document.body.innerText.trim()");
        checks.equal(format!("the refusal with connect info: {with_connect_info}"), shown, json!(sentence));
        checks.equal("the cookies after the refusal", tab.cookies(), Vec::new());
    }
}
