//! Gives access to the page in which the program runs: the page's cookies, URL and `isSecureContext`. Only a
//! WebAssembly program in a browser has a page.

use core::task::{Context, Poll};

pub(super) use current::CurrentPage;

/// The properties of a page that the scripts of the page can access.
pub(super) trait Page {
    type Store: CookieStore;

    /// Returns the page's `isSecureContext`.
    fn is_secure_context(&self) -> bool;
    /// Returns the URL from which the page was loaded. Returns `None` if the browser does not give this URL to scripts.
    fn loaded_url(&self) -> Option<String>;
    /// Returns `document.cookie`. Returns `None` if reading `document.cookie` throws, or if the value is not a string.
    fn cookies(&self) -> Option<String>;
    /// Assigns the text to `document.cookie`. Returns `None` if the assignment throws.
    fn assign_cookie(&self, text: &str) -> Option<()>;
    /// Returns the page's `cookieStore`. Returns `None` if the browser has no `cookieStore`, or if the page is not a
    /// secure context.
    fn cookie_store(&self) -> Option<&Self::Store>;
}

/// The object `cookieStore` of a page.
pub(super) trait CookieStore {
    type Changes: CookieChanges;

    /// Returns the names and values of all cookies that the page can see, in the order of `document.cookie`.
    async fn all(&self) -> Result<Vec<(String, String)>, Refusal>;
    /// Sets the cookie. If the cookie has already expired, removes the stored cookie.
    ///
    /// `cookieStore.delete` would set an expired cookie with `SameSite=Strict`, which a page in a frame of another site
    /// cannot set.
    async fn set(&self, cookie: &StoreCookie<'_>) -> Result<(), Refusal>;
    /// Starts to listen for changes of the cookies for whose names `is_watched` returns true.
    fn changes(&self, is_watched: impl Fn(&str) -> bool + 'static) -> Self::Changes;
}

/// The changes of the cookies of a page. Dropping the value stops the listener.
pub(super) trait CookieChanges {
    /// Is ready if a watched cookie has changed since the last time that this method was ready.
    fn poll_change(&mut self, context: &mut Context<'_>) -> Poll<()>;
}

/// A cookie as an argument of `cookieStore.set`. The cookie is always Secure and never partitioned.
#[derive(Debug)]
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    allow(dead_code, reason = "only a page in a browser, or the simulated page of the tests, reads it")
)]
pub(super) struct StoreCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) domain: Option<&'a str>,
    pub(super) path: &'a str,
    /// `strict`, `lax` or `none`.
    pub(super) same_site: &'static str,
    /// The expiry in milliseconds since 1970.
    pub(super) expires: Option<f64>,
}

