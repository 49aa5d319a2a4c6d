//! The example `shop` before a browser, as a visitor would use it: signing in, choosing a theme, signing out. Leaves what
//! the page looked like beside the build.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::Judge;
use super::browser::Kept;
use super::declared::is_within;
use super::example;

/// Each cookie is kept as the example declares it, the page has the theme that was chosen, and signing out leaves nothing.
pub(crate) fn visited(judge: &mut Judge<'_>) {
    let shop = Shop::open();
    let tab = judge.browser.tab_that_trusts_everybody();
    let shot = |name: &str| {
        let file = format!("shop-{}-{name}.png", judge.browser.kind.name());
        tab.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(file));
    };
    tab.navigate(&shop.http).unwrap();
    let arrived = tab.evaluate("location.href");
    shot("signed-out");
    let before = SystemTime::now();
    tab.evaluate("document.querySelector('[name=name]').value = 'Ada <b>'");
    tab.click("form[action='/sign-in'] button");
    let light = tab.evaluate(LOOK);
    let greeting = tab.evaluate("document.querySelector('h2').textContent");
    shot("light");
    let kept = tab.cookies();
    tab.click("button[value=dark]");
    let dark = tab.evaluate(LOOK);
    shot("dark");
    let script_sees = tab.evaluate("document.cookie");
    let chosen: Vec<_> = tab.cookies().into_iter().map(|kept| kept.value).collect();
    tab.click("form[action='/sign-out'] button");
    let left = tab.cookies();

    judge.equal("redirected to TLS", arrived, json!(shop.https));
    judge.equal("signed in", greeting, json!("Welcome aboard, Ada <b>."));
    judge.equal("the theme before", &light[0], &json!("light"));
    judge.equal("the theme after", &dark[0], &json!("dark"));
    judge.equal("the themes differ", light[1] == dark[1], false);
    judge.equal("what a script sees", script_sees, json!("__Host-theme=dark"));
    let [year, hours] = [Duration::from_secs(365 * 86_400), Duration::from_secs(8 * 3600)];
    let session = kept.iter().find(|kept| kept.name == "__Host-Http-session").map(|kept| kept.value.clone());
    let session = session.unwrap_or_default();
    let expected = [
        ("__Host-Http-lang", "en", true, "Lax", year),
        ("__Host-Http-session", session.as_str(), true, "Strict", hours),
        ("__Host-theme", "light", false, "Lax", year),
    ];
    judge.equal("chosen", chosen, vec!["en".to_owned(), session.clone(), "dark".to_owned()]);
    judge.equal("cookies", kept.len(), expected.len());
    let now = SystemTime::now();
    for (kept, (name, value, http_only, same_site, life)) in kept.into_iter().zip(expected) {
        let within = is_within(kept.expires, Some((before + life, now + life)));
        let declared = Kept {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: "localhost".to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: true,
            http_only,
            same_site: same_site.to_owned(),
            partitioned: false,
            expires: kept.expires.filter(|_| within),
        };
        judge.equal(name, kept, declared);
    }
    judge.equal("left after signing out", left, Vec::new());
}

/// The theme's name, and what it does to the page.
const LOOK: &str = "[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]";

/// The example's process, until the value is dropped.
struct Shop {
    process: Child,
    /// It would not survive to be unheard.
    said: BufReader<ChildStdout>,
    /// The address of its page over TLS, and over plain HTTP.
    https: String,
    http: String,
}

impl Shop {
    fn open() -> Shop {
        static BUILT: OnceLock<std::path::PathBuf> = OnceLock::new();
        let sources = ["tests/examples/shop.rs", "tests/examples/shop", "runtime/src", "macros/src", "rules/src"];
        let program = BUILT.get_or_init(|| example::built("shop", &sources));
        let mut process = Command::new(program).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut shop = Shop { process, said, https: String::new(), http: String::new() };
        // Its last words are how to close it.
        for line in shop.said.by_ref().lines().map_while(Result::ok).take_while(|line| !line.contains("Ctrl-C")) {
            match line.split_whitespace().next() {
                Some(url) if url.starts_with("https://") => shop.https = url.to_owned(),
                Some(url) if url.starts_with("http://") => shop.http = url.to_owned(),
                _ => {}
            }
        }
        assert!(!shop.https.is_empty() && !shop.http.is_empty(), "the example did not open");
        shop
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
