//! Writes the inventory (the list of declared cookies) as JSON, for other programs.

use hardtack_rules::{Former, FormerDomain};
use serde_json::{Value, json};

use super::{Entry, Inventory, phrases};
use crate::cookie::declaration::Spec;

impl Inventory {
    /// Returns the inventory as JSON: `{"cookies": [{"name", "keyed", "type", "crate", "file", "line", "purpose",
    /// "set_cookie", "attributes", "device_bound", "formerly", "reason", "same_name", "findings"}]}`.
    ///
    /// - `name` ends with `.*` for a `keyed` cookie.
    /// - `attributes` is `{"secure", "http_only", "same_site", "path", "domain", "max_age", "idle", "partitioned",
    ///   "read_only", "seal"}`. The unit of `max_age` and `idle` is seconds. The field `domain` is `"policy"` if the
    ///   declaration has `domain = policy`. An absent attribute is `null`.
    /// - `set_cookie` is the `Set-Cookie` header, with `…` in place of the cookie's value. `set_cookie` is `null` for a
    ///   `read_only` cookie.
    /// - `device_bound` is `{"companion", "every", "optional"}`, or `null`. `companion` is the name of the companion,
    ///   and `every` is the lifetime of the companion in seconds.
    /// - Each element of `formerly` is `{"name", "domain", "path", "partitioned", "raw", "unsigned", "until"}`, with
    ///   the full earlier scope. `until` is a day such as `"2027-03-01"`, or `null`.
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
        "name": phrases::name(spec),
        "keyed": spec.keyed,
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
            "idle": spec.idle.map(|idle| idle.as_secs()),
            "partitioned": spec.partitioned,
            "read_only": spec.read_only,
            "seal": spec.seal.map(|seal| seal.as_str()),
        },
        "device_bound": device_bound_to_json(spec),
        "formerly": spec.former.iter().map(|former| former_to_json(spec, former)).collect::<Vec<_>>(),
        "reason": spec.reason,
        "same_name": cookie.same_name,
        "findings": cookie.findings,
    })
}

fn device_bound_to_json(spec: &Spec) -> Value {
    match (spec.device_bound, phrases::companion(spec)) {
        (Some(binding), Some((companion, _))) => {
            json!({ "companion": companion, "every": binding.every.as_secs(), "optional": binding.optional })
        }
        (None, _) | (_, None) => Value::Null,
    }
}

fn former_to_json(spec: &Spec, former: &Former<'static>) -> Value {
    let domain = match former.domain_in(spec) {
        FormerDomain::Domain(domain) => Some(domain),
        FormerDomain::Policy => Some("policy"),
        FormerDomain::HostOnly | FormerDomain::Declared => None,
    };
    json!({
        "name": phrases::former_name(spec, former),
        "domain": domain,
        "path": former.path_in(spec),
        "partitioned": former.partitioned_in(spec),
        "raw": former.raw,
        "unsigned": former.unsigned,
        "until": former.until.map(|until| until.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::date::Day;
    use hardtack_rules::{DeviceBinding, Former, FormerDomain, Seal};
    use serde_json::{Value, json};

    use super::super::tests::{entry, inventory_of};
    use crate::cookie::declaration::Spec;

    #[test]
    fn device_bound_cookie_lists_its_companion() {
        let session = Spec::new("__Host-Http-id").max_age(Duration::from_secs(86_400)).seal(Seal::Sealed);
        let binding = DeviceBinding::new(Duration::from_secs(300)).optional();
        let specs = [session.device_bound(binding), session];
        let [bound, plain] = specs.map(|spec| {
            let json: Value = serde_json::from_str(&inventory_of([entry("shop", "Id", spec)]).to_json()).unwrap();
            json["cookies"][0]["device_bound"].clone()
        });
        assert_eq!(bound, json!({ "companion": "__Host-id-key", "every": 300, "optional": true }));
        assert_eq!(plain, Value::Null);
    }

    #[test]
    fn families_and_former_scopes_are_shown() {
        const SID: Former<'static> = Former::new().name("sid").path("/").raw().until(Day::parse("1969-12-31").unwrap());
        const WIDE: Former<'static> = Former::new().domain(FormerDomain::Domain("example.com")).partitioned(true);
        const POLICY: Former<'static> = Former::new().domain(FormerDomain::Policy);
        let flow = Spec::new("flow").path("/shop").keyed().max_age(Duration::from_secs(60));
        let inventory = inventory_of([entry("shop", "Flow", flow.formerly(&[SID, WIDE, POLICY]))]);
        let json: Value = serde_json::from_str(&inventory.to_json()).unwrap();
        let cookie = &json["cookies"][0];
        assert_eq!((&cookie["name"], &cookie["keyed"]), (&json!("flow.*"), &json!(true)));
        assert_eq!(cookie["set_cookie"], "flow.…=…; Path=/shop; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(
            cookie["formerly"][0],
            json!({
                "name": "sid.*", "domain": null, "path": "/", "partitioned": false, "raw": true, "unsigned": false,
                "until": "1969-12-31",
            })
        );
        let scope = |index: usize| {
            let former = &cookie["formerly"][index];
            (former["name"].clone(), former["domain"].clone(), former["path"].clone(), former["partitioned"].clone())
        };
        assert_eq!(scope(1), (json!("flow.*"), json!("example.com"), json!("/shop"), json!(true)));
        assert_eq!(scope(2), (json!("flow.*"), json!("policy"), json!("/shop"), json!(false)));
        let rules: Vec<&Value> =
            cookie["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]).collect();
        assert_eq!(rules, ["unprefixed", "former-expired"]);
    }
}
