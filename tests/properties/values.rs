//! Tests values of every type. hardtack reads each value back unchanged, or rejects the value because it is too long. A
//! value must not add an attribute to the header.

use std::borrow::Cow;
use std::fmt::{self, Debug, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU64;
use std::str::FromStr;

use hardtack::value::{InvalidValue, ValueWriter};
use hardtack::{Cookie, CookieValue, Cookies, ReadCookie, SetCookie, SetError, document_cookie, testing};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::{Present, Script, config, encoded, pair, text};
use crate::expected_cookie::{ExpectedCookie, is_cookie_octet};

/// Declares a cookie and a test for each type of value. The test checks that hardtack reads each value back unchanged.
macro_rules! values {
    ($($test:ident: $name:ident($type:ty) from $values:expr;)*) => {$(
        #[derive(Cookie)]
        pub(super) struct $name(pub(super) $type);

        proptest! {
            #![proptest_config(config(256))]
            #[test]
            fn $test(value in $values) {
                comes_back(value, $name, |cookie| cookie.0)?;
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
pub(super) struct UserId(u64);

#[derive(CookieValue, Debug, Clone, PartialEq)]
pub(super) struct Tenant {
    name: String,
}

#[derive(CookieValue, Debug, Clone, PartialEq)]
pub(super) struct Wrapped<T>(T);

#[derive(CookieValue, Debug, Clone, PartialEq)]
#[cookie(rename_all = "SCREAMING-KEBAB-CASE")]
pub(super) enum Theme {
    Light,
    VeryDark,
    #[cookie(rename = "a;b=ü %41\r\n")]
    Odd,
}

/// A pair of strings. The encoded value begins with the length of the first string.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair(String, String);

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
pub(super) struct Version(u16, String);

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

/// Generates all values except NaN, because NaN is not equal to itself.
fn f32s() -> impl Strategy<Value = f32> {
    use proptest::num::f32::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    NORMAL | SUBNORMAL | ZERO | INFINITE | POSITIVE | NEGATIVE
}

fn f64s() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    NORMAL | SUBNORMAL | ZERO | INFINITE | POSITIVE | NEGATIVE
}

/// Removes the flow label of an IPv6 address, because `Display` does not write the flow label.
fn without_flow_label(mut address: SocketAddrV6) -> SocketAddrV6 {
    address.set_flowinfo(0);
    address
}

/// This test compares bits, because NaN is not equal to itself, and 0.0 is equal to -0.0.
#[test]
fn nan_and_the_sign_of_zero_come_back() {
    for value in [f64::NAN, -f64::NAN, 0.0, -0.0] {
        let mut request = HeaderMap::new();
        request.insert("cookie", testing::request_header(&AF64(value)));
        let AF64(read) = Cookies::from_headers(&request, testing::https()).try_get().unwrap().unwrap();
        assert!(read.is_nan() && value.is_nan() || read.to_bits() == value.to_bits(), "{value}");
    }
}

#[derive(Cookie)]
struct AWrapper<T>(T);

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn name_and_value_over_4096_bytes_are_rejected(value in "(?s).{0,1500}|[a-z]{4070,4090}") {
        let bytes = AString::SPEC.name.len() + encoded(&value).len();
        match SetCookie::new(AString(value.clone())).header_value(&testing::https()) {
            Ok(header) => {
                prop_assert!(bytes <= 4096);
                prop_assert_eq!(pair(header.to_str().unwrap()).1, encoded(&value));
            }
            Err(SetError::TooLarge { bytes: counted, limit: 4096, .. }) => {
                prop_assert!(bytes > 4096);
                prop_assert_eq!(counted, bytes);
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn js_string_is_the_exact_text_and_safe(value in text()) {
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
    fn values_of_generic_cookies_come_back(number in any::<i32>(), text in text()) {
        comes_back(number, AWrapper, |cookie| cookie.0)?;
        comes_back(text, AWrapper, |cookie| cookie.0)?;
        comes_back(Present, |cookie| cookie, |cookie| cookie)?;
    }
}

/// Sets a cookie with the value and checks the `Set-Cookie` header. Then sends the cookie in a request, and reads the
/// value again.
pub(super) fn comes_back<V: Clone + Debug + PartialEq, T: Cookie>(
    value: V,
    wrap: fn(V) -> T,
    unwrap: fn(T) -> V,
) -> TestCaseResult {
    let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
    match jar.set(wrap(value.clone())) {
        Ok(()) => {}
        Err(SetError::TooLarge { .. }) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    }
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let header = response["set-cookie"].to_str().unwrap();
    prop_assert_eq!(response.get_all("set-cookie").iter().count(), 1);

    // The header consists of the name, the encoded value and the declared attributes. The encoded value contains only
    // `cookie-octet`s.
    let (name, raw) = pair(header);
    prop_assert_eq!(name, T::SPEC.name);
    prop_assert!(raw.bytes().all(is_cookie_octet), "{}", header);
    prop_assert_eq!(&header[name.len() + 1 + raw.len()..], "; Path=/; Secure; HttpOnly; SameSite=Lax");
    ExpectedCookie::from_spec(&T::SPEC, raw).assert_matches(header);
    let cookie = SetCookie::new(wrap(value.clone())).to_encoded_cookie(&testing::https()).unwrap();
    prop_assert_eq!(cookie.value(), raw);
    let cookie = SetCookie::new(wrap(value.clone())).to_decoded_cookie(&testing::https()).unwrap();
    prop_assert_eq!(encoded(cookie.value()), raw);

    prop_assert_eq!(testing::sent::<T>(&response).map(unwrap), Some(value.clone()));
    let mut request = HeaderMap::new();
    request.insert("cookie", HeaderValue::from_str(&format!("{name}={raw}")).unwrap());
    prop_assert_eq!(&request["cookie"], &testing::request_header(&wrap(value.clone())));
    let read = Cookies::from_headers(&request, testing::https()).try_get::<T>();
    prop_assert_eq!(read.unwrap().map(unwrap), Some(value));
    Ok(())
}
