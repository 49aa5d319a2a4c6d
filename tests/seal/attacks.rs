//! Tests attacks on signed and sealed values. The attacker sends a value under another cookie's name, changes the
//! value, truncates the value, or sends an expired value.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hardtack::seal::Keyring;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, ReadCookie, ReadError, SetCookie, testing};
use http::HeaderMap;
use proptest::prelude::*;

use super::{NOW, instant, jar, key, read, verdict, wire};

#[derive(Cookie, Debug, PartialEq)]
#[cookie(signed, max_age = "8h")]
struct User(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(signed, max_age = "8h")]
struct Admin(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "8h")]
struct Session(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "8h")]
struct Elevated(String);

const LIFETIME: u64 = 8 * 3_600;

/// Encodes a cookie's value while the clock shows `NOW`.
fn encoded<T: ReadCookie>(value: &T, keyring: &Keyring) -> String {
    testing::at(instant(NOW), || wire(&testing::request_header_with(value, keyring)))
}

type Read = fn(&str, &Keyring) -> Result<String, ReadError>;

/// Returns a signed value and a sealed value, each with the function that reads the value.
fn signed_and_sealed(keyring: &Keyring) -> [(String, Read); 2] {
    [
        (encoded(&User("ada".into()), keyring), |wire, keyring| read::<User>(wire, keyring).map(|user| user.0)),
        (encoded(&Session("ada".into()), keyring), |wire, keyring| {
            read::<Session>(wire, keyring).map(|session| session.0)
        }),
    ]
}

/// Opens a value without a jar, because a jar would emit an event for each error.
fn open_value<T: ReadCookie>(wire: &str, keyring: &Keyring) -> Option<T> {
    let mut response = HeaderMap::new();
    response.insert("set-cookie", format!("{}={wire}", T::SPEC.name).parse().unwrap());
    testing::sent_with(&response, keyring)
}

/// Opens a signed or a sealed value without a jar.
fn open_signed_or_sealed(wire: &str, is_signed: bool, keyring: &Keyring) -> Option<String> {
    match is_signed {
        true => open_value::<User>(wire, keyring).map(|user| user.0),
        false => open_value::<Session>(wire, keyring).map(|session| session.0),
    }
}

fn at_now<T>(run: impl FnOnce() -> T) -> T {
    testing::at(instant(NOW), run)
}

#[test]
fn value_of_one_cookie_is_rejected_for_another() {
    let keyring = Keyring::new(key(1));
    let (user, session) = (encoded(&User("ada".into()), &keyring), encoded(&Session("ada".into()), &keyring));
    at_now(|| {
        assert_eq!(read::<User>(&user, &keyring).unwrap(), User("ada".into()));
        assert_eq!(read::<Session>(&session, &keyring).unwrap(), Session("ada".into()));
        assert_eq!(verdict(&read::<Admin>(&user, &keyring)), "mismatch");
        assert_eq!(verdict(&read::<Elevated>(&session, &keyring)), "mismatch");
        assert_eq!(verdict(&read::<Session>(&user, &keyring)), "malformed");
        assert_eq!(verdict(&read::<User>(&session, &keyring)), "malformed");
    });
}

#[test]
fn each_refusal_has_its_own_event_rule() {
    let keyring = Keyring::new(key(1));
    let session = encoded(&Session("ada".into()), &keyring);
    let events = Arc::new(Mutex::new(Vec::new()));
    let recorded = events.clone();
    let policy =
        Policy::builder().on_event(move |event| recorded.lock().unwrap().push(event.rule.as_str())).build().unwrap();
    let handle = PolicyHandle::new(policy);
    for (wire, id) in [
        (session.replacen('1', "2", 1), "seal-version"),
        (session[..9].to_owned(), "seal-malformed"),
        (encoded(&Elevated("ada".into()), &keyring), "bad-seal"),
        (encoded(&Session("ada".into()), &Keyring::new(key(2))), "unknown-key"),
    ] {
        let jar = jar(&format!("__Host-Http-session={wire}"), &keyring).with_policy(&handle);
        at_now(|| jar.try_get::<Session>()).err().unwrap();
        assert_eq!(std::mem::take(&mut *events.lock().unwrap()), [id]);
    }
}

