//! Signed and sealed values, and JSON inside either; a page's script reads what is signed.

use hardtack::{Cookie, Key, Keyring, SetCookie, testing};
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
    let line = SetCookie::new(Readable("a b".into())).keyring(&keyring).header_value(&testing::https()).unwrap();
    assert!(line.to_str().unwrap().starts_with("__Host-readable=a%20b.1"));
    for line in [
        SetCookie::new(Session("a b".into())).keyring(&keyring).header_value(&testing::https()).unwrap(),
        SetCookie::new(Choice::OneTwo { first: 1, second: 2 }).keyring(&keyring).header_value(&testing::https()).unwrap(),
    ] {
        assert!(line.to_str().unwrap().contains("=1"), "the version");
    }
    let line = SetCookie::new(Sizes(vec![1_u8, 2])).header_value(&testing::https()).unwrap();
    assert_eq!(line, "__Host-Http-sizes=[1%2C2]; Path=/; Secure; HttpOnly; SameSite=Lax");
}
