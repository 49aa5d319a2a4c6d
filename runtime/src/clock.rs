//! Returns the current time as a `SystemTime`, and converts a `SystemTime` to whole seconds. A test can set the current
//! time.
//!
//! `SystemTime::now` panics in WebAssembly without an operating system. A WebAssembly build with the feature `axum`,
//! `seal` or `web` uses the clock of the JavaScript host, such as a browser or Cloudflare Workers. Without these
//! features, a WebAssembly build can run on a host without JavaScript, so the build has no clock.

use std::time::SystemTime;

/// Returns the current time. Inside a call to [`at`], returns the time that was passed to `at`. Returns `None` if the
/// build has no clock.
pub(crate) fn try_now() -> Option<SystemTime> {
    #[cfg(feature = "testing")]
    if let Some(time) = OVERRIDE.get() {
        return time;
    }
    system_now()
}

/// Returns the current time, or the start of 1970 if the build has no clock.
///
/// In a build without a clock, hardtack therefore counts the lifetime of a cookie with `Expires` from the start of
/// 1970. If the policy limits the lifetime of cookies, even an `Expires` date of today is over the limit. hardtack then
/// adds the longest allowed `Max-Age` to the header.
pub(crate) fn now() -> SystemTime {
    try_now().unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(feature = "testing")]
thread_local! {
    /// The result of `try_now`, if a test sets the result.
    static OVERRIDE: std::cell::Cell<Option<Option<SystemTime>>> = const { std::cell::Cell::new(None) };
}

/// Calls `run`. During the call, `time` is the current time of this thread.
#[cfg(feature = "testing")]
pub(crate) fn at<T>(time: SystemTime, run: impl FnOnce() -> T) -> T {
    with_override(Some(time), run)
}

/// Calls `run`. During the call, this thread has no clock, as in a WebAssembly build without a JavaScript host.
#[cfg(all(feature = "testing", test))]
pub(crate) fn without<T>(run: impl FnOnce() -> T) -> T {
    with_override(None, run)
}

#[cfg(feature = "testing")]
fn with_override<T>(time: Option<SystemTime>, run: impl FnOnce() -> T) -> T {
    /// A guard whose `drop` restores the previous result, even if `run` panics.
    struct Restore(Option<Option<SystemTime>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            OVERRIDE.set(self.0);
        }
    }
    let _restore = Restore(OVERRIDE.replace(Some(time)));
    run()
}

/// Returns the number of seconds since 1970, rounded down.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let fraction = i64::from(before.subsec_nanos() > 0);
            i64::try_from(before.as_secs()).map_or(i64::MIN, |whole| (-whole).saturating_sub(fraction))
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn system_now() -> Option<SystemTime> {
    Some(SystemTime::now())
}

/// Returns the time of the JavaScript host, such as a browser. Signed and sealed values expire, so their verification
/// needs a clock. A server needs a clock, because the middleware checks whether an `Expires` date has passed.
#[cfg(all(target_family = "wasm", target_os = "unknown", any(feature = "axum", feature = "seal", feature = "web")))]
fn system_now() -> Option<SystemTime> {
    let since = core::time::Duration::try_from_secs_f64(date_now() / 1000.0).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(all(target_family = "wasm", target_os = "unknown", any(feature = "axum", feature = "seal", feature = "web")))]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

#[cfg(all(
    target_family = "wasm",
    target_os = "unknown",
    not(any(feature = "axum", feature = "seal", feature = "web"))
))]
fn system_now() -> Option<SystemTime> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::unix_seconds;

    #[test]
    fn seconds_are_rounded_down() {
        let after = |milliseconds: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        let before = |milliseconds: u64| SystemTime::UNIX_EPOCH - Duration::from_millis(milliseconds);
        assert_eq!([after(0), after(999), after(1000)].map(unix_seconds), [0, 0, 1]);
        assert_eq!([before(1), before(1000), before(1001)].map(unix_seconds), [-1, -1, -2]);
    }

    #[cfg(feature = "testing")]
    #[test]
    fn override_ends_with_its_call() {
        let time = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        super::at(time(1), || {
            super::at(time(2), || assert_eq!(super::now(), time(2)));
            assert_eq!(super::now(), time(1));
        });
        // After the outermost call of `at`, `now` returns the system's time again. The system's time is later than the
        // date in this test.
        assert!(super::now() > time(1_796_000_000) - Duration::from_secs(86_400 * 30));
    }
}