#[test]
fn changed_bytes_are_rejected() {
    let keyring = Keyring::new(key(1));
    at_now(|| {
        for (is_signed, (wire, _)) in [true, false].into_iter().zip(signed_and_sealed(&keyring)) {
            assert_eq!(open_signed_or_sealed(&wire, is_signed, &keyring).as_deref(), Some("ada"));
            let mut tested = 0;
            for at in 0..wire.len() {
                for bit in 0..8 {
                    let mut changed = wire.clone().into_bytes();
                    changed[at] ^= 1 << bit;
                    // Skip bytes that a cookie's value cannot contain.
                    if !hardtack_rules::syntax::is_cookie_octet(changed[at]) {
                        continue;
                    }
                    let changed = String::from_utf8(changed).unwrap();
                    assert_eq!(open_signed_or_sealed(&changed, is_signed, &keyring), None, "{at} {bit}");
                    tested += 1;
                }
            }
            assert!(tested > 4 * wire.len());
        }
    });
}

#[test]
fn truncated_and_extended_values_are_rejected() {
    let keyring = Keyring::new(key(1));
    at_now(|| {
        for (is_signed, (wire, _)) in [true, false].into_iter().zip(signed_and_sealed(&keyring)) {
            for length in 0..wire.len() {
                assert_eq!(open_signed_or_sealed(&wire[..length], is_signed, &keyring), None, "{length}");
                assert_eq!(open_signed_or_sealed(&wire[wire.len() - length..], is_signed, &keyring), None, "{length}");
            }
            for more in ["=", "A", "AA", "AAAA", "."] {
                assert_eq!(open_signed_or_sealed(&format!("{wire}{more}"), is_signed, &keyring), None, "{more}");
                assert_eq!(open_signed_or_sealed(&format!("{more}{wire}"), is_signed, &keyring), None, "{more}");
            }
        }
    });
}

#[test]
fn expired_seal_is_rejected() {
    let keyring = Keyring::new(key(1));
    for (wire, read) in signed_and_sealed(&keyring) {
        // The clocks of two servers can differ. So a seal stays valid for one minute after the end of its lifetime.
        for (seconds, expected) in [
            (0, "ok"),
            (LIFETIME, "ok"),
            (LIFETIME + 60, "ok"),
            (LIFETIME + 61, "expired"),
            (LIFETIME * 100, "expired"),
        ] {
            let read = testing::at(instant(NOW + seconds), || read(&wire, &keyring));
            assert_eq!(verdict(&read), expected, "{seconds}");
        }
        // The clock of the reading server is one hour behind the clock of the server that wrote the value.
        assert!(testing::at(instant(NOW - 3_600), || read(&wire, &keyring)).is_ok());
    }
}

