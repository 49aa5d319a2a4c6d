//! From a platform that secures cookies by switches and by text: the lines it asks for, by the audit and by the layer.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hardtack::audit::{Seen, set_cookie};
use hardtack::{Cookie, Cookies, ForceHttps, ForeignCookies, Listener, Policy, PolicyHandle, SetCookie, SetError};
use hardtack::{Transport, document_cookie, testing};
use tower::ServiceExt as _;

use crate::{Outcome, ask, assert_said};

/// A page whose session cookie nobody secured.
async fn page() -> impl IntoResponse {
    [(header::SET_COOKIE, "ASP.NET_SessionId=s3cr3t; path=/")]
}

#[tokio::test]
async fn secure_session_cookies() -> Outcome {
    // migration: secure session cookies
    // before: a switch. A handler, or a library in it, sends `ASP.NET_SessionId=s3cr3t; path=/`.

    // after: a policy, for every line that leaves, whoever wrote it; this is the default
    let policy = Policy::builder().foreign_cookies(ForeignCookies::Harden).build()?;
    let app = Router::new().route("/", get(page)).layer(policy.layer(Listener::per_connection()));
    // Set-Cookie: ASP.NET_SessionId=s3cr3t; path=/; Secure; HttpOnly; SameSite=Lax
    // migration: end
    assert_said("secure session cookies", &ask(app, "a=1").await.sent);
    Ok(())
}

#[tokio::test]
async fn apply_configuration() -> Outcome {
    // migration: apply
    // before: apply the configuration to the environment, perhaps publish again
    // after: in force for every request that begins from here on
    let handle = PolicyHandle::new(Policy::builder().foreign_cookies(ForeignCookies::Observe).build()?);
    let app = Router::new().route("/", get(page)).layer(handle.layer(Listener::per_connection()));
    assert_eq!(ask(app.clone(), "a=1").await.sent, ["ASP.NET_SessionId=s3cr3t; path=/"]);

    handle.apply(Policy::default());
    assert_eq!(
        ask(app.clone(), "a=1").await.sent,
        ["ASP.NET_SessionId=s3cr3t; path=/; Secure; HttpOnly; SameSite=Lax"]
    );
    // migration: end
    Ok(())
}

#[tokio::test]
async fn force_https() -> Outcome {
    // migration: force https
    // before: two switches, for screens and for exposed integrations
    // after: pages are redirected, everything else is refused and never redirected
    let policy = Policy::builder().force_https(ForceHttps::on().integrations(["/api"])).build()?; // `on()` is the default
    let app = Router::new()
        .route("/", get(page))
        .route("/api/orders", get(page))
        .layer(policy.layer(Listener::per_connection()));
    assert_eq!(over_plain_http(&app, "/", "text/html").await, (308, "https://shop.example/".to_owned()));
    assert_eq!(over_plain_http(&app, "/api/orders", "text/html").await, (403, String::new()));
    // migration: end
    Ok(())
}

/// The status and where it redirects to.
async fn over_plain_http(app: &Router, path: &str, accept: &str) -> (u16, String) {
    let request = Request::get(path).header("accept", accept).header("host", "shop.example");
    let request = request.extension(Transport::Plain).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert!(response.headers().get("set-cookie").is_none());
    let location = response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
    (response.status().as_u16(), location.unwrap_or_default())
}

#[test]
fn set_cookie_action() -> Outcome {
    let https = testing::https();
    // migration: SetCookie
    // before: SetCookie("sample_cookie", "value", ExpirationSpan: 480, CookieSecure: True); HttpOnly is False unless given
    let before = "sample_cookie=value; Max-Age=28800; Path=/; Secure";
    let raised = set_cookie(before.as_bytes(), &Seen::https("shop.example"));
    let raised: Vec<_> = raised.findings.iter().map(|finding| finding.rule.id()).collect();
    assert_eq!(raised, ["script-readable", "same-site-missing", "unprefixed"]);

    // after: said once, on a type; the span with its unit
    #[derive(Cookie)]
    #[cookie(max_age = "480m")]
    struct SampleCookie(String);

    let after = SetCookie::new(SampleCookie("value".into())).header_value(&https)?;
    assert_eq!(after, "__Host-Http-sample_cookie=value; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
    assert!(set_cookie(after.as_bytes(), &Seen::https("shop.example")).findings.is_empty());
    // migration: end
    Ok(())
}

#[test]
fn the_appended_secure() -> Outcome {
    let https = testing::https();
    // migration: appended
    // before: SetCookie("sample_cookie", "value; Secure"). What takes `; Secure` in a value takes `; Domain=` in one.
    let before = "sample_cookie=value; Secure";
    assert!(set_cookie(before.as_bytes(), &Seen::https("shop.example")).stored.is_ok_and(|stored| stored.secure));

    // after: take it out of the value; one that is left there does nothing
    #[derive(Cookie)]
    struct SampleCookie(String);

    let after = SetCookie::new(SampleCookie("value; Secure".into())).header_value(&https)?;
    assert_eq!(after, "__Host-Http-sample_cookie=value%3B%20Secure; Path=/; Secure; HttpOnly; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn document_cookie_in_a_page() -> Outcome {
    // migration: document.cookie
    // before: document.cookie = 'sample_cookie=value; Secure';

    // after, in a page that a server writes
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
    // before: SameSite=None goes with Secure, and with HSTS or Force HTTPS
    // after: it is Secure, or does not compile; HSTS and `force_https` are the policy's defaults
    #[derive(Cookie)]
    #[cookie(same_site = None, reason = "the shop stands in the frame of its partners")]
    struct Widget(u32);

    pub async fn page(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(Widget(1)) // Set-Cookie: __Host-Http-widget=1; Path=/; Secure; HttpOnly; SameSite=None
    }
    // migration: end
}

#[tokio::test]
async fn same_site_none() {
    let app = Router::new().route("/", get(widget::page));
    let answer = ask(crate::layered(app), "a=1").await;
    assert_said("SameSite=None", &answer.sent);
    assert_eq!(answer.headers["strict-transport-security"], "max-age=31536000");
}
