//! The locks that the hands on one jar, and on one policy, share: the standard library's, and loom's where a test walks
//! every order of them.

#[cfg(not(all(test, hardtack_loom)))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

#[cfg(all(test, hardtack_loom))]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, RwLock};
#[cfg(all(test, hardtack_loom))]
pub(crate) use once::OnceLock;

#[cfg(all(test, hardtack_loom))]
mod once {
    use loom::sync::atomic::{AtomicBool, Ordering};

    /// loom has none of its own: to look and to set are a step each, and what was set before is seen whole.
    pub(crate) struct OnceLock<T> {
        is_set: AtomicBool,
        value: std::sync::OnceLock<T>,
    }

    impl<T> OnceLock<T> {
        pub(crate) fn new() -> Self {
            OnceLock { is_set: AtomicBool::new(false), value: std::sync::OnceLock::new() }
        }

        pub(crate) fn get(&self) -> Option<&T> {
            if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
        }

        pub(crate) fn set(&self, value: T) -> Result<(), T> {
            let result = self.value.set(value);
            self.is_set.store(true, Ordering::Release);
            result
        }
    }
}
