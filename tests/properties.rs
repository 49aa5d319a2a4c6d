//! What holds for all inputs: any value comes back equal and adds nothing to its line, any octets are read without
//! harm, any attribute given at run time is refused or stands as it was given, and no text shows a value.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a property that does not hold fails the test"
)]

use std::borrow::Cow;
use std::fmt::{self, Debug, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use hardtack::audit::{Rejection, Seen, Stored, set_cookie};
use hardtack::private::pairs;
use hardtack::{
    AnyScheme, Cookie, CookieValue, Cookies, InvalidValue, Listener, Policy, PolicyHandle, ReadError, SameSite,
    SetCookie, SetError, Spec, ValueWriter, cookie, document_cookie, testing,
};
use hardtack_rules::date::{cookie_date, imf_fixdate};
use hardtack_rules::syntax;
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Stands in values, and may stand in no other text.
const SECRET: &str = "opensesame";

fn config(cases: u32) -> ProptestConfig {
    // A failure is printed with its seed; nothing is written beside the sources.
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A cookie of each type of value, and the property that all its values come back.
macro_rules! values {
    ($($test:ident: $name:ident($type:ty) from $values:expr;)*) => {$(
        #[derive(Cookie)]
        struct $name($type);

        proptest! {
            #![proptest_config(config(256))]
            #[test]
            fn $test(value in $values) {
                comes_back(value, $name, |it| it.0)?;
            }
        }
    )*};
}

values! {
    texts_come_back: AString(String) from text();
    boxed_texts_come_back: ABox(Box<str>) from text().prop_map(String::into_boxed_str);
    borrowed_texts_come_back: ACow(Cow<'static, str>) from text().prop_map(Cow::Owned);
    booleans_come_back: ABool(bool) from any::<bool>();
    characters_come_back: AChar(char) from any::<char>();
    u8s_come_back: AU8(u8) from any::<u8>();
    u16s_come_back: AU16(u16) from any::<u16>();
    u32s_come_back: AU32(u32) from any::<u32>();
    u64s_come_back: AU64(u64) from any::<u64>();
    u128s_come_back: AU128(u128) from any::<u128>();
    usizes_come_back: AUsize(usize) from any::<usize>();
    i8s_come_back: AI8(i8) from any::<i8>();
    i16s_come_back: AI16(i16) from any::<i16>();
    i32s_come_back: AI32(i32) from any::<i32>();
    i64s_come_back: AI64(i64) from any::<i64>();
    i128s_come_back: AI128(i128) from any::<i128>();
    isizes_come_back: AIsize(isize) from any::<isize>();
    f32s_come_back: AF32(f32) from f32s();
    f64s_come_back: AF64(f64) from f64s();
    non_zeros_come_back: ANonZero(NonZeroU64) from (1..=u64::MAX).prop_map(|number| number.try_into().unwrap());
    addresses_come_back: AnIpAddr(IpAddr) from any::<IpAddr>();
    v4_addresses_come_back: AnIpv4Addr(Ipv4Addr) from any::<Ipv4Addr>();
    v6_addresses_come_back: AnIpv6Addr(Ipv6Addr) from any::<Ipv6Addr>();
    v4_sockets_come_back: AV4Socket(SocketAddrV4) from any::<SocketAddrV4>();
    v6_sockets_come_back: AV6Socket(SocketAddrV6) from any::<SocketAddrV6>().prop_map(without_flow_label);
    newtypes_come_back: ANewtype(UserId) from any::<u64>().prop_map(UserId);
    nested_newtypes_come_back: ANested(Tenant) from text().prop_map(|text| Tenant { name: text });
    enums_come_back: AnEnum(Theme) from prop_oneof![Just(Theme::Light), Just(Theme::VeryDark), Just(Theme::Odd)];
    written_by_hand_comes_back: AByHand(Pair) from (text(), text()).prop_map(|(a, b)| Pair(a, b));
    display_and_from_str_come_back: AVersion(Version) from (any::<u16>(), text()).prop_map(|(a, b)| Version(a, b));
    generics_come_back: AGeneric(Wrapped<i32>) from any::<i32>().prop_map(Wrapped);
}

#[derive(CookieValue, Debug, Clone, PartialEq)]
struct UserId(u64);

#[derive(CookieValue, Debug, Clone, PartialEq)]
struct Tenant {
    name: String,
}

#[derive(CookieValue, Debug, Clone, PartialEq)]
struct Wrapped<T>(T);

#[derive(CookieValue, Debug, Clone, PartialEq)]
#[cookie(rename_all = "SCREAMING-KEBAB-CASE")]
enum Theme {
    Light,
    VeryDark,
    #[cookie(rename = "a;b=ü %41\r\n")]
    Odd,
}

/// Two texts, the first led by its length.
#[derive(Debug, Clone, PartialEq)]
struct Pair(String, String);

impl CookieValue for Pair {
    fn write(&self, out: &mut ValueWriter) {
        self.0.len().write(out);
        out.push(';');
        out.push_str(&self.0);
        write!(out, "{}", self.1).unwrap();
    }
    fn read(text: &str) -> Result<Self, InvalidValue> {
        const PAIR: InvalidValue = InvalidValue::expected("a pair");
        let (length, texts) = text.split_once(';').ok_or(PAIR)?;
        let (a, b) = texts.split_at_checked(usize::read(length)?).ok_or(PAIR)?;
        Ok(Pair(a.to_owned(), b.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Version(u16, String);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}\t{}", self.0, self.1)
    }
}

impl FromStr for Version {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, label) = text.strip_prefix('v').and_then(|rest| rest.split_once('\t')).ok_or(())?;
        Ok(Version(number.parse().map_err(drop)?, label.to_owned()))
    }
}

/// All but NaN, which equals nothing.
fn f32s() -> impl Strategy<Value = f32> {
    use proptest::num::f32::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    NORMAL | SUBNORMAL | ZERO | INFINITE | POSITIVE | NEGATIVE
}

fn f64s() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    NORMAL | SUBNORMAL | ZERO | INFINITE | POSITIVE | NEGATIVE
}

/// `Display` does not write it: the one thing of a std type that does not come back.
fn without_flow_label(mut address: SocketAddrV6) -> SocketAddrV6 {
    address.set_flowinfo(0);
    address
}

/// Not equal to itself, and the sign of zero is: bits are compared.
#[test]
fn nan_and_the_sign_of_zero_come_back() {
    for value in [f64::NAN, -f64::NAN, 0.0, -0.0] {
        let mut request = HeaderMap::new();
        request.insert("cookie", testing::request_header(&AF64(value)));
        let AF64(read) = Cookies::read(&request, testing::https()).get().unwrap().unwrap();
        assert!(read.is_nan() && value.is_nan() || read.to_bits() == value.to_bits(), "{value}");
    }
}

#[derive(Cookie)]
struct AHeld<T>(T);

/// A unit struct has no value but to be there.
#[derive(Cookie, Debug, Clone, PartialEq)]
struct Present;

#[derive(Cookie)]
#[cookie(path = "/shop", max_age = "30d")]
struct Cart(String);

#[derive(Cookie)]
#[cookie(domain = "example.com", same_site = Strict)]
struct Sso(String);

#[derive(Cookie)]
#[cookie(domain = environment)]
struct Everywhere(String);

#[derive(Cookie)]
#[cookie(same_site = None, partitioned, path = "/embed", reason = "embedded by customers")]
struct Widget(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "a script reads it")]
struct Script(String);

