//! Tests device-bound sessions in a version of Chromium that supports them. Each scenario runs in its own browser
//! context. After each step, the test compares the answer of the application and Chromium's own events with the
//! expectation. A failed registration shows nothing in the page, so the events are the evidence.
//!
//! The file `device_bound.txt` contains the answers of the browser: for each step, the answer of the application, the
//! requests that Chromium sent, and Chromium's events. If a later Chromium behaves differently, the test fails and
//! prints the lines that differ. `DEVICE_BOUND=overwrite` writes the file again. Read the changes before you commit
//! them.

#[path = "device_bound/app.rs"]
mod app;
#[path = "device_bound/scenarios.rs"]
mod scenarios;
#[path = "device_bound/thief.rs"]
mod thief;

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use axum::http::HeaderValue;
use hardtack::seal::{Key, Keyring};
use tokio::runtime::Runtime;

use self::app::{App, DECLARATIONS, REFRESH, REGISTER};
use super::Checks;
use super::app_server::AppServer;
use super::browser::{Browser, Kind, StoredCookie, Tab};
use super::network::{Authority, Network};
use super::site::RequestRecord;

const HOST: &str = "app.shop.example";
const FEATURES: &str =
    "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting";
const PROOF: &str = "secure-session-response";
const IDENTIFIER: &str = "sec-secure-session-id";
const SKIPPED: &str = "secure-session-skipped";

/// The events of a registration. Chromium stores the challenge of the response before it creates the session, and so
/// reports that no session matches. But the first refresh uses this challenge.
const REGISTERED: &[&str] = &["challenge:NoSessionMatch", "creation:Success"];
const NONE: &[&str] = &[];

#[test]
fn chromium_proves_its_device() {
    let runtime = Runtime::new().unwrap();
    let _entered = runtime.enter();
    let authority = Authority::new();
    let tls = authority.server(&[&AppServer::HOSTS[..], &["localhost"]].concat(), &["h2", "http/1.1"]);
    // The second server receives the browser's own requests to other hosts.
    let (apps, elsewhere) = (AppServer::start(tls.clone()), AppServer::start(tls));
    let network = Network::start(authority, &AppServer::HOSTS.map(|host| (host, apps.ports)), elsewhere.ports);
    let Some(browser) = Browser::start_with(Kind::Chromium, &network, &[FEATURES]) else { return };
    let mut lab = Lab { network: &network, browser: &browser, apps: &apps, table: String::new(), failures: Vec::new() };
    for (name, run) in scenarios::ALL {
        let _ = writeln!(lab.table, "{name}");
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&mut lab))) {
            let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            lab.failures.push(format!("{name}: panicked: {}", message.unwrap_or("without a message")));
        }
    }
    lab.compare_with_file();
    assert!(lab.failures.is_empty(), "Chromium {}:\n{}", browser.version, lab.failures.join("\n"));
}

/// A browser without device-bound sessions ignores the offer. Its users sign in, stay signed in and sign out as before.
/// Only `Bound<T>` refuses them.
pub(crate) fn browsers_without_them_work_as_before(checks: &mut Checks<'_>) {
    let app = App::new(Keyring::new(Key::generate()));
    checks.apps.run(app.router());
    let tab = checks.browser.tab();
    tab.navigate(&checks.apps.url(HOST, "/page")).unwrap();
    for (declaration, _) in DECLARATIONS {
        let mut step = |step: &str, path: &str, expected: &str| {
            let found = tab.fetch(&format!("/{declaration}/{path}")).1;
            checks.equal(format!("{declaration}: {step}"), found, expected.to_owned());
        };
        step("before the sign-in", "who", "nobody");
        step("the sign-in", "sign-in", "");
        step("after the sign-in", "who", "ada");
        app.clock.advance(700);
        step("after the lifetime of a companion", "who", "ada");
        let payment = tab.evaluate(&format!("fetch('/{declaration}/pay', {{ method: 'POST' }}).then(it => it.status)"));
        checks.equal(format!("{declaration}: `Bound` refuses"), payment, 403.into());
        checks.equal(format!("{declaration}: stored cookies"), tab.cookies().len(), 1);
        checks.equal(format!("{declaration}: sign-out"), tab.fetch(&format!("/{declaration}/remove")).0, 200);
        checks.equal(format!("{declaration}: stored after the sign-out"), tab.cookies().len(), 0);
    }
    let requests = checks.apps.take_requests();
    checks.equal("requests to the endpoints", requests.iter().filter(|it| is_endpoint(it)).count(), 0);
}

fn is_endpoint(request: &RequestRecord) -> bool {
    [REGISTER, REFRESH].contains(&&*request.target)
}

/// The browser and the server of all scenarios, and the results.
struct Lab<'a> {
    network: &'a Network,
    browser: &'a Browser,
    apps: &'a AppServer,
    /// The answers of the browser, one line for each step.
    table: String,
    failures: Vec<String>,
}

