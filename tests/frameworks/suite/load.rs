//! Runs a framework's server under load. The test sends a fixed number of requests. Good clients get a new session with
//! each request. Hostile clients send malformed requests. While the clients send requests, the policies and keys
//! change. The test checks:
//!
//! - The response to a good request sets exactly the cookies that its handler sets.
//! - No response contains a cookie of a different request.
//! - The server frees the memory that a round used.
//!
//! | route | extractors | handler |
//! |---|---|---|
//! | `/load/{n}` | `SiteCookies`, `Cookies` | calls [`read`], then [`pause`], then [`set`] with `n`; returns the text
//! from [`read`] |
//! | `/large/{n}` | `Cookies` | sets [`session`]`(n)` and returns [`large`] |
//! | `/lots/{n}` | `SiteCookies` | calls [`set_lots`] |
//! | `/panic/{n}` | `Cookies` | sets [`session`]`(n)`, then calls [`panics`] |
//!
//! The test measures the memory of its process. So the test starts its own executable a second time, in a process
//! without other tests. With `HARDTACK_LOAD=10`, each round sends ten times as many requests.

use std::alloc::System;
use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use cap::Cap;
use hardtack::event::Kind;
use hardtack::policy::Baseline;
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookies, Policy, PolicyHandle, ReadError, SameSite, SetError, TlsTermination, testing};
use http::header::SET_COOKIE;
use http::{HeaderMap, Version};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::site::{certificate, send_and_read_to_end};
use super::tls::Certificate;
use super::{Framework, HOST, Note, RunningServer, Session, Setup, SiteCookies};

mod hostile;
mod memory;

/// An allocator that counts the allocated bytes.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// The name of an environment variable. The variable is only set in the process that runs the load.
const LOAD_PROCESS: &str = "HARDTACK_LOAD_ALONE";
/// Every session's value contains this text. Events must not contain cookie values, so the test fails if an event
/// contains this text.
const SECRET_MARKER: &str = "s3cr3t";

// ---- The handlers that every framework shares.

/// Returns the session of request `n`. The sessions have different lengths, so that the test notices bytes from another
/// request's buffer.
pub(crate) fn session(n: u32) -> Session {
    Session(format!("{SECRET_MARKER}-{n}-{}", "x".repeat(n as usize % 61)))
}

/// Returns a text that describes the cookies of the request.
pub(crate) fn read(site: &SiteCookies, cookies: &Cookies) -> Result<String, ReadError> {
    Ok(describe(site.try_session()?, cookies.try_get::<Note>()?, site.try_sso()?))
}

fn describe(session: Option<Session>, note: Option<Note>, sso: Option<String>) -> String {
    format!("{session:?} {note:?} {sso:?}")
}

/// Yields `n % 4` times, so that other requests can run on the same thread.
pub(crate) async fn pause(n: u32) {
    for _ in 0..n % 4 {
        tokio::task::yield_now().await;
    }
}

/// Sets a plain cookie, a sealed cookie, and a cookie with the policy's `Domain`.
pub(crate) fn set(site: &SiteCookies, cookies: &Cookies, n: u32) -> Result<(), SetError> {
    site.set_session(session(n))?;
    cookies.set(Note(n))?;
    site.set_sso(n.to_string())
}

const LOTS_OF_COOKIES: u32 = 150;

/// Sets many cookies of one `keyed` declaration. Each cookie has the value `n`.
pub(crate) fn set_lots(site: &SiteCookies, n: u32) -> Result<(), SetError> {
    (0..LOTS_OF_COOKIES).try_for_each(|key| site.flow().set(&key.to_string(), n.to_string()))
}

/// Returns a body that is larger than a socket's buffer.
pub(crate) fn large() -> String {
    "large ".repeat(1 << 18)
}

/// Panics like `panic!`, but prints no message.
pub(crate) fn panics() -> ! {
    std::panic::resume_unwind(Box::new("the handler panics"))
}

// ---- The size of the load.

/// The number of good clients. Half of the good clients use HTTP/1.1, with one connection per client. The other good
/// clients use HTTP/2 and share [`HTTP_2_CONNECTIONS`] connections.
const GOOD_CLIENTS: usize = 24;
const HTTP_2_CONNECTIONS: usize = 2;
/// The number of requests of one good client in one round.
const REQUESTS_PER_CLIENT: usize = 20;
const HOSTILE_CLIENTS: usize = 6;
/// The number of hostile requests of each kind in one round.
const HOSTILE_PER_KIND: usize = 8;
/// The number of rounds. The first round fills buffers and pools. So the test compares the memory usage with a limit
/// only after the last round.
const ROUNDS: usize = 4;
/// The number of bytes by which memory pools may grow for each good request. If each request leaked a jar, the memory
/// would grow three times as fast.
const POOL_GROWTH_PER_REQUEST: usize = 100;
/// The time limit of the whole load. If a request never ends, the test stops at the time limit.
const DEADLINE: Duration = Duration::from_secs(900);

