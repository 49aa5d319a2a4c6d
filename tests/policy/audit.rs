//! Audits the responses that the layer sends. The audit must not find a weakness that the layer prevents.

use axum::Router;
use axum::http::header::{ACCEPT, CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, Method};
use hardtack::audit::{self, Context, Weakness};
use hardtack::policy::Baseline;
use hardtack::tls::Transport;
use hardtack::{Cookies, Policy, SameSite, TlsTermination};

use super::{
    Cart, HOST_NAME, OWN_HSTS, RecordingPolicy, UNDECLARED, insecure_routes, new_request, respond_with, send_cookies,
    session, with_force_https, without_force_https,
};

#[tokio::test]
async fn hardened_responses_pass_the_audit() {
    let headers: Vec<_> = UNDECLARED.iter().map(|header| (SET_COOKIE, header.as_bytes())).collect();
    let headers: Vec<_> = headers
        .iter()
        .cloned()
        .chain([(CACHE_CONTROL, &b"public, s-maxage=60"[..])])
        .chain([(STRICT_TRANSPORT_SECURITY, OWN_HSTS), (STRICT_TRANSPORT_SECURITY, OWN_HSTS)])
        .collect();
    let context = Context::https(HOST_NAME);
    let mut before = HeaderMap::new();
    for (name, value) in &headers {
        before.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let rules = |headers: &HeaderMap| -> Vec<Weakness> {
        let reports = audit::response(headers, &context);
        reports.iter().flat_map(|report| &report.findings).map(|finding| finding.rule).collect()
    };
    let found = rules(&before);
    for weakness in [Weakness::Insecure, Weakness::SharedCache, Weakness::HstsDoubled, Weakness::HstsShort] {
        assert!(found.contains(&weakness), "{weakness:?}");
    }

    let recorded = RecordingPolicy::new(without_force_https());
    let sent =
        recorded.send(TlsTermination::here(), respond_with(&headers), new_request(Transport::Tls, "/", &[])).await;
    assert_eq!(sent.set_cookies().len(), UNDECLARED.len());
    let found = rules(&sent.headers);
    assert!(!found.contains(&Weakness::Insecure), "{found:?}");
    // All findings are about cookies. No finding is about the response itself.
    assert!(audit::response(&sent.headers, &context).iter().all(|report| report.cookie.is_some()), "{found:?}");

    // With a baseline in the policy and a prefix in the session cookie's name, the audit reports no finding.
    let strict = without_force_https().baseline(Baseline::new().same_site(SameSite::Lax).http_only());
    let sent = send_cookies(strict, Transport::Tls, &["__Host-sid=opensesame; Path=/"]).await;
    assert_eq!(rules(&sent.headers), []);
}

#[tokio::test]
async fn redirects_and_refusals_pass_the_audit() {
    for (method, path, accept, status) in [
        (Method::GET, "/", "text/html", 308),
        (Method::GET, "/api", "text/html", 403),
        (Method::POST, "/", "application/json", 403),
    ] {
        let mut request = new_request(Transport::Plain, path, &[(ACCEPT, accept)]);
        *request.method_mut() = method.clone();
        let sent = RecordingPolicy::new(with_force_https())
            .send(TlsTermination::per_connection(), insecure_routes(), request)
            .await;
        assert_eq!(sent.status.as_u16(), status);
        let context = Context::http(HOST_NAME).request(method.as_str(), accept).status(sent.status);
        assert_eq!(audit::response(&sent.headers, &context), [], "{method} {path}");
    }
}

#[tokio::test]
async fn declared_cookies_pass_the_audit() {
    let routes = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session())?;
        cookies.set(Cart(7))
    });
    let sent = RecordingPolicy::new(Policy::builder())
        .send(TlsTermination::here(), routes, new_request(Transport::Tls, "/", &[]))
        .await;
    let reports = audit::response(&sent.headers, &Context::https(HOST_NAME));
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|report| report.stored.is_ok() && report.findings.is_empty()), "{reports:?}");
}
