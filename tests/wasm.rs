//! `hardtack::web` in Chromium and Firefox: one program for wasm32-unknown-unknown, served to real pages over TLS and over
//! plain HTTP, and after each call what the browser's own store holds and what the server reads.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/browser.rs"]
mod browser;
#[path = "web/src/declarations.rs"]
mod declarations;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/network.rs"]
mod network;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "wasm/site.rs"]
mod site;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use hardtack::document_cookie;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use browser::{Browser, Kept, Kind, Tab};
use declarations::Theme;
use network::{Authority, Network};
use not_run::not_run;
use site::{DOMAIN, HOST, PARTNER, Site};

#[test]
fn chromium() {
    in_a_page_of(Kind::Chromium);
}

#[test]
fn firefox() {
    in_a_page_of(Kind::Firefox);
}

fn in_a_page_of(kind: Kind) {
    let Some(program) = program() else { return };
    let runtime = Runtime::new().unwrap();
    let _entered = runtime.enter();
    let authority = Authority::new();
    let site = Site::start(authority.server(&[HOST, DOMAIN, PARTNER], &["h2", "http/1.1"]), program);
    let network = Network::start(authority, &[], site.ports);
    let Some(browser) = Browser::start(kind, &network) else { return };
    for (name, scenario) in SCENARIOS {
        println!("{} {}: {name}", kind.name(), browser.version);
        scenario(&Page { tab: browser.tab(), site: &site });
    }
}

/// Each has a cookie store of its own.
type Scenario = (&'static str, fn(&Page<'_>));

const SCENARIOS: [Scenario; 13] = [
    ("every text comes back equal", every_text_comes_back_equal),
    ("each is stored as declared", each_is_stored_as_declared),
    ("a life is kept, and one that is over is told", lives),
    ("plain HTTP", plain_http),
    ("localhost is a secure context", localhost),
    ("outside the path nothing is written", outside_the_path),
    ("what the browser drops is told", what_the_browser_drops_is_told),
    ("a namesake beside the cookie is told", namesakes),
    ("what others set is read", what_others_set_is_read),
    ("frames", frames),
    ("a worker has no document", worker),
    ("an element named `cookie`", clobbered),
    ("what else the program reaches", others),
];

struct Page<'a> {
    tab: Tab<'a>,
    site: &'a Site,
}

impl Page<'_> {
    /// Goes to this path of the site over HTTPS.
    fn open(&self, path: &str) {
        self.tab.navigate(&format!("https://{HOST}{path}")).unwrap();
    }

    /// Calls one function of the program.
    fn call(&self, function: &str, arguments: Value) -> String {
        let told = self.tab.evaluate(&format!("ready.then(web => web.{function}(...{arguments}))"));
        told.as_str().unwrap_or_else(|| panic!("{function} {arguments}: {told}")).to_owned()
    }

    fn get(&self, cookie: &str) -> String {
        self.call("get", json!([cookie]))
    }

    fn set(&self, cookie: &str, value: &str) -> String {
        self.call("set", json!([cookie, value]))
    }

    fn remove(&self, cookie: &str) -> String {
        self.call("remove", json!([cookie]))
    }

    fn vary(&self, cookie: &str, value: Option<&str>, setter: &str, to: &str) -> String {
        self.call("vary", json!([cookie, value, setter, to]))
    }

    /// Has the server, or who sits at it, set a cookie by this line.
    fn toss(&self, line: &str) {
        let path = format!("/raw?line={}", line.replace('%', "%25").replace(';', "%3B").replace(' ', "%20"));
        assert_eq!(self.tab.fetch(&path).0, 200, "{line}");
    }

    /// What a handler of the page's origin reads.
    fn read_by_the_server(&self, cookie: &str) -> String {
        let (status, text) = self.tab.fetch(&format!("/shop/read?cookie={cookie}"));
        assert_eq!(status, 200, "{cookie}: {text}");
        text
    }

    fn kept(&self) -> Vec<Kept> {
        self.tab.cookies()
    }

    /// The one cookie that the browser holds.
    fn only(&self) -> Kept {
        let kept = self.kept();
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept[0].clone()
    }
}

