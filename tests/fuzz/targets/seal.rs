//! This target attacks signed cookies and sealed cookies. The target uses the input as a raw cookie value. The input
//! also selects a value, a key, a time, and changes to a genuine cookie value.
//!
//! The target checks that a read of a genuine value returns the original value. The target also checks that hardtack
//! accepts a value only if all of the following conditions are true:
//!
//! - The value was signed or sealed with a key of the keyring.
//! - The value was signed or sealed for the same cookie name.
//! - The value has not expired.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use arbitrary::Unstructured;
use hardtack::seal::{Key, Keyring};
use hardtack::{AllowedOver, Cookie, Cookies, Https, ReadCookie, ReadError, testing};
use hardtack_fuzz::trim;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

#[derive(Cookie, Debug, PartialEq)]
#[cookie(signed, name = "__Host-Http-s")]
struct Signed(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(signed, name = "__Host-Http-t", max_age = "8h")]
struct OtherSigned(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, name = "__Host-Http-u")]
struct Sealed(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, name = "__Host-Http-v", max_age = "8h")]
struct OtherSealed(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(signed, name = "__Host-Http-n")]
struct Number(u64);

const KEYS: [&str; 4] = [
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=",
    "1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUI=",
    "y6kVpj6J6ddoXq6fPHKTQlS3Jwz7EKyxbywlsqfhacA=",
];

/// The keyrings of the target:
///
/// - `KEYRINGS[0]` is the server's keyring.
/// - `KEYRINGS[1]` has the same two keys, but seals new values with the second key.
/// - `KEYRINGS[2]` has a key that the server does not have.
/// - `KEYRINGS[3]` has a key that seals no value. A fuzzer sees all bytes that the program compares. If a value were
///   sealed with `KEYRINGS[3]`, the fuzzer could copy that value into its input.
static KEYRINGS: LazyLock<[Keyring; 4]> = LazyLock::new(|| {
    let [first, second, third, fourth] = KEYS.map(|text| Key::from_base64(text).expect("a key"));
    let both = Keyring::new(first.clone()).with(second.clone());
    [both, Keyring::new(second).with(first), Keyring::new(third), Keyring::new(fourth)]
});

const HOUR: Duration = Duration::from_secs(3600);
/// The time that the target's clock shows. At this time, the values in `tests/vectors/seal.json` have not expired.
const NOW: Duration = Duration::from_secs(1_800_000_000);
/// The permitted difference between the clocks of two servers.
const SKEW: Duration = Duration::from_secs(60);

fuzz_target!(|input: &[u8]| {
    let now = SystemTime::UNIX_EPOCH + NOW;
    testing::at(now, || check_untrusted_bytes(input));
    let mut input = Unstructured::new(input);
    let Ok(kind) = input.int_in_range(0..=3_u8) else { return };
    let Ok(value) = input.arbitrary::<String>() else { return };
    let _ = match kind {
        0 => check_attacks(Signed(value), &mut input, |text| Signed(text), 24 * HOUR, Covers::DecodedText),
        1 => check_attacks(OtherSigned(value), &mut input, |text| OtherSigned(text), 8 * HOUR, Covers::DecodedText),
        2 => check_attacks(Sealed(value), &mut input, |text| Sealed(text), 24 * HOUR, Covers::EveryByte),
        _ => check_attacks(OtherSealed(value), &mut input, |text| OtherSealed(text), 8 * HOUR, Covers::EveryByte),
    };
});

fn request(pairs: &[Vec<u8>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_bytes(&pairs.join(&b"; "[..])).ok()?);
    Some(headers)
}

