//! The lock types of jars and policies. They come from the standard library. The loom test replaces them, so that it
//! can run every order of the locks' operations.

#[cfg(not(all(test, hardtack_loom)))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

#[cfg(all(test, hardtack_loom))]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, RwLock};
#[cfg(all(test, hardtack_loom))]
pub(crate) use once::OnceLock;

#[cfg(all(test, hardtack_loom))]
mod once {
    use loom::sync::atomic::{AtomicBool, Ordering};

    /// A `OnceLock` for loom, which has none. Each `get` and each `set` is one step of loom. After
    /// `get` has seen the flag, the value is complete.
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
