//! Values that cannot be read any more: another type, a lost key, an expired seal, another program's value.

use std::time::Duration;

use hardtack::event::Code;
use hardtack::seal::{Key, Keyring};
use hardtack::testing::Browser;
use hardtack::{Cookie, ReadError, SetCookie};
use serde::{Deserialize, Serialize};

use super::site::{Release, set_cookie, stored};

/// An expired seal, a new field, a lost key and a second value. Each one reads as signed out, with an event. No read
/// changes the response. After the next sign-in, the user is signed in.
#[test]
fn an_unreadable_session_is_signed_out_until_the_next_sign_in() {
    #[derive(Cookie, Serialize, Deserialize)]
    #[cookie(name = "__Host-Http-session", sealed, json, max_age = "8h")]
    struct Old {
        user: u32,
    }
    #[derive(Cookie, Debug, PartialEq, Serialize, Deserialize)]
    #[cookie(name = "__Host-Http-session", sealed, json, max_age = "8h")]
    struct New {
        user: u32,
        tenant: u32,
    }

    let new_key = Keyring::new(Key::generate());
    type Case = (&'static str, fn(&Release, &mut Browser), Release, Code);
    let cases: [Case; 4] = [
        (
            "the browser restored a session cookie after 25 hours",
            |release, browser| {
                let session = SetCookie::new(New { user: 1, tenant: 1 }).without_max_age();
                release.visit(browser, "/login", |cookies| cookies.set(session).unwrap());
                browser.advance(Duration::from_secs(25 * 60 * 60));
            },
            Release::new(),
            Code::Expired,
        ),
        (
            "a release added a field",
            |release, browser| {
                release.visit(browser, "/login", |cookies| cookies.set(Old { user: 1 }).unwrap());
            },
            Release::new(),
            Code::Malformed,
        ),
        (
            "a key was dropped",
            |release, browser| {
                let session = New { user: 1, tenant: 1 };
                release.visit(browser, "/login", |cookies| cookies.set(session).unwrap());
            },
            Release::with(|policy| policy.keyring(new_key.clone())),
            Code::UnknownKey,
        ),
        (
            "another program set the name",
            |_, browser| browser.set("__Host-Http-session=hand-made; Path=/; Secure; HttpOnly"),
            Release::new(),
            Code::UnknownKey,
        ),
    ];
    for (case, earlier, release, code) in cases {
        let mut browser = Browser::new("https://shop.example");
        earlier(&Release::new(), &mut browser);
        let held = stored(&browser);
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<New>()), None, "{case}");
        assert_eq!(stored(&browser), held, "{case}: a read writes nothing");
        let codes = release.codes();
        assert!(codes == [code] || codes == [Code::SealMalformed], "{case}: {codes:?}");
        let session = || New { user: 2, tenant: 2 };
        release.visit(&mut browser, "/login", |cookies| cookies.set(session()).unwrap());
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<New>()), Some(session()), "{case}");
        assert_eq!(browser.stored().len(), 1, "{case}");
    }
}

/// An application with its own error type. The lenient getter needs no error, and the strict getter's error does not
/// lose the user: the next sign-in repairs the cookie.
#[test]
fn an_own_error_type_does_not_lock_out() {
    #[derive(Cookie, Debug, PartialEq)]
    struct Cart(u32);
    struct AppError(&'static str);
    impl<E: Into<Box<dyn std::error::Error>>> From<E> for AppError {
        fn from(_: E) -> Self {
            AppError("Something went wrong")
        }
    }

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    browser.set("__Host-Http-cart=many; Path=/; Secure; HttpOnly");
    let strict: Result<Option<Cart>, AppError> = release.visit(&mut browser, "/", |cookies| Ok(cookies.try_get()?));
    assert_eq!(strict.map_err(|error| error.0), Err("Something went wrong"));
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Cart>()), None);
    release.visit(&mut browser, "/add", |cookies| cookies.set(Cart(1)).unwrap());
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Cart>()), Some(Cart(1)));
}

