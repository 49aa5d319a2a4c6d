//! Declared cookies before a browser: set by a handler or by a page's script, over TLS, over plain HTTP and on loopback;
//! compared with the browser's store field by field, sent back, attacked, removed.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use hardtack::ForceHttps;
use serde_json::json;

use super::Judge;
use super::browser::{Kept, Tab};
use super::declarations::{Declared, Life};
use super::site::{DOMAIN, HOST, SIBLING, Site};

/// Set over TLS, each is kept as it was declared, comes back equal, and goes when it is removed.
pub(crate) fn stored_as_declared(judge: &mut Judge<'_>) {
    let tab = judge.browser.tab();
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    kept_read_and_removed(judge, &tab, judge.site, HOST, |declared| !declared.is_hostile || declared.script.is_none());
}

/// `http://localhost` and its kin count as HTTPS for the listener of development, as they do for the browser.
pub(crate) fn stored_on_loopback(judge: &mut Judge<'_>) {
    for host in ["localhost", "app.localhost", "127.0.0.1"] {
        let tab = judge.browser.tab();
        tab.navigate(&format!("http://{host}:{}/", judge.loopback.ports.http.port())).unwrap();
        kept_read_and_removed(judge, &tab, judge.loopback, host, |declared| {
            declared.domain().is_none() && !declared.is_hostile
        });
    }
}

