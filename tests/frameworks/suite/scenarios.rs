//! The scenarios that every framework must pass. Each framework serves the routes of [`super::handlers`]. Each
//! framework also implements the following routes:
//!
//! | route | extractor | response |
//! |---|---|---|
//! | `/strict` | `Https` | the body `https` |
//! | `/fails` | `Cookies` | sets `Session::new()`, then returns one of the framework's errors with status 500 |
//! | `/undeclared` | | the `Set-Cookie` headers `PHPSESSID=3f9a; path=/forum` and `seen=1`, the header `Cache-Control: public, max-age=60`, and the body `from the forum` |
//! | `/by-hand` | | the `Set-Cookie` header `legacy=1; Secure` and the body `from old code` |
//! | `/hsts` | | the header `Strict-Transport-Security: max-age=1` |
//! | `/health` | | the body `up` |

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hardtack::event::Kind;
use hardtack::policy::{Baseline, Exception, ForceHttps, Hsts, PolicyBuilder, UndeclaredCookies};
use hardtack::seal::{Key, Keyring};
use hardtack::testing::Browser;
use hardtack::{Policy, PolicyHandle, SameSite, TlsTermination, TrustedProxies, testing};
use http::Version;
use http::header::SET_COOKIE;
use reqwest::ClientBuilder;

use super::client::{Client, Reply};
use super::device_bound::{
    bound_cookie_needs_https, bound_session_needs_its_companion, device_endpoints_come_before_every_other_answer,
    device_is_registered_after_the_sign_in, sign_out_removes_the_companion,
};
use super::handlers::step_path;
use super::site::{Site, assert_reply, certificate, without_reason};
use super::tls::Certificate;
use super::{
    Framework, HOST, HTTPS_ONLY, INTERNAL_ERROR, NOTE_REMOVAL, ONE_YEAR_HSTS, SESSION, Setup, Vault, unreadable_note,
};

const SESSION_REMOVAL: &str =
    "__Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
const BANNER: &str = "banner=true; Path=/; HttpOnly; SameSite=Lax";
const INVALID_COOKIE: &str = "a cookie was not understood; try again";
const PAGE: (&str, &str) = ("Accept", "text/html,*/*;q=0.8");

/// Runs every scenario against new servers. Prints a line for each scenario. Panics with the names of the failed
/// scenarios.
pub(crate) async fn run_all_scenarios<F: Framework + 'static>() {
    let mut failed = Vec::new();
    let (mut count, mut passed, mut differing) = (0, 0, 0);
    macro_rules! run {
        ($($scenario:ident)*) => {$(
            count += 1;
            let name = stringify!($scenario);
            let passes = tokio::spawn($scenario(Harness::<F>::new())).await.is_ok();
            passed += usize::from(passes);
            let differs = F::DIFFERENCES.iter().find(|(differs, _)| *differs == name);
            differing += usize::from(differs.is_some());
            let verdict = match differs {
                None if passes => "ok".to_owned(),
                Some((_, reason)) if !passes => format!("differs: {reason}"),
                None => "FAILED".to_owned(),
                Some(_) => "FAILED: it passes, but it is listed as a difference".to_owned(),
            };
            println!("{:6} {name:60} {verdict}", F::NAME);
            if verdict.starts_with("FAILED") {
                failed.push(name);
            }
        )*};
    }
    run! {
        cookie_is_set_read_and_removed
        second_set_replaces_the_first
        struct_of_cookies_writes_exact_headers
        overrides_change_the_header
        struct_of_cookies_reads_values
        encoded_value_is_decoded
        conflicting_values_are_a_400
        malformed_value_is_a_400
        only_unreadable_seals_are_removed_by_the_error
        unreadable_cookie_is_signed_out_until_the_next_set
        handler_sees_pending_changes
        undo_leaves_the_response_alone
        rolling_session_does_not_undo_a_sign_out
        sign_out_removes_every_cookie_of_the_set
        family_holds_several_sign_ins
        earlier_name_is_read_and_moved
        earlier_scope_is_repaired
        unnamed_scope_is_repaired_at_the_second_attempt
        domain_follows_the_tenant
        base_path_is_in_every_header
        lifetime_is_cut_to_the_declared_one
        optional_cookies_are_none_over_http
        stale_request_does_not_undo_a_sign_in
        malformed_pairs_hide_no_other_cookie
        sealed_cookie_uses_the_policys_keyring
        used_cookie_with_idle_is_reissued
        site_data_is_cleared_over_https_only
        device_is_registered_after_the_sign_in
        bound_session_needs_its_companion
        sign_out_removes_the_companion
        device_endpoints_come_before_every_other_answer
        bound_cookie_needs_https
        extractors_refuse_plain_http
        https_proof_can_be_optional_or_required
        optional_https_proof_emits_no_refusal
        any_scheme_rejects_secure_cookies_over_http
        insecure_cookie_is_set_over_both_schemes
        secure_cookie_is_not_read_over_http
        handler_error_keeps_its_cookies
        set_error_is_500_and_keeps_other_cookies
        set_after_the_head_is_an_error
        missing_policy_is_a_500
        missing_policy_with_optional_proof_is_a_500
        request_target_cannot_claim_https
        http_1_and_http_2_behave_alike
        trusted_proxy_decides_the_scheme
        forwarding_headers_need_a_trusted_proxy
        untrusted_peer_cannot_claim_https
        forwarded_header_is_read_when_configured
        localhost_counts_as_https_in_debug_builds
        localhost_works_through_a_published_port
        localhost_works_behind_a_development_proxy
        undeclared_cookies_are_hardened
        undeclared_cookies_are_observed
        undeclared_cookies_are_dropped
        excepted_cookie_is_unchanged
        undeclared_cookies_are_dropped_over_http
        baseline_tightens_declared_cookies
        responses_with_cookies_are_private
        pages_are_redirected_to_https
        api_paths_are_refused
        nested_router_keeps_the_whole_path
        exempt_paths_are_served_over_http
        unknown_host_is_not_redirected_to
        ambiguous_host_is_not_redirected_to
        hsts_is_sent_over_https_only
        hsts_is_sent_on_errors
        nested_policies_send_each_cookie_once
        policy_changes_while_the_server_runs
        concurrent_requests_do_not_mix
    }
    println!("{:6} {passed} of {count} scenarios, {differing} differ", F::NAME);
    assert_eq!(differing, F::DIFFERENCES.len(), "{}: a listed difference names no scenario", F::NAME);
    assert!(failed.is_empty(), "{}: {failed:?}", F::NAME);
}

