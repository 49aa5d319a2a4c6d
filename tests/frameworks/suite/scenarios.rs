//! What every framework must do. What it is asked with stands in [`super::handlers`], and by the framework's own means:
//!
//! | route | takes | does |
//! |---|---|---|
//! | `/strict` | `Https` | answers `https` |
//! | `/fails` | `Cookies` | sets `Session::new()`, then fails with an error of the framework's that is a 500 |
//! | `/foreign` | | `PHPSESSID=3f9a; path=/forum`, `seen=1`, `Cache-Control: public, max-age=60`; answers `from the forum` |
//! | `/by-hand` | | `legacy=1; Secure`; answers `from old code` |
//! | `/hsts` | | `Strict-Transport-Security: max-age=1` |
//! | `/health` | | answers `up` |

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hardtack::{
    EventKind, Floor, ForceHttps, ForeignCookies, Hsts, Key, Keyring, Listener, Policy, PolicyBuilder, PolicyHandle,
    SameSite, TrustedProxies,
};
use http::Version;
use reqwest::ClientBuilder;

use super::client::{Client, Reply};
use super::site::{Site, certificate, is};
use super::tls::Certificate;
use super::{Framework, HOST, NO_HTTPS, SESSION, Stand, YEAR};

const NO_SESSION: &str = "__Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
                          HttpOnly; SameSite=Lax";
const NO_CART: &str = "__Host-Http-cart=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                       SameSite=Lax";
const NO_NOTE: &str = "__Host-Http-note=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
                       SameSite=Lax";
const BANNER: &str = "banner=true; Path=/; HttpOnly; SameSite=Lax";
const NOT_UNDERSTOOD: &str = "a cookie was not understood; try again";
const PAGE: (&str, &str) = ("Accept", "text/html,*/*;q=0.8");

/// Runs them all, each against servers of its own; prints a line for each and fails with the list of those that failed.
pub(crate) async fn every_scenario<F: Framework + 'static>() {
    let mut failed = Vec::new();
    let (mut count, mut passed, mut differing) = (0, 0, 0);
    macro_rules! run {
        ($($scenario:ident)*) => {$(
            count += 1;
            let name = stringify!($scenario);
            let passes = tokio::spawn($scenario(Lab::<F>::new())).await.is_ok();
            passed += usize::from(passes);
            let differs = F::DIFFERS.iter().find(|(differs, _)| *differs == name);
            differing += usize::from(differs.is_some());
            let verdict = match differs {
                None if passes => "ok".to_owned(),
                Some((_, reason)) if !passes => format!("differs: {reason}"),
                None => "FAILED".to_owned(),
                Some(_) => "FAILED: it passes, and is said to differ".to_owned(),
            };
            println!("{:6} {name:60} {verdict}", F::NAME);
            if verdict.starts_with("FAILED") {
                failed.push(name);
            }
        )*};
    }
    run! {
        a_value_is_set_read_and_removed
        a_second_set_of_one_cookie_is_the_one_that_leaves
        a_struct_of_cookies_sets_each_with_its_exact_line
        what_varies_stands_in_the_line
        a_struct_of_cookies_reads
        hostile_values_come_back_equal
        a_planted_cookie_is_ambiguous_and_removed
        a_value_not_understood_is_400_with_its_removal
        hostile_fields_lose_nothing_else
        a_sealed_cookie_is_the_policy_s_keyring_s
        extractors_refuse_plain_http
        proof_is_asked_and_demanded
        asking_for_proof_is_no_refusal
        either_scheme_sets_what_may_be_sent
        a_cookie_for_plain_http_is_set_there
        a_secure_cookie_over_plain_http_is_not_read
        an_error_of_the_handler_keeps_its_cookies
        an_error_of_setting_is_500_and_keeps_the_others
        what_is_set_after_the_head_left_is_told
        nobody_added_the_policy
        nobody_added_the_policy_and_proof_is_asked
        a_target_makes_no_connection_https
        both_versions_of_http_are_served_alike
        a_trusted_proxy_is_believed_both_ways
        a_forged_header_is_believed_of_nobody
        a_peer_that_is_no_proxy_is_not_believed
        rfc_7239_is_read_where_it_is_chosen
        loopback_counts_in_development
        foreign_lines_are_hardened_and_nothing_else_of_them_is_touched
        foreign_lines_are_observed
        foreign_lines_are_refused
        an_exception_is_left_alone
        nothing_foreign_leaves_over_plain_http
        the_floor_raises_every_line
        caches_are_kept_out
        pages_are_redirected
        integrations_are_refused
        a_nested_router_hides_no_prefix
        health_checks_pass
        an_unknown_host_is_no_place_to_redirect_to
        a_doubled_host_is_no_place_to_redirect_to
        hsts_is_sent_over_https_alone
        hsts_stands_on_errors_too
        a_policy_within_a_policy_writes_each_line_once
        a_policy_changes_while_the_server_runs
        many_exchanges_at_once_do_not_mix
    }
    println!("{:6} {passed} of {count} scenarios, {differing} differ", F::NAME);
    assert_eq!(differing, F::DIFFERS.len(), "{}: a scenario that there is not is said to differ", F::NAME);
    assert!(failed.is_empty(), "{}: {failed:?}", F::NAME);
}

