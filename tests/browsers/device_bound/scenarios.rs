//! The scenarios. Each scenario from 1 to 8 begins with a sign-in and the event of the registration. Scenario 9
//! contains the controls: mistakes that must fail.

use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use hardtack::policy::Baseline;
use hardtack::seal::{Key, Keyring};
use hardtack::{TlsTermination, TrustedProxies};

use super::super::browser::{Browser, Kind, StoredCookie, Tab};
use super::super::declared_cookies::is_within;
use super::app::{App, DECLARATIONS, OTHER_SITE, Replaced};
use super::thief::Thief;
use super::{Authority, FEATURES, HOST, Lab, NONE, Network, REGISTERED, Visit, status};

type Scenario = (&'static str, fn(&mut Lab<'_>));

pub(super) const ALL: [Scenario; 17] = [
    ("1. sign-in", sign_in),
    ("2. every declaration that may be bound", every_declaration),
    ("2. a policy that is stricter than the declaration", stricter_policy),
    ("3. twenty refreshes", twenty_refreshes),
    ("4. a stolen cookie jar", stolen_jar),
    ("5. sign-out", sign_out),
    ("5. a removed session cookie", removed_session),
    ("5. another user signs in", another_user),
    ("5. an old session in the browser", old_session),
    ("6. keys are rotated", rotated_keys),
    ("6. a renewed session lives on", renewed_session),
    ("7. ways to arrive", ways_to_arrive),
    ("7. localhost", localhost),
    ("7. restarts", restarts),
    ("8. checks in front of the endpoints", checks_in_front),
    ("9. controls: mistakes in the response to the registration", mistakes_in_the_registration),
    ("9. controls: errors of certificates are ignored", ignored_certificate_errors),
];

const COMPANION: &str = "__Host-session-key";
const HOST_HTTP: &str = "__Host-Http-session-key";
/// A refresh with a proof: the browser also stores the next challenge of the response.
const REFRESHED: &[&str] = &["challenge:Success", "refresh:Refreshed/Success"];
/// A refresh in which the server first asks for the proof of a new challenge.
const NEW_CHALLENGE: &[&str] = &["challenge:Success", "challenge:Success", "refresh:Refreshed/Success"];
/// The server ends the session in the response to a refresh.
const ENDED: &[&str] = &["refresh:FatalError/ServerRequestedTermination", "termination:ServerRequested"];
const UNPROVEN: &str = "nobody: the request contains no companion";
const REFUSED: &str = "this device was not recognised; sign in again";

fn app() -> App {
    App::new(Keyring::new(Key::generate()))
}

fn who(tab: &Tab<'_>) -> String {
    tab.fetch("/Session/who").1
}

fn sign_in(lab: &mut Lab<'_>) {
    let app = app();
    let mut visit = lab.visit(&app);
    let before = SystemTime::now();
    lab.sign_in(&mut visit, "Session");
    let after = SystemTime::now();
    for (name, seconds) in [("__Host-Http-session", 30 * 86_400), (COMPANION, 600)] {
        let Some(stored) = visit.stored(name) else {
            lab.failures.push(format!("`{name}` is not stored"));
            continue;
        };
        let max_age = Duration::from_secs(seconds);
        let within = is_within(stored.expires, Some((before + max_age, after + max_age)));
        let declared = StoredCookie {
            name: name.to_owned(),
            value: stored.value.clone(),
            domain: HOST.to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: true,
            http_only: true,
            same_site: "Lax".to_owned(),
            partitioned: false,
            expires: stored.expires.filter(|_| within),
        };
        lab.equal(name, stored, declared);
    }
    lab.step(&mut visit, "the user", "ada, proven", NONE, who);
    let pay =
        |tab: &Tab<'_>| tab.evaluate("fetch('/Session/pay', { method: 'POST' }).then(it => it.text())").to_string();
    lab.step(&mut visit, "a handler with `Bound`", "\"ada pays\"", NONE, pay);
}

fn every_declaration(lab: &mut Lab<'_>) {
    for (declaration, companion) in DECLARATIONS {
        three_requests_and_a_refresh(lab, &app(), declaration, companion);
    }
}

fn stricter_policy(lab: &mut Lab<'_>) {
    let strict = app().strict();
    let short = App { baseline: Baseline::new().longest_max_age(Duration::from_secs(300)), ..app() };
    for app in [strict, short] {
        three_requests_and_a_refresh(lab, &app, "Session", COMPANION);
    }
}

