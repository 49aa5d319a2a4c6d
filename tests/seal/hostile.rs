//! What an attacker does with values that are not his: moves, bends, cuts and keeps them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hardtack::{Cookie, Cookies, Keyring, Policy, PolicyHandle, ReadCookie, ReadError, SetCookie, testing};
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

const LIFE: u64 = 8 * 3_600;

fn made<T: ReadCookie>(value: &T, keyring: &Keyring) -> String {
    testing::at(instant(NOW), || wire(&testing::request_header_with(value, keyring)))
}

/// A wire value of each kind, and how each is read.
type Read = fn(&str, &Keyring) -> Result<String, ReadError>;

fn both(keyring: &Keyring) -> [(String, Read); 2] {
    [
        (made(&User("ada".into()), keyring), |wire, keyring| read::<User>(wire, keyring).map(|user| user.0)),
        (made(&Session("ada".into()), keyring), |wire, keyring| {
            read::<Session>(wire, keyring).map(|session| session.0)
        }),
    ]
}

/// Opens a value without a jar, which would log each refusal.
fn opened<T: ReadCookie>(wire: &str, keyring: &Keyring) -> Option<T> {
    let mut response = HeaderMap::new();
    response.insert("set-cookie", format!("{}={wire}", T::DECLARATION.name).parse().unwrap());
    testing::sent_with(&response, keyring)
}

/// The same for the two kinds, by the form of the wire value.
fn either(wire: &str, is_signed: bool, keyring: &Keyring) -> Option<String> {
    match is_signed {
        true => opened::<User>(wire, keyring).map(|user| user.0),
        false => opened::<Session>(wire, keyring).map(|session| session.0),
    }
}

fn at_now<T>(run: impl FnOnce() -> T) -> T {
    testing::at(instant(NOW), run)
}

