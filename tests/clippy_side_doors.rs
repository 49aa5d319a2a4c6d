//! Runs the real clippy with `runtime/docs/clippy.toml` on a code base that sets cookies without hardtack, in every
//! possible way. In this file, a way to set a cookie without hardtack is called a side door.
//!
//! - Each Rust path that `clippy.toml` forbids must cause a lint.
//! - Clippy must report exactly the expected lints.
//! - Code that uses hardtack must cause no lint.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

use support::snippets;
use support::workspace::Workspace;

const PAGE: &str = include_str!("../runtime/docs/side_doors.md");
const CLIPPY_TOML: &str = include_str!("../runtime/docs/clippy.toml");
const CODE_BASE: &str = include_str!("clippy_side_doors/code_base.rs");

/// Declares dependencies on all crates that `clippy.toml` names, with as few features as possible.
const ALL_CRATES: &str = r#"
actix-web = { version = "4", default-features = false, features = ["cookies"] }
axum-extra = { version = "0.12", default-features = false, features = ["cookie", "cookie-private", "cookie-signed"] }
cookie = { version = "0.18", features = ["private", "signed"] }
hardtack = { path = "HARDTACK/runtime", features = ["axum-server"] }
headers = "0.4"
http = "1"
poem = { version = "3", default-features = false, features = ["cookie"] }
rocket = { version = "0.5", default-features = false, features = ["secrets"] }
salvo_core = { version = "1", default-features = false, features = ["cookie"] }
tower-cookies = { version = "0.11", default-features = false, features = ["private", "signed"] }
web-sys = { version = "0.3", features = ["HtmlDocument"] }
"#;

/// Declares dependencies on some crates that `clippy.toml` names. The features are not enabled, so some of the methods
/// that `clippy.toml` forbids do not exist.
const FEW_CRATES: &str = r#"
axum-extra = { version = "0.12", default-features = false }
cookie = { version = "0.18", default-features = false }
hardtack = { path = "HARDTACK/runtime", default-features = false }
tower-cookies = { version = "0.11", default-features = false }
"#;

const HARDTACK: &str = "hardtack = { path = \"HARDTACK/runtime\", default-features = false }";
const ONE_SIDE_DOOR: &str =
    "pub fn tls_termination() -> hardtack::TlsTermination {\n    hardtack::TlsTermination::here()\n}\n";
const LINTS: &str = "\n[lints]\nworkspace = true\n";

fn workspace() -> &'static Workspace {
    static WORKSPACE: OnceLock<Workspace> = OnceLock::new();
    WORKSPACE.get_or_init(|| {
        let members = [
            ("code-base", &*format!("{ALL_CRATES}{LINTS}")),
            ("few-crates", &*format!("{FEW_CRATES}{LINTS}")),
            ("without-levels", HARDTACK),
            ("own-file", &*format!("{HARDTACK}{LINTS}")),
        ];
        let levels = format!("\n{}", snippets::code_block(PAGE, "doors: levels", "toml"));
        let workspace = Workspace::create_with_root("side-doors", &levels, &members);
        workspace.write("clippy.toml", CLIPPY_TOML);
        workspace.write("code-base/src/lib.rs", CODE_BASE);
        // Clippy only checks paths in crates that the code loads. The `pub use` below loads the crates.
        workspace.write("few-crates/src/lib.rs", "pub use {axum_extra, cookie, hardtack, tower_cookies};\n");
        workspace.write("without-levels/src/lib.rs", ONE_SIDE_DOOR);
        workspace.write("own-file/src/lib.rs", ONE_SIDE_DOOR);
        workspace.write("own-file/clippy.toml", "too-many-lines-threshold = 80\n");
        workspace
    })
}

