//! Text in: the first octet says whether it is TOML, variables of the environment (one a line) or a keyring. No panic; an
//! error names its key, says something, and shows no key of a keyring; what variables say TOML says too; and no policy
//! makes a line weaker than it was written.

#![no_main]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use hardtack::audit::{Seen, set_cookie};
use hardtack::{Keyring, Listener, Policy, PolicyError, SameSite};
use hardtack_fuzz::exchange;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

const PREFIX: &str = "HARDTACK_POLICY_";
/// A keyring, in the variable `COOKIE_KEYS` and wherever the input is told to hold one.
const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=";
/// No key, in the variable `BROKEN_KEYS`.
const BROKEN: &str = "hunter2hunter2hunter2hunter2hunter2hunter2hu";

fuzz_target!(|input: &[u8]| {
    let Some((choice, octets)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(octets);
    match choice % 3 {
        0 => toml(&text),
        1 => variables(octets),
        _ => keyring(&text),
    }
});

/// With the variables of keyrings, and without any other policy's.
fn with<T>(variables: &BTreeMap<OsString, OsString>, run: impl FnOnce() -> T) -> T {
    let mut all: Vec<(OsString, Option<OsString>)> =
        vec![("COOKIE_KEYS".into(), Some(KEY.into())), ("BROKEN_KEYS".into(), Some(BROKEN.into()))];
    all.extend(variables.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    temp_env::with_vars(all, run)
}

fn toml(text: &str) {
    let read = |text: &str| with(&BTreeMap::new(), || Policy::from_toml(text));
    judge(read(text), text);
    // A key in the file itself is refused and not shown, wherever it stands.
    if !text.contains(KEY) {
        for text in [format!("keyring = \"{KEY}\"\n{text}"), format!("{text}\nkeyring = '{KEY}'")] {
            if let Err(error) = read(&text) {
                hides(&error, KEY);
            }
        }
    }
}

fn variables(octets: &[u8]) {
    let mut found = BTreeMap::new();
    for line in octets.split(|octet| *octet == b'\n') {
        let Some(equals) = line.iter().position(|octet| *octet == b'=') else { continue };
        let (key, value) = (&line[..equals], &line[equals + 1..]);
        if !line.contains(&0) {
            let name = [PREFIX.as_bytes(), key].concat();
            found.insert(OsStr::from_bytes(&name).to_owned(), OsStr::from_bytes(value).to_owned());
        }
    }
    let policy = with(&found, Policy::from_env);
    let said = String::from_utf8_lossy(octets);
    if let Some(same) = as_toml(&found) {
        let toml = with(&BTreeMap::new(), || Policy::from_toml(&same));
        match (&policy, &toml) {
            (Ok(policy), Ok(toml)) => assert_eq!(format!("{policy:?}"), format!("{toml:?}"), "{same}"),
            (Err(_), Err(_)) => {}
            (policy, toml) => panic!("{policy:?} by variables, {toml:?} by {same}"),
        }
    }
    // Of a keyring no entry is shown.
    if let (Some(text), Err(error)) = (found.get(OsStr::new("HARDTACK_POLICY_KEYRING")), &policy) {
        if error.key() == "HARDTACK_POLICY_KEYRING" {
            shows_no_entry(&error.to_string(), &text.to_string_lossy());
        }
    }
    judge(policy, &said);
}

fn keyring(text: &str) {
    let entries = text.split([' ', '\t', '\n', '\x0c', '\r', ',']).filter(|entry| !entry.is_empty()).count();
    match text.parse::<Keyring>() {
        Ok(keyring) => {
            let shown = format!("{keyring:?}");
            shows_no_entry(&shown, text);
            let reads = shown.split("reads: [").nth(1).map_or(0, |ids| ids.split(", ").count());
            assert_eq!(reads, entries, "every entry is a key, and none is there twice");
            assert!(shown.contains(&keyring.writer().to_string()));
        }
        Err(error) => {
            let shown = error.to_string();
            assert_eq!(shown, format!("{error:?}"));
            assert!(shown.contains("; "), "a fact and a remedy: {shown}");
            shows_no_entry(&shown, text);
        }
    }
    // A wrong entry behind a right one does not betray the right one.
    if let Err(error) = format!("{KEY}, {text}").parse::<Keyring>() {
        assert!(!error.to_string().contains(&KEY[..12]), "{error}");
    }
}

/// No entry as long as a third of a key; the words of our sentences are shorter, but for an instant and the variable's name.
fn shows_no_entry(shown: &str, text: &str) {
    let shown = shown.replace("`@2026-12-01T03:00:00Z`", "").replace("`HARDTACK_POLICY_KEYRING`", "");
    for entry in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| entry.len() >= 14) {
        assert!(!shown.contains(entry), "{shown}");
    }
}

fn hides(error: &PolicyError, secret: &str) {
    assert!(!error.to_string().contains(secret) && !format!("{error:?}").contains(secret), "{error}");
}

fn judge(policy: Result<Policy, PolicyError>, text: &str) {
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.starts_with('`') && shown.contains("`: "), "{shown}");
            assert!(!shown.contains(char::is_control), "one line: {shown:?}");
            for secret in [KEY, BROKEN] {
                if !text.contains(secret) {
                    hides(&error, secret);
                }
            }
            return;
        }
    };
    let shown = format!("{policy:?}");
    if !text.contains(&KEY[..12]) {
        assert!(!shown.contains(&KEY[..12]), "{shown}");
    }
    never_looser(&policy);
}

