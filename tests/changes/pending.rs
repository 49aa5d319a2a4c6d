//! A handler sees what this request set and removed, and can take it back.

use std::time::{Duration, SystemTime};

use hardtack::event::Code;
use hardtack::testing::{self, Browser};
use hardtack::{Cookie, Cookies, Https, SetCookie};
use http::HeaderMap;

use super::site::{Release, set_cookie, stored};

#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h")]
struct Session(String);

fn session(text: &str) -> Session {
    Session(text.to_owned())
}

/// After `set` and `remove`, `get` returns what every other jar returns.
#[test]
fn get_sees_the_change_of_this_request() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    release.visit(&mut browser, "/login", |cookies| cookies.set(session("old")).unwrap());
    release.visit(&mut browser, "/", |cookies| {
        assert_eq!(cookies.get(), Some(session("old")));
        cookies.set(session("new")).unwrap();
        assert_eq!((cookies.get(), cookies.try_get()), (Some(session("new")), Ok(Some(session("new")))));
        let received: Vec<_> = cookies.get_all::<Session>().map(Result::unwrap).collect();
        assert_eq!(received, [session("old")]);
        cookies.remove::<Session>().unwrap();
        assert_eq!(cookies.get::<Session>(), None);
        cookies.set(SetCookie::new(session("ended")).expires(SystemTime::UNIX_EPOCH)).unwrap();
        assert_eq!(cookies.get::<Session>(), None);
        cookies.set(SetCookie::new(session("ended")).max_age(Duration::ZERO)).unwrap();
        assert_eq!(cookies.get::<Session>(), None);
    });
    assert_eq!(release.codes(), []);
}

/// Signed, sealed and percent-encoded values come back equal from the pending cookie.
#[test]
fn pending_values_of_every_kind_come_back_equal() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(signed)]
    struct Signed(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(sealed)]
    struct Sealed(String);
    #[derive(Cookie, Debug, PartialEq)]
    struct Plain(String);

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    for text in ["", "a b", "100 %; \u{e9}=\"x\"", "a.b.c"] {
        release.visit(&mut browser, "/", |cookies| {
            cookies.set(Plain(text.into())).unwrap();
            cookies.set(Signed(text.into())).unwrap();
            cookies.set(Sealed(text.into())).unwrap();
            assert_eq!(cookies.get(), Some(Plain(text.into())));
            assert_eq!(cookies.get(), Some(Signed(text.into())));
            assert_eq!(cookies.get(), Some(Sealed(text.into())));
        });
        release.visit(&mut browser, "/", |cookies| {
            assert_eq!(cookies.get(), Some(Plain(text.into())));
            assert_eq!(cookies.get(), Some(Signed(text.into())));
            assert_eq!(cookies.get(), Some(Sealed(text.into())));
        });
    }
}

/// A middleware issues a token on the first request, and the handler of the same request reads it.
#[test]
fn a_token_of_a_middleware_is_there_in_the_handler() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(same_site = Strict)]
    struct Csrf(String);

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    let form = release.visit(&mut browser, "/form", |cookies| {
        if cookies.get::<Csrf>().is_none() {
            cookies.set(Csrf("t0ken".into())).unwrap();
        }
        cookies.get::<Csrf>()
    });
    assert_eq!(form, Some(Csrf("t0ken".into())));
}

/// A rolling session that is renewed after the handler does not undo a sign-out.
#[test]
fn a_rolling_session_does_not_undo_a_sign_out() {
    fn with_rolling_session(cookies: &Cookies<Https>, handler: impl FnOnce(&Cookies<Https>)) {
        handler(cookies);
        if let Some(current) = cookies.get::<Session>() {
            cookies.set(SetCookie::new(current).max_age(Duration::from_secs(1800))).unwrap();
        }
    }
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    release.visit(&mut browser, "/login", |cookies| {
        with_rolling_session(cookies, |cookies| cookies.set(session("a")).unwrap())
    });
    assert_eq!(stored(&browser), ["__Host-Http-session=a; shop.example; /"]);
    release.visit(&mut browser, "/", |cookies| with_rolling_session(cookies, |_| ()));
    assert_eq!(stored(&browser), ["__Host-Http-session=a; shop.example; /"]);
    release.visit(&mut browser, "/logout", |cookies| {
        with_rolling_session(cookies, |cookies| cookies.remove::<Session>().unwrap());
    });
    assert_eq!(stored(&browser), [""; 0]);
}

