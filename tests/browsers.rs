//! Chromium and Firefox as judges, over real TLS with a trusted certificate and over plain HTTP: what they store, send and
//! refuse of what hardtack writes, and whether `hardtack::audit` foretells them. One process of each for all the cases.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails the test"
)]

#[path = "support/browser.rs"]
mod browser;
#[path = "browsers/declarations.rs"]
mod declarations;
#[path = "browsers/declared.rs"]
mod declared;
#[path = "support/example.rs"]
mod example;
#[path = "browsers/lines.rs"]
mod lines;
#[path = "support/network.rs"]
mod network;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "support/replay.rs"]
mod replay;
#[path = "browsers/shop.rs"]
mod shop;
#[path = "browsers/site.rs"]
mod site;
#[path = "support/vectors.rs"]
mod vectors;

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use hardtack::Listener;
use tokio::runtime::Runtime;

use browser::{Browser, Kind};
use network::{Authority, Network};
use replay::Replay;
use site::Site;

#[test]
fn chromium() {
    judged_by(Kind::Chromium);
}

#[test]
fn firefox() {
    judged_by(Kind::Firefox);
}

/// A suite: its name, and the cases that it puts before the judge.
type Suite = (&'static str, fn(&mut Judge<'_>));

const SUITES: [Suite; 15] = [
    ("declared, over TLS", declared::stored_as_declared),
    ("declared, on loopback over plain HTTP", declared::stored_on_loopback),
    ("declared, over plain HTTP", declared::nothing_over_plain_http),
    ("sent", declared::sent_over_tls_alone),
    ("overwritten over plain HTTP", declared::plain_http_overwrites_nothing),
    ("tossed by a sibling", declared::siblings_toss_nothing_unseen),
    ("written by scripts", declared::written_by_scripts),
    ("foreign lines", declared::foreign_lines_are_hardened),
    ("redirect and HSTS", declared::redirected_and_remembered),
    ("the example", shop::visited),
    ("vectors: set_cookie_audit", lines::audited),
    ("vectors: wpt_store", lines::of_web_platform_tests),
    ("vectors: loopback, by header", lines::loopback_by_header),
    ("vectors: loopback, by script", lines::loopback_by_script),
    ("vectors: removal and overwrite", lines::removed_and_overwritten),
];

/// Runs every suite, whatever the ones before came to, and fails with all that went wrong.
fn judged_by(kind: Kind) {
    let start = Instant::now();
    let runtime = Runtime::new().unwrap();
    let _entered = runtime.enter();
    let authority = Authority::new();
    let tls = authority.server(&NAMES, &["h2", "http/1.1"]);
    let site = Site::start(tls.clone(), Listener::per_connection(), declarations::all());
    let hsts = Site::start(tls.clone(), Listener::per_connection(), declarations::all());
    let loopback = Site::start(tls, Listener::per_connection().loopback_in_debug(), declarations::all());
    let replay = Replay::start(&authority.server(&NAMES, &["http/1.1"]));
    let names = [(site::HOST, site.ports), (site::SIBLING, site.ports), (declared::HSTS_HOST, hsts.ports)];
    let network = Network::start(authority, &names, replay.ports);
    let Some(browser) = Browser::start(kind, &network) else { return };
    let mut judge = Judge {
        browser: &browser,
        site: &site,
        loopback: &loopback,
        hsts: &hsts,
        replay: &replay,
        verdicts: 0,
        known: Vec::new(),
        wrong: Vec::new(),
    };

    let mut table = format!("{} {}\n", kind.name(), browser.version);
    let mut wrong = Vec::new();
    for (name, suite) in SUITES {
        let started = Instant::now();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| suite(&mut judge))) {
            let why = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            judge.wrong.push(format!("ended early: {}", why.unwrap_or("a panic")));
        }
        let (verdicts, known) = (std::mem::take(&mut judge.verdicts), std::mem::take(&mut judge.known));
        let found = std::mem::take(&mut judge.wrong);
        let (differ, failed, took) = (known.len(), found.len(), started.elapsed());
        table += &format!("{verdicts:6} verdicts, {differ} known to differ, {failed} wrong: {name} ({took:.1?})\n");
        known.iter().for_each(|known| table += &format!("       {known}\n"));
        wrong.extend(found.into_iter().map(|found| format!("{name}: {found}")));
    }
    println!("{table}in {:.1?}", start.elapsed());
    assert!(wrong.is_empty(), "{table}{}", wrong.join("\n"));
}

/// What the servers' certificates are for.
const NAMES: [&str; 19] = [
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
];

/// What a suite works with, and what it found.
struct Judge<'a> {
    browser: &'a Browser,
    /// `www.shop.test` and a sibling.
    site: &'a Site,
    /// Reached directly.
    loopback: &'a Site,
    /// A host that nobody visits for anything else.
    hsts: &'a Site,
    replay: &'a Replay,
    verdicts: usize,
    /// Differences that are expected and were found, and why they are.
    known: Vec<String>,
    wrong: Vec<String>,
}

impl Judge<'_> {
    /// One verdict of the browser's.
    fn verdict(&mut self, of: impl Display, wrong: Option<String>) {
        self.verdicts += 1;
        self.wrong.extend(wrong.map(|wrong| format!("{of}: {wrong}")));
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, of: impl Display, found: T, expected: T) {
        let wrong = (found != expected).then(|| format!("{found:?}, not {expected:?}"));
        self.verdict(of, wrong);
    }
}