/// Three requests with the companion cause no refresh. So the JSON and the header of the companion are equal. Without
/// the companion, one refresh comes, and sets the companion again.
fn three_requests_and_a_refresh(lab: &mut Lab<'_>, app: &App, declaration: &str, companion: &str) {
    let mut visit = lab.visit(app);
    lab.sign_in(&mut visit, declaration);
    let path = format!("/{declaration}/who");
    let three = |tab: &Tab<'_>| {
        let answers = tab.fetch_all(&[path.clone(), path.clone(), path.clone()]);
        answers.into_iter().map(|answer| answer.1).collect::<Vec<_>>().join("; ")
    };
    let expected = "ada, proven; ada, proven; ada, proven";
    lab.step(&mut visit, &format!("{declaration}: three requests"), expected, NONE, three);
    visit.remove(companion);
    lab.step(&mut visit, &format!("{declaration}: without the companion"), "ada, proven", REFRESHED, |tab| {
        tab.fetch(&path).1
    });
    lab.equal(&format!("{declaration}: the companion is back"), visit.stored(companion).is_some(), true);
}

fn twenty_refreshes(lab: &mut Lab<'_>) {
    let mut visit = lab.visit(&app());
    lab.sign_in(&mut visit, "Session");
    for count in 1..=20 {
        visit.remove(COMPANION);
        lab.step(&mut visit, &format!("refresh {count}"), "ada, proven", REFRESHED, who);
    }
    // The first proof is the proof of the registration.
    lab.equal("the number of proofs", visit.proofs.len(), 2);
}

fn stolen_jar(lab: &mut Lab<'_>) {
    let app = app();
    let mut visit = lab.visit(&app);
    lab.sign_in(&mut visit, "Session");
    visit.remove(COMPANION);
    lab.step(&mut visit, "the owner refreshes", "ada, proven", REFRESHED, who);
    let thief = Thief::copy(&visit.tab, lab.network, lab.apps);
    // A thief does not know the identifier and the proof, because they are not in the cookie jar. This thief also read
    // the owner's last request inside TLS.
    let (identifier, proof) = (visit.identifier.clone(), visit.proofs[1].to_str().unwrap().to_owned());

    let all = |name: &str, lab: &mut Lab<'_>, visit: &mut Visit<'_>, expected: &str| {
        lab.step(visit, name, expected, NONE, |_| {
            let (without, headers) = thief.refresh(&identifier, None);
            let own = Thief::own_proof(&identifier, &headers);
            let (with_own, _) = thief.refresh(&identifier, Some(&own));
            let (with_owners, _) = thief.refresh(&identifier, Some(&proof));
            let (who, pay) = (thief.who(), thief.pay());
            format!(
                "{who}; {pay}; a refresh {without}, with another key {with_own}, with the owner's proof {with_owners}"
            )
        });
    };
    let live = "ada, proven; 200; a refresh 403, with another key 403, with the owner's proof 200";
    all("the thief, at once", lab, &mut visit, live);
    app.clock.advance(600);
    let live = live.replace("proof 200", "proof 403");
    all("the thief, in the last second of the companion", lab, &mut visit, &live);
    app.clock.advance(1);
    let expired =
        "nobody: the companion has expired; 403; a refresh 403, with another key 403, with the owner's proof 403";
    all("the thief, a second later", lab, &mut visit, expired);
    visit.remove(COMPANION);
    lab.step(&mut visit, "the owner", "ada, proven", NEW_CHALLENGE, who);

    // A limit that the documentation states: a copy from before the registration is not bound.
    let early = Thief::with_cookies(visit.signed_in.clone(), lab.network, lab.apps);
    let name = "a copy from before the registration";
    lab.step(&mut visit, name, "ada; 403", NONE, |_| format!("{}; {}", early.who(), early.pay()));
}

fn sign_out(lab: &mut Lab<'_>) {
    let app = app();
    let mut visit = lab.visit(&app);
    lab.sign_in(&mut visit, "Session");
    let thief = Thief::copy(&visit.tab, lab.network, lab.apps);
    let ended = ["termination:StoragePartitionCleared"];
    lab.step(&mut visit, "sign-out", "200", &ended, |tab| status(tab, "/Session/sign-out"));
    lab.equal("the stored cookies", visit.tab.cookies().len(), 0);
    lab.step(&mut visit, "the user", "nobody", NONE, who);
    lab.step(&mut visit, "the cookie jar from before", "ada, proven", NONE, |_| thief.who());
    app.clock.advance(601);
    let expired = "nobody: the companion has expired";
    lab.step(&mut visit, "after the lifetime of the companion", expired, NONE, |_| thief.who());
}

