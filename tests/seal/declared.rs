//! What a user writes: one word in a declaration, and keys with the policy, with a jar, or from the environment.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Router, http::Request};
use hardtack::{
    Cookie, Cookies, Floor, Keyring, Listener, Policy, PolicyHandle, ReadError, Seal, SetError, Transport, testing,
};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use super::{NOW, instant, jar, key, read, verdict, wire};

/// Who is signed in.
#[derive(Cookie, Clone, Debug, PartialEq)]
#[cookie(sealed, max_age = "8h", same_site = Strict)]
struct Session(String);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Item {
    sku: String,
    count: u32,
}

/// More than one field, which only serde writes.
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

/// A page's script reads it, and cannot change it.
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

fn fresh(keyring: &Keyring) -> Cookies {
    Cookies::read(&HeaderMap::new(), testing::https()).keyring(keyring)
}

fn written(cookies: &Cookies) -> Vec<String> {
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    response.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// The `Cookie` field by which a browser answers these lines.
fn answered(lines: &[String]) -> String {
    lines.iter().map(|line| line.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_declaration_knows_its_seal_and_its_line_shows_no_more() {
    assert_eq!(
        (Session::SPEC.seal, Greeting::SPEC.seal, Choice::SPEC.seal),
        (Some(Seal::Sealed), Some(Seal::Signed), None)
    );
    let cookies = fresh(&Keyring::new(key(1)));
    cookies.set(Session("ada lovelace".into())).unwrap();
    cookies.set(Greeting("ada lovelace".into())).unwrap();
    let [session, greeting] = &written(&cookies)[..] else { panic!("two lines") };
    assert!(session.starts_with("__Host-Http-session=1"));
    assert!(session.ends_with("; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict"));
    assert!(!session.contains("ada") && !session.contains("lovelace"));
    assert!(greeting.starts_with("__Host-greeting=ada%20lovelace.1"));
    assert!(greeting.ends_with("; Path=/; Secure; SameSite=Lax"));
}

#[test]
fn json_composes_with_both_and_with_neither() {
    let keyring = Keyring::new(key(1));
    let basket = Basket { items: vec![Item { sku: "a;b\"".into(), count: 2 }], note: None };
    let choice = Choice::OneOf { first: 1, second: 2 };
    let cookies = fresh(&keyring);
    cookies.set(basket.clone()).unwrap();
    cookies.set(choice.clone()).unwrap();
    let lines = written(&cookies);
    assert!(
        lines[1].starts_with("__Host-Http-choice={%22one_of%22:{%22first%22:1%2C%22second%22:2}}; Path=/"),
        "{}",
        lines[1]
    );
    let again = jar(&answered(&lines), &keyring);
    assert_eq!(again.get().unwrap(), Some(basket));
    assert_eq!(again.get().unwrap(), Some(choice));
    assert!(matches!(read::<Choice>("{%22one_of%22:{}}", &keyring), Err(ReadError::Malformed { .. })));
    assert_eq!(read::<Choice>("%22nothing%22", &keyring).unwrap(), Choice::Nothing);
}

#[test]
fn a_struct_of_cookies_seals_by_its_fields() {
    let keyring = Keyring::new(key(1));
    let shop = Shop::from(fresh(&keyring));
    shop.set_basket([("apple".to_owned(), 3)]).unwrap();
    shop.set_visitor(7).unwrap();
    shop.set_sizes(vec![1, 2]).unwrap();
    shop.set_session(Session("ada".into())).unwrap();
    let lines = written(&shop.into());
    assert!(!lines[0].contains("apple"));
    assert!(lines[1].starts_with("__Host-Http-visitor=7.1"));
    assert!(lines[2].starts_with("__Host-Http-sizes=[1%2C2]; "));
    let again = Shop::from(jar(&answered(&lines), &keyring));
    assert_eq!(again.basket().unwrap().unwrap()["apple"], 3);
    assert_eq!((again.visitor().unwrap(), again.sizes().unwrap()), (Some(7), Some(vec![1, 2])));
    assert_eq!(again.session().unwrap(), Some(Session("ada".into())));
    assert_eq!(
        Shop::SPECS.iter().map(|spec| spec.seal).collect::<Vec<_>>(),
        [Some(Seal::Sealed), Some(Seal::Signed), None, Some(Seal::Sealed)]
    );
}

#[tokio::test]
async fn under_the_layer_the_keyring_is_the_policy_s_and_is_replaced_while_the_server_runs() {
    async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(Session("ada".into()))
    }
    async fn home(cookies: Cookies) -> Result<String, ReadError> {
        Ok(cookies.get::<Session>()?.map_or("nobody".into(), |session| session.0))
    }

    let policy = |keyring: Keyring| Policy::builder().keyring(keyring).build().unwrap();
    let handle = PolicyHandle::new(policy(Keyring::new(key(1))));
    let app = Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .layer(handle.layer(Listener::per_connection()));
    let ask = async |request: http::request::Builder| {
        app.clone().oneshot(request.extension(Transport::Tls).body(Body::empty()).unwrap()).await.unwrap()
    };
    let body = async |response: axum::response::Response| {
        String::from_utf8(axum::body::to_bytes(response.into_body(), 100).await.unwrap().to_vec()).unwrap()
    };

    let signed_in = ask(Request::post("/sign-in")).await;
    let line = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    let cookie = line.split(';').next().unwrap();
    assert_eq!(testing::sent_with(signed_in.headers(), &Keyring::new(key(1))), Some(Session("ada".into())));
    assert_eq!(body(ask(Request::get("/").header("cookie", cookie)).await).await, "ada");

    handle.apply(policy(Keyring::new(key(2)).with(key(1))));
    assert_eq!(body(ask(Request::get("/").header("cookie", cookie)).await).await, "ada");
    handle.apply(policy(Keyring::new(key(2))));
    let refused = ask(Request::get("/").header("cookie", cookie)).await;
    assert_eq!(refused.status(), 400);
    assert!(testing::removed::<Session>(refused.headers()));
    assert_eq!(body(refused).await, "a cookie was not understood; try again");

    // A server without keys is our mistake, and no reason to remove anything.
    handle.apply(Policy::default());
    let refused = ask(Request::get("/").header("cookie", cookie)).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("set-cookie")), (500, None));
    let refused = ask(Request::post("/sign-in")).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("set-cookie")), (500, None));
}

