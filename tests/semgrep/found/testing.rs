//! Functions for tests, in code that is not a test.

use hardtack::{Cookies, testing};

pub fn jar(request: &http::HeaderMap) -> Cookies {
    Cookies::from_headers(request, testing::https()) // FOUND hardtack-testing
}

pub fn later<T>(time: std::time::SystemTime, run: impl FnOnce() -> T) -> T {
    hardtack::testing::at(time, run) // FOUND hardtack-testing
}