/// A handler takes a cookie back, for example because the database failed. The visitor's own cookie stays.
#[test]
fn undo_takes_back_sets_removals_and_repairs() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    release.visit(&mut browser, "/login", |cookies| cookies.set(session("mine")).unwrap());
    for change in
        [(|cookies| cookies.set(session("new"))) as fn(&Cookies<Https>) -> Result<(), hardtack::SetError>, |cookies| {
            cookies.remove::<Session>()
        }]
    {
        let request = browser.visit("/");
        let (seen, response) = release.respond(&browser, &request, |cookies| {
            change(cookies).unwrap();
            cookies.undo::<Session>();
            cookies.get::<Session>()
        });
        assert_eq!((seen, set_cookie(&response)), (Some(session("mine")), Vec::new()));
    }

    #[derive(Cookie)]
    #[cookie(name = "__Secure-sid", domain = "shop.example", formerly(domain = none))]
    struct Wide(String);
    browser.set("__Secure-sid=a; Path=/; Secure");
    let request = browser.visit("/");
    let (_, response) = release.respond(&browser, &request, |cookies| {
        cookies.set(Wide("b".into())).unwrap();
        cookies.undo::<Wide>();
    });
    assert_eq!(set_cookie(&response), [""; 0]);
}

/// A pending value that another type cannot read reads as absent, with an event. The pending cookie is still sent.
#[test]
fn a_pending_value_of_another_type_reads_as_absent() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-Http-session")]
    struct Number(u32);

    let release = Release::new();
    let (_, response) = release.respond(&Browser::new("https://shop.example"), &HeaderMap::new(), |cookies| {
        cookies.set(session("text")).unwrap();
        assert_eq!((cookies.get::<Number>(), cookies.try_get::<Number>()), (None, Ok(None)));
    });
    assert_eq!(release.codes(), [Code::PendingValue, Code::PendingValue]);
    assert!(set_cookie(&response).concat().starts_with("__Host-Http-session=text; "));
}

/// The fields of a set behave in the same way, and `remove_all` signs out in one call.
#[test]
fn a_set_has_lenient_getters_and_remove_all() {
    #[hardtack::cookies]
    struct Shop {
        #[cookie(max_age = "8h")]
        session: String,
        cart: u32,
        #[cookie(keyed, max_age = "10m")]
        flow: String,
        #[cookie(name = "PHPSESSID", read_only)]
        legacy: String,
    }

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    browser.set("PHPSESSID=old; Path=/; Secure");
    browser.set("__Host-Http-cart=many; Path=/; Secure; HttpOnly");
    release.visit(&mut browser, "/", |cookies| {
        let shop = Shop::from(cookies.clone());
        assert_eq!((shop.cart(), shop.legacy().as_deref()), (None, Some("old")));
        assert!(shop.try_cart().is_err());
        shop.set_session("s3cr3t").unwrap();
        shop.flow().set("tab1", "pkce").unwrap();
        assert_eq!((shop.session().as_deref(), shop.flow().get("tab1").as_deref()), (Some("s3cr3t"), Some("pkce")));
    });
    let shop = Shop::from(browser.cookies::<Https>());
    assert_eq!((shop.session().as_deref(), shop.flow().get("tab1").as_deref()), (Some("s3cr3t"), Some("pkce")));
    release.visit(&mut browser, "/logout", |cookies| Shop::from(cookies.clone()).remove_all().unwrap());
    assert_eq!(stored(&browser), ["PHPSESSID=old; shop.example; /"]);
}

/// A kept view of a response that was sent is an error, and changes nothing.
#[test]
fn a_closed_jar_refuses_changes() {
    let cookies = Cookies::from_headers(&HeaderMap::new(), testing::https());
    cookies.write(&mut HeaderMap::new());
    assert!(cookies.set(session("late")).is_err());
    assert!(cookies.remove::<Session>().is_err());
    cookies.undo::<Session>();
    assert_eq!(cookies.get::<Session>(), None);
}
