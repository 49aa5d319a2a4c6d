//! Measures how the cost of an operation grows with the size of the input. The size is the number of cookies in a
//! request, of bytes in a value, or of cookies in a response.

use std::hint::black_box;

use hardtack::{Cookies, SetCookie, testing};
use http::{HeaderMap, Response};

use crate::read::request;
use crate::{Number, Operation, Output, Session};

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for count in [1, 10, 50, 100, 200, 500] {
        let cookies = Cookies::from_headers(&request(count, count - 1), testing::https());
        let get = move || Output::Number(black_box(&cookies).try_get::<Number>().unwrap().unwrap().0);
        cases.push((format!("grow: read the last of {count}"), Box::new(get)));
    }
    for (kind, character) in [("plain", "a"), ("escaped", ";")] {
        for length in [1, 10, 100, 1000, 4000] {
            // Percent-encoding writes each escaped byte as three bytes. A cookie with 4000 escaped bytes would exceed
            // the size limit of browsers.
            let length = if kind == "plain" { length } else { length / 3 + 1 };
            let (https, session) = (testing::https(), SetCookie::new(Session(character.repeat(length))));
            let set = move || Output::Header(black_box(&session).header_value(&https).unwrap());
            cases.push((format!("grow: set {length} bytes, {kind}"), Box::new(set)));
        }
    }
    for count in [1, 2, 5, 10, 20, 50] {
        cases.push((
            format!("grow: {count} cookies in one response"),
            Box::new(move || Output::Response(response(count))),
        ));
    }
    cases
}

/// Returns a response that sets `count` cookies. Each cookie has a different path.
fn response(count: usize) -> Response<()> {
    let cookies = Cookies::from_headers(&HeaderMap::new(), testing::https());
    for (number, path) in PATHS.iter().take(count).enumerate() {
        cookies.set(SetCookie::new(Page(number)).path(*path)).unwrap();
    }
    let mut response = Response::new(());
    cookies.write(response.headers_mut());
    response
}

/// The page on which the user continues to read.
#[derive(hardtack::Cookie)]
#[cookie(path = "/page")]
struct Page(usize);

const PATHS: [&str; 50] = [
    "/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/10", "/11", "/12", "/13", "/14", "/15", "/16", "/17",
    "/18", "/19", "/20", "/21", "/22", "/23", "/24", "/25", "/26", "/27", "/28", "/29", "/30", "/31", "/32", "/33",
    "/34", "/35", "/36", "/37", "/38", "/39", "/40", "/41", "/42", "/43", "/44", "/45", "/46", "/47", "/48", "/49",
];
