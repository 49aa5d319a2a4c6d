//! Tests of a whole session: the sign-in, the registration, the refresh and the reads, without a framework.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Extensions, HeaderMap, Request, Response, StatusCode};

use crate::device_bound::DeviceBound;
use crate::event::{Code, Kind};
use crate::middleware::guard::{JarHandle, PolicyGuard};
use crate::policy::{Baseline, PolicyBuilder};
use crate::request::head::RequestHead;
use crate::seal::{Key, Keyring};
use crate::testing::{self, Browser, Device};
use crate::value::ProofFault;
use crate::{Cookie, Cookies, ExtractError, Https, Policy, PolicyHandle, ReadError, SameSite, TlsTermination};

/// The session of the signed-in user.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "30d", device_bound)]
struct Session(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "30d", device_bound(every = "5m", optional))]
struct Relaxed(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "30d", idle = "1h", device_bound)]
struct Idle(String);

const OFFER: &str = "secure-session-registration";
const REFRESH: &str = "/.well-known/hardtack/device-bound/refresh";
const REGISTER: &str = "/.well-known/hardtack/device-bound/register";

type Events = Arc<Mutex<Vec<(Kind, Code, String)>>>;

struct App {
    handle: PolicyHandle,
    guard: PolicyGuard,
    browser: Browser,
    device: Device,
    events: Events,
}

impl App {
    fn new() -> App {
        App::with(|builder| builder)
    }

