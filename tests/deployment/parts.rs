//! The deployment's parts: Redis, two instances, and nginx in front of them, each a process on loopback that answers when
//! it is handed out and is stopped by its id when it is dropped, also by a test that fails, whose output then has the
//! part's log.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::instance;
use super::not_run::not_run;
use super::tls::Certificate;

/// The host that the configuration names.
pub(crate) const HOST: &str = "shop.example";

const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that runs.
pub(crate) struct Deployment {
    /// The ports of the configuration as it is shown, over both instances.
    pub(crate) both: Site,
    /// The same with one instance each, so that a test chooses who answers.
    pub(crate) one: Site,
    pub(crate) two: Site,
    /// What nginx shows, and a client is told to believe.
    pub(crate) certificate: Certificate,
    /// The keyring of both instances.
    keys: String,
    redis_program: PathBuf,
    redis_port: u16,
    // In the order in which they are dropped.
    nginx: Option<Part>,
    instances: Vec<Part>,
    redis: Option<Part>,
    directory: Directory,
}

/// nginx's ports for one upstream, and where that upstream's first instance listens.
pub(crate) struct Site {
    https: u16,
    http: u16,
    instance: u16,
}

impl Site {
    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.https)
    }

    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.http)
    }

    /// The instance itself, past nginx.
    pub(crate) fn direct(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.instance)
    }
}

impl Deployment {
    /// Starts everything; `None`, and a loud line, where nginx or Redis is not installed. In CI that is a failure.
    pub(crate) fn start() -> Option<Deployment> {
        let (nginx, redis_program) = (installed("nginx")?, installed("redis-server")?);
        let directory = Directory::new();
        let (first, second, redis_port) = (free_port(), free_port(), free_port());
        let site = |instance| Site { https: free_port(), http: free_port(), instance };
        let mut deployment = Deployment {
            both: site(first),
            one: site(first),
            two: site(second),
            certificate: Certificate::for_names(&[HOST]).unwrap(),
            keys: hardtack::Key::generate().to_base64(),
            redis_program,
            redis_port,
            nginx: None,
            instances: Vec::new(),
            redis: None,
            directory,
        };
        deployment.directory.write("cert.pem", &deployment.certificate.pem);
        deployment.directory.write("key.pem", &deployment.certificate.key);
        deployment.start_redis();
        deployment.instances = vec![deployment.instance("one", first), deployment.instance("two", second)];
        deployment.start_nginx(&nginx, first, second);
        Some(deployment)
    }

    pub(crate) fn stop_redis(&mut self) {
        self.redis = None;
    }

    pub(crate) fn start_redis(&mut self) {
        let port = format!("port {}", self.redis_port);
        let file = self.directory.write("redis.conf", &adapted(include_str!("redis.conf"), &[("port 6379", &port)]));
        self.redis = Some(self.part("redis", Command::new(&self.redis_program).arg(file), &[self.redis_port]));
    }

    /// Waits until instance `one` wrote a line to its log that holds all of these.
    pub(crate) fn one_logs(&self, texts: &[&str]) {
        let log = self.directory.0.join("one.log");
        let found = until(|| {
            let log = std::fs::read_to_string(&log).unwrap();
            log.lines().any(|line| texts.iter().all(|text| line.contains(text))).then_some(())
        });
        assert!(found.is_some(), "no line of the log holds all of {texts:?}");
    }

    /// This executable once more, as an instance.
    fn instance(&self, name: &'static str, port: u16) -> Part {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "instance_of_the_shop", "--nocapture"]);
        command.env(instance::NAME, name);
        command.env(instance::ADDRESS, format!("127.0.0.1:{port}"));
        command.env(instance::REDIS, format!("redis://127.0.0.1:{}", self.redis_port));
        command.env("HARDTACK_POLICY_FORCE_HTTPS_HOSTS", HOST);
        command.env("HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT", self.both.https.to_string());
        command.env("HARDTACK_POLICY_KEYRING", &self.keys);
        self.part(name, &mut command, &[port])
    }

