//! A server of a framework under a bounded load: good clients whose session changes with each exchange, hostile ones, and
//! policies and keys that change meanwhile. Each good exchange must get exactly its cookies, no cookie may be seen in
//! another exchange, and what a round took must be given back. Counts exchanges, never time.
//!
//! | route | takes | does |
//! |---|---|---|
//! | `/load/{n}` | `SiteCookies`, `Cookies` | [`read`]s, lets others go on ([`pause`]), [`set`]s three cookies to `n`; answers what it read |
//! | `/large/{n}` | `Cookies` | sets [`session`]`(n)`, answers [`large`] |
//! | `/lots/{n}` | `SiteCookies` | [`set_lots`] of cookies to `n` |
//! | `/panic/{n}` | `Cookies` | sets [`session`]`(n)`, then [`panics`] |
//!
//! Where the test runs it is alone in its process, since it weighs that: it starts itself again. `HARDTACK_LOAD=10` makes
//! each round ten times as long.

use std::alloc::System;
use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use cap::Cap;
use hardtack::{
    Cookies, EventKind, Floor, Key, Keyring, Listener, Policy, PolicyHandle, ReadError, SameSite, SetError, testing,
};
use http::header::SET_COOKIE;
use http::{HeaderMap, Version};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::site::{certificate, exchange};
use super::tls::Certificate;
use super::{Framework, HOST, Note, Served, Session, SiteCookies, Stand};

mod hostile;
mod memory;

/// Counts what is allocated, for [`memory`].
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Says to the process that it is the one that runs a load.
const ALONE: &str = "HARDTACK_LOAD_ALONE";
/// Stands in every session, and may stand in no event.
const MARK: &str = "s3cr3t";

// ---- What the routes do, alike in each framework.

/// The session of an exchange: of different lengths, so that one buffer in place of another is seen.
pub(crate) fn session(n: u32) -> Session {
    Session(format!("{MARK}-{n}-{}", "x".repeat(n as usize % 61)))
}

/// What the request carried.
pub(crate) fn read(site: &SiteCookies, cookies: &Cookies) -> Result<String, ReadError> {
    Ok(told(site.session()?, cookies.get::<Note>()?, site.sso()?))
}

fn told(session: Option<Session>, note: Option<Note>, sso: Option<String>) -> String {
    format!("{session:?} {note:?} {sso:?}")
}

/// Lets other exchanges of the same thread go on in between.
pub(crate) async fn pause(n: u32) {
    for _ in 0..n % 4 {
        tokio::task::yield_now().await;
    }
}

/// One plain cookie, one that the keyring seals, one that the policy gives its Domain.
pub(crate) fn set(site: &SiteCookies, cookies: &Cookies, n: u32) -> Result<(), SetError> {
    site.set_session(session(n))?;
    cookies.set(Note(n))?;
    site.set_sso(n.to_string())
}

const LOTS: u32 = 150;

pub(crate) fn set_lots(site: &SiteCookies, n: u32) -> Result<(), SetError> {
    (0..LOTS).try_for_each(|shop| site.set_basket_with(u64::from(n), |basket| basket.path(format!("/shop/{shop}"))))
}

/// More than a socket's buffer takes while nobody reads.
pub(crate) fn large() -> String {
    "large ".repeat(1 << 18)
}

/// As a handler's own `panic!` does, without its words in the output.
pub(crate) fn panics() -> ! {
    std::panic::resume_unwind(Box::new("the handler panics"))
}

// ---- How much of it.

/// Good clients of each kind: half over HTTP/1.1 with a connection of their own, half over HTTP/2 with [`SHARED`] in all.
const CLIENTS: usize = 24;
const SHARED: usize = 2;
/// Of one good client in one round.
const EXCHANGES: usize = 20;
const HOSTILE_CLIENTS: usize = 6;
/// Of each kind in one round.
const HOSTILE_EACH: usize = 8;
/// The first warms up; the others must take nothing more.
const ROUNDS: usize = 4;
/// Octets that the process may keep for each good exchange, for pools that still grow: a jar is three times as much.
const KEPT: usize = 100;
/// A net for what waits for ever; nothing is measured by it.
const DEADLINE: Duration = Duration::from_secs(900);

