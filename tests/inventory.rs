//! Tests of the inventory: the listed cookies, the places of the declarations, the five output formats, and `deny`.
//!
//! The tests compile and run a program with the real cargo. The program consists of three crates. Two of the three
//! crates declare cookies.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;

use std::sync::OnceLock;

use serde_json::Value;
use support::workspace::Workspace;

const THEMES: &str = r#"#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
//! A library crate.

/// Scheme.
pub mod scheme {
    /// Colour scheme,
    /// of <all> "pages" & 'views'.
    ///
    /// The rest of the docs is for programmers.
    #[derive(hardtack::Cookie)]
    #[cookie(http_only = false, reason = "theme.js </script> reads it before first paint")]
    #[non_exhaustive]
    pub enum Theme {
        /// Light.
        Light,
    }
}
"#;

const SHOP: &str = r#"#![forbid(unsafe_code)]
use hardtack::Cookie;

const NAME: &str = "__Host-theme";

#[must_use = "not a doc line"] /// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
pub struct Session(String);

#[hardtack::cookies]
pub struct ShopCookies {
    /// What is in the cart.
    #[cookie(path = "/shop", same_site = Strict)]
    pub cart: u32,
    #[cookie(existing)]
    pub theme: themes::scheme::Theme,
    /// Sent to every host.
    #[cookie(domain = policy, max_age = "401d")]
    pub sso: String,
    /// A cookie of the old shop.
    #[cookie(name = "PHPSESSID", read_only)]
    pub old: String,
}

pub fn local() {
    /// A generic type in a function.
    #[derive(Cookie)]
    #[cookie(name = NAME, partitioned)]
    struct Wrapped<T>(T);
    let _ = Wrapped(1).0;
}
"#;

const WEB: &str = r#"use shop as _;

/// The same cookie as the session of the shop, with another lifetime.
#[cfg(feature = "clash")]
#[derive(hardtack::Cookie)]
#[cookie(max_age = "1h")]
pub struct Session(String);

fn main() {
    let inventory = hardtack::inventory();
    let argument = std::env::args().nth(1).unwrap();
    match argument.as_str() {
        "table" => print!("{}", inventory.to_table()),
        "json" => print!("{}", inventory.to_json()),
        "sarif" => print!("{}", inventory.to_sarif()),
        "html" => print!("{}", inventory.to_html()),
        "disclosure" => print!("{}", inventory.to_disclosure_html()),
        demand => match inventory.deny(demand) {
            Ok(()) => println!("no weaknesses"),
            Err(denied) => println!("{denied}"),
        },
    }
}
"#;

/// Runs the program with the argument and returns the program's output.
fn output_of(argument: &str) -> String {
    run(&[], argument)
}

