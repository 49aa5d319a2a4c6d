//! The time of day. Never panics, as the standard library does in WebAssembly without a system.

use std::time::SystemTime;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The browser's clock.
#[cfg(all(target_family = "wasm", target_os = "unknown", feature = "web"))]
pub(crate) fn now() -> SystemTime {
    let since = core::time::Duration::try_from_secs_f64(date_now() / 1000.0).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(all(target_family = "wasm", target_os = "unknown", feature = "web"))]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// 1970: nothing is over, and every `Expires` is far enough for a policy's floor to shorten it.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(feature = "web")))]
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH
}
