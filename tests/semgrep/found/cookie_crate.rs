//! The crate `cookie`.

use cookie::{Cookie, CookieBuilder, CookieJar, Key};

pub fn session(id: &str) -> String {
    let mut cookie = Cookie::new("session", id.to_owned()); // FOUND hardtack-cookie-crate
    cookie.set_secure(true);
    cookie.to_string()
}

pub fn theme(dark: bool) -> Cookie<'static> {
    CookieBuilder::new("theme", if dark { "dark" } else { "light" }) // FOUND hardtack-cookie-crate
        .path("/")
        .build()
}

pub fn sign_out(jar: &mut CookieJar, key: &Key) {
    jar.remove("session"); // FOUND hardtack-cookie-crate
    jar.private_mut(key).remove("vault"); // FOUND hardtack-cookie-crate
    jar.signed_mut(key).add(("seen", "1")); // FOUND hardtack-cookie-crate
}

pub fn collect() -> usize {
    let mut jar = CookieJar::new();
    jar.add(("a", "b")); // FOUND hardtack-cookie-crate
    jar.delta().count()
}
