//! Reads cookies from `Cookie` headers. Each line of the input is one header. The target checks:
//!
//! - The typed getters find the same values as a second, simple parser in this file. The second parser follows RFC
//!   6265bis section 5.6 and the docs of `Cookies`.
//! - If the crates `cookie` and `biscotti` accept a header, both crates find the values that hardtack finds.

#![no_main]

use std::str::FromStr;

use biscotti::{Processor, ProcessorConfig, RequestCookies};
use hardtack::{AllowedOver, AnyScheme, Cookie, Cookies, ReadCookie, ReadError, TlsTermination, testing};
use hardtack_fuzz::{header_values, pairs};
use http::HeaderMap;
use http::header::COOKIE;
use libfuzzer_sys::fuzz_target;

/// A cookie with a name of one byte, which is both the first and the last byte of the name.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "a", reason = "names are short here")]
struct Text(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "aa", reason = "names are short here")]
struct Number(u64);

/// A cookie with a name prefix.
#[derive(Cookie, Debug, PartialEq)]
enum Lang {
    En,
    De,
    PtBr,
}

/// A cookie that another program owns. hardtack does not decode the value of another program's cookie.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "abab", read_only)]
struct Legacy(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "b", secure = false, reason = "read over plain HTTP")]
struct Open(String);

/// A cookie whose value has no meaning. A handler only checks that the request contains the cookie.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Secure-flag")]
struct Flag;

fuzz_target!(|input: &[u8]| {
    let headers = header_values(input);
    let mut request = HeaderMap::new();
    for header in &headers {
        request.append(COOKIE, header.clone());
    }
    let headers: Vec<&[u8]> = headers.iter().map(|header| header.as_bytes()).collect();
    let cookies = Cookies::from_headers(&request, testing::https());

    let decoded = |raw: &[u8]| String::from_utf8(percent_decode(raw)).ok();
    check_getters(&cookies, values(&headers, "a"), |raw| decoded(raw).map(Text));
    check_getters(&cookies, values(&headers, "b"), |raw| decoded(raw).map(Open));
    check_getters(&cookies, values(&headers, "aa"), |raw| u64::from_str(&decoded(raw)?).ok().map(Number));
    check_getters(&cookies, values(&headers, "abab"), |raw| String::from_utf8(raw.to_vec()).ok().map(Legacy));
    check_getters(&cookies, values(&headers, "__Secure-flag"), |raw| decoded(raw).map(|_| Flag));
    check_getters(&cookies, values(&headers, "__Host-Http-lang"), |raw| match decoded(raw)?.as_str() {
        "en" => Some(Lang::En),
        "de" => Some(Lang::De),
        "pt-br" => Some(Lang::PtBr),
        _ => None,
    });
    check_plain_http(&request, &headers);
    compare_with_other_crates(&headers);
    // The `Debug` text may contain the names of cookies. So the assertion only checks that formatting succeeds.
    assert!(format!("{cookies:?}").starts_with("Cookies { received: ["));
});

/// Returns the raw values of a name, in order.
fn values<'a>(headers: &[&'a [u8]], name: &str) -> Vec<&'a [u8]> {
    let all = headers.iter().flat_map(|header| pairs(header));
    all.filter(|(found, _)| *found == name.as_bytes()).filter_map(|(_, value)| value).collect()
}

/// Decodes percent-escapes, and copies incomplete escapes unchanged.
fn percent_decode(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let digits =
            raw.get(at + 1..at + 3).filter(|digits| raw[at] == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        match digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(raw[at]);
                at += 1;
            }
        }
    }
    out
}