    fn with(change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> App {
        App::over(TlsTermination::here(), change)
    }

    fn over(termination: TlsTermination, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> App {
        let events = Events::default();
        let seen = events.clone();
        let builder = Policy::builder()
            .keyring(testing::keyring())
            .on_event(move |event| seen.lock().unwrap().push((event.kind, event.rule, event.to_string())));
        let handle = PolicyHandle::new(change(builder).build().unwrap());
        let guard = PolicyGuard::new(handle.clone(), termination);
        let browser = Browser::new("https://shop.example");
        App { handle, guard, browser, device: Device::new(), events }
    }

    /// Sends a request with the browser's cookies, at the browser's time. The browser stores the cookies of the
    /// response.
    fn send(&mut self, mut request: Request<()>, handler: impl FnOnce(&JarHandle)) -> Response<String> {
        let path = request.uri().path().to_owned();
        request.headers_mut().extend(self.browser.request_headers(&path));
        let response = testing::at(self.browser.now(), || answer(&self.guard, request, handler));
        self.browser.store(response.headers());
        response
    }

    fn get(&mut self, handler: impl FnOnce(&JarHandle)) -> Response<String> {
        self.send(Request::get("/").body(()).unwrap(), handler)
    }

    fn with_cookies(&mut self, handler: impl FnOnce(Cookies)) -> Response<String> {
        self.get(|jar| handler(jar.cookies::<Https>().unwrap()))
    }

    fn sign_in(&mut self) -> Response<String> {
        self.with_cookies(|cookies| cookies.set(Session("ada".into())).unwrap())
    }

    fn register(&mut self, signed_in: &Response<String>) -> Response<String> {
        let request = self.device.register(signed_in.headers()).expect("the response offers no registration");
        let response = self.send(request, |_| panic!("the application handled the registration"));
        self.device.store(&response);
        response
    }

    fn refresh(&mut self) -> Response<String> {
        let request = self.device.refresh().expect("no session is registered");
        let response = self.send(request, |_| panic!("the application handled the refresh"));
        self.device.store(&response);
        response
    }

    fn registered() -> App {
        let mut app = App::new();
        let signed_in = app.sign_in();
        assert_eq!(app.register(&signed_in).status(), StatusCode::OK);
        app
    }

    fn session(&mut self) -> Option<Session> {
        let mut found = None;
        self.with_cookies(|cookies| found = cookies.get());
        found
    }

    fn read_error(&mut self) -> Option<ReadError> {
        let mut found = None;
        self.with_cookies(|cookies| found = cookies.try_get::<Session>().err());
        found
    }

    fn bound(&mut self) -> Result<String, ExtractError> {
        let mut found = None;
        self.get(|jar| {
            let bound = jar.bound::<Session>().map(|session| session.into_inner().0);
            found = Some(bound.map_err(|error| jar.refuse(error)));
        });
        found.unwrap()
    }

    fn forget_companion(&mut self) {
        self.browser.set("__Host-session-key=; Path=/; Secure; Max-Age=0");
    }

    fn last_event(&self) -> (Kind, Code, String) {
        self.events.lock().unwrap().last().cloned().unwrap()
    }
}

fn answer(guard: &PolicyGuard, request: Request<()>, handler: impl FnOnce(&JarHandle)) -> Response<String> {
    let (parts, ()) = request.into_parts();
    let (mut headers, mut extensions) = (HeaderMap::new(), Extensions::new());
    let (status, body) = match guard.on_request(&RequestHead::from_parts(&parts)) {
        Ok(mut in_flight) => {
            handler(&in_flight.jar_handle());
            in_flight.on_response(StatusCode::OK, &mut headers, &mut extensions);
            (StatusCode::OK, String::new())
        }
        Err(response) => {
            let (status, body) = (response.status(), response.body().into_owned());
            response.write_headers(&mut headers);
            (status, body)
        }
    };
    let mut response = Response::new(body);
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    response
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn is_unproven(error: Option<&ReadError>, expected: ProofFault) -> bool {
    matches!(error, Some(ReadError::Unproven { cookie: "__Host-Http-session", fault }) if *fault == expected)
}

#[test]
fn only_a_sign_in_offers_a_registration() {
    type Handler = fn(Cookies);
    let handlers: [(Handler, bool); 11] = [
        (|cookies| cookies.set(Session("bob".into())).unwrap(), true),
        (|cookies| drop(cookies.get::<Session>()), false),
        (
            |cookies| {
                cookies.get::<Session>().unwrap();
                cookies.set(Session("bob".into())).unwrap();
            },
            false,
        ),
        (
            |cookies| {
                assert!(cookies.get_all::<Session>().all(|session| session.is_ok()));
                cookies.set(Session("bob".into())).unwrap();
            },
            false,
        ),
        (
            |cookies| {
                cookies.get::<Session>().unwrap();
                cookies.remove::<Session>().unwrap();
                cookies.set(Session("bob".into())).unwrap();
            },
            true,
        ),
        (
            |cookies| {
                cookies.remove::<Session>().unwrap();
                cookies.set(Session("bob".into())).unwrap();
            },
            true,
        ),
        (
            |cookies| {
                cookies.set(Session("bob".into())).unwrap();
                cookies.get::<Session>().unwrap();
                cookies.set(Session("eve".into())).unwrap();
            },
            true,
        ),
        (
            |cookies| {
                cookies.set(Session("bob".into())).unwrap();
                cookies.remove::<Session>().unwrap();
            },
            false,
        ),
        (
            |cookies| {
                cookies.set(Session("bob".into())).unwrap();
                cookies.undo::<Session>();
            },
            false,
        ),
        (
            |cookies| {
                cookies.get::<Session>().unwrap();
                cookies.remove::<Session>().unwrap();
                cookies.undo::<Session>();
                cookies.set(Session("bob".into())).unwrap();
            },
            false,
        ),
        (
            |cookies| {
                cookies.set(Session("bob".into())).unwrap();
                cookies.clear_site_data();
            },
            false,
        ),
    ];
    for (index, (handler, expected)) in handlers.into_iter().enumerate() {
        let mut app = App::new();
        app.sign_in();
        let response = app.with_cookies(handler);
        assert_eq!(response.headers().contains_key(OFFER), expected, "{index}");
    }
    let offer = App::new().sign_in().headers()[OFFER].to_str().unwrap().to_owned();
    assert!(offer.starts_with(&format!(r#"(ES256);path="{REGISTER}";challenge="1"#)), "{offer}");
}

#[test]
fn registered_session_needs_its_companion() {
    let mut app = App::new();
    let signed_in = app.sign_in();
    assert_eq!(app.session(), Some(Session("ada".into())));
    assert_eq!(app.register(&signed_in).status(), StatusCode::OK);
    assert_eq!(app.browser.names(), ["__Host-Http-session", "__Host-session-key"]);
    assert_eq!(app.session(), Some(Session("ada".into())));
    app.forget_companion();
    assert_eq!(app.session(), None);
    assert!(is_unproven(app.read_error().as_ref(), ProofFault::CompanionMissing));
    let (kind, code, text) = app.last_event();
    assert_eq!((kind, code), (Kind::CookieRejected, Code::Unproven), "{text}");
    assert!(text.contains("the request contains no companion"), "{text}");
    // The session cookie stays, and a refresh repairs the session.
    assert_eq!(app.browser.names(), ["__Host-Http-session"]);
    assert_eq!(app.refresh().status(), StatusCode::OK);
    assert_eq!(app.session(), Some(Session("ada".into())));
}

#[test]
fn stolen_cookies_stop_working() {
    let mut app = App::registered();
    let mut thief = App { browser: app.browser.clone(), ..App::new() };
    thief.guard = app.guard.clone();
    assert_eq!(thief.session(), Some(Session("ada".into())));
    let later = app.browser.now() + Duration::from_secs(601);
    let stolen = thief.browser.request_headers("/");
    let (mut read, mut bound) = (None, None);
    let mut request = Request::get("/").body(()).unwrap();
    request.headers_mut().extend(stolen);
    testing::at(later, || {
        answer(&app.guard, request, |jar| {
            read = Some(jar.cookies::<Https>().unwrap().try_get::<Session>());
            bound = Some(jar.bound::<Session>().is_ok());
        })
    });
    assert!(is_unproven(read.unwrap().as_ref().err(), ProofFault::CompanionExpired));
    assert_eq!(bound, Some(false));
    // The owner's browser refreshes the companion.
    app.browser.advance(Duration::from_secs(601));
    assert_eq!(app.session(), None);
    assert_eq!(app.refresh().status(), StatusCode::FORBIDDEN);
    assert_eq!(app.refresh().status(), StatusCode::OK);
    assert_eq!(app.session(), Some(Session("ada".into())));
}

#[test]
fn bound_needs_a_proof_and_names_the_reason() {
    let mut app = App::new();
    let refused = Err(ExtractError::Unproven { cookie: "__Host-Http-session" });
    let check = |app: &App, reason: &str| {
        let (kind, code, text) = app.last_event();
        assert_eq!((kind, code), (Kind::RequestRefused, Code::Unproven), "{text}");
        assert!(text.contains(reason) && !text.contains("ada"), "{text}");
    };
    assert_eq!(app.bound(), refused);
    check(&app, "the request contains no such cookie");
    let signed_in = app.sign_in();
    assert_eq!(app.bound(), refused);
    check(&app, "no device is registered for the session");
    app.register(&signed_in);
    assert_eq!(app.bound(), Ok("ada".to_owned()));
    app.browser.advance(minutes(9));
    assert_eq!(app.bound(), Ok("ada".to_owned()));
    app.forget_companion();
    assert_eq!(app.bound(), refused);
    check(&app, "the request contains no companion");
    // If the same request signs a user in, the new cookie does not prove the device yet.
    let mut found = None;
    app.get(|jar| {
        jar.cookies::<Https>().unwrap().set(Session("bob".into())).unwrap();
        found = Some(jar.bound::<Session>().is_err());
    });
    assert_eq!(found, Some(true));
}

#[test]
fn bound_without_a_refusal_emits_no_event() {
    let mut app = App::new();
    app.get(|jar| assert!(jar.bound::<Session>().is_err()));
    assert!(app.events.lock().unwrap().is_empty());
}

#[test]
fn renewal_of_a_proven_cookie_is_proven() {
    let mut app = App::registered();
    let mut found = Vec::new();
    app.get(|jar| {
        let cookies = jar.cookies::<Https>().unwrap();
        let session = cookies.get::<Session>().unwrap();
        cookies.set(session).unwrap();
        found.push(jar.bound::<Session>().map(|session| session.into_inner().0).ok());
        // Another user signs in.
        cookies.remove::<Session>().unwrap();
        found.push(jar.bound::<Session>().map(|session| session.into_inner().0).ok());
        cookies.set(Session("bob".into())).unwrap();
        found.push(jar.bound::<Session>().map(|session| session.into_inner().0).ok());
    });
    assert_eq!(found, [Some("ada".to_owned()), None, None]);
}

/// The name of `Session` in an earlier release.
#[derive(Cookie)]
#[cookie(sealed, name = "__Host-Http-old", max_age = "30d")]
struct Old(String);

#[derive(Cookie)]
#[cookie(
    sealed,
    name = "__Host-Http-renamed",
    max_age = "30d",
    device_bound,
    formerly(name = "__Host-Http-old", until = "2099-01-01")
)]
struct Renamed(String);

/// Otherwise, a thief with a copy of the old cookie could register a key.
#[test]
fn renewal_of_a_former_cookie_offers_no_registration() {
    let mut app = App::new();
    app.with_cookies(|cookies| cookies.set(Old("ada".into())).unwrap());
    let response = app.with_cookies(|cookies| {
        let Renamed(user) = cookies.get().unwrap();
        cookies.set(Renamed(user)).unwrap();
    });
    assert!(!response.headers().contains_key(OFFER));
    assert_eq!(app.browser.names(), ["__Host-Http-renamed"]);
    // The next sign-in offers a registration.
    let response = app.with_cookies(|cookies| cookies.set(Renamed("ada".into())).unwrap());
    assert!(response.headers().contains_key(OFFER));
}

/// The session of an earlier release, which was also bound to a device.
#[derive(Cookie)]
#[cookie(sealed, name = "__Host-Http-before", max_age = "30d", device_bound)]
struct Before(String);

#[derive(Cookie)]
#[cookie(
    sealed,
    name = "__Host-Http-after",
    max_age = "30d",
    device_bound,
    formerly(name = "__Host-Http-before", until = "2099-01-01")
)]
struct After(String);

#[test]
fn bound_accepts_a_proven_cookie_with_an_earlier_name() {
    let mut app = App::new();
    let signed_in = app.with_cookies(|cookies| cookies.set(Before("ada".into())).unwrap());
    let bound = |app: &mut App| {
        let mut found = None;
        app.get(|jar| found = jar.bound::<After>().map(|after| after.into_inner().0).ok());
        found
    };
    assert_eq!(bound(&mut app), None);
    assert_eq!(app.register(&signed_in).status(), StatusCode::OK);
    assert_eq!(bound(&mut app), Some("ada".to_owned()));
    // The companion has the earlier name, so the cookie with the present name needs a registration of its own.
    let renewed = app.get(|jar| {
        let After(user) = jar.bound::<After>().unwrap().into_inner();
        jar.cookies::<Https>().unwrap().set(After(user)).unwrap();
    });
    assert!(renewed.headers().contains_key(OFFER));
    app.browser.set("__Host-Http-after=; Path=/; Secure; Max-Age=0");
    app.with_cookies(|cookies| cookies.set(Before("ada".into())).unwrap());
    app.browser.set("__Host-before-key=; Path=/; Secure; Max-Age=0");
    assert_eq!(bound(&mut app), None);
}

/// A shared cache would send the removal to other users.
#[test]
fn public_response_removes_no_companion() {
    for (method, is_removed) in [("GET", true), ("HEAD", false), ("OPTIONS", false)] {
        let mut app = App::registered();
        app.browser.advance(minutes(11));
        app.browser.set("__Host-session-key=stale; Path=/; Secure");
        let request = Request::builder().method(method).uri("/").body(()).unwrap();
        let response = app.send(request, |jar| drop(jar.cookies::<Https>().unwrap().get::<Session>()));
        let removal = response
            .headers()
            .get("set-cookie")
            .is_some_and(|header| header.as_bytes().starts_with(b"__Host-session-key=;"));
        assert_eq!(removal, is_removed, "{method}");
    }
    let mut app = App::registered();
    app.browser.set("__Host-session-key=stale; Path=/; Secure");
    let mut request = Request::get("/logo.svg").body(()).unwrap();
    request.headers_mut().extend(app.browser.request_headers("/"));
    let (parts, ()) = request.into_parts();
    testing::at(app.browser.now(), || {
        let mut in_flight = app.guard.on_request(&RequestHead::from_parts(&parts)).unwrap();
        drop(in_flight.jar_handle().cookies::<Https>().unwrap().get::<Session>());
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", "public, max-age=600".parse().unwrap());
        in_flight.on_response(StatusCode::OK, &mut headers, &mut Extensions::new());
        assert!(!headers.contains_key("set-cookie"), "{headers:?}");
    });
}

#[test]
fn bound_counts_as_a_read() {
    let mut app = App::registered();
    let response = app.get(|jar| {
        jar.bound::<Session>().unwrap();
        jar.cookies::<Https>().unwrap().set(Session("bob".into())).unwrap();
    });
    assert!(!response.headers().contains_key(OFFER));
    assert_eq!(app.bound(), Ok("bob".to_owned()));
}

#[test]
fn optional_cookie_is_read_without_companion() {
    let mut app = App::new();
    let signed_in = app.with_cookies(|cookies| cookies.set(Relaxed("ada".into())).unwrap());
    let registered = app.register(&signed_in);
    assert!(registered.body().contains(r#""name":"__Host-relaxed-key""#));
    let companion = registered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(companion.contains("; Max-Age=300; "), "{companion}");
    app.browser.set("__Host-relaxed-key=; Path=/; Secure; Max-Age=0");
    let (mut read, mut bound) = (None, None);
    app.get(|jar| {
        read = jar.cookies::<Https>().unwrap().get::<Relaxed>();
        bound = Some(jar.bound::<Relaxed>().is_err());
    });
    assert_eq!((read, bound), (Some(Relaxed("ada".into())), Some(true)));
}

#[test]
fn sign_out_removes_both_cookies() {
    let mut app = App::registered();
    let response = app.with_cookies(|cookies| cookies.remove::<Session>().unwrap());
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert!(app.browser.names().is_empty(), "{:?}", app.browser.names());
    assert!(app.browser.rejected().is_empty());
}

#[test]
fn renewal_keeps_the_registration() {
    let mut app = App::registered();
    app.with_cookies(|cookies| {
        cookies.get::<Session>().unwrap();
        cookies.set(Session("bob".into())).unwrap();
    });
    assert_eq!(app.bound(), Ok("bob".to_owned()));
    app.forget_companion();
    assert_eq!(app.session(), None);
}

#[test]
fn renewal_that_overtakes_the_registration_stays_bound() {
    let mut app = App::new();
    let signed_in = app.sign_in();
    let before = app.browser.clone();
    app.register(&signed_in);
    // The browser sends this request before the registration. The request renews the session. The response arrives
    // after the response to the registration.
    let mut late = App { browser: before, ..App::new() };
    let response = late.with_cookies(|cookies| {
        cookies.get::<Session>().unwrap();
        cookies.set(Session("bob".into())).unwrap();
    });
    app.browser.store(response.headers());
    assert_eq!(app.bound(), Ok("bob".to_owned()));
    // The next refresh sets the cookie of a registered device again.
    assert_eq!(app.refresh().headers().get_all("set-cookie").iter().count(), 2);
    app.forget_companion();
    assert_eq!(app.session(), None);
}

#[test]
fn new_sign_in_ends_the_old_session() {
    let mut app = App::registered();
    let signed_in = app.sign_in();
    let refreshed = app.refresh();
    assert!(refreshed.body().contains(r#""continue":false"#));
    assert!(app.device.refresh().is_none());
    assert_eq!(app.register(&signed_in).status(), StatusCode::OK);
    assert_eq!(app.bound(), Ok("ada".to_owned()));
}

#[test]
fn companion_of_an_earlier_sign_in_is_removed() {
    let mut app = App::registered();
    let mut old_device = core::mem::take(&mut app.device);
    let signed_in = app.sign_in();
    // The old companion proves nothing, and stays until the registration.
    let response = app.get(|jar| assert!(jar.bound::<Session>().is_err()));
    assert!(!response.headers().contains_key("set-cookie"));
    app.register(&signed_in);
    // After a link from another site, the browser sends a refresh of the old session that carries no cookies.
    app.forget_companion();
    let refreshed = testing::at(app.browser.now(), || {
        answer(&app.guard, old_device.refresh().unwrap(), |_| panic!("the application handled the refresh"))
    });
    old_device.store(&refreshed);
    app.browser.store(refreshed.headers());
    assert!(is_unproven(app.read_error().as_ref(), ProofFault::OtherSession));
    assert_eq!(app.browser.names(), ["__Host-Http-session"]);
    assert!(app.browser.rejected().is_empty(), "{:?}", app.browser.rejected());
    // Without the companion, the browser refreshes both sessions.
    let refreshed = app.send(old_device.refresh().unwrap(), |_| panic!("the application handled the refresh"));
    assert!(refreshed.body().contains(r#""continue":false"#));
    assert_eq!(app.refresh().status(), StatusCode::OK);
    assert_eq!(app.bound(), Ok("ada".to_owned()));
}

#[test]
fn expired_companion_is_removed() {
    // The browser's clock is behind the server's clock.
    let read = |app: &App, name: &str| {
        let mut request = Request::get("/").body(()).unwrap();
        request.headers_mut().extend(app.browser.request_headers("/"));
        let response = testing::at(app.browser.now() + Duration::from_secs(601), || {
            answer(&app.guard, request, |jar| match name {
                "get" => assert!(jar.cookies::<Https>().unwrap().get::<Session>().is_none()),
                "remove" => {
                    let cookies = jar.cookies::<Https>().unwrap();
                    assert!(cookies.get::<Session>().is_none());
                    cookies.remove::<Session>().unwrap();
                }
                _ => {}
            })
        });
        let headers = response.headers().get_all("set-cookie").iter();
        headers.map(|header| header.to_str().unwrap().split('=').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut app = App::registered();
    assert_eq!(read(&app, "nothing"), [""; 0]);
    assert_eq!(read(&app, "get"), ["__Host-session-key"]);
    assert_eq!(read(&app, "remove"), ["__Host-session-key", "__Host-Http-session"]);
    // A valid companion stays, and a missing companion is not removed.
    assert_eq!(app.with_cookies(|cookies| drop(cookies.get::<Session>().unwrap())).headers().get("set-cookie"), None);
    app.forget_companion();
    assert_eq!(read(&app, "get"), [""; 0]);
}

#[test]
fn cookie_without_a_mark_stays_unbound() {
    let mut app = App::new();
    let header = testing::request_header(&Session("ada".into())).to_str().unwrap().to_owned();
    app.browser.set(format!("{header}; Path=/; Secure; HttpOnly"));
    assert_eq!(app.session(), Some(Session("ada".into())));
    let response = app.with_cookies(|cookies| {
        cookies.get::<Session>().unwrap();
        cookies.set(Session("bob".into())).unwrap();
    });
    assert!(!response.headers().contains_key(OFFER));
    assert_eq!(app.session(), Some(Session("bob".into())));
    assert!(app.bound().is_err());
    assert!(app.sign_in().headers().contains_key(OFFER));
}

#[test]
fn idle_cookie_is_reissued_as_bound() {
    let mut app = App::new();
    let signed_in = app.with_cookies(|cookies| cookies.set(Idle("ada".into())).unwrap());
    app.register(&signed_in);
    for _ in 0..5 {
        app.browser.advance(minutes(9));
        app.refresh();
        app.refresh();
    }
    let response = app.with_cookies(|cookies| drop(cookies.get::<Idle>().unwrap()));
    assert!(response.headers().contains_key("set-cookie") && !response.headers().contains_key(OFFER));
    let mut bound = None;
    app.get(|jar| bound = Some(jar.bound::<Idle>().is_ok()));
    assert_eq!(bound, Some(true));
    app.browser.set("__Host-idle-key=; Path=/; Secure; Max-Age=0");
    let mut read = None;
    app.with_cookies(|cookies| read = Some(cookies.get::<Idle>()));
    assert_eq!(read, Some(None));
}

#[test]
fn rotated_keys_keep_the_user_signed_in() {
    let old = Key::generate();
    let mut app = App::with(|builder| builder.keyring(Keyring::new(old.clone())));
    let signed_in = app.sign_in();
    app.register(&signed_in);
    let next = Keyring::new(Key::generate()).with(old);
    app.handle.apply(app.handle.current().to_builder().keyring(next).build().unwrap());
    assert_eq!(app.bound(), Ok("ada".to_owned()));
    let renewed = app.refresh();
    assert!(renewed.body().contains(r#""continue":false"#) && renewed.headers().contains_key(OFFER));
    assert_eq!(app.bound(), Ok("ada".to_owned()));
    assert_eq!(app.register(&renewed).status(), StatusCode::OK);
    assert_eq!(app.refresh().body(), "");
    assert_eq!(app.bound(), Ok("ada".to_owned()));
}

#[test]
fn baseline_makes_json_and_header_stricter() {
    let strict = Baseline::new().same_site(SameSite::Strict).longest_max_age(Duration::from_secs(300));
    let mut app = App::with(|builder| builder.baseline(strict));
    let signed_in = app.sign_in();
    let registered = app.register(&signed_in);
    assert!(registered.body().contains("SameSite=Strict"), "{}", registered.body());
    for header in registered.headers().get_all("set-cookie") {
        let header = header.to_str().unwrap();
        assert!(header.contains("; Max-Age=300; ") && header.ends_with("; SameSite=Strict"), "{header}");
    }
}

#[test]
fn endpoints_never_end_a_session_by_mistake() {
    let post = |path: &str| Request::post(path).body(()).unwrap();
    // Plain HTTP, also where the policy forces HTTPS.
    for path in [REGISTER, REFRESH] {
        let mut app = App::over(TlsTermination::none(), |builder| builder);
        let response = app.send(post(path), |_| panic!("the application handled the request"));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    // No keyring.
    let events = Events::default();
    let seen = events.clone();
    let policy = Policy::builder().on_event(move |event| {
        seen.lock().unwrap().push((event.kind, event.rule, event.to_string()));
    });
    let guard = PolicyGuard::new(PolicyHandle::new(policy.build().unwrap()), TlsTermination::here());
    let response = answer(&guard, post(REFRESH), |_| panic!("the application handled the request"));
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(events.lock().unwrap()[0].1, Code::NoKeyring);
    // Another method, and other paths.
    let mut app = App::new();
    let response = app.send(Request::get(REFRESH).body(()).unwrap(), |_| panic!("the application handled the request"));
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    for path in
        ["/refresh", "/register", "/.well-known/hardtack/device-bound/refresh/", "/.well-known/hardtack/device-bound"]
    {
        let mut is_handled = false;
        app.send(post(path), |_| is_handled = true);
        assert!(is_handled, "{path}");
    }
}

#[test]
fn refused_proof_emits_an_event() {
    let mut app = App::registered();
    let mut request = app.device.refresh().unwrap();
    request.headers_mut().insert("secure-session-response", "s3cr3t.s3cr3t.s3cr3t".parse().unwrap());
    assert_eq!(app.send(request, |_| ()).status(), StatusCode::FORBIDDEN);
    let (kind, code, text) = app.last_event();
    assert_eq!((kind, code), (Kind::RequestRefused, Code::DeviceProof));
    assert!(text.contains(REFRESH) && !text.contains("s3cr3t"), "{text}");
}

#[test]
fn endpoints_move_with_the_setting_and_the_base_path() {
    let mut app = App::with(|builder| builder.device_bound(DeviceBound::new().at("/auth/device")).base_path("/vault"));
    let signed_in = app.sign_in();
    assert!(signed_in.headers()[OFFER].to_str().unwrap().starts_with(r#"(ES256);path="/vault/auth/device/register";"#));
    let registered = app.register(&signed_in);
    assert!(registered.body().contains(r#""refresh_url":"/vault/auth/device/refresh""#), "{}", registered.body());
    // A proxy may remove the base path.
    let mut request = app.device.refresh().unwrap();
    *request.uri_mut() = "/auth/device/refresh".parse().unwrap();
    assert_eq!(app.send(request, |_| panic!("the application handled the request")).status(), StatusCode::OK);
}
