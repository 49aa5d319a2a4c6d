//! The fields that the policy writes beside cookies: `Cache-Control` and `Strict-Transport-Security`.

use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use hardtack::{Caching, Cookies, EventKind, Hsts, Listener, Peer, Policy, PolicyBuilder, Transport};

use super::{HOST_NAME, OWN_HSTS, PAGE, Recorded, SESSION, YEAR, answering, open, request, session, setting};

// ---- Caching.

#[tokio::test]
async fn no_shared_cache_may_keep_a_response_that_sets_a_cookie() {
    use Caching::{NoStore, Private};
    let fields = |set: bool, values: &[&'static str]| {
        let cookie = set.then_some((SET_COOKIE, &b"sid=opensesame; Secure; HttpOnly; SameSite=Lax"[..]));
        answering(&cookie.into_iter().chain(values.iter().map(|it| (CACHE_CONTROL, it.as_bytes()))).collect::<Vec<_>>())
    };
    for (caching, values, expected, is_told) in [
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
        let recorded = Recorded::new(open().caching(caching));
        let asked = || request(Transport::Tls, "/", &[]);
        let sent = recorded.ask(Listener::tls(), fields(true, values), asked()).await;
        assert_eq!(sent.all(CACHE_CONTROL), [expected], "{caching:?} {values:?}");
        let told: &[_] = if is_told { &[(EventKind::CachingChanged, "", "shared-cache")] } else { &[] };
        assert_eq!(sent.told(), told, "{caching:?} {values:?}");

        let without = recorded.ask(Listener::tls(), fields(false, values), asked()).await;
        assert_eq!((without.all(CACHE_CONTROL), without.told()), (values.to_vec(), vec![]), "{caching:?} {values:?}");
    }
}

#[tokio::test]
async fn a_response_whose_only_cookie_is_held_back_may_be_cached_and_one_with_a_jar_s_may_not() {
    let routes = answering(&[(SET_COOKIE, b"a=opensesame"), (CACHE_CONTROL, b"public")]);
    let recorded = Recorded::new(open());
    let sent = recorded.ask(Listener::plain(), routes, request(Transport::Plain, "/", &[])).await;
    assert_eq!((sent.lines().len(), sent.all(CACHE_CONTROL)), (0, vec!["public"]));

    let jar = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session()).map(|()| [(CACHE_CONTROL, "public, max-age=60")])
    });
    let sent = recorded.ask(Listener::tls(), jar, request(Transport::Tls, "/", &[])).await;
    assert_eq!((sent.lines(), sent.all(CACHE_CONTROL)), (vec![SESSION.into()], vec!["private, max-age=60"]));
}

// ---- HSTS.

/// What HSTS leaves of these fields of the application's.
async fn hsts(policy: PolicyBuilder, listener: Listener, host: &str, own: usize) -> Vec<String> {
    let routes = answering(&vec![(STRICT_TRANSPORT_SECURITY, OWN_HSTS); own]);
    let mut request = request(Transport::Tls, "/", &[(HOST, host)]);
    request.extensions_mut().insert(Peer(IpAddr::from([127, 0, 0, 1])));
    let sent = Recorded::new(policy).ask(listener, routes, request).await;
    sent.all(STRICT_TRANSPORT_SECURITY).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn hsts_is_sent_once_over_https_and_never_over_plain_http() {
    for own in 0..3 {
        for host in [HOST_NAME, "WWW.Site.Example.", "site.example:8443", "nas", "my_app"] {
            assert_eq!(hsts(open(), Listener::tls(), host, own).await, [YEAR], "{host}, {own} of its own");
            assert_eq!(hsts(open(), Listener::plain(), host, own).await, [""; 0], "{host}, {own} of its own");
        }
    }
}

#[tokio::test]
async fn hsts_is_added_for_no_loopback_name_and_no_address() {
    for host in ["localhost", "app.localhost:3000", "127.0.0.1", "127.9.9.9:1", "192.0.2.7", "[::1]", "[2001:db8::1]:8"]
    {
        assert_eq!(hsts(open(), Listener::tls(), host, 0).await, [""; 0], "{host}");
        assert_eq!(hsts(open(), Listener::plain(), host, 2).await, [""; 0], "{host}");
    }
}

#[tokio::test]
async fn loopback_in_debug_is_https_without_hsts_and_without_a_redirect() {
    let listener = || Listener::plain().loopback_in_debug();
    for own in 0..3 {
        let policy = Policy::builder().force_https(!cfg!(debug_assertions));
        assert_eq!(hsts(policy, listener(), "localhost:3000", own).await, [""; 0]);
    }
    if !cfg!(debug_assertions) {
        // Not `println!`, which the harness keeps to itself where a test passes.
        let _ = writeln!(std::io::stderr(), "not run in a release build: `loopback_in_debug` does nothing there");
        return;
    }
    let mut asked = request(Transport::Plain, "/", &[(HOST, "localhost:3000"), PAGE]);
    asked.extensions_mut().insert(Peer(IpAddr::from([127, 0, 0, 1])));
    let routes = setting(&[b"sid=opensesame"]);
    let sent = Recorded::new(Policy::builder()).ask(listener(), routes, asked).await;
    assert_eq!((sent.status, sent.lines().len()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn hsts_says_what_the_policy_says() {
    for (policy, expected) in [
        (Hsts::one_year(), YEAR),
        (Hsts::one_year().subdomains(), "max-age=31536000; includeSubDomains"),
        (Hsts::one_year().preload().subdomains(), "max-age=31536000; includeSubDomains; preload"),
        (Hsts::one_year().max_age(Duration::ZERO), "max-age=0"),
        (Hsts::from(true), YEAR),
    ] {
        assert_eq!(hsts(open().hsts(policy), Listener::tls(), HOST_NAME, 1).await, [expected]);
    }
    // Off is the application's own business, over either.
    for off in [Hsts::off(), Hsts::from(false)] {
        assert_eq!(hsts(open().hsts(off.clone()), Listener::tls(), HOST_NAME, 1).await, ["max-age=1"]);
        assert_eq!(hsts(open().hsts(off), Listener::tls(), HOST_NAME, 0).await, [""; 0]);
    }
}