fn get<T: ReadCookie + AllowedOver<Https>>(request: &HeaderMap, keyring: &Keyring) -> Result<Option<T>, ReadError> {
    let cookies = Cookies::from_headers(request, testing::https()).with_keyring(keyring);
    let found = cookies.try_get::<T>();
    if let Err(error) = &found {
        // The target checks that formatting the error does not panic. The error type has no field that could contain a
        // cookie's value.
        let _ = (error.to_string(), format!("{error:?}"));
        assert!(!matches!(error, ReadError::NoKeyring { .. } | ReadError::NotHttps { .. }));
    }
    let (mut valid, mut invalid) = (0, 0);
    for value in cookies.get_all::<T>() {
        *if value.is_ok() { &mut valid } else { &mut invalid } += 1;
    }
    assert!(valid > 0 || !matches!(found, Ok(Some(_))));
    assert!(valid + invalid > 0 || matches!(found, Ok(None)));
    found
}

/// Checks that hardtack rejects the fuzzer's input as a cookie value. An attacker cannot guess a tag of 128 bits. The
/// comparison of two tags does not reveal the correct tag to the fuzzer.
fn check_untrusted_bytes(input: &[u8]) {
    let keyring = &KEYRINGS[3];
    let id = keyring.writer().to_string();
    let raw: Vec<u8> = input.iter().copied().filter(|byte| *byte != b';').collect();
    for prefix in ["", &format!("1{id}"), &format!("7.1{id}"), &format!("%C3%A9.1{id}")] {
        for name in ["__Host-Http-s", "__Host-Http-u", "__Host-Http-n"] {
            let pair = [name.as_bytes(), b"=", prefix.as_bytes(), &raw].concat();
            let Some(request) = request(&[pair]) else { return };
            match name {
                "__Host-Http-s" => assert_rejected(get::<Signed>(&request, keyring)),
                "__Host-Http-u" => assert_rejected(get::<Sealed>(&request, keyring)),
                _ => assert_rejected(get::<Number>(&request, keyring)),
            }
        }
    }
}

fn assert_rejected<T: std::fmt::Debug>(found: Result<Option<T>, ReadError>) {
    match found {
        Err(ReadError::BadSeal { .. } | ReadError::UnknownKey { .. }) => {}
        found => panic!("{found:?}"),
    }
}

/// The part of a cookie's value that the seal covers.
#[derive(Clone, Copy, PartialEq)]
enum Covers {
    /// A signature covers the decoded text. So `%25` and a bare `%` in a signed value are the same text.
    DecodedText,
    EveryByte,
}

