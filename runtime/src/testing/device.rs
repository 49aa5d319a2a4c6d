//! The type `Device`, a software key that registers and refreshes a device-bound session, as a browser does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::Value;

/// A software key for the tests of an application with device-bound cookies. A `Device` makes the two requests that a
/// browser sends: the registration after a sign-in, and the refresh of the companion.
///
/// A `Device` has no network connection and no cookies. The test passes requests to the application and responses to
/// the `Device`. The cookies of a request come from a [`Browser`](super::Browser).
///
/// 1. [`register`](Device::register) reads the response to the sign-in, and returns the request of the registration.
/// 2. [`store`](Device::store) reads the response to the registration.
/// 3. [`refresh`](Device::refresh) returns the request of a refresh, and `store` reads its response.
///
/// ```
/// use axum::body::{Body, to_bytes};
/// use axum::{Router, routing::post};
/// use hardtack::device_bound::Bound;
/// use hardtack::testing::{Browser, Device};
/// use hardtack::{Cookie, Cookies, Policy, TlsTermination, testing};
/// use http::{HeaderMap, Request, Response};
/// use tower_service::Service as _;
///
/// /// The session of the signed-in user.
/// #[derive(Cookie)]
/// #[cookie(sealed, max_age = "30d", device_bound)]
/// struct Session(String);
///
/// async fn sign_in(cookies: Cookies) {
///     cookies.set(Session("ada".into())).unwrap();
/// }
///
/// async fn pay(session: Bound<Session>) -> String {
///     session.into_inner().0
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let policy = Policy::builder().keyring(testing::keyring()).build().unwrap();
/// let routes = Router::new().route("/sign-in", post(sign_in)).route("/pay", post(pay));
/// let mut app = routes.layer(policy.layer(TlsTermination::here()));
/// let (mut browser, mut device) = (Browser::new("https://shop.example"), Device::new());
///
/// let mut send = async |browser: &mut Browser, mut request: Request<()>| {
///     let cookies = browser.request_headers(request.uri().path());
///     request.headers_mut().extend(cookies);
///     let response = app.call(request.map(|()| Body::empty())).await.unwrap();
///     browser.store(response.headers());
///     let (parts, body) = response.into_parts();
///     Response::from_parts(parts, to_bytes(body, 4096).await.unwrap())
/// };
/// let post = |path: &str| Request::post(path).body(()).unwrap();
///
/// let signed_in = send(&mut browser, post("/sign-in")).await;
/// assert_eq!(send(&mut browser, post("/pay")).await.status(), 403);
///
/// let registered = send(&mut browser, device.register(signed_in.headers()).unwrap()).await;
/// device.store(&registered);
/// assert_eq!(send(&mut browser, post("/pay")).await.body(), "ada");
///
/// let refreshed = send(&mut browser, device.refresh().unwrap()).await;
/// device.store(&refreshed);
/// assert_eq!(refreshed.status(), 200);
/// # });
/// ```
#[derive(Default)]
pub struct Device {
    key: Option<SigningKey>,
    session: Option<Session>,
    challenge: Option<String>,
}

struct Session {
    identifier: String,
    refresh_url: String,
}

impl Device {
    /// Makes a device without a key.
    ///
    /// ```
    /// use hardtack::testing::Device;
    ///
    /// assert!(Device::new().refresh().is_none());
    /// ```
    #[must_use]
    pub fn new() -> Device {
        Device::default()
    }

