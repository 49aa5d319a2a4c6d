//! Chromium and Firefox, headless, each a process on loopback: pages to visit, scripts to run in them, and what the
//! browser's own cookie store holds afterwards. Chromium is driven by the DevTools protocol and Firefox by WebDriver BiDi,
//! both over a websocket: either tells every attribute of a cookie. Judges nothing, and waits for nothing but answers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::network::Network;
use super::not_run::not_run;

/// After this a browser is not slow but stuck.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Chromium,
    Firefox,
}

impl Kind {
    /// As the vectors name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Chromium => "chromium",
            Kind::Firefox => "firefox",
        }
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Kind::Chromium => &["chromium", "chromium-browser", "google-chrome"],
            Kind::Firefox => &["firefox-esr", "firefox"],
        }
    }
}

/// A browser that runs until the value is dropped, also by a test that fails.
pub(crate) struct Browser {
    pub(crate) kind: Kind,
    /// As the browser tells it.
    pub(crate) version: String,
    socket: RefCell<Socket>,
    /// The page that is Firefox's own window.
    window: Value,
    // In the order in which they are dropped.
    _process: Process,
    _profile: Profile,
}

impl Browser {
    /// Starts the browser with an empty profile that trusts the network's certificates; `None`, and a loud line, where it
    /// is not installed. In CI that is a failure.
    pub(crate) fn start(kind: Kind, network: &Network) -> Option<Browser> {
        let program = installed(kind.programs(), kind.programs()[0])?;
        let certutil = installed(&["certutil"], "libnss3-tools")?;
        let profile = Profile::new(kind);
        profile.trust(&certutil, &network.authority.pem);
        let mut command = Command::new(program);
        command.env("HOME", &profile.0).env_remove("DISPLAY");
        match kind {
            Kind::Chromium => chromium(&mut command, &profile, network.proxy),
            Kind::Firefox => firefox(&mut command, &profile, network.proxy),
        }
        let (process, url) = Process::start(&mut command);
        let mut socket = Socket::connect(&url);
        let version = match kind {
            Kind::Chromium => socket.command(None, "Browser.getVersion", json!({}))["product"].clone(),
            Kind::Firefox => {
                let session = socket.command(None, "session.new", json!({ "capabilities": {} }));
                session["capabilities"]["browserVersion"].clone()
            }
        };
        let version = text(&version).rsplit('/').next().unwrap().to_owned();
        let window = match kind {
            Kind::Chromium => Value::Null,
            Kind::Firefox => {
                socket.command(None, "session.subscribe", json!({ "events": ["browsingContext.load"] }));
                let tree =
                    socket.command(None, "browsingContext.getTree", json!({ "moz:scope": "chrome", "maxDepth": 0 }));
                tree["contexts"][0]["context"].clone()
            }
        };
        Some(Browser { kind, version, socket: RefCell::new(socket), window, _process: process, _profile: profile })
    }

    /// A tab with a cookie store of its own.
    pub(crate) fn tab(&self) -> Tab<'_> {
        self.open(false)
    }

    /// The same, which takes any certificate: for a server whose certificate is its own.
    pub(crate) fn tab_that_trusts_everybody(&self) -> Tab<'_> {
        self.open(true)
    }

    fn open(&self, trusting: bool) -> Tab<'_> {
        match self.kind {
            Kind::Chromium => {
                let store = self.command("Target.createBrowserContext", json!({}))["browserContextId"].clone();
                let new = json!({ "url": "about:blank", "browserContextId": store });
                let target = self.command("Target.createTarget", new)["targetId"].clone();
                let attach = json!({ "targetId": target, "flatten": true });
                let page = self.command("Target.attachToTarget", attach)["sessionId"].clone();
                let tab = Tab { browser: self, store, page, number: Value::Null };
                tab.command("Page.enable", json!({}));
                tab.command("Page.setLifecycleEventsEnabled", json!({ "enabled": true }));
                tab.command("Security.setIgnoreCertificateErrors", json!({ "ignore": trusting }));
                tab
            }
            Kind::Firefox => {
                let new = json!({ "acceptInsecureCerts": trusting });
                let store = self.command("browser.createUserContext", new)["userContext"].clone();
                let new = json!({ "type": "tab", "userContext": store });
                let page = self.command("browsingContext.create", new)["context"].clone();
                let mut tab = Tab { browser: self, store, page, number: Value::Null };
                tab.number = tab.store_of_firefox("gBrowser.tabs[gBrowser.tabs.length - 1].userContextId");
                tab
            }
        }
    }

    fn command(&self, method: &str, parameters: Value) -> Value {
        self.socket.borrow_mut().command(None, method, parameters)
    }
}

