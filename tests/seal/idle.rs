//! Tests cookies with `idle`. A session ends if its owner sends no request for the idle time, and it ends at its
//! absolute expiry in any case. The tests set the clock, and choose the order in which responses arrive.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::any;
use hardtack::policy::Baseline;
use hardtack::seal::Keyring;
use hardtack::testing::Browser;
use hardtack::{Cookie, Cookies, Policy, ReadError, SameSite, SetCookie, TlsTermination, testing};
use http::HeaderMap;
use http::header::SET_COOKIE;
use tower::Service as _;

use super::{NOW, instant, jar, key, verdict, wire};

#[derive(Cookie, Clone, Debug, PartialEq)]
#[cookie(sealed, max_age = "8h", idle = "30m")]
struct Session(String);

#[derive(Cookie, Clone, Debug, PartialEq)]
#[cookie(signed, max_age = "8h", idle = "30m")]
struct Visitor(String);

const MINUTE: u64 = 60;
const IDLE: u64 = 30 * MINUTE;
const MAX_AGE: u64 = 8 * 3_600;

fn keyring() -> Keyring {
    Keyring::new(key(1))
}

fn ada() -> Session {
    Session("ada".into())
}

/// Calls `run` with a clock that shows a time `seconds` seconds after the sign-in.
fn after<T>(seconds: u64, run: impl FnOnce() -> T) -> T {
    testing::at(instant(NOW + seconds), run)
}

/// Writes the jar into a response without other headers.
fn write(cookies: &Cookies) -> HeaderMap {
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    response
}

