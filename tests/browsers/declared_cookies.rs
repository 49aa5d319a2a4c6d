//! Test suites for declared cookies in a browser. A handler or a page's script sets the cookies over TLS, over plain
//! HTTP and on loopback. The suites check each attribute in the browser's cookie store. The suites also read, attack
//! and remove the cookies.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use hardtack::policy::ForceHttps;
use serde_json::json;

use super::Checks;
use super::browser::{Kind, StoredCookie, Tab};
use super::declarations::{CookieCase, Lifetime};
use super::site::{DOMAIN, HOST, SIBLING, Site};
use super::webkitgtk;

/// If a response over TLS sets a declared cookie, the browser stores the declared attributes. A handler reads the same
/// value back, and can remove the cookie.
pub(crate) fn cookies_are_stored_as_declared(checks: &mut Checks<'_>) {
    let tab = checks.browser.tab();
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    set_read_and_remove(checks, &tab, checks.site, HOST, |case| !case.is_hostile || case.script.is_none());
}

/// In a debug build, the server treats `http://localhost` and other loopback hosts like HTTPS. Chromium and Firefox also
/// treat loopback hosts like HTTPS. WebKitGTK does not store Secure cookies over plain HTTP, even on loopback.
pub(crate) fn loopback_counts_as_https(checks: &mut Checks<'_>) {
    for host in ["localhost", "app.localhost", "127.0.0.1"] {
        let tab = checks.browser.tab();
        tab.navigate(&format!("http://{host}:{}/", checks.loopback.ports.http.port())).unwrap();
        set_read_and_remove(checks, &tab, checks.loopback, host, |case| case.domain().is_none() && !case.is_hostile);
    }
}

/// Sets, reads and removes the cookie of each test case that `filter` selects.
fn set_read_and_remove(
    checks: &mut Checks<'_>,
    tab: &Tab<'_>,
    site: &Site,
    host: &str,
    filter: fn(&CookieCase) -> bool,
) {
    let kind = checks.browser.kind;
    let is_https = tab.evaluate("location.protocol") == "https:";
    let is_stored = |case: &CookieCase| is_https || kind.trusts_loopback() || !case.spec.secure;
    for round in rounds(site, filter) {
        let before = SystemTime::now();
        let set = tab.fetch_all(&urls(&round, "set"));
        let stored = tab.cookies();
        let read = tab.fetch_all(&urls(&round, "get"));
        let removed = tab.fetch_all(&urls(&round, "remove"));
        let remaining = tab.cookies();
        for (((_, case), set), (read, removed)) in round.iter().zip(set).zip(read.into_iter().zip(removed)) {
            let label = format!("{host}, {}", case.label);
            checks.equal(format!("{label}: status of `set`"), set.0, 200);
            if is_stored(case) {
                checks.record(format!("{label}: stored"), differences(&stored, case, host, before, kind));
                checks.equal(format!("{label}: read"), read.1.as_str(), "\"equal\"");
            } else {
                checks.equal(format!("{label}: stored"), named(&stored, case).next(), None);
                checks.equal(format!("{label}: read"), read.1.as_str(), "\"absent\"");
                checks.known_difference(format!("Secure cookies at http://{host}: {}", webkitgtk::LOOPBACK));
            }
            if case.spec.partitioned && kind == Kind::WebKitGtk {
                checks.known_difference(format!("partitioned cookies: {}", webkitgtk::PARTITIONED));
            }
            checks.equal(format!("{label}: status of `remove`"), removed.0, 200);
            checks.equal(format!("{label}: stored after `remove`"), named(&remaining, case).next(), None);
        }
        assert_eq!(stored.len(), round.iter().filter(|(_, case)| is_stored(case)).count(), "{stored:?}");
        assert!(remaining.is_empty(), "{remaining:?}");
    }
}

