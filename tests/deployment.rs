//! A deployment as people run it, with the configuration that the README shows: nginx ends TLS in front of two instances
//! of an axum application whose sessions tower-sessions keeps in Redis, under hardtack's policy.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
#[path = "support/client.rs"]
mod client;
#[path = "deployment/instance.rs"]
mod instance;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "deployment/parts.rs"]
mod parts;
#[path = "deployment/serve.rs"]
mod serve;
#[path = "support/tls.rs"]
mod tls;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use reqwest::cookie::{CookieStore as _, Jar};

use client::{Client, Reply};
use parts::{Deployment, HOST};

const PAGE: (&str, &str) = ("Accept", "text/html");
const CLAIM: (&str, &str) = ("X-Forwarded-Proto", "https");

/// Not a test: what the tests start as a process of its own.
#[tokio::test]
#[ignore = "an instance of the application, which the tests start"]
async fn instance_of_the_shop() {
    instance::run().await;
}

#[tokio::test]
async fn who_signs_in_on_one_instance_is_known_on_the_other_until_signing_out() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    assert_eq!(browser.get(&shop.one.https("/")).await.body, "one: nobody, 0 in the basket");

    assert_eq!(browser.sign_in(&shop.one.https("/sign-in")).await.status, 200);
    assert_eq!(browser.get(&shop.two.https("/")).await.body, "two: ada, 0 in the basket");
    assert_eq!(browser.post(&shop.two.https("/basket")).await.status, 200);
    assert_eq!(browser.get(&shop.one.https("/")).await.body, "one: ada, 1 in the basket");

    // nginx takes turns.
    let mut answers = [browser.get(&shop.both.https("/")).await.body, browser.get(&shop.both.https("/")).await.body];
    answers.sort();
    assert_eq!(answers, ["one: ada, 1 in the basket", "two: ada, 1 in the basket"]);

    let copied = browser.cookies(&shop).unwrap();
    assert_eq!(browser.post(&shop.one.https("/sign-out")).await.status, 200);
    assert_eq!(browser.cookies(&shop), None);
    for (site, name) in [(&shop.one, "one"), (&shop.two, "two")] {
        assert_eq!(browser.get(&site.https("/")).await.body, format!("{name}: nobody, 0 in the basket"));
        // The session is gone, not only the browser's knowledge of it; the basket was the browser's alone.
        let thief = Browser::new(&shop).get_with(&site.https("/"), &[("Cookie", &copied)]).await;
        assert_eq!(thief.body, format!("{name}: nobody, 1 in the basket"));
    }
}

#[tokio::test]
async fn every_cookie_that_nginx_passes_on_is_secure_http_only_and_same_site() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);

    let signed_in = browser.sign_in(&shop.one.https("/sign-in")).await;
    let (session, lines) = session_and_others(&signed_in);
    assert_eq!(after_value(session), "; HttpOnly; SameSite=Strict; Secure; Path=/");
    let [legacy, basket] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(legacy, "legacy_session=1; path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(is_sealed_basket(basket), "{basket}");
    assert_eq!(hsts(&signed_in), ["max-age=31536000"]);

    let signed_out = browser.post(&shop.two.https("/sign-out")).await;
    let (session, lines) = session_and_others(&signed_out);
    // tower-sessions removes its cookie without its flags.
    assert!(
        session.starts_with("id=; Path=/; Max-Age=0; ") && session.ends_with(" GMT; Secure; HttpOnly; SameSite=Lax")
    );
    assert_eq!(
        lines,
        [
            "legacy_session=; path=/; max-age=0; Secure; HttpOnly; SameSite=Lax",
            "__Host-Http-basket=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
             SameSite=Lax",
        ]
    );
}

