//! Tests a complete deployment with the configuration that the page `runtime/docs/deployment.md` shows. nginx
//! terminates TLS for two instances of an axum application. tower-sessions stores the sessions in Redis. hardtack's
//! policy is the outermost layer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/client.rs"]
mod client;
#[path = "deployment/instance.rs"]
mod instance;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "deployment/processes.rs"]
mod processes;
#[path = "deployment/serve.rs"]
mod serve;
#[path = "support/tls.rs"]
mod tls;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hardtack::testing::Device;
use http::{Request, Response, StatusCode};
use reqwest::RequestBuilder;
use reqwest::cookie::{CookieStore as _, Jar};

use client::{Client, Reply};
use processes::{Deployment, HOST, Site};

const PAGE: (&str, &str) = ("Accept", "text/html");
/// A forged header: the client claims that its request came over HTTPS.
const CLAIM: (&str, &str) = ("X-Forwarded-Proto", "https");

/// This function is not a test. The tests start `shop_instance` in a new process.
#[tokio::test]
#[ignore = "an instance of the application; the tests start it"]
async fn shop_instance() {
    instance::run().await;
}

#[tokio::test]
async fn session_is_shared_by_both_instances() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    assert_eq!(browser.get(&shop.one.https("/")).await.body, "one: guest, 0 in the basket");

    assert_eq!(browser.sign_in(&shop.one.https("/sign-in")).await.status, 200);
    assert_eq!(browser.get(&shop.two.https("/")).await.body, "two: ada, 0 in the basket");
    assert_eq!(browser.post(&shop.two.https("/basket")).await.status, 200);
    assert_eq!(browser.get(&shop.one.https("/")).await.body, "one: ada, 1 in the basket");

    // nginx sends requests to the two instances in turn.
    let mut bodies = [browser.get(&shop.both.https("/")).await.body, browser.get(&shop.both.https("/")).await.body];
    bodies.sort();
    assert_eq!(bodies, ["one: ada, 1 in the basket", "two: ada, 1 in the basket"]);

    let copied = browser.cookie_header(&shop).unwrap();
    assert_eq!(browser.post(&shop.one.https("/sign-out")).await.status, 200);
    assert_eq!(browser.cookie_header(&shop), None);
    for (site, name) in [(&shop.one, "one"), (&shop.two, "two")] {
        assert_eq!(browser.get(&site.https("/")).await.body, format!("{name}: guest, 0 in the basket"));
        // The user's session has also ended on the server, so a copied session cookie does not sign a user in. The
        // server does not store the basket, so a copied basket cookie still works.
        let thief = Browser::new(&shop).get_with(&site.https("/"), &[("Cookie", &copied)]).await;
        assert_eq!(thief.body, format!("{name}: guest, 1 in the basket"));
    }
}

#[tokio::test]
async fn every_cookie_behind_nginx_is_hardened() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);

    let signed_in = browser.sign_in(&shop.one.https("/sign-in")).await;
    let (session, others) = split_session_cookie(&signed_in);
    assert_eq!(attributes(session), "; HttpOnly; SameSite=Strict; Secure; Path=/");
    let [legacy, basket] = others[..] else { panic!("{others:?}") };
    assert_eq!(legacy, "legacy_session=1; path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(is_sealed_basket(basket), "{basket}");
    assert_eq!(hsts(&signed_in), ["max-age=31536000"]);

    let signed_out = browser.post(&shop.two.https("/sign-out")).await;
    let (session, others) = split_session_cookie(&signed_out);
    // tower-sessions removes its cookie with a header without `Secure`, `HttpOnly` and `SameSite`. The policy adds
    // `Secure`, `HttpOnly` and `SameSite` to the removal header.
    assert!(
        session.starts_with("id=; Path=/; Max-Age=0; ") && session.ends_with(" GMT; Secure; HttpOnly; SameSite=Lax"),
        "{session}"
    );
    assert_eq!(
        others,
        [
            "legacy_session=; path=/; max-age=0; Secure; HttpOnly; SameSite=Lax",
            "__Host-Http-basket=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
             SameSite=Lax",
        ]
    );
}

