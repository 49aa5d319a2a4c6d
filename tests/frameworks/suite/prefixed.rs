//! The scenarios for the setting `host_prefix`. The scenarios run against each session library of each framework. The
//! library keeps its own cookie name, and the policy adds the prefix in the headers. The attacker plants the cookie of
//! a second valid session, because the library would reject an invalid value anyway. Each library serves the following
//! routes:
//!
//! | route | response |
//! |---|---|
//! | `/sign-in/<user>` | signs the user in |
//! | `/who` | the body contains the name of the signed-in user, or `nobody` |
//! | `/renew` | changes the session, and its cookie if the library can |
//! | `/sign-out` | ends the session |
//! | `/broken` | changes the session, and responds with status 500 and the name as the body |
//! | `/fails` | changes the session, and then the handler returns one of the framework's errors |
//! | `/upgrade` | status 101, with the name in the header `x-user` |

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use hardtack::event::Code;
use hardtack::policy::PolicyBuilder;
use hardtack::testing::Browser;
use hardtack::{Policy, PolicyHandle, TlsTermination, TrustedProxies};

use super::client::Reply;
use super::site::{Site, certificate};
use super::{RunningServer, Setup};

/// A session library under test.
pub(crate) trait SessionLibrary {
    const NAME: &'static str;
    /// The library's own name for the session cookie.
    const COOKIE: &'static str;
    /// False if the library keeps all data in the cookie. A copy of such a cookie is still valid after a sign-out.
    const ENDS_COPIES: bool;
    /// False if the library does not change the cookie when the session changes.
    const RENEWS_COOKIE: bool = true;

    fn serve(setup: Setup) -> impl Future<Output = RunningServer> + Send;
}

/// Runs all scenarios against new servers of one library.
pub(crate) async fn run_session_scenarios<L: SessionLibrary>() {
    let test = Test::<L>::new().await;
    test.users_stay_signed_in().await;
    test.planted_cookies_are_ignored().await;
    test.renewed_session_stays_prefixed().await;
    test.error_responses_stay_prefixed().await;
    test.upgrades_see_the_session().await;
    test.sign_out_removes_the_cookie().await;
    test.events_name_the_rules();
    Test::<L>::new().await.migration_keeps_users_signed_in().await;
    plain_http_has_no_session::<L>().await;
    let nested = Test::<L>::nested(2).await;
    nested.planted_cookies_are_ignored().await;
    nested.error_responses_stay_prefixed().await;
    nested.sign_out_removes_the_cookie().await;
    println!("{:40} {} scenarios", L::NAME, 11);
}

struct Test<L> {
    site: Site,
    handle: PolicyHandle,
    codes: Arc<Mutex<Vec<Code>>>,
    library: std::marker::PhantomData<L>,
}

impl<L: SessionLibrary> Test<L> {
    async fn new() -> Self {
        Self::nested(1).await
    }

    /// Serves the library behind several nested middlewares with the same policy.
    async fn nested(policies: usize) -> Self {
        let codes = Arc::<Mutex<Vec<Code>>>::default();
        let seen = codes.clone();
        let policy = policy::<L>().on_event(move |event| seen.lock().unwrap().push(event.rule));
        let handle = PolicyHandle::new(policy.build().unwrap());
        let site = serve::<L>(&handle, behind_proxy(), policies).await;
        Test { site, handle, codes, library: std::marker::PhantomData }
    }

    fn prefixed(&self) -> String {
        format!("__Host-Http-{}", L::COOKIE)
    }

    async fn get(&self, path: &str, cookies: &[&str]) -> Reply {
        let headers: Vec<_> = cookies.iter().map(|cookie| ("cookie", *cookie)).chain([OVER_HTTPS]).collect();
        self.site.get_with(path, &headers).await
    }

    /// Returns the name of the signed-in user.
    async fn who(&self, cookies: &[&str]) -> String {
        let reply = self.get("/who", cookies).await;
        self.check(&reply);
        assert_eq!(reply.status, 200, "{}: {cookies:?}", L::NAME);
        reply.body
    }

