//! A victim with axum and tower-sessions. The token cookie is a cookie of axum-extra.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use hardtack::Policy;
use tower_sessions::cookie::SameSite;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::super::application::{State, answer};
use super::{Names, Running, serve_axum};

pub(crate) async fn serve(names: Names, policy: Option<Policy>) -> Running {
    let handle = async move |session: Session, jar: CookieJar, request: Request| {
        let state = State::from_text(session.get("state").await.unwrap());
        let token = jar.get(names.token).map(|cookie| cookie.value().to_owned());
        let answer = answer(request.uri().path(), state, token);
        if answer.renew {
            session.cycle_id().await.unwrap();
        }
        if let Some(state) = answer.new_state {
            session.insert("state", state.to_text()).await.unwrap();
        }
        let jar = match answer.new_token_cookie {
            Some(token) => jar.add(Cookie::build((names.token, token)).path("/").secure(true).http_only(true)),
            None => jar,
        };
        (StatusCode::from_u16(answer.status).unwrap(), jar, answer.body)
    };
    // By default, tower-sessions sets `SameSite=Strict`. A browser sends no such cookie after a visit over plain HTTP.
    let sessions =
        SessionManagerLayer::new(MemoryStore::default()).with_name(names.session).with_same_site(SameSite::Lax);
    serve_axum(Router::new().fallback(handle).layer(sessions), policy).await
}
