//! The pages of `runtime/docs`: each is shown in the documentation, and the tests that they name are there.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs;
use std::path::Path;

const SECURITY: &str = include_str!("../runtime/docs/security.md");
const GUIDE: &str = include_str!("../runtime/src/guide.rs");

/// A folder beside this file, or above it.
fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_page_is_shown_and_each_block_that_is_not_run_says_why() {
    let mut pages = 0;
    for entry in fs::read_dir(folder("../runtime/docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(GUIDE.contains(&format!("include_str!(\"../docs/{name}\")")), "`guide` does not show {name}");
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| line.starts_with("```rust,ignore")) {
            assert!(line.starts_with("```rust,ignore (") && line.ends_with(')'), "{name}: {line}");
            // CommonMark: no backtick in the words after an opening fence.
            assert_eq!(line.matches('`').count(), 3, "{name}: {line}");
        }
        pages += 1;
    }
    assert_eq!(pages, GUIDE.matches("include_str!").count());
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let table = SECURITY.split("\n## ").find(|section| section.starts_with("What is guaranteed\n")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut named = 0;
    for row in rows {
        let tested_by = row.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap();
        let tests: Vec<&str> = tested_by.split('`').skip(1).step_by(2).filter(|word| word.contains("::")).collect();
        assert!(!tests.is_empty() || tested_by == "every build", "no test: {row}");
        for test in tests {
            let (file, name) = test.split_once("::").unwrap();
            let source = fs::read_to_string(folder(&format!("{file}.rs"))).unwrap_or_default();
            let (before, _) = source.split_once(&format!("fn {name}()")).unwrap_or_else(|| panic!("no test `{test}`"));
            let attributes = before.rsplit("\n\n").next().unwrap();
            assert!(attributes.contains("test]") && !attributes.contains("#[ignore"), "`{test}` is no test");
            named += 1;
        }
    }
    assert!(named > 15, "{named}");
}
