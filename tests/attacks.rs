//! The published attacks on cookies, one by one. Each attack runs against declared cookies, against session libraries
//! without hardtack, and against the same libraries behind the policy. The victims' hosts are `app.shop.example` and
//! the like. The attacker has a sibling host, a host of another site, and answers plain HTTP requests. The file
//! `attacks/table.txt` has the results for raw requests and for each browser. The page "Known attacks" of the guide
//! describes each attack.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

#[path = "attacks/application.rs"]
mod application;
#[path = "attacks/attack.rs"]
mod attack;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/browser.rs"]
mod browser;
#[path = "attacks/in_browser.rs"]
mod in_browser;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/network.rs"]
mod network;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "attacks/raw.rs"]
mod raw;
#[path = "attacks/record.rs"]
mod record;
#[path = "attacks/table.rs"]
mod table;
#[path = "attacks/victims.rs"]
mod victims;

use std::collections::HashMap;
use std::time::Instant;

use tokio::runtime::Runtime;

use attack::{Attack, Goal, Outcome};
use browser::{Browser, Kind};
use in_browser::{BrowserClient, Front, OTHER_SITE};
use network::{Authority, Network, Ports};
use raw::Http;
use table::Column;
use victims::{Group, Running, Setup};

/// Returns the setups that the attack runs against.
fn setups_of(attack: &Attack) -> Vec<Setup> {
    let mut setups = victims::setups();
    setups.retain(|setup| attack.by_hand || setup.group != Group::LibraryWithPrefixByHand);
    setups
}

/// The victims' servers, and a client for each.
struct Victims {
    runtime: Runtime,
    client: reqwest::Client,
    servers: Vec<(Setup, Running)>,
}

impl Victims {
    fn start() -> Victims {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Runtime::new().unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let servers = runtime.block_on(async {
            let mut servers = Vec::new();
            for setup in victims::setups() {
                let server = setup.serve().await;
                servers.push((setup, server));
            }
            servers
        });
        Victims { runtime, client, servers }
    }

    fn http(&self, setup: &Setup, host: String) -> Http {
        let (_, server) = self.servers.iter().find(|(served, _)| served == setup).unwrap();
        Http { client: self.client.clone(), runtime: self.runtime.handle().clone(), address: server.address, host }
    }
}

/// Adds the outcomes of one attack to the column. The careless parser reads the requests to the first setup.
fn add(column: &mut Column, attack: &Attack, setup: &Setup, outcomes: (Outcome, Option<Outcome>)) {
    table::add(column, attack, &setup.row, outcomes.0);
    let first = &victims::setups()[0];
    if let (Some(careless), Some(outcome), true) = (attack.careless, outcomes.1, setup == first) {
        table::add(column, attack, careless.row, outcome);
    }
}

/// The outcomes of declared cookies and of cookies behind `host_prefix` that are neither `refused` nor an eviction.
/// Each has the reason why hardtack cannot prevent it.
const EXCEPTIONS: [Exception; 3] = [
    Exception {
        attack: "Serialization collisions",
        columns: &["raw requests"],
        row: None,
        outcome: "locked out",
        reason: "an old browser sends the planted cookie under the victim's name; the name comes twice, so no value \
                  counts",
    },
    Exception {
        attack: "Charset tricks",
        columns: &["raw requests", "Chromium", "Firefox"],
        row: Some("Rocket's private cookies, host_prefix"),
        outcome: "locked out",
        reason: "Rocket drops a header that is not UTF-8 before any fairing runs",
    },
    Exception {
        attack: "Response splitting",
        columns: &["raw requests", "Chromium", "Firefox"],
        row: Some("actix-session, host_prefix"),
        outcome: "error 500",
        reason: "actix-web responds with an error if it cannot write a cookie, so no header is split",
    },
];

struct Exception {
    attack: &'static str,
    columns: &'static [&'static str],
    /// The row of the table, or `None` if the exception is for all rows.
    row: Option<&'static str>,
    outcome: &'static str,
    reason: &'static str,
}

/// WebKitGTK's cookie store ignores the prefixes of names, and the protection needs a browser that enforces them.
const BROWSER_WITHOUT_PREFIXES: &str = "WebKitGTK";

#[test]
fn only_eviction_harms_declared_and_prefixed_cookies() {
    let groups: HashMap<String, Group> = victims::setups().into_iter().map(|setup| (setup.row, setup.group)).collect();
    let mut used = vec![false; EXCEPTIONS.len()];
    let mut count = 0;
    for block in table::read() {
        for (row, cells) in &block.rows {
            if !matches!(groups.get(row), Some(Group::Declared | Group::BehindPolicy)) {
                continue;
            }
            for (column, cell) in table::COLUMNS.into_iter().zip(cells) {
                let is_exception = |exception: &Exception| {
                    let is_row = exception.row.is_none_or(|only| only == row);
                    exception.attack == block.name && exception.columns.contains(&column) && is_row
                };
                let exception = EXCEPTIONS.iter().position(is_exception).filter(|at| EXCEPTIONS[*at].outcome == cell);
                exception.inspect(|at| used[*at] = true);
                let is_harmless = match cell.as_str() {
                    "refused" | "blocked by the browser" | "-" => true,
                    "signed out" => block.name.starts_with("Eviction"),
                    _ => exception.is_some() || column == BROWSER_WITHOUT_PREFIXES,
                };
                assert!(is_harmless, "{}: {row}, {column}: {cell}", block.name);
                count += 1;
            }
        }
    }
    assert!(count > 500, "{count}");
    for (exception, used) in EXCEPTIONS.iter().zip(used) {
        assert!(used, "{}: the table no longer has this exception: {}", exception.attack, exception.reason);
    }
}