/// What a scenario works with.
struct Lab<F> {
    certificate: Certificate,
    events: Arc<Mutex<Vec<String>>>,
    framework: std::marker::PhantomData<fn() -> F>,
}

impl<F: Framework> Lab<F> {
    fn new() -> Self {
        Lab { certificate: certificate(), events: Arc::default(), framework: std::marker::PhantomData }
    }

    /// The default policy, whose events are kept.
    fn policy(&self) -> PolicyBuilder {
        let events = self.events.clone();
        Policy::builder().on_event(move |event| events.lock().unwrap().push(event.to_string()))
    }

    /// The same, and plain HTTP reaches the handlers.
    fn open(&self) -> PolicyBuilder {
        self.policy().force_https(false)
    }

    /// Over TLS, as the framework tells it of its connections.
    async fn https(&self, policy: PolicyBuilder) -> Site {
        let policy = PolicyHandle::new(policy.build().unwrap());
        self.serve(vec![policy], Listener::per_connection(), true).await
    }

    /// Over plain HTTP, as the framework tells it of its connections.
    async fn http(&self, policy: PolicyBuilder) -> Site {
        self.behind(policy, Listener::per_connection()).await
    }

    /// Over plain HTTP, judged by this listener.
    async fn behind(&self, policy: PolicyBuilder, listener: Listener) -> Site {
        let policy = PolicyHandle::new(policy.build().unwrap());
        self.serve(vec![policy], listener, false).await
    }

    /// Under these policies, the innermost first.
    async fn serve(&self, policies: Vec<PolicyHandle>, listener: Listener, tls: bool) -> Site {
        let served = F::serve(Stand { policies, listener, tls: tls.then(|| self.certificate.clone()) }).await;
        Site::over(served, self.certificate.clone(), tls, |client| client)
    }

    /// What was told since the last time.
    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    fn told(&self, words: &str) -> bool {
        self.events.lock().unwrap().iter().any(|event| event.contains(words))
    }
}

// ---- Set, get, remove.

async fn a_value_is_set_read_and_removed<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    is(&site.get("/get").await, 200, &[], "None");
    is(&site.get("/set").await, 200, &[SESSION], "set");
    let cookie = ("Cookie", "a=1; __Host-Http-session=s3cr3t; b=2");
    is(&site.get_with("/get", &[cookie]).await, 200, &[], "Some(Session(\"s3cr3t\"))");
    // Whether or not the request carried it.
    assert_eq!(site.get_with("/remove", &[cookie]).await.lines(), [NO_SESSION]);
    assert_eq!(site.get("/remove").await.lines(), [NO_SESSION]);
}

