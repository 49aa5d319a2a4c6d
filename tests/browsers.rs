//! Visits test sites with Chromium, Firefox and WebKitGTK, over TLS with a trusted certificate and over plain HTTP. The test
//! suites check which cookies the browsers store, send and reject. The suites compare the cookies with their
//! declarations and with the predictions of `hardtack::audit`. For each browser, all suites share one browser process.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

#[path = "browsers/app_server.rs"]
mod app_server;
#[path = "support/axum_users.rs"]
mod axum_users;
#[path = "support/browser.rs"]
mod browser;
#[path = "support/built.rs"]
mod built;
#[path = "browsers/changes.rs"]
mod changes;
#[path = "browsers/declarations.rs"]
mod declarations;
#[path = "browsers/declared_cookies.rs"]
mod declared_cookies;
#[path = "browsers/device_bound.rs"]
mod device_bound;
#[path = "browsers/localhost.rs"]
mod localhost;
#[path = "support/network.rs"]
mod network;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "browsers/prefixed_sessions.rs"]
mod prefixed_sessions;
#[path = "changes/random_cases.rs"]
mod random_cases;
#[path = "browsers/removals.rs"]
mod removals;
#[path = "support/replay.rs"]
mod replay;
#[path = "browsers/shop.rs"]
mod shop;
#[path = "browsers/site.rs"]
mod site;
#[path = "browsers/vector_cases.rs"]
mod vector_cases;
#[path = "support/vectors.rs"]
mod vectors;
#[path = "browsers/webkitgtk.rs"]
mod webkitgtk;

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use hardtack::TlsTermination;
use tokio::runtime::Runtime;

use app_server::AppServer;
use browser::{Browser, Kind};
use network::{Authority, Network};
use replay::Replay;
use site::Site;

#[test]
fn chromium_behaves_as_predicted() {
    run_suites(Kind::Chromium);
}

#[test]
fn firefox_behaves_as_predicted() {
    run_suites(Kind::Firefox);
}

#[test]
fn webkitgtk_behaves_as_predicted() {
    run_suites(Kind::WebKitGtk);
}

/// The name of a test suite, and the function that runs the cases of the suite.
type Suite = (&'static str, fn(&mut Checks<'_>));

const SUITES: [Suite; 24] = [
    ("cookies that every browser refuses", declared_cookies::every_browser_refuses_some_cookies),
    ("declared cookies over TLS", declared_cookies::cookies_are_stored_as_declared),
    ("declared cookies on loopback over plain HTTP", declared_cookies::loopback_counts_as_https),
    ("declared cookies over plain HTTP", declared_cookies::plain_http_stores_no_secure_cookie),
    ("cookies in requests", declared_cookies::secure_cookies_are_sent_over_tls_only),
    ("attacks over plain HTTP", declared_cookies::plain_http_cannot_overwrite_secure_cookies),
    ("attacks by a sibling host", declared_cookies::sibling_hosts_cannot_replace_a_value),
    ("cookies written by scripts", declared_cookies::scripts_write_the_declared_cookie),
    ("undeclared cookies", declared_cookies::undeclared_cookies_are_hardened),
    ("redirect and HSTS", declared_cookies::plain_http_is_redirected_once),
    ("a first server on localhost", localhost::first_server_works_in_debug_builds),
    ("the example `shop`", shop::sign_in_and_out),
    ("a poll in flight", changes::a_stale_poll_does_not_undo_a_sign_in),
    ("two releases at once", changes::two_releases_at_once_sign_nobody_out),
    ("sessions behind `host_prefix`", prefixed_sessions::planted_sessions_are_ignored),
    ("attacks with and without `host_prefix`", prefixed_sessions::planted_sessions_need_the_prefix),
    ("migration to `host_prefix`", prefixed_sessions::users_stay_signed_in_during_a_migration),
    ("random cases of removals", removals::a_removal_always_matches),
    ("device-bound cookies without device-bound sessions", device_bound::browsers_without_them_work_as_before),
    ("vectors: set_cookie_audit", vector_cases::set_cookie_audit),
    ("vectors: wpt_store", vector_cases::web_platform_tests),
    ("vectors: loopback, by header", vector_cases::loopback_by_header),
    ("vectors: loopback, by script", vector_cases::loopback_by_script),
    ("vectors: removal and overwrite", vector_cases::removal_and_overwrite),
];

