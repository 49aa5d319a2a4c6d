//! Tests of the endpoints as functions: each response, byte for byte where the browser depends on the bytes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

use base64::Engine as _;
use hardtack_rules::SameSite;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::Value;

use super::{
    CHALLENGE, EndpointRequest, EndpointResponse, EndpointUrls, IDENTIFIER, PROOF, REGISTRATION, refresh, register,
    registration_header,
};
use crate::device_bound::binding::Binding;
use crate::device_bound::companion::{Companion, now};
use crate::device_bound::session::{Registration, Session};
use crate::seal::{self, BASE64, KeptSettings, Key, Keyring, Terms};

const COOKIE: &str = "__Host-Http-session";

struct Setting {
    keyring: Keyring,
    urls: EndpointUrls,
    binding: Binding,
    device: SigningKey,
    same_site: SameSite,
}

impl Setting {
    fn new() -> Self {
        Setting {
            keyring: Keyring::new(Key::generate()),
            urls: EndpointUrls { register: "/d/register".to_owned(), refresh: "/d/refresh".to_owned() },
            binding: Binding::new().unwrap(),
            device: SigningKey::from_slice(&[7; 32]).unwrap(),
            same_site: SameSite::Lax,
        }
    }

    fn session(&self) -> Session {
        let companion = Companion { cookie: COOKIE.to_owned(), same_site: self.same_site, every: 600 };
        Session { mark: self.binding.mark, companion }
    }

    /// The session cookie of the sign-in, as the browser sends the cookie.
    fn cookie(&self, binding: Binding, lifetime: u32) -> String {
        let expiry = now() + lifetime;
        let kept = KeptSettings::default();
        let terms = Terms { idle_expiry: expiry, expiry, kept, extension: binding.to_extension() };
        format!("{COOKIE}={}", seal::seal_text(&self.keyring, COOKIE, &terms, b"ada").unwrap())
    }

    fn offer(&self, renewed_until: Option<u32>) -> String {
        let registration = Registration { session: self.session(), renewed_until };
        let header = registration_header(&registration, &self.keyring, &self.urls).unwrap();
        header.to_str().unwrap().to_owned()
    }

    fn challenge_of_offer(&self) -> String {
        parameter(&self.offer(None), "challenge")
    }

    fn registration_proof(&self, challenge: &str) -> String {
        let point = self.device.verifying_key().to_encoded_point(false);
        let (x, y) = (BASE64.encode(point.x().unwrap()), BASE64.encode(point.y().unwrap()));
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        token(&self.device, &format!(r#"{{"alg":"ES256","jwk":{jwk},"typ":"dbsc+jwt"}}"#), challenge)
    }

    fn refresh_proof(&self, challenge: &str) -> String {
        token(&self.device, r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, challenge)
    }

    fn register(&self, proof: Option<&str>, cookies: &str) -> EndpointResponse {
        let cookies = [HeaderValue::try_from(cookies).unwrap()];
        register(&EndpointRequest::new(&headers(proof, None), &cookies), &self.keyring, &self.urls)
    }

    fn refresh(&self, identifier: &str, proof: Option<&str>, cookies: &str) -> EndpointResponse {
        let cookies = [HeaderValue::try_from(cookies).unwrap()];
        refresh(&EndpointRequest::new(&headers(proof, Some(identifier)), &cookies), &self.keyring, &self.urls)
    }

    /// Registers the device. Returns the identifier and the first challenge.
    fn registered(&self, lifetime: u32) -> (String, String) {
        let proof = self.registration_proof(&self.challenge_of_offer());
        let response = self.register(Some(&proof), &self.cookie(self.binding, lifetime));
        assert_eq!(response.status, StatusCode::OK, "{:?}", response.refusal);
        (json(&response)["session_identifier"].as_str().unwrap().to_owned(), challenge(&response))
    }
}

/// Runs a test at a fixed time, so that the window of the challenge does not change while the test runs.
fn at_one_time(run: impl FnOnce()) {
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000);
    crate::clock::at(time, run);
}

fn headers(proof: Option<&str>, identifier: Option<&str>) -> HeaderMap {
    let pairs = [(PROOF, proof), (IDENTIFIER, identifier)];
    pairs.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value?).unwrap()))).collect()
}