/// Runs the load in a new process, and prints a summary. The name of the calling test must be
/// `{NAME}_holds_under_load`.
pub(crate) fn under_load<F: Framework + 'static>() {
    let times = std::env::var("HARDTACK_LOAD").map_or(1, |times| match times.parse() {
        Ok(0) | Err(_) => {
            panic!("`HARDTACK_LOAD` is `{times}`; write a factor for the length of the rounds, such as 10")
        }
        Ok(times) => times,
    });
    if std::env::var_os(LOAD_PROCESS).is_some() {
        std::thread::spawn(|| {
            // The parent process holds the other end of stdin. When the parent process ends, stdin is closed and this
            // process exits too.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            std::process::exit(1);
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let load = runtime.block_on(async {
            let run = tokio::time::timeout(DEADLINE * times, run::<F>(times as usize));
            run.await.unwrap_or_else(|_| panic!("the load did not end in time"))
        });
        println!("{load}");
        return;
    }
    let test = format!("{}_holds_under_load", F::NAME);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &test, "--nocapture"]).env(LOAD_PROCESS, "1");
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = process.stdin.take();
    let output = process.wait_with_output().unwrap();
    drop(stdin);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let summary = stdout.lines().find(|line| line.starts_with(F::NAME));
    match summary.filter(|_| output.status.success()) {
        Some(summary) => println!("{summary}"),
        None => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            // Leave out the logged events, because the log contains thousands of events.
            let stderr: Vec<&str> = stderr.lines().filter(|line| !line.starts_with("hardtack: ")).collect();
            panic!("{}\n{stdout}\n{}", output.status, stderr.join("\n"));
        }
    }
}

async fn run<F: Framework + 'static>(times: usize) -> String {
    let load = Arc::new(Load::start::<F>().await);
    let start = Instant::now();
    let mut measurements = Vec::new();
    for round in 0..ROUNDS {
        load.round(times).await;
        let pool_growth = POOL_GROWTH_PER_REQUEST * GOOD_CLIENTS * REQUESTS_PER_CLIENT * times * round;
        // At the end of a round, some servers have not yet freed all of their buffers. So the memory limit depends on
        // the smallest heap of all rounds.
        let smallest = measurements.iter().map(|usage: &memory::Usage| usage.heap).min();
        let bound = match smallest {
            Some(smallest) if round + 1 == ROUNDS => smallest + F::POOL_BYTES + pool_growth,
            _ => usize::MAX,
        };
        measurements.push(load.settle(bound).await);
    }
    let seconds = start.elapsed().as_secs_f64();
    // The server still responds correctly on new connections.
    load.good_clients(1).await;
    load.summary(F::NAME, seconds, &measurements)
}

// ---- The two policies.

/// The settings of a policy, and the attributes that the cookies of `/load` have with this policy.
struct Environment {
    domain: &'static str,
    is_strict: bool,
    /// The part of each `Set-Cookie` header that follows the cookie's value.
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

/// The state of one load test. The clients and the task that applies policies share this state.
struct Load {
    certificate: Certificate,
    connector: TlsConnector,
    policy: PolicyHandle,
    https: RunningServer,
    http: RunningServer,
    /// The number of the next request.
    numbers: AtomicU32,
    /// The number of policies that were applied so far.
    applied: AtomicU64,
    /// For each good client, the number of policies that were applied before the client's last completed request.
    /// `u64::MAX` means that the client has finished.
    policies_seen: Vec<AtomicU64>,
    progress: Notify,
    /// The keys that sealed recent cookies. The latest key is first. A key stays in the list for longer than the
    /// slowest request takes.
    keys: Mutex<Vec<Key>>,
    /// A keyring that no policy uses. Servers must reject the values that this keyring seals.
    unknown_keyring: Keyring,
    /// Finds policies and jars that have leaked. Each policy has a token, and the list contains a weak reference to
    /// each token. The policy and its jars keep the token alive.
    policy_tokens: Mutex<Vec<Weak<()>>>,
    leaks_values: Arc<AtomicBool>,
    /// The open connections on which a client stopped in the middle of a request.
    stopped: Mutex<VecDeque<TlsStream<TcpStream>>>,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    good: AtomicU64,
    // The number of hostile requests by result. The word `refused` means a response with a 4xx or 5xx status. The word
    // `closed` means that the server closed the connection. The word `aborted` means that the client closed the
    // connection.
    succeeded: AtomicU64,
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
        let setup = |certificate| Setup {
            policies: vec![policy.clone()],
            tls_termination: TlsTermination::per_connection(),
            peer: None,
            certificate,
        };
        let (https, http) = (F::serve(setup(Some(certificate.clone()))).await, F::serve(setup(None)).await);
        let load = Load {
            connector: TlsConnector::from(Arc::new(config)),
            certificate,
            policy,
            https,
            http,
            numbers: AtomicU32::new(1),
            applied: AtomicU64::new(0),
            policies_seen: (0..GOOD_CLIENTS).map(|_| AtomicU64::new(0)).collect(),
            progress: Notify::new(),
            keys: Mutex::new(vec![Key::generate()]),
            unknown_keyring: Keyring::new(Key::generate()),
            policy_tokens: Mutex::default(),
            leaks_values: Arc::default(),
            stopped: Mutex::default(),
            tally: Tally::default(),
        };
        load.apply(load.keyring());
        load
    }

    fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns a keyring that seals with the latest key and opens with all recent keys.
    fn keyring(&self) -> Keyring {
        let keys = self.keys.lock().unwrap();
        keys[1..].iter().fold(Keyring::new(keys[0].clone()), |keyring, key| keyring.with(key.clone()))
    }

    // ---- Policies.

    /// Applies a new policy. The two environments of this file provide the settings in turn.
    fn apply(&self, keyring: Keyring) {
        let applied = self.applied.load(Ordering::SeqCst);
        let environment = &ENVIRONMENTS[applied as usize % 2];
        let (token, leaks_values) = (Arc::new(()), self.leaks_values.clone());
        self.policy_tokens.lock().unwrap().push(Arc::downgrade(&token));
        let policy = Policy::builder().keyring(keyring).cookie_domain(environment.domain).on_event(move |event| {
            let _ = &token;
            if event.to_string().contains(SECRET_MARKER) {
                leaks_values.store(true, Ordering::SeqCst);
            }
        });
        let policy = match environment.is_strict {
            // In the strict environment, plain HTTP requests reach the handlers.
            true => policy
                .baseline(Baseline::new().same_site(SameSite::Strict).longest_max_age(Duration::from_secs(3600)))
                .force_https(false),
            false => policy,
        };
        self.policy.apply(policy.build().unwrap());
        self.applied.store(applied + 1, Ordering::SeqCst);
    }

