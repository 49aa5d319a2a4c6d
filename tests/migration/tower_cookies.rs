//! Migration from tower-cookies 0.11. Sends requests to real routers.

use axum::Router;
use axum::routing::get;
use tower_cookies::CookieManagerLayer;

use crate::{assert_shown, send, with_policy};

mod before {
    // migration: tower-cookies before
    use tower_cookies::{Cookie, Cookies};

    pub async fn sign_in(cookies: Cookies) {
        let mut session = Cookie::new("session", "a b;c");
        session.set_http_only(true);
        cookies.add(session); // Set-Cookie: session=a b;c; HttpOnly
    }

    pub async fn home(cookies: Cookies) -> String {
        cookies.get("session").map(|session| session.value().to_owned()).unwrap_or_default()
    }

    pub async fn sign_out(cookies: Cookies) {
        cookies.remove(Cookie::new("session", "")); // Set-Cookie: session=; Max-Age=0; Expires=…
    }
    // migration: end
}

mod after {
    // migration: tower-cookies after
    use hardtack::{Cookie, Cookies, SetError};

    #[derive(Cookie)]
    pub struct Session(String);

    pub async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=a%20b%3Bc; Path=/; Secure; HttpOnly; SameSite=Lax
        cookies.set(Session("a b;c".into()))
    }

    pub async fn home(cookies: Cookies) -> String {
        cookies.get().map(|Session(id)| id).unwrap_or_default()
    }

    pub async fn sign_out(cookies: Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
        cookies.remove::<Session>()
    }
    // migration: end
}

fn with_cookie_manager(router: Router) -> Router {
    router.layer(CookieManagerLayer::new())
}

#[tokio::test]
async fn handlers_send_the_shown_headers() {
    let sign_in = send(with_cookie_manager(Router::new().route("/", get(before::sign_in))), "a=1").await;
    let sign_out = send(with_cookie_manager(Router::new().route("/", get(before::sign_out))), "session=s3cr3t").await;
    assert_shown("tower-cookies before", &[sign_in.set_cookies, sign_out.set_cookies].concat());
    assert_eq!(
        send(with_cookie_manager(Router::new().route("/", get(before::home))), "session=a%20b").await.body,
        "a b"
    );

    let sign_in = send(with_policy(Router::new().route("/", get(after::sign_in))), "a=1").await;
    let sign_out = send(with_policy(Router::new().route("/", get(after::sign_out))), "a=1").await;
    assert_shown("tower-cookies after", &[sign_in.set_cookies, sign_out.set_cookies].concat());
    let home = send(with_policy(Router::new().route("/", get(after::home))), "__Host-Http-session=a%20b").await;
    assert_eq!(home.body, "a b");
}

#[tokio::test]
async fn both_layers_can_wrap_one_application() {
    // migration: tower-cookies both
    // the policy is outermost, so it hardens the cookies of tower-cookies
    let router = Router::new()
        .route("/", get(before::sign_in))
        .layer(CookieManagerLayer::new())
        .layer(hardtack::Policy::default().layer(hardtack::TlsTermination::per_connection()));
    // Set-Cookie: session=a b;c; HttpOnly; Secure; SameSite=Lax
    // migration: end
    assert_shown("tower-cookies both", &send(router, "a=1").await.set_cookies);
}
