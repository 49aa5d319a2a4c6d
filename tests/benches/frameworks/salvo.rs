//! salvo, without a connection.

use std::hint::black_box;

use futures_util::FutureExt as _;
use hardtack::salvo::PolicyHoop;
use hardtack::{Cookies, Policy, TlsTermination};
use hardtack_benches::Operation;
use hardtack_benches::requests::{CART, SESSION, THEME, cookie_header};
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use http::uri::Scheme;
use salvo::conn::ConnCtrl;
use salvo::conn::SocketAddr::Unknown;
use salvo::http::ReqBody;
use salvo::http::cookie::time::Duration;
use salvo::http::cookie::{Cookie, SameSite};
use salvo::prelude::{Request, Response, Router, Service, Writer, handler};

use crate::{Kind, NEW, all, check, read, set};

pub(crate) fn operations(count: usize) -> Vec<(String, Operation)> {
    all(|kind, path| {
        let routes = Router::new().push(Router::with_path("nothing").get(nothing));
        let own = |routes: Router| {
            routes.push(Router::with_path("read").get(read_own)).push(Router::with_path("set").get(set_own))
        };
        let service = match kind {
            Kind::None => Service::new(routes),
            Kind::Own => Service::new(own(routes)),
            Kind::Hardtack => {
                let routes = routes.push(Router::with_path("read").get(read_ours));
                let routes = routes.push(Router::with_path("set").get(set_ours));
                Service::new(routes).hoop(PolicyHoop::new(Policy::default(), TlsTermination::here()))
            }
        };
        send(&service, path, count)
    })
}

#[handler]
async fn nothing() -> &'static str {
    ""
}

#[handler]
async fn read_ours(cookies: Cookies) -> &'static str {
    read(&cookies);
    ""
}

#[handler]
async fn set_ours(cookies: Cookies) -> &'static str {
    read(&cookies);
    set(&cookies);
    ""
}

fn check_own(request: &Request) {
    let value = |name| request.cookie(name).unwrap().value().to_owned();
    check(&value(SESSION.0), &value(CART.0), &value(THEME.0));
}

#[handler]
async fn read_own(request: &mut Request) -> &'static str {
    check_own(request);
    ""
}

#[handler]
async fn set_own(request: &mut Request, response: &mut Response) -> &'static str {
    check_own(request);
    let cookie = Cookie::build((SESSION.0, black_box(NEW).to_owned()))
        .path("/")
        .max_age(Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    response.add_cookie(cookie);
    ""
}

fn send(service: &Service, path: &'static str, count: usize) -> Operation {
    let header = HeaderValue::try_from(cookie_header(count)).unwrap();
    let handler = service.hyper_handler(Unknown, Unknown, Scheme::HTTP, None, ConnCtrl::new(), None);
    Box::new(move || {
        let mut request = http::Request::new(ReqBody::None);
        *request.uri_mut() = http::Uri::from_static(path);
        request.headers_mut().insert(COOKIE, header.clone());
        let request = Request::from_hyper(request, Scheme::HTTP);
        let response = handler.handle(request).now_or_never().unwrap().into_hyper();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().contains_key(SET_COOKIE), path == "/set");
        black_box(response);
    })
}
