//! Finds the binary of an example and builds it if necessary. `cargo test` builds examples, but `cargo test --test …`
//! builds no examples.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Returns the path of the example's binary. Builds the example first if the binary is missing or is older than a file
/// in `sources`. The paths in `sources` are relative to the repository's root and may name folders.
pub(crate) fn build(name: &str, sources: &[&str]) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let example = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = last_modified(&example);
    if built.is_none() || sources.iter().any(|source| last_modified(&root.join(source)) > built) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "hardtack-tests", "--example", name, "--target-dir"]);
        cargo.arg(profile.parent().expect("the target directory")).current_dir(root);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "the example `{name}` does not build");
    }
    example
}

/// Returns the time at which a file was last modified. For a folder, returns the time of the newest file in the folder.
/// Returns `None` if the path does not exist.
fn last_modified(path: &Path) -> Option<SystemTime> {
    let own = path.metadata().and_then(|data| data.modified()).ok();
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
    inside.map(|entry| last_modified(&entry.path())).fold(own, Option::max)
}