    /// Signs the user in and returns the value of the session cookie.
    async fn sign_in(&self, user: &str) -> String {
        let reply = self.get(&format!("/sign-in/{user}"), &[]).await;
        self.check(&reply);
        self.value(&reply).unwrap_or_else(|| panic!("{}: {:?}", L::NAME, reply.set_cookies()))
    }

    /// Returns the value that the response sets for the session cookie.
    fn value(&self, reply: &Reply) -> Option<String> {
        let start = format!("{}=", self.prefixed());
        let header = reply.set_cookies().into_iter().rfind(|header| header.starts_with(&start))?;
        Some(header[start.len()..].split(';').next()?.to_owned())
    }

    /// Asserts that the response sets the session cookie only under its prefixed name, and with the attributes that
    /// browsers demand.
    #[track_caller]
    fn check(&self, reply: &Reply) {
        for header in reply.set_cookies() {
            let attributes: BTreeSet<_> = header.split(';').skip(1).map(|part| part.trim().to_lowercase()).collect();
            assert!(header.starts_with(&self.prefixed()), "{}: {header}", L::NAME);
            for attribute in ["path=/", "secure", "httponly"] {
                assert!(attributes.contains(attribute), "{}: {header}", L::NAME);
            }
            assert!(attributes.iter().any(|attribute| attribute.starts_with("samesite=")), "{}: {header}", L::NAME);
            assert!(!header.to_lowercase().contains("domain="), "{}: {header}", L::NAME);
        }
    }

    fn pair(&self, value: &str) -> String {
        format!("{}={value}", self.prefixed())
    }

    async fn users_stay_signed_in(&self) {
        assert_eq!(self.who(&[]).await, "nobody");
        let (ada, eve) = (self.sign_in("ada").await, self.sign_in("eve").await);
        assert_eq!(self.who(&[&self.pair(&ada)]).await, "ada");
        assert_eq!(self.who(&[&format!("theme=dark; {}; lang=en", self.pair(&eve))]).await, "eve");
        assert_eq!(self.who(&["theme=dark", &self.pair(&ada), "lang=en"]).await, "ada");
        // A browser stores the cookie, and sends it back.
        let mut browser = Browser::new("https://www.site.example/shop/");
        let reply = self.get("/sign-in/ada", &[]).await;
        receive(&mut browser, &reply);
        assert_eq!(self.who(&[&sent(&browser).unwrap()]).await, "ada");
    }

    async fn planted_cookies_are_ignored(&self) {
        let (ada, eve) = (self.sign_in("ada").await, self.sign_in("eve").await);
        let real = self.pair(&ada);
        for name in spellings(L::COOKIE) {
            let planted = format!("{name}={eve}");
            for cookies in [&[&*planted][..], &["theme=dark", &planted], &[&format!("{planted}; {planted}")]] {
                assert_eq!(self.who(cookies).await, "nobody", "{}: {cookies:?}", L::NAME);
            }
            for cookies in [
                &[&*format!("{planted}; {real}")][..],
                &[&format!("{real}; {planted}")],
                &[&format!("{planted}; {real}; {planted}")],
                &[&planted, &real],
                &[&real, &planted],
                &[&planted, &real, &planted],
            ] {
                assert_eq!(self.who(cookies).await, "ada", "{}: {cookies:?}", L::NAME);
            }
        }
        // A browser never sends two cookies with the prefixed name. So a request with two of these cookies is an
        // attack.
        let doubled = format!("{real}; {}", self.pair(&eve));
        for cookies in [&[&*doubled][..], &[&real, &self.pair(&eve)], &[&format!("{real}; {real}")]] {
            assert_eq!(self.who(cookies).await, "nobody", "{}: {cookies:?}", L::NAME);
        }
        for name in [self.prefixed().to_lowercase(), self.prefixed().replace('_', "%5F")] {
            assert_eq!(self.who(&[&format!("{name}={eve}")]).await, "nobody", "{}: {name}", L::NAME);
        }
    }

    async fn renewed_session_stays_prefixed(&self) {
        let (ada, eve) = (self.sign_in("ada").await, self.sign_in("eve").await);
        let reply = self.get("/renew", &[&self.pair(&ada), &format!("{}={eve}", L::COOKIE)]).await;
        self.check(&reply);
        assert_eq!(reply.status, 200, "{}", L::NAME);
        assert_eq!(self.value(&reply).is_some_and(|value| value != ada), L::RENEWS_COOKIE, "{}", L::NAME);
        let renewed = self.value(&reply).unwrap_or(ada);
        assert_eq!(self.who(&[&self.pair(&renewed)]).await, "ada", "{}", L::NAME);
    }

