//! The key `formerly` with an earlier name: moving a cookie to a new name signs no user out, and does not prolong the
//! lifetime of a planted value.

use std::time::{Duration, SystemTime};

use hardtack::event::Code;
use hardtack::testing::{self, Browser};
use hardtack::{AnyScheme, Cookie, Cookies, ReadError, TlsTermination};
use http::HeaderMap;

use super::site::{Release, set_cookie, stored};

#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "30d", formerly(name = "sid", until = "2030-03-01"), reason = "browsers hold the old name")]
struct Session(String);

fn session(text: &str) -> Session {
    Session(text.to_owned())
}

/// Opens a browser on the last second before `until`, or on the first second of the day.
fn browser_at(seconds_before_until: i64) -> Browser {
    let until = 1_898_553_600; // 2030-03-01T00:00:00Z
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(until - seconds_before_until).unwrap());
    testing::at(now, || Browser::new("https://app.shop.example"))
}

#[test]
fn the_earlier_name_is_read_until_the_first_set() {
    let release = Release::new();
    let mut browser = browser_at(3600);
    browser.set("sid=a; Path=/; Secure");
    release.visit(&mut browser, "/", |cookies| {
        assert_eq!((cookies.get(), cookies.is_former::<Session>()), (Some(session("a")), true));
    });
    assert_eq!(stored(&browser), ["sid=a; app.shop.example; /"], "a read writes nothing");
    release.visit(&mut browser, "/", |cookies| {
        cookies.set(session("renewed")).unwrap();
        assert_eq!((cookies.get(), cookies.is_former::<Session>()), (Some(session("renewed")), true));
    });
    assert_eq!(stored(&browser), ["__Host-Http-session=renewed; app.shop.example; /"]);
    release.visit(&mut browser, "/", |cookies| {
        assert_eq!((cookies.get(), cookies.is_former::<Session>()), (Some(session("renewed")), false));
    });
    assert_eq!(release.codes(), []);
}

/// Each condition under which an earlier value does not count.
#[test]
fn planted_and_late_values_do_not_count() {
    let release = Release::new();
    let read = |browser: &mut Browser| {
        release.visit(browser, "/", |cookies| (cookies.get::<Session>(), cookies.is_former::<Session>()))
    };
    let mut late = browser_at(0);
    late.set("sid=a; Path=/; Secure");
    assert_eq!(read(&mut late), (None, false), "the day has begun");

    let mut in_time = browser_at(1);
    in_time.set("sid=a; Path=/; Secure");
    assert_eq!(read(&mut in_time), (Some(session("a")), true), "the last second");

    let mut beside_present = browser_at(3600);
    beside_present.set("__Host-Http-session=b; Path=/; Secure; HttpOnly");
    beside_present.set("sid=a; Path=/; Secure");
    assert_eq!(read(&mut beside_present), (Some(session("b")), false), "the present name wins");

    let mut twice = browser_at(3600);
    twice.set("sid=a; Path=/; Secure");
    twice.set("sid=planted; Path=/; Domain=shop.example; Secure");
    assert_eq!(read(&mut twice), (None, false), "two cookies of the earlier name");
    twice.set("sid=a; Path=/; Domain=shop.example; Secure");
    assert_eq!(read(&mut twice), (None, false), "two equal cookies of the earlier name");

    let (parts, ()) = http::Request::get("/").header("cookie", "sid=a").body(()).unwrap().into_parts();
    let plain = AnyScheme::from(TlsTermination::none().detect(&parts, None));
    let cookies = Cookies::from_headers(&parts.headers, plain);
    testing::at(browser_at(3600).now(), || {
        assert_eq!((cookies.get::<Session>(), cookies.is_former::<Session>()), (None, false), "plain HTTP");
    });
}

/// `remove` removes both cookies, before and after `until`, also if the request carried neither of them.
#[test]
fn remove_always_removes_both_names() {
    let release = Release::new();
    for before in [3600, 0, -86_400] {
        let mut browser = browser_at(before);
        browser.set("sid=a; Path=/; Secure");
        release.visit(&mut browser, "/", |cookies| cookies.remove::<Session>().unwrap());
        assert_eq!(stored(&browser), [""; 0], "{before}");
    }
    let (_, response) =
        release.respond(&browser_at(0), &HeaderMap::new(), |cookies| cookies.remove::<Session>().unwrap());
    let names: Vec<_> = set_cookie(&response).into_iter().map(|header| header.split('=').next().unwrap()).collect();
    assert_eq!(names, ["sid", "__Host-Http-session"]);
}

