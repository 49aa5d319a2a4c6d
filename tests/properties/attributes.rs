//! Tests attributes that are set at run time. Either hardtack rejects an attribute, or all parsers read exactly the
//! attribute that the setter wrote. If a cookie is set several times, the jar keeps only the last header.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use hardtack::audit::{Context, Rejection, Stored, set_cookie};
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, ReadCookie, SameSite, SetCookie, SetError, testing};
use hardtack_rules::date::parse_cookie_date;
use hardtack_rules::syntax;
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::values::AString;
use super::{
    Cart, Everywhere, FIRST, LAST, Legacy, Script, Sso, Widget, attribute, config, domain, is_public_suffix, pair, path,
};
use crate::expected_cookie::{ExpectedCookie, system_time};

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn any_path_is_unchanged_or_an_error(path in path()) {
        let set = || SetCookie::new(Cart("v".into())).path(path.clone());
        let expected = |spec: &mut ExpectedCookie| spec.path.clone_from(&path);
        check_setting(&set, "path", syntax::check_path(&path).err(), expected)?;
    }

    #[test]
    fn any_domain_is_unchanged_or_an_error(domain in domain()) {
        let set = || SetCookie::new(Sso("v".into())).domain(domain.clone());
        let expected = |spec: &mut ExpectedCookie| spec.domain = Some(domain.clone());
        let is_suffix = is_public_suffix(&domain);
        let fault = syntax::check_domain(&domain).err().or(is_suffix.then_some(syntax::PUBLIC_SUFFIX));
        check_setting(&set, "domain", fault, expected)?;
    }

    #[test]
    fn any_max_age_is_unchanged_or_an_error(max_age in duration()) {
        let set = || SetCookie::new(Cart("v".into())).max_age(max_age);
        let expected = |spec: &mut ExpectedCookie| spec.max_age = Some(max_age.as_secs());
        let fault = (max_age.subsec_nanos() != 0).then(|| syntax::check_max_age(max_age).unwrap_err());
        check_setting(&set, "max_age", fault, expected)?;
    }

    #[test]
    fn any_expiry_is_unchanged_or_an_error(until in instant()) {
        let Some(until) = until else { return Ok(()) };
        let set = || SetCookie::new(Cart("v".into())).expires(until);
        let seconds = unix_seconds(until);
        let header = match set().header_value(&testing::https()) {
            Ok(header) => header,
            Err(SetError::Attribute { attribute: "expires", .. }) => {
                prop_assert!(!(FIRST..=LAST).contains(&seconds));
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert!((FIRST - 1..=LAST).contains(&seconds));
        let mut expected = ExpectedCookie::from_spec(&Cart::SPEC, "v");
        expected.max_age = None;
        expected.expires = parse_cookie_date(attribute(header.to_str().unwrap(), "Expires").unwrap().as_bytes());
        // A `Set-Cookie` header cannot contain fractions of a second, so hardtack rounds the time towards 1970.
        let expires = expected.expires.unwrap();
        prop_assert!(expires == seconds || expires == seconds + 1 && expires <= 0, "{} {}", expires, seconds);
        expected.assert_matches(header.to_str().unwrap());
        expected.assert_cookie(&set().to_cookie(&testing::https()).unwrap());
    }

    #[test]
    fn first_error_and_last_valid_settings_count(
        settings in vec((0..6_u8, path(), domain(), duration()), 0..8)
    ) {
        let mut set = SetCookie::new(Sso("v".into()));
        let mut expected = ExpectedCookie::from_spec(&Sso::SPEC, "v");
        let mut first_error = None;
        for (setter, path, domain, max_age) in settings {
            let (changed, error) = match setter {
                0 => {
                    let is_invalid = syntax::check_path(&path).is_err();
                    expected.path.clone_from(&path);
                    (set.path(path), is_invalid.then_some("path"))
                }
                1 => {
                    let is_invalid = syntax::check_domain(&domain).is_err() || is_public_suffix(&domain);
                    expected.domain = Some(domain.clone());
                    (set.domain(domain), is_invalid.then_some("domain"))
                }
                2 => {
                    (expected.max_age, expected.expires) = (Some(max_age.as_secs()), None);
                    (set.max_age(max_age), (max_age.subsec_nanos() != 0).then_some("max_age"))
                }
                3 => {
                    (expected.max_age, expected.expires) = (None, Some(1_900_000_000));
                    (set.expires(system_time(1_900_000_000).unwrap()), None)
                }
                4 => {
                    (expected.max_age, expected.expires) = (None, None);
                    (set.without_max_age(), None)
                }
                // The cookie is declared `SameSite=Strict`, so any other `SameSite` is weaker and causes an error.
                _ if max_age.as_secs() % 2 == 0 => (set.same_site(SameSite::Strict), None),
                _ => (set.same_site(SameSite::Lax), Some("same_site")),
            };
            set = changed;
            first_error = first_error.or(error);
        }
        match (set.header_value(&testing::https()), first_error) {
            (Ok(header), None) => expected.assert_matches(header.to_str().unwrap()),
            (Err(SetError::Attribute { attribute, .. }), Some(expected)) => prop_assert_eq!(attribute, expected),
            (found, expected) => prop_assert!(false, "{:?}, not {:?}", found, expected),
        }
    }

    #[test]
    fn removals_have_the_identity_of_their_cookie(path in path(), domain in domain(), varies in 0..8_u8) {
        let vary = |set: SetCookie<Sso>| {
            let set = if varies & 1 > 0 { set.path(path.clone()) } else { set };
            if varies & 2 > 0 { set.domain(domain.clone()) } else { set }
        };
        let (Ok(set), Ok(removed)) = (
            vary(SetCookie::new(Sso("v".into()))).header_value(&testing::https()),
            vary(SetCookie::removal()).header_value(&testing::https()),
        ) else { return Ok(()) };
        let host = if varies & 2 > 0 { domain.to_ascii_lowercase() } else { "example.com".into() };
        check_removal(&set, &removed, &host)?;
        let declared = |cookie: &SetCookie<Cart>| cookie.header_value(&testing::https()).unwrap();
        check_removal(&declared(&SetCookie::new(Cart("v".into()))), &declared(&SetCookie::removal()), "a.example")?;
        let declared = |cookie: &SetCookie<Widget>| cookie.header_value(&testing::https()).unwrap();
        check_removal(&declared(&SetCookie::new(Widget("v".into()))), &declared(&SetCookie::removal()), "a.example")?;
        let declared = |cookie: &SetCookie<Legacy>| cookie.header_value(&testing::https()).unwrap();
        check_removal(&declared(&SetCookie::new(Legacy("v".into()))), &declared(&SetCookie::removal()), "a.example")?;
    }

    #[test]
    fn the_last_set_of_each_identity_is_sent(steps in vec(step(), 0..24)) {
        let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.net").build().unwrap());
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
        let clone = jar.clone();
        let mut expected: Vec<(Identity<'_>, Option<String>)> = Vec::new();
        for (at, Step { kind, path, domain, removes }) in steps.iter().enumerate() {
            let jar = if at % 2 == 0 { &jar } else { &clone };
            let value = format!("v{at}");
            let identity = |name: &'static str, path: &str, domain: Option<&str>| {
                (name, path.to_owned(), domain.map(str::to_ascii_lowercase))
            };
            let cart = set_or_remove(Cart(value.clone()), *removes);
            let (key, result) = match kind {
                0 => (identity(Cart::SPEC.name, path, None), jar.set(cart.path(path))),
                1 => {
                    let sso = set_or_remove(Sso(value.clone()), *removes).path(path).domain(domain);
                    (identity(Sso::SPEC.name, path, Some(domain)), jar.set(sso))
                }
                2 => (identity(Cart::SPEC.name, "/shop", Some(domain)), jar.set(cart.domain(domain))),
                3 => {
                    let everywhere = set_or_remove(Everywhere(value.clone()), *removes).path(path);
                    (identity(Everywhere::SPEC.name, path, Some("example.net")), jar.set(everywhere))
                }
                4 => (identity(Script::SPEC.name, "/", None), jar.set(set_or_remove(Script(value.clone()), *removes))),
                5 => {
                    let string = set_or_remove(AString(value.clone()), *removes);
                    (identity(AString::SPEC.name, "/", None), jar.set(string))
                }
                // If `set` returns an error, the jar does not change.
                _ => {
                    prop_assert!(jar.set(cart.path("no/root").domain(domain)).is_err());
                    prop_assert!(jar.set(AString("x".repeat(4096))).is_err());
                    continue;
                }
            };
            prop_assert!(result.is_ok(), "{:?}", result);
            expected.retain(|(other, _)| *other != key);
            expected.push((key, (!removes).then_some(value)));
        }
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        let found: Vec<_> = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap()).map(|header| {
            let (name, value) = pair(header);
            let domain = attribute(header, "Domain").map(str::to_ascii_lowercase);
            let removes = attribute(header, "Max-Age") == Some("0");
            ((name, attribute(header, "Path").unwrap().to_owned(), domain), (!removes).then(|| value.to_owned()))
        }).collect();
        prop_assert_eq!(found, expected);
        let is_late = matches!(clone.set(Cart("late".into())), Err(SetError::ResponseSent { .. }));
        prop_assert!(is_late);
    }
}

