//! Attributes given at run time: refused by the rule book, or read as they were meant by everybody; and of each cookie
//! the last setting is kept.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use hardtack::audit::{Rejection, Seen, Stored, set_cookie};
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SameSite, SetCookie, SetError, testing};
use hardtack_rules::date::cookie_date;
use hardtack_rules::syntax;
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::values::AString;
use super::{
    Cart, Everywhere, FIRST, LAST, Legacy, Script, Sso, Widget, attribute, config, domain, pair, path, psl_refuses,
};
use crate::meant::{Meant, at};

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn any_text_is_refused_as_a_path_or_stands_as_it_is(path in path()) {
        let set = || SetCookie::new(Cart("v".into())).path(path.clone());
        let meant = |spec: &mut Meant| spec.path.clone_from(&path);
        stands_or_is_refused(&set, "path", syntax::path(&path).err(), meant)?;
    }

    #[test]
    fn any_text_is_refused_as_a_domain_or_stands_as_it_is(domain in domain()) {
        let set = || SetCookie::new(Sso("v".into())).domain(domain.clone());
        let meant = |spec: &mut Meant| spec.domain = Some(domain.clone());
        let is_suffix = psl_refuses(&domain);
        let fault = syntax::domain(&domain).err().or(is_suffix.then_some(syntax::PUBLIC_SUFFIX));
        stands_or_is_refused(&set, "domain", fault, meant)?;
    }

    #[test]
    fn any_duration_is_refused_as_a_max_age_or_stands_as_it_is(max_age in duration()) {
        let set = || SetCookie::new(Cart("v".into())).max_age(max_age);
        let meant = |spec: &mut Meant| spec.max_age = Some(max_age.as_secs());
        let fault = (max_age.subsec_nanos() != 0).then(|| syntax::max_age(max_age).unwrap_err());
        stands_or_is_refused(&set, "max_age", fault, meant)?;
    }

    #[test]
    fn any_instant_is_refused_as_an_end_or_stands_as_it_is(until in instant()) {
        let Some(until) = until else { return Ok(()) };
        let set = || SetCookie::new(Cart("v".into())).until(until);
        let seconds = unix_seconds(until);
        let line = match set().header_value(&testing::https()) {
            Ok(line) => line,
            Err(SetError::Attribute { attribute: "until", .. }) => {
                prop_assert!(!(FIRST..=LAST).contains(&seconds));
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert!((FIRST - 1..=LAST).contains(&seconds));
        let mut meant = Meant::of(&Cart::SPEC, "v");
        meant.max_age = None;
        meant.expires = cookie_date(attribute(line.to_str().unwrap(), "Expires").unwrap().as_bytes());
        // Fractions are cut, towards 1970.
        let written = meant.expires.unwrap();
        prop_assert!(written == seconds || written == seconds + 1 && written <= 0, "{} {}", written, seconds);
        meant.assert_read_from(line.to_str().unwrap());
        meant.assert_cookie(&set().to_cookie(&testing::https()).unwrap());
    }

    #[test]
    fn the_first_wrong_setting_is_told_and_the_last_right_ones_hold(
        settings in vec((0..6_u8, path(), domain(), duration()), 0..8)
    ) {
        let mut set = SetCookie::new(Sso("v".into()));
        let mut meant = Meant::of(&Sso::SPEC, "v");
        let mut wrong = None;
        for (setter, path, domain, max_age) in settings {
            let (done, fault) = match setter {
                0 => {
                    let is_wrong = syntax::path(&path).is_err();
                    meant.path.clone_from(&path);
                    (set.path(path), is_wrong.then_some("path"))
                }
                1 => {
                    let is_wrong = syntax::domain(&domain).is_err() || psl_refuses(&domain);
                    meant.domain = Some(domain.clone());
                    (set.domain(domain), is_wrong.then_some("domain"))
                }
                2 => {
                    (meant.max_age, meant.expires) = (Some(max_age.as_secs()), None);
                    (set.max_age(max_age), (max_age.subsec_nanos() != 0).then_some("max_age"))
                }
                3 => {
                    (meant.max_age, meant.expires) = (None, Some(1_900_000_000));
                    (set.until(at(1_900_000_000).unwrap()), None)
                }
                4 => {
                    (meant.max_age, meant.expires) = (None, None);
                    (set.session(), None)
                }
                // Declared `Strict`: the same is no weakening, anything else is.
                _ if max_age.as_secs() % 2 == 0 => (set.same_site(SameSite::Strict), None),
                _ => (set.same_site(SameSite::Lax), Some("same_site")),
            };
            set = done;
            wrong = wrong.or(fault);
        }
        match (set.header_value(&testing::https()), wrong) {
            (Ok(line), None) => meant.assert_read_from(line.to_str().unwrap()),
            (Err(SetError::Attribute { attribute, .. }), Some(wrong)) => prop_assert_eq!(attribute, wrong),
            (found, wrong) => prop_assert!(false, "{:?}, not {:?}", found, wrong),
        }
    }

    #[test]
    fn a_removal_removes_what_was_set_and_nothing_else(path in path(), domain in domain(), varies in 0..8_u8) {
        let vary = |set: SetCookie<Sso>| {
            let set = if varies & 1 > 0 { set.path(path.clone()) } else { set };
            if varies & 2 > 0 { set.domain(domain.clone()) } else { set }
        };
        let (Ok(set), Ok(removed)) = (
            vary(SetCookie::new(Sso("v".into()))).header_value(&testing::https()),
            vary(SetCookie::removal()).header_value(&testing::https()),
        ) else { return Ok(()) };
        let host = if varies & 2 > 0 { domain.to_ascii_lowercase() } else { "example.com".into() };
        is_removed_by(&set, &removed, &host)?;
        let declared = |line: &SetCookie<Cart>| line.header_value(&testing::https()).unwrap();
        is_removed_by(&declared(&SetCookie::new(Cart("v".into()))), &declared(&SetCookie::removal()), "a.example")?;
        let declared = |line: &SetCookie<Widget>| line.header_value(&testing::https()).unwrap();
        is_removed_by(&declared(&SetCookie::new(Widget("v".into()))), &declared(&SetCookie::removal()), "a.example")?;
        let declared = |line: &SetCookie<Legacy>| line.header_value(&testing::https()).unwrap();
        is_removed_by(&declared(&SetCookie::new(Legacy("v".into()))), &declared(&SetCookie::removal()), "a.example")?;
    }

    #[test]
    fn the_last_of_each_cookie_is_kept_and_all_others(steps in vec(step(), 0..24)) {
        let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.net").build().unwrap());
        let jar = Cookies::read(&HeaderMap::new(), testing::https()).policy(&policy);
        let clone = jar.clone();
        let mut expected: Vec<(Key<'_>, Option<String>)> = Vec::new();
        for (at, Step { kind, path, domain, removes }) in steps.iter().enumerate() {
            let jar = if at % 2 == 0 { &jar } else { &clone };
            let value = format!("v{at}");
            let under = |name: &'static str, path: &str, domain: Option<&str>| {
                (name, path.to_owned(), domain.map(str::to_ascii_lowercase))
            };
            let cart = one(Cart(value.clone()), *removes);
            let (key, done) = match kind {
                0 => (under(Cart::SPEC.name, path, None), jar.set(cart.path(path))),
                1 => {
                    let sso = one(Sso(value.clone()), *removes).path(path).domain(domain);
                    (under(Sso::SPEC.name, path, Some(domain)), jar.set(sso))
                }
                2 => (under(Cart::SPEC.name, "/shop", Some(domain)), jar.set(cart.domain(domain))),
                3 => {
                    let everywhere = one(Everywhere(value.clone()), *removes).path(path);
                    (under(Everywhere::SPEC.name, path, Some("example.net")), jar.set(everywhere))
                }
                4 => (under(Script::SPEC.name, "/", None), jar.set(one(Script(value.clone()), *removes))),
                5 => (under(AString::SPEC.name, "/", None), jar.set(one(AString(value.clone()), *removes))),
                // What is refused leaves no trace, and takes nothing with it.
                _ => {
                    prop_assert!(jar.set(cart.path("no/root").domain(domain)).is_err());
                    prop_assert!(jar.set(AString("x".repeat(4096))).is_err());
                    continue;
                }
            };
            prop_assert!(done.is_ok(), "{:?}", done);
            expected.retain(|(other, _)| *other != key);
            expected.push((key, (!removes).then_some(value)));
        }
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        let found: Vec<_> = response.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).map(|line| {
            let (name, value) = pair(line);
            let domain = attribute(line, "Domain").map(str::to_ascii_lowercase);
            let removes = attribute(line, "Max-Age") == Some("0");
            ((name, attribute(line, "Path").unwrap().to_owned(), domain), (!removes).then(|| value.to_owned()))
        }).collect();
        prop_assert_eq!(found, expected);
        let is_late = matches!(clone.set(Cart("late".into())), Err(SetError::ResponseSent { .. }));
        prop_assert!(is_late);
    }
}