#[derive(Cookie)]
#[cookie(name = "legacy", secure = false, http_only = false, reason = "an old proxy reads it")]
struct Legacy(String);

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn name_and_value_fit_in_4096_octets_or_are_refused(value in "(?s).{0,1500}|[a-z]{4070,4090}") {
        let octets = AString::SPEC.name.len() + encoded(&value).len();
        match SetCookie::new(AString(value.clone())).header_value(&testing::https()) {
            Ok(line) => {
                prop_assert!(octets <= 4096);
                prop_assert_eq!(pair(line.to_str().unwrap()).1, encoded(&value));
            }
            Err(SetError::TooLarge { octets: counted, limit: 4096, .. }) => {
                prop_assert!(octets > 4096);
                prop_assert_eq!(counted, octets);
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

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
        meant.is_read_from(line.to_str().unwrap())?;
        meant.is_cookie(&set().to_cookie(&testing::https()).unwrap())?;
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
            (Ok(line), None) => meant.is_read_from(line.to_str().unwrap())?,
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

    #[test]
    fn no_octets_in_a_request_do_harm_or_hide_a_good_pair(
        before in vec(piece(), 0..6), after in vec(piece(), 0..6), value in text(), apart in any::<bool>()
    ) {
        let good = testing::request_header(&AString(value.clone()));
        let (before, after) = (before.join(&b';'), after.join(&b';'));
        let line = [&before[..], good.as_bytes(), &after[..]].join(&b';');
        let found: Vec<_> = pairs(&line).filter(|(name, _)| *name == AString::SPEC.name.as_bytes()).collect();
        prop_assert_eq!(found.len(), 1);

        let mut request = HeaderMap::new();
        let fields = if apart { vec![&before[..], good.as_bytes(), &after[..]] } else { vec![&line[..]] };
        // No server hands over a field with a control octet.
        let fields: Vec<_> = fields.into_iter().filter_map(|field| HeaderValue::from_bytes(field).ok()).collect();
        let is_there = apart || !fields.is_empty();
        request.extend(fields.into_iter().map(|field| (http::header::COOKIE, field)));
        let jar = Cookies::read(&request, testing::https());
        prop_assert_eq!(jar.get::<AString>().unwrap().map(|it| it.0), is_there.then_some(value));
        let _ = (format!("{jar:?}"), jar.get::<AU32>(), jar.get::<AnEnum>(), jar.get::<Present>());
    }

    #[test]
    fn any_octets_as_a_value_are_read_or_refused(raw in vec(any::<u8>(), 0..40)) {
        let mut request = HeaderMap::new();
        for Spec { name, .. } in [AString::SPEC, AU32::SPEC, AF64::SPEC, AnEnum::SPEC, AByHand::SPEC, AVersion::SPEC] {
            if let Ok(field) = HeaderValue::from_bytes(&[name.as_bytes(), b"=", &raw].concat()) {
                request.append("cookie", field);
            }
        }
        let jar = Cookies::read(&request, testing::https());
        let _ = (jar.get::<AU32>(), jar.get::<AF64>(), jar.get::<AnEnum>());
        let _ = (jar.get::<AByHand>(), jar.get::<AVersion>());
        if let Ok(Some(AString(text))) = jar.get::<AString>() {
            // What was read is what is sent back, once it is written.
            comes_back(text, AString, |it| it.0)?;
        }
    }

    #[test]
    fn any_octets_as_a_line_are_judged(
        line in line(), host in host(), path in ".{0,12}|/[a-z/?]{0,12}", https in any::<bool>()
    ) {
        let seen = if https { Seen::https(&host) } else { Seen::http(&host) };
        let report = set_cookie(&line, &seen.path(&path));
        let _ = (report.to_string(), format!("{report:?}"));
        if let Ok(stored) = report.stored {
            prop_assert!(!stored.secure || https);
            prop_assert!(stored.name_octets().len() + stored.value_octets().len() <= 4096);
            prop_assert!(stored.same_site != Some(SameSite::None) || stored.secure);
            prop_assert!(stored.path.starts_with('/'));
            prop_assert!(stored.host_only || host.to_ascii_lowercase().ends_with(&stored.domain) || host.contains(':'));
        }
    }

    #[test]
    fn no_text_of_ours_shows_a_value(tail in "[a-zA-Z0-9]{8,12}", noise in text()) {
        let secret = format!("{SECRET}{tail}");
        let mut texts = String::new();
        let mut say = |text: &dyn Debug| write!(texts, "{text:?} {text:#?} ").unwrap();

        let set = SetCookie::new(Cart(secret.clone()));
        say(&set);
        say(&set.header_value(&testing::https()).unwrap());
        let plain = || AnyScheme::from(Listener::plain().scheme(&http::Request::new(()).into_parts().0, None));
        let refusals = [
            set.header_value(&plain()).unwrap_err(),
            set.path("no/root").header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Sso(secret.repeat(300))).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Everywhere(secret.clone())).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Failing(Broken(secret.clone()))).header_value(&testing::https()).unwrap_err(),
        ];
        say(&refusals);
        say(&refusals.each_ref().map(ToString::to_string));

        let mut request = HeaderMap::new();
        for Spec { name, .. } in [AU32::SPEC, AnEnum::SPEC, AByHand::SPEC, AVersion::SPEC, AF64::SPEC, Legacy::SPEC] {
            request.append("cookie", format!("{name}={secret}; {name}x={secret}; {secret}").parse().unwrap());
        }
        request.append("cookie", format!("legacy={secret}2; noise={}", encoded(&noise)).parse().unwrap());
        let jar = Cookies::read(&request, testing::https());
        jar.set(Cart(secret.clone())).unwrap();
        say(&jar);
        let errors: [ReadError; 6] = [
            jar.get::<AU32>().map(|_| ()).unwrap_err(),
            jar.get::<AnEnum>().map(|_| ()).unwrap_err(),
            jar.get::<AByHand>().map(|_| ()).unwrap_err(),
            jar.get::<AVersion>().map(|_| ()).unwrap_err(),
            jar.get::<Legacy>().map(|_| ()).unwrap_err(),
            Cookies::read(&request, plain()).get::<AU32>().map(|_| ()).unwrap_err(),
        ];
        say(&errors);
        for error in &errors {
            say(&(error.to_string(), error.removal(), std::error::Error::source(error).map(ToString::to_string)));
        }
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        say(&response);
        say(&jar.set(Cart(secret.clone())).unwrap_err());

        say(&document_cookie(&Script(secret.clone())).unwrap());
        say(&document_cookie(&Script(secret.repeat(300))).map(drop).unwrap_err());
        for line in [
            format!("id={secret}"),
            secret.clone(),
            format!("={secret}"),
            format!("id={secret}\0"),
            format!("__Host-id={secret}"),
            format!("id={secret}\u{fffd}; Secure; Max-Age=1"),
            format!("id={secret}; Domain=com"),
            format!("id={secret}; SameSite=None"),
        ] {
            let report = set_cookie(line.as_bytes(), &Seen::http("example.com"));
            say(&report);
            say(&report.to_string());
        }
        prop_assert!(!texts.contains(SECRET), "{}", texts);
    }

    #[test]
    fn a_script_gets_the_text_that_it_assigns(value in text()) {
        let Ok(script) = document_cookie(&Script(value.clone())) else {
            prop_assert!(encoded(&value).len() > 4000);
            return Ok(());
        };
        let text = script.to_string();
        prop_assert_eq!(&text, &format!("__Host-script={}; Path=/; Secure; SameSite=Lax", encoded(&value)));
        let quoted = script.js_string();
        prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        prop_assert!(!quoted.contains(['<', '>', '&', '\'', '\u{2028}', '\u{2029}', '\n', '\r']), "{}", quoted);
        prop_assert!(quoted.is_ascii());
    }

    #[test]
    fn what_a_generic_cookie_holds_comes_back(number in any::<i32>(), text in text()) {
        comes_back(number, AHeld, |it| it.0)?;
        comes_back(text, AHeld, |it| it.0)?;
        comes_back(Present, |it| it, |it| it)?;
    }
}

