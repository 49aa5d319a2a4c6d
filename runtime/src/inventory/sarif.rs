//! Writes the findings of the inventory as SARIF 2.1.0, which is a JSON format for code review tools. If a declaration
//! gives a reason for a weakness, the SARIF result about the weakness is marked as suppressed in the source. Code
//! review tools show a suppressed result as accepted, together with the reason.

use std::fmt::Write as _;

use serde_json::json;

use super::{Entry, Inventory, phrases};
use crate::audit::Finding;
use crate::audit::sarif::{self, Place};

impl Inventory {
    /// Returns the findings as SARIF 2.1.0. Each SARIF result contains the file and line of the declaration. If the
    /// declaration gives a reason for the weakness, the SARIF result is marked as suppressed, and contains the reason.
    /// The properties of a SARIF result contain the cookie's name. They also contain the companion of a `device_bound`
    /// cookie, and the `formerly` entries if the declaration has any.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// Interface language.
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
    /// enum Lang { En }
    ///
    /// let sarif: serde_json::Value = serde_json::from_str(&hardtack::inventory().to_sarif()).unwrap();
    /// let result = &sarif["runs"][0]["results"][0];
    /// assert_eq!(result["ruleId"], "script-readable");
    /// assert_eq!(result["suppressions"][0]["justification"], "i18n.js reads it before first paint");
    /// # let _ = Lang::En;
    /// ```
    #[must_use]
    pub fn to_sarif(&self) -> String {
        let findings =
            self.cookies.iter().flat_map(|cookie| cookie.findings.iter().map(move |finding| (cookie, finding)));
        let results: Vec<(Place, &Finding)> = findings.map(|(cookie, finding)| (place(cookie), finding)).collect();
        sarif::log("The cookie", &results)
    }
}

/// Returns the place of the declaration in the source code.
fn place(cookie: &Entry) -> Place {
    let mut properties = json!({ "cookie": phrases::name(&cookie.spec) });
    if let (Some((companion, _)), Some(properties)) = (phrases::companion(&cookie.spec), properties.as_object_mut()) {
        properties.insert("companion".to_owned(), companion.into());
    }
    if let (false, Some(properties)) = (cookie.spec.former.is_empty(), properties.as_object_mut()) {
        let former = cookie.spec.former.iter().map(|former| phrases::former(&cookie.spec, former));
        properties.insert("formerly".to_owned(), former.collect());
    }
    Place {
        uri: uri(cookie.file),
        line: Some(cookie.line),
        name: cookie.path.clone(),
        kind: "type",
        // The fingerprint does not contain the line number, because the line number changes when a developer edits the
        // file.
        fingerprint: cookie.path.clone(),
        properties,
    }
}

/// Converts the path of a source file to a URI reference (RFC 3986). An absolute path becomes a `file` URI.
fn uri(file: &str) -> String {
    let path = file.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.as_bytes().get(1) == Some(&b':') {
        uri.push_str("file:///");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            // In an absolute Windows path, the colon after the drive letter is not escaped. In a relative path, each
            // colon is escaped. Otherwise, a URI parser would read the text before the colon as the scheme of the URI.
            b':' if uri.starts_with("file:") => uri.push(':'),
            byte => {
                // Writing to a `String` never fails.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::date::Day;
    use hardtack_rules::{DeviceBinding, Former, SameSite, Seal};
    use serde_json::Value;

    use super::super::tests::{entry, inventory_of};
    use super::uri;
    use crate::cookie::declaration::Spec;

    #[test]
    fn families_and_former_scopes_are_shown() {
        const SID: Former<'static> = Former::new().name("__Host-sid").until(Day::parse("1969-12-31").unwrap());
        let flow = Spec::new("__Host-flow").keyed().max_age(Duration::from_secs(60)).formerly(&[SID]);
        let sarif: Value = serde_json::from_str(&inventory_of([entry("shop", "Flow", flow)]).to_sarif()).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let [result] = results.as_slice() else { panic!("{results:?}") };
        assert_eq!((&result["ruleId"], &result["level"]), (&"former-expired".into(), &"note".into()));
        assert_eq!(
            result["message"]["text"],
            "`__Host-flow.*` has a `formerly` entry whose day `until` has passed (`__Host-sid.*`, host-only, Path=/, until \
             1969-12-31); remove the entry when browsers no longer hold the former cookie"
        );
        assert_eq!(result["properties"]["cookie"], "__Host-flow.*");
        assert_eq!(
            result["properties"]["formerly"],
            serde_json::json!(["`__Host-sid.*`, host-only, Path=/, until 1969-12-31"])
        );
        let plain = inventory_of([entry("shop", "A", Spec::new("a"))]).to_sarif();
        assert!(!plain.contains("formerly"), "{plain}");
    }

    #[test]
    fn companion_is_a_property() {
        let session = Spec::new("__Host-Http-id").max_age(Duration::from_secs(86_400)).seal(Seal::Sealed);
        let session = session.same_site(SameSite::None);
        let sarif = |spec| -> Value {
            serde_json::from_str(&inventory_of([entry("shop", "Session", spec)]).to_sarif()).unwrap()
        };
        let properties = |sarif: &Value| sarif["runs"][0]["results"][0]["properties"].clone();
        let bound = sarif(session.device_bound(DeviceBinding::new(DeviceBinding::DEFAULT_EVERY)));
        let expected = serde_json::json!({ "cookie": "__Host-Http-id", "companion": "__Host-id-key" });
        assert_eq!(properties(&bound), expected);
        assert_eq!(properties(&sarif(session)), serde_json::json!({ "cookie": "__Host-Http-id" }));
    }

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("shop/src/lib.rs"), "shop/src/lib.rs");
        assert_eq!(uri("my shop/ü.rs"), "my%20shop/%C3%BC.rs");
        assert_eq!(uri("/home/a/lib.rs"), "file:///home/a/lib.rs");
        assert_eq!(uri("C:\\a\\lib.rs"), "file:///C:/a/lib.rs");
        assert_eq!(uri("a:b/lib.rs"), "file:///a:b/lib.rs");
        // The colon in `shop:a/lib.rs` does not follow a drive letter, so the colon is escaped.
        assert_eq!(uri("shop:a/lib.rs"), "shop%3Aa/lib.rs");
    }
}
