//! A cookie value may be signed or sealed. A signed or sealed value may be JSON. A script may read a signed cookie
//! value.

use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, SetCookie, testing};
use serde::{Deserialize, Serialize};

#[derive(Cookie)]
#[cookie(signed, http_only = false, reason = "the page reads it")]
struct Readable(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h")]
struct Session(String);

#[derive(Cookie, Serialize, Deserialize)]
#[cookie(json, sealed)]
#[serde(rename_all = "snake_case")]
enum Choice {
    OneTwo { first: u8, second: u8 },
}

#[derive(Cookie, Serialize, Deserialize)]
#[cookie(json)]
struct Sizes<T>(Vec<T>);

pub(crate) fn main() {
    let keyring = Keyring::new(Key::generate());
    let header = SetCookie::new(Readable("a b".into())).with_keyring(&keyring).header_value(&testing::https()).unwrap();
    assert!(header.to_str().unwrap().starts_with("__Host-readable=a%20b.1"));
    // A sealed value begins with the version of the format.
    for header in [
        SetCookie::new(Session("a b".into())).with_keyring(&keyring).header_value(&testing::https()).unwrap(),
        SetCookie::new(Choice::OneTwo { first: 1, second: 2 }).with_keyring(&keyring).header_value(&testing::https()).unwrap(),
    ] {
        let header = header.to_str().unwrap();
        let is_sealed = header.starts_with("__Host-Http-session=1") || header.starts_with("__Host-Http-choice=1");
        assert!(is_sealed && !header.contains("a%20b") && !header.contains("one_two"), "{header}");
    }
    let header = SetCookie::new(Sizes(vec![1_u8, 2])).header_value(&testing::https()).unwrap();
    assert_eq!(header, "__Host-Http-sizes=[1%2C2]; Path=/; Secure; HttpOnly; SameSite=Lax");
}