fn token(key: &SigningKey, header: &str, challenge: &str) -> String {
    let claims = BASE64.encode(format!(r#"{{"jti":"{challenge}"}}"#));
    let signed = format!("{}.{claims}", BASE64.encode(header));
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature.to_bytes()))
}

fn json(response: &EndpointResponse) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

fn parameter(header: &str, name: &str) -> String {
    let (_, rest) = header.split_once(&format!(";{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn challenge(response: &EndpointResponse) -> String {
    response.headers[CHALLENGE].to_str().unwrap().split('"').nth(1).unwrap().to_owned()
}

fn set_cookies(response: &EndpointResponse) -> Vec<&str> {
    response.headers.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap()).collect()
}

fn pair(set_cookie: &str) -> &str {
    set_cookie.split(';').next().unwrap()
}

#[test]
fn registration_writes_instructions_and_both_cookies() {
    at_one_time(|| {
        let setting = Setting::new();
        assert!(setting.offer(None).starts_with(r#"(ES256);path="/d/register";challenge="1"#));
        let proof = setting.registration_proof(&setting.challenge_of_offer());
        let cookies = setting.cookie(setting.binding, 3600);
        let response = setting.register(Some(&proof), &cookies);
        assert_eq!((response.status, response.refusal), (StatusCode::OK, None));
        assert_eq!(response.headers[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers[CACHE_CONTROL], "no-store");
        let identifier = json(&response)["session_identifier"].as_str().unwrap().to_owned();
        let expected = format!(
            r#"{{"session_identifier":"{identifier}","refresh_url":"/d/refresh","scope":{{"include_site":false}},"credentials":[{{"type":"cookie","name":"__Host-session-key","attributes":"Path=/; Secure; HttpOnly; SameSite=Lax"}}],"allowed_refresh_initiators":["*"]}}"#
        );
        assert_eq!(response.body, expected);
        assert!(response.headers[CHALLENGE].to_str().unwrap().ends_with(&format!(r#"";id="{identifier}""#)));
        let [companion, session] = set_cookies(&response)[..] else { panic!("{:?}", set_cookies(&response)) };
        let (name, attributes) = companion.split_once("; ").unwrap();
        assert!(name.starts_with("__Host-session-key=1"));
        assert_eq!(attributes, "Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
        assert!(session.starts_with("__Host-Http-session=1"));
        assert!(session.ends_with("; Secure; HttpOnly; SameSite=Lax") && session.contains("; Path=/; Max-Age=3"));
        let raw = pair(session).split_once('=').unwrap().1;
        let (text, terms) = seal::open_sealed(&setting.keyring, COOKIE, raw.as_bytes()).unwrap();
        assert_eq!(text, b"ada");
        assert!(Binding::from_extension(&terms.extension) == Ok(Some(setting.binding.registered())));
    });
}

#[test]
fn strict_cookie_is_not_refreshed_for_other_sites() {
    let setting = Setting { same_site: SameSite::Strict, ..Setting::new() };
    let proof = setting.registration_proof(&setting.challenge_of_offer());
    let response = setting.register(Some(&proof), &setting.cookie(setting.binding, 3600));
    assert_eq!(json(&response)["allowed_refresh_initiators"], Value::Null);
    assert!(set_cookies(&response).iter().all(|header| header.ends_with("; SameSite=Strict")));
}

#[test]
fn failed_registration_sets_no_cookie() {
    let setting = Setting::new();
    let (challenge, cookies) = (setting.challenge_of_offer(), setting.cookie(setting.binding, 3600));
    let good = setting.registration_proof(&challenge);
    let (identifier, refresh_challenge) = setting.registered(3600);
    let other = Setting::new();
    let foreign_cookie = setting.cookie(Binding::new().unwrap(), 3600);
    let bound_cookie = setting.cookie(setting.binding.registered(), 3600);
    for (proof, cookies) in [
        (None, &cookies),
        (Some(""), &cookies),
        (Some(&good[1..]), &cookies),
        (Some(&*setting.refresh_proof(&challenge)), &cookies),
        (Some(&*setting.registration_proof("")), &cookies),
        (Some(&*setting.registration_proof(&refresh_challenge)), &cookies),
        (Some(&*setting.registration_proof(&identifier)), &cookies),
        (Some(&*setting.registration_proof(&other.challenge_of_offer())), &cookies),
        (Some(&*good), &String::new()),
        (Some(&*good), &foreign_cookie),
        (Some(&*good), &bound_cookie),
        (Some(&*good), &other.cookie(setting.binding, 3600)),
    ] {
        let response = setting.register(proof, cookies);
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{proof:?}");
        assert!(response.refusal.is_some() && response.body.is_empty() && set_cookies(&response).is_empty());
        assert!(response.headers.get(CHALLENGE).is_none());
    }
    assert_eq!(setting.register(Some(&good), &cookies).status, StatusCode::OK);
}

#[test]
fn proven_refresh_sets_the_companion_without_cookies() {
    at_one_time(|| {
        let setting = Setting::new();
        let (identifier, text) = setting.registered(3600);
        for identifier in [identifier.clone(), format!("\"{identifier}\"")] {
            let response = setting.refresh(&identifier, Some(&setting.refresh_proof(&text)), "");
            assert_eq!((response.status, response.refusal), (StatusCode::OK, None));
            assert_eq!(response.body, "");
            assert_eq!(response.headers[CACHE_CONTROL], "no-store");
            assert_eq!(challenge(&response), text);
            let [companion] = set_cookies(&response)[..] else { panic!("{:?}", set_cookies(&response)) };
            assert!(companion.starts_with("__Host-session-key=1"));
            assert!(companion.ends_with("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"));
        }
    });
}

#[test]
fn refresh_that_a_proof_repairs_gets_a_challenge() {
    at_one_time(|| {
        let setting = Setting::new();
        let (identifier, text) = setting.registered(3600);
        let stranger = Setting { device: SigningKey::from_slice(&[9; 32]).unwrap(), ..Setting::new() };
        let good = setting.refresh_proof(&text);
        for proof in [
            None,
            Some(""),
            Some("a.b.c"),
            Some(&good[1..]),
            Some(&*setting.refresh_proof("stale")),
            Some(&*setting.refresh_proof(&setting.challenge_of_offer())),
            Some(&*stranger.refresh_proof(&text)),
            // The proof of a refresh contains no key.
            Some(&*setting.registration_proof(&text)),
        ] {
            let response = setting.refresh(&identifier, proof, "");
            assert_eq!(response.status, StatusCode::FORBIDDEN, "{proof:?}");
            assert_eq!(response.headers[CHALLENGE], format!(r#""{text}";id="{identifier}""#));
            assert!(response.body.is_empty() && set_cookies(&response).is_empty());
        }
    });
}

#[test]
fn refresh_without_a_session_ends_it() {
    let setting = Setting::new();
    let (identifier, text) = setting.registered(3600);
    let (other, _) = Setting::new().registered(3600);
    let proof = setting.refresh_proof(&text);
    let (companion, long) = (setting.challenge_of_offer(), "a".repeat(9000));
    for identifier in ["", "a", &other, &identifier[1..], &companion, &long] {
        let response = setting.refresh(identifier, Some(&proof), "");
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{identifier}");
        assert!(set_cookies(&response).is_empty());
    }
}

#[test]
fn old_session_ends_after_another_sign_in() {
    let setting = Setting::new();
    let (identifier, text) = setting.registered(3600);
    let proof = setting.refresh_proof(&text);
    let next = setting.cookie(Binding::new().unwrap(), 3600);
    let response = setting.refresh(&identifier, Some(&proof), &next);
    assert_eq!(response.body, format!(r#"{{"session_identifier":"{identifier}","continue":false}}"#));
    assert!(set_cookies(&response).is_empty() && response.headers.get(REGISTRATION).is_none());
    // The session stays if the request carries the cookie of the same session, or no cookie.
    let own = setting.cookie(setting.binding.registered(), 3600);
    for cookies in [&own, &format!("{own}; {next}"), "", "__Host-Http-session=x"] {
        assert_eq!(setting.refresh(&identifier, Some(&proof), cookies).body, "", "{cookies}");
    }
}

#[test]
fn old_key_renews_the_session() {
    let key = Key::generate();
    let old = Setting { keyring: Keyring::new(key.clone()), ..Setting::new() };
    let (identifier, text) = old.registered(3600);
    let proof = old.refresh_proof(&text);
    let rotated = Setting { keyring: Keyring::new(Key::generate()).with(key), ..old };
    let response = rotated.refresh(&identifier, Some(&proof), "");
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.body, format!(r#"{{"session_identifier":"{identifier}","continue":false}}"#));
    assert_eq!(set_cookies(&response).len(), 1);
    let offer = response.headers[REGISTRATION].to_str().unwrap();
    // The browser has already proved the device in the refresh, so the registration needs no session cookie.
    let renewed = rotated.register(Some(&rotated.registration_proof(&parameter(offer, "challenge"))), "");
    assert_eq!(renewed.status, StatusCode::OK);
    let next = json(&renewed)["session_identifier"].as_str().unwrap().to_owned();
    assert_ne!(next, identifier);
    let refreshed = rotated.refresh(&next, Some(&rotated.refresh_proof(&challenge(&renewed))), "");
    assert_eq!((refreshed.status, &*refreshed.body), (StatusCode::OK, ""));
    // A refresh without a proof offers nothing.
    let unproven = rotated.refresh(&identifier, None, "");
    assert_eq!(unproven.status, StatusCode::FORBIDDEN);
    assert!(unproven.headers.get(REGISTRATION).is_none());
}

#[test]
fn later_expiry_of_the_cookie_renews_the_session() {
    let setting = Setting::new();
    let (identifier, text) = setting.registered(3600);
    let proof = setting.refresh_proof(&text);
    let with_lifetime = |lifetime| setting.cookie(setting.binding.registered(), lifetime);
    let kept = setting.refresh(&identifier, Some(&proof), &with_lifetime(7000));
    assert!(kept.headers.get(REGISTRATION).is_none() && kept.body.is_empty());
    let renewed = setting.refresh(&identifier, Some(&proof), &with_lifetime(8000));
    assert!(renewed.headers.get(REGISTRATION).is_some() && renewed.body.contains(r#""continue":false"#));
}

#[test]
fn refresh_repairs_a_cookie_that_is_not_registered() {
    let setting = Setting::new();
    let (identifier, text) = setting.registered(3600);
    let proof = setting.refresh_proof(&text);
    let response = setting.refresh(&identifier, Some(&proof), &setting.cookie(setting.binding, 3600));
    let [companion, session] = set_cookies(&response)[..] else { panic!("{:?}", set_cookies(&response)) };
    assert!(companion.starts_with("__Host-session-key=") && session.starts_with("__Host-Http-session="));
}

#[test]
fn doubled_headers_count_as_absent() {
    let setting = Setting::new();
    let (identifier, text) = setting.registered(3600);
    let mut headers = headers(Some(&setting.refresh_proof(&text)), Some(&identifier));
    headers.append(PROOF, HeaderValue::from_static("a.b.c"));
    let response = refresh(&EndpointRequest::new(&headers, &[]), &setting.keyring, &setting.urls);
    assert_eq!(response.status, StatusCode::FORBIDDEN);
}
