//! Runs third-party test suites of `Set-Cookie` headers and cookie dates (`vectors/`). The suites test the date parser
//! of `hardtack-rules` and the browser model of `hardtack::audit`. The result of a test case may differ from the
//! suite's expected result only if the case is marked `varies`. The tests must read every test case in a file. The
//! table in `vectors/README.md` contains the number of test cases.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a malformed vector file fails the test"
)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use hardtack::audit::{Context, Rejection, Stored, set_cookie};
use hardtack_rules::date::{format_imf_fixdate, parse_cookie_date};
use hardtack_rules::syntax::{is_av_octet, is_cookie_octet, is_forbidden_control, is_tchar};
use serde_json::Value;

use vectors::{
    Jar, KNOWN_DIFFERENCES, SET_COOKIE_AUDIT, Url, WPT_STORE, cases, decode_hex, difference, is_loopback, list,
    outcome, same_site, set_cookie_headers, stored_fields, text, url, verdicts,
};

const HTTP_STATE_PARSER: &str = include_str!("vectors/http_state_parser.json");
const COOKIE_DATES: &str = include_str!("vectors/cookie_dates.json");
const OCTET_CLASSES: &str = include_str!("vectors/octet_classes.tsv");
const PSL_REGISTRABLE: &str = include_str!("vectors/psl_registrable.tsv");
const README: &str = include_str!("vectors/README.md");

#[test]
fn http_state_cases_send_the_expected_cookies() {
    let mut tally = Tally::new("http_state_parser.json");
    for case in cases(HTTP_STATE_PARSER) {
        let case = &case;
        let expected = case.get("expected_rfc6265bis").unwrap_or(&case["expected"]);
        let expected: Vec<String> = list(expected)
            .iter()
            .map(|pair| match (text(&pair[0]), text(&pair[1])) {
                ("", value) => value.to_owned(),
                (name, value) => format!("{name}={value}"),
            })
            .collect();
        let expected = expected.join("; ");
        let sent = received(case).cookie_header(&Url::parse(text(&case["read_from"])));
        let sent = String::from_utf8(sent.unwrap_or_default()).unwrap();
        tally.case(case, case.get("disabled_upstream").is_some(), sent == expected, || {
            format!("{sent:?}, not {expected:?}")
        });
    }
    tally.finish(4);
}

#[test]
fn cookie_dates_match_the_suites() {
    let mut tally = Tally::new("cookie_dates.json");
    for case in cases(COOKIE_DATES) {
        let seconds = parse_cookie_date(text(&case["input"]).as_bytes());
        let date = seconds.map(|seconds| String::from_utf8(format_imf_fixdate(seconds).unwrap().to_vec()).unwrap());
        tally.case(&case, false, date.as_deref() == case["expected"].as_str(), || format!("{date:?}"));
    }
    tally.finish(0);
}

#[test]
fn web_platform_cases_send_the_expected_cookies() {
    let mut tally = Tally::new("wpt_store.json");
    for case in cases(WPT_STORE) {
        let mut jar = received(&case);
        let sent = jar.cookie_header(&Url::parse(text(&case["read_from"])));
        let expected = match case.get("expected_cookie_hex") {
            Some(hex) => Some(decode_hex(text(hex))),
            None => case["expected_cookie"].as_str().map(|header| header.as_bytes().to_vec()),
        };
        let same_site = case
            .get("same_site")
            .is_none_or(|expected| jar.stored().first().map(same_site).as_deref() == expected.as_str());
        tally.case(&case, case.get("varies").is_some(), sent == expected && same_site, || {
            let sent = sent.as_deref().map(|header| header.escape_ascii().to_string());
            format!("{sent:?}, same_site as expected: {same_site}")
        });
    }
    tally.finish(6);
}

