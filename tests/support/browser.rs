//! Controls a headless Chromium or Firefox, or WebKitGTK on a virtual display. A test visits pages, runs scripts in the
//! pages, and reads the browser's own cookie store with every attribute of a cookie.
//!
//! Chromium uses the DevTools protocol. Firefox uses WebDriver BiDi. Both protocols use a WebSocket. The file
//! `webkit.rs` controls WebKitGTK, with WebDriver over HTTP. Each call waits until the browser answers, and not for a
//! fixed time.

mod webkit;

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::network::Network;
use super::not_run::not_run;
use webkit::{WebKit, Window};

/// The time limit for each answer of a browser. If the browser does not answer within the time limit, the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Chromium,
    Firefox,
    /// WebKitGTK has the same engine as Safari, but another cookie store.
    WebKitGtk,
}

impl Kind {
    /// Returns the browser's name in the test vectors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Chromium => "chromium",
            Kind::Firefox => "firefox",
            Kind::WebKitGtk => "webkitgtk",
        }
    }

    /// Returns true if the browser checks the rules of name prefixes such as `__Host-`, for `Set-Cookie` headers and
    /// for `document.cookie`.
    pub(crate) fn checks_name_prefixes(self) -> bool {
        self != Kind::WebKitGtk
    }

    /// Returns true if a page or a server on loopback can set Secure cookies over plain HTTP.
    pub(crate) fn trusts_loopback(self) -> bool {
        self != Kind::WebKitGtk
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Kind::Chromium => &["chromium", "chromium-browser", "google-chrome"],
            Kind::Firefox => &["firefox-esr", "firefox"],
            Kind::WebKitGtk => &["WebKitWebDriver"],
        }
    }
}

/// A running browser. When the `Browser` is dropped, the browser process ends, even if the test has failed.
pub(crate) struct Browser {
    pub(crate) kind: Kind,
    /// The version that the browser reports.
    pub(crate) version: String,
    engine: Engine,
}

/// The connection to the browser, and the browser's processes.
enum Engine {
    Socket(Box<SocketEngine>),
    WebKitGtk(WebKit),
}

/// A browser with a WebSocket: Chromium or Firefox.
struct SocketEngine {
    socket: RefCell<Socket>,
    /// The browsing context of Firefox's user interface. Unlike the scripts of a web page, scripts of the user
    /// interface may use Firefox's internal APIs.
    window: Value,
    // Rust drops `process` before `profile`. The browser must end before `drop` removes the browser's profile.
    process: Process,
    profile: Profile,
}

impl Browser {
    /// Starts the browser with an empty profile. The profile trusts the certificate authority of `network`. If the
    /// browser is not installed, calls [`not_run`] and returns `None`.
    pub(crate) fn start(kind: Kind, network: &Network) -> Option<Browser> {
        Browser::start_with(kind, network, &[])
    }

    /// Starts the browser as [`start`](Browser::start) does, with more command-line arguments.
    pub(crate) fn start_with(kind: Kind, network: &Network, arguments: &[&str]) -> Option<Browser> {
        let profile = Profile::new(kind);
        if kind == Kind::WebKitGtk {
            let webkit = WebKit::start(network, profile)?;
            let window = webkit.window(false);
            let version = window.version.clone();
            webkit.take_back(window);
            return Some(Browser { kind, version, engine: Engine::WebKitGtk(webkit) });
        }
        let certutil = find_program(&["certutil"], "libnss3-tools")?;
        profile.trust(&certutil, &network.authority.pem);
        Browser::open_profile(kind, network, arguments, profile)
    }

    /// Closes the browser, and starts the browser again with the same profile. Before the browser ends, it writes its
    /// cookies to the profile.
    pub(crate) fn restart(self, network: &Network, arguments: &[&str]) -> Option<Browser> {
        let Browser { kind, engine: Engine::Socket(engine), .. } = self else {
            panic!("WebKitGTK keeps no cookies in the profile")
        };
        let SocketEngine { socket, mut process, profile, .. } = *engine;
        // The browser may end before it answers.
        let _ = socket.borrow_mut().try_command(None, "Browser.close", json!({}));
        process.wait();
        drop(process);
        Browser::open_profile(kind, network, arguments, profile)
    }

