//! Parses text as a policy or as a keyring. The first byte of the input selects TOML, environment variables (one per
//! line) or a keyring. The target checks:
//!
//! - Parsing never panics.
//! - An error names its setting, has a message and contains no secret key.
//! - Environment variables and TOML with the same settings make the same policy.
//! - No policy weakens a `Set-Cookie` header.

#![no_main]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use hardtack::audit::{Context, set_cookie};
use hardtack::policy::PolicyError;
use hardtack::seal::Keyring;
use hardtack::{Policy, SameSite, TlsTermination};
use hardtack_fuzz::send;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

const PREFIX: &str = "HARDTACK_POLICY_";
/// A valid keyring. `KEY` is the value of the environment variable `COOKIE_KEYS`.
const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=";
/// An invalid keyring. `BROKEN` is the value of the environment variable `BROKEN_KEYS`.
const BROKEN: &str = "hunter2hunter2hunter2hunter2hunter2hunter2hu";

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(bytes);
    match choice % 3 {
        0 => check_toml(&text),
        1 => check_variables(bytes),
        _ => check_keyring(&text),
    }
});

/// Calls `run` with the environment variables in `variables` and the variables of the two keyrings.
fn with_variables<T>(variables: &BTreeMap<OsString, OsString>, run: impl FnOnce() -> T) -> T {
    let mut all: Vec<(OsString, Option<OsString>)> =
        vec![("COOKIE_KEYS".into(), Some(KEY.into())), ("BROKEN_KEYS".into(), Some(BROKEN.into()))];
    all.extend(variables.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    temp_env::with_vars(all, run)
}

fn check_toml(text: &str) {
    let parse = |text: &str| with_variables(&BTreeMap::new(), || Policy::from_toml(text));
    check_policy(parse(text), text);
    // An error about a secret key in the file does not contain the secret key.
    if !text.contains(KEY) {
        for text in [format!("keyring = \"{KEY}\"\n{text}"), format!("{text}\nkeyring = '{KEY}'")] {
            if let Err(error) = parse(&text) {
                assert_hides(&error, KEY);
            }
        }
    }
}

fn check_variables(bytes: &[u8]) {
    let mut found = BTreeMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some(equals) = line.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = (&line[..equals], &line[equals + 1..]);
        if !line.contains(&0) {
            let name = [PREFIX.as_bytes(), key].concat();
            found.insert(OsStr::from_bytes(&name).to_owned(), OsStr::from_bytes(value).to_owned());
        }
    }
    let policy = with_variables(&found, Policy::from_env);
    let text = String::from_utf8_lossy(bytes);
    if let Some(toml_text) = to_toml(&found) {
        let from_toml = with_variables(&BTreeMap::new(), || Policy::from_toml(&toml_text));
        match (&policy, &from_toml) {
            (Ok(policy), Ok(from_toml)) => assert_eq!(format!("{policy:?}"), format!("{from_toml:?}"), "{toml_text}"),
            (Err(_), Err(_)) => {}
            (policy, from_toml) => panic!("{policy:?} from variables, {from_toml:?} from {toml_text}"),
        }
    }
    // If the keyring is invalid, the error does not contain a key.
    if let (Some(keyring), Err(error)) = (found.get(OsStr::new("HARDTACK_POLICY_KEYRING")), &policy) {
        if error.key() == "HARDTACK_POLICY_KEYRING" {
            assert_shows_no_entry(&error.to_string(), &keyring.to_string_lossy());
        }
    }
    check_policy(policy, &text);
}

fn check_keyring(text: &str) {
    let entries = text.split([' ', '\t', '\n', '\x0c', '\r', ',']).filter(|entry| !entry.is_empty()).count();
    match text.parse::<Keyring>() {
        Ok(keyring) => {
            let shown = format!("{keyring:?}");
            assert_shows_no_entry(&shown, text);
            let reads = shown.split("reads: [").nth(1).map_or(0, |ids| ids.split(", ").count());
            assert_eq!(reads, entries, "each entry is one key of the keyring");
            assert!(shown.contains(&keyring.writer().to_string()));
        }
        Err(error) => {
            let shown = error.to_string();
            assert_eq!(shown, format!("{error:?}"));
            assert!(shown.contains("; "), "no remedy after the fact: {shown}");
            assert_shows_no_entry(&shown, text);
        }
    }
    // If the second key of a keyring is invalid, the error does not contain the first key.
    if let Err(error) = format!("{KEY}, {text}").parse::<Keyring>() {
        assert!(!error.to_string().contains(&KEY[..12]), "{error}");
    }
}

