//! The two endpoints of device-bound sessions. The input is the headers of a request and the keyring. The output is the
//! whole response. Both endpoints are pure functions: they have no store.
//!
//! Chromium ends a session after most error statuses. So if a fresh proof could repair the refresh, the endpoint
//! returns the status 403 with a challenge. If the server cannot decide, the endpoint returns the status 503.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::companion::now;
use super::proof::{Proof, unquoted};
use super::session::{CarriedSession, Identifier, Registration, Session, carried, refresh};
use crate::seal::{self, Keyring};

pub(crate) const PROOF: HeaderName = HeaderName::from_static("secure-session-response");
pub(crate) const IDENTIFIER: HeaderName = HeaderName::from_static("sec-secure-session-id");
pub(crate) const CHALLENGE: HeaderName = HeaderName::from_static("secure-session-challenge");
pub(crate) const REGISTRATION: HeaderName = HeaderName::from_static("secure-session-registration");

/// The largest length of an identifier, in bytes. The endpoint does not open a longer identifier. An identifier has
/// about 250 characters, plus the name of a cookie.
const MAX_IDENTIFIER_LEN: usize = 8 * 1024;

/// The URLs of the two endpoints, as the browser requests them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointUrls {
    pub(crate) register: String,
    pub(crate) refresh: String,
}

/// The headers of a request to an endpoint.
pub(crate) struct EndpointRequest<'a> {
    pub(crate) proof: Option<&'a [u8]>,
    pub(crate) identifier: Option<&'a [u8]>,
    pub(crate) cookies: &'a [HeaderValue],
}

impl<'a> EndpointRequest<'a> {
    /// `cookies` are the `Cookie` headers of the request. A header that came several times counts as absent.
    pub(crate) fn new(headers: &'a HeaderMap, cookies: &'a [HeaderValue]) -> Self {
        let only = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
        };
        EndpointRequest { proof: only(&PROOF), identifier: only(&IDENTIFIER), cookies }
    }
}

/// The response of an endpoint.
#[derive(Clone)]
pub(crate) struct EndpointResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The reason for an event, if the endpoint refused the request.
    pub(crate) refusal: Option<&'static str>,
}

/// Shows only the status. The body and the headers contain the session identifier and cookies.
impl core::fmt::Debug for EndpointResponse {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EndpointResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

impl EndpointResponse {
    fn new(status: StatusCode) -> Self {
        let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
        EndpointResponse { status, headers, body: String::new(), refusal: None }
    }

    fn refused(status: StatusCode, reason: &'static str) -> Self {
        EndpointResponse { refusal: Some(reason), ..EndpointResponse::new(status) }
    }

    /// The server cannot decide now. The browser keeps the session.
    pub(crate) fn unavailable(reason: &'static str) -> Self {
        EndpointResponse::refused(StatusCode::SERVICE_UNAVAILABLE, reason)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let mut response = EndpointResponse::new(StatusCode::METHOD_NOT_ALLOWED);
        response.headers.insert(http::header::ALLOW, HeaderValue::from_static("POST"));
        response
    }

