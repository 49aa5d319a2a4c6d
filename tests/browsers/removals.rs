//! Replays cases of the property `a_removal_always_matches` in a browser. `tests/changes` checks the property with
//! `testing::Browser`, which is a model of a browser. This suite also compares the model with the browser.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use axum::Router;
use axum::extract::{RawQuery, Request};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _};
use hardtack::testing::{self, Browser, Stored};
use hardtack::{Cookies, TlsTermination};

use super::Checks;
use super::browser::{Kind, StoredCookie};
use super::changes::EMPTY_PAGE;
use super::random_cases::{Case, DECLARATIONS, STATES, case};

/// The number of cases for each host.
const CASES_PER_HOST: usize = 20;
const HOSTS: [&str; 5] = ["app.shop.example", "shop.example", "other.test", "127.0.0.1", "localhost"];

/// For each case, the browser stores the cookies of earlier releases. Then a page removes the cookie, and the browser
/// no longer sends it to the page. Then the page sets the cookie again. In every step, the browser stores and sends the
/// same cookies as the model, and the server sends the same headers to the browser and to the model.
pub(crate) fn a_removal_always_matches(checks: &mut Checks<'_>) {
    let (apps, tab, kind) = (checks.apps, checks.browser.tab(), checks.browser.kind);
    let (mut address_domains, mut differs_in_webkitgtk) = (0, 0);
    for (label, mut case) in replayed_cases() {
        apps.run(app(&case));
        let url = case.url.clone();
        let (host, page) = host_and_path(&url);
        let fetch = |actions: [&str; 2]| tab.fetch_all(&actions.map(|action| format!("{page}?{action}")));
        let stored_in_browser =
            || sorted(tab.cookies().iter().filter(|cookie| !has_expired(cookie)).map(describe_stored));
        let stored_in_model = |case: &Case| sorted(case.browser.stored().iter().map(|it| describe_predicted(it, kind)));

        tab.navigate(&apps.url(host, &format!("{page}?earlier"))).unwrap();
        apps.take_requests();
        address_domains += usize::from(make_address_domains_host_only(&mut case));
        if kind == Kind::WebKitGtk {
            differs_in_webkitgtk += usize::from(apply_known_differences(&mut case));
        }
        checks.equal(format!("{label}: stored before"), stored_in_browser(), stored_in_model(&case));
        let sent = cookie_header(&mut case);
        fetch(["remove", "look"]);
        let [removal, after] = apps.take_requests().try_into().unwrap();
        checks.equal(format!("{label}: sent before"), in_order(removal.cookie, kind), in_order(sent, kind));
        let headers = set_cookie_headers(&case.request(case.handlers.remove));
        checks.equal(format!("{label}: headers of the removal"), removal.set_cookie_headers, headers);
        checks.equal(format!("{label}: stored after the removal"), stored_in_browser(), stored_in_model(&case));
        checks.equal(format!("{label}: sent after the removal"), after.cookie, None);

        let (_, read) = fetch(["set", "look"]).pop().unwrap();
        let [set, after] = apps.take_requests().try_into().unwrap();
        let headers = set_cookie_headers(&case.request(case.handlers.set));
        checks.equal(format!("{label}: headers of the set"), set.set_cookie_headers, headers);
        checks.equal(format!("{label}: stored after the set"), stored_in_browser(), stored_in_model(&case));
        let sent = cookie_header(&mut case);
        checks.equal(format!("{label}: sent after the set"), in_order(after.cookie, kind), in_order(sent, kind));
        let cookies = Cookies::from_headers(&case.browser.visit(&case.url), testing::https());
        let is_present = (case.handlers.is_present)(&cookies.with_policy(&case.policy));
        checks.equal(format!("{label}: read after the set"), read, is_present.to_string());
        tab.clear();
    }
    if kind == Kind::WebKitGtk {
        checks.known_difference(format!(
            "{differs_in_webkitgtk} cases: libsoup ignores `Partitioned`, and refuses `Domain=localhost` as for a public \
             suffix"
        ));
        checks
            .known_difference("libsoup does not send the oldest cookie first, so the order is not compared".to_owned());
        checks.equal("some cases differ in WebKitGTK", differs_in_webkitgtk > 0, true);
    }
    checks.equal("some cases have an address as the domain", address_domains > 0, true);
    checks.known_differences.push(format!(
        "{address_domains} cases: `Domain=127.0.0.1` at 127.0.0.1 is stored as host-only; in the draft, only a cookie \
         without `Domain` is host-only (5.7 step 10)"
    ));
}

/// Returns true if the browser does not send the cookie any more. Firefox stores times in whole milliseconds. If the
/// clock reaches the next millisecond between two removals of one response, Firefox stores the second removal as an
/// empty cookie that expires at once.
fn has_expired(cookie: &StoredCookie) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    cookie.expires.is_some_and(|expires| expires <= now)
}

/// If the host is an IP address and a cookie has this address as its `Domain`, browsers store the cookie as host-only.
/// The model follows the draft instead. This function changes the cookies of the model to the cookies of the browser.
/// Returns true if the model had different cookies before.
fn make_address_domains_host_only(case: &mut Case) -> bool {
    let mut browser = Browser::new(&case.url);
    case.earlier.iter().for_each(|header| browser.set(header.replace("; Domain=127.0.0.1", "")));
    let is_different = browser.stored() != case.browser.stored();
    case.browser = browser;
    is_different
}

