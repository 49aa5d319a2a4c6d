//! What producers write and readers read, by suites that nobody here wrote (`vectors/producer.json`, `reader.json`).
//! Names and attributes are declared while a crate compiles, so each case becomes a real declaration in a crate made
//! for it: all are compiled at once, and those that compile are set, sent and read back by a program.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a vector that is not as its README says fails the test"
)]

#[allow(dead_code, reason = "other tests use more of it")]
#[path = "support/vectors.rs"]
mod vectors;
#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other tests ask for more")]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use hardtack::audit::{Seen, set_cookie};
use hardtack::cookie;
use hardtack::private::pairs;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, Rule, SameSite, SetCookie, Spec, testing};
use hardtack_rules::syntax;
use serde_json::Value;

use vectors::{cases, list, text, unhex};
use workspace::Workspace;

const PRODUCER: &str = include_str!("vectors/producer.json");
const READER: &str = include_str!("vectors/reader.json");
const README: &str = include_str!("vectors/README.md");

/// The one case on which the rule book and a suite differ: RULES.md refuses a `domain` of a single label, which no
/// other host shares and which browsers take as host-only at best.
const SINGLE_LABEL: &str = "domain/53";

#[test]
fn every_line_is_one_that_a_strict_server_writes() {
    let mut wrong = Disagreements::default();
    let cases = producer();
    for case in &cases {
        let id = &case.id;
        let refused = MADE.refused(id);
        match case.outcome.as_str() {
            "emit" | "encode" | "refuse_or_encode" => {
                for error in refused {
                    wrong.add(id, error);
                }
                for shown in MADE.shown(id) {
                    wrong.extend(id, shown.line.as_ref().err().cloned());
                    let Ok(line) = &shown.line else { continue };
                    wrong.extend(id, case.differences(line));
                    wrong.extend(id, (shown.read != case.value).then(|| format!("read back as {:?}", shown.read)));
                    wrong.extend(id, (shown.jar != *line).then(|| format!("a jar writes {:?}", shown.jar)));
                    wrong.extend(id, (parts(&shown.cookie) != parts(line)).then(|| shown.cookie.clone()));
                }
            }
            // Nothing is normalised: what a browser would have to mend is refused.
            "refuse" | "refuse_or_normalise" => {
                let lines: Vec<_> = MADE.shown(id).filter_map(|shown| shown.line.as_ref().ok()).collect();
                let asked = refused.len() + MADE.shown(id).count();
                wrong.extend(id, (asked == 0).then(|| String::from("nobody was asked")));
                for line in lines {
                    wrong.add(id, format!("emitted: {line}"));
                }
            }
            outcome => panic!("{id}: an outcome that the README does not know: {outcome}"),
        }
    }
    let single_label = "the domain is a single label, which no other host shares; leave the key out";
    assert_eq!(
        wrong.finish("producer.json", cases.len()),
        BTreeMap::from([(
            SINGLE_LABEL.to_owned(),
            // Its literal, its constant, and its setter.
            BTreeSet::from([single_label.to_owned(), format!("`foo`, `domain`: {single_label}")]),
        )])
    );
}

/// Every case is declared in one library: what is wrong is told in one build, once each, where it stands.
#[test]
fn all_that_is_refused_is_told_in_one_build() {
    let (mut refused, mut accepted) = (0, 0);
    for build in [&MADE.literals, &MADE.constants] {
        for declared in &build.declared {
            let expected = usize::from(declared.is_refused);
            assert_eq!(declared.errors.len(), expected, "{}: {:?}", declared.id, declared.errors);
            for error in &declared.errors {
                assert!(declared.faults.iter().any(|fault| error.starts_with(fault)), "{}: {error}", declared.id);
            }
            *(if declared.is_refused { &mut refused } else { &mut accepted }) += 1;
        }
        assert!(build.elsewhere.is_empty(), "errors outside the declarations: {:?}", build.elsewhere);
    }
    println!("producer.json: {refused} declarations refused, {accepted} accepted, in two builds");
    assert_eq!((refused, accepted), (82, 182));
}