/// A tab and its cookie store, until the value is dropped.
pub(crate) struct Tab<'a> {
    pub(crate) browser: &'a Browser,
    /// The browser's name for the cookie store.
    store: Value,
    /// The browser's name for the page.
    page: Value,
    /// Firefox's inner name for the cookie store.
    number: Value,
}

impl Tab<'_> {
    /// Goes to a page, as who types its address, and waits until it is loaded; the error is the browser's.
    pub(crate) fn navigate(&self, url: &str) -> Result<(), String> {
        let mut socket = self.browser.socket.borrow_mut();
        socket.events.clear();
        match self.browser.kind {
            Kind::Chromium => {
                let page = Some(text(&self.page));
                let begun = socket.command(page, "Page.navigate", json!({ "url": url }));
                if let Some(error) = begun["errorText"].as_str() {
                    return Err(error.to_owned());
                }
                socket.event(|event| {
                    event["params"]["loaderId"] == begun["loaderId"] && event["params"]["name"] == "load"
                });
                Ok(())
            }
            Kind::Firefox => {
                let visit = json!({ "context": self.page, "url": url, "wait": "complete" });
                socket.answer(None, "browsingContext.navigate", visit).map(drop)
            }
        }
    }

    /// Writes these lines from the page's script and returns what it then sees. Chromium tells the store of a write without
    /// waiting for it; what a script reads comes after it.
    pub(crate) fn write(&self, lines: &[String]) -> String {
        let wrote = format!("({}.forEach(line => document.cookie = line), document.cookie)", json!(lines));
        text(&self.evaluate(&wrote)).to_owned()
    }

    /// Clicks on what the selector finds, and waits until the page that this leads to is loaded.
    pub(crate) fn click(&self, selector: &str) {
        self.browser.socket.borrow_mut().events.clear();
        self.evaluate(&format!("document.querySelector({}).click()", json!(selector)));
        let is_loaded = |event: &Value| match self.browser.kind {
            Kind::Chromium => event["sessionId"] == self.page && event["params"]["name"] == "load",
            Kind::Firefox => event["method"] == "browsingContext.load" && event["params"]["context"] == self.page,
        };
        self.browser.socket.borrow_mut().event(is_loaded);
    }

    /// Asks for this address from the page that is open, as its script may, and returns the answer's status and text.
    pub(crate) fn fetch(&self, url: &str) -> (u64, String) {
        self.fetch_all(&[url.to_owned()]).remove(0)
    }

    /// Asks for these, one after the other.
    pub(crate) fn fetch_all(&self, urls: &[String]) -> Vec<(u64, String)> {
        let answers = self.evaluate(&format!(
            "(async () => {{ const all = []; for (const url of {}) {{ \
             const it = await fetch(url, {{ cache: \"no-store\", redirect: \"manual\" }}); \
             all.push([it.status, await it.text()]); }} return all; }})()",
            json!(urls)
        ));
        list(&answers).iter().map(|answer| (answer[0].as_u64().unwrap(), text(&answer[1]).to_owned())).collect()
    }

    /// Runs a script's expression in the page and returns what it, or its promise, comes to.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let expression = format!("(async () => JSON.stringify((await ({expression})) ?? null))()");
        let result = match self.browser.kind {
            Kind::Chromium => {
                let run = json!({ "expression": expression, "awaitPromise": true });
                self.command("Runtime.evaluate", run)
            }
            Kind::Firefox => {
                let target = json!({ "context": self.page });
                let run = json!({ "expression": expression, "awaitPromise": true, "target": target });
                self.command("script.evaluate", run)
            }
        };
        parsed(&expression, &result)
    }

    /// What the store holds, sorted by name and path.
    pub(crate) fn cookies(&self) -> Vec<Kept> {
        let mut kept: Vec<Kept> = match self.browser.kind {
            Kind::Chromium => {
                let store = json!({ "browserContextId": self.store });
                let all = self.browser.command("Storage.getCookies", store);
                list(&all["cookies"]).iter().map(Kept::of_chromium).collect()
            }
            Kind::Firefox => {
                // `storage.getCookies` does not tell whether a cookie is partitioned, nor a `SameSite` that is absent.
                let all = self.store_of_firefox(
                    "Services.cookies.cookies.filter(it => it.originAttributes.userContextId === store).map(it => ({ \
                     name: octets(it.name), value: it.value, domain: it.host, path: it.path, secure: it.isSecure, \
                     httpOnly: it.isHttpOnly, sameSite: it.sameSite, partitioned: it.isPartitioned, \
                     expires: it.isSession ? null : it.expiry }))",
                );
                list(&all).iter().map(Kept::of_firefox).collect()
            }
        };
        kept.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        kept
    }

    /// Empties the store.
    pub(crate) fn clear(&self) {
        match self.browser.kind {
            Kind::Chromium => self.browser.command("Storage.clearCookies", json!({ "browserContextId": self.store })),
            Kind::Firefox => self.store_of_firefox(
                "Services.cookies.removeCookiesWithOriginAttributes(JSON.stringify({ userContextId: store }))",
            ),
        };
    }

    /// What an expression comes to in the page that is Firefox's own window, where `store` is this tab's.
    fn store_of_firefox(&self, expression: &str) -> Value {
        // A name's octets come as characters each.
        let octets = "name => new TextDecoder().decode(Uint8Array.from(name, it => it.charCodeAt(0)))";
        let expression =
            format!("JSON.stringify(((store, octets) => {expression} ?? null)({}, {octets}))", self.number);
        let target = json!({ "context": self.browser.window });
        let run = json!({ "expression": expression, "awaitPromise": false, "target": target });
        parsed(&expression, &self.browser.command("script.evaluate", run))
    }

    /// Writes what the page looks like, as a PNG file.
    pub(crate) fn screenshot(&self, file: &Path) {
        let shot = match self.browser.kind {
            Kind::Chromium => self.command("Page.captureScreenshot", json!({ "format": "png" })),
            Kind::Firefox => self.command("browsingContext.captureScreenshot", json!({ "context": self.page })),
        };
        // Both protocols send octets so (RFC 4648 4).
        fs::write(file, STANDARD.decode(text(&shot["data"])).unwrap()).unwrap();
    }

    fn command(&self, method: &str, parameters: Value) -> Value {
        let page = match self.browser.kind {
            Kind::Chromium => Some(text(&self.page)),
            Kind::Firefox => None,
        };
        self.browser.socket.borrow_mut().command(page, method, parameters)
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        // A browser that has just failed to answer would do so once more.
        if std::thread::panicking() {
            return;
        }
        let (method, parameters) = match self.browser.kind {
            Kind::Chromium => ("Target.disposeBrowserContext", json!({ "browserContextId": self.store })),
            Kind::Firefox => ("browser.removeUserContext", json!({ "userContext": self.store })),
        };
        let _ = self.browser.socket.borrow_mut().answer(None, method, parameters);
    }
}

