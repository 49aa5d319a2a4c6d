//! Measures how long it takes to read one cookie of a request with many cookies. The cookie's value is a number, so no
//! implementation has to allocate memory for the value.

use std::hint::black_box;

use axum_extra::extract::CookieJar;
use biscotti::{Processor, ProcessorConfig, RequestCookies};
use hardtack::{Cookies, testing};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::{NAME, Number, Operation, Output};

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for (count, index) in [(1, 0), (5, 4), (20, 19), (60, 59), (60, 0)] {
        let headers = request(count, index);
        let position = if index == 0 { "the first" } else { "the last" };
        let mut case = |reader: &str, operation: Operation| {
            cases.push((format!("read {position} of {count}: {reader}"), operation));
        };
        case("by hand", by_hand(headers.clone()));
        case("hardtack, existing jar", with_existing_jar(&headers));
        case("hardtack, new jar", with_new_jar(headers.clone()));
        case("cookie", cookie(headers.clone()));
        case("biscotti", biscotti(headers.clone()));
        case("axum-extra", axum_extra(headers));
    }
    cases
}

/// Returns a request with `count` cookies in one `Cookie` header. Each cookie has 20 to 40 bytes. The cookie that the
/// benchmarks read is at `index`.
pub(crate) fn request(count: usize, index: usize) -> HeaderMap {
    let cookies: Vec<String> = (0..count)
        .map(|number| match number == index {
            true => format!("{NAME}=1234567890"),
            false => format!("other_cookie_{number}={}", "Vb4xk2Jr_0QmLZt7"),
        })
        .collect();
    HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookies.join("; ")).unwrap())])
}

/// Reads the cookie without a library.
fn by_hand(headers: HeaderMap) -> Operation {
    let finder = memchr::memmem::Finder::new("__Host-session=");
    Box::new(move || {
        let value = hardtack_benches::by_hand::find(&finder, black_box(&headers)[COOKIE].as_bytes());
        Output::Number(value.unwrap().parse().unwrap())
    })
}

fn with_existing_jar(headers: &HeaderMap) -> Operation {
    let cookies = Cookies::from_headers(headers, testing::https());
    Box::new(move || Output::Number(black_box(&cookies).try_get::<Number>().unwrap().unwrap().0))
}

fn with_new_jar(headers: HeaderMap) -> Operation {
    Box::new(move || {
        let cookies = Cookies::from_headers(black_box(&headers), testing::https());
        Output::Number(cookies.try_get::<Number>().unwrap().unwrap().0)
    })
}

fn cookie(headers: HeaderMap) -> Operation {
    Box::new(move || {
        let mut jar = cookie::CookieJar::new();
        for cookie in cookie::Cookie::split_parse_encoded(black_box(&headers)[COOKIE].to_str().unwrap()) {
            jar.add_original(cookie.unwrap().into_owned());
        }
        Output::Number(jar.get(NAME).unwrap().value().parse().unwrap())
    })
}

fn biscotti(headers: HeaderMap) -> Operation {
    let processor: Processor = ProcessorConfig::default().into();
    Box::new(move || {
        let cookies = RequestCookies::parse_header(black_box(&headers)[COOKIE].to_str().unwrap(), &processor).unwrap();
        Output::Number(cookies.get(NAME).unwrap().value().parse().unwrap())
    })
}

fn axum_extra(headers: HeaderMap) -> Operation {
    Box::new(move || {
        let jar = CookieJar::from_headers(black_box(&headers));
        Output::Number(jar.get(NAME).unwrap().value().parse().unwrap())
    })
}
