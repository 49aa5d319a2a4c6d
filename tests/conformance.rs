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

#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "support/vectors.rs"]
mod vectors;
#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other tests ask for more")]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use hardtack::audit::{Seen, set_cookie};
use hardtack::private::pairs;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SameSite, SetCookie, Spec, cookie, testing};
use hardtack_rules::syntax;
use serde_json::Value;

use case::{Case, producer, reader, reader_names};
use made::MADE;
use vectors::unhex;

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
