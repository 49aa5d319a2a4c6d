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

use attack::{Attack, Outcome};
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
    if let (Some(careless), Some(outcome)) = (attack.careless, outcomes.1) {
        if *setup == victims::setups()[0] {
            table::add(column, attack, careless.row, outcome);
        }
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
