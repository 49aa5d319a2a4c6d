//! Sends the requests of the vectors to the endpoints of device-bound cookies. Python and OpenSSL made the sealed
//! texts, the challenges and most proofs. Two proofs were recorded in Chromium. Each response must be the expected one.
//! A response contains new sealed texts with random bytes, so the test compares the texts around them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use hardtack::event::Code;
use hardtack::seal::{Key, Keyring};
use hardtack::value::ProofFault;
use hardtack::{Cookie, Cookies, Policy, ReadError, TlsTermination, testing};
use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::Deserialize;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::instant;

const VECTORS: &str = include_str!("../vectors/device_bound.json");
const ENDPOINTS: &str = "/.well-known/hardtack/device-bound";

#[derive(Deserialize)]
struct Vectors {
    about: About,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct About {
    keys: Vec<KeyVector>,
}

#[derive(Deserialize)]
struct KeyVector {
    id: String,
    base64: String,
}

#[derive(Deserialize)]
struct Case {
    id: u32,
    what: String,
    endpoint: String,
    now: u64,
    keys: Vec<String>,
    identifier: Option<String>,
    proof: Option<String>,
    cookie: Option<String>,
    status: u16,
    #[serde(default)]
    sets: Vec<String>,
    challenge: Option<String>,
    #[serde(default)]
    body: String,
    refusal: Option<String>,
    #[serde(default)]
    offers: bool,
}

impl Case {
    fn keyring(&self, keys: &[KeyVector]) -> Keyring {
        let mut keys = self.keys.iter().map(|id| {
            let key = keys.iter().find(|key| key.id == *id).unwrap();
            Key::from_base64(&key.base64).unwrap()
        });
        let writer = keys.next().unwrap();
        keys.fold(Keyring::new(writer), Keyring::with)
    }

    fn request(&self) -> Request<Body> {
        let headers = [
            ("secure-session-response", &self.proof),
            ("sec-secure-session-id", &self.identifier),
            (COOKIE.as_str(), &self.cookie),
        ];
        let request = Request::post(format!("{ENDPOINTS}/{}", self.endpoint));
        let present = headers.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?)));
        present.fold(request, |request, (name, value)| request.header(name, value)).body(Body::empty()).unwrap()
    }
}

struct Outcome {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    refusals: Vec<String>,
}

fn answer(case: &Case, keys: &[KeyVector]) -> Outcome {
    let refusals = Arc::new(Mutex::new(Vec::new()));
    let seen = refusals.clone();
    let policy = Policy::builder().keyring(case.keyring(keys)).on_event(move |event| {
        assert_eq!(event.rule, Code::DeviceProof, "{event}");
        seen.lock().unwrap().push(event.to_string());
    });
    let application = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("a page"))));
    let service = policy.build().unwrap().layer(TlsTermination::here()).layer(application);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (parts, body) = testing::at(instant(case.now), || {
        runtime.block_on(async {
            let (parts, body) = service.oneshot(case.request()).await.unwrap().into_parts();
            (parts, to_bytes(body, 10_000).await.unwrap())
        })
    });
    let refusals = std::mem::take(&mut *refusals.lock().unwrap());
    Outcome { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap(), refusals }
}

#[test]
fn endpoints_answer_the_vectors_as_expected() {
    let Vectors { about, cases } = serde_json::from_str(VECTORS).unwrap();
    assert!(cases.len() > 45, "{}", cases.len());
    assert_eq!(cases.iter().filter(|case| case.what.starts_with("Chromium's proof")).count(), 5);
    for case in &cases {
        let what = format!("case {}: {}", case.id, case.what);
        let Outcome { status, headers, body, refusals } = answer(case, &about.keys);
        assert_eq!(status, case.status, "{what}: {refusals:?}");
        assert_eq!(headers[CACHE_CONTROL], "no-store", "{what}");
        let identifier = serde_json::from_str(&body).map_or(String::new(), |json: serde_json::Value| {
            json["session_identifier"].as_str().unwrap_or_default().to_owned()
        });
        let is_registered = case.endpoint == "register" && !identifier.is_empty();
        let body = if is_registered { body.replace(&identifier, "ID") } else { body };
        assert_eq!(body, case.body, "{what}");

        let header = headers.get("secure-session-challenge").map(|header| header.to_str().unwrap());
        let expected = case.challenge.as_ref().zip(case.identifier.as_ref());
        match expected {
            Some((challenge, own)) => assert_eq!(header, Some(&*format!(r#""{challenge}";id="{own}""#)), "{what}"),
            None if case.endpoint == "register" && case.status == 200 => {
                assert!(header.unwrap().ends_with(&format!(r#"";id="{identifier}""#)), "{what}");
            }
            None => assert_eq!(header, None, "{what}"),
        }

        let set_cookies = headers.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap());
        let names: Vec<&str> = set_cookies.map(|header| header.split('=').next().unwrap()).collect();
        assert_eq!(names, case.sets, "{what}");
        assert_eq!(headers.contains_key("secure-session-registration"), case.offers, "{what}");
        match &case.refusal {
            Some(reason) => assert!(refusals.len() == 1 && refusals[0].contains(reason), "{what}: {refusals:?}"),
            None => assert!(refusals.is_empty(), "{what}: {refusals:?}"),
        }
    }
}

/// The session of the vectors.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "30d", device_bound)]
struct Session(String);

#[test]
fn copied_cookies_stop_working() {
    let Vectors { about, cases } = serde_json::from_str(VECTORS).unwrap();
    let registration = &cases[0];
    assert_eq!((&*registration.endpoint, registration.status), ("register", 200));
    let registered = answer(registration, &about.keys);
    let pairs = registered.headers.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap());
    let pairs: Vec<&str> = pairs.map(|header| header.split(';').next().unwrap()).collect();
    let [companion, session] = pairs[..] else { panic!("{pairs:?}") };
    let keyring = registration.keyring(&about.keys);
    let read = |cookies: &str, seconds: u64| {
        let headers = HeaderMap::from_iter([(COOKIE, cookies.parse().unwrap())]);
        testing::at(instant(registration.now + seconds), || {
            Cookies::from_headers(&headers, testing::https()).with_keyring(&keyring).try_get::<Session>()
        })
    };
    let both = format!("{session}; {companion}");
    for seconds in [0, 600] {
        assert_eq!(read(&both, seconds).unwrap(), Some(Session("ada".to_owned())), "{seconds}");
    }
    for (cookies, seconds, expected) in [
        (&*both, 601, ProofFault::CompanionExpired),
        (&*both, 80_000, ProofFault::CompanionExpired),
        (session, 0, ProofFault::CompanionMissing),
    ] {
        let error = read(cookies, seconds).unwrap_err();
        assert!(matches!(error, ReadError::Unproven { fault, .. } if fault == expected), "{seconds}: {error}");
    }
    // A copy from before the registration still works. The guide says so.
    let before = registration.cookie.as_ref().unwrap();
    assert_eq!(read(before, 80_000).unwrap(), Some(Session("ada".to_owned())));
}