/// Returns the `Cookie` header of a browser that stored the response.
fn cookie_header(response: &HeaderMap) -> String {
    response[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// Signs in, and returns the `Cookie` header.
fn sign_in() -> String {
    sign_in_with(SetCookie::new(ada()))
}

fn sign_in_with(set: SetCookie<Session>) -> String {
    after(0, || {
        let cookies = jar("a=1", &keyring());
        cookies.set(set).unwrap();
        cookie_header(&write(&cookies))
    })
}

/// Sends a request that reads the session, `seconds` seconds after the sign-in. Returns the session and the headers of
/// the response.
fn visit(header: &str, seconds: u64) -> (Option<Session>, HeaderMap) {
    after(seconds, || {
        let cookies = jar(header, &keyring());
        (cookies.get::<Session>(), write(&cookies))
    })
}

fn max_age(response: &HeaderMap) -> Option<u64> {
    let header = response.get(SET_COOKIE)?.to_str().unwrap();
    let value = header.split("; ").find_map(|attribute| attribute.strip_prefix("Max-Age="));
    Some(value.unwrap().parse().unwrap())
}

#[test]
fn first_half_of_the_idle_time_sets_nothing() {
    let session = sign_in();
    for (seconds, expected) in
        [(0, None), (IDLE / 2, None), (IDLE / 2 + 1, Some(IDLE)), (IDLE, Some(IDLE)), (IDLE + 60, Some(IDLE))]
    {
        let (read, response) = visit(&session, seconds);
        assert_eq!((read, max_age(&response)), (Some(ada()), expected), "{seconds}");
    }
    assert_eq!(visit(&session, IDLE + 61), (None, HeaderMap::new()));
    let expired = after(IDLE + 61, || jar(&session, &keyring()).try_get::<Session>());
    assert!(matches!(expired, Err(ReadError::Expired { .. })));
}

#[test]
fn reissue_has_the_same_value_and_attributes() {
    let (_, response) = visit(&sign_in(), 20 * MINUTE);
    let header = response[SET_COOKIE].to_str().unwrap();
    let (name_and_value, attributes) = header.split_once("; ").unwrap();
    assert!(name_and_value.starts_with("__Host-Http-session=1"), "{header}");
    assert_eq!(attributes, "Path=/; Max-Age=1800; Secure; HttpOnly; SameSite=Lax");
    assert!(response[SET_COOKIE].is_sensitive());
    assert_eq!(visit(name_and_value, 45 * MINUTE).0, Some(ada()));

    let odd = Visitor("größe; 50 %".into());
    let signed = after(0, || testing::request_header_with(&odd, &keyring()));
    let signed = signed.to_str().unwrap();
    let again = after(20 * MINUTE, || {
        let cookies = jar(signed, &keyring());
        assert_eq!(cookies.get(), Some(odd.clone()));
        cookie_header(&write(&cookies))
    });
    assert_eq!(again.rsplit_once('.').unwrap().0, signed.rsplit_once('.').unwrap().0);
    assert_eq!(after(45 * MINUTE, || jar(&again, &keyring()).get()), Some(odd));
}

#[test]
fn a_used_session_ends_at_its_absolute_expiry() {
    let mut session = sign_in();
    let mut reissued = Vec::new();
    for seconds in (0..=MAX_AGE).step_by(1_000) {
        let (read, response) = visit(&session, seconds);
        assert_eq!(read, Some(ada()), "{seconds}");
        if let Some(max_age) = max_age(&response) {
            reissued.push((seconds, max_age));
            session = cookie_header(&response);
        }
    }
    assert_eq!(reissued[..3], [(1_000, IDLE), (2_000, IDLE), (3_000, IDLE)]);
    // The last re-issue sets an idle expiry that is equal to the absolute expiry. After the last re-issue, no response
    // sets the cookie.
    assert_eq!(reissued.last(), Some(&(27_000, IDLE)));
    assert!(reissued.iter().all(|(seconds, max_age)| seconds + max_age <= MAX_AGE));
    assert_eq!(visit(&session, MAX_AGE + 60).0, Some(ada()));
    assert_eq!(visit(&session, MAX_AGE + 61).0, None);
}

#[test]
fn an_unused_session_ends_between_half_and_all() {
    // The last request comes in the first half of the idle time, so it does not extend the idle time.
    let mut browser = after(0, || Browser::new("https://shop.example"));
    browser.set(sign_in_header());
    browser.advance(Duration::from_secs(IDLE / 2));
    let response = request(&browser, |cookies| assert_eq!(cookies.get(), Some(ada())));
    browser.store(&response);
    browser.advance(Duration::from_secs(IDLE / 2 - 1));
    request(&browser, |cookies| assert_eq!(cookies.get(), Some(ada())));
    browser.advance(Duration::from_secs(1));
    request(&browser, |cookies| assert_eq!(cookies.get::<Session>(), None));
    assert_eq!(browser.stored(), []);
}

fn sign_in_header() -> String {
    after(0, || {
        let set = SetCookie::new(ada()).with_keyring(&keyring());
        set.header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
    })
}

/// Sends a request of the browser to a handler, at the browser's time. Returns the response, which the browser has not
/// stored yet. So a test chooses the order in which responses arrive.
fn request(browser: &Browser, handler: impl FnOnce(&Cookies)) -> HeaderMap {
    testing::at(browser.now(), || {
        let cookies = Cookies::from_headers(&browser.request_headers("/"), testing::https()).with_keyring(&keyring());
        handler(&cookies);
        write(&cookies)
    })
}

fn signed_in_browser() -> Browser {
    let mut browser = after(0, || Browser::new("https://shop.example"));
    browser.set(sign_in_header());
    browser.advance(Duration::from_secs(20 * MINUTE));
    browser
}

fn session_of(browser: &Browser) -> Option<Session> {
    testing::at(browser.now(), || browser.cookies_with::<hardtack::Https>(&keyring()).get())
}

fn read(cookies: &Cookies) {
    assert_eq!(cookies.get(), Some(ada()));
}

#[test]
fn concurrent_reads_extend_the_session_in_any_order() {
    for order in [[0, 1], [1, 0]] {
        let mut browser = signed_in_browser();
        let responses = [request(&browser, read), request(&browser, read)];
        assert!(responses.iter().all(|response| max_age(response) == Some(IDLE)));
        order.iter().for_each(|index| browser.store(&responses[*index]));
        assert_eq!(browser.names(), ["__Host-Http-session"]);
        browser.advance(Duration::from_secs(IDLE - 1));
        assert_eq!(session_of(&browser), Some(ada()));
    }
}

/// This race cannot be avoided: the response that re-issues the cookie arrives after the response to the sign-out or
/// sign-in.
#[test]
fn a_reissue_that_arrives_last_undoes_a_sign_in_or_sign_out() {
    let bob = Session("bob".into());
    for (reissue_is_last, after_sign_in, after_sign_out) in
        [(false, Some(bob.clone()), None), (true, Some(ada()), Some(ada()))]
    {
        for (expected, is_sign_in) in [(after_sign_in, true), (after_sign_out, false)] {
            let mut browser = signed_in_browser();
            let reissue = request(&browser, read);
            let change = request(&browser, |cookies| match is_sign_in {
                true => cookies.set(bob.clone()).unwrap(),
                false => cookies.remove::<Session>().unwrap(),
            });
            let (first, last) = if reissue_is_last { (change, reissue) } else { (reissue, change) };
            browser.store(&first);
            browser.store(&last);
            assert_eq!(session_of(&browser), expected, "{reissue_is_last} {is_sign_in}");
        }
    }
}

#[test]
fn a_reissue_after_a_race_keeps_the_absolute_expiry() {
    let mut browser = signed_in_browser();
    let stale = request(&browser, read);
    browser.advance(Duration::from_secs(5 * MINUTE));
    let fresh = request(&browser, read);
    browser.store(&fresh);
    browser.store(&stale);
    // The stale response shortens the idle time only by the five minutes between the two requests.
    browser.advance(Duration::from_secs(IDLE - 5 * MINUTE - 1));
    assert_eq!(session_of(&browser), Some(ada()));
}

#[test]
fn polling_extends_the_session_unless_it_skips_the_reissue() {
    for (skips, expected) in [(false, Some(ada())), (true, None)] {
        let mut browser = after(0, || Browser::new("https://shop.example"));
        browser.set(sign_in_header());
        for _ in 0..40 {
            browser.advance(Duration::from_secs(MINUTE));
            let response = request(&browser, |cookies| {
                // A middleware has read the session already.
                let _ = cookies.get::<Session>();
                if skips {
                    cookies.skip_reissue();
                }
                let _ = cookies.get::<Session>();
            });
            browser.store(&response);
        }
        assert_eq!(session_of(&browser), expected, "{skips}");
    }
}

#[test]
fn clocks_that_differ_by_a_minute_end_no_session_early() {
    // Server A is 30 seconds fast, and server B is 30 seconds slow.
    let (fast, slow) = (30, 30);
    let at_a = |seconds: u64, header: &str| visit(header, seconds + fast);
    let at_b = |seconds: u64, header: &str| visit(header, seconds - slow);
    let session = sign_in();
    assert_eq!(at_a(IDLE, &session).0, Some(ada()));
    // The slow server does not re-issue the cookie until less than half of the idle time is left on its clock. So the
    // idle expiry never becomes earlier.
    let (_, by_fast) = at_a(IDLE / 2 + 10, &session);
    let by_fast = cookie_header(&by_fast);
    for seconds in [IDLE / 2 + 11, IDLE, IDLE + 10] {
        let (read, response) = at_b(seconds, &by_fast);
        assert_eq!((read, max_age(&response)), (Some(ada()), None), "{seconds}");
    }
    let (_, by_slow) = at_b(IDLE, &session);
    assert_eq!(max_age(&by_slow), Some(IDLE));
    assert_eq!(at_a(2 * IDLE - 1, &cookie_header(&by_slow)).0, Some(ada()));
}

#[test]
fn reissue_has_the_current_key() {
    let (old, new) = (key(1), key(2));
    let session = sign_in();
    let rotated = Keyring::new(new.clone()).with(old);
    let response = after(20 * MINUTE, || {
        let cookies = jar(&session, &rotated);
        assert_eq!(cookies.get(), Some(ada()));
        write(&cookies)
    });
    assert!(wire(&response[SET_COOKIE]).starts_with(&format!("1{}", new.id())));
    // A server that does not have the new key yet cannot read the re-issued value. The server with the new key can read
    // it.
    let only_old = after(20 * MINUTE, || jar(&cookie_header(&response), &keyring()).try_get::<Session>());
    assert_eq!(verdict(&only_old), "unknown-key");
    let alone = after(45 * MINUTE, || jar(&cookie_header(&response), &Keyring::new(new)).get());
    assert_eq!(alone, Some(ada()));
}

#[test]
fn a_pending_change_replaces_the_reissue() {
    let session = sign_in();
    let changed = |change: fn(&Cookies)| {
        after(20 * MINUTE, || {
            let cookies = jar(&session, &keyring());
            read(&cookies);
            change(&cookies);
            write(&cookies)
        })
    };
    assert_eq!(changed(|_| {}).get_all(SET_COOKIE).iter().count(), 1);
    let set = changed(|cookies| cookies.set(Session("bob".into())).unwrap());
    assert_eq!(set.get_all(SET_COOKIE).iter().count(), 1);
    assert_eq!(visit(&cookie_header(&set), 21 * MINUTE).0, Some(Session("bob".into())));
    let removed = changed(|cookies| cookies.remove::<Session>().unwrap());
    assert_eq!(removed.get_all(SET_COOKIE).iter().count(), 1);
    assert!(testing::removed::<Session>(&removed));
    for change in [
        (|cookies| cookies.undo::<Session>()) as fn(&Cookies),
        |cookies| cookies.skip_reissue(),
        |cookies| {
            cookies.set(Session("bob".into())).unwrap();
            cookies.undo::<Session>();
        },
    ] {
        assert_eq!(changed(change), HeaderMap::new());
    }
    let cleared = changed(Cookies::clear_site_data);
    assert_eq!(cleared.len(), 1);
    assert_eq!(cleared["clear-site-data"], "\"cookies\", \"storage\"");
    // A later read in the same request returns the pending value, and does not extend the old value.
    let renewed = changed(|cookies| {
        cookies.set(Session("bob".into())).unwrap();
        assert_eq!(cookies.get(), Some(Session("bob".into())));
    });
    assert_eq!(renewed.get_all(SET_COOKIE).iter().count(), 1);
}

#[test]
fn only_get_and_try_get_count_as_a_use() {
    let session = sign_in();
    let response = |read: fn(&Cookies)| {
        after(20 * MINUTE, || {
            let cookies = jar(&session, &keyring());
            read(&cookies);
            max_age(&write(&cookies))
        })
    };
    assert_eq!(response(|cookies| drop(cookies.get::<Session>())), Some(IDLE));
    assert_eq!(response(|cookies| drop(cookies.try_get::<Session>())), Some(IDLE));
    assert_eq!(response(|cookies| assert_eq!(cookies.get_all::<Session>().count(), 1)), None);
    assert_eq!(response(|_| {}), None);
}

#[test]
fn settings_of_the_sign_in_are_kept() {
    let attributes = |set: SetCookie<Session>| {
        let (read, response) = visit(&sign_in_with(set), 20 * MINUTE);
        assert_eq!(read, Some(ada()));
        let header = response[SET_COOKIE].to_str().unwrap().to_owned();
        header.split_once("; ").unwrap().1.to_owned()
    };
    let set = || SetCookie::new(ada());
    assert_eq!(attributes(set().without_max_age()), "Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(
        attributes(set().same_site(SameSite::Strict)),
        "Path=/; Max-Age=1800; Secure; HttpOnly; SameSite=Strict"
    );
    assert_eq!(
        attributes(set().without_max_age().same_site(SameSite::Strict)),
        "Path=/; Secure; HttpOnly; SameSite=Strict"
    );
    // A second re-issue keeps the settings of the sign-in.
    let (_, first) = visit(&sign_in_with(set().without_max_age()), 20 * MINUTE);
    let (_, second) = visit(&cookie_header(&first), 40 * MINUTE);
    assert!(!second[SET_COOKIE].to_str().unwrap().contains("Max-Age"), "{second:?}");
}

#[test]
fn a_shorter_lifetime_limits_the_reissue() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * MINUTE);
    let set = || SetCookie::new(ada());
    let sent = |set: SetCookie<Session>| {
        after(0, || {
            let header = set.with_keyring(&keyring()).header_value(&testing::https()).unwrap();
            header.to_str().unwrap().split("; ").nth(2).unwrap().to_owned()
        })
    };
    let expires = |minutes: u64| after(0, || set().expires(instant(NOW + minutes * MINUTE)));
    assert_eq!(sent(set().max_age(minutes(40))), "Max-Age=1800");
    assert_eq!(sent(set().max_age(minutes(10))), "Max-Age=600");
    assert_eq!(sent(expires(40)), "Max-Age=1800");
    assert_eq!(sent(expires(10)), "Expires=Fri, 15 Jan 2027 08:10:00 GMT");
    for set in [set().max_age(minutes(40)), expires(40)] {
        let (_, response) = visit(&sign_in_with(set), 20 * MINUTE);
        assert_eq!(max_age(&response), Some(20 * MINUTE));
        let last = cookie_header(&response);
        assert_eq!(max_age(&visit(&last, 39 * MINUTE).1), None);
        assert_eq!(visit(&last, 41 * MINUTE).0, Some(ada()));
        assert_eq!(visit(&last, 41 * MINUTE + 1).0, None);
    }
    // If a cookie with `idle` has no `Max-Age`, its seal expires after the declared `max_age`, and not after the
    // default lifetime of the keyring.
    let keyring = keyring().default_lifetime(minutes(1));
    let header = after(0, || {
        let set = set().without_max_age().with_keyring(&keyring);
        wire(&set.header_value(&testing::https()).unwrap())
    });
    assert_eq!(visit(&format!("__Host-Http-session={header}"), IDLE).0, Some(ada()));
}