#[tokio::test]
async fn what_one_instance_seals_the_other_opens_and_no_client_forges() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    assert_eq!(browser.post(&shop.one.https("/basket")).await.status, 200);
    assert_eq!(browser.get(&shop.two.https("/")).await.body, "two: nobody, 1 in the basket");
    assert_eq!(browser.post(&shop.two.https("/basket")).await.status, 200);
    assert_eq!(browser.get(&shop.one.https("/")).await.body, "one: nobody, 2 in the basket");

    let sealed = browser.cookies(&shop).unwrap();
    assert!(sealed.starts_with("__Host-Http-basket=1"), "{sealed}");
    let (before, end) = sealed.split_at(sealed.len() - 2);
    let bent = format!("{before}{}", if end.starts_with('A') { "BA" } else { "AA" });
    for forged in ["__Host-Http-basket=99", &bent] {
        let refused = Browser::new(&shop).get_with(&shop.one.https("/"), &[("Cookie", forged)]).await;
        assert_eq!((refused.status, &*refused.body), (400, "a cookie was not understood; try again"));
        let [removal] = refused.lines()[..] else { panic!("{refused:?}") };
        assert!(removal.starts_with("__Host-Http-basket=; Path=/; Max-Age=0; "), "{removal}");
    }
    shop.one_logs(&["cookie not read `__Host-Http-basket` (seal-malformed): "]);
    // What was tossed beside the sealed one is not believed, and does no harm.
    let both = format!("__Host-Http-basket=99; {sealed}");
    let home = Browser::new(&shop).get_with(&shop.two.https("/"), &[("Cookie", &both)]).await;
    assert_eq!(home.body, "two: nobody, 2 in the basket");
}

#[tokio::test]
async fn over_plain_http_a_page_is_redirected_and_nothing_that_a_client_claims_helps() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    for claim in [("X-Nothing", ""), CLAIM, ("Forwarded", "proto=https"), ("X-Forwarded-Ssl", "on")] {
        let page = browser.get_with(&shop.both.http("/?from=a%20mail"), &[PAGE, claim]).await;
        assert_eq!((page.status, page.header("Location")), (308, Some(&*shop.both.https("/?from=a%20mail"))));
        assert_eq!((page.lines().len(), hsts(&page).len()), (0, 0), "{claim:?}");

        let sign_in = browser.sign_in_with(&shop.one.http("/sign-in"), &[claim]).await;
        assert_eq!((sign_in.status, sign_in.lines().len()), (403, 0), "{claim:?}");
    }
    shop.one_logs(&[
        "hardtack: request refused (force-https): ",
        "the trusted proxy 127.0.0.2 sent a `X-Forwarded-Proto` that does not say `https` throughout",
    ]);

    let elsewhere = browser.get_with(&shop.both.http("/"), &[PAGE, ("Host", "evil.example")]).await;
    assert_eq!((elsewhere.status, elsewhere.header("Location")), (403, None));

    // What a client says does not make HTTPS plain either.
    for claim in [("X-Forwarded-Proto", "http"), ("Forwarded", "proto=http")] {
        let sign_in = browser.sign_in_with(&shop.one.https("/sign-in"), &[claim]).await;
        assert_eq!((sign_in.status, sign_in.lines().len()), (200, 3), "{claim:?}");
    }
}

#[tokio::test]
async fn a_claim_of_https_past_nginx_is_refused_and_the_log_says_whose_it_was() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    let sign_in = browser.sign_in_with(&shop.one.direct("/sign-in"), &[CLAIM]).await;
    assert_eq!((sign_in.status, sign_in.lines().len(), &*sign_in.body), (403, 0, ""));
    shop.one_logs(&[
        "hardtack: request refused (force-https): ",
        "`X-Forwarded-Proto` says `https` but came from 127.0.0.1, which is not a trusted proxy; ",
    ]);

    let page = browser.get_with(&shop.one.direct("/"), &[CLAIM, PAGE]).await;
    assert_eq!((page.status, &*page.body, page.lines().len()), (308, "", 0));
    shop.one_logs(&[
        "hardtack: page redirected (force-https): `X-Forwarded-Proto` says `https` but came from 127.0.0.1, ",
    ]);
    assert_eq!(browser.cookies(&shop), None);
}

