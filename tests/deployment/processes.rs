//! Starts the processes of the deployment on loopback: Redis, two instances of the application, and nginx in front of
//! the instances. All processes listen on their ports before the test begins. When a [`Process`] is dropped, `drop`
//! stops the operating-system process. If a test fails, the deployment prints the log of each process.

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

/// The host name in nginx's configuration.
pub(crate) const HOST: &str = "shop.example";

const TIME_LIMIT: Duration = Duration::from_secs(10);

/// All processes of the deployment.
pub(crate) struct Deployment {
    /// Two ports of nginx. nginx forwards requests at these ports to both instances, as in the configuration of the
    /// guide.
    pub(crate) both: Site,
    /// Two ports of nginx. nginx forwards requests at these ports only to the first instance. With `one` and `two`, a
    /// test chooses the instance that handles its requests.
    pub(crate) one: Site,
    pub(crate) two: Site,
    /// Two ports of nginx with a limit. nginx forwards two page requests to both instances, and then answers with the
    /// status 429.
    pub(crate) limited: Site,
    /// nginx's certificate, which clients trust.
    pub(crate) certificate: Certificate,
    /// The keyring of both instances.
    keys: String,
    redis_program: PathBuf,
    redis_port: u16,
    // Rust drops the fields in this order, so nginx stops first and Redis stops last.
    nginx: Option<Process>,
    instances: Vec<Process>,
    redis: Option<Process>,
    directory: Directory,
}

/// The ports on which nginx listens for one upstream, and the port of the first instance in that upstream.
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

    /// Returns a URL that reaches the instance directly, without nginx.
    pub(crate) fn direct(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.instance)
    }
}

impl Deployment {
    /// Starts all processes. If nginx or Redis is not installed, prints a notice and returns `None`. In CI, a missing
    /// program is a failure.
    pub(crate) fn start() -> Option<Deployment> {
        let (nginx, redis_program) = (find_program("nginx")?, find_program("redis-server")?);
        let directory = Directory::new();
        let (first, second, redis_port) = (free_port(), free_port(), free_port());
        let site = |instance| Site { https: free_port(), http: free_port(), instance };
        let mut deployment = Deployment {
            both: site(first),
            one: site(first),
            two: site(second),
            limited: site(first),
            certificate: Certificate::for_names(&[HOST]).unwrap(),
            keys: hardtack::seal::Key::generate().to_base64(),
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
        deployment.instances = vec![deployment.start_instance("one", first), deployment.start_instance("two", second)];
        deployment.start_nginx(&nginx, first, second);
        Some(deployment)
    }

    pub(crate) fn stop_redis(&mut self) {
        self.redis = None;
    }

    pub(crate) fn start_redis(&mut self) {
        let port = format!("port {}", self.redis_port);
        let file =
            self.directory.write("redis.conf", &replace_each(include_str!("redis.conf"), &[("port 6379", &port)]));
        self.redis = Some(self.start_process("redis", Command::new(&self.redis_program).arg(file), &[self.redis_port]));
    }

    /// Waits until one line in the log of instance `one` contains every string of `texts`. Panics if the time limit is
    /// reached.
    pub(crate) fn assert_one_logs(&self, texts: &[&str]) {
        let log = self.directory.0.join("one.log");
        let found = wait_for(|| {
            let log = std::fs::read_to_string(&log).unwrap();
            log.lines().any(|line| texts.iter().all(|text| line.contains(text))).then_some(())
        });
        assert!(found.is_some(), "no line of the log contains all of {texts:?}");
    }

    /// Starts this executable again, as an instance.
    fn start_instance(&self, name: &'static str, port: u16) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "shop_instance", "--nocapture"]);
        command.env(instance::NAME, name);
        command.env(instance::ADDRESS, format!("127.0.0.1:{port}"));
        command.env(instance::REDIS, format!("redis://127.0.0.1:{}", self.redis_port));
        command.env("HARDTACK_POLICY_FORCE_HTTPS_HOSTS", HOST);
        command.env("HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT", self.both.https.to_string());
        command.env("HARDTACK_POLICY_KEYRING", &self.keys);
        self.start_process(name, &mut command, &[port])
    }

    fn start_nginx(&mut self, program: &Path, first: u16, second: u16) {
        let server = |port: u16| format!("    server 127.0.0.1:{port};\n");
        let limit = "        limit_req zone=pages burst=1 nodelay;\n        limit_req_status 429;\n";
        let sites = [
            ("both", &self.both, server(first), server(second), ""),
            ("one", &self.one, server(first), String::new(), ""),
            ("two", &self.two, String::new(), server(second), ""),
            ("limited", &self.limited, server(first), server(second), limit),
        ];
        for (name, site, first, second, limit) in sites {
            let upstream = format!("http://{name};");
            // The lines of the guide page about device-bound sessions are in the same `server` block.
            let device_bound = replace_each(include_str!("device_bound.conf"), &[("http://shop;", &upstream)]);
            let pages = "    location / {\n";
            let text = replace_each(
                include_str!("nginx.conf"),
                &[
                    ("    server 127.0.0.1:3001;\n", &first),
                    ("    server 127.0.0.1:3002;\n", &second),
                    ("upstream shop ", &format!("upstream {name} ")),
                    ("http://shop;", &upstream),
                    (pages, &format!("{device_bound}{pages}{limit}")),
                    ("listen 80;", &format!("listen 127.0.0.1:{};", site.http)),
                    ("listen 443 ssl;", &format!("listen 127.0.0.1:{} ssl;", site.https)),
                    ("/etc/ssl/certs/shop.example.pem", "cert.pem"),
                    ("/etc/ssl/private/shop.example.key", "key.pem"),
                ],
            );
            self.directory.write(&format!("{name}.site"), &text);
        }
        // The file below replaces Debian's main configuration file `nginx.conf`. nginx resolves relative paths in the
        // configuration against the directory of this test deployment.
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary_paths: String = kinds.iter().map(|kind| format!("{kind}_temp_path {kind};\n")).collect();
        let main = format!(
            "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\nlimit_req_zone all zone=pages:1m rate=1r/m;\n\
             {temporary_paths}include *.site;\n}}\n"
        );
        let file = self.directory.write("main.conf", &main);
        let ports = [&self.both, &self.one, &self.two, &self.limited].map(|site| [site.https, site.http]).concat();
        let mut command = Command::new(program);
        command.arg("-p").arg(&self.directory.0).arg("-c").arg(file).args(["-e", "stderr"]);
        self.nginx = Some(self.start_process("nginx", &mut command, &ports));
    }

    /// Starts a process. Waits until the process listens on all ports of `ports`.
    fn start_process(&self, name: &'static str, command: &mut Command, ports: &[u16]) -> Process {
        let log = self.directory.0.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).unwrap();
        command.current_dir(&self.directory.0).stdin(Stdio::null());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let mut process = Process { name, child: command.spawn().unwrap(), log };
        for port in ports {
            let listens = wait_for(|| {
                let status = process.child.try_wait().unwrap();
                assert!(status.is_none(), "{name} has stopped: {status:?}");
                TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok()
            });
            assert!(listens.is_some(), "{name} does not listen on {port}");
        }
        process
    }
}