/// Creates the certificate, the policies and the servers of a scenario. The policies record their events.
pub(super) struct Harness<F> {
    certificate: Certificate,
    events: Arc<Mutex<Vec<String>>>,
    framework: std::marker::PhantomData<fn() -> F>,
}

impl<F: Framework> Harness<F> {
    fn new() -> Self {
        Harness { certificate: certificate(), events: Arc::default(), framework: std::marker::PhantomData }
    }

    /// Returns a builder of the default policy. The default policy records its events in the harness.
    pub(super) fn policy(&self) -> PolicyBuilder {
        let events = self.events.clone();
        Policy::builder().on_event(move |event| events.lock().unwrap().push(event.to_string()))
    }

    /// Returns a builder of the default policy without `force_https`. Without `force_https`, plain HTTP requests reach
    /// the handlers.
    pub(super) fn policy_allowing_http(&self) -> PolicyBuilder {
        self.policy().force_https(false)
    }

    /// Serves over TLS. The framework marks each connection as TLS or plain HTTP.
    pub(super) async fn https(&self, policy: PolicyBuilder) -> Site {
        let policy = PolicyHandle::new(policy.build().unwrap());
        self.serve(vec![policy], TlsTermination::per_connection(), true).await
    }

    /// Serves over plain HTTP. The framework marks each connection as TLS or plain HTTP.
    pub(super) async fn http(&self, policy: PolicyBuilder) -> Site {
        self.http_with(policy, TlsTermination::per_connection()).await
    }

    /// Serves over plain HTTP. `tls_termination` detects the scheme.
    async fn http_with(&self, policy: PolicyBuilder, tls_termination: TlsTermination) -> Site {
        let policy = PolicyHandle::new(policy.build().unwrap());
        self.serve(vec![policy], tls_termination, false).await
    }

    /// Serves with the given policies. The innermost policy is the first in the list.
    async fn serve(&self, policies: Vec<PolicyHandle>, tls_termination: TlsTermination, is_tls: bool) -> Site {
        let certificate = is_tls.then(|| self.certificate.clone());
        let server = F::serve(Setup { policies, tls_termination, peer: None, certificate }).await;
        Site::from_server(server, self.certificate.clone(), is_tls, |client| client)
    }

    /// Serves over plain HTTP. The server sees `peer` as the address of the peer.
    async fn http_from(&self, policy: PolicyBuilder, peer: &str) -> Site {
        let policies = vec![PolicyHandle::new(policy.build().unwrap())];
        let tls_termination = TlsTermination::per_connection();
        let peer = Some(peer.parse().unwrap());
        let server = F::serve(Setup { policies, tls_termination, peer, certificate: None }).await;
        Site::from_server(server, self.certificate.clone(), false, |client| client)
    }

    /// Removes and returns the recorded events.
    pub(super) fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    /// Returns true if the text of a recorded event contains `text`.
    pub(super) fn has_event(&self, text: &str) -> bool {
        self.events.lock().unwrap().iter().any(|event| event.contains(text))
    }
}

// ---- Set, get, remove.

async fn cookie_is_set_read_and_removed<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_reply(&site.get("/get").await, 200, &[], "None");
    assert_reply(&site.get("/set").await, 200, &[SESSION], "set");
    let cookie = ("Cookie", "a=1; __Host-Http-session=s3cr3t; b=2");
    assert_reply(&site.get_with("/get", &[cookie]).await, 200, &[], "Some(Session(\"s3cr3t\"))");
    // `remove` adds the header that removes a cookie, even if the request does not contain the cookie.
    assert_eq!(site.get_with("/remove", &[cookie]).await.set_cookies(), [SESSION_REMOVAL]);
    assert_eq!(site.get("/remove").await.set_cookies(), [SESSION_REMOVAL]);
}

async fn second_set_replaces_the_first<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_eq!(site.get("/last").await.set_cookies(), [SESSION]);
}

async fn struct_of_cookies_writes_exact_headers<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().cookie_domain("site.example")).await;
    assert_eq!(
        site.get("/many").await.set_cookies(),
        [
            SESSION,
            "__Host-theme=dark; Path=/; Secure; SameSite=Lax",
            "__Secure-basket=7; Path=/shop; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict",
            "__Secure-sso=ada; Path=/; Domain=site.example; Secure; HttpOnly; SameSite=Lax",
            "__Host-Http-map=true; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        ]
    );
}

async fn overrides_change_the_header<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_eq!(
        site.get("/vary").await.set_cookies(),
        [
            "__Host-theme=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
            "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Strict",
            "__Secure-basket=7; Path=/shop; Max-Age=60; Secure; HttpOnly; SameSite=Strict",
        ]
    );
}

async fn struct_of_cookies_reads_values<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    // An HTTP/2 client may split the cookies into two `Cookie` headers.
    let headers = [("Cookie", "__Host-theme=dark"), ("Cookie", "__Secure-basket=7")];
    assert_reply(&site.get_with("/site", &headers).await, 200, &[], "Some(Dark) Some(7)");
    assert_reply(&site.get("/site").await, 200, &[], "None None");
}

async fn encoded_value_is_decoded<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let cookie = ("Cookie", "__Host-Http-session=a%20b%3Bc=%22d%22%2C%C3%A9%25%0D%0ASet-Cookie:%20x=1");
    let reply = site.get_with("/get", &[cookie]).await;
    let session = super::Session("a b;c=\"d\",é%\r\nSet-Cookie: x=1".to_owned());
    assert_reply(&reply, 200, &[], &format!("{:?}", Some(session)));
}

// ---- Read errors.

