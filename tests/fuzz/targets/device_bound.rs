//! Attacks the endpoints of device-bound cookies. The lines of the input become the headers of a request: the proof,
//! the session identifier and the cookies. The input also becomes the JSON of a proof that the registered device signs.
//!
//! The target checks:
//!
//! - A forged proof or identifier is refused, and the response sets no cookie.
//! - A proof of the registered device is accepted only if an independent check of its JSON in this file accepts it.
//! - Each response has an expected status and `no-store`. No response of a refused request has a `Set-Cookie` header.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

// The endpoints send JSON, so they need axum's body.
use axum_core::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hardtack::seal::{Key, Keyring};
use hardtack::tower::PolicyLayer;
use hardtack::{Policy, TlsTermination, testing};
use hardtack_fuzz::{header_values, send_with_body};
use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response};
use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::Value;

/// The requests of the vectors. Python and OpenSSL wrote them.
const VECTORS: &str = include_str!("../../vectors/device_bound.json");
const REFRESH: &str = "/.well-known/hardtack/device-bound/refresh";
const REGISTER: &str = "/.well-known/hardtack/device-bound/register";
const PROOF: &str = "secure-session-response";
const IDENTIFIER: &str = "sec-secure-session-id";
const CHALLENGE: &str = "secure-session-challenge";

/// The time of the vectors.
const NOW: Duration = Duration::from_secs(1_800_000_010);

thread_local! {
    /// A layer with the first key of the vectors.
    static LAYER: PolicyLayer = {
        let key = Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a key");
        let policy = Policy::builder().keyring(Keyring::new(key)).build().expect("a policy");
        policy.layer(TlsTermination::here())
    };
}

/// The session of the vectors' device: the identifier, the present challenge, and the accepted headers.
struct Session {
    identifier: String,
    challenge: String,
    accepted: Vec<String>,
}

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    let own = cases.iter().find(|case| case["what"] == "no proof" && case["endpoint"] == "refresh").expect("a case");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let accepted = cases.iter().filter(|case| case["status"] == 200).map(|case| text(&case["proof"])).collect();
    Session { identifier: text(&own["identifier"]), challenge: text(&own["challenge"]), accepted }
});

fuzz_target!(|input: &[u8]| {
    testing::at(SystemTime::UNIX_EPOCH + NOW, || {
        check_headers(input);
        check_signed(input);
    });
});

fn request(path: &str, headers: &[(&'static str, &HeaderValue)]) -> Response<Body> {
    let mut request = Request::post(path).body(()).expect("a request");
    for (name, value) in headers {
        request.headers_mut().append(*name, (*value).clone());
    }
    let (response, is_handled) = LAYER.with(|layer| send_with_body(layer, request, HeaderMap::new()));
    assert!(!is_handled, "the application handled a request to {path}");
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    let (status, sets) = (response.status().as_u16(), response.headers().contains_key(SET_COOKIE));
    assert!(matches!(status, 200 | 401 | 403), "{status}");
    assert!(status == 200 || !sets, "a refused request sets a cookie");
    response
}

/// Uses the lines of the input as the headers of both endpoints. The first line is the proof, the second line is the
/// identifier, and the other lines are cookies. A line `*` stands for the identifier of the vectors.
fn check_headers(input: &[u8]) {
    let values = header_values(input);
    let own = HeaderValue::from_str(&SESSION.identifier).expect("a header value");
    let values: Vec<&HeaderValue> = values.iter().map(|value| if value == "*" { &own } else { value }).collect();
    let names = [PROOF, IDENTIFIER].into_iter().chain(std::iter::repeat(COOKIE.as_str()));
    let headers: Vec<(&'static str, &HeaderValue)> = names.zip(values.iter().copied()).collect();
    let proof = values.first().map_or(&b""[..], |value| value.as_bytes().trim_ascii());
    let proof = proof.strip_prefix(b"\"").and_then(|proof| proof.strip_suffix(b"\"")).unwrap_or(proof);
    for path in [REFRESH, REGISTER] {
        let response = request(path, &headers);
        // The seeds contain the accepted proofs.
        let is_known = SESSION.accepted.iter().any(|accepted| accepted.trim_matches('"').as_bytes() == proof);
        assert!(response.status() != 200 || is_known, "a forged proof is accepted");
    }
}

/// Signs a proof whose JSON is in the input. The input is the header of the proof, a line feed, and the claims. The
/// text `CHALLENGE` in the claims stands for the present challenge.
fn check_signed(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (Some(header), Some(claims)) = (parts.next(), parts.next()) else { return };
    let claims = match std::str::from_utf8(claims) {
        Ok(text) => text.replace("CHALLENGE", &SESSION.challenge).into_bytes(),
        Err(_) => claims.to_vec(),
    };
    let key = SigningKey::from_slice(&{
        let mut secret = [0; 32];
        secret[31] = 7;
        secret
    })
    .expect("a key");
    let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(&claims));
    let signature: Signature = key.sign(signed.as_bytes());
    let proof = format!("{signed}.{}", BASE64.encode(signature.to_bytes()));
    let (Ok(proof), Ok(identifier)) = (HeaderValue::from_str(&proof), HeaderValue::from_str(&SESSION.identifier))
    else {
        return;
    };
    let response = request(REFRESH, &[(PROOF, &proof), (IDENTIFIER, &identifier)]);
    let is_accepted = response.status() == 200;
    assert!(response.headers().contains_key(CHALLENGE), "each response contains the next challenge");
    assert_eq!(is_accepted, is_good(header, &claims) && proof.len() <= 8192, "{:?}", String::from_utf8_lossy(input));
}

/// Returns true if the JSON of a proof is the JSON of a refresh for the present challenge.
fn is_good(header: &[u8], claims: &[u8]) -> bool {
    let (Ok(header), Ok(claims)) = (serde_json::from_slice::<Value>(header), serde_json::from_slice::<Value>(claims))
    else {
        return false;
    };
    let is_proof = header["typ"] == "dbsc+jwt" && header["alg"] == "ES256" && header.get("jwk").is_none();
    is_proof && claims["jti"] == *SESSION.challenge
}