    fn open_profile(kind: Kind, network: &Network, arguments: &[&str], profile: Profile) -> Option<Browser> {
        let program = find_program(kind.programs(), kind.programs()[0])?;
        let mut command = Command::new(program);
        command.env("HOME", &profile.0).env_remove("DISPLAY");
        let is_chromium = kind == Kind::Chromium;
        if is_chromium {
            add_chromium_flags(&mut command, &profile, network.proxy);
        } else {
            add_firefox_flags(&mut command, &profile, network.proxy);
        }
        command.args(arguments);
        let (process, url) = Process::start(&mut command);
        let mut socket = Socket::connect(&url);
        let (version, window) = if is_chromium {
            (socket.command(None, "Browser.getVersion", json!({}))["product"].clone(), Value::Null)
        } else {
            let session = socket.command(None, "session.new", json!({ "capabilities": {} }));
            socket.command(None, "session.subscribe", json!({ "events": ["browsingContext.load"] }));
            let tree = socket.command(None, "browsingContext.getTree", json!({ "moz:scope": "chrome", "maxDepth": 0 }));
            (session["capabilities"]["browserVersion"].clone(), tree["contexts"][0]["context"].clone())
        };
        let version = text(&version).rsplit('/').next().unwrap().to_owned();
        let engine = SocketEngine { socket: RefCell::new(socket), window, process, profile };
        Some(Browser { kind, version, engine: Engine::Socket(Box::new(engine)) })
    }

    /// Opens a tab with its own cookie store.
    pub(crate) fn tab(&self) -> Tab<'_> {
        self.open(false)
    }

    /// Opens a tab that accepts any certificate, for servers with a self-signed certificate.
    pub(crate) fn tab_trusting_any_certificate(&self) -> Tab<'_> {
        self.open(true)
    }

    /// Opens a tab of Chromium that uses the profile's own cookie store. Only this cookie store survives a restart.
    pub(crate) fn tab_of_profile(&self) -> Tab<'_> {
        self.open_chromium_tab(Value::Null, false)
    }

    fn open_chromium_tab(&self, store: Value, accept_any_certificate: bool) -> Tab<'_> {
        let new = with_store(json!({ "url": "about:blank" }), &store);
        let target = self.command("Target.createTarget", new)["targetId"].clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let page = self.command("Target.attachToTarget", attach)["sessionId"].clone();
        let tab = Tab { browser: self, store, page, firefox_store_id: Value::Null, window: None };
        tab.command("Page.enable", json!({}));
        tab.command("Page.setLifecycleEventsEnabled", json!({ "enabled": true }));
        tab.command("Security.setIgnoreCertificateErrors", json!({ "ignore": accept_any_certificate }));
        tab
    }

    fn open(&self, accept_any_certificate: bool) -> Tab<'_> {
        match self.kind {
            Kind::Chromium => {
                let store = self.command("Target.createBrowserContext", json!({}))["browserContextId"].clone();
                self.open_chromium_tab(store, accept_any_certificate)
            }
            Kind::Firefox => {
                let new = json!({ "acceptInsecureCerts": accept_any_certificate });
                let store = self.command("browser.createUserContext", new)["userContext"].clone();
                let new = json!({ "type": "tab", "userContext": store });
                let page = self.command("browsingContext.create", new)["context"].clone();
                let mut tab = Tab { browser: self, store, page, firefox_store_id: Value::Null, window: None };
                tab.firefox_store_id = tab.evaluate_in_window("gBrowser.tabs[gBrowser.tabs.length - 1].userContextId");
                tab
            }
            Kind::WebKitGtk => {
                let Engine::WebKitGtk(webkit) = &self.engine else { panic!("not WebKitGTK") };
                let window = Some(webkit.window(accept_any_certificate));
                let [store, page, firefox_store_id] = [Value::Null, Value::Null, Value::Null];
                Tab { browser: self, store, page, firefox_store_id, window }
            }
        }
    }

    fn command(&self, method: &str, parameters: Value) -> Value {
        self.socket().command(None, method, parameters)
    }

    fn socket(&self) -> RefMut<'_, Socket> {
        self.socket_engine().socket.borrow_mut()
    }

    fn socket_engine(&self) -> &SocketEngine {
        match &self.engine {
            Engine::Socket(engine) => engine,
            Engine::WebKitGtk(_) => panic!("WebKitGTK has no WebSocket"),
        }
    }
}