async fn a_second_set_of_one_cookie_is_the_one_that_leaves<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    assert_eq!(site.get("/last").await.lines(), [SESSION]);
}

async fn a_struct_of_cookies_sets_each_with_its_exact_line<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy().cookie_domain("site.example")).await;
    assert_eq!(
        site.get("/many").await.lines(),
        [
            SESSION,
            "__Host-theme=dark; Path=/; Secure; SameSite=Lax",
            "__Secure-basket=7; Path=/shop; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict",
            "__Secure-sso=ada; Path=/; Domain=site.example; Secure; HttpOnly; SameSite=Lax",
            "__Host-Http-map=true; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        ]
    );
}

async fn what_varies_stands_in_the_line<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    assert_eq!(
        site.get("/vary").await.lines(),
        [
            "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Strict",
            "__Host-theme=light; Path=/; Max-Age=60; Secure; SameSite=Lax",
            "__Secure-basket=; Path=/shop/7; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; \
             SameSite=Strict",
        ]
    );
}

async fn a_struct_of_cookies_reads<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    // Two fields, as HTTP/2 may send them.
    let fields = [("Cookie", "__Host-theme=dark"), ("Cookie", "__Secure-basket=7")];
    is(&site.get_with("/site", &fields).await, 200, &[], "Some(Dark) Some(7)");
    is(&site.get("/site").await, 200, &[], "None None");
}

async fn hostile_values_come_back_equal<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let cookie = ("Cookie", "__Host-Http-session=a%20b%3Bc=%22d%22%2C%C3%A9%25%0D%0ASet-Cookie:%20x=1");
    let reply = site.get_with("/get", &[cookie]).await;
    assert_eq!(reply.body, format!("{:?}", Some(super::Session("a b;c=\"d\",é%\r\nSet-Cookie: x=1".to_owned()))));
}

// ---- Errors of reading.

async fn a_planted_cookie_is_ambiguous_and_removed<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let planted = ("Cookie", "__Host-Http-session=mine; __Host-Http-session=planted");
    is(&site.get_with("/get", &[planted]).await, 400, &[NO_SESSION], NOT_UNDERSTOOD);
    assert!(lab.told("more than once") && !lab.told("planted;") && !lab.told("mine"));
}

async fn a_value_not_understood_is_400_with_its_removal<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
    is(&reply, 400, &[NO_CART], NOT_UNDERSTOOD);
    assert_eq!(reply.header("cache-control"), Some("private"));
}

async fn hostile_fields_lose_nothing_else<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    for cookie in [
        &b"\xFF\xFE=\x80; __Host-Http-session=s3cr3t"[..],
        b"; ;;=;==; __Host-Http-session=s3cr3t; =",
        b"__host-http-session=no; %5F_Host-Http-session=no; __Host-Http-session=s3cr3t",
        b"a=\"1; __Host-Http-session=s3cr3t; b=2\"",
    ] {
        let value = http::HeaderValue::from_bytes(cookie).unwrap();
        let request = site.client.0.get(site.url("/get")).header("Cookie", value);
        let reply = Client::send(request).await;
        is(&reply, 200, &[], "Some(Session(\"s3cr3t\"))");
    }
}

