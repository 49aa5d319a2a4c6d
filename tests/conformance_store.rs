//! Set-Cookie lines from suites that nobody here wrote (`vectors/`), against the cookie-date of `hardtack-rules` and
//! the store of `hardtack::audit`. No disagreement is allowed, outside the cases that the vectors mark, and every case
//! of a file is read: the README's table says how many there are.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a vector that is not as its README says fails the test"
)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use hardtack::audit::{Rejection, Seen, Stored, set_cookie};
use hardtack_rules::date::{cookie_date, imf_fixdate};
use hardtack_rules::syntax::{is_av_octet, is_cookie_octet, is_line_control, is_tchar};
use serde_json::Value;

use vectors::{
    Jar, KNOWN, SET_COOKIE_AUDIT, Url, WPT_STORE, cases, difference, fields, is_loopback, lines, list, outcome,
    same_site, text, unhex, url, verdicts,
};

const HTTP_STATE_PARSER: &str = include_str!("vectors/http_state_parser.json");
const COOKIE_DATES: &str = include_str!("vectors/cookie_dates.json");
const OCTET_CLASSES: &str = include_str!("vectors/octet_classes.tsv");
const PSL_REGISTRABLE: &str = include_str!("vectors/psl_registrable.tsv");
const README: &str = include_str!("vectors/README.md");

#[test]
fn http_state_suite_reads_back_what_the_draft_keeps() {
    let mut tally = Tally::new("http_state_parser.json");
    for case in cases(HTTP_STATE_PARSER) {
        let case = &case;
        let expected = case.get("expected_rfc6265bis").unwrap_or(&case["expected"]);
        let expected: Vec<(String, String)> =
            list(expected).iter().map(|pair| (string(&pair[0]), string(&pair[1]))).collect();
        let (jar, now) = received(case, text(&case["set_from"]));
        let sent: Vec<(String, String)> = jar
            .sent(&Url::read(text(&case["read_from"])), now)
            .iter()
            .map(|stored| (stored.name.clone(), stored.value.clone()))
            .collect();
        tally.case(case, case.get("disabled_upstream").is_some(), sent == expected, || {
            format!("{sent:?}, not {expected:?}")
        });
    }
    tally.finish(4);
}

#[test]
fn cookie_dates_are_read_as_the_suites_read_them() {
    let mut tally = Tally::new("cookie_dates.json");
    for case in cases(COOKIE_DATES) {
        let seconds = cookie_date(text(&case["input"]).as_bytes());
        let written = seconds.map(|seconds| String::from_utf8(imf_fixdate(seconds).unwrap().to_vec()).unwrap());
        tally.case(&case, false, written.as_deref() == case["expected"].as_str(), || format!("{written:?}"));
    }
    tally.finish(0);
}

#[test]
fn web_platform_tests_get_the_cookies_that_they_expect() {
    let mut tally = Tally::new("wpt_store.json");
    for case in cases(WPT_STORE) {
        let (jar, now) = received(&case, text(&case["set_from"]));
        let sent = jar.header(&Url::read(text(&case["read_from"])), now);
        let expected = match case.get("expected_cookie_hex") {
            Some(octets) => Some(unhex(text(octets))),
            None => case["expected_cookie"].as_str().map(|header| header.as_bytes().to_vec()),
        };
        let same_site = case.get("same_site").is_none_or(|expected| {
            jar.cookies.first().map(|kept| same_site(&kept.stored)).as_deref() == expected.as_str()
        });
        tally.case(&case, case.get("varies").is_some(), sent == expected && same_site, || {
            format!(
                "{:?}, same_site right: {same_site}",
                sent.as_deref().map(<[u8]>::escape_ascii).map(|it| it.to_string())
            )
        });
    }
    tally.finish(6);
}

#[test]
fn audited_lines_are_stored_as_the_draft_stores_them() {
    let mut tally = Tally::new("set_cookie_audit.json");
    for case in cases(SET_COOKIE_AUDIT) {
        let expect = &case["expect"];
        let wrong = match set_cookie(text(&case["set_cookie"]).as_bytes(), &seen(&case)).stored {
            Ok(_) if expect["accepted"] == false => Some(String::from("stored")),
            Ok(stored) => {
                let fields = fields(&stored, "http_only", "same_site", "host_only")
                    .into_iter()
                    .chain([("persistent", stored.expires.is_some().into()), ("expired", stored.is_removal().into())]);
                differences(fields, expect)
            }
            Err(rejection) if expect["accepted"] == true => Some(rejection.to_string()),
            // The vectors call the reason advisory; it is the first rule that breaks in draft order, as ours is.
            Err(rejection) if reason(&rejection) != expect["reason"] => Some(rejection.to_string()),
            Err(_) => None,
        };
        tally.case(&case, case.get("varies").is_some(), wrong.is_none(), || wrong.clone().unwrap_or_default());
    }
    tally.finish(2);
}

