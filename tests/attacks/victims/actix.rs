//! A victim with actix-web and actix-session. The encrypted session cookie contains the state.

use std::net::{Ipv4Addr, TcpListener};

use actix_session::config::CookieContentSecurity;
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::{Cookie, Key};
use actix_web::http::StatusCode;
use actix_web::middleware::Condition;
use actix_web::rt::System;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hardtack::actix::PolicyMiddleware;
use hardtack::{Policy, PolicyHandle};

use super::super::application::{State, answer};
use super::{Names, Running, behind_proxy};

/// Serves in a new thread, because actix-web's services cannot move to another thread.
pub(crate) async fn serve(names: Names, policy: Option<Policy>) -> Running {
    let has_policy = policy.is_some();
    let policy = PolicyMiddleware::new(PolicyHandle::new(policy.unwrap_or_default()), behind_proxy());
    let handle = move |session: Session, request: HttpRequest| std::future::ready(respond(names, &session, &request));
    let app = move || {
        let sessions = SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[7; 64]))
            .cookie_name(names.session.to_owned())
            .cookie_content_security(CookieContentSecurity::Private);
        App::new()
            .default_service(web::to(handle))
            .wrap(sessions.build())
            .wrap(Condition::new(has_policy, policy.clone()))
    };
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        System::new().block_on(async move {
            let server = HttpServer::new(app).workers(1).disable_signals().listen(socket).unwrap().run();
            let _ = sender.send(server.handle());
            server.await.unwrap();
        });
    });
    let server = receiver.await.unwrap();
    Running::new(address, move || drop(server.stop(false)))
}

fn respond(names: Names, session: &Session, request: &HttpRequest) -> HttpResponse {
    let state = State::from_text(session.get("state").unwrap());
    let token = request.cookie(names.token).map(|cookie| cookie.value().to_owned());
    let answer = answer(request.path(), state, token);
    if answer.renew {
        session.renew();
    }
    if let Some(state) = answer.new_state {
        session.insert("state", state.to_text()).unwrap();
    }
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap());
    if let Some(token) = answer.new_token_cookie {
        response.cookie(Cookie::build(names.token, token).path("/").secure(true).http_only(true).finish());
    }
    response.body(answer.body)
}
