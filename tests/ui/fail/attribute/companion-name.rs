//@ errors: 2
use hardtack::cookies;

#[cookies]
struct Shop {
    #[cookie(sealed, max_age = "30d", device_bound)]
    session: String,
    #[cookie(name = "__Host-session-key")]
    key: String,
}

#[cookies]
struct Admin {
    #[cookie(name = "__Host-admin-key")]
    key: String,
    #[cookie(sealed, max_age = "30d", device_bound)]
    admin: String,
}

fn main() {}
