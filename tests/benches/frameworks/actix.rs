//! actix-web, without a connection.

use std::hint::black_box;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::rt::{System, SystemRunner};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{ServiceConfig, get};
use actix_web::{App, Error, HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use hardtack::actix::PolicyMiddleware;
use hardtack::{Cookies, Policy, TlsTermination};
use hardtack_benches::Operation;
use hardtack_benches::requests::{CART, SESSION, THEME, cookie_header};

use crate::{Kind, NEW, all, check, read, set};

pub(crate) fn operations(count: usize) -> Vec<(String, Operation)> {
    let system = Rc::new(System::new());
    let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::here());
    all(|kind, path| match kind {
        Kind::None => send(&system, system.block_on(init_service(App::new().configure(own))), path, count),
        Kind::Own => send(&system, system.block_on(init_service(App::new().configure(own))), path, count),
        Kind::Hardtack => {
            let app = App::new().configure(hardtack).wrap(policy.clone());
            send(&system, system.block_on(init_service(app)), path, count)
        }
    })
}

fn own(config: &mut ServiceConfig) {
    config
        .route("/nothing", get().to(HttpResponse::Ok))
        .route("/read", get().to(read_own))
        .route("/set", get().to(set_own));
}

fn hardtack(config: &mut ServiceConfig) {
    config
        .route("/nothing", get().to(HttpResponse::Ok))
        .route(
            "/read",
            get().to(async |cookies: Cookies| {
                read(&cookies);
                HttpResponse::Ok().finish()
            }),
        )
        .route(
            "/set",
            get().to(async |cookies: Cookies| {
                read(&cookies);
                set(&cookies);
                HttpResponse::Ok().finish()
            }),
        );
}

fn check_own(request: &HttpRequest) {
    let value = |name| request.cookie(name).unwrap().value().to_owned();
    check(&value(SESSION.0), &value(CART.0), &value(THEME.0));
}

async fn read_own(request: HttpRequest) -> HttpResponse {
    check_own(&request);
    HttpResponse::Ok().finish()
}

async fn set_own(request: HttpRequest) -> HttpResponse {
    check_own(&request);
    let cookie = Cookie::build(SESSION.0, black_box(NEW).to_owned())
        .path("/")
        .max_age(Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    HttpResponse::Ok().cookie(cookie).finish()
}

fn send<S, B>(system: &Rc<SystemRunner>, service: S, path: &'static str, count: usize) -> Operation
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    let header = HeaderValue::try_from(cookie_header(count)).unwrap();
    // The service needs the runtime that started it.
    let system = system.clone();
    Box::new(move || {
        let _system = &system;
        let request = TestRequest::get().uri(path).insert_header((COOKIE, header.clone())).to_request();
        let response = service.call(request).now_or_never().unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().contains_key(SET_COOKIE), path == "/set");
        black_box(response);
    })
}
