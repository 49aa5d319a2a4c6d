//! Reads `Set-Cookie` headers, for example in a proxy or a client.

use http::header::{self, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

pub fn names(response: &HeaderMap) -> Vec<String> {
    let headers = response.get_all(SET_COOKIE).iter().filter_map(|header| header.to_str().ok());
    headers.filter_map(|header| Some(header.split_once('=')?.0.to_owned())).collect()
}

pub fn drop_cookies(response: &mut HeaderMap) -> bool {
    let had = response.contains_key("set-cookie") && response.get(header::SET_COOKIE).is_some();
    response.remove(SET_COOKIE);
    response.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    had
}

pub fn is_cookie(name: &HeaderName, value: &HeaderValue) -> bool {
    match (name, value) {
        (&SET_COOKIE, _) => true,
        (name, value) => name == header::COOKIE && !value.is_empty(),
    }
}

pub fn log(response: &HeaderMap) {
    println!("Set-Cookie: {} headers", response.get_all("Set-Cookie").iter().count());
}