/// Checks that `shown` contains no key of the keyring `text`. Only checks keys of at least 14 characters (a third of
/// the length of a valid key). A shorter key could also be a word of our error messages. Our error messages also
/// contain two longer words: an example time and the variable's name. The function first removes the example time and
/// the variable's name from `shown`.
fn assert_shows_no_entry(shown: &str, text: &str) {
    let shown = shown.replace("`@2026-12-01T03:00:00Z`", "").replace("`HARDTACK_POLICY_KEYRING`", "");
    for entry in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| entry.len() >= 14) {
        assert!(!shown.contains(entry), "{shown}");
    }
}

fn assert_hides(error: &PolicyError, secret: &str) {
    assert!(!error.to_string().contains(secret) && !format!("{error:?}").contains(secret), "{error}");
}

/// Checks the result of parsing `text`. If parsing failed, checks the error. If parsing succeeded, checks that the
/// policy does not weaken a `Set-Cookie` header.
fn check_policy(policy: Result<Policy, PolicyError>, text: &str) {
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.starts_with('`') && shown.contains("`: "), "{shown}");
            assert!(!shown.contains(char::is_control), "control character in {shown:?}");
            for secret in [KEY, BROKEN] {
                if !text.contains(secret) {
                    assert_hides(&error, secret);
                }
            }
            return;
        }
    };
    let shown = format!("{policy:?}");
    if !text.contains(&KEY[..12]) {
        assert!(!shown.contains(&KEY[..12]), "{shown}");
    }
    check_never_weaker(&policy);
}

fn check_never_weaker(policy: &Policy) {
    const STRICT: &str = "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Strict";
    let written = || {
        let mut headers = HeaderMap::new();
        for header in [STRICT, "id=1", "b=1; Secure; Max-Age=60"] {
            headers.append(SET_COOKIE, HeaderValue::from_static(header));
        }
        headers
    };
    let request = || Request::get("/a").header("host", "www.example.com").header("accept", "text/html").body(());
    let (response, reached) = send(&policy.layer(TlsTermination::here()), request().expect("a request"), written());
    assert!(reached);
    let sent: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
    for header in &sent {
        let stored = set_cookie(header.as_bytes(), &Context::https("www.example.com"))
            .stored
            .expect("a header that browsers accept");
        let is_strict = stored.secure && stored.http_only && stored.same_site == Some(SameSite::Strict);
        assert!(is_strict || stored.name != "__Host-a");
        assert!(stored.secure || stored.name != "b");
        assert!(stored.name != "b" || stored.expires.is_some());
    }
    let caching = response.headers().get(CACHE_CONTROL);
    assert!(sent.is_empty() || caching.is_some_and(|value| value == "private" || value == "no-store"));
    let (response, _) = send(&policy.layer(TlsTermination::none()), request().expect("a request"), written());
    assert!(!response.headers().contains_key("strict-transport-security"));
    for header in response.headers().get_all(SET_COOKIE) {
        assert!(header.as_bytes().starts_with(b"id=1"), "{header:?}");
        assert!(!header.as_bytes().windows(6).any(|part| part == b"Secure"), "{header:?}");
    }
}

