//! Gives access to the page in which the program runs: the page's cookies, URL and `isSecureContext`. Only a
//! WebAssembly program in a browser has a page.

pub(super) use current::CurrentPage;

/// The properties of a page that the scripts of the page can access.
pub(super) trait Page {
    /// Returns the page's `isSecureContext`.
    fn is_secure_context(&self) -> bool;
    /// Returns the URL from which the page was loaded. Returns `None` if the browser does not give this URL to scripts.
    fn loaded_url(&self) -> Option<String>;
    /// Returns `document.cookie`. Returns `None` if reading `document.cookie` throws, or if the value is not a string.
    fn cookies(&self) -> Option<String>;
    /// Assigns the text to `document.cookie`. Returns `None` if the assignment throws.
    fn assign_cookie(&self, text: &str) -> Option<()>;
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod current {
    use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

    use super::Page;

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
    }

    /// The page in which the program runs.
    pub(crate) struct CurrentPage(Document);

    impl CurrentPage {
        pub(crate) fn find() -> Option<CurrentPage> {
            DOCUMENT.with(Clone::clone).map(CurrentPage)
        }
    }

    impl Page for CurrentPage {
        fn is_secure_context(&self) -> bool {
            IS_SECURE_CONTEXT.with(|is_secure| *is_secure == Some(true))
        }

        // Browsers compare a cookie's path with the URL from which the page was loaded. The property `location` would
        // be wrong, because scripts can change `location` later.
        fn loaded_url(&self) -> Option<String> {
            PERFORMANCE.with(|performance| performance.as_ref()?.entries("navigation").ok()??.at(0)?.name().as_string())
        }

        fn cookies(&self) -> Option<String> {
            self.0.cookie().ok()?.as_string()
        }

        fn assign_cookie(&self, text: &str) -> Option<()> {
            self.0.set_cookie(text).ok()
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod current {
    use super::Page;

    /// No value of this type exists, because there is no page.
    pub(crate) enum CurrentPage {}

    impl CurrentPage {
        pub(crate) fn find() -> Option<CurrentPage> {
            None
        }
    }

    impl Page for CurrentPage {
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
    }
}
