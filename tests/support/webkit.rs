//! Controls WebKitGTK on a virtual display (Xvfb). WebKitGTK has the same engine as Safari, but another network library
//! and another cookie store: libsoup. So a test in WebKitGTK is not a test in Safari.
//!
//! `WebKitWebDriver` visits pages and runs scripts (W3C WebDriver). In WebDriver, `GET /cookie` only lists the cookies
//! of the open page, and no command clears the whole cookie store. So the driver starts `webkit_window.py` in place of
//! WebKitGTK's own browser. This program also lists and clears the cookie store.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::{self, Runtime};

use super::super::network::Network;
use super::super::not_run::not_run;
use super::{PATIENCE, Process, Profile, find_program, text};

/// The file from which GnuTLS reads the certificate authorities. The packages of WebKitGTK have no setting for the path
/// of this file.
const TRUSTED_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Debian's Python. The package `python3-gi` does not work with another Python.
const PYTHON: &str = "/usr/bin/python3";
/// A program that succeeds if the packages of `webkit_window.py` are installed.
const IMPORTS: &str = "import gi; gi.require_version('WebKit2', '4.1'); from gi.repository import WebKit2";

/// The programs that open windows of WebKitGTK, and the open windows that no tab uses.
pub(super) struct WebKit {
    /// The windows of closed tabs. A new tab reuses one of these windows, because opening a window takes about a
    /// second.
    idle: RefCell<Vec<Window>>,
    driver: PathBuf,
    bubblewrap: PathBuf,
    proxy: SocketAddr,
    display: Display,
    profile: Profile,
}

impl WebKit {
    /// Starts the virtual display. If a program is not installed, calls [`not_run`] and returns `None`.
    pub(super) fn start(network: &Network, profile: Profile) -> Option<WebKit> {
        let driver = find_program(&["WebKitWebDriver"], "webkit2gtk-driver")?;
        let bubblewrap = find_program(&["bwrap"], "bubblewrap")?;
        let xvfb = find_program(&["Xvfb"], "xvfb")?;
        let can_import = Command::new(PYTHON).args(["-c", IMPORTS]).stderr(Stdio::null()).status();
        if !can_import.is_ok_and(|status| status.success()) {
            not_run("the tests in WebKitGTK need PyGObject: apt-get install python3-gi gir1.2-webkit2-4.1");
            return None;
        }
        if !Path::new(TRUSTED_AUTHORITIES).is_file() {
            not_run(&format!("the tests in WebKitGTK need `{TRUSTED_AUTHORITIES}`: apt-get install ca-certificates"));
            return None;
        }
        fs::write(profile.0.join("authority.pem"), &network.authority.pem).unwrap();
        // Several packages use this file, so the path of `webkit_window.py` from the package differs.
        fs::write(profile.0.join("webkit_window.py"), include_str!("webkit_window.py")).unwrap();
        let display = Display::start(&xvfb);
        let idle = RefCell::default();
        let webkit = WebKit { idle, driver, bubblewrap, proxy: network.proxy, display, profile };
        let can_mount = webkit.in_sandbox("true").stderr(Stdio::null()).status();
        if !can_mount.is_ok_and(|status| status.success()) {
            not_run("the tests in WebKitGTK need `bwrap`, and this machine does not let `bwrap` mount a file");
            return None;
        }
        Some(webkit)
    }

    /// Returns a window with an empty cookie store.
    pub(super) fn window(&self, accept_any_certificate: bool) -> Window {
        let window = self.idle.borrow_mut().pop().unwrap_or_else(|| Window::open(self));
        window.command(if accept_any_certificate { "accept any certificate" } else { "check certificates" });
        window.command("clear all");
        window.navigate("about:blank").unwrap();
        window
    }

    /// Takes the window of a closed tab back.
    pub(super) fn take_back(&self, window: Window) {
        self.idle.borrow_mut().push(window);
    }

    /// Returns a command that runs a program in a sandbox. In the sandbox, the authority of the tests is the only
    /// trusted authority. When the sandbox's process ends, all processes in the sandbox end.
    fn in_sandbox(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(&self.bubblewrap);
        command.args(["--dev-bind", "/", "/", "--ro-bind"]).arg(self.profile.0.join("authority.pem"));
        command.args([TRUSTED_AUTHORITIES, "--unshare-pid", "--proc", "/proc", "--die-with-parent", "--"]);
        command.arg(program.as_ref());
        command.env("HOME", &self.profile.0).env("DISPLAY", format!(":{}", self.display.number));
        // The tests need neither an accessibility bus nor a graphics card.
        command.envs([("NO_AT_BRIDGE", "1"), ("GTK_A11Y", "none"), ("LIBGL_ALWAYS_SOFTWARE", "1")]);
        command
    }
}

/// A window of WebKitGTK, with its own driver and its own cookie store.
pub(super) struct Window {
    pub(super) version: String,
    client: reqwest::Client,
    runtime: Runtime,
    /// The URL of the WebDriver session.
    session: String,
    /// The connection to `webkit_window.py`.
    commands: RefCell<BufReader<TcpStream>>,
    _driver: Process,
}