/// Checks that `try_get` and `get_all` return the same results as `read` for the given raw values.
fn check_getters<T>(cookies: &Cookies, raw: Vec<&[u8]>, read: impl Fn(&[u8]) -> Option<T>)
where
    T: ReadCookie + AllowedOver<hardtack::Https> + std::fmt::Debug + PartialEq,
{
    let all = cookies.get_all::<T>().map(|value| match value {
        Ok(value) => Some(value),
        Err(ReadError::Malformed { .. }) => None,
        Err(error) => panic!("{error:?} of {raw:?}"),
    });
    let expected: Vec<Option<T>> = raw.iter().map(|raw| read(raw)).collect();
    assert_eq!(all.collect::<Vec<_>>(), expected, "{raw:?}");
    let all_equal = raw.windows(2).all(|two| two[0] == two[1]);
    match (cookies.try_get::<T>(), expected.into_iter().next()) {
        (Ok(None), None) => {}
        (Ok(Some(found)), Some(Some(first))) if all_equal => assert_eq!(found, first),
        (Err(ReadError::Malformed { .. }), Some(None)) if all_equal => {}
        (Err(ReadError::Ambiguous { .. }), Some(_)) if !all_equal => {}
        (found, first) => panic!("found {found:?}, expected {first:?} of {raw:?}"),
    }
}

/// Checks that no Secure cookie can be read over plain HTTP.
fn check_plain_http(request: &HeaderMap, headers: &[&[u8]]) {
    let (parts, ()) = http::Request::new(()).into_parts();
    let cookies = Cookies::from_headers(request, AnyScheme::from(TlsTermination::none().detect(&parts, None)));
    match (cookies.try_get::<Text>(), values(headers, "a").as_slice()) {
        (Ok(None), []) | (Err(ReadError::NotHttps { .. }), [_, ..]) => {}
        (found, raw) => panic!("{found:?} of {raw:?}"),
    }
    assert!(cookies.get_all::<Lang>().all(|found| matches!(found, Err(ReadError::NotHttps { .. }))));
    assert!(!matches!(cookies.try_get::<Open>(), Err(ReadError::NotHttps { .. })));
}

/// Compares hardtack's values with the values that `cookie` and `biscotti` find. The three crates have the same rules
/// only for some headers. The function compares the values of a header if:
///
/// - Each piece between semicolons is blank, or has a name and a `=`. The crates `cookie` and `biscotti` reject all
///   other headers.
/// - All bytes of the header are in the range 20 to 7E (hexadecimal). The header contains no HTAB and no non-ASCII
///   bytes, because `cookie` and `biscotti` trim HTAB and Unicode white space.
/// - The header contains no `%`, because each crate decodes escapes by its own rules.
///
/// In all three crates, quotes and commas are part of the value.
fn compare_with_other_crates(headers: &[&[u8]]) {
    let is_common = |header: &[u8]| header.iter().all(|byte| matches!(byte, 0x20..=0x7e) && *byte != b'%');
    for header in headers.iter().filter(|header| is_common(header)) {
        let text = std::str::from_utf8(header).expect("ASCII is UTF-8");
        let by_cookie: Result<Vec<_>, _> = cookie::Cookie::split_parse(text).collect();
        let processor = Processor::from(ProcessorConfig::default());
        let by_biscotti = RequestCookies::parse_header(text, &processor);
        assert_eq!(by_cookie.is_ok(), by_biscotti.is_ok(), "{text}");
        let (Ok(by_cookie), Ok(by_biscotti)) = (by_cookie, by_biscotti) else { continue };
        let mut request = HeaderMap::new();
        request.insert(COOKIE, text.parse().expect("a header value"));
        let ours = Cookies::from_headers(&request, testing::https());
        let found: Vec<String> = ours.get_all::<Text>().map(|value| value.expect("ASCII").0).collect();
        let expected: Vec<&str> =
            by_cookie.iter().filter(|cookie| cookie.name() == "a").map(cookie::Cookie::value).collect();
        assert_eq!(found, expected, "{text}");
        let expected = by_biscotti.get_all("a").into_iter().flatten().map(|cookie| cookie.value().to_owned());
        assert_eq!(found, expected.collect::<Vec<_>>(), "{text}");
    }
}