/// A setting is refused where the rule book says so, else its line is read as it was meant, by everybody.
fn stands_or_is_refused<T: Cookie>(
    set: &dyn Fn() -> SetCookie<T>,
    setter: &str,
    expected: Option<syntax::Fault>,
    change: impl FnOnce(&mut Meant),
) -> TestCaseResult {
    match (set().header_value(&testing::https()), expected) {
        (Ok(line), None) => {
            let mut meant = Meant::of(&T::SPEC, "v");
            change(&mut meant);
            meant.assert_read_from(line.to_str().unwrap());
            let cookie = set().to_cookie(&testing::https()).unwrap();
            meant.assert_cookie(&cookie);
            Ok(())
        }
        (Err(SetError::Attribute { attribute, fault, cookie, .. }), Some(expected)) => {
            prop_assert_eq!((attribute, cookie), (setter, T::SPEC.name));
            prop_assert!(fault.to_string().starts_with(expected.text), "{} {}", fault, expected);
            prop_assert!(set().to_cookie(&testing::https()).is_err());
            let jar = Cookies::read(&HeaderMap::new(), testing::https());
            prop_assert!(jar.set(set()).is_err());
            let mut response = HeaderMap::new();
            jar.write(&mut response);
            prop_assert!(response.is_empty());
            Ok(())
        }
        (found, expected) => Err(TestCaseError::fail(format!("{found:?}, not {expected:?}"))),
    }
}