/// A cookie as the browser's store tells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Without the dot that either puts before the domain of a cookie that is not the host's alone.
    pub(crate) domain: String,
    pub(crate) host_only: bool,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// `Default` where the line had none, or an unknown one.
    pub(crate) same_site: String,
    pub(crate) partitioned: bool,
    /// In Unix seconds; `None` is when the browser closes.
    pub(crate) expires: Option<f64>,
}

impl Kept {
    fn of_chromium(cookie: &Value) -> Kept {
        Kept {
            same_site: cookie["sameSite"].as_str().unwrap_or("Default").to_owned(),
            partitioned: cookie.get("partitionKey").is_some(),
            // A session's cookie has -1.
            expires: cookie["expires"].as_f64().filter(|_| cookie["session"] == false),
            ..Kept::of(cookie)
        }
    }

    fn of_firefox(cookie: &Value) -> Kept {
        // nsICookie's numbers.
        let same_site = match cookie["sameSite"].as_u64() {
            Some(0) => "None",
            Some(1) => "Lax",
            Some(2) => "Strict",
            _ => "Default",
        };
        Kept {
            same_site: same_site.to_owned(),
            partitioned: cookie["partitioned"] == true,
            expires: cookie["expires"].as_f64().map(|milliseconds| milliseconds / 1000.0),
            ..Kept::of(cookie)
        }
    }