impl<'a> Lab<'a> {
    /// Opens a page of the application in a browser context of its own.
    fn visit(&self, app: &App) -> Visit<'a> {
        self.visit_with(app, self.browser.tab())
    }

    fn visit_with<'b>(&self, app: &App, tab: Tab<'b>) -> Visit<'b>
    where
        'a: 'b,
    {
        self.apps.run(app.router());
        tab.watch_sessions();
        tab.navigate(&self.apps.url(HOST, "/page")).unwrap();
        self.apps.take_requests();
        Visit { apps: self.apps, tab, proofs: Vec::new(), identifier: String::new(), signed_in: String::new() }
    }

    /// Runs one step, and compares the answer and Chromium's events. Adds a line to the table.
    fn step(
        &mut self,
        visit: &mut Visit<'_>,
        name: &str,
        expected: &str,
        expected_events: &[&str],
        run: impl FnOnce(&Tab<'_>) -> String,
    ) {
        let answer = run(&visit.tab);
        let events = visit.tab.session_events(expected_events.len());
        let requests = visit.take_requests();
        self.row(name, &answer, &requests, &events, (expected, expected_events));
    }

    fn row(
        &mut self,
        name: &str,
        answer: &str,
        requests: &[String],
        events: &[String],
        (expected, expected_events): (&str, &[&str]),
    ) {
        let text = |list: &[String]| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        let _ = writeln!(self.table, "    {name}: {answer} | {} | events: {}", text(requests), text(events));
        if (answer, events) != (expected, &*expected_events.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()) {
            let expected_events = expected_events.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
            self.failures.push(format!(
                "{name}:\n    found    {answer} | {} | {}\n    expected {expected} | {}",
                text(requests),
                text(events),
                text(&expected_events)
            ));
        }
    }

    /// Records a failure if two values differ.
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, name: &str, found: T, expected: T) {
        if found != expected {
            self.failures.push(format!("{name}: found {found:?}, expected {expected:?}"));
        }
    }

    /// Signs a user in, and checks that Chromium registered a key.
    fn sign_in(&mut self, visit: &mut Visit<'_>, declaration: &str) {
        self.step(visit, "sign-in", "200", REGISTERED, |tab| status(tab, &format!("/{declaration}/sign-in")));
    }

    /// Compares the table with the file, or writes the file.
    fn compare_with_file(&mut self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("browsers/device_bound.txt");
        let found = format!("Chromium {}\n{}", major(&self.browser.version), self.table);
        if std::env::var_os("DEVICE_BOUND").is_some_and(|action| action == "overwrite") {
            fs::write(&file, found).unwrap();
            return;
        }
        let known = fs::read_to_string(&file).unwrap_or_default();
        // The version alone is no difference: a later Chromium may behave in the same way.
        let (known, found): (Vec<_>, Vec<_>) = (known.lines().skip(1).collect(), found.lines().skip(1).collect());
        let only_in = |lines: &[&str], others: &[&str], sign| {
            let lines = lines.iter().filter(|line| !others.contains(line));
            lines.map(|line| format!("{sign} {}", line.trim_start())).collect::<Vec<_>>()
        };
        let mut differing = only_in(&known, &found, '-');
        differing.extend(only_in(&found, &known, '+'));
        if differing.is_empty() && known != found {
            differing.push("the lines are in another order".to_owned());
        }
        if !differing.is_empty() {
            self.failures.push(format!(
                "{} lines differ from `browsers/device_bound.txt`; read them, then run the test with \
                 DEVICE_BOUND=overwrite:\n{}",
                differing.len(),
                differing.join("\n")
            ));
        }
    }
}

fn status(tab: &Tab<'_>, path: &str) -> String {
    tab.fetch(path).0.to_string()
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// A page of the application in one browser context.
struct Visit<'a> {
    apps: &'a AppServer,
    tab: Tab<'a>,
    /// The proofs that came, in order. The table shows the number of a proof.
    proofs: Vec<HeaderValue>,
    /// The identifier of the last refresh.
    identifier: String,
    /// The session cookie as the last sign-in set it, before the registration.
    signed_in: String,
}

impl Visit<'_> {
    /// Removes the cookie from the browser, as if it had expired.
    fn remove(&self, name: &str) {
        self.tab.remove_cookie(name, &self.apps.url(HOST, "/"));
    }

    fn stored(&self, name: &str) -> Option<StoredCookie> {
        self.tab.cookies().into_iter().find(|cookie| cookie.name == name)
    }

    /// Returns the requests since the last call, as texts: the method, the path, the status, the number of the proof,
    /// the names of the cookies, and the reason why Chromium skipped a refresh.
    fn take_requests(&mut self) -> Vec<String> {
        let requests = self.apps.take_requests();
        let mut requests: Vec<_> = requests.iter().map(|request| self.describe(request)).collect();
        // A registration comes in parallel with other requests.
        if requests.iter().any(|request| request.contains(" register ")) {
            requests.sort();
        }
        requests
    }

    fn describe(&mut self, request: &RequestRecord) -> String {
        let target = match &*request.target {
            REGISTER => "register",
            REFRESH => "refresh",
            other => other,
        };
        let mut text = format!("{} {target} {}", request.method, request.status);
        if let Some(proof) = request.headers.get(PROOF) {
            let known = self.proofs.iter().position(|known| known == proof);
            let number = known.unwrap_or_else(|| {
                self.proofs.push(proof.clone());
                self.proofs.len() - 1
            });
            let _ = write!(text, " proof {}", number + 1);
        }
        if let Some(identifier) = request.headers.get(IDENTIFIER) {
            self.identifier = identifier.to_str().unwrap().to_owned();
        }
        if request.target.ends_with("/sign-in") {
            let set_cookie = request.set_cookie_headers.first().map_or("", |header| header);
            self.signed_in = set_cookie.split(';').next().unwrap_or_default().to_owned();
        }
        let names = request.cookie.iter().flat_map(|cookies| cookies.split("; "));
        let names: Vec<_> = names.filter_map(|pair| pair.split('=').next()).collect();
        if !names.is_empty() {
            let _ = write!(text, " [{}]", names.join(" "));
        }
        if let Some(reason) = request.headers.get(SKIPPED) {
            let reason = reason.to_str().unwrap().split(';').next().unwrap();
            let _ = write!(text, " skipped: {reason}");
        }
        text
    }
}
