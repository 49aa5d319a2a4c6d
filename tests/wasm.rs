//! Tests `hardtack::web` in Chromium, Firefox and WebKitGTK. Pages load a WebAssembly test program (`tests/web`) over
//! TLS and over plain HTTP. The tests call the functions of the WebAssembly program. Then the tests check the browser's
//! cookie store and the value that the server reads.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/browser.rs"]
mod browser;
#[path = "web/src/declarations.rs"]
mod declarations;
#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/network.rs"]
mod network;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "wasm/site.rs"]
mod site;
#[path = "support/web_assembly.rs"]
mod web_assembly;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use hardtack::document_cookie;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use browser::{Browser, Kind, StoredCookie, Tab};
use declarations::Theme;
use network::{Authority, Network};
use site::{DOMAIN, HOST, PARTNER, Site};

#[test]
fn web_module_works_in_chromium() {
    run_scenarios(Kind::Chromium);
}

#[test]
fn web_module_works_in_firefox() {
    run_scenarios(Kind::Firefox);
}

#[test]
fn web_module_works_in_webkitgtk() {
    run_scenarios(Kind::WebKitGtk);
}

fn run_scenarios(kind: Kind) {
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

/// The name and the function of a test scenario. Each test scenario begins with an empty cookie store.
type Scenario = (&'static str, fn(&Page<'_>));

const SCENARIOS: [Scenario; 18] = [
    ("values are read back unchanged", values_are_read_back_unchanged),
    ("cookies are stored as declared", cookies_are_stored_as_declared),
    ("former cookies are read and removed", former_cookies_are_read_and_removed),
    ("families have at most eight cookies", families_have_at_most_eight_cookies),
    ("expired cookies are errors", expired_cookies_are_errors),
    ("plain HTTP reaches insecure cookies only", plain_http_reaches_insecure_cookies_only),
    ("localhost is a secure context", localhost_is_a_secure_context),
    ("pages outside the path are rejected", pages_outside_the_path_are_rejected),
    ("dropped cookies are errors", dropped_cookies_are_errors),
    ("a second cookie of the name is an error", second_cookie_of_the_name_is_an_error),
    ("cookies of other programs are read", cookies_of_other_programs_are_read),
    ("`cookieStore` sets the declared attributes", cookie_store_sets_the_declared_attributes),
    ("changes are reported", changes_are_reported),
    ("changes need a secure context", changes_need_a_secure_context),
    ("frames", frames_follow_the_browsers_rules),
    ("workers have no document", workers_have_no_document),
    ("an element named `cookie`", element_named_cookie_hides_document_cookie),
    ("the jar and the audit work", jar_and_audit_work),
];

struct Page<'a> {
    tab: Tab<'a>,
    site: &'a Site,
}

impl Page<'_> {
    /// Opens a path of the site over HTTPS.
    fn open(&self, path: &str) {
        self.tab.navigate(&format!("https://{HOST}{path}")).unwrap();
    }

    /// Calls a function of the WebAssembly program and returns the result.
    fn call(&self, function: &str, arguments: Value) -> String {
        let result = self.tab.evaluate(&format!("ready.then(web => web.{function}(...{arguments}))"));
        result.as_str().unwrap_or_else(|| panic!("{function} {arguments}: {result}")).to_owned()
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

    /// Makes the server respond with the `Set-Cookie` header in the argument.
    fn receive(&self, header: &str) {
        let path = format!("/raw?header={}", header.replace('%', "%25").replace(';', "%3B").replace(' ', "%20"));
        assert_eq!(self.tab.fetch(&path).0, 200, "{header}");
    }

    /// Returns the value that a handler on the page's origin reads.
    fn read_by_server(&self, cookie: &str) -> String {
        let (status, text) = self.tab.fetch(&format!("/shop/read?cookie={cookie}"));
        assert_eq!(status, 200, "{cookie}: {text}");
        text
    }

    /// Returns the cookies in the browser's store.
    fn stored(&self) -> Vec<StoredCookie> {
        self.tab.cookies()
    }

    /// Returns the only cookie in the browser's store.
    fn stored_cookie(&self) -> StoredCookie {
        let stored = self.stored();
        assert_eq!(stored.len(), 1, "{stored:?}");
        stored[0].clone()
    }
}