/// An attack that succeeds nowhere proves nothing about hardtack. So each attack succeeds against a library without
/// hardtack or against a careless parser, or the browser blocks it everywhere.
#[test]
fn every_attack_has_a_control() {
    let attacks = record::attacks();
    for (attack, block) in attacks.iter().zip(table::read()) {
        assert_eq!(attack.name, block.name);
        let setups = setups_of(attack);
        let is_control = |row: &str| {
            let setup = setups.iter().find(|setup| setup.row == row);
            setup.is_none_or(|setup| match setup.group {
                Group::LibraryWithPrefixByHand => true,
                // A sibling host can plant a name without a prefix. So these rows show no spoofing of a prefix.
                Group::Library => attack.file != "names.rs",
                _ => false,
            })
        };
        let controls: Vec<_> = block.rows.iter().filter(|(row, _)| is_control(row)).map(|(_, cells)| cells).collect();
        let mut needs_reason = false;
        let goal = if attack.goal == Goal::Absence { "signed out" } else { "succeeds" };
        for (number, column) in table::COLUMNS.into_iter().enumerate() {
            let succeeds = controls.iter().any(|cells| cells[number] == goal);
            let is_blocked = controls.iter().all(|cells| ["blocked by the browser", "-"].contains(&&*cells[number]));
            if !succeeds && !is_blocked {
                needs_reason = true;
                assert!(attack.no_control.is_some(), "{}, {column}: no control is harmed", attack.name);
            }
        }
        assert_eq!(attack.no_control.is_some(), needs_reason, "{}", attack.name);
    }
}

#[test]
fn guide_page_has_a_section_for_each_attack() {
    let page = include_str!("../runtime/docs/attacks.md");
    let sections: Vec<&str> = page.split("\n### ").skip(1).collect();
    let titles: Vec<&str> = sections.iter().map(|section| section.lines().next().unwrap()).collect();
    let attacks = record::attacks();
    assert_eq!(titles, attacks.iter().map(|attack| attack.name).collect::<Vec<_>>());
    for (section, attack) in sections.iter().zip(&attacks) {
        let text = section.split_whitespace().collect::<Vec<_>>().join(" ");
        let test = format!("Test: `attacks/record/{}`.", attack.file);
        assert!(text.contains(&test), "{}: the section does not end with: {test}", attack.name);
    }
}

#[test]
fn raw_requests_have_the_results_of_the_table() {
    let victims = Victims::start();
    let column = std::sync::Mutex::new(Column::new());
    // Each setup has its own server, so the setups can be attacked at the same time.
    std::thread::scope(|scope| {
        for setup in victims::setups() {
            let (victims, column) = (&victims, &column);
            scope.spawn(move || {
                for attack in record::attacks().iter().filter(|attack| setups_of(attack).contains(&setup)) {
                    let outcomes = raw::worst_outcome(attack, &setup, &victims.http(&setup, setup.victim()));
                    add(&mut column.lock().unwrap(), attack, &setup, outcomes);
                }
            });
        }
    });
    table::compare(0, &column.into_inner().unwrap());
}

#[test]
fn chromium_has_the_results_of_the_table() {
    run_in_browser(Kind::Chromium, 1);
}

#[test]
fn firefox_has_the_results_of_the_table() {
    run_in_browser(Kind::Firefox, 2);
}

#[test]
fn webkitgtk_has_the_results_of_the_table() {
    run_in_browser(Kind::WebKitGtk, 3);
}

fn run_in_browser(kind: Kind, column: usize) {
    let start = Instant::now();
    let victims = Victims::start();
    let _entered = victims.runtime.enter();
    let authority = Authority::new();
    let setups = victims::setups();
    let hosts = |setup: &Setup| [setup.victim(), setup.victim_over_http2(), setup.sibling()];
    let names: Vec<String> = setups.iter().flat_map(hosts).chain([OTHER_SITE.to_owned()]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let addresses = victims
        .servers
        .iter()
        .flat_map(|(setup, server)| [setup.victim(), setup.victim_over_http2()].map(|host| (host, server.address)));
    let front = Front::new(victims.client.clone(), addresses.collect::<HashMap<_, _>>());
    let over_http1 = Ports::serve(front.router(), authority.server(&names, &["http/1.1"]));
    let over_http2 = Ports::serve(front.router(), authority.server(&names, &["h2", "http/1.1"]));
    let ports = names.iter().map(|name| (*name, if name.starts_with("h2.") { over_http2 } else { over_http1 }));
    let network = Network::start(authority, &ports.collect::<Vec<_>>(), over_http1);
    let Some(browser) = Browser::start(kind, &network) else { return };
    let mut results = Column::new();
    // The attacks on one setup follow each other, because a browser needs a new process for each site.
    for setup in &setups {
        let started = Instant::now();
        let tab = browser.tab();
        let mut client = BrowserClient::new(&tab, &front, setup);
        for attack in record::attacks().iter().filter(|attack| setups_of(attack).contains(setup)) {
            let host = if attack.over_http2 { setup.victim_over_http2() } else { setup.victim() };
            let mut attacker = victims.http(setup, host.clone());
            let target = attack::prepare(attack, setup, &mut attacker);
            client.begin(host);
            let outcomes = attack::run(attack, &target, &mut client, &mut attacker);
            add(&mut results, attack, setup, outcomes);
        }
        println!("{:8.1?} {}", started.elapsed(), setup.row);
    }
    println!("{} {}: {:.1?}", kind.name(), browser.version, start.elapsed());
    table::compare(column, &results);
}