#[test]
fn lifetime_has_three_sources_in_order() {
    #[derive(Cookie, Debug)]
    #[cookie(sealed)]
    struct Visit(u32);

    #[derive(Cookie, Debug)]
    #[cookie(sealed, max_age = "100000d")]
    struct Far(u32);

    /// Returns the seal's lifetime in seconds, without the extra minute for clocks that differ.
    fn lifetime(set: SetCookie<impl Cookie + hardtack::AllowedOver<hardtack::Https>>, keyring: &Keyring) -> u64 {
        fn last<T: Cookie + hardtack::AllowedOver<hardtack::Https>>(set: SetCookie<T>, keyring: &Keyring) -> u64 {
            let wire = at_now(|| wire(&set.with_keyring(keyring).header_value(&testing::https()).unwrap()));
            let is_valid =
                |seconds: u64| testing::at(instant(NOW + seconds), || open_value::<T>(&wire, keyring).is_some());
            let (mut valid_at, mut expired_at) = (0, 10_000_000_000);
            while expired_at - valid_at > 1 {
                let middle = (valid_at + expired_at) / 2;
                if is_valid(middle) { valid_at = middle } else { expired_at = middle }
            }
            valid_at - 60
        }
        last(set, keyring)
    }

    let keyring = Keyring::new(key(1));
    let hour = Duration::from_secs(3_600);
    assert_eq!(lifetime(SetCookie::new(Session("a".into())), &keyring), LIFETIME);
    assert_eq!(lifetime(SetCookie::new(Session("a".into())).max_age(hour), &keyring), 3_600);
    let until = |seconds| at_now(|| SetCookie::new(Session("a".into())).expires(instant(NOW + seconds)));
    assert_eq!(lifetime(until(77), &keyring), 77);
    // A setter cannot lengthen the lifetime of a value.
    assert_eq!(lifetime(SetCookie::new(Session("a".into())).max_age(hour * 9), &keyring), LIFETIME);
    assert_eq!(lifetime(until(LIFETIME + 1), &keyring), LIFETIME);
    assert_eq!(lifetime(SetCookie::new(Visit(1)), &keyring), 86_400);
    // Without `Max-Age`, a value is valid for the shorter of the declared `max_age` and the default lifetime.
    assert_eq!(lifetime(SetCookie::new(Session("a".into())).without_max_age(), &keyring), LIFETIME);
    assert_eq!(lifetime(SetCookie::new(Far(1)).without_max_age(), &keyring), 86_400);
    let keyring = keyring.default_lifetime(hour);
    assert_eq!(lifetime(SetCookie::new(Visit(1)), &keyring), 3_600);
    assert_eq!(lifetime(SetCookie::new(Session("a".into())).without_max_age(), &keyring), 3_600);
    assert_eq!(lifetime(SetCookie::new(Session("a".into())), &keyring), LIFETIME);
    // The seal stores the expiry as a `u32` of Unix seconds, so the latest expiry is in 2106.
    assert_eq!(NOW + lifetime(SetCookie::new(Far(1)), &keyring), u64::from(u32::MAX));
}

#[test]
fn unknown_and_retired_keys_are_rejected() {
    let (writer, other) = (Keyring::new(key(1)), Keyring::new(key(2)));
    at_now(|| {
        for (wire, read) in signed_and_sealed(&writer) {
            assert_eq!(verdict(&read(&wire, &other)), "unknown-key");
            assert_eq!(verdict(&read(&wire, &Keyring::new(key(2)).with(key(1)))), "ok");
        }
    });
}

#[test]
fn seal_with_another_key_id_is_rejected() {
    let (first, second) = (key(1), key(2));
    let keyring = Keyring::new(first.clone());
    at_now(|| {
        for (wire, read) in signed_and_sealed(&keyring) {
            let renamed = wire.replacen(&first.id().to_string(), &second.id().to_string(), 1);
            assert_eq!(verdict(&read(&renamed, &keyring.clone().with(second.clone()))), "mismatch");
        }
    });
}

#[test]
fn other_versions_differ_from_malformed_values() {
    let keyring = Keyring::new(key(1));
    at_now(|| {
        let [(signed, read_signed), (sealed, read_sealed)] = signed_and_sealed(&keyring);
        let seal = signed.rfind('.').unwrap() + 1;
        for version in ["0", "2", "9"] {
            let other = format!("{}{version}{}", &signed[..seal], &signed[seal + 1..]);
            assert_eq!(verdict(&read_signed(&other, &keyring)), "version");
            let other = format!("{version}{}", &sealed[1..]);
            assert_eq!(verdict(&read_sealed(&other, &keyring)), "version");
        }
        for malformed in ["", "ada", "99", "7.50", "s3cr3t.token", "-"] {
            assert_eq!(verdict(&read_signed(malformed, &keyring)), "malformed", "{malformed}");
            assert_eq!(verdict(&read_sealed(malformed, &keyring)), "malformed", "{malformed}");
        }
    });
}