/// A tab and its cookie store. When the `Tab` is dropped, the browser removes the tab and its cookie store.
pub(crate) struct Tab<'a> {
    pub(crate) browser: &'a Browser,
    /// The id of the tab's cookie store in the browser's commands.
    store: Value,
    /// The id of the page in the browser's protocol.
    page: Value,
    /// The number of the cookie store in Firefox's internal APIs. In Chromium, `firefox_store_id` is null.
    firefox_store_id: Value,
    /// The window of WebKitGTK. In the other browsers, `window` is `None`.
    window: Option<Window>,
}

impl Tab<'_> {
    /// Navigates to a page, as if a user had typed the address. Waits until the page is loaded. If the navigation
    /// fails, returns the browser's error message.
    pub(crate) fn navigate(&self, url: &str) -> Result<(), String> {
        match self.browser.kind {
            Kind::Chromium => {
                let mut socket = self.browser.socket();
                socket.events.clear();
                let page = Some(text(&self.page));
                let navigation = socket.command(page, "Page.navigate", json!({ "url": url }));
                if let Some(error) = navigation["errorText"].as_str() {
                    return Err(error.to_owned());
                }
                socket.wait_for_event(|event| {
                    event["params"]["loaderId"] == navigation["loaderId"] && event["params"]["name"] == "load"
                });
                Ok(())
            }
            Kind::Firefox => {
                let visit = json!({ "context": self.page, "url": url, "wait": "complete" });
                self.browser.socket().try_command(None, "browsingContext.navigate", visit).map(drop)
            }
            Kind::WebKitGtk => self.window().navigate(url),
        }
    }

    /// Assigns each text of `assignments` to `document.cookie`. Then reads `document.cookie` and returns the result.
    /// When a script writes a cookie, Chromium does not wait for its cookie store. When a script reads
    /// `document.cookie`, Chromium waits. So this method reads `document.cookie` after the writes.
    pub(crate) fn set_document_cookies(&self, assignments: &[String]) -> String {
        let assign = format!("{}.forEach(text => document.cookie = text)", json!(assignments));
        let script = match self.browser.kind {
            Kind::Chromium | Kind::Firefox => format!("({assign}, document.cookie)"),
            // When a script writes or reads a cookie, WebKitGTK does not wait for the process with the cookie store, so
            // the script loads a blob: see `Window::evaluate`.
            Kind::WebKitGtk => format!(
                "(async () => {{ const wait = () => fetch(URL.createObjectURL(new Blob(['x']))); await wait(); \
                 {assign}; await wait(); return document.cookie; }})()"
            ),
        };
        let mut seen = text(&self.evaluate(&script)).to_owned();
        // WebKitGTK caches `document.cookie` in the page's process. For a short time after `clear`, the cache may lack
        // a cookie that the store already has. A script does not see an HttpOnly cookie.
        let start = Instant::now();
        while self.browser.kind == Kind::WebKitGtk
            && seen.is_empty()
            && start.elapsed() < Duration::from_millis(100)
            && self.cookies().iter().any(|cookie| !cookie.http_only)
        {
            seen = text(&self.evaluate("document.cookie")).to_owned();
        }
        seen
    }

    /// Clicks on the element that the CSS selector selects, and waits until the next page is loaded.
    pub(crate) fn click(&self, selector: &str) {
        if self.browser.kind == Kind::WebKitGtk {
            return self.window().click(selector);
        }
        self.browser.socket().events.clear();
        self.evaluate(&format!("document.querySelector({}).click()", json!(selector)));
        let is_loaded = |event: &Value| match event["method"].as_str() {
            Some("Page.lifecycleEvent") => event["sessionId"] == self.page && event["params"]["name"] == "load",
            Some("browsingContext.load") => event["params"]["context"] == self.page,
            _ => false,
        };
        self.browser.socket().wait_for_event(is_loaded);
    }

    /// Fetches the URL from a script of the open page, and returns the response's status and body.
    pub(crate) fn fetch(&self, url: &str) -> (u64, String) {
        self.fetch_all(&[url.to_owned()]).remove(0)
    }

    /// Fetches the given URLs in sequence.
    pub(crate) fn fetch_all(&self, urls: &[String]) -> Vec<(u64, String)> {
        let responses = self.evaluate(&format!(
            "(async () => {{ const all = []; for (const url of {}) {{ \
             const response = await fetch(url, {{ cache: \"no-store\", redirect: \"manual\" }}); \
             all.push([response.status, await response.text()]); }} return all; }})()",
            json!(urls)
        ));
        let response = |pair: &Value| (pair[0].as_u64().unwrap(), text(&pair[1]).to_owned());
        list(&responses).iter().map(response).collect()
    }

    /// Evaluates a JavaScript expression in the page and returns the value. If the value is a promise, awaits the
    /// promise.
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
            Kind::WebKitGtk => self.window().evaluate(&expression),
        };
        parse_result(&expression, &result)
    }

    /// Returns the cookies in the tab's store, sorted by name and path.
    pub(crate) fn cookies(&self) -> Vec<StoredCookie> {
        let mut cookies: Vec<StoredCookie> = match self.browser.kind {
            Kind::Chromium => {
                let all = self.browser.command("Storage.getCookies", with_store(json!({}), &self.store));
                list(&all["cookies"]).iter().map(StoredCookie::from_chromium).collect()
            }
            Kind::Firefox => {
                // Do not use the command `storage.getCookies`. Its result does not show whether a cookie is
                // partitioned, and does not distinguish a cookie without `SameSite` from a cookie with `SameSite`.
                //
                // The list of all cookies contains expired cookies until Firefox deletes them. Firefox never sends
                // them.
                let all = self.evaluate_in_window(
                    "Services.cookies.cookies.filter(it => it.originAttributes.userContextId === store) \
                     .filter(it => it.isSession || it.expiry > Date.now()).map(it => ({ \
                     name: decode(it.name), value: it.value, domain: it.host, path: it.path, secure: it.isSecure, \
                     httpOnly: it.isHttpOnly, sameSite: it.sameSite, partitioned: it.isPartitioned, \
                     expires: it.isSession ? null : it.expiry }))",
                );
                list(&all).iter().map(StoredCookie::from_firefox).collect()
            }
            Kind::WebKitGtk => {
                list(&self.window().command("list cookies")).iter().map(StoredCookie::from_webkitgtk).collect()
            }
        };
        cookies.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        cookies
    }

    /// Removes all cookies from the tab's store.
    pub(crate) fn clear(&self) {
        match self.browser.kind {
            Kind::Chromium => self.browser.command("Storage.clearCookies", with_store(json!({}), &self.store)),
            Kind::Firefox => self.evaluate_in_window(
                "Services.cookies.removeCookiesWithOriginAttributes(JSON.stringify({ userContextId: store }))",
            ),
            Kind::WebKitGtk => self.window().command("clear cookies"),
        };
    }

    /// Removes one cookie of the URL from the tab's store in Chromium, as if the cookie had expired.
    pub(crate) fn remove_cookie(&self, name: &str, url: &str) {
        self.command("Network.deleteCookies", json!({ "name": name, "url": url }));
    }

    /// Asks Chromium for the events of its device-bound sessions.
    pub(crate) fn watch_sessions(&self) {
        self.command("Network.enable", json!({}));
        self.command("Network.enableDeviceBoundSessions", json!({ "enable": true }));
    }

    /// Returns the events of device-bound sessions in this tab since the last call. Each event consists of its name in
    /// the DevTools protocol and its result, as in `creation:Success`. The browser has no list of events to read, so
    /// the method waits until `expected` events came, for at most five seconds. After that, the method waits until no
    /// other event comes for a tenth of a second.
    pub(crate) fn session_events(&self, expected: usize) -> Vec<String> {
        let (mut events, mut newest, start) = (Vec::new(), Instant::now(), Instant::now());
        loop {
            // The answer to a command comes after the events that the browser has sent before.
            self.browser.command("Browser.getVersion", json!({}));
            let mut socket = self.browser.socket();
            let (own, others) = socket.session_events.drain(..).partition(|event| event["sessionId"] == self.page);
            socket.session_events = others;
            let own: Vec<Value> = own;
            if !own.is_empty() {
                newest = Instant::now();
            }
            events.extend(own.iter().filter_map(|event| session_event(&event["params"])));
            let is_quiet = newest.elapsed() > Duration::from_millis(100);
            if is_quiet && (events.len() >= expected || start.elapsed() > Duration::from_secs(5)) {
                return events;
            }
            drop(socket);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Evaluates an expression in the window of Firefox's user interface. In the expression, `store` is the number of
    /// this tab's cookie store, and `decode` is a function that decodes a cookie's name.
    fn evaluate_in_window(&self, expression: &str) -> Value {
        // Firefox returns each byte of a name as one character.
        let decode = "name => new TextDecoder().decode(Uint8Array.from(name, it => it.charCodeAt(0)))";
        let store = &self.firefox_store_id;
        let expression = format!("JSON.stringify(((store, decode) => {expression} ?? null)({store}, {decode}))");
        let target = json!({ "context": self.browser.socket_engine().window });
        let run = json!({ "expression": expression, "awaitPromise": false, "target": target });
        parse_result(&expression, &self.browser.command("script.evaluate", run))
    }

    /// Writes a screenshot of the page to a PNG file.
    pub(crate) fn screenshot(&self, file: &Path) {
        let shot = match self.browser.kind {
            Kind::Chromium => self.command("Page.captureScreenshot", json!({ "format": "png" })),
            Kind::Firefox => self.command("browsingContext.captureScreenshot", json!({ "context": self.page })),
            Kind::WebKitGtk => json!({ "data": self.window().screenshot() }),
        };
        // Each protocol encodes bytes in base64 (RFC 4648 4).
        fs::write(file, STANDARD.decode(text(&shot["data"])).unwrap()).unwrap();
    }

    fn command(&self, method: &str, parameters: Value) -> Value {
        let page = match self.browser.kind {
            Kind::Chromium => Some(text(&self.page)),
            Kind::Firefox | Kind::WebKitGtk => None,
        };
        self.browser.socket().command(page, method, parameters)
    }

    /// Returns the window of WebKitGTK.
    fn window(&self) -> &Window {
        self.window.as_ref().unwrap()
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        // After a failed test, the browser perhaps no longer answers commands. So `drop` sends no command after a
        // failed test.
        if std::thread::panicking() {
            return;
        }
        if let (Engine::WebKitGtk(webkit), Some(window)) = (&self.browser.engine, self.window.take()) {
            return webkit.take_back(window);
        }
        // The profile's own cookie store cannot be removed.
        if self.store.is_null() {
            return;
        }
        let (method, parameters) = match self.browser.kind {
            Kind::WebKitGtk => return,
            Kind::Chromium => ("Target.disposeBrowserContext", json!({ "browserContextId": self.store })),
            Kind::Firefox => ("browser.removeUserContext", json!({ "userContext": self.store })),
        };
        let _ = self.browser.socket().try_command(None, method, parameters);
    }
}

/// A cookie in the browser's store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The domain without a leading dot. If a cookie is not host-only, the browsers add a leading dot to its domain.
    pub(crate) domain: String,
    pub(crate) host_only: bool,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// `Default` means that the header had no `SameSite`, or a `SameSite` with an unknown value.
    pub(crate) same_site: String,
    pub(crate) partitioned: bool,
    /// The expiry in Unix seconds. `None` means that the browser removes the cookie when the browser closes.
    pub(crate) expires: Option<f64>,
}

