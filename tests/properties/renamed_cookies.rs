//! Tests the setting `host_prefix` with an independent reader: the parser of the crate `cookie`, which the session
//! libraries use. After the renaming, the reader finds the bare name only if the prefixed name came once and over
//! HTTPS. All other cookies stay unchanged.

use std::convert::Infallible;
use std::future::ready;
use std::sync::LazyLock;

use cookie::Cookie;
use futures_util::FutureExt as _;
use hardtack::{Policy, TlsTermination};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response};
use proptest::collection::vec;
use proptest::prelude::*;
use tower::{Layer as _, Service as _, service_fn};

use super::config;

const PREFIXED: &[u8] = b"__Host-Http-id=";
const BARE: &[u8] = b"id=";

proptest! {
    #![proptest_config(config(4096))]

    #[test]
    fn only_the_prefixed_cookie_reaches_the_application(fields in fields(), https in any::<bool>()) {
        let request = request(&fields);
        let received = received(&Policy::builder(), https, request.clone());
        let (listed, others) = read(&received);
        let prefixed: Vec<_> = pieces(&request).filter_map(|piece| piece.strip_prefix(PREFIXED)).collect();
        match (https, &prefixed[..]) {
            (true, [value]) => {
                let value = Cookie::parse_encoded(format!("id={}", String::from_utf8_lossy(value)));
                let is_utf8 = std::str::from_utf8(prefixed[0]).is_ok();
                let expected = value.ok().filter(|_| is_utf8).map(|cookie| ("id".to_owned(), cookie.value().to_owned()));
                prop_assert_eq!(listed, Vec::from_iter(expected));
            }
            _ => prop_assert_eq!(listed, []),
        }
        // Ignore cookies with the prefixed name, because the application has no cookie with this name.
        let (_, before) = read(&request);
        let before: Vec<_> = before.into_iter().filter(|(name, _)| name != "__Host-Http-id").collect();
        let others: Vec<_> = others.into_iter().filter(|(name, _)| name != "__Host-Http-id").collect();
        prop_assert_eq!(others, before);
        // The accepted cookie of a header that is not ASCII gets a header of its own.
        let own_headers = usize::from(fields.iter().any(|field| !field.is_ascii()));
        prop_assert!(received.get_all(COOKIE).iter().count() <= fields.len() + own_headers);
    }

    #[test]
    fn bare_cookie_counts_alone_while_it_migrates(fields in fields(), https in any::<bool>()) {
        let request = request(&fields);
        let policy = Policy::builder().accept_unprefixed_until(LATEST_DATE.as_str());
        let (listed, _) = read(&received(&policy, https, request.clone()));
        let count = |name: &[u8]| pieces(&request).filter(|piece| piece.starts_with(name)).count();
        let (bare, _) = read(&request);
        let names = bare_names_without_equals(&request);
        if https && count(PREFIXED) == 0 && count(BARE) == 1 && bare.len() == 1 && names == 0 {
            prop_assert_eq!(&listed, &bare);
        }
        if let Some((name, value)) = listed.first() {
            prop_assert!(https && listed.len() == 1 && name == "id");
            match count(PREFIXED) {
                1 => {}
                0 => {
                    prop_assert_eq!((count(BARE), bare.len(), names), (1, 1, 0));
                    prop_assert_eq!(value, &bare[0].1);
                }
                _ => prop_assert!(false, "the prefixed name came several times"),
            }
        }
    }

    #[test]
    fn response_has_the_prefixed_name_only(
        name in name(), value in "[ -:<-~]{0,12}", attributes in vec(attribute(), 0..4), https in any::<bool>()
    ) {
        let header = format!("{name}={value}{}", attributes.concat());
        let Ok(header) = HeaderValue::from_bytes(header.as_bytes()) else { return Ok(()) };
        for header in sent(https, header) {
            let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
            let Ok(cookie) = Cookie::parse_encoded(text) else { continue };
            prop_assert_ne!(cookie.name(), "id", "{:?}", header);
            // The application itself can set a cookie with the prefixed name.
            if header.as_bytes().starts_with(PREFIXED) && name != "__Host-Http-id" {
                prop_assert!(https && cookie.secure() == Some(true) && cookie.http_only() == Some(true));
                prop_assert_eq!(cookie.path(), Some("/"));
                // Browsers use the last `Domain` attribute, even if the attribute is empty. The crate `cookie` skips an
                // empty `Domain`.
                let domain = attributes.iter().rfind(|attribute| attribute.starts_with("; Domain"));
                prop_assert!(domain.is_none_or(|domain| *domain == "; Domain="), "{:?}", header);
            }
        }
    }
}

