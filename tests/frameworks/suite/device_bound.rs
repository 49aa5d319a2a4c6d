//! The scenarios of device-bound cookies. A [`Device`] is the key of the browser: it sends the registration and the
//! refresh to the endpoints, which the policy's middleware answers in every framework.

use hardtack::testing::{self, Browser, Device};
use http::{Request, Response, StatusCode};

use super::client::{Client, Reply};
use super::scenarios::{Harness, browser, step};
use super::site::{Site, assert_reply};
use super::{Account, Framework, HTTPS_ONLY, UNPROVEN};

const OFFER: &str = "secure-session-registration";
const CHALLENGE: &str = "secure-session-challenge";
const REGISTER: &str = "/.well-known/hardtack/device-bound/register";
const REFRESH: &str = "/.well-known/hardtack/device-bound/refresh";
const COMPANION_REMOVAL: &str =
    "__Host-account-key=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";

/// Sends a request with the browser's cookies, and gives the response to the browser.
async fn send(site: &Site, browser: &mut Browser, request: Request<()>) -> Reply {
    let path = request.uri().path().to_owned();
    let mut headers = request.headers().clone();
    headers.extend(browser.request_headers(&path));
    let request = site.client.0.request(request.method().clone(), site.url(&path)).headers(headers);
    let reply = Client::send(request).await;
    browser.store(&reply.headers);
    reply
}

/// Sends a request of the device, and gives the response to the device and to the browser.
async fn send_proof(site: &Site, browser: &mut Browser, device: &mut Device, request: Request<()>) -> Reply {
    let reply = send(site, browser, request).await;
    let mut response = Response::new(reply.body.clone());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
    *response.headers_mut() = reply.headers.clone();
    device.store(&response);
    reply
}

async fn refresh(site: &Site, browser: &mut Browser, device: &mut Device) -> Reply {
    let request = device.refresh().unwrap();
    send_proof(site, browser, device, request).await
}

async fn get(site: &Site, browser: &mut Browser, path: &str) -> Reply {
    send(site, browser, Request::get(path).body(()).unwrap()).await
}

/// Signs in and registers the device. Returns the response to the registration.
async fn register(site: &Site, browser: &mut Browser, device: &mut Device) -> Reply {
    let signed_in = get(site, browser, &super::handlers::step_path("set account")).await;
    let request = device.register(&signed_in.headers).unwrap();
    send_proof(site, browser, device, request).await
}

pub(super) async fn device_is_registered_after_the_sign_in<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().keyring(testing::keyring())).await;
    let (mut browser, mut device) = (browser(), Device::new());
    let signed_in = get(&site, &mut browser, &super::handlers::step_path("set account")).await;
    let offer = signed_in.header(OFFER).unwrap();
    assert!(offer.starts_with(&format!(r#"(ES256);path="{REGISTER}";challenge="1"#)), "{offer}");
    // A browser without device-bound sessions stays signed in.
    assert_eq!(step(&site, &mut browser, "get account").await, "Some(Account(\"ada\"))");
    assert_reply(&get(&site, &mut browser, "/pay").await, 403, &[], UNPROVEN);
    assert!(harness.has_event("(unproven, GET /pay"), "{:?}", harness.events());

    let request = device.register(&signed_in.headers).unwrap();
    let registered = send_proof(&site, &mut browser, &mut device, request).await;
    assert_eq!((registered.status, registered.header("content-type")), (200, Some("application/json")));
    assert_eq!(registered.header("cache-control"), Some("no-store"));
    assert!(registered.header(CHALLENGE).is_some());
    let [companion, account] = registered.set_cookies()[..] else { panic!("{registered:?}") };
    assert!(companion.starts_with("__Host-account-key=1"), "{companion}");
    assert!(companion.ends_with("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"), "{companion}");
    assert!(account.starts_with("__Host-Http-account=1"), "{account}");
    assert_eq!(browser.names(), ["__Host-Http-account", "__Host-account-key"]);
    assert_reply(&get(&site, &mut browser, "/pay").await, 200, &[], "ada pays");
    // No other response offers a registration.
    for path in ["/pay", "/health", &super::handlers::step_path("get account")] {
        assert_eq!(get(&site, &mut browser, path).await.header(OFFER), None, "{path}");
    }
}

pub(super) async fn bound_session_needs_its_companion<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().keyring(testing::keyring())).await;
    let (mut browser, mut device) = (browser(), Device::new());
    assert_eq!(register(&site, &mut browser, &mut device).await.status, 200);
    assert_eq!(step(&site, &mut browser, "get account").await, "Some(Account(\"ada\"))");

    browser.set("__Host-account-key=; Path=/; Secure; Max-Age=0");
    assert_eq!(step(&site, &mut browser, "get account").await, "None");
    assert_reply(&get(&site, &mut browser, "/pay").await, 403, &[], UNPROVEN);
    assert!(harness.has_event("the request contains no companion"), "{:?}", harness.events());
    assert_eq!(browser.names(), ["__Host-Http-account"]);

    // The device has a challenge from the registration, so one request is enough.
    let refreshed = refresh(&site, &mut browser, &mut device).await;
    assert_eq!((refreshed.status, &*refreshed.body, refreshed.set_cookies().len()), (200, "", 1));
    assert_reply(&get(&site, &mut browser, "/pay").await, 200, &[], "ada pays");

    // Without a challenge, the first response contains one.
    device.forget_challenge();
    let asked = refresh(&site, &mut browser, &mut device).await;
    assert_reply(&asked, 403, &[], "");
    assert!(asked.header(CHALLENGE).is_some());
    assert_eq!(refresh(&site, &mut browser, &mut device).await.status, 200);

    // A renewal keeps the binding.
    assert_eq!(step(&site, &mut browser, "renew account").await, "done");
    assert_reply(&get(&site, &mut browser, "/pay").await, 200, &[], "bob pays");
}

