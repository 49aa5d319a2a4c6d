//! The current time, which a test can override. Out: a `SystemTime`, or whole seconds. `SystemTime::now` panics in
//! WebAssembly without an operating system, so other sources are used there.

use std::time::SystemTime;

/// Returns the current time, or the time of the enclosing [`at`].
pub(crate) fn now() -> SystemTime {
    #[cfg(feature = "testing")]
    if let Some(time) = OVERRIDE.get() {
        return time;
    }
    system_now()
}

#[cfg(feature = "testing")]
thread_local! {
    static OVERRIDE: std::cell::Cell<Option<SystemTime>> = const { std::cell::Cell::new(None) };
}

/// Calls `run` with `time` as the current time of this thread.
#[cfg(feature = "testing")]
pub(crate) fn at<T>(time: SystemTime, run: impl FnOnce() -> T) -> T {
    /// Restores the outer time, also if `run` panics.
    struct Restore(Option<SystemTime>);
    impl Drop for Restore {
        fn drop(&mut self) {
            OVERRIDE.set(self.0);
        }
    }
    let _restore = Restore(OVERRIDE.replace(Some(time)));
    run()
}

/// Returns the seconds since 1970, rounded down.
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
fn system_now() -> SystemTime {
    SystemTime::now()
}

/// Returns the time of the JavaScript host, such as the browser. Without a clock, seals would never expire.
#[cfg(all(target_family = "wasm", target_os = "unknown", any(feature = "seal", feature = "web")))]
fn system_now() -> SystemTime {
    let since = core::time::Duration::try_from_secs_f64(date_now() / 1000.0).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(all(target_family = "wasm", target_os = "unknown", any(feature = "seal", feature = "web")))]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// Returns 1970, because there is no clock. So no `Expires` has passed, and a policy's baseline shortens every
/// `Expires`.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(any(feature = "seal", feature = "web"))))]
fn system_now() -> SystemTime {
    SystemTime::UNIX_EPOCH
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
        // After the outermost call the clock is the system's, so it is later than when this test was written.
        assert!(super::now() > time(1_796_000_000) - Duration::from_secs(86_400 * 30));
    }
}