/// Returns the Rust paths that `clippy.toml` forbids. For each path, returns the name of the lint and the reason in
/// `clippy.toml`.
fn forbidden() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let mut forbidden = BTreeMap::new();
    let mut lint = "";
    for line in CLIPPY_TOML.lines().filter(|line| !line.trim_start().starts_with('#')) {
        lint = match line.split(" = ").next() {
            Some("disallowed-types") => "disallowed_types",
            Some("disallowed-methods") => "disallowed_methods",
            Some("enforced-import-renames") => "missing_enforced_import_renames",
            _ => lint,
        };
        let quoted = |key: &str| Some(line.split_once(key)?.1.split_once('"')?.0);
        let Some(path) = quoted("path = \"") else { continue };
        let reason = quoted("reason = \"").or_else(|| quoted("rename = \"")).unwrap();
        assert_eq!(forbidden.insert(path, (lint, reason)), None, "{path} twice");
    }
    forbidden
}

/// Finds the lines of the code base that contain `mark`. Returns the number of each line and the text after `mark`.
fn marked(mark: &str) -> Vec<(u64, &'static str)> {
    let lines = (1..).zip(CODE_BASE.lines());
    lines.filter_map(|(number, line)| Some((number, line.split_once(mark)?.1))).collect()
}

#[test]
fn each_side_door_has_its_lint() {
    let forbidden = forbidden();
    let side_doors = marked("// LINT ");
    let expected: Vec<_> = side_doors
        .iter()
        .map(|(line, path)| {
            let (lint, reason) = forbidden[path];
            let (text, note) = match lint {
                "disallowed_types" => (format!("use of a disallowed type `{path}`"), reason),
                "disallowed_methods" => (format!("use of a disallowed method `{path}`"), reason),
                _ => ("this import should be renamed".to_owned(), "try"),
            };
            (*line, lint, text, note)
        })
        .collect();
    let lints = workspace().clippy_lints("code-base");
    assert!(lints.iter().all(|lint| lint.error));
    let found: Vec<_> = lints.iter().map(|lint| (lint.line, lint.lint.as_str(), lint.text.as_str())).collect();
    let expected_lints: Vec<_> = expected.iter().map(|(line, lint, text, _)| (*line, *lint, text.as_str())).collect();
    assert_eq!(found, expected_lints);
    for (lint, (.., expected_note)) in lints.iter().zip(&expected) {
        assert!(lint.notes.iter().any(|note| note == expected_note), "{lint:?}");
    }

    let untested: Vec<_> =
        forbidden.keys().filter(|path| !side_doors.iter().any(|(_, tested)| tested == *path)).collect();
    assert_eq!(untested, Vec::<&&str>::new());
}

#[test]
fn missing_crates_and_features_cause_no_warning() {
    let lints = workspace().clippy_lints("few-crates");
    assert!(lints.is_empty(), "{lints:?}");
}

#[test]
fn without_levels_the_lints_are_warnings() {
    let lints = workspace().clippy_lints("without-levels");
    let found: Vec<_> = lints.iter().map(|lint| (lint.line, &*lint.lint, lint.error)).collect();
    assert_eq!(found, [(2, "disallowed_methods", false)]);
}

#[test]
fn a_nearer_clippy_toml_hides_the_list() {
    let lints = workspace().clippy_lints("own-file");
    assert!(lints.is_empty(), "{lints:?}");
}

#[test]
fn docs_search_finds_missed_side_doors() {
    let script = snippets::code_block(PAGE, "doors: search", "sh");
    let found = Command::new("bash").args(["-euc", script]).current_dir(&workspace().directory).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{}", String::from_utf8_lossy(&found.stderr));
    let found = String::from_utf8(found.stdout).unwrap();
    let mut found: Vec<u64> = found
        .lines()
        .map(|line| line.strip_prefix("./code-base/src/lib.rs:").unwrap().split(':').next().unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    let imports = marked("// LINT ").into_iter().filter(|(_, path)| path.ends_with("SET_COOKIE"));
    let mut expected: Vec<u64> = marked("// MISSED ").into_iter().chain(imports).map(|(line, _)| line).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);

    // If all code uses hardtack to set cookies, the search succeeds and prints nothing.
    let folder = workspace().directory.join("few-crates");
    let output = Command::new("bash").args(["-euc", script]).current_dir(folder).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}