/// Generates `Cookie` headers.
fn fields() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop_oneof![
        8 => (" {0,2}|\t", name(), "=|==| = |", "[ -~]{0,6}|%C3%A9|é|%zz|\"x y\"")
            .prop_map(|(space, name, equals, value)| [space, name, equals.to_owned(), value].concat().into_bytes()),
        2 => Just(b" __Host-Http-id=real".to_vec()),
        1 => vec(any::<u8>(), 0..12),
        1 => Just(Vec::new()),
    ];
    let field = vec(piece, 0..6).prop_map(|pieces| pieces.join(&b';'));
    // A server rejects other control characters.
    vec(field.prop_map(|field| field.into_iter().filter(|byte| *byte >= b' ' && *byte != 0x7F).collect()), 0..4)
}

/// Generates names that are equal or similar to the bare name or to the prefixed name.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "id",
        "ID",
        "iD",
        "%69d",
        "%69%64",
        "i%64",
        "%49d",
        "id\u{a0}",
        "\u{3000}id",
        "id ",
        "\u{a0}%69d",
        "%20id",
        "id%C2%A0",
        "%2569d",
        "i%d",
        "ids",
        "xid",
        "",
        "=id",
        "a",
        "_",
        "__Host-Http-id",
        "__Host-Http-id ",
        "__host-http-id",
        "%5F_Host-Http-id",
        "__Host-Http-%69d",
        "__Host-id",
        "__Host-Http-",
        "\u{130}d",
    ];
    prop_oneof![4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "[%6iId9 ]{1,6}"]
}

fn attribute() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "; Path=/",
        "; Path=/app",
        "; Path=x",
        "; Domain=shop.example",
        "; Domain=",
        "; Secure",
        "; HttpOnly",
        ";",
        "; =",
        "; SameSite=None",
        "; Max-Age=0",
        "; Partitioned",
    ])
}

fn request(fields: &[Vec<u8>]) -> HeaderMap {
    fields.iter().map(|field| (COOKIE, HeaderValue::from_bytes(field).unwrap())).collect()
}

/// Returns the text between the semicolons, without the white space that browsers write in front of a pair.
fn pieces(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let pieces = headers.get_all(COOKIE).iter().flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    pieces.map(|piece| {
        let start = piece.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(piece.len());
        &piece[start..]
    })
}

type Pairs = Vec<(String, String)>;

/// Reads all cookies like a session library. Returns two lists: the cookies with the bare name in any letter case, and
/// all other cookies.
fn read(headers: &HeaderMap) -> (Pairs, Pairs) {
    let parse = |piece: &[u8]| Cookie::parse_encoded(String::from_utf8(piece.to_vec()).ok()?).ok();
    let pieces = headers.get_all(COOKIE).iter().flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let pairs = pieces.filter_map(parse).map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()));
    pairs.partition(|(name, _)| name.trim().eq_ignore_ascii_case("id"))
}

/// Returns the number of pairs that consist of the bare name without an `=`. Some parsers read such a pair as a cookie
/// with this name, so it counts as one more cookie.
fn bare_names_without_equals(headers: &HeaderMap) -> usize {
    let names = pieces(headers).filter(|piece| !piece.contains(&b'='));
    let with_equals = names.filter_map(|name| HeaderValue::from_bytes(&[name, b"="].concat()).ok());
    let (bare, _) = read(&with_equals.map(|pair| (COOKIE, pair)).collect());
    bare.len()
}

/// Returns the headers that the application receives.
fn received(policy: &hardtack::policy::PolicyBuilder, https: bool, headers: HeaderMap) -> HeaderMap {
    let policy = policy.clone().host_prefix(["id"]).force_https(false).build().unwrap();
    let termination = if https { TlsTermination::here() } else { TlsTermination::none() };
    let service = service_fn(|request: Request<()>| {
        let mut response = Response::new(());
        response.extensions_mut().insert(request.headers().clone());
        ready(Ok::<_, Infallible>(response))
    });
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    let response = policy.layer(termination).layer(service).call(request).now_or_never().unwrap().unwrap();
    response.extensions().get::<HeaderMap>().unwrap().clone()
}

/// Returns the `Set-Cookie` headers that the client receives.
fn sent(https: bool, header: HeaderValue) -> Vec<HeaderValue> {
    let policy = Policy::builder().host_prefix(["id"]).force_https(false).build().unwrap();
    let termination = if https { TlsTermination::here() } else { TlsTermination::none() };
    let service = service_fn(move |_: Request<()>| {
        let mut response = Response::new(());
        response.headers_mut().append(SET_COOKIE, header.clone());
        ready(Ok::<_, Infallible>(response))
    });
    let response = policy.layer(termination).layer(service).call(Request::new(())).now_or_never().unwrap().unwrap();
    response.headers().get_all(SET_COOKIE).iter().cloned().collect()
}

/// The latest first day of a month that the policy accepts as the end of a migration.
static LATEST_DATE: LazyLock<String> = LazyLock::new(|| {
    let mut days = (2026..2200).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}-01")));
    days.rfind(|day| Policy::builder().accept_unprefixed_until(day).build().is_ok()).unwrap()
});