fn kept_read_and_removed(judge: &mut Judge<'_>, tab: &Tab<'_>, site: &Site, host: &str, of: fn(&Declared) -> bool) {
    for round in rounds(site, of) {
        let before = SystemTime::now();
        let set = tab.fetch_all(&pages(&round, "set"));
        let kept = tab.cookies();
        let read = tab.fetch_all(&pages(&round, "get"));
        let removed = tab.fetch_all(&pages(&round, "remove"));
        let left = tab.cookies();
        for (((_, declared), set), (read, removed)) in round.iter().zip(set).zip(read.into_iter().zip(removed)) {
            let label = format!("{host}, {}", declared.label);
            judge.equal(format!("{label}: set"), set.0, 200);
            judge.verdict(format!("{label}: kept"), differences(&kept, declared, host, before));
            judge.equal(format!("{label}: read"), read.1.as_str(), "\"equal\"");
            judge.equal(format!("{label}: remove"), removed.0, 200);
            judge.equal(format!("{label}: removed"), named(&left, declared).next(), None);
        }
        assert_eq!(kept.len(), round.len(), "{kept:?}");
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Over plain HTTP the server refuses; what old code writes is held back; and what gets out past the policy, no browser
/// keeps.
pub(crate) fn nothing_over_plain_http(judge: &mut Judge<'_>) {
    let tab = judge.browser.tab();
    judge.site.policy(|policy| policy.force_https(ForceHttps::on().exempt(["/open"])));
    tab.navigate(&format!("http://{HOST}/open")).unwrap();
    judge.equal("the page is not redirected", tab.evaluate("location.href"), json!(format!("http://{HOST}/open")));
    judge.equal("the page is no secure context", tab.evaluate("isSecureContext"), json!(false));
    let asked: Vec<_> = (0..judge.site.declared.len()).map(|number| format!("/?set={number}")).collect();
    for (Declared { label, .. }, (status, _)) in judge.site.declared.iter().zip(tab.fetch_all(&asked)) {
        judge.equal(format!("{label}: HTTPS is forced"), status, 403);
    }
    judge.equal("kept of what was refused", tab.cookies(), Vec::new());
    for line in
        ["PHPSESSID=1; path=/", "sid=1; Path=/; Secure", "theme=dark", "__Host-a=1; Secure; Path=/", "a=1; Max-Age=0"]
    {
        judge.site.forget();
        judge.equal(format!("{line}: old code"), tab.fetch(&format!("/open?old-code&line={}", escaped(line))).0, 200);
        let sent = judge.site.exchanges().pop().map(|exchange| exchange.lines);
        judge.equal(format!("{line}: held back"), sent, Some(Vec::new()));
        judge.equal(format!("{line}: kept"), tab.cookies(), Vec::new());
    }

    judge.site.policy(|policy| policy.force_https(ForceHttps::off()));
    for round in rounds(judge.site, |declared| !declared.is_hostile) {
        let before = SystemTime::now();
        let set = tab.fetch_all(&pages(&round, "set"));
        let after_set = tab.cookies();
        let lines = round.iter().filter(|(_, declared)| declared.spec.secure);
        tab.fetch_all(&lines.map(|(_, declared)| beside_the_policy(&declared.line)).collect::<Vec<_>>());
        let past_the_policy = tab.cookies();
        for ((_, declared), (status, _)) in round.iter().zip(set) {
            let Declared { label, spec, .. } = declared;
            judge.equal(format!("{label}: the setter"), status, if spec.secure { 403 } else { 200 });
            if spec.secure {
                judge.equal(format!("{label}: kept"), named(&after_set, declared).next(), None);
                let kept = named(&past_the_policy, declared).next();
                judge.equal(format!("{label}: kept of its own line, past the policy"), kept, None);
            } else {
                judge.verdict(format!("{label}: kept"), differences(&after_set, declared, HOST, before));
            }
        }
        tab.clear();
    }
}

/// What was set over TLS travels to every page under its path over TLS, and over plain HTTP only where it is declared so.
pub(crate) fn sent_over_tls_alone(judge: &mut Judge<'_>) {
    let tab = judge.browser.tab();
    judge.site.policy(|policy| policy.force_https(ForceHttps::off()));
    let all = one_of_each(judge.site);
    set(&tab, &all);
    for (scheme, https) in [("https", true), ("http", false)] {
        for path in ["/", "/shop/7/page", "/a'b&c/page"] {
            judge.site.forget();
            tab.navigate(&format!("{scheme}://{HOST}{path}")).unwrap();
            let exchange = judge.site.exchanges().pop().unwrap();
            assert_eq!(exchange.https, https);
            let sent: BTreeSet<String> = names(exchange.cookie.as_deref()).into_iter().collect();
            for Declared { label, spec, .. } in all.iter().map(|(_, declared)| declared) {
                let expected = (https || !spec.secure) && (spec.path == "/" || path.starts_with(spec.path));
                judge.equal(format!("{label}: sent to {scheme} {path}"), sent.contains(spec.name), expected);
            }
        }
    }
}

/// Who answers for the host over plain HTTP, and a script there, can neither overwrite nor shadow a Secure cookie.
pub(crate) fn plain_http_overwrites_nothing(judge: &mut Judge<'_>) {
    judge.site.policy(|policy| policy.force_https(ForceHttps::off()));
    for before in [true, false] {
        let tab = judge.browser.tab();
        let all = one_of_each(judge.site);
        if !before {
            set(&tab, &all);
        }
        tab.navigate(&format!("http://{HOST}/")).unwrap();
        let mut lines = Vec::new();
        for (_, declared) in &all {
            let (name, path) = (declared.spec.name, declared.path());
            let scope = declared.domain().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
            lines.extend([
                format!("{name}=evil; Path={path}{scope}"),
                format!("{name}=evil; Path={path}{scope}; Secure; HttpOnly"),
                format!("{name}=evil; Path=/; Domain={DOMAIN}"),
                format!("{name}=evil; Path=/shop/7"),
                declared.line_with("evil"),
            ]);
        }
        tab.fetch_all(&lines.iter().map(|line| beside_the_policy(line)).collect::<Vec<_>>());
        tab.write(&lines);
        if before {
            set(&tab, &all);
        } else {
            tab.navigate(&format!("https://{HOST}/")).unwrap();
        }
        let when = if before { "before" } else { "after" };
        unharmed(judge, &tab, &all, &format!("overwritten {when}"));
        // That the attack is one shows where nothing withstands it.
        for (number, declared) in all.iter().filter(|(_, declared)| !before && !declared.spec.secure) {
            let read = tab.fetch(&format!("{}?get={number}", declared.under("/page"))).1;
            judge.equal(format!("{}: overwritten", declared.label), read == "\"equal\"", false);
        }
    }
}

/// A sibling host with TLS cannot write a `__Host-` name; a name that it can write comes twice, and is refused.
pub(crate) fn siblings_toss_nothing_unseen(judge: &mut Judge<'_>) {
    judge.site.policy(|policy| policy);
    for before in [true, false] {
        let tab = judge.browser.tab();
        let all = one_of_each(judge.site);
        if !before {
            set(&tab, &all);
        }
        tab.navigate(&format!("https://{SIBLING}/")).unwrap();
        let mut lines = Vec::new();
        for (_, declared) in all.iter().filter(|(_, declared)| declared.spec.secure) {
            let http_only = if declared.spec.http_only { "; HttpOnly" } else { "" };
            // The one that is shared with the siblings on purpose is theirs to write as well.
            let paths = ["/", "/shop/7"]
                .into_iter()
                .filter(|path| (declared.domain(), declared.path()) != (Some(DOMAIN), path));
            let line = |path| format!("{}=evil; Path={path}; Domain={DOMAIN}; Secure{http_only}", declared.spec.name);
            lines.extend(paths.map(|path| beside_the_policy(&line(path))));
        }
        tab.fetch_all(&lines);
        if before {
            set(&tab, &all);
        } else {
            tab.navigate(&format!("https://{HOST}/")).unwrap();
        }
        let when = if before { "before" } else { "after" };
        let (bound, loose): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, declared)| declared.is_host_bound());
        unharmed(judge, &tab, &bound, &format!("tossed {when}"));
        for (number, declared) in loose.iter().filter(|(_, declared)| declared.spec.secure) {
            let read = tab.fetch(&format!("{}?get={number}", deep(declared))).1;
            judge.equal(format!("{}: tossed {when}", declared.label), read.as_str(), "\"ambiguous\"");
        }
    }
}