proptest! {
    #![proptest_config(config(4096))]

    #[test]
    fn every_second_of_1601_to_9999_is_written_and_read(seconds in prop_oneof![FIRST..=LAST, any::<i64>()]) {
        match imf_fixdate(seconds) {
            Some(text) => {
                prop_assert!((FIRST..=LAST).contains(&seconds));
                prop_assert_eq!(cookie_date(&text), Some(seconds));
                // The cookie crate is the other witness.
                let line = format!("a=b; Expires={}", text.escape_ascii());
                let parsed = cookie::Cookie::parse(line).unwrap();
                prop_assert_eq!(parsed.expires_datetime().map(|it| it.unix_timestamp()), Some(seconds));
            }
            None => prop_assert!(!(FIRST..=LAST).contains(&seconds)),
        }
    }

    #[test]
    fn any_octets_are_a_date_or_none(
        text in vec(any::<u8>(), 0..40),
        near in "[ ,:;0-9a-z-]{0,8}(3[01] )?(Feb|mar|DEC)[a-z]? [0-9]{1,5}[ -]{1,2}([0-9]{1,3}:){2}[0-9]{1,2}[a-z]?"
    ) {
        for text in [&text[..], near.as_bytes()] {
            if let Some(seconds) = cookie_date(text) {
                prop_assert!((FIRST..=LAST).contains(&seconds));
                prop_assert_eq!(imf_fixdate(seconds).and_then(|text| cookie_date(&text)), Some(seconds));
            }
        }
    }

    #[test]
    fn a_duration_is_its_number_times_its_unit(
        text in prop_oneof!["[0-9]{0,22}[smhdw]?", ".{0,5}", "[-+ ]?[0-9]{1,3}[.]?[0-9]?[smhd ]{0,2}"]
    ) {
        prop_assert_eq!(syntax::duration(&text).ok(), duration_by_hand(&text).map(Duration::from_secs), "{}", text);
    }

    #[test]
    fn what_is_checked_is_checked_to_its_end(text in prop_oneof![".{0,40}", path(), domain(), "[!-~]{0,80}"]) {
        let av_octets = text.bytes().all(|octet| (0x20..0x7F).contains(&octet) && octet != b';');
        let is_path = text.starts_with('/') && text.len() <= 1024 && av_octets && !text.ends_with(' ');
        prop_assert_eq!(syntax::path(&text).is_ok(), is_path, "{:?}", text);
        let labels: Vec<&str> = text.split('.').collect();
        let is_label = |label: &&str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_number = labels.last().is_some_and(|last| last.bytes().all(|octet| octet.is_ascii_digit()));
        let is_domain = labels.len() > 1 && labels.iter().all(is_label) && !is_number && text.len() <= 253;
        prop_assert_eq!(syntax::domain(&text).is_ok(), is_domain, "{:?}", text);
        let is_token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
        let is_name = !text.is_empty() && text.bytes().all(is_token);
        let lower = text.to_ascii_lowercase();
        let prefixes = ["__host-", "__secure-", "__http-", "__hosthttp-"];
        let is_prefixed = prefixes.iter().any(|prefix| lower.starts_with(prefix));
        prop_assert!(is_prefixed || syntax::name(&text).is_ok() == is_name, "{:?}", text);
        prop_assert!(syntax::name(&text).is_err() || is_name, "{:?}", text);
    }
}