/// Runs every test suite, even if an earlier suite failed. Then panics if a suite failed, and lists all failures.
fn run_suites(kind: Kind) {
    let start = Instant::now();
    let runtime = Runtime::new().unwrap();
    let _entered = runtime.enter();
    let authority = Authority::new();
    let tls = authority.server(&NAMES, &["h2", "http/1.1"]);
    let site = Site::start(tls.clone(), TlsTermination::per_connection(), declarations::all());
    let hsts = Site::start(tls.clone(), TlsTermination::per_connection(), declarations::all());
    let apps = AppServer::start(tls.clone());
    let loopback = Site::start(tls, TlsTermination::per_connection(), declarations::all());
    let replay = Replay::start(&authority.server(&NAMES, &["http/1.1"]));
    let names = [(site::HOST, site.ports), (site::SIBLING, site.ports), (declared_cookies::HSTS_HOST, hsts.ports)];
    let names: Vec<_> = names.into_iter().chain(AppServer::HOSTS.map(|host| (host, apps.ports))).collect();
    let network = Network::start(authority, &names, replay.ports);
    let Some(browser) = Browser::start(kind, &network) else { return };
    let mut checks = Checks {
        browser: &browser,
        site: &site,
        loopback: &loopback,
        hsts: &hsts,
        apps: &apps,
        replay: &replay,
        count: 0,
        known_differences: Vec::new(),
        failures: Vec::new(),
    };

    let mut table = format!("{} {}\n", kind.name(), browser.version);
    let mut all_failures = Vec::new();
    for (name, suite) in SUITES {
        let started = Instant::now();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| suite(&mut checks))) {
            let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            checks.failures.push(format!("panicked: {}", message.unwrap_or("without a message")));
        }
        let count = std::mem::take(&mut checks.count);
        let known = std::mem::take(&mut checks.known_differences);
        let failures = std::mem::take(&mut checks.failures);
        let (differ, failed, took) = (known.len(), failures.len(), started.elapsed());
        table += &format!("{count:6} checks, {differ} known differences, {failed} failed: {name} ({took:.1?})\n");
        known.iter().for_each(|known| table += &format!("       {known}\n"));
        all_failures.extend(failures.into_iter().map(|failure| format!("{name}: {failure}")));
    }
    println!("{table}total time: {:.1?}", start.elapsed());
    assert!(all_failures.is_empty(), "{table}{}", all_failures.join("\n"));
}

/// The hosts in the servers' certificates.
const NAMES: [&str; 23] = [
    "www.shop.test",
    "evil.shop.test",
    "www.hsts.test",
    "localhost",
    "app.localhost",
    "127.0.0.1",
    "::1",
    "nas.lan",
    "192.168.1.20",
    "site.test",
    "www.site.test",
    "www1.site.test",
    "www2.www.site.test",
    "evil.site.test",
    "site.example",
    "www.example.com",
    "www.foo.com",
    "www.foonet.net",
    "x.kyoto.jp",
    "app.shop.example",
    "evil.shop.example",
    "shop.example",
    "other.test",
];

/// The browser and the servers that the test suites use, and the results of the checks.
struct Checks<'a> {
    browser: &'a Browser,
    /// Serves `www.shop.test` and a sibling host.
    site: &'a Site,
    /// Serves loopback addresses, which the browser reaches without the proxy.
    loopback: &'a Site,
    /// Serves a separate host. After the browser receives an HSTS header, it no longer visits this host over plain
    /// HTTP.
    hsts: &'a Site,
    /// Serves the hosts in [`AppServer::HOSTS`] and loopback hosts. Each suite starts its own applications on this
    /// server.
    apps: &'a AppServer,
    replay: &'a Replay,
    /// The number of checks that have run so far.
    count: usize,
    /// The expected differences between the browser and the audit's predictions that this run has found. Each string
    /// also contains the reason for the difference.
    known_differences: Vec<String>,
    failures: Vec<String>,
}

impl Checks<'_> {
    /// Counts one check, and stores the failure if the check failed.
    fn record(&mut self, label: impl Display, failure: Option<String>) {
        self.count += 1;
        self.failures.extend(failure.map(|failure| format!("{label}: {failure}")));
    }

    /// Stores a known difference, unless the suite has already stored it.
    fn known_difference(&mut self, difference: String) {
        if !self.known_differences.contains(&difference) {
            self.known_differences.push(difference);
        }
    }

    /// Checks that two values are equal.
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, label: impl Display, found: T, expected: T) {
        let failure = (found != expected).then(|| format!("found {found:?}, expected {expected:?}"));
        self.record(label, failure);
    }
}