#[test]
fn planted_cookies_do_not_replace_a_verified_one() {
    let keyring = Keyring::new(key(1));
    let other_keyring = Keyring::new(key(2));
    at_now(|| {
        let real = testing::request_header_with(&Session("ada".into()), &keyring);
        let real = real.to_str().unwrap();
        let name = Session::SPEC.name;
        let of_other_key = wire(&testing::request_header_with(&Session("eve".into()), &other_keyring));
        let of_other_cookie = wire(&testing::request_header_with(&Elevated("eve".into()), &keyring));
        for planted in ["eve", &of_other_key, &of_other_cookie] {
            for header in [format!("{name}={planted}; {real}"), format!("{real}; {name}={planted}")] {
                assert_eq!(jar(&header, &keyring).try_get().unwrap(), Some(Session("ada".into())), "{header}");
                let all: Vec<_> = jar(&header, &keyring).get_all::<Session>().filter_map(Result::ok).collect();
                assert_eq!(all, [Session("ada".into())]);
            }
        }
        // The request contains two sealed values with different nonces. Both seals contain the same value, so the read
        // returns the value.
        let again = wire(&testing::request_header_with(&Session("ada".into()), &keyring));
        assert!(!real.ends_with(&again));
        assert_eq!(jar(&format!("{real}; {name}={again}"), &keyring).try_get().unwrap(), Some(Session("ada".into())));
        // If a request has two different values with valid seals for one cookie, the read returns `Ambiguous`. If no
        // value has a valid seal, the read returns the error of the first value.
        let other = wire(&testing::request_header_with(&Session("eve".into()), &keyring));
        assert_eq!(verdict(&jar(&format!("{real}; {name}={other}"), &keyring).try_get::<Session>()), "ambiguous");
        let none_verifies = format!("{name}={of_other_key}; {name}=eve");
        assert_eq!(verdict(&jar(&none_verifies, &keyring).try_get::<Session>()), "unknown-key");
    });
}

#[test]
fn errors_contain_no_value_and_no_key() {
    let keyring = Keyring::new(key(1));
    let secrets = [key(1).to_base64(), key(2).to_base64()];
    for (wire, read) in signed_and_sealed(&keyring) {
        let late = testing::at(instant(NOW + LIFETIME * 2), || read(&wire, &keyring)).unwrap_err();
        let unknown = at_now(|| read(&wire, &Keyring::new(key(2)))).unwrap_err();
        let cut = at_now(|| read(&wire[1..], &keyring)).unwrap_err();
        let other = if wire.ends_with('A') { 'Q' } else { 'A' };
        let changed = at_now(|| read(&format!("{}{other}", &wire[..wire.len() - 1]), &keyring)).unwrap_err();
        for error in [late, unknown, cut, changed] {
            let text = format!("{error} {error:?} {}", error.client_message());
            assert!(text.contains(error.cookie()), "{text}");
            assert!(!text.contains("ada") && !text.contains(&wire[..8]), "{text}");
            assert!(!secrets.iter().any(|secret| text.contains(&secret[..8])), "{text}");
            assert_eq!(error.status(), 400);
        }
    }
}

#[test]
fn without_a_keyring_set_and_get_fail() {
    let keyring = Keyring::new(key(1));
    let mut request = HeaderMap::new();
    request.insert("cookie", testing::request_header_with(&User("ada".into()), &keyring));
    let cookies = Cookies::from_headers(&request, testing::https());

    let error = cookies.set(Session("ada".into())).unwrap_err();
    assert_eq!((error.status().as_u16(), error.cookie()), (500, Session::SPEC.name));
    assert!(error.to_string().contains("`Policy::builder().keyring(…)`"), "{error}");
    let error = cookies.try_get::<User>().unwrap_err();
    assert_eq!(error.status().as_u16(), 500);
    assert!(error.to_string().contains("`Cookies::with_keyring`"), "{error}");
    // A header that removes a cookie has an empty value, so the jar needs no keyring to write the header.
    cookies.remove::<Session>().unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert!(testing::removed::<Session>(&response));
}

#[test]
fn size_limit_counts_the_sealed_value() {
    let keyring = Keyring::new(key(1));
    let set = |length: usize| {
        let set = SetCookie::new(Session("x".repeat(length))).with_keyring(&keyring);
        set.header_value(&testing::https()).map(|header| wire(&header).len())
    };
    // The first 5 characters of a sealed value are the version and the key id. The other characters are the nonce, the
    // expiry, the value and the tag in base64. Base64 has 4 characters for 3 bytes.
    let name = Session::SPEC.name.len();
    let most = (4096 - name - 5) * 3 / 4 - 38;
    assert_eq!(set(most).unwrap() + name, 4096);
    assert!(matches!(set(most + 1), Err(hardtack::SetError::TooLarge { limit: 4096, bytes: 4098, .. })));
    // A value of 64 bytes grows by 77 bytes if it is sealed, and by 41 bytes if it is signed.
    assert_eq!(set(64).unwrap() - 64, 77);
    let signed = SetCookie::new(User("x".repeat(64))).with_keyring(&keyring).header_value(&testing::https()).unwrap();
    assert_eq!(wire(&signed).len() - 64, 41);
}