/// Translates environment variables to TOML. The function has its own table of names, so that the target can find
/// mistakes in the library's table. Returns `None` if one of the variables has no equivalent in TOML:
///
/// - The name or the value of the variable is not UTF-8.
/// - The variable contains the keys of a keyring.
/// - One variable becomes a TOML value, and another variable becomes a TOML table of the same name.
fn to_toml(variables: &BTreeMap<OsString, OsString>) -> Option<String> {
    let mut out = String::new();
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in variables {
        let (name, value) = (name.to_str()?.strip_prefix(PREFIX)?, value.to_str()?);
        let quoted = |text: &str| {
            let escaped: String = text.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
            format!("\"{escaped}\"")
        };
        let boolean =
            |text: &str| if matches!(text.trim(), "true" | "false") { text.trim().to_owned() } else { quoted(text) };
        let list = |text: &str| text.split(',').map(|item| quoted(item.trim())).collect::<Vec<_>>().join(", ");
        let reasons = |text: &str, subject: &str| {
            let items = text.split(';').filter(|item| !item.trim().is_empty()).map(|item| {
                let (name, reason) = item.split_once(':').unwrap_or((item, ""));
                format!("{{ {subject} = {}, reason = {} }}", quoted(name.trim()), quoted(reason.trim()))
            });
            items.collect::<Vec<_>>().join(", ")
        };
        let exceptions = |text: &str| {
            let items = text.split(';').filter(|item| !item.trim().is_empty()).map(|item| {
                let (subject, reason) = item.split_once(':').unwrap_or((item, ""));
                let mut words = subject.split_whitespace();
                let cookie = quoted(words.next().unwrap_or_default());
                let allow = words.map(quoted).collect::<Vec<_>>().join(", ");
                format!("{{ cookie = {cookie}, allow = [{allow}], reason = {} }}", quoted(reason.trim()))
            });
            items.collect::<Vec<_>>().join(", ")
        };
        let may_be_empty = ["COOKIE_DOMAIN", "BASE_PATH", "FORMER_COOKIE_DOMAIN", "FORMER_BASE_PATH"];
        if may_be_empty.contains(&name) && value.trim().is_empty() {
            continue;
        }
        let (key, value) = match name {
            "FORCE_HTTPS" => ("force_https", boolean(value)),
            "FORCE_HTTPS_API_PATHS" => ("force_https.api_paths", format!("[{}]", list(value))),
            "FORCE_HTTPS_EXEMPT" => ("force_https.exempt", format!("[{}]", list(value))),
            "FORCE_HTTPS_EXEMPT_UNDER" => ("force_https.exempt_under", format!("[{}]", list(value))),
            "FORCE_HTTPS_PAGES_ONLY" => ("force_https.pages_only", boolean(value)),
            "FORCE_HTTPS_REDIRECT_HOST" => ("force_https.redirect_host", quoted(value)),
            "FORCE_HTTPS_HOSTS" => ("force_https.hosts", format!("[{}]", list(value))),
            "FORCE_HTTPS_HTTPS_PORT" => {
                ("force_https.https_port", value.trim().parse::<u16>().map_or(quoted(value), |port| port.to_string()))
            }
            "HSTS" => ("hsts", boolean(value)),
            "HSTS_MAX_AGE" => ("hsts.max_age", quoted(value)),
            "HSTS_INCLUDE_SUBDOMAINS" => ("hsts.include_subdomains", boolean(value)),
            "HSTS_PRELOAD" => ("hsts.preload", boolean(value)),
            "UNDECLARED_COOKIES" => ("undeclared_cookies", quoted(value)),
            "SESSION_NAMES" => ("session_names", format!("[{}]", list(value))),
            "NOT_SESSION_NAMES" => ("not_session_names", format!("[{}]", list(value))),
            "HOST_PREFIX" => ("host_prefix", format!("[{}]", list(value))),
            "ACCEPT_UNPREFIXED_UNTIL" => ("accept_unprefixed_until", quoted(value)),
            "CACHING" => ("caching", quoted(value)),
            "BASELINE_SAME_SITE" => ("baseline.same_site", quoted(value)),
            "BASELINE_HTTP_ONLY" => ("baseline.http_only", boolean(value)),
            "BASELINE_LONGEST_MAX_AGE" => ("baseline.longest_max_age", quoted(value)),
            "EXCEPTIONS" => ("exceptions", format!("[{}]", exceptions(value))),
            "OUTBOUND_EXCEPTIONS" => ("outbound_exceptions", format!("[{}]", reasons(value, "host"))),
            "COOKIE_DOMAIN" => ("cookie_domain", quoted(value)),
            "BASE_PATH" => ("base_path", quoted(value)),
            "FORMER_COOKIE_DOMAIN" => ("former_cookie_domain", format!("[{}]", list(value))),
            "FORMER_BASE_PATH" => ("former_base_path", format!("[{}]", list(value))),
            "KEYRING_ENV" => ("keyring.env", quoted(value)),
            "KEYRING_DEFAULT_LIFETIME" => ("keyring.default_lifetime", quoted(value)),
            "KEYRING" => return None,
            // An unknown variable becomes an unknown TOML key.
            _ => ("unknown", "1".to_owned()),
        };
        // In TOML, one key cannot be both a value and a table, and cannot occur twice.
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
