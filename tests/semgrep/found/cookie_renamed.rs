//! The type is imported under another name, or with its whole path.

use cookie::Cookie as RawCookie;

pub fn session(id: String) -> RawCookie<'static> {
    RawCookie::build(("session", id)).http_only(true).build() // FOUND hardtack-cookie-crate
}

pub fn removal() -> cookie::Cookie<'static> {
    cookie::Cookie::from("session") // FOUND hardtack-cookie-crate
}
