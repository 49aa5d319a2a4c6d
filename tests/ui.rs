//! Tests the exact errors of code that must not compile. `ui/pass` contains very similar code that compiles. Three
//! folders contain the code that must not compile:
//!
//! - `ui/fail/attribute`: errors that the macros write.
//! - `ui/fail/constant`: errors from a `const` that the macros generate.
//! - `ui/fail/context`: errors from rustc about the traits of hardtack.
//!
//! The first line of each file in `ui/fail` contains the number of errors that the file must cause. One mistake must
//! cause only one error.
//!
//! `TRYBUILD=overwrite` updates the `.stderr` files. Read the changes before you commit them.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a panic in a helper fails the test")]

#[path = "support/not_run.rs"]
mod not_run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hardtack_rules::{Rule, RuleKind};

use not_run::not_run;

/// The version of the compiler that wrote the errors in the `.stderr` files. The text of rustc's notes depends on
/// rustc's version.
const COMPILER: &str = "rustc 1.95.";

/// Includes the programs of `ui/pass`. The function `main` of each program checks the headers that the program writes.
macro_rules! passing_programs {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[path = $file]
            #[allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "a separate program")]
            mod $name;
        )*

        mod pass {
            $(
                #[test]
                fn $name() {
                    super::$name::main();
                }
            )*
        }

        const PASSING_PROGRAMS: &[&str] = &[$($file),*];
    };
}

passing_programs! {
    companion_name: "ui/pass/companion-name.rs",
    constant: "ui/pass/constant.rs",
    device_bound: "ui/pass/device-bound.rs",
    device_bound_max_age: "ui/pass/device-bound-max-age.rs",
    device_bound_scope: "ui/pass/device-bound-scope.rs",
    device_bound_seal: "ui/pass/device-bound-seal.rs",
    device_bound_time: "ui/pass/device-bound-time.rs",
    domain_syntax: "ui/pass/domain-syntax.rs",
    duplicate_attribute: "ui/pass/duplicate-attribute.rs",
    duplicate_name: "ui/pass/duplicate-name.rs",
    family_name: "ui/pass/family-name.rs",
    former_entry: "ui/pass/former-entry.rs",
    former_name: "ui/pass/former-name.rs",
    formerly: "ui/pass/formerly.rs",
    idle_max_age: "ui/pass/idle-max-age.rs",
    idle_reason: "ui/pass/idle-reason.rs",
    idle_seal: "ui/pass/idle-seal.rs",
    idle_time: "ui/pass/idle-time.rs",
    insecure: "ui/pass/insecure.rs",
    keyed: "ui/pass/keyed.rs",
    keyed_max_age: "ui/pass/keyed-max-age.rs",
    max_age: "ui/pass/max-age.rs",
    name_token: "ui/pass/name-token.rs",
    partitioned_secure: "ui/pass/partitioned-secure.rs",
    path_syntax: "ui/pass/path-syntax.rs",
    policy_scope: "ui/pass/policy-scope.rs",
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
fn compile_errors_match_the_stderr_files() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/attribute/*.rs");
    let compiler = compiler();
    if compiler.starts_with(COMPILER) {
        cases.compile_fail("ui/fail/constant/*.rs");
        cases.compile_fail("ui/fail/context/*.rs");
    } else {
        not_run(&format!("`fail/constant` and `fail/context` are for {COMPILER}x, and this compiler is {compiler}"));
    }
}

#[test]
fn each_program_has_the_stated_error_count() {
    for kind in ["attribute", "constant", "context"] {
        let sources = files(&format!("ui/fail/{kind}"), "rs");
        assert_eq!(stems(&sources), stems(&files(&format!("ui/fail/{kind}"), "stderr")), "{kind}");
        for source in sources {
            let text = fs::read_to_string(&source).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let expected = first.strip_prefix("//@ errors: ").and_then(|count| count.parse::<usize>().ok());
            let stderr = fs::read_to_string(source.with_extension("stderr")).unwrap();
            assert_eq!(expected, Some(errors(&stderr).count()), "{}: {first}", source.display());
        }
    }
}

#[test]
fn macro_errors_follow_the_style() {
    for stderr in files("ui/fail/attribute", "stderr") {
        let text = fs::read_to_string(&stderr).unwrap();
        for error in errors(&text) {
            let sentence = error.split_once(": ").map_or(error, |(_, sentence)| sentence);
            let starts_well = |c: char| c.is_lowercase() || c == '`';
            assert!(sentence.starts_with(starts_well), "{}: upper case: {error}", stderr.display());
            assert!(!sentence.ends_with('.'), "{}: full stop: {error}", stderr.display());
        }
        assert!(!text.contains("this error originates in"), "{}: not on the user's code", stderr.display());
    }
}

/// The notes of an error may contain private names, because rustc writes the notes. The first line of an error must be
/// hardtack's text, or contain public names only.
#[test]
fn first_lines_contain_no_private_name() {
    let private =
        ["Declared", "NotKeyed", "NotReadOnly", "FamilyValue", "DeviceBoundValue", "private::", "sealed", "_::"];
    for kind in ["attribute", "constant", "context"] {
        for stderr in files(&format!("ui/fail/{kind}"), "stderr") {
            let text = fs::read_to_string(&stderr).unwrap();
            for error in errors(&text) {
                // `sealed` is also a key of a declaration.
                let is_private = |name: &&str| error.replace("`sealed`", "").contains(*name);
                assert_eq!(private.iter().find(|name| is_private(name)), None, "{}: {error}", stderr.display());
            }
        }
    }
}

#[test]
fn every_rule_has_failing_and_passing_code() {
    let failing = stems(&files("ui/fail/attribute", "rs"));
    let passing = stems(&files("ui/pass", "rs"));
    for rule in Rule::ALL {
        let is_compile_error = match rule.kind() {
            RuleKind::Error | RuleKind::Weakening => true,
            RuleKind::Notice => false,
        };
        assert_eq!(failing.contains(rule.id()), is_compile_error, "ui/fail/attribute/{rule}.rs");
        assert!(!is_compile_error || passing.contains(rule.id()), "ui/pass/{rule}.rs");
    }
}

#[test]
fn every_passing_program_is_run() {
    let listed: BTreeSet<_> = PASSING_PROGRAMS.iter().map(|file| stem(Path::new(file))).collect();
    assert_eq!(listed, stems(&files("ui/pass", "rs")));
}

#[test]
fn stderr_files_contain_no_local_path() {
    let home = std::env::var("HOME").unwrap_or_else(|_| "/home".to_owned());
    let temporary = std::env::temp_dir();
    let paths = [env!("CARGO_MANIFEST_DIR"), &home, &temporary.to_string_lossy(), "/rustc/", "target/"];
    for kind in ["attribute", "constant", "context"] {
        for stderr in files(&format!("ui/fail/{kind}"), "stderr") {
            let text = fs::read_to_string(&stderr).unwrap();
            for path in paths {
                assert!(!text.contains(path), "{}: {path}", stderr.display());
            }
        }
    }
}

/// Returns the first line of each error.
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
