//! A small application for the tests: one function handles one request of an in-memory browser.

use std::sync::{Arc, Mutex};

use hardtack::event::Code;
use hardtack::policy::PolicyBuilder;
use hardtack::testing::{self, Browser};
use hardtack::{Cookies, Https, Policy, PolicyHandle};
use http::HeaderMap;

/// One release of an application.
pub(crate) struct Release {
    policy: PolicyHandle,
    events: Arc<Mutex<Vec<(Code, String)>>>,
}

impl Release {
    /// A release with the default policy and the keyring of the tests.
    pub(crate) fn new() -> Self {
        Release::with(|builder| builder.keyring(testing::keyring()))
    }

    /// A release with other settings of the policy.
    pub(crate) fn with(settings: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> Self {
        let events: Arc<Mutex<Vec<(Code, String)>>> = Arc::default();
        let recorded = events.clone();
        let policy = settings(Policy::builder())
            .on_event(move |event| recorded.lock().unwrap().push((event.rule, event.to_string())))
            .build()
            .unwrap();
        Release { policy: PolicyHandle::new(policy), events }
    }

    /// Opens a page in the browser. `handle` is the handler of the page.
    pub(crate) fn visit<T>(&self, browser: &mut Browser, url: &str, handle: impl FnOnce(&Cookies<Https>) -> T) -> T {
        let request = browser.visit(url);
        let (result, response) = self.respond(browser, &request, handle);
        browser.store(&response);
        result
    }

    /// Handles a request. Does not give the response to the browser.
    pub(crate) fn respond<T>(
        &self,
        browser: &Browser,
        request: &HeaderMap,
        handle: impl FnOnce(&Cookies<Https>) -> T,
    ) -> (T, HeaderMap) {
        testing::at(browser.now(), || {
            let cookies = Cookies::from_headers(request, testing::https()).with_policy(&self.policy);
            let result = handle(&cookies);
            let mut response = HeaderMap::new();
            cookies.write(&mut response);
            (result, response)
        })
    }

    /// Returns the codes of the events since the last call.
    pub(crate) fn codes(&self) -> Vec<Code> {
        self.events.lock().unwrap().drain(..).map(|(code, _)| code).collect()
    }

    /// Returns the texts of the events since the last call.
    pub(crate) fn events(&self) -> String {
        self.events.lock().unwrap().drain(..).map(|(_, text)| text + "\n").collect()
    }
}

/// Returns each stored cookie as `name=value; domain; path`. A host-only cookie has no dot before its domain.
pub(crate) fn stored(browser: &Browser) -> Vec<String> {
    let show = |cookie: &testing::Stored| {
        let dot = if cookie.host_only { "" } else { "." };
        format!("{}={}; {dot}{}; {}", cookie.name, cookie.value, cookie.domain, cookie.path)
    };
    browser.stored().iter().map(show).collect()
}

/// Returns the `Set-Cookie` headers of a response.
pub(crate) fn set_cookie(response: &HeaderMap) -> Vec<&str> {
    response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap()).collect()
}