/// What has no literal form is refused by the setter, by the same rule.
#[test]
fn what_varies_at_run_time_is_refused_by_the_same_rules() {
    let mut by_setter = BTreeMap::new();
    for case in
        producer().iter().filter(|case| case.outcome.starts_with("refuse") && case.outcome != "refuse_or_encode")
    {
        for shown in MADE.shown(&case.id) {
            let error = shown.line.as_ref().expect_err(&case.id);
            let setter = error.split('`').nth(3).expect("the setter's name");
            *by_setter.entry(setter.to_owned()).or_insert(0) += 1;
        }
    }
    println!("producer.json: refused by setters: {by_setter:?}");
    let expected = [("domain", 8), ("max_age", 2), ("path", 6), ("until", 2)];
    assert_eq!(by_setter, expected.map(|(setter, count)| (setter.to_owned(), count)).into());
    // `max-age/0`, which the suite emits, is a setter's word: declared, it would remove the cookie as it is set.
    assert!(syntax::max_age(Duration::ZERO).is_err());
    // `max-age/-1` cannot be said at run time: no `Duration` is negative, and none is infinite, only very long.
    assert!(Duration::try_from_secs_f64(-1.0).is_err() && Duration::try_from_secs_f64(f64::INFINITY).is_err());
}

#[test]
fn the_cookie_crate_reads_every_line_as_it_was_meant() {
    let mut lines = 0;
    for case in producer() {
        let meant = Meant::of_case(&case);
        for line in MADE.shown(&case.id).filter_map(|shown| shown.line.as_ref().ok()) {
            lines += 1;
            meant.assert_read_by_cookie(line);
        }
    }
    println!("producer.json: {lines} lines read by the cookie crate");
    assert_eq!(lines, 190);
}

#[test]
fn the_store_keeps_every_line_as_it_was_meant() {
    let mut lines = 0;
    for case in producer() {
        let meant = Meant::of_case(&case);
        for line in MADE.shown(&case.id).filter_map(|shown| shown.line.as_ref().ok()) {
            lines += 1;
            meant.assert_stored(line);
        }
    }
    println!("producer.json: {lines} lines stored");
    assert_eq!(lines, 190);
}

#[test]
fn fields_are_read_as_raw_pairs_in_order() {
    let mut wrong = Disagreements::default();
    let cases = reader();
    for case in &cases {
        let found: Vec<(String, String)> = case
            .fields
            .iter()
            .flat_map(|field| pairs(field.as_bytes()))
            .map(|(name, value)| (utf8(name), utf8(value)))
            .collect();
        wrong.extend(&case.id, (found != case.pairs).then(|| format!("{found:?}")));
    }
    assert!(wrong.finish("reader.json, pairs", cases.len()).is_empty());
}

/// Each name of the suite is declared `read_only`, and each finds its own values in each case and nobody else's.
#[test]
fn declared_types_read_their_own_values() {
    let mut wrong = Disagreements::default();
    let (cases, names) = (reader(), reader_names());
    for case in &cases {
        for name in &names {
            let expected: Vec<&str> =
                case.pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect();
            let found = &MADE.read[&(case.id.clone(), name.clone())];
            wrong.extend(&case.id, (*found != format!("{expected:?}")).then(|| format!("{name}: {found}")));
        }
    }
    println!("reader.json: {} declared names", names.len());
    assert!(wrong.finish("reader.json, get_all", cases.len()).is_empty());
}