#[test]
fn octets_are_classed_by_the_grammar() {
    let mut tally = Tally::new("octet_classes.tsv");
    for row in rows(OCTET_CLASSES) {
        let [hex, classes @ ..] = row.as_slice() else { panic!("an empty row") };
        let octet = u8::from_str_radix(hex, 16).unwrap();
        let line = [b"a=b; c=".as_slice(), &[octet]].concat();
        let rejected = set_cookie(&line, &Seen::https("example.com")).stored == Err(Rejection::ControlOctet);
        let ours = [is_tchar(octet), is_cookie_octet(octet), is_av_octet(octet), is_line_control(octet)];
        let agrees = ours.map(|is| if is { "1" } else { "0" }) == classes && rejected == is_line_control(octet);
        tally.row(hex, false, agrees, || format!("{ours:?}, rejected: {rejected}"));
    }
    tally.finish(0);
}

/// A registrable domain may be a cookie's `Domain`, and what stands above it may not.
#[test]
fn public_suffixes_share_no_cookie_and_registrable_domains_do() {
    let mut tally = Tally::new("psl_registrable.tsv");
    let mut asked = 0;
    let mut verdict = |domain: &str| {
        asked += 1;
        let line = format!("a=b; Domain={domain}");
        let stored = set_cookie(line.as_bytes(), &Seen::https(&format!("host.{domain}"))).stored;
        stored.map_or_else(|rejection| rejection.id(), |stored| if stored.host_only { "host-only" } else { "stored" })
    };
    for row in rows(PSL_REGISTRABLE) {
        let [domain, registrable] = row.as_slice() else { panic!("{row:?}") };
        // `null` and a leading dot are names to the list, and none to a cookie, which drops the dot.
        let no_name = *domain == "null" || domain.starts_with('.');
        let (expected, above) = match *registrable {
            _ if !domain.is_ascii() => ("domain-not-ascii", None),
            "null" => ("public-suffix", None),
            // The list's exception (`!city.kobe.jp`): what stands above it is registrable as well.
            "city.kobe.jp" => ("stored", None),
            registrable => ("stored", registrable.split_once('.').map(|(_, suffix)| suffix)),
        };
        let found = if no_name { "no name" } else { verdict(domain) };
        let above = above.map_or("public-suffix", &mut verdict);
        tally.row(domain, no_name, found == expected && above == "public-suffix", || {
            format!("{found}, not {expected}; above it: {above}")
        });
    }
    println!("psl_registrable.tsv: {asked} domains judged");
    tally.finish(5);
}

/// The differences stand here one by one, and each is a browser's departure from the draft or marked
/// `varies` in the vectors.
#[test]
fn browsers_differ_on_known_lines_only() {
    let audit = cases(SET_COOKIE_AUDIT);
    let mut found = BTreeSet::new();
    let mut rows = 0;
    for row in verdicts("set_cookie_audit") {
        rows += 1;
        let case = audit.iter().find(|case| case["id"] == row["id"]).expect("an audit case of this id");
        let ours = set_cookie(text(&case["set_cookie"]).as_bytes(), &seen(case)).stored;
        compare(&row, &ours, &mut found);
    }
    assert_eq!(rows, 139);
    let known: Vec<_> =
        KNOWN.iter().map(|(browser, id, difference, _)| format!("{browser} {id} {difference}")).collect();
    assert_differences("set_cookie_audit", rows, &found, &known);
}

#[test]
fn browsers_keep_what_web_platform_tests_set() {
    let mut found = BTreeSet::new();
    let mut rows = 0;
    let wpt = cases(WPT_STORE);
    for row in verdicts("wpt_store") {
        rows += 1;
        let case = wpt.iter().find(|case| case["id"] == row["id"]).expect("a wpt case of this id");
        let (jar, _) = received(case, text(&case["set_from"]));
        for browser in BROWSERS {
            if row[browser]["accepted"] != !jar.cookies.is_empty() {
                found.insert(format!("{browser} {} {}", text(&row["id"]), outcome(&row[browser])));
            }
        }
    }
    assert_eq!(rows, 104);
    assert_differences("wpt_store", rows, &found, &[]);
}

