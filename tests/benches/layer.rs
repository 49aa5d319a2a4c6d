//! What the policy's layer costs a response, beside the same service without it; and what one line costs, beside others
//! who write it. `layer CASE COUNT` does one case that often, for `counts.sh` to count. Without arguments each case runs
//! once and prints what leaves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that fails stops")]

use std::convert::Infallible;
use std::hint::black_box;

use axum::response::IntoResponse as _;
use axum_extra::extract::CookieJar;
use futures_util::FutureExt as _;
use hardtack::{Cookie, Cookies, Https, Listener, Policy, SetCookie, Transport, testing};
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderValue, Request, Response, Uri};
use tower::{Layer as _, Service, service_fn};

/// Who is signed in.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

/// 32 characters of base64url.
const VALUE: &str = "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3";

/// What the declaration of `Session` says, written by hand.
const BY_HAND: &str = "__Host-Http-session=Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3; Path=/; Max-Age=28800; Secure; HttpOnly; \
                       SameSite=Lax";

/// Lines that lack something: what tower-sessions writes without `with_secure`, PHP behind a proxy, and legacy code.
const LOOSE: [&str; 5] = [
    "id=GvZ2fiFUHAhVcGbzw1W2Eg; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600",
    "PHPSESSID=2k3vq0hd5o9c1o4q6p1g8m7u5a; path=/",
    "theme=dark; Path=/; Max-Age=31536000",
    "lang=en; Path=/; SameSite=Lax",
    "seen_banner=1; Path=/; Expires=Thu, 01 Jan 2037 00:00:00 GMT; SameSite=Lax",
];

/// The same, lacking nothing.
const STRICT: [&str; 5] = [
    "id=GvZ2fiFUHAhVcGbzw1W2Eg; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600; Secure",
    "PHPSESSID=2k3vq0hd5o9c1o4q6p1g8m7u5a; path=/; Secure; HttpOnly; SameSite=Lax",
    "theme=dark; Path=/; Max-Age=31536000; Secure",
    "lang=en; Path=/; SameSite=Lax; Secure",
    "seen_banner=1; Path=/; Expires=Thu, 01 Jan 2037 00:00:00 GMT; SameSite=Lax; Secure",
];

/// Does one thing once.
type Operation = Box<dyn FnMut() -> Left>;

/// What leaves.
enum Left {
    Response(Response<()>),
    Line(HeaderValue),
}

impl Left {
    fn lines(&self) -> Vec<&HeaderValue> {
        match self {
            Left::Response(response) => response.headers().get_all(SET_COOKIE).iter().collect(),
            Left::Line(line) => vec![line],
        }
    }
}

fn cases() -> Vec<(&'static str, Operation)> {
    vec![
        ("bare, nothing set", bare(&[])),
        ("layer, nothing set", layered(&[])),
        ("bare, one line by hand", bare(&[BY_HAND])),
        ("layer, one declared cookie", declared()),
        ("bare, 1 foreign line", bare(&LOOSE[..1])),
        ("layer, 1 foreign line, hardened", layered(&LOOSE[..1])),
        ("layer, 1 foreign line, strict", layered(&STRICT[..1])),
        ("bare, 5 foreign lines", bare(&LOOSE)),
        ("layer, 5 foreign lines, hardened", layered(&LOOSE)),
        ("layer, 5 foreign lines, strict", layered(&STRICT)),
        ("line, by hand", line(by_hand)),
        ("line, hardtack", line(hardtack())),
        ("line, hardtack, header_value alone", line(header_value())),
        ("line, cookie", line(cookie)),
        ("response, empty", Box::new(|| Left::Response(().into_response().map(|_| ())))),
        ("response, axum-extra", Box::new(|| Left::Response(axum_extra()))),
    ]
}

// ---- A whole exchange.

fn bare(lines: &'static [&'static str]) -> Operation {
    exchange(answers(lines))
}

fn layered(lines: &'static [&'static str]) -> Operation {
    exchange(Policy::default().layer(Listener::per_connection()).layer(answers(lines)))
}

fn declared() -> Operation {
    let sets = service_fn(async |request: Request<()>| {
        let cookies = Cookies::<Https>::from_extensions(request.extensions()).unwrap();
        cookies.set(Session(VALUE.to_owned())).unwrap();
        Ok(page())
    });
    exchange(Policy::default().layer(Listener::per_connection()).layer(sets))
}

/// A service that appends these lines to its response.
fn answers(
    lines: &'static [&'static str],
) -> impl Service<Request<()>, Response = Response<()>, Error = Infallible, Future = impl Future> {
    service_fn(move |_| {
        let mut response = page();
        for line in lines {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
        }
        std::future::ready(Ok(response))
    })
}

fn page() -> Response<()> {
    let mut response = Response::new(());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn exchange<S>(mut service: S) -> Operation
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible> + 'static,
{
    Box::new(move || {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("/account");
        request.headers_mut().insert(HOST, HeaderValue::from_static("www.example.com"));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
        request.headers_mut().insert(COOKIE, HeaderValue::from_static("theme=dark; __Host-Http-session=s3cr3t"));
        request.extensions_mut().insert(Transport::Tls);
        Left::Response(service.call(request).now_or_never().unwrap().unwrap())
    })
}

// ---- One line.

fn line(mut write: impl FnMut() -> HeaderValue + 'static) -> Operation {
    Box::new(move || Left::Line(write()))
}

/// The least that is safe: nothing is escaped, and what cannot stand in a field is refused.
fn by_hand() -> HeaderValue {
    let attributes = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
    HeaderValue::try_from(["__Host-Http-session=", black_box(VALUE), attributes].concat()).unwrap()
}

fn hardtack() -> impl FnMut() -> HeaderValue {
    let https = testing::https();
    move || SetCookie::new(Session(black_box(VALUE).to_owned())).header_value(&https).unwrap()
}

fn header_value() -> impl FnMut() -> HeaderValue {
    let (https, session) = (testing::https(), SetCookie::new(Session(VALUE.to_owned())));
    move || black_box(&session).header_value(&https).unwrap()
}

fn cookie() -> HeaderValue {
    HeaderValue::try_from(built().encoded().to_string()).unwrap()
}

/// With its response, since a jar becomes no line but in one.
fn axum_extra() -> Response<()> {
    (CookieJar::new().add(built()), ()).into_response().map(|_| ())
}

fn built() -> cookie::Cookie<'static> {
    cookie::Cookie::build(("__Host-Http-session", black_box(VALUE).to_owned()))
        .path("/")
        .max_age(cookie::time::Duration::hours(8))
        .secure(true)
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .build()
}

fn main() {
    // `cargo bench` adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.as_slice() {
        [] => {
            for (name, mut operation) in cases() {
                println!("{name}");
                for line in operation().lines() {
                    println!("    {}", line.to_str().unwrap());
                }
            }
        }
        [name, count] => {
            let Some((_, mut operation)) = cases().into_iter().find(|(case, _)| case == name) else {
                panic!("no case `{name}`");
            };
            for _ in 0..count.parse::<u32>().unwrap() {
                black_box(operation());
            }
        }
        _ => panic!("layer [CASE COUNT]"),
    }
}