/// Over plain HTTP, the server refuses to set Secure cookies. The policy also drops the `Set-Cookie` headers of code
/// that does not use hardtack. If a response bypasses the policy, browsers reject the Secure cookies in the response.
pub(crate) fn plain_http_stores_no_secure_cookie(checks: &mut Checks<'_>) {
    let tab = checks.browser.tab();
    checks.site.apply_policy(|policy| policy.force_https(ForceHttps::on().exempt(["/open"])));
    tab.navigate(&format!("http://{HOST}/open")).unwrap();
    checks.equal(
        "an exempt page is not redirected",
        tab.evaluate("location.href"),
        json!(format!("http://{HOST}/open")),
    );
    checks.equal("`isSecureContext` of that page", tab.evaluate("isSecureContext"), json!(false));
    let set: Vec<_> = (0..checks.site.cases.len()).map(|number| format!("/?set={number}")).collect();
    for (CookieCase { label, .. }, (status, _)) in checks.site.cases.iter().zip(tab.fetch_all(&set)) {
        checks.equal(format!("{label}: status with `force_https`"), status, 403);
    }
    checks.equal("stored after the refused requests", tab.cookies(), Vec::new());
    for header in
        ["PHPSESSID=1; path=/", "sid=1; Path=/; Secure", "theme=dark", "__Host-a=1; Secure; Path=/", "a=1; Max-Age=0"]
    {
        checks.site.forget_requests();
        let status = tab.fetch(&format!("/open?old-code&header={}", percent_encoded(header))).0;
        checks.equal(format!("{header}: status"), status, 200);
        let sent = checks.site.requests().pop().map(|request| request.set_cookie_headers);
        checks.equal(format!("{header}: sent"), sent, Some(Vec::new()));
        checks.equal(format!("{header}: stored"), tab.cookies(), Vec::new());
    }

    checks.site.apply_policy(|policy| policy.force_https(ForceHttps::off()));
    for round in rounds(checks.site, |case| !case.is_hostile) {
        let before = SystemTime::now();
        let set = tab.fetch_all(&urls(&round, "set"));
        let after_set = tab.cookies();
        let secure = round.iter().filter(|(_, case)| case.spec.secure);
        tab.fetch_all(&secure.map(|(_, case)| bypass_url(&case.header)).collect::<Vec<_>>());
        let after_bypass = tab.cookies();
        for ((_, case), (status, _)) in round.iter().zip(set) {
            let CookieCase { label, spec, .. } = case;
            checks.equal(format!("{label}: status of `set`"), status, if spec.secure { 403 } else { 200 });
            if spec.secure {
                checks.equal(format!("{label}: stored"), named(&after_set, case).next(), None);
                let stored = named(&after_bypass, case).next();
                checks.equal(format!("{label}: stored from a response that bypasses the policy"), stored, None);
            } else {
                checks.record(
                    format!("{label}: stored"),
                    differences(&after_set, case, HOST, before, checks.browser.kind),
                );
            }
        }
        tab.clear();
    }
}

/// Each browser refuses some cookies, and stores similar cookies. This suite also shows that the other suites can trust
/// the list of stored cookies.
pub(crate) fn every_browser_refuses_some_cookies(checks: &mut Checks<'_>) {
    checks.site.apply_policy(|policy| policy.force_https(ForceHttps::off()));
    let tab = checks.browser.tab();
    for (scheme, header, by_header, by_script) in [
        ("http", "a=1; Path=/", true, true),
        ("http", "a=1; Path=/; Secure", false, false),
        ("http", "a=1; Path=/; HttpOnly", true, false),
        ("http", "__Host-a=1; Path=/; Secure", false, false),
        ("https", "a=1; Path=/; Secure", true, true),
        ("https", "a=1; Path=/; Secure; HttpOnly", true, false),
        ("https", "a=1; Path=/; Domain=shop.test", true, true),
        ("https", "a=1; Path=/; Domain=evil.shop.test", false, false),
        ("https", "a=1; Path=/; Domain=test", false, false),
        ("https", "a=1; Path=/; Max-Age=60", true, true),
        ("https", "a=1; Path=/; Max-Age=0", false, false),
    ] {
        tab.navigate(&format!("{scheme}://{HOST}/")).unwrap();
        tab.fetch(&bypass_url(header));
        checks.equal(format!("{scheme}, by header: {header}"), tab.cookies().len(), usize::from(by_header));
        tab.clear();
        tab.set_document_cookies(&[header.to_owned()]);
        checks.equal(format!("{scheme}, by script: {header}"), tab.cookies().len(), usize::from(by_script));
        tab.clear();
    }
    // If the browser has stored a Secure cookie, plain HTTP does not overwrite it.
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    tab.fetch(&bypass_url("a=good; Path=/; Secure"));
    tab.navigate(&format!("http://{HOST}/")).unwrap();
    tab.fetch(&bypass_url("a=evil; Path=/"));
    tab.set_document_cookies(&["a=evil; Path=/".to_owned()]);
    let values: Vec<_> = tab.cookies().into_iter().map(|cookie| cookie.value).collect();
    checks.equal("a Secure cookie after an attack over plain HTTP", values, vec!["good".to_owned()]);
}

