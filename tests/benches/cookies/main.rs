//! Measures hardtack with its default features, without a framework: reading one cookie, and writing one header.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

use std::hint::black_box;

use hardtack::{Cookie, Cookies, Https, SetCookie, TlsTermination};
use hardtack_benches::{Operation, by_hand};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Request};
use memchr::memmem::Finder;

/// The session of a signed-in user.
#[derive(Cookie)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Session(String);

/// The cookie `__Host-session`, with a number as its value. Reading a number does not allocate memory.
#[derive(Cookie)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Number(u64);

const NAME: &str = "__Host-session";
const NUMBER: u64 = 1_234_567_890;

/// The attributes of `Session`, written by hand.
const ATTRIBUTES: &str = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";

/// The session's value: 32 characters of base64url.
const PLAIN: &str = "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3";

/// A value of 64 bytes. In a header, hardtack percent-encodes 48 of the 64 bytes.
const ESCAPED: &str = "a;;;b,,,c\"\"\"d   e;;;f,,,g\"\"\"h   i;;;j,,,k\"\"\"l   m;;;n,,,o\"\"\"p   ";

fn main() {
    let headers = [
        ("last of 1", header(1, |_| String::new())),
        ("last of 5", header(5, ordinary)),
        ("beside 19 similar names", header(20, similar_name)),
        ("beside 19 names, 10 similar", header(20, sometimes_similar_name)),
        ("last of 20 with similar letter pairs", header(20, similar_pair)),
        ("last of 60 with similar letter pairs", header(60, similar_pair)),
        ("last of 20 with 10 similar letter pairs", header(20, sometimes_similar_pair)),
        ("last of 60 with 50 similar letter pairs", header(60, sometimes_similar_pair)),
    ];
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for (kind, header) in headers {
        cases.push((format!("get, {kind}: by hand"), read_by_hand(header.clone())));
        cases.push((format!("get, {kind}: hardtack"), read_with_hardtack(header.clone())));
        cases.push((format!("get, {kind}: cookie"), read_with_cookie(header)));
    }
    for (kind, value) in [("plain", PLAIN), ("escaped", ESCAPED)] {
        cases.push((format!("header_value, {kind}: by hand"), write_by_hand(value)));
        cases.push((format!("header_value, {kind}: hardtack"), write_with_hardtack(value)));
        cases.push((format!("header_value, {kind}: cookie"), write_with_cookie(value)));
    }
    hardtack_benches::run(cases);
}

/// Makes a `Cookie` header with `count` cookies. The last one is the cookie that the operation reads.
fn header(count: usize, other: fn(usize) -> String) -> HeaderValue {
    let own = format!("{NAME}={NUMBER}");
    let pairs: Vec<String> = (1..count).map(other).chain([own]).collect();
    HeaderValue::try_from(pairs.join("; ")).unwrap()
}

fn ordinary(number: usize) -> String {
    format!("other_cookie_{number}=Vb4xk2Jr_0QmLZt7")
}

/// A name with the same length, the same first letters and the same last letter as `__Host-session`.
fn similar_name(number: usize) -> String {
    format!("__Host-sess{number:02}n=Vb4xk2Jr_0QmLZt7")
}

/// In the value, the first and the last letter of `__Host-session` have the same distance as in the name.
fn similar_pair(number: usize) -> String {
    format!("item{number}=_b4xk2Jr0QmLZn")
}

/// Like [`similar_name`], but a name with a number below ten is shorter.
fn sometimes_similar_name(number: usize) -> String {
    format!("__Host-sess{number}n=Vb4xk2Jr_0QmLZt7")
}

/// Like [`similar_pair`], but for a number with one digit, the letters of the name are closer together.
fn sometimes_similar_pair(number: usize) -> String {
    format!("_item{number}=Vb4xkn")
}

fn https() -> Https {
    let (parts, ()) = Request::new(()).into_parts();
    TlsTermination::here().detect(&parts, None).unwrap()
}

fn read_by_hand(header: HeaderValue) -> Operation {
    let finder = Finder::new("__Host-session=");
    Box::new(move || {
        let value = by_hand::find(&finder, black_box(&header).as_bytes());
        assert_eq!(value.unwrap().parse::<u64>().unwrap(), NUMBER);
    })
}

fn read_with_hardtack(header: HeaderValue) -> Operation {
    let cookies = Cookies::from_headers(&HeaderMap::from_iter([(COOKIE, header)]), https());
    Box::new(move || assert_eq!(black_box(&cookies).get::<Number>().unwrap().0, NUMBER))
}

fn read_with_cookie(header: HeaderValue) -> Operation {
    let headers = HeaderMap::from_iter([(COOKIE, header)]);
    Box::new(move || {
        let mut jar = cookie::CookieJar::new();
        for cookie in cookie::Cookie::split_parse_encoded(black_box(&headers)[COOKIE].to_str().unwrap()) {
            jar.add_original(cookie.unwrap().into_owned());
        }
        assert_eq!(jar.get(NAME).unwrap().value().parse::<u64>().unwrap(), NUMBER);
    })
}

fn write_by_hand(value: &'static str) -> Operation {
    let write = if value == PLAIN { by_hand::header } else { by_hand::escaped_header };
    Box::new(move || drop(black_box(write(NAME, black_box(value), ATTRIBUTES))))
}

fn write_with_hardtack(value: &'static str) -> Operation {
    let (https, session) = (https(), SetCookie::new(Session(value.to_owned())));
    assert_eq!(session.header_value(&https).unwrap(), by_hand::escaped_header(NAME, value, ATTRIBUTES));
    Box::new(move || drop(black_box(black_box(&session).header_value(&https).unwrap())))
}

fn write_with_cookie(value: &'static str) -> Operation {
    Box::new(move || {
        let cookie = cookie::Cookie::build((NAME, black_box(value).to_owned()))
            .path("/")
            .max_age(cookie::time::Duration::hours(8))
            .secure(true)
            .http_only(true)
            .same_site(cookie::SameSite::Lax)
            .build();
        drop(black_box(HeaderValue::try_from(cookie.encoded().to_string()).unwrap()));
    })
}