async fn conflicting_values_are_a_400<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let conflicting = ("Cookie", "__Host-Http-session=s3cr3t; __Host-Http-session=planted-s3cr3t");
    assert_reply(&site.get_with("/get", &[conflicting]).await, 400, &[], INVALID_COOKIE);
    assert!(harness.has_event("several times with different values") && !harness.has_event("s3cr3t"));
}

async fn malformed_value_is_a_400<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let reply = site.get_with("/cart", &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_reply(&reply, 400, &[], INVALID_COOKIE);
}

async fn only_unreadable_seals_are_removed_by_the_error<F: Framework>(harness: Harness<F>) {
    let keyring = Keyring::new(Key::generate());
    let site = harness.https(harness.policy().keyring(keyring.clone())).await;
    let reply = site.get_with("/unseal", &[("Cookie", &unreadable_note(&keyring))]).await;
    assert_reply(&reply, 400, &[NOTE_REMOVAL], INVALID_COOKIE);
    assert_eq!(reply.header("cache-control"), Some("private"));
}

// ---- Ordinary days. A browser in memory holds the cookies.

/// Sends the browser's request for a step of [`super::handlers`], and stores the response's cookies in the browser.
/// Returns the body.
pub(super) async fn step(site: &Site, browser: &mut Browser, name: &str) -> String {
    let path = step_path(name);
    let request = browser.visit(&path);
    let cookies: Vec<_> = request.get("cookie").map(|value| ("Cookie", value.to_str().unwrap())).into_iter().collect();
    let reply = site.get_with(&path, &cookies).await;
    assert_eq!(reply.status, 200, "{name}: {reply:?}");
    browser.store(&reply.headers);
    reply.body
}

pub(super) fn browser() -> Browser {
    Browser::new(&format!("https://{HOST}"))
}

async fn unreadable_cookie_is_signed_out_until_the_next_set<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let mut browser = browser();
    browser.set("__Host-Http-cart=many; Path=/; Secure; HttpOnly");
    assert_eq!(step(&site, &mut browser, "get cart").await, "None");
    assert!(harness.has_event("(malformed, GET /step/"));
    assert_eq!(browser.stored().first().unwrap().value, "many", "a read writes nothing");
    assert_eq!(step(&site, &mut browser, "set cart").await, "done");
    assert_eq!(step(&site, &mut browser, "get cart").await, "Some(Cart(1))");
}

async fn handler_sees_pending_changes<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let mut browser = browser();
    assert_eq!(step(&site, &mut browser, "change session").await, "[false, true, false, false]");
    assert_eq!(step(&site, &mut browser, "set session").await, "done");
    assert_eq!(step(&site, &mut browser, "change session").await, "[true, true, false, true]");
    assert_eq!(browser.names(), ["__Host-Http-session"]);
}

async fn undo_leaves_the_response_alone<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_reply(&site.get(&step_path("undo")).await, 200, &[], "undone");
}

async fn rolling_session_does_not_undo_a_sign_out<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let mut browser = browser();
    step(&site, &mut browser, "set session").await;
    assert_eq!(step(&site, &mut browser, "roll").await, "signed out");
    assert_eq!(browser.names(), [""; 0]);
}

async fn sign_out_removes_every_cookie_of_the_set<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().cookie_domain("site.example")).await;
    let mut browser = browser();
    browser.store(&site.get("/many").await.headers);
    step(&site, &mut browser, "start flow").await;
    assert_eq!(browser.stored().len(), 6, "{browser:?}");
    assert_eq!(step(&site, &mut browser, "sign out").await, "done");
    assert_eq!(browser.names(), [""; 0]);
}

async fn family_holds_several_sign_ins<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let mut browser = browser();
    step(&site, &mut browser, "start flow").await;
    browser.set("__Host-Http-flow.tab2=other; Path=/; Secure; HttpOnly");
    assert_eq!(step(&site, &mut browser, "end flow").await, "Some(\"pkce\") [\"tab2\"]");
    assert_eq!(browser.names(), ["__Host-Http-flow.tab2"]);
}

async fn earlier_name_is_read_and_moved<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let mut browser = browser();
    browser.set("sid=old; Path=/; Secure");
    assert_eq!(step(&site, &mut browser, "get moved").await, "Some(Moved(\"old\")) true");
    assert_eq!(step(&site, &mut browser, "set moved").await, "done");
    assert_eq!(browser.names(), ["__Host-Http-moved"]);
    assert_eq!(step(&site, &mut browser, "get moved").await, "Some(Moved(\"new\")) false");
}

async fn earlier_scope_is_repaired<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().cookie_domain("site.example")).await;
    let mut browser = browser();
    browser.set("__Secure-wide=1; Path=/step; Secure");
    assert_eq!(step(&site, &mut browser, "get wide").await, "Some(Wide(1))");
    assert_eq!(step(&site, &mut browser, "set wide").await, "done");
    assert_eq!(step(&site, &mut browser, "get wide").await, "Some(Wide(7))");
    assert_eq!(browser.stored().len(), 1, "{browser:?}");
    step(&site, &mut browser, "remove wide").await;
    assert_eq!(browser.names(), [""; 0]);
}

async fn unnamed_scope_is_repaired_at_the_second_attempt<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().cookie_domain("site.example")).await;
    let mut browser = browser();
    browser.set(format!("__Secure-wide=1; Path=/; Domain={HOST}; Secure"));
    step(&site, &mut browser, "set wide").await;
    assert_eq!(step(&site, &mut browser, "get wide").await, "None");
    assert!(harness.has_event("name that scope with `formerly(…)`"));
    step(&site, &mut browser, "set wide").await;
    assert_eq!(step(&site, &mut browser, "get wide").await, "Some(Wide(7))");
    assert_eq!(browser.stored().len(), 1, "{browser:?}");
}

async fn domain_follows_the_tenant<F: Framework>(harness: Harness<F>) {
    let tenant = |host: &str| host.split_once('.').map(|(_, domain)| domain.to_owned());
    let site = harness.https(harness.policy().cookie_domain_for(tenant)).await;
    let mut browser = browser();
    step(&site, &mut browser, "set wide").await;
    let domains: Vec<_> = browser.stored().iter().map(|cookie| (cookie.domain.as_str(), cookie.host_only)).collect();
    assert_eq!(domains, [("site.example", false)]);
    step(&site, &mut browser, "remove wide").await;
    assert_eq!(browser.names(), [""; 0]);
}

