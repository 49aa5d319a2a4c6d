//! The WebAssembly test program. `tests/wasm.rs` runs this program in a browser. Each function performs one action and
//! returns the result as text.

mod declarations;

use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, SystemTime};

use hardtack::audit::{self, Context};
use hardtack::spec::ScriptVisible;
use hardtack::{Cookies, ReadCookie, SetCookie, TlsTermination, document_cookie, web};
use http::HeaderMap;
use wasm_bindgen::prelude::wasm_bindgen;

use declarations::{Banner, Cart, Consent, Draft, Elsewhere, Language, Legacy, Map, Name, Theme};

/// Reads a cookie. Returns `some VALUE`, `none` or the error.
#[wasm_bindgen]
pub fn get(cookie: &str) -> String {
    match cookie {
        "theme" => read(|Theme(text)| text),
        "cart" => read(|Cart(count)| count.to_string()),
        "name" => read(|Name(text)| text),
        "elsewhere" => read(|Elsewhere(text)| text),
        "language" => read(|Language(text)| text),
        "map" => read(|Map(text)| text),
        "legacy" => read(|Legacy(text)| text),
        "banner" => read(|Banner(text)| text),
        "consent" => read(|Consent(text)| text),
        _ => "no such cookie".into(),
    }
}

/// Sets a cookie. Returns `ok` or the error.
#[wasm_bindgen]
pub fn set(cookie: &str, value: &str) -> String {
    let text = value.to_owned();
    match cookie {
        "theme" => write_result(web::set(Theme(text))),
        "cart" => value.parse().map_or_else(|_| "not a number".into(), |count| write_result(web::set(Cart(count)))),
        "name" => write_result(web::set(Name(text))),
        "elsewhere" => write_result(web::set(Elsewhere(text))),
        "language" => write_result(web::set(Language(text))),
        "map" => write_result(web::set(Map(text))),
        "legacy" => write_result(web::set(Legacy(text))),
        "banner" => write_result(web::set(Banner(text))),
        _ => "no such cookie".into(),
    }
}

/// Removes a cookie. Returns `ok` or the error.
#[wasm_bindgen]
pub fn remove(cookie: &str) -> String {
    match cookie {
        "theme" => write_result(web::remove::<Theme>()),
        "cart" => write_result(web::remove::<Cart>()),
        "name" => write_result(web::remove::<Name>()),
        "elsewhere" => write_result(web::remove::<Elsewhere>()),
        "language" => write_result(web::remove::<Language>()),
        "map" => write_result(web::remove::<Map>()),
        "legacy" => write_result(web::remove::<Legacy>()),
        "banner" => write_result(web::remove::<Banner>()),
        _ => "no such cookie".into(),
    }
}

/// Reads the cookie with the key `key` of the family `Draft`. Returns `some VALUE`, `none` or the error.
#[wasm_bindgen]
pub fn get_draft(key: &str) -> String {
    read_result(block_on(web::family::<Draft>().get(key)), |Draft(text)| text)
}

/// Sets the cookie with the key `key` of the family `Draft`. Returns `ok` or the error.
#[wasm_bindgen]
pub fn set_draft(key: &str, value: &str) -> String {
    write_result(web::family::<Draft>().set(key, Draft(value.to_owned())))
}

/// Removes the cookie with the key `key` of the family `Draft`. Returns `ok` or the error.
#[wasm_bindgen]
pub fn remove_draft(key: &str) -> String {
    write_result(web::family::<Draft>().remove(key))
}

/// Returns the keys of the family `Draft`, separated by spaces, or the error.
#[wasm_bindgen]
pub fn draft_keys() -> String {
    block_on(web::family::<Draft>().keys()).map_or_else(|error| error_text(&error), |keys| keys.join(" "))
}

/// Sets the cookie `Cart` with a lifetime that differs from the declaration. For the setter `max_age`, `seconds` is a
/// duration. For the setter `expires`, `seconds` is a Unix time.
#[wasm_bindgen]
pub fn set_cart_with_lifetime(count: u32, setter: &str, seconds: u32) -> String {
    let (cart, seconds) = (SetCookie::new(Cart(count)), Duration::from_secs(seconds.into()));
    match setter {
        "max_age" => write_result(web::set(cart.max_age(seconds))),
        "expires" => write_result(web::set(cart.expires(SystemTime::UNIX_EPOCH + seconds))),
        _ => "no such setter".into(),
    }
}

/// Returns the text that a server's page would assign to `document.cookie`.
#[wasm_bindgen]
pub fn document_cookie_text(value: &str) -> String {
    document_cookie(&Theme(value.to_owned())).map_or_else(|error| error.to_string(), |text| text.to_string())
}

/// Uses the jar and the audit in a browser. Both are made for servers, but must not panic. Dropping a jar that was
/// never written into a response emits an event. The audit reads the system clock.
#[wasm_bindgen]
pub fn use_jar_and_audit() -> String {
    let mut request = HeaderMap::new();
    request.insert("cookie", http::HeaderValue::from_static("__Host-theme=dark"));
    let (parts, ()) = http::Request::new(()).into_parts();
    let https = TlsTermination::here().detect(&parts, None);
    let jar = https.map(|https| {
        let cookies = Cookies::from_headers(&request, https);
        let _ = cookies.set(Theme("light".into()));
        cookies.try_get::<Theme>().ok().flatten().map(|Theme(text)| text)
    });
    let past = audit::set_cookie(b"id=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT", &Context::https("example.com"));
    format!("{:?} {:?}", jar.ok().flatten(), past.stored.map(|stored| stored.is_removal()))
}

fn read<T: ReadCookie + ScriptVisible>(text: impl FnOnce(T) -> String) -> String {
    read_result(block_on(web::get()), text)
}

fn read_result<T>(result: Result<Option<T>, web::Error>, text: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(Some(cookie)) => format!("some {}", text(cookie)),
        Ok(None) => "none".into(),
        Err(error) => error_text(&error),
    }
}

fn write_result(result: impl Future<Output = Result<(), web::Error>>) -> String {
    block_on(result).map_or_else(|error| error_text(&error), |()| "ok".into())
}

/// Returns the output of a future. The functions of `hardtack::web` never wait, so one poll is enough.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Returns the name of the error's variant and the error's message.
fn error_text(error: &web::Error) -> String {
    let variant = match error {
        web::Error::NoDocument => "NoDocument",
        web::Error::NotSecureContext { .. } => "NotSecureContext",
        web::Error::Denied { .. } => "Denied",
        web::Error::OutsidePath { .. } => "OutsidePath",
        web::Error::Dropped { .. } => "Dropped",
        web::Error::Remains { .. } => "Remains",
        web::Error::Set(_) => "Set",
        web::Error::Read(_) => "Read",
        _ => "unknown variant",
    };
    format!("{variant}: {error}")
}