/// During a rolling deployment, two releases with different types run at the same time. If a request reaches the other
/// release, the user stays signed in.
#[test]
fn two_releases_at_once_sign_nobody_out() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-Http-session", sealed, max_age = "8h")]
    struct One(u32);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-Http-session", sealed, max_age = "8h")]
    struct Two(char);

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    release.visit(&mut browser, "/login", |cookies| cookies.set(One(77)).unwrap());
    for _ in 0..3 {
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Two>()), None);
        let strict = release.visit(&mut browser, "/", |cookies| cookies.try_get::<Two>());
        assert!(matches!(strict, Err(ReadError::Malformed { .. })), "{strict:?}");
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<One>()), Some(One(77)));
    }
}

/// A poll with the old cookie is in flight while the user signs in. Its response does not undo the sign-in.
#[test]
fn a_stale_poll_does_not_undo_a_sign_in() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(sealed, max_age = "8h")]
    struct Session(String);

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    release.visit(&mut browser, "/login", |cookies| cookies.set(Session("old".into())).unwrap());
    browser.advance(Duration::from_secs(9 * 60 * 60));
    browser.set("__Host-Http-session=stale; Path=/; Secure; HttpOnly");
    let poll = browser.request_headers("/poll");
    release.visit(&mut browser, "/login", |cookies| cookies.set(Session("new".into())).unwrap());
    let (seen, response) = release.respond(&browser, &poll, |cookies| cookies.get::<Session>());
    assert_eq!((seen, set_cookie(&response)), (None, Vec::new()));
    browser.store(&response);
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Session>()), Some(Session("new".into())));
}

/// Two programs on two ports of one host have equal names. A visit of one program does not sign the user out of the
/// other program.
#[test]
fn two_programs_on_one_host_do_not_remove_each_others_session() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(sealed, max_age = "8h")]
    struct Session(String);

    let [a, b] = [(); 2].map(|()| Release::with(|policy| policy.keyring(Keyring::new(Key::generate()))));
    let mut browser = Browser::new("http://localhost:3000");
    a.visit(&mut browser, "/login", |cookies| cookies.set(Session("a".into())).unwrap());
    for _ in 0..3 {
        assert_eq!(b.visit(&mut browser, "http://localhost:4000/", |cookies| cookies.get::<Session>()), None);
        let seen = a.visit(&mut browser, "http://localhost:3000/", |cookies| cookies.get::<Session>());
        assert_eq!(seen, Some(Session("a".into())));
    }
}

/// A lifetime from an instant has a fraction, and cannot exceed the declared one.
#[test]
fn a_lifetime_is_cut_to_whole_seconds_and_to_the_declaration() {
    #[derive(Cookie)]
    #[cookie(max_age = "8h")]
    struct Session(String);

    let release = Release::new();
    let browser = Browser::new("https://shop.example");
    type Setter = fn(SetCookie<Session>, std::time::SystemTime) -> SetCookie<Session>;
    let header = |set: Setter| {
        let (_, response) = release.respond(&browser, &http::HeaderMap::new(), |cookies| {
            cookies.set(set(SetCookie::new(Session("a".into())), browser.now())).unwrap();
        });
        set_cookie(&response).concat()
    };
    let rest = header(|session, now| {
        let expires_at = now + Duration::from_millis(90_500);
        session.max_age(expires_at.duration_since(now).unwrap())
    });
    assert!(rest.contains("; Max-Age=90;"), "{rest}");
    assert_eq!(release.codes(), []);
    let setters: [Setter; 2] = [
        |session, _| session.max_age(Duration::from_secs(365 * 86_400)),
        |session, now| session.expires(now + Duration::from_secs(365 * 86_400)),
    ];
    for setter in setters {
        let longer = header(setter);
        assert!(longer.contains("; Max-Age=28800;"), "{longer}");
        assert_eq!(release.codes(), [Code::Shortened]);
    }
}