impl Window {
    fn open(webkit: &WebKit) -> Window {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (driver, address) = start_driver(webkit);
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let program = webkit.profile.0.join("webkit_window.py");
        let (program, port) = (program.to_str().unwrap(), listener.local_addr().unwrap().port().to_string());
        let options = json!({ "binary": PYTHON, "args": [program, port, webkit.proxy.to_string()] });
        let new = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let session = send(&runtime, client.post(format!("http://{address}/session")).body(new.to_string())).unwrap();
        let version = text(&session["capabilities"]["browserVersion"]).to_owned();
        let session = format!("http://{address}/session/{}", text(&session["sessionId"]));
        let (commands, _) = listener.accept().unwrap();
        commands.set_read_timeout(Some(PATIENCE)).unwrap();
        commands.set_nodelay(true).unwrap();
        let commands = RefCell::new(BufReader::new(commands));
        Window { version, client, runtime, session, commands, _driver: driver }
    }

    /// Sends a command to `webkit_window.py`, and returns the answer.
    pub(super) fn command(&self, command: &str) -> Value {
        let mut commands = self.commands.borrow_mut();
        writeln!(commands.get_mut(), "{command}").unwrap();
        let mut answer = String::new();
        commands.read_line(&mut answer).unwrap_or_else(|error| panic!("{command}: {error}"));
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub(super) fn navigate(&self, url: &str) -> Result<(), String> {
        // Forget the error of an earlier page.
        self.command("take error");
        let loaded = self.command("count loaded pages");
        self.post("url", &json!({ "url": url }))?;
        // On a busy machine, WebDriver's own command may return when the page before has loaded.
        wait_until("the page", || self.command("count loaded pages") != loaded);
        // If the page before was `about:blank`, the counter may have counted that page. Then the new page is not there
        // yet.
        let is_blank = url == "about:blank";
        let script = json!({ "script": "return `${document.readyState} ${location.href}`", "args": [] });
        let mut error = Value::Null;
        wait_until("the page's document", || {
            // If a page does not load, WebKitGTK shows its own page with the error.
            error = self.command("take error");
            let state = self.post("execute/sync", &script).unwrap_or_default();
            let is_complete = state.as_str().is_some_and(|state| state.starts_with("complete "));
            !error.is_null() || is_complete && (is_blank || state != "complete about:blank")
        });
        if error.is_null() { Ok(()) } else { Err(text(&error).to_owned()) }
    }

    /// Clicks on an element, and waits until the next page is loaded. WebDriver's own command does not always wait for
    /// the response to a form.
    pub(super) fn click(&self, selector: &str) {
        let query = json!({ "using": "css selector", "value": selector });
        let element = self.post("element", &query).unwrap();
        let id = element.as_object().unwrap().values().next().map(text).unwrap();
        let loaded = self.command("count loaded pages");
        self.post(&format!("element/{id}/click"), &json!({})).unwrap();
        wait_until("the next page", || self.command("count loaded pages") != loaded);
    }

    /// Evaluates a JavaScript expression. Returns the value in the form in which a script of the other browsers returns
    /// its value.
    ///
    /// When a script changes a cookie, WebKitGTK does not wait for the process with the cookie store. The same process
    /// loads blobs, so a blob arrives after the changes. So this method loads a blob before it returns. If the page's
    /// `Content-Security-Policy` forbids blobs, the method does not wait.
    pub(super) fn evaluate(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             const wait = async () => fetch(URL.createObjectURL(new Blob(['x']))); \
             const finish = result => wait().then(() => done(result), () => done(result)); \
             ({expression}).then(value => finish({{ value }}), error => finish({{ error: String(error) }}))"
        );
        json!({ "result": self.post("execute/async", &json!({ "script": script, "args": [] })).unwrap() })
    }

    /// Returns a screenshot of the page as PNG, in base64.
    pub(super) fn screenshot(&self) -> Value {
        send(&self.runtime, self.client.get(format!("{}/screenshot", self.session))).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        send(&self.runtime, self.client.post(format!("{}/{path}", self.session)).body(body.to_string()))
    }
}

/// Starts the driver. The driver does not print its port, so this function chooses a free port. If another program
/// takes the port first, the driver ends, and this function chooses another port.
fn start_driver(webkit: &WebKit) -> (Process, SocketAddr) {
    loop {
        let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = unused.local_addr().unwrap();
        drop(unused);
        let mut command = webkit.in_sandbox(&webkit.driver);
        command.args(["--host=127.0.0.1", &format!("--port={}", address.port())]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut driver = Process(command.spawn().unwrap());
        let mut has_ended = false;
        wait_until("WebKitWebDriver starts", || {
            has_ended = driver.0.try_wait().unwrap().is_some();
            has_ended || TcpStream::connect(address).is_ok()
        });
        if !has_ended && driver.0.try_wait().unwrap().is_none() {
            return (driver, address);
        }
    }
}

/// Sends a request to the driver. Returns the value of the answer, or the driver's error.
fn send(runtime: &Runtime, request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = runtime.block_on(async { request.send().await?.text().await });
    let answer = answer.unwrap_or_else(|error| panic!("WebKitWebDriver does not answer: {error}"));
    let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("not JSON: {answer}"));
    let value = answer["value"].take();
    if value.get("error").is_some() && value.get("stacktrace").is_some() { Err(value.to_string()) } else { Ok(value) }
}

/// A virtual display.
struct Display {
    number: String,
    _process: Process,
}

impl Display {
    fn start(xvfb: &Path) -> Display {
        let mut command = Command::new(xvfb);
        // Xvfb chooses a free display, and prints its number.
        command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut process = Process(command.spawn().unwrap());
        let mut number = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Display { number: number.trim().to_owned(), _process: process }
    }
}

fn wait_until(what: &str, mut is_done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
