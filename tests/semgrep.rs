//! Runs the real Semgrep with `runtime/docs/semgrep.yml`:
//!
//! - The files in `semgrep/found` set cookies by hand. In each line with the mark `// FOUND <rule>`, Semgrep must
//!   report this rule.
//! - The files in `semgrep/clean` read cookies, or use hardtack. In these files, Semgrep must report nothing.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test")]

#[path = "support/not_run.rs"]
mod not_run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const RULES: &str = include_str!("../runtime/docs/semgrep.yml");

/// A finding: the file, the number of the line, and the id of the rule.
type Finding = (String, u64, String);

struct Scan {
    findings: BTreeSet<Finding>,
    scanned: BTreeSet<String>,
}

/// Returns the result of Semgrep for all files. Returns `None` if Semgrep is not installed.
fn scan() -> Option<&'static Scan> {
    static SCAN: OnceLock<Option<Scan>> = OnceLock::new();
    SCAN.get_or_init(|| {
        if Command::new("semgrep").arg("--version").output().is_err() {
            not_run::not_run("`semgrep` is not installed; run `pip install semgrep`");
            return None;
        }
        Some(run_semgrep())
    })
    .as_ref()
}

fn run_semgrep() -> Scan {
    // The rules exclude folders with the name `tests`, so Semgrep runs on a copy of the files.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("semgrep");
    let _ = fs::remove_dir_all(&folder);
    for (name, text) in files() {
        let copy = folder.join("code").join(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, text).unwrap();
    }
    // Without a `.semgrepignore`, Semgrep ignores folders with common names such as `target`.
    fs::write(folder.join("code/.semgrepignore"), "").unwrap();
    fs::write(folder.join("semgrep.yml"), RULES).unwrap();
    let output = Command::new("semgrep")
        .args(["scan", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--json", "--config"])
        .arg(folder.join("semgrep.yml"))
        .arg(".")
        .current_dir(folder.join("code"))
        .env("SEMGREP_SETTINGS_FILE", folder.join("settings.yml"))
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(json["errors"], serde_json::json!([]));
    let text = |value: &Value| value.as_str().unwrap().trim_start_matches("./").to_owned();
    let findings = json["results"].as_array().unwrap().iter().map(|result| {
        // In its output, Semgrep puts the folder of the configuration file before the rule's id.
        let id = text(&result["check_id"]);
        let id = id.rsplit('.').next().unwrap().to_owned();
        (text(&result["path"]), result["start"]["line"].as_u64().unwrap(), id)
    });
    let scanned = json["paths"]["scanned"].as_array().unwrap();
    Scan { findings: findings.collect(), scanned: scanned.iter().map(text).collect() }
}

/// Returns the text of each file in `semgrep/found` and `semgrep/clean`.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("semgrep");
    let in_folder = |folder: &str| {
        let paths = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        paths.collect::<Vec<PathBuf>>()
    };
    let paths = ["found", "clean"].into_iter().flat_map(in_folder);
    paths
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Returns the findings that the marks in the files expect.
fn marked() -> BTreeSet<Finding> {
    let mut marked = BTreeSet::new();
    for (name, text) in files() {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some((_, rule)) = line.split_once("// FOUND ") {
                marked.insert((name.clone(), number, rule.to_owned()));
            }
        }
    }
    marked
}

#[test]
fn each_cookie_made_by_hand_is_found() {
    let Some(scan) = scan() else { return };
    let missed: Vec<_> = marked().difference(&scan.findings).cloned().collect();
    assert_eq!(missed, Vec::<Finding>::new());
    let files: BTreeSet<_> = scan.findings.iter().map(|(file, ..)| file.as_str()).collect();
    assert!(files.len() >= 12, "{files:?}");
}

#[test]
fn nothing_else_is_found() {
    let Some(scan) = scan() else { return };
    let false_alarms: Vec<_> = scan.findings.difference(&marked()).cloned().collect();
    assert_eq!(false_alarms, Vec::<Finding>::new());
    assert_eq!(scan.scanned, files().into_keys().collect());
    assert!(scan.scanned.iter().filter(|file| file.starts_with("clean/")).count() >= 12);
}

#[test]
fn each_rule_has_a_positive_file() {
    let ids = RULES.lines().filter_map(|line| line.strip_prefix("  - id: "));
    let tested: BTreeSet<String> = marked().into_iter().map(|(.., rule)| rule).collect();
    assert_eq!(ids.map(str::to_owned).collect::<BTreeSet<_>>(), tested);
    assert!(marked().iter().all(|(file, ..)| file.starts_with("found/")));
}
