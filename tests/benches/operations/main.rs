//! Measures single operations of hardtack, of other crates and of hand-written code. hardtack has many features here, so
//! that the bench can also measure sealed and device-bound cookies.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

mod device_bound;
mod growth;
mod layer;
mod read;
mod seal;
mod sessions;
mod set;

use hardtack::Cookie;
use http::header::SET_COOKIE;
use http::{HeaderValue, Response};

/// A function that runs one operation.
type Operation = hardtack_benches::Operation<Output>;

/// The result of an operation.
enum Output {
    Response(Response<()>),
    Header(HeaderValue),
    Number(u64),
    Bytes(Vec<u8>),
}

impl hardtack_benches::Output for Output {
    fn lines(&self) -> Vec<String> {
        let text = |header: &HeaderValue| header.to_str().unwrap().to_owned();
        match self {
            Output::Response(response) => response.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            Output::Header(header) => vec![text(header)],
            Output::Number(number) => vec![number.to_string()],
            Output::Bytes(bytes) => vec![bytes.escape_ascii().to_string()],
        }
    }
}

/// The session of a signed-in user.
#[derive(Cookie)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Session(String);

/// The cookie `__Host-session`, with a number as its value. Reading a number does not allocate memory.
#[derive(Cookie, Clone, Copy)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Number(u64);

const NAME: &str = "__Host-session";

/// The attributes of `Session`, written by hand.
const ATTRIBUTES: &str = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";

/// The session's value: 32 characters of base64url.
const VALUE: &str = "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3";

/// A value of 64 bytes. In a header, hardtack percent-encodes 48 of the 64 bytes.
const ESCAPED: &str = "a;;;b,,,c\"\"\"d   e;;;f,,,g\"\"\"h   i;;;j,,,k\"\"\"l   m;;;n,,,o\"\"\"p   ";

fn cases() -> Vec<(String, Operation)> {
    [
        set::cases(),
        read::cases(),
        layer::cases(),
        seal::cases(),
        device_bound::cases(),
        sessions::cases(),
        growth::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() {
    hardtack_benches::run(cases());
}