/// A process of the operating system. The process runs until the `Process` is dropped.
struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        // On SIGTERM, nginx also stops its worker processes. If nginx is killed with SIGKILL, its worker processes keep
        // running.
        let id = self.child.id().to_string();
        let terminated = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status();
        let ended =
            terminated.is_ok_and(|status| status.success()) && wait_for(|| self.child.try_wait().ok()?).is_some();
        if !ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if thread::panicking() {
            eprintln!("---- {}:\n{}", self.name, std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Returns whether nginx accepts the syntax of a location, and the messages of nginx. If nginx is not installed, prints
/// a notice and returns `None`.
pub(crate) fn check_location(location: &str) -> Option<(bool, String)> {
    let nginx = find_program("nginx")?;
    let directory = Directory::new();
    let main = format!(
        "pid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\nserver {{\nlisten 127.0.0.1:{};\n{location}}}\n}}\n",
        free_port()
    );
    let file = directory.write("main.conf", &main);
    let mut command = Command::new(nginx);
    command.args(["-t", "-e", "stderr", "-p"]).arg(&directory.0).arg("-c").arg(file);
    let output = command.output().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// A directory that is deleted when the value is dropped.
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

/// Returns the path of a program. If the program is not installed, prints a notice with the name of the Debian package.
/// The Debian package must have the same name as the program.
fn find_program(program: &str) -> Option<PathBuf> {
    // Debian installs nginx in a directory that is not in every user's `PATH`.
    let paths = [Path::new("").join(program), Path::new("/usr/sbin").join(program)];
    let starts =
        |path: &PathBuf| Command::new(path).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let found = paths.into_iter().find(starts);
    if found.is_none() {
        not_run(&format!("the deployment tests need `{program}`: apt-get install {program}"));
    }
    found
}

/// Replaces strings in a configuration file with other strings. Each replaced string must occur exactly once.
fn replace_each(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}` must occur once in\n{text}");
        text.replace(from, to)
    })
}

/// Returns a free port. Each call returns a different port. If the operating system assigns a port, the port is above
/// this function's range.
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

/// Calls `poll` until `poll` returns a value. Returns `None` if the time limit is reached.
fn wait_for<T>(mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        match poll() {
            Some(value) => return Some(value),
            None if start.elapsed() > TIME_LIMIT => return None,
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}
