//! The side doors: `runtime/docs/clippy.toml`, by the real clippy, on a code base that has each of them open. Every line
//! of the file is tried, every refusal is the one expected, and hardtack's own way is refused nowhere.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

use support::page;
use support::workspace::Workspace;

const PAGE: &str = include_str!("../runtime/docs/side_doors.md");
const CLIPPY_TOML: &str = include_str!("../runtime/docs/clippy.toml");
const CODE_BASE: &str = include_str!("doors/code_base.rs");

/// As small as the doors allow: no framework has its default features.
const EVERYTHING: &str = r#"
actix-web = { version = "4", default-features = false, features = ["cookies"] }
axum-extra = { version = "0.12", default-features = false, features = ["cookie", "cookie-private", "cookie-signed"] }
cookie = { version = "0.18", features = ["private", "signed"] }
hardtack = { path = "OURS/runtime", features = ["axum-server"] }
headers = "0.4"
http = "1"
poem = { version = "3", default-features = false, features = ["cookie"] }
rocket = { version = "0.5", default-features = false, features = ["secrets"] }
salvo_core = { version = "1", default-features = false, features = ["cookie"] }
tower-cookies = { version = "0.11", default-features = false, features = ["private", "signed"] }
web-sys = { version = "0.3", features = ["HtmlDocument"] }
"#;

/// Some of the crates, without the features that bring a door; the other crates are not there.
const LITTLE: &str = r#"
axum-extra = { version = "0.12", default-features = false }
cookie = { version = "0.18", default-features = false }
hardtack = { path = "OURS/runtime", default-features = false }
tower-cookies = { version = "0.11", default-features = false }
"#;

const HARDTACK: &str = "hardtack = { path = \"OURS/runtime\", default-features = false }";
const ONE_DOOR: &str = "pub fn listener() -> hardtack::Listener {\n    hardtack::Listener::tls()\n}\n";
const LINTS: &str = "\n[lints]\nworkspace = true\n";

fn workspace() -> &'static Workspace {
    static WORKSPACE: OnceLock<Workspace> = OnceLock::new();
    WORKSPACE.get_or_init(|| {
        let members = [
            ("code-base", &*format!("{EVERYTHING}{LINTS}")),
            ("little", &*format!("{LITTLE}{LINTS}")),
            ("without-levels", HARDTACK),
            ("own-file", &*format!("{HARDTACK}{LINTS}")),
        ];
        let levels = format!("\n{}", page::block(PAGE, "doors: levels", "toml"));
        let workspace = Workspace::create_under("doors", &levels, &members);
        workspace.write("clippy.toml", CLIPPY_TOML);
        workspace.write("code-base/src/lib.rs", CODE_BASE);
        // Loaded crates: of one that is not, no path is looked for.
        workspace.write("little/src/lib.rs", "pub use {axum_extra, cookie, hardtack, tower_cookies};\n");
        workspace.write("without-levels/src/lib.rs", ONE_DOOR);
        workspace.write("own-file/src/lib.rs", ONE_DOOR);
        workspace.write("own-file/clippy.toml", "too-many-lines-threshold = 80\n");
        workspace
    })
}

/// What the file forbids: the lint and the reason, by path.
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

/// The lines of the code base that have this mark, and what stands after it.
fn marked(mark: &str) -> Vec<(u64, &'static str)> {
    let lines = (1..).zip(CODE_BASE.lines());
    lines.filter_map(|(number, line)| Some((number, line.split_once(mark)?.1))).collect()
}

#[test]
fn each_door_is_refused_with_its_reason_and_nothing_else_is() {
    let forbidden = forbidden();
    let doors = marked("// REFUSED ");
    let expected: Vec<_> = doors
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
    let linted = workspace().linted("code-base");
    assert!(linted.iter().all(|linted| linted.error));
    let places: Vec<_> =
        linted.iter().map(|linted| (linted.line, linted.lint.as_str(), linted.text.as_str())).collect();
    let wanted: Vec<_> = expected.iter().map(|(line, lint, text, _)| (*line, *lint, text.as_str())).collect();
    assert_eq!(places, wanted);
    for (linted, (.., note)) in linted.iter().zip(&expected) {
        assert!(linted.notes.iter().any(|told| told == note), "{linted:?}");
    }

    let untried: Vec<_> = forbidden.keys().filter(|path| !doors.iter().any(|(_, tried)| tried == *path)).collect();
    assert_eq!(untried, Vec::<&&str>::new());
}

#[test]
fn a_crate_or_a_feature_that_is_not_there_costs_no_word() {
    let linted = workspace().linted("little");
    assert!(linted.is_empty(), "{linted:?}");
}

#[test]
fn the_levels_make_errors_of_it_and_a_nearer_file_hides_it() {
    let without = workspace().linted("without-levels");
    let told: Vec<_> = without.iter().map(|linted| (linted.line, &*linted.lint, linted.error)).collect();
    assert_eq!(told, [(2, "disallowed_methods", false)]);
    let hidden = workspace().linted("own-file");
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn the_page_s_search_finds_what_no_lint_finds() {
    let script = page::block(PAGE, "doors: search", "sh");
    let found = Command::new("bash").args(["-euc", script]).current_dir(&workspace().directory).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{}", String::from_utf8_lossy(&found.stderr));
    let found = String::from_utf8(found.stdout).unwrap();
    let mut found: Vec<u64> = found
        .lines()
        .map(|line| line.strip_prefix("./code-base/src/lib.rs:").unwrap().split(':').next().unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    let imports = marked("// REFUSED ").into_iter().filter(|(_, path)| path.ends_with("SET_COOKIE"));
    let mut expected: Vec<u64> = marked("// OPEN ").into_iter().chain(imports).map(|(line, _)| line).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);

    // And nothing where there is nothing.
    let little = workspace().directory.join("little");
    let quiet = Command::new("bash").args(["-euc", script]).current_dir(little).output().unwrap();
    assert_eq!((quiet.status.code(), quiet.stdout.len()), (Some(0), 0));
}