#[test]
fn a_value_of_one_cookie_is_none_of_another() {
    let keyring = Keyring::new(key(1));
    let (user, session) = (made(&User("ada".into()), &keyring), made(&Session("ada".into()), &keyring));
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
fn each_refusal_is_told_by_its_own_id() {
    let keyring = Keyring::new(key(1));
    let session = made(&Session("ada".into()), &keyring);
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = told.clone();
    let policy = Policy::builder().on_event(move |event| keep.lock().unwrap().push(event.rule)).build().unwrap();
    let handle = PolicyHandle::new(policy);
    for (wire, id) in [
        (session.replacen('1', "2", 1), "seal-version"),
        (session[..9].to_owned(), "seal-malformed"),
        (made(&Elevated("ada".into()), &keyring), "bad-seal"),
        (made(&Session("ada".into()), &Keyring::new(key(2))), "unknown-key"),
    ] {
        let jar = jar(&format!("__Host-Http-session={wire}"), &keyring).policy(&handle);
        at_now(|| jar.get::<Session>()).err().unwrap();
        assert_eq!(std::mem::take(&mut *told.lock().unwrap()), [id]);
    }
}

#[test]
fn no_octet_can_be_changed() {
    let keyring = Keyring::new(key(1));
    at_now(|| {
        for (is_signed, (wire, _)) in [true, false].into_iter().zip(both(&keyring)) {
            assert_eq!(either(&wire, is_signed, &keyring).as_deref(), Some("ada"));
            let mut bent_ones = 0;
            for at in 0..wire.len() {
                for bit in 0..8 {
                    let mut bent = wire.clone().into_bytes();
                    bent[at] ^= 1 << bit;
                    // What cannot stand in a value never arrives as one.
                    if !hardtack_rules::syntax::is_cookie_octet(bent[at]) {
                        continue;
                    }
                    let bent = String::from_utf8(bent).unwrap();
                    assert_eq!(either(&bent, is_signed, &keyring), None, "{at} {bit}");
                    bent_ones += 1;
                }
            }
            assert!(bent_ones > 4 * wire.len());
        }
    });
}

#[test]
fn nothing_can_be_cut_off_or_added() {
    let keyring = Keyring::new(key(1));
    at_now(|| {
        for (is_signed, (wire, _)) in [true, false].into_iter().zip(both(&keyring)) {
            for length in 0..wire.len() {
                assert_eq!(either(&wire[..length], is_signed, &keyring), None, "{length}");
                assert_eq!(either(&wire[wire.len() - length..], is_signed, &keyring), None, "{length}");
            }
            for more in ["=", "A", "AA", "AAAA", "."] {
                assert_eq!(either(&format!("{wire}{more}"), is_signed, &keyring), None, "{more}");
                assert_eq!(either(&format!("{more}{wire}"), is_signed, &keyring), None, "{more}");
            }
        }
    });
}

#[test]
fn a_copy_is_worth_nothing_once_its_life_is_over() {
    let keyring = Keyring::new(key(1));
    for (wire, read) in both(&keyring) {
        // One minute for clocks that differ, and not a second more.
        for (seconds, expected) in
            [(0, "ok"), (LIFE, "ok"), (LIFE + 60, "ok"), (LIFE + 61, "expired"), (LIFE * 100, "expired")]
        {
            let read = testing::at(instant(NOW + seconds), || read(&wire, &keyring));
            assert_eq!(verdict(&read), expected, "{seconds}");
        }
        // A server whose clock is behind the writer's.
        assert!(testing::at(instant(NOW - 3_600), || read(&wire, &keyring)).is_ok());
    }
}

#[test]
fn the_life_is_the_exchange_s_else_the_declaration_s_else_the_keyring_s() {
    #[derive(Cookie, Debug)]
    #[cookie(sealed)]
    struct Visit(u32);

    fn ends(set: SetCookie<impl Cookie + hardtack::AllowedOver<hardtack::Https>>, keyring: &Keyring) -> u64 {
        fn last<T: Cookie + hardtack::AllowedOver<hardtack::Https>>(set: SetCookie<T>, keyring: &Keyring) -> u64 {
            let wire = at_now(|| wire(&set.keyring(keyring).header_value(&testing::https()).unwrap()));
            let lives = |seconds: u64| testing::at(instant(NOW + seconds), || opened::<T>(&wire, keyring).is_some());
            let (mut lives_at, mut dead_at) = (0, 10_000_000_000);
            while dead_at - lives_at > 1 {
                let middle = (lives_at + dead_at) / 2;
                if lives(middle) { lives_at = middle } else { dead_at = middle }
            }
            lives_at - 60
        }
        last(set, keyring)
    }

    let keyring = Keyring::new(key(1));
    let hour = Duration::from_secs(3_600);
    assert_eq!(ends(SetCookie::new(Session("a".into())), &keyring), LIFE);
    assert_eq!(ends(SetCookie::new(Session("a".into())).max_age(hour), &keyring), 3_600);
    assert_eq!(ends(SetCookie::new(Session("a".into())).until(instant(NOW + 77)), &keyring), 77);
    assert_eq!(ends(SetCookie::new(Session("a".into())).session(), &keyring), 86_400);
    assert_eq!(ends(SetCookie::new(Visit(1)), &keyring), 86_400);
    let keyring = keyring.default_life(hour);
    assert_eq!(ends(SetCookie::new(Visit(1)), &keyring), 3_600);
    assert_eq!(ends(SetCookie::new(Session("a".into())), &keyring), LIFE);
    // What cannot be written ends with the form's last instant, in 2106.
    let far = SetCookie::new(Visit(1)).max_age(Duration::from_secs(u64::MAX));
    assert_eq!(NOW + ends(far, &keyring), u64::from(u32::MAX));
}

#[test]
fn another_key_and_a_retired_one_are_unknown() {
    let (mine, theirs) = (Keyring::new(key(1)), Keyring::new(key(2)));
    at_now(|| {
        for (wire, read) in both(&mine) {
            assert_eq!(verdict(&read(&wire, &theirs)), "unknown-key");
            assert_eq!(verdict(&read(&wire, &Keyring::new(key(2)).with(key(1)))), "ok");
        }
    });
}

#[test]
fn a_value_that_names_another_key_of_the_ring_is_not_that_key_s() {
    let (mine, other) = (key(1), key(2));
    let keyring = Keyring::new(mine.clone());
    at_now(|| {
        for (wire, read) in both(&keyring) {
            let renamed = wire.replacen(&mine.id().to_string(), &other.id().to_string(), 1);
            assert_eq!(verdict(&read(&renamed, &keyring.clone().with(other.clone()))), "mismatch");
        }
    });
}

#[test]
fn another_version_is_told_from_what_is_malformed() {
    let keyring = Keyring::new(key(1));
    at_now(|| {
        let [(signed, read_signed), (sealed, read_sealed)] = both(&keyring);
        let seal = signed.rindex_of_dot() + 1;
        for version in ["0", "2", "9"] {
            let other = format!("{}{version}{}", &signed[..seal], &signed[seal + 1..]);
            assert_eq!(verdict(&read_signed(&other, &keyring)), "version");
            let other = format!("{version}{}", &sealed[1..]);
            assert_eq!(verdict(&read_sealed(&other, &keyring)), "version");
        }
        for never in ["", "ada", "99", "7.50", "s3cr3t.token", "-"] {
            assert_eq!(verdict(&read_signed(never, &keyring)), "malformed", "{never}");
            assert_eq!(verdict(&read_sealed(never, &keyring)), "malformed", "{never}");
        }
    });
}

trait Dotted {
    fn rindex_of_dot(&self) -> usize;
}

impl Dotted for String {
    fn rindex_of_dot(&self) -> usize {
        self.rfind('.').unwrap()
    }
}

#[test]
fn a_tossed_cookie_beside_the_real_one_changes_nothing() {
    let keyring = Keyring::new(key(1));
    let stranger = Keyring::new(key(2));
    at_now(|| {
        let real = testing::request_header_with(&Session("ada".into()), &keyring);
        let real = real.to_str().unwrap();
        let name = Session::SPEC.name;
        let foreign = wire(&testing::request_header_with(&Session("eve".into()), &stranger));
        let moved = wire(&testing::request_header_with(&Elevated("eve".into()), &keyring));
        for tossed in ["eve", &foreign, &moved] {
            for field in [format!("{name}={tossed}; {real}"), format!("{real}; {name}={tossed}")] {
                assert_eq!(jar(&field, &keyring).get().unwrap(), Some(Session("ada".into())), "{field}");
                let all: Vec<_> = jar(&field, &keyring).get_all::<Session>().filter_map(Result::ok).collect();
                assert_eq!(all, [Session("ada".into())]);
            }
        }
        // Sealed twice, one value: another nonce is not another value.
        let again = wire(&testing::request_header_with(&Session("ada".into()), &keyring));
        assert!(!real.ends_with(&again));
        assert_eq!(jar(&format!("{real}; {name}={again}"), &keyring).get().unwrap(), Some(Session("ada".into())));
        // Two that verify are as ambiguous as two plain ones; none that does is the first one's error.
        let other = wire(&testing::request_header_with(&Session("eve".into()), &keyring));
        assert_eq!(verdict(&jar(&format!("{real}; {name}={other}"), &keyring).get::<Session>()), "ambiguous");
        let none = format!("{name}={foreign}; {name}=eve");
        assert_eq!(verdict(&jar(&none, &keyring).get::<Session>()), "unknown-key");
    });
}

#[test]
fn no_message_shows_a_value_or_a_key() {
    let keyring = Keyring::new(key(1));
    let secrets = [key(1).to_base64(), key(2).to_base64()];
    for (wire, read) in both(&keyring) {
        let late = testing::at(instant(NOW + LIFE * 2), || read(&wire, &keyring)).unwrap_err();
        let unknown = at_now(|| read(&wire, &Keyring::new(key(2)))).unwrap_err();
        let cut = at_now(|| read(&wire[1..], &keyring)).unwrap_err();
        let other = if wire.ends_with('A') { 'Q' } else { 'A' };
        let bent = at_now(|| read(&format!("{}{other}", &wire[..wire.len() - 1]), &keyring)).unwrap_err();
        for error in [late, unknown, cut, bent] {
            let told = format!("{error} {error:?} {}", error.public());
            assert!(told.contains(error.cookie()), "{told}");
            assert!(!told.contains("ada") && !told.contains(&wire[..8]), "{told}");
            assert!(!secrets.iter().any(|secret| told.contains(&secret[..8])), "{told}");
            assert_eq!(error.status(), 400);
            assert!(error.removal().is_some_and(|line| line.to_str().unwrap().contains("=; Path=/; Max-Age=0")));
        }
    }
}

#[test]
fn without_a_keyring_nothing_is_sent_and_nothing_is_believed() {
    let keyring = Keyring::new(key(1));
    let mut request = HeaderMap::new();
    request.insert("cookie", testing::request_header_with(&User("ada".into()), &keyring));
    let cookies = Cookies::read(&request, testing::https());

    let error = cookies.set(Session("ada".into())).unwrap_err();
    assert_eq!((error.status().as_u16(), error.cookie()), (500, Session::SPEC.name));
    assert!(error.to_string().contains("`Policy::builder().keyring(…)`"), "{error}");
    let error = cookies.get::<User>().unwrap_err();
    assert_eq!((error.status().as_u16(), error.removal().is_some()), (500, false));
    assert!(error.to_string().contains("`Cookies::read(…).keyring(…)`"), "{error}");
    // A removal has no value to seal.
    cookies.remove::<Session>().unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert!(testing::removed::<Session>(&response));
}

#[test]
fn what_is_too_large_is_so_as_it_stands_in_the_line() {
    let keyring = Keyring::new(key(1));
    let set = |length: usize| {
        let set = SetCookie::new(Session("x".repeat(length))).keyring(&keyring);
        set.header_value(&testing::https()).map(|line| wire(&line).len())
    };
    // 5 characters before it, and 4 for each 3 octets of nonce, expiry, value and tag.
    let name = Session::SPEC.name.len();
    let most = (4096 - name - 5) * 3 / 4 - 32;
    assert_eq!(set(most).unwrap() + name, 4096);
    assert!(matches!(set(most + 1), Err(hardtack::SetError::TooLarge { limit: 4096, octets: 4098, .. })));
    // 64 octets of value, and what is added to them.
    assert_eq!(set(64).unwrap() - 64, 69);
    let signed = SetCookie::new(User("x".repeat(64))).keyring(&keyring).header_value(&testing::https()).unwrap();
    assert_eq!(wire(&signed).len() - 64, 33);
}

#[test]
fn every_value_that_is_written_can_stand_in_a_cookie() {
    let keyring = Keyring::new(key(1));
    for value in ["", "; Domain=evil.example", "a\r\nb", "größe 🍎", "%", "."] {
        for wire in [made(&User(value.into()), &keyring), made(&Session(value.into()), &keyring)] {
            assert!(wire.bytes().all(hardtack_rules::syntax::is_cookie_octet), "{wire}");
        }
        at_now(|| {
            assert_eq!(read::<User>(&made(&User(value.into()), &keyring), &keyring).unwrap().0, value);
            assert_eq!(read::<Session>(&made(&Session(value.into()), &keyring), &keyring).unwrap().0, value);
        });
    }
}

/// Cookies of one value and several names; the first two differ in case alone, and one is the beginning of another.
macro_rules! named {
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
                        true => made(&$sealed(value.into()), keyring),
                        false => made(&$signed(value.into()), keyring),
                    };
                }
            )*
            panic!("no cookie {name}")
        }

        fn open(name: &str, sealed: bool, wire: &str, keyring: &Keyring) -> Option<String> {
            $(
                if name == $name {
                    return match sealed {
                        true => opened::<$sealed>(wire, keyring).map(|it| it.0),
                        false => opened::<$signed>(wire, keyring).map(|it| it.0),
                    };
                }
            )*
            panic!("no cookie {name}")
        }
    };
}

