//! Tests two headers that the policy writes: `Cache-Control` and `Strict-Transport-Security`.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use hardtack::event::Kind;
use hardtack::policy::{Caching, Hsts, PolicyBuilder};
use hardtack::tls::{Peer, Transport};
use hardtack::{Cookies, Policy, TlsTermination};

use super::{
    HOST_NAME, OWN_HSTS, PAGE, RecordingPolicy, SESSION, YEAR, new_request, respond_with, respond_with_cookies,
    session, without_force_https,
};

// ---- Caching.

#[tokio::test]
async fn no_shared_cache_stores_a_response_with_cookies() {
    use Caching::{NoStore, Private};
    let routes = |sets_cookie: bool, values: &[&'static str]| {
        let cookie = sets_cookie.then_some((SET_COOKIE, &b"sid=opensesame; Secure; HttpOnly; SameSite=Lax"[..]));
        let caching = values.iter().map(|value| (CACHE_CONTROL, value.as_bytes()));
        respond_with(&cookie.into_iter().chain(caching).collect::<Vec<_>>())
    };
    for (caching, values, expected, emits_event) in [
        (Private, &[][..], "private", false),
        (Private, &["max-age=60"], "private, max-age=60", false),
        (Private, &["public, max-age=60"], "private, max-age=60", true),
        (Private, &["max-age=60", "s-maxage=600"], "private, max-age=60", true),
        (Private, &["PUBLIC", "must-revalidate"], "private, must-revalidate", true),
        (Private, &["private"], "private", false),
        (Private, &["no-store"], "no-store", false),
        (Private, &["x=\"public, s-maxage=1\""], "private, x=\"public, s-maxage=1\"", false),
        (NoStore, &[], "no-store", false),
        (NoStore, &["private, max-age=60"], "no-store", false),
        (NoStore, &["public, max-age=60"], "no-store", true),
        (NoStore, &["no-store, max-age=0"], "no-store, max-age=0", false),
    ] {
        let recorded = RecordingPolicy::new(without_force_https().caching(caching));
        let request = || new_request(Transport::Tls, "/", &[]);
        let sent = recorded.send(TlsTermination::here(), routes(true, values), request()).await;
        assert_eq!(sent.header_values(CACHE_CONTROL), [expected], "{caching:?} {values:?}");
        let events: &[_] = if emits_event { &[(Kind::CachingChanged, "", "shared-cache")] } else { &[] };
        assert_eq!(sent.event_summaries(), events, "{caching:?} {values:?}");

        let without = recorded.send(TlsTermination::here(), routes(false, values), request()).await;
        assert_eq!(
            (without.header_values(CACHE_CONTROL), without.event_summaries()),
            (values.to_vec(), vec![]),
            "{caching:?} {values:?}"
        );
    }
}

#[tokio::test]
async fn only_sent_cookies_change_caching() {
    let routes = respond_with(&[(SET_COOKIE, b"a=opensesame"), (CACHE_CONTROL, b"public")]);
    let recorded = RecordingPolicy::new(without_force_https());
    let sent = recorded.send(TlsTermination::none(), routes, new_request(Transport::Plain, "/", &[])).await;
    assert_eq!((sent.set_cookies().len(), sent.header_values(CACHE_CONTROL)), (0, vec!["public"]));

    let jar = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session()).map(|()| [(CACHE_CONTROL, "public, max-age=60")])
    });
    let sent = recorded.send(TlsTermination::here(), jar, new_request(Transport::Tls, "/", &[])).await;
    assert_eq!(
        (sent.set_cookies(), sent.header_values(CACHE_CONTROL)),
        (vec![SESSION.into()], vec!["private, max-age=60"])
    );
}

// ---- HSTS.