/// Runs the load in a process of its own, and prints its figures. The test must be called `…_holds_under_load`.
pub(crate) fn under_load<F: Framework + 'static>() {
    let times = std::env::var("HARDTACK_LOAD").map_or(1, |times| match times.parse() {
        Ok(0) | Err(_) => panic!("`HARDTACK_LOAD` is `{times}`; write how many times as long the rounds are, as in 10"),
        Ok(times) => times,
    });
    if std::env::var_os(ALONE).is_some() {
        std::thread::spawn(|| {
            // It lives no longer than the test that waits for it.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            std::process::exit(1);
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let load = runtime.block_on(async {
            let run = tokio::time::timeout(DEADLINE * times, run::<F>(times as usize));
            run.await.unwrap_or_else(|_| panic!("the load does not come to an end"))
        });
        println!("{load}");
        return;
    }
    let test = format!("{}_holds_under_load", F::NAME);
    let mut alone = Command::new(std::env::current_exe().unwrap());
    alone.args(["--exact", &test, "--nocapture"]).env(ALONE, "1");
    let mut alone = alone.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waiting = alone.stdin.take();
    let done = alone.wait_with_output().unwrap();
    drop(waiting);
    let said = String::from_utf8_lossy(&done.stdout);
    let figures = said.lines().find(|line| line.starts_with(F::NAME));
    match figures.filter(|_| done.status.success()) {
        Some(figures) => println!("{figures}"),
        None => {
            let told = String::from_utf8_lossy(&done.stderr);
            // The events, of which there are thousands, end every line that is ours.
            let told: Vec<&str> = told.lines().filter(|line| !line.starts_with("hardtack: ")).collect();
            panic!("{}\n{said}\n{}", done.status, told.join("\n"));
        }
    }
}

async fn run<F: Framework + 'static>(times: usize) -> String {
    let load = Arc::new(Load::start::<F>().await);
    let begun = Instant::now();
    let mut weighed = Vec::new();
    for round in 0..ROUNDS {
        load.round(times).await;
        let kept = KEPT * CLIENTS * EXCHANGES * times * round;
        // The least: after one round or another a buffer of the servers' may not be given back yet.
        let least = weighed.iter().map(|weight: &memory::Weight| weight.heap).min();
        let bound = match least {
            Some(least) if round + 1 == ROUNDS => least + F::POOLS + kept,
            _ => usize::MAX,
        };
        weighed.push(load.settles(bound).await);
    }
    let seconds = begun.elapsed().as_secs_f64();
    // It answers as ever, by new connections.
    load.good_clients(1).await;
    load.figures(F::NAME, seconds, &weighed)
}

// ---- A policy in force, and what it makes of the cookies of `/load`.

struct Environment {
    domain: &'static str,
    is_strict: bool,
    /// What stands behind each cookie's value.
    session: &'static str,
    note: &'static str,
    sso: &'static str,
}

const ENVIRONMENTS: [Environment; 2] = [
    Environment {
        domain: "site.example",
        is_strict: false,
        session: "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax",
        note: "; Path=/; Secure; HttpOnly; SameSite=Lax",
        sso: "; Path=/; Domain=site.example; Secure; HttpOnly; SameSite=Lax",
    },
    Environment {
        domain: "www.site.example",
        is_strict: true,
        session: "; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict",
        note: "; Path=/; Secure; HttpOnly; SameSite=Strict",
        sso: "; Path=/; Domain=www.site.example; Secure; HttpOnly; SameSite=Strict",
    },
];

/// What the clients and the one who applies policies share.
struct Load {
    certificate: Certificate,
    connector: TlsConnector,
    policy: PolicyHandle,
    https: Served,
    http: Served,
    /// Each exchange has a number of its own.
    numbers: AtomicU32,
    /// How many policies were applied.
    applied: AtomicU64,
    /// Of each good client, how many had been when its last exchange began that is over.
    reached: Vec<AtomicU64>,
    progress: Notify,
    /// The keys that wrote, the latest first: more than any exchange outlives.
    keys: Mutex<Vec<Key>>,
    /// One that never does.
    stranger: Keyring,
    /// Held by each policy, and so by each jar that was opened under it.
    held: Mutex<Vec<Weak<()>>>,
    tells_values: Arc<AtomicBool>,
    /// Connections of clients that stopped in the middle.
    stopped: Mutex<VecDeque<TlsStream<TcpStream>>>,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    good: AtomicU64,
    /// Hostile ones with a proper answer, a 4xx or 5xx, a connection that the server closed, one that the client did.
    answered: AtomicU64,
    refused: AtomicU64,
    closed: AtomicU64,
    aborted: AtomicU64,
    rotations: AtomicU64,
}

