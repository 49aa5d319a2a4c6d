//! A victim with poem's `ServerSession`.

use hardtack::poem::PolicyMiddleware;
use hardtack::{Policy, PolicyHandle};
use poem::endpoint::make_sync;
use poem::http::StatusCode;
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use poem::session::{CookieConfig, MemoryStorage, ServerSession, Session};
use poem::web::cookie::Cookie;
use poem::{EndpointExt as _, Request, Response, Server};

use super::super::application::{State, answer};
use super::{Names, Running, behind_proxy};

pub(crate) async fn serve(names: Names, policy: Option<Policy>) -> Running {
    let config = CookieConfig::default().name(names.session);
    let app = make_sync(move |request: Request| respond(names, &request));
    let app = app.with(ServerSession::new(config, MemoryStorage::new())).boxed();
    let app = match policy {
        Some(policy) => app.with(PolicyMiddleware::new(PolicyHandle::new(policy), behind_proxy())).boxed(),
        None => app,
    };
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
    let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    Running::new(address, move || server.abort())
}

fn respond(names: Names, request: &Request) -> Response {
    let session = request.extensions().get::<Session>().unwrap();
    let jar = request.cookie();
    let token = jar.get(names.token).map(|cookie| cookie.value_str().to_owned());
    let answer = answer(request.uri().path(), State::from_text(session.get("state")), token);
    if answer.renew {
        session.renew();
    }
    if let Some(state) = answer.new_state {
        session.set("state", state.to_text());
    }
    if let Some(token) = answer.new_token_cookie {
        let mut cookie = Cookie::new_with_str(names.token, token);
        cookie.set_path("/");
        cookie.set_secure(true);
        cookie.set_http_only(true);
        jar.add(cookie);
    }
    Response::builder().status(StatusCode::from_u16(answer.status).unwrap()).body(answer.body)
}