#[tokio::test]
async fn sealed_cookie_is_shared_and_cannot_be_forged() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    assert_eq!(browser.post(&shop.one.https("/basket")).await.status, 200);
    assert_eq!(browser.get(&shop.two.https("/")).await.body, "two: guest, 1 in the basket");
    assert_eq!(browser.post(&shop.two.https("/basket")).await.status, 200);
    assert_eq!(browser.get(&shop.one.https("/")).await.body, "one: guest, 2 in the basket");

    let sealed = browser.cookie_header(&shop).unwrap();
    assert!(sealed.starts_with("__Host-Http-basket=1"), "{sealed}");
    let (before, end) = sealed.split_at(sealed.len() - 2);
    let altered = format!("{before}{}", if end.starts_with('A') { "BA" } else { "AA" });
    for forged in ["__Host-Http-basket=99", &altered] {
        let refused = Browser::new(&shop).get_with(&shop.one.https("/"), &[("Cookie", forged)]).await;
        assert_eq!((refused.status, &*refused.body), (400, "a cookie was not understood; try again"));
        // The response removes a cookie only if no server can read it. A server with a different release may be able to
        // read an unsealed value.
        match (forged == altered, &refused.set_cookies()[..]) {
            (true, [removal]) => assert!(removal.starts_with("__Host-Http-basket=; Path=/; Max-Age=0; "), "{removal}"),
            (true, _) => panic!("{refused:?}"),
            (false, headers) => assert_eq!(headers, [""; 0], "{forged}"),
        }
    }
    shop.assert_one_logs(&["hardtack: cookie rejected `__Host-Http-basket` (seal-malformed, GET /): "]);
    // If a request has an unsealed cookie and the sealed cookie, the server ignores the unsealed cookie.
    let both = format!("__Host-Http-basket=99; {sealed}");
    let home = Browser::new(&shop).get_with(&shop.two.https("/"), &[("Cookie", &both)]).await;
    assert_eq!(home.body, "two: guest, 2 in the basket");
}

#[tokio::test]
async fn clients_cannot_claim_https_through_nginx() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    for claim in [("X-Nothing", ""), CLAIM, ("Forwarded", "proto=https"), ("X-Forwarded-Ssl", "on")] {
        let page = browser.get_with(&shop.both.http("/?from=a%20mail"), &[PAGE, claim]).await;
        assert_eq!((page.status, page.header("Location")), (308, Some(&*shop.both.https("/?from=a%20mail"))));
        assert_eq!((page.set_cookies().len(), hsts(&page).len()), (0, 0), "{claim:?}");

        let sign_in = browser.sign_in_with(&shop.one.http("/sign-in"), &[claim]).await;
        assert_eq!((sign_in.status, sign_in.set_cookies().len()), (403, 0), "{claim:?}");
    }
    shop.assert_one_logs(&[
        "hardtack: request refused (force-https, POST /sign-in): ",
        "the trusted proxy 127.0.0.2 sent a `X-Forwarded-Proto` that does not state HTTPS",
    ]);

    // The policy lists one host, so each redirect goes to this host.
    let elsewhere = browser.get_with(&shop.both.http("/"), &[PAGE, ("Host", "evil.example")]).await;
    assert_eq!((elsewhere.status, elsewhere.header("Location")), (308, Some(&*shop.both.https("/"))));

    // A client that uses HTTPS cannot claim that its request came over plain HTTP.
    for claim in [("X-Forwarded-Proto", "http"), ("Forwarded", "proto=http")] {
        let sign_in = browser.sign_in_with(&shop.one.https("/sign-in"), &[claim]).await;
        assert_eq!((sign_in.status, sign_in.set_cookies().len()), (200, 3), "{claim:?}");
    }
}

