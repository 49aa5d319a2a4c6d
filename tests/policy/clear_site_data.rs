//! Tests `Cookies::clear_site_data`: the header over HTTPS, no header over plain HTTP, and the events.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::routing::any;
use axum::{Router, http::Request};
use hardtack::event::{Code, Kind};
use hardtack::testing::Browser;
use hardtack::{AnyScheme, Cookie, Cookies, Policy, PolicyHandle, TlsTermination, testing};
use http::HeaderMap;
use tower::Service as _;

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
struct Notice(String);

type Events = Arc<Mutex<Vec<(Kind, Code, Option<String>)>>>;

fn recording_policy() -> (PolicyHandle, Events) {
    let events = Events::default();
    let writer = events.clone();
    let policy = Policy::builder().on_event(move |event| {
        writer.lock().unwrap().push((event.kind, event.rule, event.cookie.map(str::to_owned)));
    });
    (PolicyHandle::new(policy.build().unwrap()), events)
}

/// Returns the headers of a response after `change`, and the events.
fn respond(
    scheme: AnyScheme,
    change: impl FnOnce(&Cookies<AnyScheme>),
) -> (HeaderMap, Vec<(Kind, Code, Option<String>)>) {
    let (policy, events) = recording_policy();
    let cookies = Cookies::from_headers(&HeaderMap::new(), scheme).with_policy(&policy);
    change(&cookies);
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    let events = events.lock().unwrap().clone();
    (response, events)
}

#[test]
fn clear_site_data_is_sent_over_https_only() {
    let (response, events) = respond(testing::https().into(), |cookies| {
        cookies.remove::<Session>().unwrap();
        cookies.clear_site_data();
        cookies.clear_site_data();
    });
    let headers: Vec<_> = response.get_all("clear-site-data").iter().collect();
    assert_eq!(headers, ["\"cookies\", \"storage\""]);
    assert_eq!(events, []);

    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    let plain = AnyScheme::from(TlsTermination::none().detect(&parts, None));
    let (response, events) = respond(plain, |cookies| cookies.clear_site_data());
    assert_eq!((response, events), (HeaderMap::new(), vec![(Kind::Notice, Code::NotHttps, None)]));
}

#[test]
fn a_cookie_that_is_set_beside_it_is_reported() {
    let mut browser = Browser::new("https://shop.example");
    browser.set("__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly");
    let (response, events) = respond(testing::https().into(), |cookies| {
        cookies.clear_site_data();
        cookies.set(Notice("signed out".into())).unwrap();
        cookies.remove::<Session>().unwrap();
    });
    let notice = Some("__Host-Http-notice".to_owned());
    assert_eq!(events, [(Kind::Mistake, Code::ClearSiteData, notice)]);
    browser.store(&response);
    assert_eq!(browser.stored(), []);
}

#[test]
fn a_call_without_a_response_is_reported() {
    let (policy, events) = recording_policy();
    drop({
        let cookies = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
        cookies.clear_site_data();
        cookies
    });
    let cookies = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
    cookies.write(&mut HeaderMap::new());
    cookies.clear_site_data();
    drop(cookies);
    let expected = [(Kind::Mistake, Code::NeverSent, None), (Kind::Mistake, Code::ResponseSent, None)];
    assert_eq!(*events.lock().unwrap(), expected);
}

#[test]
fn the_layer_sends_clear_site_data() {
    async fn sign_out(cookies: Cookies) -> [(&'static str, &'static str); 1] {
        cookies.remove::<Session>().unwrap();
        cookies.clear_site_data();
        [("clear-site-data", "\"cache\"")]
    }

    let (policy, events) = recording_policy();
    let mut app = Router::new().fallback(any(sign_out)).layer(policy.layer(TlsTermination::here()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = runtime.block_on(app.call(Request::new(Body::empty()))).unwrap();
    let headers: Vec<_> = response.headers().get_all("clear-site-data").iter().collect();
    assert_eq!(headers, ["\"cache\"", "\"cookies\", \"storage\""]);
    assert_eq!(*events.lock().unwrap(), []);
}