/// `remove` without `clear_site_data` signs the user out too. The browser's session stays until its next refresh.
fn removed_session(lab: &mut Lab<'_>) {
    let mut visit = lab.visit(&app());
    lab.sign_in(&mut visit, "Session");
    lab.step(&mut visit, "remove", "200", NONE, |tab| status(tab, "/Session/remove"));
    lab.equal("the stored cookies", visit.tab.cookies().len(), 0);
    lab.step(&mut visit, "the user", "nobody", REFRESHED, who);
    lab.step(&mut visit, "the user, again", "nobody", NONE, who);
}

/// Another user signs in without a sign-out. The first user's session stays in the browser, and has the same companion.
fn another_user(lab: &mut Lab<'_>) {
    let mut visit = lab.visit(&app());
    lab.sign_in(&mut visit, "Session");
    lab.step(&mut visit, "sign-in of ben", "200", REGISTERED, |tab| status(tab, "/Session/sign-in-ben"));
    lab.step(&mut visit, "ben", "ben, proven", NONE, who);
}

/// Two sessions have the same companion, and no one signed out. Chromium refreshes one of the sessions first, and their
/// random identifiers decide which. So the scenario begins again until Chromium refreshes the first user's session.
///
/// The refresh after a link from another site has no cookies. So the server cannot know that the session is an old
/// session, and sets a companion that does not belong to the second user's cookie. The response to the visit removes
/// the companion, so the browser refreshes again before its next request, which is the request for the icon of the
/// page. This refresh ends the old session.
fn old_session(lab: &mut Lab<'_>) {
    let sign_in = |visit: &Visit<'_>, path: &str| {
        status(&visit.tab, path);
        assert_eq!(visit.tab.session_events(REGISTERED.len()), REGISTERED);
    };
    for _ in 0..40 {
        let mut visit = lab.visit(&app());
        sign_in(&visit, "/Session/sign-in");
        sign_in(&visit, "/Session/sign-in-ben");
        // The numbers of the proofs are the same, whichever sessions Chromium refreshes.
        visit.take_requests();
        let answer = arrive_by_link(lab, &mut visit, "Session", COMPANION);
        if answer == "ben, proven" {
            continue;
        }
        let expected = [REFRESHED, ENDED, REFRESHED].concat();
        let (events, requests) = (visit.tab.session_events(expected.len()), visit.take_requests());
        let unproven = "nobody: the companion belongs to another session";
        lab.row("ben arrives by a link", &answer, &requests, &events, (unproven, &expected));
        lab.step(&mut visit, "the next request", "ben, proven", NONE, who);
        visit.remove(COMPANION);
        lab.step(&mut visit, "the next refresh", "ben, proven", REFRESHED, who);
        return;
    }
    lab.failures.push("Chromium never refreshed the old session first".to_owned());
}

fn rotated_keys(lab: &mut Lab<'_>) {
    let [old, new] = [(); 2].map(|()| Key::generate());
    let app = App::new(Keyring::new(old.clone()));
    let mut visit = lab.visit(&app);
    lab.sign_in(&mut visit, "Idle");
    let who = |tab: &Tab<'_>| tab.fetch("/Idle/who").1;

    let app = App { keyring: Some(Keyring::new(new.clone()).with(old)), ..app };
    lab.apps.run(app.router());
    lab.step(&mut visit, "the new key writes", "ada, proven", NONE, who);
    visit.remove("__Host-idle-key");
    let renewed = [ENDED, REGISTERED].concat();
    lab.step(&mut visit, "the refresh changes the key", "ada, proven", &renewed, who);
    visit.remove("__Host-idle-key");
    lab.step(&mut visit, "the next refresh", "ada, proven", REFRESHED, who);
    // After half of the idle time, a read sets the session cookie again. The new key seals the cookie.
    app.clock.advance(1801);
    visit.remove("__Host-idle-key");
    lab.step(&mut visit, "half an hour later", "ada, proven", NEW_CHALLENGE, who);

    let app = App { keyring: Some(Keyring::new(new)), ..app };
    lab.apps.run(app.router());
    lab.step(&mut visit, "without the old key", "ada, proven", NONE, who);
    visit.remove("__Host-idle-key");
    lab.step(&mut visit, "a refresh without the old key", "ada, proven", REFRESHED, who);
}