/// A declaration of each kind, set, varied and removed, against the cookie crate, `to_cookie` and the store.
#[test]
fn every_kind_of_declaration_is_read_as_it_was_declared() {
    #[derive(Cookie)]
    struct Plain(String);
    #[derive(Cookie)]
    #[cookie(max_age = "8h", same_site = Strict)]
    struct Session(String);
    #[derive(Cookie)]
    #[cookie(http_only = false, reason = "a script reads it")]
    struct Theme(String);
    #[derive(Cookie)]
    #[cookie(path = "/shop", max_age = "30d")]
    struct Cart(String);
    #[derive(Cookie)]
    #[cookie(domain = "Example.com")]
    struct Sso(String);
    #[derive(Cookie)]
    #[cookie(domain = environment, path = "/app")]
    struct Everywhere(String);
    #[derive(Cookie)]
    #[cookie(same_site = None, partitioned, reason = "embedded by customers")]
    struct Widget(String);
    #[derive(Cookie)]
    #[cookie(name = "__Http-id", path = "/id")]
    struct Id(String);
    #[derive(Cookie)]
    #[cookie(name = "legacy", secure = false, http_only = false, max_age = "400d", reason = "an old proxy reads it")]
    struct Legacy(String);

    let value = || String::from("50 %; ä\"\\,\r\n=");
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(2_145_916_900);
    let later = Duration::from_secs(90);

    assert_kept_as_declared(|| SetCookie::new(Plain(value())), Meant::of(&Plain::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Session(value())), Meant::of(&Session::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Theme(value())), Meant::of(&Theme::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Cart(value())), Meant::of(&Cart::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Sso(value())), Meant::of(&Sso::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Widget(value())), Meant::of(&Widget::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Id(value())), Meant::of(&Id::SPEC));
    assert_kept_as_declared(|| SetCookie::new(Legacy(value())), Meant::of(&Legacy::SPEC));

    let varied = || SetCookie::new(Sso(value())).path("/a b").domain("www.example.org").max_age(later);
    let meant = Meant {
        path: "/a b".into(),
        domain: Some("www.example.org".into()),
        max_age: Some(90),
        ..Meant::of(&Sso::SPEC)
    };
    assert_kept_as_declared(varied, meant);
    let strict = || SetCookie::new(Widget(value())).same_site(SameSite::Strict).until(moment);
    let meant = Meant { same_site: "Strict", expires: Some(2_145_916_900), ..Meant::of(&Widget::SPEC) };
    assert_kept_as_declared(strict, meant);
    let meant = Meant { max_age: None, ..Meant::of(&Session::SPEC) };
    assert_kept_as_declared(|| SetCookie::new(Session(value())).session(), meant);

    let gone = |spec| Meant { value: String::new(), max_age: Some(0), expires: Some(0), ..Meant::of(spec) };
    assert_kept_as_declared(SetCookie::<Plain>::removal, gone(&Plain::SPEC));
    assert_kept_as_declared(SetCookie::<Session>::removal, gone(&Session::SPEC));
    assert_kept_as_declared(SetCookie::<Cart>::removal, gone(&Cart::SPEC));
    assert_kept_as_declared(SetCookie::<Widget>::removal, gone(&Widget::SPEC));
    assert_kept_as_declared(SetCookie::<Legacy>::removal, gone(&Legacy::SPEC));
    let elsewhere = || SetCookie::<Sso>::removal().path("/a").domain("example.org");
    assert_kept_as_declared(
        elsewhere,
        Meant { path: "/a".into(), domain: Some("example.org".into()), ..gone(&Sso::SPEC) },
    );

    // The domain of the environment is the jar's to know.
    let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.net").build().unwrap());
    let jar = Cookies::read(&http::HeaderMap::new(), testing::https()).policy(&policy);
    jar.set(Everywhere(value())).unwrap();
    let mut response = http::HeaderMap::new();
    jar.write(&mut response);
    let line = response["set-cookie"].to_str().unwrap();
    let meant = Meant { value: value(), domain: Some("example.net".into()), ..Meant::of(&Everywhere::SPEC) };
    meant.assert_read_by_cookie(line);
    meant.assert_stored(line);

    fn assert_kept_as_declared<T: Cookie>(set: impl Fn() -> SetCookie<T>, meant: Meant) {
        let meant = Meant {
            value: if meant.expires == Some(0) { String::new() } else { "50 %; ä\"\\,\r\n=".into() },
            ..meant
        };
        let line = set().header_value(&testing::https()).unwrap();
        let line = line.to_str().unwrap();
        meant.assert_read_by_cookie(line);
        meant.assert_stored(line);
        let cookie = set().to_cookie(&testing::https()).unwrap();
        meant.assert_cookie(&cookie);
        assert_eq!(parts(&cookie.to_string()), parts(line));
    }
}

/// What a cookie was meant to be, next to which each reader of its line is put.
#[derive(Debug)]
struct Meant {
    name: String,
    value: String,
    path: String,
    domain: Option<String>,
    max_age: Option<u64>,
    /// In Unix seconds.
    expires: Option<u64>,
    secure: bool,
    http_only: bool,
    same_site: &'static str,
    partitioned: bool,
}

impl Meant {
    fn of(spec: &Spec) -> Self {
        Meant {
            name: spec.name.into(),
            value: String::new(),
            path: spec.path.into(),
            domain: spec.domain.map(str::to_owned),
            max_age: spec.max_age.map(|max_age| max_age.as_secs()),
            expires: None,
            secure: spec.secure,
            http_only: spec.http_only,
            same_site: spec.same_site.as_str(),
            partitioned: spec.partitioned,
        }
    }