/// The reason why a promise of `cookieStore` was rejected.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    allow(dead_code, reason = "only a page in a browser, or the simulated page of the tests, makes it")
)]
pub(super) enum Refusal {
    /// The page may not use cookies (`SecurityError`).
    Denied,
    /// The browser does not store the cookie (`TypeError`).
    Dropped,
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod current {
    use core::cell::RefCell;
    use core::future::poll_fn;
    use core::mem;
    use core::task::{Context, Poll, Waker};
    use std::rc::Rc;

    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

    use super::{CookieChanges, CookieStore, Page, Refusal, StoreCookie};

    #[wasm_bindgen]
    extern "C" {
        // If JavaScript has no global variable `document`, the value of this Rust static is `None`. For example, a
        // worker has no `document`.
        #[wasm_bindgen(thread_local_v2, js_name = document)]
        static DOCUMENT: Option<Document>;
        #[wasm_bindgen(thread_local_v2, js_name = performance)]
        static PERFORMANCE: Option<Performance>;
        #[wasm_bindgen(thread_local_v2, js_name = isSecureContext)]
        static IS_SECURE_CONTEXT: Option<bool>;
        // If the browser has no `cookieStore`, the global variable can be an HTML element with this id.
        #[wasm_bindgen(thread_local_v2, js_name = cookieStore)]
        static COOKIE_STORE: Option<Store>;

        #[derive(Clone)]
        type Document;
        // If the page contains an HTML element with the name `cookie`, `document.cookie` returns the element instead of
        // a string.
        #[wasm_bindgen(method, getter, catch)]
        fn cookie(this: &Document) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(method, setter, catch)]
        fn set_cookie(this: &Document, text: &str) -> Result<(), JsValue>;

        type Performance;
        #[wasm_bindgen(method, catch, js_name = getEntriesByType)]
        fn entries(this: &Performance, kind: &str) -> Result<Option<Entries>, JsValue>;

        type Entries;
        #[wasm_bindgen(method, structural, indexing_getter)]
        fn at(this: &Entries, index: u32) -> Option<Entry>;

        type Entry;
        #[wasm_bindgen(method, getter)]
        fn name(this: &Entry) -> JsValue;

        #[derive(Clone)]
        pub(crate) type Store;
        #[wasm_bindgen(method, getter, js_name = getAll)]
        fn get_all_function(this: &Store) -> JsValue;
        #[wasm_bindgen(method, catch, js_name = getAll)]
        fn get_all(this: &Store) -> Result<Promise, JsValue>;
        #[wasm_bindgen(method, catch, js_name = set)]
        fn set_with(this: &Store, options: &Options) -> Result<Promise, JsValue>;
        #[wasm_bindgen(method, js_name = addEventListener)]
        fn add_event_listener(this: &Store, event: &str, listener: &JsValue);
        #[wasm_bindgen(method, js_name = removeEventListener)]
        fn remove_event_listener(this: &Store, event: &str, listener: &JsValue);

        #[wasm_bindgen(js_name = Object)]
        type Options;
        #[wasm_bindgen(constructor, js_class = "Object")]
        fn new() -> Options;
        #[wasm_bindgen(method, structural, indexing_setter)]
        fn put(this: &Options, key: &str, value: &JsValue);

        type Promise;
        #[wasm_bindgen(method)]
        fn then(this: &Promise, resolved: &JsValue, rejected: &JsValue) -> JsValue;

        type Event;
        #[wasm_bindgen(method, getter)]
        fn changed(this: &Event) -> Items;
        #[wasm_bindgen(method, getter)]
        fn deleted(this: &Event) -> Items;

        type Items;
        #[wasm_bindgen(method, getter)]
        fn length(this: &Items) -> u32;
        #[wasm_bindgen(method, structural, indexing_getter)]
        fn item(this: &Items, index: u32) -> Item;

        type Item;
        #[wasm_bindgen(method, getter, js_name = name)]
        fn item_name(this: &Item) -> JsValue;
        #[wasm_bindgen(method, getter, js_name = value)]
        fn item_value(this: &Item) -> JsValue;

        type Thrown;
        #[wasm_bindgen(method, getter, catch, js_name = name)]
        fn error_name(this: &Thrown) -> Result<JsValue, JsValue>;
    }

    /// The page in which the program runs.
    pub(crate) struct CurrentPage {
        document: Document,
        store: Option<Store>,
    }

    impl CurrentPage {
        pub(crate) fn find() -> Option<CurrentPage> {
            let document = DOCUMENT.with(Clone::clone)?;
            let is_secure = IS_SECURE_CONTEXT.with(|is_secure| *is_secure == Some(true));
            let store =
                COOKIE_STORE.with(Clone::clone).filter(|store| is_secure && store.get_all_function().is_function());
            Some(CurrentPage { document, store })
        }
    }

    impl Page for CurrentPage {
        type Store = Store;

        fn is_secure_context(&self) -> bool {
            IS_SECURE_CONTEXT.with(|is_secure| *is_secure == Some(true))
        }

        // Browsers compare a cookie's path with the URL from which the page was loaded. The property `location` would
        // be wrong, because scripts can change `location` later.
        fn loaded_url(&self) -> Option<String> {
            PERFORMANCE.with(|performance| performance.as_ref()?.entries("navigation").ok()??.at(0)?.name().as_string())
        }

        fn cookies(&self) -> Option<String> {
            self.document.cookie().ok()?.as_string()
        }

        fn assign_cookie(&self, text: &str) -> Option<()> {
            self.document.set_cookie(text).ok()
        }

        fn cookie_store(&self) -> Option<&Store> {
            self.store.as_ref()
        }
    }

    impl CookieStore for Store {
        type Changes = Changes;

        async fn all(&self) -> Result<Vec<(String, String)>, Refusal> {
            let items: Items = settled(self.get_all()).await?.unchecked_into();
            let pair = |index| {
                let item = items.item(index);
                let [name, value] =
                    [item.item_name(), item.item_value()].map(|text| text.as_string().unwrap_or_default());
                (name, value)
            };
            Ok((0..items.length()).map(pair).collect())
        }

        async fn set(&self, cookie: &StoreCookie<'_>) -> Result<(), Refusal> {
            let options = Options::new();
            options.put("name", &cookie.name.into());
            options.put("value", &cookie.value.into());
            options.put("path", &cookie.path.into());
            if let Some(domain) = cookie.domain {
                options.put("domain", &domain.into());
            }
            // Without `sameSite`, the browser would set `SameSite=Strict`.
            options.put("sameSite", &cookie.same_site.into());
            if let Some(expires) = cookie.expires {
                options.put("expires", &expires.into());
            }
            settled(self.set_with(&options)).await.map(drop)
        }

