//! Checks that the documentation is complete:
//!
//! - The documentation shows every page of `runtime/docs`.
//! - Every test that the security page names exists.
//! - Every list of keys, lints and features is complete.
//! - The README shows a server and its test, and both work.
//! - Each link leads to a file or a page. Each block of TOML or shell has no syntax error.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a panic in a helper fails the test")]

use std::fs;
use std::path::Path;
use std::process::Command;

const SECURITY: &str = include_str!("../runtime/docs/security.md");
const GUIDE: &str = include_str!("../runtime/src/guide.rs");
/// The module whose docs contain the page about events.
const EVENT: &str = include_str!("../runtime/src/event.rs");

/// Returns the path of a file. The argument `name` is relative to the folder `tests`.
fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_page_is_shown_and_skipped_blocks_explained() {
    let mut pages = 0;
    for entry in fs::read_dir(path("../runtime/docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let include = format!("include_str!(\"../docs/{name}\")");
        assert!(GUIDE.contains(&include) || EVENT.contains(&include), "the documentation does not show {name}");
        pages += 1;
    }
    let shown = GUIDE.matches("doc = include_str!").count() + EVENT.matches("doc = include_str!").count();
    assert_eq!(pages, shown);
    for (name, text) in documents() {
        for line in text.lines().filter(|line| line.starts_with("```rust,ignore")) {
            assert!(line.starts_with("```rust,ignore (") && line.ends_with(')'), "{name}: {line}");
            // In CommonMark, the text after the opening fence of a code block must not contain a backtick.
            assert_eq!(line.matches('`').count(), 3, "{name}: {line}");
        }
    }
}

/// The doctests of the crate `hardtack` skip some pages. The doctests of this package run these pages.
#[test]
fn the_blocks_of_each_page_are_run() {
    let skipped = GUIDE.split("cfg_attr(not(doctest), doc = include_str!(\"../docs/").skip(1);
    let skipped: Vec<&str> = skipped.map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(skipped.len() > 2, "{skipped:?}");
    for name in skipped {
        let include = format!("include_str!(\"../runtime/docs/{name}\")");
        assert!(include_str!("lib.rs").contains(&include), "no doctest runs {name}");
    }
}

/// Returns the name and the text of each document: the README, the other documents at the root, and the pages of the
/// guide.
fn documents() -> Vec<(String, String)> {
    let root = path("..");
    let names =
        ["README.md", "COMPARE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(|name| root.join(name));
    let pages = fs::read_dir(root.join("runtime/docs")).unwrap().map(|entry| entry.unwrap().path());
    let files =
        names.into_iter().chain(pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    files
        .map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// Returns the text of each code block in one of the given languages.
fn code_blocks<'a>(text: &'a str, languages: &[&str]) -> Vec<&'a str> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.split_once('\n'));
    blocks.filter(|(language, _)| languages.contains(language)).map(|(_, code)| code).collect()
}

#[test]
fn each_link_leads_to_a_file_or_a_page() {
    let mut links = 0;
    for (name, text) in documents() {
        let folder = path("..").join(&name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            // A link text may contain a line break, but the link target never does. A rustdoc link is a Rust path.
            let page = link.strip_prefix("https://docs.rs/hardtack/latest/hardtack/guide/");
            if let Some(page) = page {
                let module = format!("pub mod {} {{}}", page.split('/').next().unwrap());
                assert!(GUIDE.contains(&module), "{name}: {link}");
                if let Some((page, heading)) = page.split_once("/#") {
                    assert!(has_heading(&path(&format!("../runtime/docs/{page}.md")), heading), "{name}: {link}");
                }
            } else if link.contains(':') {
                continue;
            } else {
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let file = if file.is_empty() { path("..").join(&name) } else { folder.join(file) };
                assert!(file.exists(), "{name}: {link}");
                assert!(heading.is_empty() || has_heading(&file, heading), "{name}: {link}");
            }
            links += 1;
        }
    }
    assert!(links > 150, "{links}");
}

/// Returns true if a Markdown file has a heading with this anchor.
fn has_heading(file: &Path, anchor: &str) -> bool {
    fs::read_to_string(file).unwrap().lines().filter(|line| line.starts_with('#')).any(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>() == anchor
    })
}

#[test]
fn blocks_of_toml_and_shell_have_no_syntax_error() {
    let mut count = 0;
    for (name, text) in documents() {
        for block in code_blocks(&text, &["toml"]) {
            block.parse::<toml::Table>().unwrap_or_else(|error| panic!("{name}: {error}\n{block}"));
            count += 1;
        }
        let sessions = code_blocks(&text, &["console"]).into_iter();
        let sessions = sessions.flat_map(|block| block.lines().filter_map(|line| line.strip_prefix("$ ")));
        for script in sessions.chain(code_blocks(&text, &["sh"])) {
            let status = Command::new("bash").args(["-n", "-c", script]).status().unwrap();
            assert!(status.success(), "{name}: {script}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

/// The server and the test that the README shows.
#[allow(dead_code, reason = "the test calls the function `app`, and not `main`")]
mod start {
    include!("examples/start/server.rs");

    mod test {
        use super::app;

        include!("examples/start/test.rs");
    }

    /// A browser on the same machine opens `http://localhost:3000`. A release build refuses the request.
    #[tokio::test]
    async fn readme_server_works_on_plain_localhost() {
        use tower::ServiceExt as _;

        let request = http::Request::post("/sign-in").header("Host", "localhost:3000").body(axum::body::Body::empty());
        let response = app().oneshot(request.unwrap()).await.unwrap();
        if cfg!(debug_assertions) {
            assert_eq!(response.status(), 303);
            let header = &response.headers()["set-cookie"];
            assert_eq!(header, "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
            assert!(super::README.contains(&format!("Set-Cookie: {}\n", header.to_str().unwrap())));
            assert!(!response.headers().contains_key("strict-transport-security"));
        } else {
            assert_eq!(response.status(), 403);
        }
    }
}

#[test]
fn readme_shows_the_server_and_its_test() {
    let block = format!("```rust,no_run\n{}```\n", include_str!("examples/start/server.rs"));
    assert!(README.contains(&block), "README.md lacks this block:\n\n{block}");
    assert!(START.contains(&block), "runtime/docs/start.md lacks this block:\n\n{block}");
    let block = format!("```rust,ignore (run by tests/docs.rs)\n{}```\n", include_str!("examples/start/test.rs"));
    assert!(README.contains(&block), "README.md lacks this block:\n\n{block}");
    assert_eq!(README.matches("```rust,ignore").count(), 1);
    let lines = README.lines().count();
    assert!(lines <= 250, "README.md has {lines} lines");
}

/// The code blocks of the page include a file. The page shows the same code.
#[test]
fn changing_page_shows_the_functions_that_its_blocks_include() {
    let page = include_str!("../runtime/docs/changing.md");
    assert!(page.contains(&format!("\n```rust\n{}```\n", include_str!("../runtime/docs/visit.rs"))));
    let included = "# mod page { include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/docs/visit.rs\")); }";
    assert_eq!(page.matches("\n```rust").count(), page.matches(included).count() + 1);
}

/// Returns the words of the text that are base64 for 32 bytes.
fn keys_in(text: &str) -> Vec<&str> {
    use base64::Engine as _;

    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
    let words = text.split(|c| !is_base64(c)).flat_map(|word| word.split_inclusive('='));
    let engines = [base64::engine::general_purpose::STANDARD_NO_PAD, base64::engine::general_purpose::URL_SAFE_NO_PAD];
    let is_key = |word: &&str| {
        let word = word.trim_end_matches('=');
        // The name of a test can look like base64.
        let is_mixed = word.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase);
        is_mixed && engines.iter().any(|engine| engine.decode(word).is_ok_and(|bytes| bytes.len() == 32))
    };
    words.filter(is_key).collect()
}

/// Returns the lines of all doc comments in a folder of Rust files.
fn doc_comments(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| match path.is_dir() {
        true => doc_comments(&path),
        false => {
            let text = fs::read_to_string(&path).unwrap();
            let lines =
                text.lines().map(str::trim_start).filter(|line| line.starts_with("///") || line.starts_with("//!"));
            lines.map(|line| format!("{line}\n")).collect()
        }
    });
    texts.collect()
}

#[test]
fn printed_keys_are_refused() {
    use hardtack::seal::Key;

    let mut texts =
        vec![README.to_owned(), doc_comments(&path("../runtime/src")), doc_comments(&path("../macros/src"))];
    for entry in fs::read_dir(path("../runtime/docs")).unwrap() {
        texts.push(fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let keys: Vec<&str> = texts.iter().flat_map(|text| keys_in(text)).collect();
    assert!(keys.len() >= 4, "the documentation shows keys in two places: {keys:?}");
    for key in keys {
        let error = Key::from_base64(key).unwrap_err().to_string();
        assert!(error.starts_with("the key is an example of the documentation"), "{key}: {error}");
    }
    // `keys_in` also finds keys that hardtack accepts.
    let (new, one) = (Key::generate().to_base64(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let text = format!("COOKIE_KEYS=\"{new} {}\" {one}", new.trim_end_matches('='));
    assert_eq!(keys_in(&text), [new.as_str(), new.trim_end_matches('=')]);
}

#[test]
fn tests_named_on_the_security_page_exist() {
    let section = SECURITY.split("\n## ").find(|section| section.starts_with("What is guaranteed\n")).unwrap();
    let named_tests = |text: &'static str| text.split('`').skip(1).step_by(2).filter(|word| word.contains("::"));
    let mut tests = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let tested_by = row.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap();
        let before = tests.len();
        tests.extend(named_tests(tested_by));
        assert!(tests.len() > before || tested_by == "every build", "a row without a test: {row}");
    }
    let (_, footnotes) = section.split_once("\n[^").unwrap();
    tests.extend(named_tests(footnotes));
    for test in &tests {
        let (file, name) = test.split_once("::").unwrap();
        let source = fs::read_to_string(path(&format!("{file}.rs"))).unwrap_or_default();
        let (before, _) = source.split_once(&format!("fn {name}()")).unwrap_or_else(|| panic!("no test `{test}`"));
        let attributes = before.rsplit("\n\n").next().unwrap();
        // A test of tokio may have arguments.
        let is_test = ["test]", "test("].iter().any(|end| attributes.contains(end));
        assert!(is_test && !attributes.contains("#[ignore"), "`{test}` is not a test that is run");
    }
    assert!(tests.len() > 15, "{tests:?}");
}

const README: &str = include_str!("../README.md");
const START: &str = include_str!("../runtime/docs/start.md");

/// Returns the part of a text between two marks. Without the second mark, returns the rest of the text.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split(to).next().unwrap()
}

#[test]
fn every_key_is_in_each_list_of_keys() {
    let table = include_str!("../macros/src/keys.rs");
    let keys: Vec<&str> = table.split("word: \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(keys.len() > 15 && keys.contains(&"max_age"), "{keys:?}");
    let macro_docs = include_str!("../macros/src/lib.rs");
    let fuzz_grammar = include_str!("fuzz/src/declarations.rs");
    for key in keys {
        for (file, text) in [("README.md", README), ("declare.md", include_str!("../runtime/docs/declare.md"))] {
            assert!(between(text, "## The keys\n", "\n## ").contains(&format!("`{key}`")), "{file}: {key}");
        }
        // Some keys are only allowed on fields. The docs of `#[cookies]` show these keys in the form `#[cookie(key)]`.
        let is_documented =
            [format!("`{key}`"), format!("`#[cookie({key})]`")].iter().any(|form| macro_docs.contains(form));
        assert!(is_documented, "macros/src/lib.rs: {key}");
        assert!(
            between(fuzz_grammar, "const KEYS", "];").contains(&format!("\"{key}\"")),
            "fuzz/src/declarations.rs: {key}"
        );
        assert!(include_str!("fuzz/dictionaries/macros").contains(&format!("\"{key}\"\n")), "dictionary: {key}");
    }
}

#[test]
fn every_lint_is_in_the_table_of_words() {
    let words = between(include_str!("../runtime/docs/enforcement.md"), "## In each build\n", "\n## ");
    for rule in hardtack_rules::Rule::ALL.iter().filter(|rule| rule.kind() != hardtack_rules::RuleKind::Error) {
        assert!(words.contains(&format!("`{rule}`")), "enforcement.md: {rule}");
    }
}

#[test]
fn every_feature_is_in_each_table_of_features() {
    let manifest = include_str!("../runtime/Cargo.toml");
    let features = between(manifest, "[features]\n", "\n[").lines().filter_map(|line| line.split_once(" = "));
    let mut count = 0;
    // A cargo feature whose name begins with `_` is not for users.
    for (feature, _) in features.filter(|(feature, _)| *feature != "default" && !feature.starts_with('_')) {
        for (file, table) in [
            ("start.md", between(START, "## The features\n", "\n## ")),
            ("runtime/src/lib.rs", between(include_str!("../runtime/src/lib.rs"), "//! # Features\n", "\n\n")),
        ] {
            let is_there = table.lines().any(|line| {
                let cell = line
                    .trim_start_matches("//!")
                    .trim_start()
                    .strip_prefix("| ")
                    .and_then(|row| row.split('|').next());
                cell.is_some_and(|cell| cell.contains(&format!("`{feature}`")))
            });
            assert!(is_there, "{file}: {feature}");
        }
        count += 1;
    }
    assert!(count > 12, "{count}");
}
