//! Declared cookies before a browser: set by a handler, compared with the browser's store field by field, sent back,
//! removed.

use std::time::{Duration, SystemTime};

use super::Judge;
use super::browser::Kept;
use super::declarations::{Declared, Life};
use super::site::HOST;

/// Set over TLS, each is kept as it was declared, comes back equal, and goes when it is removed.
pub(crate) fn stored_as_declared(judge: &mut Judge<'_>) {
    let tab = judge.browser.tab();
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    for (number, declared) in judge.site.declared.clone().iter().enumerate() {
        let url = |act: &str| format!("{}?{act}={number}", declared.under("/page"));
        let label = &declared.label;
        let before = SystemTime::now();
        judge.equal(format!("{label}: set"), tab.fetch(&url("set")).0, 200);
        judge.verdict(format!("{label}: the store"), differences(&tab.cookies(), declared, HOST, before));
        judge.equal(format!("{label}: read"), tab.fetch(&url("get")).1.as_str(), "\"equal\"");
        judge.equal(format!("{label}: remove"), tab.fetch(&url("remove")).0, 200);
        judge.equal(format!("{label}: removed"), tab.cookies(), Vec::new());
        tab.clear();
    }
}

/// How what is kept differs from the declaration, which was set since `before` on `host`.
pub(crate) fn differences(kept: &[Kept], declared: &Declared, host: &str, before: SystemTime) -> Option<String> {
    let [kept] = kept else { return Some(format!("{} cookies: {kept:?}", kept.len())) };
    let expires = match declared.life() {
        Life::Session => None,
        Life::MaxAge(life) => {
            Some((seconds(before) + life.as_secs_f64(), seconds(SystemTime::now()) + life.as_secs_f64()))
        }
        Life::Until(time) => Some((seconds(time), seconds(time))),
    };
    let wrong = [
        ("name", kept.name == declared.pair.0),
        ("value", kept.value == declared.pair.1),
        ("domain", kept.domain == declared.domain().unwrap_or(host)),
        ("host_only", kept.host_only == declared.domain().is_none()),
        ("path", kept.path == declared.path()),
        ("secure", kept.secure == declared.spec.secure),
        ("http_only", kept.http_only == declared.spec.http_only),
        ("same_site", kept.same_site == declared.same_site().as_str()),
        ("partitioned", kept.partitioned == declared.spec.partitioned),
        ("expires", is_within(kept.expires, expires)),
    ];
    let wrong: Vec<_> = wrong.into_iter().filter(|(_, right)| !right).map(|(field, _)| field).collect();
    (!wrong.is_empty()).then(|| format!("{} of {kept:?}, expires {expires:?}", wrong.join(", ")))
}

/// Whole seconds on either side: browsers keep some lives in seconds, and Firefox corrects `Expires` by the `Date` field.
fn is_within(kept: Option<f64>, expected: Option<(f64, f64)>) -> bool {
    match (kept, expected) {
        (None, None) => true,
        (Some(kept), Some((from, to))) => from.floor() - 1.0 <= kept && kept <= to.ceil() + 1.0,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

pub(crate) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}
