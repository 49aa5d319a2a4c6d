//! What is shown of our types, and told of what happens: what they are and whose, never a value, never nothing, and nothing
//! twice.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::error::Error;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use hardtack::audit::{Seen, set_cookie};
use hardtack::{
    Cookie, Cookies, Listener, OutboundError, Policy, PolicyHandle, SetCookie, Transport, TrustedProxies, ValueWriter,
    document_cookie, testing,
};
use tower::{Layer as _, Service as _};

const VALUE: &str = "opensesame";

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
struct Visits(u32);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js reads it")]
struct Theme(String);

/// A value that shows what writes it.
struct Shows(Arc<Mutex<String>>);

impl hardtack::CookieValue for Shows {
    fn write(&self, out: &mut ValueWriter) {
        out.push_str(VALUE);
        *self.0.lock().unwrap() = format!("{out:?}");
    }

    fn read(_: &str) -> Result<Self, hardtack::InvalidValue> {
        Ok(Shows(Arc::default()))
    }
}

#[derive(Cookie)]
struct Shown(Shows);

#[track_caller]
fn shows(it: &dyn Debug, what: &str) {
    let shown = format!("{it:?}");
    assert!(shown.contains(what), "{shown}");
    assert!(!shown.contains(VALUE), "a value: {shown}");
}

#[test]
fn each_type_shows_what_it_is_and_no_value() {
    let mut request = http::HeaderMap::new();
    request.insert("cookie", format!("__Host-Http-session={VALUE}").parse().unwrap());
    let cookies = Cookies::read(&request, testing::https());
    cookies.set(Session(VALUE.into())).unwrap();
    shows(&cookies, "Cookies { read: [\"__Host-Http-session\"], set: [\"__Host-Http-session\"], sent: false }");
    cookies.write(&mut http::HeaderMap::new());
    shows(&SetCookie::new(Session(VALUE.into())), "SetCookie { name: \"__Host-Http-session\", removal: false, .. }");
    shows(&document_cookie(&Theme(VALUE.into())).unwrap(), "DocumentCookie { .. }");
    let handle = PolicyHandle::new(Policy::builder().build().unwrap());
    let answers = || tower::service_fn(async |_: http::Request<()>| Ok::<_, io::Error>(http::Response::new(())));
    let asked = handle.layer(Listener::plain()).layer(answers()).call(http::Request::new(()));
    shows(&asked, "PolicyFuture { .. }");
    shows(&handle.outbound().layer(answers()).call(http::Request::new(())), "OutboundFuture { .. }");
    shows(&PolicyHandle::new(Policy::builder().cookie_domain("example.com").build().unwrap()), "example.com");

    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    shows(
        &Listener::plain().scheme(&parts, None).unwrap_err().evidence(),
        "Evidence(the listener is declared plain HTTP)",
    );

    let report = set_cookie(format!("sid={VALUE}; Secure").as_bytes(), &Seen::https("example.com"));
    shows(&report, "sid");
    shows(&report.stored.unwrap(), "Stored { name: \"sid\", domain: \"example.com\"");
    let rejected = set_cookie(format!("__Host-sid={VALUE}").as_bytes(), &Seen::https("example.com")).stored;
    shows(&rejected.unwrap_err(), "Rejection(prefix-host: ");

    let shown = Arc::new(Mutex::new(String::new()));
    SetCookie::new(Shown(Shows(shown.clone()))).header_value(&testing::https()).unwrap();
    assert_eq!(*shown.lock().unwrap(), "ValueWriter { .. }");
}

