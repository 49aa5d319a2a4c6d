//! What does not compile, with the errors it gives, and beside each refusal its nearest allowed neighbour.
//!
//! `fail/attribute` holds errors that our macros write, `fail/constant` those of a `const` in the expansion, and
//! `fail/context` those that rustc writes through our traits. The first line of each says how many errors it gives:
//! one mistake is one error. A `.stderr` is written by `TRYBUILD=overwrite`, and read before it is committed.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

#[path = "support/not_run.rs"]
mod not_run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hardtack_rules::{Kind, Rule};

use not_run::not_run;

/// The compiler that wrote the `.stderr` files in which it has a word: another one words its notes otherwise.
const WRITTEN_BY: &str = "rustc 1.95.";

/// Rules that no declaration can break.
const NOT_DECLARED: &[(Rule, &str)] =
    &[(Rule::ValueOctets, "a value is no part of a declaration, and is percent-encoded whatever it holds")];

/// The allowed neighbours: each asserts in its `main` what it puts on the wire.
macro_rules! neighbours {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[path = $file]
            #[allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "a program of its own")]
            mod $name;
        )*

        mod neighbour {
            $(
                #[test]
                fn $name() {
                    super::$name::main();
                }
            )*
        }

        const NEIGHBOURS: &[&str] = &[$($file),*];
    };
}

neighbours! {
    constant: "ui/pass/constant.rs",
    domain_syntax: "ui/pass/domain-syntax.rs",
    duplicate_attribute: "ui/pass/duplicate-attribute.rs",
    duplicate_name: "ui/pass/duplicate-name.rs",
    host_scope: "ui/pass/host-scope.rs",
    idle_reason: "ui/pass/idle-reason.rs",
    insecure: "ui/pass/insecure.rs",
    max_age: "ui/pass/max-age.rs",
    name_token: "ui/pass/name-token.rs",
    partitioned_secure: "ui/pass/partitioned-secure.rs",
    path_syntax: "ui/pass/path-syntax.rs",
    prefix_case: "ui/pass/prefix-case.rs",
    prefix_host: "ui/pass/prefix-host.rs",
    prefix_host_http: "ui/pass/prefix-host-http.rs",
    prefix_http: "ui/pass/prefix-http.rs",
    prefix_secure: "ui/pass/prefix-secure.rs",
    public_suffix: "ui/pass/public-suffix.rs",
    same_site_none: "ui/pass/same-site-none.rs",
    same_site_none_secure: "ui/pass/same-site-none-secure.rs",
    script_readable: "ui/pass/script-readable.rs",
    seal: "ui/pass/seal.rs",
    set: "ui/pass/set.rs",
    shape: "ui/pass/shape.rs",
    size: "ui/pass/size.rs",
    unprefixed: "ui/pass/unprefixed.rs",
    web: "ui/pass/web.rs",
}

#[test]
fn refusals_say_what_their_stderr_says() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/attribute/*.rs");
    let compiler = compiler();
    if compiler.starts_with(WRITTEN_BY) {
        cases.compile_fail("ui/fail/constant/*.rs");
        cases.compile_fail("ui/fail/context/*.rs");
    } else {
        not_run(&format!("`fail/constant` and `fail/context` are for {WRITTEN_BY}x, and this is {compiler}"));
    }
}

#[test]
fn one_mistake_is_one_error() {
    for kind in ["attribute", "constant", "context"] {
        let sources = files(&format!("ui/fail/{kind}"), "rs");
        assert_eq!(stems(&sources), stems(&files(&format!("ui/fail/{kind}"), "stderr")), "{kind}");
        for source in sources {
            let text = fs::read_to_string(&source).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let said = first.strip_prefix("//@ errors: ").and_then(|count| count.parse::<usize>().ok());
            let stderr = fs::read_to_string(source.with_extension("stderr")).unwrap();
            assert_eq!(said, Some(errors(&stderr).count()), "{}: {first}", source.display());
        }
    }
}

#[test]
fn our_errors_have_one_voice() {
    for stderr in files("ui/fail/attribute", "stderr") {
        let text = fs::read_to_string(&stderr).unwrap();
        for error in errors(&text) {
            let sentence = error.split_once(": ").map_or(error, |(_, sentence)| sentence);
            assert!(sentence.starts_with(|c: char| c.is_lowercase() || c == '`'), "{}: {error}", stderr.display());
            assert!(!sentence.ends_with('.'), "{}: {error}", stderr.display());
        }
        assert!(!text.contains("this error originates in"), "{}: not on the user's token", stderr.display());
    }
}

#[test]
fn every_rule_has_its_refusal_and_its_neighbour() {
    let refusals = stems(&files("ui/fail/attribute", "rs"));
    let neighbours = stems(&files("ui/pass", "rs"));
    for rule in Rule::ALL {
        let refuses = match rule.kind() {
            Kind::Error | Kind::Weakening => NOT_DECLARED.iter().all(|(other, _)| other != rule),
            Kind::Notice => false,
        };
        assert_eq!(refusals.contains(rule.id()), refuses, "ui/fail/attribute/{rule}.rs");
        assert!(!refuses || neighbours.contains(rule.id()), "ui/pass/{rule}.rs");
    }
}

#[test]
fn every_neighbour_is_run() {
    let listed: BTreeSet<_> = NEIGHBOURS.iter().map(|file| stem(Path::new(file))).collect();
    assert_eq!(listed, stems(&files("ui/pass", "rs")));
}

#[test]
fn no_stderr_knows_this_machine() {
    let homes = std::env::var("HOME").unwrap_or_else(|_| "/home".to_owned());
    let temporary = std::env::temp_dir();
    let marks = [env!("CARGO_MANIFEST_DIR"), &homes, &temporary.to_string_lossy(), "/rustc/", "target/"];
    for kind in ["attribute", "constant", "context"] {
        for stderr in files(&format!("ui/fail/{kind}"), "stderr") {
            let text = fs::read_to_string(&stderr).unwrap();
            for mark in marks {
                assert!(!text.contains(mark), "{}: {mark}", stderr.display());
            }
        }
    }
}

/// The first lines of the errors.
fn errors(stderr: &str) -> impl Iterator<Item = &str> {
    stderr.lines().filter(|line| line.starts_with("error:") || line.starts_with("error["))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
}

fn stems(files: &[PathBuf]) -> BTreeSet<String> {
    files.iter().map(|file| stem(file)).collect()
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8_lossy(&version.stdout).trim().to_owned()
}