async fn base_path_is_in_every_header<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().base_path("/vault")).await;
    let basket = site.get("/many").await.set_cookies().concat();
    assert!(basket.contains("__Secure-basket=7; Path=/vault/shop; "), "{basket}");
    assert!(basket.contains("__Host-Http-session=s3cr3t; Path=/; "), "{basket}");
    let removal = site.get(&step_path("remove wide")).await.set_cookies().concat();
    assert!(removal.starts_with("__Secure-wide=; Path=/vault/step; "), "{removal}");
}

async fn lifetime_is_cut_to_the_declared_one<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_reply(&site.get(&step_path("long session")).await, 200, &[SESSION], "done");
    assert!(harness.has_event("(shortened, GET /step/"));
}

async fn optional_cookies_are_none_over_http<F: Framework>(harness: Harness<F>) {
    let https = harness.https(harness.policy_allowing_http()).await;
    let http = harness.http(harness.policy_allowing_http()).await;
    let cookie = ("Cookie", "__Host-Http-session=s3cr3t");
    assert_reply(&https.get_with("/maybe", &[cookie]).await, 200, &[], "Some(Session(\"s3cr3t\"))");
    assert_reply(&http.get_with("/maybe", &[cookie]).await, 200, &[], "plain");
}

async fn stale_request_does_not_undo_a_sign_in<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let mut browser = browser();
    browser.set("__Host-Http-cart=stale; Path=/; Secure; HttpOnly");
    let poll = browser.request_headers("/");
    step(&site, &mut browser, "set cart").await;
    // The response to the request with the old cookie arrives after the sign-in.
    let stale = poll["cookie"].to_str().unwrap();
    for path in [step_path("get cart"), "/cart".to_owned()] {
        let reply = site.get_with(&path, &[("Cookie", stale)]).await;
        assert_eq!(reply.set_cookies(), [""; 0], "{path}");
        browser.store(&reply.headers);
    }
    assert_eq!(step(&site, &mut browser, "get cart").await, "Some(Cart(1))");
}

async fn malformed_pairs_hide_no_other_cookie<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    for cookie in [
        &b"\xFF\xFE=\x80; __Host-Http-session=s3cr3t"[..],
        b"; ;;=;==; __Host-Http-session=s3cr3t; =",
        b"__host-http-session=no; %5F_Host-Http-session=no; __Host-Http-session=s3cr3t",
        b"a=\"1; __Host-Http-session=s3cr3t; b=2\"",
    ] {
        let value = http::HeaderValue::from_bytes(cookie).unwrap();
        let request = site.client.0.get(site.url("/get")).header("Cookie", value);
        let reply = Client::send(request).await;
        assert_reply(&reply, 200, &[], "Some(Session(\"s3cr3t\"))");
    }
}

async fn sealed_cookie_uses_the_policys_keyring<F: Framework>(harness: Harness<F>) {
    let (old, new) = (Key::generate(), Key::generate());
    let policy = |keyring: Keyring| harness.policy().keyring(keyring).build().unwrap();
    let handle = PolicyHandle::new(policy(Keyring::new(old.clone())));
    let site = harness.serve(vec![handle.clone()], TlsTermination::per_connection(), true).await;
    let sealed = site.get("/seal").await;
    let [set_cookie] = sealed.set_cookies()[..] else { panic!("{sealed:?}") };
    assert!(
        set_cookie.starts_with("__Host-Http-note=1")
            && set_cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{set_cookie}"
    );
    let cookie = [("Cookie", set_cookie.split(';').next().unwrap())];
    assert_reply(&site.get_with("/unseal", &cookie).await, 200, &[], "Some(Note(7))");
    // Perhaps a different release set the value without a seal, so the response does not remove the cookie.
    assert_reply(&site.get_with("/unseal", &[("Cookie", "__Host-Http-note=7")]).await, 400, &[], INVALID_COOKIE);

    handle.apply(policy(Keyring::new(new.clone()).with(old)));
    assert_reply(&site.get_with("/unseal", &cookie).await, 200, &[], "Some(Note(7))");
    // Perhaps a different server still has the key, so the response does not remove the cookie.
    handle.apply(policy(Keyring::new(new)));
    assert_reply(&site.get_with("/unseal", &cookie).await, 400, &[], INVALID_COOKIE);
    // A missing keyring is a mistake in the server's configuration. So the response does not remove the cookie.
    handle.apply(harness.policy().build().unwrap());
    assert_reply(&site.get_with("/unseal", &cookie).await, 500, &[], "internal error");
    assert_reply(&site.get("/seal").await, 500, &[], "internal error");
}

async fn used_cookie_with_idle_is_reissued<F: Framework>(harness: Harness<F>) {
    let keyring = Keyring::new(Key::generate());
    let site = harness.https(harness.policy().keyring(keyring.clone())).await;
    // The browser got the cookie 20 minutes ago. The idle time is 30 minutes.
    let then = SystemTime::now() - Duration::from_secs(20 * 60);
    let vault = testing::at(then, || testing::request_header_with(&Vault(7), &keyring));
    let cookie = ("Cookie", vault.to_str().unwrap());
    let path = step_path("get vault");

    let used = site.get_with(&path, &[cookie]).await;
    let [set_cookie] = used.set_cookies()[..] else { panic!("{used:?}") };
    assert!(set_cookie.starts_with("__Host-Http-vault=1"), "{set_cookie}");
    assert!(set_cookie.ends_with("; Path=/; Max-Age=1800; Secure; HttpOnly; SameSite=Lax"), "{set_cookie}");
    assert_eq!((&*used.body, used.header("cache-control")), ("Some(Vault(7))", Some("private")));

    let prefetched = site.get_with(&path, &[cookie, ("Sec-Purpose", "prefetch")]).await;
    assert_reply(&prefetched, 200, &[], "Some(Vault(7))");
    assert_reply(&site.get_with(&step_path("poll vault"), &[cookie]).await, 200, &[], "Some(Vault(7))");
    // The test does not check the body, because poem sends a body even for a HEAD request.
    let head = site.client.0.head(site.url(&path)).header(cookie.0, cookie.1).send().await.unwrap();
    assert!(!head.headers().contains_key(SET_COOKIE));
    let new = testing::request_header_with(&Vault(7), &keyring);
    assert_reply(&site.get_with(&path, &[("Cookie", new.to_str().unwrap())]).await, 200, &[], "Some(Vault(7))");
}

