//! Parses the test cases in `producer.json` and `reader.json`. For each test case, generates a Rust declaration, and
//! the compile errors that this declaration must cause.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use hardtack::SameSite;
use hardtack::spec::Rule;
use hardtack_rules::syntax;
use serde_json::Value;

use super::{PRODUCER, READER, SINGLE_LABEL, parts, percent_decode, unix_seconds};
use crate::expected_cookie::{ExpectedCookie, is_cookie_octet};
use crate::vectors::{cases, list, text};

/// One test case in `producer.json`.
pub(super) struct Case {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) attributes: Value,
    pub(super) outcome: String,
    /// The expected `Set-Cookie` header, if the suite contains one.
    pub(super) header: Option<String>,
    /// True if `header` contains the exact encoded value.
    pub(super) is_encoded: bool,
}

impl Case {
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }

    /// Returns the cookie that the header must set, with an empty value.
    pub(super) fn expected_cookie(&self) -> ExpectedCookie {
        ExpectedCookie {
            name: self.name.clone(),
            raw: String::new(),
            path: self.text("path").unwrap_or("/").into(),
            domain: self.text("domain").map(str::to_owned),
            max_age: self.attributes.get("max_age").and_then(Value::as_u64),
            expires: self.text("expires").map(unix_seconds),
            secure: self.has_flag("secure"),
            http_only: self.has_flag("http_only"),
            same_site: match self.text("same_site") {
                None | Some("Lax") => SameSite::Lax,
                Some("Strict") => SameSite::Strict,
                Some(_) => SameSite::None,
            },
            partitioned: self.has_flag("partitioned"),
        }
    }

    pub(super) fn has_flag(&self, flag: &str) -> bool {
        self.attributes.get(flag).is_some_and(|given| given == true)
    }

    /// Returns the differences between our header and the header of the suite. hardtack always writes `Path` and
    /// `SameSite`. So our header may have an additional `Path=/` and an additional `SameSite=Lax`.
    pub(super) fn differences(&self, header: &str) -> Vec<String> {
        let mut differences = Vec::new();
        let (pair, ours) = parts(header);
        let (name, value) = pair.split_once('=').unwrap();
        if name != self.name || !value.bytes().all(is_cookie_octet) || percent_decode(value) != self.value.as_bytes() {
            differences.push(format!("{header}: the pair"));
        }
        let Some(expected) = &self.header else { return differences };
        let (pair, expected) = parts(expected);
        let (_, raw) = pair.split_once('=').unwrap();
        if if self.is_encoded { value != raw } else { value != raw && percent_decode(value) != raw.as_bytes() } {
            differences.push(format!("{header}: the value, not {raw}"));
        }
        differences.extend(expected.difference(&ours).map(|missing| format!("{header}: no {missing}")));
        let has = |key: &str| expected.iter().any(|attribute| attribute.starts_with(key));
        let defaults = [("path=", "path=/"), ("samesite=", "samesite=Lax")];
        let defaults: BTreeSet<String> =
            defaults.into_iter().filter(|(key, _)| !has(key)).map(|(_, attribute)| attribute.to_owned()).collect();
        let added: BTreeSet<String> = ours.difference(&expected).cloned().collect();
        if added != defaults {
            differences.push(format!("{header}: added {added:?}"));
        }
        differences
    }

    /// Returns the declaration keys whose values cannot be constants. If the suite's header lacks a flag, the returned
    /// keys turn the flag off.
    pub(super) fn flags(&self) -> String {
        let mut keys = String::new();
        if !self.has_flag("secure") {
            keys.push_str("secure = false, ");
        }
        if !self.has_flag("http_only") {
            keys.push_str("http_only = false, ");
        }
        if self.has_flag("partitioned") {
            keys.push_str("partitioned, ");
        }
        if let Some(same_site) = self.text("same_site") {
            write!(keys, "same_site = {same_site}, ").unwrap();
        }
        keys + "reason = \"as the suite has it\""
    }

    /// Returns the declaration keys whose values can be constants. Each item contains the key, its type, the literal
    /// and the constant. The function omits a `max_age` of zero, because only the setter accepts zero.
    pub(super) fn keys(&self) -> Vec<(&'static str, &'static str, String, Option<String>)> {
        let text = |key, text: &str| (key, "&str", format!("{text:?}"), Some(format!("{text:?}")));
        let mut keys = vec![text("name", &self.name)];
        keys.extend(self.text("path").map(|path| text("path", path)));
        keys.extend(self.text("domain").map(|domain| text("domain", domain)));
        if let Some(max_age) = self.attributes.get("max_age").filter(|max_age| **max_age != 0) {
            let bare = max_age.to_string().replace('"', "");
            keys.push(("max_age", "Duration", format!("\"{bare}s\""), duration(max_age)));
        }
        keys
    }

    /// Returns the parts of the generated program that set the test case's attributes at run time. Returns `None` if no
    /// attribute of the test case can be set at run time.
    ///
    /// A `Domain` comes from the policy's `cookie_domain`, and the beginning of a `Path` comes from the policy's
    /// `base_path`. The setters of a `SetCookie` change the lifetime only.
    pub(super) fn run_time(&self) -> Option<RunTime> {
        let mut run_time = RunTime { keys: String::new(), policy: None, setter: None, now: None };
        if let Some(path) = self.text("path") {
            let (base_path, declared) = if self.is_rejected() { (path, "/app") } else { split_path(path) };
            write!(run_time.keys, "path = {declared:?}, ").unwrap();
            run_time.policy = Some(format!("base_path({base_path:?})"));
        }
        if let Some(domain) = self.text("domain") {
            run_time.keys.push_str("domain = policy, ");
            run_time.policy = Some(format!("cookie_domain({domain:?})"));
        }
        // A setter rejects no `Max-Age`. The test `setters_cut_a_max_age` covers the values that a setter changes.
        if let Some(max_age) = self.attributes.get("max_age").filter(|_| !self.is_rejected()).and_then(duration) {
            run_time.keys.push_str("max_age = \"400d\", ");
            run_time.setter = Some(format!("max_age({max_age})"));
        }
        if let Some(expires) = self.text("expires") {
            run_time.keys.push_str("max_age = \"400d\", ");
            run_time.setter = Some(format!("expires(at({}))", unix_seconds(expires)));
            run_time.now = Some(unix_seconds(expires));
        }
        (run_time.policy.is_some() || run_time.setter.is_some()).then_some(run_time)
    }

    pub(super) fn is_rejected(&self) -> bool {
        let inexpressible = self.text("expires").is_some();
        matches!(self.outcome.as_str(), "refuse" | "refuse_or_normalise") && !inexpressible || self.id == SINGLE_LABEL
    }

    /// Returns the beginning of each error message that the declaration may cause. A `max_age` has two possible errors:
    /// one for a string and one for a `Duration`.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let fault = |checked: Result<(), syntax::Fault>| checked.err().map(|fault| fault.text);
        let texts = [
            fault(syntax::check_name(&self.name)),
            self.text("path").and_then(|path| fault(syntax::check_path(path))),
            self.text("domain").and_then(|domain| fault(syntax::check_domain(domain))),
            fault(syntax::parse_duration("x").map(drop)).filter(|_| self.attributes.get("max_age").is_some()),
            fault(syntax::check_max_age(Duration::MAX)).filter(|_| self.attributes.get("max_age").is_some()),
            self.has_flag("partitioned").then_some(Rule::PartitionedSecure.text()),
            (self.text("same_site") == Some("None")).then_some(Rule::SameSiteNoneSecure.text()),
            (self.text("same_site") == Some("foo")).then_some("`same_site` takes `Strict`, `Lax` or `None`"),
        ];
        texts.into_iter().flatten().collect()
    }

    /// Returns true if the name is valid. The test calls the setters only if the name is valid.
    pub(super) fn has_valid_name(&self) -> bool {
        !(self.is_rejected() && self.attributes.as_object().unwrap().is_empty())
    }

    /// Returns the declaration, with a literal as each value.
    pub(super) fn literal(&self) -> String {
        let keys: Vec<_> = self.keys().into_iter().map(|(key, _, literal, _)| format!("{key} = {literal}")).collect();
        declaration("Literal", &format!("{}, {}", keys.join(", "), self.flags()))
    }

    /// Returns the declaration, with a constant as each value. Returns `None` if a value cannot be a constant.
    pub(super) fn constant(&self) -> Option<String> {
        let flags_alone = self.is_rejected() && self.keys().len() == 1 && self.has_valid_name();
        if flags_alone {
            return None;
        }
        let mut source = String::new();
        let mut keys = String::new();
        for (key, ty, _, constant) in self.keys() {
            let name = key.to_uppercase();
            writeln!(source, "const {name}: {ty} = {};", constant?).unwrap();
            write!(keys, "{key} = {name}, ").unwrap();
        }
        Some(source + &declaration("Constant", &(keys + &self.flags())))
    }
}

