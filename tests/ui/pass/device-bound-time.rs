//! The lifetime of the companion is longer than two minutes.
use hardtack::{Cookie, ReadCookie};

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = "121s"))]
struct Short(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = "15m"))]
struct Long(String);

pub(crate) fn main() {
    let every = [Short::SPEC, Long::SPEC].map(|spec| spec.device_bound.map(|binding| binding.every.as_secs()));
    assert_eq!(every, [Some(121), Some(900)]);
    let _ = (Short(String::new()).0, Long(String::new()).0);
}