async fn site_data_is_cleared_over_https_only<F: Framework>(harness: Harness<F>) {
    let path = step_path("clear site data");
    let cleared = harness.https(harness.policy()).await.get(&path).await;
    let header = Some("\"cookies\", \"storage\"");
    assert_eq!((cleared.status, cleared.header("clear-site-data")), (200, header));
    let refused = harness.http(harness.policy_allowing_http()).await.get(&path).await;
    assert_eq!((refused.status, refused.header("clear-site-data")), (403, None));
}

// ---- Plain HTTP.

async fn extractors_refuse_plain_http<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy_allowing_http()).await;
    for path in ["/set", "/get", "/remove", "/many", "/site", "/strict"] {
        assert_reply(&site.get(path).await, 403, &[], HTTPS_ONLY);
    }
    assert!(harness.has_event("not-https"));
}

async fn https_proof_can_be_optional_or_required<F: Framework>(harness: Harness<F>) {
    let https = harness.https(harness.policy_allowing_http()).await;
    let http = harness.http(harness.policy_allowing_http()).await;
    assert_reply(&https.get("/proof").await, 200, &[], "https");
    assert_reply(&https.get("/strict").await, 200, &[], "https");
    assert_reply(&http.get("/proof").await, 200, &[], "plain");
}

async fn optional_https_proof_emits_no_refusal<F: Framework>(harness: Harness<F>) {
    let policy = PolicyHandle::new(harness.policy_allowing_http().build().unwrap());
    let site = harness.serve(vec![policy.clone()], TlsTermination::per_connection(), false).await;
    assert_reply(&site.get("/proof").await, 200, &[], "plain");
    assert_eq!(harness.events(), [""; 0]);
    // Each refused request emits one event.
    for (path, count) in [("/strict", 1), ("/set", 2), ("/many", 3)] {
        assert_reply(&site.get(path).await, 403, &[], HTTPS_ONLY);
        let reason = "the connection carries no TLS; the handler needs HTTPS";
        assert_eq!(harness.events(), [format!("request refused (not-https, GET {path}): {reason}")], "{path}");
        assert_eq!(policy.counters().get(Kind::RequestRefused), count);
    }
}

async fn any_scheme_rejects_secure_cookies_over_http<F: Framework>(harness: Harness<F>) {
    let https = harness.https(harness.policy_allowing_http()).await;
    let http = harness.http(harness.policy_allowing_http()).await;
    assert_reply(&https.get("/either").await, 200, &[SESSION, BANNER], "set");
    let reply = http.get("/either").await;
    assert_eq!((reply.status, reply.set_cookies()), (200, vec![BANNER]));
    assert!(reply.body.contains("`__Host-Http-session` is a Secure cookie"), "{}", reply.body);
    assert!(harness.has_event("not-https"));
}

async fn insecure_cookie_is_set_over_both_schemes<F: Framework>(harness: Harness<F>) {
    let https = harness.https(harness.policy_allowing_http()).await;
    let http = harness.http(harness.policy_allowing_http()).await;
    assert_eq!(http.get("/banner").await.set_cookies(), [BANNER]);
    assert_eq!(https.get("/banner").await.set_cookies(), [BANNER]);
}

async fn secure_cookie_is_not_read_over_http<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy_allowing_http()).await;
    let reply = site.get_with("/get", &[("Cookie", "__Host-Http-session=s3cr3t")]).await;
    assert_reply(&reply, 403, &[], HTTPS_ONLY);
    assert!(!harness.has_event("s3cr3t"));
}

// ---- Errors.

async fn handler_error_keeps_its_cookies<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let reply = site.get("/fails").await;
    assert_eq!((reply.status, reply.set_cookies()), (500, vec![SESSION]));
}

async fn set_error_is_500_and_keeps_other_cookies<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let reply = site.get("/too-large").await;
    assert_eq!(reply.status, 500);
    assert_eq!(reply.set_cookies(), ["__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert!(!reply.body.contains("5000") && !reply.body.contains("4096"), "{}", reply.body);
    assert!(harness.has_event("4096") && !harness.has_event("xxxx"));
}

async fn set_after_the_head_is_an_error<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let reply = site.get("/late").await;
    assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
    assert!(reply.body.contains("__Host-Http-session") && reply.body.contains("was sent"), "{}", reply.body);
}

async fn missing_policy_is_a_500<F: Framework>(harness: Harness<F>) {
    for is_tls in [true, false] {
        let site = harness.serve(vec![], TlsTermination::per_connection(), is_tls).await;
        for path in ["/set", "/get", "/many", "/either", "/banner", "/strict", "/pay"] {
            assert_reply(&site.get(path).await, 500, &[], INTERNAL_ERROR);
        }
        assert_reply(&site.get("/health").await, 200, &[], "up");
    }
}

async fn missing_policy_with_optional_proof_is_a_500<F: Framework>(harness: Harness<F>) {
    for is_tls in [true, false] {
        let site = harness.serve(vec![], TlsTermination::per_connection(), is_tls).await;
        assert_reply(&site.get("/proof").await, 500, &[], INTERNAL_ERROR);
    }
}

// ---- The connection.

