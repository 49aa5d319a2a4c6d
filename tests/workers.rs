//! Runs the example for Cloudflare Workers (`tests/web/worker`) in `workerd`, the runtime of Cloudflare Workers.
//! workerd listens on a port for TLS and on a port for plain HTTP, and gives the Worker each request with an absolute
//! URI.
//!
//! workerd is an npm package. Install it with `npm ci --prefix tests/web/worker`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[path = "support/client.rs"]
mod client;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "support/tls.rs"]
mod tls;
#[path = "support/web_assembly.rs"]
mod web_assembly;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::Client;
use cookie::Cookie;
use not_run::not_run;
use serde_json::Value;
use tls::Certificate;

const HOST: &str = "shop.example";
const PAGE: (&str, &str) = ("Accept", "text/html");
/// A forged header: the client claims that its request came over HTTPS.
const CLAIM: (&str, &str) = ("X-Forwarded-Proto", "https");
const HTTPS_ONLY: &str = "this page works over HTTPS only";

#[tokio::test]
async fn worker_sets_cookies_over_https_only() {
    let Some(worker) = Worker::start() else { return };
    check_https(&worker).await;
    check_plain_http(&worker).await;
    check_absolute_uri(&worker);
}

async fn check_https(worker: &Worker) {
    let browser = worker.client();
    let before = unix_seconds();
    let reply = browser.get(worker.https("/sign-in")).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "signed in"));
    assert!(reply.header("strict-transport-security").is_some(), "{:?}", reply.headers);
    let [session, cart] = reply.set_cookies()[..] else { panic!("{:?}", reply.headers) };
    assert_eq!(cart, "__Host-Http-cart=0; Path=/; Secure; HttpOnly; SameSite=Lax");

    // The Worker has a clock, so the session ends one hour from now.
    let (start, rest) = session.split_once(" Expires=").unwrap();
    let (_, attributes) = rest.split_once(';').unwrap();
    assert_eq!((start, attributes), ("__Host-Http-session=s3cr3t; Path=/;", " Secure; HttpOnly; SameSite=Lax"));
    let end = Cookie::parse(session).unwrap().expires_datetime().unwrap().unix_timestamp();
    assert!((before..=unix_seconds()).contains(&(end - 3600)), "{session} {before}");

    for count in ["1", "2"] {
        assert_eq!(browser.get(worker.https("/cart")).await.body, format!("{count} in the cart"));
    }
}

async fn check_plain_http(worker: &Worker) {
    let client = worker.client();
    let page = client.get_with(worker.http("/sign-in"), &[PAGE]).await;
    assert_eq!((page.status, page.header("location")), (308, Some("https://shop.example/sign-in")));
    let api = client.get(worker.http("/sign-in")).await;
    // The Worker is a release build, so the body does not contain the reason.
    assert_eq!((api.status, api.body.as_str()), (403, HTTPS_ONLY));
    let forged = client.get_with(worker.http("/sign-in"), &[PAGE, CLAIM]).await;
    assert_eq!((forged.status, forged.header("location")), (403, None));
    for reply in [page, api, forged] {
        assert_eq!(reply.set_cookies(), [""; 0]);
    }
}

/// A client can send an absolute URI in the request line. workerd ignores the scheme of such a URI.
fn check_absolute_uri(worker: &Worker) {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, worker.http)).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = format!("GET https://{HOST}/sign-in HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    assert!(!response.to_ascii_lowercase().contains("set-cookie"), "{response}");
}

fn unix_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Returns the path of workerd, if npm has installed workerd. The name of the package depends on the platform.
fn installed_workerd(sources: &Path) -> Option<PathBuf> {
    let packages = fs::read_dir(sources.join("node_modules/@cloudflare")).ok()?;
    packages.flatten().map(|package| package.path().join("bin/workerd")).find(|program| program.is_file())
}

/// Returns the configuration of the JavaScript modules that the crate `worker` adds to the program. The names of the
/// modules contain a hash.
fn snippets(folder: &Path) -> String {
    let mut modules = String::new();
    for package in fs::read_dir(folder.join("snippets")).unwrap().flatten() {
        for file in fs::read_dir(package.path()).unwrap().flatten() {
            let path = file.path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            modules.push_str(&format!("(name = \"{name}\", esModule = embed \"{name}\"),\n"));
        }
    }
    modules
}

/// The Worker in a running workerd. When the `Worker` is dropped, `drop` stops workerd.
struct Worker {
    process: Child,
    certificate: Certificate,
    https: u16,
    http: u16,
    log: PathBuf,
}

impl Worker {
    /// Builds the Worker and starts workerd. If workerd or the compiler for WebAssembly is not installed, the function
    /// prints a notice and returns `None`. In CI, a missing program is a failure.
    fn start() -> Option<Worker> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/worker");
        let Some(workerd) = installed_workerd(&sources) else {
            not_run("the test of the Worker needs workerd: npm ci --prefix tests/web/worker");
            return None;
        };
        let folder = web_assembly::build("shop-worker")?;
        fs::copy(sources.join("worker.js"), folder.join("worker.js")).unwrap();
        let configuration = fs::read_to_string(sources.join("workerd.capnp")).unwrap();
        assert!(configuration.contains("# snippets\n"));
        fs::write(folder.join("workerd.capnp"), configuration.replace("# snippets\n", &snippets(&folder))).unwrap();
        let certificate = Certificate::for_names(&[HOST]).unwrap();
        fs::write(folder.join("key.pem"), &certificate.key).unwrap();
        fs::write(folder.join("certificate.pem"), &certificate.pem).unwrap();
        let log = folder.join("log");
        // workerd writes the ports to the file descriptor 3. The shell makes this descriptor the standard output.
        let process = Command::new("sh")
            .args(["-c", "exec \"$0\" serve workerd.capnp --control-fd=3 3>&1 >&2"])
            .arg(&workerd)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut worker = Worker { certificate, https: 0, http: 0, log, process };
        for line in BufReader::new(worker.process.stdout.take().unwrap()).lines().take(2) {
            let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let port = message["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap();
            match message["socket"].as_str() {
                Some("https") => worker.https = port,
                Some("http") => worker.http = port,
                _ => panic!("unexpected message: {message}"),
            }
        }
        assert!(worker.https != 0 && worker.http != 0, "workerd did not start");
        Some(worker)
    }

    /// Returns a client with a cookie store.
    fn client(&self) -> Client {
        // Each URL contains a port, so the client ignores the port 0 of the resolved address.
        let client = self.certificate.client().unwrap().resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Client(client.cookie_store(true).build().unwrap())
    }

    fn https(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.https)
    }

    fn http(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.http)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("---- workerd:\n{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}
