//! The mistakes that people make, one a line in `mistakes/refusals.txt`: keys of other libraries and languages, copied
//! `Set-Cookie` text, wrong types and places, two attributes for one, features that are off. Below each stands every
//! error that it gives, with what is underlined, so that all of them can be read in one sitting.
//!
//! `MISTAKES=overwrite` writes the errors anew; they are read before they are committed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use support::not_run::not_run;
use support::workspace::{Refused, Workspace};

/// The compiler that wrote the errors in which it has a word.
const WRITTEN_BY: &str = "rustc 1.95.";

const HEAD: &str = "#![allow(dead_code, unused)] \
    use hardtack::{AnyScheme, Cookie, CookieValue, Cookies, Https, Listener, PlainHttp, Policy, SetCookie}; \
    use std::time::Duration;";

#[test]
fn every_mistake_is_told_what_to_write() {
    let compiler = Command::new("rustc").arg("--version").output().unwrap();
    let compiler = String::from_utf8_lossy(&compiler.stdout).into_owned();
    if !compiler.starts_with(WRITTEN_BY) {
        return not_run(&format!("the errors are those of {WRITTEN_BY}x, and this is {compiler}"));
    }

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("mistakes/refusals.txt");
    let committed = std::fs::read_to_string(&file).unwrap();
    let mistakes: Vec<&str> = committed.lines().filter(|line| is_mistake(line)).collect();
    assert!(mistakes.len() > 150, "{}", mistakes.len());

    let crates =
        Workspace::create("mistakes", &[("app", "hardtack = { path = \"OURS/runtime\", default-features = false }")]);
    let modules = mistakes.iter().enumerate().map(|(at, code)| format!("\nmod m{at} {{ use super::*; {code} }}"));
    crates.write("app/src/lib.rs", &format!("{HEAD}{}\n", modules.collect::<String>()));
    let refused = crates.refused("app", &[]);

    let mut written = String::new();
    let mut line = 1;
    for text in committed.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(written, "{text}").unwrap();
        if is_mistake(text) {
            line += 1;
            let mut here = refused.iter().filter(|refused| refused.line == line).peekable();
            assert!(here.peek().is_some(), "nobody refuses {text}");
            for Refused { text, tokens, .. } in here {
                // Each mistake has a module of its own, whose number says nothing.
                let text = text.replace(&format!("m{}::", line - 2), "");
                writeln!(written, "    {tokens}\n        {text}").unwrap();
            }
        }
    }
    if std::env::var_os("MISTAKES").is_some_and(|what| what == "overwrite") {
        return std::fs::write(&file, &written).unwrap();
    }
    let differs = |(old, new): &(&str, &str)| old != new;
    let first = committed.lines().zip(written.lines()).find(differs);
    assert!(committed == written, "another error than the one in {}: {first:#?}", file.display());
}

fn is_mistake(line: &str) -> bool {
    !line.is_empty() && !line.starts_with([' ', '#']) || line.starts_with("#[")
}
