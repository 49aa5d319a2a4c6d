//! poem's sessions, and its own jar, under the policy: hardened, held back over plain HTTP, and removed wherever they were
//! set.

use hardtack::audit::{Seen, set_cookie};
use hardtack::{EventKind, ForeignCookies, Policy, PolicyBuilder};
use poem::endpoint::BoxEndpoint;
use poem::middleware::CookieJarManager;
use poem::session::{CookieConfig, CookieSession, MemoryStorage, ServerSession, Session as Visit};
use poem::web::cookie::{CookieJar, CookieKey};
use poem::{Endpoint, EndpointExt as _, Route, handler};
use reqwest::cookie::CookieStore as _;

use super::curl::Curl;
use super::own::{Told, open};
use super::suite::HOST;
use super::suite::client::Reply;
use super::suite::site::{Site, is};

/// Counts the visits of a session, and ends it, here and in another directory.
fn counting() -> Route {
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

/// Makes the configuration of a session; poem's cannot be cloned.
type Config = fn(CookieConfig) -> CookieConfig;

/// Each kind of session that poem has, with this configuration.
fn sessions(config: Config) -> Vec<BoxEndpoint<'static>> {
    let key = || CookieKey::derive_from(&[7; 32]);
    vec![
        counting().with(CookieSession::new(config(CookieConfig::new()))).boxed(),
        counting().with(CookieSession::new(config(CookieConfig::private(key())))).boxed(),
        counting().with(CookieSession::new(config(CookieConfig::signed(key())))).boxed(),
        counting().with(ServerSession::new(config(CookieConfig::new()), MemoryStorage::new())).boxed(),
        counting().with(ServerSession::new(config(CookieConfig::signed(key())), MemoryStorage::new())).boxed(),
    ]
}

/// With everything off that a configuration lets one turn off.
fn loose(config: CookieConfig) -> CookieConfig {
    config.secure(false).http_only(false)
}

/// The line without what no two runs share: the value, and the instant of an `Expires`.
fn settled(line: &str) -> String {
    let settled = |(at, piece): (usize, &str)| match piece.split_once('=') {
        Some((name, value)) if !value.is_empty() && (at == 0 || name == " Expires") => format!("{name}=*"),
        _ => piece.to_owned(),
    };
    line.split(';').enumerate().map(settled).collect::<Vec<_>>().join(";")
}

fn settled_all(reply: &Reply) -> Vec<String> {
    reply.lines().iter().map(|line| settled(line)).collect()
}

#[tokio::test]
async fn a_session_leaves_hardened_and_lasts() {
    let cases: [(Config, &str, &str); 3] = [
        (|config| config, "poem-session=*; HttpOnly; Secure; Path=/", "; SameSite=Lax"),
        (loose, "poem-session=*; Path=/", "; Secure; HttpOnly; SameSite=Lax"),
        (
            |config| config.name("__Host-id").same_site(poem::web::cookie::SameSite::Strict),
            "__Host-id=*; HttpOnly; SameSite=Strict; Secure; Path=/",
            "",
        ),
    ];
    for (config, written, added) in cases {
        for (alone, under) in sessions(config).into_iter().zip(sessions(config)) {
            assert_eq!(settled_all(&Site::https(alone).await.get("/count").await), [written]);
            let told = Told::by(Policy::builder());
            let site = Site::https(under.with(told.middleware())).await;
            let (browser, _) = site.browser();
            let first = browser.get(site.url("/count")).await;
            assert_eq!(settled_all(&first), [format!("{written}{added}")]);
            assert_eq!(first.header("cache-control"), Some("private"));
            assert_eq!(told.handle.counters().get(EventKind::LineHardened), u64::from(!added.is_empty()));
            for visits in ["2", "3"] {
                assert_eq!(browser.get(site.url("/account/count")).await.body, visits);
            }
        }
    }
}