/// The parts of the generated program that set the attributes of a test case at run time.
pub(super) struct RunTime {
    /// The keys of the declaration, except the name and the flags.
    pub(super) keys: String,
    /// A call of a `PolicyBuilder` method.
    pub(super) policy: Option<String>,
    /// A call of a `SetCookie` method.
    pub(super) setter: Option<String>,
    /// The current time while the setter is called, in Unix seconds. A setter only accepts an `Expires` that is at most
    /// the declared `max_age` later than the current time.
    pub(super) now: Option<i64>,
}

/// Splits a path into a base path and the rest. A path with a dot segment or a quote is not split, because a policy
/// rejects such a base path.
fn split_path(path: &str) -> (&str, &str) {
    match path.rfind('/') {
        Some(at) if !path.contains("..") && !path.contains('"') => path.split_at(at),
        _ => ("", path),
    }
}

/// Returns a Rust expression for the value of `max_age`. Returns `None` if a `Duration` cannot represent the lifetime.
fn duration(max_age: &Value) -> Option<String> {
    match max_age.as_f64() {
        Some(seconds) if seconds < 0.0 => None,
        Some(seconds) if seconds.fract() == 0.0 => Some(format!("Duration::from_secs({seconds})")),
        Some(seconds) => Some(format!("Duration::from_millis({})", seconds * 1000.0)),
        None => Some(String::from("Duration::MAX")),
    }
}

