//! Tests hardtack with vectors (values and expected results) that Python and OpenSSL made. For each value, a read by
//! hardtack must return the expected verdict. hardtack's signed values must equal the signed values of the vectors. A
//! sealed value contains a random nonce, so the test does not compare sealed values.

use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, HasMaxAge, SameSite, SetCookie, testing};
use serde::Deserialize;

use super::{instant, read, verdict, wire};

#[derive(Deserialize)]
struct Vectors {
    about: About,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct About {
    now: u64,
    keys: Vec<KeyVector>,
}

#[derive(Deserialize)]
struct KeyVector {
    base64: String,
    id: String,
}

#[derive(Deserialize)]
struct Case {
    id: u32,
    what: String,
    kind: String,
    key: String,
    name: String,
    wire: String,
    verdict: String,
    value: Option<String>,
    expiry: Option<u64>,
    idle_expiry: Option<u64>,
    #[serde(default)]
    flags: u8,
    extension_hex: Option<String>,
}

impl Case {
    /// Returns true if hardtack can write this value for a cookie without `idle`.
    fn is_plain(&self) -> bool {
        self.value.is_some()
            && self.expiry.is_some()
            && self.flags == 0
            && self.extension_hex.is_none()
            && self.idle_expiry.is_none()
    }
}

macro_rules! cookies {
    ($($kind:ident $name:literal $read:ident $write:ident)*) => {$(
        #[derive(Cookie)]
        #[cookie(name = $name, $kind, read_only)]
        struct $read(String);

        #[derive(Cookie)]
        #[cookie(name = $name, $kind, max_age = "400d", reason = "the vectors name it")]
        struct $write(String);
    )*};
}

const LONG: &str =
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", signed, max_age = "400d")]
struct SignedSession(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", sealed)]
struct SealedSession(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", signed, max_age = "1h", idle = "60s")]
struct IdleSession(String);

#[derive(Cookie)]
#[cookie(name = LONG, signed, max_age = "400d", reason = "the vectors name it")]
struct SignedLong(String);

#[derive(Cookie)]
#[cookie(name = LONG, sealed, reason = "the vectors name it")]
struct SealedLong(String);

cookies! {
    signed "a" ReadSignedA SignedA
    sealed "a" ReadSealedA SealedA
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/seal.json")).unwrap()
}

fn keyring(about: &About, id: &str) -> Keyring {
    let vector = about.keys.iter().find(|key| key.id == id).unwrap();
    let key = Key::from_base64(&vector.base64).unwrap();
    assert_eq!(key.id().to_string(), id);
    Keyring::new(key)
}

#[test]
fn vectors_have_their_expected_verdict() {
    let Vectors { about, cases } = vectors();
    assert_eq!(cases.len(), 147);
    for case in &cases {
        let keyring = keyring(&about, &case.key);
        let read = testing::at(instant(about.now), || {
            let wire = &case.wire;
            match (&*case.kind, &*case.name) {
                ("signed", "__Host-Http-session") => read::<SignedSession>(wire, &keyring).map(|cookie| cookie.0),
                ("sealed", "__Host-Http-session") => read::<SealedSession>(wire, &keyring).map(|cookie| cookie.0),
                ("signed", "a") => read::<ReadSignedA>(wire, &keyring).map(|cookie| cookie.0),
                ("sealed", "a") => read::<ReadSealedA>(wire, &keyring).map(|cookie| cookie.0),
                ("signed", LONG) => read::<SignedLong>(wire, &keyring).map(|cookie| cookie.0),
                ("sealed", LONG) => read::<SealedLong>(wire, &keyring).map(|cookie| cookie.0),
                other => panic!("no cookie for {other:?}"),
            }
        });
        assert_eq!(verdict(&read), case.verdict, "{} {}", case.id, case.what);
        assert_eq!(read.ok(), case.value, "{} {}", case.id, case.what);
    }
}

#[test]
fn signatures_equal_the_vectors() {
    fn sign<T>(value: T, case: &Case, keyring: &Keyring, now: u64) -> String
    where
        T: HasMaxAge + hardtack::AllowedOver<hardtack::Https>,
    {
        // A setter cuts an expiry that is later than the declared `max_age` allows. So the clock shows a time shortly
        // before the expiry.
        let expiry = case.expiry.unwrap();
        let set = testing::at(instant(expiry - 60), || SetCookie::new(value).expires(instant(expiry)));
        let set = set.with_keyring(keyring);
        let header = testing::at(instant(now), || set.header_value(&testing::https()).unwrap());
        assert!(header.to_str().unwrap().starts_with(T::SPEC.name));
        wire(&header)
    }

    let Vectors { about, cases } = vectors();
    let (mut written, mut written_with_idle) = (0, 0);
    for case in cases.iter().filter(|case| case.kind == "signed" && case.is_plain()) {
        let (keyring, value) = (keyring(&about, &case.key), case.value.clone().unwrap());
        let ours = match &*case.name {
            "__Host-Http-session" => sign(SignedSession(value), case, &keyring, about.now),
            "a" => sign(SignedA(value), case, &keyring, about.now),
            _ => sign(SignedLong(value), case, &keyring, about.now),
        };
        assert_eq!(ours, case.wire, "{}", case.id);
        written += 1;
    }
    assert_eq!(written, 44);
    // A cookie with `idle` has two expiry times and, after `without_max_age`, a flag.
    for case in cases.iter().filter(|case| case.kind == "signed" && case.idle_expiry.is_some()) {
        let (Some(value), Some(expiry), Some(idle_expiry)) = (&case.value, case.expiry, case.idle_expiry) else {
            continue;
        };
        let (keyring, idle) = (keyring(&about, &case.key), idle_expiry.saturating_sub(60));
        if expiry != about.now + 3_600 || idle != about.now {
            continue;
        }
        let set = SetCookie::new(IdleSession(value.clone())).with_keyring(&keyring);
        let set = match case.flags {
            0 => set,
            1 => set.without_max_age(),
            2 => set.same_site(SameSite::Strict),
            5 => set.without_max_age().same_site(SameSite::Lax),
            other => panic!("no cookie for the flags {other}"),
        };
        let header = testing::at(instant(about.now), || set.header_value(&testing::https()).unwrap());
        assert_eq!(wire(&header), case.wire, "{}", case.id);
        written_with_idle += 1;
    }
    assert_eq!(written_with_idle, 4);
    // hardtack makes a different sealed value in each run, so the test compares only the length of the values.
    let case = cases.iter().find(|case| case.kind == "sealed" && case.name == "a").unwrap();
    let keyring = keyring(&about, &case.key);
    let set = SetCookie::new(SealedA(case.value.clone().unwrap())).with_keyring(&keyring);
    assert_eq!(wire(&set.header_value(&testing::https()).unwrap()).len(), case.wire.len());
}
