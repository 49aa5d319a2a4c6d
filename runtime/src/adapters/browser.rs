//! What `web` asks of the browser: the document's cookies, the page's address, whether it is a secure context. Where there is
//! no browser there is no page. Throws nothing and judges nothing.

pub(super) use page::Browser;

/// What a page is to its scripts.
pub(super) trait Page {
    /// `isSecureContext`.
    fn is_secure(&self) -> bool;
    /// The URL that it was loaded from, where the browser tells.
    fn address(&self) -> Option<String>;
    /// `document.cookie`; `None` where it throws.
    fn cookies(&self) -> Option<String>;
    /// Assigns to `document.cookie`; `None` where it throws.
    fn assign(&self, line: &str) -> Option<()>;
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page {
    use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

    use super::Page;

    #[wasm_bindgen]
    extern "C" {
        // A name that is not there, as in a worker, is `None`.
        #[wasm_bindgen(thread_local_v2, js_name = document)]
        static DOCUMENT: Option<Document>;
        #[wasm_bindgen(thread_local_v2, js_name = performance)]
        static PERFORMANCE: Option<Performance>;
        #[wasm_bindgen(thread_local_v2, js_name = isSecureContext)]
        static IS_SECURE_CONTEXT: Option<bool>;

        #[derive(Clone)]
        type Document;
        // Not a text where an element is named `cookie`.
        #[wasm_bindgen(method, getter, catch)]
        fn cookie(this: &Document) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(method, setter, catch)]
        fn set_cookie(this: &Document, line: &str) -> Result<(), JsValue>;

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

    /// The page that this program runs in.
    pub(crate) struct Browser(Document);

    impl Browser {
        pub(crate) fn open() -> Option<Browser> {
            DOCUMENT.with(Clone::clone).map(Browser)
        }
    }

    impl Page for Browser {
        fn is_secure(&self) -> bool {
            IS_SECURE_CONTEXT.with(|is_secure| *is_secure == Some(true))
        }

        // Not `location`: where a script changed it, browsers still go by the address that the page was loaded from.
        fn address(&self) -> Option<String> {
            PERFORMANCE.with(|performance| performance.as_ref()?.entries("navigation").ok()??.at(0)?.name().as_string())
        }

        fn cookies(&self) -> Option<String> {
            self.0.cookie().ok()?.as_string()
        }

        fn assign(&self, line: &str) -> Option<()> {
            self.0.set_cookie(line).ok()
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod page {
    use super::Page;

    /// There is none.
    pub(crate) enum Browser {}

    impl Browser {
        pub(crate) fn open() -> Option<Browser> {
            None
        }
    }

    impl Page for Browser {
        fn is_secure(&self) -> bool {
            match *self {}
        }

        fn address(&self) -> Option<String> {
            match *self {}
        }

        fn cookies(&self) -> Option<String> {
            match *self {}
        }

        fn assign(&self, _: &str) -> Option<()> {
            match *self {}
        }
    }
}