/// Sends a response through the layer. The parameter `own` is the number of HSTS headers that the application writes
/// into the response. Returns the HSTS headers that the layer sends.
async fn hsts(policy: PolicyBuilder, termination: TlsTermination, host: &str, own: usize) -> Vec<String> {
    let routes = respond_with(&vec![(STRICT_TRANSPORT_SECURITY, OWN_HSTS); own]);
    let mut request = new_request(Transport::Tls, "/", &[(HOST, host)]);
    request.extensions_mut().insert(Peer(IpAddr::from([127, 0, 0, 1])));
    let sent = RecordingPolicy::new(policy).send(termination, routes, request).await;
    sent.header_values(STRICT_TRANSPORT_SECURITY).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn hsts_is_sent_once_and_only_over_https() {
    for own in 0..3 {
        for host in [HOST_NAME, "WWW.Site.Example.", "site.example:8443", "nas", "my_app"] {
            assert_eq!(
                hsts(without_force_https(), TlsTermination::here(), host, own).await,
                [YEAR],
                "{host}, {own} of its own"
            );
            assert_eq!(
                hsts(without_force_https(), TlsTermination::none(), host, own).await,
                [""; 0],
                "{host}, {own} of its own"
            );
        }
    }
}

#[tokio::test]
async fn hsts_is_not_sent_for_loopback_and_addresses() {
    for host in ["localhost", "app.localhost:3000", "127.0.0.1", "127.9.9.9:1", "192.0.2.7", "[::1]", "[2001:db8::1]:8"]
    {
        assert_eq!(hsts(without_force_https(), TlsTermination::here(), host, 0).await, [""; 0], "{host}");
        assert_eq!(hsts(without_force_https(), TlsTermination::none(), host, 2).await, [""; 0], "{host}");
    }
}

#[tokio::test]
async fn localhost_has_no_hsts_or_redirect() {
    let is_https = cfg!(debug_assertions);
    for own in 0..3 {
        let policy = Policy::builder().force_https(!is_https);
        assert_eq!(hsts(policy, TlsTermination::per_connection(), "localhost:3000", own).await, [""; 0]);
    }
    let mut request = new_request(Transport::Plain, "/", &[(HOST, "localhost:3000"), PAGE]);
    request.extensions_mut().insert(Peer(IpAddr::from([127, 0, 0, 1])));
    let routes = respond_with_cookies(&[b"sid=opensesame"]);
    let sent = RecordingPolicy::new(Policy::builder()).send(TlsTermination::per_connection(), routes, request).await;
    let expected = if is_https { (StatusCode::OK, 1) } else { (StatusCode::FORBIDDEN, 0) };
    assert_eq!((sent.status, sent.set_cookies().len()), expected);
}

#[tokio::test]
async fn hsts_has_the_policy_values() {
    for (policy, expected) in [
        (Hsts::one_year(), YEAR),
        (Hsts::one_year().include_subdomains(), "max-age=31536000; includeSubDomains"),
        (Hsts::one_year().preload().include_subdomains(), "max-age=31536000; includeSubDomains; preload"),
        (Hsts::from(true), YEAR),
    ] {
        assert_eq!(hsts(without_force_https().hsts(policy), TlsTermination::here(), HOST_NAME, 1).await, [expected]);
    }
    // The stricter of both values is sent: a policy with `max-age=0` does not shorten the application's own value.
    for (own, expected) in [(0, "max-age=0"), (1, "max-age=1")] {
        let zero = without_force_https().hsts(Hsts::one_year().max_age(Duration::ZERO));
        assert_eq!(hsts(zero, TlsTermination::here(), HOST_NAME, own).await, [expected]);
    }
    // If HSTS is off, the layer does not change the application's HSTS header.
    for off in [Hsts::off(), Hsts::from(false)] {
        assert_eq!(
            hsts(without_force_https().hsts(off.clone()), TlsTermination::here(), HOST_NAME, 1).await,
            ["max-age=1"]
        );
        assert_eq!(hsts(without_force_https().hsts(off), TlsTermination::here(), HOST_NAME, 0).await, [""; 0]);
    }
}