    /// What both tell alike.
    fn of(cookie: &Value) -> Kept {
        let domain = text(&cookie["domain"]);
        Kept {
            name: text(&cookie["name"]).to_owned(),
            value: text(&cookie["value"]).to_owned(),
            domain: domain.strip_prefix('.').unwrap_or(domain).to_owned(),
            host_only: !domain.starts_with('.'),
            path: text(&cookie["path"]).to_owned(),
            secure: cookie["secure"] == true,
            http_only: cookie["httpOnly"] == true,
            same_site: String::new(),
            partitioned: false,
            expires: None,
        }
    }
}

/// The flags of an unattended Chromium. `HttpsUpgrades` and its kin would turn the visits over plain HTTP that are under
/// test into others; HSTS and what counts as a secure context stay as they are.
fn chromium(command: &mut Command, profile: &Profile, proxy: SocketAddr) {
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // A container's is small.
    command.arg("--disable-dev-shm-usage");
    command.arg("--disable-features=HttpsUpgrades,HttpsFirstModeIncognito,HttpsFirstBalancedModeAutoEnable");
    command.arg("--force-device-scale-factor=1").arg("--window-size=1200,900");
    command.arg(format!("--user-data-dir={}", profile.0.join("data").display()));
    command.arg(format!("--proxy-server=socks5://{proxy}"));
    command.arg("--remote-debugging-port=0").arg("about:blank");
}

/// The preferences of an unattended Firefox: HTTPS-first is off for the reason above, and it saves itself what only an eye
/// would miss.
fn firefox(command: &mut Command, profile: &Profile, proxy: SocketAddr) {
    let preferences = [
        ("network.proxy.type", String::from("1")),
        ("network.proxy.socks", format!("\"{}\"", proxy.ip())),
        ("network.proxy.socks_port", proxy.port().to_string()),
        ("network.proxy.socks_remote_dns", String::from("true")),
        ("ui.prefersReducedMotion", String::from("1")),
        ("browser.sessionstore.interval", String::from("3600000")),
        ("dom.security.https_first", String::from("false")),
        ("dom.security.https_first_schemeless", String::from("false")),
    ];
    let preferences: String =
        preferences.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n")).collect();
    fs::write(profile.0.join("user.js"), preferences).unwrap();
    command.args(["--headless", "--no-remote", "--width", "1200", "--height", "900", "--profile"]).arg(&profile.0);
    // The cookie store is the browser's own business, not a page's.
    command.args(["--remote-allow-system-access", "--remote-debugging-port", "0", "about:blank"]);
}

/// The protocols' one shape: numbered commands, answered in any order between events.
struct Socket {
    stream: WebSocket<TcpStream>,
    last: u64,
    events: VecDeque<Value>,
}

impl Socket {
    fn connect(url: &str) -> Socket {
        let (address, path) = url.strip_prefix("ws://").unwrap().split_once('/').unwrap_or((&url[5..], "session"));
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let (stream, _) = tungstenite::client(format!("ws://{address}/{path}"), stream).unwrap();
        Socket { stream, last: 0, events: VecDeque::new() }
    }

