//! What `Debug` shows of our types: what they are and whose, never a value, and never nothing.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use hardtack::audit::{Seen, set_cookie};
use hardtack::{Cookie, Cookies, Listener, Policy, PolicyHandle, SetCookie, ValueWriter, document_cookie, testing};

const VALUE: &str = "opensesame";

#[derive(Cookie)]
struct Session(String);

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
