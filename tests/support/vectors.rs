//! Reads the vectors of `tests/vectors` for the audit tests and the browser tests. This file also contains:
//!
//! - a wrapper of `hardtack::testing::Browser`,
//! - the list of the known differences between browsers and the audit.

use std::fmt;
use std::time::SystemTime;

use hardtack::audit::{Context, Rejection, Stored};
use hardtack::testing::{self, Browser};
use serde_json::Value;

pub(crate) const WPT_STORE: &str = include_str!("../vectors/wpt_store.json");
pub(crate) const SET_COOKIE_AUDIT: &str = include_str!("../vectors/set_cookie_audit.json");
pub(crate) const BROWSER_VERDICTS: &str = include_str!("../vectors/browser_verdicts.json");

/// The known differences between browsers and the draft RFC 6265bis, which the audit follows. Each entry of the list
/// contains the browser, the id of the case in `set_cookie_audit.json`, the outcome in the browser, and the reason.
pub(crate) const KNOWN_DIFFERENCES: [(&str, &str, &str, &str); 11] = [
    ("chromium", "tough-parse/09", "refused", "`domain=.`, which the draft ignores"),
    ("firefox", "tough-parse/09", "refused", "`domain=.`, which the draft ignores"),
    ("chromium", "tough-parse/24", "refused", "`=foo=bar`, a value without a name"),
    ("firefox", "tough-parse/24", "refused", "`=foo=bar`, a value without a name"),
    ("firefox", "bis/05-https", "stored", "`__Host-` without `Path`, at the root"),
    ("firefox", "bis/06-https", "stored", "`__Host-` without `Path`, at the root"),
    ("firefox", "tough-prefix/4", "stored", "`__Host-` without `Path`, at the root"),
    ("firefox", "tough-parse/22", "refused", "`=abc`, a value without a name"),
    ("firefox", "tough-parse/23", "name value", "`abc`, which Firefox stores as a name without a value"),
    ("firefox", "tough-parse/30", "name value", "`abc`, which Firefox stores as a name without a value"),
    ("firefox", "jshttp/03", "name value", "`abc`, which Firefox stores as a name without a value"),
];

/// Returns the difference between a browser's verdict and the audit's verdict, or `None` if both verdicts agree. If a
/// header removes a cookie, the verdicts have no cookie fields to compare.
pub(crate) fn difference(browser: &Value, audit: &Result<Stored, Rejection>) -> Option<String> {
    match audit {
        _ if browser["accepted"] != audit.is_ok() => Some(outcome(browser).to_owned()),
        Ok(stored) if browser.get("name").is_some() => {
            let wrong: Vec<_> = stored_fields(stored, "httpOnly", "sameSite", "hostOnly")
                .into_iter()
                .filter(|(key, value)| browser[key] != *value)
                .map(|(key, _)| key)
                .collect();
            (!wrong.is_empty()).then(|| wrong.join(" "))
        }
        Ok(_) | Err(_) => None,
    }
}

pub(crate) fn outcome(verdict: &Value) -> &'static str {
    if verdict["accepted"] == true { "stored" } else { "refused" }
}

/// Returns the fields of the stored cookie, each with its key in a vector file. The vector files use different names
/// for three of the keys, so the caller passes these three names as arguments.
pub(crate) fn stored_fields(
    stored: &Stored,
    http_only: &'static str,
    same_site_key: &'static str,
    host_only: &'static str,
) -> Vec<(&'static str, Value)> {
    vec![
        ("name", stored.name.as_str().into()),
        ("value", stored.value.as_str().into()),
        ("domain", stored.domain.as_str().into()),
        ("path", stored.path.as_str().into()),
        ("secure", stored.secure.into()),
        (http_only, stored.http_only.into()),
        (same_site_key, same_site(stored).into()),
        ("partitioned", stored.partitioned.into()),
        (host_only, stored.host_only.into()),
    ]
}

pub(crate) fn same_site(stored: &Stored) -> String {
    stored.same_site.map_or_else(|| String::from("Default"), |same_site| same_site.to_string())
}

pub(crate) fn cases(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    list(&file["cases"]).to_vec()
}

pub(crate) fn verdicts(suite: &str) -> Vec<Value> {
    cases(BROWSER_VERDICTS).into_iter().filter(|row| row["suite"] == suite).collect()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

pub(crate) fn decode_hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Returns the `Set-Cookie` headers of a test case. A test case contains its headers as one string, as a list of
/// strings, or as a list of hex-encoded strings.
pub(crate) fn set_cookie_headers(case: &Value) -> Vec<Vec<u8>> {
    match (&case["set_cookie"], case.get("set_cookie_hex")) {
        (Value::String(header), _) => vec![header.as_bytes().to_vec()],
        (_, Some(headers)) => list(headers).iter().map(|header| decode_hex(text(header))).collect(),
        (headers, None) => list(headers).iter().map(|header| text(header).as_bytes().to_vec()).collect(),
    }
}

/// Returns the URL of a test case, or of a step of a test case. The JSON keys `https`, `host` and `path` contain the
/// parts of the URL.
pub(crate) fn url(case: &Value) -> Url {
    Url::new(case["https"] == true, text(&case["host"]), text(&case["path"]))
}

/// A wrapper of `hardtack::testing::Browser`, which models a browser for the tests of users. The vectors check the
/// rules of this model.
pub(crate) struct Jar(Browser);

impl Jar {
    pub(crate) fn new(now: SystemTime) -> Self {
        Jar(testing::at(now, || Browser::new("https://start.example")))
    }

    /// Stores or removes the cookie of a `Set-Cookie` header in a response from the given URL.
    pub(crate) fn receive(&mut self, header: &[u8], from: &Url) {
        self.0.visit(&from.to_string());
        self.0.set(header);
    }

    pub(crate) fn stored(&self) -> &[Stored] {
        self.0.stored()
    }

    /// Returns the `Cookie` header of a request to the given URL, or `None` if no cookie is sent.
    pub(crate) fn cookie_header(&mut self, to: &Url) -> Option<Vec<u8>> {
        self.0.visit(&to.to_string()).get("cookie").map(|header| header.as_bytes().to_vec())
    }
}

/// Returns true if the host is a loopback host. Browsers treat the origins of loopback hosts as secure, even without
/// TLS.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}

pub(crate) struct Url {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) path: String,
}

impl Url {
    pub(crate) fn new(https: bool, host: &str, path: &str) -> Self {
        Url { https, host: host.to_owned(), path: path.to_owned() }
    }

    pub(crate) fn parse(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let host = authority.split(':').next().unwrap().to_ascii_lowercase();
        Url { https: scheme == "https", host, path: format!("/{path}") }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.https || is_loopback(&self.host)
    }

    /// Returns the context for an audit of a response from the given URL.
    pub(crate) fn context(&self) -> Context {
        let context = if self.is_secure() { Context::https(&self.host) } else { Context::http(&self.host) };
        context.path(&self.path)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.https { "https" } else { "http" }, self.host, self.path)
    }
}
