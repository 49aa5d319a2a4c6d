//! Writes the inventory (the list of declared cookies) as JSON, for other programs.

use serde_json::{Value, json};

use super::{Entry, Inventory};

impl Inventory {
    /// Returns the inventory as JSON: `{"cookies": [{"name", "type", "crate", "file", "line", "purpose", "set_cookie",
    /// "attributes", "reason", "same_name", "findings"}]}`.
    ///
    /// - `attributes` is `{"secure", "http_only", "same_site", "path", "domain", "max_age", "partitioned", "read_only",
    ///   "seal"}`. The unit of `max_age` is seconds. The field `domain` is `"policy"` if the declaration has `domain =
    ///   policy`. An absent attribute is `null`.
    /// - `set_cookie` is the `Set-Cookie` header, with `…` in place of the cookie's value. `set_cookie` is `null` for a
    ///   `read_only` cookie.
    /// - Each element of `findings` has the same format as a serialized finding of the [audit](crate::audit#serde).
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// The session of the signed-in user.
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let json: serde_json::Value = serde_json::from_str(&hardtack::inventory().to_json()).unwrap();
    /// let session = &json["cookies"][0];
    /// assert_eq!(session["attributes"]["max_age"], 28800);
    /// assert_eq!(session["purpose"], "The session of the signed-in user.");
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let cookies: Vec<Value> = self.cookies.iter().map(cookie_to_json).collect();
        format!("{:#}\n", json!({ "cookies": cookies }))
    }
}

fn cookie_to_json(cookie: &Entry) -> Value {
    let spec = &cookie.spec;
    let domain = spec.domain.or(spec.policy_domain.then_some("policy"));
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
