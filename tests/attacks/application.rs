//! The application that every victim runs. A session library, or a declared cookie, stores the state of the session.
//! The function `answer` takes a request and the state, and returns the response and the new state.
//!
//! | path | effect |
//! |---|---|
//! | `/visit` | starts a session without a user |
//! | `/sign-in/<user>` | signs the user in, with a new session id |
//! | `/log-in/<user>` | signs the user in and keeps the session id, which is a mistake |
//! | `/who` | the body is the name of the signed-in user, or `signed out` |
//! | `/form` | the body is the CSRF token of the session |
//! | `/pay/<token>` | pays if a user is signed in and the token is the session's token, otherwise status 403 |
//! | `/token-form` | the body is the CSRF token in a cookie of its own (double submit) |
//! | `/token-pay/<token>` | pays if a user is signed in and the token is the cookie's token, otherwise status 403 |
//! | `/note/<text>` | writes the text, which is in hexadecimal digits, into the token cookie |

use std::sync::atomic::{AtomicUsize, Ordering};

/// The state of one session.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) user: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) visited: bool,
}

impl State {
    /// Writes the state as one text, for libraries that store texts.
    pub(crate) fn to_text(&self) -> String {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        format!("{}-{}", text(&self.user), text(&self.token))
    }

    /// Reads the text of [`to_text`](State::to_text). Returns the default state for any other text.
    pub(crate) fn from_text(text: Option<String>) -> State {
        let Some((user, token)) = text.as_deref().and_then(|text| text.split_once('-')) else {
            return State::default();
        };
        let part = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        State { user: part(user), token: part(token), visited: true }
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The state, if the request changed it.
    pub(crate) new_state: Option<State>,
    /// True if the session gets a new id.
    pub(crate) renew: bool,
    /// The new value of the token cookie.
    pub(crate) new_token_cookie: Option<String>,
}

/// Handles a request. `token_cookie` is the value of the token cookie in the request.
pub(crate) fn answer(path: &str, state: State, token_cookie: Option<String>) -> Answer {
    let old = state.clone();
    let mut state = state;
    let (action, argument) = path.trim_matches('/').split_once('/').unwrap_or((path.trim_matches('/'), ""));
    let (mut renew, mut new_token_cookie) = (false, None);
    let (status, body) = match action {
        "visit" => {
            state.visited = true;
            (200, String::from("welcome"))
        }
        "sign-in" | "log-in" => {
            renew = action == "sign-in";
            state.visited = true;
            state.user = Some(argument.to_owned());
            (200, format!("signed in: {argument}"))
        }
        "who" => (200, state.user.clone().unwrap_or_else(|| String::from("signed out"))),
        "form" => {
            let token = state.token.clone().unwrap_or_else(new_token);
            state.visited = true;
            state.token = Some(token.clone());
            (200, token)
        }
        "pay" => pay(&state, state.token.as_deref() == Some(argument)),
        "token-form" => {
            let token = token_cookie.unwrap_or_else(new_token);
            new_token_cookie = Some(token.clone());
            (200, token)
        }
        "token-pay" => pay(&state, token_cookie.as_deref() == Some(argument)),
        "note" => {
            new_token_cookie = Some(from_hex(argument));
            (200, String::from("noted"))
        }
        _ => (404, String::from("no such page")),
    };
    Answer { status, body, new_state: (renew || state != old).then_some(state), renew, new_token_cookie }
}

fn pay(state: &State, is_valid: bool) -> (u16, String) {
    match &state.user {
        Some(user) if is_valid => (200, format!("{user} pays")),
        Some(_) | None => (403, String::from("refused")),
    }
}

/// Returns a new token. No other token of this process has the same text.
fn new_token() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("token{}x", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Decodes hexadecimal digits. A browser may change percent-encoded text.
fn from_hex(text: &str) -> String {
    let digits = |at: usize| text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    String::from_utf8((0..text.len()).step_by(2).map_while(digits).collect()).unwrap()
}