impl Load {
    async fn start<F: Framework>() -> Load {
        let certificate = certificate();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificate.pem.as_bytes()).unwrap()).unwrap();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let policy = PolicyHandle::new(Policy::default());
        let stand = |tls| Stand { policies: vec![policy.clone()], listener: Listener::per_connection(), tls };
        let (https, http) = (F::serve(stand(Some(certificate.clone()))).await, F::serve(stand(None)).await);
        let load = Load {
            connector: TlsConnector::from(Arc::new(config)),
            certificate,
            policy,
            https,
            http,
            numbers: AtomicU32::new(1),
            applied: AtomicU64::new(0),
            reached: (0..CLIENTS).map(|_| AtomicU64::new(0)).collect(),
            progress: Notify::new(),
            keys: Mutex::new(vec![Key::generate()]),
            stranger: Keyring::new(Key::generate()),
            held: Mutex::default(),
            tells_values: Arc::default(),
            stopped: Mutex::default(),
            tally: Tally::default(),
        };
        load.apply(load.keyring());
        load
    }

    fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The latest key, which writes, and every other one.
    fn keyring(&self) -> Keyring {
        let keys = self.keys.lock().unwrap();
        keys[1..].iter().fold(Keyring::new(keys[0].clone()), |keyring, key| keyring.with(key.clone()))
    }

    // ---- Policies.

    /// The next policy, in the other environment.
    fn apply(&self, keyring: Keyring) {
        let applied = self.applied.load(Ordering::SeqCst);
        let environment = &ENVIRONMENTS[applied as usize % 2];
        let (held, tells_values) = (Arc::new(()), self.tells_values.clone());
        self.held.lock().unwrap().push(Arc::downgrade(&held));
        let policy = Policy::builder().keyring(keyring).cookie_domain(environment.domain).on_event(move |event| {
            let _ = &held;
            if event.to_string().contains(MARK) {
                tells_values.store(true, Ordering::SeqCst);
            }
        });
        let policy = match environment.is_strict {
            // Plain HTTP reaches the handlers there.
            true => policy
                .floor(Floor::new().same_site(SameSite::Strict).max_age(Duration::from_secs(3600)))
                .force_https(false),
            false => policy,
        };
        self.policy.apply(policy.build().unwrap());
        self.applied.store(applied + 1, Ordering::SeqCst);
    }

    /// Rotates keys as `runtime/docs/seal.md` says, until all good clients are through.
    async fn rotate(&self) {
        loop {
            let (old, new) = (self.keys.lock().unwrap()[0].clone(), Key::generate());
            {
                let mut keys = self.keys.lock().unwrap();
                keys.insert(0, new.clone());
                keys.truncate(64);
            }
            for keyring in [
                Keyring::new(old.clone()).with(new.clone()),
                Keyring::new(new.clone()).with(old),
                // The longest life of a cookie here: until its client had another.
                Keyring::new(new),
            ] {
                self.apply(keyring);
                self.every_client_has_seen_it().await;
            }
            self.tally.rotations.fetch_add(1, Ordering::Relaxed);
            if self.reached.iter().all(|reached| reached.load(Ordering::SeqCst) == u64::MAX) {
                return;
            }
        }
    }

    async fn every_client_has_seen_it(&self) {
        let applied = self.applied.load(Ordering::SeqCst);
        while self.reached.iter().any(|reached| reached.load(Ordering::SeqCst) < applied) {
            self.progress.notified().await;
        }
    }

    // ---- A round.

    async fn round(self: &Arc<Self>, times: usize) {
        let good = self.clone();
        let good = tokio::spawn(async move { good.good_clients(EXCHANGES * times).await });
        let hostile = (0..HOSTILE_CLIENTS).map(|first| {
            let load = self.clone();
            let exchanges = (first..hostile::KINDS.len() * HOSTILE_EACH * times).step_by(HOSTILE_CLIENTS);
            tokio::spawn(async move { load.hostile_client(exchanges).await })
        });
        let hostile: Vec<_> = hostile.collect();
        good.await.unwrap();
        for client in hostile {
            client.await.unwrap();
        }
        self.stopped.lock().unwrap().clear();
    }

    /// Each of them so many exchanges, while keys and policies change.
    async fn good_clients(self: &Arc<Self>, exchanges: usize) {
        self.reached.iter().for_each(|reached| reached.store(0, Ordering::SeqCst));
        let client = || self.certificate.client().unwrap().resolve(HOST, self.https.address);
        let shared: Vec<_> = (0..SHARED).map(|_| client().build().unwrap()).collect();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|at| {
                let load = self.clone();
                let (client, version) = match at % 2 {
                    0 => (client().http1_only().build().unwrap(), Version::HTTP_11),
                    _ => (shared[at / 2 % SHARED].clone(), Version::HTTP_2),
                };
                tokio::spawn(async move { load.good_client(at, &client, version, exchanges).await })
            })
            .collect();
        let rotating = tokio::spawn({
            let load = self.clone();
            async move { load.rotate().await }
        });
        for client in clients {
            client.await.unwrap();
        }
        rotating.await.unwrap();
    }

    async fn good_client(&self, at: usize, client: &reqwest::Client, version: Version, exchanges: usize) {
        let (mut last, mut held) = (None, Vec::new());
        for _ in 0..exchanges {
            let (n, applied) = (self.number(), self.applied.load(Ordering::SeqCst));
            let request = client.get(format!("https://{HOST}:{}/load/{n}", self.https.address.port()));
            let request = match version {
                // A field for each (RFC 9113 8.2.3).
                Version::HTTP_2 => held.iter().fold(request, |request, pair| request.header("Cookie", pair)),
                _ if held.is_empty() => request,
                _ => request.header("Cookie", held.join("; ")),
            };
            let response = request.send().await.unwrap();
            assert_eq!((response.status().as_u16(), response.version()), (200, version), "{last:?}");
            held = self.exactly(response.headers(), n);
            let read = told(last.map(session), last.map(Note), last.map(|last| last.to_string()));
            assert_eq!(response.text().await.unwrap(), read);
            last = Some(n);
            self.tally.good.fetch_add(1, Ordering::Relaxed);
            self.reached[at].store(applied, Ordering::SeqCst);
            self.progress.notify_one();
        }
        self.reached[at].store(u64::MAX, Ordering::SeqCst);
        self.progress.notify_one();
    }

    /// The three lines of `/load/{n}` and no other, of one environment; returns them as a browser sends them back.
    fn exactly(&self, headers: &HeaderMap, n: u32) -> Vec<String> {
        let lines: Vec<&str> = headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        let is_of = |environment: &&Environment| {
            let Environment { session: of_session, note: of_note, sso: of_sso, .. } = environment;
            lines.len() == 3
                && lines[0] == format!("__Host-Http-session={}{of_session}", session(n).0)
                && lines[1].starts_with("__Host-Http-note=1")
                && lines[1].ends_with(of_note)
                && lines[2] == format!("__Secure-sso={n}{of_sso}")
        };
        assert!(ENVIRONMENTS.iter().find(is_of).is_some(), "exchange {n}: {lines:#?}");
        assert_eq!(testing::sent_with::<Note>(headers, &self.keyring()).map(|note| note.0), Some(n));
        lines.iter().map(|line| line.split(';').next().unwrap().to_owned()).collect()
    }

    // ---- Afterwards.

    /// Waits until the servers have closed every connection and every jar, and the heap is within the bound: what never
    /// comes to pass is a leak. Returns what the process weighs.
    async fn settles(&self, bound: usize) -> memory::Weight {
        self.apply(Keyring::new(self.keys.lock().unwrap()[0].clone()));
        let patience = Instant::now() + Duration::from_secs(120);
        loop {
            let connections = self.connections();
            let policies = self.held.lock().unwrap().iter().filter(|held| held.strong_count() > 0).count();
            let weight = memory::Weight::of_this_process(HEAP.allocated());
            if connections.unwrap_or(0) == 0 && policies == 1 && weight.heap <= bound {
                self.held.lock().unwrap().retain(|held| held.strong_count() > 0);
                return weight;
            }
            assert!(
                Instant::now() < patience,
                "{connections:?} connections are open, {policies} policies are held, {} octets are allocated of {bound}",
                weight.heap
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn connections(&self) -> Option<usize> {
        memory::connections(&[self.https.address.port(), self.http.address.port()])
    }

    fn figures(&self, framework: &str, seconds: f64, weighed: &[memory::Weight]) -> String {
        let of = |count: &AtomicU64| count.load(Ordering::SeqCst);
        let Tally { good, answered, refused, closed, aborted, rotations } = &self.tally;
        let hostile = of(answered) + of(refused) + of(closed) + of(aborted);
        assert!(!self.tells_values.load(Ordering::SeqCst), "an event tells a cookie's value");
        assert_eq!(self.policy.counters().get(EventKind::Mistake), 0, "a jar was dropped with cookies");
        let heap: Vec<_> = weighed.iter().map(|weight| (weight.heap / 1024).to_string()).collect();
        let resident: Option<Vec<_>> =
            weighed.iter().map(|weight| Some((weight.resident? / 1024).to_string())).collect();
        format!(
            "{framework:6} {} good; {hostile} hostile: {} answered, {} refused, {} closed, {} aborted; {} policies, {} keys; \
             {:.0} exchanges a second; after each round heap {} KiB, RSS {} MiB, open connections {}",
            of(good),
            of(answered),
            of(refused),
            of(closed),
            of(aborted),
            of(&self.applied),
            of(rotations),
            (of(good) + hostile) as f64 / seconds,
            heap.join(" "),
            resident.map_or("unknown".to_owned(), |resident| resident.join(" ")),
            self.connections().map_or("unknown", |_| "0"),
        )
    }
}