#[tokio::test]
async fn without_redis_it_answers_500_and_declared_cookies_leave_all_the_same() {
    let Some(mut shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    assert_eq!(browser.sign_in(&shop.one.https("/sign-in")).await.status, 200);
    assert_eq!(browser.post(&shop.one.https("/basket")).await.status, 200);
    let before = browser.cookies(&shop);

    shop.stop_redis();
    assert_eq!(browser.get(&shop.two.https("/")).await.status, 500);
    assert_eq!(browser.cookies(&shop), before);
    let sign_in = browser.sign_in(&shop.one.https("/sign-in")).await;
    assert_eq!(sign_in.status, 500);
    let [basket] = sign_in.lines()[..] else { panic!("{sign_in:?}") };
    assert!(is_sealed_basket(basket), "{basket}");

    shop.start_redis();
    let start = Instant::now();
    loop {
        // Redis kept its sessions in memory alone.
        let home = browser.get(&shop.two.https("/")).await;
        if (home.status, &*home.body) == (200, "two: nobody, 0 in the basket") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{home:?}");
    }
}

#[test]
fn the_readme_shows_these_files() {
    let readme = include_str!("../README.md");
    let serve = include_str!("deployment/serve.rs");
    let files = [
        ("nginx.conf", "nginx", include_str!("deployment/nginx.conf")),
        ("redis.conf", "text", include_str!("deployment/redis.conf")),
        // Without the line that says what the file is.
        ("serve.rs", "rust", serve.split_once("\n\n").unwrap().1),
    ];
    for (name, language, text) in files {
        let block = format!("<!-- deployment/{name} -->\n```{language}\n{text}```\n");
        assert!(readme.contains(&block), "README.md does not have this, and should:\n\n{block}");
    }
}

/// reqwest with a cookie store, which finds the host on loopback, believes nginx's certificate and follows nothing.
struct Browser {
    client: reqwest::Client,
    jar: Arc<Jar>,
}

impl Browser {
    fn new(shop: &Deployment) -> Browser {
        let jar = Arc::new(Jar::default());
        // The port is the URL's.
        let client = shop.certificate.client().unwrap().resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Browser { client: client.cookie_provider(jar.clone()).build().unwrap(), jar }
    }

    /// The Cookie field for the site over HTTPS.
    fn cookies(&self, shop: &Deployment) -> Option<String> {
        let cookies = self.jar.cookies(&shop.both.https("/").parse().unwrap())?;
        Some(cookies.to_str().unwrap().to_owned())
    }

    async fn get(&self, url: &str) -> Reply {
        self.get_with(url, &[]).await
    }

    async fn get_with(&self, url: &str, fields: &[(&str, &str)]) -> Reply {
        Browser::send(self.client.get(url), fields).await
    }

    async fn post(&self, url: &str) -> Reply {
        Browser::send(self.client.post(url), &[]).await
    }

    async fn sign_in(&self, url: &str) -> Reply {
        self.sign_in_with(url, &[]).await
    }

    async fn sign_in_with(&self, url: &str, fields: &[(&str, &str)]) -> Reply {
        let form = self.client.post(url).header("Content-Type", "application/x-www-form-urlencoded").body("user=ada");
        Browser::send(form, fields).await
    }

    async fn send(request: RequestBuilder, fields: &[(&str, &str)]) -> Reply {
        Client::send(fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }
}

fn hsts(reply: &Reply) -> Vec<&str> {
    reply.headers.get_all("Strict-Transport-Security").iter().map(|value| value.to_str().unwrap()).collect()
}

/// tower-sessions' line, and the others in order.
fn session_and_others(reply: &Reply) -> (&str, Vec<&str>) {
    let (sessions, others): (Vec<_>, Vec<_>) = reply.lines().into_iter().partition(|line| line.starts_with("id="));
    assert_eq!(sessions.len(), 1);
    (sessions[0], others)
}

/// Whether a line has a basket of which nobody sees what is in it: 32 octets more than the number, in base64.
fn is_sealed_basket(line: &str) -> bool {
    let value = line.strip_prefix("__Host-Http-basket=1").and_then(|rest| rest.split(';').next());
    value.is_some_and(|value| value.len() == 4 + 44) && after_value(line) == "; Path=/; Secure; HttpOnly; SameSite=Lax"
}

/// A line's attributes, with the `;` before them.
fn after_value(line: &str) -> &str {
    line.find(';').map_or("", |at| &line[at..])
}