/// Over TLS, browsers send each cookie to every page under the cookie's path. Over plain HTTP, browsers only send
/// cookies that are not Secure.
pub(crate) fn secure_cookies_are_sent_over_tls_only(checks: &mut Checks<'_>) {
    let tab = checks.browser.tab();
    checks.site.apply_policy(|policy| policy.force_https(ForceHttps::off()));
    let cases = one_case_per_name(checks.site);
    set_all(&tab, &cases);
    for (scheme, https) in [("https", true), ("http", false)] {
        for path in ["/", "/shop/7/page", "/a'b&c/page"] {
            checks.site.forget_requests();
            tab.navigate(&format!("{scheme}://{HOST}{path}")).unwrap();
            let request = checks.site.requests().pop().unwrap();
            assert_eq!(request.https, https);
            let sent: BTreeSet<String> = cookie_names(request.cookie.as_deref()).into_iter().collect();
            for CookieCase { label, spec, .. } in cases.iter().map(|(_, case)| case) {
                let expected = (https || !spec.secure) && (spec.path == "/" || path.starts_with(spec.path));
                checks.equal(format!("{label}: sent to {scheme} {path}"), sent.contains(spec.name), expected);
            }
        }
    }
}

/// A network attacker answers plain HTTP requests to the host. The attacker sends `Set-Cookie` headers and scripts, but
/// cannot overwrite or shadow a Secure cookie.
pub(crate) fn plain_http_cannot_overwrite_secure_cookies(checks: &mut Checks<'_>) {
    checks.site.apply_policy(|policy| policy.force_https(ForceHttps::off()));
    for attack_first in [true, false] {
        let tab = checks.browser.tab();
        let cases = one_case_per_name(checks.site);
        if !attack_first {
            set_all(&tab, &cases);
        }
        tab.navigate(&format!("http://{HOST}/")).unwrap();
        let mut headers = Vec::new();
        for (_, case) in &cases {
            let (name, path) = (case.spec.name, case.path());
            let domain = case.domain().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
            headers.extend([
                format!("{name}=evil; Path={path}{domain}"),
                format!("{name}=evil; Path={path}{domain}; Secure; HttpOnly"),
                format!("{name}=evil; Path=/; Domain={DOMAIN}"),
                format!("{name}=evil; Path=/shop/7"),
                case.header_with_value("evil"),
            ]);
        }
        tab.fetch_all(&headers.iter().map(|header| bypass_url(header)).collect::<Vec<_>>());
        tab.set_document_cookies(&headers);
        if attack_first {
            set_all(&tab, &cases);
        } else {
            tab.navigate(&format!("https://{HOST}/")).unwrap();
        }
        let when = if attack_first { "before" } else { "after" };
        check_unharmed(checks, &tab, &cases, &format!("attacked over plain HTTP {when} `set`"));
        // A cookie that is not Secure has no protection, so the attack must change its value. This check shows that the
        // attack works.
        for (number, case) in cases.iter().filter(|(_, case)| !attack_first && !case.spec.secure) {
            let read = tab.fetch(&format!("{}?get={number}", case.page_path("/page"))).1;
            checks.equal(format!("{}: read equal after the attack", case.label), read == "\"equal\"", false);
        }
    }
}

