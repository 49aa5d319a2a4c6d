//! Tests declarations that need the features `seal` and `json`. The test builds crates with neither feature, with one
//! of the features, and with both features. If a build lacks a feature, the compiler error must name the missing
//! feature.

use crate::workspace::Workspace;

const DECLARATIONS: &str = r#"//! Declarations that need features.

/// The session of the signed-in user.
#[derive(hardtack::Cookie)]
#[cookie(sealed)]
pub struct Session(pub String);

/// The contents of the basket.
#[derive(hardtack::Cookie, serde::Serialize, serde::Deserialize)]
#[cookie(json)]
pub struct Basket {
    /// The number of apples.
    pub apples: u32,
}

#[hardtack::cookies]
pub struct Shop {
    /// The visitor's pages.
    #[cookie(signed, json)]
    pub visitor: Vec<u64>,
    pub plain: u32,
}
"#;

/// The expected error messages, without the backtick at the start of each message.
const SEAL: &str =
    "signed` and `sealed` need hardtack's feature `seal`; in Cargo.toml, add it to the `features` of `hardtack`";
const JSON: &str = "json` needs hardtack's feature `json`; in Cargo.toml, add it to the `features` of `hardtack`";

#[test]
fn missing_features_are_named_on_their_key() {
    let serde = "serde = { version = \"1\", features = [\"derive\"] }";
    for (member, features, errors) in [
        ("neither", "[]", &[(5, "sealed", SEAL), (10, "json", JSON), (19, "signed", SEAL), (19, "json", JSON)][..]),
        ("seals", "[\"seal\"]", &[(10, "json", JSON), (19, "json", JSON)]),
        ("writes", "[\"json\"]", &[(5, "sealed", SEAL), (19, "signed", SEAL)]),
        ("both", "[\"json\", \"seal\"]", &[]),
    ] {
        let dependencies = format!(
            "hardtack = {{ path = \"HARDTACK/runtime\", default-features = false, features = {features} }}\n{serde}"
        );
        // Build one crate at a time, because cargo unifies the features of crates that it builds together.
        let workspace = Workspace::create("missing-features", &[(member, &dependencies)]);
        workspace.write(&format!("{member}/src/lib.rs"), DECLARATIONS);
        let output = workspace.cargo(&["check", "-p", member], &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), errors.is_empty(), "{text}");
        assert_eq!(parse_errors(member, &text), errors, "{text}");
    }
}

/// Returns the line, the underlined code and the text of each error in a build's output.
fn parse_errors<'a>(member: &str, text: &'a str) -> Vec<(usize, &'static str, &'a str)> {
    // Skip the text before the first error.
    let errors = text.split("error: `").skip(1);
    let parse = |error: &'a str| {
        let (sentence, place) = error.split_once('\n').unwrap();
        let (_, place) = place.split_once(&format!("--> {member}/src/lib.rs:")).unwrap();
        let mut place = place.lines().next().unwrap().split(':').map(|number| number.parse::<usize>().unwrap());
        let (line, column) = (place.next().unwrap(), place.next().unwrap());
        let carets = error.lines().find(|line| line.contains('^')).unwrap().matches('^').count();
        let source = DECLARATIONS.lines().nth(line - 1).unwrap();
        (line, &source[column - 1..column - 1 + carets], sentence)
    };
    errors.map(parse).collect()
}