async fn a_sealed_cookie_is_the_policy_s_keyring_s<F: Framework>(lab: Lab<F>) {
    let (old, new) = (Key::generate(), Key::generate());
    let policy = |keyring: Keyring| lab.policy().keyring(keyring).build().unwrap();
    let handle = PolicyHandle::new(policy(Keyring::new(old.clone())));
    let site = lab.serve(vec![handle.clone()], Listener::per_connection(), true).await;
    let sealed = site.get("/seal").await;
    let [line] = sealed.lines()[..] else { panic!("{sealed:?}") };
    assert!(
        line.starts_with("__Host-Http-note=1") && line.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{line}"
    );
    let cookie = [("Cookie", line.split(';').next().unwrap())];
    is(&site.get_with("/unseal", &cookie).await, 200, &[], "Some(Note(7))");
    is(&site.get_with("/unseal", &[("Cookie", "__Host-Http-note=7")]).await, 400, &[NO_NOTE], NOT_UNDERSTOOD);

    handle.apply(policy(Keyring::new(new.clone()).with(old)));
    is(&site.get_with("/unseal", &cookie).await, 200, &[], "Some(Note(7))");
    handle.apply(policy(Keyring::new(new)));
    is(&site.get_with("/unseal", &cookie).await, 400, &[NO_NOTE], NOT_UNDERSTOOD);
    // No keyring is the server's own mistake: nothing of the browser's is removed.
    handle.apply(lab.policy().build().unwrap());
    is(&site.get_with("/unseal", &cookie).await, 500, &[], "this page cannot be shown");
    is(&site.get("/seal").await, 500, &[], "this page cannot be shown");
}

// ---- Plain HTTP.

async fn extractors_refuse_plain_http<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.open()).await;
    for path in ["/set", "/get", "/remove", "/many", "/site", "/strict"] {
        is(&site.get(path).await, 403, &[], NO_HTTPS);
    }
    assert!(lab.told("not-https"));
}

async fn proof_is_asked_and_demanded<F: Framework>(lab: Lab<F>) {
    let (https, http) = (lab.https(lab.open()).await, lab.http(lab.open()).await);
    is(&https.get("/proof").await, 200, &[], "https");
    is(&https.get("/strict").await, 200, &[], "https");
    is(&http.get("/proof").await, 200, &[], "plain");
}

async fn asking_for_proof_is_no_refusal<F: Framework>(lab: Lab<F>) {
    let policy = PolicyHandle::new(lab.open().build().unwrap());
    let site = lab.serve(vec![policy.clone()], Listener::per_connection(), false).await;
    is(&site.get("/proof").await, 200, &[], "plain");
    assert_eq!(lab.events(), [""; 0]);
    // A refusal is told once.
    for (path, count) in [("/strict", 1), ("/set", 2), ("/many", 3)] {
        is(&site.get(path).await, 403, &[], NO_HTTPS);
        let refused = "request refused (not-https): the connection carries no TLS; the handler needs HTTPS";
        assert_eq!(lab.events(), [refused], "{path}");
        assert_eq!(policy.counters().get(EventKind::RequestRefused), count);
    }
}

async fn either_scheme_sets_what_may_be_sent<F: Framework>(lab: Lab<F>) {
    let (https, http) = (lab.https(lab.open()).await, lab.http(lab.open()).await);
    is(&https.get("/either").await, 200, &[SESSION, BANNER], "set");
    let reply = http.get("/either").await;
    assert_eq!((reply.status, reply.lines()), (200, vec![BANNER]));
    assert!(reply.body.contains("`__Host-Http-session` is a Secure cookie"), "{}", reply.body);
    assert!(lab.told("not-https"));
}

async fn a_cookie_for_plain_http_is_set_there<F: Framework>(lab: Lab<F>) {
    let (https, http) = (lab.https(lab.open()).await, lab.http(lab.open()).await);
    assert_eq!(http.get("/banner").await.lines(), [BANNER]);
    assert_eq!(https.get("/banner").await.lines(), [BANNER]);
}

async fn a_secure_cookie_over_plain_http_is_not_read<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.open()).await;
    let reply = site.get_with("/get", &[("Cookie", "__Host-Http-session=s3cr3t")]).await;
    is(&reply, 403, &[], NO_HTTPS);
    assert!(!lab.told("s3cr3t"));
}

// ---- Errors.

async fn an_error_of_the_handler_keeps_its_cookies<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let reply = site.get("/fails").await;
    assert_eq!((reply.status, reply.lines()), (500, vec![SESSION]));
}

