//! A `device_bound` cookie has a `__Host-` or `__Host-Http-` name and the path `/`.
use hardtack::{Cookie, ReadCookie};

#[derive(Cookie)]
#[cookie(name = "__Host-session", sealed, max_age = "30d", device_bound)]
struct Host(String);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", sealed, max_age = "30d", device_bound, path = "/")]
struct HostHttp(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound, same_site = Strict, http_only = true, secure = true)]
struct Strict(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", domain = "example.com")]
struct Wide(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", partitioned)]
struct Partitioned(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", path = "/app")]
struct Path(String);

pub(crate) fn main() {
    let names = [Host::SPEC, HostHttp::SPEC, Strict::SPEC].map(|spec| (spec.name, spec.device_bound.is_some()));
    assert_eq!(names, [("__Host-session", true), ("__Host-Http-session", true), ("__Host-Http-strict", true)]);
    assert!([Wide::SPEC, Partitioned::SPEC, Path::SPEC].iter().all(|spec| spec.device_bound.is_none()));
    let text = String::new;
    let _ = (Host(text()).0, HostHttp(text()).0, Strict(text()).0, Wide(text()).0, Partitioned(text()).0, Path(text()).0);
}