async fn request_target_cannot_claim_https<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy_allowing_http()).await;
    for (target, version, host) in [
        // The absolute form of a target contains a scheme (RFC 9112 3.2.2). The client chooses the scheme of an
        // absolute target, so the scheme does not prove HTTPS.
        ("https://www.site.example", "1.1", "Host: www.site.example\r\n"),
        ("https://www.site.example:443", "1.1", "Host: www.site.example\r\n"),
        ("HTTPS://www.site.example:443", "1.0", ""),
        ("", "1.1", "Host: www.site.example:443\r\n"),
    ] {
        for headers in ["", "X-Forwarded-Proto: https\r\nX-Real-IP: 127.0.0.1\r\n"] {
            for (path, status, body) in
                [("/proof", "200", "plain"), ("/strict", "403", HTTPS_ONLY), ("/set", "403", HTTPS_ONLY)]
            {
                let headers = format!("{host}{headers}Connection: close");
                let response = site.send_raw(&format!("GET {target}{path} HTTP/{version}\r\n{headers}\r\n\r\n")).await;
                let (head, body_text) = response.split_once("\r\n\r\n").unwrap();
                assert_eq!(
                    (head.split(' ').nth(1), without_reason(body_text)),
                    (Some(status), body),
                    "{target}{path} {headers}: {response}"
                );
                assert!(!head.to_ascii_lowercase().contains("set-cookie"), "{head}");
            }
        }
    }
    let events = harness.events();
    assert!(!events.is_empty());
    assert!(events.iter().all(|event| event.contains("the connection carries no TLS")), "{events:?}");
}

async fn http_1_and_http_2_behave_alike<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    for (configure, version) in [
        (ClientBuilder::http1_only as fn(ClientBuilder) -> ClientBuilder, Version::HTTP_11),
        (ClientBuilder::http2_prior_knowledge, Version::HTTP_2),
    ] {
        let client = site.new_client(|client| configure(client.cookie_store(true)));
        for path in ["/set", "/api/me"] {
            let response = client.0.get(site.url(path)).send().await.unwrap();
            assert_eq!((response.version(), response.status().as_u16()), (version, 200));
            assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), [SESSION]);
            assert_eq!(response.headers()["strict-transport-security"], ONE_YEAR_HSTS);
        }
        // The client stores the cookie, and sends it back with the next request.
        assert_reply(&client.get(site.url("/get")).await, 200, &[], "Some(Session(\"s3cr3t\"))");
    }
}

// ---- Proxies and loopback.

fn proxies(networks: &[&str]) -> TrustedProxies {
    TrustedProxies::new(networks).unwrap()
}

async fn trusted_proxy_decides_the_scheme<F: Framework>(harness: Harness<F>) {
    let site = harness
        .http_with(harness.policy_allowing_http(), TlsTermination::at_proxy(proxies(&["127.0.0.1", "::1"])))
        .await;
    for (headers, scheme) in [
        (&[("X-Forwarded-Proto", "https")][..], "https"),
        (&[("X-Forwarded-Proto", "HTTPS , wss")], "https"),
        (&[("X-Forwarded-Proto", "http")], "plain"),
        (&[("X-Forwarded-Proto", "https, http")], "plain"),
        (&[("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")], "plain"),
        (&[("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "https")], "plain"),
        (&[("Forwarded", "proto=https")], "plain"),
        (&[], "plain"),
    ] {
        assert_reply(&site.get_with("/proof", headers).await, 200, &[], scheme);
    }
    assert_eq!(site.get_with("/set", &[("X-Forwarded-Proto", "https")]).await.set_cookies(), [SESSION]);
}

async fn forwarding_headers_need_a_trusted_proxy<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy_allowing_http()).await;
    for headers in [[("X-Forwarded-Proto", "https")], [("Forwarded", "proto=https")], [("X-Forwarded-Ssl", "on")]] {
        assert_reply(&site.get_with("/set", &headers).await, 403, &[], HTTPS_ONLY);
        assert_reply(&site.get_with("/proof", &headers).await, 200, &[], "plain");
    }
}

async fn untrusted_peer_cannot_claim_https<F: Framework>(harness: Harness<F>) {
    let site =
        harness.http_with(harness.policy_allowing_http(), TlsTermination::at_proxy(proxies(&["203.0.113.0/24"]))).await;
    assert_reply(&site.get_with("/set", &[("X-Forwarded-Proto", "https")]).await, 403, &[], HTTPS_ONLY);
    assert!(
        harness.has_event(
            "the request came from 127.0.0.1, which is not a trusted proxy; `X-Forwarded-Proto` claims HTTPS"
        ),
        "{:?}",
        harness.events
    );
}

async fn forwarded_header_is_read_when_configured<F: Framework>(harness: Harness<F>) {
    let site = harness
        .http_with(harness.policy_allowing_http(), TlsTermination::at_proxy(proxies(&["127.0.0.1"]).forwarded()))
        .await;
    assert_reply(&site.get_with("/proof", &[("Forwarded", "for=192.0.2.1;proto=https")]).await, 200, &[], "https");
    assert_reply(&site.get_with("/proof", &[("X-Forwarded-Proto", "https")]).await, 200, &[], "plain");
}

/// Sends a request to the loopback address of the site, with the given `Host` header.
async fn send_to_loopback(site: &Site, host: &str, headers: &[(&str, &str)]) -> Reply {
    let url = format!("http://127.0.0.1:{}/set", site.server.address.port());
    let headers: Vec<_> = headers.iter().copied().chain([("Host", host)]).collect();
    site.client.get_with(url, &headers).await
}

/// The end of a refusal's text in a release build.
const DEBUG_BUILDS_ONLY: &str = "localhost counts as HTTPS in debug builds only";

fn assert_counts_as_https(reply: &Reply) {
    if cfg!(debug_assertions) {
        assert_reply(reply, 200, &[SESSION], "set");
        assert_eq!(reply.header("strict-transport-security"), None);
    } else {
        assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
        assert!(reply.body.ends_with(DEBUG_BUILDS_ONLY), "{}", reply.body);
    }
}

async fn localhost_counts_as_https_in_debug_builds<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy()).await;
    for host in ["127.0.0.1", "localhost:3000", "app.localhost", "[::1]:1"] {
        assert_counts_as_https(&send_to_loopback(&site, host, &[]).await);
    }
    let strict = TlsTermination::per_connection().strict_loopback();
    let strict = harness.http_with(harness.policy(), strict).await;
    assert_eq!(send_to_loopback(&strict, "localhost", &[]).await.status, 403);
    // A host that is not loopback needs TLS.
    assert_eq!(site.get("/set").await.status, 403);
}