async fn an_error_of_setting_is_500_and_keeps_the_others<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let reply = site.get("/too-large").await;
    assert_eq!(reply.status, 500);
    assert_eq!(reply.lines(), ["__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert!(!reply.body.contains("5000") && !reply.body.contains("4096"), "{}", reply.body);
    assert!(lab.told("4096") && !lab.told("xxxx"));
}

async fn what_is_set_after_the_head_left_is_told<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let reply = site.get("/late").await;
    assert_eq!((reply.status, reply.lines()), (200, vec![]));
    assert!(reply.body.contains("__Host-Http-session") && reply.body.contains("had left"), "{}", reply.body);
}

async fn nobody_added_the_policy<F: Framework>(lab: Lab<F>) {
    for tls in [true, false] {
        let site = lab.serve(vec![], Listener::per_connection(), tls).await;
        for path in ["/set", "/get", "/many", "/either", "/banner", "/strict"] {
            is(&site.get(path).await, 500, &[], F::MISSING);
        }
        is(&site.get("/health").await, 200, &[], "up");
    }
}

async fn nobody_added_the_policy_and_proof_is_asked<F: Framework>(lab: Lab<F>) {
    for tls in [true, false] {
        let site = lab.serve(vec![], Listener::per_connection(), tls).await;
        is(&site.get("/proof").await, 500, &[], F::MISSING);
    }
}

// ---- The connection.

async fn a_target_makes_no_connection_https<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.open()).await;
    for (target, version, host) in [
        // The absolute form names a scheme (RFC 9112 3.2.2): the sender's word.
        ("https://www.site.example", "1.1", "Host: www.site.example\r\n"),
        ("https://www.site.example:443", "1.1", "Host: www.site.example\r\n"),
        ("HTTPS://www.site.example:443", "1.0", ""),
        ("", "1.1", "Host: www.site.example:443\r\n"),
    ] {
        for fields in ["", "X-Forwarded-Proto: https\r\nX-Real-IP: 127.0.0.1\r\n"] {
            for (path, status, body) in
                [("/proof", "200", "plain"), ("/strict", "403", NO_HTTPS), ("/set", "403", NO_HTTPS)]
            {
                let fields = format!("{host}{fields}Connection: close");
                let said = site.raw(&format!("GET {target}{path} HTTP/{version}\r\n{fields}\r\n\r\n")).await;
                let (head, said_body) = said.split_once("\r\n\r\n").unwrap();
                assert_eq!(
                    (head.split(' ').nth(1), said_body),
                    (Some(status), body),
                    "{target}{path} {fields}: {said}"
                );
                assert!(!head.to_ascii_lowercase().contains("set-cookie"), "{head}");
            }
        }
    }
    let events = lab.events();
    assert!(!events.is_empty());
    assert!(events.iter().all(|event| event.contains("the connection carries no TLS")), "{events:?}");
}

async fn both_versions_of_http_are_served_alike<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    for (choose, version) in [
        (ClientBuilder::http1_only as fn(ClientBuilder) -> ClientBuilder, Version::HTTP_11),
        (ClientBuilder::http2_prior_knowledge, Version::HTTP_2),
    ] {
        let client = site.another(|client| choose(client.cookie_store(true)));
        for path in ["/set", "/api/me"] {
            let response = client.0.get(site.url(path)).send().await.unwrap();
            assert_eq!((response.version(), response.status().as_u16()), (version, 200));
            assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), [SESSION]);
            assert_eq!(response.headers()["strict-transport-security"], YEAR);
        }
        // The client's jar sends it back.
        is(&client.get(site.url("/get")).await, 200, &[], "Some(Session(\"s3cr3t\"))");
    }
}

// ---- Who is believed.

fn proxies(networks: &[&str]) -> TrustedProxies {
    TrustedProxies::new(networks).unwrap()
}

