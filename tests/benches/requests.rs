//! `Cookie` headers with typical names and sizes. On the web, half of the requests with cookies have at most 7 cookies,
//! 90 % have at most 22, and 99 % have at most 45.

/// The session cookie's name and value.
pub const SESSION: (&str, &str) = ("__Host-Http-session", "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3");

/// The cart cookie's name and value.
pub const CART: (&str, &str) = ("__Host-Http-cart", "1234567890");

/// The cart cookie's value as a number.
pub const CART_NUMBER: u64 = 1_234_567_890;

/// The theme cookie's name and value.
pub const THEME: (&str, &str) = ("__Host-theme", "dark");

/// The cookies of other software.
const OTHERS: [(&str, &str); 42] = [
    ("_ga", "GA1.2.1180398459.1700000000"),
    ("_gid", "GA1.2.2044571234.1732900000"),
    ("cookie_consent", "necessary%2Canalytics%2C2026-11-02"),
    ("XSRF-TOKEN", "9f2c1b7e5a8d4c3f9f2c1b7e5a8d4c3f9f2c1b7e5a8d4c3f9f2c1b7e5a8d4c3f9f2c1b7e5a%7C3b9d0f2"),
    ("_fbp", "fb.1.1700000000123.1098765432"),
    ("_gcl_au", "1.1.1893456789.1700000000"),
    ("_ga_7XK2M9QWER", "GS1.1.1732900000.12.1.1732900123.60.0.0"),
    ("_uetsid", "3f1c8a90ae1b11efb0d5f3a2c4e6d8f0"),
    ("_uetvid", "a1b2c3d4e5f611eeb0d5f3a2c4e6d8f0"),
    ("_clck", "1x2y3z%7C2%7Cfqz%7C0%7C1612"),
    ("_clsk", "18k2j3h%7C1732900123456%7C5%7C1%7Cx.clarity.ms%2Fcollect"),
    ("lang", "en-GB"),
    ("currency", "EUR"),
    ("region", "eu-central"),
    ("tz", "Europe%2FBerlin"),
    ("OptanonAlertBoxClosed", "2026-11-02T09:41:12.345Z"),
    ("ajs_anonymous_id", "7c1e0b62-5f0d-4a51-9f3e-2b8a6d4c1e90"),
    ("intercom-id-k3j2h1", "0b7f9d52-3c1a-4e8b-8f60-1d2c3b4a5e6f"),
    ("__stripe_mid", "5d1f7a3b-9c2e-4d6f-8a0b-1c2d3e4f5a6b7c"),
    ("_hjSessionUser_2931847", "eyJpZCI6IjdjMWUwYjYyIiwiY3JlYXRlZCI6MTcwMDAwMDAwMH0"),
    ("_hjSession_2931847", "eyJpZCI6ImE5YjhjN2Q2IiwiYyI6MTczMjkwMDEyM30"),
    ("ab_checkout", "variant-b"),
    ("ab_search", "control"),
    ("utm_source", "newsletter"),
    ("utm_campaign", "autumn-2026"),
    ("last_visit", "1732900123"),
    ("recently_viewed", "18211%2C99120%2C44310%2C10288%2C77120"),
    ("wishlist", "3"),
    ("sidebar", "collapsed"),
    ("sort", "price-ascending"),
    ("view", "grid"),
    ("seen_banner", "1"),
    ("_scid", "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f"),
    ("_pin_unauth", "dWlkPU1qTXdNVGc1TmpndE9EUTFNaTAw"),
    ("_tt_enable_cookie", "1"),
    ("_ttp", "2kJx9Zq8Wv7Ut6Sr5Qp4On3Ml2K"),
    ("amp_6e403e", "Qx8.dXNlcg..1hq2v3.1hq2v9.2.0.2"),
    ("mp_lib", "%7B%22distinct_id%22%3A%2218c2%22%7D"),
    ("cf_clearance", "bN2kX8.1732900123-1.0.1.1-Qz7wE5rT9yU3iO1pA6sD4fG8hJ2kL0"),
    ("geo", "DE%3ABE%3ABerlin"),
    ("feature_flags", "new-nav%2Cfast-pay%2Cdark"),
    ("experiment_group", "17"),
];

/// Returns a `Cookie` header with the session, the cart, the theme and cookies of other software.
///
/// # Panics
///
/// Panics if `count` is less than 3 or more than 45.
#[must_use]
pub fn cookie_header(count: usize) -> String {
    let mut pairs = OTHERS[..count - 3].to_vec();
    // The first cookies of a request are usually the oldest ones, so the session comes late.
    pairs.insert(count / 4, THEME);
    pairs.insert(count / 2, CART);
    pairs.insert(count - 2, SESSION);
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}
