//! Tests of the messages that the library produces: the `Debug` and `Display` output of public types, and chains of
//! errors. Each message must contain the name of the type or of the cookie. A message must not contain a cookie's
//! value, and must not repeat the same words. The library must not print to stdout or stderr.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic in a helper fails the test")]

use std::error::Error;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use hardtack::audit::{Context, set_cookie};
use hardtack::device_bound::Bound;
use hardtack::tls::Transport;
use hardtack::tower::ClientError;
use hardtack::value::ValueWriter;
use hardtack::{
    Cookie, Cookies, Policy, PolicyHandle, SetCookie, TlsTermination, TrustedProxies, document_cookie, testing,
};
use tower::{Layer as _, Service as _};

const VALUE: &str = "opensesame";

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
struct Visits(u32);

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Tab(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js reads it")]
struct Theme(String);

/// A cookie value. While the library writes this value, the value stores the `Debug` output of the `ValueWriter`.
struct WriterDebug(Arc<Mutex<String>>);

impl hardtack::CookieValue for WriterDebug {
    fn write(&self, out: &mut ValueWriter) {
        out.push_str(VALUE);
        *self.0.lock().unwrap() = format!("{out:?}");
    }

    fn read(_: &str) -> Result<Self, hardtack::value::InvalidValue> {
        Ok(WriterDebug(Arc::default()))
    }
}

#[derive(Cookie)]
struct Probe(WriterDebug);

/// Asserts that the `Debug` output contains `expected` and does not contain the cookie's value.
#[track_caller]
fn assert_debug(subject: &dyn Debug, expected: &str) {
    let text = format!("{subject:?}");
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains(VALUE), "a value: {text}");
}

#[test]
fn debug_texts_contain_no_value() {
    let mut request = http::HeaderMap::new();
    request.insert("cookie", format!("__Host-Http-session={VALUE}").parse().unwrap());
    let cookies = Cookies::from_headers(&request, testing::https());
    cookies.set(Session(VALUE.into())).unwrap();
    assert_debug(
        &cookies,
        "Cookies { received: [\"__Host-Http-session\"], pending: [\"__Host-Http-session\"], is_sent: false }",
    );
    let tabs = cookies.family::<Tab>();
    tabs.set("tab1", Tab(VALUE.into())).unwrap();
    assert_debug(&tabs, "Family { name: \"__Host-Http-tab\", keys: [\"tab1\"] }");
    let mut response = http::HeaderMap::new();
    cookies.write(&mut response);
    let mut browser = testing::Browser::new("https://shop.example");
    browser.store(&response);
    assert_eq!(browser.names(), ["__Host-Http-session", "__Host-Http-tab.tab1"]);
    assert_debug(&browser, "__Host-Http-tab.tab1");
    assert_debug(
        &SetCookie::new(Session(VALUE.into())),
        "SetCookie { name: \"__Host-Http-session\", removal: false, .. }",
    );
    assert_debug(&document_cookie(&Theme(VALUE.into())).unwrap(), "DocumentCookie { .. }");
    let handle = PolicyHandle::new(Policy::builder().build().unwrap());
    let service = || tower::service_fn(async |_: http::Request<()>| Ok::<_, io::Error>(http::Response::new(())));
    let future = handle.layer(TlsTermination::none()).layer(service()).call(http::Request::new(()));
    assert_debug(&future, "PolicyFuture { .. }");
    assert_debug(&handle.client_layer().layer(service()).call(http::Request::new(())), "ClientFuture { .. }");
    assert_debug(&PolicyHandle::new(Policy::builder().cookie_domain("example.com").build().unwrap()), "example.com");

    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    assert_debug(
        &TlsTermination::none().detect(&parts, None).unwrap_err().evidence(),
        "Evidence(this socket is declared plain HTTP)",
    );

    let report = set_cookie(format!("sid={VALUE}; Secure").as_bytes(), &Context::https("example.com"));
    assert_debug(&report, "sid");
    assert_debug(&report.stored.unwrap(), "Stored { name: \"sid\", domain: \"example.com\"");
    let rejected = set_cookie(format!("__Host-sid={VALUE}").as_bytes(), &Context::https("example.com")).stored;
    assert_debug(&rejected.unwrap_err(), "Rejection(prefix-host: ");

    let text = Arc::new(Mutex::new(String::new()));
    SetCookie::new(Probe(WriterDebug(text.clone()))).header_value(&testing::https()).unwrap();
    assert_eq!(*text.lock().unwrap(), "ValueWriter { .. }");
}