pub(super) async fn sign_out_removes_the_companion<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().keyring(testing::keyring())).await;
    let (mut browser, mut device) = (browser(), Device::new());
    register(&site, &mut browser, &mut device).await;
    let signed_out = get(&site, &mut browser, &super::handlers::step_path("remove account")).await;
    assert_eq!(signed_out.set_cookies().len(), 2, "{signed_out:?}");
    assert!(signed_out.set_cookies().contains(&COMPANION_REMOVAL), "{signed_out:?}");
    assert_eq!(browser.names(), [""; 0]);
    assert_reply(&get(&site, &mut browser, "/pay").await, 403, &[], UNPROVEN);
    assert!(harness.has_event("nobody is signed in"), "{:?}", harness.events());
}

/// A redirect, a 404 and most other statuses would end the browser's session.
pub(super) async fn device_endpoints_come_before_every_other_answer<F: Framework>(harness: Harness<F>) {
    let post = |path: &str| Request::post(path).header("content-length", "0").body(()).unwrap();
    let https = harness.https(harness.policy().keyring(testing::keyring())).await;
    let http = harness.http(harness.policy().keyring(testing::keyring())).await;
    let without_keyring = harness.https(harness.policy()).await;
    for path in [REGISTER, REFRESH] {
        let refused = send(&https, &mut browser(), post(path)).await;
        assert_reply(&refused, 401, &[], "");
        assert_eq!(refused.header("cache-control"), Some("no-store"));
        let other_method = get(&https, &mut browser(), path).await;
        assert_eq!((other_method.status, other_method.header("allow")), (405, Some("POST")));
        // The policy forces HTTPS.
        let over_http = send(&http, &mut browser(), post(path)).await;
        assert_eq!((over_http.status, over_http.header("location")), (503, None));
        assert_eq!(send(&without_keyring, &mut browser(), post(path)).await.status, 503);
    }
    assert!(harness.has_event("device-proof") && harness.has_event("no-keyring"), "{:?}", harness.events());
    assert_eq!(send(&https, &mut browser(), post("/refresh")).await.status, 404);
}

pub(super) async fn bound_cookie_needs_https<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy_allowing_http().keyring(testing::keyring())).await;
    let cookie = testing::request_header(&Account("ada".to_owned()));
    let reply = site.get_with("/pay", &[("Cookie", cookie.to_str().unwrap())]).await;
    assert_reply(&reply, 403, &[], HTTPS_ONLY);
    assert_eq!(harness.events().len(), 1);
}
