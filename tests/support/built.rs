//! Finds the binary of an example, or of the command `hardtack`, and builds the binary if necessary. `cargo test`
//! builds examples, but `cargo test --test …` builds no examples. No test command builds the command `hardtack`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Returns the path of an example's binary. Builds the example first if the binary is missing or is older than a file
/// in `sources`. The paths in `sources` are relative to the repository's root and may name folders.
#[allow(dead_code, reason = "other test binaries use it")]
pub(crate) fn example(name: &str, sources: &[&str]) -> PathBuf {
    let binary = profile().join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    build(binary, sources, &["--package", "hardtack-tests", "--example", name])
}

/// Returns the path of the command `hardtack`. Builds the command first if the binary is missing or is older than a
/// file in `sources`.
#[allow(dead_code, reason = "other test binaries use it")]
pub(crate) fn command(sources: &[&str]) -> PathBuf {
    let binary = profile().join("hardtack").with_extension(std::env::consts::EXE_EXTENSION);
    build(binary, sources, &["--package", "hardtack", "--features", "cli", "--bin", "hardtack"])
}

/// Returns the folder `target/<profile>`.
fn profile() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().and_then(Path::parent).expect("target/<profile>/deps").to_owned()
}

fn build(binary: PathBuf, sources: &[&str], arguments: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = last_modified(&binary);
    if built.is_none() || sources.iter().any(|source| last_modified(&root.join(source)) > built) {
        let profile = profile();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet"]).args(arguments).arg("--target-dir");
        cargo.arg(profile.parent().expect("the target directory")).current_dir(root);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "{} does not build", binary.display());
    }
    binary
}

/// Returns the time at which a file was last modified. For a folder, returns the time of the newest file in the folder.
/// Returns `None` if the path does not exist.
fn last_modified(path: &Path) -> Option<SystemTime> {
    let own = path.metadata().and_then(|data| data.modified()).ok();
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
    inside.map(|entry| last_modified(&entry.path())).fold(own, Option::max)
}
