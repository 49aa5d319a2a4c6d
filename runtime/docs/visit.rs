use std::time::{Duration, SystemTime};

use hardtack::testing::{self, Browser};
use hardtack::{Cookies, PolicyHandle};

/// Opens a browser whose clock shows 1 December 2026.
pub fn open(url: &str) -> Browser {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200);
    testing::at(now, || Browser::new(url))
}

/// Visits a page. `handler` handles the request, as a handler of your application does.
pub fn visit<T>(browser: &mut Browser, policy: &PolicyHandle, url: &str, handler: impl FnOnce(&Cookies) -> T) -> T {
    let request = browser.visit(url);
    let (result, response) = testing::at(browser.now(), || {
        let cookies = Cookies::from_headers(&request, testing::https()).with_policy(policy);
        let result = handler(&cookies);
        let mut response = http::HeaderMap::new();
        cookies.write(&mut response);
        (result, response)
    });
    browser.store(&response);
    result
}
