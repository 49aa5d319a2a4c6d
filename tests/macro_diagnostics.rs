//! Tests the errors for typical mistakes in declarations:
//!
//! - keys of other libraries and languages,
//! - copied `Set-Cookie` text,
//! - wrong types and wrong places,
//! - duplicate attributes,
//! - features that are not enabled.
//!
//! In `macro_diagnostics/errors.txt`, each mistake is one line of code. Below that line, the file lists every error
//! that the mistake causes, and the code that the compiler underlines for each error. So a reviewer can read all errors
//! in one file.
//!
//! `MACRO_DIAGNOSTICS=overwrite` updates the errors in `errors.txt`. Read the changes before you commit them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use support::not_run::not_run;
use support::workspace::{CompileError, Workspace};

/// The version of the compiler that wrote the errors in `errors.txt`. Some errors come from rustc. The text of rustc's
/// errors depends on rustc's version.
const COMPILER: &str = "rustc 1.95.";

const HEAD: &str = "#![allow(dead_code, unused)] \
    use hardtack::{AnyScheme, Cookie, CookieValue, Cookies, Https, TlsTermination, PlainHttp, Policy, SetCookie}; \
    use std::time::Duration;";

#[test]
fn every_mistake_has_the_expected_errors() {
    let compiler = Command::new("rustc").arg("--version").output().unwrap();
    let compiler = String::from_utf8_lossy(&compiler.stdout).into_owned();
    if !compiler.starts_with(COMPILER) {
        return not_run(&format!("the expected errors are those of {COMPILER}x, and this compiler is {compiler}"));
    }

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("macro_diagnostics/errors.txt");
    let committed = std::fs::read_to_string(&file).unwrap();
    let mistakes: Vec<&str> = committed.lines().filter(|line| is_mistake(line)).collect();
    assert!(mistakes.len() > 150, "{}", mistakes.len());

    let crates = Workspace::create(
        "macro-diagnostics",
        &[("app", "hardtack = { path = \"HARDTACK/runtime\", default-features = false }")],
    );
    let modules = mistakes.iter().enumerate().map(|(at, code)| format!("\nmod m{at} {{ use super::*; {code} }}"));
    crates.write("app/src/lib.rs", &format!("{HEAD}{}\n", modules.collect::<String>()));
    let errors = crates.compile_errors("app", &[]);

    let mut actual = String::new();
    let mut line = 1;
    for text in committed.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(actual, "{text}").unwrap();
        if is_mistake(text) {
            line += 1;
            let mut errors = errors.iter().filter(|error| error.line == line).peekable();
            assert!(errors.peek().is_some(), "no error for {text}");
            for CompileError { text, tokens, .. } in errors {
                // The test puts each mistake into its own module. Remove the module's name from the paths in rustc's
                // errors.
                let text = text.replace(&format!("m{}::", line - 2), "");
                writeln!(actual, "    {tokens}\n        {text}").unwrap();
            }
        }
    }
    if std::env::var_os("MACRO_DIAGNOSTICS").is_some_and(|value| value == "overwrite") {
        return std::fs::write(&file, &actual).unwrap();
    }
    let differs = |(old, new): &(&str, &str)| old != new;
    let first = committed.lines().zip(actual.lines()).find(differs);
    assert!(committed == actual, "the errors differ from {}: {first:#?}", file.display());
}

fn is_mistake(line: &str) -> bool {
    !line.is_empty() && !line.starts_with([' ', '#']) || line.starts_with("#[")
}
