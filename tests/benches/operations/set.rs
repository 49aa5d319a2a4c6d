//! Measures the writing of one `Set-Cookie` header by hand-written code, by hardtack and by other crates.

use std::hint::black_box;

use axum::response::IntoResponse as _;
use axum_extra::extract::CookieJar;
use biscotti::{Processor, ProcessorConfig, ResponseCookie, ResponseCookies};
use hardtack::{SetCookie, testing};
use hardtack_benches::by_hand;
use http::{HeaderValue, Response};

use crate::{ATTRIBUTES, ESCAPED, NAME, Operation, Output, Session, VALUE};

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for (value_kind, value) in [("set 32 bytes", VALUE), ("set 64 bytes, 48 escaped", ESCAPED)] {
        let mut case = |writer: &str, operation: Operation| cases.push((format!("{value_kind}: {writer}"), operation));
        match value == VALUE {
            true => case("by hand", header(move || by_hand::header(NAME, black_box(value), ATTRIBUTES))),
            false => case("by hand", header(move || by_hand::escaped_header(NAME, black_box(value), ATTRIBUTES))),
        }
        case("hardtack, existing value", header(with_existing_value(value)));
        case("hardtack, new value", header(with_new_value(value)));
        case("cookie", header(move || cookie(value)));
        case("biscotti", header(biscotti(value)));
        case("axum-extra, in a response", Box::new(move || Output::Response(axum_extra(value))));
    }
    cases.push((
        "set: an empty axum response".to_owned(),
        Box::new(|| Output::Response(().into_response().map(|_| ()))),
    ));
    cases
}

fn header(mut write: impl FnMut() -> HeaderValue + 'static) -> Operation {
    Box::new(move || Output::Header(write()))
}

fn with_existing_value(value: &str) -> impl FnMut() -> HeaderValue + use<> {
    let (https, session) = (testing::https(), SetCookie::new(Session(value.to_owned())));
    move || black_box(&session).header_value(&https).unwrap()
}

fn with_new_value(value: &'static str) -> impl FnMut() -> HeaderValue {
    let https = testing::https();
    move || SetCookie::new(Session(black_box(value).to_owned())).header_value(&https).unwrap()
}

fn cookie(value: &'static str) -> HeaderValue {
    HeaderValue::try_from(build_cookie(value).encoded().to_string()).unwrap()
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
        let header = cookies.header_values(&processor).next().unwrap();
        HeaderValue::try_from(header).unwrap()
    }
}

/// Returns a whole response, because axum-extra's jar writes its headers only into a response.
fn axum_extra(value: &'static str) -> Response<()> {
    (CookieJar::new().add(build_cookie(value)), ()).into_response().map(|_| ())
}

pub(crate) fn build_cookie(value: &'static str) -> cookie::Cookie<'static> {
    cookie::Cookie::build((NAME, black_box(value).to_owned()))
        .path("/")
        .max_age(cookie::time::Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .build()
}