async fn a_trusted_proxy_is_believed_both_ways<F: Framework>(lab: Lab<F>) {
    let site = lab.behind(lab.open(), Listener::behind(proxies(&["127.0.0.1", "::1"]))).await;
    for (fields, scheme) in [
        (&[("X-Forwarded-Proto", "https")][..], "https"),
        (&[("X-Forwarded-Proto", "HTTPS , wss")], "https"),
        (&[("X-Forwarded-Proto", "http")], "plain"),
        (&[("X-Forwarded-Proto", "https, http")], "plain"),
        (&[("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")], "plain"),
        (&[("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "https")], "plain"),
        (&[("Forwarded", "proto=https")], "plain"),
        (&[], "plain"),
    ] {
        is(&site.get_with("/proof", fields).await, 200, &[], scheme);
    }
    assert_eq!(site.get_with("/set", &[("X-Forwarded-Proto", "https")]).await.lines(), [SESSION]);
}

async fn a_forged_header_is_believed_of_nobody<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.open()).await;
    for fields in [[("X-Forwarded-Proto", "https")], [("Forwarded", "proto=https")], [("X-Forwarded-Ssl", "on")]] {
        is(&site.get_with("/set", &fields).await, 403, &[], NO_HTTPS);
        is(&site.get_with("/proof", &fields).await, 200, &[], "plain");
    }
}

async fn a_peer_that_is_no_proxy_is_not_believed<F: Framework>(lab: Lab<F>) {
    let site = lab.behind(lab.open(), Listener::behind(proxies(&["203.0.113.0/24"]))).await;
    is(&site.get_with("/set", &[("X-Forwarded-Proto", "https")]).await, 403, &[], NO_HTTPS);
    assert!(lab.told("`X-Forwarded-Proto` says `https` but came from 127.0.0.1"), "{:?}", lab.events);
}

async fn rfc_7239_is_read_where_it_is_chosen<F: Framework>(lab: Lab<F>) {
    let site = lab.behind(lab.open(), Listener::behind(proxies(&["127.0.0.1"]).forwarded())).await;
    is(&site.get_with("/proof", &[("Forwarded", "for=192.0.2.1;proto=https")]).await, 200, &[], "https");
    is(&site.get_with("/proof", &[("X-Forwarded-Proto", "https")]).await, 200, &[], "plain");
}

async fn loopback_counts_in_development<F: Framework>(lab: Lab<F>) {
    let site = lab.behind(lab.policy(), Listener::per_connection().loopback_in_debug()).await;
    let near = |path: &str, fields: &'static [(&str, &str)]| {
        let client = site.client.clone();
        let url = format!("http://127.0.0.1:{}{path}", site.served.address.port());
        async move { client.get_with(url, fields).await }
    };
    let reply = near("/set", &[]).await;
    is(&reply, 200, &[SESSION], "set");
    assert_eq!(reply.header("strict-transport-security"), None);
    // A proxy on this machine looks like loopback.
    assert_eq!(near("/set", &[("X-Forwarded-For", "192.0.2.1")]).await.status, 403);
    assert_eq!(site.get("/set").await.status, 403);
}

// ---- Cookies of others.

async fn foreign_lines_are_hardened_and_nothing_else_of_them_is_touched<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let reply = site.get("/foreign").await;
    assert_eq!(reply.lines(), ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Lax", "seen=1; Secure"]);
    assert_eq!(site.get("/by-hand").await.lines(), ["legacy=1; Secure"]);
    assert!(lab.told("PHPSESSID") && !lab.told("3f9a"));
}

async fn foreign_lines_are_observed<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy().foreign_cookies(ForeignCookies::Observe)).await;
    assert_eq!(site.get("/foreign").await.lines(), ["PHPSESSID=3f9a; path=/forum", "seen=1"]);
    assert!(lab.told("PHPSESSID"));
}

async fn foreign_lines_are_refused<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy().foreign_cookies(ForeignCookies::Refuse)).await;
    is(&site.get("/foreign").await, 200, &[], "from the forum");
    assert_eq!(site.get("/set").await.lines(), [SESSION]);
}

async fn an_exception_is_left_alone<F: Framework>(lab: Lab<F>) {
    let policy = lab.policy().exception("seen", "the old counter reads it until March");
    let site = lab.https(policy).await;
    let lines = ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Lax", "seen=1"];
    assert_eq!(site.get("/foreign").await.lines(), lines);
}