    /// Reads the response to a sign-in. Makes a new key, and returns the request of the registration. Returns `None` if
    /// the response does not offer a registration.
    ///
    /// # Panics
    ///
    /// Panics if the offer is malformed, or if the operating system returns no random bytes.
    #[allow(clippy::expect_used, reason = "a test helper fails the test")]
    pub fn register(&mut self, response: &HeaderMap) -> Option<Request<()>> {
        let offer = response.get("secure-session-registration")?;
        let offer = offer.to_str().expect("the offer is not ASCII");
        assert!(offer.starts_with("(ES256);"), "the offer names another algorithm than ES256: {offer}");
        let path = parameter(offer, "path").expect("the offer has no `path`");
        let challenge = parameter(offer, "challenge").expect("the offer has no `challenge`");
        let key = new_key();
        let point = key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
        let (x, y) = (coordinate(point.x().map(|x| &**x)), coordinate(point.y().map(|y| &**y)));
        let header =
            format!(r#"{{"alg":"ES256","jwk":{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}},"typ":"dbsc+jwt"}}"#);
        let proof = proof(&key, &header, challenge);
        let request = request(path, &[("secure-session-response", &proof)]);
        self.key = Some(key);
        Some(request)
    }

    /// Reads the response to a registration or to a refresh, as Chromium does. The response may begin, continue or end
    /// the session, and may contain the next challenge.
    pub fn store(&mut self, response: &Response<impl AsRef<[u8]>>) {
        let status = response.status();
        let keeps_session = status.is_success() || status.is_server_error() || status == StatusCode::FORBIDDEN;
        if !keeps_session {
            (self.session, self.challenge) = (None, None);
            return;
        }
        if let (true, Ok(Value::Object(instructions))) =
            (status.is_success(), serde_json::from_slice(response.body().as_ref()))
        {
            let text = |name: &str| instructions.get(name).and_then(Value::as_str).map(str::to_owned);
            self.challenge = None;
            self.session = match (text("session_identifier"), instructions.get("continue")) {
                (Some(identifier), None | Some(Value::Bool(true))) => {
                    let refresh_url = text("refresh_url").unwrap_or_default();
                    Some(Session { identifier, refresh_url })
                }
                _ => None,
            };
        }
        let challenge = response.headers().get("secure-session-challenge").and_then(|header| header.to_str().ok());
        let is_own = challenge.is_some_and(|challenge| {
            self.session.as_ref().is_some_and(|session| parameter(challenge, "id") == Some(&session.identifier))
        });
        if status == StatusCode::FORBIDDEN && !is_own {
            (self.session, self.challenge) = (None, None);
        }
        if let Some(challenge) = challenge.filter(|_| is_own) {
            self.challenge = challenge.strip_prefix('"').and_then(|text| text.split('"').next()).map(str::to_owned);
        }
    }

    /// Returns the request of a refresh. The request contains a proof if the device knows a challenge. Returns `None`
    /// if no session is registered.
    #[must_use]
    pub fn refresh(&self) -> Option<Request<()>> {
        let (session, key) = (self.session.as_ref()?, self.key.as_ref()?);
        let proof = self.challenge.as_ref().map(|text| proof(key, r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, text));
        let mut headers = vec![("sec-secure-session-id", session.identifier.as_str())];
        headers.extend(proof.as_ref().map(|proof| ("secure-session-response", proof.as_str())));
        Some(request(&session.refresh_url, &headers))
    }

    /// Forgets the challenge. The next request of a refresh then contains no proof, and the server responds with a new
    /// challenge and the status 403.
    pub fn forget_challenge(&mut self) {
        self.challenge = None;
    }
}

/// Shows no key and no identifier.
impl core::fmt::Debug for Device {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Device").field("is_registered", &self.session.is_some()).finish_non_exhaustive()
    }
}

/// Returns the text of a parameter such as `;path="/a"`.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!(";{name}=\""))?;
    rest.split('"').next()
}

fn proof(key: &SigningKey, header: &str, challenge: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"jti":"{challenge}"}}"#));
    let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[allow(clippy::expect_used, reason = "a test helper fails the test")]
fn new_key() -> SigningKey {
    let mut secret = [0; 32];
    loop {
        getrandom::fill(&mut secret).expect("the system returned no random bytes");
        // Nearly every number of 32 bytes is a key of P-256.
        if let Ok(key) = SigningKey::from_slice(&secret) {
            return key;
        }
    }
}

#[allow(clippy::expect_used, reason = "a test helper fails the test")]
fn request(path: &str, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().expect("the URL of the endpoint is invalid");
    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::try_from(*value).expect("a header value"));
    }
    request
}