    fn of_case(case: &Case) -> Self {
        Meant {
            name: case.name.clone(),
            value: case.value.clone(),
            path: case.text("path").unwrap_or("/").into(),
            domain: case.text("domain").map(str::to_owned),
            max_age: case.attributes.get("max_age").and_then(Value::as_u64),
            expires: case.text("expires").map(|expires| unix_seconds(expires).try_into().unwrap_or_default()),
            secure: case.is("secure"),
            http_only: case.is("http_only"),
            same_site: match case.text("same_site") {
                None | Some("Lax") => "Lax",
                Some("Strict") => "Strict",
                Some(_) => "None",
            },
            partitioned: case.is("partitioned"),
        }
    }

    fn assert_read_by_cookie(&self, line: &str) {
        let cookie = cookie::Cookie::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(cookie.value(), raw_value(line), "{line}");
        self.assert_cookie(&cookie);
    }

    fn assert_cookie(&self, cookie: &cookie::Cookie<'_>) {
        assert_eq!(cookie.name(), self.name);
        assert_eq!(decoded(cookie.value()), self.value.as_bytes(), "{self:?}");
        assert_eq!(cookie.path(), Some(self.path.as_str()));
        assert_eq!(cookie.domain(), self.domain.as_deref());
        assert_eq!(cookie.max_age().map(|it| it.whole_seconds().try_into()), self.max_age.map(Ok), "{self:?}");
        let expires = cookie.expires_datetime().map(|it| it.unix_timestamp().try_into());
        assert_eq!(expires, self.expires.map(Ok), "{self:?}");
        assert_eq!(cookie.secure().unwrap_or(false), self.secure);
        assert_eq!(cookie.http_only().unwrap_or(false), self.http_only);
        assert_eq!(cookie.same_site().map(|it| it.to_string()).as_deref(), Some(self.same_site));
        assert_eq!(cookie.partitioned().unwrap_or(false), self.partitioned);
    }

    /// Seen on 1 January 2038, from where every life of the suite is short enough to be kept whole.
    fn assert_stored(&self, line: &str) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_145_916_800);
        let host = self.domain.as_deref().unwrap_or("www.example.com").to_ascii_lowercase();
        let stored = set_cookie(line.as_bytes(), &Seen::https(&host).path("/else/where").at(now)).stored;
        let stored = stored.unwrap_or_else(|rejection| panic!("{line}: {rejection}"));
        assert_eq!(stored.name, self.name);
        assert_eq!(stored.value, raw_value(line));
        assert_eq!(stored.path, self.path);
        assert_eq!((&stored.domain, stored.host_only), (&host, self.domain.is_none()), "{line}");
        assert_eq!((stored.secure, stored.http_only), (self.secure, self.http_only), "{line}");
        assert_eq!(stored.same_site.map(SameSite::as_str), Some(self.same_site), "{line}");
        assert_eq!(stored.partitioned, self.partitioned, "{line}");
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let expires = match (self.max_age, self.expires) {
            (Some(0), _) => Some(at(0)),
            (Some(seconds), _) => Some(now + Duration::from_secs(seconds)),
            (None, expires) => expires.map(at),
        };
        assert_eq!(stored.expires, expires, "{line}");
        assert_eq!(stored.is_removal(), expires.is_some_and(|expires| expires <= now), "{line}");
    }
}

/// One case of `producer.json`.
struct Case {
    id: String,
    name: String,
    value: String,
    attributes: Value,
    outcome: String,
    /// A right field value, where the suite gives one.
    line: Option<String>,
    /// Whether the value is given as it must be encoded, octet by octet.
    is_encoded: bool,
}