/// A `Display` that fails halfway.
struct Broken(String);

#[derive(Cookie)]
struct Failing(Broken);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)?;
        Err(fmt::Error)
    }
}

impl FromStr for Broken {
    type Err = ();
    fn from_str(_: &str) -> Result<Self, ()> {
        Err(())
    }
}

/// Sets the value, looks at the line, sends the pair back, and reads it.
fn comes_back<V: Clone + Debug + PartialEq, T: Cookie>(
    value: V,
    wrap: fn(V) -> T,
    unwrap: fn(T) -> V,
) -> TestCaseResult {
    let jar = Cookies::read(&HeaderMap::new(), testing::https());
    match jar.set(wrap(value.clone())) {
        Ok(()) => {}
        Err(SetError::TooLarge { .. }) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    }
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let line = response["set-cookie"].to_str().unwrap();
    prop_assert_eq!(response.get_all("set-cookie").iter().count(), 1);

    // The line is the name, cookie-octets, and the declared attributes; nothing of the value can be more.
    let (name, raw) = pair(line);
    prop_assert_eq!(name, T::SPEC.name);
    prop_assert!(raw.bytes().all(is_cookie_octet), "{}", line);
    prop_assert_eq!(&line[name.len() + 1 + raw.len()..], "; Path=/; Secure; HttpOnly; SameSite=Lax");
    Meant::of(&T::SPEC, raw).is_read_from(line)?;
    let cookie = SetCookie::new(wrap(value.clone())).to_cookie(&testing::https()).unwrap();
    prop_assert_eq!(cookie.value(), raw);

    prop_assert_eq!(testing::sent::<T>(&response).map(unwrap), Some(value.clone()));
    let mut request = HeaderMap::new();
    request.insert("cookie", HeaderValue::from_str(&format!("{name}={raw}")).unwrap());
    prop_assert_eq!(&request["cookie"], &testing::request_header(&wrap(value.clone())));
    let read = Cookies::read(&request, testing::https()).get::<T>();
    prop_assert_eq!(read.unwrap().map(unwrap), Some(value));
    Ok(())
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
            meant.is_read_from(line.to_str().unwrap())?;
            let cookie = set().to_cookie(&testing::https()).unwrap();
            meant.is_cookie(&cookie)
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

/// What a line was meant to say, and three readers that say whether it does.
struct Meant {
    name: &'static str,
    raw: String,
    path: String,
    domain: Option<String>,
    max_age: Option<u64>,
    expires: Option<i64>,
    spec: Spec,
}

impl Meant {
    fn of(spec: &Spec, raw: &str) -> Self {
        Meant {
            name: spec.name,
            raw: raw.to_owned(),
            path: spec.path.to_owned(),
            domain: spec.domain.map(str::to_owned),
            max_age: spec.max_age.map(|max_age| max_age.as_secs()),
            expires: None,
            spec: *spec,
        }
    }

    fn is_read_from(&self, line: &str) -> TestCaseResult {
        prop_assert!(!line.contains(['\r', '\n', '\0']), "{:?}", line);
        let flags =
            [("Secure", self.spec.secure), ("HttpOnly", self.spec.http_only), ("Partitioned", self.spec.partitioned)];
        let mut expected = vec![format!("{}={}", self.name, self.raw), format!("Path={}", self.path)];
        expected.extend(self.domain.iter().map(|domain| format!("Domain={domain}")));
        expected.extend(self.max_age.map(|max_age| format!("Max-Age={max_age}")));
        expected.extend(self.expires.map(|at| format!("Expires={}", imf_fixdate(at).unwrap().escape_ascii())));
        expected.extend(flags.iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| (*flag).to_owned()));
        expected.push(format!("SameSite={}", self.spec.same_site));
        let (mut found, mut expected) = (line.split("; ").collect::<Vec<_>>(), expected);
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        self.is_cookie(&cookie::Cookie::parse(line).unwrap())?;
        self.is_stored(line)
    }

    fn is_cookie(&self, cookie: &cookie::Cookie<'_>) -> TestCaseResult {
        prop_assert_eq!(cookie.name_value(), (self.name, self.raw.as_str()));
        prop_assert_eq!(cookie.path(), Some(self.path.as_str()));
        prop_assert_eq!(cookie.domain(), self.domain.as_deref());
        // `time` counts seconds in an `i64`: what is over it is the longest life there is.
        let max_age = self.max_age.map(|max_age| i64::try_from(max_age).unwrap_or(i64::MAX));
        prop_assert_eq!(cookie.max_age().map(|it| it.whole_seconds()), max_age);
        prop_assert_eq!(cookie.expires_datetime().map(|it| it.unix_timestamp()), self.expires);
        let flags = [cookie.secure(), cookie.http_only(), cookie.partitioned()].map(|flag| flag.unwrap_or(false));
        prop_assert_eq!(flags, [self.spec.secure, self.spec.http_only, self.spec.partitioned]);
        prop_assert_eq!(cookie.same_site().map(|it| it.to_string()), Some(self.spec.same_site.to_string()));
        Ok(())
    }

    fn is_stored(&self, line: &str) -> TestCaseResult {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let host = self.domain.as_deref().unwrap_or("www.example.com").to_ascii_lowercase();
        let stored = set_cookie(line.as_bytes(), &Seen::https(&host).path("/else/where").at(now)).stored;
        let stored = stored.map_err(rejected)?;
        prop_assert_eq!((stored.name.as_str(), &stored.value, &stored.path), (self.name, &self.raw, &self.path));
        prop_assert_eq!((&stored.domain, stored.host_only), (&host, self.domain.is_none()));
        let flags = [stored.secure, stored.http_only, stored.partitioned];
        prop_assert_eq!(flags, [self.spec.secure, self.spec.http_only, self.spec.partitioned]);
        prop_assert_eq!(stored.same_site, Some(self.spec.same_site));
        let limit = now + syntax::MAX_LIFE;
        let expected = match (self.max_age, self.expires) {
            (Some(0), _) => Some(SystemTime::UNIX_EPOCH),
            (Some(seconds), _) => {
                Some(now.checked_add(Duration::from_secs(seconds)).map_or(limit, |end| end.min(limit)))
            }
            (None, Some(seconds)) => Some(at(seconds).unwrap().min(limit)),
            (None, None) => None,
        };
        prop_assert_eq!(stored.expires, expected);
        prop_assert_eq!(stored.is_removal(), expected.is_some_and(|end| end <= now));
        Ok(())
    }
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

/// Any characters, and more of those that mean something in a header.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z%0-9A-F;=,\"\\\\ \t\r\n\0<>&'-]{0,40}",
        vec(any::<char>(), 0..40).prop_map(|letters| letters.into_iter().collect()),
        "[\u{2028}\u{2029}\u{85}\u{a0}\u{feff}é]{0,6}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "/[ -:<-~]{0,30}",
        1 => "/[a-z;\r\n\0é ]{0,10}",
        1 => ".{0,10}",
        1 => "[a-z./]{0,8}",
        1 => (1018..1030_usize).prop_map(|octets| format!("/{}", "x".repeat(octets))),
    ]
}

