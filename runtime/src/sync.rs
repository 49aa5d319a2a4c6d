//! The lock types that jars and policies use. Normally the locks are the types of the standard library. The loom test
//! uses loom's types instead, so that the test can run the operations of the locks in every order.

#[cfg(not(all(test, hardtack_loom)))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

#[cfg(all(test, hardtack_loom))]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, RwLock};
#[cfg(all(test, hardtack_loom))]
pub(crate) use once::OnceLock;

#[cfg(all(test, hardtack_loom))]
mod once {
    use loom::sync::atomic::{AtomicBool, Ordering};

    /// A `OnceLock` for the loom test, because loom itself has no `OnceLock`. Each `get` and each `set` is one step of
    /// the loom test. If `get` reads the flag as true, the value is complete.
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
