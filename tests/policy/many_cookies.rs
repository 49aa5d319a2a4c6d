//! Tests responses and requests with thousands of cookies. No number of cookies causes a panic, and the result does not
//! depend on whether the middleware searches in a list or in an index.

use std::collections::BTreeSet;

use axum::Router;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use hardtack::audit::{self, Context, Weakness};
use hardtack::tls::Transport;
use hardtack::{Cookie, Cookies, SetError, TlsTermination, testing};

use super::{
    HOST_NAME, RecordingPolicy, SECRET, Session, new_request, respond_with_cookies, session, without_force_https,
};

/// The state of one sign-in attempt.
#[derive(Cookie, Debug)]
#[cookie(name = "__Secure-flow", keyed, path = "/flow", max_age = "10m")]
struct Flow(u32);

/// A header map has place for 24,576 names.
const MANY: u32 = 24_576;

fn key(number: u32) -> String {
    format!("k{number}")
}

fn flow(number: u32) -> String {
    format!("__Secure-flow.{}={number}; Path=/flow; Max-Age=600; Secure; HttpOnly; SameSite=Lax", key(number))
}

fn written(jar: &Cookies) -> Vec<String> {
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

#[test]
fn jar_of_any_size_is_written() {
    for count in [1, 16, 17, 100, MANY] {
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
        for number in 0..count {
            jar.family::<Flow>().set(&key(number), Flow(number)).unwrap();
        }
        assert_eq!(written(&jar), (0..count).map(flow).collect::<Vec<_>>());
    }
}

#[test]
fn layer_passes_on_a_jar_of_any_size() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        (0..MANY).try_for_each(|number| cookies.family::<Flow>().set(&key(number), Flow(number)))
    }
    let recorded = RecordingPolicy::new(without_force_https());
    let send = |routes: Router| {
        super::block_on(recorded.send(TlsTermination::here(), routes, new_request(Transport::Tls, "/", &[])))
    };
    let inner = || without_force_https().build().unwrap().layer(TlsTermination::here());
    for routes in [Router::new().fallback(set), Router::new().fallback(set).layer(inner())] {
        let sent = send(routes);
        assert_eq!((sent.set_cookies().len(), sent.events.len()), (MANY as usize, 0));
    }
    let header = format!("a={SECRET}; Secure");
    let headers: Vec<&[u8]> = vec![header.as_bytes(); MANY as usize];
    assert_eq!(send(respond_with_cookies(&headers)).set_cookies().len(), MANY as usize);
    let headers: Vec<&[u8]> = vec![b"a=; Max-Age=0; Secure"; MANY as usize];
    assert_eq!(send(respond_with_cookies(&headers)).set_cookies().len(), MANY as usize + 1);
}

#[test]
fn changes_of_many_cookies_keep_their_order() {
    for count in [3, 15, 16, 17, 40, 200] {
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
        let flows = jar.family::<Flow>();
        (0..count).for_each(|number| flows.set(&key(number), Flow(number)).unwrap());
        // The second change of each cookie replaces the first.
        for _ in 0..3 {
            (0..count)
                .filter(|number| number % 2 == 0)
                .for_each(|number| flows.set(&key(number), Flow(number)).unwrap());
        }
        flows.undo(&key(1));
        let values = [0, 1, 2].map(|number| flows.get(&key(number)).map(|flow| flow.0));
        assert_eq!(values, [Some(0), None, Some(2)]);
        let odd = (2..count).filter(|number| number % 2 == 1);
        let expected: Vec<_> = odd.chain((0..count).filter(|number| number % 2 == 0)).map(flow).collect();
        assert_eq!(written(&jar), expected, "{count}");
    }
}

#[test]
fn removal_of_many_cookies_removes_each_once() {
    for count in [1, 9, 17, 2_000] {
        let pairs: Vec<_> = (0..count).map(|number| format!("__Secure-flow.{}={number}", key(number))).collect();
        let header = HeaderValue::try_from(pairs.join("; ")).unwrap();
        let jar = Cookies::from_headers(&HeaderMap::from_iter([(COOKIE, header)]), testing::https());
        let flows = jar.family::<Flow>();
        assert_eq!(flows.keys(), (0..count).map(key).collect::<Vec<_>>());
        flows.remove_all().unwrap();
        assert_eq!(flows.keys(), [""; 0]);
        let headers = written(&jar);
        let distinct: BTreeSet<_> = headers.iter().collect();
        assert_eq!(distinct.len(), headers.len());
        let starts: BTreeSet<_> =
            headers.iter().filter_map(|header| header.split_once("; Max-Age=0; ")).map(|(start, _)| start).collect();
        for number in 0..count {
            // The response removes the cookie from the declared path, and from `/`.
            for path in ["/flow", "/"] {
                let start = format!("__Secure-flow.{}=; Path={path}", key(number));
                assert!(starts.contains(start.as_str()), "{number} of {count}: {path}");
            }
        }
    }
}

#[test]
fn surplus_of_a_family_is_removed_oldest_first() {
    let pairs: Vec<_> = (0..12).map(|number| format!("__Secure-flow.{}={number}", key(number))).collect();
    let header = HeaderValue::try_from(pairs.join("; ")).unwrap();
    let jar = Cookies::from_headers(&HeaderMap::from_iter([(COOKIE, header)]), testing::https());
    let flows = jar.family::<Flow>();
    flows.set(&key(0), Flow(0)).unwrap();
    flows.set("new", Flow(7)).unwrap();
    assert_eq!(flows.keys(), ["k0", "k6", "k7", "k8", "k9", "k10", "k11", "new"]);
    (0..30).for_each(|number| flows.set(&format!("n{number}"), Flow(number)).unwrap());
    assert_eq!(flows.keys().len(), 2 + 30);
    jar.set(session()).unwrap();
    assert!(jar.get::<Session>().is_some());
}

#[test]
fn many_hsts_directives_are_read() {
    let hsts = |directives: &[String]| {
        let mut headers = HeaderMap::new();
        headers.insert("strict-transport-security", directives.join(";").parse().unwrap());
        audit::response(&headers, &Context::https(HOST_NAME))
    };
    let mut directives: Vec<_> = (0..20_000).map(|number| format!("d{number}")).collect();
    directives.push("max-age=31536000".to_owned());
    assert_eq!(hsts(&directives), []);
    directives.push("D19999".to_owned());
    assert_eq!(hsts(&directives)[0].findings[0].rule, Weakness::HstsMalformed);
}

/// A value of a megabyte can contain the cookie's name again and again. If the parser searched for the end of the value
/// at each copy, this test would run for hours.
#[test]
fn copies_of_a_name_in_one_value_are_read_once() {
    let copies = " __Host-Http-session=".repeat(50_000);
    for (start, end, expected) in [
        ("a=1", "", None),
        ("a=1", "; __Host-Http-session=opensesame", Some(SECRET)),
        ("__Host-Http-session=opensesame; a=1", "", Some(SECRET)),
    ] {
        let header = HeaderValue::try_from([start, &copies, end].concat()).unwrap();
        let cookies = Cookies::from_headers(&HeaderMap::from_iter([(COOKIE, header)]), testing::https());
        assert_eq!(cookies.get::<Session>().map(|session| session.0).as_deref(), expected);
    }
}
