//! Measures signed and sealed cookies of 64 bytes. Compares hardtack, `cookie`, `biscotti`, and the cryptographic
//! primitives alone. Each operation reads a `Cookie` header, verifies or decrypts the value, and sets the same value
//! again.

use std::hint::black_box;

use aes_gcm_siv::{AeadInPlace as _, Aes256GcmSiv, KeyInit as _, Nonce, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{self, CookieJar};
use hardtack::seal::{Key, Keyring};
use hardtack::{AllowedOver, Cookie, Cookies, Https, ReadCookie, testing};
use hmac::Mac as _;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::{Operation, Output};

/// 64 characters of base64url. All characters are sent without percent-encoding.
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
        ("signed, HMAC and base64 only", mac()),
        ("sealed, hardtack", hardtack(Sealed)),
        ("sealed, cookie", cookie_jar(Jar::Private)),
        ("sealed, biscotti", biscotti(::biscotti::config::CryptoAlgorithm::Encryption)),
        ("sealed, AEAD, random nonce and base64 only", aead(true)),
        ("sealed, AEAD and base64 only", aead(false)),
    ];
    cases.into_iter().map(|(name, operation)| (format!("round trip: {name}"), operation)).collect()
}

/// Reads the cookie from a request and sets the same cookie in a response. Each operation creates a new jar.
fn hardtack<T>(from_text: fn(String) -> T) -> Operation
where
    T: Cookie + ReadCookie + AllowedOver<Https> + 'static,
{
    let keyring = Keyring::new(Key::generate());
    let mut request = HeaderMap::new();
    request.insert(COOKIE, testing::request_header_with(&from_text(VALUE.to_owned()), &keyring));
    Box::new(move || {
        let cookies = Cookies::from_headers(black_box(&request), testing::https()).with_keyring(&keyring);
        let value: T = cookies.try_get().unwrap().unwrap();
        cookies.set(value).unwrap();
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        set_cookie_header(&response)
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
    let mut written = CookieJar::new();
    add(jar, &mut written, &key, cookie::Cookie::new(NAME, VALUE));
    let mut request = HeaderMap::new();
    request.insert(COOKIE, written.get(NAME).unwrap().encoded().to_string().parse().unwrap());
    Box::new(move || {
        let mut cookies = CookieJar::new();
        for header in black_box(&request).get_all(COOKIE) {
            for cookie in cookie::Cookie::split_parse_encoded(header.to_str().unwrap().to_owned()) {
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
        set_cookie_header(&response)
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
    let mut written = ResponseCookies::new();
    written.insert(build(VALUE.to_owned()));
    let set_cookie = written.header_values(&processor).next().unwrap();
    let mut request = HeaderMap::new();
    request.insert(COOKIE, set_cookie.split(';').next().unwrap().parse().unwrap());
    Box::new(move || {
        let header = black_box(&request).get(COOKIE).unwrap().to_str().unwrap();
        let cookies = RequestCookies::parse_header(header, &processor).unwrap();
        let value = cookies.get(NAME).unwrap().value().to_owned();
        let mut set = ResponseCookies::new();
        set.insert(build(value));
        let mut response = HeaderMap::new();
        for header in set.header_values(&processor) {
            response.append(SET_COOKIE, HeaderValue::try_from(header).unwrap());
        }
        set_cookie_header(&response)
    })
}

/// Returns the `Set-Cookie` header of the response.
fn set_cookie_header(response: &HeaderMap) -> Output {
    Output::Header(response.get(SET_COOKIE).unwrap().clone())
}

/// Does the minimum work for a signed value. Decodes and verifies the tag, then computes and encodes the tag again.
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
        let mut decoded = [0; 33];
        let length = URL_SAFE_NO_PAD.decode_slice(black_box(&tag), &mut decoded).unwrap();
        sign(VALUE.as_bytes()).verify_slice(decoded.get(..length).unwrap()).unwrap();
        let mut wire = VALUE.as_bytes().to_vec();
        let tag = sign(&wire).finalize().into_bytes();
        let start = wire.len();
        wire.resize(start + 43, 0);
        URL_SAFE_NO_PAD.encode_slice(tag, wire.get_mut(start..).unwrap()).unwrap();
        Output::Bytes(wire)
    })
}

/// Does the minimum work for a sealed value. Decodes and decrypts the value, then encrypts and encodes the value again.
/// If `random_nonce` is true, the operating system generates each nonce. The example in the AEAD crate's docs also gets
/// each nonce from the operating system.
fn aead(random_nonce: bool) -> Operation {
    let sealer = Aes256GcmSiv::new((&[7; 32]).into());
    let seal = move |sealer: &Aes256GcmSiv, value: &[u8]| {
        let mut nonce = [3; 12];
        if random_nonce {
            getrandom::fill(&mut nonce).unwrap();
        }
        let mut bytes = Vec::with_capacity(12 + value.len() + 16);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(value);
        let text = bytes.get_mut(12..).unwrap();
        let tag = sealer.encrypt_in_place_detached(&Nonce::from(nonce), NAME.as_bytes(), text).unwrap();
        bytes.extend_from_slice(&tag);
        let mut wire = vec![0; (bytes.len() * 4).div_ceil(3)];
        URL_SAFE_NO_PAD.encode_slice(bytes, &mut wire).unwrap();
        wire
    };
    let wire = seal(&sealer, VALUE.as_bytes());
    Box::new(move || {
        let mut bytes = [0; 96];
        let length = URL_SAFE_NO_PAD.decode_slice(black_box(&wire), &mut bytes).unwrap();
        let (nonce, text) = bytes.get_mut(..length).unwrap().split_first_chunk_mut::<12>().unwrap();
        let (text, tag) = text.split_last_chunk_mut::<16>().unwrap();
        let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
        sealer.decrypt_in_place_detached(&nonce, NAME.as_bytes(), text, &tag).unwrap();
        Output::Bytes(seal(&sealer, text))
    })
}
