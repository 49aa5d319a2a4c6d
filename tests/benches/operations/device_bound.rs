//! Measures device-bound cookies: the read of a session with its companion, and the two endpoints.

use std::convert::Infallible;

use axum::body::{Body, to_bytes};
use futures_util::FutureExt as _;
use hardtack::seal::{Key, Keyring};
use hardtack::testing::{Browser, Device};
use hardtack::tls::Transport;
use hardtack::{Cookie, Cookies, Https, Policy, TlsTermination};
use http::header::{COOKIE, HOST};
use http::{HeaderMap, Method, Request, Response, Uri};
use tower::{Layer as _, Service, service_fn};

use crate::{Operation, Output, VALUE};

/// The key of the policy.
pub(crate) const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=";

/// The session of a signed-in user, on the device of the sign-in.
#[derive(Cookie)]
#[cookie(sealed, name = "__Host-Http-bound", max_age = "30d", device_bound)]
pub(crate) struct Bound(pub(crate) String);

/// The same session without `device_bound`.
#[derive(Cookie)]
#[cookie(sealed, name = "__Host-Http-sealed", max_age = "30d")]
struct Sealed(String);

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let mut app = App::new();
    let sealed = app.send(Request::new(()), Task::SetSealed);
    let plain = app.browser.request_headers("/");
    assert!(sealed.headers().contains_key("set-cookie"));

    let (app, mut device, registration, registered) = bind();
    let bound = app.browser.request_headers("/");
    device.store(&registered);
    let mut refresh = device.refresh().unwrap();
    let mut asking = refresh.clone();
    asking.headers_mut().remove("secure-session-response");
    refresh.headers_mut().extend(bound.clone());

    let cases: [(&str, Operation); 5] = [
        ("device_bound: read a sealed session", app.clone().repeat(page(&plain), Task::ReadSealed, 200)),
        ("device_bound: read a bound session", app.clone().repeat(page(&bound), Task::ReadBound, 200)),
        ("device_bound: register", app.clone().repeat(registration, Task::Nothing, 200)),
        ("device_bound: refresh without a proof", app.clone().repeat(asking, Task::Nothing, 403)),
        ("device_bound: refresh", app.repeat(refresh, Task::Nothing, 200)),
    ];
    cases.into_iter().map(|(name, operation)| (name.to_owned(), operation)).collect()
}

/// Signs a user in and binds the session to a device. Returns the request to the first endpoint and its response.
fn bind() -> (App, Device, Request<()>, Response<String>) {
    let mut app = App::new();
    let signed_in = app.send(Request::new(()), Task::SetBound);
    let mut device = Device::new();
    let mut registration = device.register(signed_in.headers()).unwrap();
    registration.headers_mut().extend(app.browser.request_headers("/"));
    let registered = app.send(registration.clone(), Task::Nothing);
    assert_eq!(registered.status(), 200);
    (app, device, registration, registered)
}

/// Returns the cookies of a browser whose session is bound to the device: a [`Bound`] and its companion. Also returns
/// the policy that reads the cookies.
pub(crate) fn bound_cookies() -> (Policy, String) {
    let (app, ..) = bind();
    (app.policy, app.browser.request_headers("/")[COOKIE].to_str().unwrap().to_owned())
}

fn page(cookies: &HeaderMap) -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = Uri::from_static("/account");
    request.headers_mut().extend(cookies.clone());
    request
}

/// The handler's use of the cookies with the cookies.
#[derive(Clone, Copy)]
enum Task {
    Nothing,
    SetSealed,
    SetBound,
    ReadSealed,
    ReadBound,
}

#[derive(Clone)]
struct App {
    policy: Policy,
    browser: Browser,
}

impl App {
    fn new() -> App {
        let key = Key::from_base64(KEY).unwrap();
        let policy = Policy::builder().keyring(Keyring::new(key)).force_https(false).hsts(false).build().unwrap();
        App { policy, browser: Browser::new("https://www.example.com") }
    }

    fn service(
        &self,
        task: Task,
    ) -> impl Service<Request<()>, Response = Response<Body>, Error = Infallible> + 'static {
        let handler = service_fn(move |request: Request<()>| {
            let cookies = Cookies::<Https>::from_extensions(request.extensions()).unwrap();
            match task {
                Task::Nothing => {}
                Task::SetSealed => cookies.set(Sealed(VALUE.to_owned())).unwrap(),
                Task::SetBound => cookies.set(Bound(VALUE.to_owned())).unwrap(),
                Task::ReadSealed => assert_eq!(cookies.get::<Sealed>().unwrap().0, VALUE),
                Task::ReadBound => assert_eq!(cookies.get::<Bound>().unwrap().0, VALUE),
            }
            std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
        });
        self.policy.layer(TlsTermination::per_connection()).layer(handler)
    }

    fn send(&mut self, request: Request<()>, task: Task) -> Response<String> {
        let (parts, body) = call(&mut self.service(task), request).into_parts();
        self.browser.store(&parts.headers);
        let body = to_bytes(body, usize::MAX).now_or_never().unwrap().unwrap();
        Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Returns an operation that sends the same request again and again.
    fn repeat(self, request: Request<()>, task: Task, status: u16) -> Operation {
        let mut service = self.service(task);
        Box::new(move || {
            let response = call(&mut service, request.clone());
            assert_eq!(response.status(), status);
            Output::Response(response.map(drop))
        })
    }
}

fn call<S>(service: &mut S, mut request: Request<()>) -> Response<Body>
where
    S: Service<Request<()>, Response = Response<Body>, Error = Infallible>,
{
    request.headers_mut().insert(HOST, "www.example.com".parse().unwrap());
    request.extensions_mut().insert(Transport::Tls);
    assert!(matches!(*request.method(), Method::GET | Method::POST));
    service.call(request).now_or_never().unwrap().unwrap()
}
