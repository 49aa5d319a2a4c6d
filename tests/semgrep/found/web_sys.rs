//! `document.cookie` in the browser.

use web_sys::HtmlDocument;

pub fn remember(document: &HtmlDocument) {
    let _ = document.set_cookie("theme=dark; Max-Age=3600"); // FOUND hardtack-web-sys
}