#[track_caller]
fn refused(told: &str, kind: &str, cookie: &str) {
    assert!(told.starts_with(&format!("{kind}: ")) && told.contains(&format!("`{cookie}`")), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");
}

fn every_text_comes_back_equal(page: &Page<'_>) {
    let long = "x".repeat(4096 - "__Host-theme".len());
    let octets: String = (0..=127_u8).map(char::from).collect();
    page.open("/");
    for text in [
        "dark",
        "",
        " ",
        "  a  ",
        "\t",
        "0",
        "null",
        "=",
        "==",
        "a=b",
        "a; Path=/; Domain=evil.example",
        "a; HttpOnly",
        "a\r\nSet-Cookie: b=1",
        "a\0b",
        "\"quoted\"",
        "'; alert(1) //",
        "</script><script>alert(1)</script>",
        "a,b",
        "\\u0041",
        "%",
        "%41",
        "%zz",
        "é",
        "\u{feff}\u{2028}\u{2029}\u{a0}",
        "\u{1f36a}\u{10ffff}",
        "\u{202e}txt.exe",
        "__Host-theme=light",
        &octets,
        &long,
    ] {
        assert_eq!(page.set("theme", text), "ok", "{text:?}");
        assert_eq!(page.get("theme"), format!("some {text}"));
        assert_eq!(page.read_by_the_server("theme"), format!("some {text}"));
        // The same encoding as in a page that the server writes.
        let line = document_cookie(&Theme(text.to_owned())).unwrap().to_string();
        assert_eq!(page.call("text", json!([text])), line);
        let kept = page.only();
        assert_eq!(format!("{}={}; Path={}; Secure; SameSite=Lax", kept.name, kept.value, kept.path), line);
    }
    assert_eq!(page.remove("theme"), "ok");
    assert_eq!(page.get("theme"), "none");
    assert_eq!(page.read_by_the_server("theme"), "none");
    assert_eq!(page.kept(), []);
    assert_eq!(page.remove("theme"), "ok");
}

fn each_is_stored_as_declared(page: &Page<'_>) {
    page.open("/shop/7");
    let host_only = |name: &str, value: &str| Kept {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: HOST.to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        http_only: false,
        same_site: "Lax".to_owned(),
        partitioned: false,
        expires: None,
    };
    let partitioned = Kept { same_site: "None".to_owned(), partitioned: true, ..host_only("__Host-map", "1") };
    for (cookie, expected) in [
        ("theme", host_only("__Host-theme", "1")),
        ("cart", Kept { path: "/shop".to_owned(), same_site: "Strict".to_owned(), ..host_only("__Secure-cart", "1") }),
        ("map", partitioned),
        ("legacy", host_only("legacy", "1")),
        ("banner", Kept { secure: false, ..host_only("banner", "1") }),
    ] {
        assert_eq!(page.set(cookie, "1"), "ok", "{cookie}");
        assert_eq!(Kept { expires: None, ..page.only() }, expected);
        assert_eq!(page.only().expires.is_some(), cookie == "cart");
        assert_eq!((page.get(cookie), page.read_by_the_server(cookie)), ("some 1".into(), "some 1".into()), "{cookie}");
        assert_eq!(page.remove(cookie), "ok", "{cookie}");
        assert_eq!((page.get(cookie), page.kept()), ("none".into(), vec![]), "{cookie}");
    }

    // A page has no policy that would name the domain.
    refused(&page.set("name", "s3cr3t"), "Set", "__Secure-name");
    refused(&page.remove("name"), "Set", "__Secure-name");
    assert_eq!(page.vary("name", Some("ada"), "domain", DOMAIN), "ok");
    let shared = Kept { domain: DOMAIN.to_owned(), host_only: false, ..host_only("__Secure-name", "ada") };
    assert_eq!(page.only(), shared);
    assert_eq!((page.get("name"), page.read_by_the_server("name")), ("some ada".into(), "some ada".into()));
    assert_eq!(page.vary("name", None, "domain", DOMAIN), "ok");
    assert_eq!(page.kept(), []);

    assert_eq!(page.vary("cart", Some("7"), "path", "/shop/7"), "ok");
    assert_eq!(page.only().path, "/shop/7");
    // Of the declared path there is none, and the other is still there.
    refused(&page.remove("cart"), "Remains", "__Secure-cart");
    assert_eq!(page.vary("cart", None, "path", "/shop/7"), "ok");
    assert_eq!(page.kept(), []);
}

fn lives(page: &Page<'_>) {
    page.open("/shop");
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    for (cookie, life, set) in [
        ("__Secure-cart", 30 * 86_400, ("set", json!(["cart", "7"]))),
        ("__Host-theme", 600, ("live", json!(["dark", "max_age", 600]))),
    ] {
        let before = now();
        assert_eq!(page.call(set.0, set.1), "ok");
        let begun = page.only().expires.unwrap() - f64::from(life);
        // Firefox counts in whole seconds.
        assert!(before.floor() <= begun && begun <= now().ceil(), "{cookie}: {before} {begun}");
        page.tab.clear();
    }
    assert_eq!(page.call("live", json!(["dark", "until", 4_000_000_000_u32])), "ok");
    // Shortened to 400 days (6265bis 5.5).
    assert!(page.only().expires.is_some_and(|expires| expires > now() + 399.0 * 86_400.0));
    for (setter, seconds) in [("max_age", 0), ("until", 1)] {
        refused(&page.call("live", json!(["s3cr3t", setter, seconds])), "Dropped", "__Host-theme");
        assert_eq!(page.kept(), []);
    }
}

fn plain_http(page: &Page<'_>) {
    page.open("/shop/7");
    assert_eq!(page.set("theme", "s3cr3t"), "ok");
    let secure = page.only();
    page.tab.navigate(&format!("http://{HOST}/shop/7")).unwrap();
    assert_eq!(page.tab.evaluate("isSecureContext"), false);
    for (cookie, name) in
        [("theme", "__Host-theme"), ("cart", "__Secure-cart"), ("map", "__Host-map"), ("legacy", "legacy")]
    {
        for told in [page.set(cookie, "1"), page.get(cookie), page.remove(cookie)] {
            refused(&told, "NotSecureContext", name);
        }
    }
    assert_eq!(page.kept(), vec![secure.clone()]);
    // What plain HTTP may carry.
    assert_eq!((page.get("banner"), page.set("banner", "closed")), ("none".into(), "ok".into()));
    assert_eq!(page.get("banner"), "some closed");
    assert_eq!(page.read_by_the_server("banner"), "some closed");
    assert_eq!(page.kept().iter().map(|kept| kept.secure).collect::<Vec<_>>(), [true, false]);
    assert_eq!(page.remove("banner"), "ok");
    assert_eq!(page.kept(), [secure]);
}

fn localhost(page: &Page<'_>) {
    // The browsers take no proxy to it.
    page.tab.navigate(&format!("http://localhost:{}/shop/7", page.site.ports.http.port())).unwrap();
    assert_eq!(page.tab.evaluate("isSecureContext"), true);
    for (cookie, name) in [("theme", "__Host-theme"), ("cart", "__Secure-cart"), ("legacy", "legacy")] {
        assert_eq!(page.set(cookie, "7"), "ok", "{cookie}");
        assert_eq!(page.get(cookie), "some 7");
        let kept = page.only();
        assert_eq!((kept.name.as_str(), kept.secure), (name, true));
        // Under `loopback_in_debug`.
        assert_eq!(page.read_by_the_server(cookie), "some 7");
        assert_eq!((page.remove(cookie), page.kept()), ("ok".into(), vec![]));
    }
}

fn outside_the_path(page: &Page<'_>) {
    for path in ["/", "/shopping", "/SHOP", "/elsewhere/shop"] {
        page.open(path);
        for told in [page.set("cart", "1"), page.remove("cart"), page.vary("cart", Some("1"), "path", "/shop/7")] {
            refused(&told, "OutsidePath", "__Secure-cart");
        }
        assert_eq!((page.get("cart"), page.kept()), ("none".into(), vec![]));
    }
    for path in ["/shop", "/shop/", "/shop/7?a=/", "/shop#b"] {
        page.open(path);
        assert_eq!(page.set("cart", "1"), "ok", "{path}");
        assert_eq!(page.get("cart"), "some 1");
    }
    // The address that the page was loaded from counts, not what a script made of it.
    page.tab.evaluate("history.pushState(null, '', '/')");
    assert_eq!(
        (page.get("cart"), page.set("cart", "2"), page.only().value.as_str()),
        ("some 1".into(), "ok".into(), "2")
    );
    page.open("/");
    page.tab.evaluate("history.pushState(null, '', '/shop/7')");
    assert_eq!(page.get("cart"), "none");
    refused(&page.remove("cart"), "OutsidePath", "__Secure-cart");
    assert_eq!(page.only().value, "2");
}

fn what_the_browser_drops_is_told(page: &Page<'_>) {
    page.open("/shop/7");
    for domain in ["elsewhere.example", "sub.www.site.test"] {
        refused(&page.vary("name", Some("s3cr3t"), "domain", domain), "Dropped", "__Secure-name");
    }
    page.toss("legacy=server; Path=/; Secure; HttpOnly");
    refused(&page.set("legacy", "s3cr3t"), "Dropped", "legacy");
    assert_eq!(page.only().value, "server");
    let long = "s3cr3t".repeat(1000);
    let told = page.set("theme", &long);
    refused(&told, "Set", "__Host-theme");
    assert!(told.contains("is 6012 octets of name and value, and browsers drop a cookie over 4096"), "{told}");
    assert_eq!(page.kept().len(), 1);
}

fn namesakes(page: &Page<'_>) {
    page.open("/shop/7");
    page.toss("legacy=evil; Path=/shop; Secure; Domain=site.test");
    let told = page.set("legacy", "s3cr3t");
    refused(&told, "Read", "legacy");
    assert!(told.contains("more than once with different values"), "{told}");
    refused(&page.get("legacy"), "Read", "legacy");
    assert_eq!(page.kept().len(), 2);
    refused(&page.remove("legacy"), "Remains", "legacy");
    assert_eq!(page.only().value, "evil");
    // It would be ours that the browser dropped.
    page.toss("legacy=server; Path=/; Secure; HttpOnly");
    refused(&page.set("legacy", "s3cr3t"), "Dropped", "legacy");
}

fn what_others_set_is_read(page: &Page<'_>) {
    page.open("/shop/7");
    page.toss("consent=a%20b; Path=/; Secure");
    assert_eq!((page.get("consent"), page.read_by_the_server("consent")), ("some a%20b".into(), "some a%20b".into()));
    page.toss("__Secure-cart=many; Path=/shop; Secure");
    let told = page.get("cart");
    refused(&told, "Read", "__Secure-cart");
    assert!(told.ends_with("is malformed: expected a `u32`"), "{told}");
    assert_eq!(page.set("cart", "7"), "ok");
    assert_eq!(page.get("cart"), "some 7");
    // Set by a page that the server wrote.
    let line = document_cookie(&Theme("dark; \"\"".to_owned())).unwrap();
    page.tab.evaluate(&format!("document.cookie = {}", line.js_string()));
    assert_eq!(page.get("theme"), "some dark; \"\"");
    // HttpOnly ones are out of sight.
    page.toss("legacy=server; Path=/; Secure; HttpOnly");
    assert_eq!(page.get("legacy"), "none");
}

fn frames(page: &Page<'_>) {
    let frame = |parent: &str, url: &str, sandbox: Value| -> Vec<String> {
        page.tab.navigate(parent).unwrap();
        let told = page.tab.evaluate(&format!("ready.then(() => frame({}, {sandbox} ?? undefined))", json!(url)));
        told.as_array().unwrap().iter().map(|told| told.as_str().unwrap().to_owned()).collect()
    };
    let (here, there) = (format!("https://{HOST}/elsewhere"), format!("https://{PARTNER}/"));

    let same_site = frame(&format!("https://{HOST}/"), &here, Value::Null);
    assert_eq!(same_site, ["ok", "some 1", "ok", "ok", "some 1", "ok"]);

    let sandboxed = frame(&format!("https://{HOST}/"), &here, json!("allow-scripts"));
    for (told, name) in sandboxed.iter().zip(["__Host-theme"; 3].into_iter().chain(["__Host-map"; 3])) {
        refused(told, "Denied", name);
    }
    let allowed = frame(&format!("https://{HOST}/"), &here, json!("allow-scripts allow-same-origin"));
    assert_eq!(allowed, same_site);

    // In another's page: `SameSite=Lax` is not for it, `SameSite=None; Partitioned` is.
    let embedded = frame(&there, &here, Value::Null);
    refused(&embedded[0], "Dropped", "__Host-theme");
    assert_eq!(embedded[1..], ["none", "ok", "ok", "some 1", "ok"]);

    // Whoever is between the browser and the outer page has a say in the inner one.
    let insecure = frame(&format!("http://{HOST}/"), &here, Value::Null);
    for (told, name) in insecure.iter().zip(["__Host-theme"; 3].into_iter().chain(["__Host-map"; 3])) {
        refused(told, "NotSecureContext", name);
    }
    assert_eq!(page.kept(), []);
}

fn worker(page: &Page<'_>) {
    page.open("/");
    let told = page.tab.evaluate("ready.then(worker)");
    let told = told.as_array().unwrap();
    assert_eq!(told.len(), 6);
    for told in told {
        assert!(told.as_str().unwrap().starts_with("NoDocument: there is no document here; "), "{told}");
    }
}

fn clobbered(page: &Page<'_>) {
    page.open("/?clobbered");
    assert_eq!(page.tab.evaluate("typeof document.cookie"), "object");
    for told in [page.set("theme", "s3cr3t"), page.get("theme"), page.remove("theme")] {
        refused(&told, "Denied", "__Host-theme");
    }
    assert_eq!(page.kept(), []);
}

fn others(page: &Page<'_>) {
    page.open("/");
    assert_eq!(page.call("others", json!([])), "Some(\"dark\") Ok(true)");
}

/// The folder of the built program; `None`, and a loud line, where nothing here compiles it. In CI that is a failure.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/build");
    let built = Command::new("bash").arg(script).arg(&folder).output();
    let why = match built {
        Ok(built) if built.status.success() => return Some(folder.join("page")),
        Ok(built) if built.status.code() == Some(69) => String::from_utf8_lossy(&built.stderr).trim().to_owned(),
        Ok(built) => panic!("web/build: {}", String::from_utf8_lossy(&built.stderr)),
        Err(error) => format!("`bash` does not start: {error}"),
    };
    not_run(&format!("the program for the browser is not built: {why}"));
    None
}