fn domain() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9]{1,8}([a-zA-Z0-9-]{0,8}[a-z0-9])?(\\.[a-z0-9]{1,8}){0,3}\\.(com|org|co\\.uk|github\\.io|xn--p1ai)",
        1 => "(?i)co\\.uk|github\\.io|a\\.co\\.uk|city\\.kobe\\.jp|a\\.b\\.ck|b\\.ck",
        2 => "[a-z0-9-]{0,5}(\\.[a-z0-9-]{0,4}){0,4}",
        1 => "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|\\[?::1\\]?",
        1 => "[a-z.;= \r\n\0é:]{0,16}",
        1 => ".{0,10}",
        1 => (55..70_usize, 0..6_usize).prop_map(|(octets, labels)| {
            format!("{}example.com", format!("{}.", "a".repeat(octets)).repeat(labels))
        }),
    ]
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

/// A piece of a `Cookie` field: octets, or what looks like a pair; never the name that is looked for.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..20),
        vec(prop_oneof![Just(b'\t'), b' '..=b'~', 128..=255_u8], 0..20),
        "(__Host-Http-a_strin|__host-http-a_string|__Host-Http-a_string[ \\[.]x|a|=|,)?[ \t]*=?[\"%=a ,é]{0,8}"
            .prop_map(String::into_bytes),
    ]
}