    async fn error_responses_stay_prefixed(&self) {
        let (ada, eve) = (self.sign_in("ada").await, self.sign_in("eve").await);
        let planted = format!("{}={eve}", L::COOKIE);
        for path in ["/broken", "/fails"] {
            for cookies in [&[&*self.pair(&ada), &planted][..], &[]] {
                let reply = self.get(path, cookies).await;
                assert_eq!(reply.status, 500, "{}: {path}", L::NAME);
                self.check(&reply);
                if path == "/broken" {
                    assert_eq!(reply.body, if cookies.is_empty() { "nobody" } else { "ada" }, "{}", L::NAME);
                }
                if let (Some(value), false) = (self.value(&reply), cookies.is_empty()) {
                    assert_eq!(self.who(&[&self.pair(&value)]).await, "ada", "{}", L::NAME);
                }
            }
        }
    }

    async fn upgrades_see_the_session(&self) {
        let (ada, eve) = (self.sign_in("ada").await, self.sign_in("eve").await);
        let (real, planted) = (self.pair(&ada), format!("{}={eve}", L::COOKIE));
        for (cookies, user) in [(format!("{planted}; {real}"), "ada"), (planted, "nobody")] {
            let headers = [("cookie", &*cookies), ("connection", "upgrade"), ("upgrade", "test"), OVER_HTTPS];
            let reply = self.site.get_with("/upgrade", &headers).await;
            assert_eq!((reply.status, reply.header("x-user")), (101, Some(user)), "{}", L::NAME);
            self.check(&reply);
        }
    }

    async fn sign_out_removes_the_cookie(&self) {
        let mut browser = Browser::new("https://www.site.example/shop/");
        let signed_in = self.get("/sign-in/ada", &[]).await;
        receive(&mut browser, &signed_in);
        let cookie = sent(&browser).unwrap();
        let reply = self.get("/sign-out", &[&cookie]).await;
        self.check(&reply);
        receive(&mut browser, &reply);
        assert_eq!(sent(&browser), None, "{}: {:?}", L::NAME, reply.set_cookies());
        let with_copy = self.who(&[&cookie]).await;
        assert_eq!(with_copy == "nobody", L::ENDS_COPIES, "{}", L::NAME);
    }

    fn events_name_the_rules(&self) {
        let codes = self.codes.lock().unwrap();
        for code in [Code::HostPrefix, Code::UnprefixedDropped, Code::PrefixedTwice] {
            assert!(codes.contains(&code), "{}: {code}", L::NAME);
        }
        for code in [Code::PrefixImpossible, Code::UnprefixedAccepted, Code::StaleCookies, Code::PrefixUnavailable] {
            assert!(!codes.contains(&code), "{}: {code}", L::NAME);
        }
    }