async fn nothing_foreign_leaves_over_plain_http<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.open()).await;
    is(&site.get("/foreign").await, 200, &[], "from the forum");
    is(&site.get("/by-hand").await, 200, &[], "from old code");
    assert!(lab.told("legacy"));
}

async fn the_floor_raises_every_line<F: Framework>(lab: Lab<F>) {
    let floor = Floor::new().same_site(SameSite::Strict).max_age(Duration::from_secs(3600));
    let site = lab.https(lab.policy().floor(floor)).await;
    let lines = ["__Host-Http-session=s3cr3t; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"];
    assert_eq!(site.get("/set").await.lines(), lines);
}

async fn caches_are_kept_out<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    assert_eq!(site.get("/set").await.header("cache-control"), Some("private"));
    assert_eq!(site.get("/foreign").await.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(site.get("/health").await.header("cache-control"), None);
}

// ---- Forced HTTPS.

async fn pages_are_redirected<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.policy().force_https(ForceHttps::on().https_port(8443))).await;
    for method in [http::Method::GET, http::Method::HEAD] {
        let request = site.client.0.request(method, site.url("/set?a=b&c=%20"));
        let reply = Client::send(request.header(PAGE.0, PAGE.1)).await;
        is(&reply, 308, &[], "");
        assert_eq!(reply.header("location"), Some("https://www.site.example:8443/set?a=b&c=%20"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("strict-transport-security"), None);
    }
    // No such page: told by the server that has it.
    assert_eq!(site.get_with("/nowhere", &[PAGE]).await.status, 308);
    assert!(lab.told("force-https"));
}

async fn integrations_are_refused<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.policy().force_https(ForceHttps::on().integrations(["/api"]))).await;
    is(&site.get("/set").await, 403, &[], "");
    let request = site.client.0.post(site.url("/set")).header(PAGE.0, PAGE.1).body("name=Eve");
    is(&Client::send(request).await, 403, &[], "");
    let reply = site.get_with("/api/me", &[PAGE]).await;
    is(&reply, 403, &[], "");
    assert_eq!(reply.header("location"), None);
}

async fn a_nested_router_hides_no_prefix<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    is(&site.get("/api/me").await, 200, &[SESSION], "me");
    let site = lab.http(lab.policy().force_https(ForceHttps::on().exempt(["/me"]))).await;
    assert_eq!(site.get("/api/me").await.status, 403);
}

async fn health_checks_pass<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.policy().force_https(ForceHttps::on().exempt(["/health", "/set"]))).await;
    is(&site.get("/health").await, 200, &[], "up");
    // Exempt from the redirect, never from Secure.
    is(&site.get("/set").await, 403, &[], NO_HTTPS);
}

async fn an_unknown_host_is_no_place_to_redirect_to<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.policy().force_https(ForceHttps::on().hosts([HOST]))).await;
    let reply = site.get_with("/set", &[PAGE]).await;
    assert_eq!((reply.status, reply.header("location")), (308, Some("https://www.site.example/set")));
    let reply = site.get_with("/set", &[PAGE, ("Host", "evil.example")]).await;
    assert_eq!((reply.status, reply.header("location")), (403, None));
}

async fn a_doubled_host_is_no_place_to_redirect_to<F: Framework>(lab: Lab<F>) {
    let site = lab.http(lab.policy()).await;
    let request = |hosts: &str| format!("GET /set HTTP/1.1\r\n{hosts}Accept: text/html\r\nConnection: close\r\n\r\n");
    let said = site.raw(&request("Host: www.site.example\r\n")).await;
    assert!(
        said.starts_with("HTTP/1.1 308 ") && said.contains("\r\nlocation: https://www.site.example/set\r\n"),
        "{said}"
    );
    for hosts in [
        "Host: www.site.example\r\nHost: evil.example\r\n",
        "Host: www.site.example, evil.example\r\n",
        "Host: www.site.example/evil\r\n",
        "Host: a b\r\n",
        "",
    ] {
        let said = site.raw(&request(hosts)).await;
        assert!(said.starts_with("HTTP/1.1 403 "), "{hosts:?}: {said}");
        assert!(!said.contains("location") && !said.contains("evil"), "{hosts:?}: {said}");
    }
}