#[test]
fn audit_store_follows_the_draft() {
    let mut tally = Tally::new("set_cookie_audit.json");
    for case in cases(SET_COOKIE_AUDIT) {
        let expect = &case["expect"];
        let wrong = match set_cookie(text(&case["set_cookie"]).as_bytes(), &context(&case)).stored {
            Ok(_) if expect["accepted"] == false => Some(String::from("stored")),
            Ok(stored) => {
                let fields = stored_fields(&stored, "http_only", "same_site", "host_only")
                    .into_iter()
                    .chain([("persistent", stored.expires.is_some().into()), ("expired", stored.is_removal().into())]);
                differences(fields, expect)
            }
            Err(rejection) if expect["accepted"] == true => Some(rejection.to_string()),
            // `vectors/README.md` says that the reason of a rejection is only a hint. This test can still compare the
            // reasons, because the audit uses the same order of rules. In the vectors and in the audit, the reason is
            // the first broken rule in the draft's order.
            Err(rejection) if reason(&rejection) != expect["reason"] => Some(rejection.to_string()),
            Err(_) => None,
        };
        tally.case(&case, case.get("varies").is_some(), wrong.is_none(), || wrong.clone().unwrap_or_default());
    }
    tally.finish(2);
}

#[test]
fn byte_classes_match_the_grammar() {
    let mut tally = Tally::new("octet_classes.tsv");
    for row in rows(OCTET_CLASSES) {
        let [hex, classes @ ..] = row.as_slice() else { panic!("an empty row") };
        let byte = u8::from_str_radix(hex, 16).unwrap();
        let header = [b"a=b; c=".as_slice(), &[byte]].concat();
        let rejected = set_cookie(&header, &Context::https("example.com")).stored == Err(Rejection::ControlOctet);
        let ours = [is_tchar(byte), is_cookie_octet(byte), is_av_octet(byte), is_forbidden_control(byte)];
        let agrees = ours.map(|is| if is { "1" } else { "0" }) == classes && rejected == is_forbidden_control(byte);
        tally.row(hex, false, agrees, || format!("{ours:?}, rejected: {rejected}"));
    }
    tally.finish(0);
}

/// A cookie's `Domain` may be a registrable domain, but not a public suffix. The parent of each registrable domain is a
/// public suffix.
#[test]
fn public_suffixes_are_rejected_and_registrable_domains_accepted() {
    let mut tally = Tally::new("psl_registrable.tsv");
    let mut checked = 0;
    let mut verdict = |domain: &str| {
        checked += 1;
        let header = format!("a=b; Domain={domain}");
        let stored = set_cookie(header.as_bytes(), &Context::https(&format!("host.{domain}"))).stored;
        stored.map_or_else(|rejection| rejection.id(), |stored| if stored.host_only { "host-only" } else { "stored" })
    };
    for row in rows(PSL_REGISTRABLE) {
        let [domain, registrable] = row.as_slice() else { panic!("{row:?}") };
        // Skip rows that only test parsers of the Public Suffix List: `null` is not a domain, and browsers drop a
        // leading dot.
        let not_a_domain = *domain == "null" || domain.starts_with('.');
        let (expected, parent) = match *registrable {
            _ if !domain.is_ascii() => ("domain-not-ascii", None),
            "null" => ("public-suffix", None),
            // `!city.kobe.jp` is an exception in the Public Suffix List. The parent of `city.kobe.jp` is not a public
            // suffix.
            "city.kobe.jp" => ("stored", None),
            registrable => ("stored", registrable.split_once('.').map(|(_, suffix)| suffix)),
        };
        let found = if not_a_domain { "not a domain" } else { verdict(domain) };
        let parent = parent.map_or("public-suffix", &mut verdict);
        tally.row(domain, not_a_domain, found == expected && parent == "public-suffix", || {
            format!("{found}, not {expected}; its parent: {parent}")
        });
    }
    println!("psl_registrable.tsv: {checked} domains checked");
    tally.finish(5);
}

/// `KNOWN_DIFFERENCES` lists every difference between a browser and the draft, with the reason.
#[test]
fn browsers_differ_on_known_cases_only() {
    let audit = cases(SET_COOKIE_AUDIT);
    let mut found = BTreeSet::new();
    let mut rows = 0;
    for row in verdicts("set_cookie_audit") {
        rows += 1;
        let case = audit.iter().find(|case| case["id"] == row["id"]).expect("an audit case of this id");
        let ours = set_cookie(text(&case["set_cookie"]).as_bytes(), &context(case)).stored;
        compare(&row, &ours, &mut found);
    }
    assert_eq!(rows, 139);
    let known: Vec<_> =
        KNOWN_DIFFERENCES.iter().map(|(browser, id, difference, _)| format!("{browser} {id} {difference}")).collect();
    assert_differences("set_cookie_audit", rows, &found, &known);
}