#[test]
fn the_baseline_limits_the_idle_time() {
    let session = sign_in();
    let baseline = Baseline::new().longest_max_age(Duration::from_secs(600));
    let policy = Policy::builder().baseline(baseline).keyring(keyring()).build().unwrap();
    let response = after(20 * MINUTE, || {
        let cookies = jar(&session, &keyring()).with_policy(&policy.into());
        read(&cookies);
        write(&cookies)
    });
    assert_eq!(max_age(&response), Some(600));
    assert_eq!(visit(&cookie_header(&response), 31 * MINUTE + 1).0, None);
}

#[test]
fn a_value_from_before_idle_gets_the_idle_time() {
    #[derive(Cookie)]
    #[cookie(name = "__Host-Http-session", sealed, max_age = "8h")]
    struct WithoutIdle(String);

    #[derive(Cookie)]
    #[cookie(name = "__Host-Http-session", sealed, max_age = "8h", idle = "2h")]
    struct LongIdle(String);

    let old = after(0, || testing::request_header_with(&WithoutIdle("ada".into()), &keyring()));
    let long = after(0, || testing::request_header_with(&LongIdle("ada".into()), &keyring()));
    for header in [old, long] {
        let (read, response) = visit(header.to_str().unwrap(), 1);
        assert_eq!((read, max_age(&response)), (Some(ada()), Some(IDLE)));
        assert_eq!(visit(&cookie_header(&response), IDLE + 62).0, None);
    }
    // An old release declares the cookie without `idle`. A server of this release reads the value, but never re-issues
    // the cookie.
    let (read, response) = after(20 * MINUTE, || {
        let cookies = jar(&sign_in(), &keyring());
        (cookies.get::<WithoutIdle>().map(|session| session.0), write(&cookies))
    });
    assert_eq!((read.as_deref(), response), (Some("ada"), HeaderMap::new()));
}

