//! Measures how the cost of an operation grows with the size of the input. `growth.sh` prints these cases as one table.

use std::hint::black_box;

use hardtack::seal::{Key, Keyring};
use hardtack::spec::Spec;
use hardtack::{AllowedOver, Cookie, Cookies, Https, Policy, ReadCookie, SetCookie, TlsTermination, testing};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Response};
use tower::Layer as _;

use crate::layer::{send_request, service_that_sends};
use crate::read::request;
use crate::sessions::{Sealed, Signed};
use crate::{Number, Operation, Output, Session, VALUE};

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for count in [1, 10, 50, 100, 200, 500] {
        let cookies = Cookies::from_headers(&request(count, count - 1), testing::https());
        let get = move || Output::Number(black_box(&cookies).try_get::<Number>().unwrap().unwrap().0);
        cases.push((format!("grow: cookies in a request, the last one is read: {count}"), Box::new(get)));
    }
    for count in [1, 10, 100, 1000] {
        // A hostile value that contains the name again and again.
        let header = format!("a=1{}; __Host-session=7", " __Host-session=".repeat(count));
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(header).unwrap())]);
        let cookies = Cookies::from_headers(&headers, testing::https());
        let get = move || Output::Number(black_box(&cookies).try_get::<Number>().unwrap().unwrap().0);
        cases.push((format!("grow: copies of the name in another value: {count}"), Box::new(get)));
    }
    // Percent-encoding writes each escaped byte as three bytes. A cookie with 4000 escaped bytes would exceed the size
    // limit of browsers.
    for (kind, character, lengths) in
        [("plain", "a", &[1, 10, 100, 1000, 4000][..]), ("escaped", ";", &[1, 10, 100, 1000])]
    {
        for &length in lengths {
            let (https, session) = (testing::https(), SetCookie::new(Session(character.repeat(length))));
            let set = move || Output::Header(black_box(&session).header_value(&https).unwrap());
            cases.push((format!("grow: bytes in a value that is set, {kind}: {length}"), Box::new(set)));
        }
    }
    for count in [1, 2, 5, 10, 20, 50] {
        cases.push((
            format!("grow: cookies in a response: {count}"),
            Box::new(move || Output::Response(response(count))),
        ));
        cases.push((format!("grow: undeclared `Set-Cookie` headers: {count}"), undeclared(count, &Policy::default())));
        cases.push((format!("grow: keys in a keyring, a signed cookie: {count}"), keys(count, Signed)));
        cases.push((format!("grow: keys in a keyring, a sealed cookie: {count}"), keys(count, Sealed)));
    }
    for count in [1, 10, 50, 100, 200, 500] {
        let policy = Policy::builder().declared(specs(count)).build().unwrap();
        cases.push((
            format!("grow: declared cookies in a program, 1 undeclared header: {count}"),
            undeclared(1, &policy),
        ));
        cases.push((
            format!("grow: declared cookies in a program, 10 undeclared headers: {count}"),
            undeclared(10, &policy),
        ));
    }
    cases
}

/// Reads a cookie that was sealed with the oldest of `count` keys.
fn keys<T: Cookie + ReadCookie + AllowedOver<Https> + 'static>(count: usize, make: fn(String) -> T) -> Operation {
    let oldest = Key::generate();
    let mut request = HeaderMap::new();
    let header = testing::request_header_with(&make(VALUE.to_owned()), &Keyring::new(oldest.clone()));
    request.insert(COOKIE, header);
    let mut keyring = Keyring::new(if count == 1 { oldest.clone() } else { Key::generate() });
    for number in 1..count {
        keyring = keyring.with(if number == count - 1 { oldest.clone() } else { Key::generate() });
    }
    Box::new(move || {
        let cookies = Cookies::from_headers(black_box(&request), testing::https()).with_keyring(&keyring);
        Output::Number(u64::from(cookies.try_get::<T>().unwrap().is_some()))
    })
}

/// Sends a request to a handler that sets `count` undeclared cookies without `Secure`.
fn undeclared(count: usize, policy: &Policy) -> Operation {
    let headers: Vec<&str> =
        (0..count).map(|number| &*format!("legacy_{number}=abcdefgh; Path=/; SameSite=Lax").leak()).collect();
    send_request(policy.layer(TlsTermination::per_connection()).layer(service_that_sends(headers.leak())))
}

/// Returns the declarations of `count` cookies.
fn specs(count: usize) -> &'static [Spec] {
    let spec = |number| Spec::new(format!("__Host-Http-page{number}").leak());
    (0..count).map(spec).collect::<Vec<_>>().leak()
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
