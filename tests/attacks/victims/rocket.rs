//! A victim with Rocket. A private cookie contains the state. Rocket has no sessions of its own.

use std::net::{Ipv4Addr, SocketAddr};

use hardtack::rocket::PolicyFairing;
use hardtack::{Policy, PolicyHandle};
use rocket::config::{Config, LogLevel, SecretKey, Shutdown};
use rocket::fairing::AdHoc;
use rocket::http::uri::Origin;
use rocket::http::{Cookie, CookieJar, Status};
use rocket::{State as Shared, get, routes};
use tokio::sync::oneshot;

use super::super::application::{State, answer};
use super::{Names, Running, behind_proxy};

#[get("/<_..>")]
fn respond(cookies: &CookieJar<'_>, names: &Shared<Names>, origin: &Origin<'_>) -> (Status, String) {
    let state = State::from_text(cookies.get_private(names.session).map(|cookie| cookie.value().to_owned()));
    let token = cookies.get(names.token).map(|cookie| cookie.value().to_owned());
    let answer = answer(origin.path().as_str(), state, token);
    // Behind a proxy, Rocket's private cookies are not Secure by default. Browsers reject such a `__Host-` cookie.
    let is_secure = names.session.starts_with("__");
    if let Some(state) = answer.new_state {
        let cookie = Cookie::build((names.session, state.to_text()));
        cookies.add_private(if is_secure { cookie.secure(true) } else { cookie });
    }
    if let Some(token) = answer.new_token_cookie {
        cookies.add(Cookie::build((names.token, token)).path("/").secure(true).http_only(true));
    }
    (Status::new(answer.status), answer.body)
}

pub(crate) async fn serve(names: Names, policy: Option<Policy>) -> Running {
    let config = Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        log_level: LogLevel::Off,
        secret_key: SecretKey::derive_from(b"a key for tests, longer than thirty-two bytes"),
        shutdown: Shutdown { ctrlc: false, signals: Default::default(), grace: 1, mercy: 1, ..Shutdown::default() },
        ..Config::debug_default()
    };
    let app = rocket::custom(config).mount("/", routes![respond]).manage(names);
    let app = match policy {
        Some(policy) => app.attach(PolicyFairing::new(PolicyHandle::new(policy), behind_proxy())),
        None => app,
    };
    let (sender, receiver) = oneshot::channel();
    let app = app.attach(AdHoc::on_liftoff("address", |rocket| {
        let _ = sender.send(SocketAddr::new(rocket.config().address, rocket.config().port));
        Box::pin(async {})
    }));
    let app = app.ignite().await.unwrap();
    let stop = app.shutdown();
    tokio::spawn(app.launch());
    Running::new(receiver.await.unwrap(), move || stop.notify())
}