#[tokio::test]
async fn over_plain_http_no_session_leaves_and_the_event_says_so() {
    for config in [(|config| config) as Config, loose] {
        for app in sessions(config) {
            let told = Told::by(open());
            let site = Site::http(app.with(told.middleware())).await;
            let (browser, jar) = site.browser();
            for _ in 0..2 {
                let reply = browser.get(site.url("/count")).await;
                is(&reply, 200, &[], "1");
                let events = told.events();
                assert!(
                    events.len() == 1 && events[0].starts_with("line held back `poem-session` (insecure)"),
                    "{events:?}"
                );
            }
            assert_eq!(jar.cookies(&site.base.parse().unwrap()), None);
        }
    }
}

/// Counts twice and signs out with a client that keeps cookies. Returns the answer to the end, whether the client still
/// holds the cookie, and what the next visit counts.
async fn ended(site: &Site) -> (Reply, bool, String) {
    let (browser, jar) = site.browser();
    for visits in ["1", "2"] {
        assert_eq!(browser.get(site.url("/account/count")).await.body, visits);
    }
    let end = browser.get(site.url("/account/sign-out")).await;
    assert_eq!(end.status, 200);
    let is_kept = jar.cookies(&site.url("/account/count").parse().unwrap()).is_some();
    (end, is_kept, browser.get(site.url("/account/count")).await.body)
}

#[tokio::test]
async fn a_purge_removes_the_cookie_wherever_it_was_set() {
    const REMOVAL: &str = "poem-session=; Max-Age=0; Expires=*";
    let cases: [(Config, bool, &str); 6] = [
        // What poem's removal reaches by itself is the directory of the request.
        (|config| config, false, "; Path=/"),
        (loose, false, "; Path=/"),
        (|config| config.path("/account"), true, "; Path=/account"),
        (|config| config.path("/account/"), false, "; Path=/account/"),
        (|config| config.domain("site.example"), false, "; Path=/; Domain=site.example"),
        (|config| config.path("/account").domain("site.example"), false, "; Path=/account; Domain=site.example"),
    ];
    for (config, goes_alone, place) in cases {
        for (kind, (alone, under)) in sessions(config).into_iter().zip(sessions(config)).enumerate() {
            let (end, is_kept, next) = ended(&Site::https(alone).await).await;
            assert_eq!((settled_all(&end), is_kept), (vec![REMOVAL.to_owned()], !goes_alone), "{place}");
            // The first three hold all of the session: who keeps the cookie is still signed in.
            assert_eq!(next, if is_kept && kind < 3 { "3" } else { "1" });

            let told = Told::by(Policy::builder());
            let site = Site::https(under.with(told.middleware())).await;
            let (end, is_kept, next) = ended(&site).await;
            assert_eq!(settled_all(&end), [format!("{REMOVAL}{place}; Secure; HttpOnly; SameSite=Lax")]);
            assert_eq!((is_kept, next.as_str()), (false, "1"), "{place}");
            let told = told.events();
            let completed = "line hardened `poem-session` (removal-path): a removal without a Path reaches one \
                             directory alone; sent for where the cookie was set";
            assert_eq!(told.iter().filter(|event| *event == completed).count(), 1, "{told:?}");
        }
    }
}

#[tokio::test]
async fn a_purge_of_a_session_that_another_process_set_removes_the_usual_one() {
    for (one, other) in sessions(|config| config).into_iter().zip(sessions(|config| config)).take(3) {
        let (one, other) =
            (Told::by(Policy::builder()).https(one).await, Told::by(Policy::builder()).https(other).await);
        let (browser, jar) = one.browser();
        assert_eq!(browser.get(one.url("/count")).await.body, "1");
        let cookie = jar.cookies(&one.base.parse().unwrap()).unwrap();

        let end = other.get_with("/account/sign-out", &[("Cookie", cookie.to_str().unwrap())]).await;
        let removal = "poem-session=; Max-Age=0; Expires=*";
        let flags = "; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(settled_all(&end), [format!("{removal}{flags}"), format!("{removal}; Path=/{flags}")]);
        // What a browser makes of the two.
        let seen = Seen::https(HOST).path("/account/sign-out");
        let paths = end.lines().into_iter().map(|line| {
            let stored = set_cookie(line.as_bytes(), &seen).stored.unwrap();
            assert!(stored.is_removal() && stored.host_only);
            stored.path
        });
        assert_eq!(paths.collect::<Vec<_>>(), ["/account", "/"]);
    }
}

