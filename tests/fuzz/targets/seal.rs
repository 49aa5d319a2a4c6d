//! Octets in: raw wire values as they are, and choices of a value, a key, a time and of what somebody does to a genuine
//! wire value. Only what a key of the ring wrote, under that name and in time, is read, and it reads as what was written.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use arbitrary::Unstructured;
use hardtack::{AllowedOver, Cookie, Cookies, Https, Key, Keyring, ReadCookie, ReadError, testing};
use hardtack_fuzz::trimmed;
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
    "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=",
    "1fYxQWC6cQyRD2XhOSRwnD8qmLqg6AmzCDe0RQY1dUE=",
    "y6kVpj6J6ddoXq6fPHKTQlS3Jwz7EKyxbywlsqfhacA=",
];

/// The ring of the server, the same with another writer, and two of which it has no key. The last one writes nothing: a
/// fuzzer sees every text that is compared, and would send back what was written.
static RINGS: LazyLock<[Keyring; 4]> = LazyLock::new(|| {
    let [first, second, third, fourth] = KEYS.map(|text| Key::from_base64(text).expect("a key"));
    let both = Keyring::new(first.clone()).with(second.clone());
    [both, Keyring::new(second).with(first), Keyring::new(third), Keyring::new(fourth)]
});

const HOUR: Duration = Duration::from_secs(3600);
/// The day of the vectors, so that a value of theirs is in time.
const NOW: Duration = Duration::from_secs(1_800_000_000);
/// How far clocks may differ.
const SKEW: Duration = Duration::from_secs(60);

fuzz_target!(|input: &[u8]| {
    let now = SystemTime::UNIX_EPOCH + NOW;
    testing::at(now, || octets_of_a_stranger(input));
    let mut input = Unstructured::new(input);
    let Ok(kind) = input.int_in_range(0..=3_u8) else { return };
    let Ok(value) = input.arbitrary::<String>() else { return };
    let _ = match kind {
        0 => attacked(Signed(value), &mut input, |text| Signed(text), 24 * HOUR),
        1 => attacked(OtherSigned(value), &mut input, |text| OtherSigned(text), 8 * HOUR),
        2 => attacked(Sealed(value), &mut input, |text| Sealed(text), 24 * HOUR),
        _ => attacked(OtherSealed(value), &mut input, |text| OtherSealed(text), 8 * HOUR),
    };
});

fn request(pairs: &[Vec<u8>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_bytes(&pairs.join(&b"; "[..])).ok()?);
    Some(headers)
}

fn get<T: ReadCookie + AllowedOver<Https>>(request: &HeaderMap, keyring: &Keyring) -> Result<Option<T>, ReadError> {
    let cookies = Cookies::read(request, testing::https()).keyring(keyring);
    let found = cookies.get::<T>();
    if let Err(error) = &found {
        // That it can be written is enough: a value cannot stand in it.
        let _ = (error.to_string(), format!("{error:?}"));
        assert!(!matches!(error, ReadError::NoKeyring { .. } | ReadError::NotHttps { .. }));
    }
    let (mut some, mut none) = (0, 0);
    for value in cookies.get_all::<T>() {
        *if value.is_ok() { &mut some } else { &mut none } += 1;
    }
    assert!(some > 0 || !matches!(found, Ok(Some(_))));
    assert!(some + none > 0 || matches!(found, Ok(None)));
    found
}

/// Nobody guesses a tag of 128 bits, nor learns it from how it is compared.
fn octets_of_a_stranger(input: &[u8]) {
    let keyring = &RINGS[3];
    let id = keyring.writer().to_string();
    let raw: Vec<u8> = input.iter().copied().filter(|octet| *octet != b';').collect();
    for begin in ["", &format!("1{id}"), &format!("7.1{id}"), &format!("%C3%A9.1{id}")] {
        for name in ["__Host-Http-s", "__Host-Http-u", "__Host-Http-n"] {
            let pair = [name.as_bytes(), b"=", begin.as_bytes(), &raw].concat();
            let Some(request) = request(&[pair]) else { return };
            match name {
                "__Host-Http-s" => refused(get::<Signed>(&request, keyring)),
                "__Host-Http-u" => refused(get::<Sealed>(&request, keyring)),
                _ => refused(get::<Number>(&request, keyring)),
            }
        }
    }
}

fn refused<T: std::fmt::Debug>(found: Result<Option<T>, ReadError>) {
    match found {
        Err(ReadError::BadSeal { .. } | ReadError::UnknownKey { .. }) => {}
        found => panic!("{found:?}"),
    }
}