/// The handler reads the good value, which is all that the request carries under the name.
fn unharmed(judge: &mut Judge<'_>, tab: &Tab<'_>, all: &[(usize, Declared)], what: &str) {
    for (number, declared) in all.iter().filter(|(_, declared)| declared.spec.secure) {
        let label = &declared.label;
        judge.site.forget();
        let read = tab.fetch(&format!("{}?get={number}", deep(declared))).1;
        judge.equal(format!("{label}: {what}"), read.as_str(), "\"equal\"");
        let carried = judge.site.exchanges().pop().and_then(|exchange| exchange.cookie);
        let of_name = names(carried.as_deref()).iter().filter(|name| **name == declared.spec.name).count();
        judge.equal(format!("{label}: carried, {what}"), of_name, 1);
    }
}

/// A page under the cookie's path where that of an attack is longer.
fn deep(declared: &Declared) -> String {
    if declared.path() == "/" { "/shop/7/page".to_owned() } else { declared.under("/7/page") }
}

/// Goes to the site and sets them.
fn set(tab: &Tab<'_>, all: &[(usize, Declared)]) {
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    for ((_, declared), (status, _)) in all.iter().zip(tab.fetch_all(&pages(all, "set"))) {
        assert_eq!(status, 200, "{}", declared.label);
    }
}

/// What does this with each of them.
fn pages(all: &[(usize, Declared)], act: &str) -> Vec<String> {
    all.iter().map(|(number, declared)| format!("{}?{act}={number}", declared.under("/page"))).collect()
}

/// The first declaration of each name, with its number.
fn one_of_each(site: &Site) -> Vec<(usize, Declared)> {
    rounds(site, |_| true).remove(0)
}

/// The declarations with their numbers, parted so that no name comes twice in a round: one store takes a round at once.
fn rounds(site: &Site, of: fn(&Declared) -> bool) -> Vec<Vec<(usize, Declared)>> {
    let mut rounds: Vec<Vec<(usize, Declared)>> = Vec::new();
    for (number, declared) in site.declared.iter().enumerate().filter(|(_, declared)| of(declared)) {
        let is_free =
            |round: &&mut Vec<(usize, Declared)>| round.iter().all(|(_, it)| it.spec.name != declared.spec.name);
        match rounds.iter_mut().find(is_free) {
            Some(round) => round.push((number, declared.clone())),
            None => rounds.push(vec![(number, declared.clone())]),
        }
    }
    rounds
}

/// What is kept under the declaration's name.
fn named<'a>(kept: &'a [Kept], declared: &Declared) -> impl Iterator<Item = &'a Kept> {
    kept.iter().filter(move |kept| kept.name == declared.spec.name)
}

/// Written by a page's inline script, the cookie has exactly its value, and nothing else ran.
pub(crate) fn written_by_scripts(judge: &mut Judge<'_>) {
    judge.site.policy(|policy| policy.force_https(ForceHttps::off()));
    let tab = judge.browser.tab();
    for (number, declared) in judge.site.scripted() {
        let url = |scheme: &str, act: &str| format!("{scheme}://{HOST}{}?{act}={number}", declared.under("/page"));
        let label = &declared.label;
        let before = SystemTime::now();
        tab.navigate(&url("https", "script")).unwrap();
        let page = tab.evaluate(PAGE);
        judge.equal(format!("{label}: the page"), page, json!(["undefined", 1, "after", "script"]));
        judge.verdict(format!("{label}: kept"), differences(&tab.cookies(), declared, HOST, before));
        judge.equal(format!("{label}: read"), tab.fetch(&url("https", "get")).1.as_str(), "\"equal\"");
        tab.clear();

        if declared.is_hostile {
            continue;
        }
        tab.navigate(&url("http", "script")).unwrap();
        let ran = tab.evaluate(PAGE);
        judge.equal(format!("{label}: the page over plain HTTP"), ran, json!(["undefined", 1, "after", "script"]));
        let kept = tab.cookies().len();
        judge.equal(format!("{label}: kept over plain HTTP"), kept, usize::from(!declared.spec.secure));
        tab.clear();
    }
}

