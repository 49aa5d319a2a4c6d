//! Families of cookies (`keyed`): several sign-in attempts at once, the limit of eight, and hostile keys.

use hardtack::testing::Browser;
use hardtack::{Cookie, ReadError, SetError};

use super::site::{Release, set_cookie, stored};

/// The state of one sign-in attempt at an identity provider.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(keyed, sealed, max_age = "10m")]
struct Flow(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(keyed, max_age = "10m")]
struct Step(u32);

/// Two tabs sign in at the same time.
#[test]
fn two_tabs_sign_in_at_once() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    for (state, verifier) in [("s1", "v1"), ("s2", "v2")] {
        release.visit(&mut browser, "/login", |cookies| {
            cookies.family::<Flow>().set(state, Flow(verifier.into())).unwrap();
        });
    }
    for (state, verifier) in [("s2", "v2"), ("s1", "v1")] {
        let found = release.visit(&mut browser, "/callback", |cookies| {
            let flows = cookies.family::<Flow>();
            let flow = flows.get(state);
            flows.remove(state).unwrap();
            flow
        });
        assert_eq!(found, Some(Flow(verifier.into())));
    }
    assert_eq!(stored(&browser), [""; 0]);
    assert_eq!(release.codes(), []);
}

/// A sealed value of one key is not accepted under another key.
#[test]
fn a_seal_binds_the_key() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    release.visit(&mut browser, "/login", |cookies| cookies.family::<Flow>().set("mine", Flow("v".into())).unwrap());
    let value = browser.stored().first().unwrap().value.clone();
    browser.set(format!("__Host-Http-flow.theirs={value}; Path=/; Secure; HttpOnly"));
    release.visit(&mut browser, "/callback", |cookies| {
        let flows = cookies.family::<Flow>();
        assert_eq!(flows.get("mine"), Some(Flow("v".into())));
        assert!(matches!(flows.try_get("theirs"), Err(ReadError::BadSeal { cookie: "__Host-Http-flow", .. })));
        assert_eq!(flows.get("theirs"), None);
    });
}

/// A family has at most eight cookies. The oldest ones are removed, and never one that this request set.
#[test]
fn the_ninth_cookie_removes_the_oldest() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    for number in 0..12 {
        release.visit(&mut browser, "/", |cookies| {
            cookies.family::<Step>().set(&number.to_string(), Step(number)).unwrap();
        });
    }
    let names: Vec<String> = (4..12).map(|number| format!("__Host-Http-step.{number}")).collect();
    assert_eq!(browser.names(), names);
    release.visit(&mut browser, "/", |cookies| {
        let steps = cookies.family::<Step>();
        for number in 20..30 {
            steps.set(&number.to_string(), Step(number)).unwrap();
        }
        assert_eq!(steps.keys(), (20..30).map(|number| number.to_string()).collect::<Vec<_>>());
    });
    assert_eq!(browser.stored().len(), 10, "what this request set is never surplus");
    release.visit(&mut browser, "/", |cookies| cookies.family::<Step>().remove_all().unwrap());
    assert_eq!(stored(&browser), [""; 0]);
}

/// A key from a client is text that the client chose.
#[test]
fn hostile_keys_are_refused() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    let long = "k".repeat(65);
    for key in ["", ".", "a.b", "a=b", "a;b", "a b", "\u{e9}", "a\r\nb", "*", &long] {
        let request = browser.visit("/");
        let (_, response) = release.respond(&browser, &request, |cookies| {
            let steps = cookies.family::<Step>();
            assert_eq!((steps.get(key), steps.try_get(key)), (None, Ok(None)), "{key:?}");
            assert!(
                matches!(steps.set(key, Step(1)), Err(SetError::Key { cookie: "__Host-Http-step", .. })),
                "{key:?}"
            );
            assert!(matches!(steps.remove(key), Err(SetError::Key { .. })), "{key:?}");
            steps.undo(key);
            assert_eq!(steps.keys(), [""; 0]);
        });
        assert_eq!(set_cookie(&response), [""; 0], "{key:?}");
    }
    let longest = "k".repeat(64);
    release.visit(&mut browser, "/", |cookies| cookies.family::<Step>().set(&longest, Step(1)).unwrap());
    assert_eq!(browser.names(), [format!("__Host-Http-step.{longest}")]);
}

/// `keys` lists each key once, without invalid keys of other programs, and without removed ones.
#[test]
fn keys_are_listed_once() {
    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    for name in ["b", "a", "a.b", ""] {
        browser.set(format!("__Host-Http-step.{name}=1; Path=/; Secure; HttpOnly"));
    }
    browser.set("__Host-Http-steps.c=1; Path=/; Secure; HttpOnly");
    release.visit(&mut browser, "/", |cookies| {
        let steps = cookies.family::<Step>();
        assert_eq!(steps.keys(), ["b", "a"]);
        steps.set("c", Step(1)).unwrap();
        steps.set("a", Step(2)).unwrap();
        assert_eq!(steps.keys(), ["b", "a", "c"]);
        steps.remove("b").unwrap();
        assert_eq!(steps.keys(), ["a", "c"]);
        steps.undo("b");
        steps.undo("c");
        assert_eq!((steps.keys(), steps.get("a")), (vec!["b".to_owned(), "a".to_owned()], Some(Step(2))));
    });
}

/// An earlier name of a family: the keys stay.
#[test]
fn a_family_moves_to_a_new_name() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(
        keyed,
        name = "__Host-Http-flow",
        max_age = "10m",
        formerly(name = "oauth", until = "9999-01-01"),
        reason = "sign-ins in flight hold the old name"
    )]
    struct Moved(String);

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    browser.set("oauth.s1=v1; Path=/; Secure");
    let found = release.visit(&mut browser, "/callback", |cookies| {
        let flows = cookies.family::<Moved>();
        let found = flows.get("s1");
        flows.remove("s1").unwrap();
        found
    });
    assert_eq!(found, Some(Moved("v1".into())));
    assert_eq!(stored(&browser), [""; 0]);
}