#[test]
fn browsers_agree_on_web_platform_cases() {
    let mut found = BTreeSet::new();
    let mut rows = 0;
    let wpt = cases(WPT_STORE);
    for row in verdicts("wpt_store") {
        rows += 1;
        let case = wpt.iter().find(|case| case["id"] == row["id"]).expect("a wpt case of this id");
        let jar = received(case);
        for browser in BROWSERS {
            if row[browser]["accepted"] != !jar.stored().is_empty() {
                found.insert(format!("{browser} {} {}", text(&row["id"]), outcome(&row[browser])));
            }
        }
    }
    assert_eq!(rows, 104);
    assert_differences("wpt_store", rows, &found, &[]);
}

/// Chromium and Firefox treat loopback as a secure origin. So the context of each test case also treats loopback as
/// secure.
#[test]
fn browsers_agree_on_loopback_and_plain_http() {
    let mut found = BTreeSet::new();
    let (mut rows, mut by_script) = (0, 0);
    for row in verdicts("loopback") {
        rows += 1;
        let Some(header) = row["set_cookie"].as_str() else {
            by_script += 1;
            continue;
        };
        compare(&row, &set_cookie(header.as_bytes(), &context(&row)).stored, &mut found);
    }
    assert_eq!((rows, by_script), (378, 154));
    assert_differences("loopback, by header", rows - by_script, &found, &[]);
}

#[test]
fn browsers_agree_on_removal_and_overwriting() {
    for (suite, expected) in [("removal", (45, 3)), ("overwrite", (74, 10))] {
        let mut found = BTreeSet::new();
        let (mut rows, mut skipped) = (0, 0);
        for row in verdicts(suite) {
            rows += 1;
            let steps = list(&row["steps"]);
            // The audit's browser model cannot run scripts, and has no limit for the number of stored cookies.
            if steps.iter().any(|step| step.get("js").is_some()) || row["chromium"].get("stored_count").is_some() {
                skipped += 1;
                continue;
            }
            let mut jar = Jar::new(run_at());
            for step in steps {
                jar.receive(text(&step["set_cookie"]).as_bytes(), &url(step));
            }
            // The browser sends the cookies to `www.site.test`. If the row's host is loopback, the browser sends the
            // cookies to this host.
            let last = url(steps.last().unwrap());
            let host = if is_loopback(&last.host) { last.host.as_str() } else { "www.site.test" };
            for browser in BROWSERS {
                for (key, https, path) in [
                    ("sent_back_https", true, "/dir/page"),
                    ("sent_back_http", false, "/dir/page"),
                    ("sent_back_https_root", true, "/"),
                    ("sent_back_https_dir", true, "/dir/page"),
                    ("sent_back_http_dir", false, "/dir/page"),
                ] {
                    let Some(measured) = row[browser].get(key) else { continue };
                    let sent = jar.cookie_header(&Url::new(https, host, path));
                    if sent.as_deref() != measured.as_str().map(str::as_bytes) {
                        found.insert(format!("{browser} {} {key} {measured}", text(&row["id"])));
                    }
                }
            }
        }
        assert_eq!((rows, skipped), expected, "{suite}");
        assert_differences(suite, rows - skipped, &found, &[]);
    }
}

const BROWSERS: [&str; 2] = ["chromium", "firefox"];

/// Compares each browser's verdict with the audit's verdict. Adds the differences between the two verdicts to `found`.
fn compare(row: &Value, audit: &Result<Stored, Rejection>, found: &mut BTreeSet<String>) {
    for browser in BROWSERS {
        if let Some(difference) = difference(&row[browser], audit) {
            found.insert(format!("{browser} {} {difference}", text(&row["id"])));
        }
    }
}

fn assert_differences(suite: &str, rows: usize, found: &BTreeSet<String>, known: &[String]) {
    let known: BTreeSet<String> = known.iter().cloned().collect();
    println!("browser_verdicts.json, {suite}: {rows} rows in 2 browsers, {} differences", found.len());
    let new: Vec<_> = found.difference(&known).collect();
    let missing: Vec<_> = known.difference(found).collect();
    assert!(
        new.is_empty() && missing.is_empty(),
        "{suite}: new differences {new:#?}, missing differences {missing:#?}"
    );
}