fn never_looser(policy: &Policy) {
    const STRICT: &str = "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Strict";
    let fields = || {
        let mut fields = HeaderMap::new();
        for line in [STRICT, "id=1", "b=1; Secure; Max-Age=60"] {
            fields.append(SET_COOKIE, HeaderValue::from_static(line));
        }
        fields
    };
    let request = || Request::get("/a").header("host", "www.example.com").header("accept", "text/html").body(());
    let (response, reached) = exchange(&policy.layer(Listener::tls()), request().expect("a request"), fields());
    assert!(reached);
    let lines: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
    for line in &lines {
        let stored = set_cookie(line.as_bytes(), &Seen::https("www.example.com")).stored.expect("a line");
        let is_strict = stored.secure && stored.http_only && stored.same_site == Some(SameSite::Strict);
        assert!(is_strict || stored.name != "__Host-a");
        assert!(stored.secure || stored.name != "b");
        assert!(stored.name != "b" || stored.expires.is_some());
    }
    let caching = response.headers().get(CACHE_CONTROL);
    assert!(lines.is_empty() || caching.is_some_and(|value| value == "private" || value == "no-store"));
    let (response, _) = exchange(&policy.layer(Listener::plain()), request().expect("a request"), fields());
    assert!(!response.headers().contains_key("strict-transport-security"));
    for line in response.headers().get_all(SET_COOKIE) {
        assert_eq!(line, "id=1");
    }
}

/// The same settings in TOML, by a table of this file's own; `None` where TOML cannot say them: a value that is not UTF-8,
/// a keyring's keys, or a word and a section of one name.
fn as_toml(variables: &BTreeMap<OsString, OsString>) -> Option<String> {
    let mut out = String::new();
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in variables {
        let (name, value) = (name.to_str()?.strip_prefix(PREFIX)?, value.to_str()?);
        let quoted = |text: &str| {
            let escaped: String = text.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
            format!("\"{escaped}\"")
        };
        let is_word =
            |text: &str| if matches!(text.trim(), "true" | "false") { text.trim().to_owned() } else { quoted(text) };
        let list = |text: &str| text.split(',').map(|item| quoted(item.trim())).collect::<Vec<_>>().join(", ");
        let reasons = |text: &str, subject: &str| {
            let items = text.split(';').filter(|item| !item.trim().is_empty()).map(|item| {
                let (name, reason) = item.split_once(':').unwrap_or((item, ""));
                format!("{{ {subject} = {}, reason = {} }}", quoted(name.trim()), quoted(reason.trim()))
            });
            items.collect::<Vec<_>>().join(", ")
        };
        let (key, value) = match name {
            "FORCE_HTTPS" => ("force_https", is_word(value)),
            "FORCE_HTTPS_INTEGRATIONS" => ("force_https.integrations", format!("[{}]", list(value))),
            "FORCE_HTTPS_EXEMPT" => ("force_https.exempt", format!("[{}]", list(value))),
            "FORCE_HTTPS_HOSTS" => ("force_https.hosts", format!("[{}]", list(value))),
            "FORCE_HTTPS_HTTPS_PORT" => {
                ("force_https.https_port", value.trim().parse::<u16>().map_or(quoted(value), |port| port.to_string()))
            }
            "HSTS" => ("hsts", is_word(value)),
            "HSTS_MAX_AGE" => ("hsts.max_age", quoted(value)),
            "HSTS_SUBDOMAINS" => ("hsts.subdomains", is_word(value)),
            "HSTS_PRELOAD" => ("hsts.preload", is_word(value)),
            "FOREIGN_COOKIES" => ("foreign_cookies", quoted(value)),
            "SESSION_NAMES" => ("session_names", format!("[{}]", list(value))),
            "CACHING" => ("caching", quoted(value)),
            "FLOOR_SAME_SITE" => ("floor.same_site", quoted(value)),
            "FLOOR_HTTP_ONLY" => ("floor.http_only", is_word(value)),
            "FLOOR_MAX_AGE" => ("floor.max_age", quoted(value)),
            "EXCEPTIONS" => ("exceptions", format!("[{}]", reasons(value, "cookie"))),
            "OUTBOUND_EXCEPTIONS" => ("outbound_exceptions", format!("[{}]", reasons(value, "host"))),
            "COOKIE_DOMAIN" => ("cookie_domain", quoted(value)),
            "KEYRING_ENV" => ("keyring.env", quoted(value)),
            "KEYRING_DEFAULT_LIFE" => ("keyring.default_life", quoted(value)),
            "KEYRING" => return None,
            // Unknown to both.
            _ => ("unknown", "1".to_owned()),
        };
        // TOML has no word and section of one name, and no key twice.
        let section = |key: &str| key.split('.').next().map(str::to_owned);
        if names
            .iter()
            .any(|earlier| section(earlier) == section(key) && (!earlier.contains('.') || !key.contains('.')))
        {
            return None;
        }
        names.push(key);
        out.push_str(&format!("{key} = {value}\n"));
    }
    Some(out)
}