#[test]
fn debug_texts_of_device_bound_cookies_contain_no_secret() {
    #[derive(Cookie)]
    #[cookie(sealed, max_age = "30d", device_bound)]
    struct Account(String);

    let (events, texts) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (recorded, shown) = (events.clone(), texts.clone());
    let policy = Policy::builder().keyring(testing::keyring()).on_event(move |event| {
        recorded.lock().unwrap().push(format!("{event} {event:?}"));
    });
    let sign_in = async |cookies: Cookies| cookies.set(Account(VALUE.into())).unwrap();
    let pay = async move |account: Bound<Account>| shown.lock().unwrap().push(format!("{account:?}"));
    let routes =
        axum::Router::new().route("/sign-in", axum::routing::get(sign_in)).route("/pay", axum::routing::get(pay));
    let app = routes.layer(policy.build().unwrap().layer(TlsTermination::here()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut browser = testing::Browser::new("https://shop.example");
    let send = |browser: &mut testing::Browser, mut request: http::Request<()>| {
        let cookies = browser.request_headers(request.uri().path());
        request.headers_mut().extend(cookies);
        let response = runtime.block_on(app.clone().call(request.map(|()| axum::body::Body::empty()))).unwrap();
        browser.store(response.headers());
        let (parts, body) = response.into_parts();
        let body = runtime.block_on(axum::body::to_bytes(body, 10_000)).unwrap();
        http::Response::from_parts(parts, body)
    };

    let mut device = testing::Device::new();
    assert_debug(&device, "Device { is_registered: false, .. }");
    let get = |path: &str| http::Request::get(path).body(()).unwrap();
    let signed_in = send(&mut browser, get("/sign-in"));
    let registered = send(&mut browser, device.register(signed_in.headers()).unwrap());
    device.store(&registered);
    assert_debug(&device, "Device { is_registered: true, .. }");
    // Only the setting of a header makes its `Debug` text safe.
    for header in ["secure-session-registration", "secure-session-challenge", "set-cookie"] {
        for value in signed_in.headers().get_all(header).iter().chain(registered.headers().get_all(header)) {
            assert_eq!(format!("{value:?}"), "Sensitive", "{header}");
        }
    }
    assert_eq!(send(&mut browser, get("/pay")).status(), 200);
    assert_eq!(*texts.lock().unwrap(), ["Bound { .. }"]);
    assert_debug(&hardtack::device_bound::DeviceBound::new(), "DeviceBound { at: ");

    // A refused request emits an event without the cookies, the identifier and the proof.
    let mut refused = device.refresh().unwrap();
    refused.headers_mut().insert("secure-session-response", format!("{VALUE}.{VALUE}.{VALUE}").parse().unwrap());
    let identifier = refused.headers()["sec-secure-session-id"].to_str().unwrap().to_owned();
    assert_eq!(send(&mut browser, refused).status(), 403);
    browser.set("__Host-account-key=; Path=/; Secure; Max-Age=0");
    assert_eq!(send(&mut browser, get("/pay")).status(), 403);
    let events = events.lock().unwrap().join("\n");
    assert!(events.contains("device-proof") && events.contains("unproven"), "{events}");
    for secret in [VALUE, &identifier, browser.stored()[0].value.as_str()] {
        assert!(!events.contains(secret), "{events}");
    }
}

#[test]
fn evidence_names_the_proxy() {
    let proxies = TrustedProxies::new(["10.0.0.1"]).unwrap().with_unix_socket();
    let termination = TlsTermination::at_proxy(proxies);
    for (signal, peer, start) in [
        (None, Some([10, 0, 0, 1]), "the trusted proxy 10.0.0.1 sent no"),
        (None, None, "the trusted proxy without an address sent no"),
        (Some("http"), Some([10, 0, 0, 1]), "the trusted proxy 10.0.0.1 sent a"),
        (Some("http"), None, "the trusted proxy without an address sent a"),
    ] {
        let mut request = http::Request::get("/").header("host", "example.com");
        if let Some(signal) = signal {
            request = request.header("x-forwarded-proto", signal);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let evidence = termination.detect(&parts, peer.map(Into::into)).unwrap_err().evidence();
        assert!(evidence.to_string().starts_with(start), "{evidence}");
    }
}

#[test]
fn debug_text_of_an_event_contains_its_message() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let recorded = events.clone();
    let policy = Policy::builder().on_event(move |event| recorded.lock().unwrap().push(format!("{event:?}")));
    let jar = Cookies::from_headers(&http::HeaderMap::new(), testing::https())
        .with_policy(&PolicyHandle::new(policy.build().unwrap()));
    jar.set(Session(VALUE.into())).unwrap();
    drop(jar);
    assert!(events.lock().unwrap()[0].starts_with("Event(mistake `__Host-Http-session` (never-sent): "));
}

/// The library counts events and passes them to the callback. With the feature `tracing`, the library also emits events
/// to tracing. The library does not print events.
#[test]
fn library_prints_nothing() {
    const CHILD: &str = "HARDTACK_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        // Cause an event of the kind `Mistake`: the test does not write the jar into a response.
        Cookies::from_headers(&http::HeaderMap::new(), testing::https()).set(Session(VALUE.into())).unwrap();
        // Cause an event of a second kind: the layer hardens an undeclared cookie.
        let policy = Policy::default().layer(TlsTermination::per_connection());
        let respond = || async { http::Response::builder().header("set-cookie", "a=1").body(()) };
        let mut request = http::Request::new(());
        request.extensions_mut().insert(Transport::Tls);
        let future = policy.layer(tower::service_fn(move |_: http::Request<()>| respond())).call(request);
        let response = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future).unwrap();
        assert_eq!(response.headers()["set-cookie"], "a=1; Secure");
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "library_prints_nothing", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    // The child process prints only the lines of the test harness.
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(printed.contains("library_prints_nothing"), "{printed}");
    assert!(!printed.contains("hardtack") && !printed.contains("__Host-Http-session"), "{printed}");
}

/// The error of an HTTP client. The source of this error is a second error.
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
fn error_chain_repeats_nothing() {
    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        std::iter::successors(Some(error), |&error: &&(dyn Error + 'static)| error.source())
            .map(ToString::to_string)
            .collect()
    }
    let mut request = http::HeaderMap::new();
    request.insert("cookie", "__Host-Http-visits=many".parse().unwrap());
    let malformed = Cookies::from_headers(&request, testing::https()).try_get::<Visits>().err().unwrap();
    assert_eq!(chain(&malformed), ["the value of `__Host-Http-visits` is malformed: expected a `u32`"]);

    let closed = ClientError::Client(Closed(io::Error::other("no route to host")));
    assert_eq!(chain(&closed), ["the connection is closed", "no route to host"]);
}

#[test]
fn seal_faults_have_different_messages() {
    use hardtack::value::SealFault::{Malformed, Mismatch, Version};

    for (fault, start) in [
        (Malformed, "it is malformed: truncated, or written before"),
        (
            Version,
            "it has another version; deploy the release that reads the version to every server before one writes it",
        ),
        (Mismatch, "it was changed, or made for another cookie"),
    ] {
        assert!(fault.to_string().starts_with(start), "{fault}");
    }
}

#[test]
fn deny_error_has_equal_debug_and_display() {
    let denied = hardtack::inventory().deny("script-readable").unwrap_err();
    assert_eq!(format!("{denied:?}"), denied.to_string());
    assert!(denied.to_string().contains("debug_output::Theme"));
}