/// Builds the program with these arguments of cargo. Runs the program with the argument, and returns the output.
fn run(cargo: &[&str], argument: &str) -> String {
    static PROGRAM: OnceLock<Workspace> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let hardtack =
            "hardtack = { path = \"HARDTACK/runtime\", default-features = false, features = [\"inventory\"] }";
        let members = [
            ("themes", hardtack),
            ("shop", &*format!("{hardtack}\nthemes = {{ path = \"../themes\" }}")),
            ("web", &*format!("{hardtack}\nshop = {{ path = \"../shop\" }}\n\n[features]\nclash = []")),
        ];
        let program = Workspace::create("inventory", &members);
        program.write("themes/src/lib.rs", THEMES);
        program.write("shop/src/lib.rs", SHOP);
        program.write("web/src/main.rs", WEB);
        program
    });
    let output = program.cargo(&[&["run", "--quiet", "-p", "web"], cargo, &["--", argument]].concat(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_cookie_is_listed_with_its_place() {
    let json: Value = serde_json::from_str(&output_of("json")).unwrap();
    let cookies = json["cookies"].as_array().unwrap();
    let text = |cookie: &Value, key: &str| cookie[key].as_str().unwrap_or_default().to_owned();
    let listed: Vec<_> = cookies
        .iter()
        .map(|cookie| {
            let place = format!("{}:{}", text(cookie, "file"), cookie["line"]);
            (text(cookie, "type"), place, text(cookie, "name"), text(cookie, "purpose"))
        })
        .collect();
    let expected = [
        ("shop::Session", "shop/src/lib.rs:9", "__Host-Http-session", "The session of the signed-in user."),
        ("shop::ShopCookies::cart", "shop/src/lib.rs:15", "__Secure-cart", "What is in the cart."),
        ("shop::ShopCookies::sso", "shop/src/lib.rs:20", "__Secure-sso", "Sent to every host."),
        ("shop::ShopCookies::old", "shop/src/lib.rs:23", "PHPSESSID", "A cookie of the old shop."),
        ("shop::Wrapped", "shop/src/lib.rs:30", "__Host-theme", "A generic type in a function."),
        (
            "themes::scheme::Theme",
            "themes/src/lib.rs:14",
            "__Host-theme",
            "Colour scheme, of <all> \"pages\" & 'views'.",
        ),
    ];
    assert_eq!(listed, expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned())));
}

#[test]
fn attributes_reasons_and_findings_match_the_declarations() {
    let json: Value = serde_json::from_str(&output_of("json")).unwrap();
    let cookie = |path: &str| {
        let found = json["cookies"].as_array().unwrap().iter().find(|cookie| cookie["type"] == path);
        found.unwrap_or_else(|| panic!("{path}")).clone()
    };
    let session = cookie("shop::Session");
    assert_eq!(
        session["attributes"],
        serde_json::json!({
            "secure": true, "http_only": true, "same_site": "Lax", "path": "/", "domain": null, "max_age": 28800,
            "idle": null, "partitioned": false, "read_only": false, "seal": null,
        })
    );
    assert_eq!((&session["findings"], &session["reason"]), (&serde_json::json!([]), &Value::Null));
    assert_eq!(session["set_cookie"], "__Host-Http-session=…; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(
        cookie("shop::ShopCookies::cart")["set_cookie"],
        "__Secure-cart=…; Path=/shop; Secure; HttpOnly; SameSite=Strict"
    );

    let sso = cookie("shop::ShopCookies::sso");
    assert_eq!(sso["attributes"]["domain"], "policy");
    let rules = |cookie: &Value| -> Vec<(String, bool)> {
        let findings = cookie["findings"].as_array().unwrap().iter();
        let rule = |finding: &Value| (finding["rule"].as_str().unwrap().to_owned(), finding["reason"].is_string());
        findings.map(rule).collect()
    };
    assert_eq!(rules(&sso), [("domain-wide".to_owned(), false), ("long-lived".to_owned(), false)]);

    let theme = cookie("themes::scheme::Theme");
    assert_eq!(rules(&theme), [("script-readable".to_owned(), true)]);
    assert!(theme["findings"][0]["references"].as_array().unwrap().contains(&"ZAP 10010".into()));
    // If two cookies have the same name, the inventory entry of each cookie lists the other cookie.
    assert_eq!(theme["same_name"], serde_json::json!(["shop::Wrapped"]));
    assert_eq!(cookie("shop::Wrapped")["same_name"], serde_json::json!(["themes::scheme::Theme"]));

    let old = cookie("shop::ShopCookies::old");
    assert_eq!((&old["set_cookie"], rules(&old).len()), (&Value::Null, 0));
}

