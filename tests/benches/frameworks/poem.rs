//! poem, without a connection.

use std::hint::black_box;
use std::time::Duration;

use futures_util::FutureExt as _;
use hardtack::poem::PolicyMiddleware;
use hardtack::{Cookies, Policy, TlsTermination};
use hardtack_benches::Operation;
use hardtack_benches::requests::{CART, SESSION, THEME, cookie_header};
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use poem::middleware::CookieJarManager;
use poem::web::cookie::{Cookie, CookieJar, SameSite};
use poem::{Endpoint, EndpointExt as _, Request, Route, get, handler};

use crate::{Kind, NEW, all, check, read, set};

pub(crate) fn operations(count: usize) -> Vec<(String, Operation)> {
    all(|kind, path| match kind {
        Kind::None => send(Route::new().at("/nothing", get(nothing)), path, count),
        Kind::Own => {
            let routes = Route::new().at("/nothing", get(nothing)).at("/read", get(read_own)).at("/set", get(set_own));
            send(routes.with(CookieJarManager::new()), path, count)
        }
        Kind::Hardtack => {
            let routes =
                Route::new().at("/nothing", get(nothing)).at("/read", get(read_ours)).at("/set", get(set_ours));
            send(routes.with(PolicyMiddleware::new(Policy::default(), TlsTermination::here())), path, count)
        }
    })
}

#[handler]
fn nothing() {}

#[handler]
fn read_ours(cookies: Cookies) {
    read(&cookies);
}

#[handler]
fn set_ours(cookies: Cookies) {
    read(&cookies);
    set(&cookies);
}

fn check_own(cookies: &CookieJar) {
    let value = |name| cookies.get(name).unwrap().value_str().to_owned();
    check(&value(SESSION.0), &value(CART.0), &value(THEME.0));
}

#[handler]
fn read_own(cookies: &CookieJar) {
    check_own(cookies);
}

#[handler]
fn set_own(cookies: &CookieJar) {
    check_own(cookies);
    let mut cookie = Cookie::new_with_str(SESSION.0, black_box(NEW));
    cookie.set_path("/");
    cookie.set_max_age(Duration::from_secs(8 * 3600));
    cookie.set_secure(true);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookies.add(cookie);
}

fn send(app: impl Endpoint + 'static, path: &'static str, count: usize) -> Operation {
    let header = HeaderValue::try_from(cookie_header(count)).unwrap();
    Box::new(move || {
        let request = Request::builder().uri(http::Uri::from_static(path)).header(COOKIE, header.clone()).finish();
        let response = app.get_response(request).now_or_never().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().contains_key(SET_COOKIE), path == "/set");
        black_box(response);
    })
}