#[test]
fn a_planted_value_does_not_prevent_the_reissue() {
    #[derive(Cookie, Clone, Debug, PartialEq)]
    #[cookie(name = "__Secure-sid", domain = "shop.example", sealed, max_age = "8h", idle = "30m")]
    struct Wide(String);

    let wide = Wide("ada".into());
    let (early, late) = (
        after(0, || testing::request_header_with(&wide, &keyring())),
        after(5 * MINUTE, || testing::request_header_with(&wide, &keyring())),
    );
    let (early, late) = (early.to_str().unwrap(), late.to_str().unwrap());
    for (header, expected) in [
        (format!("__Secure-sid=planted; {early}"), Some(IDLE)),
        (format!("{early}; __Secure-sid=planted"), Some(IDLE)),
        // If two valid seals contain the same value, the earlier expiry times count.
        (format!("{late}; {early}"), Some(IDLE)),
    ] {
        let response = after(20 * MINUTE, || {
            let cookies = jar(&header, &keyring());
            assert_eq!(cookies.get(), Some(wide.clone()), "{header}");
            write(&cookies)
        });
        assert_eq!(max_age(&response), expected, "{header}");
        let last = cookie_header(&response);
        let is_valid = |seconds| after(seconds, || jar(&last, &keyring()).get::<Wide>().is_some());
        assert!(is_valid(20 * MINUTE + IDLE + 60) && !is_valid(20 * MINUTE + IDLE + 61));
    }
}

