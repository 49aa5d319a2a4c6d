//! The cases of both files, what each declares in Rust, and what the rule book says of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use hardtack::{Rule, SameSite};
use hardtack_rules::syntax;
use serde_json::Value;

use super::{PRODUCER, READER, SINGLE_LABEL, decoded, parts, unix_seconds};
use crate::meant::{Meant, is_cookie_octet};
use crate::vectors::{cases, list, text};

/// One case of `producer.json`.
pub(super) struct Case {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) attributes: Value,
    pub(super) outcome: String,
    /// A right field value, where the suite gives one.
    pub(super) line: Option<String>,
    /// Whether the value is given as it must be encoded, octet by octet.
    pub(super) is_encoded: bool,
}

impl Case {
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }

    /// What its line says, whatever stands for its value there.
    pub(super) fn meant(&self) -> Meant {
        Meant {
            name: self.name.clone(),
            raw: String::new(),
            path: self.text("path").unwrap_or("/").into(),
            domain: self.text("domain").map(str::to_owned),
            max_age: self.attributes.get("max_age").and_then(Value::as_u64),
            expires: self.text("expires").map(unix_seconds),
            secure: self.is("secure"),
            http_only: self.is("http_only"),
            same_site: match self.text("same_site") {
                None | Some("Lax") => SameSite::Lax,
                Some("Strict") => SameSite::Strict,
                Some(_) => SameSite::None,
            },
            partitioned: self.is("partitioned"),
        }
    }

    pub(super) fn is(&self, flag: &str) -> bool {
        self.attributes.get(flag).is_some_and(|given| given == true)
    }

    /// How a line of ours differs from the suite's: the same pair, the suite's attributes, and `Path=/` and
    /// `SameSite=Lax` where the suite has none, since we always write both.
    pub(super) fn differences(&self, line: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let (pair, ours) = parts(line);
        let (name, value) = pair.split_once('=').unwrap();
        if name != self.name || !value.bytes().all(is_cookie_octet) || decoded(value) != self.value.as_bytes() {
            wrong.push(format!("{line}: the pair"));
        }
        let Some(theirs) = &self.line else { return wrong };
        let (pair, theirs) = parts(theirs);
        let (_, raw) = pair.split_once('=').unwrap();
        if if self.is_encoded { value != raw } else { value != raw && decoded(value) != raw.as_bytes() } {
            wrong.push(format!("{line}: the value, not {raw}"));
        }
        wrong.extend(theirs.difference(&ours).map(|lost| format!("{line}: no {lost}")));
        let has = |key: &str| theirs.iter().any(|attribute| attribute.starts_with(key));
        let added = [("path=", "path=/"), ("samesite=", "samesite=Lax")];
        let added: BTreeSet<String> =
            added.into_iter().filter(|(key, _)| !has(key)).map(|(_, attribute)| attribute.to_owned()).collect();
        let more: BTreeSet<String> = ours.difference(&theirs).cloned().collect();
        if more != added {
            wrong.push(format!("{line}: beyond the suite's {more:?}"));
        }
        wrong
    }

    /// What the declaration says of all but what may be a constant. The flags are switched off where the suite's are.
    pub(super) fn flags(&self) -> String {
        let mut keys = String::new();
        if !self.is("secure") {
            keys.push_str("secure = false, ");
        }
        if !self.is("http_only") {
            keys.push_str("http_only = false, ");
        }
        if self.is("partitioned") {
            keys.push_str("partitioned, ");
        }
        if let Some(same_site) = self.text("same_site") {
            write!(keys, "same_site = {same_site}, ").unwrap();
        }
        keys + "reason = \"as the suite has it\""
    }

    /// The keys whose value may be a constant: key, type, literal, constant. A `max_age` of zero is the setter's alone.
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

    /// The setters that say the same while the program runs.
    pub(super) fn setters(&self) -> String {
        let mut setters = String::new();
        if let Some(path) = self.text("path") {
            write!(setters, ".path({path:?})").unwrap();
        }
        if let Some(domain) = self.text("domain") {
            write!(setters, ".domain({domain:?})").unwrap();
        }
        if let Some(max_age) = self.attributes.get("max_age").and_then(duration) {
            write!(setters, ".max_age({max_age})").unwrap();
        }
        if let Some(expires) = self.text("expires") {
            write!(setters, ".until(at({}))", unix_seconds(expires)).unwrap();
        }
        setters
    }

    pub(super) fn is_refused(&self) -> bool {
        let inexpressible = self.text("expires").is_some();
        matches!(self.outcome.as_str(), "refuse" | "refuse_or_normalise") && !inexpressible || self.id == SINGLE_LABEL
    }

    /// What the rule book says of the case, where it is refused: of `max_age` as a text, or as a `Duration`.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let fault = |checked: Result<(), syntax::Fault>| checked.err().map(|fault| fault.text);
        let texts = [
            fault(syntax::name(&self.name)),
            self.text("path").and_then(|path| fault(syntax::path(path))),
            self.text("domain").and_then(|domain| fault(syntax::domain(domain))),
            fault(syntax::duration("x").map(drop)).filter(|_| self.attributes.get("max_age").is_some()),
            fault(syntax::max_age(Duration::MAX)).filter(|_| self.attributes.get("max_age").is_some()),
            self.is("partitioned").then_some(Rule::PartitionedSecure.text()),
            (self.text("same_site") == Some("None")).then_some(Rule::SameSiteNoneSecure.text()),
            (self.text("same_site") == Some("foo")).then_some("`same_site` takes `Strict`, `Lax` or `None`"),
        ];
        texts.into_iter().flatten().collect()
    }

    /// Whether the name can be declared: else no setter can be asked.
    pub(super) fn is_named(&self) -> bool {
        !(self.is_refused() && self.attributes.as_object().unwrap().is_empty())
    }

    pub(super) fn literal(&self) -> String {
        let keys: Vec<_> = self.keys().into_iter().map(|(key, _, literal, _)| format!("{key} = {literal}")).collect();
        declaration("Literal", &format!("{}, {}", keys.join(", "), self.flags()))
    }

    /// The same with constants, where all its values can be one.
    pub(super) fn constant(&self) -> Option<String> {
        let flags_alone = self.is_refused() && self.keys().len() == 1 && self.is_named();
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

/// The Rust expression of a `max_age`; `None` where no `Duration` is that.
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

pub(super) fn producer() -> Vec<Case> {
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
            line: encoded.map(|value| format!("{name}={value}")).or(expect["line"].as_str().map(str::to_owned)),
            is_encoded: encoded.is_some(),
        }
    });
    cases.collect()
}

/// One case of `reader.json`; its nameless pieces are skipped.
pub(super) struct Read {
    pub(super) id: String,
    pub(super) fields: Vec<String>,
    pub(super) pairs: Vec<(String, String)>,
}

pub(super) fn reader() -> Vec<Read> {
    let cases = cases(READER).into_iter().map(|case| Read {
        id: text(&case["id"]).to_owned(),
        fields: match case["cookie"].as_array() {
            Some(fields) => fields.iter().map(|field| text(field).to_owned()).collect(),
            None => vec![text(&case["cookie"]).to_owned()],
        },
        pairs: list(&case["pairs"]).iter().map(|pair| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned())).collect(),
    });
    cases.collect()
}

pub(super) fn reader_names() -> BTreeSet<String> {
    reader().into_iter().flat_map(|case| case.pairs).map(|(name, _)| name).collect()
}