/// If a request comes through a container's published port, the server sees a private peer address.
async fn localhost_works_through_a_published_port<F: Framework>(harness: Harness<F>) {
    let site = harness.http_from(harness.policy(), "172.17.0.1").await;
    assert_counts_as_https(&send_to_loopback(&site, "localhost:8080", &[]).await);
    assert_eq!(site.get("/set").await.status, 403);
    let public = harness.http_from(harness.policy(), "192.0.2.1").await;
    assert_eq!(send_to_loopback(&public, "localhost:8080", &[]).await.status, 403);
}

/// A development proxy such as vite forwards to the server, and names the browser's address and host.
async fn localhost_works_behind_a_development_proxy<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy()).await;
    let from_browser = [
        ("X-Forwarded-For", "::1"),
        ("X-Forwarded-Host", "localhost:5173"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "5173"),
    ];
    assert_counts_as_https(&send_to_loopback(&site, "localhost:3000", &from_browser).await);
    for from_elsewhere in [
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Host", "shop.example"),
        ("Forwarded", "for=192.0.2.1"),
        ("X-Real-IP", "not an address"),
    ] {
        let reply = send_to_loopback(&site, "localhost:3000", &[from_elsewhere]).await;
        assert_eq!((reply.status, reply.set_cookies()), (403, vec![]), "{from_elsewhere:?}");
    }
}

// ---- Undeclared cookies.

async fn undeclared_cookies_are_hardened<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let reply = site.get("/undeclared").await;
    assert_eq!(reply.set_cookies(), ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Lax", "seen=1; Secure"]);
    assert_eq!(site.get("/by-hand").await.set_cookies(), ["legacy=1; Secure"]);
    assert!(harness.has_event("PHPSESSID") && !harness.has_event("3f9a"));
}

async fn undeclared_cookies_are_observed<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().undeclared_cookies(UndeclaredCookies::Observe)).await;
    assert_eq!(site.get("/undeclared").await.set_cookies(), ["PHPSESSID=3f9a; path=/forum", "seen=1"]);
    assert!(harness.has_event("PHPSESSID"));
}

async fn undeclared_cookies_are_dropped<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy().undeclared_cookies(UndeclaredCookies::Refuse)).await;
    assert_reply(&site.get("/undeclared").await, 200, &[], "from the forum");
    assert!(harness.has_event("PHPSESSID") && harness.has_event("seen") && !harness.has_event("3f9a"));
    assert_eq!(site.get("/set").await.set_cookies(), [SESSION]);
}

async fn excepted_cookie_is_unchanged<F: Framework>(harness: Harness<F>) {
    let policy = harness
        .policy()
        .exception(Exception::for_cookie("seen").everything().because("the old counter reads it until March"));
    let site = harness.https(policy).await;
    let set_cookies = ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Lax", "seen=1"];
    assert_eq!(site.get("/undeclared").await.set_cookies(), set_cookies);
}

async fn undeclared_cookies_are_dropped_over_http<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy_allowing_http()).await;
    assert_reply(&site.get("/undeclared").await, 200, &[], "from the forum");
    assert_reply(&site.get("/by-hand").await, 200, &[], "from old code");
    assert!(harness.has_event("legacy"));
}

async fn baseline_tightens_declared_cookies<F: Framework>(harness: Harness<F>) {
    let baseline = Baseline::new().same_site(SameSite::Strict).longest_max_age(Duration::from_secs(3600));
    let site = harness.https(harness.policy().baseline(baseline)).await;
    let set_cookies = ["__Host-Http-session=s3cr3t; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"];
    assert_eq!(site.get("/set").await.set_cookies(), set_cookies);
}

async fn responses_with_cookies_are_private<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_eq!(site.get("/set").await.header("cache-control"), Some("private"));
    assert_eq!(site.get("/undeclared").await.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(site.get("/health").await.header("cache-control"), None);
}

// ---- Forced HTTPS.

async fn pages_are_redirected_to_https<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy().force_https(ForceHttps::on().https_port(8443))).await;
    for method in [http::Method::GET, http::Method::HEAD] {
        let request = site.client.0.request(method, site.url("/set?a=b&c=%20"));
        let reply = Client::send(request.header(PAGE.0, PAGE.1)).await;
        assert_reply(&reply, 308, &[], "");
        assert_eq!(reply.header("location"), Some("https://www.site.example:8443/set?a=b&c=%20"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("strict-transport-security"), None);
    }
    // A request for a path without a route is redirected too. After a redirect to an unknown path, the HTTPS server
    // responds with the status 404.
    assert_eq!(site.get_with("/nowhere", &[PAGE]).await.status, 308);
    assert!(harness.has_event("force-https"));
}

async fn api_paths_are_refused<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy().force_https(ForceHttps::on().api_paths(["/api"]))).await;
    assert_reply(&site.get("/set").await, 403, &[], HTTPS_ONLY);
    let request = site.client.0.post(site.url("/set")).header(PAGE.0, PAGE.1).body("name=Eve");
    assert_reply(&Client::send(request).await, 403, &[], HTTPS_ONLY);
    let reply = site.get_with("/api/me", &[PAGE]).await;
    assert_reply(&reply, 403, &[], HTTPS_ONLY);
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header("location"), None);
}

async fn nested_router_keeps_the_whole_path<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    assert_reply(&site.get("/api/me").await, 200, &[SESSION], "me");
    let site = harness.http(harness.policy().force_https(ForceHttps::on().exempt(["/me"]))).await;
    assert_eq!(site.get("/api/me").await.status, 403);
}

async fn exempt_paths_are_served_over_http<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy().force_https(ForceHttps::on().exempt(["/health", "/set"]))).await;
    assert_reply(&site.get("/health").await, 200, &[], "up");
    // A request for an exempt path is not redirected. A handler of an exempt path still needs HTTPS to set Secure
    // cookies.
    assert_reply(&site.get("/set").await, 403, &[], HTTPS_ONLY);
}