/// The application sets the session again, with a new lifetime. The session identifier expires with the first lifetime,
/// so a refresh changes the identifier before. A session that the application does not set again ends.
fn renewed_session(lab: &mut Lab<'_>) {
    const DAY: u64 = 86_400;
    let app = app();
    let mut visit = lab.visit(&app);
    lab.sign_in(&mut visit, "Session");
    app.clock.advance(20 * DAY);
    visit.remove(COMPANION);
    lab.step(&mut visit, "renewed after 20 days", "200", NEW_CHALLENGE, |tab| status(tab, "/Session/renew"));
    visit.remove(COMPANION);
    let renewed = [ENDED, REGISTERED].concat();
    lab.step(&mut visit, "the next refresh changes the identifier", "ada, proven", &renewed, who);
    app.clock.advance(20 * DAY);
    visit.remove(COMPANION);
    lab.step(&mut visit, "after 40 days", "ada, proven", NEW_CHALLENGE, who);
    app.clock.advance(20 * DAY);
    visit.remove(COMPANION);
    let expired = ["refresh:FatalError/PersistentHttpError", "termination:RefreshFatalError"];
    lab.step(&mut visit, "after 60 days", "expired", &expired, who);
}

/// Chromium has device-bound sessions on `https://localhost`, and not on `http://localhost`. A debug build of the
/// application works on both.
fn localhost(lab: &mut Lab<'_>) {
    let app = app();
    let mut visit = lab.visit(&app);
    visit.tab.navigate(&lab.apps.url("localhost", "/page")).unwrap();
    visit.take_requests();
    lab.step(&mut visit, "https: sign-in", "200", REGISTERED, |tab| status(tab, "/Session/sign-in"));
    lab.step(&mut visit, "https: the user", "ada, proven", NONE, who);
    let mut visit = lab.visit(&app);
    visit.tab.navigate(&format!("http://localhost:{}/page", lab.apps.ports.http.port())).unwrap();
    visit.take_requests();
    lab.step(&mut visit, "http: sign-in", "200", NONE, |tab| status(tab, "/Session/sign-in"));
    lab.step(&mut visit, "http: the user", "ada", NONE, who);
}

fn ways_to_arrive(lab: &mut Lab<'_>) {
    let mut visit = lab.visit(&app());
    // The page after the redirect does not wait for the registration.
    lab.step(&mut visit, "sign-in by a form, with a redirect", "ada", REGISTERED, |tab| {
        submit(tab, "/Session/form");
        body(tab)
    });
    let shop = lab.apps.url(HOST, "");
    from_another_site(lab, &mut visit, COMPANION, [("ada, proven", REFRESHED), (REFUSED, NONE)]);
    visit.tab.navigate(&format!("{shop}/page")).unwrap();
    visit.tab.session_events(0);
    visit.remove(COMPANION);
    visit.take_requests();
    lab.step(&mut visit, "a typed address", "ada, proven", REFRESHED, |tab| {
        tab.navigate(&format!("{shop}/Session/who")).unwrap();
        body(tab)
    });
    visit.remove(COMPANION);
    // The server answers a handshake of a proven device with the status 418.
    lab.step(&mut visit, "a WebSocket", "true", REFRESHED, |tab| {
        tab.evaluate(
            "new Promise(done => {
                const socket = new WebSocket(`wss://${location.host}/Session/handshake`);
                socket.onclose = () => done(true);
            })",
        )
        .to_string()
    });
    visit.remove(COMPANION);
    lab.step(&mut visit, "five requests at once", "ada, proven", REFRESHED, |tab| {
        let all = "Promise.all([1, 2, 3, 4, 5].map(() => fetch('/Session/who').then(it => it.text())))";
        let answers = tab.evaluate(&format!("({all}).then(all => [...new Set(all)].join('; '))"));
        answers.as_str().unwrap().to_owned()
    });

    // Browsers never send a `Strict` cookie from another site, and always send a cookie with `SameSite=None`.
    for (declaration, companion, expected) in [
        ("Strict", "__Host-strict-key", [("nobody", NONE), (REFUSED, NONE)]),
        ("Embedded", "__Host-embedded-key", [("ada, proven", REFRESHED), ("ada pays", REFRESHED)]),
    ] {
        let mut visit = lab.visit(&app());
        lab.sign_in(&mut visit, declaration);
        from_another_site(lab, &mut visit, companion, expected);
    }
}

