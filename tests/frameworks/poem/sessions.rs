//! Tests how the policy handles the cookies of poem's sessions and of poem's own cookie jar. Over HTTPS, the policy
//! hardens the cookies that poem sets. Over plain HTTP, the policy drops the cookies that poem sets. poem's removal
//! headers have no `Path`, so the policy sends each removal twice.

use hardtack::Policy;
use hardtack::audit::{self, Context};
use hardtack::event::Kind;
use hardtack::policy::{Exception, PolicyBuilder, UndeclaredCookies};
use poem::endpoint::BoxEndpoint;
use poem::middleware::CookieJarManager;
use poem::session::{CookieConfig, CookieSession, MemoryStorage, ServerSession, Session as Visit};
use poem::web::cookie::{CookieJar, CookieKey};
use poem::{Endpoint, EndpointExt as _, Route, handler};
use reqwest::cookie::CookieStore as _;

use super::curl::Curl;
use super::specifics::{RecordingPolicy, policy_allowing_http};
use super::suite::HOST;
use super::suite::client::Reply;
use super::suite::site::{Site, assert_reply};

/// Returns routes under two path prefixes. Each route either counts the visits of a session or ends the session.
fn counting_routes() -> Route {
    Route::new()
        .at("/count", count_visit)
        .at("/end", end_visit)
        .at("/account/count", count_visit)
        .at("/account/sign-out", end_visit)
}

#[handler]
fn count_visit(visit: &Visit) -> String {
    let count = visit.get::<u32>("count").unwrap_or_default() + 1;
    visit.set("count", count);
    count.to_string()
}

#[handler]
fn end_visit(visit: &Visit) {
    visit.purge();
}

/// Changes the configuration of a session cookie. The test cases contain functions, because poem's configuration cannot
/// be cloned.
type Config = fn(CookieConfig) -> CookieConfig;

/// Returns one application for each of the five kinds of poem session. The first three kinds store all session data in
/// the cookie.
fn sessions(config: Config) -> Vec<BoxEndpoint<'static>> {
    let key = || CookieKey::derive_from(&[7; 32]);
    vec![
        counting_routes().with(CookieSession::new(config(CookieConfig::new()))).boxed(),
        counting_routes().with(CookieSession::new(config(CookieConfig::private(key())))).boxed(),
        counting_routes().with(CookieSession::new(config(CookieConfig::signed(key())))).boxed(),
        counting_routes().with(ServerSession::new(config(CookieConfig::new()), MemoryStorage::new())).boxed(),
        counting_routes().with(ServerSession::new(config(CookieConfig::signed(key())), MemoryStorage::new())).boxed(),
    ]
}

/// Switches off every protection that poem's configuration can switch off.
fn insecure(config: CookieConfig) -> CookieConfig {
    config.secure(false).http_only(false)
}

/// Replaces the value and the `Expires` date of a `Set-Cookie` header by `*`, because the value and the date differ
/// between test runs.
fn normalize(set_cookie: &str) -> String {
    let normalized = |(at, piece): (usize, &str)| match piece.split_once('=') {
        Some((name, value)) if !value.is_empty() && (at == 0 || name == " Expires") => format!("{name}=*"),
        _ => piece.to_owned(),
    };
    set_cookie.split(';').enumerate().map(normalized).collect::<Vec<_>>().join(";")
}

fn normalize_all(reply: &Reply) -> Vec<String> {
    reply.set_cookies().iter().map(|set_cookie| normalize(set_cookie)).collect()
}

#[tokio::test]
async fn session_cookie_is_hardened_and_lasts() {
    let cases: [(Config, &str, &str); 3] = [
        (|config| config, "poem-session=*; HttpOnly; Secure; Path=/", "; SameSite=Lax"),
        (insecure, "poem-session=*; Path=/", "; Secure; HttpOnly; SameSite=Lax"),
        (
            |config| config.name("__Host-id").same_site(poem::web::cookie::SameSite::Strict),
            "__Host-id=*; HttpOnly; SameSite=Strict; Secure; Path=/",
            "",
        ),
    ];
    for (config, written, added) in cases {
        for (without_policy, with_policy) in sessions(config).into_iter().zip(sessions(config)) {
            assert_eq!(normalize_all(&Site::https(without_policy).await.get("/count").await), [written]);
            let policy = RecordingPolicy::new(Policy::builder());
            let site = Site::https(with_policy.with(policy.middleware())).await;
            let (browser, _) = site.browser();
            let first = browser.get(site.url("/count")).await;
            assert_eq!(normalize_all(&first), [format!("{written}{added}")]);
            assert_eq!(first.header("cache-control"), Some("private"));
            assert_eq!(policy.handle.counters().get(Kind::HeaderHardened), u64::from(!added.is_empty()));
            for visits in ["2", "3"] {
                assert_eq!(browser.get(site.url("/account/count")).await.body, visits);
            }
        }
    }
}

