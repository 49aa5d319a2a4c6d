//! The idle time is at least one second. The `Max-Age` of the header is the idle time.
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = "1s")]
struct Short(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "8h", idle = "30m")]
struct Session(String);

pub(crate) fn main() {
    let keyring = Keyring::new(Key::generate());
    let short = SetCookie::new(Short("a".into())).with_keyring(&keyring).header_value(&testing::https()).unwrap();
    assert!(short.to_str().unwrap().contains("; Path=/; Max-Age=1; Secure;"));
    let session = SetCookie::new(Session("a".into())).with_keyring(&keyring).header_value(&testing::https()).unwrap();
    assert!(session.to_str().unwrap().contains("; Path=/; Max-Age=1800; Secure;"));
}