/// Follows a link from another site, and submits a form there. The browser has no companion.
fn from_another_site(lab: &mut Lab<'_>, visit: &mut Visit<'_>, companion: &str, expected: [(&str, &[&str]); 2]) {
    let declaration = DECLARATIONS.iter().find(|(_, known)| *known == companion).unwrap().0;
    let [link, form] = expected;
    let answer = arrive_by_link(lab, visit, declaration, companion);
    let (events, requests) = (visit.tab.session_events(link.1.len()), visit.take_requests());
    lab.row("a link from another site", &answer, &requests, &events, link);
    let url = lab.apps.url(HOST, &format!("/{declaration}/pay"));
    let html = format!("<form method=post action='{url}'><button>b</button></form>");
    let answer = arrive(lab, visit, &html, companion);
    let (events, requests) = (visit.tab.session_events(form.1.len()), visit.take_requests());
    lab.row("a form from another site", &answer, &requests, &events, form);
}

/// Follows a link from another site, and returns the text of the page. The browser has no companion.
fn arrive_by_link(lab: &Lab<'_>, visit: &mut Visit<'_>, declaration: &str, companion: &str) -> String {
    let url = lab.apps.url(HOST, &format!("/{declaration}/who"));
    arrive(lab, visit, &format!("<a href='{url}'>a</a>"), companion)
}

/// Clicks the only element of a page on another site, and returns the text of the next page.
fn arrive(lab: &Lab<'_>, visit: &mut Visit<'_>, html: &str, companion: &str) -> String {
    visit.tab.navigate(&lab.apps.url("other.test", OTHER_SITE)).unwrap();
    visit.remove(companion);
    visit.take_requests();
    visit.tab.evaluate(&format!("document.body.innerHTML = {html:?}"));
    visit.tab.click("a, button");
    body(&visit.tab)
}

fn submit(tab: &Tab<'_>, action: &str) {
    let html = format!("<form method=post action='{action}'><button>b</button></form>");
    tab.evaluate(&format!("document.body.innerHTML = {html:?}"));
    tab.click("button");
}

fn body(tab: &Tab<'_>) -> String {
    tab.evaluate("document.body.innerText").as_str().unwrap().to_owned()
}

fn restarts(lab: &mut Lab<'_>) {
    let app = app();
    let Some(browser) = Browser::start_with(Kind::Chromium, lab.network, &[FEATURES]) else { return };
    {
        let mut visit = lab.visit_with(&app, browser.tab_of_profile());
        lab.sign_in(&mut visit, "Session");
        // A restart of the server: another instance of the application has the same keys and nothing else.
        lab.apps.run(App { clock: app.clock.clone(), ..App::new(app.keyring.clone().unwrap()) }.router());
        visit.remove(COMPANION);
        lab.step(&mut visit, "the server is started again", "ada, proven", REFRESHED, who);
    }
    let Some(browser) = browser.restart(lab.network, &[FEATURES]) else { return };
    let mut visit = lab.visit_with(&app, browser.tab_of_profile());
    visit.tab.session_events(0);
    visit.remove(COMPANION);
    let asked = ["challenge:Success", "challenge:Success", "refresh:Refreshed/Success"];
    lab.step(&mut visit, "the browser is started again", "ada, proven", &asked, who);
}

