//! {{project-name}}: a web application with a page for signed-in users.

use std::env;
use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

async fn home(cookies: Cookies) -> Html<&'static str> {
    match cookies.get::<Session>() {
        Some(Session(_id)) => {
            Html("<p>You are signed in.</p><form method=post action=/sign-out><button>Sign out</button></form>")
        }
        None => Html("<form method=post action=/sign-in><button>Sign in</button></form>"),
    }
}

async fn sign_in(cookies: Cookies) -> Result<Redirect, SetError> {
    // Check the password here, and set the random id of a session on the server.
    cookies.set(Session("s3cr3t".into()))?;
    Ok(Redirect::to("/"))
}

async fn sign_out(cookies: Cookies) -> Result<Redirect, SetError> {
    cookies.remove::<Session>()?;
    Ok(Redirect::to("/"))
}

fn app(policy: &Policy, tls: TlsTermination) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .layer(policy.layer(tls)) // the last layer
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    // The README lists the environment variables.
    let app = app(&Policy::from_env()?, TlsTermination::from_env()?);
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    println!("http://{address}");
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::Extension;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use hardtack::testing::Browser;
    use hardtack::tls::Transport;
    use tower::ServiceExt as _;

    use super::*;

    /// Sends a request to the application. Returns the status and the text of the response.
    async fn send(browser: &mut Browser, method: &str, path: &str) -> (StatusCode, String) {
        let app = app(&Policy::default(), TlsTermination::per_connection());
        let app = app.layer(Extension(Transport::Tls)); // every request of the test counts as HTTPS
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.headers_mut().extend(browser.visit(path));
        let response = app.oneshot(request).await.unwrap();
        browser.store(response.headers());
        let status = response.status();
        let text = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_user_signs_in_and_out() {
        let mut browser = Browser::new("https://shop.example");
        assert_eq!(send(&mut browser, "POST", "/sign-in").await.0, StatusCode::SEE_OTHER);
        assert_eq!(browser.names(), ["__Host-Http-session"]);
        assert!(send(&mut browser, "GET", "/").await.1.contains("You are signed in."));
        send(&mut browser, "POST", "/sign-out").await;
        assert_eq!(browser.names(), [""; 0]);
    }
}