impl StoredCookie {
    fn from_chromium(cookie: &Value) -> StoredCookie {
        StoredCookie {
            same_site: cookie["sameSite"].as_str().unwrap_or("Default").to_owned(),
            partitioned: cookie.get("partitionKey").is_some(),
            // If a cookie has no expiry, Chromium returns an `expires` of -1.
            expires: cookie["expires"].as_f64().filter(|_| cookie["session"] == false),
            ..StoredCookie::from_common_fields(cookie)
        }
    }

    fn from_firefox(cookie: &Value) -> StoredCookie {
        // The numbers of the `SameSite` values are the constants of Firefox's `nsICookie`.
        let same_site = match cookie["sameSite"].as_u64() {
            Some(0) => "None",
            Some(1) => "Lax",
            Some(2) => "Strict",
            _ => "Default",
        };
        StoredCookie {
            same_site: same_site.to_owned(),
            partitioned: cookie["partitioned"] == true,
            expires: cookie["expires"].as_f64().map(|milliseconds| milliseconds / 1000.0),
            ..StoredCookie::from_common_fields(cookie)
        }
    }

    /// The cookie store of WebKitGTK has no partitioned cookies. The store also does not distinguish a cookie without
    /// `SameSite` from a cookie with `SameSite=None`. See [`as_listed_by`](StoredCookie::as_listed_by).
    fn from_webkitgtk(cookie: &Value) -> StoredCookie {
        let same_site = match text(&cookie["sameSite"]) {
            "lax" => "Lax",
            "strict" => "Strict",
            _ => "None",
        };
        let common = StoredCookie::from_common_fields(cookie);
        StoredCookie {
            same_site: same_site.to_owned(),
            expires: cookie["expires"].as_f64(),
            // The other browsers list an IPv6 address in brackets.
            domain: if common.domain.contains(':') { format!("[{}]", common.domain) } else { common.domain },
            ..common
        }
    }