#[tokio::test]
async fn direct_claim_of_https_is_refused_and_logged() {
    let Some(shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    let sign_in = browser.sign_in_with(&shop.one.direct("/sign-in"), &[CLAIM]).await;
    assert_eq!((sign_in.status, sign_in.set_cookies().len()), (403, 0));
    // The client is on the same machine, so in a debug build the body contains the server's evidence.
    let seen = "the request came from 127.0.0.1, which is not a trusted proxy; `X-Forwarded-Proto` claims HTTPS; ";
    assert_eq!(sign_in.body.contains(seen), cfg!(debug_assertions), "{}", sign_in.body);
    shop.assert_one_logs(&["hardtack: request refused (force-https, POST /sign-in): ", seen]);

    // After a redirect, the browser's next request would make the same claim, and the browser would follow redirects in
    // a loop.
    let page = browser.get_with(&shop.one.direct("/"), &[CLAIM, PAGE]).await;
    assert_eq!((page.status, page.header("Location"), page.set_cookies().len()), (403, None, 0));
    shop.assert_one_logs(&["WARN hardtack: request refused (force-https, GET /): ", seen]);
    assert_eq!(browser.cookie_header(&shop), None);
}

#[tokio::test]
async fn redis_outage_keeps_declared_cookies() {
    let Some(mut shop) = Deployment::start() else { return };
    let browser = Browser::new(&shop);
    assert_eq!(browser.sign_in(&shop.one.https("/sign-in")).await.status, 200);
    assert_eq!(browser.post(&shop.one.https("/basket")).await.status, 200);
    let before = browser.cookie_header(&shop);

    shop.stop_redis();
    assert_eq!(browser.get(&shop.two.https("/")).await.status, 500);
    assert_eq!(browser.cookie_header(&shop), before);
    let sign_in = browser.sign_in(&shop.one.https("/sign-in")).await;
    assert_eq!(sign_in.status, 500);
    let [basket] = sign_in.set_cookies()[..] else { panic!("{sign_in:?}") };
    assert!(is_sealed_basket(basket), "{basket}");

    shop.start_redis();
    let start = Instant::now();
    loop {
        // Redis stores the sessions only in memory, so the restart of Redis signed the user out.
        let home = browser.get(&shop.two.https("/")).await;
        if (home.status, &*home.body) == (200, "two: guest, 0 in the basket") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{home:?}");
    }
}

#[tokio::test]
async fn both_instances_refresh_each_others_sessions() {
    let Some(mut shop) = Deployment::start() else { return };
    let (browser, mut device) = (Browser::new(&shop), Device::new());

    let signed_in = browser.sign_in(&shop.one.https("/account/sign-in")).await;
    // The other instance answers the registration.
    let registration = device.register(&signed_in.headers).unwrap();
    let registered = browser.send_for_device(&shop.two, registration, &mut device).await;
    let names = registered.set_cookies().iter().map(|header| header.split('=').next().unwrap()).collect::<Vec<_>>();
    assert_eq!((registered.status, names), (200, vec!["__Host-account-key", "__Host-Http-account"]));

    // Each instance accepts the companions, the identifier and the challenges of the other instance.
    for (refreshing, other, name) in [(&shop.one, &shop.two, "two"), (&shop.two, &shop.one, "one")] {
        let unproven = browser.without_companion(&shop);
        assert_eq!(unproven.get(&other.https("/account")).await.body, format!("{name}: guest"));
        assert_eq!(unproven.post(&other.https("/account/pay")).await.status, 403);
        let refreshed = unproven.send_for_device(refreshing, device.refresh().unwrap(), &mut device).await;
        assert_eq!((refreshed.status, refreshed.set_cookies().len()), (200, 1));
        assert_eq!(unproven.get(&other.https("/account")).await.body, format!("{name}: ada"));
        assert_eq!(unproven.post(&other.https("/account/pay")).await.body, format!("{name}: ada pays"));

        // One instance asks for a proof, and the other instance checks the proof.
        device.forget_challenge();
        let asked = browser.send_for_device(refreshing, device.refresh().unwrap(), &mut device).await;
        assert_eq!((asked.status, asked.set_cookies().len()), (403, 0));
        let refreshed = browser.send_for_device(other, device.refresh().unwrap(), &mut device).await;
        assert_eq!((refreshed.status, refreshed.set_cookies().len()), (200, 1));
    }

    // Neither instance stores anything about the session, so Redis does not matter.
    shop.stop_redis();
    for _ in 0..4 {
        let refreshed = browser.send_for_device(&shop.both, device.refresh().unwrap(), &mut device).await;
        assert_eq!(refreshed.status, 200);
    }
}

#[tokio::test]
async fn nginx_passes_on_device_bound_sessions() {
    let Some(shop) = Deployment::start() else { return };
    let (browser, mut device) = (Browser::new(&shop), Device::new());
    // The session cookie is nearly as long as a cookie can be.
    let user = "a".repeat(2800);
    let signed_in = browser.sign_in_as(&shop.one.https("/account/sign-in"), &user).await;
    assert_eq!(signed_in.status, 200);
    let registration = device.register(&signed_in.headers).unwrap();
    let registered = browser.send_for_device(&shop.limited, registration, &mut device).await;
    assert_eq!((registered.status, registered.set_cookies().len()), (200, 2));

    // A limit of page requests does not apply to the endpoints.
    let mut pages = Vec::new();
    for _ in 0..4 {
        pages.push(browser.get(&shop.limited.https("/account")).await.status);
        let refreshed = browser.send_for_device(&shop.limited, device.refresh().unwrap(), &mut device).await;
        assert_eq!(refreshed.status, 200);
    }
    assert_eq!(pages, [200, 200, 429, 429]);
    assert_eq!(browser.get(&shop.two.https("/account")).await.body, format!("two: {user}"));

    // Over plain HTTP, the endpoints are neither redirected nor refused, because both would end the browser's session.
    let request = device.refresh().unwrap();
    let plain = browser.send_from_device(&shop.one.http(request.uri().path()), &request).await;
    assert_eq!((plain.status, plain.header("Location"), plain.set_cookies().len()), (503, None, 0));
}

#[test]
fn guide_shows_the_lines_for_nginx() {
    let guide = include_str!("../runtime/docs/device_bound.md");
    let block = format!("```nginx\n{}```\n", include_str!("deployment/device_bound.conf"));
    assert!(guide.contains(&block), "device_bound.md lacks this block:\n\n{block}");
}

#[test]
fn page_shows_these_files() {
    let page = include_str!("../runtime/docs/deployment.md");
    let serve = include_str!("deployment/serve.rs");
    let files = [
        ("nginx.conf", "nginx", include_str!("deployment/nginx.conf")),
        ("redis.conf", "text", include_str!("deployment/redis.conf")),
        // Skip the description at the beginning of `serve.rs`, because the page does not show it.
        ("serve.rs", "rust", serve.split_once("\n\n").unwrap().1),
    ];
    for (name, language, text) in files {
        let block = format!("<!-- deployment/{name} -->\n```{language}\n{text}```\n");
        assert!(page.contains(&block), "runtime/docs/deployment.md lacks this block:\n\n{block}");
    }
}

#[test]
fn nginx_accepts_the_location_of_the_tls_page() {
    let page = include_str!("../runtime/docs/tls.md");
    let blocks: Vec<&str> = page.split("```nginx\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 1);
    let Some((is_accepted, messages)) = processes::check_location(blocks[0]) else { return };
    assert!(is_accepted, "{messages}");
    let (is_accepted, messages) = processes::check_location("location / { proxy_set_headers Host $host; }").unwrap();
    assert!(!is_accepted && messages.contains("unknown directive"), "{messages}");
}

/// A client with a cookie store. The client resolves the host to loopback, trusts nginx's certificate and follows no
/// redirects.
struct Browser {
    client: reqwest::Client,
    jar: Arc<Jar>,
}

impl Browser {
    fn new(shop: &Deployment) -> Browser {
        let jar = Arc::new(Jar::default());
        // Each URL contains a port, so the client ignores the port 0 of the resolved address.
        let client = shop.certificate.client().unwrap().resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Browser { client: client.cookie_provider(jar.clone()).build().unwrap(), jar }
    }

    /// Returns the `Cookie` header that the client sends to the site over HTTPS.
    fn cookie_header(&self, shop: &Deployment) -> Option<String> {
        let cookies = self.jar.cookies(&shop.both.https("/").parse().unwrap())?;
        Some(cookies.to_str().unwrap().to_owned())
    }

    async fn get(&self, url: &str) -> Reply {
        self.get_with(url, &[]).await
    }

    async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Reply {
        Browser::send(self.client.get(url), headers).await
    }

    async fn post(&self, url: &str) -> Reply {
        Browser::send(self.client.post(url), &[]).await
    }

    async fn sign_in(&self, url: &str) -> Reply {
        self.sign_in_with(url, &[]).await
    }

    async fn sign_in_as(&self, url: &str, user: &str) -> Reply {
        Browser::send(self.sign_in_form(url, user), &[]).await
    }

    async fn sign_in_with(&self, url: &str, headers: &[(&str, &str)]) -> Reply {
        Browser::send(self.sign_in_form(url, "ada"), headers).await
    }

    fn sign_in_form(&self, url: &str, user: &str) -> RequestBuilder {
        let form = self.client.post(url).header("Content-Type", "application/x-www-form-urlencoded");
        form.body(format!("user={user}"))
    }

    /// Returns a client with the same cookies, except for the companion of the account.
    fn without_companion(&self, shop: &Deployment) -> Browser {
        let other = Browser::new(shop);
        let url = shop.both.https("/").parse().unwrap();
        let cookies = self.cookie_header(shop).unwrap();
        for pair in cookies.split("; ").filter(|pair| !pair.starts_with("__Host-account-key=")) {
            other.jar.add_cookie_str(&format!("{pair}; Path=/; Secure"), &url);
        }
        other
    }

    /// Sends a request of the device to a site, with the cookies of this client. The device reads the response.
    async fn send_for_device(&self, site: &Site, request: Request<()>, device: &mut Device) -> Reply {
        let reply = self.send_from_device(&site.https(request.uri().path()), &request).await;
        let mut response = Response::new(reply.body.clone());
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
        response.headers_mut().clone_from(&reply.headers);
        device.store(&response);
        reply
    }

    async fn send_from_device(&self, url: &str, request: &Request<()>) -> Reply {
        Client::send(self.client.post(url).headers(request.headers().clone())).await
    }

    async fn send(request: RequestBuilder, headers: &[(&str, &str)]) -> Reply {
        Client::send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }
}

fn hsts(reply: &Reply) -> Vec<&str> {
    reply.headers.get_all("Strict-Transport-Security").iter().map(|value| value.to_str().unwrap()).collect()
}

/// Returns the `Set-Cookie` header of tower-sessions, and the other `Set-Cookie` headers in order.
fn split_session_cookie(reply: &Reply) -> (&str, Vec<&str>) {
    let (sessions, others): (Vec<_>, Vec<_>) =
        reply.set_cookies().into_iter().partition(|value| value.starts_with("id="));
    assert_eq!(sessions.len(), 1);
    (sessions[0], others)
}

/// Returns true if a `Set-Cookie` header sets a sealed basket. The value begins with a version of 1 character and a key
/// id of 4 characters. The rest of the value is a base64 text of 52 characters. The base64 text encodes 38 bytes of the
/// seal and 1 digit of the basket's value.
fn is_sealed_basket(set_cookie: &str) -> bool {
    let value = set_cookie.strip_prefix("__Host-Http-basket=1").and_then(|rest| rest.split(';').next());
    value.is_some_and(|value| value.len() == 4 + 52)
        && attributes(set_cookie) == "; Path=/; Secure; HttpOnly; SameSite=Lax"
}

/// Returns the attributes of a `Set-Cookie` header, from the first `;` on.
fn attributes(set_cookie: &str) -> &str {
    set_cookie.find(';').map_or("", |at| &set_cookie[at..])
}