/// A sibling host with TLS cannot set a cookie with a `__Host-` name. But the sibling host can set a cookie whose name
/// has no `__Host-` prefix. Then the request contains this name twice, and the server rejects both values.
pub(crate) fn sibling_hosts_cannot_replace_a_value(checks: &mut Checks<'_>) {
    checks.site.apply_policy(|policy| policy);
    for attack_first in [true, false] {
        let tab = checks.browser.tab();
        let cases = one_case_per_name(checks.site);
        if !attack_first {
            set_all(&tab, &cases);
        }
        tab.navigate(&format!("https://{SIBLING}/")).unwrap();
        let mut attacks = Vec::new();
        for (_, case) in cases.iter().filter(|(_, case)| case.spec.secure) {
            let http_only = if case.spec.http_only { "; HttpOnly" } else { "" };
            // The declaration gives the cookie a Domain that includes the sibling hosts. So a sibling host can
            // overwrite a cookie that has the declared scope.
            let paths =
                ["/", "/shop/7"].into_iter().filter(|path| (case.domain(), case.path()) != (Some(DOMAIN), path));
            let header = |path| format!("{}=evil; Path={path}; Domain={DOMAIN}; Secure{http_only}", case.spec.name);
            attacks.extend(paths.map(|path| bypass_url(&header(path))));
        }
        tab.fetch_all(&attacks);
        if attack_first {
            set_all(&tab, &cases);
        } else {
            tab.navigate(&format!("https://{HOST}/")).unwrap();
        }
        let when = if attack_first { "before" } else { "after" };
        let (bound, other): (Vec<_>, Vec<_>) = cases.into_iter().partition(|(_, case)| case.is_host_bound());
        check_unharmed(checks, &tab, &bound, &format!("attacked by a sibling host {when} `set`"));
        for (number, case) in other.iter().filter(|(_, case)| case.spec.secure) {
            let read = tab.fetch(&format!("{}?get={number}", deep_page_path(case))).1;
            let label = format!("{}: read, attacked by a sibling host {when} `set`", case.label);
            checks.equal(label, read.as_str(), "\"ambiguous\"");
        }
    }
}

/// For each Secure cookie, checks that the handler reads the original value. Also checks that the request contains the
/// cookie's name only once.
///
/// In WebKitGTK, the attack adds cookies with the same name. Then the handler reads an error, and never the attacker's
/// value.
fn check_unharmed(checks: &mut Checks<'_>, tab: &Tab<'_>, cases: &[(usize, CookieCase)], attack: &str) {
    for (number, case) in cases.iter().filter(|(_, case)| case.spec.secure) {
        let label = &case.label;
        checks.site.forget_requests();
        let read = tab.fetch(&format!("{}?get={number}", deep_page_path(case))).1;
        let is_harmless = checks.browser.kind.checks_name_prefixes();
        let expected = if is_harmless { "\"equal\"" } else { "\"ambiguous\"" };
        checks.equal(format!("{label}: read, {attack}"), read.as_str(), expected);
        if !is_harmless {
            let why = webkitgtk::PREFIXES;
            checks.known_difference(format!("the server reads an error, {attack}: {why}"));
            continue;
        }
        let carried = checks.site.requests().pop().and_then(|request| request.cookie);
        let count = cookie_names(carried.as_deref()).iter().filter(|name| **name == case.spec.name).count();
        checks.equal(format!("{label}: cookies of this name in the request, {attack}"), count, 1);
    }
}

/// Returns the path of a page. The page is under the cookie's path and also under the longer path of the attacks.
fn deep_page_path(case: &CookieCase) -> String {
    if case.path() == "/" { "/shop/7/page".to_owned() } else { case.page_path("/7/page") }
}

/// Visits the site over TLS and sets the cookies.
fn set_all(tab: &Tab<'_>, cases: &[(usize, CookieCase)]) {
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    for ((_, case), (status, _)) in cases.iter().zip(tab.fetch_all(&urls(cases, "set"))) {
        assert_eq!(status, 200, "{}", case.label);
    }
}

/// Returns one URL per test case. When the browser requests one of the URLs, a handler sets, reads or removes the
/// cookie of the test case, as `action` says.
fn urls(cases: &[(usize, CookieCase)], action: &str) -> Vec<String> {
    cases.iter().map(|(number, case)| format!("{}?{action}={number}", case.page_path("/page"))).collect()
}

