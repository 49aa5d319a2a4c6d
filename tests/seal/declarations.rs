//! Tests declarations with `signed`, `sealed` and `json`. The keyring comes from a policy, from a jar, or from a call
//! of the module `testing`.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Router, http::Request};
use hardtack::policy::{Baseline, Exception};
use hardtack::seal::Keyring;
use hardtack::spec::Seal;
use hardtack::tls::Transport;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, ReadCookie, ReadError, SetError, TlsTermination, testing};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use super::{NOW, instant, jar, key, read, verdict, wire};

/// The session of a signed-in user.
#[derive(Cookie, Clone, Debug, PartialEq)]
#[cookie(sealed, max_age = "8h", same_site = Strict)]
struct Session(String);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Item {
    sku: String,
    count: u32,
}

/// A value with several fields. hardtack writes the value as JSON.
#[derive(Cookie, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[cookie(json, sealed)]
struct Basket {
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(Cookie, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[cookie(json)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Nothing,
    OneOf { first: u8, second: u8 },
}

/// A cookie that a script of the page can read. If a script changes the cookie's value, the signature becomes invalid.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(signed, http_only = false, reason = "the page greets by it")]
struct Greeting(String);

#[hardtack::cookies]
struct Shop {
    #[cookie(sealed, json, max_age = "30d")]
    basket: BTreeMap<String, u32>,
    #[cookie(signed)]
    visitor: u64,
    #[cookie(json)]
    sizes: Vec<u8>,
    #[cookie(existing)]
    session: Session,
}

/// Returns the jar of a request without cookies.
fn new_jar(keyring: &Keyring) -> Cookies {
    Cookies::from_headers(&HeaderMap::new(), testing::https()).with_keyring(keyring)
}

/// Writes the jar into a response and returns the `Set-Cookie` headers.
fn set_cookies(cookies: &Cookies) -> Vec<String> {
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

/// Returns the `Cookie` header that a browser sends after a response with the `Set-Cookie` headers in `headers`.
fn cookie_header(headers: &[String]) -> String {
    headers.iter().map(|header| header.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

#[test]
fn header_shows_only_the_signed_value() {
    assert_eq!(
        (Session::SPEC.seal, Greeting::SPEC.seal, Choice::SPEC.seal),
        (Some(Seal::Sealed), Some(Seal::Signed), None)
    );
    let cookies = new_jar(&Keyring::new(key(1)));
    cookies.set(Session("ada lovelace".into())).unwrap();
    cookies.set(Greeting("ada lovelace".into())).unwrap();
    let [session, greeting] = &set_cookies(&cookies)[..] else { panic!("not two headers") };
    assert!(session.starts_with("__Host-Http-session=1"));
    assert!(session.ends_with("; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict"));
    assert!(!session.contains("ada") && !session.contains("lovelace"));
    assert!(greeting.starts_with("__Host-greeting=ada%20lovelace.1"));
    assert!(greeting.ends_with("; Path=/; Secure; SameSite=Lax"));
}

#[test]
fn json_works_with_and_without_a_seal() {
    let keyring = Keyring::new(key(1));
    let basket = Basket { items: vec![Item { sku: "a;b\"".into(), count: 2 }], note: None };
    let choice = Choice::OneOf { first: 1, second: 2 };
    let cookies = new_jar(&keyring);
    cookies.set(basket.clone()).unwrap();
    cookies.set(choice.clone()).unwrap();
    let headers = set_cookies(&cookies);
    assert!(
        headers[1].starts_with("__Host-Http-choice={%22one_of%22:{%22first%22:1%2C%22second%22:2}}; Path=/"),
        "{}",
        headers[1]
    );
    let next = jar(&cookie_header(&headers), &keyring);
    assert_eq!(next.try_get().unwrap(), Some(basket));
    assert_eq!(next.try_get().unwrap(), Some(choice));
    assert!(matches!(read::<Choice>("{%22one_of%22:{}}", &keyring), Err(ReadError::Malformed { .. })));
    assert_eq!(read::<Choice>("%22nothing%22", &keyring).unwrap(), Choice::Nothing);
}

#[test]
fn fields_of_a_set_have_their_own_seals() {
    let keyring = Keyring::new(key(1));
    let shop = Shop::from(new_jar(&keyring));
    shop.set_basket([("apple".to_owned(), 3)]).unwrap();
    shop.set_visitor(7).unwrap();
    shop.set_sizes(vec![1, 2]).unwrap();
    shop.set_session(Session("ada".into())).unwrap();
    let headers = set_cookies(&shop.into());
    assert!(!headers[0].contains("apple"));
    assert!(headers[1].starts_with("__Host-Http-visitor=7.1"));
    assert!(headers[2].starts_with("__Host-Http-sizes=[1%2C2]; "));
    let next = Shop::from(jar(&cookie_header(&headers), &keyring));
    assert_eq!(next.try_basket().unwrap().unwrap()["apple"], 3);
    assert_eq!((next.try_visitor().unwrap(), next.try_sizes().unwrap()), (Some(7), Some(vec![1, 2])));
    assert_eq!(next.try_session().unwrap(), Some(Session("ada".into())));
    assert_eq!(
        Shop::SPECS.iter().map(|spec| spec.seal).collect::<Vec<_>>(),
        [Some(Seal::Sealed), Some(Seal::Signed), None, Some(Seal::Sealed)]
    );
}

#[tokio::test]
async fn layer_uses_the_keyring_of_the_current_policy() {
    async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(Session("ada".into()))
    }
    async fn home(cookies: Cookies) -> Result<String, ReadError> {
        Ok(cookies.try_get::<Session>()?.map_or("nobody".into(), |session| session.0))
    }

    let policy = |keyring: Keyring| Policy::builder().keyring(keyring).build().unwrap();
    let handle = PolicyHandle::new(policy(Keyring::new(key(1))));
    let app = Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .layer(handle.layer(TlsTermination::per_connection()));
    let send = async |request: http::request::Builder| {
        app.clone().oneshot(request.extension(Transport::Tls).body(Body::empty()).unwrap()).await.unwrap()
    };
    let body = async |response: axum::response::Response| {
        String::from_utf8(axum::body::to_bytes(response.into_body(), 100).await.unwrap().to_vec()).unwrap()
    };

    let signed_in = send(Request::post("/sign-in")).await;
    let header = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    let cookie = header.split(';').next().unwrap();
    assert_eq!(testing::sent_with(signed_in.headers(), &Keyring::new(key(1))), Some(Session("ada".into())));
    assert_eq!(body(send(Request::get("/").header("cookie", cookie)).await).await, "ada");

    handle.apply(policy(Keyring::new(key(2)).with(key(1))));
    assert_eq!(body(send(Request::get("/").header("cookie", cookie)).await).await, "ada");
    handle.apply(policy(Keyring::new(key(2))));
    let response = send(Request::get("/").header("cookie", cookie)).await;
    // Perhaps a different server has the key that this server does not have. So the response does not remove the
    // cookie.
    assert_eq!((response.status().as_u16(), response.headers().get("set-cookie")), (400, None));
    assert_eq!(body(response).await, "a cookie was not understood; try again");

    // No server can read a value that was changed.
    handle.apply(policy(Keyring::new(key(1))));
    let at = cookie.len() - 5;
    let other = if &cookie[at..=at] == "A" { "B" } else { "A" };
    let changed = format!("{}{other}{}", &cookie[..at], &cookie[at + 1..]);
    let response = send(Request::get("/").header("cookie", changed)).await;
    assert_eq!(response.status(), 400);
    assert!(testing::removed::<Session>(response.headers()));
    assert_eq!(body(response).await, "a cookie was not understood; try again");

    // A server without keys has a wrong configuration. Such a server must not remove a signed or sealed cookie from the
    // browser.
    handle.apply(Policy::default());
    let response = send(Request::get("/").header("cookie", cookie)).await;
    assert_eq!((response.status().as_u16(), response.headers().get("set-cookie")), (500, None));
    let response = send(Request::post("/sign-in")).await;
    assert_eq!((response.status().as_u16(), response.headers().get("set-cookie")), (500, None));
}

#[test]
fn baseline_limits_the_lifetime_of_a_seal() {
    let keyring = Keyring::new(key(1));
    let baseline = Baseline::new().longest_max_age(Duration::from_secs(600));
    for (builder, is_valid_later) in [
        (Policy::builder(), false),
        (
            Policy::builder()
                .exception(Exception::for_cookie(Session::SPEC.name).everything().because("the night shift keeps it")),
            true,
        ),
    ] {
        let policy = PolicyHandle::new(builder.keyring(keyring.clone()).baseline(baseline.clone()).build().unwrap());
        let cookies: Cookies = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
        testing::at(instant(NOW), || cookies.set(Session("ada".into())).unwrap());
        let header = cookie_header(&set_cookies(&cookies));
        // The baseline limits the lifetime to 600 seconds. The clocks of two servers can differ, so the seal stays
        // valid for one more minute.
        assert!(testing::at(instant(NOW + 660), || jar(&header, &keyring).try_get::<Session>()).is_ok());
        assert_eq!(
            testing::at(instant(NOW + 661), || jar(&header, &keyring).try_get::<Session>()).is_ok(),
            is_valid_later
        );
    }
}

#[test]
fn read_only_cookie_opens_with_the_shared_keyring() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-Http-session", sealed, read_only)]
    struct OtherProgramsSession(String);

    let keyring = Keyring::new(key(1));
    let header = testing::request_header_with(&Session("ada 100%".into()), &keyring);
    let expected = OtherProgramsSession("ada 100%".into());
    assert_eq!(jar(header.to_str().unwrap(), &keyring).try_get().unwrap(), Some(expected));
    let malformed = read::<OtherProgramsSession>("ada", &keyring);
    assert_eq!(verdict(&malformed), "malformed");
    assert_eq!(malformed.unwrap_err().status(), 400);
}

#[test]
fn testing_functions_use_the_testing_keyring() {
    let header = testing::request_header(&Session("ada".into()));
    let cookies = jar(header.to_str().unwrap(), &testing::keyring());
    assert_eq!(cookies.try_get().unwrap(), Some(Session("ada".into())));
    cookies.set(Session("eve".into())).unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert_eq!(testing::sent(&response), Some(Session("eve".into())));
}

#[test]
fn cookie_crate_values_are_sealed_too() {
    let keyring = Keyring::new(key(1));
    let set = hardtack::SetCookie::new(Session("ada".into())).with_keyring(&keyring);
    for cookie in [set.to_encoded_cookie(&testing::https()), set.to_decoded_cookie(&testing::https())] {
        assert_eq!(read::<Session>(cookie.unwrap().value(), &keyring).unwrap(), Session("ada".into()));
    }
    let plain = hardtack::SetCookie::new(Session("ada".into()));
    assert!(matches!(plain.to_encoded_cookie(&testing::https()), Err(SetError::NoKeyring { .. })));
    assert!(matches!(plain.to_decoded_cookie(&testing::https()), Err(SetError::NoKeyring { .. })));
}

/// The cookie crate encodes more characters than hardtack. The signature of the encoded value stays valid.
#[test]
fn signature_survives_encoding_by_another_library() {
    let keyring = Keyring::new(key(1));
    let set = hardtack::SetCookie::new(Greeting("a=b; {50%}".into())).with_keyring(&keyring);
    let ours = set.to_encoded_cookie(&testing::https()).unwrap();
    let theirs = set.to_decoded_cookie(&testing::https()).unwrap().encoded().to_string();
    let theirs = theirs.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    assert_ne!(ours.value(), theirs);
    for value in [ours.value(), &theirs] {
        assert_eq!(read::<Greeting>(value, &keyring).unwrap(), Greeting("a=b; {50%}".into()), "{value}");
    }
}

#[test]
fn document_cookie_refuses_signed_cookies() {
    let error = hardtack::document_cookie(&Greeting("ada".into())).unwrap_err();
    assert!(matches!(error, SetError::NoKeyring { .. }), "{error}");
}

#[test]
fn sealing_is_random_and_signing_is_not() {
    let keyring = Keyring::new(key(1));
    let twice = |make: &dyn Fn() -> HeaderValue| testing::at(instant(NOW), || (wire(&make()), wire(&make())));
    let (first, second) = twice(&|| testing::request_header_with(&Session("ada".into()), &keyring));
    assert_ne!(first, second);
    let (first, second) = twice(&|| testing::request_header_with(&Greeting("ada".into()), &keyring));
    assert_eq!(first, second);
}

#[test]
fn serde_errors_are_returned_by_set() {
    #[derive(Cookie, Serialize, Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[cookie(json)]
    struct Keyed(BTreeMap<Vec<u8>, u8>);

    let cookies = new_jar(&Keyring::new(key(1)));
    // The keys of a JSON object must be strings.
    let error = cookies.set(Keyed([(vec![1], 2)].into())).unwrap_err();
    assert!(matches!(error, SetError::Value { .. }), "{error}");
    assert!(set_cookies(&cookies).is_empty());
}
