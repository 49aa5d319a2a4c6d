//! The WebAssembly test program. `tests/wasm.rs` runs this program in a browser. Each function performs one action and
//! returns the result as text.

mod declarations;

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use hardtack::audit::{self, Context};
use hardtack::spec::ScriptVisible;
use hardtack::{Cookies, ReadCookie, SetCookie, TlsTermination, document_cookie, web};
use http::HeaderMap;
use wasm_bindgen::prelude::wasm_bindgen;

use declarations::{Banner, Cart, Consent, Draft, Elsewhere, Language, Legacy, Map, Name, Stay, Theme};

/// Reads a cookie. Returns `some VALUE`, `none` or the error.
#[wasm_bindgen]
pub async fn get(cookie: String) -> String {
    match &*cookie {
        "theme" => read(|Theme(text)| text).await,
        "cart" => read(|Cart(count)| count.to_string()).await,
        "name" => read(|Name(text)| text).await,
        "elsewhere" => read(|Elsewhere(text)| text).await,
        "language" => read(|Language(text)| text).await,
        "map" => read(|Map(text)| text).await,
        "legacy" => read(|Legacy(text)| text).await,
        "banner" => read(|Banner(text)| text).await,
        "consent" => read(|Consent(text)| text).await,
        _ => "no such cookie".into(),
    }
}

/// Sets a cookie. Returns `ok` or the error.
#[wasm_bindgen]
pub async fn set(cookie: String, text: String) -> String {
    match &*cookie {
        "theme" => write_result(web::set(Theme(text))).await,
        "cart" => match text.parse() {
            Ok(count) => write_result(web::set(Cart(count))).await,
            Err(_) => "not a number".into(),
        },
        "name" => write_result(web::set(Name(text))).await,
        "elsewhere" => write_result(web::set(Elsewhere(text))).await,
        "language" => write_result(web::set(Language(text))).await,
        "map" => write_result(web::set(Map(text))).await,
        "legacy" => write_result(web::set(Legacy(text))).await,
        "banner" => write_result(web::set(Banner(text))).await,
        _ => "no such cookie".into(),
    }
}

/// Removes a cookie. Returns `ok` or the error.
#[wasm_bindgen]
pub async fn remove(cookie: String) -> String {
    match &*cookie {
        "theme" => write_result(web::remove::<Theme>()).await,
        "cart" => write_result(web::remove::<Cart>()).await,
        "name" => write_result(web::remove::<Name>()).await,
        "elsewhere" => write_result(web::remove::<Elsewhere>()).await,
        "language" => write_result(web::remove::<Language>()).await,
        "map" => write_result(web::remove::<Map>()).await,
        "legacy" => write_result(web::remove::<Legacy>()).await,
        "stay" => write_result(web::remove::<Stay>()).await,
        "banner" => write_result(web::remove::<Banner>()).await,
        _ => "no such cookie".into(),
    }
}

/// Reads the cookie with the key `key` of the family `Draft`. Returns `some VALUE`, `none` or the error.
#[wasm_bindgen]
pub async fn get_draft(key: String) -> String {
    read_result(web::family::<Draft>().get(&key).await, |Draft(text)| text)
}

/// Sets the cookie with the key `key` of the family `Draft`. Returns `ok` or the error.
#[wasm_bindgen]
pub async fn set_draft(key: String, value: String) -> String {
    write_result(web::family::<Draft>().set(&key, Draft(value))).await
}

/// Removes the cookie with the key `key` of the family `Draft`. Returns `ok` or the error.
#[wasm_bindgen]
pub async fn remove_draft(key: String) -> String {
    write_result(web::family::<Draft>().remove(&key)).await
}

/// Returns the keys of the family `Draft`, separated by spaces, or the error.
#[wasm_bindgen]
pub async fn draft_keys() -> String {
    web::family::<Draft>().keys().await.map_or_else(|error| error_text(&error), |keys| keys.join(" "))
}

/// Sets the cookie `Cart` with a lifetime that differs from the declaration. For the setter `max_age`, `seconds` is a
/// duration. For the setter `expires`, `seconds` is a Unix time.
#[wasm_bindgen]
pub async fn set_cart_with_lifetime(count: u32, setter: String, seconds: u32) -> String {
    let (cart, seconds) = (SetCookie::new(Cart(count)), Duration::from_secs(seconds.into()));
    match &*setter {
        "max_age" => write_result(web::set(cart.max_age(seconds))).await,
        "expires" => write_result(web::set(cart.expires(SystemTime::UNIX_EPOCH + seconds))).await,
        _ => "no such setter".into(),
    }
}

/// Sets the cookie `Stay` with a lifetime in seconds. Returns `ok` or the error.
#[wasm_bindgen]
pub async fn set_stay(value: String, seconds: u32) -> String {
    write_result(web::set(SetCookie::new(Stay(value)).max_age(Duration::from_secs(seconds.into())))).await
}

thread_local! {
    /// The running stream of changes.
    static CHANGES: RefCell<Option<web::Changes<Theme>>> = const { RefCell::new(None) };
}

/// Starts to listen for changes of `Theme`. Returns `ok` or the error.
#[wasm_bindgen]
pub fn watch_theme() -> String {
    match web::changes::<Theme>() {
        Ok(changes) => {
            CHANGES.replace(Some(changes));
            "ok".into()
        }
        Err(error) => error_text(&error),
    }
}

/// Waits for the next change of `Theme`. Returns `set VALUE`, `removed` or the error.
#[wasm_bindgen]
pub async fn next_change() -> String {
    let Some(mut changes) = CHANGES.take() else { return "not started".into() };
    let change = poll_fn(|context| Pin::new(&mut changes).poll_next(context)).await;
    CHANGES.replace(Some(changes));
    match change {
        Some(Ok(web::Change::Set(Theme(text)))) => format!("set {text}"),
        Some(Ok(web::Change::Removed)) => "removed".into(),
        Some(Err(error)) => error_text(&error),
        None => "the stream has ended".into(),
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

async fn read<T: ReadCookie + ScriptVisible>(text: impl FnOnce(T) -> String) -> String {
    read_result(web::get().await, text)
}

fn read_result<T>(result: Result<Option<T>, web::Error>, text: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(Some(cookie)) => format!("some {}", text(cookie)),
        Ok(None) => "none".into(),
        Err(error) => error_text(&error),
    }
}

async fn write_result(result: impl Future<Output = Result<(), web::Error>>) -> String {
    result.await.map_or_else(|error| error_text(&error), |()| "ok".into())
}

/// Returns the name of the error's variant and the error's message.
fn error_text(error: &web::Error) -> String {
    let variant = match error {
        web::Error::NoDocument => "NoDocument",
        web::Error::NotSecureContext { .. } => "NotSecureContext",
        web::Error::NoCookieStore { .. } => "NoCookieStore",
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
