//! Octets in, one `Cookie` field a line. What the typed getters find is what the pieces hold, cut by hand as RFC 6265bis
//! 5.6 and the docs of `Cookies` say; where `cookie` and `biscotti` accept a field, all three find the same values.

#![no_main]

use std::str::FromStr;

use biscotti::{Processor, ProcessorConfig, RequestCookies};
use hardtack::{AllowedOver, AnyScheme, Cookie, Cookies, Listener, ReadCookie, ReadError, testing};
use hardtack_fuzz::{field_values, pairs};
use http::HeaderMap;
use http::header::COOKIE;
use libfuzzer_sys::fuzz_target;

/// A name of one octet: its first is its last.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "a", reason = "names are short here")]
struct Text(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "aa", reason = "names are short here")]
struct Number(u64);

/// Secure, and with a prefix.
#[derive(Cookie, Debug, PartialEq)]
enum Lang {
    En,
    De,
    PtBr,
}

/// What somebody else set is not decoded.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "abab", read_only)]
struct Legacy(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "b", secure = false, reason = "read over plain HTTP")]
struct Open(String);

/// Its presence says all.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Secure-flag")]
struct Flag;

fuzz_target!(|input: &[u8]| {
    let fields = field_values(input);
    let mut request = HeaderMap::new();
    for field in &fields {
        request.append(COOKIE, field.clone());
    }
    let octets: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
    let cookies = Cookies::read(&request, testing::https());

    let decoded = |raw: &[u8]| String::from_utf8(percent_decoded(raw)).ok();
    agree(&cookies, values(&octets, "a"), |raw| decoded(raw).map(Text));
    agree(&cookies, values(&octets, "b"), |raw| decoded(raw).map(Open));
    agree(&cookies, values(&octets, "aa"), |raw| u64::from_str(&decoded(raw)?).ok().map(Number));
    agree(&cookies, values(&octets, "abab"), |raw| String::from_utf8(raw.to_vec()).ok().map(Legacy));
    agree(&cookies, values(&octets, "__Secure-flag"), |raw| decoded(raw).map(|_| Flag));
    agree(&cookies, values(&octets, "__Host-Http-lang"), |raw| match decoded(raw)?.as_str() {
        "en" => Some(Lang::En),
        "de" => Some(Lang::De),
        "pt-br" => Some(Lang::PtBr),
        _ => None,
    });
    plain_http_believes_no_secure_cookie(&request, &octets);
    others_read_the_same(&octets);
    // Names may stand here; that it can be written is enough.
    assert!(format!("{cookies:?}").starts_with("Cookies { read: ["));
});

/// The raw values under a name, in order.
fn values<'a>(fields: &[&'a [u8]], name: &str) -> Vec<&'a [u8]> {
    let all = fields.iter().flat_map(|field| pairs(field));
    all.filter(|(found, _)| *found == name.as_bytes()).filter_map(|(_, value)| value).collect()
}

/// An incomplete escape stands for itself.
fn percent_decoded(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let digits =
            raw.get(at + 1..at + 3).filter(|digits| raw[at] == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        match digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()) {
            Some(octet) => {
                out.push(octet);
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

/// Both getters find what `read` makes of these raw values.
fn agree<T>(cookies: &Cookies, raw: Vec<&[u8]>, read: impl Fn(&[u8]) -> Option<T>)
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
    let is_one = raw.windows(2).all(|two| two[0] == two[1]);
    match (cookies.get::<T>(), expected.into_iter().next()) {
        (Ok(None), None) => {}
        (Ok(Some(found)), Some(Some(first))) if is_one => assert_eq!(found, first),
        (Err(ReadError::Malformed { .. }), Some(None)) if is_one => {}
        (Err(ReadError::Ambiguous { .. }), Some(_)) if !is_one => {}
        (found, first) => panic!("{found:?} where the first is {first:?} of {raw:?}"),
    }
}

fn plain_http_believes_no_secure_cookie(request: &HeaderMap, fields: &[&[u8]]) {
    let (parts, ()) = http::Request::new(()).into_parts();
    let cookies = Cookies::read(request, AnyScheme::from(Listener::plain().scheme(&parts, None)));
    match (cookies.get::<Text>(), values(fields, "a").as_slice()) {
        (Ok(None), []) | (Err(ReadError::NotHttps { .. }), [_, ..]) => {}
        (found, raw) => panic!("{found:?} of {raw:?}"),
    }
    assert!(cookies.get_all::<Lang>().all(|found| matches!(found, Err(ReadError::NotHttps { .. }))));
    assert!(!matches!(cookies.get::<Open>(), Err(ReadError::NotHttps { .. })));
}

/// The common subset, field by field: what `cookie` and `biscotti` both accept (every piece between semicolons is blank or
/// has a name and a `=`), of the octets 20 to 7E without `%`, which each decodes by rules of its own. There the values
/// under our names are the same in all three, in number and order; quotes and commas are part of a value in each. HTAB and
/// what is not ASCII stay out: both trim all of Unicode's white space.
fn others_read_the_same(fields: &[&[u8]]) {
    let plain = |field: &[u8]| field.iter().all(|octet| matches!(octet, 0x20..=0x7e) && *octet != b'%');
    for field in fields.iter().filter(|field| plain(field)) {
        let text = std::str::from_utf8(field).expect("ASCII is UTF-8");
        let theirs: Result<Vec<_>, _> = cookie::Cookie::split_parse(text).collect();
        let processor = Processor::from(ProcessorConfig::default());
        let biscotti = RequestCookies::parse_header(text, &processor);
        assert_eq!(theirs.is_ok(), biscotti.is_ok(), "{text}");
        let (Ok(theirs), Ok(biscotti)) = (theirs, biscotti) else { continue };
        let mut request = HeaderMap::new();
        request.insert(COOKIE, text.parse().expect("a field's value"));
        let ours = Cookies::read(&request, testing::https());
        let found: Vec<String> = ours.get_all::<Text>().map(|value| value.expect("ASCII").0).collect();
        let of_cookie: Vec<&str> =
            theirs.iter().filter(|cookie| cookie.name() == "a").map(cookie::Cookie::value).collect();
        let of_biscotti = biscotti.get_all("a").into_iter().flatten().map(|cookie| cookie.value().to_owned());
        assert_eq!(found, of_cookie, "{text}");
        assert_eq!(found, of_biscotti.collect::<Vec<_>>(), "{text}");
    }
}