fn differences(fields: impl Iterator<Item = (&'static str, Value)>, expect: &Value) -> Option<String> {
    let wrong: Vec<_> = fields
        .filter(|(key, value)| expect[key] != *value)
        .map(|(key, value)| format!("{key}: {value}, not {}", expect[key]))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

/// Returns the name that the test vectors use for this rejection.
fn reason(rejection: &Rejection) -> &'static str {
    match rejection.id() {
        "control-octet" => "ctl",
        "empty" => "empty",
        "size" => "size",
        "domain-not-ascii" => "domain_non_ascii",
        "public-suffix" => "public_suffix",
        "domain-mismatch" => "domain_mismatch",
        "secure-over-plain-http" => "secure_on_http",
        "same-site-none-secure" => "samesite_none_insecure",
        "prefix-secure" | "prefix-host" | "prefix-http" | "prefix-host-http" => "prefix",
        "nameless-prefix" => "hidden_prefix",
        "partitioned-secure" => "partitioned_insecure",
        other => panic!("a rejection without a name in the vectors: {other}"),
    }
}

fn context(case: &Value) -> Context {
    url(case).context().at(case.get("now").map_or_else(run_at, time))
}

/// Returns a browser that has received the headers of the test case at the time of the test case.
fn received(case: &Value) -> Jar {
    let from = Url::parse(text(&case["set_from"]));
    let mut jar = Jar::new(time(&case["now"]));
    for header in set_cookie_headers(case) {
        jar.receive(&header, &from);
    }
    jar
}

/// Returns the day on which the browsers' verdicts were recorded.
fn run_at() -> SystemTime {
    moment("23 Nov 2026 00:00:00")
}

/// Parses an RFC 3339 time. Every time in the vectors is on 1 January of a year.
fn time(value: &Value) -> SystemTime {
    let (date, time) = text(value).trim_end_matches('Z').split_once('T').unwrap();
    let year = date.strip_suffix("-01-01").expect("a first of January");
    moment(&format!("1 Jan {year} {time}"))
}

fn moment(date: &str) -> SystemTime {
    let seconds = parse_cookie_date(date.as_bytes()).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// Counts the test cases in one vector file, and collects the results that differ from the suite.
struct Tally {
    file: &'static str,
    cases: usize,
    varies: usize,
    disagreements: String,
    disagreed: usize,
}

impl Tally {
    fn new(file: &'static str) -> Self {
        Tally { file, cases: 0, varies: 0, disagreements: String::new(), disagreed: 0 }
    }

    fn case(&mut self, case: &Value, varies: bool, agrees: bool, found: impl FnOnce() -> String) {
        self.row(text(&case["id"]), varies, agrees, found);
    }

    fn row(&mut self, id: &str, varies: bool, agrees: bool, found: impl FnOnce() -> String) {
        self.cases += 1;
        if varies {
            self.varies += 1;
            let agrees = if agrees { "agrees" } else { "disagrees" };
            println!("{}: {id} varies, and the audit {agrees} with its verdict", self.file);
        } else if !agrees {
            self.disagreed += 1;
            writeln!(self.disagreements, "  {id}: {}", found()).unwrap();
        }
    }

    /// Panics if the result of a test case differs from the suite. Panics if the number of test cases differs from the
    /// number in the README.
    fn finish(self, varies: usize) {
        println!(
            "{}: {} cases, {} disagreements, {} varies skipped",
            self.file, self.cases, self.disagreed, self.varies
        );
        let start = format!("| `{}` | ", self.file);
        let listed = README.lines().find_map(|line| line.strip_prefix(&start)?.split(' ').next()?.parse().ok());
        assert_eq!(Some(self.cases), listed, "{}: cases read, and cases in vectors/README.md", self.file);
        assert_eq!(self.varies, varies, "{}: cases that vary", self.file);
        assert_eq!(self.disagreed, 0, "{}:\n{}", self.file, self.disagreements);
    }
}
