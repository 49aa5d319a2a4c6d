//! A crate that depends on hardtack without the features: what its declarations say, and what they build with one of them.

use crate::workspace::Workspace;

const DECLARATIONS: &str = r#"//! Declarations that need features.

/// Who is signed in.
#[derive(hardtack::Cookie)]
#[cookie(sealed)]
pub struct Session(pub String);

/// What is in the basket.
#[derive(hardtack::Cookie, serde::Serialize, serde::Deserialize)]
#[cookie(json)]
pub struct Basket {
    /// How many.
    pub apples: u32,
}

#[hardtack::cookies]
pub struct Shop {
    /// Who looks.
    #[cookie(signed, json)]
    pub visitor: Vec<u64>,
    pub plain: u32,
}
"#;

/// Behind its first backtick.
const SEAL: &str =
    "signed` and `sealed` need hardtack's feature `seal`; in Cargo.toml, add it to the `features` of `hardtack`";
const JSON: &str = "json` needs hardtack's feature `json`; in Cargo.toml, add it to the `features` of `hardtack`";

#[test]
fn a_feature_that_is_missing_is_named_on_the_key_that_needs_it() {
    let serde = "serde = { version = \"1\", features = [\"derive\"] }";
    for (member, features, errors) in [
        ("neither", "[]", &[(5, "sealed", SEAL), (10, "json", JSON), (19, "signed", SEAL), (19, "json", JSON)][..]),
        ("seals", "[\"seal\"]", &[(10, "json", JSON), (19, "json", JSON)]),
        ("writes", "[\"json\"]", &[(5, "sealed", SEAL), (19, "signed", SEAL)]),
        ("both", "[\"json\", \"seal\"]", &[]),
    ] {
        let ours = format!(
            "hardtack = {{ path = \"OURS/runtime\", default-features = false, features = {features} }}\n{serde}"
        );
        // One after the other, since features of members that are built together are united.
        let workspace = Workspace::create("featureless", &[(member, &ours)]);
        workspace.write(&format!("{member}/src/lib.rs"), DECLARATIONS);
        let output = workspace.cargo(&["check", "-p", member], &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), errors.is_empty(), "{text}");
        assert_eq!(said(member, &text), errors, "{text}");
    }
}

/// The errors of a build: line, what is underlined, and sentence.
fn said<'a>(member: &str, text: &'a str) -> Vec<(usize, &'static str, &'a str)> {
    // What stands before the first is cargo's.
    let errors = text.split("error: `").skip(1);
    let said = |error: &'a str| {
        let (sentence, place) = error.split_once('\n').unwrap();
        let (_, place) = place.split_once(&format!("--> {member}/src/lib.rs:")).unwrap();
        let mut place = place.lines().next().unwrap().split(':').map(|number| number.parse::<usize>().unwrap());
        let (line, column) = (place.next().unwrap(), place.next().unwrap());
        let carets = error.lines().find(|line| line.contains('^')).unwrap().matches('^').count();
        let source = DECLARATIONS.lines().nth(line - 1).unwrap();
        (line, &source[column - 1..column - 1 + carets], sentence)
    };
    errors.map(said).collect()
}