/// Reads a genuine cookie value, a changed value, and a value under another name. Checks the results.
fn check_attacks<T>(
    cookie: T,
    input: &mut Unstructured<'_>,
    from_text: fn(String) -> T,
    lifetime: Duration,
    covers: Covers,
) -> arbitrary::Result<()>
where
    T: ReadCookie + AllowedOver<Https> + std::fmt::Debug + PartialEq,
{
    let now = SystemTime::UNIX_EPOCH + NOW;
    let keyrings = &*KEYRINGS;
    let writer = input.int_in_range(0..=2_usize)?;
    let pair = testing::at(now, || testing::request_header_with(&cookie, &keyrings[writer]));
    let pair = pair.as_bytes().to_vec();
    let whole = request(std::slice::from_ref(&pair)).expect("a header value");

    // The server accepts a value that was sealed with any key of its keyring. The server rejects a value that was
    // sealed with another key.
    let found = testing::at(now, || get::<T>(&whole, &keyrings[0]));
    match (writer, &found) {
        (0 | 1, Ok(Some(found))) => assert_eq!(*found, cookie),
        (2, Err(ReadError::UnknownKey { .. })) => {}
        (writer, found) => panic!("{found:?}, written by keyring {writer}"),
    }
    assert!(testing::at(now, || get::<T>(&whole, &keyrings[2])).is_ok() == (writer == 2));

    // The value expires.
    let later = Duration::from_secs(u64::from(input.arbitrary::<u32>()?) % (2 * lifetime.as_secs()));
    let found = testing::at(now + later, || get::<T>(&whole, &keyrings[usize::from(writer == 2) * 2]));
    match found {
        Ok(Some(found)) if later <= lifetime + SKEW => assert_eq!(found, cookie),
        Err(ReadError::Expired { .. }) if later > lifetime + SKEW => {}
        found => panic!("{found:?} after {later:?}"),
    }
    if writer == 2 {
        return Ok(());
    }

    // The request sends the sealed value under the name of another cookie.
    let equals = pair.iter().position(|byte| *byte == b'=').expect("a pair");
    let (name, value) = (&pair[..equals], &pair[equals + 1..]);
    for other in ["__Host-Http-s", "__Host-Http-t", "__Host-Http-u", "__Host-Http-v", "__Host-Http-n"] {
        if other.as_bytes() == name {
            continue;
        }
        let moved = request(&[[other.as_bytes(), b"=", value].concat()]).expect("a header value");
        testing::at(now, || {
            assert!(!matches!(get::<Signed>(&moved, &keyrings[0]), Ok(Some(_))));
            assert!(!matches!(get::<OtherSigned>(&moved, &keyrings[0]), Ok(Some(_))));
            assert!(!matches!(get::<Sealed>(&moved, &keyrings[0]), Ok(Some(_))));
            assert!(!matches!(get::<OtherSealed>(&moved, &keyrings[0]), Ok(Some(_))));
            assert!(!matches!(get::<Number>(&moved, &keyrings[0]), Ok(Some(_))));
        });
    }

    // The request sends the genuine value with some changed bytes.
    let forged = mutate(value, input)?;
    let forged_pair = [name, b"=", &forged].concat();
    let Some(alone) = request(std::slice::from_ref(&forged_pair)) else { return Ok(()) };
    let is_genuine = trim(&forged) == value;
    match testing::at(now, || get::<T>(&alone, &keyrings[0])) {
        Ok(Some(found)) if is_genuine || covers == Covers::DecodedText => assert_eq!(found, cookie),
        Err(ReadError::BadSeal { .. } | ReadError::UnknownKey { .. } | ReadError::Expired { .. }) if !is_genuine => {}
        found => panic!("{found:?} of {}", forged.escape_ascii()),
    }

    // A forged cookie comes before or after the genuine cookie. A sibling host could set a forged cookie in the user's
    // browser.
    for both in [[pair.clone(), forged_pair.clone()], [forged_pair.clone(), pair.clone()]] {
        let Some(both) = request(&both) else { return Ok(()) };
        assert_eq!(testing::at(now, || get::<T>(&both, &keyrings[0])).ok().flatten().as_ref(), Some(&cookie));
    }
    // The request has two values, and both seals are valid.
    let text: String = input.arbitrary()?;
    let second = from_text(text);
    let header = testing::at(now, || testing::request_header_with(&second, &keyrings[1]));
    let both = request(&[pair, header.as_bytes().to_vec()]).expect("a header value");
    match testing::at(now, || get::<T>(&both, &keyrings[0])) {
        Ok(Some(found)) if second == cookie => assert_eq!(found, cookie),
        Err(ReadError::Ambiguous { .. }) if second != cookie => {}
        found => panic!("{found:?}"),
    }
    Ok(())
}

/// Returns the value after one to four changes. A change flips a bit, swaps two parts, or inserts, removes, replaces,
/// duplicates or cuts off bytes.
fn mutate(value: &[u8], input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let mut out = value.to_vec();
    for _ in 0..input.int_in_range(1..=4)? {
        let at = input.choose_index(out.len().max(1))?.min(out.len());
        match input.int_in_range(0..=6)? {
            0 if at < out.len() => out[at] ^= 1 << input.int_in_range(0..=7)?,
            1 => out.insert(at, input.arbitrary()?),
            2 if at < out.len() => drop(out.remove(at)),
            3 => out.truncate(at),
            4 if at < out.len() => {
                out[at] = *input.choose(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.%=+/")?
            }
            5 => out.extend_from_within(at..),
            _ => out.rotate_left(at),
        }
    }
    out.retain(|byte| *byte != b';');
    Ok(out)
}