#[tokio::test]
async fn session_cookie_is_dropped_over_http_with_event() {
    for config in [(|config| config) as Config, insecure] {
        for app in sessions(config) {
            let policy = RecordingPolicy::new(policy_allowing_http());
            let site = Site::http(app.with(policy.middleware())).await;
            let (browser, jar) = site.browser();
            for _ in 0..2 {
                let reply = browser.get(site.url("/count")).await;
                assert_reply(&reply, 200, &[], "1");
                let events = policy.events();
                assert!(
                    events.len() == 1 && events[0].starts_with("header dropped `poem-session` (insecure, "),
                    "{events:?}"
                );
            }
            assert_eq!(jar.cookies(&site.base.parse().unwrap()), None);
        }
    }
}

/// Visits the page twice and signs out, with a client that stores cookies. Then visits the page once more. Returns the
/// response to the sign-out, true if the client still had the cookie after the sign-out, and the visit count on the
/// last page.
async fn count_and_sign_out(site: &Site) -> (Reply, bool, String) {
    let (browser, jar) = site.browser();
    for visits in ["1", "2"] {
        assert_eq!(browser.get(site.url("/account/count")).await.body, visits);
    }
    let end = browser.get(site.url("/account/sign-out")).await;
    assert_eq!(end.status, 200);
    let is_stored = jar.cookies(&site.url("/account/count").parse().unwrap()).is_some();
    (end, is_stored, browser.get(site.url("/account/count")).await.body)
}

#[tokio::test]
async fn purge_removes_the_cookie_if_its_path_is_root() {
    const REMOVAL: &str = "poem-session=; Max-Age=0; Expires=*";
    // Each row contains a configuration and two flags: true if a sign-out removes the cookie without the policy, and
    // true if a sign-out removes the cookie with the policy.
    let cases: [(Config, bool, bool); 6] = [
        // Without the policy, poem removes a cookie with a header that has no `Path`. If a removal header has no
        // `Path`, the browser uses the directory of the request URL. So the browser does not remove a cookie with a
        // different path.
        (|config| config, false, true),
        (insecure, false, true),
        (|config| config.path("/account"), true, true),
        // The policy does not know whether the cookie has a longer path or a `Domain`. So the policy cannot complete
        // the removal.
        (|config| config.path("/account/"), false, false),
        (|config| config.domain("site.example"), false, false),
        (|config| config.path("/account").domain("site.example"), false, false),
    ];
    for (number, (config, is_removed_without_policy, is_removed_with_policy)) in cases.into_iter().enumerate() {
        for (kind, (without_policy, with_policy)) in sessions(config).into_iter().zip(sessions(config)).enumerate() {
            let (end, is_stored, next) = count_and_sign_out(&Site::https(without_policy).await).await;
            assert_eq!(
                (normalize_all(&end), is_stored),
                (vec![REMOVAL.to_owned()], !is_removed_without_policy),
                "{number}"
            );
            // For the first three kinds of session, the cookie contains the session data. So a client that keeps the
            // cookie stays signed in after the sign-out.
            assert_eq!(next, if is_stored && kind < 3 { "3" } else { "1" });

            let policy = RecordingPolicy::new(Policy::builder());
            let site = Site::https(with_policy.with(policy.middleware())).await;
            let (end, is_stored, next) = count_and_sign_out(&site).await;
            let flags = "; Secure; HttpOnly; SameSite=Lax";
            assert_eq!(normalize_all(&end), [format!("{REMOVAL}{flags}"), format!("{REMOVAL}; Path=/{flags}")]);
            assert_eq!(is_stored, !is_removed_with_policy, "{number}");
            assert_eq!(next, if is_stored && kind < 3 { "3" } else { "1" }, "{number}");
            let events = policy.events();
            let expected = "header hardened `poem-session` (removal-path, GET /account/sign-out): a removal without a `Path` covers one \
                             directory only; sent for `/` too, because the cookie's `Path` is unknown";
            assert_eq!(events.iter().filter(|event| *event == expected).count(), 1, "{events:?}");
        }
    }
}