impl Told {
    async fn https(&self, app: impl Endpoint + 'static) -> Site {
        Site::https(app.with(self.middleware())).await
    }
}

#[tokio::test]
async fn a_host_prefixed_session_ends_only_where_its_removal_is_hardened() {
    let named = || sessions(|config| config.name("__Host-id")).pop().unwrap();
    let localhost = |site: &Site, path: &str| format!("https://localhost:{}{path}", site.served.address.port());
    let alone = Site::https(named()).await;
    let curl = Curl::new(&alone.certificate.pem);
    curl.get(localhost(&alone, "/count")).await;
    assert_eq!(settled_all(&curl.get(localhost(&alone, "/end")).await), ["__Host-id=; Max-Age=0; Expires=*"]);
    // Without Secure and Path the line breaks the prefix's rule, and the client drops it.
    assert_eq!(curl.kept().len(), 1);

    let site = Told::by(Policy::builder()).https(named()).await;
    let curl = Curl::new(&site.certificate.pem);
    curl.get(localhost(&site, "/count")).await;
    assert_eq!(curl.kept().len(), 1);
    let end = curl.get(localhost(&site, "/account/sign-out")).await;
    assert_eq!(settled_all(&end), ["__Host-id=; Max-Age=0; Expires=*; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert_eq!(curl.kept(), [""; 0]);
}

/// What a program does with poem's own jar, without a session.
#[handler]
fn forget(jar: &CookieJar) {
    jar.remove("theme");
    jar.remove("__Secure-map");
}

fn forgetting() -> impl Endpoint + 'static {
    Route::new().at("/a/forget", forget).with(CookieJarManager::new())
}

#[tokio::test]
async fn what_the_policy_does_not_harden_is_removed_as_it_was_written() {
    let cookies = [("Cookie", "theme=dark; __Secure-map=1")];
    let written = ["__Secure-map=; Max-Age=0; Expires=*", "theme=; Max-Age=0; Expires=*"];
    let lines = async |policy: PolicyBuilder| {
        let reply = Told::by(policy).https(forgetting()).await.get_with("/a/forget", &cookies).await;
        let mut lines = settled_all(&reply);
        lines.sort();
        lines
    };
    assert_eq!(lines(Policy::builder().foreign_cookies(ForeignCookies::Observe)).await, written);
    assert_eq!(lines(Policy::builder().foreign_cookies(ForeignCookies::Refuse)).await, [""; 0]);
    let excepted = Policy::builder().exception("theme", "the old pages set it");
    let map = written[0];
    assert_eq!(
        lines(excepted).await,
        [format!("{map}; Path=/; Secure"), format!("{map}; Secure"), written[1].to_owned()]
    );
}

#[tokio::test]
async fn within_two_policies_a_removal_is_completed_once() {
    let (outer, inner) = (Told::by(Policy::builder()), Told::by(Policy::builder()));
    let app = sessions(|config| config).pop().unwrap().with(inner.middleware());
    let (end, is_kept, _) = ended(&outer.https(app).await).await;
    assert_eq!((end.lines().len(), is_kept), (1, false));

    let app = forgetting().with(inner.middleware());
    let guessed = outer.https(app).await.get_with("/a/forget", &[("Cookie", "theme=dark")]).await;
    let removal = "theme=; Max-Age=0; Expires=*";
    assert_eq!(settled_all(&guessed), [format!("{removal}; Secure"), format!("{removal}; Secure; Path=/")]);
}