    /// Rotates keys until all good clients are done. Each rotation follows the steps in `runtime/docs/seal.md`.
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
                // The task removes the old key after every client has received a new cookie.
                Keyring::new(new),
            ] {
                self.apply(keyring);
                self.wait_for_every_client().await;
            }
            self.tally.rotations.fetch_add(1, Ordering::Relaxed);
            if self.policies_seen.iter().all(|policies_seen| policies_seen.load(Ordering::SeqCst) == u64::MAX) {
                return;
            }
        }
    }

    async fn wait_for_every_client(&self) {
        let applied = self.applied.load(Ordering::SeqCst);
        while self.policies_seen.iter().any(|policies_seen| policies_seen.load(Ordering::SeqCst) < applied) {
            self.progress.notified().await;
        }
    }

    // ---- A round.

    async fn round(self: &Arc<Self>, times: usize) {
        let good = self.clone();
        let good = tokio::spawn(async move { good.good_clients(REQUESTS_PER_CLIENT * times).await });
        let hostile = (0..HOSTILE_CLIENTS).map(|first| {
            let load = self.clone();
            let requests = (first..hostile::KINDS.len() * HOSTILE_PER_KIND * times).step_by(HOSTILE_CLIENTS);
            tokio::spawn(async move { load.hostile_client(requests).await })
        });
        let hostile: Vec<_> = hostile.collect();
        good.await.unwrap();
        for client in hostile {
            client.await.unwrap();
        }
        self.stopped.lock().unwrap().clear();
    }

    /// Runs the good clients while keys and policies change. Each client sends `requests` requests.
    async fn good_clients(self: &Arc<Self>, requests: usize) {
        self.policies_seen.iter().for_each(|policies_seen| policies_seen.store(0, Ordering::SeqCst));
        let client = || self.certificate.client().unwrap().resolve(HOST, self.https.address);
        let shared: Vec<_> = (0..HTTP_2_CONNECTIONS).map(|_| client().build().unwrap()).collect();
        let clients: Vec<_> = (0..GOOD_CLIENTS)
            .map(|at| {
                let load = self.clone();
                let (client, version) = match at % 2 {
                    0 => (client().http1_only().build().unwrap(), Version::HTTP_11),
                    _ => (shared[at / 2 % HTTP_2_CONNECTIONS].clone(), Version::HTTP_2),
                };
                tokio::spawn(async move { load.good_client(at, &client, version, requests).await })
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

    async fn good_client(&self, at: usize, client: &reqwest::Client, version: Version, requests: usize) {
        let (mut last, mut cookies) = (None, Vec::new());
        for _ in 0..requests {
            let (n, applied) = (self.number(), self.applied.load(Ordering::SeqCst));
            let request = client.get(format!("https://{HOST}:{}/load/{n}", self.https.address.port()));
            let request = match version {
                // In an HTTP/2 request, each cookie may have its own `Cookie` header (RFC 9113 8.2.3).
                Version::HTTP_2 => cookies.iter().fold(request, |request, pair| request.header("Cookie", pair)),
                _ if cookies.is_empty() => request,
                _ => request.header("Cookie", cookies.join("; ")),
            };
            let response = request.send().await.unwrap();
            assert_eq!((response.status().as_u16(), response.version()), (200, version), "{last:?}");
            cookies = self.assert_set_cookies(response.headers(), n);
            let expected = describe(last.map(session), last.map(Note), last.map(|last| last.to_string()));
            assert_eq!(response.text().await.unwrap(), expected);
            last = Some(n);
            self.tally.good.fetch_add(1, Ordering::Relaxed);
            self.policies_seen[at].store(applied, Ordering::SeqCst);
            self.progress.notify_one();
        }
        self.policies_seen[at].store(u64::MAX, Ordering::SeqCst);
        self.progress.notify_one();
    }

    /// Asserts that `headers` contains the `Set-Cookie` headers that `/load/{n}` sends in one of the two environments,
    /// and no other `Set-Cookie` headers. Returns the name and value of each cookie, in the format of a `Cookie`
    /// header.
    fn assert_set_cookies(&self, headers: &HeaderMap, n: u32) -> Vec<String> {
        let set_cookies: Vec<&str> = headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        let matches = |environment: &Environment| {
            set_cookies.len() == 3
                && set_cookies[0] == format!("__Host-Http-session={}{}", session(n).0, environment.session)
                && set_cookies[1].starts_with("__Host-Http-note=1")
                && set_cookies[1].ends_with(environment.note)
                && set_cookies[2] == format!("__Secure-sso={n}{}", environment.sso)
        };
        assert!(ENVIRONMENTS.iter().any(matches), "request {n}: {set_cookies:#?}");
        assert_eq!(testing::sent_with::<Note>(headers, &self.keyring()).map(|note| note.0), Some(n));
        set_cookies.iter().map(|set_cookie| set_cookie.split(';').next().unwrap().to_owned()).collect()
    }

    // ---- After a round.

    /// Waits until the servers have closed all connections and dropped all jars, and the heap has at most `bound`
    /// bytes. Returns the memory usage of the process. Panics if the wait lasts longer than two minutes: a connection,
    /// a jar or memory has leaked.
    async fn settle(&self, bound: usize) -> memory::Usage {
        self.apply(Keyring::new(self.keys.lock().unwrap()[0].clone()));
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let connections = self.open_connections();
            let policies = self.policy_tokens.lock().unwrap().iter().filter(|token| token.strong_count() > 0).count();
            let usage = memory::Usage::of_this_process(HEAP.allocated());
            if connections.unwrap_or(0) == 0 && policies == 1 && usage.heap <= bound {
                self.policy_tokens.lock().unwrap().retain(|token| token.strong_count() > 0);
                return usage;
            }
            assert!(
                Instant::now() < deadline,
                "leak: {connections:?} open connections, {policies} live policies, {} of {bound} bytes allocated",
                usage.heap
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn open_connections(&self) -> Option<usize> {
        memory::open_connections(&[self.https.address.port(), self.http.address.port()])
    }

    fn summary(&self, framework: &str, seconds: f64, measurements: &[memory::Usage]) -> String {
        let total = |count: &AtomicU64| count.load(Ordering::SeqCst);
        let Tally { good, succeeded, refused, closed, aborted, rotations } = &self.tally;
        let hostile = total(succeeded) + total(refused) + total(closed) + total(aborted);
        assert!(!self.leaks_values.load(Ordering::SeqCst), "an event contains a cookie's value");
        assert_eq!(self.policy.counters().get(Kind::Mistake), 0, "a jar was dropped with unsent cookies");
        let heap: Vec<_> = measurements.iter().map(|usage| (usage.heap / 1024).to_string()).collect();
        let resident: Option<Vec<_>> =
            measurements.iter().map(|usage| Some((usage.resident? / 1024).to_string())).collect();
        format!(
            "{framework:6} {} good; {hostile} hostile: {} succeeded, {} refused, {} closed, {} aborted; {} policies, \
             {} keys; {:.0} requests a second; after each round heap {} KiB, RSS {} MiB, open connections {}",
            total(good),
            total(succeeded),
            total(refused),
            total(closed),
            total(aborted),
            total(&self.applied),
            total(rotations),
            (total(good) + hostile) as f64 / seconds,
            heap.join(" "),
            resident.map_or("unknown".to_owned(), |resident| resident.join(" ")),
            self.open_connections().map_or("unknown", |_| "0"),
        )
    }
}