#[test]
fn sealed_values_contain_only_cookie_octets() {
    let keyring = Keyring::new(key(1));
    for value in ["", "; Domain=evil.example", "a\r\nb", "größe 🍎", "%", "."] {
        for wire in [encoded(&User(value.into()), &keyring), encoded(&Session(value.into()), &keyring)] {
            assert!(wire.bytes().all(hardtack_rules::syntax::is_cookie_octet), "{wire}");
        }
        at_now(|| {
            assert_eq!(read::<User>(&encoded(&User(value.into()), &keyring), &keyring).unwrap().0, value);
            assert_eq!(read::<Session>(&encoded(&Session(value.into()), &keyring), &keyring).unwrap().0, value);
        });
    }
}

/// Declares a signed cookie and a sealed cookie for each name. Some names in the list differ only in letter case. Some
/// names are prefixes of another name in the list.
macro_rules! cookies {
    ($($signed:ident $sealed:ident $name:literal)*) => {
        $(
            #[derive(Cookie, Debug)]
            #[cookie(name = $name, signed, reason = "a test")]
            struct $signed(String);

            #[derive(Cookie, Debug)]
            #[cookie(name = $name, sealed, reason = "a test")]
            struct $sealed(String);
        )*

        const NAMES: &[&str] = &[$($name),*];

        fn make(name: &str, sealed: bool, value: &str, keyring: &Keyring) -> String {
            $(
                if name == $name {
                    return match sealed {
                        true => encoded(&$sealed(value.into()), keyring),
                        false => encoded(&$signed(value.into()), keyring),
                    };
                }
            )*
            panic!("no cookie {name}")
        }

        fn open(name: &str, sealed: bool, wire: &str, keyring: &Keyring) -> Option<String> {
            $(
                if name == $name {
                    return match sealed {
                        true => open_value::<$sealed>(wire, keyring).map(|cookie| cookie.0),
                        false => open_value::<$signed>(wire, keyring).map(|cookie| cookie.0),
                    };
                }
            )*
            panic!("no cookie {name}")
        }
    };
}

cookies! {
    SignedUser SealedUser "user"
    SignedUpper SealedUpper "User"
    SignedUse SealedUse "use"
    SignedR SealedR "r"
    SignedUserR SealedUserR "userr"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// A seal is valid only with the name, the value and the key for which the seal was made.
    #[test]
    fn seals_bind_name_value_and_key(
        (first, second) in (0..NAMES.len(), 0..NAMES.len()),
        (value, other) in prop_oneof![
            ("[ -~]{0,12}", "[ -~]{0,12}"),
            // If a name and a value are joined, different pairs can become the same text. For example, `user` + `ra`
            // and `userr` + `a` both become `userra`.
            ("[a-z]{1,4}", "r?[a-z]{1,4}"),
            ("\\PC{0,6}", "\\PC{0,6}"),
        ],
        (one, two) in (1_u8..4, 1_u8..4),
        sealed: bool,
        cross: bool,
    ) {
        at_now(|| {
            let (writer, reader) = (Keyring::new(key(one)), Keyring::new(key(two)));
            let wire = make(NAMES[first], sealed, &value, &writer);
            prop_assert_eq!(open(NAMES[first], sealed, &wire, &writer), Some(value.clone()));
            let opened = open(NAMES[second], sealed != cross, &wire, &reader);
            if first == second && one == two && !cross {
                prop_assert_eq!(opened, Some(value.clone()));
            } else {
                prop_assert_eq!(opened, None);
            }
            // Attach the signature of one value to another value.
            if !sealed && value != other {
                let other_wire = make(NAMES[second], false, &other, &reader);
                let (before, _) = other_wire.rsplit_once('.').unwrap();
                let (_, seal) = wire.rsplit_once('.').unwrap();
                prop_assert_eq!(open(NAMES[first], false, &format!("{before}.{seal}"), &writer), None);
            }
            Ok(())
        })?;
    }
}