#[tokio::test]
async fn purge_guesses_scopes_of_another_process() {
    for (one, other) in sessions(|config| config).into_iter().zip(sessions(|config| config)).take(3) {
        let (one, other) = (
            RecordingPolicy::new(Policy::builder()).https(one).await,
            RecordingPolicy::new(Policy::builder()).https(other).await,
        );
        let (browser, jar) = one.browser();
        assert_eq!(browser.get(one.url("/count")).await.body, "1");
        let cookie = jar.cookies(&one.base.parse().unwrap()).unwrap();

        let end = other.get_with("/account/sign-out", &[("Cookie", cookie.to_str().unwrap())]).await;
        let removal = "poem-session=; Max-Age=0; Expires=*";
        let flags = "; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(normalize_all(&end), [format!("{removal}{flags}"), format!("{removal}; Path=/{flags}")]);
        // The two removal headers remove the cookies with the paths `/account` and `/`.
        let context = Context::https(HOST).path("/account/sign-out");
        let paths = end.set_cookies().into_iter().map(|set_cookie| {
            let stored = audit::set_cookie(set_cookie.as_bytes(), &context).stored.unwrap();
            assert!(stored.is_removal() && stored.host_only);
            stored.path
        });
        assert_eq!(paths.collect::<Vec<_>>(), ["/account", "/"]);
    }
}

impl RecordingPolicy {
    async fn https(&self, app: impl Endpoint + 'static) -> Site {
        Site::https(app.with(self.middleware())).await
    }
}

#[tokio::test]
async fn host_prefixed_session_needs_a_hardened_removal() {
    let with_host_prefix = || sessions(|config| config.name("__Host-id")).pop().unwrap();
    let localhost = |site: &Site, path: &str| format!("https://localhost:{}{path}", site.server.address.port());
    let site = Site::https(with_host_prefix()).await;
    let curl = Curl::new(&site.certificate.pem);
    curl.get(localhost(&site, "/count")).await;
    assert_eq!(normalize_all(&curl.get(localhost(&site, "/end")).await), ["__Host-id=; Max-Age=0; Expires=*"]);
    // A browser accepts a `__Host-` cookie only with `Secure` and `Path=/`. poem's removal header for the `__Host-`
    // cookie has neither attribute, so the client ignores the header.
    assert_eq!(curl.cookies().len(), 1);

    let site = RecordingPolicy::new(Policy::builder()).https(with_host_prefix()).await;
    let curl = Curl::new(&site.certificate.pem);
    curl.get(localhost(&site, "/count")).await;
    assert_eq!(curl.cookies().len(), 1);
    let end = curl.get(localhost(&site, "/account/sign-out")).await;
    assert_eq!(normalize_all(&end), ["__Host-id=; Max-Age=0; Expires=*; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert_eq!(curl.cookies(), [""; 0]);
}

/// Removes two cookies with poem's own cookie jar.
#[handler]
fn remove_cookies(jar: &CookieJar) {
    jar.remove("theme");
    jar.remove("__Secure-map");
}

fn removing_routes() -> impl Endpoint + 'static {
    Route::new().at("/a/forget", remove_cookies).with(CookieJarManager::new())
}

#[tokio::test]
async fn removals_are_completed_only_when_hardened() {
    let cookies = [("Cookie", "theme=dark; __Secure-map=1")];
    let written = ["__Secure-map=; Max-Age=0; Expires=*", "theme=; Max-Age=0; Expires=*"];
    let removals = async |policy: PolicyBuilder| {
        let reply = RecordingPolicy::new(policy).https(removing_routes()).await.get_with("/a/forget", &cookies).await;
        let mut removals = normalize_all(&reply);
        removals.sort();
        removals
    };
    assert_eq!(removals(Policy::builder().undeclared_cookies(UndeclaredCookies::Observe)).await, written);
    assert_eq!(removals(Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse)).await, [""; 0]);
    let excepted =
        Policy::builder().exception(Exception::for_cookie("theme").everything().because("the old pages set it"));
    let map = written[0];
    assert_eq!(
        removals(excepted).await,
        [format!("{map}; Path=/; Secure"), format!("{map}; Secure"), written[1].to_owned()]
    );
}

#[tokio::test]
async fn nested_policies_complete_a_removal_once() {
    let (outer, inner) = (RecordingPolicy::new(Policy::builder()), RecordingPolicy::new(Policy::builder()));
    let app = sessions(|config| config).pop().unwrap().with(inner.middleware());
    let (end, is_stored, _) = count_and_sign_out(&outer.https(app).await).await;
    assert_eq!((end.set_cookies().len(), is_stored), (2, false));

    let app = removing_routes().with(inner.middleware());
    let reply = outer.https(app).await.get_with("/a/forget", &[("Cookie", "theme=dark")]).await;
    let removal = "theme=; Max-Age=0; Expires=*";
    assert_eq!(normalize_all(&reply), [format!("{removal}; Secure"), format!("{removal}; Secure; Path=/")]);
}