/// If `expected` contains a fault, asserts that `set` returns an error with the same fault. If `expected` is `None`,
/// asserts that all parsers read the attributes in `change`.
fn check_setting<T: Cookie>(
    set: &dyn Fn() -> SetCookie<T>,
    setter: &str,
    expected: Option<syntax::Fault>,
    change: impl FnOnce(&mut ExpectedCookie),
) -> TestCaseResult {
    match (set().header_value(&testing::https()), expected) {
        (Ok(header), None) => {
            let mut expected = ExpectedCookie::from_spec(&T::SPEC, "v");
            change(&mut expected);
            expected.assert_matches(header.to_str().unwrap());
            let cookie = set().to_cookie(&testing::https()).unwrap();
            expected.assert_cookie(&cookie);
            Ok(())
        }
        (Err(SetError::Attribute { attribute, fault, cookie, .. }), Some(expected)) => {
            prop_assert_eq!((attribute, cookie), (setter, T::SPEC.name));
            prop_assert!(fault.to_string().starts_with(expected.text), "{} {}", fault, expected);
            prop_assert!(set().to_cookie(&testing::https()).is_err());
            let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
            prop_assert!(jar.set(set()).is_err());
            let mut response = HeaderMap::new();
            jar.write(&mut response);
            prop_assert!(response.is_empty());
            Ok(())
        }
        (found, expected) => Err(TestCaseError::fail(format!("{found:?}, not {expected:?}"))),
    }
}

