//! The vectors as both the audit's tests and the browsers' read them, a cookie store of the audit's verdicts, and where
//! browsers are known to differ from it. Asks no browser.

use std::time::SystemTime;

use hardtack::audit::{Rejection, Seen, Stored, set_cookie};
use serde_json::Value;

pub(crate) const WPT_STORE: &str = include_str!("../vectors/wpt_store.json");
pub(crate) const SET_COOKIE_AUDIT: &str = include_str!("../vectors/set_cookie_audit.json");
pub(crate) const BROWSER_VERDICTS: &str = include_str!("../vectors/browser_verdicts.json");

/// Where browsers are known to part from the draft, which the audit follows: the browser, the line's id in
/// `set_cookie_audit.json`, what it makes of the line, and why.
pub(crate) const KNOWN: [(&str, &str, &str, &str); 11] = [
    ("chromium", "tough-parse/09", "refused", "`domain=.`, which the draft takes for none"),
    ("firefox", "tough-parse/09", "refused", "`domain=.`, which the draft takes for none"),
    ("chromium", "tough-parse/24", "refused", "`=foo=bar`, a value without a name"),
    ("firefox", "tough-parse/24", "refused", "`=foo=bar`, a value without a name"),
    ("firefox", "bis/05-https", "stored", "`__Host-` without `Path`, at the root"),
    ("firefox", "bis/06-https", "stored", "`__Host-` without `Path`, at the root"),
    ("firefox", "tough-prefix/4", "stored", "`__Host-` without `Path`, at the root"),
    ("firefox", "tough-parse/22", "refused", "`=abc`, a value without a name"),
    ("firefox", "tough-parse/23", "name value", "`abc`, which is a name without a value to it"),
    ("firefox", "tough-parse/30", "name value", "`abc`, which is a name without a value to it"),
    ("firefox", "jshttp/03", "name value", "`abc`, which is a name without a value to it"),
];

/// How what a browser made of a line differs from the audit's verdict; a removal keeps no fields to compare.
pub(crate) fn difference(theirs: &Value, ours: &Result<Stored, Rejection>) -> Option<String> {
    match ours {
        _ if theirs["accepted"] != ours.is_ok() => Some(outcome(theirs).to_owned()),
        Ok(stored) if theirs.get("name").is_some() => {
            let wrong: Vec<_> = fields(stored, "httpOnly", "sameSite", "hostOnly")
                .into_iter()
                .filter(|(key, value)| theirs[key] != *value)
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

/// The stored fields, under the keys by which a vector file knows them.
pub(crate) fn fields(
    stored: &Stored,
    http_only: &'static str,
    site: &'static str,
    host_only: &'static str,
) -> Vec<(&'static str, Value)> {
    vec![
        ("name", stored.name.as_str().into()),
        ("value", stored.value.as_str().into()),
        ("domain", stored.domain.as_str().into()),
        ("path", stored.path.as_str().into()),
        ("secure", stored.secure.into()),
        (http_only, stored.http_only.into()),
        (site, same_site(stored).into()),
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

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The lines of a case: a text, or several, or octets that no text has.
pub(crate) fn lines(case: &Value) -> Vec<Vec<u8>> {
    match (&case["set_cookie"], case.get("set_cookie_hex")) {
        (Value::String(line), _) => vec![line.as_bytes().to_vec()],
        (_, Some(lines)) => list(lines).iter().map(|line| unhex(text(line))).collect(),
        (lines, None) => list(lines).iter().map(|line| text(line).as_bytes().to_vec()).collect(),
    }
}

/// Where a case or a step of one took place, from its `https`, `host` and `path`.
pub(crate) fn url(case: &Value) -> Url {
    Url::new(case["https"] == true, text(&case["host"]), text(&case["path"]))
}

/// The part of 6265bis 5.7 and 5.8 that concerns several cookies: enough of a browser for the suites.
#[derive(Default)]
pub(crate) struct Jar {
    pub(crate) cookies: Vec<Kept>,
    received: usize,
}

pub(crate) struct Kept {
    pub(crate) stored: Stored,
    created: usize,
}

impl Jar {
    pub(crate) fn receive(&mut self, line: &[u8], from: &Url, now: SystemTime) {
        self.received += 1;
        let Ok(stored) = set_cookie(line, &from.seen().at(now)).stored else { return };
        if !stored.secure && !from.is_secure() && self.cookies.iter().any(|kept| covers(&kept.stored, &stored)) {
            return;
        }
        let same = |kept: &Kept| {
            kept.stored.name_octets() == stored.name_octets()
                && kept.stored.domain == stored.domain
                && kept.stored.host_only == stored.host_only
                && kept.stored.path == stored.path
                && kept.stored.partitioned == stored.partitioned
        };
        // A renewed cookie keeps its age.
        let at = self.cookies.iter().position(same);
        let created = at.map_or(self.received, |at| self.cookies.remove(at).created);
        if !stored.is_removal() {
            self.cookies.push(Kept { stored, created });
        }
    }

    pub(crate) fn sent(&self, to: &Url, now: SystemTime) -> Vec<&Stored> {
        let mut list: Vec<&Kept> = self
            .cookies
            .iter()
            .filter(|Kept { stored, .. }| {
                let host =
                    if stored.host_only { to.host == stored.domain } else { is_within(&to.host, &stored.domain) };
                let alive = stored.expires.is_none_or(|expires| expires > now);
                host && alive && is_under(to.path_alone(), &stored.path) && (!stored.secure || to.is_secure())
            })
            .collect();
        list.sort_by_key(|kept| (std::cmp::Reverse(kept.stored.path.len()), kept.created));
        list.into_iter().map(|kept| &kept.stored).collect()
    }

    pub(crate) fn header(&self, to: &Url, now: SystemTime) -> Option<Vec<u8>> {
        let pairs: Vec<Vec<u8>> = self
            .sent(to, now)
            .into_iter()
            .map(|stored| match stored.name_octets() {
                [] => stored.value_octets().to_vec(),
                name => [name, b"=", stored.value_octets()].concat(),
            })
            .collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }
}

/// Whether a Secure cookie bars this one from an insecure origin (6265bis 5.7 step 16).
fn covers(secure: &Stored, other: &Stored) -> bool {
    secure.secure
        && secure.name_octets() == other.name_octets()
        && (is_within(&secure.domain, &other.domain) || is_within(&other.domain, &secure.domain))
        && is_under(&other.path, &secure.path)
}

/// Domain-match (6265bis 5.1.3); no suite shares a cookie of an IP address.
fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|subdomain| subdomain.ends_with('.'))
}

/// Path-match (6265bis 5.1.4).
fn is_under(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || directory.ends_with('/') || rest.starts_with('/'))
}

/// Loopback as browsers know it: the origins that are secure without TLS.
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

    pub(crate) fn read(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let host = authority.split(':').next().unwrap().to_ascii_lowercase();
        Url { https: scheme == "https", host, path: format!("/{path}") }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.https || is_loopback(&self.host)
    }

    pub(crate) fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    pub(crate) fn seen(&self) -> Seen {
        let seen = if self.is_secure() { Seen::https(&self.host) } else { Seen::http(&self.host) };
        seen.path(&self.path)
    }
}