    fn with_json(mut self, body: String) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = body;
        self
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

const NO_RANDOMNESS: &str = "the system returned no random bytes";

/// Handles a registration. The browser sends the public key of a new key pair, and signs the challenge.
///
/// A failed registration sets no cookie, because Chromium keeps the cookies of every response.
pub(crate) fn register(request: &EndpointRequest<'_>, keyring: &Keyring, urls: &EndpointUrls) -> EndpointResponse {
    let refused = |reason| EndpointResponse::refused(StatusCode::UNAUTHORIZED, reason);
    let Some(proof) = request.proof else { return refused("the request contains no proof") };
    let Some(proof) = Proof::parse(proof) else { return refused("the proof is malformed") };
    let Some(Registration { session, renewed_until }) = Registration::open(keyring, proof.unverified_challenge())
    else {
        return refused("the challenge of the registration has expired, or is not from this application");
    };
    let Some((key, _)) = proof.verify_registration() else { return refused("the signature of the proof is wrong") };
    let name = &session.companion.cookie;
    let cookie = carried(keyring, request.cookies, name).find(|cookie| cookie.binding.mark == session.mark);
    let expiry = match (&cookie, renewed_until) {
        (_, Some(expiry)) => expiry,
        (Some(cookie), None) if !cookie.binding.is_registered => cookie.terms.expiry,
        (Some(_), None) => return refused("the session is already bound to a device"),
        (None, None) => return refused("the request contains no session cookie of the sign-in"),
    };
    match registered(&session, key, expiry, cookie.as_ref(), keyring, urls) {
        Some(response) => response,
        None => EndpointResponse::unavailable(NO_RANDOMNESS),
    }
}

fn registered(
    session: &Session,
    key: super::proof::PublicKey,
    expiry: u32,
    cookie: Option<&CarriedSession>,
    keyring: &Keyring,
    urls: &EndpointUrls,
) -> Option<EndpointResponse> {
    let identifier = Identifier { key, session: session.clone(), expiry }.seal(keyring)?;
    let challenge = challenge_header(keyring, &identifier)?;
    // Requests from other sites never carry a Strict cookie, so these requests need no refresh.
    let initiators = match session.companion.same_site {
        hardtack_rules::SameSite::Strict => "",
        hardtack_rules::SameSite::Lax | hardtack_rules::SameSite::None => r#","allowed_refresh_initiators":["*"]"#,
    };
    // No text needs an escape: the identifier is base64url text, and the policy checked the path.
    let body = format!(
        r#"{{"session_identifier":"{identifier}","refresh_url":"{refresh}","scope":{{"include_site":false}},"credentials":[{credential}]{initiators}}}"#,
        refresh = urls.refresh,
        credential = session.companion.credential()?,
    );
    let response = EndpointResponse::new(StatusCode::OK)
        .with_json(body)
        .with(SET_COOKIE, session.companion.set_cookie(keyring, session.mark)?)
        .with(CHALLENGE, challenge);
    Some(with_registered_cookie(response, session, cookie, keyring))
}

/// Handles a refresh. The browser proves that it still has the key. The endpoint needs only the proof and the
/// identifier, because browsers do not send cookies with every refresh.
pub(crate) fn refresh(request: &EndpointRequest<'_>, keyring: &Keyring, urls: &EndpointUrls) -> EndpointResponse {
    let refused = |reason| EndpointResponse::refused(StatusCode::UNAUTHORIZED, reason);
    let text = request.identifier.map(unquoted).filter(|text| text.len() <= MAX_IDENTIFIER_LEN);
    let Some(text) = text.and_then(|text| core::str::from_utf8(text).ok()) else {
        return refused("the request contains no session identifier");
    };
    let Some(identifier) = Identifier::open(keyring, text) else {
        return refused("the session identifier has expired, or its key is not in the keyring");
    };
    let Some(challenge) = challenge_header(keyring, text) else { return EndpointResponse::unavailable(NO_RANDOMNESS) };
    let ask = |refusal| {
        let response = EndpointResponse { refusal, ..EndpointResponse::new(StatusCode::FORBIDDEN) };
        response.with(CHALLENGE, challenge.clone())
    };
    let Some(proof) = request.proof else { return ask(None) };
    let Some(proof) = Proof::parse(proof) else { return ask(Some("the proof is malformed")) };
    if !refresh::is_fresh(keyring, text, proof.unverified_challenge()) {
        return ask(None);
    }
    if proof.verify_refresh(&identifier.key).is_none() {
        return ask(Some("the proof was not made with the registered key"));
    }
    let session = &identifier.session;
    let (mut own, mut has_other) = (None, false);
    for cookie in carried(keyring, request.cookies, &session.companion.cookie) {
        match cookie.binding.mark == session.mark {
            true => own = Some(cookie),
            false => has_other = true,
        }
    }
    if own.is_none() && has_other {
        // The user has signed in again since the registration. The companion of the old session would overwrite the
        // companion of the new session.
        return ended(text);
    }
    match refreshed(text, &identifier, own.as_ref(), challenge, keyring, urls) {
        Some(response) => response,
        None => EndpointResponse::unavailable(NO_RANDOMNESS),
    }
}

/// Ends the browser's session without an error.
fn ended(identifier: &str) -> EndpointResponse {
    let body = format!(r#"{{"session_identifier":"{identifier}","continue":false}}"#);
    EndpointResponse::new(StatusCode::OK).with_json(body)
}

fn refreshed(
    text: &str,
    identifier: &Identifier,
    cookie: Option<&CarriedSession>,
    challenge: HeaderValue,
    keyring: &Keyring,
    urls: &EndpointUrls,
) -> Option<EndpointResponse> {
    let session = &identifier.session;
    let expiry = cookie.map_or(identifier.expiry, |cookie| cookie.terms.expiry.max(identifier.expiry));
    // The application may have set the session cookie with a later expiry. An identifier cannot change, so a session
    // gets a new identifier if the identifier has less than half of the cookie's remaining time.
    let is_short = identifier.expiry.saturating_sub(now()) < expiry.saturating_sub(now()) / 2;
    let response = if is_short || !seal::is_sealed_by_writer(keyring, text) {
        let registration = Registration { session: session.clone(), renewed_until: Some(expiry) };
        ended(text).with(REGISTRATION, registration_header(&registration, keyring, urls)?)
    } else {
        EndpointResponse::new(StatusCode::OK).with(CHALLENGE, challenge)
    };
    let response = response.with(SET_COOKIE, session.companion.set_cookie(keyring, session.mark)?);
    Some(with_registered_cookie(response, session, cookie, keyring))
}

/// Sets the session cookie again with the state `registered`, if the cookie does not have this state yet. The response
/// to the registration sets this state first. But a response of the application can arrive later and overwrite the
/// cookie, so each refresh checks the state again.
fn with_registered_cookie(
    response: EndpointResponse,
    session: &Session,
    cookie: Option<&CarriedSession>,
    keyring: &Keyring,
) -> EndpointResponse {
    let unregistered = cookie.filter(|cookie| !cookie.binding.is_registered);
    match unregistered.and_then(|cookie| cookie.as_registered(keyring, session)) {
        Some(header) => response.with(SET_COOKIE, header),
        None => response,
    }
}

/// Returns the header that offers a registration to the browser.
pub(crate) fn registration_header(
    registration: &Registration,
    keyring: &Keyring,
    urls: &EndpointUrls,
) -> Option<HeaderValue> {
    let challenge = registration.seal(keyring)?;
    let header = format!(r#"(ES256);path="{}";challenge="{challenge}""#, urls.register);
    let mut header = HeaderValue::try_from(header).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Returns the header with the present challenge of a session. Chromium ignores a challenge without the identifier.
fn challenge_header(keyring: &Keyring, identifier: &str) -> Option<HeaderValue> {
    let challenge = refresh::challenge(keyring, identifier)?;
    let mut header = HeaderValue::try_from(format!(r#""{challenge}";id="{identifier}""#)).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(all(test, feature = "testing"))]
mod tests;
