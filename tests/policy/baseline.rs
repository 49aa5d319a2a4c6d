//! Tests the baseline. The layer compares each attribute of a cookie with the baseline, and sends the stricter value.

use std::time::Duration;

use axum::Router;
use axum::http::header::SET_COOKIE;
use hardtack::event::Kind::HeaderHardened;
use hardtack::policy::{Baseline, Exception, UndeclaredCookies};
use hardtack::tls::Transport;
use hardtack::{Cookies, SameSite, SetCookie, SetError, TlsTermination};
use tower::ServiceExt as _;

use super::{
    BANNER, Banner, Cart, RecordingPolicy, SECRET, SESSION, SPECS, THEME, Theme, new_request, send_cookies, session,
    without_force_https,
};

#[tokio::test]
async fn stricter_of_baseline_and_declaration_is_sent() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(SetCookie::new(Cart(7)).same_site(SameSite::Strict).max_age(Duration::from_secs(60)))?;
        cookies.set(Theme(SECRET.to_owned()))?;
        cookies.set(Banner(SECRET.to_owned()))
    }
    let cart = "__Host-Http-cart=7; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict";
    for (baseline, expected) in [
        (
            Baseline::new().same_site(SameSite::Strict),
            [SESSION.replace("Lax", "Strict"), cart.into(), THEME.replace("Lax", "Strict"), BANNER.to_owned()],
        ),
        (Baseline::new().http_only(), [SESSION.into(), cart.into(), format!("{THEME}; HttpOnly"), BANNER.to_owned()]),
        (
            Baseline::new().longest_max_age(Duration::from_secs(3600)),
            [SESSION.replace("28800", "3600"), cart.into(), THEME.to_owned(), BANNER.to_owned()],
        ),
        (
            Baseline::new().same_site(SameSite::Lax).longest_max_age(Duration::from_secs(86_400)),
            [SESSION, cart, THEME, BANNER].map(str::to_owned),
        ),
        (Baseline::new().same_site(SameSite::None), [SESSION, cart, THEME, BANNER].map(str::to_owned)),
    ] {
        let policy = without_force_https()
            .baseline(baseline.clone())
            .exception(Exception::for_cookie("banner").everything().because("a widget of a partner reads it"));
        let (recorded, routes) = (RecordingPolicy::new(policy), Router::new().fallback(set));
        let sent = recorded.send(TlsTermination::here(), routes, new_request(Transport::Tls, "/", &[])).await;
        assert_eq!(sent.set_cookies(), expected, "{baseline:?}");
        let declared = [SESSION, cart, THEME, BANNER];
        let changed = sent.set_cookies().iter().zip(declared).filter(|(header, declared)| header != declared).count();
        assert_eq!(sent.events.len(), changed, "{baseline:?}");
        assert!(
            sent.event_summaries().iter().all(|(kind, _, rule)| (*kind, *rule) == (HeaderHardened, "baseline")),
            "{baseline:?}"
        );
    }
}

#[tokio::test]
async fn baseline_changes_undeclared_attributes_in_place() {
    let baseline = Baseline::new().same_site(SameSite::Strict).http_only().longest_max_age(Duration::from_secs(3600));
    for (header, expected) in [
        ("a=opensesame; Path=/", "a=opensesame; Path=/; Secure; SameSite=Strict; HttpOnly"),
        ("a=opensesame;  samesite = lax ;X=y; Secure", "a=opensesame;  samesite=Strict;X=y; Secure; HttpOnly"),
        ("sid=opensesame; Max-Age=99999", "sid=opensesame; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"),
        (
            "sid=opensesame; Max-Age=99999; Max-Age=soon; Secure; HttpOnly; SameSite=Strict",
            "sid=opensesame; Max-Age=3600; Max-Age=3600; Secure; HttpOnly; SameSite=Strict",
        ),
        (
            "a=opensesame; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict",
            "a=opensesame; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict; Max-Age=3600",
        ),
        (
            "a=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
            "a=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
        ),
        ("csrf=opensesame; Secure; SameSite=Strict", "csrf=opensesame; Secure; SameSite=Strict; HttpOnly"),
        ("basket=opensesame; Max-Age=99999", "basket=opensesame; Max-Age=99999"),
    ] {
        let policy = || {
            without_force_https()
                .baseline(baseline.clone())
                .exception(Exception::for_cookie("basket").everything().because("the old shop reads it until March"))
        };
        let sent = send_cookies(policy(), Transport::Tls, &[header]).await;
        assert_eq!(sent.set_cookies(), [expected]);
        let again = send_cookies(policy(), Transport::Tls, &[expected]).await;
        assert_eq!((again.set_cookies(), again.event_summaries()), (vec![expected.to_owned()], vec![]));
    }
    // The layer never adds `SameSite=None`, because browsers are stricter with a cookie that has no `SameSite`.
    let weakest = without_force_https().baseline(Baseline::new().same_site(SameSite::None));
    let sent = send_cookies(weakest, Transport::Tls, &["a=opensesame; Secure"]).await;
    assert_eq!((sent.set_cookies(), sent.event_summaries()), (vec!["a=opensesame; Secure".to_owned()], vec![]));
    // The baseline applies to undeclared cookies even if the policy only observes undeclared cookies.
    let observe = without_force_https()
        .undeclared_cookies(UndeclaredCookies::Observe)
        .baseline(Baseline::new().same_site(SameSite::Lax));
    let sent = send_cookies(observe, Transport::Tls, &["a=opensesame; Secure"]).await;
    assert_eq!(sent.set_cookies(), ["a=opensesame; Secure; SameSite=Lax"]);
}

#[tokio::test]
async fn outer_layer_accepts_headers_tightened_by_the_baseline() {
    let policy = without_force_https().undeclared_cookies(UndeclaredCookies::Refuse).declared(SPECS);
    let policy = policy.baseline(Baseline::new().same_site(SameSite::Strict).http_only()).build().unwrap();
    let routes = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session())?;
        cookies.set(Theme(SECRET.to_owned()))
    });
    let routes = routes.layer(policy.layer(TlsTermination::here())).layer(policy.layer(TlsTermination::here()));
    let response = routes.oneshot(new_request(Transport::Tls, "/", &[])).await.unwrap();
    let headers: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
    assert_eq!(headers, [&SESSION.replace("Lax", "Strict"), &format!("{THEME}; HttpOnly").replace("Lax", "Strict")]);
}
