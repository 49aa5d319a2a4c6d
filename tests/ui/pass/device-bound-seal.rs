//! A `device_bound` cookie is `sealed`. A `signed` cookie is not bound to a device.
use hardtack::{Cookie, ReadCookie};

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound)]
struct Sealed(String);

#[derive(Cookie)]
#[cookie(signed, max_age = "30d")]
struct Signed(String);

pub(crate) fn main() {
    assert!(Sealed::SPEC.device_bound.is_some() && Signed::SPEC.device_bound.is_none());
    let _ = (Sealed(String::new()).0, Signed(String::new()).0);
}
