//! One cookie of a request that carries many: a number, so that nobody has to allocate for it.

use std::hint::black_box;

use axum_extra::extract::CookieJar;
use biscotti::{Processor, ProcessorConfig, RequestCookies};
use hardtack::{Cookies, testing};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::{Done, NAME, Number, Operation};

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for (count, at) in [(1, 0), (5, 4), (20, 19), (60, 59), (60, 0)] {
        let headers = request(count, at);
        let mut case = |who: &str, operation: Operation| {
            cases
                .push((format!("read {} of {count}: {who}", if at == 0 { "the first" } else { "the last" }), operation))
        };
        case("by hand", by_hand(headers.clone()));
        case("hardtack, open jar", open(&headers));
        case("hardtack, with its jar", with_jar(headers.clone()));
        case("cookie", cookie(headers.clone()));
        case("biscotti", biscotti(headers.clone()));
        case("axum-extra", axum_extra(headers));
    }
    cases
}

/// A browser's field of this many cookies, of 20 to 40 octets each; ours is the one at `at`.
pub(crate) fn request(count: usize, at: usize) -> HeaderMap {
    let cookies: Vec<String> = (0..count)
        .map(|i| match i == at {
            true => format!("{NAME}=1234567890"),
            false => format!("other_cookie_{i}={}", "Vb4xk2Jr_0QmLZt7"),
        })
        .collect();
    HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookies.join("; ")).unwrap())])
}

/// `memmem`, the piece around what it finds, and on for a second one; the least that is right.
fn by_hand(headers: HeaderMap) -> Operation {
    let finder = memchr::memmem::Finder::new("__Host-session=");
    Box::new(move || {
        let field = black_box(&headers)[COOKIE].as_bytes();
        let mut found: Option<&[u8]> = None;
        for at in finder.find_iter(field) {
            let begins = matches!(&field[..at], [] | [.., b';'] | [.., b';', b' ']);
            let value = &field[at + finder.needle().len()..];
            let value = &value[..memchr::memchr(b';', value).unwrap_or(value.len())];
            if begins && found.replace(value).is_some_and(|earlier| earlier != value) {
                panic!("twice");
            }
        }
        Done::Read(std::str::from_utf8(found.unwrap()).unwrap().parse().unwrap())
    })
}

fn open(headers: &HeaderMap) -> Operation {
    let cookies = Cookies::read(headers, testing::https());
    Box::new(move || Done::Read(black_box(&cookies).get::<Number>().unwrap().unwrap().0))
}

fn with_jar(headers: HeaderMap) -> Operation {
    Box::new(move || {
        let cookies = Cookies::read(black_box(&headers), testing::https());
        Done::Read(cookies.get::<Number>().unwrap().unwrap().0)
    })
}

fn cookie(headers: HeaderMap) -> Operation {
    Box::new(move || {
        let mut jar = cookie::CookieJar::new();
        for cookie in cookie::Cookie::split_parse_encoded(black_box(&headers)[COOKIE].to_str().unwrap()) {
            jar.add_original(cookie.unwrap().into_owned());
        }
        Done::Read(jar.get(NAME).unwrap().value().parse().unwrap())
    })
}

fn biscotti(headers: HeaderMap) -> Operation {
    let processor: Processor = ProcessorConfig::default().into();
    Box::new(move || {
        let cookies = RequestCookies::parse_header(black_box(&headers)[COOKIE].to_str().unwrap(), &processor).unwrap();
        Done::Read(cookies.get(NAME).unwrap().value().parse().unwrap())
    })
}

fn axum_extra(headers: HeaderMap) -> Operation {
    Box::new(move || {
        let jar = CookieJar::from_headers(black_box(&headers));
        Done::Read(jar.get(NAME).unwrap().value().parse().unwrap())
    })
}