    /// Returns the cookie as a browser of this kind lists it. The list of WebKitGTK shows fewer attributes than the
    /// lists of the other browsers.
    pub(crate) fn as_listed_by(&self, kind: Kind) -> StoredCookie {
        let mut cookie = self.clone();
        if kind == Kind::WebKitGtk {
            cookie.partitioned = false;
            if cookie.same_site == "Default" {
                cookie.same_site = "None".to_owned();
            }
        }
        cookie
    }

    /// Reads the fields of a cookie that all browsers report in the same form.
    fn from_common_fields(cookie: &Value) -> StoredCookie {
        let domain = text(&cookie["domain"]);
        StoredCookie {
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

/// Adds the flags for a headless Chromium. Turns off `HttpsUpgrades` and similar features, which would change the
/// tests' plain HTTP requests to HTTPS. The flags do not change the browser's HSTS or its definition of a secure
/// context.
fn add_chromium_flags(command: &mut Command, profile: &Profile, proxy: SocketAddr) {
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // In containers, `/dev/shm` is too small for Chromium.
    command.arg("--disable-dev-shm-usage");
    command.arg("--disable-features=HttpsUpgrades,HttpsFirstModeIncognito,HttpsFirstBalancedModeAutoEnable");
    command.arg("--force-device-scale-factor=1").arg("--window-size=1200,900");
    command.arg(format!("--user-data-dir={}", profile.0.join("data").display()));
    command.arg(format!("--proxy-server=socks5://{proxy}"));
    command.arg("--remote-debugging-port=0").arg("about:blank");
}

/// Adds the flags and preferences for a headless Firefox. Turns off the feature HTTPS-first, which would change the
/// tests' plain HTTP requests to HTTPS. Turns off animations and saved sessions, because the tests need neither of
/// them.
fn add_firefox_flags(command: &mut Command, profile: &Profile, proxy: SocketAddr) {
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
    // With system access, a script can read Firefox's cookie store through internal APIs.
    command.args(["--remote-allow-system-access", "--remote-debugging-port", "0", "about:blank"]);
}

/// A connection to the browser. In the DevTools protocol and in WebDriver BiDi, each command has a number. The browser
/// can send answers and events in any order.
struct Socket {
    stream: WebSocket<TcpStream>,
    last_id: u64,
    events: VecDeque<Value>,
    /// The events of device-bound sessions. `wait_for_event` does not drop them.
    session_events: Vec<Value>,
}

impl Socket {
    fn connect(url: &str) -> Socket {
        let (address, path) = url.strip_prefix("ws://").unwrap().split_once('/').unwrap_or((&url[5..], "session"));
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let (stream, _) = tungstenite::client(format!("ws://{address}/{path}"), stream).unwrap();
        Socket { stream, last_id: 0, events: VecDeque::new(), session_events: Vec::new() }
    }

    fn command(&mut self, page: Option<&str>, method: &str, parameters: Value) -> Value {
        self.try_command(page, method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Sends a command and waits for its answer.
    fn try_command(&mut self, page: Option<&str>, method: &str, parameters: Value) -> Result<Value, String> {
        self.last_id += 1;
        let mut command = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(page) = page {
            command["sessionId"] = page.into();
        }
        self.stream.send(Message::text(command.to_string())).unwrap_or_else(|error| panic!("{method}: {error}"));
        loop {
            let mut message = self.read(method);
            if message["id"] != self.last_id {
                self.events.push_back(message);
            } else if let Some(error) = message.get("error") {
                let text = error.get("message").or(message.get("message")).unwrap_or(error);
                return Err(text.to_string());
            } else {
                return Ok(message["result"].take());
            }
        }
    }

    /// Waits for an event for which `matches` returns true. Drops all earlier events.
    fn wait_for_event(&mut self, matches: impl Fn(&Value) -> bool) {
        loop {
            let event = self.events.pop_front().unwrap_or_else(|| self.read("an event"));
            if matches(&event) {
                return;
            }
        }
    }

    fn read(&mut self, waiting_for: &str) -> Value {
        loop {
            match self.stream.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["method"] != "Network.deviceBoundSessionEventOccurred" {
                        return message;
                    }
                    self.session_events.push(message);
                }
                Ok(_) => {}
                Err(error) => panic!("the browser does not answer ({waiting_for}): {error}"),
            }
        }
    }
}

/// The browser's process. The process and its child processes are one process group. When the `Process` is dropped,
/// `drop` kills the whole process group.
struct Process(Child);

impl Process {
    /// Starts the browser and returns the WebSocket address that the browser prints.
    fn start(command: &mut Command) -> (Process, String) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut process = Process(command.spawn().unwrap());
        let mut lines = BufReader::new(process.0.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut output = Vec::new();
        let url = lines.by_ref().find_map(|line| {
            let url = line.split_once("listening on ").map(|(_, url)| url.trim().to_owned());
            output.push(line);
            url
        });
        let url = url.unwrap_or_else(|| panic!("the browser did not start:\n{}", output.join("\n")));
        // Read the rest of the output, because the browser would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        (process, url)
    }
}

impl Process {
    /// Waits until the process has ended by itself, for a limited time.
    fn wait(&mut self) {
        let start = Instant::now();
        while self.0.try_wait().unwrap().is_none() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // `Child::kill` would kill only one process of the process group.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("sh").args(["-c", "kill -KILL \"$0\"", &group]).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The folder of a new browser profile. The profile folder is also the browser's home directory. When the `Profile` is
/// dropped, `drop` removes the folder.
struct Profile(PathBuf);

impl Profile {
    fn new(kind: Kind) -> Profile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("browser-{}-{}-{count}", kind.name(), std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join(".pki/nssdb")).unwrap();
        Profile(path)
    }

    /// Adds the certificate authority to the certificate databases of Firefox and of Chromium. Tests of HSTS need a
    /// trusted certificate, because a browser does not store HSTS for a host with a certificate error, even if the user
    /// accepts the error.
    fn trust(&self, certutil: &Path, authority: &str) {
        let file = self.0.join("authority.pem");
        fs::write(&file, authority).unwrap();
        for store in [self.0.clone(), self.0.join(".pki/nssdb")] {
            let store = format!("sql:{}", store.display());
            let run = |arguments: &[&str]| {
                let mut command = Command::new(certutil);
                let output = command.args(arguments).args(["-d", &store]).stdin(Stdio::null()).output().unwrap();
                assert!(output.status.success(), "certutil: {}", String::from_utf8_lossy(&output.stderr));
            };
            run(&["-N", "--empty-password"]);
            run(&["-A", "-n", "tests", "-t", "C,,", "-i", file.to_str().unwrap()]);
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // A process of the killed browser can still write files into the folder for a short time. So try several times
        // to remove the folder.
        let start = Instant::now();
        while fs::remove_dir_all(&self.0).is_err() && start.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns the path of the first program in the list that is installed. If no program is installed, calls [`not_run`]
/// and returns `None`.
fn find_program(programs: &[&'static str], package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        programs.iter().flat_map(|program| std::env::split_paths(&path).map(move |folder| folder.join(program)));
    let found = candidates.find(|candidate| candidate.is_file());
    if found.is_none() {
        not_run(&format!("the browser tests need `{}`: apt-get install {package}", programs[0]));
    }
    found
}

/// Returns the parameters of a command of Chromium, with the id of the cookie store. The profile's own store has no id.
fn with_store(mut parameters: Value, store: &Value) -> Value {
    if !store.is_null() {
        parameters["browserContextId"] = store.clone();
    }
    parameters
}

/// Returns the kind and the result of an event of a device-bound session. Returns `None` if the event has no details.
fn session_event(event: &Value) -> Option<String> {
    ["creation", "refresh", "termination", "challenge"].into_iter().find_map(|kind| {
        let details = event.get(format!("{kind}EventDetails"))?;
        let results = ["refreshResult", "fetchResult", "deletionReason", "challengeResult"];
        let results: Vec<&str> = results.iter().filter_map(|name| details[name].as_str()).collect();
        let is_early = details["wasFullyProactiveRefresh"] == true;
        Some(format!("{kind}:{}{}", results.join("/"), if is_early { " (early)" } else { "" }))
    })
}

/// Parses the JSON text that a script returned.
fn parse_result(expression: &str, result: &Value) -> Value {
    let Some(json) = result["result"]["value"].as_str() else { panic!("{expression}: {result}") };
    serde_json::from_str(json).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}
