//! One Set-Cookie line: by hand, by hardtack, and by those whom people use today.

use std::hint::black_box;

use axum::response::IntoResponse as _;
use axum_extra::extract::CookieJar;
use biscotti::{Processor, ProcessorConfig, ResponseCookie, ResponseCookies};
use hardtack::{SetCookie, testing};
use http::{HeaderValue, Response};

use crate::{ATTRIBUTES, Done, ESCAPED, NAME, Operation, Session, VALUE};

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for (what, value) in [("set 32 octets", VALUE), ("set 64, 48 escaped", ESCAPED)] {
        let mut case = |who: &str, operation: Operation| cases.push((format!("{what}: {who}"), operation));
        match value == VALUE {
            true => case("by hand", line(move || by_hand(black_box(value)))),
            false => case("by hand", line(move || by_hand_escaped(black_box(value)))),
        }
        case("hardtack", line(header_value(value)));
        case("hardtack, with its value", line(hardtack(value)));
        case("cookie", line(move || cookie(value)));
        case("biscotti", line(biscotti(value)));
        case("axum-extra, in a response", Box::new(move || Done::Response(axum_extra(value))));
    }
    cases.push(("set: an empty axum response".to_owned(), Box::new(|| Done::Response(().into_response().map(|_| ())))));
    cases
}

fn line(mut write: impl FnMut() -> HeaderValue + 'static) -> Operation {
    Box::new(move || Done::Line(write()))
}

/// The least that is safe: nothing is escaped, and what cannot stand in a field is refused.
fn by_hand(value: &str) -> HeaderValue {
    let mut line = Vec::with_capacity(NAME.len() + 1 + value.len() + ATTRIBUTES.len());
    line.extend_from_slice(NAME.as_bytes());
    line.push(b'=');
    line.extend_from_slice(value.as_bytes());
    line.extend_from_slice(ATTRIBUTES.as_bytes());
    HeaderValue::try_from(line).unwrap()
}

/// The same, where the value needs its escapes.
fn by_hand_escaped(value: &str) -> HeaderValue {
    let mut line = Vec::with_capacity(NAME.len() + 1 + 3 * value.len() + ATTRIBUTES.len());
    line.extend_from_slice(NAME.as_bytes());
    line.push(b'=');
    for octet in value.bytes() {
        match octet {
            b'!' | b'#' | b'$' | b'&'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~' => line.push(octet),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                line.extend_from_slice(&[b'%', HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
            }
        }
    }
    line.extend_from_slice(ATTRIBUTES.as_bytes());
    HeaderValue::try_from(line).unwrap()
}

fn header_value(value: &str) -> impl FnMut() -> HeaderValue + use<> {
    let (https, session) = (testing::https(), SetCookie::new(Session(value.to_owned())));
    move || black_box(&session).header_value(&https).unwrap()
}

fn hardtack(value: &'static str) -> impl FnMut() -> HeaderValue {
    let https = testing::https();
    move || SetCookie::new(Session(black_box(value).to_owned())).header_value(&https).unwrap()
}

fn cookie(value: &'static str) -> HeaderValue {
    HeaderValue::try_from(built(value).encoded().to_string()).unwrap()
}

fn biscotti(value: &'static str) -> impl FnMut() -> HeaderValue {
    let processor: Processor = ProcessorConfig::default().into();
    move || {
        let cookie = ResponseCookie::new(NAME, black_box(value))
            .set_path("/")
            .set_max_age(biscotti::time::SignedDuration::from_hours(8))
            .set_secure(true)
            .set_http_only(true)
            .set_same_site(biscotti::SameSite::Lax);
        let mut cookies = ResponseCookies::new();
        cookies.insert(cookie);
        let line = cookies.header_values(&processor).next().unwrap();
        HeaderValue::try_from(line).unwrap()
    }
}

/// With its response, since a jar becomes no line but in one.
fn axum_extra(value: &'static str) -> Response<()> {
    (CookieJar::new().add(built(value)), ()).into_response().map(|_| ())
}

pub(crate) fn built(value: &'static str) -> cookie::Cookie<'static> {
    cookie::Cookie::build((NAME, black_box(value).to_owned()))
        .path("/")
        .max_age(cookie::time::Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .build()
}
