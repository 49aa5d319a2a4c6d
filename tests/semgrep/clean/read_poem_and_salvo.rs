//! Reads cookies with poem and salvo.

use poem::handler;
use poem::web::cookie::CookieJar;
use salvo_core::http::Request;

#[handler]
pub fn read(jar: &CookieJar) -> String {
    jar.get("session").map(|cookie| cookie.value_str().to_owned()).unwrap_or_default()
}

pub fn read_salvo(request: &Request) -> Option<String> {
    request.cookie("session").map(|cookie| cookie.value().to_owned())
}
