//! `device_bound` is written alone, or with parentheses.
use std::time::Duration;

use hardtack::{Cookie, ReadCookie, cookies};

const EVERY: Duration = Duration::from_secs(300);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound)]
struct Session(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = "10m", optional))]
struct Both(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(optional,))]
struct Optional(String);

#[derive(Cookie)]
#[cookie(device_bound(every = EVERY), max_age = "30d", sealed)]
struct Constant(String);

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = "8h", device_bound)]
    basket: String,
    #[cookie(existing)]
    session: Session,
}

pub(crate) fn main() {
    let bound = |spec: hardtack::spec::Spec| spec.device_bound.map(|binding| (binding.every.as_secs(), binding.optional));
    assert_eq!(bound(Session::SPEC), Some((600, false)));
    assert_eq!(bound(Both::SPEC), Some((600, true)));
    assert_eq!(bound(Optional::SPEC), Some((600, true)));
    assert_eq!(bound(Constant::SPEC), Some((300, false)));
    let bound: Vec<_> = Shop::SPECS.iter().map(|spec| (spec.name, spec.device_bound.is_some())).collect();
    assert_eq!(bound, [("__Host-Http-basket", true), ("__Host-Http-session", true)]);
    let text = String::new;
    let _ = (Session(text()).0, Both(text()).0, Optional(text()).0, Constant(text()).0);
}
