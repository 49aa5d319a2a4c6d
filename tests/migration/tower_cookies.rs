//! From tower-cookies 0.11, under its own layer.

use axum::Router;
use axum::routing::get;
use tower_cookies::CookieManagerLayer;

use crate::{ask, assert_said, layered};

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
    use hardtack::{Cookie, Cookies, ReadError, SetError};

    #[derive(Cookie)]
    pub struct Session(String);

    pub async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=a%20b%3Bc; Path=/; Secure; HttpOnly; SameSite=Lax
        cookies.set(Session("a b;c".into()))
    }

    pub async fn home(cookies: Cookies) -> Result<String, ReadError> {
        Ok(cookies.get::<Session>()?.map(|Session(id)| id).unwrap_or_default())
    }

    pub async fn sign_out(cookies: Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
        cookies.remove::<Session>()
    }
    // migration: end
}

fn theirs(router: Router) -> Router {
    router.layer(CookieManagerLayer::new())
}

#[tokio::test]
async fn handlers() {
    let sign_in = ask(theirs(Router::new().route("/", get(before::sign_in))), "a=1").await;
    let sign_out = ask(theirs(Router::new().route("/", get(before::sign_out))), "session=s3cr3t").await;
    assert_said("tower-cookies before", &[sign_in.sent, sign_out.sent].concat());
    assert_eq!(ask(theirs(Router::new().route("/", get(before::home))), "session=a%20b").await.body, "a b");

    let sign_in = ask(layered(Router::new().route("/", get(after::sign_in))), "a=1").await;
    let sign_out = ask(layered(Router::new().route("/", get(after::sign_out))), "a=1").await;
    assert_said("tower-cookies after", &[sign_in.sent, sign_out.sent].concat());
    let home = ask(layered(Router::new().route("/", get(after::home))), "__Host-Http-session=a%20b").await;
    assert_eq!(home.body, "a b");
}

#[tokio::test]
async fn both_layers_may_stand_around_one_application() {
    // migration: tower-cookies both
    // theirs within, ours outermost: their lines are hardened on the way out
    let router = Router::new()
        .route("/", get(before::sign_in))
        .layer(CookieManagerLayer::new())
        .layer(hardtack::Policy::default().layer(hardtack::Listener::per_connection()));
    // Set-Cookie: session=a b;c; HttpOnly; Secure; SameSite=Lax
    // migration: end
    assert_said("tower-cookies both", &ask(router, "a=1").await.sent);
}