// ---- HSTS.

async fn hsts_is_sent_over_https_alone<F: Framework>(lab: Lab<F>) {
    let one = |reply: &Reply| {
        let fields = reply.headers.get_all("strict-transport-security").iter();
        fields.map(|field| field.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (https, http) = (lab.https(lab.open()).await, lab.http(lab.open()).await);
    assert_eq!(one(&https.get("/health").await), [YEAR]);
    // One field, whatever the application sends.
    assert_eq!(one(&https.get("/hsts").await), [YEAR]);
    assert_eq!(one(&http.get("/hsts").await), [""; 0]);
    let hsts = Hsts::one_year().subdomains();
    let site = lab.https(lab.policy().hsts(hsts)).await;
    assert_eq!(one(&site.get("/health").await), ["max-age=31536000; includeSubDomains"]);
}

async fn hsts_stands_on_errors_too<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    for (path, status) in [("/nowhere", 404), ("/fails", 500)] {
        let reply = site.get(path).await;
        assert_eq!((reply.status, reply.header("strict-transport-security")), (status, Some(YEAR)), "{path}");
    }
}

// ---- Two policies.

async fn a_policy_within_a_policy_writes_each_line_once<F: Framework>(lab: Lab<F>) {
    let refuses = || PolicyHandle::new(lab.policy().foreign_cookies(ForeignCookies::Refuse).build().unwrap());
    let (twice, outer) = (refuses(), refuses());
    let inner = PolicyHandle::new(lab.policy().build().unwrap());
    for policies in [[twice.clone(), twice], [inner, outer]] {
        let outer = policies[1].clone();
        let site = lab.serve(policies.to_vec(), Listener::per_connection(), true).await;
        let reply = site.get("/set").await;
        is(&reply, 200, &[SESSION], "set");
        assert_eq!(reply.headers.get_all("strict-transport-security").iter().collect::<Vec<_>>(), [YEAR]);
        let reply = site.get("/fails").await;
        assert_eq!((reply.status, reply.lines()), (500, vec![SESSION]));
        is(&site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await, 400, &[NO_CART], NOT_UNDERSTOOD);
        // What is declared further in is no stranger further out; what is foreign there, is foreign here.
        assert_eq!(outer.counters().get(EventKind::LineRefused), 0);
        is(&site.get("/foreign").await, 200, &[], "from the forum");
        assert_eq!(outer.counters().get(EventKind::LineRefused), 2);
    }
}

// ---- A running server.

async fn a_policy_changes_while_the_server_runs<F: Framework>(lab: Lab<F>) {
    let handle = PolicyHandle::new(lab.policy().build().unwrap());
    let site = lab.serve(vec![handle.clone()], Listener::per_connection(), true).await;
    assert_eq!(site.get("/foreign").await.lines().len(), 2);
    handle.apply(lab.policy().foreign_cookies(ForeignCookies::Refuse).build().unwrap());
    assert_eq!(site.get("/foreign").await.lines().len(), 0);
    assert_eq!(handle.counters().get(EventKind::LineRefused), 2);
}

async fn many_exchanges_at_once_do_not_mix<F: Framework>(lab: Lab<F>) {
    let site = lab.https(lab.policy()).await;
    let ask = async |number: u32| {
        let cookie = format!("__Host-Http-session={number}");
        let reply = site.get_with("/get", &[("Cookie", &cookie)]).await;
        is(&reply, 200, &[], &format!("{:?}", Some(super::Session(number.to_string()))));
        assert_eq!(site.get("/set").await.lines(), [SESSION]);
    };
    futures_util::future::join_all((0..64).map(ask)).await;
}