impl Case {
    fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }

    fn is(&self, flag: &str) -> bool {
        self.attributes.get(flag).is_some_and(|given| given == true)
    }

    /// How a line of ours differs from the suite's: the same pair, the suite's attributes, and `Path=/` and
    /// `SameSite=Lax` where the suite has none, since we always write both.
    fn differences(&self, line: &str) -> Vec<String> {
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
    fn flags(&self) -> String {
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
    fn keys(&self) -> Vec<(&'static str, &'static str, String, Option<String>)> {
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
    fn setters(&self) -> String {
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

    fn is_refused(&self) -> bool {
        let inexpressible = self.text("expires").is_some();
        matches!(self.outcome.as_str(), "refuse" | "refuse_or_normalise") && !inexpressible || self.id == SINGLE_LABEL
    }

    /// What the rule book says of the case, where it is refused: of `max_age` as a text, or as a `Duration`.
    fn faults(&self) -> Vec<&'static str> {
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
    fn is_named(&self) -> bool {
        !(self.is_refused() && self.attributes.as_object().unwrap().is_empty())
    }

    fn literal(&self) -> String {
        let keys: Vec<_> = self.keys().into_iter().map(|(key, _, literal, _)| format!("{key} = {literal}")).collect();
        declaration("Literal", &format!("{}, {}", keys.join(", "), self.flags()))
    }

    /// The same with constants, where all its values can be one.
    fn constant(&self) -> Option<String> {
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

fn declaration(name: &str, keys: &str) -> String {
    format!("#[derive(Cookie)]\n#[cookie({keys})]\npub struct {name}(pub String);\n")
}

/// What became of the vectors in the crates that were made of them.
static MADE: LazyLock<Made> = LazyLock::new(Made::make);

struct Made {
    literals: Build,
    constants: Build,
    shown: Vec<Shown>,
    /// What each name reads in each case, as `Debug` writes it.
    read: BTreeMap<(String, String), String>,
}

/// One library of declarations, compiled.
struct Build {
    declared: Vec<Declared>,
    elsewhere: Vec<String>,
}

struct Declared {
    id: String,
    /// How the rule book begins to say what is wrong.
    faults: Vec<&'static str>,
    is_refused: bool,
    lines: RangeInclusive<usize>,
    errors: Vec<String>,
}

/// One cookie that the program set: as a literal or a constant declares it, or by setters.
struct Shown {
    id: String,
    line: Result<String, String>,
    jar: String,
    /// What `to_cookie` displays.
    cookie: String,
    /// What came back from the browser.
    read: String,
}

impl Made {
    fn make() -> Made {
        let cases = producer();
        let hardtack = "http = \"1\"\nhardtack = { path = \"OURS/runtime\", features = [\"cookie\", \"testing\"] }";
        let all = Workspace::create("conformance", &["literals", "constants", "emitted"].map(|name| (name, hardtack)));
        // A member wants a target before its turn has come.
        for source in ["literals/src/lib.rs", "constants/src/lib.rs", "emitted/src/main.rs"] {
            if !all.directory.join(source).exists() {
                all.write(source, "fn main() {}");
            }
        }
        let sources = cases.iter().map(|case| (case, Some(case.literal())));
        let literals = check(&all, "literals", sources);
        let sources = cases.iter().map(|case| (case, case.constant()));
        let constants = check(&all, "constants", sources);
        let compiled = |build: &Build, case: &Case| {
            build.declared.iter().any(|declared| declared.id == case.id && declared.errors.is_empty())
        };

        let mut program = String::from(PROGRAM);
        let mut main = String::new();
        for (number, case) in cases.iter().enumerate() {
            let Case { id, value, .. } = case;
            let mut source = String::new();
            let mut body = String::new();
            let mut show = |name: &str, setters: &str| {
                writeln!(body, "show({id:?}, || SetCookie::new({name}({value:?}.into())){setters}, |it| it.0);")
                    .unwrap();
            };
            let given_by_setters_alone =
                case.text("expires").is_some() || case.attributes.get("max_age") == Some(&0.into());
            if compiled(&literals, case) && !given_by_setters_alone {
                source += &case.literal();
                show("Literal", "");
            }
            if let (true, false, Some(constant)) = (compiled(&constants, case), given_by_setters_alone, case.constant())
            {
                source += &constant;
                show("Constant", "");
            }
            let setters = case.setters();
            if case.is_named() && !setters.is_empty() {
                source += &declaration("Base", &format!("name = {:?}, {}", case.name, case.flags()));
                show("Base", &setters);
            }
            if !body.is_empty() {
                writeln!(program, "mod case_{number} {{\nuse super::*;\n{source}\npub fn run() {{\n{body}}}\n}}")
                    .unwrap();
                writeln!(main, "case_{number}::run();").unwrap();
            }
        }
        for (number, name) in reader_names().iter().enumerate() {
            writeln!(
                program,
                "#[derive(Cookie)]\n#[cookie(name = {name:?}, read_only)]\nstruct Reader{number}(String);"
            )
            .unwrap();
            for case in reader() {
                let fields = &case.fields;
                writeln!(main, "read::<Reader{number}>({:?}, {name:?}, &{fields:?}, |it| it.0);", case.id).unwrap();
            }
        }
        writeln!(program, "fn main() {{\n{main}}}").unwrap();
        all.write("emitted/src/main.rs", &program);
        let output = all.cargo(&["run", "--quiet", "-p", "emitted"], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut made = Made { literals, constants, shown: Vec::new(), read: BTreeMap::new() };
        for row in String::from_utf8(output.stdout).unwrap().lines() {
            match row.split('\t').collect::<Vec<_>>().as_slice() {
                ["sent", id, line, jar, cookie, read] => made.shown.push(Shown {
                    id: (*id).to_owned(),
                    line: Ok((*line).to_owned()),
                    jar: (*jar).to_owned(),
                    cookie: (*cookie).to_owned(),
                    read: String::from_utf8(unhex(read)).unwrap(),
                }),
                ["refused", id, error] => made.shown.push(Shown {
                    id: (*id).to_owned(),
                    line: Err((*error).to_owned()),
                    jar: String::new(),
                    cookie: String::new(),
                    read: String::new(),
                }),
                ["read", id, name, values] => {
                    made.read.insert(((*id).to_owned(), (*name).to_owned()), (*values).to_owned());
                }
                _ => panic!("the program wrote {row:?}"),
            }
        }
        made
    }

    fn refused(&self, id: &str) -> Vec<String> {
        let all = self.literals.declared.iter().chain(&self.constants.declared);
        all.filter(|declared| declared.id == id).flat_map(|declared| declared.errors.clone()).collect()
    }

    fn shown(&self, id: &str) -> impl Iterator<Item = &Shown> {
        self.shown.iter().filter(move |shown| shown.id == id)
    }
}

/// What stands before the cases of the program.
const PROGRAM: &str = r#"
#![allow(dead_code)]
use std::time::{Duration, SystemTime};
use hardtack::{Cookie, Cookies, ReadCookie, SetCookie, testing};
use http::{HeaderMap, HeaderValue};

fn at(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

fn show<T: Cookie>(id: &str, set: impl Fn() -> SetCookie<T>, text: fn(T) -> String) {
    let line = match set().header_value(&testing::https()) {
        Ok(line) => line,
        Err(error) => return println!("refused\t{id}\t{error}"),
    };
    let cookie = set().to_cookie(&testing::https()).unwrap();
    let jar = Cookies::read(&HeaderMap::new(), testing::https());
    jar.set(set()).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let sent = &response["set-cookie"];
    let pair = sent.as_bytes().split(|octet| *octet == b';').next().unwrap();
    let mut request = HeaderMap::new();
    request.insert("cookie", HeaderValue::from_bytes(pair).unwrap());
    let back = Cookies::read(&request, testing::https()).get::<T>().unwrap().unwrap();
    let back: String = text(back).bytes().map(|octet| format!("{octet:02x}")).collect();
    println!("sent\t{id}\t{}\t{}\t{cookie}\t{back}", line.to_str().unwrap(), sent.to_str().unwrap());
}

fn read<T: ReadCookie>(id: &str, name: &str, fields: &[&str], text: fn(T) -> String) {
    let mut request = HeaderMap::new();
    for field in fields {
        request.append("cookie", field.parse().unwrap());
    }
    let found: Vec<String> =
        Cookies::read(&request, testing::https()).get_all::<T>().map(|it| text(it.unwrap())).collect();
    println!("read\t{id}\t{name}\t{found:?}");
}
"#;

/// Compiles one declaration a case, each in a module of its own lines, and says what was wrong with each.
fn check<'a>(all: &Workspace, member: &str, sources: impl Iterator<Item = (&'a Case, Option<String>)>) -> Build {
    let mut library = String::from("#![allow(dead_code, unused_imports)]\n");
    let mut declared = Vec::new();
    for (number, (case, source)) in sources.enumerate() {
        let Some(source) = source else { continue };
        let first = library.lines().count() + 1;
        write!(library, "mod case_{number} {{\nuse core::time::Duration;\nuse hardtack::Cookie;\n{source}}}\n")
            .unwrap();
        let lines = first..=library.lines().count();
        declared.push(Declared {
            id: case.id.clone(),
            faults: case.faults(),
            is_refused: case.is_refused(),
            lines,
            errors: Vec::new(),
        });
    }
    all.write(&format!("{member}/src/lib.rs"), &library);
    let mut build = Build { declared, elsewhere: Vec::new() };
    for refused in all.refused(member, &[]) {
        let line = usize::try_from(refused.line).unwrap();
        let by_us = refused.code.as_ref().is_none_or(|code| code == "E0080");
        match build.declared.iter_mut().find(|declared| declared.lines.contains(&line)) {
            Some(declared) if by_us => declared.errors.push(refused.text),
            _ => build.elsewhere.push(format!("{refused:?}")),
        }
    }
    assert!(build.declared.iter().any(|declared| !declared.errors.is_empty()), "nothing was refused");
    build
}

fn producer() -> Vec<Case> {
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
struct Read {
    id: String,
    fields: Vec<String>,
    pairs: Vec<(String, String)>,
}

fn reader() -> Vec<Read> {
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

fn reader_names() -> BTreeSet<String> {
    reader().into_iter().flat_map(|case| case.pairs).map(|(name, _)| name).collect()
}

/// A field value as its pair and the set of its attributes, names in lower case.
fn parts(line: &str) -> (&str, BTreeSet<String>) {
    let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
    let attributes: Vec<String> = attributes
        .split(';')
        .map(str::trim)
        .filter(|attribute| !attribute.is_empty())
        .map(|attribute| match attribute.split_once('=') {
            Some((key, value)) => format!("{}={value}", key.to_ascii_lowercase()),
            None => attribute.to_ascii_lowercase(),
        })
        .collect();
    let set: BTreeSet<String> = attributes.iter().cloned().collect();
    assert_eq!(set.len(), attributes.len(), "an attribute stands twice: {line}");
    (pair, set)
}

fn raw_value(line: &str) -> &str {
    line.split(';').next().unwrap().split_once('=').unwrap().1
}

/// Percent-decoding, by somebody else than the runtime.
fn decoded(value: &str) -> Vec<u8> {
    let mut pieces = value.split('%');
    let mut octets = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        octets.extend(unhex(&piece[..2]));
        octets.extend(piece[2..].bytes());
    }
    octets
}

/// 6265bis 4.1.1, by its ranges.
fn is_cookie_octet(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}

fn utf8(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// Unix seconds of an RFC 3339 instant in UTC, year by year: slow, and somebody else's arithmetic.
fn unix_seconds(instant: &str) -> i64 {
    let fields: Vec<i64> = instant.trim_end_matches('Z').split(['-', 'T', ':']).map(|it| it.parse().unwrap()).collect();
    let [year, month, day, hour, minute, second] = fields[..] else { panic!("{instant}") };
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_year = |year| if is_leap(year) { 366 } else { 365 };
    let since = (1970..year).map(days_of_year).sum::<i64>() - (year..1970).map(days_of_year).sum::<i64>();
    let months = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let in_year: i64 = months[..usize::try_from(month - 1).unwrap()].iter().sum();
    (since + in_year + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
}

/// What disagrees, by case.
#[derive(Default)]
struct Disagreements(BTreeMap<String, BTreeSet<String>>);

impl Disagreements {
    fn add(&mut self, id: &str, what: String) {
        self.0.entry(id.to_owned()).or_default().insert(what);
    }

    fn extend(&mut self, id: &str, all: impl IntoIterator<Item = String>) {
        all.into_iter().for_each(|what| self.add(id, what));
    }

    /// Says how many there are, and makes sure that every case of the file was read.
    fn finish(self, file: &str, cases: usize) -> BTreeMap<String, BTreeSet<String>> {
        println!("{file}: {cases} cases, {} disagreements", self.0.len());
        let start = format!("| `{}` | ", file.split(',').next().unwrap());
        let listed = README.lines().find_map(|line| line.strip_prefix(&start)?.split(' ').next()?.parse().ok());
        assert_eq!(Some(cases), listed, "{file}: cases read, and cases of vectors/README.md");
        self.0
    }
}
