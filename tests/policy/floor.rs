//! The floor: of it and what a cookie has, the stricter leaves.

use std::time::Duration;

use axum::Router;
use axum::http::header::SET_COOKIE;
use hardtack::EventKind::LineHardened;
use hardtack::{Cookies, Floor, ForeignCookies, Listener, SameSite, SetCookie, SetError, Transport};
use tower::ServiceExt as _;

use super::{BANNER, Banner, Cart, Recorded, SECRET, SESSION, SPECS, THEME, Theme, open, request, session, through};

#[tokio::test]
async fn the_stricter_of_floor_and_declaration_leaves() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(SetCookie::new(Cart(7)).same_site(SameSite::Strict).max_age(Duration::from_secs(60)))?;
        cookies.set(Theme(SECRET.to_owned()))?;
        cookies.set(Banner(SECRET.to_owned()))
    }
    let cart = "__Host-Http-cart=7; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict";
    for (floor, expected) in [
        (
            Floor::new().same_site(SameSite::Strict),
            [SESSION.replace("Lax", "Strict"), cart.into(), THEME.replace("Lax", "Strict"), BANNER.to_owned()],
        ),
        (Floor::new().http_only(), [SESSION.into(), cart.into(), format!("{THEME}; HttpOnly"), BANNER.to_owned()]),
        (
            Floor::new().max_age(Duration::from_secs(3600)),
            [SESSION.replace("28800", "3600"), cart.into(), THEME.to_owned(), BANNER.to_owned()],
        ),
        (
            Floor::new().same_site(SameSite::Lax).max_age(Duration::from_secs(86_400)),
            [SESSION, cart, THEME, BANNER].map(str::to_owned),
        ),
        (Floor::new().same_site(SameSite::None), [SESSION, cart, THEME, BANNER].map(str::to_owned)),
    ] {
        let policy = open().floor(floor.clone()).exception("banner", "a widget of a partner reads it");
        let (recorded, routes) = (Recorded::new(policy), Router::new().fallback(set));
        let sent = recorded.ask(Listener::tls(), routes, request(Transport::Tls, "/", &[])).await;
        assert_eq!(sent.lines(), expected, "{floor:?}");
        let raised = sent.lines().iter().zip([SESSION, cart, THEME, BANNER]).filter(|(line, was)| line != was).count();
        assert_eq!(sent.told.len(), raised, "{floor:?}");
        assert!(sent.told().iter().all(|(kind, _, rule)| (*kind, *rule) == (LineHardened, "floor")), "{floor:?}");
    }
}

#[tokio::test]
async fn the_floor_raises_foreign_lines_in_their_place_and_their_exceptions_stay() {
    let floor = Floor::new().same_site(SameSite::Strict).http_only().max_age(Duration::from_secs(3600));
    for (line, expected) in [
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
        ("a=; Max-Age=0; Secure; HttpOnly; SameSite=Strict", "a=; Max-Age=0; Secure; HttpOnly; SameSite=Strict"),
        ("csrf=opensesame; Secure; SameSite=Strict", "csrf=opensesame; Secure; SameSite=Strict; HttpOnly"),
        ("basket=opensesame; Max-Age=99999", "basket=opensesame; Max-Age=99999"),
    ] {
        let policy = || open().floor(floor.clone()).exception("basket", "the old shop reads it until March");
        let sent = through(policy(), Transport::Tls, &[line]).await;
        assert_eq!(sent.lines(), [expected]);
        let again = through(policy(), Transport::Tls, &[expected]).await;
        assert_eq!((again.lines(), again.told()), (vec![expected.to_owned()], vec![]));
    }
    // The weakest one is never written: to browsers, a line without is stricter.
    let weakest = open().floor(Floor::new().same_site(SameSite::None));
    let sent = through(weakest, Transport::Tls, &["a=opensesame; Secure"]).await;
    assert_eq!((sent.lines(), sent.told()), (vec!["a=opensesame; Secure".to_owned()], vec![]));
    // It holds where foreign cookies are only observed.
    let observe = open().foreign_cookies(ForeignCookies::Observe).floor(Floor::new().same_site(SameSite::Lax));
    let sent = through(observe, Transport::Tls, &["a=opensesame; Secure"]).await;
    assert_eq!(sent.lines(), ["a=opensesame; Secure; SameSite=Lax"]);
}

#[tokio::test]
async fn a_declared_line_above_the_floor_is_still_no_foreign_one_to_a_layer_outside() {
    let policy = open().foreign_cookies(ForeignCookies::Refuse).declared(SPECS);
    let policy = policy.floor(Floor::new().same_site(SameSite::Strict).http_only()).build().unwrap();
    let routes = Router::new().fallback(|cookies: Cookies| async move {
        cookies.set(session())?;
        cookies.set(Theme(SECRET.to_owned()))
    });
    let routes = routes.layer(policy.layer(Listener::tls())).layer(policy.layer(Listener::tls()));
    let response = routes.oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
    let lines: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
    assert_eq!(lines, [&SESSION.replace("Lax", "Strict"), &format!("{THEME}; HttpOnly").replace("Lax", "Strict")]);
}
