//! What a signed and a sealed cookie of 64 octets cost an exchange, beside `cookie`'s jars, `biscotti` and the primitives
//! alone: a request's field is read, the value verified or opened, and the same value set again.

use std::hint::black_box;

use aes_gcm_siv::{AeadInPlace as _, Aes256GcmSiv, KeyInit as _, Nonce, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hardtack::cookie::{self, CookieJar};
use hardtack::{AllowedOver, Cookie, Cookies, Https, Key, Keyring, ReadCookie, testing};
use hmac::Mac as _;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::{Done, Operation};

/// 64 characters of base64url: they stand in a line as they are.
const VALUE: &str = "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3";
const NAME: &str = "__Host-Http-session";

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", max_age = "8h")]
struct Plain(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", max_age = "8h", signed)]
struct Signed(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", max_age = "8h", sealed)]
struct Sealed(String);

pub(crate) fn cases() -> Vec<(String, Operation)> {
    let cases = [
        ("plain, hardtack", hardtack(Plain)),
        ("plain, cookie", cookie_jar(Jar::Plain)),
        ("signed, hardtack", hardtack(Signed)),
        ("signed, cookie", cookie_jar(Jar::Signed)),
        ("signed, biscotti", biscotti(::biscotti::config::CryptoAlgorithm::Signing)),
        ("signed, HMAC and base64 alone", mac()),
        ("sealed, hardtack", hardtack(Sealed)),
        ("sealed, cookie", cookie_jar(Jar::Private)),
        ("sealed, biscotti", biscotti(::biscotti::config::CryptoAlgorithm::Encryption)),
        ("sealed, AEAD, its nonce and base64 alone", aead(true)),
        ("sealed, the same without its nonce", aead(false)),
    ];
    cases.into_iter().map(|(name, operation)| (format!("round trip: {name}"), operation)).collect()
}

/// Reads and writes the same cookie, through everything that an exchange goes through.
fn hardtack<T>(make: fn(String) -> T) -> Operation
where
    T: Cookie + ReadCookie + AllowedOver<Https> + 'static,
{
    let keyring = Keyring::new(Key::generate());
    let mut request = HeaderMap::new();
    request.insert(COOKIE, testing::request_header_with(&make(VALUE.to_owned()), &keyring));
    Box::new(move || {
        let cookies = Cookies::read(black_box(&request), testing::https()).keyring(&keyring);
        let value: T = cookies.get().unwrap().unwrap();
        cookies.set(value).unwrap();
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        left(&response)
    })
}

#[derive(Clone, Copy)]
enum Jar {
    Plain,
    Signed,
    Private,
}

fn cookie_jar(jar: Jar) -> Operation {
    fn add(jar: Jar, cookies: &mut CookieJar, key: &cookie::Key, cookie: cookie::Cookie<'static>) {
        match jar {
            Jar::Plain => cookies.add(cookie),
            Jar::Signed => cookies.signed_mut(key).add(cookie),
            Jar::Private => cookies.private_mut(key).add(cookie),
        }
    }

    let key = cookie::Key::generate();
    let mut made = CookieJar::new();
    add(jar, &mut made, &key, cookie::Cookie::new(NAME, VALUE));
    let mut request = HeaderMap::new();
    request.insert(COOKIE, made.get(NAME).unwrap().encoded().to_string().parse().unwrap());
    Box::new(move || {
        let mut cookies = CookieJar::new();
        for field in black_box(&request).get_all(COOKIE) {
            for cookie in cookie::Cookie::split_parse_encoded(field.to_str().unwrap().to_owned()) {
                cookies.add_original(cookie.unwrap());
            }
        }
        let found = match jar {
            Jar::Plain => cookies.get(NAME).cloned(),
            Jar::Signed => cookies.signed(&key).get(NAME),
            Jar::Private => cookies.private(&key).get(NAME),
        };
        let cookie = cookie::Cookie::build((NAME, found.unwrap().value().to_owned()))
            .path("/")
            .max_age(cookie::time::Duration::hours(8))
            .secure(true)
            .http_only(true)
            .same_site(cookie::SameSite::Lax)
            .build();
        add(jar, &mut cookies, &key, cookie);
        let mut response = HeaderMap::new();
        for cookie in cookies.delta() {
            response.append(SET_COOKIE, HeaderValue::try_from(cookie.encoded().to_string()).unwrap());
        }
        left(&response)
    })
}

fn biscotti(algorithm: ::biscotti::config::CryptoAlgorithm) -> Operation {
    use ::biscotti::config::CryptoRule;
    use ::biscotti::{Processor, ProcessorConfig, RequestCookies, ResponseCookie, ResponseCookies, SameSite, time};

    let mut config = ProcessorConfig::default();
    config.crypto_rules.push(CryptoRule {
        cookie_names: vec![NAME.to_owned()],
        algorithm,
        key: ::biscotti::Key::generate(),
        fallbacks: Vec::new(),
    });
    let processor: Processor = config.into();
    let build = |value: String| {
        ResponseCookie::new(NAME, value)
            .set_path("/")
            .set_max_age(time::SignedDuration::from_hours(8))
            .set_secure(true)
            .set_http_only(true)
            .set_same_site(SameSite::Lax)
    };
    let mut made = ResponseCookies::new();
    made.insert(build(VALUE.to_owned()));
    let line = made.header_values(&processor).next().unwrap();
    let mut request = HeaderMap::new();
    request.insert(COOKIE, line.split(';').next().unwrap().parse().unwrap());
    Box::new(move || {
        let field = black_box(&request).get(COOKIE).unwrap().to_str().unwrap();
        let cookies = RequestCookies::parse_header(field, &processor).unwrap();
        let value = cookies.get(NAME).unwrap().value().to_owned();
        let mut set = ResponseCookies::new();
        set.insert(build(value));
        let mut response = HeaderMap::new();
        for line in set.header_values(&processor) {
            response.append(SET_COOKIE, HeaderValue::try_from(line).unwrap());
        }
        left(&response)
    })
}

fn left(response: &HeaderMap) -> Done {
    Done::Line(response.get(SET_COOKIE).unwrap().clone())
}

/// What each direction does at the least: the tag, and base64 of it.
fn mac() -> Operation {
    let keyed = <hmac::Hmac<sha2::Sha256> as hmac::Mac>::new_from_slice(&[7; 32]).unwrap();
    let sign = move |value: &[u8]| {
        let mut mac = keyed.clone();
        mac.update(NAME.as_bytes());
        mac.update(value);
        mac
    };
    let tag = URL_SAFE_NO_PAD.encode(sign(VALUE.as_bytes()).finalize().into_bytes());
    Box::new(move || {
        let mut octets = [0; 33];
        let length = URL_SAFE_NO_PAD.decode_slice(black_box(&tag), &mut octets).unwrap();
        sign(VALUE.as_bytes()).verify_slice(octets.get(..length).unwrap()).unwrap();
        let mut wire = VALUE.as_bytes().to_vec();
        let tag = sign(&wire).finalize().into_bytes();
        let start = wire.len();
        wire.resize(start + 43, 0);
        URL_SAFE_NO_PAD.encode_slice(tag, wire.get_mut(start..).unwrap()).unwrap();
        Done::Octets(wire)
    })
}

/// The same for a sealed value, its nonce drawn from the system each time as the crate's own example does.
fn aead(draws: bool) -> Operation {
    let sealer = Aes256GcmSiv::new((&[7; 32]).into());
    let seal = move |sealer: &Aes256GcmSiv, value: &[u8]| {
        let mut nonce = [3; 12];
        if draws {
            getrandom::fill(&mut nonce).unwrap();
        }
        let mut octets = Vec::with_capacity(12 + value.len() + 16);
        octets.extend_from_slice(&nonce);
        octets.extend_from_slice(value);
        let text = octets.get_mut(12..).unwrap();
        let tag = sealer.encrypt_in_place_detached(&Nonce::from(nonce), NAME.as_bytes(), text).unwrap();
        octets.extend_from_slice(&tag);
        let mut wire = vec![0; (octets.len() * 4).div_ceil(3)];
        URL_SAFE_NO_PAD.encode_slice(octets, &mut wire).unwrap();
        wire
    };
    let wire = seal(&sealer, VALUE.as_bytes());
    Box::new(move || {
        let mut octets = [0; 96];
        let length = URL_SAFE_NO_PAD.decode_slice(black_box(&wire), &mut octets).unwrap();
        let (nonce, text) = octets.get_mut(..length).unwrap().split_first_chunk_mut::<12>().unwrap();
        let (text, tag) = text.split_last_chunk_mut::<16>().unwrap();
        let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
        sealer.decrypt_in_place_detached(&nonce, NAME.as_bytes(), text, &tag).unwrap();
        Done::Octets(seal(&sealer, text))
    })
}