#[test]
fn each_cookie_of_a_family_has_its_own_idle_time() {
    #[derive(Cookie, Clone, Debug, PartialEq)]
    #[cookie(keyed, sealed, max_age = "1h", idle = "10m")]
    struct Draft(String);

    let header = after(0, || {
        let cookies = jar("a=1", &keyring());
        let drafts = cookies.family::<Draft>();
        drafts.set("one", Draft("1".into())).unwrap();
        drafts.set("two", Draft("2".into())).unwrap();
        let response = write(&cookies);
        let pairs =
            response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().split(';').next().unwrap());
        pairs.collect::<Vec<_>>().join("; ")
    });
    let response = after(6 * MINUTE, || {
        let cookies = jar(&header, &keyring());
        assert_eq!(cookies.family::<Draft>().get("one"), Some(Draft("1".into())));
        write(&cookies)
    });
    assert_eq!(response.get_all(SET_COOKIE).iter().count(), 1);
    assert!(cookie_header(&response).starts_with("__Host-Http-draft.one=1"));
    assert_eq!(max_age(&response), Some(600));
}

#[test]
fn a_former_name_is_not_reissued() {
    #[derive(Cookie, Clone, Debug, PartialEq)]
    #[cookie(
        name = "__Host-Http-new",
        sealed,
        max_age = "8h",
        idle = "30m",
        formerly(name = "__Host-Http-session", until = "9999-12-31")
    )]
    struct Renamed(String);

    let session = sign_in();
    let response = after(20 * MINUTE, || {
        let cookies = jar(&session, &keyring());
        assert_eq!(cookies.get(), Some(Renamed("ada".into())));
        assert!(cookies.is_former::<Renamed>());
        write(&cookies)
    });
    assert_eq!(response, HeaderMap::new());
}

