//! Reads cookies with the crate `cookie`.

use cookie::{Cookie, CookieJar};

pub fn read(header: &str) -> Option<String> {
    let cookie = Cookie::split_parse(header).filter_map(Result::ok).find(|cookie| cookie.name() == "session")?;
    Some(cookie.value().to_owned())
}

pub fn lookup(jar: &CookieJar) -> bool {
    jar.get("session").is_some_and(|cookie| !cookie.value().is_empty())
}

pub fn is_secure(header: &str) -> bool {
    Cookie::parse(header).is_ok_and(|cookie| cookie.secure() == Some(true))
}
