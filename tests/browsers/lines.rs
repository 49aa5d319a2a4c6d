//! The shared vectors before a browser, each line octet by octet: what the audit foretells, and what the browser does.
//! They part where `vectors::KNOWN` says so, and nowhere else.

use std::collections::BTreeSet;
use std::time::SystemTime;

use hardtack::audit::{Stored, set_cookie};
use serde_json::{Value, json};

use super::Judge;
use super::browser::{Browser, Kept, Kind, Tab};
use super::declared::is_within;
use super::not_run::not_run;
use super::replay::{Replay, Stop};
use super::vectors::{
    Jar, KNOWN, SET_COOKIE_AUDIT, Url, WPT_STORE, cases, difference, fields, is_loopback, lines, list, text, url,
    verdicts,
};

/// The row, how the browser differs on it, and why.
type Known = (&'static str, &'static str, &'static str);

/// One line each, over TLS and over plain HTTP.
pub(crate) fn audited(judge: &mut Judge<'_>) {
    let known = KNOWN.iter().filter(|(browser, ..)| *browser == judge.browser.kind.name());
    let known: Vec<Known> = known.map(|(_, id, difference, why)| (*id, *difference, *why)).collect();
    by_header(judge, cases(SET_COOKIE_AUDIT), 139, &known);
}

/// Loopback and its neighbours, by header.
pub(crate) fn loopback_by_header(judge: &mut Judge<'_>) {
    let rows = verdicts("loopback").into_iter().filter(|row| row.get("set_cookie").is_some()).collect();
    by_header(judge, rows, 224, &[]);
}

fn by_header(judge: &mut Judge<'_>, mut rows: Vec<Value>, count: usize, known: &[Known]) {
    assert_eq!(rows.len(), count);
    let tab = judge.browser.tab();
    let mut page = Page::default();
    let mut found = Found::default();
    // One page for all the lines of a host.
    rows.sort_by_key(|row| (text(&row["host"]).to_owned(), row["https"] == true));
    for row in &rows {
        let (from, line) = (url(row), text(&row["set_cookie"]).as_bytes());
        if !page.open(judge.replay, &tab, &from) {
            continue;
        }
        let set = |line: &[u8]| judge.replay.ask(&tab, &stop(&from).sets(line)).unwrap();
        let before = set_cookie(line, &from.seen().at(SystemTime::now())).stored;
        set(line);
        let ours = set_cookie(line, &from.seen().at(SystemTime::now())).stored;
        let kept = tab.cookies();
        tab.clear();
        let mut theirs = verdict(&kept);
        if let Ok(removal) = &ours
            && removal.is_removal()
        {
            // A line that is obeyed takes with it what it names.
            set(&planted(removal));
            assert_eq!(tab.cookies().len(), 1, "{}: nothing to remove", row["id"]);
            set(line);
            theirs["accepted"] = tab.cookies().is_empty().into();
            tab.clear();
        }
        let mut difference = difference(&theirs, &ours);
        if let (None, Ok(from), Ok(to), [kept]) = (&difference, &before, &ours, kept.as_slice()) {
            let life = from.expires.zip(to.expires);
            difference = (!is_within(kept.expires, life)).then(|| format!("expires {:?}, not {life:?}", kept.expires));
        }
        found.row(text(&row["id"]), difference);
    }
    found.finish(judge, known);
}

/// Several lines in one response, and what the browser then sends elsewhere.
pub(crate) fn of_web_platform_tests(judge: &mut Judge<'_>) {
    let mut rows = cases(WPT_STORE);
    assert_eq!(rows.len(), 104);
    rows.sort_by_key(|row| text(&row["set_from"]).to_owned());
    let tab = judge.browser.tab();
    let mut page = Page::default();
    let mut found = Found::default();
    for row in &rows {
        let (from, to) = (Url::read(text(&row["set_from"])), Url::read(text(&row["read_from"])));
        let lines = lines(row);
        page.open(judge.replay, &tab, &from);
        let now = SystemTime::now();
        let mut jar = Jar::default();
        lines.iter().for_each(|line| jar.receive(line, &from, now));
        judge.replay.ask(&tab, &lines.iter().fold(stop(&from), |stop, line| stop.sets(line))).unwrap();

        let mut ours: Vec<_> = jar.cookies.iter().map(|kept| told(&kept.stored)).collect();
        if judge.browser.kind == Kind::Chromium {
            // Its protocol leaves out what is not UTF-8; what it sends shows whether the store has it.
            ours.iter_mut().for_each(|told| *told = told.replace('\u{fffd}', ""));
        }
        let mut theirs: Vec<_> = tab.cookies().iter().map(|kept| shown(kept).to_string()).collect();
        ours.sort();
        theirs.sort();
        found.row(text(&row["id"]), (ours != theirs).then(|| format!("kept {theirs:?}, not {ours:?}")));

        page.open(judge.replay, &tab, &to);
        let sent = judge.replay.ask(&tab, &stop(&to)).unwrap();
        let differs = sent != jar.header(&to, now);
        found.row(text(&row["id"]), differs.then(|| format!("sent {}", escaped(sent.as_deref()))));
        tab.clear();
    }
    let known: &[Known] = match judge.browser.kind {
        Kind::Chromium => &[],
        Kind::Firefox => &[(
            "wpt/encoding/bytes/bytes",
            r"sent cookiesarebananas=\xef\xbf\xbdtest\xef\xbf\xbd",
            "the octet FF of a value comes back as U+FFFD",
        )],
    };
    found.finish(judge, known);
}

/// By script: of that the audit says nothing, but the vectors do.
pub(crate) fn loopback_by_script(judge: &mut Judge<'_>) {
    let mut rows: Vec<_> = verdicts("loopback").into_iter().filter(|row| row.get("js").is_some()).collect();
    assert_eq!(rows.len(), 154);
    rows.sort_by_key(|row| (text(&row["host"]).to_owned(), row["https"] == true, text(&row["path"]).to_owned()));
    let tab = judge.browser.tab();
    let mut page = Page { with_path: true, ..Page::default() };
    let mut found = Found::default();
    for row in &rows {
        if !page.open(judge.replay, &tab, &url(row)) {
            continue;
        }
        let mut theirs = json!({ "script_sees": tab.write(&[text(&row["js"]).to_owned()]) });
        let told = verdict(&tab.cookies());
        theirs.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        let measured = &row[judge.browser.kind.name()];
        let differing = theirs.as_object().unwrap().iter().filter(|(key, value)| measured.get(key) != Some(value));
        let differing: Vec<_> = differing.map(|(key, value)| format!("{key} {value}")).collect();
        found.row(text(&row["id"]), (!differing.is_empty()).then(|| differing.join(", ")));
        tab.clear();
    }
    found.finish(judge, &[]);
}

/// Several steps, each by header or by script, and what is then sent: as measured, and, where all are by header, as a
/// store of the audit's verdicts would send.
pub(crate) fn removed_and_overwritten(judge: &mut Judge<'_>) {
    let mut found = Found::default();
    let tab = judge.browser.tab();
    let rows: Vec<_> = [verdicts("removal"), verdicts("overwrite")].concat();
    assert_eq!(rows.len(), 119);
    for row in &rows {
        let steps = list(&row["steps"]);
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        let mut by_header = true;
        let mut to_come: Vec<Stop> = Vec::new();
        for step in steps {
            let at = url(step);
            to_come.push(stop(&at));
            if let Some(script) = step.get("js") {
                by_header = false;
                judge.replay.visit(&tab, &std::mem::take(&mut to_come)).unwrap();
                tab.write(&[text(script).to_owned()]);
            }
            for line in step.get("set_cookie").map(crowd).unwrap_or_default() {
                jar.receive(line.as_bytes(), &at, now);
                let last = to_come.pop().unwrap();
                to_come.push(last.sets(line.as_bytes()));
            }
        }
        // The victim is the same host in every row but the loopback ones.
        let last = url(steps.last().unwrap());
        let host = if is_loopback(&last.host) { last.host.as_str() } else { "www.site.test" };
        let measured = &row[judge.browser.kind.name()];
        // The last of them is the page that the next row begins from: it costs a browser less to stay there.
        let reads = [
            ("sent_back_http", false, "/dir/page"),
            ("sent_back_http_dir", false, "/dir/page"),
            ("sent_back_https_root", true, "/"),
            ("sent_back_https_dir", true, "/dir/page"),
            ("sent_back_https", true, "/dir/page"),
        ];
        let reads = reads.into_iter().filter(|(key, ..)| measured.get(key).is_some());
        let reads: Vec<_> = reads.map(|(key, https, path)| (key, Url::new(https, host, path))).collect();
        let steps = to_come.len();
        to_come.extend(reads.iter().map(|(_, to)| stop(to)));
        let sent = judge.replay.visit(&tab, &to_come).unwrap();
        for ((key, to), sent) in reads.iter().zip(&sent[steps..]) {
            let told = sent.as_deref().map(|sent| String::from_utf8_lossy(sent).into_owned());
            let as_measured = match measured[key].as_str() {
                // How many cookies are kept is the browser's own business.
                Some(crowded) if crowded.contains(" pairs, ") => {
                    told.is_some_and(|told| told.contains("__Host-s=") != crowded.ends_with("s absent"))
                }
                sent_back => told.as_deref() == sent_back,
            };
            let as_foretold = !by_header || measured.get("stored_count").is_some() || *sent == jar.header(to, now);
            let differs = !(as_measured && as_foretold);
            found.row(text(&row["id"]), differs.then(|| format!("{key} {}", escaped(sent.as_deref()))));
        }
        tab.clear();
    }
    found.finish(judge, &[]);
}

/// The lines of a step, of which a crowd is told by its first.
fn crowd(lines: &Value) -> Vec<String> {
    match lines.as_array() {
        None => vec![text(lines).to_owned()],
        Some(lines) => (0..200).map(|number| text(&lines[0]).replace("c0=", &format!("c{number}="))).collect(),
    }
}

/// The page that a tab shows.
#[derive(Default)]
struct Page {
    at: Option<(bool, String, String)>,
    with_path: bool,
}

impl Page {
    /// Opens one on this scheme and host, unless it is open; `false`, and a loud line, where this machine has no such
    /// address. In CI that is a failure.
    fn open(&mut self, replay: &Replay, tab: &Tab<'_>, at: &Url) -> bool {
        if !replay.reaches(&at.host) {
            not_run(&format!("no address {} here", at.host));
            return false;
        }
        let path = if self.with_path { at.path.as_str() } else { "/" };
        let wanted = (at.https, at.host.clone(), path.to_owned());
        if self.at.as_ref() != Some(&wanted) {
            replay.visit(tab, &[Stop::new(at.https, &at.host, path)]).unwrap();
            self.at = Some(wanted);
        }
        true
    }
}

/// What was found of the rows of a suite.
#[derive(Default)]
struct Found {
    verdicts: usize,
    differences: BTreeSet<(String, String)>,
}

impl Found {
    fn row(&mut self, id: &str, difference: Option<String>) {
        self.verdicts += 1;
        self.differences.extend(difference.map(|difference| (id.to_owned(), difference)));
    }

    /// What was found is what is known, no more and no less.
    fn finish(self, judge: &mut Judge<'_>, known: &[Known]) {
        judge.verdicts += self.verdicts;
        let Browser { kind, version, .. } = judge.browser;
        let measured = format!("measured was {}, here runs {version}", measured(kind.name()));
        let is_known = |(id, difference): &&(String, String)| known.iter().any(|it| it.0 == id && it.1 == difference);
        let new = self.differences.iter().filter(|found| !is_known(found));
        judge.wrong.extend(new.map(|(id, difference)| format!("a new difference: {id} {difference} ({measured})")));
        for (id, difference, why) in known {
            if self.differences.contains(&((*id).to_owned(), (*difference).to_owned())) {
                judge.known.push(format!("{id} {difference}: {why}"));
            } else {
                judge.wrong.push(format!("a difference is gone: {id} {difference} ({measured})"));
            }
        }
    }
}

/// The version that the vectors' verdicts are of.
fn measured(browser: &str) -> String {
    let file: Value = serde_json::from_str(super::vectors::BROWSER_VERDICTS).unwrap();
    let version = text(&file["browsers"][browser]);
    version.rsplit('/').next().unwrap().to_owned()
}

fn stop(at: &Url) -> Stop {
    Stop::new(at.https, &at.host, &at.path)
}

/// What is kept, as the vectors tell it.
fn verdict(kept: &[Kept]) -> Value {
    let mut verdict = match kept {
        [kept] => shown(kept),
        _ => json!({}),
    };
    verdict["accepted"] = (!kept.is_empty()).into();
    verdict
}

fn shown(kept: &Kept) -> Value {
    json!({
        "name": kept.name, "value": kept.value, "domain": kept.domain, "path": kept.path, "secure": kept.secure,
        "httpOnly": kept.http_only, "sameSite": kept.same_site, "partitioned": kept.partitioned, "hostOnly": kept.host_only,
    })
}

/// The same of what the audit foretells.
fn told(stored: &Stored) -> String {
    let fields = fields(stored, "httpOnly", "sameSite", "hostOnly");
    Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()).to_string()
}

/// A live cookie that this removal names.
fn planted(removal: &Stored) -> Vec<u8> {
    let mut line = [removal.name_octets(), b"=planted; Path=", removal.path.as_bytes()].concat();
    if !removal.host_only {
        line.extend(format!("; Domain={}", removal.domain).bytes());
    }
    for (is, attribute) in
        [(removal.secure, "; Secure"), (removal.http_only, "; HttpOnly"), (removal.partitioned, "; Partitioned")]
    {
        line.extend(if is { attribute } else { "" }.bytes());
    }
    line
}

fn escaped(sent: Option<&[u8]>) -> String {
    sent.map_or_else(|| String::from("nothing"), |sent| sent.escape_ascii().to_string())
}
