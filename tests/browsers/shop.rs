//! Visits the example `shop` in a browser: signs in, chooses a theme and signs out. The test writes screenshots to
//! cargo's directory for temporary files.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::Checks;
use super::browser::StoredCookie;
use super::built;
use super::declared_cookies::is_within;

/// The browser stores each cookie with the declared attributes. The page shows the chosen theme. When the user signs
/// out, the browser removes all cookies.
pub(crate) fn sign_in_and_out(checks: &mut Checks<'_>) {
    let shop = Shop::start();
    let tab = checks.browser.tab_trusting_any_certificate();
    let shot = |name: &str| {
        let file = format!("shop-{}-{name}.png", checks.browser.kind.name());
        tab.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(file));
    };
    tab.navigate(&shop.http).unwrap();
    let url = tab.evaluate("location.href");
    shot("signed-out");
    let before = SystemTime::now();
    tab.evaluate("document.querySelector('[name=name]').value = 'Ada <b>'");
    tab.click("form[action='/sign-in'] button");
    let light = tab.evaluate(THEME);
    let greeting = tab.evaluate("document.querySelector('h2').textContent");
    shot("light");
    let stored = tab.cookies();
    tab.click("button[value=dark]");
    let dark = tab.evaluate(THEME);
    shot("dark");
    let document_cookie = tab.evaluate("document.cookie");
    let values_after: Vec<_> = tab.cookies().into_iter().map(|cookie| cookie.value).collect();
    tab.click("form[action='/sign-out'] button");
    let remaining = tab.cookies();

    checks.equal("the URL after the redirect to HTTPS", url, json!(shop.https));
    checks.equal("the greeting after sign-in", greeting, json!("Welcome aboard, Ada <b>."));
    checks.equal("the first theme", &light[0], &json!("light"));
    checks.equal("the chosen theme", &dark[0], &json!("dark"));
    checks.equal("the themes have the same background", light[1] == dark[1], false);
    checks.equal("`document.cookie`", document_cookie, json!("__Host-theme=dark"));
    let [year, hours] = [Duration::from_secs(365 * 86_400), Duration::from_secs(8 * 3600)];
    let session = stored.iter().find(|cookie| cookie.name == "__Host-Http-session").map(|cookie| cookie.value.clone());
    let session = session.unwrap_or_default();
    checks.equal("the session's value is empty", session.is_empty(), false);
    let expected = [
        ("__Host-Http-lang", "en", true, "Lax", year),
        ("__Host-Http-session", session.as_str(), true, "Strict", hours),
        ("__Host-theme", "light", false, "Lax", year),
    ];
    let expected_after = vec!["en".to_owned(), session.clone(), "dark".to_owned()];
    checks.equal("the values after the dark theme was chosen", values_after, expected_after);
    checks.equal("the number of cookies", stored.len(), expected.len());
    let now = SystemTime::now();
    for (stored, (name, value, http_only, same_site, max_age)) in stored.into_iter().zip(expected) {
        let within = is_within(stored.expires, Some((before + max_age, now + max_age)));
        let declared = StoredCookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: "localhost".to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: true,
            http_only,
            same_site: same_site.to_owned(),
            partitioned: false,
            expires: stored.expires.filter(|_| within),
        };
        checks.equal(name, stored, declared);
    }
    checks.equal("the cookies after sign-out", remaining, Vec::new());
}

/// A script that returns the name of the theme and the page's background colour.
const THEME: &str = "[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]";

/// The process of the example `shop`. Dropping this struct kills the process.
struct Shop {
    process: Child,
    /// The output of the example `shop`. The test keeps the pipe open, because printing to a closed pipe would stop the
    /// example.
    stdout: BufReader<ChildStdout>,
    /// The URL of the page over TLS.
    https: String,
    /// The URL of the page over plain HTTP.
    http: String,
}

impl Shop {
    fn start() -> Shop {
        static PROGRAM: OnceLock<std::path::PathBuf> = OnceLock::new();
        let sources = ["tests/examples/shop.rs", "tests/examples/shop", "runtime/src", "macros/src", "rules/src"];
        let program = PROGRAM.get_or_init(|| built::example("shop", &sources));
        let mut process = Command::new(program).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut shop = Shop { process, stdout, https: String::new(), http: String::new() };
        // The example prints the line with `Ctrl-C` last.
        for line in shop.stdout.by_ref().lines().map_while(Result::ok).take_while(|line| !line.contains("Ctrl-C")) {
            match line.split_whitespace().next() {
                Some(url) if url.starts_with("https://") => shop.https = url.to_owned(),
                Some(url) if url.starts_with("http://") => shop.http = url.to_owned(),
                _ => {}
            }
        }
        assert!(!shop.https.is_empty() && !shop.http.is_empty(), "the example did not print its URLs");
        shop
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