/// Checks that a result is an error of the given kind. The error must name the cookie, and must not contain the
/// cookie's value.
#[track_caller]
fn assert_error(result: &str, kind: &str, cookie: &str) {
    assert!(result.starts_with(&format!("{kind}: ")) && result.contains(&format!("`{cookie}`")), "{result}");
    assert!(!result.contains("s3cr3t"), "{result}");
}

fn values_are_read_back_unchanged(page: &Page<'_>) {
    let longest = "x".repeat(4096 - "__Host-theme".len());
    let ascii: String = (0..=127_u8).map(char::from).collect();
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
        &ascii,
        &longest,
    ] {
        assert_eq!(page.set("theme", text), "ok", "{text:?}");
        assert_eq!(page.get("theme"), format!("some {text}"));
        assert_eq!(page.read_by_server("theme"), format!("some {text}"));
        // For the same cookie, the WebAssembly program and the server assign the same text to `document.cookie`.
        let expected = document_cookie(&Theme(text.to_owned())).unwrap().to_string();
        assert_eq!(page.call("document_cookie_text", json!([text])), expected);
        let stored = page.stored_cookie();
        let written = format!("{}={}; Path={}; Secure; SameSite=Lax", stored.name, stored.value, stored.path);
        assert_eq!(written, expected);
    }
    assert_eq!(page.remove("theme"), "ok");
    assert_eq!(page.get("theme"), "none");
    assert_eq!(page.read_by_server("theme"), "none");
    assert_eq!(page.stored(), []);
    assert_eq!(page.remove("theme"), "ok");
}