    fn command(&mut self, page: Option<&str>, method: &str, parameters: Value) -> Value {
        self.answer(page, method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn answer(&mut self, page: Option<&str>, method: &str, parameters: Value) -> Result<Value, String> {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(page) = page {
            command["sessionId"] = page.into();
        }
        self.stream.send(Message::text(command.to_string())).unwrap_or_else(|error| panic!("{method}: {error}"));
        loop {
            let mut message = self.read(method);
            if message["id"] != self.last {
                self.events.push_back(message);
            } else if let Some(error) = message.get("error") {
                let told = error.get("message").or(message.get("message")).unwrap_or(error);
                return Err(told.to_string());
            } else {
                return Ok(message["result"].take());
            }
        }
    }

    /// Waits for an event, and forgets the others.
    fn event(&mut self, is: impl Fn(&Value) -> bool) {
        loop {
            let event = self.events.pop_front().unwrap_or_else(|| self.read("an event"));
            if is(&event) {
                return;
            }
        }
    }

    fn read(&mut self, waiting_for: &str) -> Value {
        loop {
            match self.stream.read() {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Ok(_) => {}
                Err(error) => panic!("the browser does not answer ({waiting_for}): {error}"),
            }
        }
    }
}

/// The browser's process, and those that it started: a process group of their own, ended by its number.
struct Process(Child);

impl Process {
    /// Starts the browser and returns the address that it prints for its protocol.
    fn start(command: &mut Command) -> (Process, String) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut process = Process(command.spawn().unwrap());
        let mut lines = BufReader::new(process.0.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let url = lines.by_ref().find_map(|line| {
            let url = line.split_once("listening on ").map(|(_, url)| url.trim().to_owned());
            said.push(line);
            url
        });
        let url = url.unwrap_or_else(|| panic!("the browser did not start:\n{}", said.join("\n")));
        // A full pipe would stop the browser.
        std::thread::spawn(move || lines.for_each(drop));
        (process, url)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The library's `kill` reaches the one process only.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("sh").args(["-c", "kill -KILL \"$0\"", &group]).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An empty profile, which is the browser's home as well, and goes with the value.
struct Profile(PathBuf);

impl Profile {
    fn new(kind: Kind) -> Profile {
        let name = format!("browser-{}-{}", kind.name(), std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join(".pki/nssdb")).unwrap();
        Profile(path)
    }

    /// Trusts one authority's certificates, where Firefox looks for it and where Chromium does: real TLS without an
    /// exception, with which neither would keep HSTS.
    fn trust(&self, certutil: &Path, authority: &str) {
        let file = self.0.join("authority.pem");
        fs::write(&file, authority).unwrap();
        for store in [self.0.clone(), self.0.join(".pki/nssdb")] {
            let store = format!("sql:{}", store.display());
            let run = |arguments: &[&str]| {
                let mut command = Command::new(certutil);
                let done = command.args(arguments).args(["-d", &store]).stdin(Stdio::null()).output().unwrap();
                assert!(done.status.success(), "certutil: {}", String::from_utf8_lossy(&done.stderr));
            };
            run(&["-N", "--empty-password"]);
            run(&["-A", "-n", "tests", "-t", "C,,", "-i", file.to_str().unwrap()]);
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // The last of a killed browser's processes may still write.
        let start = Instant::now();
        while fs::remove_dir_all(&self.0).is_err() && start.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The first of these programs that is there.
fn installed(programs: &[&'static str], package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = programs.iter().flat_map(|program| std::env::split_paths(&path).map(move |place| place.join(program)));
    let found = places.into_iter().find(|place| place.is_file());
    if found.is_none() {
        not_run(&format!("the browsers' tests need `{}`: apt-get install {package}", programs[0]));
    }
    found
}

/// The text of JSON that a script came to.
fn parsed(expression: &str, result: &Value) -> Value {
    let Some(json) = result["result"]["value"].as_str() else { panic!("{expression}: {result}") };
    serde_json::from_str(json).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}