/// A fleet with two releases. Release 1 keeps the old name and also reads the new one. Release 2 swaps the two names.
#[test]
fn a_fleet_with_two_releases_keeps_everybody_signed_in() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Secure-sid", max_age = "30d", formerly(name = "__Host-Http-session", until = "2030-03-01"))]
    struct One(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(
        name = "__Host-Http-session",
        max_age = "30d",
        formerly(name = "__Secure-sid", until = "2030-03-01"),
        reason = "browsers hold the old name"
    )]
    struct Two(String);

    let release = Release::new();
    let mut browser = browser_at(86_400);
    release.visit(&mut browser, "/login", |cookies| cookies.set(One("a".into())).unwrap());
    for _ in 0..2 {
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Two>()), Some(Two("a".into())));
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<One>()), Some(One("a".into())));
    }
    // A server of release 2 renews the session. A server of release 1 still reads it.
    release.visit(&mut browser, "/renew", |cookies| cookies.set(Two("b".into())).unwrap());
    assert_eq!(stored(&browser), ["__Host-Http-session=b; app.shop.example; /"]);
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<One>()), Some(One("b".into())));
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Two>()), Some(Two("b".into())));
}

/// A sealed value is verified under its earlier name. A plain value counts only with `unsigned`, and an unencoded value
/// only with `raw`.
#[test]
fn seals_and_encodings_of_earlier_values() {
    #[derive(Cookie)]
    #[cookie(name = "__Host-old", sealed, max_age = "8h")]
    struct OldSealed(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(
        sealed,
        max_age = "8h",
        formerly(name = "__Host-old", until = "2030-03-01"),
        formerly(name = "plain", unsigned, until = "2030-03-01"),
        formerly(name = "bare", unsigned, raw, until = "2030-03-01"),
        reason = "the first releases did not seal"
    )]
    struct Sealed(String);

    let release = Release::new();
    let mut browser = browser_at(3600);
    release.visit(&mut browser, "/", |cookies| cookies.set(OldSealed("a b".into())).unwrap());
    let read = |browser: &mut Browser| release.visit(browser, "/", |cookies| cookies.try_get::<Sealed>());
    assert_eq!(read(&mut browser), Ok(Some(Sealed("a b".into()))));

    for (header, expected) in [
        ("__Host-old=a; Path=/; Secure", None),
        ("plain=a%20b; Path=/; Secure", Some("a b")),
        ("bare=a%20b; Path=/; Secure", Some("a%20b")),
    ] {
        let mut browser = browser_at(3600);
        browser.set(header);
        match expected {
            Some(text) => assert_eq!(read(&mut browser), Ok(Some(Sealed(text.into()))), "{header}"),
            None => {
                let error = read(&mut browser).unwrap_err();
                assert!(matches!(error.cookie(), "__Host-old"), "{error}");
                assert!(matches!(error, ReadError::BadSeal { .. } | ReadError::UnknownKey { .. }), "{error}");
                assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Sealed>()), None);
                assert!(!release.codes().is_empty());
            }
        }
    }
}

/// Real users hold the old name twice, with two paths. These users count as signed out, and the next sign-in removes
/// both cookies.
#[test]
fn duplicates_of_the_earlier_name_are_signed_out_and_removed() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(
        max_age = "30d",
        formerly(name = "token", until = "2030-03-01"),
        formerly(name = "token", path = "/auth", until = "2030-03-01"),
        reason = "browsers hold the old name"
    )]
    struct Login(String);

    let release = Release::new();
    let mut browser = browser_at(3600);
    browser.set("token=a; Path=/; Secure");
    browser.set("token=b; Path=/auth; Secure");
    assert_eq!(release.visit(&mut browser, "/auth/me", |cookies| cookies.get::<Login>()), None);
    release.visit(&mut browser, "/auth/login", |cookies| cookies.set(Login("c".into())).unwrap());
    assert_eq!(stored(&browser), ["__Host-Http-login=c; app.shop.example; /"]);
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Login>()), Some(Login("c".into())));
}

/// A removal of a cookie that no browser can hold is not sent, and Secure removals are not sent over plain HTTP.
#[test]
fn impossible_removals_are_not_sent() {
    #[derive(Cookie)]
    #[cookie(
        name = "lan", secure = false, max_age = "1h",
        formerly(name = "__Host-lan", domain = none, path = "/", until = "2030-03-01"),
        reason = "the device has no TLS"
    )]
    struct Lan(String);

    let (parts, ()) = http::Request::get("/").header("cookie", "lan=a").body(()).unwrap().into_parts();
    let plain = AnyScheme::from(TlsTermination::none().detect(&parts, None));
    let cookies = Cookies::from_headers(&parts.headers, plain);
    cookies.remove::<Lan>().unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert!(set_cookie(&response).iter().all(|header| header.starts_with("lan=")), "{response:?}");

    let release = Release::new();
    let mut browser = browser_at(3600);
    browser.set("__Host-lan=old; Path=/; Secure");
    release.visit(&mut browser, "/", |cookies| cookies.remove::<Lan>().unwrap());
    assert_eq!((stored(&browser), browser.rejected()), (Vec::new(), &[][..]));
    assert_eq!(release.codes(), [Code::ALL[0]; 0]);
}