named! {
    SignedUser SealedUser "user"
    SignedUpper SealedUpper "User"
    SignedUse SealedUse "use"
    SignedR SealedR "r"
    SignedUserR SealedUserR "userr"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Of two triples of name, value and key that are not the same none verifies for the other.
    #[test]
    fn no_triple_verifies_for_another(
        (first, second) in (0..NAMES.len(), 0..NAMES.len()),
        (value, other) in prop_oneof![
            ("[ -~]{0,12}", "[ -~]{0,12}"),
            // Such that name and value run together alike.
            ("[a-z]{1,4}", "r?[a-z]{1,4}"),
            ("\\PC{0,6}", "\\PC{0,6}"),
        ],
        (one, two) in (1_u8..4, 1_u8..4),
        sealed: bool,
        cross: bool,
    ) {
        at_now(|| {
            let (mine, theirs) = (Keyring::new(key(one)), Keyring::new(key(two)));
            let wire = make(NAMES[first], sealed, &value, &mine);
            prop_assert_eq!(open(NAMES[first], sealed, &wire, &mine), Some(value.clone()));
            let opened = open(NAMES[second], sealed != cross, &wire, &theirs);
            if first == second && one == two && !cross {
                prop_assert_eq!(opened, Some(value.clone()));
            } else {
                prop_assert_eq!(opened, None);
            }
            // A signature cut from one value and put behind another.
            if !sealed && value != other {
                let elsewhere = make(NAMES[second], false, &other, &theirs);
                let (before, _) = elsewhere.rsplit_once('.').unwrap();
                let (_, seal) = wire.rsplit_once('.').unwrap();
                prop_assert_eq!(open(NAMES[first], false, &format!("{before}.{seal}"), &mine), None);
            }
            Ok(())
        })?;
    }
}