/// Returns the first test case of each cookie name, together with the number of the test case.
fn one_case_per_name(site: &Site) -> Vec<(usize, CookieCase)> {
    rounds(site, |_| true).remove(0)
}

/// Splits the test cases into rounds. Each test case comes with its number. A round contains each cookie name at most
/// once, so that the browser can store all cookies of a round together.
fn rounds(site: &Site, filter: fn(&CookieCase) -> bool) -> Vec<Vec<(usize, CookieCase)>> {
    let mut rounds: Vec<Vec<(usize, CookieCase)>> = Vec::new();
    for (number, case) in site.cases.iter().enumerate().filter(|(_, case)| filter(case)) {
        let lacks_the_name =
            |round: &&mut Vec<(usize, CookieCase)>| round.iter().all(|(_, other)| other.spec.name != case.spec.name);
        match rounds.iter_mut().find(lacks_the_name) {
            Some(round) => round.push((number, case.clone())),
            None => rounds.push(vec![(number, case.clone())]),
        }
    }
    rounds
}

/// Returns the stored cookies with the cookie name of the test case.
fn named<'a>(stored: &'a [StoredCookie], case: &CookieCase) -> impl Iterator<Item = &'a StoredCookie> {
    stored.iter().filter(move |stored| stored.name == case.spec.name)
}

/// An inline script writes exactly the declared cookie. A hostile cookie value cannot run another script.
pub(crate) fn scripts_write_the_declared_cookie(checks: &mut Checks<'_>) {
    checks.site.apply_policy(|policy| policy.force_https(ForceHttps::off()));
    let tab = checks.browser.tab();
    for (number, case) in checks.site.scripted_cases() {
        let url =
            |scheme: &str, action: &str| format!("{scheme}://{HOST}{}?{action}={number}", case.page_path("/page"));
        let label = &case.label;
        let before = SystemTime::now();
        tab.navigate(&url("https", "script")).unwrap();
        let page = tab.evaluate(PAGE_STATE);
        checks.equal(format!("{label}: the page"), page, json!(["undefined", 1, "after", "script"]));
        checks.record(format!("{label}: stored"), differences(&tab.cookies(), case, HOST, before, checks.browser.kind));
        checks.equal(format!("{label}: read"), tab.fetch(&url("https", "get")).1.as_str(), "\"equal\"");
        tab.clear();

        if case.is_hostile {
            continue;
        }
        tab.navigate(&url("http", "script")).unwrap();
        let page = tab.evaluate(PAGE_STATE);
        checks.equal(format!("{label}: the page over plain HTTP"), page, json!(["undefined", 1, "after", "script"]));
        let count = tab.cookies().len();
        checks.equal(format!("{label}: stored over plain HTTP"), count, usize::from(!case.spec.secure));
        tab.clear();
    }
}

/// A script that returns the state of the page:
///
/// - the type of the variable that a hostile value would set
/// - the number of scripts
/// - the page's text and title
///
/// Chromium stores cookies in the background. So the script first reads `document.cookie`, which waits until the
/// cookies are stored.
const PAGE_STATE: &str =
    "(document.cookie, [typeof ran, document.scripts.length, document.body.textContent, document.title])";

