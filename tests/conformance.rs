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
#[path = "support/meant.rs"]
mod meant;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "support/vectors.rs"]
mod vectors;
#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other tests ask for more")]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SameSite, SetCookie, cookie, testing};
use hardtack_rules::syntax;

use case::{producer, reader, reader_names};
use made::MADE;
use meant::Meant;
use vectors::unhex;

const PRODUCER: &str = include_str!("vectors/producer.json");
const READER: &str = include_str!("vectors/reader.json");
const README: &str = include_str!("vectors/README.md");

/// The one case on which the rule book and a suite differ: the book refuses a `domain` of a single label, which no
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
        for line in MADE.shown(&case.id).filter_map(|shown| shown.line.as_ref().ok()) {
            lines += 1;
            assert_read_by_cookie(&written(case.meant(), &case.value, line), line);
        }
    }
    println!("producer.json: {lines} lines read by the cookie crate");
    assert_eq!(lines, 190);
}

#[test]
fn the_store_keeps_every_line_as_it_was_meant() {
    let mut lines = 0;
    for case in producer() {
        for line in MADE.shown(&case.id).filter_map(|shown| shown.line.as_ref().ok()) {
            lines += 1;
            written(case.meant(), &case.value, line).assert_stored(line, now());
        }
    }
    println!("producer.json: {lines} lines stored");
    assert_eq!(lines, 190);
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

    assert_kept_as_declared(|| SetCookie::new(Plain(value())), Meant::of(&Plain::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Session(value())), Meant::of(&Session::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Theme(value())), Meant::of(&Theme::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Cart(value())), Meant::of(&Cart::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Sso(value())), Meant::of(&Sso::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Widget(value())), Meant::of(&Widget::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Id(value())), Meant::of(&Id::SPEC, ""));
    assert_kept_as_declared(|| SetCookie::new(Legacy(value())), Meant::of(&Legacy::SPEC, ""));

    let varied = || SetCookie::new(Sso(value())).path("/a b").domain("www.example.org").max_age(later);
    let meant = Meant {
        path: "/a b".into(),
        domain: Some("www.example.org".into()),
        max_age: Some(90),
        ..Meant::of(&Sso::SPEC, "")
    };
    assert_kept_as_declared(varied, meant);
    let strict = || SetCookie::new(Widget(value())).same_site(SameSite::Strict).until(moment);
    let meant = Meant { same_site: SameSite::Strict, expires: Some(2_145_916_900), ..Meant::of(&Widget::SPEC, "") };
    assert_kept_as_declared(strict, meant);
    let meant = Meant { max_age: None, ..Meant::of(&Session::SPEC, "") };
    assert_kept_as_declared(|| SetCookie::new(Session(value())).session(), meant);

    let gone = |spec| Meant { max_age: Some(0), expires: Some(0), ..Meant::of(spec, "") };
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
    let meant = Meant { domain: Some("example.net".into()), ..Meant::of(&Everywhere::SPEC, "") };
    let meant = written(meant, &value(), line);
    assert_read_by_cookie(&meant, line);
    meant.assert_stored(line, now());

    fn assert_kept_as_declared<T: Cookie>(set: impl Fn() -> SetCookie<T>, meant: Meant) {
        let value = if meant.expires == Some(0) { "" } else { "50 %; ä\"\\,\r\n=" };
        let line = set().header_value(&testing::https()).unwrap();
        let line = line.to_str().unwrap();
        let meant = written(meant, value, line);
        assert_read_by_cookie(&meant, line);
        meant.assert_stored(line, now());
        let cookie = set().to_cookie(&testing::https()).unwrap();
        meant.assert_cookie(&cookie);
        assert_eq!(parts(&cookie.to_string()), parts(line));
    }
}

/// The same where it stands in this line, which says the value as it may be written.
fn written(meant: Meant, value: &str, line: &str) -> Meant {
    let raw = raw_value(line);
    assert_eq!(decoded(raw), value.as_bytes(), "{line}");
    Meant { raw: raw.to_owned(), ..meant }
}

fn assert_read_by_cookie(meant: &Meant, line: &str) {
    let cookie = cookie::Cookie::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    meant.assert_cookie(&cookie);
}

/// 1 January 2038, from where every life of the suite is short enough to be kept whole.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(2_145_916_800)
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
