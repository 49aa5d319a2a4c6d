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

/// Returns a response that sets `count` different cookies.
fn response(count: usize) -> Response<()> {
    let cookies = Cookies::from_headers(&HeaderMap::new(), testing::https());
    for set in SETTERS.iter().take(count) {
        set(&cookies);
    }
    let mut response = Response::new(());
    cookies.write(response.headers_mut());
    response
}

/// Declares 50 cookies, each in a module of its own. A cookie is the page on which the user continues to read.
macro_rules! pages {
    ($($module:ident)*) => {
        $(mod $module {
            #[derive(hardtack::Cookie)]
            #[cookie(name = concat!("__Secure-", stringify!($module)), path = "/page")]
            pub(super) struct Page(pub(super) usize);
        })*
        /// The functions that set the 50 cookies.
        const SETTERS: &[fn(&Cookies)] = &[$(|cookies| cookies.set($module::Page(7)).unwrap()),*];
    };
}

pages! {
    p0 p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 p11 p12 p13 p14 p15 p16 p17 p18 p19 p20 p21 p22 p23 p24 p25 p26 p27 p28 p29 p30
    p31 p32 p33 p34 p35 p36 p37 p38 p39 p40 p41 p42 p43 p44 p45 p46 p47 p48 p49
}
