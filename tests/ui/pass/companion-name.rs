//! A cookie of the same set has another name than the companion of a `device_bound` cookie.
use hardtack::cookies;

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = "30d", device_bound)]
    session: String,
    session_key: String,
}

#[cookies]
struct Admin {
    #[cookie(name = "__Host-admin-key")]
    key: String,
    #[cookie(sealed, max_age = "30d")]
    admin: String,
}

pub(crate) fn main() {
    assert_eq!(Shop::SPECS.iter().map(|spec| spec.name).collect::<Vec<_>>(), ["__Host-Http-session", "__Host-Http-session_key"]);
    assert_eq!(Admin::SPECS.len(), 2);
}
