//! Migration from axum-extra 0.12. Sends requests to real routers.

use axum::Router;
use axum::routing::get;
use hardtack::testing::{self, Browser};
use hardtack::{Policy, TlsTermination};

use crate::{assert_shown, send, with_policy};

mod before {
    // migration: axum-extra before
    use axum_extra::extract::CookieJar;
    use axum_extra::extract::cookie::Cookie;

    // The cookies are sent only if the handler returns the jar.
    pub async fn sign_in(jar: CookieJar) -> (CookieJar, &'static str) {
        let session = Cookie::build(("session", "s3cr3t")).path("/").http_only(true).secure(true);
        (jar.add(session), "signed in") // Set-Cookie: session=s3cr3t; HttpOnly; Secure; Path=/
    }

    pub async fn home(jar: CookieJar) -> String {
        jar.get("session").map_or("signed out".to_owned(), |session| format!("{} bytes", session.value().len()))
    }

    pub async fn sign_out(jar: CookieJar) -> CookieJar {
        jar.remove("session") // Set-Cookie: session=; Max-Age=0; Expires=…
    }
    // migration: end
}

mod after {
    // migration: axum-extra after
    use hardtack::{Cookie, Cookies, SetError};

    #[derive(Cookie)]
    pub struct Session(String);

    // The layer sends the cookies. The handler may return any type.
    pub async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
        // Set-Cookie: __Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax
        cookies.set(Session("s3cr3t".into()))?;
        Ok("signed in")
    }

    pub async fn home(cookies: Cookies) -> String {
        cookies.get().map_or("signed out".to_owned(), |Session(id)| format!("{} bytes", id.len()))
    }

    pub async fn sign_out(cookies: Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
        cookies.remove::<Session>()
    }
    // migration: end
}

mod errors {
    use axum::http::StatusCode;
    use axum_extra::extract::CookieJar;
    use hardtack::{Cookie, Cookies};

    // migration: axum-extra errors
    /// The cookie is not set, because the handler returns an error and drops the jar.
    pub async fn before(jar: CookieJar) -> Result<CookieJar, StatusCode> {
        let _jar = jar.add(("attempts", "1"));
        Err(StatusCode::UNAUTHORIZED)
    }

    #[derive(Cookie)]
    struct Attempts(u32);

    /// The cookie is set, because the layer also adds the cookie to an error response.
    pub async fn after(cookies: Cookies) -> axum::response::Result<()> {
        // Set-Cookie: __Host-Http-attempts=1; Path=/; Secure; HttpOnly; SameSite=Lax
        cookies.set(Attempts(1))?;
        Err(StatusCode::UNAUTHORIZED.into())
    }
    // migration: end
}

#[path = "../examples/recipes/private_cookie_jar.rs"]
#[allow(dead_code, reason = "the test calls the handlers")]
mod private_jar;

#[tokio::test]
async fn private_jar_is_replaced_and_signs_nobody_out() {
    use axum_extra::extract::cookie::Key;

    let key = Key::from(&[7; 64]);
    let policy = Policy::builder().keyring(testing::keyring()).build().unwrap();
    let route = |handler: axum::routing::MethodRouter<Key>| {
        let router = Router::new().route("/", handler).with_state(key.clone());
        router.layer(policy.layer(TlsTermination::per_connection()))
    };
    let visit = async |browser: &mut Browser, router: Router| {
        let request = browser.visit("/");
        let cookie = request.get("cookie").map_or("", |cookie| cookie.to_str().unwrap());
        let reply = send(router, cookie).await;
        assert_eq!(reply.status, 200);
        browser.store(&reply.headers);
        reply.body
    };

    let mut browser = Browser::new("https://shop.example");
    visit(&mut browser, route(get(private_jar::old_sign_in))).await;
    assert_eq!(browser.names(), ["session"]);
    let mut second = browser.clone();

    // "s3cr3t; ë" has ten bytes.
    for _ in 0..2 {
        assert_eq!(visit(&mut browser, route(get(private_jar::home))).await, "10 bytes");
        assert_eq!(browser.names(), ["__Host-Http-session"]);
    }
    visit(&mut browser, route(get(private_jar::sign_out))).await;
    assert_eq!(visit(&mut browser, route(get(private_jar::home))).await, "signed out");

    // The second user signs out before the application has replaced the old cookie.
    visit(&mut second, route(get(private_jar::sign_out))).await;
    assert_eq!(second.names(), [""; 0]);
    assert_eq!(visit(&mut second, route(get(private_jar::home))).await, "signed out");
}

#[tokio::test]
async fn handlers_send_the_shown_headers() {
    let sign_in = send(Router::new().route("/", get(before::sign_in)), "a=1").await;
    let sign_out = send(Router::new().route("/", get(before::sign_out)), "session=s3cr3t").await;
    assert_shown("axum-extra before", &[sign_in.set_cookies, sign_out.set_cookies].concat());
    assert_eq!(send(Router::new().route("/", get(before::home)), "session=s3cr3t").await.body, "6 bytes");

    let sign_in = send(with_policy(Router::new().route("/", get(after::sign_in))), "a=1").await;
    let sign_out = send(with_policy(Router::new().route("/", get(after::sign_out))), "a=1").await;
    assert_shown("axum-extra after", &[sign_in.set_cookies, sign_out.set_cookies].concat());
    let home = send(with_policy(Router::new().route("/", get(after::home))), "__Host-Http-session=s3cr3t").await;
    assert_eq!(home.body, "6 bytes");
}

#[tokio::test]
async fn error_response_keeps_its_cookies() {
    let before = send(Router::new().route("/", get(errors::before)), "a=1").await;
    assert_eq!((before.status.as_u16(), before.set_cookies.len()), (401, 0));
    let after = send(with_policy(Router::new().route("/", get(errors::after))), "a=1").await;
    assert_eq!(after.status, 401);
    assert_shown("axum-extra errors", &after.set_cookies);
}