/// A genuine wire value, and what somebody makes of it.
fn attacked<T>(cookie: T, input: &mut Unstructured<'_>, of: fn(String) -> T, life: Duration) -> arbitrary::Result<()>
where
    T: ReadCookie + AllowedOver<Https> + std::fmt::Debug + PartialEq,
{
    let now = SystemTime::UNIX_EPOCH + NOW;
    let rings = &*RINGS;
    let writer = input.int_in_range(0..=2_usize)?;
    let pair = testing::at(now, || testing::request_header_with(&cookie, &rings[writer]));
    let pair = pair.as_bytes().to_vec();
    let whole = request(std::slice::from_ref(&pair)).expect("a field's value");

    // Round trip, by whichever key of the ring; never by another ring.
    let found = testing::at(now, || get::<T>(&whole, &rings[0]));
    match (writer, &found) {
        (0 | 1, Ok(Some(found))) => assert_eq!(*found, cookie),
        (2, Err(ReadError::UnknownKey { .. })) => {}
        (writer, found) => panic!("{found:?} by ring {writer}"),
    }
    assert!(testing::at(now, || get::<T>(&whole, &rings[2])).is_ok() == (writer == 2));

    // Its life.
    let later = Duration::from_secs(u64::from(input.arbitrary::<u32>()?) % (2 * life.as_secs()));
    let found = testing::at(now + later, || get::<T>(&whole, &rings[usize::from(writer == 2) * 2]));
    match found {
        Ok(Some(found)) if later <= life + SKEW => assert_eq!(found, cookie),
        Err(ReadError::Expired { .. }) if later > life + SKEW => {}
        found => panic!("{found:?} after {later:?}"),
    }
    if writer == 2 {
        return Ok(());
    }

    // Under the names of others.
    let equals = pair.iter().position(|octet| *octet == b'=').expect("a pair");
    let (name, value) = (&pair[..equals], &pair[equals + 1..]);
    for other in ["__Host-Http-s", "__Host-Http-t", "__Host-Http-u", "__Host-Http-v", "__Host-Http-n"] {
        if other.as_bytes() == name {
            continue;
        }
        let moved = request(&[[other.as_bytes(), b"=", value].concat()]).expect("a field's value");
        testing::at(now, || {
            assert!(!matches!(get::<Signed>(&moved, &rings[0]), Ok(Some(_))));
            assert!(!matches!(get::<OtherSigned>(&moved, &rings[0]), Ok(Some(_))));
            assert!(!matches!(get::<Sealed>(&moved, &rings[0]), Ok(Some(_))));
            assert!(!matches!(get::<OtherSealed>(&moved, &rings[0]), Ok(Some(_))));
            assert!(!matches!(get::<Number>(&moved, &rings[0]), Ok(Some(_))));
        });
    }

    // Changed octets.
    let forged = mutated(value, input)?;
    let forged_pair = [name, b"=", &forged].concat();
    let Some(alone) = request(std::slice::from_ref(&forged_pair)) else { return Ok(()) };
    let is_genuine = trimmed(&forged) == value;
    match testing::at(now, || get::<T>(&alone, &rings[0])) {
        Ok(Some(found)) if is_genuine => assert_eq!(found, cookie),
        Err(ReadError::BadSeal { .. } | ReadError::UnknownKey { .. } | ReadError::Expired { .. }) if !is_genuine => {}
        found => panic!("{found:?} of {}", forged.escape_ascii()),
    }

    // Tossed by a sibling host beside the genuine one, before it or after it.
    for both in [[pair.clone(), forged_pair.clone()], [forged_pair.clone(), pair.clone()]] {
        let Some(both) = request(&both) else { return Ok(()) };
        assert_eq!(testing::at(now, || get::<T>(&both, &rings[0])).ok().flatten().as_ref(), Some(&cookie));
    }
    // Two that verify.
    let text: String = input.arbitrary()?;
    let second = of(text);
    let header = testing::at(now, || testing::request_header_with(&second, &rings[1]));
    let both = request(&[pair, header.as_bytes().to_vec()]).expect("a field's value");
    match testing::at(now, || get::<T>(&both, &rings[0])) {
        Ok(Some(found)) if second == cookie => assert_eq!(found, cookie),
        Err(ReadError::Ambiguous { .. }) if second != cookie => {}
        found => panic!("{found:?}"),
    }
    Ok(())
}

/// The value after a few changes: octets flipped, put in, taken out, doubled, cut off, and its parts exchanged.
fn mutated(value: &[u8], input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
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
    out.retain(|octet| *octet != b';');
    Ok(out)
}
