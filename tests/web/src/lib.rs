//! What `tests/wasm.rs` runs in a browser: each function does one thing with one cookie and tells in words what came of it.

mod declarations;

use std::time::{Duration, SystemTime};

use hardtack::audit::{self, Seen};
use hardtack::{Cookie, Cookies, IntoSetCookie, Listener, ReadCookie, ScriptReadable, SetCookie, document_cookie, web};
use http::HeaderMap;
use wasm_bindgen::prelude::wasm_bindgen;

use declarations::{Banner, Cart, Consent, Legacy, Map, Name, Theme};

/// Reads a cookie: `none`, `some ` and the value, or the error.
#[wasm_bindgen]
pub fn get(cookie: &str) -> String {
    match cookie {
        "theme" => got(|Theme(text)| text),
        "cart" => got(|Cart(count)| count.to_string()),
        "name" => got(|Name(text)| text),
        "map" => got(|Map(text)| text),
        "legacy" => got(|Legacy(text)| text),
        "banner" => got(|Banner(text)| text),
        "consent" => got(|Consent(text)| text),
        _ => "no such cookie".into(),
    }
}

/// Sets a cookie: `ok`, or the error.
#[wasm_bindgen]
pub fn set(cookie: &str, value: &str) -> String {
    let text = value.to_owned();
    match cookie {
        "theme" => done(web::set(Theme(text))),
        "cart" => value.parse().map_or_else(|_| "no number".into(), |count| done(web::set(Cart(count)))),
        "name" => done(web::set(Name(text))),
        "map" => done(web::set(Map(text))),
        "legacy" => done(web::set(Legacy(text))),
        "banner" => done(web::set(Banner(text))),
        _ => "no such cookie".into(),
    }
}

/// Removes a cookie: `ok`, or the error.
#[wasm_bindgen]
pub fn remove(cookie: &str) -> String {
    match cookie {
        "theme" => done(web::remove::<Theme>()),
        "cart" => done(web::remove::<Cart>()),
        "name" => done(web::remove::<Name>()),
        "map" => done(web::remove::<Map>()),
        "legacy" => done(web::remove::<Legacy>()),
        "banner" => done(web::remove::<Banner>()),
        _ => "no such cookie".into(),
    }
}

/// Sets a cookie with another domain or path, or removes that one where there is no value.
#[wasm_bindgen]
pub fn vary(cookie: &str, value: Option<String>, setter: &str, to: &str) -> String {
    match cookie {
        "cart" => varied(value.and_then(|count| count.parse().ok()).map(Cart), setter, to),
        "name" => varied(value.map(Name), setter, to),
        "legacy" => varied(value.map(Legacy), setter, to),
        _ => "no such cookie".into(),
    }
}

/// Sets a cookie with another life: of so many seconds, or until so many after 1970.
#[wasm_bindgen]
pub fn live(value: &str, setter: &str, seconds: u32) -> String {
    let (theme, life) = (SetCookie::new(Theme(value.to_owned())), Duration::from_secs(seconds.into()));
    match setter {
        "max_age" => done(web::set(theme.max_age(life))),
        "until" => done(web::set(theme.until(SystemTime::UNIX_EPOCH + life))),
        _ => "no such setter".into(),
    }
}

/// The text that a server would have a page assign.
#[wasm_bindgen]
pub fn text(value: &str) -> String {
    document_cookie(&Theme(value.to_owned())).map_or_else(|error| error.to_string(), |text| text.to_string())
}

/// What else of hardtack a program for the browser can reach: a jar that is dropped unsent, which is told on standard error,
/// and an audit, which asks for the time.
#[wasm_bindgen]
pub fn others() -> String {
    let mut request = HeaderMap::new();
    request.insert("cookie", http::HeaderValue::from_static("__Host-theme=dark"));
    let (parts, ()) = http::Request::new(()).into_parts();
    let https = Listener::tls().scheme(&parts, None);
    let jar = https.map(|https| {
        let cookies = Cookies::read(&request, https);
        let _ = cookies.set(Theme("light".into()));
        cookies.get::<Theme>().ok().flatten().map(|Theme(text)| text)
    });
    let past = audit::set_cookie(b"id=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT", &Seen::https("example.com"));
    format!("{:?} {:?}", jar.ok().flatten(), past.stored.map(|stored| stored.is_removal()))
}

fn got<T: ReadCookie + ScriptReadable>(text: impl FnOnce(T) -> String) -> String {
    match web::get() {
        Ok(Some(cookie)) => format!("some {}", text(cookie)),
        Ok(None) => "none".into(),
        Err(error) => told(&error),
    }
}

fn varied<T: Cookie + hardtack::Rescopable + ScriptReadable>(cookie: Option<T>, setter: &str, to: &str) -> String {
    let cookie = cookie.map_or_else(SetCookie::removal, IntoSetCookie::into_set_cookie);
    match setter {
        "path" => done(web::set(cookie.path(to))),
        "domain" => done(web::set(cookie.domain(to))),
        _ => "no such setter".into(),
    }
}

fn done(result: Result<(), web::Error>) -> String {
    result.map_or_else(|error| told(&error), |()| "ok".into())
}

/// The variant, then the sentence.
fn told(error: &web::Error) -> String {
    let kind = match error {
        web::Error::NoDocument => "NoDocument",
        web::Error::NotSecureContext { .. } => "NotSecureContext",
        web::Error::Denied { .. } => "Denied",
        web::Error::OutsidePath { .. } => "OutsidePath",
        web::Error::Dropped { .. } => "Dropped",
        web::Error::Remains { .. } => "Remains",
        web::Error::Set(_) => "Set",
        web::Error::Read(_) => "Read",
        _ => "another",
    };
    format!("{kind}: {error}")
}