/// The policy hardens cookies that code sets without hardtack. The browser stores the attributes that the policy added
/// to these cookies.
pub(crate) fn undeclared_cookies_are_hardened(checks: &mut Checks<'_>) {
    checks.site.apply_policy(|policy| policy);
    let tab = checks.browser.tab();
    tab.navigate(&format!("https://{HOST}/")).unwrap();
    let hardened = |name: &str, http_only| StoredCookie {
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
    for (header, expected) in [
        ("PHPSESSID=1; path=/", hardened("PHPSESSID", true)),
        ("connect.sid=1; Path=/", hardened("connect.sid", true)),
        ("theme=1; path=/", hardened("theme", false)),
    ] {
        tab.fetch(&format!("/?old-code&header={}", percent_encoded(header)));
        checks.equal(header, tab.cookies(), vec![expected.as_listed_by(checks.browser.kind)]);
        if header.starts_with("PHP") {
            checks.equal("the hardened cookie's value", tab.fetch("/?legacy").1.as_str(), "\"1\"");
        }
        tab.clear();
    }
}

/// A page request over plain HTTP is redirected to HTTPS. Because of HSTS, the browser sends the next request over
/// HTTPS.
pub(crate) fn plain_http_is_redirected_once(checks: &mut Checks<'_>) {
    checks.hsts.apply_policy(|policy| policy.hsts(hardtack::policy::Hsts::one_year()));
    let tab = checks.browser.tab();
    for (path, expected) in [("/first?set=0", vec![(false, 308), (true, 200)]), ("/again", vec![(true, 200)])] {
        checks.hsts.forget_requests();
        tab.navigate(&format!("http://{HSTS_HOST}{path}")).unwrap();
        let url = tab.evaluate("location.href");
        checks.equal(format!("{path}: the page's URL"), url, json!(format!("https://{HSTS_HOST}{path}")));
        let requests = checks.hsts.requests();
        let requests: Vec<_> = requests.iter().map(|request| (request.https, request.status)).collect();
        checks.equal(format!("{path}: requests"), requests, expected);
    }
    checks.equal("number of stored cookies", tab.cookies().len(), 1);
}

pub(crate) const HSTS_HOST: &str = "www.hsts.test";

/// Compares the stored cookie with its declaration, and returns the attributes that differ. A response from `host` set
/// the cookie between `before` and now. WebKitGTK does not list whether a cookie is partitioned.
fn differences(
    stored: &[StoredCookie],
    case: &CookieCase,
    host: &str,
    before: SystemTime,
    kind: Kind,
) -> Option<String> {
    let stored: Vec<&StoredCookie> = named(stored, case).collect();
    let [stored] = stored.as_slice() else { return Some(format!("{} cookies: {stored:?}", stored.len())) };
    let now = SystemTime::now();
    let expires = match case.lifetime() {
        Lifetime::Session => None,
        Lifetime::MaxAge(max_age) => Some((before + max_age, now + max_age)),
        Lifetime::Expires(time) => Some((time, time)),
    };
    let comparisons = [
        ("value", stored.value == case.value()),
        ("domain", stored.domain == case.domain().unwrap_or(host)),
        ("host_only", stored.host_only == case.domain().is_none()),
        ("path", stored.path == case.path()),
        ("secure", stored.secure == case.spec.secure),
        ("http_only", stored.http_only == case.spec.http_only),
        ("same_site", stored.same_site == case.same_site().as_str()),
        ("partitioned", stored.partitioned == (case.spec.partitioned && kind != Kind::WebKitGtk)),
        ("expires", is_within(stored.expires, expires)),
    ];
    let wrong: Vec<_> = comparisons.into_iter().filter(|(_, equal)| !equal).map(|(attribute, _)| attribute).collect();
    (!wrong.is_empty()).then(|| format!("wrong {} in {stored:?}, expected expiry {expires:?}", wrong.join(", ")))
}

/// Returns true if the stored expiry time is in the expected range. Allows a difference of one second, because
/// `Expires` only has whole seconds. Firefox also uses the `Date` header to correct the expiry time. The `Date` header
/// also has only whole seconds.
pub(crate) fn is_within(expiry: Option<f64>, expected: Option<(SystemTime, SystemTime)>) -> bool {
    let seconds =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
    match (expiry, expected) {
        (None, None) => true,
        (Some(expiry), Some((from, to))) => seconds(from) - 1.0 <= expiry && expiry <= seconds(to) + 1.0,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Returns the names in a `Cookie` header value, in order.
fn cookie_names(header: Option<&str>) -> Vec<String> {
    let pairs = header.unwrap_or_default().split("; ");
    pairs.filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned()).collect()
}

/// Returns a URL. The response to the URL has this `Set-Cookie` header and bypasses the policy.
fn bypass_url(header: &str) -> String {
    format!("/bypass-policy?header={}", percent_encoded(header))
}

/// Percent-encodes every byte.
fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