    /// Switches `host_prefix` on while users are signed in.
    async fn migration_keeps_users_signed_in(&self) {
        self.handle.apply(Policy::default());
        let before = self.get("/sign-in/ada", &[]).await;
        let header = before.set_cookies()[0].to_owned();
        let bare = header.split(';').next().unwrap();
        assert!(bare.starts_with(&format!("{}=", L::COOKIE)), "{}: {header}", L::NAME);
        let value = &bare[L::COOKIE.len() + 1..];
        let mut browser = Browser::new("https://www.site.example/shop/");
        receive(&mut browser, &before);

        self.handle.apply(policy::<L>().accept_unprefixed_until(latest_date()).build().unwrap());
        assert_eq!(self.get("/who", &[bare]).await.body, "ada", "{}", L::NAME);
        for cookies in [
            &[&*format!("{bare}; {bare}")][..],
            &[bare, bare],
            &[&format!("{bare}; {}=x", spellings(L::COOKIE)[1])],
            &[&format!("{}={value}", spellings(L::COOKIE)[1])],
        ] {
            assert_eq!(self.get("/who", cookies).await.body, "nobody", "{}: {cookies:?}", L::NAME);
        }
        // The library's next `Set-Cookie` header gets the prefix, and the browser removes the cookie with the bare
        // name.
        let next = self.get("/renew", &[bare]).await;
        receive(&mut browser, &next);
        let cookie = sent(&browser).unwrap();
        assert!(cookie.starts_with(&self.prefixed()) && !cookie.contains(';'), "{}: {cookie}", L::NAME);
        assert_eq!(self.get("/who", &[&cookie]).await.body, "ada", "{}", L::NAME);
        // A sign-out removes both cookies.
        let out = self.get("/sign-out", &[&cookie]).await;
        assert!(out.set_cookies().iter().any(|header| header.starts_with(&format!("{}=; ", L::COOKIE))));
        receive(&mut browser, &out);
        assert_eq!(sent(&browser), None, "{}: {:?}", L::NAME, out.set_cookies());

        // After the date of `accept_unprefixed_until`, only the prefixed cookie counts.
        self.handle.apply(policy::<L>().accept_unprefixed_until("2020-01-01").build().unwrap());
        assert_eq!(self.get("/who", &[bare]).await.body, "nobody", "{}", L::NAME);
    }
}

/// Asserts that a request over plain HTTP has no session, and that its response sets no session cookie.
async fn plain_http_has_no_session<L: SessionLibrary>() {
    let test = Test::<L>::new().await;
    let ada = test.sign_in("ada").await;
    let plain = serve::<L>(&test.handle, TlsTermination::none(), 1).await;
    test.handle.apply(policy::<L>().force_https(false).build().unwrap());
    for name in [L::COOKIE, &test.prefixed()] {
        let cookie = format!("{name}={ada}");
        assert_eq!(plain.get_with("/who", &[("cookie", &cookie)]).await.body, "nobody", "{}: {name}", L::NAME);
    }
    let reply = plain.get("/sign-in/ada").await;
    assert_eq!(reply.set_cookies(), [""; 0], "{}", L::NAME);
}

/// The header that a proxy in front of the server would send. These tests have no proxy, so the client sends the
/// header.
pub(crate) const OVER_HTTPS: (&str, &str) = ("x-forwarded-proto", "https");

/// The requests count as HTTPS because of a header, and not because of a TLS connection. A client can ask for an
/// upgrade only over HTTP/1.1, and salvo takes the scheme from the connection.
pub(crate) fn behind_proxy() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1", "::1"]).unwrap())
}

async fn serve<L: SessionLibrary>(handle: &PolicyHandle, tls_termination: TlsTermination, policies: usize) -> Site {
    let setup = Setup { policies: vec![handle.clone(); policies], tls_termination, certificate: None, peer: None };
    let server = L::serve(setup).await;
    Site::from_server(server, certificate(), false, |client| client)
}

fn policy<L: SessionLibrary>() -> PolicyBuilder {
    Policy::builder().host_prefix([L::COOKIE])
}

/// Returns the bare name and other spellings that some parsers read as the bare name.
fn spellings(name: &str) -> Vec<String> {
    let (first, rest) = name.split_at(1);
    vec![
        name.to_owned(),
        format!("%{:02x}{rest}", first.as_bytes()[0]),
        name.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        format!("{name}\u{a0}"),
        format!("\u{3000}{name}"),
        format!("{name} "),
        format!("%20{name}%C2%A0"),
        name.to_uppercase(),
    ]
}

/// Stores the cookies of a response, and asserts that the browser accepts all of them.
#[track_caller]
fn receive(browser: &mut Browser, reply: &Reply) {
    browser.store(&reply.headers);
    assert_eq!(browser.rejected(), [""; 0], "{:?}", reply.set_cookies());
}

/// Returns the `Cookie` header that the browser sends.
fn sent(browser: &Browser) -> Option<String> {
    browser.request_headers("/who").get("cookie").map(|cookies| cookies.to_str().unwrap().to_owned())
}

/// Returns the latest first day of a month that the policy accepts as the end of a migration.
fn latest_date() -> String {
    let mut days = (2026..2200).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}-01")));
    days.rfind(|day| Policy::builder().accept_unprefixed_until(day).build().is_ok()).unwrap()
}