#[test]
fn table_has_the_expected_rows() {
    let table = output_of("table");
    for line in [
        "cookie               lifetime                  attributes                         type",
        "__Host-Http-session  8 hours                   Secure HttpOnly Lax                shop::Session",
        "__Secure-sso         401 days                  Secure HttpOnly Lax Domain=policy  shop::ShopCookies::sso",
        "PHPSESSID            set by another program    read only                          shop::ShopCookies::old",
        "    shop/src/lib.rs:9",
        "    same name as shop::Wrapped",
    ] {
        assert!(table.lines().any(|found| found == line), "{line}\n{table}");
    }
    assert!(table.lines().any(|line| line.starts_with("    unexpected: low domain-wide: `__Secure-sso` ")), "{table}");
    assert!(table.contains("expected, because theme.js </script> reads it before first paint"), "{table}");
    assert!(table.ends_with("\n6 cookies, 4 findings, 3 without a reason\n"), "{table}");
}

#[test]
fn sarif_is_valid() {
    let sarif: Value = serde_json::from_str(&output_of("sarif")).unwrap();
    let schema: Value = serde_json::from_str(include_str!("vectors/sarif-schema-2.1.0.json")).unwrap();
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("sarif", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("sarif", &mut schemas).unwrap();
    schemas.validate(&sarif, index).unwrap_or_else(|error| panic!("{error:#}"));
    // Check that the schema rejects an invalid report.
    let mut invalid = sarif.clone();
    invalid["runs"][0]["results"][0]["level"] = "grave".into();
    assert!(schemas.validate(&invalid, index).is_err());

    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
    }
    let theme = results.iter().find(|result| result["ruleId"] == "script-readable").unwrap();
    let place = &theme["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "themes/src/lib.rs");
    assert_eq!(place["region"]["startLine"], 14);
    assert_eq!(theme["suppressions"][0]["justification"], "theme.js </script> reads it before first paint");
    let tags = rules.iter().find(|rule| rule["id"] == "script-readable").unwrap()["properties"]["tags"].clone();
    assert!(tags.as_array().unwrap().contains(&"external/cwe/cwe-1004".into()), "{tags}");
    assert!(results.iter().filter(|result| result["suppressions"].is_null()).count() == 3);
}

#[test]
fn html_is_escaped_and_loads_nothing() {
    let page = output_of("html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    assert!(page.contains("Colour scheme, of &lt;all&gt; &quot;pages&quot; &amp; &#39;views&#39;."), "{page}");
    assert!(page.contains("theme.js &lt;/script&gt; reads it before first paint"), "{page}");
    for text in ["<script", "src=", "href=", "url(", "@import", "http-equiv", "javascript:", "<img", "<link", "<iframe"]
    {
        assert!(!page.contains(text), "{text}");
    }
    assert_eq!(page.matches("<article>").count(), 6);
    assert_eq!(page.matches("class=\"unexpected\"").count(), 3);
    assert!(page.contains("<dt>lifetime</dt><dd>8 hours</dd>"), "{page}");
    assert!(page.contains("<dt>same name as</dt><dd>shop::Wrapped</dd>"), "{page}");
    assert_eq!(page.matches("<dt>same name as</dt>").count(), 2);
}

#[test]
fn public_suffix_needs_its_feature() {
    let denied = output_of("public-suffix");
    let message = "`public-suffix` needs hardtack's feature `public-suffix`; in Cargo.toml, add it to the `features` of \
                   `hardtack`, or remove the word";
    assert_eq!(denied, format!("the cookies of this program do not pass the deny list:\n  {message}\n"));
}

#[test]
fn disclosure_is_the_expected_page() {
    let page = output_of("disclosure");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory/disclosure.html");
    if std::env::var_os("DISCLOSURE").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(page, std::fs::read_to_string(&path).unwrap());
    assert_eq!(page.matches("<article>").count(), 6);
    // The page is for the public: it has no source lines, no types, no reasons and no findings.
    for text in [".rs", "::", "theme.js", "CWE", "Low", "unexpected\"", "SameSite", "<script", "src=", "href=", "url("]
    {
        assert!(!page.contains(text), "{text}\n{page}");
    }
    for text in ["The session of the signed-in user.", "8 hours", "until you close the browser", "PHPSESSID"] {
        assert!(page.contains(text), "{text}\n{page}");
    }
}

#[test]
fn deny_lists_each_weakness() {
    assert_eq!(output_of("insecure, unprefixed, same-site-none"), "no weaknesses\n");
    assert_eq!(output_of("script-readable -themes::scheme::Theme"), "no weaknesses\n");
    // An exception must contain the whole path. The type `Theme` is in the module `scheme`.
    let incomplete = output_of("script-readable -themes::Theme");
    assert!(incomplete.contains("`-themes::Theme` exempts no cookie of this program; remove it"), "{incomplete}");
    assert!(incomplete.contains("exempt the cookie with `-themes::scheme::Theme`"), "{incomplete}");
    let denied = output_of("script-readable max-age=30d");
    let lines: Vec<&str> = denied.lines().collect();
    assert_eq!(
        lines,
        [
            "the cookies of this program do not pass the deny list:",
            "  shop/src/lib.rs:20: `shop::ShopCookies::sso`: `max_age` is over the limit of 30d; shorten it, or exempt \
             the cookie with `-shop::ShopCookies::sso`",
            "  themes/src/lib.rs:14: `themes::scheme::Theme`: `http_only = false` trips `script-readable`; remove it, or \
             exempt the cookie with `-themes::scheme::Theme`",
        ]
    );
    assert!(output_of("scriptreadable").contains("`scriptreadable` is no lint; write `insecure`"));
    assert!(output_of("-shop::Gone insecure").contains("`-shop::Gone` exempts no cookie of this program; remove it"));
}

#[test]
fn different_declarations_of_a_cookie_are_refused() {
    let clash = |argument: &str| run(&["--features", "clash"], argument);
    for deny_list in ["insecure", "insecure -web::Session -shop::Session"] {
        let denied = clash(deny_list);
        let lines: Vec<&str> = denied.lines().collect();
        assert_eq!(
            lines,
            [
                "the cookies of this program do not pass the deny list:",
                "  web/src/main.rs:7: `web::Session`: `__Host-Http-session` is also declared by `shop::Session` \
                 (shop/src/lib.rs:9), with a different `max_age`; declare it once, and use that type in both places",
            ]
        );
    }
    let json: Value = serde_json::from_str(&clash("json")).unwrap();
    let sessions = json["cookies"].as_array().unwrap().iter().filter(|cookie| cookie["name"] == "__Host-Http-session");
    let rules: Vec<&Value> = sessions.map(|session| &session["findings"][0]["rule"]).collect();
    assert_eq!(rules, ["declarations-differ", "declarations-differ"]);
}

const PAGES: &str = "github.io";

/// A cookie whose `domain` is a public suffix. Browsers reject this cookie.
#[derive(hardtack::Cookie)]
#[cookie(domain = PAGES, reason = "kept until the move")]
struct Pages(u32);

/// A cookie with the name `invalid`. If a declaration has errors, the macros also use the name `invalid`.
#[derive(hardtack::Cookie)]
#[cookie(secure = false, reason = "nothing depends on it")]
struct Invalid;

#[test]
fn deny_finds_public_suffixes_in_constants() {
    let error = hardtack::inventory().deny("public-suffix").unwrap_err();
    let denied: Vec<&str> = error.refused().collect();
    let [pages] = denied.as_slice() else { panic!("{denied:?}") };
    assert!(pages.contains("`inventory::Pages`: a `domain` that is a public suffix trips `public-suffix`"), "{pages}");
    assert!(hardtack::inventory().deny("public-suffix -inventory::Pages").is_ok());
    let _ = Pages(1).0;
}

#[test]
fn cookies_can_have_the_placeholder_name() {
    let denied = hardtack::inventory().deny("insecure").unwrap_err().to_string();
    assert!(denied.contains("`inventory::Invalid`: `secure = false` trips `insecure`"), "{denied}");
    let _ = Invalid;
}