/// A Set-Cookie line: any octets, or what nearly is one.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let attribute = prop_oneof![
        "(?i)( |\t)?(path|domain|max-age|expires|secure|httponly|samesite|partitioned)[ =]{0,3}[/.a-z0-9: -]{0,12}"
            .prop_map(String::into_bytes),
        "(?i); (max-age=[-+]?[0-9]{0,30}|samesite=(none|lax|strict|x)|domain=[.]?(com|example[.]com|é))"
            .prop_map(String::into_bytes),
        "(?i)expires=(mon, )?[0-9]{1,3}[- ](jan|feb|dec)[- ][0-9]{1,5} [0-9]{1,3}:[0-9]{1,2}:[0-9]{1,2} gmt"
            .prop_map(String::into_bytes),
        vec(any::<u8>(), 0..16),
    ];
    let first = prop_oneof![
        vec(any::<u8>(), 0..30),
        "(__(host|SECURE|Http|Host-Http)-)?[a-z =]{0,8}".prop_map(String::into_bytes),
        (4080..4110_usize).prop_map(|octets| [b"a=", "x".repeat(octets).as_bytes()].concat()),
    ];
    (first, vec(attribute, 0..6)).prop_map(|(first, attributes)| [vec![first], attributes].concat().join(&b';'))
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::from("example.com")),
        "(www\\.)?[a-zA-Z.]{0,8}\\.com(:[0-9]{0,3})?",
        "\\[?[0-9a-f:]{0,8}\\]?(:80)?",
        ".{0,12}",
    ]
}

