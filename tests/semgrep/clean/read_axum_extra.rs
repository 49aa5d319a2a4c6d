//! Reads cookies with axum-extra, beside collections with the same method names.

use std::collections::HashSet;

use axum_extra::extract::{CookieJar, PrivateCookieJar};

pub async fn read(jar: CookieJar, private: PrivateCookieJar) -> String {
    let mut seen = HashSet::new();
    seen.insert("session");
    seen.remove("session");
    let names: Vec<&str> = jar.iter().map(|cookie| cookie.name()).collect();
    let vault = private.get("vault").map(|cookie| cookie.value().to_owned());
    format!("{} {vault:?}", names.join(", "))
}
