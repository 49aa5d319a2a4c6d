//! The time of day. Never panics, as the standard library does in WebAssembly without a system.

use std::time::SystemTime;

/// What time it is; a test may say.
pub(crate) fn now() -> SystemTime {
    #[cfg(feature = "testing")]
    if let Some(said) = SAID.get() {
        return said;
    }
    system()
}

#[cfg(feature = "testing")]
thread_local! {
    static SAID: std::cell::Cell<Option<SystemTime>> = const { std::cell::Cell::new(None) };
}

/// Runs this with another time of day, on this thread.
#[cfg(feature = "testing")]
pub(crate) fn at<T>(now: SystemTime, run: impl FnOnce() -> T) -> T {
    struct Back(Option<SystemTime>);
    impl Drop for Back {
        fn drop(&mut self) {
            SAID.set(self.0);
        }
    }
    let _back = Back(SAID.replace(Some(now)));
    run()
}

/// Whole seconds since 1970, to the one before.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let part = i64::from(before.subsec_nanos() > 0);
            i64::try_from(before.as_secs()).map_or(i64::MIN, |whole| (-whole).saturating_sub(part))
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn system() -> SystemTime {
    SystemTime::now()
}

/// The browser's clock, or that of whatever else runs it: a seal without one would hold for ever.
#[cfg(all(target_family = "wasm", target_os = "unknown", any(feature = "seal", feature = "web")))]
fn system() -> SystemTime {
    let since = core::time::Duration::try_from_secs_f64(date_now() / 1000.0).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(all(target_family = "wasm", target_os = "unknown", any(feature = "seal", feature = "web")))]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// 1970: nothing is over, and every `Expires` is far enough for a policy's floor to shorten it.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(any(feature = "seal", feature = "web"))))]
fn system() -> SystemTime {
    SystemTime::UNIX_EPOCH
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::unix_seconds;

    #[test]
    fn seconds_are_whole_and_to_the_one_before() {
        let moment = |milliseconds: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        let before = |milliseconds: u64| SystemTime::UNIX_EPOCH - Duration::from_millis(milliseconds);
        assert_eq!([moment(0), moment(999), moment(1000)].map(unix_seconds), [0, 0, 1]);
        assert_eq!([before(1), before(1000), before(1001)].map(unix_seconds), [-1, -1, -2]);
    }

    #[cfg(feature = "testing")]
    #[test]
    fn what_a_test_says_ends_with_it_also_within_another() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        super::at(at(1), || {
            super::at(at(2), || assert_eq!(super::now(), at(2)));
            assert_eq!(super::now(), at(1));
        });
        // Later than this was written.
        assert!(super::now() > at(1_796_000_000) - Duration::from_secs(86_400 * 30));
    }
}