#[test]
fn a_seal_holds_no_longer_than_the_floor_lets_the_line_live() {
    let keyring = Keyring::new(key(1));
    let floor = Floor::new().max_age(Duration::from_secs(600));
    for (builder, lives) in [
        (Policy::builder(), false),
        (Policy::builder().exception(Session::SPEC.name, "the night shift keeps it"), true),
    ] {
        let policy = PolicyHandle::new(builder.keyring(keyring.clone()).floor(floor.clone()).build().unwrap());
        let cookies: Cookies = Cookies::read(&HeaderMap::new(), testing::https()).policy(&policy);
        testing::at(instant(NOW), || cookies.set(Session("ada".into())).unwrap());
        let field = answered(&written(&cookies));
        assert!(testing::at(instant(NOW + 660), || jar(&field, &keyring).get::<Session>()).is_ok());
        assert_eq!(testing::at(instant(NOW + 661), || jar(&field, &keyring).get::<Session>()).is_ok(), lives);
    }
}

#[test]
fn another_program_of_the_same_keyring_sets_what_is_read_only_here() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-Http-session", sealed, read_only)]
    struct Theirs(String);

    let keyring = Keyring::new(key(1));
    let field = testing::request_header_with(&Session("ada 100%".into()), &keyring);
    assert_eq!(jar(field.to_str().unwrap(), &keyring).get().unwrap(), Some(Theirs("ada 100%".into())));
    let refused = read::<Theirs>("ada", &keyring);
    assert_eq!(verdict(&refused), "malformed");
    assert!(refused.unwrap_err().removal().is_none());
}

#[test]
fn a_users_test_seals_and_opens_by_the_keyring_of_testing() {
    let field = testing::request_header(&Session("ada".into()));
    let cookies = jar(field.to_str().unwrap(), &testing::keyring());
    assert_eq!(cookies.get().unwrap(), Some(Session("ada".into())));
    cookies.set(Session("eve".into())).unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert_eq!(testing::sent(&response), Some(Session("eve".into())));
}

#[test]
fn a_line_for_the_cookie_crate_is_sealed_too() {
    let keyring = Keyring::new(key(1));
    let set = hardtack::SetCookie::new(Session("ada".into())).keyring(&keyring);
    let cookie = set.to_cookie(&testing::https()).unwrap();
    assert_eq!(read::<Session>(cookie.value(), &keyring).unwrap(), Session("ada".into()));
    let plain = hardtack::SetCookie::new(Session("ada".into())).to_cookie(&testing::https());
    assert!(matches!(plain, Err(SetError::NoKeyring { .. })));
}

#[test]
fn a_page_has_no_key_and_gets_no_signed_cookie() {
    let refused = hardtack::document_cookie(&Greeting("ada".into())).unwrap_err();
    assert!(matches!(refused, SetError::NoKeyring { .. }), "{refused}");
}

#[test]
fn two_wire_values_of_one_value_differ_where_they_are_sealed_and_not_where_they_are_signed() {
    let keyring = Keyring::new(key(1));
    let twice = |make: &dyn Fn() -> HeaderValue| testing::at(instant(NOW), || (wire(&make()), wire(&make())));
    let (first, second) = twice(&|| testing::request_header_with(&Session("ada".into()), &keyring));
    assert_ne!(first, second);
    let (first, second) = twice(&|| testing::request_header_with(&Greeting("ada".into()), &keyring));
    assert_eq!(first, second);
}

#[test]
fn what_serde_cannot_write_is_an_error_and_nothing_is_sent() {
    #[derive(Cookie, Serialize, Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[cookie(json)]
    struct Keyed(BTreeMap<Vec<u8>, u8>);

    let cookies = fresh(&Keyring::new(key(1)));
    // JSON's objects have texts for keys.
    let refused = cookies.set(Keyed([(vec![1], 2)].into())).unwrap_err();
    assert!(matches!(refused, SetError::Value { .. }), "{refused}");
    assert!(written(&cookies).is_empty());
}
