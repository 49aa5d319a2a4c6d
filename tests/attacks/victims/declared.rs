//! Victims with declared cookies, on axum: a session id or a sealed session, host-only or with a `Domain`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, SetError};

use super::super::application::{State, answer};
use super::{Names, Running, policy, serve_axum};

/// The id of a session in the server's store.
#[derive(Cookie)]
#[cookie(name = "__Host-Http-id", max_age = "8h")]
struct Id(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-token")]
struct Token(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-id", max_age = "8h", sealed)]
struct SealedId(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-token", sealed)]
struct SealedToken(String);

#[derive(Cookie)]
#[cookie(name = "__Http-id", domain = policy, max_age = "8h")]
struct WideId(String);

#[derive(Cookie)]
#[cookie(name = "__Http-token", domain = policy)]
struct WideToken(String);

#[derive(Cookie)]
#[cookie(name = "__Http-id", domain = policy, max_age = "8h", sealed)]
struct WideSealedId(String);

#[derive(Cookie)]
#[cookie(name = "__Http-token", domain = policy, sealed)]
struct WideSealedToken(String);

pub(crate) const HOST_ONLY: Names = Names { session: "__Host-Http-id", token: "__Host-Http-token" };
pub(crate) const WITH_DOMAIN: Names = Names { session: "__Http-id", token: "__Http-token" };

/// The states of the sessions by id. A victim with sealed cookies has no store: the cookie contains the state.
type Store = Arc<Mutex<HashMap<String, State>>>;

/// Handles a request with a cookie that contains an id of the store.
macro_rules! stored {
    ($id:ident, $token:ident) => {
        async |Shared(store): Shared<Store>, cookies: Cookies, request: Request| -> Result<Response, SetError> {
            // A value that the store does not know is no session.
            let known = |id: &String| store.lock().unwrap().contains_key(id);
            let id = cookies.get::<$id>().map(|id| id.0).filter(known);
            let state = id.as_ref().and_then(|id| store.lock().unwrap().get(id).cloned()).unwrap_or_default();
            let answer = answer(request.uri().path(), state, cookies.get::<$token>().map(|token| token.0));
            if let Some(state) = answer.new_state {
                if let Some(old) = id.as_ref().filter(|_| answer.renew) {
                    store.lock().unwrap().remove(old);
                }
                let id = id.filter(|_| !answer.renew).unwrap_or_else(new_id);
                store.lock().unwrap().insert(id.clone(), state);
                cookies.set($id(id))?;
            }
            if let Some(token) = answer.new_token_cookie {
                cookies.set($token(token))?;
            }
            Ok((StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response())
        }
    };
}

/// Handles a request with a cookie that contains the sealed state.
macro_rules! sealed {
    ($id:ident, $token:ident) => {
        async |cookies: Cookies, request: Request| -> Result<Response, SetError> {
            let state = State::from_text(cookies.get::<$id>().map(|id| id.0));
            let answer = answer(request.uri().path(), state, cookies.get::<$token>().map(|token| token.0));
            if let Some(state) = answer.new_state {
                cookies.set($id(state.to_text()))?;
            }
            if let Some(token) = answer.new_token_cookie {
                cookies.set($token(token))?;
            }
            Ok((StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response())
        }
    };
}

fn new_id() -> String {
    Key::generate().to_base64().chars().filter(char::is_ascii_alphanumeric).collect()
}

pub(crate) async fn serve(is_sealed: bool, domain: Option<String>) -> Running {
    let builder = policy().keyring(Keyring::new(Key::generate()));
    let app = match (is_sealed, domain.is_some()) {
        (false, false) => Router::new().fallback(stored!(Id, Token)),
        (true, false) => Router::new().fallback(sealed!(SealedId, SealedToken)),
        (false, true) => Router::new().fallback(stored!(WideId, WideToken)),
        (true, true) => Router::new().fallback(sealed!(WideSealedId, WideSealedToken)),
    };
    let builder = match domain {
        Some(domain) => builder.cookie_domain(&domain),
        None => builder,
    };
    serve_axum(app.with_state(Store::default()), Some(builder.build().unwrap())).await
}
