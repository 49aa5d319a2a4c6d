//! What went through the layer, as the audit sees it.

use axum::Router;
use axum::http::header::{ACCEPT, CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, Method};
use hardtack::audit::{self, Seen, Weakness};
use hardtack::{Cookies, Floor, Listener, Policy, SameSite, Transport};

use super::{
    Cart, FOREIGN, HOST_NAME, OWN_HSTS, Recorded, answering, careless, forced, open, request, session, through,
};

#[tokio::test]
async fn the_audit_raises_no_insecure_cookie_and_nothing_of_the_response_once_it_went_through() {
    let lines: Vec<_> = FOREIGN.iter().map(|line| (SET_COOKIE, line.as_bytes())).collect();
    let careless: Vec<_> = lines
        .iter()
        .cloned()
        .chain([(CACHE_CONTROL, &b"public, s-maxage=60"[..])])
        .chain([(STRICT_TRANSPORT_SECURITY, OWN_HSTS), (STRICT_TRANSPORT_SECURITY, OWN_HSTS)])
        .collect();
    let seen = Seen::https(HOST_NAME);
    let mut before = HeaderMap::new();
    for (name, value) in &careless {
        before.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let rules = |headers: &HeaderMap| -> Vec<Weakness> {
        audit::response(headers, &seen)
            .into_iter()
            .flat_map(|report| report.findings)
            .map(|finding| finding.rule)
            .collect()
    };
    let raised = rules(&before);
    for weakness in [Weakness::Insecure, Weakness::SharedCache, Weakness::HstsDoubled, Weakness::HstsShort] {
        assert!(raised.contains(&weakness), "{weakness:?}");
    }

    let recorded = Recorded::new(open());
    let sent = recorded.ask(Listener::tls(), answering(&careless), request(Transport::Tls, "/", &[])).await;
    assert_eq!(sent.lines().len(), FOREIGN.len());
    let raised = rules(&sent.headers);
    assert!(!raised.contains(&Weakness::Insecure), "{raised:?}");
    assert!(audit::response(&sent.headers, &seen).iter().all(|report| report.cookie.is_some()), "{raised:?}");

    // A session under a floor is one that testers have nothing to say about but its name.
    let strict = open().floor(Floor::new().same_site(SameSite::Lax).http_only());
    let sent = through(strict, Transport::Tls, &["__Host-sid=opensesame; Path=/"]).await;
    assert_eq!(rules(&sent.headers), []);
}

#[tokio::test]
async fn the_audit_raises_nothing_about_the_layer_s_own_answers() {
    for (method, path, accept, status) in [
        (Method::GET, "/", "text/html", 308),
        (Method::GET, "/api", "text/html", 403),
        (Method::POST, "/", "application/json", 403),
    ] {
        let mut asked = request(Transport::Plain, path, &[(ACCEPT, accept)]);
        *asked.method_mut() = method.clone();
        let sent = Recorded::new(forced()).ask(Listener::per_connection(), careless(), asked).await;
        assert_eq!(sent.status.as_u16(), status);
        let seen = Seen::http(HOST_NAME).request(method.as_str(), accept).status(sent.status);
        assert_eq!(audit::response(&sent.headers, &seen), [], "{method} {path}");
    }
}

#[tokio::test]
async fn the_audit_raises_nothing_about_declared_cookies_under_the_layer() {
    let routes = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session())?;
        cookies.set(Cart(7))
    });
    let sent = Recorded::new(Policy::builder()).ask(Listener::tls(), routes, request(Transport::Tls, "/", &[])).await;
    let reports = audit::response(&sent.headers, &Seen::https(HOST_NAME));
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|report| report.stored.is_ok() && report.findings.is_empty()), "{reports:?}");
}