/// 1601-01-01 and the end of 9999, in Unix seconds.
const FIRST: i64 = -11_644_473_600;
const LAST: i64 = 253_402_300_799;

fn at(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
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

/// `"8h"` as seconds, in numbers that cannot overflow.
fn duration_by_hand(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    (digits.parse::<u128>().ok()? * unit).try_into().ok()
}

/// Whether the audit, which asks the list, knows the domain for a public suffix.
fn psl_refuses(domain: &str) -> bool {
    syntax::domain(domain).is_ok() && {
        let domain = domain.to_ascii_lowercase();
        let line = format!("a=b; Domain={domain}");
        let stored = set_cookie(line.as_bytes(), &Seen::https(&format!("host.{domain}"))).stored;
        matches!(stored, Err(Rejection::PublicSuffix { .. }))
    }
}

fn pair(line: &str) -> (&str, &str) {
    line.split(';').next().unwrap().split_once('=').unwrap()
}

fn attribute<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split("; ").skip(1).find_map(|attribute| attribute.strip_prefix(key)?.strip_prefix('='))
}

/// The value as it must stand on the wire, by the ranges of 6265bis 4.1.1.
fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, octet| {
        if is_cookie_octet(octet) && octet != b'%' {
            text.push(char::from(octet));
        } else {
            write!(text, "%{octet:02X}").unwrap();
        }
        text
    })
}

fn is_cookie_octet(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}