/// No check in front of the endpoints may return a status that ends the session.
fn checks_in_front(lab: &mut Lab<'_>) {
    let app = app();
    let mut visit = lab.visit(&app);
    lab.sign_in(&mut visit, "Session");
    let page = |tab: &Tab<'_>| status(tab, "/page");

    // The policy answers the endpoints before the application.
    for code in [StatusCode::TOO_MANY_REQUESTS, StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED] {
        lab.apps.run(App { inside: Some(code), ..app.clone() }.router());
        visit.remove(COMPANION);
        let answer = code.as_u16().to_string();
        lab.step(&mut visit, &format!("the application answers all with {answer}"), &answer, REFRESHED, page);
    }
    let proxy = TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1"]).unwrap());
    let (unreachable, kept) = (["refresh:ServerError/TransientHttpError"], REFRESHED);
    for (name, broken, expected) in [
        ("the proxy does not state HTTPS", App { tls_termination: proxy, ..app.clone() }, "403"),
        ("the policy has no keyring", App { keyring: None, ..app.clone() }, "200"),
        ("a limiter answers 503", App { in_front: Some(StatusCode::SERVICE_UNAVAILABLE), ..app.clone() }, "200"),
    ] {
        lab.apps.run(broken.router());
        visit.remove(COMPANION);
        lab.step(&mut visit, name, expected, &unreachable, page);
        lab.apps.run(app.router());
        lab.step(&mut visit, "afterwards", "ada, proven", kept, who);
    }
    // Controls: these answers end the session. The documentation warns of them.
    for code in [StatusCode::TOO_MANY_REQUESTS, StatusCode::NOT_FOUND] {
        let mut visit = lab.visit(&app);
        lab.sign_in(&mut visit, "Session");
        lab.apps.run(App { in_front: Some(code), ..app.clone() }.router());
        visit.remove(COMPANION);
        let ended = ["refresh:FatalError/PersistentHttpError", "termination:RefreshFatalError"];
        lab.step(&mut visit, &format!("control: a program in front answers {}", code.as_u16()), "200", &ended, page);
        lab.apps.run(app.router());
        lab.step(&mut visit, "control: afterwards", UNPROVEN, NONE, who);
    }
}

/// Programs in front change the response to the registration. All of these mistakes show nothing in the page: the user
/// is signed in, until the companion expires. Only the events show the mistake.
fn mistakes_in_the_registration(lab: &mut Lab<'_>) {
    let same = |from, to| Replaced { from, in_json: to, in_header: to };
    let json = |from, in_json| Replaced { from, in_json, in_header: from };
    for (name, replaced, reason) in [
        ("the name begins with `__Host-Http-`", same(COMPANION, HOST_HTTP), "creation:InvalidCredentialsCookie"),
        (
            "the JSON contains `Max-Age`",
            json("Path=/; Secure", "Path=/; Max-Age=600; Secure"),
            "creation:InvalidCredentialsCookieUnpermittedAttribute",
        ),
        (
            "one letter of `HttpOnly` differs",
            json("HttpOnly", "HttpOnlx"),
            "creation:InvalidCredentialsCookieUnpermittedAttribute",
        ),
        ("one letter of the path differs", json("Path=/;", "Path=/x;"), "creation:InvalidCredentialsCookiePrefix"),
    ] {
        let mut visit = lab.visit(&App { replaced: Some(replaced), ..app() });
        let events = ["challenge:NoSessionMatch", reason];
        lab.step(&mut visit, name, "200", &events, |tab| status(tab, "/Session/sign-in"));
        visit.remove(COMPANION);
        visit.remove(HOST_HTTP);
        lab.step(&mut visit, "after the lifetime of the companion", UNPROVEN, NONE, who);
    }
    // Chromium reads an unknown `SameSite` as a missing `SameSite`. So the stored companion never counts as the
    // companion of the JSON, and a refresh comes before each request.
    let replaced = json("SameSite=Lax", "SameSite=Laz");
    let mut visit = lab.visit(&App { replaced: Some(replaced), ..app() });
    let name = "one letter of `SameSite` differs";
    lab.step(&mut visit, name, "200", REGISTERED, |tab| status(tab, "/Session/sign-in"));
    for _ in 0..3 {
        lab.step(&mut visit, "a request with the companion", "ada, proven", REFRESHED, who);
    }
}

/// Chromium registers no key if it does not trust the server's certificate, even if it ignores the error.
fn ignored_certificate_errors(lab: &mut Lab<'_>) {
    let untrusted = Network { authority: Authority::new(), proxy: lab.network.proxy };
    let arguments = [FEATURES, "--ignore-certificate-errors"];
    let Some(browser) = Browser::start_with(Kind::Chromium, &untrusted, &arguments) else { return };
    let mut visit = lab.visit_with(&app(), browser.tab());
    lab.step(&mut visit, "sign-in", "200", NONE, |tab| status(tab, "/Session/sign-in"));
    lab.step(&mut visit, "the user", "ada", NONE, who);
}