/// Loopback counts as a secure origin, as both browsers have it.
#[test]
fn browsers_agree_on_loopback_and_plain_http() {
    let mut found = BTreeSet::new();
    let (mut rows, mut by_script) = (0, 0);
    for row in verdicts("loopback") {
        rows += 1;
        let Some(line) = row["set_cookie"].as_str() else {
            by_script += 1;
            continue;
        };
        compare(&row, &set_cookie(line.as_bytes(), &seen(&row)).stored, &mut found);
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
            // A script's line is not a header, and how many cookies a browser keeps is not the storage model's.
            if steps.iter().any(|step| step.get("js").is_some()) || row["chromium"].get("stored_count").is_some() {
                skipped += 1;
                continue;
            }
            let mut jar = Jar::default();
            for step in steps {
                jar.receive(text(&step["set_cookie"]).as_bytes(), &url(step), run_at());
            }
            // The victim is the same host in every row but the loopback ones.
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
                    let Some(theirs) = row[browser].get(key) else { continue };
                    let sent = jar.header(&Url::new(https, host, path), run_at());
                    if sent.as_deref() != theirs.as_str().map(str::as_bytes) {
                        found.insert(format!("{browser} {} {key} {theirs}", text(&row["id"])));
                    }
                }
            }
        }
        assert_eq!((rows, skipped), expected, "{suite}");
        assert_differences(suite, rows - skipped, &found, &[]);
    }
}

const BROWSERS: [&str; 2] = ["chromium", "firefox"];

/// What each browser made of a line, next to what `stored` says.
fn compare(row: &Value, ours: &Result<Stored, Rejection>, found: &mut BTreeSet<String>) {
    for browser in BROWSERS {
        if let Some(difference) = difference(&row[browser], ours) {
            found.insert(format!("{browser} {} {difference}", text(&row["id"])));
        }
    }
}

fn assert_differences(suite: &str, rows: usize, found: &BTreeSet<String>, known: &[String]) {
    let known: BTreeSet<String> = known.iter().cloned().collect();
    println!("browser_verdicts.json, {suite}: {rows} rows in 2 browsers, {} differences", found.len());
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(found).collect();
    assert!(new.is_empty() && gone.is_empty(), "{suite}: new differences {new:#?}, gone differences {gone:#?}");
}

fn differences(fields: impl Iterator<Item = (&'static str, Value)>, expect: &Value) -> Option<String> {
    let wrong: Vec<_> = fields
        .filter(|(key, value)| expect[key] != *value)
        .map(|(key, value)| format!("{key}: {value}, not {}", expect[key]))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

/// The vectors' word for a rejection.
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
        other => panic!("a rejection that the vectors do not know: {other}"),
    }
}

fn seen(case: &Value) -> Seen {
    url(case).seen().at(case.get("now").map_or_else(run_at, time))
}

/// A jar that received the case's lines, and the case's clock.
fn received(case: &Value, from: &str) -> (Jar, SystemTime) {
    let (from, now) = (Url::read(from), time(&case["now"]));
    let mut jar = Jar::default();
    for line in lines(case) {
        jar.receive(&line, &from, now);
    }
    (jar, now)
}

/// The day that the browsers were asked.
fn run_at() -> SystemTime {
    moment("23 Nov 2026 00:00:00")
}

/// An RFC 3339 instant, on the first of a month as in all the vectors.
fn time(value: &Value) -> SystemTime {
    let (date, time) = text(value).trim_end_matches('Z').split_once('T').unwrap();
    let year = date.strip_suffix("-01-01").expect("a first of January");
    moment(&format!("1 Jan {year} {time}"))
}

fn moment(date: &str) -> SystemTime {
    let seconds = cookie_date(date.as_bytes()).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn string(value: &Value) -> String {
    text(value).to_owned()
}

/// Counts the cases of one vector file, and what disagrees.
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
            println!("{}: {id} varies; we {} with its verdict", self.file, if agrees { "agree" } else { "disagree" });
        } else if !agrees {
            self.disagreed += 1;
            writeln!(self.disagreements, "  {id}: {}", found()).unwrap();
        }
    }

    /// Fails on any disagreement, and where the file was not read to its end.
    fn finish(self, varies: usize) {
        println!(
            "{}: {} cases, {} disagreements, {} varies skipped",
            self.file, self.cases, self.disagreed, self.varies
        );
        let start = format!("| `{}` | ", self.file);
        let listed = README.lines().find_map(|line| line.strip_prefix(&start)?.split(' ').next()?.parse().ok());
        assert_eq!(Some(self.cases), listed, "{}: cases read, and cases of vectors/README.md", self.file);
        assert_eq!(self.varies, varies, "{}: cases that vary", self.file);
        assert_eq!(self.disagreed, 0, "{}:\n{}", self.file, self.disagreements);
    }
}
