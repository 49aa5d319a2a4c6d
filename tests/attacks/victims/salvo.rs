//! A victim with salvo's sessions.

use hardtack::salvo::PolicyHoop;
use hardtack::{Policy, PolicyHandle};
use salvo::conn::Acceptor as _;
use salvo::http::cookie::Cookie;
use salvo::prelude::{
    Depot, FlowCtrl, Handler, Listener as _, Request, Response, Router, Server, Service, StatusCode, TcpListener,
};
use salvo::session::{MemoryStore, SessionDepotExt as _, SessionHandler};

use super::super::application::{State, answer};
use super::{Names, Running, behind_proxy};

const SECRET: &[u8; 64] = b"sixty-four bytes for salvo's session, of no worth outside tests.";

struct Application(Names);

#[salvo::async_trait]
impl Handler for Application {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, _: &mut FlowCtrl) {
        let state = State::from_text(depot.session().and_then(|session| session.get("state")));
        let token = req.cookie(self.0.token).map(|cookie| cookie.value().to_owned());
        let answer = answer(req.uri().path(), state, token);
        if let Some(state) = answer.new_state {
            let session = depot.session_mut().unwrap();
            if answer.renew {
                session.regenerate();
            }
            session.insert("state", state.to_text()).unwrap();
        }
        if let Some(token) = answer.new_token_cookie {
            res.add_cookie(Cookie::build((self.0.token, token)).path("/").secure(true).http_only(true).build());
        }
        res.status_code(StatusCode::from_u16(answer.status).unwrap());
        res.render(answer.body);
    }
}

pub(crate) async fn serve(names: Names, policy: Option<Policy>) -> Running {
    let sessions = SessionHandler::builder(MemoryStore::new(), SECRET).cookie_name(names.session);
    // Behind a proxy, salvo's session cookie is not Secure by default. Browsers reject such a `__Host-` cookie.
    let sessions = if names.session.starts_with("__") { sessions.secure_cookie(true) } else { sessions };
    let app = Router::with_hoop(sessions.build().unwrap()).push(Router::with_path("{**rest}").goal(Application(names)));
    let app = Service::new(app);
    let app = match policy {
        Some(policy) => app.hoop(PolicyHoop::new(PolicyHandle::new(policy), behind_proxy())),
        None => app,
    };
    let acceptor = TcpListener::new("127.0.0.1:0").bind().await;
    let address = acceptor.holdings()[0].local_addr.clone().into_std().unwrap();
    // When the server's task is aborted, salvo's connections are closed too.
    let server = tokio::spawn(Server::new(acceptor).serve(app));
    Running::new(address, move || server.abort())
}