async fn unknown_host_is_not_redirected_to<F: Framework>(harness: Harness<F>) {
    let hosts = ForceHttps::on().hosts([HOST, "shop.example"]);
    let site = harness.http(harness.policy().force_https(hosts)).await;
    let reply = site.get_with("/set", &[PAGE]).await;
    assert_eq!((reply.status, reply.header("location")), (308, Some("https://www.site.example/set")));
    let reply = site.get_with("/set", &[PAGE, ("Host", "evil.example")]).await;
    assert_eq!((reply.status, reply.header("location")), (403, None));
    // With one host, every redirect goes to that host.
    let site = harness.http(harness.policy().force_https(ForceHttps::on().hosts(["shop.example"]))).await;
    let reply = site.get_with("/set", &[PAGE, ("Host", "evil.example")]).await;
    assert_eq!((reply.status, reply.header("location")), (308, Some("https://shop.example/set")));
}

async fn ambiguous_host_is_not_redirected_to<F: Framework>(harness: Harness<F>) {
    let site = harness.http(harness.policy()).await;
    let request = |hosts: &str| format!("GET /set HTTP/1.1\r\n{hosts}Accept: text/html\r\nConnection: close\r\n\r\n");
    let response = site.send_raw(&request("Host: www.site.example\r\n")).await;
    assert!(
        response.starts_with("HTTP/1.1 308 ") && response.contains("\r\nlocation: https://www.site.example/set\r\n"),
        "{response}"
    );
    for hosts in [
        "Host: www.site.example\r\nHost: evil.example\r\n",
        "Host: www.site.example, evil.example\r\n",
        "Host: www.site.example/evil\r\n",
        "Host: a b\r\n",
        "",
    ] {
        let response = site.send_raw(&request(hosts)).await;
        assert!(response.starts_with("HTTP/1.1 403 "), "{hosts:?}: {response}");
        assert!(!response.contains("location") && !response.contains("evil"), "{hosts:?}: {response}");
    }
}

// ---- HSTS.

async fn hsts_is_sent_over_https_only<F: Framework>(harness: Harness<F>) {
    let hsts = |reply: &Reply| {
        let headers = reply.headers.get_all("strict-transport-security").iter();
        headers.map(|header| header.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let https = harness.https(harness.policy_allowing_http()).await;
    let http = harness.http(harness.policy_allowing_http()).await;
    assert_eq!(hsts(&https.get("/health").await), [ONE_YEAR_HSTS]);
    // The response has only one HSTS header, even if the application sends its own HSTS header.
    assert_eq!(hsts(&https.get("/hsts").await), [ONE_YEAR_HSTS]);
    assert_eq!(hsts(&http.get("/hsts").await), [""; 0]);
    let subdomains = Hsts::one_year().include_subdomains();
    let site = harness.https(harness.policy().hsts(subdomains)).await;
    assert_eq!(hsts(&site.get("/health").await), ["max-age=31536000; includeSubDomains"]);
}

async fn hsts_is_sent_on_errors<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    for (path, status) in [("/nowhere", 404), ("/fails", 500)] {
        let reply = site.get(path).await;
        assert_eq!((reply.status, reply.header("strict-transport-security")), (status, Some(ONE_YEAR_HSTS)), "{path}");
    }
}

// ---- Nested policies.

async fn nested_policies_send_each_cookie_once<F: Framework>(harness: Harness<F>) {
    let keyring = Keyring::new(Key::generate());
    let handle = |policy: PolicyBuilder| PolicyHandle::new(policy.keyring(keyring.clone()).build().unwrap());
    let refusing = || handle(harness.policy().undeclared_cookies(UndeclaredCookies::Refuse));
    let (twice, outer) = (refusing(), refusing());
    let inner = handle(harness.policy());
    for policies in [[twice.clone(), twice], [inner, outer]] {
        let outer = policies[1].clone();
        let site = harness.serve(policies.to_vec(), TlsTermination::per_connection(), true).await;
        let reply = site.get("/set").await;
        assert_reply(&reply, 200, &[SESSION], "set");
        assert_eq!(reply.headers.get_all("strict-transport-security").iter().collect::<Vec<_>>(), [ONE_YEAR_HSTS]);
        let reply = site.get("/fails").await;
        assert_eq!((reply.status, reply.set_cookies()), (500, vec![SESSION]));
        let reply = site.get_with("/unseal", &[("Cookie", &unreadable_note(&keyring))]).await;
        assert_reply(&reply, 400, &[NOTE_REMOVAL], INVALID_COOKIE);
        // The outer policy keeps the declared cookies of the inner policy, and drops the undeclared cookies.
        assert_eq!(outer.counters().get(Kind::HeaderDropped), 0);
        assert_reply(&site.get("/undeclared").await, 200, &[], "from the forum");
        assert_eq!(outer.counters().get(Kind::HeaderDropped), 2);
    }
}

// ---- A running server.

async fn policy_changes_while_the_server_runs<F: Framework>(harness: Harness<F>) {
    let handle = PolicyHandle::new(harness.policy().build().unwrap());
    let site = harness.serve(vec![handle.clone()], TlsTermination::per_connection(), true).await;
    assert_eq!(site.get("/undeclared").await.set_cookies().len(), 2);
    handle.apply(harness.policy().undeclared_cookies(UndeclaredCookies::Refuse).build().unwrap());
    assert_eq!(site.get("/undeclared").await.set_cookies().len(), 0);
    assert_eq!(handle.counters().get(Kind::HeaderDropped), 2);
}

async fn concurrent_requests_do_not_mix<F: Framework>(harness: Harness<F>) {
    let site = harness.https(harness.policy()).await;
    let send = async |number: u32| {
        let cookie = format!("__Host-Http-session={number}");
        let reply = site.get_with("/get", &[("Cookie", &cookie)]).await;
        assert_reply(&reply, 200, &[], &format!("{:?}", Some(super::Session(number.to_string()))));
        assert_eq!(site.get("/set").await.set_cookies(), [SESSION]);
    };
    futures_util::future::join_all((0..64).map(send)).await;
}