#[test]
fn evidence_names_the_proxy() {
    let proxies = TrustedProxies::new(["10.0.0.1"]).unwrap().unix();
    let listener = Listener::behind(proxies);
    for (says, peer, told) in [
        (None, Some([10, 0, 0, 1]), "the trusted proxy 10.0.0.1 sent no"),
        (None, None, "the trusted proxy on the Unix socket sent no"),
        (Some("http"), Some([10, 0, 0, 1]), "the trusted proxy 10.0.0.1 sent a"),
        (Some("http"), None, "the trusted proxy on the Unix socket sent a"),
    ] {
        let mut request = http::Request::get("/").header("host", "example.com");
        if let Some(says) = says {
            request = request.header("x-forwarded-proto", says);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let evidence = listener.scheme(&parts, peer.map(Into::into)).unwrap_err().evidence();
        assert!(evidence.to_string().starts_with(told), "{evidence}");
    }
}

#[test]
fn an_event_shows_its_sentence() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = told.clone();
    let policy = Policy::builder().on_event(move |event| keep.lock().unwrap().push(format!("{event:?}")));
    let jar =
        Cookies::read(&http::HeaderMap::new(), testing::https()).policy(&PolicyHandle::new(policy.build().unwrap()));
    jar.set(Session(VALUE.into())).unwrap();
    drop(jar);
    assert!(told.lock().unwrap()[0].starts_with("Event(mistake `__Host-Http-session` (never-sent): "));
}

/// Standard error has what is no ordinary course, as one line, and nothing else.
#[test]
fn standard_error_has_mistakes_and_is_spared_the_rest() {
    const CHILD: &str = "SETS_AND_SENDS_NOTHING";
    if std::env::var_os(CHILD).is_some() {
        // Nobody writes this jar into a response: a mistake.
        Cookies::read(&http::HeaderMap::new(), testing::https()).set(Session(VALUE.into())).unwrap();
        // A line of others that the layer hardens: the ordinary course.
        let policy = Policy::default().layer(Listener::per_connection());
        let answer = || async { http::Response::builder().header("set-cookie", "a=1").body(()) };
        let mut request = http::Request::new(());
        request.extensions_mut().insert(Transport::Tls);
        let answer = policy.layer(tower::service_fn(move |_: http::Request<()>| answer())).call(request);
        let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer).unwrap();
        assert_eq!(response.headers()["set-cookie"], "a=1; Secure");
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "standard_error_has_mistakes_and_is_spared_the_rest", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    let ours: Vec<&str> = log.lines().filter(|line| line.starts_with("hardtack: ")).collect();
    assert_eq!(ours.len(), 1, "{log}");
    assert!(ours[0].starts_with("hardtack: mistake `__Host-Http-session` (never-sent): "), "{log}");
}

/// A client's error, with another beneath it.
#[derive(Debug)]
struct Closed(io::Error);

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed")
    }
}

impl Error for Closed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn the_chain_of_an_error_says_nothing_twice() {
    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        std::iter::successors(Some(error), |&error: &&(dyn Error + 'static)| error.source())
            .map(ToString::to_string)
            .collect()
    }
    let mut request = http::HeaderMap::new();
    request.insert("cookie", "__Host-Http-visits=many".parse().unwrap());
    let malformed = Cookies::read(&request, testing::https()).get::<Visits>().err().unwrap();
    assert_eq!(chain(&malformed), ["the value of `__Host-Http-visits` is malformed: expected a `u32`"]);

    let closed = OutboundError::Client(Closed(io::Error::other("no route to host")));
    assert_eq!(chain(&closed), ["the connection is closed", "no route to host"]);
}

#[test]
fn what_is_wrong_with_a_seal_is_told() {
    use hardtack::SealFault::{Malformed, Mismatch, Version};

    for (fault, told) in [
        (Malformed, "it has not the form of one"),
        (Version, "it is of another version; let the release that writes it reach every server first"),
        (Mismatch, "it was changed, or made for another cookie"),
    ] {
        assert!(fault.to_string().starts_with(told), "{fault}");
    }
}

#[test]
fn what_an_inventory_denies_is_shown_as_it_is_told() {
    let denied = hardtack::inventory().deny("script-readable").unwrap_err();
    assert_eq!(format!("{denied:?}"), denied.to_string());
    assert!(denied.to_string().contains("shown::Theme"));
}