/// Asserts that the two headers have the same name, path, domain and flags. Also asserts that the second header removes
/// the cookie.
fn check_removal(set: &HeaderValue, removal_header: &HeaderValue, host: &str) -> TestCaseResult {
    let context = Context::https(host).path("/some/where");
    let set: Stored = set_cookie(set.as_bytes(), &context).stored.map_err(rejected)?;
    let removal = set_cookie(removal_header.as_bytes(), &context).stored.map_err(rejected)?;
    prop_assert!(!set.is_removal() && removal.is_removal());
    prop_assert!(removal.value.is_empty());
    let without_value = |stored: &Stored| {
        let Stored { name, domain, host_only, path, secure, http_only, same_site, partitioned, .. } = stored.clone();
        (name, domain, host_only, path, secure, http_only, same_site, partitioned)
    };
    prop_assert_eq!(without_value(&set), without_value(&removal));
    // Security scanners only recognise a header that removes a cookie if the header has `Expires`.
    let expires = parse_cookie_date(attribute(removal_header.to_str().unwrap(), "Expires").unwrap().as_bytes());
    prop_assert_eq!(expires, Some(0));
    Ok(())
}

fn rejected(rejection: Rejection) -> TestCaseError {
    TestCaseError::fail(rejection.to_string())
}

/// The identity of a cookie: the cookie's name, path and domain.
type Identity<'a> = (&'a str, String, Option<String>);

/// One `set` or `remove` in a jar.
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

fn set_or_remove<T: Cookie>(value: T, removes: bool) -> SetCookie<T> {
    if removes { SetCookie::removal() } else { SetCookie::new(value) }
}

fn duration() -> impl Strategy<Value = Duration> {
    let seconds = prop_oneof![0..100_u64, 0..100_000_000_u64, any::<u64>()];
    let nanoseconds = prop_oneof![4 => Just(0), 1 => 0..1_000_000_000_u32];
    (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds))
}

/// Generates any time. Returns `None` if the platform's `SystemTime` cannot represent the time.
fn instant() -> impl Strategy<Value = Option<SystemTime>> {
    let seconds = prop_oneof![
        4 => FIRST..=LAST,
        1 => FIRST - 3..=FIRST + 3,
        1 => LAST - 3..=LAST + 3,
        1 => -3..3_i64,
        1 => any::<i64>(),
    ];
    let nanoseconds = prop_oneof![Just(0), 0..1_000_000_000_u32];
    (seconds, nanoseconds)
        .prop_map(|(seconds, nanoseconds)| system_time(seconds)?.checked_add(Duration::new(0, nanoseconds)))
}

/// Returns the Unix seconds of a time, rounded down.
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