        fn changes(&self, is_watched: impl Fn(&str) -> bool + 'static) -> Changes {
            let state = Rc::new(RefCell::new(ChangeState { has_changed: false, waker: None }));
            let shared = state.clone();
            let listener = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
                let any = |items: Items| {
                    let is_watched =
                        |index| items.item(index).item_name().as_string().is_some_and(|name| is_watched(&name));
                    (0..items.length()).any(is_watched)
                };
                if any(event.changed()) || any(event.deleted()) {
                    let waker = {
                        let mut state = shared.borrow_mut();
                        state.has_changed = true;
                        state.waker.take()
                    };
                    // The borrow has ended, because some executors poll the stream inside `wake`.
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
            });
            self.add_event_listener("change", listener.as_ref());
            Changes { store: self.clone(), listener, state }
        }
    }

    /// A listener for the event `change` of `cookieStore`.
    pub(crate) struct Changes {
        store: Store,
        listener: Closure<dyn FnMut(Event)>,
        state: Rc<RefCell<ChangeState>>,
    }

    struct ChangeState {
        has_changed: bool,
        waker: Option<Waker>,
    }

    impl CookieChanges for Changes {
        fn poll_change(&mut self, context: &mut Context<'_>) -> Poll<()> {
            let mut state = self.state.borrow_mut();
            if mem::take(&mut state.has_changed) {
                return Poll::Ready(());
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        }
    }

    impl Drop for Changes {
        fn drop(&mut self) {
            self.store.remove_event_listener("change", self.listener.as_ref());
        }
    }

    /// The result of a promise, and the callbacks of the promise until the promise is settled.
    #[derive(Default)]
    struct PromiseState {
        result: Option<Result<JsValue, JsValue>>,
        waker: Option<Waker>,
        callbacks: Option<[Callback; 2]>,
    }

    type Callback = Closure<dyn FnMut(JsValue)>;

    /// Waits until the promise is settled. If the future is dropped earlier, the promise keeps the callbacks alive.
    async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, Refusal> {
        let state = Rc::new(RefCell::new(PromiseState::default()));
        let callback = |wrap: fn(JsValue) -> Result<JsValue, JsValue>| {
            let state = state.clone();
            Callback::new(move |value| {
                let (waker, callbacks) = {
                    let mut state = state.borrow_mut();
                    state.result = Some(wrap(value));
                    (state.waker.take(), state.callbacks.take())
                };
                // The borrow has ended, because some executors poll the future inside `wake`.
                if let Some(waker) = waker {
                    waker.wake();
                }
                // The callbacks and `state` own each other. This line ends that.
                drop(callbacks);
            })
        };
        let callbacks = [callback(Ok), callback(Err)];
        promise.map_err(|error| refusal(&error))?.then(callbacks[0].as_ref(), callbacks[1].as_ref());
        state.borrow_mut().callbacks = Some(callbacks);
        let result = poll_fn(|context| {
            let mut state = state.borrow_mut();
            match state.result.take() {
                Some(result) => Poll::Ready(result),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        });
        result.await.map_err(|error| refusal(&error))
    }

    fn refusal(error: &JsValue) -> Refusal {
        let name = error.is_object().then(|| error.unchecked_ref::<Thrown>().error_name().ok()?.as_string()).flatten();
        if name.as_deref() == Some("SecurityError") { Refusal::Denied } else { Refusal::Dropped }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod current {
    use super::{Context, CookieChanges, CookieStore, Page, Poll, Refusal, StoreCookie};

    /// No value of this type exists, because there is no page.
    pub(crate) enum CurrentPage {}

    impl CurrentPage {
        pub(crate) fn find() -> Option<CurrentPage> {
            None
        }
    }

    impl Page for CurrentPage {
        type Store = CurrentPage;

        fn is_secure_context(&self) -> bool {
            match *self {}
        }

        fn loaded_url(&self) -> Option<String> {
            match *self {}
        }

        fn cookies(&self) -> Option<String> {
            match *self {}
        }

        fn assign_cookie(&self, _: &str) -> Option<()> {
            match *self {}
        }

        fn cookie_store(&self) -> Option<&CurrentPage> {
            match *self {}
        }
    }

    impl CookieStore for CurrentPage {
        type Changes = CurrentPage;

        async fn all(&self) -> Result<Vec<(String, String)>, Refusal> {
            match *self {}
        }

        async fn set(&self, _: &StoreCookie<'_>) -> Result<(), Refusal> {
            match *self {}
        }

        fn changes(&self, _: impl Fn(&str) -> bool + 'static) -> CurrentPage {
            match *self {}
        }
    }

    impl CookieChanges for CurrentPage {
        fn poll_change(&mut self, _: &mut Context<'_>) -> Poll<()> {
            match *self {}
        }
    }
}