/// Changes the cookies of the model to the cookies of WebKitGTK. libsoup ignores `Partitioned` and refuses
/// `Domain=localhost`. Returns true if the model had different cookies before.
fn apply_known_differences(case: &mut Case) -> bool {
    let mut browser = Browser::new(&case.url);
    let accepted = case.earlier.iter().filter(|header| !header.contains("; Domain=localhost"));
    accepted.for_each(|header| browser.set(header.replace("; Domain=127.0.0.1", "").replace("; Partitioned", "")));
    let is_different = browser.stored() != case.browser.stored();
    case.browser = browser;
    is_different
}

/// Returns a `Cookie` header in an order that does not depend on the age of the cookies. Only WebKitGTK does not send
/// the oldest cookie first, so the header of another browser stays unchanged.
fn in_order(header: Option<String>, kind: Kind) -> Option<String> {
    if kind != Kind::WebKitGtk {
        return header;
    }
    header.map(|header| sorted(header.split("; ").map(str::to_owned)).join("; "))
}

/// Returns cases with their labels. Each host has the same number of cases, with many declarations. In every case, the
/// browser sends at least one cookie. In at least half of the cases of each host, the browser holds at least two
/// cookies. The removal has fewer than eight headers, because at its limit of eight headers the jar may have omitted
/// some removals.
fn replayed_cases() -> Vec<(String, Case)> {
    let mut cases: BTreeMap<&str, Vec<(String, Case)>> = HOSTS.map(|host| (host, Vec::new())).into();
    let mut declarations = BTreeSet::new();
    for (number, declaration) in (0..STATES).flat_map(|number| (0..DECLARATIONS).map(move |index| (number, index))) {
        if cases.values().all(|of_host| of_host.len() == CASES_PER_HOST) {
            break;
        }
        let Some(mut probe) = case(declaration, number) else { continue };
        let of_host = cases.get_mut(host_and_path(&probe.url).0).unwrap();
        let is_sent = !probe.sent_names().is_empty();
        let fewest = 1 + of_host.len() % 2;
        let holds_enough = probe.browser.stored().len() >= fewest;
        let headers = probe.request(probe.handlers.remove).get_all(SET_COOKIE).iter().count();
        if of_host.len() < CASES_PER_HOST && is_sent && holds_enough && headers < 8 {
            let case = case(declaration, number).unwrap();
            of_host.push((format!("case {declaration}/{number} at {}", case.url), case));
            declarations.insert(declaration);
        }
    }
    let cases: Vec<_> = cases.into_values().flatten().collect();
    assert_eq!(cases.len(), HOSTS.len() * CASES_PER_HOST);
    assert!(declarations.len() >= 50, "{} declarations", declarations.len());
    cases
}

fn host_and_path(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("https://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

/// Returns the application for a case. The query of the page's URL is the action: `earlier`, `remove`, `set` or `look`.
/// The response contains `true` if the request carries a cookie that the handler can read.
fn app(case: &Case) -> Router {
    let handlers = case.handlers;
    let page = move |cookies: Cookies, RawQuery(action): RawQuery| async move {
        let is_present = (handlers.is_present)(&cookies).to_string();
        match action.as_deref() {
            Some("remove") => (handlers.remove)(&cookies),
            Some("set") => (handlers.set)(&cookies),
            _ => {}
        }
        is_present
    };
    let earlier = case.earlier.clone();
    // The headers of earlier releases bypass the policy, so that the browser receives these headers unchanged.
    let earlier = move |request: Request, next: Next| {
        let mut response = Html(EMPTY_PAGE).into_response();
        for header in &earlier {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(header).unwrap());
        }
        async move { if request.uri().query() == Some("earlier") { response } else { next.run(request).await } }
    };
    Router::new()
        .fallback(page)
        .layer(case.policy.layer(TlsTermination::per_connection()))
        .layer(middleware::from_fn(earlier))
}

/// Returns the `Cookie` header that the model sends to the page.
fn cookie_header(case: &mut Case) -> Option<String> {
    let request = case.browser.visit(&case.url);
    request.get("cookie").map(|header| header.to_str().unwrap().to_owned())
}

fn set_cookie_headers(response: &HeaderMap) -> Vec<String> {
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

fn sorted(cookies: impl Iterator<Item = String>) -> Vec<String> {
    let mut cookies: Vec<_> = cookies.collect();
    cookies.sort();
    cookies
}

fn describe_stored(cookie: &StoredCookie) -> String {
    let StoredCookie { name, value, domain, path, host_only, secure, http_only, same_site, partitioned, .. } = cookie;
    describe(&[name, value, domain, path, same_site], [*host_only, *secure, *http_only, *partitioned])
}

/// Describes a cookie of the model as a browser of this kind lists it.
fn describe_predicted(cookie: &Stored, kind: Kind) -> String {
    let is_webkitgtk = kind == Kind::WebKitGtk;
    let Stored { name, value, domain, path, host_only, secure, http_only, same_site, partitioned, .. } = cookie;
    let same_site = same_site.map_or(if is_webkitgtk { "None" } else { "Default" }, |same_site| same_site.as_str());
    let partitioned = *partitioned && !is_webkitgtk;
    describe(&[name, value, domain, path, same_site], [*host_only, *secure, *http_only, partitioned])
}

fn describe(texts: &[&str; 5], [host_only, secure, http_only, partitioned]: [bool; 4]) -> String {
    let [name, value, domain, path, same_site] = texts;
    let dot = if host_only { "" } else { "." };
    let flags = [(secure, "; Secure"), (http_only, "; HttpOnly"), (partitioned, "; Partitioned")];
    let flags: String = flags.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag)).collect();
    format!("{name}={value}; {dot}{domain}; {path}; {same_site}{flags}")
}
