//! Sends the exact bytes of the `Set-Cookie` headers in `tests/vectors` to a browser. Compares the browser's behaviour
//! with the audit's predictions. Each difference must be in a list of known differences.

use std::collections::BTreeSet;
use std::time::SystemTime;

use hardtack::audit::{Stored, set_cookie};
use serde_json::{Value, json};

use super::Checks;
use super::browser::{Browser, Kind, StoredCookie, Tab};
use super::declared_cookies::is_within;
use super::not_run::not_run;
use super::replay::{Replay, Stop};
use super::vectors::{
    Jar, KNOWN_DIFFERENCES, SET_COOKIE_AUDIT, Url, WPT_STORE, cases, difference, is_loopback, list, set_cookie_headers,
    stored_fields, text, url, verdicts,
};

/// The id of a row in `tests/vectors`, the difference between the browser and the audit, and the reason for the
/// difference.
type Known = (&'static str, &'static str, &'static str);

/// For each row of the test vectors, the server sends one `Set-Cookie` header, over TLS or over plain HTTP.
pub(crate) fn set_cookie_audit(checks: &mut Checks<'_>) {
    let known = KNOWN_DIFFERENCES.iter().filter(|(browser, ..)| *browser == checks.browser.kind.name());
    let known: Vec<Known> = known.map(|(_, id, difference, why)| (*id, *difference, *why)).collect();
    run_header_rows(checks, cases(SET_COOKIE_AUDIT), 139, &known);
}

/// For each row of the test vectors, the server sends one `Set-Cookie` header. The host is a loopback host, or has a
/// name similar to a loopback host.
pub(crate) fn loopback_by_header(checks: &mut Checks<'_>) {
    let rows = verdicts("loopback").into_iter().filter(|row| row.get("set_cookie").is_some()).collect();
    run_header_rows(checks, rows, 224, &[]);
}

fn run_header_rows(checks: &mut Checks<'_>, mut rows: Vec<Value>, count: usize, known: &[Known]) {
    assert_eq!(rows.len(), count);
    let tab = checks.browser.tab();
    let mut page = Page::default();
    let mut results = Results::default();
    // The rows are sorted by host, so that the browser opens the page of each host only once.
    rows.sort_by_key(|row| (text(&row["host"]).to_owned(), row["https"] == true));
    for row in &rows {
        let (from, header) = (url(row), text(&row["set_cookie"]).as_bytes());
        if !page.open(checks.replay, &tab, &from) {
            continue;
        }
        let set = |header: &[u8]| checks.replay.fetch(&tab, &stop(&from).set_cookie(header)).unwrap();
        let predicted_before = set_cookie(header, &from.context().at(SystemTime::now())).stored;
        set(header);
        let predicted = set_cookie(header, &from.context().at(SystemTime::now())).stored;
        let stored = tab.cookies();
        tab.clear();
        let mut actual = verdict(&stored);
        if let Ok(removal) = &predicted
            && removal.is_removal()
        {
            // This header removes the cookie, so the browser's cookie store is empty afterwards. To test the removal,
            // first set a cookie, and then check that the header removes the cookie.
            set(&planted(removal));
            assert_eq!(tab.cookies().len(), 1, "{}: the planted cookie was not stored", row["id"]);
            set(header);
            actual["accepted"] = tab.cookies().is_empty().into();
            tab.clear();
        }
        let mut difference = difference(&actual, &predicted);
        if let (None, Ok(from), Ok(to), [stored]) = (&difference, &predicted_before, &predicted, stored.as_slice()) {
            let expected = from.expires.zip(to.expires);
            difference = (!is_within(stored.expires, expected))
                .then(|| format!("expires {:?}, expected {expected:?}", stored.expires));
        }
        results.add(text(&row["id"]), difference);
    }
    results.finish(checks, known);
}

/// For each row of the test vectors, the server sends a response with several `Set-Cookie` headers. Then the browser
/// requests another URL. The suite checks the stored cookies and the `Cookie` header of the second request.
pub(crate) fn web_platform_tests(checks: &mut Checks<'_>) {
    let mut rows = cases(WPT_STORE);
    assert_eq!(rows.len(), 104);
    rows.sort_by_key(|row| text(&row["set_from"]).to_owned());
    let tab = checks.browser.tab();
    let mut page = Page::default();
    let mut results = Results::default();
    for row in &rows {
        let (from, to) = (Url::parse(text(&row["set_from"])), Url::parse(text(&row["read_from"])));
        let headers = set_cookie_headers(row);
        page.open(checks.replay, &tab, &from);
        let mut jar = Jar::new(SystemTime::now());
        headers.iter().for_each(|header| jar.receive(header, &from));
        checks.replay.fetch(&tab, &headers.iter().fold(stop(&from), |stop, header| stop.set_cookie(header))).unwrap();

        let mut predicted: Vec<_> = jar.stored().iter().map(predicted_json).collect();
        if checks.browser.kind == Kind::Chromium {
            // The protocol that reads Chromium's store omits bytes that are not UTF-8. The `Cookie` header below shows
            // that Chromium stored the omitted bytes.
            predicted.iter_mut().for_each(|cookie| *cookie = cookie.replace('\u{fffd}', ""));
        }
        let mut actual: Vec<_> = tab.cookies().iter().map(|cookie| stored_json(cookie).to_string()).collect();
        predicted.sort();
        actual.sort();
        let difference = (predicted != actual).then(|| format!("stored {actual:?}, expected {predicted:?}"));
        results.add(text(&row["id"]), difference);

        page.open(checks.replay, &tab, &to);
        let sent = checks.replay.fetch(&tab, &stop(&to)).unwrap();
        let differs = sent != jar.cookie_header(&to);
        results.add(text(&row["id"]), differs.then(|| format!("sent {}", escaped(sent.as_deref()))));
        tab.clear();
    }
    let known: &[Known] = match checks.browser.kind {
        Kind::Chromium | Kind::WebKitGtk => &[],
        Kind::Firefox => &[(
            "wpt/encoding/bytes/bytes",
            r"sent cookiesarebananas=\xef\xbf\xbdtest\xef\xbf\xbd",
            "Firefox sends the byte FF of a value as U+FFFD",
        )],
    };
    results.finish(checks, known);
}

/// In each row of the test vectors, a script writes a cookie. The audit cannot predict the effect of scripts, so the
/// test vectors contain the expected results.
pub(crate) fn loopback_by_script(checks: &mut Checks<'_>) {
    let mut rows: Vec<_> = verdicts("loopback").into_iter().filter(|row| row.get("js").is_some()).collect();
    assert_eq!(rows.len(), 154);
    rows.sort_by_key(|row| (text(&row["host"]).to_owned(), row["https"] == true, text(&row["path"]).to_owned()));
    let tab = checks.browser.tab();
    let mut page = Page { with_path: true, ..Page::default() };
    let mut results = Results::default();
    for row in &rows {
        if !page.open(checks.replay, &tab, &url(row)) {
            continue;
        }
        let mut actual = json!({ "script_sees": tab.set_document_cookies(&[text(&row["js"]).to_owned()]) });
        let stored = verdict(&tab.cookies());
        actual.as_object_mut().unwrap().extend(stored.as_object().unwrap().clone());
        let measured = &row[checks.browser.kind.name()];
        let differing = actual.as_object().unwrap().iter().filter(|(key, value)| measured.get(key) != Some(value));
        let differing: Vec<_> = differing.map(|(key, value)| format!("{key} {value}")).collect();
        results.add(text(&row["id"]), (!differing.is_empty()).then(|| differing.join(", ")));
        tab.clear();
    }
    results.finish(checks, &[]);
}

/// Each row of the test vectors has several steps. In each step, a response or a script sets cookies. After the steps,
/// the browser must send the `Cookie` headers in the test vectors. If no step uses a script, the audit must predict
/// these `Cookie` headers.
pub(crate) fn removal_and_overwrite(checks: &mut Checks<'_>) {
    let mut results = Results::default();
    let tab = checks.browser.tab();
    let rows: Vec<_> = [verdicts("removal"), verdicts("overwrite")].concat();
    assert_eq!(rows.len(), 119);
    for row in &rows {
        let steps = list(&row["steps"]);
        let mut jar = Jar::new(SystemTime::now());
        let mut by_header = true;
        // The URLs that the browser has not visited yet.
        let mut stops: Vec<Stop> = Vec::new();
        for step in steps {
            let at = url(step);
            stops.push(stop(&at));
            if let Some(script) = step.get("js") {
                by_header = false;
                checks.replay.visit(&tab, &std::mem::take(&mut stops)).unwrap();
                tab.set_document_cookies(&[text(script).to_owned()]);
            }
            for header in step.get("set_cookie").map(headers_of_step).unwrap_or_default() {
                jar.receive(header.as_bytes(), &at);
                let last = stops.pop().unwrap();
                stops.push(last.set_cookie(header.as_bytes()));
            }
        }
        // The attacked host is the same in every row of the test vectors, except in the rows about loopback.
        let last = url(steps.last().unwrap());
        let host = if is_loopback(&last.host) { last.host.as_str() } else { "www.site.test" };
        let measured = &row[checks.browser.kind.name()];
        // The last URL is the page on which the next row begins. So the browser does not have to open a page between
        // two rows.
        let reads = [
            ("sent_back_http", false, "/dir/page"),
            ("sent_back_http_dir", false, "/dir/page"),
            ("sent_back_https_root", true, "/"),
            ("sent_back_https_dir", true, "/dir/page"),
            ("sent_back_https", true, "/dir/page"),
        ];
        let reads = reads.into_iter().filter(|(key, ..)| measured.get(key).is_some());
        let reads: Vec<_> = reads.map(|(key, https, path)| (key, Url::new(https, host, path))).collect();
        let first_read = stops.len();
        stops.extend(reads.iter().map(|(_, to)| stop(to)));
        let sent = checks.replay.visit(&tab, &stops).unwrap();
        for ((key, to), sent) in reads.iter().zip(&sent[first_read..]) {
            let sent_text = sent.as_deref().map(|sent| String::from_utf8_lossy(sent).into_owned());
            let as_measured = match measured[key].as_str() {
                // Each browser has its own limit for the number of stored cookies. So the test only checks whether the
                // browser sends `__Host-s`.
                Some(summary) if summary.contains(" pairs, ") => {
                    sent_text.is_some_and(|sent| sent.contains("__Host-s=") != summary.ends_with("s absent"))
                }
                sent_back => sent_text.as_deref() == sent_back,
            };
            let as_predicted = !by_header || measured.get("stored_count").is_some() || *sent == jar.cookie_header(to);
            let differs = !(as_measured && as_predicted);
            results.add(text(&row["id"]), differs.then(|| format!("{key} {}", escaped(sent.as_deref()))));
        }
        tab.clear();
    }
    results.finish(checks, &[]);
}

/// Returns the `Set-Cookie` headers of a step in the test vectors. If `headers` is an array, it contains only the first
/// of 200 numbered headers.
fn headers_of_step(headers: &Value) -> Vec<String> {
    match headers.as_array() {
        None => vec![text(headers).to_owned()],
        Some(headers) => (0..200).map(|number| text(&headers[0]).replace("c0=", &format!("c{number}="))).collect(),
    }
}

/// The page that is open in a tab.
#[derive(Default)]
struct Page {
    /// The scheme (true for HTTPS), host and path of the page.
    at: Option<(bool, String, String)>,
    /// If true, the page must have the path of the URL. If false, the page has the path `/`.
    with_path: bool,
}

impl Page {
    /// Opens a page with this scheme and host, unless the page is already open. If this machine does not have the IP
    /// address of the host, the function prints a notice and returns false. In CI, the function panics instead.
    fn open(&mut self, replay: &Replay, tab: &Tab<'_>, at: &Url) -> bool {
        if !replay.serves(&at.host) {
            not_run(&format!("this machine has no address {}", at.host));
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

/// The number of comparisons in one suite, and the differences between the browser and the expected result. Each
/// difference comes with the id of its row in the test vectors.
#[derive(Default)]
struct Results {
    count: usize,
    differences: BTreeSet<(String, String)>,
}

impl Results {
    fn add(&mut self, id: &str, difference: Option<String>) {
        self.count += 1;
        self.differences.extend(difference.map(|difference| (id.to_owned(), difference)));
    }

    /// Records a failure for each difference that is not in `known`. Also records a failure for each known difference
    /// that did not occur.
    fn finish(self, checks: &mut Checks<'_>, known: &[Known]) {
        checks.count += self.count;
        let Browser { kind, version, .. } = checks.browser;
        let versions = format!("measured with version {}, running version {version}", measured_version(kind.name()));
        let is_known =
            |(id, difference): &&(String, String)| known.iter().any(|known| known.0 == id && known.1 == difference);
        let new = self.differences.iter().filter(|found| !is_known(found));
        checks.failures.extend(new.map(|(id, difference)| format!("new difference: {id} {difference} ({versions})")));
        for (id, difference, why) in known {
            if self.differences.contains(&((*id).to_owned(), (*difference).to_owned())) {
                checks.known_differences.push(format!("{id} {difference}: {why}"));
            } else {
                checks.failures.push(format!("known difference did not occur: {id} {difference} ({versions})"));
            }
        }
    }
}

/// Returns the version of the browser whose verdicts are in the test vectors.
fn measured_version(browser: &str) -> String {
    let file: Value = serde_json::from_str(super::vectors::BROWSER_VERDICTS).unwrap();
    let version = text(&file["browsers"][browser]);
    version.rsplit('/').next().unwrap().to_owned()
}

fn stop(at: &Url) -> Stop {
    Stop::new(at.https, &at.host, &at.path)
}

/// Returns the stored cookies in the format of a verdict in the test vectors.
fn verdict(stored: &[StoredCookie]) -> Value {
    let mut verdict = match stored {
        [cookie] => stored_json(cookie),
        _ => json!({}),
    };
    verdict["accepted"] = (!stored.is_empty()).into();
    verdict
}

/// Returns a stored cookie in the format of the test vectors.
fn stored_json(cookie: &StoredCookie) -> Value {
    json!({
        "name": cookie.name, "value": cookie.value, "domain": cookie.domain, "path": cookie.path,
        "secure": cookie.secure, "httpOnly": cookie.http_only, "sameSite": cookie.same_site,
        "partitioned": cookie.partitioned, "hostOnly": cookie.host_only,
    })
}

/// Returns the cookie that the audit predicts, in the format of the test vectors.
fn predicted_json(stored: &Stored) -> String {
    let fields = stored_fields(stored, "httpOnly", "sameSite", "hostOnly");
    Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()).to_string()
}

/// Returns a `Set-Cookie` header that sets a cookie, so that the header `removal` has a cookie to remove.
fn planted(removal: &Stored) -> Vec<u8> {
    let mut header = [removal.name_bytes(), b"=planted; Path=", removal.path.as_bytes()].concat();
    if !removal.host_only {
        header.extend(format!("; Domain={}", removal.domain).bytes());
    }
    for (is_set, attribute) in
        [(removal.secure, "; Secure"), (removal.http_only, "; HttpOnly"), (removal.partitioned, "; Partitioned")]
    {
        header.extend(if is_set { attribute } else { "" }.bytes());
    }
    header
}

fn escaped(sent: Option<&[u8]>) -> String {
    sent.map_or_else(|| String::from("nothing"), |sent| sent.escape_ascii().to_string())
}