/// Both lines concern one stored cookie, and the second expires it.
fn is_removed_by(set: &HeaderValue, removed: &HeaderValue, host: &str) -> TestCaseResult {
    let seen = Seen::https(host).path("/some/where");
    let set: Stored = set_cookie(set.as_bytes(), &seen).stored.map_err(rejected)?;
    let removal = set_cookie(removed.as_bytes(), &seen).stored.map_err(rejected)?;
    prop_assert!(!set.is_removal() && removal.is_removal());
    prop_assert!(removal.value.is_empty());
    let what = |stored: &Stored| {
        let Stored { name, domain, host_only, path, secure, http_only, same_site, partitioned, .. } = stored.clone();
        (name, domain, host_only, path, secure, http_only, same_site, partitioned)
    };
    prop_assert_eq!(what(&set), what(&removal));
    // A scanner takes it for a removal by its `Expires` alone.
    let expires = cookie_date(attribute(removed.to_str().unwrap(), "Expires").unwrap().as_bytes());
    prop_assert_eq!(expires, Some(0));
    Ok(())
}

fn rejected(rejection: Rejection) -> TestCaseError {
    TestCaseError::fail(rejection.to_string())
}

/// Name, Path and Domain: what tells a stored cookie from another.
type Key<'a> = (&'a str, String, Option<String>);

/// One setting or removal in a jar.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    path: String,
    domain: String,
    removes: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let paths = prop_oneof![Just("/"), Just("/shop"), Just("/Shop"), Just("/shop/")];
    let domains = prop_oneof![Just("example.com"), Just("EXAMPLE.com"), Just("example.org"), Just("a.example.com")];
    (0..7_u8, paths, domains, proptest::bool::weighted(0.2)).prop_map(|(kind, path, domain, removes)| Step {
        kind,
        path: path.into(),
        domain: domain.into(),
        removes,
    })
}

fn one<T: Cookie>(value: T, removes: bool) -> SetCookie<T> {
    if removes { SetCookie::removal() } else { SetCookie::new(value) }
}

fn duration() -> impl Strategy<Value = Duration> {
    let seconds = prop_oneof![0..100_u64, 0..100_000_000_u64, any::<u64>()];
    let nanoseconds = prop_oneof![4 => Just(0), 1 => 0..1_000_000_000_u32];
    (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds))
}

/// Where the system has such an instant.
fn instant() -> impl Strategy<Value = Option<SystemTime>> {
    let seconds = prop_oneof![
        4 => FIRST..=LAST,
        1 => FIRST - 3..=FIRST + 3,
        1 => LAST - 3..=LAST + 3,
        1 => -3..3_i64,
        1 => any::<i64>(),
    ];
    let nanoseconds = prop_oneof![Just(0), 0..1_000_000_000_u32];
    (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| at(seconds)?.checked_add(Duration::new(0, nanoseconds)))
}

/// The second that the instant lies in.
fn unix_seconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_secs().try_into().unwrap(),
        Err(before) => {
            let before = before.duration();
            let seconds = -i128::from(before.as_secs()) - i128::from(before.subsec_nanos() > 0);
            seconds.try_into().unwrap_or(i64::MIN)
        }
    }
}