    fn start_nginx(&mut self, program: &Path, first: u16, second: u16) {
        let server = |port: u16| format!("    server 127.0.0.1:{port};\n");
        let sites = [
            ("both", &self.both, server(first), server(second)),
            ("one", &self.one, server(first), String::new()),
            ("two", &self.two, String::new(), server(second)),
        ];
        for (name, site, first, second) in sites {
            let text = adapted(
                include_str!("nginx.conf"),
                &[
                    ("    server 127.0.0.1:3001;\n", &first),
                    ("    server 127.0.0.1:3002;\n", &second),
                    ("upstream shop ", &format!("upstream {name} ")),
                    ("http://shop;", &format!("http://{name};")),
                    ("listen 80;", &format!("listen 127.0.0.1:{};", site.http)),
                    ("listen 443 ssl;", &format!("listen 127.0.0.1:{} ssl;", site.https)),
                    ("/etc/ssl/certs/shop.example.pem", "cert.pem"),
                    ("/etc/ssl/private/shop.example.key", "key.pem"),
                ],
            );
            self.directory.write(&format!("{name}.site"), &text);
        }
        // What Debian's own `nginx.conf` is to the sites; relative paths are in this directory.
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = kinds.iter().map(|kind| format!("{kind}_temp_path {kind};\n")).collect();
        let main = format!(
            "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}include *.site;\n}}\n"
        );
        let file = self.directory.write("main.conf", &main);
        let ports = [&self.both, &self.one, &self.two].map(|site| [site.https, site.http]).concat();
        let mut command = Command::new(program);
        command.arg("-p").arg(&self.directory.0).arg("-c").arg(file).args(["-e", "stderr"]);
        self.nginx = Some(self.part("nginx", &mut command, &ports));
    }

    /// Starts a part and waits until it listens on all of its ports.
    fn part(&self, name: &'static str, command: &mut Command, ports: &[u16]) -> Part {
        let log = self.directory.0.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).unwrap();
        command.current_dir(&self.directory.0).stdin(Stdio::null());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let mut part = Part { name, child: command.spawn().unwrap(), log };
        for port in ports {
            let listens = until(|| {
                let status = part.child.try_wait().unwrap();
                assert!(status.is_none(), "{name} ended: {status:?}");
                TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok()
            });
            assert!(listens.is_some(), "{name} does not listen on {port}");
        }
        part
    }
}

/// A process that runs until the value is dropped.
struct Part {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        // nginx stops its workers when it is asked to end, not when it is killed.
        let id = self.child.id().to_string();
        let asked = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status();
        let ended = asked.is_ok_and(|status| status.success()) && until(|| self.child.try_wait().ok()?).is_some();
        if !ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if thread::panicking() {
            eprintln!("---- {}:\n{}", self.name, std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// A directory that goes with the value.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        let name = format!("deployment-{}-{}", std::process::id(), free_port());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Where the program is; Debian's packages have the programs' names.
fn installed(program: &str) -> Option<PathBuf> {
    // Debian's nginx is in a directory that is not on everybody's path.
    let places = [Path::new("").join(program), Path::new("/usr/sbin").join(program)];
    let starts =
        |place: &PathBuf| Command::new(place).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let found = places.into_iter().find(starts);
    if found.is_none() {
        not_run(&format!("the deployment's tests need `{program}`: apt-get install {program}"));
    }
    found
}

/// A configuration with these texts in place of others, each of which stands in it once.
fn adapted(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}` in\n{text}");
        text.replace(from, to)
    })
}

/// A port that nobody listens on, below those that the system gives to others by itself, and given out once.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        let start = u16::try_from(std::process::id() % 187).unwrap() * 64;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 20_000 + (start + port) % 12_000));
        if TcpListener::bind(address).is_ok() {
            return address.port();
        }
    }
}

/// Asks again until there is an answer, for a bounded time.
fn until<T>(mut answer: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        match answer() {
            Some(answer) => return Some(answer),
            None if start.elapsed() > PATIENCE => return None,
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}
