//! Tests attributes that a policy or a setter sets at run time. Either hardtack rejects the setting, or all parsers
//! read exactly the attribute that the setting describes. If a cookie is set several times, the jar keeps only the last
//! header.

use std::time::{Duration, SystemTime};

use hardtack::audit::{Context, Rejection, Stored, set_cookie};
use hardtack::policy::PolicyBuilder;
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

/// The current time in the tests, in Unix seconds.
const NOW: i64 = 1_800_000_000;
/// The declared `max_age` of `Cart`, in seconds.
const THIRTY_DAYS: i64 = 30 * 86_400;

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn any_base_path_is_unchanged_or_an_error(base_path in base_path()) {
        let policy = match Policy::builder().base_path(base_path.clone()).build() {
            Ok(policy) => PolicyHandle::new(policy),
            Err(error) => {
                prop_assert_eq!(error.key(), "base_path");
                prop_assert!(!is_base_path(&base_path), "{}", error);
                return Ok(());
            }
        };
        prop_assert!(is_base_path(&base_path));
        let mut expected = ExpectedCookie::from_spec(&Cart::SPEC, "v");
        expected.path = format!("{}/shop", base_path.trim_end_matches('/'));
        let is_too_long = expected.path.len() > syntax::MAX_ATTRIBUTE_BYTES;
        match jar_header(&policy, None, |jar| jar.set(Cart("v".into()))) {
            Ok(header) => {
                prop_assert!(!is_too_long);
                expected.assert_matches(header.to_str().unwrap());
            }
            Err(SetError::Attribute { attribute: "path", .. }) => prop_assert!(is_too_long),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        // hardtack puts no base path before the path `/`.
        let header = jar_header(&policy, None, |jar| jar.set(AString("v".into()))).unwrap();
        ExpectedCookie::from_spec(&AString::SPEC, "v").assert_matches(header.to_str().unwrap());
    }

    #[test]
    fn any_cookie_domain_is_unchanged_or_an_error(domain in domain()) {
        let fault = domain_fault(&domain);
        match Policy::builder().cookie_domain(domain.clone()).build() {
            Ok(policy) => {
                let header = jar_header(&PolicyHandle::new(policy), None, |jar| jar.set(Everywhere("v".into()))).unwrap();
                let mut expected = ExpectedCookie::from_spec(&Everywhere::SPEC, "v");
                if !domain.eq_ignore_ascii_case("none") {
                    prop_assert!(fault.is_none(), "{:?}", fault);
                    expected.domain = Some(domain);
                }
                expected.assert_matches(header.to_str().unwrap());
            }
            Err(error) => {
                prop_assert_eq!(error.key(), "cookie_domain");
                let fact = fault.unwrap().text.split(';').next().unwrap();
                // If the domain contains colons, the policy can return a different error text: "the domain is an IP
                // address".
                let is_fact = error.to_string().contains(fact) || domain.contains(':');
                prop_assert!(is_fact, "{} {}", error, fact);
            }
        }
    }

    #[test]
    fn any_domain_for_a_host_is_a_parent_of_the_host(domain in domain(), subdomain in "(www\\.|a\\.b\\.|www|)", other in domain()) {
        let host = format!("{subdomain}{domain}");
        let answer = if subdomain == "www" { other } else { domain };
        let (is_valid, mut request) = (domain_fault(&answer).is_none(), HeaderMap::new());
        let Ok(value) = HeaderValue::from_str(&host) else { return Ok(()) };
        request.insert("host", value);
        let returned = answer.clone();
        let policy = PolicyHandle::new(Policy::builder().cookie_domain_for(move |_| Some(returned.clone())).build().unwrap());
        let header = jar_header(&policy, Some(&request), |jar| jar.set(Everywhere("v".into()))).unwrap();
        let header = header.to_str().unwrap();
        match attribute(header, "Domain") {
            Some(domain) => {
                prop_assert!(is_valid, "{}", answer);
                prop_assert_eq!(domain, answer);
                let parent = format!(".{}", domain.to_ascii_lowercase());
                prop_assert!(format!(".{}", host.to_ascii_lowercase()).ends_with(&parent), "{} {}", host, domain);
                let mut expected = ExpectedCookie::from_spec(&Everywhere::SPEC, "v");
                expected.domain = Some(domain.to_owned());
                expected.assert_matches(header);
            }
            // A host with more than 253 characters is not a valid host.
            None => prop_assert!(!is_valid || subdomain == "www" || host.len() > 253, "{} {}", host, answer),
        }
    }

    #[test]
    fn any_max_age_is_cut_to_the_declared_one(max_age in duration()) {
        let set = || SetCookie::new(Cart("v".into())).max_age(max_age);
        let mut expected = ExpectedCookie::from_spec(&Cart::SPEC, "v");
        expected.max_age = Some(max_age.as_secs().min(THIRTY_DAYS.unsigned_abs()));
        check_setters(&set, &expected);
    }

    #[test]
    fn any_expiry_is_cut_to_the_declared_max_age(until in instant()) {
        let Some(until) = until else { return Ok(()) };
        let now = system_time(NOW).unwrap();
        let set = || testing::at(now, || SetCookie::new(Cart("v".into())).expires(until));
        let seconds = unix_seconds(until);
        let mut expected = ExpectedCookie::from_spec(&Cart::SPEC, "v");
        if seconds <= NOW + THIRTY_DAYS {
            (expected.max_age, expected.expires) = (None, Some(seconds));
        }
        match set().header_value(&testing::https()) {
            Ok(_) => prop_assert!(seconds >= FIRST),
            Err(SetError::Attribute { attribute: "expires", .. }) => {
                prop_assert!(seconds < FIRST);
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        check_setters(&set, &expected);
    }

    #[test]
    fn first_error_and_last_valid_settings_count(settings in vec((0..6_u8, duration()), 0..8)) {
        let now = system_time(NOW).unwrap();
        let mut set = SetCookie::new(Cart("v".into()));
        let mut expected = ExpectedCookie::from_spec(&Cart::SPEC, "v");
        let mut first_error = None;
        for (setter, max_age) in settings {
            let (changed, error) = match setter {
                0 => {
                    (expected.max_age, expected.expires) = (Some(max_age.as_secs().min(THIRTY_DAYS.unsigned_abs())), None);
                    (set.max_age(max_age), None)
                }
                1 => {
                    (expected.max_age, expected.expires) = (None, Some(NOW + 60));
                    (testing::at(now, || set.expires(system_time(NOW + 60).unwrap())), None)
                }
                2 => (set.expires(system_time(FIRST - 1).unwrap()), Some("expires")),
                3 => {
                    (expected.max_age, expected.expires) = (None, None);
                    (set.without_max_age(), None)
                }
                4 => {
                    expected.same_site = SameSite::Strict;
                    (set.same_site(SameSite::Strict), None)
                }
                // `Lax` is the declared value. After a call with `Strict`, a call with `Lax` would make the cookie
                // weaker, so the call causes an error.
                _ => {
                    let is_weaker = expected.same_site == SameSite::Strict;
                    (set.same_site(SameSite::Lax), is_weaker.then_some("same_site"))
                }
            };
            set = changed;
            first_error = first_error.or(error);
        }
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
        match (set.header_value(&testing::https()), first_error) {
            (Ok(header), None) => expected.assert_matches(header.to_str().unwrap()),
            (Err(SetError::Attribute { attribute, cookie, .. }), Some(expected)) => {
                prop_assert_eq!((attribute, cookie), (expected, Cart::SPEC.name));
                prop_assert!(set.to_encoded_cookie(&testing::https()).is_err());
                prop_assert!(set.to_decoded_cookie(&testing::https()).is_err());
                prop_assert!(jar.set(set).is_err());
                let mut response = HeaderMap::new();
                jar.write(&mut response);
                prop_assert!(response.is_empty());
            }
            (found, expected) => prop_assert!(false, "{:?}, not {:?}", found, expected),
        }
    }

    #[test]
    fn removals_have_the_identity_of_their_cookie(base_path in base_path(), domain in domain(), varies in 0..4_u8) {
        let vary = |builder: PolicyBuilder| {
            let builder = if varies & 1 > 0 { builder.base_path(base_path.clone()) } else { builder };
            if varies & 2 > 0 { builder.cookie_domain(domain.clone()) } else { builder }
        };
        let Ok(policy) = vary(Policy::builder()).build() else { return Ok(()) };
        let host = policy.cookie_domain().unwrap_or("www.example.com").to_ascii_lowercase();
        let policy = PolicyHandle::new(policy);
        check_removal::<Everywhere>(&policy, &host, Everywhere("v".into()))?;
        check_removal::<Sso>(&policy, "a.example.com", Sso("v".into()))?;
        check_removal::<Cart>(&policy, "a.example", Cart("v".into()))?;
        check_removal::<Widget>(&policy, "a.example", Widget("v".into()))?;
        check_removal::<Legacy>(&policy, "a.example", Legacy("v".into()))?;
    }

    #[test]
    fn the_last_set_of_each_identity_is_sent(steps in vec((0..NAMESAKES.len() + 1, proptest::bool::weighted(0.2)), 0..24)) {
        let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.net").build().unwrap());
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
        let clone = jar.clone();
        let mut expected: Vec<(Identity, Option<String>)> = Vec::new();
        for (at, (kind, removes)) in steps.into_iter().enumerate() {
            let jar = if at % 2 == 0 { &jar } else { &clone };
            let value = format!("v{at}");
            let Some((identity, set_or_remove)) = NAMESAKES.get(kind) else {
                // If `set` returns an error, the jar does not change.
                prop_assert!(jar.set(AString("x".repeat(4096))).is_err());
                prop_assert!(jar.set(SetCookie::new(Script("v".into())).same_site(SameSite::None)).is_err());
                continue;
            };
            let value = (!removes).then_some(value);
            prop_assert_eq!(set_or_remove(jar, value.clone()), Ok(value.clone()));
            expected.retain(|(other, _)| other != identity);
            expected.push((*identity, value));
        }
        // The headers that remove cookies come before the headers that set cookies.
        expected.sort_by_key(|(_, value)| value.is_some());
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        let found: Vec<_> = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap()).map(|header| {
            let (name, value) = pair(header);
            let domain = attribute(header, "Domain").map(str::to_ascii_lowercase);
            let is_partitioned = header.contains("; Partitioned");
            let removes = attribute(header, "Max-Age") == Some("0");
            let identity = (name, attribute(header, "Path").unwrap(), domain, is_partitioned);
            (identity, (!removes).then(|| value.to_owned()))
        }).collect();
        let expected: Vec<_> = expected.into_iter().map(|((name, path, domain, is_partitioned), value)| {
            ((name, path, domain.map(str::to_owned), is_partitioned), value)
        }).collect();
        prop_assert_eq!(found, expected);
        let is_late = matches!(clone.set(Cart("late".into())), Err(SetError::ResponseSent { .. }));
        prop_assert!(is_late);
    }
}

/// Asserts that `set` writes the expected header, and that the two conversions to the cookie crate keep the attributes.
fn check_setters<T: Cookie>(set: &dyn Fn() -> SetCookie<T>, expected: &ExpectedCookie) {
    expected.assert_matches(set().header_value(&testing::https()).unwrap().to_str().unwrap());
    expected.assert_cookie(&set().to_encoded_cookie(&testing::https()).unwrap());
    // The value `v` needs no percent-encoding.
    expected.assert_cookie(&set().to_decoded_cookie(&testing::https()).unwrap());
}

/// Asserts that the header that removes the cookie has the same name, path, domain and flags as the header that sets
/// the cookie. The browser sends the request to `host`.
fn check_removal<T: Cookie>(policy: &PolicyHandle, host: &str, value: T) -> TestCaseResult {
    let set = match jar_header(policy, None, |jar| jar.set(value)) {
        Ok(set) => set,
        // The base path and the declared path together are too long.
        Err(SetError::Attribute { attribute: "path", .. }) => {
            prop_assert!(jar_header(policy, None, |jar| jar.remove::<T>()).is_err());
            return Ok(());
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let removal_header = jar_header(policy, None, |jar| jar.remove::<T>()).unwrap();
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
    // Without `Expires`, security scanners do not recognise that a header removes a cookie. So the header must have
    // `Expires`.
    let expires = parse_cookie_date(attribute(removal_header.to_str().unwrap(), "Expires").unwrap().as_bytes());
    prop_assert_eq!(expires, Some(0));
    Ok(())
}

/// Returns the header that `change` adds to a jar with the policy. The jar must contain exactly one header.
fn jar_header(
    policy: &PolicyHandle,
    request: Option<&HeaderMap>,
    change: impl FnOnce(&Cookies) -> Result<(), SetError>,
) -> Result<HeaderValue, SetError> {
    let jar = Cookies::from_headers(request.unwrap_or(&HeaderMap::new()), testing::https()).with_policy(policy);
    change(&jar)?;
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    assert_eq!(response.len(), 1);
    Ok(response["set-cookie"].clone())
}

fn rejected(rejection: Rejection) -> TestCaseError {
    TestCaseError::fail(rejection.to_string())
}

/// The identity of a cookie: the cookie's name, path, domain, and true if the cookie is partitioned.
type Identity = (&'static str, &'static str, Option<&'static str>, bool);

/// Sets the cookie to a value, or removes the cookie if the value is `None`. Returns the value that the jar then reads.
type SetOrRemove = fn(&Cookies, Option<String>) -> Result<Option<String>, SetError>;

/// Declares cookies, and lists each cookie's identity.
macro_rules! namesakes {
    ($($ident:ident: [$($key:tt)*] => ($path:literal, $domain:expr, $is_partitioned:literal);)*) => {
        $(
            #[derive(Cookie)]
            #[cookie(name = "__Secure-cart", $($key)*)]
            struct $ident(String);
        )*

        /// Cookies that differ in one part of the identity, and some cookies with equal identities.
        const NAMESAKES: &[(Identity, SetOrRemove)] = &[
            $((("__Secure-cart", $path, $domain, $is_partitioned), |jar, value| {
                match value {
                    Some(value) => jar.set($ident(value))?,
                    None => jar.remove::<$ident>()?,
                }
                Ok(jar.get::<$ident>().map(|cookie| cookie.0))
            }),)*
        ];
    };
}

namesakes! {
    AtRoot: [path = "/"] => ("/", None, false);
    InShop: [path = "/shop"] => ("/shop", None, false);
    InShopToo: [path = "/shop", same_site = Strict] => ("/shop", None, false);
    InCapitalShop: [path = "/Shop"] => ("/Shop", None, false);
    UnderShop: [path = "/shop/"] => ("/shop/", None, false);
    Embedded: [path = "/shop", same_site = None, partitioned, reason = "embedded by customers"] => ("/shop", None, true);
    OnDomain: [path = "/shop", domain = "example.com"] => ("/shop", Some("example.com"), false);
    OnCapitalDomain: [path = "/shop", domain = "EXAMPLE.com"] => ("/shop", Some("example.com"), false);
    OnOtherDomain: [path = "/shop", domain = "example.org"] => ("/shop", Some("example.org"), false);
    OnSubdomain: [path = "/shop", domain = "a.example.com"] => ("/shop", Some("a.example.com"), false);
    OnPolicyDomain: [domain = policy] => ("/", Some("example.net"), false);
    OnSameDomain: [domain = "example.net"] => ("/", Some("example.net"), false);
}

fn domain_fault(domain: &str) -> Option<syntax::Fault> {
    syntax::check_domain(domain).err().or(is_public_suffix(domain).then_some(syntax::PUBLIC_SUFFIX))
}

fn base_path() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => path(),
        2 => "(/[!$&'()*+,.0-9:=@A-Za-z_|~%-]{1,12}){1,4}/?",
        1 => "(/|\\.|%2[eE]|a){0,12}",
    ]
}

/// Returns true if the text is a path that browsers compare unchanged with the path of a request.
fn is_base_path(text: &str) -> bool {
    let is_dot_segment = |segment: &str| matches!(&*segment.replace("%2e", ".").replace("%2E", "."), "." | "..");
    text.is_empty()
        || syntax::check_path(text).is_ok()
            && !text.contains([' ', '"', '#', '<', '>', '?', '\\', '`', '{', '}'])
            && !text.contains("//")
            && !text.split('/').any(is_dot_segment)
}

fn duration() -> impl Strategy<Value = Duration> {
    let seconds = prop_oneof![0..100_u64, 0..6_000_000_u64, any::<u64>()];
    let nanoseconds = prop_oneof![4 => Just(0), 1 => 0..1_000_000_000_u32];
    (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds))
}

/// Generates any time. Returns `None` if the platform's `SystemTime` cannot represent the time.
fn instant() -> impl Strategy<Value = Option<SystemTime>> {
    let seconds = prop_oneof![
        2 => FIRST..=LAST,
        2 => NOW - THIRTY_DAYS..NOW + 2 * THIRTY_DAYS,
        1 => NOW + THIRTY_DAYS - 3..NOW + THIRTY_DAYS + 3,
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
