//! The inventory for programs: JSON, whose shape is in the method's docs.

use serde_json::{Value, json};

use super::{Inventory, Listed};

impl Inventory {
    /// Writes the list as JSON: `{"cookies": [{"name", "type", "crate", "file", "line", "purpose", "set_cookie",
    /// "attributes", "reason", "same_name", "findings"}]}`.
    ///
    /// `attributes` is `{"secure", "http_only", "same_site", "path", "domain", "max_age", "partitioned", "read_only", "seal"}`,
    /// with `max_age` in seconds, `domain` `"environment"` where the policy gives it, and `null` for what is absent. A finding is
    /// as in the audit's reports.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// Who is signed in.
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let json = hardtack::inventory().to_json();
    /// assert!(json.contains("\"max_age\": 28800") && json.contains("\"purpose\": \"Who is signed in.\""), "{json}");
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let cookies: Vec<Value> = self.cookies.iter().map(cookie).collect();
        format!("{:#}\n", json!({ "cookies": cookies }))
    }
}

fn cookie(cookie: &Listed) -> Value {
    let spec = &cookie.spec;
    let domain = spec.domain.or(spec.environment_domain.then_some("environment"));
    json!({
        "name": spec.name,
        "type": cookie.path,
        "crate": cookie.krate,
        "file": cookie.file,
        "line": cookie.line,
        "purpose": cookie.purpose,
        "set_cookie": if spec.read_only { Value::Null } else { Value::String(cookie.set_cookie()) },
        "attributes": {
            "secure": spec.secure,
            "http_only": spec.http_only,
            "same_site": spec.same_site.to_string(),
            "path": spec.path,
            "domain": domain,
            "max_age": spec.max_age.map(|max_age| max_age.as_secs()),
            "partitioned": spec.partitioned,
            "read_only": spec.read_only,
            "seal": spec.seal.map(|seal| seal.as_str()),
        },
        "reason": spec.reason,
        "same_name": cookie.same_name,
        "findings": cookie.findings,
    })
}