#[test]
fn an_unreadable_value_is_not_reissued() {
    #[derive(Cookie, Debug)]
    #[cookie(name = "__Host-Http-session", sealed, max_age = "8h", idle = "30m")]
    struct Number(#[allow(dead_code, reason = "the value is never a number")] u64);

    let session = sign_in();
    let response = after(20 * MINUTE, || {
        let cookies = jar(&session, &keyring());
        assert!(matches!(cookies.try_get::<Number>(), Err(ReadError::Malformed { .. })));
        write(&cookies)
    });
    assert_eq!(response, HeaderMap::new());
}

/// Sends a request through the policy's layer, 20 minutes after the sign-in. The handler reads the session. Returns the
/// number of `Set-Cookie` headers for the session.
fn reissues_through_the_layer(method: &str, header: (&'static str, &'static str), path: &'static str) -> usize {
    async fn handler(uri: http::Uri, cookies: Cookies) -> (StatusCode, HeaderMap) {
        assert_eq!(cookies.get(), Some(ada()));
        let mut headers = HeaderMap::new();
        let mut insert = |name: &'static str, value: &'static str| headers.append(name, value.parse().unwrap());
        match uri.path() {
            "/not-modified" => return (StatusCode::NOT_MODIFIED, headers),
            "/public" => insert("cache-control", "public, max-age=60"),
            "/cdn" => insert("cdn-cache-control", "max-age=60"),
            "/private" => insert("cache-control", "private, max-age=60"),
            "/by-hand" => insert("set-cookie", "__Host-Http-session=x; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "/poll" => {
                cookies.skip_reissue();
                false
            }
            _ => false,
        };
        (StatusCode::OK, headers)
    }

    let session = sign_in();
    let policy = Policy::builder().keyring(keyring()).build().unwrap();
    let mut app = Router::new().fallback(any(handler)).layer(policy.layer(TlsTermination::here()));
    let request = Request::builder().method(method).uri(path).header("cookie", session).header(header.0, header.1);
    let request = request.body(Body::empty()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = after(20 * MINUTE, || runtime.block_on(app.call(request))).unwrap();
    let reissued = response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .filter(|header| header.to_str().unwrap().starts_with("__Host-Http-session=1"));
    let count = reissued.count();
    // Shared caches must not store a response that re-issues the cookie.
    assert!(count == 0 || response.headers()["cache-control"].to_str().unwrap().contains("private"));
    count
}

#[test]
fn the_layer_reissues_only_in_suitable_responses() {
    const NONE: (&str, &str) = ("x-none", "1");
    for (method, header, path, expected) in [
        ("GET", NONE, "/", 1),
        ("POST", NONE, "/", 1),
        ("HEAD", NONE, "/", 0),
        ("OPTIONS", NONE, "/", 0),
        ("GET", ("sec-purpose", "prefetch"), "/", 0),
        ("GET", ("sec-purpose", "prefetch;prerender"), "/", 0),
        ("GET", ("sec-purpose", "other"), "/", 1),
        ("GET", NONE, "/not-modified", 0),
        ("GET", NONE, "/public", 0),
        ("GET", NONE, "/cdn", 0),
        ("GET", NONE, "/private", 1),
        ("GET", NONE, "/by-hand", 0),
        ("GET", NONE, "/poll", 0),
    ] {
        assert_eq!(reissues_through_the_layer(method, header, path), expected, "{method} {header:?} {path}");
    }
}