/// What ran, and what became of the page's text. Reading the cookies waits until those that were written are kept.
const PAGE: &str =
    "(document.cookie, [typeof ran, document.scripts.length, document.body.textContent, document.title])";

/// What old code sets of a session is kept as the policy would have it.
pub(crate) fn foreign_lines_are_hardened(judge: &mut Judge<'_>) {
    judge.site.policy(|policy| policy);
    let tab = judge.browser.tab();
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    let hardened = |name: &str, http_only| Kept {
        name: name.to_owned(),
        value: "1".to_owned(),
        domain: HOST.to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        http_only,
        same_site: if http_only { "Lax" } else { "Default" }.to_owned(),
        partitioned: false,
        expires: None,
    };
    for (line, kept) in [
        ("PHPSESSID=1; path=/", hardened("PHPSESSID", true)),
        ("connect.sid=1; Path=/", hardened("connect.sid", true)),
        ("theme=1; path=/", hardened("theme", false)),
    ] {
        tab.fetch(&format!("/?old-code&line={}", escaped(line)));
        judge.equal(line, tab.cookies(), vec![kept]);
        if line.starts_with("PHP") {
            judge.equal("read as it is", tab.fetch("/?legacy").1.as_str(), "\"1\"");
        }
        tab.clear();
    }
}

/// A page asked for over plain HTTP comes over TLS, and from then on the browser does not ask over plain HTTP.
pub(crate) fn redirected_and_remembered(judge: &mut Judge<'_>) {
    judge.hsts.policy(|policy| policy.hsts(hardtack::Hsts::one_year()));
    let tab = judge.browser.tab();
    for (path, asked) in [("/first?set=0", vec![(false, 308), (true, 200)]), ("/again", vec![(true, 200)])] {
        judge.hsts.forget();
        tab.navigate(&format!("http://{HSTS_HOST}{path}")).unwrap();
        let here = tab.evaluate("location.href");
        judge.equal(format!("{path}: arrived"), here, json!(format!("https://{HSTS_HOST}{path}")));
        let exchanges = judge.hsts.exchanges();
        let exchanges: Vec<_> = exchanges.iter().map(|exchange| (exchange.https, exchange.status)).collect();
        judge.equal(format!("{path}: asked"), exchanges, asked);
    }
    judge.equal("kept", tab.cookies().len(), 1);
}

pub(crate) const HSTS_HOST: &str = "www.hsts.test";

/// How what is kept differs from the declaration, which was set since `before` on `host`.
fn differences(kept: &[Kept], declared: &Declared, host: &str, before: SystemTime) -> Option<String> {
    let kept: Vec<&Kept> = named(kept, declared).collect();
    let [kept] = kept.as_slice() else { return Some(format!("{} cookies: {kept:?}", kept.len())) };
    let now = SystemTime::now();
    let expires = match declared.life() {
        Life::Session => None,
        Life::MaxAge(life) => Some((before + life, now + life)),
        Life::Until(time) => Some((time, time)),
    };
    let wrong = [
        ("value", kept.value == declared.value()),
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

/// A second on either side: `Expires` has whole seconds, and Firefox corrects it by the `Date` field, which has them too.
pub(crate) fn is_within(kept: Option<f64>, expected: Option<(SystemTime, SystemTime)>) -> bool {
    let seconds =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
    match (kept, expected) {
        (None, None) => true,
        (Some(kept), Some((from, to))) => seconds(from) - 1.0 <= kept && kept <= seconds(to) + 1.0,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The names in a Cookie field, in order.
fn names(field: Option<&str>) -> Vec<String> {
    let pairs = field.unwrap_or_default().split("; ");
    pairs.filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned()).collect()
}

/// What answers with this Set-Cookie line.
fn beside_the_policy(line: &str) -> String {
    format!("/beside-the-policy?line={}", escaped(line))
}

/// For a query.
fn escaped(text: &str) -> String {
    text.bytes().map(|octet| format!("%{octet:02X}")).collect()
}