pub(super) fn declaration(name: &str, keys: &str) -> String {
    format!("#[derive(Cookie)]\n#[cookie({keys})]\npub struct {name}(pub String);\n")
}

pub(super) fn producer_cases() -> Vec<Case> {
    let cases = cases(PRODUCER).into_iter().map(|case| {
        let (input, expect) = (&case["input"], &case["expect"]);
        let encoded = expect.get("percent_encoded_value").map(text);
        let name = text(&input["name"]);
        Case {
            id: text(&case["id"]).to_owned(),
            name: name.to_owned(),
            value: text(&input["value"]).to_owned(),
            attributes: input["attributes"].clone(),
            outcome: text(&expect["outcome"]).to_owned(),
            header: encoded.map(|value| format!("{name}={value}")).or(expect["line"].as_str().map(str::to_owned)),
            is_encoded: encoded.is_some(),
        }
    });
    cases.collect()
}

/// One test case in `reader.json`. The name-value pairs without a name are removed.
pub(super) struct ReaderCase {
    pub(super) id: String,
    /// The `Cookie` headers.
    pub(super) headers: Vec<String>,
    pub(super) pairs: Vec<(String, String)>,
}

pub(super) fn reader_cases() -> Vec<ReaderCase> {
    let cases = cases(READER).into_iter().map(|case| ReaderCase {
        id: text(&case["id"]).to_owned(),
        headers: match case["cookie"].as_array() {
            Some(headers) => headers.iter().map(|header| text(header).to_owned()).collect(),
            None => vec![text(&case["cookie"]).to_owned()],
        },
        pairs: list(&case["pairs"]).iter().map(|pair| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned())).collect(),
    });
    cases.collect()
}

pub(super) fn reader_names() -> BTreeSet<String> {
    reader_cases().into_iter().flat_map(|case| case.pairs).map(|(name, _)| name).collect()
}