fn cookies_are_stored_as_declared(page: &Page<'_>) {
    page.open("/shop/7");
    let host_only = |name: &str, value: &str| StoredCookie {
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
    let partitioned = StoredCookie { same_site: "None".to_owned(), partitioned: true, ..host_only("__Host-map", "1") };
    for (cookie, expected) in [
        ("theme", host_only("__Host-theme", "1")),
        (
            "cart",
            StoredCookie {
                path: "/shop".to_owned(),
                same_site: "Strict".to_owned(),
                ..host_only("__Secure-cart", "1")
            },
        ),
        ("map", partitioned),
        ("legacy", host_only("legacy", "1")),
        ("banner", StoredCookie { secure: false, ..host_only("banner", "1") }),
    ] {
        assert_eq!(page.set(cookie, "1"), "ok", "{cookie}");
        let expected = expected.as_listed_by(page.tab.browser.kind);
        assert_eq!(StoredCookie { expires: None, ..page.stored_cookie() }, expected);
        assert_eq!(page.stored_cookie().expires.is_some(), cookie == "cart");
        assert_eq!((page.get(cookie), page.read_by_server(cookie)), ("some 1".into(), "some 1".into()), "{cookie}");
        assert_eq!(page.remove(cookie), "ok", "{cookie}");
        assert_eq!((page.get(cookie), page.stored()), ("none".into(), vec![]), "{cookie}");
    }

    // The WebAssembly program has no policy, so the program does not know the policy's cookie domain.
    page.receive("__Secure-name=ada; Path=/; Domain=site.test; Secure");
    assert_error(&page.set("name", "s3cr3t"), "Set", "__Secure-name");
    assert_error(&page.remove("name"), "Set", "__Secure-name");
    assert_eq!((page.get("name"), page.read_by_server("name")), ("some ada".into(), "some ada".into()));
    assert_eq!(page.stored_cookie().value, "ada");
    page.tab.clear();

    // The declaration does not name the path `/shop/7`, so the cookie remains in the browser. `remove` returns an
    // error, because the page can still read a cookie with this name.
    page.receive("__Secure-cart=7; Path=/shop/7; Secure");
    assert_error(&page.remove("cart"), "Remains", "__Secure-cart");
    assert_eq!(page.stored_cookie().path, "/shop/7");
}

fn former_cookies_are_read_and_removed(page: &Page<'_>) {
    page.open("/shop/7");
    page.receive("tongue=en; Path=/; Secure");
    assert_eq!((page.get("language"), page.read_by_server("language")), ("some en".into(), "some en".into()));
    assert_eq!(page.stored_cookie().name, "tongue", "reading writes nothing");
    assert_eq!((page.set("language", "pt"), page.get("language")), ("ok".into(), "some pt".into()));
    assert_eq!(page.stored_cookie().name, "__Secure-language");

    // A sibling host plants the earlier name.
    page.receive("tongue=evil; Path=/; Domain=site.test");
    assert_eq!((page.get("language"), page.read_by_server("language")), ("some pt".into(), "some pt".into()));
    // A page outside the path cannot read the present cookie.
    page.open("/");
    assert_eq!(page.get("language"), "none");
    page.open("/shop/7");
    assert_error(&page.remove("language"), "Remains", "tongue");
    page.receive("tongue=old; Path=/; Secure");
    assert_eq!((page.get("language"), page.read_by_server("language")), ("none".into(), "none".into()));
    page.tab.clear();

    // The cookie has its present name, and an earlier scope.
    page.receive("__Secure-language=en; Path=/; Domain=site.test; Secure");
    assert_eq!((page.set("language", "pt"), page.stored_cookie().path.as_str()), ("ok".into(), "/shop"));
    page.receive("__Secure-language=en; Path=/; Domain=site.test; Secure");
    assert_eq!((page.remove("language"), page.stored()), ("ok".into(), vec![]));
}

fn families_have_at_most_eight_cookies(page: &Page<'_>) {
    page.open("/");
    let key = |number: usize| format!("form-{number}");
    for number in 0..10 {
        assert_eq!(page.call("set_draft", json!([key(number), "a; b"])), "ok");
        assert_eq!(page.call("get_draft", json!([key(number)])), "some a; b");
    }
    let keys = (2..10).map(key).collect::<Vec<_>>().join(" ");
    assert_eq!((page.call("draft_keys", json!([])), page.read_by_server("draft")), (keys.clone(), keys));
    assert_eq!(page.stored().len(), 8);
    for refused in [page.call("set_draft", json!(["a.b", "s3cr3t"])), page.call("remove_draft", json!([""]))] {
        assert_error(&refused, "Set", "__Host-draft");
    }
    assert_eq!(page.call("get_draft", json!(["a.b"])), "none");
    for number in 2..10 {
        assert_eq!(page.call("remove_draft", json!([key(number)])), "ok");
    }
    assert_eq!((page.call("draft_keys", json!([])), page.stored()), (String::new(), vec![]));
}

fn expired_cookies_are_errors(page: &Page<'_>) {
    page.open("/shop");
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    for (cookie, max_age, (function, arguments)) in [
        ("__Secure-cart", 30 * 86_400, ("set", json!(["cart", "7"]))),
        ("__Secure-cart", 600, ("set_cart_with_lifetime", json!([7, "max_age", 600]))),
        // A longer lifetime is cut to the declared `max_age`.
        ("__Secure-cart", 30 * 86_400, ("set_cart_with_lifetime", json!([7, "max_age", 31 * 86_400]))),
        ("__Secure-cart", 30 * 86_400, ("set_cart_with_lifetime", json!([7, "expires", 4_000_000_000_u32]))),
    ] {
        let before = now();
        assert_eq!(page.call(function, arguments), "ok");
        let set_at = page.stored_cookie().expires.unwrap() - f64::from(max_age);
        // Firefox only stores whole seconds.
        assert!(before.floor() <= set_at && set_at <= now().ceil(), "{cookie}: {before} {set_at}");
        page.tab.clear();
    }
    for (setter, seconds) in [("max_age", 0), ("expires", 1)] {
        let result = page.call("set_cart_with_lifetime", json!([7, setter, seconds]));
        assert_error(&result, "Dropped", "__Secure-cart");
        assert_eq!(page.stored(), []);
    }
}

fn plain_http_reaches_insecure_cookies_only(page: &Page<'_>) {
    page.open("/shop/7");
    assert_eq!(page.set("theme", "s3cr3t"), "ok");
    let secure = page.stored_cookie();
    page.tab.navigate(&format!("http://{HOST}/shop/7")).unwrap();
    assert_eq!(page.tab.evaluate("isSecureContext"), false);
    for (cookie, name) in
        [("theme", "__Host-theme"), ("cart", "__Secure-cart"), ("map", "__Host-map"), ("legacy", "legacy")]
    {
        for result in [page.set(cookie, "1"), page.get(cookie), page.remove(cookie)] {
            assert_error(&result, "NotSecureContext", name);
        }
    }
    assert_eq!(page.stored(), vec![secure.clone()]);
    // On a page over plain HTTP, the program can read and set an insecure cookie.
    assert_eq!((page.get("banner"), page.set("banner", "closed")), ("none".into(), "ok".into()));
    assert_eq!(page.get("banner"), "some closed");
    assert_eq!(page.read_by_server("banner"), "some closed");
    assert_eq!(page.stored().iter().map(|cookie| cookie.secure).collect::<Vec<_>>(), [true, false]);
    assert_eq!(page.remove("banner"), "ok");
    assert_eq!(page.stored(), [secure]);
}

fn localhost_is_a_secure_context(page: &Page<'_>) {
    // The URL has a port, because browsers connect to localhost without the proxy.
    page.tab.navigate(&format!("http://localhost:{}/shop/7", page.site.ports.http.port())).unwrap();
    assert_eq!(page.tab.evaluate("isSecureContext"), true);
    for (cookie, name) in [("theme", "__Host-theme"), ("cart", "__Secure-cart"), ("legacy", "legacy")] {
        if !page.tab.browser.kind.trusts_loopback() {
            assert_error(&page.set(cookie, "7"), "Dropped", name);
            assert_eq!(page.stored(), []);
            continue;
        }
        assert_eq!(page.set(cookie, "7"), "ok", "{cookie}");
        assert_eq!(page.get(cookie), "some 7");
        let stored = page.stored_cookie();
        assert_eq!((stored.name.as_str(), stored.secure), (name, true));
        // In a debug build, the server also counts a request to localhost as HTTPS.
        assert_eq!(page.read_by_server(cookie), "some 7");
        assert_eq!((page.remove(cookie), page.stored()), ("ok".into(), vec![]));
    }
}

fn pages_outside_the_path_are_rejected(page: &Page<'_>) {
    for path in ["/", "/shopping", "/SHOP", "/elsewhere/shop"] {
        page.open(path);
        for result in [page.set("cart", "1"), page.remove("cart")] {
            assert_error(&result, "OutsidePath", "__Secure-cart");
        }
        assert_eq!((page.get("cart"), page.stored()), ("none".into(), vec![]));
    }
    for path in ["/shop", "/shop/", "/shop/7?a=/", "/shop#b"] {
        page.open(path);
        assert_eq!(page.set("cart", "1"), "ok", "{path}");
        assert_eq!(page.get("cart"), "some 1");
    }
    // Browsers compare the cookie's path with the URL from which the page was loaded. The script function `pushState`
    // does not change the URL from which the page was loaded.
    page.tab.evaluate("history.pushState(null, '', '/')");
    assert_eq!(
        (page.get("cart"), page.set("cart", "2"), page.stored_cookie().value.as_str()),
        ("some 1".into(), "ok".into(), "2")
    );
    page.open("/");
    page.tab.evaluate("history.pushState(null, '', '/shop/7')");
    assert_eq!(page.get("cart"), "none");
    assert_error(&page.remove("cart"), "OutsidePath", "__Secure-cart");
    assert_eq!(page.stored_cookie().value, "2");
}

fn dropped_cookies_are_errors(page: &Page<'_>) {
    page.open("/shop/7");
    assert_error(&page.set("elsewhere", "s3cr3t"), "Dropped", "__Secure-elsewhere");
    page.receive("legacy=server; Path=/; Secure; HttpOnly");
    assert_error(&page.set("legacy", "s3cr3t"), "Dropped", "legacy");
    assert_eq!(page.stored_cookie().value, "server");
    let long = "s3cr3t".repeat(1000);
    let result = page.set("theme", &long);
    assert_error(&result, "Set", "__Host-theme");
    assert!(result.contains("has 6012 bytes of name and value, and browsers reject a cookie over 4096"), "{result}");
    assert_eq!(page.stored().len(), 1);
}

fn second_cookie_of_the_name_is_an_error(page: &Page<'_>) {
    page.open("/shop/7");
    page.receive("legacy=evil; Path=/shop; Secure; Domain=site.test");
    let result = page.set("legacy", "s3cr3t");
    assert_error(&result, "Read", "legacy");
    assert!(result.contains("several times with different values"), "{result}");
    assert_error(&page.get("legacy"), "Read", "legacy");
    assert_eq!(page.stored().len(), 2);
    assert_error(&page.remove("legacy"), "Remains", "legacy");
    assert_eq!(page.stored_cookie().value, "evil");
    // The server sets an `HttpOnly` cookie with the same name, domain and path as the page's cookie. Scripts cannot
    // overwrite an `HttpOnly` cookie, so the browser drops the cookie that the page sets afterwards.
    page.receive("legacy=server; Path=/; Secure; HttpOnly");
    assert_error(&page.set("legacy", "s3cr3t"), "Dropped", "legacy");
}

fn cookies_of_other_programs_are_read(page: &Page<'_>) {
    page.open("/shop/7");
    page.receive("consent=a%20b; Path=/; Secure");
    assert_eq!((page.get("consent"), page.read_by_server("consent")), ("some a%20b".into(), "some a%20b".into()));
    page.receive("__Secure-cart=many; Path=/shop; Secure");
    let result = page.get("cart");
    assert_error(&result, "Read", "__Secure-cart");
    assert!(result.ends_with("is malformed: expected a `u32`"), "{result}");
    assert_eq!(page.set("cart", "7"), "ok");
    assert_eq!(page.get("cart"), "some 7");
    // An inline script of a page can assign the text to `document.cookie`, to write a cookie.
    let text = document_cookie(&Theme("dark; \"\"".to_owned())).unwrap();
    page.tab.evaluate(&format!("document.cookie = {}", text.js_string()));
    assert_eq!(page.get("theme"), "some dark; \"\"");
    // Scripts cannot read `HttpOnly` cookies.
    page.receive("legacy=server; Path=/; Secure; HttpOnly");
    assert_eq!(page.get("legacy"), "none");
}

fn frames_follow_the_browsers_rules(page: &Page<'_>) {
    let frame = |parent: &str, url: &str, sandbox: Value| -> Vec<String> {
        page.tab.navigate(parent).unwrap();
        let results = page.tab.evaluate(&format!("ready.then(() => frame({}, {sandbox} ?? undefined))", json!(url)));
        results.as_array().unwrap().iter().map(|result| result.as_str().unwrap().to_owned()).collect()
    };
    let (inner, partner) = (format!("https://{HOST}/frame"), format!("https://{PARTNER}/"));
    // The script in the frame calls three functions for each of two cookies.
    let names = ["__Host-theme", "__Host-theme", "__Host-theme", "__Host-map", "__Host-map", "__Host-map"];

    let same_site = frame(&format!("https://{HOST}/"), &inner, Value::Null);
    assert_eq!(same_site, ["ok", "some 1", "ok", "ok", "some 1", "ok"]);

    let sandboxed = frame(&format!("https://{HOST}/"), &inner, json!("allow-scripts"));
    assert_eq!(sandboxed.len(), names.len());
    for (result, name) in sandboxed.iter().zip(names) {
        assert_error(result, "Denied", name);
    }
    let allowed = frame(&format!("https://{HOST}/"), &inner, json!("allow-scripts allow-same-origin"));
    assert_eq!(allowed, same_site);

    // In a page of another site, browsers drop a cookie with `SameSite=Lax`. Browsers store a cookie with
    // `SameSite=None; Partitioned`.
    let embedded = frame(&partner, &inner, Value::Null);
    assert_error(&embedded[0], "Dropped", "__Host-theme");
    if page.tab.browser.kind == Kind::WebKitGtk {
        // libsoup has no partitioned cookies. So WebKitGTK drops all cookies of an embedded page.
        assert_error(&embedded[3], "Dropped", "__Host-map");
        assert_eq!([&embedded[1], &embedded[2], &embedded[4], &embedded[5]], ["none", "ok", "none", "ok"]);
    } else {
        assert_eq!(embedded[1..], ["none", "ok", "ok", "some 1", "ok"]);
    }

    // A frame in an insecure page is not a secure context, because a network attacker can change the outer page.
    let insecure = frame(&format!("http://{HOST}/"), &inner, Value::Null);
    assert_eq!(insecure.len(), names.len());
    for (result, name) in insecure.iter().zip(names) {
        assert_error(result, "NotSecureContext", name);
    }
    assert_eq!(page.stored(), []);
}

fn workers_have_no_document(page: &Page<'_>) {
    page.open("/");
    let results = page.tab.evaluate("ready.then(worker)");
    let results = results.as_array().unwrap();
    assert_eq!(results.len(), 6);
    for result in results {
        assert!(result.as_str().unwrap().starts_with("NoDocument: there is no document; "), "{result}");
    }
}

/// The element hides `document.cookie`. It does not hide `cookieStore`.
fn element_named_cookie_hides_document_cookie(page: &Page<'_>) {
    page.open("/shop?clobbered");
    assert_eq!(page.tab.evaluate("typeof document.cookie"), "object");
    for result in [page.set("banner", "s3cr3t"), page.get("banner"), page.remove("banner")] {
        assert_error(&result, "Denied", "banner");
    }
    for result in [page.set("cart", "7"), page.get("cart"), page.remove("cart")] {
        assert_error(&result, "Denied", "__Secure-cart");
    }
    assert_eq!(page.stored(), []);
    assert_eq!(
        (page.set("theme", "1"), page.get("theme"), page.remove("theme")),
        ("ok".into(), "some 1".into(), "ok".into())
    );
    assert_eq!(page.stored(), []);
}

/// Each of the three browsers has `cookieStore`.
fn cookie_store_sets_the_declared_attributes(page: &Page<'_>) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let has_cookie_store = || page.tab.evaluate("typeof cookieStore === 'object'");
    page.open("/shop/7");
    assert_eq!(has_cookie_store(), true);
    // The page records the calls of `cookieStore`.
    page.tab.evaluate(
        "(globalThis.calls = [], ['set', 'delete'].forEach(name => { const original = CookieStore.prototype[name]; \
         CookieStore.prototype[name] = function(...all) { calls.push(name); return original.apply(this, all); }; }), 1)",
    );
    let calls = || page.tab.evaluate("calls.splice(0)");
    for (seconds, max_age) in [(600, 600.0), (31 * 86_400, 30.0 * 86_400.0)] {
        let before = now();
        assert_eq!(page.call("set_stay", json!(["a; b", seconds])), "ok");
        let stored = page.stored_cookie();
        let set_at = stored.expires.unwrap() - max_age;
        assert!(before.floor() <= set_at && set_at <= now().ceil(), "{before} {set_at}");
        assert_eq!((stored.name.as_str(), stored.same_site.as_str(), stored.secure), ("__Host-stay", "Lax", true));
    }
    assert_eq!((calls(), page.read_by_server("stay")), (json!(["set", "set"]), "some a; b".into()));
    assert_error(&page.call("set_stay", json!(["s3cr3t", 0])), "Dropped", "__Host-stay");
    assert_eq!((page.stored(), calls()), (vec![], json!(["set"])));
    assert_eq!((page.call("set_stay", json!(["1", 60])), page.remove("stay")), ("ok".into(), "ok".into()));
    assert_eq!((page.stored(), calls()), (vec![], json!(["set", "set"])));
    // `cookieStore` would make the cookie Secure, append a `/` to the path, or ignore `partitioned`.
    for cookie in ["banner", "cart", "language", "map"] {
        assert_eq!((page.set(cookie, "1"), page.remove(cookie), calls()), ("ok".into(), "ok".into(), json!([])));
    }
    page.tab.navigate(&format!("http://{HOST}/")).unwrap();
    assert_eq!(has_cookie_store(), false);
}

fn changes_are_reported(page: &Page<'_>) {
    page.open("/");
    assert_eq!(page.set("theme", "before"), "ok");
    assert_eq!(page.call("watch_theme", json!([])), "ok");
    // Each action comes from another part of the browser. The page changes other cookies first.
    let next = |action: &str| {
        let script =
            // The event of the first `set` may arrive late.
            format!(
                "ready.then(async web => {{ const next = web.next_change(); {action}; let change = await next; \
                 while (change === 'set before') change = await web.next_change(); return change; }})"
            );
        page.tab.evaluate(&script).as_str().unwrap().to_owned()
    };
    let other = "document.cookie = 'other=1; Path=/'; await web.set('legacy', '1'); ";
    assert_eq!(next(&format!("{other} await web.set('theme', 'by wasm')")), "set by wasm");
    assert_eq!(next("document.cookie = '__Host-theme=by%20script; Path=/; Secure'"), "set by script");
    let response = "/raw?header=__Host-theme%3Dby-server%3B%20Path%3D/%3B%20Secure";
    assert_eq!(next(&format!("fetch('{response}')")), "set by-server");
    assert_eq!(next("await web.remove('theme')"), "removed");
    assert_eq!(next("document.cookie = '__Host-theme=s3cr3t%zz; Path=/; Secure'"), "set s3cr3t%zz");
    assert_eq!(next("document.cookie = '__Host-theme=s3cr3t%ff; Path=/; Secure'").split(':').next(), Some("Read"));
    assert_eq!(next("document.cookie = '__Host-theme=; Path=/; Secure; Max-Age=0'"), "removed");
}

fn changes_need_a_secure_context(page: &Page<'_>) {
    page.tab.navigate(&format!("http://{HOST}/")).unwrap();
    assert_error(&page.call("watch_theme", json!([])), "NotSecureContext", "__Host-theme");
    page.open("/");
    page.tab.evaluate("delete globalThis.cookieStore");
    assert_error(&page.call("watch_theme", json!([])), "NoCookieStore", "__Host-theme");
    // Without `cookieStore`, the functions use `document.cookie`.
    assert_eq!(
        (page.set("theme", "1"), page.get("theme"), page.remove("theme")),
        ("ok".into(), "some 1".into(), "ok".into())
    );
    assert_eq!(page.stored(), []);
}

fn jar_and_audit_work(page: &Page<'_>) {
    page.open("/");
    // `try_get` returns the value that this request set.
    assert_eq!(page.call("use_jar_and_audit", json!([])), "Some(\"light\") Ok(true)");
}

/// Returns the folder of the compiled program, or `None` if no compiler for WebAssembly is installed.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(|| web_assembly::build("web")).as_deref()
}
