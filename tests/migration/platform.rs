//! Migration from a platform on which applications secure cookies with settings of the platform, and with attributes
//! that code appends to a cookie's value. Checks the cookies with the audit and with the layer.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hardtack::audit::{Context, set_cookie};
use hardtack::policy::{ForceHttps, UndeclaredCookies};
use hardtack::tls::Transport;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SetCookie, SetError, TlsTermination, document_cookie, testing};
use tower::ServiceExt as _;

use crate::{TestResult, assert_shown, send};

/// Returns a page with an insecure session cookie.
async fn page() -> impl IntoResponse {
    [(header::SET_COOKIE, "ASP.NET_SessionId=s3cr3t; path=/")]
}

#[tokio::test]
async fn policy_hardens_session_cookies() -> TestResult {
    // migration: secure session cookies
    // before: a switch of the platform. A handler or a library sends `ASP.NET_SessionId=s3cr3t; path=/`.

    // after: a policy hardens every `Set-Cookie` header. `Harden` is the default.
    let policy = Policy::builder().undeclared_cookies(UndeclaredCookies::Harden).build()?;
    let app = Router::new().route("/", get(page)).layer(policy.layer(TlsTermination::per_connection()));
    // Set-Cookie: ASP.NET_SessionId=s3cr3t; path=/; Secure; HttpOnly; SameSite=Lax
    // migration: end
    assert_shown("secure session cookies", &send(app, "a=1").await.set_cookies);
    Ok(())
}

#[tokio::test]
async fn new_policy_applies_at_once() -> TestResult {
    // migration: apply
    // before: apply the configuration to the environment, and perhaps publish again
    // after: the new policy applies to every request that begins after the call of `apply`
    let handle = PolicyHandle::new(Policy::builder().undeclared_cookies(UndeclaredCookies::Observe).build()?);
    let app = Router::new().route("/", get(page)).layer(handle.layer(TlsTermination::per_connection()));
    assert_eq!(send(app.clone(), "a=1").await.set_cookies, ["ASP.NET_SessionId=s3cr3t; path=/"]);

    handle.apply(Policy::default());
    assert_eq!(
        send(app.clone(), "a=1").await.set_cookies,
        ["ASP.NET_SessionId=s3cr3t; path=/; Secure; HttpOnly; SameSite=Lax"]
    );
    // migration: end
    Ok(())
}

#[tokio::test]
async fn pages_are_redirected_and_api_refused() -> TestResult {
    // migration: force https
    // before: two switches, one for pages and one for exposed integrations
    // after: page requests are redirected, and all other requests are refused
    let policy = Policy::builder().force_https(ForceHttps::on().api_paths(["/api"])).build()?; // `on()` is the default
    let app = Router::new()
        .route("/", get(page))
        .route("/api/orders", get(page))
        .layer(policy.layer(TlsTermination::per_connection()));
    assert_eq!(over_plain_http(&app, "/", "text/html").await, (308, "https://shop.example/".to_owned()));
    assert_eq!(over_plain_http(&app, "/api/orders", "text/html").await, (403, String::new()));
    // migration: end
    Ok(())
}

/// Sends a request over plain HTTP. Returns the status and the `Location` header. If the response has no `Location`
/// header, the returned location is an empty string.
async fn over_plain_http(app: &Router, path: &str, accept: &str) -> (u16, String) {
    let request = Request::get(path).header("accept", accept).header("host", "shop.example");
    let request = request.extension(Transport::Plain).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert!(response.headers().get("set-cookie").is_none());
    let location = response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
    (response.status().as_u16(), location.unwrap_or_default())
}

#[test]
fn set_cookie_action_becomes_a_declaration() -> TestResult {
    let https = testing::https();
    // migration: SetCookie
    // before: SetCookie("sample_cookie", "value", ExpirationSpan: 480, CookieSecure: True). HttpOnly is False by default.
    let before = "sample_cookie=value; Max-Age=28800; Path=/; Secure";
    let report = set_cookie(before.as_bytes(), &Context::https("shop.example"));
    let findings: Vec<_> = report.findings.iter().map(|finding| finding.rule.id()).collect();
    assert_eq!(findings, ["script-readable", "same-site-missing", "unprefixed"]);

    // after: a type declares the cookie once. The duration has a unit.
    #[derive(Cookie)]
    #[cookie(max_age = "480m")]
    struct SampleCookie(String);

    let after = SetCookie::new(SampleCookie("value".into())).header_value(&https)?;
    assert_eq!(after, "__Host-Http-sample_cookie=value; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
    assert!(set_cookie(after.as_bytes(), &Context::https("shop.example")).findings.is_empty());
    // migration: end
    Ok(())
}

#[test]
fn appended_secure_is_encoded() -> TestResult {
    let https = testing::https();
    // migration: appended
    // before: SetCookie("sample_cookie", "value; Secure"). A value that can add `; Secure` can also add `; Domain=`.
    let before = "sample_cookie=value; Secure";
    assert!(set_cookie(before.as_bytes(), &Context::https("shop.example")).stored.is_ok_and(|stored| stored.secure));

    // after: remove `; Secure` from the value, because it has no effect there
    #[derive(Cookie)]
    struct SampleCookie(String);

    let after = SetCookie::new(SampleCookie("value; Secure".into())).header_value(&https)?;
    assert_eq!(after, "__Host-Http-sample_cookie=value%3B%20Secure; Path=/; Secure; HttpOnly; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn document_cookie_is_generated() -> TestResult {
    // migration: document.cookie
    // before: document.cookie = 'sample_cookie=value; Secure';

    // after, in a page that a server renders
    #[derive(Cookie)]
    #[cookie(http_only = false, reason = "sample.js reads it")]
    struct SampleCookie(String);

    let text = document_cookie(&SampleCookie("value".into()))?;
    assert_eq!(
        format!("document.cookie = {};", text.js_string()),
        r#"document.cookie = "__Host-sample_cookie=value; Path=/; Secure; SameSite=Lax";"#
    );
    // migration: end
    Ok(())
}

mod widget {
    use super::*;

    // migration: SameSite=None
    // before: SameSite=None needs Secure, and HSTS or Force HTTPS
    // after: `SameSite=None` without Secure does not compile. A policy has HSTS and `force_https` by default.
    #[derive(Cookie)]
    #[cookie(same_site = None, reason = "partners embed the shop in a frame")]
    struct Widget(u32);

    pub async fn page(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(Widget(1)) // Set-Cookie: __Host-Http-widget=1; Path=/; Secure; HttpOnly; SameSite=None
    }
    // migration: end
}

#[tokio::test]
async fn same_site_none_is_always_secure() {
    let app = Router::new().route("/", get(widget::page));
    let reply = send(crate::with_policy(app), "a=1").await;
    assert_shown("SameSite=None", &reply.set_cookies);
    assert_eq!(reply.headers["strict-transport-security"], "max-age=31536000");
}
